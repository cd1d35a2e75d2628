//! The recording's file: bounded, and of no consequence to anybody.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::Receiver,
    },
};

use rustix::fs::fstatvfs;

use crate::files::{self, FileError};

pub(super) struct Recording {
    file: File,
    left: u64,
    /// It said that it is full before it was opened.
    told: bool,
    /// Bytes that may be written before the disk is looked at again.
    sure: u64,
}

/// So much of the disk stays free for the journal, bytes.
const SPARE: u64 = 32 << 20;

/// The disk is looked at after so many bytes.
const LOOK: u64 = 64 << 10;

/// The line that says so finds room beyond the bound.
const FULL: &str = "{\"wire\":\"capture\",\"what\":\"full\"}\n";

impl Recording {
    /// Goes on at the file's end.
    pub(super) fn open(file: &Path, most: u64) -> Result<Self, FileError> {
        let opened = files::append(file)?;
        let begun = opened.metadata().map_or(0, |metadata| metadata.len());
        Ok(Self { file: opened, left: most.saturating_sub(begun), told: begun >= most, sure: 0 })
    }

    /// Writes until there are no more lines, no room or no file; then lines go nowhere.
    pub(super) fn write(mut self, lines: &Receiver<Vec<u8>>, waiting: &AtomicU64) {
        for line in lines {
            let written = self.line(&line);
            waiting.fetch_sub(1, Ordering::Relaxed);
            match written {
                Ok(true) => {}
                Ok(false) => {
                    if !self.told {
                        let _ = self.file.write_all(FULL.as_bytes());
                    }
                    tracing::warn!("the capture is full; everything else goes on");
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "the capture ends; everything else goes on");
                    return;
                }
            }
        }
    }

    /// False where there is no room for it.
    fn line(&mut self, line: &[u8]) -> io::Result<bool> {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if length > self.sure {
            let disk = fstatvfs(&self.file)?;
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            if free < SPARE.saturating_add(length) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.sure = LOOK.max(length);
        }
        if length > self.left {
            return Ok(false);
        }
        self.file.write_all(line)?;
        self.left = self.left.saturating_sub(length);
        self.sure = self.sure.saturating_sub(length);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{os::unix::fs::PermissionsExt as _, sync::mpsc};

    fn recorded(file: &Path, most: u64, lines: &[&str]) -> String {
        let (sender, receiver) = mpsc::channel();
        for line in lines {
            sender.send(line.as_bytes().to_vec()).expect("heard");
        }
        drop(sender);
        Recording::open(file, most).expect("opened").write(&receiver, &AtomicU64::new(9));
        files::read_text(file, 4096).expect("read")
    }

    #[test]
    fn a_recording_goes_on_where_it_ended_is_ours_alone_and_says_when_it_is_full() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("capture");
        assert_eq!(recorded(&file, 12, &["one\n"]), "one\n");
        assert_eq!(recorded(&file, 12, &["two\n", "three\n", "four\n"]), format!("one\ntwo\n{FULL}"));
        assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_full_disk_ends_the_recording_and_nothing_else() {
        let (sender, receiver) = mpsc::channel();
        sender.send(b"one\n".to_vec()).expect("heard");
        let full = files::device(Path::new("/dev/full"), false).expect("there");
        Recording { file: full, left: 100, told: false, sure: 100 }.write(&receiver, &AtomicU64::new(9));
        drop(receiver);
        assert!(sender.send(b"two\n".to_vec()).is_err());
    }
}
