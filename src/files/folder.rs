//! Folders of our own.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::Path,
};

use rustix::fs::{FileType, Mode, OFlags};

use super::{FileError, access, of_kind, other_kind};

/// A folder, made with mode 0700 where it is missing, its parents likewise.
pub(crate) fn make_folder(folder: &Path) -> Result<(), FileError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    // What lies there instead is named.
    made.map_err(|error| opened(folder).err().unwrap_or_else(|| FileError::unreadable(folder, error)))
}

/// The same for whoever the umask lets in: a bench's.
pub(crate) fn make_public_folder(folder: &Path) -> Result<(), FileError> {
    let made = DirBuilder::new().recursive(true).create(folder);
    made.map_err(|error| FileError::unreadable(folder, error))
}

/// A folder that is there, and whose names nobody besides its owner may change: the daemon's user or root.
pub(crate) fn private_folder(folder: &Path) -> Result<(), FileError> {
    access::judge_folder(&opened(folder)?, folder)
}

/// A folder that is there, as [`private_folder`], and holds nothing but regular files of the same owners, and folders
/// `within` it that do likewise: `most` bytes in all, `entries` names. Nothing in it is opened, no link is followed.
pub(crate) fn plain_folder(folder: &Path, within: &[&str], most: u64, entries: usize) -> Result<(), FileError> {
    let mut left = (most, entries);
    plain(folder, within, most, &mut left)
}

fn plain(folder: &Path, within: &[&str], most: u64, left: &mut (u64, usize)) -> Result<(), FileError> {
    let failed = |error: io::Error| FileError::unreadable(folder, error);
    let too_large = |file: &Path| {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        FileError::TooLarge { file: file.to_owned(), most }
    };
    let link = fs::symlink_metadata(folder).map_err(failed)?;
    if !link.is_dir() {
        return Err(other_kind(folder, FileType::from_raw_mode(link.mode()), &[FileType::Directory]));
    }
    private_folder(folder)?;
    for entry in fs::read_dir(folder).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        left.1 = left.1.checked_sub(1).ok_or_else(|| too_large(folder))?;
        let found = fs::symlink_metadata(&file).map_err(|error| FileError::unreadable(&file, error))?;
        let named = |name: &&str| file.file_name().is_some_and(|own| own == *name);
        if within.iter().any(named) {
            plain(&file, &[], most, left)?;
        } else if !found.is_file() {
            return Err(other_kind(&file, FileType::from_raw_mode(found.mode()), &[FileType::RegularFile]));
        } else {
            access::judge_owner(found.uid(), &file)?;
            left.0 = left.0.checked_sub(found.len()).ok_or_else(|| too_large(&file))?;
        }
    }
    Ok(())
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
