//! How long whoever guessed wrong waits: longer each time, and for that account from that source alone. Nobody else is kept
//! out of an account by it, and nobody out of another.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use crate::words::Moment;

/// Failures that have not been forgiven.
#[derive(Default)]
pub(super) struct Delays {
    /// By source and name; a name by its hash, for it may be a password that slipped into the wrong field.
    failed: BTreeMap<(String, u64), Failed>,
    names: RandomState,
}

#[derive(Clone, Copy)]
struct Failed {
    times: u32,
    until: Moment,
}

/// So many failures cost nothing: fingers slip.
const FREE: u32 = 2;

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);

/// Whoever has not tried for so long begins anew.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// Pairs remembered: in all, and of one source.
const MOST: usize = 4096;
const OF_ONE: usize = 256;

impl Delays {
    /// How long this name waits at this source, whether it is an account's or not: a wait tells nobody which are.
    pub(super) fn left(&self, name: &str, source: &str, now: Moment) -> Option<Duration> {
        let left = self.failed.get(&self.key(name, source))?.until.since(now);
        (!left.is_zero()).then_some(left)
    }

    /// One more failure.
    pub(super) fn failed(&mut self, name: &str, source: &str, now: Moment) {
        self.failed.retain(|_, failed| now.since(failed.until) < FORGOTTEN);
        let key = self.key(name, source);
        if !self.failed.contains_key(&key) {
            let of_source = self.failed.keys().filter(|(known, _)| known == source).count();
            let is_full = of_source >= OF_ONE;
            let may_go = self.failed.iter().filter(|((known, _), _)| !is_full || known == source);
            let first = may_go.min_by_key(|(_, failed)| failed.until).map(|(key, _)| key.clone());
            first.filter(|_| is_full || self.failed.len() >= MOST).map(|first| self.failed.remove(&first));
        }
        let failed = self.failed.entry(key).or_insert(Failed { times: 0, until: now });
        failed.times = failed.times.saturating_add(1);
        let doubled = 1_u64.checked_shl(failed.times.saturating_sub(FREE)).unwrap_or(u64::MAX);
        let wait = if failed.times <= FREE { Duration::ZERO } else { Duration::from_secs(doubled).min(LONGEST) };
        failed.until = now.after(wait);
    }

    /// It was them at last.
    pub(super) fn forgive(&mut self, name: &str, source: &str) {
        self.failed.remove(&self.key(name, source));
    }

    fn key(&self, name: &str, source: &str) -> (String, u64) {
        (source.to_owned(), self.names.hash_one(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment(Duration::from_secs(seconds))
    }

    #[test]
    fn each_failure_costs_twice_as_much_and_nobody_else_pays() {
        let mut delays = Delays::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            delays.failed("wang", "10.0.0.1", at(0));
            waits.push(delays.left("wang", "10.0.0.1", at(0)).unwrap_or_default().as_secs());
        }
        assert_eq!(waits, [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(delays.left("wang", "10.0.0.2", at(0)), None, "from elsewhere");
        assert_eq!(delays.left("li", "10.0.0.1", at(0)), None, "another account");
        assert_eq!(delays.left("wang", "10.0.0.1", at(300)), None);
        delays.forgive("wang", "10.0.0.1");
        delays.failed("wang", "10.0.0.1", at(301));
        assert_eq!(delays.left("wang", "10.0.0.1", at(301)), None);
    }

    #[test]
    fn names_that_are_tried_in_thousands_cost_their_source_and_push_nobody_out() {
        let mut delays = Delays::default();
        for _ in 0..5 {
            delays.failed("wang", "10.0.0.1", at(0));
        }
        for name in 0..5000 {
            delays.failed(&name.to_string(), "10.0.0.1", at(1));
        }
        assert!(delays.left("9", "10.0.0.1", at(2)).is_none(), "its first");
        assert!(delays.left("wang", "10.0.0.1", at(2)).is_some());
        assert_eq!(delays.failed.len(), OF_ONE);
    }
}
