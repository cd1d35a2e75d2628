//! How much may come: of whoever it is, however often they connect.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::words::Moment;

/// A token bucket: a burst at once, and then a rate for ever.
#[derive(Debug)]
pub(super) struct Allowance {
    rate: u32,
    burst: u32,
    /// Thousandths that may pass now.
    left: u64,
    filled: Moment,
}

/// An allowance that several connections share.
pub(super) type SharedAllowance = Arc<Mutex<Allowance>>;

/// The allowances of everybody who comes, by who they are.
pub(super) struct Allowances<O>(BTreeMap<O, SharedAllowance>);

/// Something that is said once a second at most.
#[derive(Default)]
pub(crate) struct Rarely {
    last: Option<Moment>,
}

/// Frames a second, and at once.
const RATE: u32 = 50;
pub(super) const BURST: u32 = 100;

/// Whoever is allowed stands on a list; a longer table only holds those who were taken off it.
const REMEMBERED: usize = 64;

impl Allowance {
    /// `rate` a second, `burst` at once.
    pub(super) fn new(rate: u32, burst: u32, now: Moment) -> Self {
        Self { rate, burst, left: u64::from(burst) * 1000, filled: now }
    }

    /// What a terminal may send.
    pub(super) fn of_terminal(now: Moment) -> SharedAllowance {
        Arc::new(Mutex::new(Self::new(RATE, BURST, now)))
    }

    /// Whether one more may pass; then it has.
    pub(super) fn may_pass(&mut self, now: Moment) -> bool {
        self.left = self.left(now);
        self.filled = now;
        let passes = self.left >= 1000;
        if passes {
            self.left = self.left.saturating_sub(1000);
        }
        passes
    }

    /// Thousandths that have been used and not come back yet: forgetting this one would give away so much.
    pub(super) fn used(&self, now: Moment) -> u64 {
        self.full().saturating_sub(self.left(now))
    }

    fn left(&self, now: Moment) -> u64 {
        let earned = now.since(self.filled).as_millis().saturating_mul(u128::from(self.rate));
        self.left.saturating_add(u64::try_from(earned).unwrap_or(u64::MAX)).min(self.full())
    }

    fn full(&self) -> u64 {
        u64::from(self.burst) * 1000
    }
}

impl<O: Ord> Allowances<O> {
    /// The allowance of this one, whoever else of them is connected.
    pub(super) fn of(&mut self, owner: O, now: Moment) -> SharedAllowance {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, allowance| {
                let used = allowance.lock().unwrap_or_else(PoisonError::into_inner).used(now);
                Arc::strong_count(allowance) > 1 || used > 0
            });
        }
        Arc::clone(self.0.entry(owner).or_insert_with(|| Allowance::of_terminal(now)))
    }
}

impl<O> Default for Allowances<O> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl Rarely {
    /// Whether it may be said now; then it has been.
    pub(crate) fn may_tell(&mut self, now: Moment) -> bool {
        let due = self.last.is_none_or(|last| now.since(last) >= Duration::from_secs(1));
        if due {
            self.last = Some(now);
        }
        due
    }
}
