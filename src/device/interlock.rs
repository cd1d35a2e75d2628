//! Two outputs of one gate, one for each direction: whoever is let in one way has gone before anybody is let in the other.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{DeviceError, Gate, GateEvent, GateSensor, gate::WAITING};
use crate::{
    fault::Code,
    kiosk::{GateOutcome, Grant},
    words::{Moment, SessionId},
};

/// One direction of a gate of two. Both live on the outputs' thread.
pub(super) struct Interlocked {
    gate: Box<dyn Gate>,
    way: usize,
    /// The sensors know which way somebody goes.
    directed: bool,
    both: Arc<Mutex<Both>>,
    waiting: VecDeque<Grant>,
    live: Option<SessionId>,
}

/// What both directions know.
#[derive(Default)]
struct Both {
    /// Which way is open.
    open: Option<usize>,
    /// What the sensors of one direction said, for the other one.
    seen: [VecDeque<(GateSensor, bool)>; 2],
}

/// What the sensors said and nobody has taken yet.
const SEEN: usize = 16;

/// The two directions of one gate, each with its own output. Two sensors, one behind the other, know the direction;
/// one alone sees whoever is let through.
pub fn interlocked(gates: [Box<dyn Gate>; 2], directed: bool) -> [Box<dyn Gate>; 2] {
    let both = Arc::new(Mutex::new(Both::default()));
    let mut way = 0;
    gates.map(|gate| {
        let one = Interlocked { gate, way, directed, both: Arc::clone(&both), waiting: VecDeque::new(), live: None };
        way += 1;
        Box::new(one) as Box<dyn Gate>
    })
}

impl Interlocked {
    fn both(&self) -> MutexGuard<'_, Both> {
        self.both.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This way, if neither is open.
    fn begin(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome> {
        self.both().open = Some(self.way);
        self.live = Some(grant.session);
        let outcome = self.gate.open(now, grant);
        if outcome.is_some() {
            self.ends();
        }
        outcome
    }

    /// Whoever may go this way has gone, or may no more.
    fn is_end(&self, event: &GateEvent) -> bool {
        matches!(event, GateEvent::Ended(session, _) if Some(*session) == self.live)
    }

    fn ends(&mut self) {
        self.live = None;
        self.both().open = None;
    }

    /// What happened, as it is to be told: in a gate of two directions no way is the wrong one.
    fn heard(&mut self, now: Moment, mut events: Vec<GateEvent>) -> Vec<GateEvent> {
        events.retain(|event| !matches!(event, GateEvent::Alarm(_, GateOutcome::Reversed)));
        if events.iter().any(|event| self.is_end(event)) {
            self.ends();
        }
        while self.both().open.is_none()
            && let Some(grant) = self.waiting.pop_front()
        {
            let outcome = self.begin(now, grant);
            events.extend(outcome.map(|outcome| GateEvent::Ended(grant.session, outcome)));
        }
        events
    }
}

impl Gate for Interlocked {
    fn open(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome> {
        let waits = |waiting: &Grant| waiting.session == grant.session;
        if self.live == Some(grant.session) || self.waiting.iter().any(waits) {
            return None;
        }
        if self.both().open.is_none() {
            return self.begin(now, grant);
        }
        if self.waiting.len() == WAITING {
            return Some(GateOutcome::Failed(Code::G802));
        }
        self.waiting.push_back(grant);
        None
    }

    fn poll_timeout(&self) -> Option<Moment> {
        let both = self.both();
        let is_due = !both.seen[self.way].is_empty() || both.open.is_none() && !self.waiting.is_empty();
        if is_due { Some(Moment::default()) } else { self.gate.poll_timeout() }
    }

    fn handle_timeout(&mut self, now: Moment) -> Vec<GateEvent> {
        let seen = std::mem::take(&mut self.both().seen[self.way]);
        let mut events: Vec<GateEvent> =
            seen.into_iter().flat_map(|(sensor, active)| self.gate.sensed(now, sensor, active)).collect();
        events.extend(self.gate.handle_timeout(now));
        self.heard(now, events)
    }

    /// What is the second sensor one way is the first one the other way.
    fn sensed(&mut self, now: Moment, sensor: GateSensor, active: bool) -> Vec<GateEvent> {
        let for_other = match sensor {
            GateSensor::Passage if self.directed => GateSensor::Exit,
            GateSensor::Exit if self.directed => GateSensor::Passage,
            sensor => sensor,
        };
        let other = 1 - self.way;
        let mut both = self.both();
        let is_others = both.open == Some(other);
        // That it has ended may be told to whoever never heard of it.
        let (ours, others) = if self.directed || !active { (true, true) } else { (!is_others, is_others) };
        if others && both.seen[other].len() < SEEN {
            both.seen[other].push_back((for_other, active));
        }
        drop(both);
        let events = if ours { self.gate.sensed(now, sensor, active) } else { Vec::new() };
        self.heard(now, events)
    }

    fn hold(&mut self, why: Option<Code>) -> Vec<GateEvent> {
        let mut events = self.gate.hold(why);
        // It may have waited for its gap.
        if events.iter().any(|event| self.is_end(event)) {
            self.ends();
        }
        if let Some(code) = why {
            let waiting = std::mem::take(&mut self.waiting);
            events.extend(waiting.into_iter().map(|grant| GateEvent::Ended(grant.session, GateOutcome::Failed(code))));
        }
        events
    }

    fn tend(&mut self) -> Result<(), DeviceError> {
        self.gate.tend()
    }

    /// The other way may have to be gone first.
    fn takes(&self) -> Duration {
        self.gate.takes().saturating_mul(2)
    }

    fn safe(&mut self) -> Result<(), DeviceError> {
        self.waiting.clear();
        self.ends();
        self.gate.safe()
    }
}
