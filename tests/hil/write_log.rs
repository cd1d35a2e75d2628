//! What a disk was told and in which order (QEMU's blklogwrites, the format of Linux' dm-log-writes), and what of it a
//! power cut may have left.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

const SECTOR: u64 = 512;
const FLUSH: u64 = 1;
const DISCARD: u64 = 4;

/// One write, or one flush.
pub struct Entry {
    flags: u64,
    sector: u64,
    data: Vec<u8>,
    /// Where it ends in the log, bytes.
    pub end: u64,
}

/// Everything that was written, in order.
pub fn read(log: &Path) -> Vec<Entry> {
    let bytes = fs::read(log).expect("a log");
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let sector_size =
        usize::try_from(u32::from_le_bytes(bytes[24..28].try_into().expect("four bytes"))).expect("small");
    let mut entries = Vec::new();
    let mut at = sector_size;
    while at + sector_size <= bytes.len() {
        let (sector, sectors, flags) = (number(at), number(at + 8), number(at + 16));
        if sectors == 0 && flags == 0 {
            break;
        }
        let length = if flags & DISCARD != 0 { 0 } else { usize::try_from(sectors * SECTOR).expect("small") };
        let (from, to) = (at + sector_size, at + sector_size + length);
        if to > bytes.len() {
            break;
        }
        entries.push(Entry { flags, sector, data: bytes[from..to].to_vec(), end: to as u64 });
        at = to.next_multiple_of(sector_size);
    }
    entries
}

/// The disk after a power cut behind entry `cut`: everything before the last flush, and of what came later whatever
/// `survives` says.
pub fn cut(base: &Path, entries: &[Entry], cut: usize, disk: &Path, mut survives: impl FnMut() -> bool) {
    fs::copy(base, disk).expect("copied");
    let mut file = File::options().write(true).open(disk).expect("writable");
    let flushed = entries[..cut].iter().rposition(|entry| entry.flags & FLUSH != 0).unwrap_or(0);
    for (index, entry) in entries[..cut].iter().enumerate() {
        if entry.data.is_empty() || (index > flushed && !survives()) {
            continue;
        }
        file.seek(SeekFrom::Start(entry.sector * SECTOR)).expect("sought");
        file.write_all(&entry.data).expect("written");
    }
    let mut magic = [0; 2];
    let mut disk = File::open(disk).expect("readable");
    disk.seek(SeekFrom::Start(1024 + 56)).expect("sought");
    disk.read_exact(&mut magic).expect("readable");
    assert_eq!(magic, [0x53, 0xEF], "an ext4 file system");
}
