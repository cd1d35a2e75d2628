//! What became of whom, for whoever asks at the desk: read from the journal, from where the last question left off. Nobody
//! asks, nobody reads. References, numbers, lanes and results; the journal knows no names.

use std::{collections::VecDeque, io, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::{backstage::text, status::Time, worker::Worker};
use crate::{
    fault::{Code, Tongue},
    kiosk::OutcomeResult,
    store::{Entry, Position, Reader, Stored},
    words::{Clock, ServiceDay, WallTime},
};

/// When a day of business begins at this site.
#[derive(Clone, Copy, Debug, Default)]
pub struct DayRule {
    /// Seconds east of UTC.
    pub utc_offset: i32,
    /// Minutes of the local day.
    pub reset_at: u16,
}

/// What is asked, and where the answer goes.
pub(super) struct Question {
    pub(super) asks: Asks,
    pub(super) answer: oneshot::Sender<Option<String>>,
}

/// What of the journal.
pub(super) enum Asks {
    /// Visits by reference or number.
    Visit(String),
    /// One visit by its whole reference.
    Session(String),
    /// Today's.
    Today,
    /// How many were checked in today.
    Count,
}

/// One visit, as far as the journal tells.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) session: String,
    pub(super) lane: String,
    pub(super) at: Time,
    /// How it ended; none while it is open.
    pub(super) result: Option<String>,
    pub(super) why: Option<String>,
    pub(super) code: Option<String>,
    pub(super) number: Option<String>,
    pub(super) place: Option<String>,
    slip: Option<String>,
    gate: Option<String>,
    pub(super) copies: u8,
    /// Taken back at the desk.
    undone: bool,
}

/// The last visits.
struct Ledger {
    /// In the order in which they came.
    seen: VecDeque<Seen>,
    reader: Reader,
}

/// Visits remembered: some days of a large hospital's kiosk.
const MOST: usize = 16_384;

/// Told at once.
const TOLD: usize = 50;

/// Questions that wait.
const WAITING: usize = 8;

/// Reading the whole journal, on a slow card.
const LIMIT: Duration = Duration::from_secs(60);

/// The thread that reads.
pub(super) fn spawn(dir: PathBuf, day: DayRule, clock: &Arc<dyn Clock>) -> io::Result<Worker<Question>> {
    let reader = Arc::clone(clock);
    Worker::spawn("ledger", 1, WAITING, LIMIT, clock, move || {
        let (reader, dir) = (Arc::clone(&reader), dir.clone());
        let mut ledger: Option<Ledger> = None;
        move |Question { asks, answer }| {
            let known = ledger.get_or_insert_with(|| Ledger::of(Reader::open(&dir, Position::default())));
            let read = known.read_on();
            let told = read.then(|| known.tell(&asks, day, reader.now().wall));
            if !read {
                // The next question begins anew.
                ledger = None;
            }
            let _ = answer.send(told.flatten());
        }
    })
}

impl Seen {
    /// Somebody may be checked in by it.
    pub(super) fn is_to_be_undone(&self) -> bool {
        self.is_an_entry() || self.is(OutcomeResult::Unknown)
    }

    /// It put somebody in.
    fn is_an_entry(&self) -> bool {
        OutcomeResult::ALL.into_iter().any(|result| result.is_entry() && self.is(result))
    }

    /// Over, and it stands.
    fn is(&self, result: OutcomeResult) -> bool {
        self.result.as_deref() == Some(result.as_str()) && !self.undone
    }

    fn is_of(&self, today: ServiceDay, day: DayRule) -> bool {
        ServiceDay::of(WallTime(self.at), day.utc_offset, day.reset_at) == today
    }

    fn told(&self) -> Value {
        let mut told = json!(self);
        told["undoable"] = self.is_to_be_undone().into();
        told
    }
}

impl Ledger {
    fn of(reader: Reader) -> Self {
        Self { seen: VecDeque::new(), reader }
    }

    /// Reads what has come since; false where the journal cannot be read further.
    fn read_on(&mut self) -> bool {
        loop {
            match self.reader.read() {
                Ok(Some(entry)) => self.take(&entry),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    fn take(&mut self, entry: &Entry) {
        if let Stored::Opened { session, lane, .. } = &entry.stored {
            if self.seen.len() >= MOST {
                self.seen.pop_front();
            }
            self.seen.push_back(Seen { session: session.clone(), lane: lane.clone(), at: entry.at, ..Seen::default() });
            return;
        }
        // Of the newest it is told most.
        let Some(seen) = self.seen.iter_mut().rev().find(|seen| seen.session == entry.stored.session()) else { return };
        match &entry.stored {
            Stored::Decided { number, place, .. } => (seen.number, seen.place) = (number.clone(), place.clone()),
            Stored::Printed { copy, outcome, .. } => {
                seen.copies = seen.copies.max(*copy);
                seen.slip = Some(outcome.as_str().to_owned());
            }
            Stored::Gated { outcome, .. } => seen.gate = Some(outcome.as_str().to_owned()),
            Stored::Closed { result, why, code, .. } => {
                seen.result = Some(result.as_str().to_owned());
                seen.why = why.as_ref().map(|why| why.as_str().to_owned());
                seen.code = code.as_ref().map(|code| code.as_str().to_owned());
            }
            Stored::Act(act) if act.event == "undo" && act.result == "done" => seen.undone = true,
            _ => {}
        }
    }

    fn tell(&self, asks: &Asks, day: DayRule, now: WallTime) -> Option<String> {
        let today = ServiceDay::of(now, day.utc_offset, day.reset_at);
        let newest = || self.seen.iter().rev();
        let of_today = || newest().filter(|seen| seen.is_of(today, day));
        let checked_in = || of_today().filter(|seen| seen.is(OutcomeResult::CheckedIn)).count();
        match asks {
            Asks::Session(session) => serde_json::to_string(newest().find(|seen| seen.session == *session)?).ok(),
            Asks::Visit(which) => {
                let which = which.trim();
                let is_meant = |seen: &&Seen| {
                    let number = seen.number.as_deref().is_some_and(|number| number.eq_ignore_ascii_case(which));
                    number || (which.len() >= 4 && seen.session.ends_with(&which.to_ascii_lowercase()))
                };
                Some(rows(newest().filter(is_meant)).to_string())
            }
            Asks::Count => Some(checked_in().to_string()),
            Asks::Today => {
                let mut counts = Map::new();
                for seen in of_today() {
                    let result = if seen.undone {
                        OutcomeResult::Annulled.as_str()
                    } else {
                        seen.result.as_deref().unwrap_or("open")
                    };
                    let count = counts.get(result).and_then(Value::as_u64).unwrap_or(0);
                    counts.insert(result.to_owned(), count.saturating_add(1).into());
                }
                let unknown = rows(newest().filter(|seen| seen.is(OutcomeResult::Unknown)));
                Some(json!({ "counts": counts, "checked_in": checked_in(), "unknown": unknown }).to_string())
            }
        }
    }
}

/// Visits, and what their codes mean to a nurse.
fn rows<'a>(visits: impl Iterator<Item = &'a Seen>) -> Value {
    let visits: Vec<&Seen> = visits.take(TOLD).collect();
    let mut codes = Map::new();
    for code in visits.iter().filter_map(|seen| seen.code.as_deref()?.parse::<Code>().ok()) {
        codes.insert(code.to_string(), text(code, Tongue::Zh));
    }
    json!({ "visits": visits.into_iter().map(Seen::told).collect::<Vec<_>>(), "codes": codes })
}
