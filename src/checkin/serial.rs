//! A running number that survives restarts: a terminal's serial number of its requests, never the same twice.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use crate::files;

/// Numbers from 1, reserved in blocks: a restart skips what is left of one.
pub(super) struct Serial {
    /// Nothing where nobody needs the number after this run.
    file: Option<PathBuf>,
    given: Mutex<Block>,
}

struct Block {
    next: u64,
    end: u64,
}

/// Numbers that are reserved at once, so that the file is written seldom.
const BLOCK: u64 = 256;

/// The longest such file, bytes.
const LONGEST: usize = 32;

impl Serial {
    /// Goes on behind what the file reserved.
    pub(super) fn open(file: Option<PathBuf>) -> Self {
        let written = file.as_ref().and_then(|file| files::read_text(file, LONGEST).ok());
        let reserved = written.and_then(|text| text.trim().parse().ok());
        let reserved = reserved.unwrap_or_else(|| match file.as_ref().is_some_and(|file| file.exists()) {
            // It cannot be read: further on than it can have come.
            true => by_the_clock(),
            false => 0,
        });
        Self { file, given: Mutex::new(Block { next: reserved, end: reserved }) }
    }

    /// The next number.
    pub(super) fn next(&self) -> u64 {
        let mut block = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if block.next >= block.end {
            let reserve = |end: u64| {
                self.file.as_ref().is_none_or(|file| files::replace(file, end.to_string().as_bytes()).is_ok())
            };
            if !reserve(block.next.wrapping_add(BLOCK)) {
                // What cannot be written down is not known after a restart: further on than any run before can have come.
                block.next = block.next.max(by_the_clock());
            }
            block.end = block.next.wrapping_add(BLOCK);
        }
        block.next = block.next.wrapping_add(1);
        block.next
    }
}

/// Nobody asks a hospital a thousand times a second for years.
fn by_the_clock() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_cannot_be_written_down_is_not_given_again_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("serial");
        let first = Serial::open(Some(file.clone())).next();
        // Nothing can be written beside it any more, not even by root.
        files::make_folder(&file.with_extension("new")).expect("made");
        let mut given = vec![first];
        let run = Serial::open(Some(file.clone()));
        given.extend((0..3).map(|_| run.next()));
        std::thread::sleep(std::time::Duration::from_millis(10));
        let run = Serial::open(Some(file.clone()));
        given.extend((0..3).map(|_| run.next()));
        std::fs::remove_dir(file.with_extension("new")).expect("removed");
        given.extend((0..1).map(|_| Serial::open(Some(file.clone())).next()));
        let many = given.len();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), many, "{given:?}");
    }

    #[test]
    fn a_running_number_goes_on_after_a_restart_and_is_never_given_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("serial");
        let mut given = Vec::new();
        for _ in 0..3 {
            let serial = Serial::open(Some(file.clone()));
            given.extend((0..300).map(|_| serial.next()));
        }
        let highest = *given.last().expect("given");
        let many = given.len();
        given.dedup();
        assert!(given.is_sorted() && given.len() == many && highest < 3 * 600, "{highest}");
        assert_eq!(given.first(), Some(&1));
    }
}
