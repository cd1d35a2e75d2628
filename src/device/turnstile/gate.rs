//! A lane's end of a gate that is spoken with: what it is told goes to the bus's thread, what happened comes back.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use super::{
    Side,
    bus::{Ask, Shared},
};
use crate::{
    device::{
        DeviceError, Gate, GateEvent, GateSensor, GateTiming,
        gate::{Opened, Sensors},
    },
    fault::{Code, Fault as _},
    kiosk::{GateOutcome, Grant},
    words::Moment,
};

/// One side of one gate.
pub struct BusGate {
    pub(super) at: (usize, Side),
    pub(super) asks: SyncSender<(usize, Side, Ask)>,
    pub(super) events: Receiver<GateEvent>,
    pub(super) shared: Arc<Shared>,
    pub(super) memory: Memory,
    pub(super) timing: GateTiming,
}

/// What the lane's end remembers.
#[derive(Default)]
pub(super) struct Memory {
    opened: Opened,
    /// Grants whose end is awaited.
    live: usize,
    looked_at: Moment,
    held: Option<Code>,
    sensors: Sensors,
}

/// How often it is looked whether something happened: while a grant is under way, and otherwise.
const WATCHED: Duration = Duration::from_millis(25);
const AT_REST: Duration = Duration::from_millis(200);

/// Closing takes so much longer than a passage.
const CLOSING: Duration = Duration::from_secs(3);

/// Closing takes no longer at the end of the program.
const LAST: Duration = Duration::from_millis(800);

impl BusGate {
    fn offer(&self, ask: Ask) -> bool {
        let (member, side) = self.at;
        self.asks.try_send((member, side, ask)).is_ok()
    }
}

impl Gate for BusGate {
    fn open(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome> {
        let memory = &mut self.memory;
        if memory.opened.has(grant.session) {
            return None;
        }
        if let Some(code) = memory.held {
            return Some(GateOutcome::Failed(code));
        }
        memory.opened.remember(grant.session);
        memory.looked_at = now;
        if let Err(error) = self.shared.verdict() {
            return Some(GateOutcome::Failed(error.code()));
        }
        if self.memory.sensors.is_stuck(now, self.timing) {
            return Some(GateOutcome::Failed(Code::G806));
        }
        if !self.offer(Ask::Open(grant)) {
            return Some(GateOutcome::Failed(Code::G802));
        }
        self.memory.live += 1;
        None
    }

    fn poll_timeout(&self) -> Option<Moment> {
        let memory = &self.memory;
        Some(memory.looked_at.after(if memory.live > 0 { WATCHED } else { AT_REST }))
    }

    fn handle_timeout(&mut self, now: Moment) -> Vec<GateEvent> {
        self.memory.looked_at = now;
        let events: Vec<GateEvent> = self.events.try_iter().collect();
        let ended = events.iter().filter(|event| matches!(event, GateEvent::Ended(..))).count();
        self.memory.live = self.memory.live.saturating_sub(ended);
        events
    }

    /// What a lane's own sensors see, where the controller has no eyes.
    fn sensed(&mut self, now: Moment, sensor: GateSensor, active: bool) -> Vec<GateEvent> {
        if let Some(way) = self.memory.sensors.edge(now, self.timing.passage, sensor, active) {
            self.offer(Ask::Sensed(way));
        }
        Vec::new()
    }

    /// Whoever waits is told by the bus's thread, which looks at this before it writes.
    fn hold(&mut self, why: Option<Code>) -> Vec<GateEvent> {
        self.memory.held = why;
        self.shared.hold(why);
        self.offer(Ask::Look);
        Vec::new()
    }

    fn tend(&mut self) -> Result<(), DeviceError> {
        self.shared.first_verdict()
    }

    fn takes(&self) -> Duration {
        self.timing.pass_within.saturating_add(CLOSING)
    }

    fn safe(&mut self) -> Result<(), DeviceError> {
        if self.memory.live == 0 {
            return self.shared.stays_on();
        }
        let (told, done) = sync_channel(1);
        if self.offer(Ask::Withdraw(told)) && done.recv_timeout(LAST).is_ok() {
            return Ok(());
        }
        self.shared.verdict()?;
        Err(self.shared.failed(Code::G810, "it was not closed in time".to_owned()))
    }
}
