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

/// Where jobs are handed over. The threads end when all entrances are gone.
pub(super) struct Entrance<J> {
    jobs: SyncSender<J>,
    load: Arc<Load>,
}

/// Where jobs come out.
pub(super) struct Jobs<J> {
    jobs: Receiver<J>,
    load: Arc<Load>,
}

/// What waits in a channel.
struct Load {
    clock: Arc<dyn Clock>,
    waiting: AtomicUsize,
    /// Milliseconds of the moment at which a job was last taken, or came when none waited.
    moved: AtomicU64,
}

/// A channel with room for so many jobs.
pub(super) fn channel<J>(capacity: usize, clock: &Arc<dyn Clock>) -> (Entrance<J>, Jobs<J>) {
    let (sender, receiver) = sync_channel(capacity);
    let load = Load { clock: Arc::clone(clock), waiting: AtomicUsize::new(0), moved: AtomicU64::new(0) };
    let load = Arc::new(load);
    (Entrance { jobs: sender, load: Arc::clone(&load) }, Jobs { jobs: receiver, load })
}

impl<J> Entrance<J> {
    /// How long jobs have waited and none was taken.
    pub(super) fn stuck_for(&self, now: Moment) -> Duration {
        self.load.stuck_for(now)
    }

    /// Jobs that wait.
    pub(super) fn waiting(&self) -> u64 {
        self.load.waiting.load(Ordering::Relaxed) as u64
    }

    /// Hands a job over, or gives it back when the channel is full.
    pub(super) fn offer(&self, job: J) -> Result<(), J> {
        self.load.comes();
        self.jobs.try_send(job).map_err(|error| {
            self.load.goes();
            match error {
                TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
            }
        })
    }

    /// Hands a job over, waiting for room; false when the threads are gone.
    pub(super) fn send(&self, job: J) -> bool {
        self.load.comes();
        let sent = self.jobs.send(job).is_ok();
        if !sent {
            self.load.goes();
        }
        sent
    }
}

impl<J> Clone for Entrance<J> {
    fn clone(&self) -> Self {
        Self { jobs: self.jobs.clone(), load: Arc::clone(&self.load) }
    }
}

impl<J> Jobs<J> {
    pub(super) fn recv(&self) -> Result<J, RecvError> {
        let job = self.jobs.recv()?;
        self.load.taken();
        Ok(job)
    }

    pub(super) fn recv_timeout(&self, patience: Duration) -> Result<J, RecvTimeoutError> {
        let job = self.jobs.recv_timeout(patience)?;
        self.load.taken();
        Ok(job)
    }

    /// What waits, without waiting for more.
    pub(super) fn try_iter(&self) -> impl Iterator<Item = J> {
        self.jobs.try_iter().inspect(|_| self.load.taken())
    }
}

impl Load {
    // The moment first, then the count: whoever sees a job waiting sees since when, too.

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
