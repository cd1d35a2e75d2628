//! What can be made again: sled, fenced in.
//!
//! As shipped, sled loses acknowledged records in a power cut, may panic when it meets a damaged page, and opens whatever
//! lies in its place: a FIFO there would wait for ever. So nothing that matters lies here, the folder is judged before
//! sled sees it, it writes on a thread of its own that nobody waits for, and a marker stands for as long as sled works:
//! where it is still there at the next start, that work did not end. The folder is then put aside and a fresh one begun;
//! and where even that fails, nothing is remembered.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, SyncSender},
    },
    thread::{self, JoinHandle},
};

use super::{StoreError, error::sled_error::SledError};
use crate::files;

/// A small store of texts and bytes, shared by its clones. Losing it costs a download, or reading the journal.
#[derive(Clone)]
pub struct State(Option<Arc<Shared>>);

struct Shared {
    sled: Arc<Mutex<Sled>>,
    jobs: Option<SyncSender<Vec<Change>>>,
    writer: Option<JoinHandle<()>>,
}

struct Sled {
    db: sled::Db,
    marker: PathBuf,
}

/// A key with its new value, or none.
type Change = (String, Option<Vec<u8>>);

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
const MOST: usize = 128 * 1024;

/// Writings that wait; one more is dropped.
const QUEUE: usize = 16;

impl State {
    /// Opens the state of a state directory. The error tells why the last one was put aside, or why there is none.
    pub fn open(dir: &Path) -> (Self, Option<StoreError>) {
        let folder = dir.join(FOLDER);
        let marker = dir.join(MARKER);
        let fault = match Self::try_open(&folder, &marker) {
            Ok(state) => return (state, None),
            Err(fault) => fault,
        };
        put_aside(&folder);
        // What was unfinished is put aside with it.
        remove(&marker);
        match Self::try_open(&folder, &marker) {
            Ok(state) => (state, Some(fault)),
            Err(fault) => (Self::none(), Some(fault)),
        }
    }

    /// Remembers nothing.
    pub fn none() -> Self {
        Self(None)
    }

    fn try_open(folder: &Path, marker: &Path) -> Result<Self, StoreError> {
        if exists(marker) {
            return Err(StoreError::State(SledError("the last work on it did not end".to_owned())));
        }
        if exists(folder) {
            files::plain_folder(folder, &[BLOBS], LARGEST, MOST_FILES)?;
        } else {
            // sled would make its own by the umask, and the unit's lets the group in: no state at the next start.
            files::make_folder(&folder.join(BLOBS))?;
        }
        let db = guarded(marker, || open(folder))?;
        let db = db.map_err(|error| StoreError::State(SledError(error.to_string())))?;
        let sled = Arc::new(Mutex::new(Sled { db, marker: marker.to_owned() }));
        let (jobs, waiting) = mpsc::sync_channel::<Vec<Change>>(QUEUE);
        let own = Arc::clone(&sled);
        let writer = thread::Builder::new().name("state".to_owned()).spawn(move || {
            for changes in waiting {
                // A failure only means that it is not there next time.
                let _ = own.lock().unwrap_or_else(PoisonError::into_inner).write(&changes);
            }
        });
        let unusable = |source| StoreError::Directory { dir: folder.to_owned(), source };
        let writer = Some(writer.map_err(unusable)?);
        Ok(Self(Some(Arc::new(Shared { sled, jobs: Some(jobs), writer }))))
    }

    /// A value, or none.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.all(key).remove(key)
    }

    /// Every value whose key begins so.
    pub fn all(&self, prefix: &str) -> BTreeMap<String, Vec<u8>> {
        let Some(Shared { sled, .. }) = self.0.as_deref() else { return BTreeMap::new() };
        sled.lock().unwrap_or_else(PoisonError::into_inner).read(prefix).unwrap_or_default()
    }

    /// Replaces a value of at most 128 KiB, soon.
    pub fn put(&self, key: &str, value: &[u8]) {
        self.write(vec![(key.to_owned(), Some(value.to_vec()))]);
    }

    /// Replaces and removes values, soon, in this order.
    pub fn write(&self, changes: Vec<Change>) {
        if let Some(jobs) = self.0.as_deref().and_then(|shared| shared.jobs.as_ref()) {
            // What does not fit is not there next time.
            let _ = jobs.try_send(changes);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Sled {
    fn read(&self, prefix: &str) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
        guarded(&self.marker, || {
            let mut found = BTreeMap::<String, Vec<u8>>::new();
            let pieces = self.db.scan_prefix(prefix).map_while(Result::ok);
            for (name, piece) in pieces.take(usize::try_from(LARGEST).unwrap_or(usize::MAX) / PIECE) {
                let key = name.split(|byte| *byte == 0).next().unwrap_or_default();
                found.entry(String::from_utf8_lossy(key).into_owned()).or_default().extend_from_slice(&piece);
            }
            found
        })
    }

    fn write(&self, changes: &[Change]) -> Result<(), StoreError> {
        guarded(&self.marker, || {
            for (key, value) in changes {
                let mut batch = sled::Batch::default();
                for piece in self.db.scan_prefix(format!("{key}\0")).keys().map_while(Result::ok) {
                    batch.remove(piece);
                }
                let value = value.as_ref().filter(|value| value.len() <= MOST);
                for (index, piece) in value.iter().flat_map(|value| value.chunks(PIECE)).enumerate() {
                    batch.insert(format!("{key}\0{index:04}").as_bytes(), piece);
                }
                if self.db.apply_batch(batch).is_err() {
                    break;
                }
            }
            let _ = self.db.flush();
        })
    }
}

/// Lets sled work beside the marker.
fn guarded<T>(marker: &Path, work: impl FnOnce() -> T) -> Result<T, StoreError> {
    files::create(marker)?;
    let done = work();
    fs::remove_file(marker).map_err(|source| StoreError::Directory { dir: marker.to_owned(), source })?;
    Ok(done)
}

fn open(folder: &Path) -> sled::Result<sled::Db> {
    sled::Config::new().path(folder).flush_every_ms(None).cache_capacity(1 << 20).segment_size(64 * 1024).open()
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
