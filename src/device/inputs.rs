//! Buttons, switches, sensors: lines to what they mean, debounced here where the kernel does not do it.

use std::{io, sync::mpsc, time::Duration};

use super::{InputLines, Role, Seen};
use crate::words::Moment;

/// One input as wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputLine {
    /// What it is.
    pub role: Role,
    /// It is active when the line is physically low.
    pub active_low: bool,
    /// A level counts when it has stood for this long.
    pub debounce: Duration,
}

/// Levels to changes of what they mean. Pure: time is an argument.
pub struct Debouncer {
    lines: Vec<State>,
}

struct State {
    line: InputLine,
    /// The level that counts.
    active: bool,
    /// Another level, and since when.
    wanted: Option<Moment>,
}

impl Debouncer {
    /// All lines at rest; `in_kernel` lines are taken at their word.
    pub fn new(lines: &[InputLine], in_kernel: bool) -> Self {
        let state = |line: &InputLine| {
            let debounce = if in_kernel { Duration::ZERO } else { line.debounce };
            State { line: InputLine { debounce, ..*line }, active: false, wanted: None }
        };
        Self { lines: lines.iter().map(state).collect() }
    }

    /// A line has this level now.
    pub fn level(&mut self, now: Moment, line: usize, high: bool) {
        let Some(state) = self.lines.get_mut(line) else { return };
        let active = high != state.line.active_low;
        state.wanted = (active != state.active).then_some(state.wanted.unwrap_or(now));
    }

    /// When a level may begin to count.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.lines.iter().filter_map(|state| Some(state.wanted?.after(state.line.debounce))).min()
    }

    /// What has changed, the earliest first: which of two sensors was reached first is a direction.
    pub fn changes(&mut self, now: Moment) -> Vec<(Role, bool)> {
        let mut changes = Vec::new();
        for state in &mut self.lines {
            if let Some(due) = state.wanted.map(|since| since.after(state.line.debounce)).filter(|due| *due <= now) {
                state.wanted = None;
                state.active = !state.active;
                changes.push((due, state.line.role, state.active));
            }
        }
        changes.sort_by_key(|(due, ..)| *due);
        changes.into_iter().map(|(_, role, active)| (role, active)).collect()
    }
}

/// A twin's lines: what it sends is which line, and its level.
impl InputLines for mpsc::Receiver<(usize, bool)> {
    fn look(&mut self) -> Seen {
        Seen { levels: self.try_iter().collect(), absent: Vec::new() }
    }

    fn wait(&mut self, patience: Duration) -> io::Result<Option<(usize, bool)>> {
        match self.recv_timeout(patience) {
            Ok(edge) => Ok(Some(edge)),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn is_debounced(&self) -> bool {
        false
    }
}
