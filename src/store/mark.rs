//! How far the journal had got, kept outside it: a journal that ends before its mark has lost records, however whole it
//! looks.
//!
//! ```text
//! slot  "FMM1" epoch:u32 count:u64 first:u64 next_seq:u64 chain:[32] crc:u32         68 bytes, little-endian
//! ```
//! Two slots, each in a page of its own, are written in turn: a power cut tears one of them at most. The mark is written
//! when the records are durable and synced only now and then, so it may lag behind the journal and never leads it.

use std::io;

use super::{
    Disk,
    segment::{Hash, array},
};

/// The file's name.
pub(super) const FILE: &str = "journal.mark";

/// Where the journal surely was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The epoch.
    pub(super) epoch: u32,
    /// Grows by one with each writing; the higher one is the newer.
    count: u64,
    /// The first segment that was not removed for its age or the journal's size.
    pub(super) first: u64,
    /// The sequence number that the next record gets.
    pub(super) next_seq: u64,
    /// The hash before that record.
    pub(super) chain: Hash,
}

/// What is found in the mark's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No file, or one that nothing was written into: nothing was ever recorded.
    Nothing,
    /// A file that is no mark.
    Unreadable,
    /// The mark.
    At(Mark),
}

const MAGIC: &[u8; 4] = b"FMM1";
const LENGTH: usize = 68;
const PAGE: usize = 4096;

/// Writings after which the mark is synced.
const SYNC_EVERY: u64 = 64;

impl Found {
    /// Looks at a disk.
    pub(super) fn on(disk: &dyn Disk) -> io::Result<Self> {
        let bytes = match disk.read(FILE) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Nothing),
            Err(error) => return Err(error),
        };
        let slots = [0, PAGE].into_iter().filter_map(|at| Mark::decode(bytes.get(at..)?));
        Ok(match slots.max_by_key(|mark| mark.count) {
            Some(mark) => Self::At(mark),
            None if bytes.iter().all(|byte| *byte == 0) => Self::Nothing,
            None => Self::Unreadable,
        })
    }

    /// The mark, if there is one.
    pub(super) fn mark(self) -> Option<Mark> {
        match self {
            Self::At(mark) => Some(mark),
            Self::Nothing | Self::Unreadable => None,
        }
    }
}

impl Mark {
    /// The epoch in which nothing was recorded yet.
    pub(super) fn begin(epoch: u32, first: u64, next_seq: u64, chain: Hash) -> Self {
        Self { epoch, count: 0, first, next_seq, chain }
    }

    /// The same, where segments may have been removed for their age until `later`.
    pub(super) fn since(self, later: Self) -> Self {
        Self { first: later.first, ..self }
    }

    /// What is missing from a journal that ends at this epoch and sequence number, begins with segment `first`, and has
    /// the hash `chain` where the mark was set; nothing where all is there.
    pub(super) fn misses(&self, first: Option<u64>, epoch: u32, next_seq: u64, chain: Option<Hash>) -> Option<String> {
        if epoch > self.epoch {
            // Set before the last salvage.
            return None;
        }
        if epoch < self.epoch {
            return Some(format!("epoch {} is missing", self.epoch));
        }
        if next_seq < self.next_seq {
            return Some(format!("the last {} records are missing", self.next_seq.saturating_sub(next_seq)));
        }
        if first.is_some_and(|first| first > self.first) {
            return Some(format!("the first segment, {}, is missing", self.first));
        }
        // A journal of which nothing is left to compare was cut at its beginning, which is told above.
        chain.is_some_and(|chain| chain != self.chain).then(|| "records were replaced by others".to_owned())
    }

    /// Writes the next mark, which must be true already; `sync` where something hangs on its being durable.
    pub(super) fn write(&mut self, disk: &mut dyn Disk, next: Self, sync: bool) -> io::Result<()> {
        let next = Self { count: self.count.saturating_add(1), ..next };
        let slot = if next.count.is_multiple_of(2) { 0 } else { PAGE as u64 };
        disk.write_at(FILE, slot, &next.encode())?;
        *self = next;
        if sync || next.count.is_multiple_of(SYNC_EVERY) { disk.sync(FILE) } else { Ok(()) }
    }

    /// An empty file for marks, durable.
    pub(super) fn make_file(disk: &mut dyn Disk) -> io::Result<()> {
        disk.create_zeroed(FILE, 2 * PAGE)
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.count.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.next_seq.to_le_bytes());
        bytes.extend_from_slice(&self.chain);
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(slot: &[u8]) -> Option<Self> {
        let (body, crc) = slot.get(..LENGTH)?.split_at(LENGTH - 4);
        if &body[..4] != MAGIC || crc != crc32fast::hash(body).to_le_bytes() {
            return None;
        }
        Some(Self {
            epoch: u32::from_le_bytes(array(body, 4)?),
            count: u64::from_le_bytes(array(body, 8)?),
            first: u64::from_le_bytes(array(body, 16)?),
            next_seq: u64::from_le_bytes(array(body, 24)?),
            chain: array(body, 32)?,
        })
    }
}
