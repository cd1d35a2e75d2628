//! A folder of recorded clips.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{BETWEEN_CLIPS, BETWEEN_SENTENCES, MOST, WavError, read_wav, samples};
use crate::{
    fault::{Code, Cure, Fault},
    files::{self, FileError, WrongLine},
    kiosk::{Lexicon, LexiconError, Phrases, Speech},
    words::Language,
};

/// A lane's clips. They lie on the disk until they are said.
pub struct Pack {
    folder: PathBuf,
    lexicon: Lexicon,
}

/// A pack cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum PackError {
    /// Its index cannot be read.
    File(#[from] FileError),
    /// A line of its index is wrong.
    Line(#[from] WrongLine),
}

/// A clip that cannot be said, and why.
#[derive(Debug, thiserror::Error)]
pub enum LackingClip {
    /// It is not there, or cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no clip.
    #[error("{}: {why}", file.display())]
    Form {
        /// The file's path.
        file: PathBuf,
        /// What is wrong with it.
        why: WavError,
    },
}

/// The pack's own words, in its folder.
pub const INDEX: &str = "index.txt";

/// The longest index and the longest clip, bytes.
const LONGEST_INDEX: usize = 256 * 1024;
const LONGEST_CLIP: usize = 1 << 20;

impl Fault for PackError {
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

impl Pack {
    /// Reads its index, where it has one.
    pub fn open(folder: &Path, language: Language) -> Result<Self, PackError> {
        let file = folder.join(INDEX);
        let lexicon =
            match files::read_text(&file, LONGEST_INDEX) {
                Ok(index) => Lexicon::with_index(language, &index)
                    .map_err(|LexiconError { line, message }| WrongLine { file, line, message: message.to_owned() })?,
                Err(error) if error.is_missing() && folder.is_dir() => Lexicon::standard(language),
                Err(error) => return Err(error.into()),
            };
        Ok(Self { folder: folder.to_owned(), lexicon })
    }

    /// Every clip that these phrases and the index want and that cannot be said.
    pub fn lacking(&self, phrases: &Phrases) -> Vec<LackingClip> {
        let mut names: Vec<String> = phrases.script().into_iter().map(|clip| clip.name).collect();
        names.extend(self.lexicon.clips().map(str::to_owned));
        names.sort();
        names.dedup();
        names.iter().filter_map(|name| self.clip(name).err()).collect()
    }

    /// What is said, in samples. What is longer than [`MOST`] ends with the last sentence that is not; a clip that
    /// cannot be said costs its word.
    pub fn compose(&self, speech: &Speech) -> Vec<i16> {
        let mut said = Vec::new();
        for names in speech.clips(&self.lexicon) {
            let mut sentence = Vec::new();
            let clips = names.iter().filter_map(|name| self.clip(name).ok());
            clips.for_each(|clip| append(&mut sentence, clip, samples(BETWEEN_CLIPS)));
            if said.len().saturating_add(sentence.len()) > samples(MOST) {
                break;
            }
            if !sentence.is_empty() {
                append(&mut said, sentence, samples(BETWEEN_SENTENCES));
            }
        }
        said
    }

    fn clip(&self, name: &str) -> Result<Vec<i16>, LackingClip> {
        let file = self.folder.join(format!("{name}.wav"));
        let bytes = files::read(&file, LONGEST_CLIP)?;
        read_wav(&bytes).map_err(|why| LackingClip::Form { file, why })
    }
}

/// Puts more behind what there is, with so much silence between.
fn append(all: &mut Vec<i16>, more: Vec<i16>, gap: usize) {
    if !all.is_empty() {
        all.resize(all.len().saturating_add(gap), 0);
    }
    all.extend(more);
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack").field("folder", &self.folder).finish_non_exhaustive()
    }
}
