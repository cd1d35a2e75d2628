//! What can be made again: sled, fenced in.
//!
//! As shipped, sled loses acknowledged records in a power cut, may panic when it meets a damaged page, and opens whatever
//! lies in its place: a FIFO there would wait for ever. So nothing that matters lies here, the folder is judged before
//! sled sees it, and a marker stands for as long as sled works: where it is still there at the next start, that work did
//! not end. The folder is then put aside and a fresh one begun; and where even that fails, nothing is remembered.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{StoreError, error::sled_error::SledError};
use crate::files;

/// A small store of texts and bytes. Losing it costs a download.
pub struct State {
    db: Option<sled::Db>,
    marker: PathBuf,
}

const FOLDER: &str = "state";
const MARKER: &str = "state.busy";

/// The folder that sled has within its own, for values larger than any of ours.
const BLOBS: &str = "blobs";

/// A state larger than this is none of ours, bytes; and files.
const LARGEST: u64 = 32 << 20;
const MOST_FILES: usize = 1024;

/// Damaged states that are kept for whoever wants to look.
const ASIDE: usize = 3;

/// Values are cut into pieces of this size, bytes: sled's cost grows steeply with larger ones.
const PIECE: usize = 1024;

/// The largest value, bytes.
const MOST: usize = 64 * 1024;

impl State {
    /// Opens the state of a state directory. The error tells why the last one was put aside, or why there is none.
    pub fn open(dir: &Path) -> (Self, Option<StoreError>) {
        let folder = dir.join(FOLDER);
        let marker = dir.join(MARKER);
        let mut state = Self { db: None, marker };
        let fault = match state.try_open(&folder) {
            Ok(()) => return (state, None),
            Err(fault) => fault,
        };
        put_aside(&folder);
        // Nothing of it was opened or is any more: what was unfinished is put aside with it.
        remove(&state.marker);
        let again = state.try_open(&folder);
        (state, Some(again.err().unwrap_or(fault)))
    }

    fn try_open(&mut self, folder: &Path) -> Result<(), StoreError> {
        if exists(&self.marker) {
            return Err(StoreError::State(SledError("the last work on it did not end".to_owned())));
        }
        if exists(folder) {
            files::plain_folder(folder, &[BLOBS], LARGEST, MOST_FILES)?;
        } else {
            files::make_folder(folder)?;
        }
        let opened = self.guarded(|| open(folder))?;
        self.db = Some(opened.map_err(|error| StoreError::State(SledError(error.to_string())))?);
        Ok(())
    }

    /// A value, or none.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let db = self.db.as_ref()?;
        let value = self.guarded(|| {
            let mut value = Vec::new();
            let mut found = false;
            for entry in db.scan_prefix(prefix(key)).take(MOST / PIECE) {
                value.extend_from_slice(&entry.ok()?.1);
                found = true;
            }
            found.then_some(value)
        });
        value.ok().flatten()
    }

    /// Replaces a value of at most 64 KiB; a failure only means that it is not there next time.
    pub fn put(&self, key: &str, value: &[u8]) -> bool {
        let Some(db) = self.db.as_ref().filter(|_| value.len() <= MOST) else { return false };
        let put = self.guarded(|| {
            let mut batch = sled::Batch::default();
            for entry in db.scan_prefix(prefix(key)).keys().flatten() {
                batch.remove(entry);
            }
            for (index, piece) in value.chunks(PIECE).enumerate() {
                batch.insert(format!("{key}\0{index:04}").as_bytes(), piece);
            }
            db.apply_batch(batch).is_ok() && db.flush().is_ok()
        });
        put.unwrap_or(false)
    }

    /// Lets sled work beside the marker.
    fn guarded<T>(&self, work: impl FnOnce() -> T) -> Result<T, StoreError> {
        files::create(&self.marker)?;
        let done = work();
        let unusable = |source| StoreError::Directory { dir: self.marker.clone(), source };
        fs::remove_file(&self.marker).map_err(unusable)?;
        Ok(done)
    }
}

fn open(folder: &Path) -> sled::Result<sled::Db> {
    sled::Config::new().path(folder).flush_every_ms(None).cache_capacity(1 << 20).segment_size(64 * 1024).open()
}

fn prefix(key: &str) -> Vec<u8> {
    format!("{key}\0").into_bytes()
}

/// Whatever it is, a link that leads nowhere too.
fn exists(path: &Path) -> bool {
    !matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
}

fn put_aside(folder: &Path) {
    let name = |n: usize| PathBuf::from(format!("{}.quarantined-{n}", folder.display()));
    let free = (1..=ASIDE).map(name).find(|aside| !exists(aside));
    if free.is_none_or(|aside| fs::rename(folder, aside).is_err()) {
        remove(folder);
    }
}
