//! An output that says aloud what a gate saw and no grant allowed: a buzzer, a siren, the alarm input of a gate's controller.

use std::time::Duration;

use embedded_hal::digital::{OutputPin, PinState};

use super::{DeviceError, Gate, GateEvent, GateSensor};
use crate::{
    fault::Code,
    kiosk::{GateOutcome, Grant},
    words::Moment,
};

/// A gate with such an output. That it is not to be had keeps nobody out.
pub struct Alarmed<P: OutputPin> {
    gate: Box<dyn Gate>,
    pin: P,
    active_low: bool,
    lasts: Duration,
    sounds_until: Option<Moment>,
}

impl<P: OutputPin> Alarmed<P> {
    /// The output is active for so long after each alarm.
    pub fn new(gate: Box<dyn Gate>, pin: P, active_low: bool, lasts: Duration) -> Self {
        let mut alarmed = Self { gate, pin, active_low, lasts, sounds_until: None };
        let _ = alarmed.switch(false);
        alarmed
    }

    /// It is tried again, and told of, by whoever looks after the gate.
    fn switch(&mut self, active: bool) -> Result<(), DeviceError> {
        let switched = self.pin.set_state(PinState::from(active != self.active_low));
        switched.map_err(|error| DeviceError::Light(format!("{error:?}")))
    }

    fn heard(&mut self, now: Moment, events: Vec<GateEvent>) -> Vec<GateEvent> {
        if events.iter().any(|event| matches!(event, GateEvent::Alarm(..))) {
            self.sounds_until = Some(now.after(self.lasts));
            let _ = self.switch(true);
        }
        events
    }
}

impl<P: OutputPin + Send> Gate for Alarmed<P> {
    fn open(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome> {
        self.gate.open(now, grant)
    }

    fn poll_timeout(&self) -> Option<Moment> {
        self.sounds_until.into_iter().chain(self.gate.poll_timeout()).min()
    }

    fn handle_timeout(&mut self, now: Moment) -> Vec<GateEvent> {
        if self.sounds_until.take_if(|until| *until <= now).is_some() {
            let _ = self.switch(false);
        }
        let events = self.gate.handle_timeout(now);
        self.heard(now, events)
    }

    fn sensed(&mut self, now: Moment, sensor: GateSensor, active: bool) -> Vec<GateEvent> {
        let events = self.gate.sensed(now, sensor, active);
        self.heard(now, events)
    }

    fn hold(&mut self, why: Option<Code>) -> Vec<GateEvent> {
        self.gate.hold(why)
    }

    fn tend(&mut self) -> Result<(), DeviceError> {
        let alarm = self.switch(self.sounds_until.is_some());
        self.gate.tend().and(alarm)
    }

    fn takes(&self) -> Duration {
        self.gate.takes()
    }

    fn safe(&mut self) -> Result<(), DeviceError> {
        self.sounds_until = None;
        let alarm = self.switch(false);
        self.gate.safe().and(alarm)
    }
}

impl<P: OutputPin> Drop for Alarmed<P> {
    fn drop(&mut self) {
        let _ = self.switch(false);
    }
}
