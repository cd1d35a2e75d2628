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

/// What is heard of a visit, each in milliseconds on, off, on, …; nothing is no sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sounds {
    /// The person is checked in, or let through.
    pub good: Vec<u32>,
    /// The person is not.
    pub bad: Vec<u32>,
    /// Once more, please.
    pub again: Vec<u32>,
    /// The person has been noticed, and is to wait or to act.
    pub wait: Vec<u32>,
}

/// Its place among the outputs.
const BUZZER: usize = 3;

impl Default for Sounds {
    fn default() -> Self {
        Self { good: vec![100], bad: vec![100; 5], again: vec![60; 3], wait: vec![30] }
    }
}

/// What one output does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Beat {
    #[default]
    Off,
    Steady,
    /// Milliseconds on, off, on, …; off at the end.
    Times(Vec<u32>),
    /// Milliseconds on and off, for ever.
    Ever([u32; 2]),
}

/// What each signal looks and sounds like: green, red, amber, buzzer.
fn pattern(signal: Signal, sounds: &Sounds) -> [Beat; 4] {
    use Beat::{Ever, Off, Steady};
    let times = |times: &[u32]| Beat::Times(times.to_vec());
    match signal {
        Signal::Ready => [Steady, Off, Off, Off],
        Signal::Working => [Off, Off, Steady, times(&sounds.wait)],
        Signal::Success => [times(&[1500]), Off, Off, times(&sounds.good)],
        Signal::Retry => [Off, Off, times(&[500; 7]), times(&sounds.again)],
        Signal::Denied => [Off, times(&[2000]), Off, times(&sounds.bad)],
        Signal::Fault => [Off, Ever([1000; 2]), Off, Off],
        Signal::PaperLow => [Steady, Off, Ever([200, 9800]), Off],
        Signal::CallStaff => [Off, Off, Ever([250; 2]), times(&[200; 3])],
        Signal::Evacuate => [Ever([500; 2]), Ever([500; 2]), Ever([500; 2]), Ever([500; 2])],
    }
}

/// The driver. Every output is off from construction to drop, but for its patterns.
pub struct Lamps<P: OutputPin> {
    outputs: [Option<Output<P>>; 4],
    signal: Option<Signal>,
    sounds: Sounds,
    /// Nothing is heard but the way out.
    quiet: bool,
}

struct Output<P> {
    lamp: Lamp<P>,
    on: bool,
    beat: Beat,
    /// When it changes next, and how often it has changed.
    next: Option<Moment>,
    changes: usize,
}

impl<P: OutputPin> Lamps<P> {
    /// Takes the lines over and switches them off, now or as soon as they are there: green, red, amber, buzzer.
    pub fn new(lamps: [Option<Lamp<P>>; 4]) -> Self {
        let outputs =
            lamps.map(|lamp| lamp.map(|lamp| Output { lamp, on: false, beat: Beat::Off, next: None, changes: 0 }));
        let mut lamps = Self { outputs, signal: None, sounds: Sounds::default(), quiet: false };
        let _ = lamps.each(|output| output.switch(false));
        lamps
    }

    /// With sounds of the site's own.
    pub fn sounding(mut self, sounds: Sounds) -> Self {
        self.sounds = sounds;
        self
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

    fn begin(&mut self, now: Moment, beat: Beat) -> Result<(), DeviceError> {
        (self.beat, self.changes) = (beat, 0);
        self.next = self.beat.stands(0).map(|stands| now.after(stands));
        let begins = self.beat == Beat::Steady || self.next.is_some();
        self.switch(begins)
    }

    fn turn(&mut self, now: Moment) -> Result<(), DeviceError> {
        if self.next.is_none_or(|next| now < next) {
            return Ok(());
        }
        self.changes = self.changes.saturating_add(1);
        self.next = self.beat.stands(self.changes).map(|stands| now.after(stands));
        self.switch(self.next.is_some() && self.changes.is_multiple_of(2))
    }
}

impl Beat {
    /// How long it stands after so many changes; nothing where it stays as it is.
    fn stands(&self, changes: usize) -> Option<Duration> {
        let milliseconds = match self {
            Self::Off | Self::Steady => return None,
            Self::Times(times) => *times.get(changes)?,
            Self::Ever([on, off]) => *if changes.is_multiple_of(2) { on } else { off },
        };
        Some(Duration::from_millis(milliseconds.into()))
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
        let mut beats = pattern(signal, &self.sounds);
        if self.quiet && signal != Signal::Evacuate {
            beats[BUZZER] = Beat::Off;
        }
        let mut result = Ok(());
        for (output, beat) in self.outputs.iter_mut().zip(beats) {
            if let Some(Err(error)) = output.as_mut().map(|output| output.begin(now, beat)) {
                result = Err(error);
            }
        }
        result
    }

    fn hush(&mut self, quiet: bool) {
        self.quiet = quiet;
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
            output.beat = Beat::Off;
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
