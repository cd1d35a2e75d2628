//! Files that are read at the start and not again: a hangup that finds another one in the same place names it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
#[cfg(any(feature = "page", feature = "screen", feature = "voice"))]
use std::path::PathBuf;

#[cfg(any(feature = "page", feature = "screen", feature = "voice"))]
use crate::files::{self, Seen};
use crate::{board::Board, config::Site};

/// What lay there at the start.
pub(super) struct Kept {
    word: String,
    board: Option<u64>,
    #[cfg(any(feature = "page", feature = "screen", feature = "voice"))]
    files: Vec<(&'static str, PathBuf, Option<Seen>)>,
}

impl Kept {
    pub(super) fn of(site: &Site) -> Self {
        Self {
            word: site.board.clone(),
            board: board(&site.board),
            #[cfg(any(feature = "page", feature = "screen", feature = "voice"))]
            files: files_of(site)
                .into_iter()
                .map(|(name, file)| {
                    let seen = files::seen(&file);
                    (name, file, seen)
                })
                .collect(),
        }
    }

    /// Where something else lies now.
    pub(super) fn changed(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        if board(&self.word) != self.board {
            names.push("the board's files");
        }
        #[cfg(any(feature = "page", feature = "screen", feature = "voice"))]
        for (name, file, then) in &self.files {
            if files::seen(file) != *then && !names.contains(name) {
                names.push(*name);
            }
        }
        names
    }
}

/// The board with its printers' profiles, slips and its gates' tables, as one number.
fn board(word: &str) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    format!("{:?}", Board::find(word).ok()?).hash(&mut hasher);
    Some(hasher.finish())
}

/// The other files, by their settings. A voice's clips are read when they are said; its index is not.
#[cfg(any(feature = "page", feature = "screen", feature = "voice"))]
fn files_of(site: &Site) -> Vec<(&'static str, PathBuf)> {
    let mut files: Vec<(&'static str, Option<PathBuf>)> = Vec::new();
    #[cfg(feature = "page")]
    if let Some(alarms) = &site.alarms {
        files.push(("the file of alarms.hmac-key", alarms.hmac_key.as_deref().map(Into::into)));
        files.push(("the file of alarms.ca-file", alarms.ca_file.as_deref().map(Into::into)));
    }
    #[cfg(feature = "screen")]
    files.extend(site.brand.iter().map(|brand| ("the file of brand.logo", brand.logo.as_deref().map(Into::into))));
    #[cfg(feature = "voice")]
    for voice in site.lane.iter().filter_map(|lane| lane.voice.as_ref()) {
        files.push(("the index of a voice's pack", Some(voice.pack.join(crate::device::voice::INDEX))));
    }
    files.into_iter().filter_map(|(name, file)| Some((name, file?))).collect()
}
