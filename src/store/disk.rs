//! The few things the journal asks of a disk; tests put one that loses power in its place.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use crate::files;

/// A folder of files. Nothing is durable before [`Disk::sync`]; names are not durable before [`Disk::sync_names`].
pub trait Disk: Send {
    /// The files' names, in any order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// A whole file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// So many bytes of a file from `offset` on, or as many as there are.
    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>>;
    /// A new file of zeros, durable when this returns.
    fn create_zeroed(&mut self, name: &str, length: usize) -> io::Result<()>;
    /// Overwrites within a file.
    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes a file's content durable.
    fn sync(&mut self, name: &str) -> io::Result<()>;
    /// Renames a file.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;
    /// Makes names durable.
    fn sync_names(&mut self) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Debug)]
pub(crate) struct FolderDisk {
    dir: PathBuf,
    open: BTreeMap<String, File>,
}

/// One file is written, one was written before, one is the spare.
const OPEN_FILES: usize = 3;

/// A file larger than this is none of ours: segments have a quarter of it, bytes.
const MOST: usize = 1 << 20;

impl FolderDisk {
    /// The folder is made if it is missing.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        files::make_folder(dir)?;
        Ok(Self::at(dir))
    }

    /// To be read only: what is missing stays so.
    pub(crate) fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), open: BTreeMap::new() }
    }

    fn file(&mut self, name: &str) -> io::Result<&File> {
        if !self.open.contains_key(name) {
            if self.open.len() >= OPEN_FILES {
                self.open.clear();
            }
            let file = files::edit(&self.dir.join(name))?;
            self.open.insert(name.to_owned(), file);
        }
        self.open.get(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for FolderDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        files::list(&self.dir)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(files::read(&self.dir.join(name), MOST)?)
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let file = files::open(&self.dir.join(name))?;
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset.saturating_add(filled as u64))? {
                0 => break,
                read => filled += read,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn create_zeroed(&mut self, name: &str, length: usize) -> io::Result<()> {
        let file = files::create(&self.dir.join(name))?;
        // Real zeros, not a hole: later commits then change no block map.
        file.write_all_at(&vec![0; length], 0)?;
        file.sync_all()?;
        self.sync_names()
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file(name)?.write_all_at(bytes, offset)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.file(name)?.sync_data()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        // The handle of a file that is replaced would go on writing into the old one.
        self.open.remove(from);
        self.open.remove(to);
        fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.open.remove(name);
        fs::remove_file(self.dir.join(name))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        files::sync(&self.dir)
    }
}
