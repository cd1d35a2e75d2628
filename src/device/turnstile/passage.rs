//! What becomes of grants at a gate that is spoken with. Neither bytes nor clocks: time is an argument, and what was
//! answered is given.

use std::{collections::VecDeque, time::Duration};

use super::{Action, Manner, Side, State, Status};
use crate::{
    device::{
        GateEvent, GateTiming, Passage,
        gate::{BEHIND, WAITING},
    },
    fault::Code,
    kiosk::{GateOutcome, Grant},
    words::{Moment, SessionId},
};

/// One gate, of one direction or two: one grant at a time, whoever's it is.
pub struct Passageway {
    manner: Manner,
    /// Of the sides that a lane has.
    lanes: [Option<GateTiming>; 2],
    /// Whoever comes through a side that no lane has is nobody's business.
    other_way_free: bool,
    stage: Stage,
    waiting: VecDeque<(Side, Grant)>,
    ready_at: Moment,
    poll_at: Moment,
    /// Who went through last, where and when.
    last: Option<(Side, SessionId, Moment)>,
    /// What was counted, by side; none before the first answer.
    counted: [Option<u32>; 2],
    alarms: [bool; 4],
    /// When each kind of alarm was told last.
    told: [Option<Moment>; 4],
    /// Something was answered since the opening was written.
    answered: bool,
    held: Option<Code>,
    events: Vec<(Side, GateEvent)>,
}

/// How far the grant under way is.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// There is none.
    Rest,
    /// It is to be opened for.
    Asking(Side, Grant),
    /// The opening was written; nothing says yet that it was carried out.
    Asked(Live),
    /// It stands open.
    Open(Live),
    /// It is to be closed; for whom it stood open, and what that came to.
    Closing { live: Option<(Side, SessionId, GateOutcome)>, tries: u8, again: Moment },
}

#[derive(Clone, Copy, Debug)]
struct Live {
    side: Side,
    session: SessionId,
    since: Moment,
    /// It has to be through by then.
    until: Moment,
}

/// What asking came to.
#[derive(Clone, Copy, Debug)]
pub enum Done {
    /// Nothing was written.
    Unsent,
    /// Something was written, and no answer came.
    Silent,
    /// This was answered.
    Answered(Status),
}

/// The same alarm is not told again within this: counters and alarm bytes speak of the same person.
const ONCE: Duration = Duration::from_secs(3);

/// How often a gate is asked that somebody is to go through.
const WATCHED: Duration = Duration::from_millis(100);

/// How soon a gate is told to close again that did not answer.
const CLOSE_AGAIN: Duration = Duration::from_millis(300);

/// More people between two answers than can have gone through: the counter began anew.
const CROWD: u32 = 50;

const ALARMS: [GateOutcome; 4] =
    [GateOutcome::Tailgated, GateOutcome::Reversed, GateOutcome::HeldOpen, GateOutcome::Forced];

impl Passageway {
    /// Nobody may go through. `lanes` are the sides that have one.
    pub fn new(manner: Manner, lanes: [Option<GateTiming>; 2], other_way_free: bool) -> Self {
        Self {
            manner,
            lanes,
            other_way_free,
            // What does not close by itself may stand open since an earlier run.
            stage: match manner.pulse {
                Some(_) => Stage::Closing { live: None, tries: 0, again: Moment::default() },
                None => Stage::Rest,
            },
            waiting: VecDeque::new(),
            ready_at: Moment::default(),
            poll_at: Moment::default(),
            last: None,
            counted: [None; 2],
            alarms: [false; 4],
            told: [None; 4],
            answered: false,
            held: None,
            events: Vec::new(),
        }
    }

    /// Somebody may go through.
    pub fn grant(&mut self, side: Side, grant: Grant) {
        match self.held {
            Some(code) => self.ends(side, grant.session, GateOutcome::Failed(code)),
            None if self.waiting.len() == WAITING => {
                self.ends(side, grant.session, GateOutcome::Failed(Code::G802));
            }
            None => self.waiting.push_back((side, grant)),
        }
    }

    /// While there is a reason nothing is opened, and nothing closed either: whoever is in the way out stays free.
    pub fn hold(&mut self, now: Moment, why: Option<Code>) {
        self.held = why;
        let Some(code) = why else { return };
        if matches!(self.stage, Stage::Closing { .. }) && self.manner.pulse.is_none() {
            self.closed(now);
        }
        let asking = match self.stage {
            Stage::Asking(side, grant) => {
                self.stage = Stage::Rest;
                Some((side, grant))
            }
            _ => None,
        };
        for (side, grant) in asking.into_iter().chain(std::mem::take(&mut self.waiting)) {
            self.ends(side, grant.session, GateOutcome::Failed(code));
        }
    }

    /// Whoever has not gone through does not any more.
    pub fn withdraw(&mut self, now: Moment) {
        self.waiting.clear();
        self.stage = match self.stage {
            Stage::Asked(live) | Stage::Open(live) => self.closing(now, live, GateOutcome::Unknown),
            Stage::Asking(..) => Stage::Rest,
            stage => stage,
        };
    }

    /// A sensor of the lane's own says that somebody goes through, or comes the other way.
    pub fn sensed(&mut self, now: Moment, side: Side, against: bool) {
        // What is counted is not counted twice, and the other way's lane has eyes of its own.
        if self.manner.counts || against && self.lanes[side.other().index()].is_some() {
            return;
        }
        let mut passed = [0; 2];
        passed[if against { side.other() } else { side }.index()] = 1;
        self.went_through(now, passed);
    }

    /// The lane has a sensor of its own.
    fn sees(&self, side: Side) -> bool {
        self.timing(side).passage != Passage::Unseen
    }

    /// What may not wait behind other gates. One that does not close for as long as this is waits with the others.
    pub(crate) fn is_urgent(&self) -> bool {
        !self.is_overdue() && !matches!(self.stage, Stage::Rest | Stage::Open(_))
    }

    /// It was told to close as often as is tried, and goes on to be told.
    pub(crate) fn stays_on(&self) -> bool {
        self.manner.pulse.is_some() && self.is_overdue()
    }

    fn is_overdue(&self) -> bool {
        matches!(self.stage, Stage::Closing { tries, .. } if tries > self.manner.retries)
    }

    /// Nothing is under way.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(self.stage, Stage::Rest)
    }

    /// What happened since the last time.
    pub fn events(&mut self) -> Vec<(Side, GateEvent)> {
        std::mem::take(&mut self.events)
    }

    /// What is to be asked for now. What came of it is told by [`Passageway::done`].
    pub fn next(&mut self, now: Moment) -> Option<Action> {
        self.pass(now);
        match self.stage {
            Stage::Asking(side, _) => Some(Action::Open(side)),
            // What the last closing came to is read before the next one, however late its turn comes.
            Stage::Closing { again, tries, .. } if again <= now && (tries == 0 || again <= self.poll_at) => {
                Some(Action::Close)
            }
            _ => (self.poll_at <= now).then_some(Action::Status),
        }
    }

    /// When there may be something to ask for.
    pub fn due(&self) -> Moment {
        let stage = match self.stage {
            Stage::Rest => (!self.waiting.is_empty()).then_some(self.ready_at),
            Stage::Asking(..) => Some(Moment::default()),
            Stage::Asked(live) | Stage::Open(live) => Some(self.ends_at(live)),
            Stage::Closing { again, .. } => Some(again),
        };
        stage.map_or(self.poll_at, |stage| stage.min(self.poll_at))
    }

    /// What came of asking, which began at `began`.
    pub fn done(&mut self, began: Moment, now: Moment, action: Action, done: Done) {
        if let (Action::Open(side), Stage::Asking(_, grant)) = (action, self.stage) {
            if matches!(done, Done::Unsent) {
                self.stage = Stage::Rest;
                return self.ends(side, grant.session, GateOutcome::Failed(Code::G810));
            }
            if let Done::Answered(status) = done {
                // Whoever went through before it opened was not let through.
                let passed = self.count(status.passed);
                self.went_through(now, passed);
            }
            let until = began.after(self.timing(side).pass_within);
            self.stage = Stage::Asked(Live { side, session: grant.session, since: now, until });
            self.answered = false;
        }
        match done {
            Done::Answered(status) => self.heard(now, action, status),
            Done::Unsent | Done::Silent => self.unheard(now, action),
        }
        // What an action came to is read at once.
        let acted = matches!(self.stage, Stage::Asked(_) | Stage::Closing { .. }) && action != Action::Status;
        let asked_soon = acted && (self.manner.knows_state || matches!(self.stage, Stage::Asked(_)));
        let watched = if asked_soon { Duration::ZERO } else { WATCHED.min(self.manner.poll) };
        self.poll_at = now.after(if self.is_at_rest() { self.manner.poll } else { watched });
    }

    /// Time goes on.
    fn pass(&mut self, now: Moment) {
        while let Some(late) = self.waiting.iter().position(|(_, grant)| now > grant.deadline)
            && let Some((side, grant)) = self.waiting.remove(late)
        {
            self.ends(side, grant.session, GateOutcome::Failed(Code::G802));
        }
        if let Stage::Asking(side, grant) = self.stage
            && now > grant.deadline
        {
            self.stage = Stage::Rest;
            self.ends(side, grant.session, GateOutcome::Failed(Code::G802));
        }
        match self.stage {
            Stage::Asked(live) if self.ends_at(live) <= now => {
                let outcome = match (self.answered, self.manner.knows_state || !self.manner.counts) {
                    (true, true) => GateOutcome::Failed(Code::G811),
                    // It may have stood open.
                    (true, false) => GateOutcome::Expired,
                    (false, _) => GateOutcome::Failed(Code::G810),
                };
                self.stage = self.closing(now, live, outcome);
            }
            Stage::Open(live) if self.ends_at(live) <= now => {
                let outcome =
                    if self.manner.counts || self.sees(live.side) { GateOutcome::Expired } else { GateOutcome::Opened };
                self.stage = self.closing(now, live, outcome);
            }
            Stage::Rest if self.ready_at <= now => {
                if let Some((side, grant)) = self.waiting.pop_front() {
                    self.stage = Stage::Asking(side, grant);
                    self.pass(now);
                }
            }
            _ => {}
        }
    }

    /// When the stage of an opening is over.
    fn ends_at(&self, live: Live) -> Moment {
        let of_stage = match self.stage {
            Stage::Asked(_) if self.manner.knows_state && self.answered => live.since.after(self.manner.opens_within),
            Stage::Open(_) => self.manner.pulse.map_or(live.until, |pulse| live.since.after(pulse)),
            _ => live.until,
        };
        of_stage.min(live.until)
    }

    fn heard(&mut self, now: Moment, action: Action, status: Status) {
        self.answered = true;
        let passed = self.count(status.passed);
        self.went_through(now, passed);
        match self.stage {
            Stage::Asked(live) if self.confirms(action, status.state, live.side) => {
                let seen_to_its_end = self.manner.counts || self.manner.pulse.is_some() || self.sees(live.side);
                self.stage =
                    if seen_to_its_end { Stage::Open(live) } else { self.over(now, live, GateOutcome::Opened) };
            }
            Stage::Closing { .. } => match (status.state, action) {
                (State::Closed, _) => self.closed(now),
                (State::Unsaid, Action::Close) if !self.manner.knows_state => self.closed(now),
                (_, Action::Close) => self.close_again(now),
                _ => {}
            },
            _ => {}
        }
        for (index, (alarm, outcome)) in status.alarms.into_iter().zip(ALARMS).enumerate() {
            if alarm && !std::mem::replace(&mut self.alarms[index], alarm) {
                self.alarm(now, None, outcome);
            }
            self.alarms[index] = alarm;
        }
    }

    fn unheard(&mut self, now: Moment, action: Action) {
        if action == Action::Close {
            self.close_again(now);
        }
    }

    fn confirms(&self, action: Action, state: State, side: Side) -> bool {
        match self.manner.knows_state {
            true => state == State::Open(side),
            false => action == Action::Open(side),
        }
    }

    /// How many went through since the last answer, by side.
    fn count(&mut self, passed: [Option<u32>; 2]) -> [u32; 2] {
        let mut since = [0; 2];
        for ((counted, passed), since) in self.counted.iter_mut().zip(passed).zip(&mut since) {
            if let Some(now) = passed {
                let before = counted.replace(now).unwrap_or(now);
                let more = now.wrapping_sub(before) & self.manner.count_mask;
                *since = if more <= CROWD { more } else { 0 };
            }
        }
        since
    }

    fn went_through(&mut self, now: Moment, mut passed: [u32; 2]) {
        let live = match self.stage {
            Stage::Asked(live) | Stage::Open(live) => Some((live.side, live.session)),
            Stage::Closing { live: Some((side, session, _)), .. } => Some((side, session)),
            _ => None,
        };
        if let Some((side, session)) = live.filter(|(side, _)| passed[side.index()] > 0) {
            passed[side.index()] -= 1;
            self.last = Some((side, session, now));
            self.ends(side, session, GateOutcome::Passed);
            self.stage = match self.stage {
                Stage::Closing { tries, again, .. } => Stage::Closing { live: None, tries, again },
                _ if self.manner.pulse.is_some() => Stage::Closing { live: None, tries: 0, again: now },
                _ => self.rest(now, side),
            };
        }
        for side in Side::BOTH.into_iter().filter(|side| passed[side.index()] > 0) {
            let against = live.is_some_and(|(other, _)| other != side);
            if self.lanes[side.index()].is_some() && !against {
                self.alarm(now, Some(side), GateOutcome::Tailgated);
            } else if !self.other_way_free {
                self.alarm(now, Some(side.other()), GateOutcome::Reversed);
            }
        }
    }

    /// An alarm, at this side or wherever somebody is or was a moment ago.
    fn alarm(&mut self, now: Moment, side: Option<Side>, outcome: GateOutcome) {
        let index = ALARMS.iter().position(|alarm| *alarm == outcome).unwrap_or(0);
        if self.told[index].is_some_and(|told| now.since(told) < ONCE) {
            return;
        }
        self.told[index] = Some(now);
        let last = self.last.filter(|(_, _, at)| now.since(*at) < BEHIND);
        let live = match self.stage {
            Stage::Asking(side, _) | Stage::Asked(Live { side, .. }) | Stage::Open(Live { side, .. }) => Some(side),
            _ => last.map(|(side, ..)| side),
        };
        let has_lane = |side: &Side| self.lanes[side.index()].is_some();
        let side = side.or(live).filter(has_lane).or_else(|| Side::BOTH.into_iter().find(has_lane));
        let Some(side) = side else { return };
        let behind = last.filter(|(other, ..)| *other == side);
        self.events.push((side, GateEvent::Alarm(behind.map(|(_, session, _)| session), outcome)));
    }

    /// Somebody's time is over: the gate is closed where it can be, unless there may be a fire.
    fn closing(&mut self, now: Moment, live: Live, outcome: GateOutcome) -> Stage {
        if self.manner.closes && (self.held.is_none() || self.manner.pulse.is_some()) {
            return Stage::Closing { live: Some((live.side, live.session, outcome)), tries: 0, again: now };
        }
        self.over(now, live, outcome)
    }

    fn over(&mut self, now: Moment, live: Live, outcome: GateOutcome) -> Stage {
        self.ends(live.side, live.session, outcome);
        self.rest(now, live.side)
    }

    fn rest(&mut self, now: Moment, side: Side) -> Stage {
        self.ready_at = now.after(self.timing(side).min_gap);
        Stage::Rest
    }

    /// It is closed.
    fn closed(&mut self, now: Moment) {
        let Stage::Closing { live, .. } = self.stage else { return };
        let side = live.map_or(Side::Left, |(side, ..)| side);
        if let Some((side, session, outcome)) = live {
            self.ends(side, session, outcome);
        }
        self.stage = self.rest(now, side);
    }

    /// It did not say that it is closed. One that closes by itself is left to it; one that does not is told again, for as
    /// long as it takes, and its grant is over.
    fn close_again(&mut self, now: Moment) {
        let Stage::Closing { live, tries, .. } = &mut self.stage else { return };
        *tries = tries.saturating_add(1);
        if *tries <= self.manner.retries {
            let (live, tries) = (*live, *tries);
            self.stage = Stage::Closing { live, tries, again: now.after(CLOSE_AGAIN) };
        } else if self.manner.pulse.is_some() {
            if let Some((side, session, outcome)) = live.take() {
                let failed = matches!(outcome, GateOutcome::Failed(_));
                self.ends(side, session, if failed { outcome } else { GateOutcome::Failed(Code::G810) });
            }
            self.stage = Stage::Closing { live: None, tries: u8::MAX, again: now.after(CLOSE_AGAIN) };
        } else {
            self.closed(now);
        }
    }

    fn ends(&mut self, side: Side, session: SessionId, outcome: GateOutcome) {
        self.events.push((side, GateEvent::Ended(session, outcome)));
    }

    fn timing(&self, side: Side) -> GateTiming {
        self.lanes[side.index()].unwrap_or_default()
    }
}
