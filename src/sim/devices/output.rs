//! The twin of an output — a gate, a light, a buzzer: watches a line's level and writes down every edge.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use embedded_hal::digital::{ErrorKind, ErrorType, OutputPin};

use crate::{
    files,
    words::{Clock, Moment},
};

/// Watches an output.
#[derive(Clone)]
pub struct OutputTwin(Arc<Mutex<Line>>);

/// The kiosk's end of the line.
pub struct OutputPinEnd(OutputTwin);

struct Line {
    name: &'static str,
    active_low: bool,
    active_since: Option<Moment>,
    /// It cannot be switched, and stays as it is.
    dead: bool,
    pulses: Vec<Duration>,
    clock: Arc<dyn Clock>,
    folder: Option<PathBuf>,
}

impl OutputTwin {
    pub(super) fn new(name: &'static str, folder: Option<PathBuf>, active_low: bool, clock: Arc<dyn Clock>) -> Self {
        let (active_since, dead, pulses) = (None, false, Vec::new());
        Self(Arc::new(Mutex::new(Line { name, active_low, active_since, dead, pulses, clock, folder })))
    }

    /// The other end.
    pub fn pin(&self) -> OutputPinEnd {
        OutputPinEnd(self.clone())
    }

    /// The pulses that have ended, by their length.
    pub fn pulses(&self) -> Vec<Duration> {
        self.line().pulses.clone()
    }

    /// How often it became active.
    pub(crate) fn openings(&self) -> usize {
        let line = self.line();
        line.pulses.len() + usize::from(line.active_since.is_some())
    }

    /// Whoever switches it fails from now on, or does so no longer.
    pub(crate) fn set_dead(&self, dead: bool) {
        self.line().dead = dead;
    }

    /// True while it is active.
    pub fn is_active(&self) -> bool {
        self.line().active_since.is_some()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, high: bool) -> Result<(), ErrorKind> {
        let mut line = self.line();
        if line.dead {
            return Err(ErrorKind::Other);
        }
        let active = high != line.active_low;
        if active == line.active_since.is_some() {
            return Ok(());
        }
        let now = line.clock.now();
        match (active, line.active_since.take()) {
            (true, _) => line.active_since = Some(now.moment),
            (false, Some(since)) => line.pulses.push(now.moment.since(since)),
            (false, None) => {}
        }
        let Some(folder) = &line.folder else { return Ok(()) };
        let edge = serde_json::json!({ "at": now.wall.0, (line.name): if active { "active" } else { "safe" } });
        let file = folder.join(if line.name == "gate" { "gate.jsonl" } else { "lights.jsonl" });
        if let Err(error) = files::append(&file).map_err(io::Error::from).and_then(|mut file| writeln!(file, "{edge}"))
        {
            tracing::warn!(%error, "an output's twin cannot write its file");
        }
        Ok(())
    }
}

impl ErrorType for OutputPinEnd {
    type Error = ErrorKind;
}

impl OutputPin for OutputPinEnd {
    fn set_low(&mut self) -> Result<(), ErrorKind> {
        self.0.set(false)
    }

    fn set_high(&mut self) -> Result<(), ErrorKind> {
        self.0.set(true)
    }
}
