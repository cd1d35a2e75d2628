//! What a lane's terminals did, and did wrong, since the start.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    fault::Code,
    words::{Moment, PeerId, WallTime},
};

/// One lane's.
#[derive(Debug, Default)]
pub struct Counters {
    /// Lines that are no frame (T201).
    pub garbled: AtomicU64,
    /// Lines beyond [`MAX_LINE`](super::MAX_LINE) (T202).
    pub oversize: AtomicU64,
    /// Wrong checksums (T203).
    pub checksum: AtomicU64,
    /// Unknown types (T204).
    pub unknown_type: AtomicU64,
    /// Frames beyond the allowed rate (T209).
    pub flood: AtomicU64,
    /// Connections of users or certificates without permission (T211).
    pub refused_peers: AtomicU64,
    /// Connections that did not take their answers.
    pub stalled: AtomicU64,
    /// Connections that are open.
    connected: AtomicU32,
    /// Milliseconds of the moment of the last frame plus one; 0 before the first.
    heard: AtomicU64,
    /// When our certificate and the list of those taken back end, milliseconds since 1970; 0 where there is none.
    certificate: AtomicI64,
    list: AtomicI64,
    peers: AtomicU32,
    /// When refused frames were last told of, by their codes: few, whatever a terminal sends.
    told: Mutex<BTreeMap<Code, Moment>>,
}

/// A terminal that sends what is no frame goes on doing so: it is told of, and an hour later once more.
const TELL_AGAIN: Duration = Duration::from_secs(3600);

/// A connection, while it is there.
pub(crate) struct Present(Arc<Counters>);

impl Counters {
    /// Connections that are open.
    pub fn connected(&self) -> u32 {
        self.connected.load(Ordering::Relaxed)
    }

    /// When the last frame came.
    pub(crate) fn heard_at(&self) -> Option<Moment> {
        let heard = self.heard.load(Ordering::Relaxed);
        heard.checked_sub(1).map(|milliseconds| Moment(Duration::from_millis(milliseconds)))
    }

    /// When our certificate towards terminals on the network, and the list of theirs that were taken back, end.
    pub(crate) fn validity(&self) -> (Option<WallTime>, Option<WallTime>) {
        let end = |of: &AtomicI64| Some(of.load(Ordering::Relaxed)).filter(|end| *end != 0).map(WallTime);
        (end(&self.certificate), end(&self.list))
    }

    #[cfg(feature = "network")]
    pub(super) fn valid_until(&self, certificate: WallTime, list: Option<WallTime>) {
        self.certificate.store(certificate.0, Ordering::Relaxed);
        self.list.store(list.map_or(0, |end| end.0), Ordering::Relaxed);
    }

    pub(super) fn hears(&self, now: Moment) {
        let milliseconds = u64::try_from(now.0.as_millis()).unwrap_or(u64::MAX);
        self.heard.store(milliseconds.saturating_add(1), Ordering::Relaxed);
    }

    /// A connection is there until this is dropped.
    pub(super) fn comes(self: &Arc<Self>) -> Present {
        self.connected.fetch_add(1, Ordering::Relaxed);
        Present(Arc::clone(self))
    }

    pub(crate) fn next_peer(&self) -> PeerId {
        PeerId(self.peers.fetch_add(1, Ordering::Relaxed))
    }

    /// Counts a refused frame; true where that is to be told.
    pub(super) fn count(&self, code: Code, now: Moment) -> bool {
        let counter = match code {
            Code::T202 => &self.oversize,
            Code::T203 => &self.checksum,
            Code::T204 => &self.unknown_type,
            Code::T209 => &self.flood,
            _ => &self.garbled,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.is_to_be_told(code, now)
    }

    /// Whether what a terminal did wrong is to be told now; then it has been.
    pub(crate) fn is_to_be_told(&self, code: Code, now: Moment) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.get(&code).is_none_or(|last| now.since(*last) >= TELL_AGAIN);
        if due {
            told.insert(code, now);
        }
        due
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.connected.fetch_sub(1, Ordering::Relaxed);
    }
}
