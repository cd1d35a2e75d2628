//! Lights and a buzzer: patterns on up to four outputs.

use std::time::Duration;

use embedded_hal::digital::{OutputPin, PinState};

use super::{DeviceError, Indicator};
use crate::{kiosk::Signal, words::Moment};

/// One output.
pub struct Lamp<P> {
    /// Its line.
    pub pin: P,
    /// It shines or sounds when the line is physically low.
    pub active_low: bool,
}

/// On and off times in milliseconds, and how often; 0 is for ever. Off at the end, unless it never ends.
type Beat = (u32, u32, u32);

/// Steady light.
const STEADY: Beat = (0, 0, 0);

/// What each signal looks and sounds like: green, red, amber, buzzer.
fn pattern(signal: Signal) -> [Option<Beat>; 4] {
    match signal {
        Signal::Ready => [Some(STEADY), None, None, None],
        Signal::Working => [None, None, Some(STEADY), None],
        Signal::Success => [Some((1500, 0, 1)), None, None, Some((100, 0, 1))],
        Signal::Retry => [None, None, Some((500, 500, 4)), Some((60, 60, 2))],
        Signal::Denied => [None, Some((2000, 0, 1)), None, Some((100, 100, 3))],
        Signal::Fault => [None, Some((1000, 1000, 0)), None, None],
        Signal::PaperLow => [Some(STEADY), None, Some((200, 9800, 0)), None],
        Signal::CallStaff => [None, None, Some((250, 250, 0)), Some((200, 200, 2))],
        Signal::Evacuate => [Some((500, 500, 0)), Some((500, 500, 0)), Some((500, 500, 0)), Some((500, 500, 0))],
    }
}

/// The driver. Every output is off from construction to drop, but for its patterns.
pub struct Lamps<P: OutputPin> {
    outputs: [Option<Output<P>>; 4],
    signal: Option<Signal>,
}

struct Output<P> {
    lamp: Lamp<P>,
    on: bool,
    beat: Option<Beat>,
    /// When it changes next, and how often it has been on.
    next: Option<Moment>,
    count: u32,
}

impl<P: OutputPin> Lamps<P> {
    /// Takes the lines over and switches them off, now or as soon as they are there: green, red, amber, buzzer.
    pub fn new(lamps: [Option<Lamp<P>>; 4]) -> Self {
        let outputs = lamps.map(|lamp| lamp.map(|lamp| Output { lamp, on: false, beat: None, next: None, count: 0 }));
        let mut lamps = Self { outputs, signal: None };
        let _ = lamps.each(|output| output.switch(false));
        lamps
    }

    fn each(&mut self, mut of: impl FnMut(&mut Output<P>) -> Result<(), DeviceError>) -> Result<(), DeviceError> {
        // One lamp that fails does not keep the others dark.
        let failed: Vec<DeviceError> = self.outputs.iter_mut().flatten().filter_map(|o| of(o).err()).collect();
        failed.into_iter().next().map_or(Ok(()), Err)
    }
}

impl<P: OutputPin> Output<P> {
    fn switch(&mut self, on: bool) -> Result<(), DeviceError> {
        self.on = on;
        let state = PinState::from(on != self.lamp.active_low);
        self.lamp.pin.set_state(state).map_err(|error| DeviceError::Light(format!("{error:?}")))
    }

    fn begin(&mut self, now: Moment, beat: Option<Beat>) -> Result<(), DeviceError> {
        self.beat = beat;
        self.count = 1;
        self.next = beat.filter(|beat| *beat != STEADY).map(|(on, ..)| now.after(milliseconds(on)));
        self.switch(beat.is_some())
    }

    fn turn(&mut self, now: Moment) -> Result<(), DeviceError> {
        let Some((on, off, times)) = self.beat else { return Ok(()) };
        if self.next.is_none_or(|next| now < next) {
            return Ok(());
        }
        if self.on {
            self.next = (times == 0 || self.count < times).then(|| now.after(milliseconds(off)));
            return self.switch(false);
        }
        self.count = self.count.saturating_add(1);
        self.next = Some(now.after(milliseconds(on)));
        self.switch(true)
    }
}

impl<P: OutputPin + Send> Indicator for Lamps<P> {
    fn indicate(&mut self, now: Moment, signal: Signal) -> Result<(), DeviceError> {
        // What goes on for ever is not begun anew.
        let steady =
            matches!(signal, Signal::Ready | Signal::Working | Signal::Fault | Signal::PaperLow | Signal::Evacuate);
        if steady && self.signal == Some(signal) {
            return Ok(());
        }
        self.signal = Some(signal);
        let mut beats = pattern(signal).into_iter();
        let outputs = self.outputs.iter_mut().map(|output| (output, beats.next().flatten()));
        let mut result = Ok(());
        for (output, beat) in outputs {
            if let Some(Err(error)) = output.as_mut().map(|output| output.begin(now, beat)) {
                result = Err(error);
            }
        }
        result
    }

    fn poll_timeout(&self) -> Option<Moment> {
        self.outputs.iter().flatten().filter_map(|output| output.next).min()
    }

    fn handle_timeout(&mut self, now: Moment) -> Result<(), DeviceError> {
        self.each(|output| output.turn(now))
    }

    fn tend(&mut self) -> Result<(), DeviceError> {
        self.each(|output| output.switch(output.on))
    }

    fn safe(&mut self) -> Result<(), DeviceError> {
        self.signal = None;
        self.each(|output| {
            output.beat = None;
            output.next = None;
            output.switch(false)
        })
    }
}

impl<P: OutputPin> Drop for Lamps<P> {
    fn drop(&mut self) {
        let _ = self.each(|output| output.switch(false));
    }
}

fn milliseconds(milliseconds: u32) -> Duration {
    Duration::from_millis(milliseconds.into())
}
