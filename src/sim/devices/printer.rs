//! The twin of an ESC/POS ticket printer with a GBK ROM: parses strictly, answers like a printer, runs out of paper.

mod body;
mod code128;
mod command;
mod paper;

use std::{
    io::{self, Read as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{SendFlags, send},
};

pub use self::body::Trouble;
use self::{body::State, paper::Line};

/// Watches and disturbs a printer.
#[derive(Clone)]
pub struct PrinterTwin(Arc<Mutex<State>>);

/// What lies between host and printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cable {
    /// Both directions work.
    Whole,
    /// The wire from the printer to the host is broken.
    NoReturn,
    /// Transmit meets transmit.
    Swapped,
    /// The host sends at twice the printer's rate.
    HalfSpeed,
}

impl Cable {
    /// What the printer hears of what the host sends, 8N1.
    fn carry(self, sent: &[u8]) -> Vec<u8> {
        match self {
            Self::Whole | Self::NoReturn => sent.to_vec(),
            Self::Swapped => Vec::new(),
            // One character's time of the printer is two of the host's; every other bit falls into the middle of one
            // of its own: bits 2, 4 and 6, the stop bit, then bits 0, 2, 4 and 6 of the next, or an idle line.
            Self::HalfSpeed => sent
                .chunks(2)
                .map(|pair| {
                    let (first, second) = (pair[0], pair.get(1).copied().unwrap_or(0xFF));
                    let bit = |byte: u8, from: u8, to: u8| (byte >> from & 1) << to;
                    let head = bit(first, 2, 0) | bit(first, 4, 1) | bit(first, 6, 2) | 1 << 3;
                    head | bit(second, 0, 4) | bit(second, 2, 5) | bit(second, 4, 6) | bit(second, 6, 7)
                })
                .collect(),
        }
    }

    fn returns(self) -> bool {
        matches!(self, Self::Whole | Self::HalfSpeed)
    }
}

/// One slip, as it fell out of the printer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Its lines.
    pub text: String,
    /// The widest line, half-width columns.
    pub widest: usize,
    columns: usize,
    lines: Vec<Line>,
}

impl Slip {
    /// Its picture.
    pub fn png(&self) -> Vec<u8> {
        paper::draw(&self.lines, self.columns)
    }

    /// Its codes and pictures, one pixel a dot; all of the place of type is ink.
    pub fn dots_png(&self) -> Vec<u8> {
        paper::draw_dots(&self.lines, self.columns)
    }
}

/// While the printer stands still it looks for real-time questions this often.
const STALLED: Duration = Duration::from_millis(20);

impl PrinterTwin {
    /// A printer with a fresh roll, and the host's end of its cable.
    pub fn start(folder: Option<PathBuf>, columns: usize) -> io::Result<(Self, UnixStream)> {
        let twin = Self::new(folder, columns);
        let host = twin.plug()?;
        Ok((twin, host))
    }

    /// Another host's end of its cable; the one before is to be let go of first.
    pub(crate) fn plug(&self) -> io::Result<UnixStream> {
        let (host, device) = UnixStream::pair()?;
        let state = self.clone();
        thread::Builder::new().name("printer-twin".to_owned()).spawn(move || {
            // Ends when the host closes its end.
            let _ = state.live(device);
        })?;
        Ok(host)
    }

    /// Its supply went for a moment: what it had not worked off is gone.
    pub(crate) fn lose_supply(&self) {
        self.state().lose_supply();
    }

    /// How many bytes it has heard.
    pub(crate) fn heard(&self) -> u64 {
        self.state().heard
    }

    /// The newest of what it heard, a command a line.
    pub(crate) fn decoded(&self) -> String {
        command::decoded(&self.state().bytes)
    }

    /// Lines left on its roll, and whether its cover is open.
    pub(crate) fn supplies(&self) -> (u32, bool) {
        let state = self.state();
        (state.lines_left, state.is_open())
    }

    /// How many slips fell out.
    pub(crate) fn count(&self) -> usize {
        self.state().slips.len()
    }

    /// One of the slips.
    pub(crate) fn slip(&self, at: usize) -> Option<Slip> {
        self.state().slips.get(at).cloned()
    }

    /// Lets the head be too hot, or cool.
    pub(crate) fn set_hot(&self, hot: bool) {
        self.state().set_hot(hot);
    }

    /// A printer with a fresh roll, whose wire and time are somebody else's.
    pub fn new(folder: Option<PathBuf>, columns: usize) -> Self {
        Self(Arc::new(Mutex::new(State::new(folder, columns))))
    }

    /// Bytes arrive. What it answers in real time comes back.
    pub fn hear(&self, bytes: &[u8]) -> Vec<u8> {
        self.state().hear(bytes)
    }

    /// Works off so many bytes of what has arrived, or all that it can. What it answers comes back.
    pub fn work(&self, most: Option<usize>) -> Vec<u8> {
        self.state().work(most)
    }

    /// Bytes that have arrived and are not worked off.
    pub fn held(&self) -> usize {
        self.state().held()
    }

    /// It stands still.
    pub fn stands_still(&self) -> bool {
        self.state().stands_still()
    }

    /// Its status lines, as `GET_PORT_STATUS` has them.
    pub fn lines(&self) -> u8 {
        self.state().lines()
    }

    /// Something happens to it when so many more bytes have been worked off, within a command if need be.
    pub fn stop_after(&self, bytes: usize, trouble: Trouble) {
        self.state().stop_after(bytes, trouble);
    }

    /// Everything that stopped it is put right.
    pub fn mend(&self) {
        self.state().mend();
    }

    /// Leaves this many lines on the roll.
    pub fn set_paper(&self, lines: u32) {
        self.state().set_paper(lines);
    }

    /// Puts a fresh roll in.
    pub fn refill(&self) {
        self.set_paper(body::ROLL);
    }

    /// Opens or closes the cover.
    pub fn set_cover(&self, open: bool) {
        self.state().set_cover(open);
    }

    /// Lets the cutter stick, or go again.
    pub fn set_jammed(&self, jammed: bool) {
        self.state().jammed = jammed;
    }

    /// Changes the cable.
    pub fn set_cable(&self, cable: Cable) {
        self.state().cable = cable;
    }

    /// Says this unasked, before its next answer.
    pub fn say_unasked(&self, bytes: &[u8]) {
        self.state().unasked = bytes.to_vec();
    }

    /// Takes the slip that is held out.
    pub fn take_slip(&self) {
        self.state().presented = false;
    }

    /// How many pictures it keeps in flash memory, and how often one was written.
    pub fn keeps(&self) -> (usize, usize) {
        let state = self.state();
        (state.kept.len(), state.written)
    }

    /// Leaves so many bytes of flash memory.
    pub fn set_flash(&self, bytes: usize) {
        self.state().flash = bytes;
    }

    /// How many slips were drawn back.
    pub fn retracted(&self) -> usize {
        self.state().retracted
    }

    /// The slips so far.
    pub fn slips(&self) -> Vec<Slip> {
        self.state().slips.clone()
    }

    /// The bytes so far, the newest mebibyte.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// What a real printer would not have understood.
    pub fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self, mut wire: UnixStream) -> io::Result<()> {
        let mut chunk = [0; 4096];
        loop {
            answer(&wire, &self.work(None))?;
            wire.set_read_timeout(self.stands_still().then_some(STALLED))?;
            match wire.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(length) => answer(&wire, &self.hear(&chunk[..length]))?,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// What nobody reads is lost: a printer waits for no host.
fn answer(wire: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    match send(wire, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
        Err(Errno::AGAIN) => Ok(()),
        sent => Ok(sent.map(|_| ())?),
    }
}
