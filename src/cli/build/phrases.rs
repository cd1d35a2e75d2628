//! What the lanes say: the phrases that travel with the program, and the site's own over them.

use std::{path::PathBuf, sync::Arc};

use crate::{
    config::Lane,
    fault::{Code, Fault},
    files::{self, FileError},
    kiosk::{Phrases, PhrasesError},
};

/// A file of phrases cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum PhrasesFileError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It says something that is no phrase.
    #[error("{}:{}: {source}", file.display(), source.line)]
    Phrases {
        /// The file, as the site file names it.
        file: PathBuf,
        /// What is wrong.
        source: PhrasesError,
    },
}

/// The longest file, bytes.
const MOST: usize = 64 * 1024;

impl Fault for PhrasesFileError {
    fn code(&self) -> Code {
        Code::C101
    }
}

/// The phrases of a lane.
pub(in crate::cli) fn phrases(lane: &Lane) -> Result<Arc<Phrases>, PhrasesFileError> {
    let Some(file) = lane.phrases.as_deref() else { return Ok(Phrases::shipped(lane.language, lane.purpose)) };
    let text = files::read_text(file, MOST)?;
    let changed = Phrases::changed(lane.language, lane.purpose, &text);
    let wrong = |source| PhrasesFileError::Phrases { file: file.to_owned(), source };
    changed.map(Arc::new).map_err(wrong)
}
