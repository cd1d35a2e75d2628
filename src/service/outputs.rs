//! The outputs' thread: gates, lights, buzzers, with deadlines of their own that nothing else can delay.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use tokio::sync::mpsc::error::TrySendError;

use super::{Inputs, worker::Worker};
use crate::{
    device::{DeviceError, Gate, GateEvent, GateSensor, Indicator},
    fault::{Code, Failure},
    kiosk::{Device, Grant, Input, Signal},
    words::{Clock, LaneId, Moment, Now, Quiet},
};

/// What the thread is told.
pub(super) enum Order {
    /// Open a gate once.
    Open { lane: LaneId, grant: Grant },
    /// A sensor of a gate changed.
    Sensed { lane: LaneId, sensor: GateSensor, active: bool },
    /// Nothing is opened while there is a reason: fire (G807), or a fire input that cannot be read (D602).
    Hold { why: Option<Code> },
    /// Let lights and buzzer say something.
    Indicate { lane: LaneId, signal: Signal },
    /// Everything to its safe value, and end.
    Close,
}

/// One lane's outputs.
#[derive(Default)]
pub(super) struct LaneOutputs {
    pub(super) gate: Option<Box<dyn Gate>>,
    pub(super) indicator: Option<Box<dyn Indicator>>,
    quiet: Quiet,
    told: Told,
}

/// What the loop was told of a lane's outputs: none before the first look.
#[derive(Default)]
struct Told {
    gate: Option<Option<Code>>,
    indicator: Option<Option<Code>>,
}

/// How often outputs are looked after: a chip may come late, go, and come again.
const TEND: Duration = Duration::from_secs(2);

/// The same while one of them is not to be had.
const TEND_SOON: Duration = Duration::from_millis(500);

/// How soon an event is offered again that the loop had no room for.
const OFFER_AGAIN: Duration = Duration::from_millis(50);

/// Events kept for a loop that hangs; the watchdog ends it before there are more.
const UNTOLD: usize = 256;

pub(super) fn spawn(
    mut lanes: Vec<(LaneId, LaneOutputs)>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Order>> {
    let reader = Arc::clone(clock);
    Worker::spawn_reading("outputs", 64, Duration::from_secs(2), clock, move |orders, pulse| {
        // An opening must end even while the loop hangs, so events are offered and never waited with.
        let mut untold: VecDeque<Input> = VecDeque::new();
        let mut tend_at = lanes.iter().any(|(_, outputs)| outputs.are_there()).then(|| reader.now().moment);
        loop {
            let next = match wait(&lanes, tend_at, !untold.is_empty(), &*reader) {
                Some(patience) => orders.recv_timeout(patience),
                None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            pulse.working(|| {
                let (at, mut events) = (reader.now(), Vec::new());
                let now = at.moment;
                for (lane, outputs) in &mut lanes {
                    events.extend(outputs.pass(now).into_iter().map(|event| (*lane, event)));
                }
                if let Ok(order) = &next {
                    carry_out(order, &mut lanes, at, &mut events);
                }
                let failed = events.iter().any(|(_, event)| matches!(event.code(), Some(Code::G801 | Code::G810)));
                untold.extend(events.iter().map(|(lane, event)| input(*lane, *event)));
                if tend_at.is_some_and(|due| due <= now || failed) {
                    untold.extend(lanes.iter_mut().flat_map(|(lane, outputs)| outputs.tend(*lane, &inputs)));
                    let well = lanes.iter().all(|(_, outputs)| outputs.told.is_well());
                    tend_at = Some(now.after(if well { TEND } else { TEND_SOON }));
                }
                untold.truncate(UNTOLD);
                events.iter().for_each(|(lane, event)| tell(*lane, *event, &lanes, &inputs));
                while let Some(input) = untold.pop_front() {
                    if let Err(TrySendError::Full(input)) = inputs.try_send(input) {
                        untold.push_front(input);
                        break;
                    }
                }
            });
            if matches!(next, Err(RecvTimeoutError::Disconnected) | Ok(Order::Close)) {
                break;
            }
        }
        for (lane, outputs) in &mut lanes {
            outputs.safe(*lane, &inputs);
        }
    })
}

fn carry_out(order: &Order, lanes: &mut [(LaneId, LaneOutputs)], at: Now, events: &mut Vec<(LaneId, GateEvent)>) {
    let now = at.moment;
    match *order {
        Order::Open { lane, grant } => {
            if let Some(gate) = gate_of(lanes, lane)
                && let Some(outcome) = gate.open(now, grant)
            {
                events.push((lane, GateEvent::Ended(grant.session, outcome)));
            }
        }
        Order::Sensed { lane, sensor, active } => {
            if let Some(gate) = gate_of(lanes, lane) {
                events.extend(gate.sensed(now, sensor, active).into_iter().map(|event| (lane, event)));
            }
        }
        Order::Hold { why } => {
            for (lane, gate) in lanes.iter_mut().filter_map(|(lane, outputs)| Some((*lane, outputs.gate.as_mut()?))) {
                events.extend(gate.hold(why).into_iter().map(|event| (lane, event)));
            }
        }
        Order::Close => {}
        Order::Indicate { lane, signal } => {
            let outputs = lanes.iter_mut().find(|(id, _)| *id == lane);
            if let Some((_, LaneOutputs { indicator: Some(lights), quiet, .. })) = outputs {
                lights.hush(quiet.is_at(at.wall));
                // What cannot be switched is told of by whoever looks after it.
                let _ = lights.indicate(now, signal);
            }
        }
    }
}

/// What a gate did with a grant, or somebody with the gate. An output that cannot be switched and a fire input that holds
/// it have been told of already.
fn tell(lane: LaneId, event: GateEvent, lanes: &[(LaneId, LaneOutputs)], inputs: &Inputs) {
    let stands = |code| lanes.iter().any(|(id, outputs)| *id == lane && outputs.told.gate == Some(Some(code)));
    let is_new = |code: &Code| !matches!(code, Code::G807 | Code::D602) && !stands(*code);
    if let Some(code) = event.code().filter(is_new) {
        inputs.tell("at the gate", lane, event.session(), &code.into());
    }
}

fn gate_of(lanes: &mut [(LaneId, LaneOutputs)], lane: LaneId) -> Option<&mut Box<dyn Gate>> {
    lanes.iter_mut().find(|(id, _)| *id == lane)?.1.gate.as_mut()
}

fn input(lane: LaneId, event: GateEvent) -> Input {
    match event {
        GateEvent::Ended(session, outcome) => Input::Gated { session, outcome },
        GateEvent::Alarm(session, alarm) => Input::GateAlarmed { lane, session, alarm },
    }
}

impl Told {
    fn is_well(&self) -> bool {
        [self.gate, self.indicator].iter().all(|told| told.flatten().is_none())
    }
}

/// What the loop is to be told of a device that was looked after, each change once.
fn change(
    lane: LaneId,
    device: Device,
    told: &mut Option<Option<Code>>,
    tended: Result<(), DeviceError>,
    inputs: &Inputs,
) -> Option<Input> {
    let failed = tended.err().map(Failure::from);
    let fault = failed.as_ref().map(Failure::code);
    let before = told.replace(fault);
    if before == Some(fault) {
        return None;
    }
    match &failed {
        Some(failure) => {
            inputs.tell("an output cannot be used", lane, None, failure);
        }
        None => {
            if let Some(code) = before.flatten() {
                inputs.tell_mended("an output is there again", lane, code);
            }
        }
    }
    Some(Input::DeviceChanged { lane, device, fault: fault.map(Into::into) })
}

impl LaneOutputs {
    pub(super) fn new(gate: Option<Box<dyn Gate>>, indicator: Option<Box<dyn Indicator>>, quiet: Quiet) -> Self {
        Self { gate, indicator, quiet, told: Told::default() }
    }

    fn are_there(&self) -> bool {
        self.gate.is_some() || self.indicator.is_some()
    }

    /// Looks after the outputs.
    fn tend(&mut self, lane: LaneId, inputs: &Inputs) -> Vec<Input> {
        let Self { gate, indicator, told, .. } = self;
        let lights = indicator.as_mut().map(|lights| lights.tend());
        let (gate, lights) = match gate.as_mut().map(|gate| gate.tend()) {
            // Its alarm is not to be had: it opens all the same.
            Some(Err(error @ DeviceError::Light(_))) => (Some(Ok(())), Some(Err(error))),
            Some(tended) => (Some(tended), lights.or(Some(Ok(())))),
            None => (None, lights),
        };
        let gate = gate.and_then(|tended| change(lane, Device::Gate, &mut told.gate, tended, inputs));
        let lights = lights.and_then(|tended| change(lane, Device::Indicators, &mut told.indicator, tended, inputs));
        gate.into_iter().chain(lights).collect()
    }

    /// Switches what is due.
    fn pass(&mut self, now: Moment) -> Vec<GateEvent> {
        // What cannot be switched is told of by whoever looks after it.
        let _ = self.indicator.as_mut().map(|indicator| indicator.handle_timeout(now));
        self.gate.as_mut().map_or_else(Vec::new, |gate| gate.handle_timeout(now))
    }

    fn due(&self) -> Option<Moment> {
        let gate = self.gate.as_ref().and_then(|gate| gate.poll_timeout());
        let indicator = self.indicator.as_ref().and_then(|indicator| indicator.poll_timeout());
        gate.into_iter().chain(indicator).min()
    }

    fn safe(&mut self, lane: LaneId, inputs: &Inputs) {
        let gate = self.gate.as_mut().map(|gate| gate.safe());
        let indicator = self.indicator.as_mut().map(|indicator| indicator.safe());
        for error in [gate, indicator].into_iter().flatten().filter_map(Result::err) {
            inputs.tell("an output may not be at its safe value", lane, None, &error.into());
        }
    }
}

/// Until when nothing is due: the next edge or look, or soon where an event waits to be told.
fn wait(lanes: &[(LaneId, LaneOutputs)], tend_at: Option<Moment>, untold: bool, clock: &dyn Clock) -> Option<Duration> {
    let now = clock.now().moment;
    let edge = lanes.iter().filter_map(|(_, outputs)| outputs.due()).chain(tend_at).min().map(|due| due.since(now));
    let offer = untold.then_some(OFFER_AGAIN);
    edge.into_iter().chain(offer).min()
}
