//! A gate behind one output: a bounded pulse per grant.

use std::{collections::VecDeque, time::Duration};

use embedded_hal::digital::{OutputPin, PinState};

use super::{DeviceError, Gate};
use crate::{
    fault::Code,
    kiosk::{GateOutcome, Grant},
    words::{Moment, SessionId},
};

/// A gate's timing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateTiming {
    /// How long the output stays active.
    pub pulse: Duration,
    /// Least time from the end of one pulse to the next.
    pub min_gap: Duration,
}

/// The driver. The output is at its safe value from construction to drop, but for its pulses.
pub struct LineGate<P: OutputPin> {
    pin: P,
    active_low: bool,
    timing: GateTiming,
    /// The pulse under way: its session, and when it ends.
    pulse: Option<(SessionId, Moment)>,
    /// Grants that wait for the gap.
    waiting: VecDeque<Grant>,
    ready_at: Moment,
    /// Sessions that had their opening.
    opened: VecDeque<SessionId>,
}

/// Sessions remembered so that none opens twice.
const REMEMBERED: usize = 64;

/// Grants that may wait; each is void after some seconds anyway.
const WAITING: usize = 4;

impl<P: OutputPin> LineGate<P> {
    /// Takes the line over and puts it to its safe value.
    pub fn new(pin: P, active_low: bool, timing: GateTiming) -> Result<Self, DeviceError> {
        let mut gate = Self {
            pin,
            active_low,
            timing,
            pulse: None,
            waiting: VecDeque::new(),
            ready_at: Moment::default(),
            opened: VecDeque::new(),
        };
        gate.switch(false)?;
        Ok(gate)
    }

    fn switch(&mut self, active: bool) -> Result<(), DeviceError> {
        let state = PinState::from(active != self.active_low);
        self.pin.set_state(state).map_err(|error| DeviceError::Line(format!("{error:?}")))
    }

    fn begin(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome> {
        if now > grant.deadline {
            return Some(GateOutcome::Failed(Code::G802));
        }
        // The end is armed before the beginning: whatever happens next, there is a deadline that ends the pulse.
        self.pulse = Some((grant.session, now.after(self.timing.pulse)));
        if self.switch(true).is_err() {
            self.pulse = None;
            let _ = self.switch(false);
            return Some(GateOutcome::Failed(Code::G801));
        }
        None
    }
}

impl<P: OutputPin + Send> Gate for LineGate<P> {
    fn open(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome> {
        if self.opened.contains(&grant.session) {
            return None;
        }
        if self.opened.len() == REMEMBERED {
            self.opened.pop_front();
        }
        self.opened.push_back(grant.session);
        if self.pulse.is_some() || now < self.ready_at {
            if self.waiting.len() == WAITING {
                return Some(GateOutcome::Failed(Code::G802));
            }
            self.waiting.push_back(grant);
            return None;
        }
        self.begin(now, grant)
    }

    fn poll_timeout(&self) -> Option<Moment> {
        match self.pulse {
            Some((_, end)) => Some(end),
            None if self.waiting.is_empty() => None,
            None => Some(self.ready_at),
        }
    }

    fn handle_timeout(&mut self, now: Moment) -> Vec<(SessionId, GateOutcome)> {
        let mut ended = Vec::new();
        if let Some((session, end)) = self.pulse
            && end <= now
        {
            self.pulse = None;
            self.ready_at = now.after(self.timing.min_gap);
            let outcome = match self.switch(false) {
                Ok(()) => GateOutcome::Opened,
                Err(_) => GateOutcome::Failed(Code::G801),
            };
            ended.push((session, outcome));
        }
        while self.pulse.is_none()
            && self.ready_at <= now
            && let Some(grant) = self.waiting.pop_front()
        {
            ended.extend(self.begin(now, grant).map(|outcome| (grant.session, outcome)));
        }
        ended
    }

    fn safe(&mut self) -> Result<(), DeviceError> {
        self.pulse = None;
        self.waiting.clear();
        self.switch(false)
    }
}

impl<P: OutputPin> Drop for LineGate<P> {
    fn drop(&mut self) {
        // A dropped line keeps its level or not, as the kernel likes: it must be the safe one.
        let _ = self.switch(false);
    }
}
