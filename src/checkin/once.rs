//! Visits that are sent once and never again, over restarts: whoever was on the way when the program ended may arrive behind
//! it, and a list may lag. What is written is a mark of a visit on a day, salted, from which nobody's number is read.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    hash::{BuildHasher as _, RandomState},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

use super::book::Key;
use crate::{files, words::ServiceDay};

/// The newest such visits.
pub(super) struct Once {
    /// Nothing where nobody needs them after this run.
    file: Option<PathBuf>,
    pages: Mutex<Pages>,
}

struct Pages {
    salt: u64,
    /// The newest last.
    marks: VecDeque<u64>,
}

/// The most that are kept: what is on its way, or not listed yet, is among the newest.
const MARKS: usize = 512;

/// The longest such file, bytes: sixteen digits and a line's end each.
const LONGEST: usize = (MARKS + 1) * 17;

impl Once {
    /// Those that the runs before have written to `file`.
    pub(super) fn open(file: Option<PathBuf>) -> Self {
        let written = file.as_ref().and_then(|file| files::read_text(file, LONGEST).ok()).unwrap_or_default();
        let mut lines = written.lines().map_while(|line| u64::from_str_radix(line, 16).ok());
        let salt = lines.next().unwrap_or_else(|| RandomState::new().hash_one(0));
        Self { file, pages: Mutex::new(Pages { salt, marks: lines.take(MARKS).collect() }) }
    }

    /// Whether it was sent on that day.
    pub(super) fn holds(&self, key: Key, day: ServiceDay) -> bool {
        let pages = self.pages();
        pages.marks.contains(&pages.mark(key, day))
    }

    /// It is sent now.
    pub(super) fn sends(&self, key: Key, day: ServiceDay) {
        let mut pages = self.pages();
        let mark = pages.mark(key, day);
        if pages.marks.len() == MARKS {
            pages.marks.pop_front();
        }
        pages.marks.push_back(mark);
        self.write(&pages);
    }

    /// It was surely not done.
    pub(super) fn not_sent(&self, key: Key, day: ServiceDay) {
        let mut pages = self.pages();
        let (mark, many) = (pages.mark(key, day), pages.marks.len());
        pages.marks.retain(|known| *known != mark);
        if pages.marks.len() < many {
            self.write(&pages);
        }
    }

    /// Where the state directory takes nothing the journal has stopped every visit before.
    fn write(&self, pages: &Pages) {
        let Some(file) = &self.file else { return };
        let mut text = String::new();
        for line in [pages.salt].iter().chain(&pages.marks) {
            let _ = writeln!(text, "{line:016x}");
        }
        let _ = files::replace(file, text.as_bytes());
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn mark(&self, key: Key, day: ServiceDay) -> u64 {
        let hash = Sha256::new().chain_update(self.salt.to_be_bytes()).chain_update(day.0.to_be_bytes());
        let hash = hash.chain_update(key).finalize();
        hash.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
    }
}
