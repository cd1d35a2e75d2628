//! No core dump, no reading of this process's memory by its own user.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Sets `RLIMIT_CORE` to 0 and the process to non-dumpable, which also keeps `ptrace` and `/proc/self/mem` away.
pub(crate) fn no_core_dumps() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}
