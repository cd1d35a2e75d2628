//! What was decided here while the site's system was away, and what that knows of it when it is back: it is asked for each
//! session, and told nothing. What it says stands in the journal. No person waits for it.

use std::{
    io,
    sync::{Arc, Weak, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{
    Inputs,
    channel::{Entrance, Exit},
    checkins,
    facts::{Facts, Outbox},
    failures::Standing,
    journalist::{self, Kept},
    passages::Whereabouts,
    worker::{Pulse, Worker},
};
use crate::{
    fault::{Code, Failure},
    store::{Collector, Entry, Position, Settled, Stored, Word},
    words::{CheckInAnswer, Clock, Deadline, LaneId, Moment, Resolution, SessionId},
};

/// How often the journal is looked at, and a system that was silent asked again.
const EACH: Duration = Duration::from_secs(2);

/// Whoever is not known yet is asked about again after this, then after twice as long.
const SOONEST: Duration = Duration::from_secs(10);
const LATEST: Duration = Duration::from_secs(3600);

/// Staff enter nobody later than this, milliseconds.
const GIVEN_UP_MS: i64 = 2 * 86_400_000;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A call ends by its deadline; one that goes on for so much longer hangs by a fault of ours.
const GRACE: Duration = Duration::from_secs(8);

/// The most decisions that are asked about; of more the oldest are left to `facemchd report provisional --ask`.
const MOST: usize = 4096;

/// So many sessions may be under way at once.
const UNDER_WAY: usize = 256;

const WHAT: &str = "the site's system cannot be asked what became of decisions here";

/// A decision of ours that the site's system has not confirmed yet.
struct Open {
    session: SessionId,
    /// Where the session was opened.
    opened: Position,
    lane: LaneId,
    decided_at: i64,
    ask_at: Moment,
    wait: Duration,
}

struct Settling {
    collector: Collector,
    current: checkins::Current,
    clock: Arc<dyn Clock>,
    inputs: Inputs,
    journal: Weak<Entrance<journalist::Entry>>,
    standing: Standing,
    whereabouts: Whereabouts,
    open: Vec<Open>,
    acknowledged: Option<Position>,
}

/// The thread that asks. Its way into the journal ends with this, whatever it waits for just then.
pub(super) struct Asking {
    pub(super) worker: Worker<()>,
    _journal: Arc<Entrance<journalist::Entry>>,
}

/// Starts asking.
pub(super) fn spawn(
    collector: Collector,
    current: &checkins::Current,
    names: Vec<String>,
    journal: Entrance<journalist::Entry>,
    clock: &Arc<dyn Clock>,
    facts: &Arc<Facts>,
    inputs: Inputs,
) -> io::Result<Asking> {
    let journal = Arc::new(journal);
    let mut settling = Settling {
        collector,
        current: Arc::clone(current),
        clock: Arc::clone(clock),
        inputs,
        journal: Arc::downgrade(&journal),
        standing: Standing::default(),
        whereabouts: Whereabouts::of(names),
        open: Vec::new(),
        acknowledged: None,
    };
    let facts = Arc::clone(facts);
    let limit = PATIENCE.saturating_add(GRACE);
    let worker = Worker::spawn_reading("settling", 1, limit, clock, move |ended: &Exit<()>, pulse: &Pulse| {
        while ended.recv_timeout(EACH) == Err(RecvTimeoutError::Timeout) {
            pulse.working(|| settling.read());
            settling.ask(pulse);
            settling.acknowledge();
            facts.outbox_has(Outbox::Decisions, u64::try_from(settling.open.len()).unwrap_or(u64::MAX));
        }
    })?;
    Ok(Asking { worker, _journal: journal })
}

impl Settling {
    /// What the journal says since the last look.
    fn read(&mut self) {
        loop {
            match self.collector.read() {
                Ok(Some(entry)) => self.learn(&entry),
                Ok(None) => return,
                Err(error) => {
                    let failure = Failure::from(error);
                    self.inputs.tell_change(WHAT, None, None, &mut self.standing, Some(&failure));
                    return;
                }
            }
        }
    }

    fn learn(&mut self, entry: &Entry) {
        self.whereabouts.learn(entry);
        let Ok(session) = entry.stored.session().parse::<SessionId>() else { return };
        match &entry.stored {
            Stored::Decided { code, .. } if code.as_ref().and_then(Word::known) == Some(Code::J510) => {
                // A lane that is gone has nobody to ask.
                let Some((lane, opened)) = self.whereabouts.find(session) else { return };
                self.open.retain(|open| open.session != session);
                if self.open.len() == MOST {
                    let oldest = (0..MOST).min_by_key(|place| self.open[*place].opened);
                    oldest.map(|oldest| self.open.remove(oldest));
                }
                let ask_at = self.clock.now().moment;
                self.open.push(Open { session, opened, lane, decided_at: entry.at, ask_at, wait: SOONEST });
            }
            Stored::Settled { .. } => self.open.retain(|open| open.session != session),
            Stored::Gated { outcome, .. } if outcome.known().is_some_and(|of| of.nobody_went_through()) => {
                self.open.retain(|open| open.session != session);
            }
            _ => {}
        }
    }

    /// Asks about everybody whose time has come; of a system that is silent, about the first.
    fn ask(&mut self, pulse: &Pulse) {
        let now = self.clock.now();
        self.open.retain(|open| now.wall.0.saturating_sub(open.decided_at) < GIVEN_UP_MS);
        let mut silent: Vec<LaneId> = Vec::new();
        self.open.retain_mut(|open| {
            let (lane, session) = (open.lane, open.session);
            if open.ask_at > now.moment || silent.contains(&lane) {
                return true;
            }
            let system = checkins::now(&self.current, lane);
            let deadline = Deadline::from_now(&*self.clock, PATIENCE);
            let said = pulse.working(|| system.resolve(session, deadline));
            let failed = said.as_ref().err().filter(|failure| failure.code() != Code::H908);
            self.inputs.tell_change(WHAT, lane, session, &mut self.standing, failed);
            let settled = match said {
                Ok(Resolution::Decided(answer)) if !matches!(answer, CheckInAnswer::Choose(_)) => {
                    Some((answer.word(), answer.number().map(ToString::to_string)))
                }
                // A hospital that knows no session of ours is asked about people, whom nobody remembers any more: staff look.
                Err(failure) if failure.code() == Code::H908 => Some((Code::H908.as_str(), None)),
                Err(_) => {
                    silent.push(lane);
                    return true;
                }
                Ok(_) => None,
            };
            let Some((site, number)) = settled else {
                open.ask_at = self.clock.now().moment.after(open.wait);
                open.wait = open.wait.saturating_mul(2).min(LATEST);
                return true;
            };
            let record = Kept::Settled(Settled { session, site, number });
            // Where there is no room now, it is asked again.
            let entry = journalist::Entry { ticket: None, record };
            self.journal.upgrade().is_none_or(|journal| journal.offer(entry).is_err())
        });
    }

    /// After a restart the journal is read from where the oldest open one was opened; whoever stands there has not been
    /// decided about yet.
    fn acknowledge(&mut self) {
        let oldest = self.open.iter().map(|open| open.opened).min();
        let from = [oldest, self.whereabouts.before_the_last(UNDER_WAY)].into_iter().flatten().min();
        let done = from.and_then(|from| from.seq.checked_sub(1).map(|seq| Position { seq, ..from }));
        if done.is_some() && done != self.acknowledged {
            done.into_iter().for_each(|place| self.collector.acknowledge(place));
            self.acknowledged = done;
        }
    }
}
