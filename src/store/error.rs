//! Why the store cannot be used.

use std::{io, path::PathBuf};

use crate::{
    fault::{Code, Cure, Fault},
    files::FileError,
};

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be made, read or written.
    #[error("{}: the state directory cannot be used", dir.display())]
    Directory {
        /// The state directory's path.
        dir: PathBuf,
        /// The cause beneath.
        #[source]
        source: io::Error,
    },
    /// A file or folder of it cannot be used, or the wrong people may use it.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another daemon has it.
    #[error("{}: another facemchd uses this state directory{}", dir.display(), by.map_or_else(String::new, |by| format!(": process {by}")))]
    InUse {
        /// The state directory's path.
        dir: PathBuf,
        /// Its process, where it says.
        by: Option<u32>,
    },
    /// A segment cannot be read.
    #[error("the journal cannot be read")]
    Read(#[source] io::Error),
    /// A segment is damaged, or does not go on where it should.
    #[error("segment {segment} is damaged at byte {offset}, or what follows it is missing")]
    Damaged {
        /// The segment's number, as in its file's name.
        segment: u64,
        /// Where, bytes.
        offset: usize,
    },
    /// A record could not be written or made durable.
    #[error("the journal cannot be written")]
    Write(#[source] io::Error),
    /// A record is larger than a segment holds.
    #[error("a record is larger than a segment")]
    TooLarge,
    /// The kernel gives none.
    #[error("the kernel gives no random numbers")]
    NoRandomNumbers,
    /// The keyed hashes' key cannot be used.
    #[error("{}: not a key of 32 bytes", file.display())]
    CorrelationKey {
        /// The file's path.
        file: PathBuf,
    },
    /// The rebuildable state cannot be used, even fresh.
    #[error("the state cannot be opened")]
    State(#[source] sled_error::SledError),
}

/// sled's errors are kept as text: the crate is named in one file only.
pub(super) mod sled_error {
    /// What sled said.
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    pub struct SledError(pub String);
}

impl Fault for StoreError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) if error.is_exposed() => Code::K402,
            Self::Directory { .. } | Self::File(_) | Self::CorrelationKey { .. } => Code::C103,
            Self::InUse { .. } => Code::C110,
            Self::NoRandomNumbers => Code::X001,
            Self::Read(_) | Self::Write(_) | Self::TooLarge => Code::J502,
            Self::Damaged { .. } => Code::J501,
            Self::State(_) => Code::J504,
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::File(error) => of_folder(error),
            Self::Directory { source, .. } => match source.get_ref().and_then(|beneath| beneath.downcast_ref()) {
                Some(error) => of_folder(error),
                None => of_kind(source.kind()),
            },
            Self::CorrelationKey { .. } => Some(Cure::DamagedCorrelation),
            _ => None,
        }
    }
}

fn of_folder(error: &FileError) -> Option<Cure> {
    match error {
        FileError::OtherKind { .. } => Some(Cure::InTheStatesPlace),
        FileError::Unreadable { source, .. } => of_kind(source.kind()),
        _ => error.is_exposed().then_some(Cure::StateNotOurs),
    }
}

fn of_kind(kind: io::ErrorKind) -> Option<Cure> {
    match kind {
        io::ErrorKind::PermissionDenied => Some(Cure::StateNotOurs),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => Some(Cure::InTheStatesPlace),
        _ => None,
    }
}
