//! Arguments, one call, exit code.

use std::{alloc::System, process::ExitCode};

use zeroizing_alloc::ZeroAlloc;

/// Memory is zeroed when it is freed: whatever a library forgets to wipe goes with it.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    ExitCode::from(facemchd::cli::main())
}
