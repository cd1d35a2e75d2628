//! How long people wait: for WeChat, for the site's system, and for everything together, each from the order to its answer
//! as it passes through the loop; queues are waited in, too.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{
    kiosk::{CheckInRequest, Input, Output, Record},
    words::{Moment, SessionId},
};

/// How long something took, counted into buckets.
pub(super) struct Histogram {
    /// Upper bounds, milliseconds, inclusive.
    bounds: &'static [u64],
    /// One for each bound, and one for whatever took longer.
    counts: Vec<AtomicU64>,
    sum_micros: AtomicU64,
}

/// What is measured.
pub(super) struct Durations {
    pub(super) lookup: Histogram,
    pub(super) check_in: Histogram,
    pub(super) visit: Histogram,
}

/// What is under way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    LookUp,
    CheckIn,
    Visit,
}

/// Watches what passes through the loop.
#[derive(Default)]
pub(super) struct Stopwatch {
    /// The oldest first.
    under_way: Vec<(SessionId, Way, Moment)>,
    pub(super) durations: Arc<Durations>,
}

/// Of a question over the network, milliseconds.
const OF_QUESTION: &[u64] = &[50, 100, 200, 300, 500, 800, 1200, 2000, 3000, 5000, 8000];

/// Of a visit, milliseconds.
const OF_VISIT: &[u64] = &[500, 1000, 2000, 3000, 5000, 8000, 13_000, 21_000, 34_000, 60_000, 120_000];

/// What is under way at most: visits of which nobody ever hears again are forgotten, the oldest first.
const MOST: usize = 1024;

impl Histogram {
    fn new(bounds: &'static [u64]) -> Self {
        let counts = bounds.iter().map(|_| AtomicU64::new(0)).chain([AtomicU64::new(0)]).collect();
        Self { bounds, counts, sum_micros: AtomicU64::new(0) }
    }

    fn observe(&self, took: Duration) {
        let within = |bound: &u64| took <= Duration::from_millis(*bound);
        let bucket = self.bounds.iter().position(within).unwrap_or(self.bounds.len());
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        self.sum_micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// How many took at most so long, in milliseconds, bound by bound; then all of them.
    pub(super) fn cumulated(&self) -> Vec<(Option<u64>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let mut sum = 0_u64;
        let added = self.counts.iter().map(|count| {
            sum = sum.saturating_add(count.load(Relaxed));
            sum
        });
        bounds.zip(added).collect()
    }

    /// What all of them took together, microseconds.
    pub(super) fn sum_micros(&self) -> u64 {
        self.sum_micros.load(Relaxed)
    }
}

impl Default for Durations {
    fn default() -> Self {
        let question = || Histogram::new(OF_QUESTION);
        Self { lookup: question(), check_in: question(), visit: Histogram::new(OF_VISIT) }
    }
}

impl Stopwatch {
    /// Something begins or ends with what the core wants.
    pub(super) fn see(&mut self, output: &Output, now: Moment) {
        match output {
            Output::LookUp { session, .. } => self.begins(*session, Way::LookUp, now),
            Output::CheckIn(CheckInRequest { session, .. }) => self.begins(*session, Way::CheckIn, now),
            Output::Record { record: Record::Opened { session, .. }, .. } => self.begins(*session, Way::Visit, now),
            Output::Record { record: Record::Closed { session, .. }, .. } => self.ends(*session, Way::Visit, now),
            _ => {}
        }
    }

    /// Something ends with what happened.
    pub(super) fn hear(&mut self, input: &Input, now: Moment) {
        match input {
            Input::Found { session, .. } => self.ends(*session, Way::LookUp, now),
            Input::Answered { session, .. } => self.ends(*session, Way::CheckIn, now),
            _ => {}
        }
    }

    fn begins(&mut self, session: SessionId, way: Way, now: Moment) {
        self.under_way.retain(|(of, what, _)| (*of, *what) != (session, way));
        if self.under_way.len() >= MOST {
            self.under_way.remove(0);
        }
        self.under_way.push((session, way, now));
    }

    fn ends(&mut self, session: SessionId, way: Way, now: Moment) {
        let Some(at) = self.under_way.iter().position(|(of, what, _)| (*of, *what) == (session, way)) else { return };
        let (_, _, since) = self.under_way.remove(at);
        let histogram = match way {
            Way::LookUp => &self.durations.lookup,
            Way::CheckIn => &self.durations.check_in,
            Way::Visit => &self.durations.visit,
        };
        histogram.observe(now.since(since));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Code;

    #[test]
    fn what_took_a_bound_exactly_is_within_it_and_what_never_ends_is_forgotten() {
        let mut watch = Stopwatch::default();
        let session = |serial| SessionId { run: 1, serial };
        let at = |ms| Moment(Duration::from_millis(ms));
        for serial in 0..3000 {
            watch.begins(session(serial), Way::LookUp, at(u64::from(serial)));
        }
        assert_eq!(watch.under_way.len(), MOST);
        let found = |serial| Input::Found { session: session(serial), result: Err(Code::N301.into()) };
        watch.hear(&found(0), at(3000));
        watch.hear(&found(2999), at(2999 + 200));
        watch.hear(&found(2998), at(2998 + 9000));
        watch.hear(&found(2998), at(99_999));
        // A part of a millisecond beyond a bound is beyond it.
        watch.hear(&found(2997), Moment(Duration::from_micros((2997 + 200) * 1000 + 1)));
        let lookup = &watch.durations.lookup;
        let counts: Vec<u64> = lookup.cumulated().into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3]);
        assert_eq!(lookup.sum_micros(), 9_400_001);
    }
}
