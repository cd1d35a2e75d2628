//! The core, the gate's driver and a journal against random visits, failures, restarts and sensors: nothing is ever
//! opened without a live grant.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin};
use facemchd::{
    device::{Gate, GateEvent, GateSensor, GateTiming, LineGate, Passage},
    fault::{Code, Fault as _},
    kiosk::{Device, Grant, Input, Kiosk, KioskSettings, OutOfService, Output, Record, RecordTicket, Unfinished},
    words::{CheckInAnswer, LaneId, Moment, Now, PeerId, SessionId, WallTime},
};

use crate::{
    core::{admission, face, person, transit},
    dice::Dice,
};

const LANE: LaneId = LaneId(0);

/// A line that sometimes cannot be switched.
#[derive(Clone, Default)]
struct Line(Arc<Mutex<Level>>);

#[derive(Default)]
struct Level {
    active: bool,
    /// It cannot become active.
    broken: bool,
    /// It cannot be switched at all, and stays as it is.
    gone: bool,
    /// How often it became active.
    openings: usize,
}

#[derive(Debug)]
struct Broken;

impl Error for Broken {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Line {
    type Error = Broken;
}

impl Line {
    fn set(&self, active: bool) -> Result<(), Broken> {
        let mut level = self.0.lock().expect("not poisoned");
        if level.gone || level.broken && active {
            return Err(Broken);
        }
        level.openings += usize::from(active && !level.active);
        level.active = active;
        Ok(())
    }
}

impl OutputPin for Line {
    fn set_low(&mut self) -> Result<(), Broken> {
        self.set(false)
    }

    fn set_high(&mut self) -> Result<(), Broken> {
        self.set(true)
    }
}

struct World {
    core: Kiosk,
    gate: LineGate<Line>,
    line: Line,
    timing: GateTiming,
    now: Now,
    run: u64,
    buffer: Vec<(Option<RecordTicket>, Record)>,
    durable: Vec<Record>,
    /// Grants the core has given to the gate and not heard of yet.
    live: BTreeMap<SessionId, Grant>,
    opened: BTreeSet<SessionId>,
    to_find: BTreeSet<SessionId>,
    to_answer: BTreeSet<SessionId>,
    to_annul: BTreeSet<SessionId>,
    emergency: bool,
    faces: u64,
}

impl World {
    fn new(timing: GateTiming) -> Self {
        let now = Now { moment: Moment(Duration::from_secs(10)), wall: WallTime(1_700_000_000_000) };
        let line = Line::default();
        let settings = KioskSettings { run: 0, lanes: vec![transit()] };
        let mut world = Self {
            core: Kiosk::new(settings, Vec::new(), now),
            gate: LineGate::new(line.clone(), false, timing),
            line,
            timing,
            now,
            run: 0,
            buffer: Vec::new(),
            durable: Vec::new(),
            live: BTreeMap::new(),
            opened: BTreeSet::new(),
            to_find: BTreeSet::new(),
            to_answer: BTreeSet::new(),
            to_annul: BTreeSet::new(),
            emergency: false,
            faces: 0,
        };
        world.drain();
        world
    }

    fn give(&mut self, input: Input) {
        self.core.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Record { ticket, record } => self.buffer.push((ticket, record)),
                Output::LookUp { session, .. } => drop(self.to_find.insert(session)),
                Output::CheckIn(request) => drop(self.to_answer.insert(request.session)),
                Output::Annul { session, .. } => drop(self.to_annul.insert(session)),
                Output::Open { grant, .. } => {
                    self.live.insert(grant.session, grant);
                    let refused = self.watched(|gate, now| gate.open(now, grant));
                    let ended = refused.map(|outcome| GateEvent::Ended(grant.session, outcome));
                    self.hear(ended.into_iter().collect());
                }
                _ => {}
            }
        }
    }

    /// Lets the gate do something; an opening needs a live grant.
    fn watched<T>(&mut self, act: impl FnOnce(&mut LineGate<Line>, Moment) -> T) -> T {
        let before = self.line.0.lock().expect("not poisoned").openings;
        let result = act(&mut self.gate, self.now.moment);
        let after = self.line.0.lock().expect("not poisoned").openings;
        assert!(after - before <= 1, "opened twice at once");
        if after > before {
            assert!(!self.emergency, "opened while the fire input is active");
            let now = self.now.moment;
            let for_whom: Vec<SessionId> = self
                .live
                .values()
                .filter(|grant| now <= grant.deadline && !self.opened.contains(&grant.session))
                .map(|grant| grant.session)
                .collect();
            let first = for_whom.first().copied().expect("opened without a live grant");
            let decided = |record: &Record| matches!(record, Record::Decided { session, .. } if *session == first);
            assert!(self.durable.iter().any(decided), "opened before the decision is durable");
            self.opened.insert(first);
        }
        result
    }

    fn hear(&mut self, events: Vec<GateEvent>) {
        for event in events {
            match event {
                GateEvent::Ended(session, outcome) => {
                    self.live.remove(&session);
                    self.give(Input::Gated { session, outcome });
                }
                GateEvent::Alarm(session, alarm) => self.give(Input::GateAlarmed { lane: LANE, session, alarm }),
            }
        }
    }

    fn happen(&mut self, dice: &mut Dice) {
        match dice.roll(20) {
            0..=2 => {
                self.faces += 1;
                let face = face(&format!("sid-{}", self.faces - dice.roll(2).min(self.faces - 1)), self.faces, true);
                self.give(Input::Recognised { lane: LANE, peer: PeerId(1), arrival: face });
            }
            3..=5 => self.sync(),
            6 => {
                if let Some(session) = self.to_find.pop_first() {
                    self.give(Input::Found { session, result: Ok(person("张三")) });
                }
            }
            7 | 8 => {
                if let Some(session) = self.to_answer.pop_first() {
                    let answer = match dice.roll(4) {
                        0 => CheckInAnswer::NotFound,
                        1 => CheckInAnswer::Already(admission("A1")),
                        2 => CheckInAnswer::ReQueued(admission("A2")),
                        _ => CheckInAnswer::Admitted(admission("A1")),
                    };
                    self.give(Input::Answered { session, answer });
                }
            }
            9 | 10 => self.pass(Duration::from_millis(dice.roll(3000))),
            11 => {
                let sensor = [GateSensor::Passage, GateSensor::Exit, GateSensor::Door][dice.roll(3_usize)];
                let active = dice.toss();
                let events = self.watched(|gate, now| gate.sensed(now, sensor, active));
                self.hear(events);
            }
            12 => {
                self.emergency = dice.toss();
                let on = self.emergency;
                let events = self.watched(|gate, _| gate.hold(on.then_some(Code::G807)));
                self.hear(events);
                self.give(Input::OutOfService { lane: LANE, why: OutOfService::Emergency, on });
            }
            13 => {
                let mut level = self.line.0.lock().expect("not poisoned");
                (level.broken, level.gone) = (dice.toss(), dice.roll(4) == 0);
                drop(level);
                let tended = self.watched(|gate, _| gate.tend());
                let fault = tended.err().map(|error| error.code().into());
                let level = self.line.0.lock().expect("not poisoned");
                assert!(level.gone || !level.active || self.gate.poll_timeout().is_some(), "open and left alone");
                drop(level);
                self.give(Input::DeviceChanged { lane: LANE, device: Device::Gate, fault });
            }
            14 => match dice.roll(3) {
                0 => self.power_cut(),
                1 => {
                    let fault = dice.toss().then(|| Code::D601.into());
                    self.give(Input::DeviceChanged { lane: LANE, device: Device::Panel, fault });
                }
                _ => self.give(Input::Cancelled { lane: LANE, peer: PeerId(1), seq: 9, session: None }),
            },
            15 => {
                if let Some(session) = self.to_annul.pop_first() {
                    self.give(Input::Annulled { session, result: Ok(()) });
                }
            }
            // Somebody for whom everything goes well, up to the gate.
            _ => {
                self.faces += 1;
                let face = face(&format!("sid-{}", self.faces), self.faces, true);
                self.give(Input::Recognised { lane: LANE, peer: PeerId(1), arrival: face });
                self.sync();
                while let Some(session) = self.to_find.pop_first() {
                    self.give(Input::Found { session, result: Ok(person("张三")) });
                }
                self.sync();
                while let Some(session) = self.to_answer.pop_first() {
                    self.give(Input::Answered { session, answer: CheckInAnswer::Admitted(admission("A1")) });
                }
                self.sync();
            }
        }
    }

    fn sync(&mut self) {
        for (ticket, record) in std::mem::take(&mut self.buffer) {
            self.durable.push(record);
            if let Some(ticket) = ticket {
                self.give(Input::Recorded { ticket });
            }
        }
    }

    fn pass(&mut self, duration: Duration) {
        let end = self.now.moment.after(duration);
        loop {
            let due = self.gate.poll_timeout().into_iter().chain(self.core.poll_timeout()).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now.moment = due.max(self.now.moment);
            let events = self.watched(|gate, now| gate.handle_timeout(now));
            self.hear(events);
            self.core.handle_timeout(self.now);
            self.drain();
        }
        self.now.moment = end;
    }

    /// What was not durable is gone; the line falls to its safe value.
    fn power_cut(&mut self) {
        self.buffer.clear();
        self.live.clear();
        self.to_find.clear();
        self.to_answer.clear();
        self.to_annul.clear();
        self.emergency = false;
        self.run += 1;
        *self.line.0.lock().expect("not poisoned") = Level::default();
        self.gate = LineGate::new(self.line.clone(), false, self.timing);
        assert!(!self.line.0.lock().expect("not poisoned").active, "open after a restart");
        let mut open: BTreeMap<SessionId, Unfinished> = BTreeMap::new();
        for record in &self.durable {
            let session = record.session();
            match record {
                Record::Opened { lane, .. } => {
                    open.insert(session, Unfinished::opened(session, *lane));
                }
                Record::CheckingIn { .. } => open.get_mut(&session).expect("opened").reached_check_in = true,
                Record::Decided { result, code, .. } => {
                    open.get_mut(&session).expect("opened").decided = Some((*result, *code));
                }
                Record::Gated { outcome, .. } if outcome.nobody_went_through() => {
                    open.get_mut(&session).expect("opened").to_annul = outcome.code();
                }
                Record::Gated { .. } => drop(open.get_mut(&session).map(|left| left.gated = true)),
                Record::Closed { .. } => drop(open.remove(&session)),
                _ => {}
            }
        }
        let settings = KioskSettings { run: self.run, lanes: vec![transit()] };
        self.core = Kiosk::new(settings, open.into_values().collect(), self.now);
        self.drain();
    }
}

#[test]
fn in_a_hundred_thousand_random_runs_nothing_opens_without_a_live_grant() {
    let sequences: u64 = std::env::var("GATE_SEQUENCES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let openings = RefCell::new(0);
    let timings = [
        GateTiming::default(),
        GateTiming { passage: Passage::Contact, ..GateTiming::default() },
        GateTiming { passage: Passage::Directed, pulse: None, ..GateTiming::default() },
    ];
    for seed in 1..=sequences {
        let mut dice = Dice::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut world = World::new(timings[usize::try_from(seed % 3).expect("small")]);
            for _ in 0..30 {
                world.happen(&mut dice);
            }
            *openings.borrow_mut() += world.opened.len();
        }));
        if run.is_err() {
            panic!("seed {seed}");
        }
    }
    let openings = openings.into_inner();
    println!("{sequences} runs, {openings} openings");
    assert!(openings > usize::try_from(sequences).expect("small"), "the runs reach the gate: {openings}");
}
