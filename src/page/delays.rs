//! How long whoever guessed wrong waits: longer each time, and for that account from that source alone. Nobody else is kept
//! out of an account by it, and nobody out of another.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use crate::words::Moment;

/// Failures that have not been forgiven.
#[derive(Default)]
pub(super) struct Delays {
    failed: Vec<Failed>,
    names: RandomState,
}

struct Failed {
    source: String,
    /// By its hash: it may be a password that slipped into the wrong field.
    name: u64,
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
        let left = self.failed.get(self.at(name, source)?)?.until.since(now);
        (!left.is_zero()).then_some(left)
    }

    /// One more failure.
    pub(super) fn failed(&mut self, name: &str, source: &str, now: Moment) {
        self.failed.retain(|failed| now.since(failed.until) < FORGOTTEN);
        let mut failed = match self.at(name, source) {
            Some(at) => self.failed.swap_remove(at),
            None => {
                self.make_room(source);
                Failed { source: source.to_owned(), name: self.names.hash_one(name), times: 0, until: now }
            }
        };
        failed.times = failed.times.saturating_add(1);
        let doubled = 1_u64.checked_shl(failed.times.saturating_sub(FREE)).unwrap_or(u64::MAX);
        let wait = if failed.times <= FREE { Duration::ZERO } else { Duration::from_secs(doubled).min(LONGEST) };
        failed.until = now.after(wait);
        self.failed.push(failed);
    }

    /// It was them at last.
    pub(super) fn forgive(&mut self, name: &str, source: &str) {
        if let Some(at) = self.at(name, source) {
            self.failed.swap_remove(at);
        }
    }

    fn at(&self, name: &str, source: &str) -> Option<usize> {
        let name = self.names.hash_one(name);
        self.failed.iter().position(|failed| failed.name == name && failed.source == source)
    }

    /// Forgets whose wait ends first, of this source where it has too many.
    fn make_room(&mut self, source: &str) {
        let of_source = self.failed.iter().filter(|failed| failed.source == source).count();
        let is_full = of_source >= OF_ONE;
        if !is_full && self.failed.len() < MOST {
            return;
        }
        let may_go = self.failed.iter().enumerate().filter(|(_, failed)| !is_full || failed.source == source);
        if let Some((at, _)) = may_go.min_by_key(|(_, failed)| failed.until) {
            self.failed.swap_remove(at);
        }
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
