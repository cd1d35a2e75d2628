//! Questions to a printer and their answers. An answer bears no name: what it answers is known by order alone, and an
//! answer may come late, in a clump with others, twice, or never. So nothing else is asked in real time while an answer
//! is under way, and what was never answered is given up only when those after it have been.

use std::{collections::VecDeque, time::Duration};

use super::status;
use crate::{device::PrinterStatus, words::Moment};

/// Questions of one kind, unanswered; oldest first.
#[derive(Default)]
struct Unanswered {
    sent: VecDeque<Moment>,
    /// When one of them was answered, since the last was sent.
    heard: Option<Moment>,
    /// How much earlier that one was sent than the last: no later than this, what is under way has come, too.
    ahead: Duration,
    /// How long the slowest answer took since there was no question.
    slowest: Duration,
}

/// More questions than these are not remembered.
const MOST: usize = 16;

impl Unanswered {
    fn ask(&mut self, now: Moment) {
        if self.sent.len() == MOST {
            self.sent.pop_front();
        }
        if self.sent.is_empty() {
            self.slowest = Duration::ZERO;
        }
        self.sent.push_back(now);
        (self.heard, self.ahead) = (None, Duration::ZERO);
    }

    /// How long ago the oldest was sent, which this answers; nothing where nobody asked.
    fn answer(&mut self, now: Moment) -> Option<Duration> {
        let sent = self.sent.pop_front()?;
        self.heard = Some(now);
        self.ahead = self.sent.back().map_or(Duration::ZERO, |last| last.since(sent));
        self.slowest = self.slowest.max(now.since(sent));
        Some(now.since(sent))
    }

    /// Gives up what is left when no answer has followed one for so long; how long that one took then, of the newest.
    fn give_up(&mut self, now: Moment, quiet: Duration) -> Option<Duration> {
        let heard = self.heard.filter(|heard| now.since(*heard) >= quiet)?;
        let newest = self.sent.back().copied()?;
        self.sent.clear();
        self.ahead = Duration::ZERO;
        Some(heard.since(newest))
    }
}

/// A round of real-time questions: 2 (why it is off-line), 3 (which error, where there is one) and 4 (paper).
struct Round {
    since: Moment,
    /// When something was last sent or heard.
    stirred: Moment,
    offline: Option<u8>,
    error: Option<u8>,
    paper: Option<u8>,
}

impl Round {
    fn answer(&mut self, n: u8) -> &mut Option<u8> {
        match n {
            2 => &mut self.offline,
            3 => &mut self.error,
            _ => &mut self.paper,
        }
    }

    /// What is still to be asked: each question is a round trip.
    fn next(&self) -> Option<u8> {
        match (self.offline, self.error, self.paper) {
            (None, ..) => Some(2),
            (Some(offline), None, _) if status::has_error(offline) => Some(3),
            (.., None) => Some(4),
            _ => None,
        }
    }
}

/// What was asked of one connection.
#[derive(Default)]
pub(super) struct Questions {
    round: Option<Round>,
    /// The one real-time question of which answers are under way.
    n: u8,
    real_time: Unanswered,
    in_order: Unanswered,
    /// How long the last answers took, newest last.
    took: VecDeque<Duration>,
    /// When it said something that nobody asked for.
    strayed: Option<Moment>,
    /// The last round found a fault, which this one is about.
    doubted: bool,
}

/// A question that is not answered within this is asked once more.
const AGAIN: Duration = Duration::from_millis(300);

/// When no further answer has followed one for so long, what is unanswered is lost.
const QUIET: Duration = Duration::from_millis(400);

/// A printer is waited for as long as this at most because it was slow before.
const SLOWEST: Duration = Duration::from_secs(2);

/// So many answers tell how long the next may take.
const LATELY: usize = 6;

/// A question that was not answered for so long never is.
const LOST: Duration = Duration::from_secs(3);

impl Questions {
    /// How long answers take, lately: the slowest counts, of few, so that a printer that was slow once is so no longer.
    fn pace(&self) -> Duration {
        self.took.iter().max().copied().unwrap_or_default()
    }

    fn learn(&mut self, took: Duration) {
        if self.took.len() == LATELY {
            self.took.pop_front();
        }
        self.took.push_back(took.min(SLOWEST));
    }

    /// How long this printer is waited for where one that answers at once is waited for so long.
    pub(super) fn patience(&self, usual: Duration) -> Duration {
        usual.saturating_add(self.pace().saturating_mul(2)).saturating_add(self.real_time.ahead)
    }

    /// How long it must have been silent before it is asked: whoever says things twice is asked when it has said them,
    /// and about a fault when nothing can be under way.
    pub(super) fn pause(&self, now: Moment) -> Duration {
        let strays = self.strayed.is_some_and(|strayed| now.since(strayed) < LOST);
        let drained = if self.doubted { self.patience(Duration::ZERO) } else { Duration::ZERO };
        drained.max(if strays { QUIET } else { Duration::ZERO })
    }

    /// Begins a round.
    pub(super) fn begin(&mut self, now: Moment) {
        self.round = Some(Round { since: now, stirred: now, offline: None, error: None, paper: None });
    }

    /// Ends a round; answers that are under way are none of the next.
    pub(super) fn end(&mut self) {
        (self.round, self.doubted) = (None, false);
    }

    /// True while a round is not over.
    pub(super) fn is_open(&self) -> bool {
        self.round.is_some()
    }

    /// Since when a round has had neither question nor answer.
    pub(super) fn stirred(&self) -> Option<Moment> {
        self.round.as_ref().map(|round| round.stirred)
    }

    /// The real-time question to be sent now.
    pub(super) fn due(&self, now: Moment) -> Option<u8> {
        let round = self.round.as_ref()?;
        let Some(last) = self.real_time.sent.back().copied() else {
            return round.next().filter(|_| now.since(round.stirred) >= self.pause(now));
        };
        // Its answer cannot be told from another question's: the same is asked once more, or nothing.
        let again = self.real_time.heard.is_none() && now.since(last) >= self.patience(AGAIN);
        (last < round.since || again).then_some(self.n)
    }

    /// A real-time question is about to leave.
    pub(super) fn ask(&mut self, n: u8, now: Moment) {
        self.real_time.sent.retain(|sent| now.since(*sent) < LOST);
        if let Some(round) = self.round.as_mut().filter(|_| self.real_time.sent.is_empty()) {
            round.stirred = now;
        }
        self.n = n;
        self.real_time.ask(now);
    }

    /// It has not left.
    pub(super) fn take_back(&mut self) {
        self.real_time.sent.pop_back();
    }

    /// An answer to a real-time question; how the printer is, where that ends a round.
    pub(super) fn answered(&mut self, answer: u8, now: Moment) -> Option<PrinterStatus> {
        if let Some(round) = &mut self.round {
            round.stirred = now;
        }
        let Some(took) = self.real_time.answer(now) else {
            // It answers somebody else, or a picture that happens to hold a question, or once more.
            self.strayed = Some(now);
            return None;
        };
        if self.real_time.sent.is_empty() {
            self.learn(self.real_time.slowest);
        }
        if let Some(round) = &mut self.round {
            // Of a question before the round it tells only where the round's own may have been this.
            if now.since(round.since) >= took || !self.real_time.sent.is_empty() {
                *round.answer(self.n) = Some(answer);
            }
        }
        self.conclude(now)
    }

    /// Gives up what is lost; how the printer is, where that ends a round.
    pub(super) fn settle(&mut self, now: Moment) -> Option<PrinterStatus> {
        let quiet = QUIET.saturating_add(self.pace().saturating_mul(2));
        // Nothing is sent between two of these but what ends a command: their answers follow one another.
        self.in_order.give_up(now, quiet);
        let took = self.real_time.give_up(now, quiet.saturating_add(self.real_time.ahead))?;
        self.learn(took);
        if let Some(round) = &mut self.round {
            round.stirred = now;
        }
        self.conclude(now)
    }

    fn conclude(&mut self, now: Moment) -> Option<PrinterStatus> {
        let round = self.round.as_ref().filter(|_| self.real_time.sent.is_empty())?;
        if round.next().is_some() {
            return None;
        }
        let byte = |answer: Option<u8>| answer.unwrap_or_default();
        let status = status::read(byte(round.offline), byte(round.error), byte(round.paper));
        // A slip is stopped for what is said twice: an answer that nobody of us asked for may have come between.
        if status.fault.is_some() && !self.doubted {
            self.doubted = true;
            self.begin(now);
            return None;
        }
        self.end();
        Some(status)
    }

    /// A question that is answered in its turn is about to leave.
    pub(super) fn ask_in_order(&mut self, now: Moment) {
        self.in_order.ask(now);
    }

    /// An answer to one of these; false where nobody asked.
    pub(super) fn answered_in_order(&mut self, now: Moment) -> bool {
        let asked = self.in_order.answer(now).is_some();
        self.strayed = if asked { self.strayed } else { Some(now) };
        asked
    }

    /// All of these were answered, or are lost.
    pub(super) fn is_in_order(&self) -> bool {
        self.in_order.sent.is_empty()
    }
}
