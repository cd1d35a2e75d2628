//! The journal read by somebody outside who says how far they have it: what they have not stays in the journal, and what
//! they have is not told again after a restart.

use std::path::Path;

use super::{Entry, Position, Reader, State, StoreError};
use crate::words::WallTime;

/// Hands out records in order, each until it is acknowledged.
pub struct Collector {
    reader: Reader,
    /// Reads ahead of it, for whoever counts.
    scout: Reader,
    state: State,
    key: &'static str,
    /// Where nobody remembers what was collected: records before this time have been, or nobody asked for them then.
    not_before: Option<WallTime>,
}

/// Whoever remembers nothing begins so far back, milliseconds: a state that was lost costs repetitions, and a collector
/// that is new is not told of months.
const BACK_MS: i64 = 86_400_000;

impl Collector {
    /// Collects from the journal of a state directory. `key` is the collector's own, for what `state` remembers.
    pub fn open(dir: &Path, state: State, key: &'static str, now: WallTime) -> Self {
        let told = state.get(key).and_then(|bytes| serde_json::from_slice::<(u32, u64)>(&bytes).ok());
        let from = told.map_or_else(Position::default, |(epoch, seq)| Position { epoch, seq: seq.saturating_add(1) });
        let not_before = told.is_none().then(|| WallTime(now.0.saturating_sub(BACK_MS)));
        Self { reader: Reader::open(dir, from), scout: Reader::open(dir, from), state, key, not_before }
    }

    /// The next record; none where there is no other yet.
    pub fn read(&mut self) -> Result<Option<Entry>, StoreError> {
        while let Some(entry) = self.reader.read()? {
            if self.not_before.is_none_or(|limit| limit.0 <= entry.at) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// How many of these have come since they were counted last, whether they have been collected or not.
    pub(crate) fn count(&mut self, of: impl Fn(&Entry) -> bool) -> u64 {
        let mut count: u64 = 0;
        while let Ok(Some(entry)) = self.scout.read() {
            let counts = self.not_before.is_none_or(|limit| limit.0 <= entry.at) && of(&entry);
            count = count.saturating_add(counts.into());
        }
        count
    }

    /// Everything up to this record has been collected.
    pub(crate) fn acknowledge(&self, Position { epoch, seq }: Position) {
        if let Ok(bytes) = serde_json::to_vec(&(epoch, seq)) {
            self.state.put(self.key, &bytes);
        }
    }
}
