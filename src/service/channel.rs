//! Bounded channels that know how long nobody has taken anything out of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvError, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use crate::words::{Clock, Moment};

/// Where items are handed over. The threads end when all entrances are gone.
pub(super) struct Entrance<T> {
    items: SyncSender<T>,
    load: Arc<Load>,
}

/// Where items come out.
pub(super) struct Exit<T> {
    items: Receiver<T>,
    load: Arc<Load>,
}

/// What waits in a channel.
struct Load {
    clock: Arc<dyn Clock>,
    waiting: AtomicUsize,
    /// Milliseconds of the moment at which an item was last taken, or came when none waited.
    moved: AtomicU64,
}

/// A channel with room for so many items.
pub(super) fn channel<T>(capacity: usize, clock: &Arc<dyn Clock>) -> (Entrance<T>, Exit<T>) {
    let (sender, receiver) = sync_channel(capacity);
    let load = Load { clock: Arc::clone(clock), waiting: AtomicUsize::new(0), moved: AtomicU64::new(0) };
    let load = Arc::new(load);
    (Entrance { items: sender, load: Arc::clone(&load) }, Exit { items: receiver, load })
}

impl<T> Entrance<T> {
    /// How long items have waited and none was taken.
    pub(super) fn stuck_for(&self, now: Moment) -> Duration {
        self.load.stuck_for(now)
    }

    /// What waits.
    pub(super) fn waiting(&self) -> u64 {
        self.load.waiting.load(Ordering::Relaxed) as u64
    }

    /// Hands an item over, or gives it back when the channel is full.
    pub(super) fn offer(&self, item: T) -> Result<(), T> {
        self.load.comes();
        self.items.try_send(item).map_err(|error| {
            self.load.goes();
            match error {
                TrySendError::Full(item) | TrySendError::Disconnected(item) => item,
            }
        })
    }

    /// Hands an item over, waiting for room; false when the threads are gone.
    pub(super) fn send(&self, item: T) -> bool {
        self.load.comes();
        let sent = self.items.send(item).is_ok();
        if !sent {
            self.load.goes();
        }
        sent
    }
}

impl<T> Clone for Entrance<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), load: Arc::clone(&self.load) }
    }
}

impl<T> Exit<T> {
    pub(super) fn recv(&self) -> Result<T, RecvError> {
        let item = self.items.recv()?;
        self.load.taken();
        Ok(item)
    }

    pub(super) fn recv_timeout(&self, patience: Duration) -> Result<T, RecvTimeoutError> {
        let item = self.items.recv_timeout(patience)?;
        self.load.taken();
        Ok(item)
    }

    /// What waits, without waiting for more.
    pub(super) fn try_iter(&self) -> impl Iterator<Item = T> {
        self.items.try_iter().inspect(|_| self.load.taken())
    }
}

impl Load {
    // The moment first, then the count: whoever sees an item waiting sees since when, too.

    fn comes(&self) {
        if self.waiting.load(Ordering::Acquire) == 0 {
            self.moves();
        }
        self.waiting.fetch_add(1, Ordering::AcqRel);
    }

    fn goes(&self) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }

    fn taken(&self) {
        self.moves();
        self.goes();
    }

    fn moves(&self) {
        self.moved.store(milliseconds(self.clock.now().moment), Ordering::Release);
    }

    fn stuck_for(&self, now: Moment) -> Duration {
        match self.waiting.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            _ => Duration::from_millis(milliseconds(now).saturating_sub(self.moved.load(Ordering::Acquire))),
        }
    }
}

/// Of a moment, whole milliseconds.
pub(super) fn milliseconds(moment: Moment) -> u64 {
    u64::try_from(moment.0.as_millis()).unwrap_or(u64::MAX)
}
