//! What became of each grant, told to the site's system: out of the journal, in order, until it says that it has it. No
//! person waits for it, nothing of it is lost by a restart, and while nothing is to be told nobody wakes up.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    Inputs,
    channel::Exit,
    checkins,
    facts::{Facts, Outbox},
    failures::Standing,
    worker::Worker,
};
use crate::{
    checkin::Passage,
    fault::Failure,
    kiosk::GateOutcome,
    store::{Collector, Entry, Position, Stored, Word},
    words::{Clock, Deadline, LaneId, Moment, SessionId, WallTime},
};

/// From which record on the journal is still wanted, for whoever writes it.
pub(super) type Wanted = Arc<Mutex<Option<Position>>>;

/// The thread that tells, and what it wants the journal to keep.
pub(super) struct Passages {
    pub(super) worker: Worker<()>,
    pub(super) wanted: Wanted,
}

/// How long the site's system may take to say that it has one.
const PATIENCE: Duration = Duration::from_secs(5);

/// A call ends by its deadline; one that goes on for so much longer hangs by a fault of ours.
const GRACE: Duration = Duration::from_secs(8);

/// After a failure; twice as long after each further one.
const SOONEST: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_secs(60);

/// So many may be told again after a power cut.
const REMEMBERED_EACH: usize = 32;

/// Sessions whose lane is known; a gate's word comes seconds after its session began.
const REMEMBERED: usize = 1024;

const WHAT: &str = "the site's system cannot be told who went through";

/// What is told, and to whom.
struct Teller {
    collector: Collector,
    current: checkins::Current,
    clock: Arc<dyn Clock>,
    inputs: Inputs,
    wanted: Wanted,
    standing: Standing,
    whereabouts: Whereabouts,
    /// Read and not yet told.
    ahead: Option<(Position, Passage)>,
    /// Told and not yet remembered.
    told: Option<Position>,
    unremembered: usize,
    /// Of those that stand in the journal so many are not told.
    untold: u64,
    facts: Arc<Facts>,
}

/// On which lane the newest sessions were, and where that stands in the journal.
pub(super) struct Whereabouts {
    /// The lanes' names.
    names: Vec<String>,
    /// The newest last.
    seen: VecDeque<(SessionId, LaneId, Position)>,
}

impl Whereabouts {
    pub(super) fn of(names: Vec<String>) -> Self {
        Self { names, seen: VecDeque::new() }
    }

    /// Whose lane a session's is stands where it was opened.
    pub(super) fn learn(&mut self, entry: &Entry) {
        let Stored::Opened { session, lane, .. } = &entry.stored else { return };
        let place = self.names.iter().position(|name| name == lane).and_then(|place| u16::try_from(place).ok());
        if let (Some(place), Ok(session)) = (place, session.parse()) {
            if self.seen.len() == REMEMBERED {
                self.seen.pop_front();
            }
            self.seen.push_back((session, LaneId(place), entry.place));
        }
    }

    pub(super) fn find(&self, session: SessionId) -> Option<(LaneId, Position)> {
        self.seen.iter().rev().find(|(known, ..)| *known == session).map(|(_, lane, place)| (*lane, *place))
    }

    /// Where the oldest of the last so many sessions was opened.
    #[cfg(feature = "hospital")]
    pub(super) fn before_the_last(&self, sessions: usize) -> Option<Position> {
        let oldest = self.seen.len().saturating_sub(sessions);
        self.seen.get(oldest).map(|(.., place)| *place)
    }
}

/// Starts telling. It looks into the journal at once, and each time it is offered something.
pub(super) fn spawn(
    collector: Collector,
    current: &checkins::Current,
    names: Vec<String>,
    clock: &Arc<dyn Clock>,
    facts: &Arc<Facts>,
    inputs: Inputs,
) -> io::Result<Passages> {
    let wanted = Wanted::default();
    let mut teller = Teller {
        collector,
        current: Arc::clone(current),
        clock: Arc::clone(clock),
        inputs,
        wanted: Arc::clone(&wanted),
        standing: Standing::default(),
        whereabouts: Whereabouts::of(names),
        ahead: None,
        told: None,
        unremembered: 0,
        untold: 0,
        facts: Arc::clone(facts),
    };
    let limit = PATIENCE.saturating_add(GRACE);
    let worker = Worker::spawn_reading("passages", 1, limit, clock, move |written, pulse| {
        let mut wait = None;
        while teller.awaits(written, wait) {
            wait = loop {
                match pulse.working(|| teller.tell_one()) {
                    Ok(true) => {}
                    Ok(false) => break None,
                    Err(()) => break Some(wait.map_or(SOONEST, |last: Duration| last.saturating_mul(2).min(LATEST))),
                }
            };
            teller.remember();
        }
    })?;
    let _ = worker.offer(());
    Ok(Passages { worker, wanted })
}

impl Teller {
    /// Waits until something was written, or, after a failure, until it is time to try again; false at the end.
    fn awaits(&mut self, written: &Exit<()>, wait: Option<Duration>) -> bool {
        let Some(wait) = wait else { return written.recv().is_ok() };
        let until: Moment = self.clock.now().moment.after(wait);
        loop {
            let left = until.since(self.clock.now().moment);
            if left.is_zero() {
                return true;
            }
            match written.recv_timeout(left) {
                // Whatever came stands behind what could not be told.
                Ok(()) => self.count(),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => return true,
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Tells the next one; false where there is none.
    fn tell_one(&mut self) -> Result<bool, ()> {
        let systems = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        if !systems.hears_passages() {
            self.want(None);
            self.facts.outbox_has(Outbox::Passages, 0);
            return Ok(false);
        }
        let Some((place, passage)) = self.next()? else {
            self.want(None);
            self.is_untold(0);
            return Ok(false);
        };
        self.want(Some(place));
        self.count();
        let told = systems.passage(&passage, Deadline::from_now(&*self.clock, PATIENCE));
        self.inputs.tell_change(WHAT, None, passage.session, &mut self.standing, told.as_ref().err());
        if told.is_err() {
            self.ahead = Some((place, passage));
            return Err(());
        }
        self.told = Some(place);
        self.is_untold(self.untold.saturating_sub(1));
        self.unremembered += 1;
        if self.unremembered >= REMEMBERED_EACH {
            self.remember();
        }
        Ok(true)
    }

    /// The next grant's fate in the journal.
    fn next(&mut self) -> Result<Option<(Position, Passage)>, ()> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        loop {
            match self.collector.read() {
                Ok(Some(entry)) => {
                    self.whereabouts.learn(&entry);
                    if let Some(passage) = passage(&entry) {
                        let lane = self.whereabouts.find(passage.session).map(|(lane, _)| lane);
                        return Ok(Some((entry.place, Passage { lane, ..passage })));
                    }
                }
                Ok(None) => return Ok(None),
                Err(error) => {
                    let failure = Failure::from(error);
                    self.inputs.tell_change(WHAT, None, None, &mut self.standing, Some(&failure));
                    return Err(());
                }
            }
        }
    }

    /// What came meanwhile is not told either. It is counted when it was read at the latest.
    fn count(&mut self) {
        let more = self.collector.count(|entry| passage(entry).is_some());
        self.is_untold(self.untold.saturating_add(more));
    }

    fn is_untold(&mut self, count: u64) {
        self.untold = count;
        self.facts.outbox_has(Outbox::Passages, count);
    }

    fn want(&self, from: Option<Position>) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = from;
    }

    fn remember(&mut self) {
        self.unremembered = 0;
        if let Some(place) = self.told.take() {
            self.collector.acknowledge(place);
        }
    }
}

/// What a record says of a grant, if it does.
fn passage(entry: &Entry) -> Option<Passage> {
    let Stored::Gated { session, outcome, code } = &entry.stored else { return None };
    let session: SessionId = session.parse().ok()?;
    // A newer version's word is none that the site's system was promised.
    let outcome = outcome.known().unwrap_or(GateOutcome::Unknown);
    let code = code.as_ref().and_then(Word::known);
    let report = format!("{}-{}", entry.place.epoch, entry.place.seq);
    Some(Passage { session, lane: None, report, outcome, code, at: WallTime(entry.at) })
}
