//! A gate behind one output: one opening per grant, and what its sensors saw of it.

use std::{collections::VecDeque, time::Duration};

use embedded_hal::digital::{OutputPin, PinState};

use super::{DeviceError, Gate, GateEvent, GateSensor};
use crate::{
    fault::{Code, Fault as _},
    kiosk::{GateOutcome, Grant},
    words::{Moment, SessionId},
};

/// How a gate is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateTiming {
    /// How long the output stays active; none until somebody went through or [`GateTiming::pass_within`] is over.
    pub pulse: Option<Duration>,
    /// Least time from the end of one opening, or from somebody who went through, to the next opening.
    pub min_gap: Duration,
    /// Which sensors tell that somebody went through.
    pub passage: Passage,
    /// Who goes through must do so within this.
    pub pass_within: Duration,
    /// A passage or door that is open for longer is told of, and a sensor of the passage that is active for longer sees
    /// nobody: nothing is opened.
    pub held_open: Duration,
}

/// Which sensors a gate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// None: a grant ends with its pulse.
    Unseen,
    /// One: the gate controller's contact, or a light barrier.
    Contact,
    /// Two light barriers, one behind the other: the direction is known.
    Directed,
}

impl Default for GateTiming {
    fn default() -> Self {
        Self {
            pulse: Some(Duration::from_millis(300)),
            min_gap: Duration::from_secs(1),
            passage: Passage::Unseen,
            pass_within: Duration::from_secs(5),
            held_open: Duration::from_secs(30),
        }
    }
}

/// What opens a gate.
pub trait Contact {
    /// Opens it for this grant, or lets it go. `active_low`: a level opens it by being low.
    fn set(&mut self, opens: Option<Grant>, active_low: bool) -> Result<(), DeviceError>;

    /// Whether it is known only when it is let go that it has not opened: `set` of nobody fails with that then.
    fn answers_late(&self) -> bool {
        false
    }
}

impl<P: OutputPin> Contact for P {
    fn set(&mut self, opens: Option<Grant>, active_low: bool) -> Result<(), DeviceError> {
        let state = PinState::from(opens.is_some() != active_low);
        self.set_state(state).map_err(|error| DeviceError::Line(format!("{error:?}")))
    }
}

/// The driver. The output is at its safe value from construction to drop, but for its openings.
pub struct LineGate<P: Contact> {
    pin: P,
    active_low: bool,
    timing: GateTiming,
    /// The opening under way: its session, and when the output goes back.
    opening: Option<(SessionId, Moment)>,
    /// Who may go through, and until when.
    expected: Option<(SessionId, Moment)>,
    /// Who went through last, and when.
    last: Option<(SessionId, Moment)>,
    /// Grants that wait for the gap, or for the one before them.
    waiting: VecDeque<Grant>,
    ready_at: Moment,
    /// Sessions that had their opening.
    opened: Opened,
    sensors: Sensors,
    /// Why nothing is opened by us now.
    held: Option<Code>,
    /// Its line could not be switched, or is not ours yet: nobody knows its level.
    astray: bool,
}

/// What the sensors say now.
#[derive(Default)]
pub(super) struct Sensors {
    passage: bool,
    exit: bool,
    door: bool,
    /// The one of the passage that was reached first, and when; none while both are free.
    first: Option<(GateSensor, Moment)>,
    /// When passage or door began to be open, and whether that was told of.
    open: Option<(Moment, bool)>,
}

/// Which way somebody went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The lane's.
    Along,
    /// The other one.
    Against,
}

impl Sensors {
    /// Takes an edge, and says who went through by it.
    pub(super) fn edge(&mut self, now: Moment, passage: Passage, sensor: GateSensor, active: bool) -> Option<Way> {
        let place = match sensor {
            GateSensor::Passage => &mut self.passage,
            GateSensor::Exit => &mut self.exit,
            GateSensor::Door => &mut self.door,
        };
        if std::mem::replace(place, active) == active {
            return None;
        }
        let any = self.passage || self.exit || self.door;
        self.open = any.then_some(self.open.unwrap_or((now, false)));
        let first = self.first;
        if sensor != GateSensor::Door {
            self.first = (self.passage || self.exit).then_some(first.unwrap_or((sensor, now)));
        }
        match (passage, sensor, active, first.map(|(first, _)| first)) {
            (Passage::Contact, GateSensor::Passage, true, _)
            | (Passage::Directed, GateSensor::Exit, true, Some(GateSensor::Passage)) => Some(Way::Along),
            (Passage::Directed, GateSensor::Passage, true, Some(GateSensor::Exit)) => Some(Way::Against),
            _ => None,
        }
    }

    /// Nobody would be seen to go through, and whoever did would be taken off the check-in.
    pub(super) fn is_stuck(&self, now: Moment, timing: GateTiming) -> bool {
        let stuck = |(_, since): (GateSensor, Moment)| now.since(since) >= timing.held_open;
        timing.passage != Passage::Unseen && self.first.is_some_and(stuck)
    }
}

/// Sessions that had their opening, so that none opens twice.
#[derive(Default)]
pub(super) struct Opened(VecDeque<SessionId>);

impl Opened {
    const MOST: usize = 64;

    pub(super) fn has(&self, session: SessionId) -> bool {
        self.0.contains(&session)
    }

    pub(super) fn remember(&mut self, session: SessionId) {
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(session);
    }
}

/// Grants that may wait; each is void after some seconds anyway.
pub(super) const WAITING: usize = 4;

/// Whoever follows within this came behind somebody.
pub(super) const BEHIND: Duration = Duration::from_secs(5);

impl<P: Contact> LineGate<P> {
    /// Takes the line over and puts it to its safe value, now or as soon as it is there.
    pub fn new(pin: P, active_low: bool, timing: GateTiming) -> Self {
        let mut gate = Self {
            pin,
            active_low,
            timing,
            opening: None,
            expected: None,
            last: None,
            waiting: VecDeque::new(),
            ready_at: Moment::default(),
            opened: Opened::default(),
            sensors: Sensors::default(),
            held: None,
            astray: true,
        };
        let _ = gate.switch(None);
        gate
    }

    fn switch(&mut self, opens: Option<Grant>) -> Result<(), DeviceError> {
        let switched = self.pin.set(opens, self.active_low);
        self.astray = switched.is_err();
        switched
    }

    /// Whose opening somebody uses who comes now.
    fn behind(&self, now: Moment) -> Option<SessionId> {
        self.last.filter(|(_, at)| now.since(*at) < BEHIND).map(|(session, _)| session)
    }

    fn is_free(&self, now: Moment) -> bool {
        self.opening.is_none() && self.expected.is_none() && self.ready_at <= now
    }

    fn begin(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome> {
        if now > grant.deadline {
            return Some(GateOutcome::Failed(Code::G802));
        }
        // A line is taken at its safe value, and never by an opening.
        if self.astray {
            return Some(GateOutcome::Failed(Code::G801));
        }
        if self.sensors.is_stuck(now, self.timing) {
            return Some(GateOutcome::Failed(Code::G806));
        }
        // The end is armed before the beginning: whatever happens next, there is a deadline that ends the opening.
        let stands = self.timing.pulse.unwrap_or(self.timing.pass_within);
        self.opening = Some((grant.session, now.after(stands)));
        if self.timing.passage != Passage::Unseen {
            self.expected = Some((grant.session, now.after(self.timing.pass_within)));
        }
        if let Err(error) = self.switch(Some(grant)) {
            self.opening = None;
            self.expected = None;
            let _ = self.switch(None);
            return Some(GateOutcome::Failed(error.code()));
        }
        None
    }

    /// Puts the output back; what that means for the grant where nobody is seen to go through.
    fn end_opening(&mut self, now: Moment) -> Option<GateEvent> {
        let (session, _) = self.opening.take()?;
        self.ready_at = now.after(self.timing.min_gap);
        // A line has stood open for this person. Where it cannot be put back now, whoever looks after it tells of that, and
        // it opens for nobody else.
        let refused = self.switch(None).err().filter(|_| self.pin.answers_late());
        let outcome = refused.map_or(GateOutcome::Opened, |error| GateOutcome::Failed(error.code()));
        let is_told = match self.timing.passage {
            Passage::Unseen => true,
            _ => outcome != GateOutcome::Opened && self.expected.take().is_some(),
        };
        is_told.then_some(GateEvent::Ended(session, outcome))
    }

    /// Somebody went through, in the right direction.
    fn passed(&mut self, now: Moment) -> Vec<GateEvent> {
        let Some((session, _)) = self.expected.take() else {
            return vec![GateEvent::Alarm(self.behind(now), GateOutcome::Tailgated)];
        };
        self.last = Some((session, now));
        // The second leg of this one is not the next one.
        self.ready_at = self.ready_at.max(now.after(self.timing.min_gap));
        let mut events = vec![GateEvent::Ended(session, GateOutcome::Passed)];
        if self.timing.pulse.is_none() {
            events.extend(self.end_opening(now));
        }
        events
    }

    fn begin_waiting(&mut self, now: Moment) -> Vec<GateEvent> {
        let mut ended = Vec::new();
        while self.is_free(now)
            && let Some(grant) = self.waiting.pop_front()
        {
            ended.extend(self.begin(now, grant).map(|outcome| GateEvent::Ended(grant.session, outcome)));
        }
        ended
    }
}

impl<P: Contact + Send> Gate for LineGate<P> {
    fn open(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome> {
        if self.opened.has(grant.session) {
            return None;
        }
        if let Some(code) = self.held {
            return Some(GateOutcome::Failed(code));
        }
        self.opened.remember(grant.session);
        if !self.is_free(now) {
            if self.waiting.len() == WAITING {
                return Some(GateOutcome::Failed(Code::G802));
            }
            self.waiting.push_back(grant);
            return None;
        }
        self.begin(now, grant)
    }

    fn sensed(&mut self, now: Moment, sensor: GateSensor, active: bool) -> Vec<GateEvent> {
        let mut events = match self.sensors.edge(now, self.timing.passage, sensor, active) {
            Some(Way::Along) => self.passed(now),
            Some(Way::Against) => vec![GateEvent::Alarm(self.behind(now), GateOutcome::Reversed)],
            None => Vec::new(),
        };
        events.extend(self.begin_waiting(now));
        events
    }

    fn hold(&mut self, why: Option<Code>) -> Vec<GateEvent> {
        self.held = why;
        let Some(code) = why else { return Vec::new() };
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().map(|grant| GateEvent::Ended(grant.session, GateOutcome::Failed(code))).collect()
    }

    fn tend(&mut self) -> Result<(), DeviceError> {
        if self.opening.is_some() {
            return Ok(());
        }
        self.switch(None)
    }

    fn poll_timeout(&self) -> Option<Moment> {
        let opening = self.opening.map(|(_, end)| end);
        let expected = self.expected.map(|(_, until)| until);
        let waiting =
            (!self.waiting.is_empty() && self.opening.is_none() && self.expected.is_none()).then_some(self.ready_at);
        let untold = self.sensors.open.filter(|(_, told)| !told);
        let held = untold.map(|(since, _)| since.after(self.timing.held_open));
        [opening, expected, waiting, held].into_iter().flatten().min()
    }

    fn handle_timeout(&mut self, now: Moment) -> Vec<GateEvent> {
        let mut events = Vec::new();
        if self.opening.is_some_and(|(_, end)| end <= now) {
            events.extend(self.end_opening(now));
        }
        if let Some((session, until)) = self.expected
            && until <= now
        {
            self.expected = None;
            events.extend(self.end_opening(now));
            events.push(GateEvent::Ended(session, GateOutcome::Expired));
        }
        if let Some((since, told @ false)) = &mut self.sensors.open
            && since.after(self.timing.held_open) <= now
        {
            *told = true;
            // Whoever went through long before it was opened has nothing to do with it.
            let since = *since;
            events.push(GateEvent::Alarm(self.behind(since), GateOutcome::HeldOpen));
        }
        events.extend(self.begin_waiting(now));
        events
    }

    fn takes(&self) -> Duration {
        self.timing.pass_within.max(self.timing.pulse.unwrap_or_default())
    }

    fn safe(&mut self) -> Result<(), DeviceError> {
        self.opening = None;
        self.expected = None;
        self.waiting.clear();
        self.switch(None)
    }
}

impl<P: Contact> Drop for LineGate<P> {
    fn drop(&mut self) {
        // A dropped line keeps its level or not, as the kernel likes: it must be the safe one.
        let _ = self.switch(None);
    }
}
