//! How long whoever guessed wrong waits: longer each time, and for that account from that source alone. Nobody else is kept
//! out of an account by it, and nobody out of another.

use std::{collections::BTreeMap, time::Duration};

use crate::words::Moment;

/// Failures that have not been forgiven.
#[derive(Default)]
pub(super) struct Delays(BTreeMap<(String, String), Failed>);

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

/// Pairs remembered: every account from a ward's PCs.
const MOST: usize = 1024;

impl Delays {
    /// How long this account waits at this source; all names that do not exist are one account.
    pub(super) fn left(&self, name: &str, exists: bool, source: &str, now: Moment) -> Option<Duration> {
        let left = self.0.get(&key(name, exists, source))?.until.since(now);
        (!left.is_zero()).then_some(left)
    }

    /// One more failure.
    pub(super) fn failed(&mut self, name: &str, exists: bool, source: &str, now: Moment) {
        self.0.retain(|_, failed| now.since(failed.until) < FORGOTTEN);
        let key = key(name, exists, source);
        if self.0.len() >= MOST
            && !self.0.contains_key(&key)
            && let Some(first) = self.0.iter().min_by_key(|(_, failed)| failed.until).map(|(key, _)| key.clone())
        {
            self.0.remove(&first);
        }
        let failed = self.0.entry(key).or_insert(Failed { times: 0, until: now });
        failed.times = failed.times.saturating_add(1);
        let doubled = 1_u64.checked_shl(failed.times.saturating_sub(FREE)).unwrap_or(u64::MAX);
        let wait = if failed.times <= FREE { Duration::ZERO } else { Duration::from_secs(doubled).min(LONGEST) };
        failed.until = now.after(wait);
    }

    /// It was them at last.
    pub(super) fn forgive(&mut self, name: &str, source: &str) {
        self.0.remove(&key(name, true, source));
    }
}

/// What does not exist is no name: whoever tries many is remembered once.
fn key(name: &str, exists: bool, source: &str) -> (String, String) {
    (if exists { name.to_owned() } else { String::new() }, source.to_owned())
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
            delays.failed("wang", true, "10.0.0.1", at(0));
            waits.push(delays.left("wang", true, "10.0.0.1", at(0)).unwrap_or_default().as_secs());
        }
        assert_eq!(waits, [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(delays.left("wang", true, "10.0.0.2", at(0)), None, "from elsewhere");
        assert_eq!(delays.left("li", true, "10.0.0.1", at(0)), None, "another account");
        assert_eq!(delays.left("wang", true, "10.0.0.1", at(300)), None);
        delays.forgive("wang", "10.0.0.1");
        delays.failed("wang", true, "10.0.0.1", at(301));
        assert_eq!(delays.left("wang", true, "10.0.0.1", at(301)), None);
    }

    #[test]
    fn names_that_do_not_exist_cost_their_source_and_push_nobody_out() {
        let mut delays = Delays::default();
        for _ in 0..5 {
            delays.failed("wang", true, "10.0.0.1", at(0));
        }
        for name in 0..5000 {
            delays.failed(&name.to_string(), false, "10.0.0.1", at(1));
        }
        assert!(delays.left("nobody", false, "10.0.0.1", at(2)).is_some(), "any such name");
        assert!(delays.left("wang", true, "10.0.0.1", at(2)).is_some());
        assert_eq!(delays.0.len(), 2);
    }
}
