//! What outlives a power cut: the journal, which is the truth, and the state, which can be made again.
//!
//! The journal is ours: pre-filled segments, each record with length, CRC-32 and a chained SHA-256, one fdatasync per
//! group commit. The state is sled and holds nothing that matters.
//!
//! What it does not do: decide what is recorded, or keep anything that names a person — private values become keyed
//! hashes in `record` and nowhere else.

mod bounds;
mod collector;
mod correlator;
mod disk;
mod error;
mod inspect;
mod journal;
mod lock;
mod mark;
mod reader;
mod record;
mod recover;
mod segment;
mod state;
mod view;
mod views;
mod word;

#[cfg(feature = "hospital")]
pub(crate) use self::record::Settled;
pub use self::{
    bounds::JournalBounds,
    collector::Collector,
    correlator::{Correlator, Tag},
    disk::Disk,
    error::StoreError,
    inspect::{Proof, Standing, each, entries, verify},
    journal::{Fill, Journal},
    lock::{Holder, StateLock},
    reader::Reader,
    record::{Act, Entry, Position, Stored},
    recover::{Recovered, Salvage},
    state::State,
    view::Given,
    word::{Spelled, Word},
};
pub(crate) use self::{disk::FolderDisk, inspect::may_be_written};
