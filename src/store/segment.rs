//! Bytes of a segment: a header, then records, then zeros.
//!
//! ```text
//! header  "FMJ1" epoch:u32 first_seq:u64 epoch_began:i64 chain:[32] crc:u32          60 bytes, little-endian
//! record  length:u32 crc:u32 seq:u64 hash:[32] payload:[length]
//! ```
//! `crc` covers everything of its header or record but itself; `hash` = SHA-256(previous hash ‖ seq ‖ payload).

use sha2::{Digest as _, Sha256};

use super::Position;

/// A segment's length on disk, bytes.
pub(super) const SEGMENT: usize = 256 * 1024;

/// The longest payload, bytes; a record of ours has some two hundred.
pub(super) const MAX_PAYLOAD: usize = 16 * 1024;

pub(super) const HEADER: usize = 60;
const RECORD: usize = 48;

/// The longest record, bytes.
pub(super) const LONGEST: usize = RECORD + MAX_PAYLOAD;

const MAGIC: &[u8; 4] = b"FMJ1";

/// A link of the chain.
pub(super) type Hash = [u8; 32];

/// A segment's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Grows by one at each salvage.
    pub(super) epoch: u32,
    /// The sequence number of the first record.
    pub(super) first_seq: u64,
    /// When the epoch began, milliseconds since 1970.
    pub(super) epoch_began: i64,
    /// The hash before the first record.
    pub(super) chain: Hash,
}

/// One record as found.
pub(super) struct Found<'a> {
    pub(super) seq: u64,
    pub(super) payload: &'a [u8],
    /// The hash after it.
    pub(super) hash: Hash,
}

/// How reading a segment ended.
pub(super) struct End {
    /// Where the next record would begin.
    pub(super) offset: usize,
    pub(super) next_seq: u64,
    pub(super) chain: Hash,
    /// Something other than zeros follows: a torn write, or damage.
    pub(super) damaged: bool,
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.first_seq.to_le_bytes());
        bytes.extend_from_slice(&self.epoch_began.to_le_bytes());
        bytes.extend_from_slice(&self.chain);
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Where its first record stands.
    pub(super) fn begins(&self) -> Position {
        Position { epoch: self.epoch, seq: self.first_seq }
    }

    pub(super) fn decode(segment: &[u8]) -> Option<Self> {
        let bytes = segment.get(..HEADER)?;
        let (body, crc) = bytes.split_at(HEADER - 4);
        if &body[..4] != MAGIC || crc != crc32fast::hash(body).to_le_bytes() {
            return None;
        }
        Some(Self {
            epoch: u32::from_le_bytes(array(body, 4)?),
            first_seq: u64::from_le_bytes(array(body, 8)?),
            epoch_began: i64::from_le_bytes(array(body, 16)?),
            chain: array(body, 24)?,
        })
    }
}

/// The hash that follows `chain`.
pub(super) fn link(chain: &Hash, seq: u64, payload: &[u8]) -> Hash {
    Sha256::new().chain_update(chain).chain_update(seq.to_le_bytes()).chain_update(payload).finalize().into()
}

/// A record's bytes, and the hash after it.
pub(super) fn encode(chain: &Hash, seq: u64, payload: &[u8]) -> (Vec<u8>, Hash) {
    let hash = link(chain, seq, payload);
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(RECORD + payload.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&seq.to_le_bytes());
    bytes.extend_from_slice(&hash);
    bytes.extend_from_slice(payload);
    let crc = crc_of(&bytes);
    bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    (bytes, hash)
}

/// Walks the records of a segment whose header is `header`.
pub(super) fn walk(segment: &[u8], header: &Header, mut each: impl FnMut(Found<'_>)) -> End {
    let mut end = End { offset: HEADER, next_seq: header.first_seq, chain: header.chain, damaged: false };
    while let Some((found, length)) = next(&segment[end.offset..], end.next_seq, &end.chain) {
        end.offset += length;
        end.next_seq = end.next_seq.saturating_add(1);
        end.chain = found.hash;
        each(found);
    }
    end.damaged = segment[end.offset..].iter().any(|byte| *byte != 0);
    end
}

/// The record at the beginning of `rest` and its length, if it is whole and follows.
pub(super) fn next<'a>(rest: &'a [u8], expected: u64, chain: &Hash) -> Option<(Found<'a>, usize)> {
    let length = u32::from_le_bytes(array(rest, 0)?) as usize;
    if length == 0 || length > MAX_PAYLOAD {
        return None;
    }
    let record = rest.get(..RECORD + length)?;
    let seq = u64::from_le_bytes(array(record, 8)?);
    let hash: Hash = array(record, 16)?;
    let payload = &record[RECORD..];
    let right = array(record, 4).map(u32::from_le_bytes) == Some(crc_of(record))
        && seq == expected
        && hash == link(chain, seq, payload);
    right.then_some((Found { seq, payload, hash }, record.len()))
}

/// The highest sequence number of a record anywhere in what follows damage, where one is whole by itself.
pub(super) fn highest(rest: &[u8], at_least: u64) -> Option<u64> {
    let mut highest = None;
    let mut at = 0;
    while let Some(record) = rest.get(at..).filter(|record| record.len() > RECORD) {
        let length = array(record, 0).map_or(0, u32::from_le_bytes) as usize;
        let seq = array(record, 8).map_or(0, u64::from_le_bytes);
        let plausible = (1..=MAX_PAYLOAD).contains(&length) && seq.checked_sub(at_least).is_some_and(|gap| gap < GAP);
        let record = record.get(..RECORD + length).filter(|_| plausible);
        match record.filter(|record| array(record, 4).map(u32::from_le_bytes) == Some(crc_of(record))) {
            Some(record) => {
                highest = highest.max(Some(seq));
                at += record.len();
            }
            None => at += 1,
        }
    }
    highest
}

/// A segment holds fewer records than this.
const GAP: u64 = (SEGMENT / RECORD) as u64;

fn crc_of(record: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&record[..4]);
    hasher.update(&record[8..]);
    hasher.finalize()
}

pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}
