//! The log's last lines, for whoever looks: those that went to standard error and name no account.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::words::Clock;

/// The last lines, each with the number of lines before it.
pub(crate) struct Lines {
    kept: Mutex<(u64, VecDeque<String>)>,
    clock: OnceLock<Arc<dyn Clock>>,
}

/// Those of this process: it has one log.
pub(crate) static LOG: Lines = Lines { kept: Mutex::new((0, VecDeque::new())), clock: OnceLock::new() };

/// The target of lines that name an account: they go to standard error alone.
pub(crate) const NAMED: &str = "accounts";

/// Lines kept, and the longest, bytes.
const MOST: usize = 300;
const LONGEST: usize = 1024;

impl Lines {
    /// From now on a line has its time.
    pub(super) fn begin(&self, clock: &Arc<dyn Clock>) {
        let _ = self.clock.set(Arc::clone(clock));
    }

    /// One more line, as bytes with its end; nothing is kept while no page could show it.
    pub(crate) fn push(&self, line: &[u8]) {
        let Some(clock) = self.clock.get() else { return };
        let line = String::from_utf8_lossy(line.get(..LONGEST).unwrap_or(line));
        let at = clock.now().wall.at_offset(0);
        let line = format!("{:02}:{:02}:{:02}Z {}", at.hour(), at.minute(), at.second(), line.trim_end());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 = kept.0.saturating_add(1);
        if kept.1.len() >= MOST {
            kept.1.pop_front();
        }
        kept.1.push_back(line);
    }

    /// The lines after the first `seen`, and how many there were in all.
    pub(super) fn after(&self, seen: u64) -> (u64, Vec<String>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = usize::try_from(kept.0.saturating_sub(seen)).unwrap_or(usize::MAX).min(kept.1.len());
        (kept.0, kept.1.iter().skip(kept.1.len().saturating_sub(fresh)).cloned().collect())
    }
}
