//! What may lie in a file's place.

use std::path::Path;

use rustix::fs::{CWD, Mode, mkfifoat};

/// A FIFO that nobody writes to.
pub fn fifo(at: &Path) {
    mkfifoat(CWD, at, Mode::from_bits_retain(0o600)).expect("a FIFO");
}
