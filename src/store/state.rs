//! What can be made again: sled, fenced in.
//!
//! As shipped, sled loses acknowledged records in a power cut and may panic when it opens a damaged folder. So nothing
//! that matters lies here, and a marker written before it opens tells at the next start that opening did not end: the
//! folder is then put aside and a fresh one begun.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{StoreError, error::sled_error::SledError};
use crate::files;

/// A small store of texts and bytes. Losing it costs a download.
pub struct State {
    db: sled::Db,
}

const FOLDER: &str = "state";
const MARKER: &str = "state.opening";

/// Values are cut into pieces of this size, bytes: sled's cost grows steeply with larger ones.
const PIECE: usize = 1024;

/// The largest value, bytes.
const MOST: usize = 64 * 1024;

impl State {
    /// Opens the state of a state directory. The flag tells that the last one was damaged and put aside.
    pub fn open(dir: &Path) -> Result<(Self, bool), StoreError> {
        let unusable = |source| StoreError::Directory { dir: dir.to_owned(), source };
        let folder = dir.join(FOLDER);
        let marker = dir.join(MARKER);
        let mut quarantined = marker.exists() && put_aside(&folder);
        files::create(&marker)?;
        let db = match open(&folder) {
            Ok(db) => db,
            Err(_) => {
                quarantined |= put_aside(&folder);
                open(&folder).map_err(|error| StoreError::State(SledError(error.to_string())))?
            }
        };
        fs::remove_file(&marker).map_err(unusable)?;
        Ok((Self { db }, quarantined))
    }

    /// A value, or none.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        let mut found = false;
        for entry in self.db.scan_prefix(prefix(key)).take(MOST / PIECE) {
            value.extend_from_slice(&entry.ok()?.1);
            found = true;
        }
        found.then_some(value)
    }

    /// Replaces a value of at most 64 KiB; a failure only means that it is not there next time.
    pub fn put(&self, key: &str, value: &[u8]) -> bool {
        if value.len() > MOST {
            return false;
        }
        let mut batch = sled::Batch::default();
        for entry in self.db.scan_prefix(prefix(key)).keys().flatten() {
            batch.remove(entry);
        }
        for (index, piece) in value.chunks(PIECE).enumerate() {
            batch.insert(format!("{key}\0{index:04}").as_bytes(), piece);
        }
        self.db.apply_batch(batch).is_ok() && self.db.flush().is_ok()
    }
}

fn open(folder: &Path) -> sled::Result<sled::Db> {
    sled::Config::new().path(folder).flush_every_ms(None).cache_capacity(1 << 20).segment_size(64 * 1024).open()
}

fn prefix(key: &str) -> Vec<u8> {
    format!("{key}\0").into_bytes()
}

fn put_aside(folder: &Path) -> bool {
    let free = (1..100).map(|n| PathBuf::from(format!("{}.quarantined-{n}", folder.display()))).find(|p| !p.exists());
    match free {
        Some(aside) => fs::rename(folder, aside).is_ok(),
        None => fs::remove_dir_all(folder).is_ok(),
    }
}
