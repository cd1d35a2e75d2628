//! A disk that loses power: what was not synced is kept in part, torn at sectors, or not at all.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use facemchd::store::Disk;

const SECTOR: usize = 512;

/// Shared, so that a test can cut the power under a journal.
#[derive(Clone, Default)]
pub struct MemDisk(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// What a reader sees.
    files: BTreeMap<String, Vec<u8>>,
    /// What survives.
    durable: BTreeMap<String, Vec<u8>>,
    /// Written and not synced: file, offset, bytes.
    loose: Vec<(String, usize, Vec<u8>)>,
    /// Renamed or removed and not synced.
    names: Vec<(String, Option<String>)>,
    /// Operations until the power goes; none is never.
    left: Option<u64>,
    /// Every sync fails.
    broken: bool,
    /// Bytes read.
    read: AtomicUsize,
}

impl MemDisk {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("not poisoned")
    }

    pub fn cut_after(&self, operations: u64) {
        self.inner().left = Some(operations);
    }

    pub fn set_broken(&self, broken: bool) {
        self.inner().broken = broken;
    }

    /// The disk as the next start finds it. `chance` decides sector by sector and name by name what had got through.
    pub fn after_power_cut(&self, mut chance: impl FnMut() -> bool) -> Self {
        let inner = self.inner();
        let mut files = inner.durable.clone();
        for (name, offset, bytes) in &inner.loose {
            let Some(file) = files.get_mut(name) else { continue };
            for (index, byte) in bytes.iter().enumerate() {
                let at = offset + index;
                if (index == 0 || at % SECTOR == 0) && !chance() {
                    // This sector did not get through.
                    let end = (at / SECTOR + 1) * SECTOR;
                    let skipped = end.min(offset + bytes.len()) - at;
                    if skipped == bytes.len() - index {
                        break;
                    }
                }
                file[at] = *byte;
            }
        }
        for (from, to) in &inner.names {
            if !chance() {
                break;
            }
            if let Some(bytes) = files.remove(from)
                && let Some(to) = to
            {
                files.insert(to.clone(), bytes);
            }
        }
        Self(Arc::new(Mutex::new(Inner { durable: files.clone(), files, ..Inner::default() })))
    }

    /// A disk of its own with the same content.
    pub fn copied(&self) -> Self {
        let files = self.inner().files.clone();
        Self(Arc::new(Mutex::new(Inner { durable: files.clone(), files, ..Inner::default() })))
    }

    /// Changes a file behind everybody's back.
    pub fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner();
        if let Some(bytes) = inner.files.get_mut(name) {
            change(bytes);
            let bytes = bytes.clone();
            inner.durable.insert(name.to_owned(), bytes);
        }
    }

    /// How many bytes were read since this was asked last.
    pub fn bytes_read(&self) -> usize {
        self.inner().read.swap(0, Ordering::Relaxed)
    }

    /// Puts a file there, as it was found elsewhere.
    pub fn lay(&self, name: &str, bytes: Vec<u8>) {
        let mut inner = self.inner();
        inner.files.insert(name.to_owned(), bytes.clone());
        inner.durable.insert(name.to_owned(), bytes);
    }

    pub fn lose(&self, name: &str) {
        let mut inner = self.inner();
        inner.files.remove(name);
        inner.durable.remove(name);
    }

    pub fn copy_to(&self, folder: &Path) {
        for (name, bytes) in &self.inner().files {
            std::fs::write(folder.join(name), bytes).expect("a writable folder");
        }
    }
}

impl Inner {
    fn operate(&mut self) -> io::Result<()> {
        if let Some(left) = &mut self.left {
            if *left == 0 {
                return Err(io::Error::other("the power is gone"));
            }
            *left -= 1;
        }
        Ok(())
    }
}

impl Disk for MemDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.inner().files.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let inner = self.inner();
        let bytes = inner.files.get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        inner.read.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes)
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let inner = self.inner();
        let bytes = inner.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        let from = usize::try_from(offset).expect("small").min(bytes.len());
        let read = bytes[from..(from + length).min(bytes.len())].to_vec();
        inner.read.fetch_add(read.len(), Ordering::Relaxed);
        Ok(read)
    }

    fn create_zeroed(&mut self, name: &str, length: usize) -> io::Result<()> {
        let mut inner = self.inner();
        inner.operate()?;
        inner.files.insert(name.to_owned(), vec![0; length]);
        inner.durable.insert(name.to_owned(), vec![0; length]);
        Ok(())
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.inner();
        inner.operate()?;
        let offset = usize::try_from(offset).expect("small");
        let file = inner.files.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
        inner.loose.push((name.to_owned(), offset, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        let mut inner = self.inner();
        inner.operate()?;
        if inner.broken {
            return Err(io::Error::other("input/output error"));
        }
        let inner = &mut *inner;
        let durable = inner.durable.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        for (_, offset, bytes) in inner.loose.iter().filter(|(of, ..)| of == name) {
            durable[*offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        inner.loose.retain(|(of, ..)| of != name);
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut inner = self.inner();
        inner.operate()?;
        let bytes = inner.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        inner.files.insert(to.to_owned(), bytes);
        inner.names.push((from.to_owned(), Some(to.to_owned())));
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut inner = self.inner();
        inner.operate()?;
        inner.files.remove(name);
        inner.names.push((name.to_owned(), None));
        Ok(())
    }

    fn sync_names(&mut self) -> io::Result<()> {
        let mut inner = self.inner();
        inner.operate()?;
        for (from, to) in std::mem::take(&mut inner.names) {
            if let Some(bytes) = inner.durable.remove(&from)
                && let Some(to) = to
            {
                inner.durable.insert(to, bytes);
            }
        }
        Ok(())
    }
}
