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
    device::{Gate, GateEvent, GateSensor, Indicator},
    fault::Fault as _,
    kiosk::{Grant, Input, Signal},
    words::{Clock, LaneId, Moment},
};

/// What the thread is told.
pub(super) enum Order {
    /// Open a gate once.
    Open { lane: LaneId, grant: Grant },
    /// A sensor of a gate changed.
    Sensed { lane: LaneId, sensor: GateSensor, active: bool },
    /// The fire input changed.
    Emergency { on: bool },
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
}

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
        loop {
            let next = match wait(&lanes, !untold.is_empty(), &*reader) {
                Some(patience) => orders.recv_timeout(patience),
                None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            pulse.working(|| {
                let now = reader.now().moment;
                for (lane, outputs) in &mut lanes {
                    untold.extend(outputs.pass(now).into_iter().map(|event| input(*lane, event)));
                }
                if let Ok(order) = &next {
                    carry_out(order, &mut lanes, now, &mut untold);
                }
                untold.truncate(UNTOLD);
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
            outputs.safe(*lane);
        }
    })
}

fn carry_out(order: &Order, lanes: &mut [(LaneId, LaneOutputs)], now: Moment, untold: &mut VecDeque<Input>) {
    match *order {
        Order::Open { lane, grant } => {
            if let Some(gate) = gate_of(lanes, lane)
                && let Some(outcome) = gate.open(now, grant)
            {
                untold.push_back(Input::Gated { session: grant.session, outcome });
            }
        }
        Order::Sensed { lane, sensor, active } => {
            if let Some(gate) = gate_of(lanes, lane) {
                untold.extend(gate.sensed(now, sensor, active).into_iter().map(|event| input(lane, event)));
            }
        }
        Order::Emergency { on } => {
            for (lane, gate) in lanes.iter_mut().filter_map(|(lane, outputs)| Some((*lane, outputs.gate.as_mut()?))) {
                untold.extend(gate.set_emergency(on).into_iter().map(|event| input(lane, event)));
            }
        }
        Order::Close => {}
        Order::Indicate { lane, signal } => {
            let outputs = lanes.iter_mut().find(|(id, _)| *id == lane);
            if let Some(Err(error)) =
                outputs.and_then(|(_, outputs)| outputs.indicator.as_mut()).map(|lights| lights.indicate(now, signal))
            {
                tracing::warn!(code = %error.code(), %error, lane = lane.0, "indicator failed");
            }
        }
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

impl LaneOutputs {
    /// Switches what is due.
    fn pass(&mut self, now: Moment) -> Vec<GateEvent> {
        if let Some(Err(error)) = self.indicator.as_mut().map(|indicator| indicator.handle_timeout(now)) {
            tracing::warn!(code = %error.code(), %error, "indicator failed");
        }
        self.gate.as_mut().map_or_else(Vec::new, |gate| gate.handle_timeout(now))
    }

    fn due(&self) -> Option<Moment> {
        let gate = self.gate.as_ref().and_then(|gate| gate.poll_timeout());
        let indicator = self.indicator.as_ref().and_then(|indicator| indicator.poll_timeout());
        gate.into_iter().chain(indicator).min()
    }

    fn safe(&mut self, lane: LaneId) {
        let gate = self.gate.as_mut().map(|gate| gate.safe());
        let indicator = self.indicator.as_mut().map(|indicator| indicator.safe());
        for error in [gate, indicator].into_iter().flatten().filter_map(Result::err) {
            tracing::error!(code = %error.code(), %error, lane = lane.0, "an output may not be at its safe value");
        }
    }
}

/// Until when nothing is due: the next edge, or soon where an event waits to be told.
fn wait(lanes: &[(LaneId, LaneOutputs)], untold: bool, clock: &dyn Clock) -> Option<Duration> {
    let now = clock.now().moment;
    let edge = lanes.iter().filter_map(|(_, outputs)| outputs.due()).min().map(|due| due.since(now));
    let offer = untold.then_some(OFFER_AGAIN);
    edge.into_iter().chain(offer).min()
}
