//! The twin of an ESC/POS ticket printer with a GBK ROM: parses strictly, answers like a printer, runs out of paper.

mod command;
mod paper;

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use self::{
    command::{Command, Step, next},
    paper::{Line, Paper},
};
use super::write_whole;
use crate::files;

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
}

struct State {
    /// Lines left on the roll.
    lines_left: u32,
    cover_open: bool,
    /// The cutter does not move.
    jammed: bool,
    cable: Cable,
    /// What it says unasked, before its next answer.
    unasked: Vec<u8>,
    /// A slip is held out.
    presented: bool,
    /// Slips drawn back.
    retracted: usize,
    slips: Vec<Slip>,
    bytes: Vec<u8>,
    complaints: Vec<String>,
    folder: Option<PathBuf>,
}

/// A fresh roll, lines.
const ROLL: u32 = 100_000;

/// Below this the near-end sensor reports.
const NEAR_END: u32 = 20;

/// Bytes kept for those who look at them.
const KEPT: usize = 1 << 20;

/// While the printer waits for paper it looks for real-time questions this often.
const STALLED: Duration = Duration::from_millis(20);

impl PrinterTwin {
    /// A printer with a fresh roll, and the host's end of its cable.
    pub fn start(folder: Option<PathBuf>, columns: usize) -> io::Result<(Self, UnixStream)> {
        let (host, device) = UnixStream::pair()?;
        let twin = Self(Arc::new(Mutex::new(State {
            lines_left: ROLL,
            cover_open: false,
            jammed: false,
            cable: Cable::Whole,
            unasked: Vec::new(),
            presented: false,
            retracted: 0,
            slips: Vec::new(),
            bytes: Vec::new(),
            complaints: Vec::new(),
            folder,
        })));
        let state = twin.clone();
        thread::Builder::new().name("printer-twin".to_owned()).spawn(move || {
            // Ends when the host closes its end.
            let _ = state.live(device, columns);
        })?;
        Ok((twin, host))
    }

    /// Leaves this many lines on the roll.
    pub fn set_paper(&self, lines: u32) {
        self.state().lines_left = lines;
    }

    /// Puts a fresh roll in.
    pub fn refill(&self) {
        self.set_paper(ROLL);
    }

    /// Opens or closes the cover.
    pub fn set_cover(&self, open: bool) {
        self.state().cover_open = open;
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

    fn live(&self, mut wire: UnixStream, columns: usize) -> io::Result<()> {
        let mut buffer: Vec<u8> = Vec::new();
        let mut paper = Paper::new(columns);
        let mut chunk = [0; 4096];
        loop {
            let stalled = self.work(&mut buffer, &mut paper, &mut wire)?;
            wire.set_read_timeout(stalled.then_some(STALLED))?;
            match wire.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    let heard = self.state().cable.carry(&chunk[..length]);
                    buffer.extend_from_slice(&heard);
                    self.keep(&heard);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Works off what has arrived; true when paper or cover stops it. Real-time questions are answered in any case.
    fn work(&self, buffer: &mut Vec<u8>, paper: &mut Paper, wire: &mut UnixStream) -> io::Result<bool> {
        let mut at = 0;
        let mut stalled = false;
        while let Step::Whole(command, length) = next(&buffer[at..]) {
            if let Command::RealTime(n) = command {
                let answer = self.state().real_time(n);
                buffer.drain(at..at + length);
                self.answer(wire, answer)?;
                continue;
            }
            if command == Command::Clear {
                // What waited behind what stopped it is gone.
                buffer.drain(..at + length);
                (at, stalled) = (0, false);
                continue;
            }
            let stops = {
                let state = self.state();
                state.cover_open || state.jammed || (state.lines_left == 0 && command.needs_paper())
            };
            stalled |= stops;
            if stalled {
                // Everything behind waits in the printer's buffer; only real-time questions are looked for.
                at += length;
                continue;
            }
            buffer.drain(at..at + length);
            self.carry_out(command, paper, wire)?;
        }
        Ok(stalled)
    }

    fn carry_out(&self, command: Command, paper: &mut Paper, wire: &mut UnixStream) -> io::Result<()> {
        match command {
            Command::Status => {
                let answer = if self.state().lines_left <= NEAR_END { 0x03 } else { 0x00 };
                self.answer(wire, answer)
            }
            Command::Reached([a, b, c, d]) => self.answer_with(wire, &[0x37, 0x22, a, b, c, d, 0]),
            Command::Presenter(6) => {
                let status = if self.state().presented { 0x08 } else { 0x00 };
                self.answer(wire, status)
            }
            Command::Presenter(n) => {
                let mut state = self.state();
                match n {
                    0x20 => state.presented = true,
                    2 if std::mem::replace(&mut state.presented, false) => state.retracted += 1,
                    _ => {}
                }
                Ok(())
            }
            Command::Cut => {
                if let Some(slip) = paper.cut() {
                    self.state().fall_out(slip);
                }
                Ok(())
            }
            command => {
                let mut state = self.state();
                if matches!(command, Command::LineFeed) {
                    state.lines_left = state.lines_left.saturating_sub(1);
                }
                if let Err(complaint) = paper.take(command) {
                    state.complain(complaint);
                }
                Ok(())
            }
        }
    }

    fn answer(&self, wire: &mut UnixStream, answer: u8) -> io::Result<()> {
        self.answer_with(wire, &[answer])
    }

    fn answer_with(&self, wire: &mut UnixStream, answer: &[u8]) -> io::Result<()> {
        let unasked = std::mem::take(&mut self.state().unasked);
        if self.state().cable.returns() { wire.write_all(&[&unasked, answer].concat()) } else { Ok(()) }
    }

    fn keep(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.bytes.extend_from_slice(bytes);
        let excess = state.bytes.len().saturating_sub(KEPT);
        state.bytes.drain(..excess);
        if let Some(folder) = &state.folder {
            let file = files::append(&folder.join("printer.bin")).map_err(io::Error::from);
            if let Err(error) = file.and_then(|mut file| file.write_all(bytes)) {
                tracing::warn!(%error, "the printer's twin cannot write its file");
            }
        }
    }
}

impl State {
    fn real_time(&self, n: u8) -> u8 {
        let no_paper = self.lines_left == 0;
        0x12 | match n {
            1 if no_paper || self.cover_open || self.jammed => 0x08,
            2 => u8::from(self.cover_open) * 0x04 + u8::from(no_paper) * 0x20 + u8::from(self.jammed) * 0x40,
            3 => u8::from(self.jammed) * 0x08,
            4 if no_paper => 0x6C,
            4 if self.lines_left <= NEAR_END => 0x0C,
            _ => 0,
        }
    }

    fn fall_out(&mut self, slip: Slip) {
        if let Some(folder) = &self.folder {
            let is_slip = |name: &&String| name.starts_with("slip-") && name.ends_with(".txt");
            let number = files::list(folder).map_or(1, |names| 1 + names.iter().filter(is_slip).count());
            let file = |kind| folder.join(format!("slip-{number:04}.{kind}"));
            let written =
                write_whole(&file("txt"), slip.text.as_bytes()).and_then(|()| write_whole(&file("png"), &slip.png()));
            if let Err(error) = written {
                tracing::warn!(%error, "the printer's twin cannot write a slip");
            }
        }
        self.slips.push(slip);
    }

    fn complain(&mut self, complaint: String) {
        if self.complaints.len() < 100 {
            self.complaints.push(complaint);
        }
    }
}
