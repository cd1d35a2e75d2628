//! Characters that nothing can draw, told to whoever can install a font, and never whose they were.
//!
//! The rare hanzi of one name on consecutive lines, in order, at the minute of the visit, are most of that name. So each
//! is told once in a day, whatever panel or printer lacks it and however often it is drawn; one at a time, with ten
//! minutes between, and of those that wait the lowest code first.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    fault::{Code, Failure},
    words::Moment,
};

/// What was told, and what waits to be.
struct Missing {
    told: BTreeMap<char, Moment>,
    waiting: BTreeSet<char>,
    last: Option<Moment>,
}

/// Of the whole program: a font serves every panel and printer.
static MISSING: Mutex<Missing> = Mutex::new(Missing::new());

/// How long a character that was told is not told again.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Between two of them.
const APART: Duration = Duration::from_secs(600);

/// The most that wait: a morning's, told by the evening. Whoever meets so many installs a font for the first of them.
const WAITING: usize = 64;

/// Takes note of characters that could not be drawn; D610 for the one that is to be told now. To be called at every
/// drawing, be it of nothing new: what waits is told at the next one.
pub(crate) fn note_missing(now: Moment, characters: &[char]) -> Option<Failure> {
    let due = MISSING.lock().unwrap_or_else(PoisonError::into_inner).note(now, characters);
    due.map(|character| Failure::new(Code::D610).told(format!("glyph missing U+{:04X}", u32::from(character))))
}

impl Missing {
    const fn new() -> Self {
        Self { told: BTreeMap::new(), waiting: BTreeSet::new(), last: None }
    }

    /// What is to be told now.
    fn note(&mut self, now: Moment, characters: &[char]) -> Option<char> {
        // No more than one in ten minutes was told within the day: that bounds it.
        self.told.retain(|_, at| now.since(*at) < DAY);
        for character in characters.iter().filter(|character| !self.told.contains_key(character)) {
            if self.waiting.len() < WAITING {
                self.waiting.insert(*character);
            }
        }
        if self.last.is_some_and(|last| now.since(last) < APART) {
            return None;
        }
        let due = self.waiting.pop_first()?;
        self.told.insert(due, now);
        self.last = Some(now);
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: u64) -> Moment {
        Moment(Duration::from_secs(60 * minute))
    }

    #[test]
    fn a_rare_name_stands_in_the_log_as_no_name() {
        let mut missing = Missing::new();
        let name: Vec<char> = "𬭎𠅤𰻞".chars().collect();
        // Drawn once a second while a countdown runs.
        let told: Vec<char> =
            (0..600).filter_map(|second| missing.note(Moment(Duration::from_secs(second)), &name)).collect();
        assert_eq!(told, ['𠅤'], "one of them, and not the first");
        let others = ['𠮷'];
        let later: Vec<(u64, char)> =
            (10..200).filter_map(|at| Some((at, missing.note(minute(at), &others)?))).collect();
        assert_eq!(later, [(10, '𠮷'), (20, '𬭎'), (30, '𰻞')]);
    }

    #[test]
    fn each_missing_character_is_told_once_a_day_however_many_visits_it_makes() {
        let mut missing = Missing::new();
        let mut told = Vec::new();
        for visit in 0..750 {
            let name = ['𬭎', char::from_u32(0x20000 + visit % 5).expect("a hanzi")];
            told.extend((0..27).filter_map(|_| missing.note(minute(u64::from(visit)), &name)));
        }
        told.sort_unstable();
        assert_eq!(told, ['𠀀', '𠀁', '𠀂', '𠀃', '𠀄', '𬭎']);
        assert_eq!(missing.note(minute(48 * 60), &['𬭎']), Some('𬭎'), "another day");
    }

    #[test]
    fn what_waits_and_what_was_told_are_bounded() {
        let mut missing = Missing::new();
        let all: Vec<char> = ('\u{20000}'..='\u{203FF}').collect();
        for at in 0..3000 {
            missing.note(minute(at), &all);
            assert!(missing.waiting.len() <= WAITING && missing.told.len() <= 144);
        }
    }
}
