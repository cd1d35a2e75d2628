//! ESC/POS printers over a byte stream, with a profile as data.

mod encode;
mod profile;
mod status;

use std::{io, sync::Arc, time::Duration};

pub use self::{
    encode::slip_bytes,
    profile::{Ack, Profile, ProfileError},
};
use super::{DeviceError, Port, Printer, PrinterStatus};
use crate::{
    fault::Code,
    kiosk::{PrintOutcome, Slip},
    words::{Clock, JobId, Moment},
};

/// Opens a printer's port, again and again: it may be unplugged, switched off, or not there yet.
pub type Opener = Box<dyn FnMut() -> io::Result<Box<dyn Port>> + Send>;

/// The driver.
pub struct EscPosPrinter {
    open: Opener,
    /// None before the first question, and after a failure.
    port: Option<Box<dyn Port>>,
    profile: Profile,
    utc_offset: i32,
    clock: Arc<dyn Clock>,
    /// How the printer was when it was asked ahead, for the next slip alone.
    ahead: Option<(Moment, PrinterStatus)>,
}

/// An answer older than this is asked for again.
const FRESH: Duration = Duration::from_secs(2);

/// How long a printer may take to answer a real-time question.
const REAL_TIME: Duration = Duration::from_millis(500);

impl EscPosPrinter {
    /// Opens nothing before the first question. `utc_offset` is in seconds east of UTC.
    pub fn new(open: Opener, profile: Profile, utc_offset: i32, clock: Arc<dyn Clock>) -> Self {
        Self { open, port: None, profile, utc_offset, clock, ahead: None }
    }

    /// On a port that is open and cannot be opened again.
    pub fn on(port: Box<dyn Port>, profile: Profile, utc_offset: i32, clock: Arc<dyn Clock>) -> Self {
        let gone = || Err(io::ErrorKind::NotConnected.into());
        Self { port: Some(port), ..Self::new(Box::new(gone), profile, utc_offset, clock) }
    }

    fn port(&mut self) -> io::Result<&mut dyn Port> {
        let port = match self.port.take() {
            Some(port) => port,
            None => (self.open)()?,
        };
        Ok(&mut **self.port.insert(port))
    }

    /// Asks `DLE EOT n`; stale bytes are thrown away first, others than real-time answers ignored.
    fn ask(&mut self, n: u8) -> io::Result<u8> {
        let port = self.port()?;
        port.discard()?;
        port.set_patience(REAL_TIME)?;
        port.write_all(&[0x10, 0x04, n])?;
        let until = self.clock.now().moment.after(REAL_TIME);
        loop {
            let byte = self.read_one(until)?;
            if status::is_real_time(byte, self.profile.status_bit7) {
                return Ok(byte);
            }
        }
    }

    fn read_one(&mut self, until: Moment) -> io::Result<u8> {
        let left = until.since(self.clock.now().moment);
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let port = self.port()?;
        port.set_patience(left)?;
        let mut byte = [0];
        match port.read(&mut byte)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(byte[0]),
        }
    }

    /// Sends the job; false when it is unknown how much arrived.
    fn send(&mut self, bytes: &[u8], until: Moment) -> bool {
        let left = until.since(self.clock.now().moment).max(Duration::from_millis(1));
        let Ok(port) = self.port() else { return false };
        port.set_patience(left).is_ok() && port.write_all(bytes).is_ok() && port.flush().is_ok()
    }

    /// Waits for the word that everything before it was processed.
    fn acknowledged(&mut self, until: Moment) -> bool {
        loop {
            match self.read_one(until) {
                Ok(byte) if status::is_in_order(byte) => return true,
                // Real-time answers and flow control may come in between.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }
}

impl Printer for EscPosPrinter {
    fn status(&mut self) -> Result<PrinterStatus, DeviceError> {
        let asked = self.ask(2).and_then(|offline| {
            // What kind of error is asked only where there is one: each question is a round trip before the slip.
            let error = if status::has_error(offline) { self.ask(3)? } else { 0 };
            Ok(status::read(offline, error, self.ask(4)?))
        });
        asked.map_err(|error| {
            if error.kind() != io::ErrorKind::TimedOut {
                self.port = None;
            }
            DeviceError::Port(error)
        })
    }

    fn prepare(&mut self) {
        self.ahead = self.status().ok().map(|status| (self.clock.now().moment, status));
    }

    fn print(&mut self, _job: JobId, slip: &Slip, deadline: Moment) -> PrintOutcome {
        if deadline <= self.clock.now().moment {
            return PrintOutcome::NotPrinted(Code::P707);
        }
        let now = self.clock.now().moment;
        let ahead = self.ahead.take().filter(|(at, status)| now.since(*at) < FRESH && status.fault.is_none());
        match ahead.map_or_else(|| self.status(), |(_, status)| Ok(status)) {
            Err(_) => return PrintOutcome::NotPrinted(Code::P701),
            Ok(PrinterStatus { fault: Some(code), .. }) => return PrintOutcome::NotPrinted(code),
            Ok(PrinterStatus { paper_low: true, .. }) => {
                tracing::warn!(code = %Code::P706, "the printer's paper is nearly out");
            }
            Ok(_) => {}
        }
        let (bytes, missing) = slip_bytes(slip, &self.profile, self.utc_offset);
        for character in missing {
            tracing::warn!(code = %Code::D610, "glyph missing U+{:04X}", u32::from(character));
        }
        if !self.send(&bytes, deadline) {
            return PrintOutcome::Unknown;
        }
        let acknowledged = match self.profile.ack {
            Ack::GsR => self.acknowledged(deadline),
            // Nothing is acknowledged: clean real-time answers afterwards are all that can be had.
            Ack::None => true,
        };
        let well = acknowledged && self.status().is_ok_and(|status| status.fault.is_none());
        match (acknowledged, well, self.profile.ack) {
            (true, _, Ack::GsR) | (true, true, Ack::None) => PrintOutcome::Printed,
            _ => PrintOutcome::Unknown,
        }
    }
}
