//! What this run of the program remembers of its sessions with a hospital, so that one whose answer was lost can be asked
//! about, and no visit is confirmed twice.
//!
//! Nothing of it is written anywhere but the marks of [`Once`]: the hospital's list is the truth, and a session is asked about with the person it was
//! about, who stays in memory until it is decided.

use std::{
    collections::{HashMap, VecDeque},
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

use super::{
    Request, Undecided,
    once::{Once, Seal},
    reading::Members,
    serial::Serial,
};
use crate::{
    fault::Failure,
    words::{CheckInAnswer, Moment, Resolution, ServiceDay, SessionId},
};

/// Whose visit: what hospitals list may be a queue's number and no visit's own. A hash, so that nobody's number stays.
pub(super) type Key = [u8; 32];

/// The visit with this id of whoever is known by `holder`.
pub(super) fn key(holder: &str, visit: &str) -> Key {
    Sha256::new().chain_update(holder).chain_update([0]).chain_update(visit).finalize().into()
}

/// The same after its call was missed: each call, by the number that was called, is another.
pub(super) fn missed(holder: &str, visit: &str, members: &Members) -> Key {
    let of = |name: &str| members.get(name).map_or("", String::as_str);
    key(holder, &[visit, "missed", of("number"), of("sequence.index")].join("\0"))
}

/// A visit that was sent to the hospital to be confirmed.
#[derive(Clone)]
pub(super) struct Sent {
    /// Whose it is.
    pub(super) request: Arc<Request>,
    /// The hospital's record of the person.
    pub(super) record: Arc<Members>,
    /// `visit.id`
    pub(super) visit: String,
    /// The visit.
    pub(super) key: Key,
    /// The call for it: a visit whose call was missed is sent once more.
    pub(super) mark: Key,
    /// It was sent because the call was missed.
    pub(super) missed: bool,
}

/// Where a session stands.
#[derive(Clone)]
pub(super) enum Standing {
    /// Nothing was sent that changes anything.
    Nothing,
    /// Sent, and nobody knows more.
    Sent(Sent),
    /// It was decided here while the hospital was away; what it lists of the person says more.
    Elsewhere(Arc<Request>),
    /// The hospital has decided.
    Decided(CheckInAnswer, Option<Sent>),
}

impl Standing {
    /// What it has sent, or has.
    pub(super) fn sent(&self) -> Option<&Sent> {
        match self {
            Self::Sent(sent) | Self::Decided(_, Some(sent)) => Some(sent),
            Self::Nothing | Self::Elsewhere(_) | Self::Decided(_, None) => None,
        }
    }
}

/// What outlives a template that is read again: the sessions of this run, the visits of this day, the running number.
pub struct Memory {
    pub(super) book: Book,
    pub(super) once: Once,
    pub(super) serial: Serial,
}

impl Memory {
    /// An empty one; the file keeps the running number, where it is to be kept. Beside it, as `once-` and its name, stands what
    /// is never sent twice, sealed.
    pub fn new(kept: Option<(PathBuf, Seal)>) -> Self {
        let Some((serial, seal)) = kept else {
            return Self { book: Book::default(), once: Once::default(), serial: Serial::open(None) };
        };
        let beside = |file: &PathBuf| {
            let mut name = OsString::from("once-");
            name.push(file.file_name().unwrap_or_default());
            file.with_file_name(name)
        };
        let once = Once::open(beside(&serial), seal);
        Self { book: Book::default(), once, serial: Serial::open(Some(serial)) }
    }

    /// What of it was damaged, and what follows.
    pub fn damaged(&self) -> Option<Failure> {
        self.once.damaged()
    }
}

/// The sessions of this run, and the visits of this day.
#[derive(Default)]
pub(super) struct Book(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    /// The newest last.
    sessions: VecDeque<(SessionId, Standing)>,
    /// Visits that are being confirmed.
    open: Vec<Key>,
    day: Option<ServiceDay>,
    /// Visits that were sent today, what came of it, and when.
    sent: HashMap<Key, (Option<CheckInAnswer>, Moment)>,
}

/// The most sessions remembered; whoever asks about an older one is told that nobody knows.
const SESSIONS: usize = 512;

/// The newest visits of a day are remembered. Of those before them the list alone says which are taken.
const VISITS: usize = 8192;

/// A visit while it is being confirmed: nobody else may.
pub(super) struct Held<'a> {
    book: &'a Book,
    key: Key,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.book.pages().open.retain(|open| *open != self.key);
    }
}

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How this session stands; nothing where it is none of this run, or one of long ago.
    pub(super) fn standing(&self, session: SessionId) -> Option<Standing> {
        self.pages().sessions.iter().rev().find(|(known, _)| *known == session).map(|(_, standing)| standing.clone())
    }

    /// This session stands so now.
    pub(super) fn note(&self, session: SessionId, standing: Standing) {
        let mut pages = self.pages();
        match pages.sessions.iter_mut().rev().find(|(known, _)| *known == session) {
            Some((_, known)) => *known = standing,
            None => {
                if pages.sessions.len() == SESSIONS {
                    pages.sessions.pop_front();
                }
                pages.sessions.push_back((session, standing));
            }
        }
    }

    /// Takes a visit for one session; nothing where another one has it.
    pub(super) fn hold(&self, key: Key) -> Option<Held<'_>> {
        let mut pages = self.pages();
        if pages.open.contains(&key) {
            return None;
        }
        pages.open.push(key);
        drop(pages);
        Some(Held { book: self, key })
    }

    /// What came of this visit when it was sent before, today, and when; nothing inside where nobody knows.
    pub(super) fn sent_before(&self, key: Key, today: ServiceDay) -> Option<(Option<CheckInAnswer>, Moment)> {
        let mut pages = self.pages();
        pages.turn(today);
        pages.sent.get(&key).cloned()
    }

    /// It is sent now, or this came of it. What was not done is forgotten.
    pub(super) fn sends(&self, key: Key, today: ServiceDay, now: Moment, outcome: Option<CheckInAnswer>) {
        let mut pages = self.pages();
        pages.turn(today);
        if pages.sent.len() == VISITS && !pages.sent.contains_key(&key) {
            let oldest = pages.sent.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| *key);
            oldest.map(|oldest| pages.sent.remove(&oldest));
        }
        pages.sent.insert(key, (outcome, now));
    }

    /// It was surely not done.
    pub(super) fn not_sent(&self, key: Key) {
        self.pages().sent.remove(&key);
    }

    /// What came of a visit that was sent in this session; `is_ours`: it is this session's to take back.
    pub(super) fn settle(
        &self,
        session: SessionId,
        sent: Sent,
        (today, now): (ServiceDay, Moment),
        answer: &Result<CheckInAnswer, Undecided>,
        is_ours: bool,
    ) {
        match answer {
            Ok(answer) => {
                match answer.admission() {
                    Some(_) => self.sends(sent.mark, today, now, Some(answer.clone())),
                    None => self.not_sent(sent.mark),
                }
                self.note(session, Standing::Decided(answer.clone(), is_ours.then_some(sent)));
            }
            Err(undecided) if !undecided.perhaps => {
                self.not_sent(sent.mark);
                self.note(session, Standing::Nothing);
            }
            Err(_) => {}
        }
    }

    /// Whoever was decided about elsewhere is in; whom it was about is remembered no longer.
    pub(super) fn found_elsewhere(&self, session: SessionId, answer: CheckInAnswer) -> Resolution {
        self.note(session, Standing::Decided(answer.clone(), None));
        Resolution::Decided(answer)
    }

    /// Another session has sent it since, or has it.
    pub(super) fn is_anothers(&self, session: SessionId, key: Key) -> bool {
        let has = |standing: &Standing| standing.sent().is_some_and(|sent| sent.key == key);
        self.pages().sessions.iter().any(|(other, standing)| *other != session && has(standing))
    }

    /// A session that began later has sent the same call.
    pub(super) fn is_sent_since(&self, session: SessionId, mark: Key) -> bool {
        let pages = self.pages();
        let mut later = pages.sessions.iter().rev().take_while(|(other, _)| *other != session);
        later.any(|(_, standing)| standing.sent().is_some_and(|sent| sent.mark == mark))
    }
}

impl Pages {
    fn turn(&mut self, today: ServiceDay) {
        if self.day != Some(today) {
            self.day = Some(today);
            self.sent.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn of_a_day_with_more_visits_than_are_remembered_the_newest_are_known() {
        let (book, today) = (Book::default(), ServiceDay(1));
        let visit = |number: usize| key("P", &number.to_string());
        for number in 0..=VISITS {
            book.sends(visit(number), today, Moment(Duration::from_secs(number as u64)), None);
        }
        assert!(book.sent_before(visit(VISITS), today).is_some(), "what was just sent is never sent again");
        assert!(book.sent_before(visit(1), today).is_some() && book.sent_before(visit(0), today).is_none());
    }
}
