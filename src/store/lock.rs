//! One daemon for one state directory, and whoever drives the same devices beside it.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use rustix::fs::Access;

use super::StoreError;
use crate::files;

/// Taken before any line, port or socket is touched, and held until the last of them is let go.
#[derive(Debug)]
pub struct StateLock {
    file: File,
    dir: PathBuf,
}

/// Who holds it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The state directory is free.
    Nobody,
    /// A process, by the number it left in the file.
    Process(Option<u32>),
}

const FILE: &str = "lock";

impl StateLock {
    /// Takes the lock of a state directory, which is made where it is missing.
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        files::make_folder(dir)?;
        Self::judge(dir)?;
        Self::take_file(dir, true)
    }

    /// Takes the lock that a daemon would, beside which this process drives its devices; makes nothing. None where no
    /// daemon has served from it yet.
    pub(crate) fn take_existing(dir: &Path) -> Result<Option<Self>, StoreError> {
        match Self::take_file(dir, false) {
            Err(StoreError::File(error)) if error.is_missing() => Ok(None),
            taken => taken.map(Some),
        }
    }

    fn take_file(dir: &Path, make: bool) -> Result<Self, StoreError> {
        let Some(file) = files::lock(&path(dir), make)? else {
            return Err(StoreError::InUse { dir: dir.to_owned(), by: named(dir) });
        };
        // For messages only; the kernel lets go of the lock by itself.
        let _ = file.set_len(0).and_then(|()| writeln!(&file, "{}", std::process::id()));
        Ok(Self { file, dir: dir.to_owned() })
    }

    /// Whether [`StateLock::take`] would succeed, and who holds it otherwise; changes nothing and makes nothing.
    pub fn look(dir: &Path) -> Result<Holder, StoreError> {
        Self::judge(dir)?;
        let unusable = |error: rustix::io::Errno| StoreError::Directory { dir: dir.to_owned(), source: error.into() };
        rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).map_err(unusable)?;
        Self::holder(dir)
    }

    fn judge(dir: &Path) -> Result<(), StoreError> {
        let unusable = |error: files::FileError| StoreError::Directory { dir: dir.to_owned(), source: error.into() };
        files::private_folder(dir).map_err(unusable)
    }

    /// Who holds the lock of a state directory; changes nothing and makes nothing.
    pub fn holder(dir: &Path) -> Result<Holder, StoreError> {
        match files::lock(&path(dir), false) {
            Ok(Some(_)) => Ok(Holder::Nobody),
            Ok(None) => Ok(Holder::Process(named(dir))),
            Err(error) if error.is_missing() => Ok(Holder::Nobody),
            Err(error) => Err(error.into()),
        }
    }
}

impl StateLock {
    /// The state directory that is ours.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for StateLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

fn named(dir: &Path) -> Option<u32> {
    files::read_text(&path(dir), 16).ok()?.trim().parse().ok()
}
