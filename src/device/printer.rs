//! ESC/POS printers over a byte stream, with a profile as data.

mod encode;
mod fields;
mod kept;
mod logo;
mod profile;
mod qr;
mod questions;
mod status;
mod template;
mod wire;

use std::{io, sync::Arc, time::Duration};

pub use self::{
    encode::{Encoded, Layout, slip_bytes},
    logo::{House, SlipLogo},
    profile::{Ack, Profile, ProfileError},
    template::Template,
};
use self::{
    profile::Presenter,
    status::Listener,
    wire::{Stop, Wire},
};
use super::{DeviceError, Fonts, Port, Printer, PrinterStatus, Tended};
use crate::{
    fault::Code,
    kiosk::{PrintOutcome, Slip},
    words::{Clock, JobId, Moment},
};

/// Opens a printer's port, again and again: it may be unplugged, switched off, or not there yet.
pub(crate) type Opener = Box<dyn FnMut() -> io::Result<Box<dyn Port>> + Send>;

/// A printer's BUSY line: true while it takes nothing.
pub(crate) type BusyLine = Box<dyn FnMut() -> io::Result<bool> + Send>;

/// The driver.
pub struct EscPosPrinter {
    wire: Wire,
    at: String,
    layout: Layout,
    fonts: Fonts,
    /// How the printer was when it was asked ahead, for the next slip alone.
    ahead: Option<(Moment, PrinterStatus)>,
    /// A slip may have stopped in its middle, of ours or of whoever wrote before: what is left of it may still lie in
    /// the printer, or hang out of it.
    stuck: bool,
    /// It did not answer when it was asked last.
    silent: bool,
    /// The last mark of `GS ( H`.
    mark: u16,
    /// Since when a slip is held out.
    presented: Option<Moment>,
    /// Characters that nothing here can draw, and nobody has been told of.
    missing: Vec<char>,
    kept: kept::Kept,
}

/// An answer older than this is asked for again.
const FRESH: Duration = Duration::from_secs(2);

/// How often a printer that is well is asked, and one that is not.
const WELL: Duration = Duration::from_secs(15);
const UNWELL: Duration = Duration::from_secs(1);

/// A slip that nobody takes is drawn back after this: a name stands on it.
const UNTAKEN: Duration = Duration::from_secs(30);

/// How long what ends an unfinished command may take.
const MENDING: Duration = Duration::from_secs(5);

/// How soon a printer that waits for a command answers `GS r`.
const AT_ONCE: Duration = Duration::from_millis(200);

/// The longest command of somebody else's that may have been cut off, bytes.
const LONGEST: usize = 16 * 1024;

/// Bytes of a printer's buffer that are left free: a question must get in behind what a printer that stopped holds.
const ROOM: usize = 64;

/// Marks of `GS ( H` are digits, four of them.
const MARKS: u16 = 10_000;

impl EscPosPrinter {
    /// Opens nothing before the first question.
    pub fn new(open: Opener, layout: Layout, fonts: Fonts, clock: Arc<dyn Clock>) -> Self {
        Self::with(open, None, layout, fonts, clock)
    }

    /// On a port that is open and cannot be opened again.
    pub fn on(port: Box<dyn Port>, layout: Layout, fonts: Fonts, clock: Arc<dyn Clock>) -> Self {
        let gone = || Err(io::ErrorKind::NotConnected.into());
        Self::with(Box::new(gone), Some(port), layout, fonts, clock)
    }

    fn with(open: Opener, port: Option<Box<dyn Port>>, layout: Layout, fonts: Fonts, clock: Arc<dyn Clock>) -> Self {
        let profile = &layout.profile;
        let listener = Listener::new(profile.status_bit7, profile.presenter == Presenter::FullStatus);
        let mut wire = Wire::new(open, port, listener, clock);
        if !profile.status {
            wire.set_one_way();
        }
        Self {
            wire,
            at: "its port".to_owned(),
            layout,
            fonts,
            ahead: None,
            stuck: true,
            silent: false,
            mark: 0,
            presented: None,
            missing: Vec::new(),
            kept: kept::Kept::default(),
        }
    }

    /// With a line that says when the printer takes nothing.
    pub fn with_busy(mut self, busy: Option<BusyLine>) -> Self {
        self.wire.set_busy(busy);
        self
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

    /// Real-time questions are answered while something else is printed.
    fn looks(&self) -> bool {
        self.profile().status && self.profile().ack != Ack::InOrder
    }

    /// How long the printer may be at what was sent: four millimetres a line, and one second for the cutter.
    fn printing(&self, lines: usize) -> Duration {
        let millimetres = u64::try_from(4 * lines).unwrap_or(u64::MAX);
        let speed = u64::from(self.profile().millimetres_per_second);
        let moving = millimetres.saturating_mul(1000).checked_div(speed).unwrap_or_default();
        Duration::from_millis(moving.saturating_add(1000))
    }

    /// Sends the job; no more than the printer's buffer is under way.
    fn send(&mut self, pieces: &[Vec<u8>], until: Moment) -> Result<(), Stop> {
        let looks = self.looks();
        let (mut under_way, mut lines) = (0, 0);
        for piece in pieces {
            if under_way > 0 && under_way + piece.len() + ROOM > self.profile().buffer_bytes {
                self.worked_off(lines, until)?;
                (under_way, lines) = (0, 0);
            }
            self.wire.write(piece, until, looks)?;
            under_way += piece.len();
            lines += 1;
            if looks {
                self.wire.look()?;
            }
        }
        Ok(())
    }

    /// Waits until everything before it was processed, or printed where the printer says so; true where it said so.
    fn worked_off(&mut self, lines: usize, until: Moment) -> Result<bool, Stop> {
        self.answers(self.printing(lines), until)
    }

    /// The same, where the printer may be at it for so long.
    fn answers(&mut self, at_it: Duration, until: Moment) -> Result<bool, Stop> {
        let (looks, patience) = (self.looks(), self.wire.patience(at_it));
        match self.profile().ack {
            Ack::GsH => {
                self.mark = (self.mark + 1) % MARKS;
                let mark = [1000, 100, 10, 1].map(|place| b'0' + u8::try_from(self.mark / place % 10).unwrap_or(0));
                self.wire.write(&[&[0x1D, 0x28, 0x48, 6, 0, 0x30, 0x30], &mark[..]].concat(), until, looks)?;
                self.wire.wait(until, patience, looks, |wire| wire.heard.reached == Some(mark))?;
            }
            Ack::GsR | Ack::EscV => {
                let question: &[u8] = if self.profile().ack == Ack::GsR { &[0x1D, 0x72, 1] } else { &[0x1B, 0x76] };
                self.wire.ask_in_order(question, until, looks)?;
                self.wire.wait(until, patience, looks, Wire::is_in_order)?;
            }
            Ack::InOrder => {
                self.wire.heard.status = None;
                self.wire.enquire();
                self.wire.wait(until, patience, true, |wire| wire.heard.status.is_some() && !wire.is_enquiring())?;
            }
            Ack::None => {
                let done = self.wire.now().after(patience);
                self.wire.wait(until, 2 * patience, looks, |wire| wire.now() >= done && !wire.is_enquiring())?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits for the end of a slip; true where it is known to stand on the paper.
    fn acknowledged(&mut self, lines: usize, until: Moment) -> Result<bool, Stop> {
        if self.worked_off(lines, until)? {
            return Ok(true);
        }
        Ok(self.profile().status && self.wire.status(false).is_ok_and(|status| status.fault.is_none()))
    }

    /// Throws away what the printer holds of a slip that stopped, and when it is well again cuts off what stands on the
    /// paper already: it was another person's.
    fn unstick(&mut self, well: bool) -> Result<(), Stop> {
        if !well {
            let clear = self.profile().clear.clone();
            if !clear.is_empty() {
                self.wire.push(&clear, MENDING)?;
            }
            return Ok(());
        }
        self.end_unfinished()?;
        let until = self.wire.now().after(MENDING);
        let fragment = [encode::INIT, &self.profile().cut].concat();
        self.wire.write(&fragment, until, false)?;
        if self.profile().ack == Ack::None {
            // Nobody says when that is worked off, and behind a slip there must be room for questions.
            self.worked_off(0, until.after(MENDING))?;
        }
        // What is held out is drawn back when nobody takes it.
        self.presented = self.presents();
        self.stuck = false;
        Ok(())
    }

    /// Ends a command that was cut off. Zeros are white as a picture and nothing as text; a printer that answers in its
    /// turn says when it waits for a command again.
    fn end_unfinished(&mut self) -> Result<(), Stop> {
        let until = self.wire.now().after(MENDING);
        let answers = matches!(self.profile().ack, Ack::GsH | Ack::GsR | Ack::EscV);
        let mut sent = 0;
        let mut zeros = 0;
        while sent < LONGEST {
            self.wire.write(&vec![0; zeros], until, false)?;
            sent += zeros;
            if !answers && sent > 0 {
                return Ok(());
            }
            zeros = (2 * sent).max(encode::LONGEST);
            if answers {
                match self.answers_at_once(until) {
                    Err(Stop::Silent) => {}
                    answered => return answered,
                }
            }
        }
        Ok(())
    }

    /// A printer that waits for a command answers within [`AT_ONCE`].
    fn answers_at_once(&mut self, until: Moment) -> Result<(), Stop> {
        let soon = self.wire.now().after(self.wire.patience(AT_ONCE));
        match self.worked_off(0, until.min(soon)) {
            // It answers this question or one that was given up: what else comes is waited for, or answers a slip later.
            Err(Stop::Late) if soon < until && self.wire.heard.in_order.is_some() => {
                self.wire.wait(until, MENDING, false, Wire::is_in_order)
            }
            Err(Stop::Late) if soon < until => Err(Stop::Silent),
            answered => answered.map(|_| ()),
        }
    }

    /// Since when a slip is held out, where this printer holds one out.
    fn presents(&self) -> Option<Moment> {
        (self.profile().presenter == Presenter::FullStatus).then(|| self.wire.now())
    }

    /// Looks after a slip that is held out; true where nobody took it in time and it was drawn back.
    fn look_after_presented(&mut self) -> io::Result<bool> {
        let Some(since) = self.presented else { return Ok(false) };
        if !status::is_held_out(self.wire.full_status()?) {
            self.presented = None;
        } else if self.wire.now().since(since) >= UNTAKEN {
            let retract = self.profile().retract.clone();
            // One that takes nothing now is told again.
            let taken = self.wire.push(&retract, MENDING)?;
            self.presented = self.presented.filter(|_| !taken);
            return Ok(taken);
        }
        Ok(false)
    }

    fn ask(&mut self) -> io::Result<PrinterStatus> {
        if !self.profile().status {
            return self.wire.lines();
        }
        match self.wire.status(self.silent) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut && self.stuck => {
                // The question may have become part of a command that was cut off.
                match self.end_unfinished() {
                    Err(Stop::Port(error)) => Err(error),
                    _ => self.wire.status(false),
                }
            }
            asked => asked,
        }
    }

    /// Why a slip stopped, and what is known of it.
    fn stopped(&mut self, stop: Stop) -> PrintOutcome {
        let _ = self.wire.take_back();
        let left = self.wire.left();
        if left > 0 && self.looks() && !matches!(stop, Stop::Port(_)) {
            // The printer waits for the rest of a command; it says why it stands still when that has come.
            let word = self.wire.last_word();
            tracing::debug!(left, ?stop, ?word, "a slip stopped");
        }
        let code = match &stop {
            Stop::Fault(code) => *code,
            Stop::Late => Code::P707,
            Stop::Silent | Stop::Port(_) => Code::P701,
        };
        if matches!(stop, Stop::Port(_)) {
            self.kept.forget(&mut self.layout.house);
            self.wire.close();
        }
        if left == 0 {
            return PrintOutcome::NotPrinted(code);
        }
        self.stuck = true;
        if self.profile().status {
            // Real-time: obeyed although the printer stands still.
            let _ = self.unstick(false);
        }
        PrintOutcome::Unknown
    }
}

impl Printer for EscPosPrinter {
    fn status(&mut self) -> Result<PrinterStatus, DeviceError> {
        let asked = self.ask();
        // Whoever says nothing twice may have come back elsewhere: its port is opened anew.
        let silent = asked.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut);
        let twice = silent && std::mem::replace(&mut self.silent, silent);
        self.silent = silent && !twice;
        if asked.is_err() {
            self.kept.forget(&mut self.layout.house);
        }
        asked.map_err(|error| {
            if twice || !silent {
                self.wire.close();
            }
            self.failed(error)
        })
    }

    fn missing(&mut self) -> Vec<char> {
        std::mem::take(&mut self.missing)
    }

    fn prepare(&mut self) {
        self.ahead = self.status().ok().map(|status| (self.wire.now(), status));
        let well = self.ahead.is_some_and(|(_, status)| status.fault.is_none());
        if well && self.stuck && self.unstick(true).is_err() {
            self.ahead = None;
        }
    }

    fn tend(&mut self) -> Tended {
        let status = self.status();
        let well = status.as_ref().is_ok_and(|status| status.fault.is_none());
        if self.stuck
            && status.is_ok()
            && let Err(stop) = self.unstick(well)
        {
            tracing::debug!(?stop, "what is left of a slip");
        }
        let drawn_back = self.look_after_presented().unwrap_or_else(|error| {
            tracing::debug!(%error, "presenter");
            false
        });
        // Without pictures on glass a site names no logo.
        if cfg!(feature = "screen") && well && !self.stuck && self.presented.is_none() {
            self.keep_logo();
        }
        let again = if well && !self.stuck && self.presented.is_none() { WELL } else { UNWELL };
        Tended { status, drawn_back, again }
    }

    fn print(&mut self, _: JobId, slip: &Slip, deadline: Moment) -> PrintOutcome {
        let now = self.wire.now();
        if deadline <= now {
            return PrintOutcome::NotPrinted(Code::P707);
        }
        let encoded = slip_bytes(slip, &self.layout, &mut self.fonts);
        if let Some(code) = encoded.refused {
            return PrintOutcome::NotPrinted(code);
        }
        let ahead = self.ahead.take().filter(|(at, status)| now.since(*at) < FRESH && status.fault.is_none());
        match ahead.map_or_else(|| self.status(), |(_, status)| Ok(status)) {
            Err(_) => return PrintOutcome::NotPrinted(Code::P701),
            Ok(PrinterStatus { fault: Some(code), .. }) => return PrintOutcome::NotPrinted(code),
            Ok(_) => {}
        }
        if self.stuck
            && let Err(stop) = self.unstick(true)
        {
            let code = if let Stop::Fault(code) = stop { code } else { Code::P701 };
            return PrintOutcome::NotPrinted(code);
        }
        if deadline <= self.wire.now() {
            return PrintOutcome::NotPrinted(Code::P707);
        }
        self.missing.extend(&encoded.missing);
        let begun = self.wire.begin().map_err(Stop::from);
        let sent = begun.and_then(|()| self.send(&encoded.pieces, deadline));
        if sent.is_ok() {
            self.presented = self.presents();
        }
        match sent.and_then(|()| self.acknowledged(encoded.pieces.len(), deadline)) {
            Ok(true) => PrintOutcome::Printed,
            Ok(false) => PrintOutcome::Unknown,
            Err(stop) => self.stopped(stop),
        }
    }
}
