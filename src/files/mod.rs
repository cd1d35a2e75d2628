//! Every file of the program is opened here, by one rule: what was opened is judged, never what a path named before.
//!
//! A file is opened without waiting (`O_NONBLOCK`, `O_CLOEXEC`, `O_NOCTTY`), then its descriptor tells what it is: a
//! regular file, no larger than the caller's limit. A FIFO, a device or a folder in a file's place is named and refused,
//! and keeps nobody waiting. A secret is read by effective access: its owner is the daemon's user or root, and nobody
//! else may read or change it, access control lists counted (`access`).
//!
//! What it does not do: know what a file is for. Codes and cures belong to the rooms that ask.

mod access;
mod anchored;
mod content;
mod folder;
mod pem;
mod settings;
mod table;

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use rustix::fs::{FileType, FlockOperation, Mode, OFlags};
use zeroize::Zeroizing;

pub use self::{
    anchored::Anchored,
    content::{Content, describe},
    folder::{list, sync},
    table::WrongLine,
};
pub(crate) use self::{
    anchored::{by_path_or_name, name_or_path, within},
    settings::Settings,
    table::{MOST, line_of},
};
#[cfg(feature = "hospital")]
pub(crate) use self::{
    anchored::{some_name_or_path, some_path_or_address},
    settings::{At, Misfit},
};
pub(crate) use self::{
    folder::{make_folder, make_public_folder, plain_folder, private_folder},
    pem::{pem_block, pem_blocks},
};

use crate::fault::Cure;

/// Why a file cannot be used. Its path is named, its content never.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refuses.
    #[error("{}: cannot be read", file.display())]
    Unreadable {
        /// The file's path.
        file: PathBuf,
        /// The cause beneath.
        #[source]
        source: io::Error,
    },
    /// Something else lies in its place.
    #[error("{}: is {what}, not {wanted}", file.display())]
    OtherKind {
        /// The file's path.
        file: PathBuf,
        /// What it is.
        what: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A key or certificate lies where a secret of one line is wanted.
    #[error("{}: is {what}, not a secret of one line", file.display())]
    NotALine {
        /// The file's path.
        file: PathBuf,
        /// What it is.
        what: Content,
    },
    /// It is larger than what is agreed.
    #[error("{}: larger than {most} bytes", file.display())]
    TooLarge {
        /// The file's path.
        file: PathBuf,
        /// The limit.
        most: usize,
    },
    /// It holds nothing.
    #[error("{}: is empty", file.display())]
    Empty {
        /// The file's path.
        file: PathBuf,
    },
    /// It holds something other than text.
    #[error("{}: is not UTF-8 text", file.display())]
    NotText {
        /// The file's path.
        file: PathBuf,
    },
    /// Somebody besides its owner may read or change it.
    #[error("{}: {who}", file.display())]
    Exposed {
        /// The file's path.
        file: PathBuf,
        /// Who, and what to do: `mode 644 lets others read it; chmod 0600`.
        who: String,
    },
    /// It belongs to somebody who is neither the daemon's user nor root.
    #[error("{}: belongs to uid {owner}, neither to the daemon's user nor to root", file.display())]
    Foreign {
        /// The file's path.
        file: PathBuf,
        /// Whose it is.
        owner: u32,
    },
}

impl FileError {
    /// True where the file is there and whole, and the wrong people may use it.
    pub fn is_exposed(&self) -> bool {
        matches!(self, Self::Exposed { .. } | Self::Foreign { .. })
    }

    /// True where there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// What the operator does about it, where it is known.
    pub fn cure(&self) -> Option<Cure> {
        match self {
            Self::Unreadable { source, file } => match source.kind() {
                io::ErrorKind::NotFound if anchored::is_of_the_unit(file) => Some(Cure::OnlyInTheUnit),
                io::ErrorKind::NotFound => Some(Cure::NoSuchFile),
                io::ErrorKind::PermissionDenied => Some(Cure::NotPermitted),
                _ => None,
            },
            Self::Empty { .. } => Some(Cure::EmptyFile),
            Self::NotALine { .. } => Some(Cure::NotALine),
            Self::OtherKind { .. } => Some(Cure::OtherKind),
            Self::TooLarge { .. } => Some(Cure::LargeFile),
            Self::NotText { .. } => Some(Cure::NotText),
            // Whose it is and who may use it has a code of its own.
            Self::Exposed { .. } | Self::Foreign { .. } => None,
        }
    }

    fn unreadable(file: &Path, source: impl Into<io::Error>) -> Self {
        Self::Unreadable { file: file.to_owned(), source: source.into() }
    }
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Unreadable { source, .. } => source,
            error => Self::other(error),
        }
    }
}

/// A regular file, to be read.
pub fn open(file: &Path) -> Result<File, FileError> {
    regular(file, OFlags::RDONLY, Mode::empty())
}

/// The whole file, at most `most` bytes.
pub fn read(file: &Path, most: usize) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    fill(open(file)?, file, most, &mut bytes)?;
    Ok(bytes)
}

/// What tells one content of a file from the next without reading it.
#[cfg(any(feature = "hospital", feature = "page", feature = "screen", feature = "voice"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    length: u64,
    changed: (i64, i64),
    node: u64,
}

/// A regular file as it lies there now; nothing where there is none.
#[cfg(any(feature = "hospital", feature = "page", feature = "screen", feature = "voice"))]
pub(crate) fn seen(file: &Path) -> Option<Seen> {
    use std::os::unix::fs::MetadataExt as _;
    let found = open(file).ok()?.metadata().ok()?;
    Some(Seen { length: found.len(), changed: (found.mtime(), found.mtime_nsec()), node: found.ino() })
}

/// When it was written last, milliseconds since 1970, as its file system says; nothing where nobody can say.
#[cfg(feature = "hospital")]
pub(crate) fn written_at(file: &Path) -> Option<i64> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::metadata(file).ok()?;
    Some(found.mtime().saturating_mul(1000))
}

/// The whole file as text.
pub(crate) fn read_text(file: &Path, most: usize) -> Result<String, FileError> {
    String::from_utf8(read(file, most)?).map_err(|_| FileError::NotText { file: file.to_owned() })
}

/// A key, token or password as it lies in its file: whatever the setting is called, by this function alone. It is not
/// empty, and belongs to the daemon's user or root with nobody else allowed near it. Memory is reserved beforehand, so
/// that growing leaves no copy behind.
pub fn read_secret(file: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let opened = open(file)?;
    access::judge(&opened, file)?;
    let mut bytes = Zeroizing::new(Vec::new());
    fill(opened, file, most, &mut bytes)?;
    if bytes.is_empty() {
        return Err(FileError::Empty { file: file.to_owned() });
    }
    Ok(bytes)
}

/// The secret of a file that holds nothing else, less one line end (`\n` or `\r\n`) that editors add. A file with a line
/// end alone is empty.
pub fn read_secret_line(file: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let mut bytes = read_secret(file, most + 2)?;
    let instead = content::instead_of_a_line(&bytes);
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        } else {
            break;
        }
    }
    if let Some(what) = instead {
        return Err(FileError::NotALine { file: file.to_owned(), what });
    }
    match bytes.len() {
        0 => Err(FileError::Empty { file: file.to_owned() }),
        length if length > most => Err(FileError::TooLarge { file: file.to_owned(), most }),
        _ => Ok(bytes),
    }
}

/// A regular file that is there, to be read and written.
pub fn edit(file: &Path) -> Result<File, FileError> {
    regular(file, OFlags::RDWR, Mode::empty())
}

/// A regular file of our own (0600), made where it is missing, emptied where it is not.
pub fn create(file: &Path) -> Result<File, FileError> {
    let made = regular(file, OFlags::WRONLY | OFlags::CREATE, Mode::RUSR | Mode::WUSR)?;
    // Not by O_TRUNC: what is no file of ours is to be left as it is.
    made.set_len(0).map_err(|error| FileError::unreadable(file, error))?;
    Ok(made)
}

/// The same for whoever the umask lets read it: pictures, a bench's lines, the kernel's attributes.
pub(crate) fn create_public(file: &Path) -> Result<File, FileError> {
    let made = regular(file, OFlags::WRONLY | OFlags::CREATE, Mode::from_bits_retain(0o666))?;
    made.set_len(0).map_err(|error| FileError::unreadable(file, error))?;
    Ok(made)
}

/// Writes all of such a file, in place.
pub(crate) fn write_public(file: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create_public(file)?.write_all(bytes).map_err(|error| FileError::unreadable(file, error))
}

/// A regular file of our own (0600), made where it is missing; what is written goes to its end.
pub fn append(file: &Path) -> Result<File, FileError> {
    regular(file, OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND, Mode::RUSR | Mode::WUSR)
}

/// Nobody else who asks for it changes this file while the lock is kept; waited for. Its folder is locked: what is
/// replaced is another file each time.
#[cfg(feature = "page")]
pub(crate) fn alone(file: &Path) -> Result<File, FileError> {
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let locked = File::open(folder).and_then(|opened| {
        rustix::fs::flock(&opened, FlockOperation::LockExclusive)?;
        Ok(opened)
    });
    locked.map_err(|error| FileError::unreadable(folder, error))
}

/// Writes a file of our own whole or not at all: beside it (`.new`), durable, and renamed.
pub fn replace(file: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |error: io::Error| FileError::unreadable(file, error);
    let fresh = file.with_extension("new");
    let mut made = create(&fresh)?;
    made.write_all(bytes).and_then(|()| made.sync_all()).map_err(failed)?;
    fs::rename(&fresh, file).map_err(failed)?;
    folder::sync(file.parent().unwrap_or(Path::new("."))).map_err(failed)
}

/// An exclusive lock, held for as long as the file stays open; none while somebody else holds it. With `make` the file
/// is made where it is missing.
pub fn lock(file: &Path, make: bool) -> Result<Option<File>, FileError> {
    let flags = if make { OFlags::RDWR | OFlags::CREATE } else { OFlags::RDWR };
    let locked = regular(file, flags, Mode::RUSR | Mode::WUSR)?;
    match rustix::fs::flock(&locked, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(locked)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(FileError::unreadable(file, error)),
    }
}

/// A character device, to be written, and read where `reads`, without waiting for it; or a file that a bench has in its
/// place.
pub fn device(file: &Path, reads: bool) -> Result<File, FileError> {
    let flags = if reads { OFlags::RDWR } else { OFlags::WRONLY };
    of_kind(file, flags, Mode::empty(), &[FileType::CharacterDevice, FileType::RegularFile])
}

fn regular(file: &Path, flags: OFlags, mode: Mode) -> Result<File, FileError> {
    of_kind(file, flags, mode, &[FileType::RegularFile])
}

/// Opens one of these kinds; messages name the first.
fn of_kind(file: &Path, flags: OFlags, mode: Mode, wanted: &[FileType]) -> Result<File, FileError> {
    let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = rustix::fs::open(file, flags, mode).map_err(|error| refused(file, error, wanted))?;
    let found = rustix::fs::fstat(&opened).map_err(|error| FileError::unreadable(file, error))?;
    let found = FileType::from_raw_mode(found.st_mode);
    if wanted.contains(&found) { Ok(opened.into()) } else { Err(other_kind(file, found, wanted)) }
}

/// Some kinds do not even open: a folder to be written, a FIFO nobody reads, a socket.
fn refused(file: &Path, error: rustix::io::Errno, wanted: &[FileType]) -> FileError {
    use rustix::io::Errno;
    let found = match error {
        Errno::ISDIR => Some(FileType::Directory),
        Errno::NXIO | Errno::NODEV => {
            let found = rustix::fs::stat(file).ok().map(|found| FileType::from_raw_mode(found.st_mode));
            found.filter(|found| !wanted.contains(found))
        }
        _ => None,
    };
    found.map_or_else(|| FileError::unreadable(file, error), |found| other_kind(file, found, wanted))
}

fn other_kind(file: &Path, found: FileType, wanted: &[FileType]) -> FileError {
    let wanted = wanted.first().map_or("", |wanted| kind(*wanted));
    FileError::OtherKind { file: file.to_owned(), what: kind(found), wanted }
}

fn kind(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a file",
        FileType::Directory => "a folder",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice => "a device",
        FileType::BlockDevice => "a disk",
        _ => "something unknown",
    }
}

fn fill(opened: File, file: &Path, most: usize, bytes: &mut Vec<u8>) -> Result<(), FileError> {
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    // Growing would copy and wipe it again and again; and once half a megabyte was freed, glibc puts sled's tables, of which
    // nothing is used, where they are wiped, too: six megabytes.
    let length = opened.metadata().map_or(0, |found| found.len()).min(bound);
    bytes.reserve(usize::try_from(length).unwrap_or(0).saturating_add(1));
    opened.take(bound).read_to_end(bytes).map_err(|error| FileError::unreadable(file, error))?;
    if bytes.len() > most {
        return Err(FileError::TooLarge { file: file.to_owned(), most });
    }
    Ok(())
}
