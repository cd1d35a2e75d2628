//! Owned threads behind bounded channels.
//!
//! A full channel is "busy", never an unbounded queue. Every thread marks when it starts and ends a piece of work, so
//! that the loop can tell a hung one without waking it.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

use crate::words::{Clock, Moment};

/// One or several threads that work off one bounded channel.
pub(super) struct Worker<J> {
    jobs: SyncSender<J>,
    pulses: Vec<Arc<Pulse>>,
    threads: Vec<JoinHandle<()>>,
    limit: Duration,
}

/// When a thread took up what it is doing now.
pub(super) struct Pulse {
    thread: String,
    clock: Arc<dyn Clock>,
    /// Milliseconds of the moment plus one; 0 while idle.
    busy_since: AtomicU64,
}

/// RSS matters on a small board, and none of these threads recurses.
const STACK_BYTES: usize = 256 * 1024;

impl<J: Send + 'static> Worker<J> {
    /// `count` threads, each working off jobs one by one with its own `work`. A job that takes longer than `limit`
    /// makes the worker late.
    pub(super) fn spawn<W>(
        name: &str,
        count: usize,
        capacity: usize,
        limit: Duration,
        clock: &Arc<dyn Clock>,
        mut work: impl FnMut() -> W,
    ) -> io::Result<Self>
    where
        W: FnMut(J) + Send + 'static,
    {
        let (jobs, queue) = sync_channel(capacity);
        let queue = Arc::new(Mutex::new(queue));
        let mut worker = Self { jobs, pulses: Vec::new(), threads: Vec::new(), limit };
        for _ in 0..count {
            let queue = Arc::clone(&queue);
            let mut work = work();
            worker.add(name, clock, move |pulse| {
                loop {
                    // A poisoned lock only means that another thread of this pool died.
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = job else { return };
                    pulse.working(|| work(job));
                }
            })?;
        }
        Ok(worker)
    }

    /// One thread that reads the channel itself, for group commits and deadlines of its own.
    pub(super) fn spawn_reading(
        name: &str,
        capacity: usize,
        limit: Duration,
        clock: &Arc<dyn Clock>,
        body: impl FnOnce(Receiver<J>, &Pulse) + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = sync_channel(capacity);
        let mut worker = Self { jobs, pulses: Vec::new(), threads: Vec::new(), limit };
        worker.add(name, clock, move |pulse| body(queue, pulse))?;
        Ok(worker)
    }

    fn add(
        &mut self,
        name: &str,
        clock: &Arc<dyn Clock>,
        body: impl FnOnce(&Pulse) + Send + 'static,
    ) -> io::Result<()> {
        let pulse =
            Arc::new(Pulse { thread: name.to_owned(), clock: Arc::clone(clock), busy_since: AtomicU64::new(0) });
        self.pulses.push(Arc::clone(&pulse));
        let thread = Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(move || body(&pulse))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Hands a job over, or gives it back when the channel is full.
    pub(super) fn offer(&self, job: J) -> Result<(), J> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
        })
    }

    /// Another place to hand jobs over from. The threads end when all of them are gone.
    pub(super) fn sender(&self) -> SyncSender<J> {
        self.jobs.clone()
    }

    /// True while a thread has been at one piece of work for longer than the limit.
    pub(super) fn is_late(&self, now: Moment) -> bool {
        self.pulses.iter().any(|pulse| pulse.busy_for(now) > self.limit)
    }

    /// Lets the threads finish what is queued, and waits for them.
    pub(super) fn finish(self) {
        drop(self.jobs);
        for thread in self.threads {
            // A panic aborts the program in a release build; in a test it has already been reported.
            let _ = thread.join();
        }
    }
}

impl Pulse {
    /// Marks the time `work` takes.
    pub(super) fn working<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = self.clock.now().moment;
        self.busy_since.store(milliseconds(began) + 1, Ordering::Relaxed);
        let result = work();
        self.busy_since.store(0, Ordering::Relaxed);
        let took = self.clock.now().moment.since(began);
        tracing::debug!(thread = self.thread, micros = took.as_micros(), "worked");
        result
    }

    fn busy_for(&self, now: Moment) -> Duration {
        match self.busy_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_millis(milliseconds(now).saturating_sub(since - 1)),
        }
    }
}

fn milliseconds(moment: Moment) -> u64 {
    u64::try_from(moment.0.as_millis()).unwrap_or(u64::MAX)
}
