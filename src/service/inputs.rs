//! The inputs' thread of a lane: edges to what they mean, to the outputs' thread and the loop.
//!
//! A thread and not a task of the loop: the fire input and the gate's sensors reach the outputs' thread whatever the
//! loop is at.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::{Inputs, channel::Entrance, outputs::Order};
use crate::{
    device::{Debouncer, DeviceError, InputLine, InputLines, Role},
    fault::Code,
    kiosk::{Device, Input, OutOfService},
    words::{Clock, LaneId},
};

/// The inputs of a lane, as wired.
pub struct InputPart {
    /// Whose they are.
    pub lane: LaneId,
    /// What each line is.
    pub lines: Vec<InputLine>,
    /// The lines.
    pub source: Box<dyn InputLines>,
}

/// How often lines are looked at whatever happens: an edge may have been lost, a chip may have gone without a word.
const LOOK: Duration = Duration::from_secs(5);

/// The same while some are not to be had.
const LOOK_SOON: Duration = Duration::from_secs(1);

/// After a failure.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What the fire inputs of all lanes say: G807 while one of them is active, D602 while one cannot be read.
pub(super) struct FireWatch {
    /// How many lanes there are: fire is everybody's.
    lanes: u16,
    outputs: Entrance<Order>,
    inputs: Inputs,
    /// Why nothing is opened, by the lane that watches; what the outputs were told stands beside it.
    reasons: Mutex<(BTreeMap<LaneId, Code>, Option<Code>)>,
}

/// Where changes go.
struct Listener {
    lane: LaneId,
    fire: Arc<FireWatch>,
    /// The lane's own fire input.
    burns: bool,
    /// Lines that cannot be read, as the loop was told: none before the first look.
    absent: Option<BTreeSet<usize>>,
    /// The lane's own fire input is among them.
    blind: bool,
}

impl FireWatch {
    /// `blind`: lanes whose fire input could not be read at the start; the loop knows of them.
    pub(super) fn new(lanes: u16, blind: Vec<LaneId>, outputs: Entrance<Order>, inputs: Inputs) -> Arc<Self> {
        let reasons: BTreeMap<LaneId, Code> = blind.into_iter().map(|lane| (lane, Code::D602)).collect();
        let joint = reasons.values().copied().max();
        if joint.is_some() {
            outputs.send(Order::Hold { why: joint });
        }
        Arc::new(Self { lanes, outputs, inputs, reasons: Mutex::new((reasons, joint)) })
    }

    /// One lane's fire input has changed. The outputs' thread hears of it first. False when the loop has gone.
    fn tell(&self, lane: LaneId, why: Option<Code>) -> bool {
        // Held while it is told: two inputs that change at once must not overtake each other.
        let mut guard = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let (reasons, told) = &mut *guard;
        match why {
            Some(code) => reasons.insert(lane, code),
            None => reasons.remove(&lane),
        };
        // A fire that is seen counts for more than one that may be.
        let joint = reasons.values().copied().max();
        let before = std::mem::replace(told, joint);
        if before == joint {
            return true;
        }
        self.outputs.send(Order::Hold { why: joint });
        let (burnt, burns) = (before == Some(Code::G807), joint == Some(Code::G807));
        let fault = joint.filter(|_| !burns).map(Into::into);
        (0..self.lanes).map(LaneId).all(|lane| {
            let seen = Input::DeviceChanged { lane, device: Device::Fire, fault };
            let fire = Input::OutOfService { lane, why: OutOfService::Emergency, on: burns };
            self.inputs.blocking_send(seen).is_ok() && (burnt == burns || self.inputs.blocking_send(fire).is_ok())
        })
    }
}

pub(super) fn spawn(part: InputPart, fire: &Arc<FireWatch>, clock: &Arc<dyn Clock>) -> io::Result<()> {
    let clock = Arc::clone(clock);
    let fire = Arc::clone(fire);
    let mut listener = Listener { lane: part.lane, fire, burns: false, absent: None, blind: false };
    thread::Builder::new()
        .name("inputs".to_owned())
        .stack_size(128 * 1024)
        .spawn(move || {
            // Not joined: it waits for an edge that may never come, and holds nothing that must be put back.
            listener.listen(part, &*clock);
        })
        .map(drop)
}

impl Listener {
    fn listen(&mut self, part: InputPart, clock: &dyn Clock) {
        let InputPart { lines, mut source, .. } = part;
        let mut debouncer = Debouncer::new(&lines, source.is_debounced());
        let mut look_at = clock.now().moment;
        loop {
            let now = clock.now().moment;
            if look_at <= now {
                let seen = source.look();
                seen.levels.into_iter().for_each(|(line, high)| debouncer.level(now, line, high));
                look_at = now.after(if seen.absent.is_empty() { LOOK } else { LOOK_SOON });
                if !self.tell_absent(&lines, seen.absent) {
                    return;
                }
            }
            for (role, active) in debouncer.changes(now) {
                if !self.tell(role, active) {
                    return;
                }
            }
            let due = debouncer.poll_timeout().map_or(look_at, |due| due.min(look_at));
            match source.wait(due.since(clock.now().moment)) {
                Ok(edge) => {
                    let now = clock.now().moment;
                    edge.into_iter().for_each(|(line, high)| debouncer.level(now, line, high));
                }
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return,
                Err(_) => {
                    // The look says which line it is, and why.
                    thread::sleep(LOOK_AGAIN);
                    look_at = clock.now().moment;
                }
            }
        }
    }

    /// Lines that cannot be read, each change once. A lane of which not everything can be watched serves nobody, and
    /// without a fire input that can be read nobody is let in anywhere. False when the loop has gone.
    fn tell_absent(&mut self, lines: &[InputLine], absent: Vec<(usize, DeviceError)>) -> bool {
        let now: BTreeSet<usize> = absent.iter().map(|(line, _)| *line).collect();
        let before = self.absent.replace(now.clone());
        if before.as_ref() == Some(&now) {
            return true;
        }
        let before = before.unwrap_or_default();
        for (_, error) in absent.into_iter().filter(|(line, _)| !before.contains(line)) {
            self.fire.inputs.tell("an input cannot be read", self.lane, None, &error.into());
        }
        for _ in before.difference(&now) {
            self.fire.inputs.tell_mended("an input is there again", self.lane, Code::D602);
        }
        let is_fire = |line: &usize| lines.get(*line).is_some_and(|line| line.role == Role::Fire);
        self.blind = now.iter().any(is_fire);
        let fault = now.iter().any(|line| !is_fire(line)).then(|| Code::D602.into());
        self.tell_fire() && self.input(Input::DeviceChanged { lane: self.lane, device: Device::Inputs, fault })
    }

    /// What the lane's own fire input says: while it is not to be read it is as it was.
    fn tell_fire(&self) -> bool {
        let why = if self.burns { Some(Code::G807) } else { self.blind.then_some(Code::D602) };
        self.fire.tell(self.lane, why)
    }

    /// The outputs' thread first. False when the loop has gone.
    fn tell(&mut self, role: Role, active: bool) -> bool {
        let lane = self.lane;
        let fault = |code: Code| active.then(|| code.into());
        match role {
            Role::Fire => {
                self.tell_contact("the fire input", Code::G807, active);
                self.burns = active;
                self.tell_fire()
            }
            Role::Gate(sensor) => self.fire.outputs.send(Order::Sensed { lane, sensor, active }),
            Role::Button(button) if active => self.input(Input::Pressed { lane, button }),
            Role::Button(_) => true,
            Role::OutOfService(why) => self.input(Input::OutOfService { lane, why, on: active }),
            Role::Tamper => {
                self.tell_contact("the case's contact", Code::D603, active);
                self.input(Input::DeviceChanged { lane, device: Device::Case, fault: fault(Code::D603) })
            }
            Role::PaperLow => {
                self.tell_contact("the contact at the roll: nearly out", Code::P706, active);
                self.input(Input::PaperLow { lane, low: active })
            }
            Role::PaperOut => {
                self.tell_contact("the contact at the roll: out", Code::P702, active);
                self.input(Input::DeviceChanged { lane, device: Device::Paper, fault: fault(Code::P702) })
            }
        }
    }

    /// A contact that says that something is wrong, or no longer.
    fn tell_contact(&self, what: &'static str, code: Code, active: bool) {
        match active {
            true => drop(self.fire.inputs.tell(what, self.lane, None, &code.into())),
            false => self.fire.inputs.tell_mended(&format!("{what}: no longer"), self.lane, code),
        }
    }

    fn input(&self, input: Input) -> bool {
        self.fire.inputs.blocking_send(input).is_ok()
    }
}
