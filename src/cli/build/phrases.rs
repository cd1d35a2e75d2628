//! What the lanes say: the phrases that travel with the program, and the site's own over them.

use std::sync::Arc;

use crate::{
    config::Lane,
    fault::{Code, Cure, Fault},
    files::{self, FileError, WrongLine},
    kiosk::{Phrases, PhrasesError},
};

/// A file of phrases cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(in crate::cli) enum PhrasesFileError {
    /// It cannot be read.
    File(#[from] FileError),
    /// It says something that is no phrase.
    Line(#[from] WrongLine),
}

/// The longest file, bytes.
const MOST: usize = 64 * 1024;

impl Fault for PhrasesFileError {
    fn code(&self) -> Code {
        Code::C101
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::File(error) => error.cure(),
            Self::Line(_) => None,
        }
    }
}

/// The phrases of a lane.
pub(in crate::cli) fn phrases(lane: &Lane) -> Result<Arc<Phrases>, PhrasesFileError> {
    let Some(file) = lane.phrases.as_deref() else { return Ok(Phrases::shipped(lane.language, lane.purpose)) };
    let text = files::read_text(file, MOST)?;
    let wrong = |PhrasesError { line, message }| WrongLine { file: file.to_owned(), line, message };
    Ok(Arc::new(Phrases::changed(lane.language, lane.purpose, &text).map_err(wrong)?))
}
