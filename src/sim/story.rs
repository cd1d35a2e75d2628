//! What happened, in order: a bounded memory of the newest of it. Private data is masked by whoever tells it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use crate::words::Clock;

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    /// From 0, without gaps.
    pub n: u64,
    /// Milliseconds since the sandbox began.
    pub ms: u64,
    /// Index of the lane, where it is one's.
    pub lane: Option<usize>,
    /// What kind of thing: `in` and `out` of the core, `record`, `wire`, `hand`.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// All that is remembered.
pub(crate) struct Story {
    clock: Arc<dyn Clock>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    next: u64,
    lines: VecDeque<Line>,
    /// What each lane's core last wanted shown, by lane.
    scenes: BTreeMap<usize, String>,
}

/// Lines that are remembered.
const KEPT: usize = 600;

impl Story {
    /// Nothing has happened.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, told: Mutex::default() }
    }

    /// Something happened.
    pub(crate) fn tell(&self, lane: Option<usize>, kind: &'static str, text: String) {
        let ms = u64::try_from(self.clock.now().moment.0.as_millis()).unwrap_or(u64::MAX);
        let mut told = self.told();
        let n = told.next;
        told.next += 1;
        told.lines.push_back(Line { n, ms, lane, kind, text });
        if told.lines.len() > KEPT {
            told.lines.pop_front();
        }
    }

    /// A lane's core wants this scene shown.
    pub(crate) fn show(&self, lane: usize, scene: &str) {
        self.told().scenes.insert(lane, scene.to_owned());
    }

    /// The scene that a lane's core wanted last.
    pub(crate) fn scene(&self, lane: usize) -> String {
        self.told().scenes.get(&lane).cloned().unwrap_or_default()
    }

    /// What happened from a line on.
    pub(crate) fn since(&self, from: u64) -> Vec<Line> {
        let told = self.told();
        let first = told.lines.front().map_or(told.next, |line| line.n);
        let skipped = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        told.lines.iter().skip(skipped).cloned().collect()
    }

    /// The number of the next line.
    pub(crate) fn next(&self) -> u64 {
        self.told().next
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
