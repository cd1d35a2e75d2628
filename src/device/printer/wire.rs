//! The way to a printer: what is written leaves in small pieces and is known to have left, what comes back is heard
//! meanwhile, and how the printer is, is asked while something waits. Nothing waits without limit.

use std::{io, sync::Arc, time::Duration};

use super::{
    BusyLine, Opener,
    questions::Questions,
    status::{self, Heard, Listener, Said},
};
use crate::{
    device::{Port, PrinterStatus},
    fault::Code,
    words::{Clock, Moment},
};

/// Why nothing more is written.
#[derive(Debug)]
pub(super) enum Stop {
    /// The port failed.
    Port(io::Error),
    /// The printer says why it stands still.
    Fault(Code),
    /// It neither takes nor says anything.
    Silent,
    /// It is too late.
    Late,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Port(error)
    }
}

/// A connection with a printer.
pub(super) struct Wire {
    open: Opener,
    /// None before the first question, and after a failure.
    port: Option<Box<dyn Port>>,
    busy: Option<BusyLine>,
    clock: Arc<dyn Clock>,
    listener: Listener,
    pub(super) heard: Heard,
    questions: Questions,
    /// It answers no question: its lines are looked at.
    one_way: bool,
    /// Its lines have said that it is well: many printers say the same for ever.
    trusted: bool,
    /// When a round of questions was last begun.
    looked: Moment,
    /// When it last took or said something.
    alive: Moment,
    /// When it last said something.
    spoke: Moment,
    /// Bytes that have left.
    left: usize,
    /// Bytes of the piece being written that have not left: the printer waits for them.
    owed: usize,
}

/// How long a printer may take to answer a real-time question.
const REAL_TIME: Duration = Duration::from_millis(500);

/// The same, where the last answers did not come in time: a print server may hold them back.
const ONCE_MORE: Duration = Duration::from_secs(2);

/// How often it is asked how it is while something waits.
const LOOK: Duration = Duration::from_millis(200);

/// A printer that takes nothing for so long stands still, or is full: it is asked past what it holds up.
const STALL: Duration = Duration::from_millis(400);

/// A printer that takes nothing for so long within a piece stands still: asked there, it would print the question.
const STOPPED: Duration = Duration::from_millis(700);

/// A printer that takes nothing and says nothing for so long does neither any more.
const SILENCE: Duration = Duration::from_millis(1000);

/// How long is waited for what a printer that stands still has to say.
const LAST_WORD: Duration = Duration::from_millis(250);

/// The bytes of one answer are no further apart.
const APART: Duration = Duration::from_millis(100);

/// How long is waited for the next byte, and how often a printer that is busy is looked at.
const TICK: Duration = Duration::from_millis(5);

impl Wire {
    pub(super) fn new(open: Opener, port: Option<Box<dyn Port>>, listener: Listener, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now().moment;
        Self {
            open,
            port,
            busy: None,
            clock,
            listener,
            heard: Heard::default(),
            questions: Questions::default(),
            one_way: false,
            trusted: false,
            looked: now,
            alive: now,
            spoke: now,
            left: 0,
            owed: 0,
        }
    }

    pub(super) fn set_busy(&mut self, busy: Option<BusyLine>) {
        self.busy = busy;
    }

    /// The printer answers no question.
    pub(super) fn set_one_way(&mut self) {
        self.one_way = true;
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now().moment
    }

    pub(super) fn close(&mut self) {
        self.port = None;
    }

    fn port(&mut self) -> io::Result<&mut dyn Port> {
        let port = match self.port.take() {
            Some(port) => port,
            // What was asked of the last one may still be answered here: a serial printer knows nothing of ours.
            None => (self.open)()?,
        };
        Ok(&mut **self.port.insert(port))
    }

    /// From here on is heard and counted anew. What was heard before is another job's.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.take_back()?;
        self.hear_all()?;
        self.questions.end();
        (self.heard, self.left, self.owed) = (Heard::default(), 0, 0);
        (self.looked, self.alive) = (self.now(), self.now());
        Ok(())
    }

    /// Bytes that have left since [`Wire::begin`].
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Throws away what was written and has not left.
    pub(super) fn take_back(&mut self) -> io::Result<usize> {
        let back = self.port()?.withdraw()?;
        self.left = self.left.saturating_sub(back);
        self.owed = self.owed.saturating_add(back);
        Ok(back)
    }

    /// Asks how the printer is, and waits for the answers; longer where it was waited for in vain.
    pub(super) fn status(&mut self, in_vain: bool) -> io::Result<PrinterStatus> {
        self.begin()?;
        self.answered_within(if in_vain { ONCE_MORE } else { REAL_TIME })
    }

    /// The same of a printer that stands still: its last word, if it has one. What it was sent is over.
    pub(super) fn last_word(&mut self) -> io::Result<PrinterStatus> {
        self.end_piece()?;
        self.heard.status = None;
        self.questions.end();
        self.answered_within(LAST_WORD)
    }

    fn answered_within(&mut self, patience: Duration) -> io::Result<PrinterStatus> {
        self.enquire();
        loop {
            self.go_on()?;
            self.hear(TICK)?;
            if let (Some(status), false) = (self.heard.status, self.is_enquiring()) {
                return Ok(status);
            }
            let since = self.questions.stirred().unwrap_or(self.looked);
            if self.now().since(since) >= self.patience(patience) {
                self.questions.end();
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    /// How the printer is by its lines; well, where it has none or they are not to be trusted.
    pub(super) fn lines(&mut self) -> io::Result<PrinterStatus> {
        self.looked = self.now();
        let said = self.port()?.lines()?.map(status::read_lines);
        self.trusted |= said.is_some_and(|status| status.fault.is_none());
        let status = said.filter(|_| self.trusted).unwrap_or_default();
        self.heard.status = Some(status);
        Ok(status)
    }

    /// Looks at the lines of a printer that says nothing else.
    fn watch(&mut self) -> io::Result<()> {
        if self.one_way && self.now().since(self.looked) >= LOOK {
            self.lines()?;
        }
        Ok(())
    }

    /// Asks for the whole status at once.
    pub(super) fn full_status(&mut self) -> io::Result<[u8; 4]> {
        self.begin()?;
        self.push(&[0x10, 0x04, 20], TICK)?;
        let until = self.now().after(self.patience(REAL_TIME));
        while self.heard.full.is_none() && self.now() < until {
            self.hear(TICK)?;
        }
        self.heard.full.ok_or_else(|| io::ErrorKind::TimedOut.into())
    }

    /// Begins a round of questions.
    pub(super) fn enquire(&mut self) {
        self.looked = self.now();
        self.questions.begin(self.looked);
    }

    /// True while a round of questions is not over.
    pub(super) fn is_enquiring(&self) -> bool {
        self.questions.is_open()
    }

    /// How long this printer is waited for where one that answers at once is waited for so long.
    pub(super) fn patience(&self, usual: Duration) -> Duration {
        self.questions.patience(usual)
    }

    /// Sends the question that is due, where a command ends: within one it would be taken for its data. Real-time: past
    /// what the printer holds up.
    fn go_on(&mut self) -> io::Result<()> {
        let now = self.now();
        let Some(n) = self.questions.due(now) else { return Ok(()) };
        // Its answer may come before it is known to have left.
        self.questions.ask(n, now);
        // Nothing goes to a printer that is full: it is heard only where it speaks unasked.
        if !self.push(&[0x10, 0x04, n], TICK)? {
            self.questions.take_back();
        }
        Ok(())
    }

    /// Looks after the printer where a command ends.
    pub(super) fn look(&mut self) -> io::Result<()> {
        if !self.is_enquiring() && self.now().since(self.looked) >= LOOK {
            self.enquire();
        }
        self.go_on()
    }

    /// Writes what the printer must get although it holds everything up; false where it did not.
    pub(super) fn push(&mut self, bytes: &[u8], patience: Duration) -> io::Result<bool> {
        let until = self.now().after(patience);
        let port = self.port()?;
        port.obey(false)?;
        port.set_patience(TICK)?;
        let mut rest = bytes;
        loop {
            match self.port()?.write(rest) {
                Err(error) if is_patience(&error) => {}
                Err(error) => return Err(error),
                Ok(written) => {
                    recorded(rest, written);
                    rest = rest.get(written..).unwrap_or_default();
                }
            }
            if (rest.is_empty() && self.port()?.pending()? == 0) || until <= self.now() {
                break;
            }
            self.hear(Duration::from_millis(1))?;
        }
        let back = self.port()?.withdraw()?;
        self.port()?.obey(true)?;
        Ok(rest.is_empty() && back == 0)
    }

    /// Ends the command that the piece being written was in: zeros are white as a picture and nothing as text.
    pub(super) fn end_piece(&mut self) -> io::Result<()> {
        self.take_back()?;
        let owed = std::mem::take(&mut self.owed).min(LONGEST_PIECE);
        if owed > 0 {
            self.push(&vec![0; owed], LAST_WORD)?;
        }
        Ok(())
    }

    /// Writes a piece that ends where a command ends; all of it has left when this returns. `looks`: the printer answers
    /// real-time questions.
    pub(super) fn write(&mut self, piece: &[u8], until: Moment, looks: bool) -> Result<(), Stop> {
        self.owed = piece.len();
        let mut furthest = 0;
        let mut free = self.now();
        loop {
            self.hear_all()?;
            self.watch()?;
            self.well()?;
            let pending = self.port()?.pending()?;
            let busy = self.busy.as_mut().map_or(Ok(false), |busy| busy())?;
            let written = piece.len().saturating_sub(self.owed);
            let now = self.now();
            if written.saturating_sub(pending) > furthest {
                furthest = written.saturating_sub(pending);
                (free, self.alive) = (now, now);
            }
            if !busy && pending == 0 {
                if self.owed == 0 {
                    return Ok(());
                }
                let taken = self.write_some(piece.get(written..).unwrap_or_default())?;
                self.owed = self.owed.saturating_sub(taken);
                self.left = self.left.saturating_add(taken);
                if taken > 0 {
                    continue;
                }
            }
            let untouched = written == 0;
            if until <= now {
                self.take_back()?;
                return Err(Stop::Late);
            }
            let waited = now.since(free);
            let silence = self.patience(SILENCE);
            if (waited >= STOPPED && !untouched) || (waited >= silence && now.since(self.alive) >= silence) {
                self.take_back()?;
                return Err(Stop::Silent);
            }
            if looks && untouched && waited >= STALL {
                self.look()?;
            }
            self.hear(TICK)?;
        }
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let busy = self.busy.is_some();
        let port = self.port()?;
        let chunk = if busy { port.chunk().min(BUSY_CHUNK) } else { port.chunk() };
        port.set_patience(TICK)?;
        match port.write(&bytes[..bytes.len().min(chunk)]) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if is_patience(&error) => Ok(0),
            written => written.inspect(|written| recorded(bytes, *written)),
        }
    }

    /// Writes a question that is answered in its turn.
    pub(super) fn ask_in_order(&mut self, question: &[u8], until: Moment, looks: bool) -> Result<(), Stop> {
        while self.now().since(self.spoke) < self.questions.pause(self.now()) && self.now() < until {
            self.hear(TICK)?;
        }
        self.heard.in_order = None;
        self.questions.ask_in_order(self.now());
        self.write(question, until, looks)
    }

    /// Every such question was answered, or is lost.
    pub(super) fn is_in_order(&self) -> bool {
        self.heard.in_order.is_some() && self.questions.is_in_order()
    }

    /// Waits for what `done` looks for; `patience` is how long the printer may say nothing at all.
    pub(super) fn wait(
        &mut self,
        until: Moment,
        patience: Duration,
        looks: bool,
        done: impl Fn(&Self) -> bool,
    ) -> Result<(), Stop> {
        self.alive = self.now();
        loop {
            self.watch()?;
            self.well()?;
            if done(self) {
                return Ok(());
            }
            let now = self.now();
            if until <= now {
                return Err(Stop::Late);
            }
            if now.since(self.alive) >= patience {
                return Err(Stop::Silent);
            }
            if looks {
                self.look()?;
            }
            self.hear(TICK)?;
        }
    }

    fn well(&self) -> Result<(), Stop> {
        self.heard.fault().map_or(Ok(()), |code| Err(Stop::Fault(code)))
    }

    /// Takes in what has arrived, of somebody who never stops talking no more than a part.
    fn hear_all(&mut self) -> io::Result<()> {
        for _ in 0..HEARD_AT_ONCE {
            if !self.hear(Duration::ZERO)? {
                break;
            }
        }
        Ok(())
    }

    /// Takes in what has arrived, or arrives within `patience`; false where nothing has.
    fn hear(&mut self, patience: Duration) -> io::Result<bool> {
        let mut buffer = [0; 64];
        let port = self.port()?;
        let read = if patience.is_zero() {
            port.arrived(&mut buffer)
        } else {
            port.set_patience(patience)?;
            match port.read(&mut buffer) {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if is_patience(&error) => Ok(0),
                read => read,
            }
        };
        let length = read?;
        let now = self.now();
        if length > 0 {
            #[cfg(feature = "pilot")]
            crate::capture::printer_said(&buffer[..length]);
            if now.since(self.spoke) >= APART {
                self.listener.forget();
            }
            (self.alive, self.spoke) = (now, now);
        }
        for byte in &buffer[..length] {
            match self.listener.hear(*byte) {
                Said::RealTime(answer) => self.found(|questions| questions.answered(answer, now)),
                Said::InOrder(answer) if self.questions.answered_in_order(now) => self.heard.in_order = Some(answer),
                Said::Reached(mark) => self.heard.reached = Some(mark),
                Said::Full(status) => self.heard.full = Some(status),
                Said::Listed(more) => {
                    self.heard.keys.truncate(MOST_KEYS);
                    self.heard.keys.append(&mut self.listener.keys);
                    self.heard.listed = Some(more);
                }
                Said::Automatic(bytes) => self.heard.status = Some(status::read_automatic(bytes)),
                Said::Flow | Said::More | Said::InOrder(_) => {}
            }
        }
        self.found(|questions| questions.settle(now));
        Ok(length > 0)
    }

    fn found(&mut self, round: impl FnOnce(&mut Questions) -> Option<PrinterStatus>) {
        self.heard.status = round(&mut self.questions).or(self.heard.status);
    }
}

/// The longest piece that is ever written: a picture's strip, or a QR code's data.
const LONGEST_PIECE: usize = 2048;

/// More keys than these nobody has.
const MOST_KEYS: usize = 4096;

/// How often what has arrived is taken in before something else is done.
const HEARD_AT_ONCE: usize = 64;

/// Bytes sent between two looks at the BUSY line.
const BUSY_CHUNK: usize = 64;

#[cfg(feature = "pilot")]
fn recorded(bytes: &[u8], written: usize) {
    crate::capture::printer_sent(bytes.get(..written).unwrap_or_default());
}

#[cfg(not(feature = "pilot"))]
fn recorded(_: &[u8], _: usize) {}

fn is_patience(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
