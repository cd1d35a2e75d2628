//! Visits that are sent once and never again, over restarts: whoever was on the way when the program ended may arrive behind
//! it, and a list may lag. What is written is a hash of a visit on a day under the device's key: nobody's number is read
//! from it, and nobody without the key finds a visit in it or puts one there.
//!
//! A file that is not as it was written does not say of anybody that they were not sent. Until the day of business is over on
//! which it was written, nobody is sent then: they go to staff, and the start tells of it. What cannot be written down is not
//! sent either.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::book::Key;
use crate::{
    fault::{Code, Failure},
    files::{self, FileError},
    words::{ServiceDay, WallTime},
};

/// Hashes under a key that does not leave the device.
pub(super) type Seal = Arc<dyn Fn(&[u8]) -> [u8; 16] + Send + Sync>;

/// The newest such visits.
#[derive(Default)]
pub(super) struct Once {
    /// Nothing where nobody needs them after this run.
    kept: Option<(PathBuf, Seal)>,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    /// The newest last.
    marks: VecDeque<Mark>,
    /// What was written before cannot be believed.
    doubt: Option<Doubt>,
}

struct Mark {
    hash: [u8; 16],
    /// The hospital has said that it was done.
    done: bool,
}

struct Doubt {
    /// When the file was written; nothing where nobody can say.
    written: Option<WallTime>,
    why: Failure,
}

/// The most that are kept: what is on its way, or not listed yet, is among the newest.
const MARKS: usize = 512;

/// A line: 32 digits, a blank, a word of four letters, and its end.
const LINE: usize = 38;

/// The longest such file, bytes.
const LONGEST: usize = (MARKS + 1) * LINE;

const SENT: &str = "sent";
const DONE: &str = "done";

impl Once {
    /// Those that the runs before have written to `file`.
    pub(super) fn open(file: PathBuf, seal: Seal) -> Self {
        let (marks, doubt) = match files::read_text(&file, LONGEST) {
            Ok(text) => match read(&text, &seal) {
                Some(marks) => (marks, None),
                None => (VecDeque::new(), Some(Failure::new(Code::J504))),
            },
            Err(error) if error.is_missing() => (VecDeque::new(), None),
            Err(error) => (VecDeque::new(), Some(unreadable(error))),
        };
        let doubt = doubt.map(|why| Doubt { written: files::written_at(&file).map(WallTime), why });
        Self { kept: Some((file, seal)), pages: Mutex::new(Pages { marks, doubt }) }
    }

    /// What was written before cannot be believed: what the operator is told.
    pub(super) fn damaged(&self) -> Option<Failure> {
        let (file, _) = self.kept.as_ref()?;
        let pages = self.pages();
        let what = format!(
            "{}: what was sent once cannot be read; until the day of business on which it was written is over, whoever \
             would be queued again goes to staff",
            file.display()
        );
        pages.doubt.as_ref().map(|doubt| doubt.why.clone().told(what))
    }

    /// Nobody can say of anybody that they were not sent today.
    pub(super) fn is_in_doubt(&self, today: ServiceDay, day_of: impl FnOnce(WallTime) -> ServiceDay) -> bool {
        self.pages().doubt.as_ref().is_some_and(|doubt| doubt.written.is_none_or(|at| day_of(at) >= today))
    }

    /// Whether it was sent on that day.
    pub(super) fn holds(&self, key: Key, day: ServiceDay) -> bool {
        self.find(key, day).is_some()
    }

    /// Whether it was sent on that day, and nobody knows what came of it.
    pub(super) fn is_undecided(&self, key: Key, day: ServiceDay) -> bool {
        self.find(key, day) == Some(false)
    }

    /// It is sent now. False where that cannot be written down, so that it must not be.
    #[must_use]
    pub(super) fn sends(&self, key: Key, day: ServiceDay) -> bool {
        let Some(hash) = self.hash(key, day) else { return true };
        let mut pages = self.pages();
        if pages.marks.len() == MARKS {
            pages.marks.pop_front();
        }
        pages.marks.push_back(Mark { hash, done: false });
        let is_written = self.write(&pages);
        if is_written {
            pages.doubt = None;
        } else {
            pages.marks.pop_back();
        }
        is_written
    }

    /// The hospital has done it. Where that cannot be written down it stays undecided, which sends nobody.
    pub(super) fn is_done(&self, key: Key, day: ServiceDay) {
        let Some(hash) = self.hash(key, day) else { return };
        let mut pages = self.pages();
        if let Some(mark) = pages.marks.iter_mut().find(|mark| mark.hash == hash && !mark.done) {
            mark.done = true;
            self.write(&pages);
        }
    }

    /// It was surely not done.
    pub(super) fn not_sent(&self, key: Key, day: ServiceDay) {
        let Some(hash) = self.hash(key, day) else { return };
        let mut pages = self.pages();
        let many = pages.marks.len();
        pages.marks.retain(|known| known.hash != hash);
        if pages.marks.len() < many {
            self.write(&pages);
        }
    }

    /// Whether it is done, where it was sent.
    fn find(&self, key: Key, day: ServiceDay) -> Option<bool> {
        let hash = self.hash(key, day)?;
        self.pages().marks.iter().rev().find(|mark| mark.hash == hash).map(|mark| mark.done)
    }

    fn hash(&self, key: Key, day: ServiceDay) -> Option<[u8; 16]> {
        let (_, seal) = self.kept.as_ref()?;
        Some(seal(&[&day.0.to_be_bytes()[..], &key].concat()))
    }

    fn write(&self, pages: &Pages) -> bool {
        let Some((file, seal)) = &self.kept else { return true };
        let word = |mark: &Mark| if mark.done { DONE } else { SENT };
        let mut text: String = pages.marks.iter().map(|mark| format!("{} {}\n", hex(&mark.hash), word(mark))).collect();
        text.push_str(&format!("{} ends\n", hex(&seal(text.as_bytes()))));
        files::replace(file, text.as_bytes()).is_ok()
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The marks, where the last line seals those before it.
fn read(text: &str, seal: &Seal) -> Option<VecDeque<Mark>> {
    let end = text.strip_suffix(" ends\n")?;
    let start = end.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let (marks, sealed) = end.split_at(start);
    if sealed != hex(&seal(marks.as_bytes())) {
        return None;
    }
    let mark = |line: &str| {
        let (hash, word) = line.split_once(' ')?;
        let hash = u128::from_str_radix(hash, 16).ok()?.to_be_bytes();
        Some(Mark { hash, done: word == DONE })
    };
    marks.lines().map(mark).collect()
}

fn unreadable(error: FileError) -> Failure {
    Failure::new(Code::J504).because(error)
}

fn hex(hash: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*hash))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TODAY: ServiceDay = ServiceDay(20_000);

    fn sealed(by: u8) -> Seal {
        Arc::new(move |what| {
            let sum = what
                .iter()
                .fold(u128::from(by), |sum, byte| sum.wrapping_mul(0x0100_0193).wrapping_add(u128::from(*byte)));
            sum.to_be_bytes()
        })
    }

    fn open(file: &Path, by: u8) -> Once {
        Once::open(file.to_owned(), sealed(by))
    }

    fn doubts(once: &Once) -> bool {
        once.is_in_doubt(TODAY, |_| TODAY)
    }

    #[test]
    fn what_was_sent_once_is_known_after_a_restart_with_what_came_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("once");
        let once = open(&file, 1);
        assert!((1..=3).all(|key| once.sends([key; 32], TODAY)));
        once.is_done([2; 32], TODAY);
        once.not_sent([3; 32], TODAY);
        let after = open(&file, 1);
        assert!(!doubts(&after) && after.damaged().is_none());
        let known = [1, 2, 3].map(|key| (after.holds([key; 32], TODAY), after.is_undecided([key; 32], TODAY)));
        assert_eq!(known, [(true, true), (true, false), (false, false)]);
        assert!(!after.holds([1; 32], ServiceDay(TODAY.0 + 1)), "another day's is another");
    }

    #[test]
    fn whatever_is_not_as_it_was_written_is_told_and_in_doubt_until_its_day_is_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("once");
        assert!(open(&file, 1).sends([1; 32], TODAY) && open(&file, 1).sends([2; 32], TODAY));
        let whole = files::read_text(&file, LONGEST).expect("written");
        let first_lost = whole.split_inclusive('\n').skip(1).collect::<String>();
        for damaged in
            ["", "\0\0\0", &whole[..whole.len() - 9], &first_lost, &whole.replace("sent", "done"), "0123456789abcdef\n"]
        {
            files::replace(&file, damaged.as_bytes()).expect("written");
            let once = open(&file, 1);
            assert!(doubts(&once), "{damaged:?}");
            let told = once.damaged().expect("told");
            assert!(told.code() == Code::J504 && told.to_string().contains("cannot be read"), "{told}");
            assert!(!once.is_in_doubt(ServiceDay(TODAY.0 + 1), |_| TODAY), "the day is over");
        }
        files::replace(&file, whole.as_bytes()).expect("written");
        assert!(!doubts(&open(&file, 1)) && doubts(&open(&file, 2)), "under another key it is nobody's");
        // What is written on a later day is whole again.
        let later = open(&file, 2);
        assert!(later.sends([4; 32], TODAY) && !doubts(&open(&file, 2)));
    }

    #[test]
    fn what_cannot_be_written_down_is_not_sent() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("once");
        files::make_folder(&file).expect("made");
        let once = open(&file, 1);
        assert!(doubts(&once) && !once.sends([1; 32], TODAY) && !once.holds([1; 32], TODAY));
    }
}
