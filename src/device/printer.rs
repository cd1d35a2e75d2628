//! ESC/POS printers over a byte stream, with a profile as data.

mod encode;
mod profile;
mod status;
mod template;

use std::{io, sync::Arc, thread, time::Duration};

pub use self::{
    encode::{Encoded, Layout, slip_bytes},
    profile::{Ack, Profile, ProfileError},
    template::Template,
};
use self::{
    profile::Presenter,
    status::{Listener, Said},
};
use super::{DeviceError, Fonts, Port, Printer, PrinterStatus, Tended, tell_missing};
use crate::{
    fault::Code,
    kiosk::{PrintOutcome, Slip},
    words::{Clock, JobId, Moment},
};

/// Opens a printer's port, again and again: it may be unplugged, switched off, or not there yet.
pub type Opener = Box<dyn FnMut() -> io::Result<Box<dyn Port>> + Send>;

/// A printer's BUSY line: true while it takes nothing.
pub type BusyLine = Box<dyn FnMut() -> io::Result<bool> + Send>;

/// The driver.
pub struct EscPosPrinter {
    open: Opener,
    at: String,
    /// None before the first question, and after a failure.
    port: Option<Box<dyn Port>>,
    busy: Option<BusyLine>,
    layout: Layout,
    fonts: Fonts,
    listener: Listener,
    clock: Arc<dyn Clock>,
    /// How the printer was when it was asked ahead, for the next slip alone.
    ahead: Option<(Moment, PrinterStatus)>,
    /// A slip stopped in its middle: its rest may still lie in the printer.
    stuck: bool,
    /// Since when a slip is held out.
    presented: Option<Moment>,
}

/// An answer older than this is asked for again.
const FRESH: Duration = Duration::from_secs(2);

/// How long a printer may take to answer a real-time question.
const REAL_TIME: Duration = Duration::from_millis(500);

/// How often a printer that is well is asked, and one that is not.
const WELL: Duration = Duration::from_secs(30);
const UNWELL: Duration = Duration::from_secs(1);

/// A slip that nobody takes is drawn back after this: a name stands on it.
const UNTAKEN: Duration = Duration::from_secs(30);

/// Bytes sent between two looks at the BUSY line.
const BUSY_CHUNK: usize = 64;

/// How often a printer that is busy is looked at.
const BUSY_LOOK: Duration = Duration::from_millis(5);

/// `GS e`: status, and draw back.
const PRESENTER_STATUS: &[u8] = &[0x1D, 0x65, 6];
const RETRACT: &[u8] = &[0x1D, 0x65, 2];

const GS_R: &[u8] = &[0x1D, 0x72, 1];

impl EscPosPrinter {
    /// Opens nothing before the first question.
    pub fn new(open: Opener, layout: Layout, fonts: Fonts, clock: Arc<dyn Clock>) -> Self {
        let listener = Listener::new(layout.profile.status_bit7);
        Self {
            open,
            at: "its port".to_owned(),
            port: None,
            busy: None,
            layout,
            fonts,
            listener,
            clock,
            ahead: None,
            stuck: false,
            presented: None,
        }
    }

    /// On a port that is open and cannot be opened again.
    pub fn on(port: Box<dyn Port>, layout: Layout, fonts: Fonts, clock: Arc<dyn Clock>) -> Self {
        let gone = || Err(io::ErrorKind::NotConnected.into());
        Self { port: Some(port), ..Self::new(Box::new(gone), layout, fonts, clock) }
    }

    /// With a line that says when the printer takes nothing.
    pub fn with_busy(self, busy: Option<BusyLine>) -> Self {
        Self { busy, ..self }
    }

    /// As the board file calls its port.
    pub fn called(self, at: String) -> Self {
        Self { at, ..self }
    }

    fn failed(&self, source: io::Error) -> DeviceError {
        DeviceError::Port { at: self.at.clone(), source }
    }

    fn profile(&self) -> &Profile {
        &self.layout.profile
    }

    fn now(&self) -> Moment {
        self.clock.now().moment
    }

    fn port(&mut self) -> io::Result<&mut dyn Port> {
        let port = match self.port.take() {
            Some(port) => port,
            None => (self.open)()?,
        };
        Ok(&mut **self.port.insert(port))
    }

    /// Sends a question and waits for what `wanted` picks; stale bytes are thrown away first.
    fn ask<T>(&mut self, question: &[u8], mut wanted: impl FnMut(Said) -> Option<T>) -> io::Result<T> {
        self.listener.forget();
        let port = self.port()?;
        port.discard()?;
        port.set_patience(REAL_TIME)?;
        port.write_all(question)?;
        let until = self.now().after(REAL_TIME);
        loop {
            let said = self.hear(until)?;
            if let Some(answer) = wanted(said) {
                return Ok(answer);
            }
        }
    }

    fn ask_real_time(&mut self, n: u8) -> io::Result<u8> {
        self.ask(&[0x10, 0x04, n], |said| match said {
            Said::RealTime(byte) => Some(byte),
            _ => None,
        })
    }

    fn hear(&mut self, until: Moment) -> io::Result<Said> {
        let byte = self.read_one(until)?;
        Ok(self.listener.hear(byte))
    }

    fn read_one(&mut self, until: Moment) -> io::Result<u8> {
        let left = until.since(self.now());
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

    /// Sends the job; no more than the printer's buffer is under way where the printer can say that it has worked it
    /// off.
    fn send(&mut self, pieces: &[Vec<u8>], until: Moment) -> io::Result<()> {
        let mut under_way = 0;
        for piece in pieces {
            if under_way > 0 && under_way + piece.len() > self.profile().buffer_bytes && self.profile().ack == Ack::GsR
            {
                self.write(GS_R, until)?;
                self.wait_for(until, |said| matches!(said, Said::InOrder(_)))?;
                under_way = 0;
            }
            self.write(piece, until)?;
            under_way += piece.len();
        }
        self.port()?.flush()
    }

    fn write(&mut self, bytes: &[u8], until: Moment) -> io::Result<()> {
        let chunk = if self.busy.is_some() { BUSY_CHUNK } else { bytes.len().max(1) };
        for chunk in bytes.chunks(chunk) {
            while let Some(busy) = &mut self.busy
                && busy()?
            {
                if until <= self.clock.now().moment {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                thread::sleep(BUSY_LOOK);
            }
            let left = until.since(self.now()).max(Duration::from_millis(1));
            let port = self.port()?;
            port.set_patience(left)?;
            port.write_all(chunk)?;
        }
        Ok(())
    }

    fn wait_for(&mut self, until: Moment, mut wanted: impl FnMut(Said) -> bool) -> io::Result<()> {
        loop {
            match self.hear(until) {
                Ok(said) if wanted(said) => return Ok(()),
                Ok(Said::Automatic(bytes)) if status::read_automatic(bytes).fault.is_some() => {
                    // It has stopped, and says so unasked: nothing more will come.
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                // Other answers, automatic status and flow control may come in between.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for the word that everything before it was printed; true when it came.
    fn acknowledged(&mut self, job: JobId, lines: usize, until: Moment) -> bool {
        let answer = match self.profile().ack {
            Ack::GsH => {
                let mark = format!("{:04}", job.session.serial % 10_000).into_bytes();
                let question = [&[0x1D, 0x28, 0x48, 6, 0, 0x30, 0x30], &mark[..]].concat();
                self.write(&question, until)
                    .and_then(|()| self.wait_for(until, |said| matches!(said, Said::Reached(at) if at == mark[..])))
            }
            Ack::GsR => {
                self.write(GS_R, until).and_then(|()| self.wait_for(until, |said| matches!(said, Said::InOrder(_))))
            }
            Ack::InOrder => self
                .write(&[0x10, 0x04, 1], until)
                .and_then(|()| self.wait_for(until, |said| matches!(said, Said::RealTime(_)))),
            Ack::None if self.profile().status => {
                // Four millimetres a line and one second for the cutter; then it must be well.
                let millimetres = u64::try_from(4 * lines).unwrap_or(u64::MAX);
                let speed = u64::from(self.profile().millimetres_per_second);
                let moving = millimetres.saturating_mul(1000).checked_div(speed).unwrap_or_default();
                let printing = moving.saturating_add(1000);
                thread::sleep(Duration::from_millis(printing).min(until.since(self.now())));
                Ok(())
            }
            Ack::None => Err(io::ErrorKind::Unsupported.into()),
        };
        answer.is_ok()
    }

    /// Throws away what the printer holds of a slip that stopped, and when it is well again cuts off what stands on the
    /// paper already: it was another person's.
    fn unstick(&mut self, well: bool) -> io::Result<()> {
        let clear = self.profile().clear.clone();
        if !well {
            return if clear.is_empty() { Ok(()) } else { self.port()?.write_all(&clear) };
        }
        let fragment = [encode::INIT, &self.profile().cut].concat();
        self.port()?.write_all(&fragment)?;
        self.stuck = false;
        Ok(())
    }

    /// Looks after a slip that is held out; true while it is.
    fn look_after_presented(&mut self) -> io::Result<bool> {
        let Some(since) = self.presented else { return Ok(false) };
        // The presenter's status has no fixed bits: whatever comes is it.
        let port = self.port()?;
        port.discard()?;
        port.set_patience(REAL_TIME)?;
        port.write_all(PRESENTER_STATUS)?;
        let status = self.read_one(self.now().after(REAL_TIME))?;
        if status & 0x08 == 0 {
            self.presented = None;
        } else if self.now().since(since) >= UNTAKEN {
            tracing::warn!(code = %Code::P708, "a slip was not taken and is drawn back");
            self.port()?.write_all(RETRACT)?;
            self.presented = None;
        }
        Ok(self.presented.is_some())
    }
}

impl Printer for EscPosPrinter {
    fn status(&mut self) -> Result<PrinterStatus, DeviceError> {
        if !self.profile().status {
            return self.port().map(|_| PrinterStatus::default()).map_err(|error| self.failed(error));
        }
        let asked = self.ask_real_time(2).and_then(|offline| {
            // What kind of error is asked only where there is one: each question is a round trip before the slip.
            let error = if status::has_error(offline) { self.ask_real_time(3)? } else { 0 };
            Ok(status::read(offline, error, self.ask_real_time(4)?))
        });
        asked.map_err(|error| {
            if error.kind() != io::ErrorKind::TimedOut {
                self.port = None;
            }
            self.failed(error)
        })
    }

    fn prepare(&mut self) {
        self.ahead = self.status().ok().map(|status| (self.now(), status));
    }

    fn tend(&mut self) -> Tended {
        let status = self.status();
        let well = status.as_ref().is_ok_and(|status| status.fault.is_none());
        let mended = if self.stuck { self.unstick(well) } else { Ok(()) };
        let held_out = self.look_after_presented();
        for error in [mended.err(), held_out.as_ref().err().map(|error| error.kind().into())].into_iter().flatten() {
            tracing::debug!(%error, "printer");
        }
        let again = if well && !self.stuck && !held_out.unwrap_or(false) { WELL } else { UNWELL };
        Tended { status, again }
    }

    fn print(&mut self, job: JobId, slip: &Slip, deadline: Moment) -> PrintOutcome {
        let now = self.now();
        if deadline <= now {
            return PrintOutcome::NotPrinted(Code::P707);
        }
        let ahead = self.ahead.take().filter(|(at, status)| now.since(*at) < FRESH && status.fault.is_none());
        match ahead.map_or_else(|| self.status(), |(_, status)| Ok(status)) {
            Err(_) => return PrintOutcome::NotPrinted(Code::P701),
            Ok(PrinterStatus { fault: Some(code), .. }) => return PrintOutcome::NotPrinted(code),
            Ok(_) => {}
        }
        if self.stuck && self.unstick(true).is_err() {
            return PrintOutcome::NotPrinted(Code::P701);
        }
        let encoded = slip_bytes(slip, &self.layout, &mut self.fonts);
        tell_missing(now, &encoded.missing);
        self.listener.forget();
        let sent = self.send(&encoded.pieces, deadline).is_ok();
        let acknowledged = sent && self.acknowledged(job, encoded.pieces.len(), deadline);
        let after = if self.profile().status { self.status().ok() } else { None };
        let well = after.is_some_and(|status| status.fault.is_none());
        self.presented = (self.profile().presenter == Presenter::GsE && sent).then(|| self.now());
        if acknowledged && (well || self.profile().ack != Ack::None) {
            return PrintOutcome::Printed;
        }
        self.stuck = self.profile().status && !well;
        if self.stuck {
            // Real-time: obeyed although the printer stands still.
            let _ = self.unstick(false);
        }
        PrintOutcome::Unknown
    }
}
