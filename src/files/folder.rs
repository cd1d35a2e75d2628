//! Folders of our own.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

use rustix::fs::{FileType, Mode, OFlags};

use super::{FileError, access, of_kind};

/// A folder, made with mode 0700 where it is missing, its parents likewise.
pub fn make_folder(folder: &Path) -> Result<(), FileError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| FileError::unreadable(folder, error))
}

/// The same for whoever the umask lets in: a bench's.
pub fn make_public_folder(folder: &Path) -> Result<(), FileError> {
    let made = DirBuilder::new().recursive(true).create(folder);
    made.map_err(|error| FileError::unreadable(folder, error))
}

/// A folder that is there, and whose names nobody besides its owner may change: the daemon's user or root.
pub fn private_folder(folder: &Path) -> Result<(), FileError> {
    access::judge_folder(&opened(folder)?, folder)
}

/// The names in a folder, in any order.
pub fn list(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Makes the names in a folder durable.
pub fn sync(folder: &Path) -> io::Result<()> {
    opened(folder)?.sync_all()
}

fn opened(folder: &Path) -> Result<File, FileError> {
    of_kind(folder, OFlags::RDONLY, Mode::empty(), &[FileType::Directory])
}
