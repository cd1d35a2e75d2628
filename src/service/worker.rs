//! Owned threads behind bounded channels.
//!
//! A full channel is "busy", never an unbounded queue. Every thread marks when it starts and ends a piece of work, and
//! every channel when an item was last taken, so that the loop can tell a hung thread without waking it.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

use super::channel::{Entrance, Exit, channel, milliseconds};
use crate::words::{Clock, Moment};

/// One or several threads that work off one bounded channel.
pub(super) struct Worker<T> {
    entrance: Entrance<T>,
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

impl<T: Send + 'static> Worker<T> {
    /// `count` threads, each working off items one by one with its own `work`. An item that takes longer than `limit`
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
        W: FnMut(T) + Send + 'static,
    {
        let (entrance, items) = channel(capacity, clock);
        let items = Arc::new(Mutex::new(items));
        let mut worker = Self { entrance, pulses: Vec::new(), threads: Vec::new(), limit };
        for _ in 0..count {
            let items = Arc::clone(&items);
            let mut work = work();
            worker.add(name, clock, move |pulse| {
                loop {
                    // A poisoned lock only means that another thread of this pool died.
                    let item = items.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(item) = item else { return };
                    pulse.working(|| work(item));
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
        body: impl FnOnce(&Exit<T>, &Pulse) + Send + 'static,
    ) -> io::Result<Self> {
        let (entrance, items) = channel(capacity, clock);
        let mut worker = Self { entrance, pulses: Vec::new(), threads: Vec::new(), limit };
        worker.add(name, clock, move |pulse| body(&items, pulse))?;
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

    /// Hands an item over, or gives it back when the channel is full.
    pub(super) fn offer(&self, item: T) -> Result<(), T> {
        self.entrance.offer(item)
    }

    /// Another place to hand items over from.
    pub(super) fn entrance(&self) -> Entrance<T> {
        self.entrance.clone()
    }

    /// How long the longest piece of work under way has taken.
    pub(super) fn busy_for(&self, now: Moment) -> Duration {
        self.pulses.iter().map(|pulse| pulse.busy_for(now)).max().unwrap_or_default()
    }

    /// What waits.
    pub(super) fn waiting(&self) -> u64 {
        self.entrance.waiting()
    }

    /// True while a thread has been at one piece of work for longer than the limit, or items have waited for so long and
    /// none was taken.
    pub(super) fn is_late(&self, now: Moment) -> bool {
        self.busy_for(now).max(self.entrance.stuck_for(now)) > self.limit
    }

    /// Lets the threads finish what is queued, and waits for them.
    pub(super) fn finish(self) {
        drop(self.entrance);
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
        self.busy_since.store(milliseconds(began).saturating_add(1), Ordering::Relaxed);
        let result = work();
        self.busy_since.store(0, Ordering::Relaxed);
        let took = self.clock.now().moment.since(began);
        tracing::debug!(thread = self.thread, micros = took.as_micros(), "worked");
        result
    }

    fn busy_for(&self, now: Moment) -> Duration {
        match self.busy_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_millis(milliseconds(now).saturating_sub(since.saturating_sub(1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;
    use crate::words::{Now, WallTime};

    /// A clock that is set.
    struct Set(Mutex<Duration>);

    impl Clock for Set {
        fn now(&self) -> Now {
            Now { moment: Moment(*self.0.lock().unwrap()), wall: WallTime(0) }
        }
    }

    const LIMIT: Duration = Duration::from_secs(5);

    #[test]
    fn a_worker_is_late_when_a_job_takes_long_or_nobody_takes_one() {
        let set = Arc::new(Set(Mutex::default()));
        let clock: Arc<dyn Clock> = Arc::clone(&set) as _;
        let at = |seconds| {
            *set.0.lock().unwrap() = Duration::from_secs(seconds);
            set.now().moment
        };
        let (go, gate) = mpsc::channel::<()>();
        let (taken, took) = mpsc::channel();
        let worker = Worker::spawn_reading("test", 4, LIMIT, &clock, move |items: &Exit<u8>, pulse| {
            // Stopped before it takes anything, as a thread that hangs while idle.
            gate.recv().unwrap();
            while let Ok(item) = items.recv() {
                pulse.working(|| {
                    taken.send(item).unwrap();
                    let _ = gate.recv();
                });
            }
        })
        .unwrap();
        assert!(!worker.is_late(at(100)), "nothing waits");
        worker.offer(1).unwrap();
        assert!(!worker.is_late(at(104)));
        assert!(worker.is_late(at(106)), "nobody took it");
        go.send(()).unwrap();
        took.recv().unwrap();
        assert!(!worker.is_late(at(107)), "it was taken");
        assert!(worker.is_late(at(112)), "it takes long");
        worker.offer(2).unwrap();
        go.send(()).unwrap();
        took.recv().unwrap();
        assert!(!worker.is_late(at(113)));
        go.send(()).unwrap();
        worker.finish();
    }
}
