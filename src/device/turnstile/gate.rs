//! A lane's end of a gate that is spoken with: what it is told goes to the bus's thread, what happened comes back.

use std::{
    collections::VecDeque,
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
    device::{DeviceError, Gate, GateEvent, GateSensor, GateTiming, gate::Sensors},
    fault::{Code, Fault as _},
    kiosk::{GateOutcome, Grant},
    words::{Moment, SessionId},
};

/// One side of one gate.
pub struct BusGate {
    pub(super) at: (usize, Side),
    pub(super) asks: SyncSender<(usize, Side, Ask)>,
    pub(super) events: Receiver<GateEvent>,
    pub(super) shared: Arc<Shared>,
    pub(super) clockwork: Clockwork,
    pub(super) timing: GateTiming,
    pub(super) takes: Duration,
}

/// What the lane's end remembers.
#[derive(Default)]
pub(super) struct Clockwork {
    /// Sessions that had their opening.
    opened: VecDeque<SessionId>,
    /// Grants whose end is awaited.
    live: usize,
    looked_at: Moment,
    held: Option<Code>,
    sensors: Sensors,
}

/// Sessions remembered so that none opens twice.
const REMEMBERED: usize = 64;

/// How often it is looked whether something happened: while a grant is under way, and otherwise.
const WATCHED: Duration = Duration::from_millis(25);
const AT_REST: Duration = Duration::from_millis(200);

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
        let memory = &mut self.clockwork;
        if memory.opened.contains(&grant.session) {
            return None;
        }
        if let Some(code) = memory.held {
            return Some(GateOutcome::Failed(code));
        }
        if memory.opened.len() == REMEMBERED {
            memory.opened.pop_front();
        }
        memory.opened.push_back(grant.session);
        memory.looked_at = now;
        if let Err(error) = self.shared.verdict() {
            return Some(GateOutcome::Failed(error.code()));
        }
        if self.clockwork.sensors.is_stuck(now, self.timing) {
            return Some(GateOutcome::Failed(Code::G806));
        }
        if !self.offer(Ask::Open(grant)) {
            return Some(GateOutcome::Failed(Code::G802));
        }
        self.clockwork.live += 1;
        None
    }

    fn poll_timeout(&self) -> Option<Moment> {
        let memory = &self.clockwork;
        Some(memory.looked_at.after(if memory.live > 0 { WATCHED } else { AT_REST }))
    }

    fn handle_timeout(&mut self, now: Moment) -> Vec<GateEvent> {
        self.clockwork.looked_at = now;
        let events: Vec<GateEvent> = self.events.try_iter().collect();
        let ended = events.iter().filter(|event| matches!(event, GateEvent::Ended(..))).count();
        self.clockwork.live = self.clockwork.live.saturating_sub(ended);
        events
    }

    /// What a lane's own sensors see, where the controller has no eyes.
    fn sensed(&mut self, now: Moment, sensor: GateSensor, active: bool) -> Vec<GateEvent> {
        if let Some(way) = self.clockwork.sensors.edge(now, self.timing.passage, sensor, active) {
            self.offer(Ask::Sensed(way));
        }
        Vec::new()
    }

    /// Whoever waits is told by the bus's thread, which looks at this before it writes.
    fn hold(&mut self, why: Option<Code>) -> Vec<GateEvent> {
        self.clockwork.held = why;
        self.shared.hold(why);
        self.offer(Ask::Look);
        Vec::new()
    }

    fn tend(&mut self) -> Result<(), DeviceError> {
        self.shared.first_verdict()
    }

    fn takes(&self) -> Duration {
        self.takes
    }

    fn safe(&mut self) -> Result<(), DeviceError> {
        if self.clockwork.live == 0 {
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
