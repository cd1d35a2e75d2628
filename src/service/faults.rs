//! The last faults, as they were told: nothing of whoever was served is in them, for all of it went into the log. A
//! certificate that was refused may be named by its subject.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    fault::{Code, Failure, Tongue},
    words::{Clock, WallTime},
};

/// Those that are kept, the newest first.
pub(super) struct Faults {
    clock: Arc<dyn Clock>,
    last: Mutex<VecDeque<ToldFault>>,
}

/// One as it was told.
#[derive(Clone)]
pub(super) struct ToldFault {
    pub(super) at: WallTime,
    pub(super) lane: Option<String>,
    pub(super) code: Code,
    /// What happened, and why, in English as the log has it.
    pub(super) error: String,
    cures: [&'static str; 2],
}

/// Kept at most.
const MOST: usize = 50;

impl Faults {
    pub(super) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self { clock: Arc::clone(clock), last: Mutex::default() }
    }

    /// One more.
    pub(super) fn keep(&self, lane: Option<&str>, what: &str, failure: &Failure) {
        let told = ToldFault {
            at: self.clock.now().wall,
            lane: lane.map(str::to_owned),
            code: failure.code(),
            error: format!("{what}: {}", failure.chain()),
            cures: [Tongue::En, Tongue::Zh].map(|tongue| failure.cure_in(tongue)),
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.truncate(MOST - 1);
        last.push_front(told);
    }

    pub(super) fn all(&self) -> Vec<ToldFault> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl ToldFault {
    /// What the operator does about it.
    pub(super) fn cure(&self, tongue: Tongue) -> &'static str {
        let [en, zh] = self.cures;
        tongue.of(en, zh)
    }
}
