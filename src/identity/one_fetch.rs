//! One caller fetches for all. No lock is held while it does, and everybody waits by their own deadline.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::{
    fault::{Code, Failure},
    words::{Clock, Deadline},
};

/// Whoever needs what is not there.
#[derive(Default)]
pub(super) struct OneFetch {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    running: bool,
    /// How many have ended, and how the last one did.
    count: u64,
    failed: Option<Failure>,
}

/// Ends a fetch, however it ends.
struct Running<'a>(&'a OneFetch, Option<Failure>);

impl OneFetch {
    /// Runs `fetch`, or waits for the one that runs; a fetch is to look first whether it is still needed.
    ///
    /// # Errors
    /// The fetch's own; N304 where this caller's deadline came first.
    pub(super) fn run(
        &self,
        clock: &dyn Clock,
        deadline: Deadline,
        fetch: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut state = self.state();
        while state.running {
            let count = state.count;
            while state.running && state.count == count {
                let left = deadline.left(clock.now().moment);
                if left.is_zero() {
                    return Err(Code::N304.into());
                }
                state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
            match &state.failed {
                // Whoever fetched had no time left; we have.
                Some(failure) if failure.code() == Code::N304 => {}
                Some(failure) => return Err(failure.clone()),
                None => return Ok(()),
            }
        }
        state.running = true;
        drop(state);
        let mut running = Running(self, Some(Code::X001.into()));
        let result = fetch();
        running.1 = result.as_ref().err().cloned();
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running = false;
        state.count = state.count.wrapping_add(1);
        state.failed = self.1.take();
        drop(state);
        self.0.ended.notify_all();
    }
}
