//! What is behind a printer's connector: a buffer, a mechanism that works it off, sensors, and what they say.

use std::{collections::BTreeMap, io::Write as _, path::PathBuf};

use super::{
    Cable, Slip,
    command::{Command, Step, next},
    paper::Paper,
};
use crate::{files, sim::devices::write_whole};

/// What makes a printer stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The roll is at its end.
    Paper,
    /// The cover is open.
    Cover,
    /// The cutter is jammed.
    Cutter,
    /// The head is too hot.
    Heat,
}

/// A printer.
pub(super) struct State {
    /// Lines left on the roll.
    pub lines_left: u32,
    cover_open: bool,
    /// The cutter does not move.
    pub jammed: bool,
    hot: bool,
    pub cable: Cable,
    /// What it says unasked, before its next answer.
    pub unasked: Vec<u8>,
    /// A slip is held out.
    pub presented: bool,
    /// Slips drawn back.
    pub retracted: usize,
    pub slips: Vec<Slip>,
    /// What it heard, the newest of it.
    pub bytes: Vec<u8>,
    /// How much it heard, ever.
    pub heard: u64,
    pub complaints: Vec<String>,
    /// How much had been heard when a broken wire last garbled what was sent: of what a printer then understands no driver
    /// is to blame until it begins anew behind that.
    garbled: Option<u64>,
    folder: Option<PathBuf>,
    paper: Paper,
    /// What arrived and is not worked off.
    rest: Vec<u8>,
    /// How far real-time commands were looked for in it: to a place where a command ends.
    scanned: usize,
    /// Bytes that may be worked off, saved up for a long command.
    credit: usize,
    /// What happens when so many more bytes have been worked off.
    awaits: Option<(usize, Trouble)>,
    /// `GS a`: tells changes unasked.
    automatic: bool,
    /// What it keeps in flash memory: bytes across, and rows of dots.
    pub kept: BTreeMap<[u8; 2], (usize, Vec<u8>)>,
    /// How often that was written.
    pub written: usize,
    /// Keys told of a list that is being told.
    told: Option<usize>,
    /// Bytes of flash memory.
    pub flash: usize,
}

/// A fresh roll, lines.
pub(super) const ROLL: u32 = 100_000;

/// Flash memory, bytes.
const FLASH: usize = 256 * 1024;

/// Keys of one part of a list.
const LISTED: usize = 40;

/// Below this the near-end sensor reports.
const NEAR_END: u32 = 20;

/// Bytes kept for those who look at them.
const KEPT: usize = 1 << 20;

impl State {
    pub(super) fn new(folder: Option<PathBuf>, columns: usize) -> Self {
        Self {
            lines_left: ROLL,
            cover_open: false,
            jammed: false,
            hot: false,
            cable: Cable::Whole,
            unasked: Vec::new(),
            presented: false,
            retracted: 0,
            slips: Vec::new(),
            bytes: Vec::new(),
            heard: 0,
            complaints: Vec::new(),
            garbled: None,
            folder,
            paper: Paper::new(columns),
            rest: Vec::new(),
            scanned: 0,
            credit: 0,
            awaits: None,
            automatic: false,
            kept: BTreeMap::new(),
            written: 0,
            told: None,
            flash: FLASH,
        }
    }

    pub(super) fn set_paper(&mut self, lines: u32) {
        self.lines_left = lines;
    }

    pub(super) fn set_cover(&mut self, open: bool) {
        self.cover_open = open;
    }

    pub(super) fn is_open(&self) -> bool {
        self.cover_open
    }

    pub(super) fn set_hot(&mut self, hot: bool) {
        self.hot = hot;
    }

    pub(super) fn lose_supply(&mut self) {
        self.rest.clear();
        (self.scanned, self.credit, self.automatic) = (0, 0, false);
        self.paper.forget();
    }

    pub(super) fn stop_after(&mut self, bytes: usize, trouble: Trouble) {
        self.awaits = Some((bytes, trouble));
    }

    pub(super) fn mend(&mut self) {
        (self.lines_left, self.cover_open, self.jammed, self.hot, self.awaits) = (ROLL, false, false, false, None);
    }

    pub(super) fn held(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn stands_still(&self) -> bool {
        self.cover_open || self.jammed || self.hot || (self.lines_left == 0 && !self.rest.is_empty())
    }

    /// USB printer class 1.1, 4.2.2: bit 5 paper empty, 4 selected, 3 no error.
    pub(super) fn lines(&self) -> u8 {
        let bit = |on: bool, bit: u8| u8::from(on) << bit;
        bit(self.lines_left == 0, 5) | bit(!self.cover_open, 4) | bit(!self.jammed && !self.hot, 3)
    }

    /// Takes in what has arrived. Real-time commands are obeyed where a command ends, whatever waits before them.
    pub(super) fn hear(&mut self, sent: &[u8]) -> Vec<u8> {
        let heard = self.cable.carry(sent);
        self.keep(&heard);
        if heard != sent {
            self.garbled = Some(self.heard);
        }
        self.rest.extend(heard);
        let mut answers = Vec::new();
        while let Step::Whole(command, length) = next(&self.rest[self.scanned..]) {
            let end = self.scanned + length;
            match command {
                Command::RealTime(n) => {
                    let answer = self.real_time(n);
                    self.rest.drain(self.scanned..end);
                    answers.extend(self.answer(&answer));
                }
                // What waited behind what stopped it is gone.
                Command::Clear => {
                    self.rest.drain(..end);
                    self.scanned = 0;
                }
                _ => self.scanned = end,
            }
        }
        answers
    }

    /// Works off what it may.
    pub(super) fn work(&mut self, most: Option<usize>) -> Vec<u8> {
        let mut answers = Vec::new();
        self.credit = most.map_or(usize::MAX, |most| self.credit + most);
        while let Step::Whole(command, length) = next(&self.rest) {
            if self.strikes(length) {
                answers.extend(self.tell_unasked());
            }
            let no_paper = self.lines_left == 0 && command.needs_paper();
            if no_paper || self.cover_open || self.jammed || self.hot || self.credit < length {
                return answers;
            }
            self.credit -= length;
            self.rest.drain(..length);
            self.scanned = self.scanned.saturating_sub(length);
            answers.extend(self.carry_out(command));
        }
        // Nothing is saved up for what has not arrived.
        self.credit = 0;
        answers
    }

    /// True where what was awaited happens within a command of this length.
    fn strikes(&mut self, length: usize) -> bool {
        let Some((left, trouble)) = self.awaits else { return false };
        if self.credit < length && left >= length {
            return false;
        }
        if left >= length {
            self.awaits = Some((left - length, trouble));
            return false;
        }
        self.awaits = None;
        match trouble {
            Trouble::Paper => self.lines_left = 0,
            Trouble::Cover => self.cover_open = true,
            Trouble::Cutter => self.jammed = true,
            Trouble::Heat => self.hot = true,
        }
        true
    }

    fn carry_out(&mut self, command: Command) -> Vec<u8> {
        match command {
            Command::Status => {
                let answer = if self.lines_left <= NEAR_END { 0x03 } else { 0x00 };
                return self.answer(&[answer]);
            }
            Command::Automatic(on) => {
                self.automatic = on;
                return self.tell_unasked();
            }
            Command::Reached([a, b, c, d]) => return self.answer(&[0x37, 0x22, a, b, c, d, 0]),
            Command::List => return self.list(0),
            Command::Acknowledged => match self.told.take() {
                Some(told) if told < self.kept.len() => return self.list(told),
                Some(_) => {}
                None => self.complain("an ACK for nothing".to_owned()),
            },
            Command::Keep(key, across, dots) => {
                self.written += 1;
                let used: usize = self.kept.values().map(|(_, dots)| dots.len()).sum();
                if used + dots.len() <= self.flash {
                    self.kept.insert(key, (across, dots));
                }
            }
            Command::PrintKept(key) => {
                let kept = self.kept.get(&key).cloned();
                let printed = kept.ok_or_else(|| "a picture that is not kept".to_owned());
                if let Err(complaint) =
                    printed.and_then(|(across, dots)| self.paper.take(Command::Raster(across, dots)))
                {
                    self.complain(complaint);
                }
            }
            Command::Present => {
                // It is cut first where it is not.
                self.presented = true;
                if let Some(slip) = self.paper.cut() {
                    self.fall_out(slip);
                }
            }
            Command::Retract => self.retracted += usize::from(std::mem::take(&mut self.presented)),
            Command::Cut => {
                if let Some(slip) = self.paper.cut() {
                    self.fall_out(slip);
                }
            }
            command => {
                if matches!(command, Command::Init) {
                    self.automatic = false;
                    let reached = self.heard.saturating_sub(self.rest.len() as u64);
                    if self.garbled.take_if(|garbled| reached > *garbled).is_some() {
                        // What it made of the rest stands on a line of its own.
                        let _ = self.paper.take(Command::LineFeed);
                    }
                }
                if matches!(command, Command::LineFeed) {
                    self.lines_left = self.lines_left.saturating_sub(1);
                }
                if let Err(complaint) = self.paper.take(command) {
                    self.complain(complaint);
                }
            }
        }
        Vec::new()
    }

    /// The keys from one on: forty at once, and the rest when these have come.
    fn list(&mut self, from: usize) -> Vec<u8> {
        let keys: Vec<u8> = self.kept.keys().skip(from).take(LISTED).flatten().copied().collect();
        let told = from + keys.len() / 2;
        self.told = Some(told);
        let more = if told < self.kept.len() { 0x41 } else { 0x40 };
        self.answer(&[&[0x37, 0x72, more], &keys[..], &[0]].concat())
    }

    fn answer(&mut self, answer: &[u8]) -> Vec<u8> {
        let unasked = std::mem::take(&mut self.unasked);
        if self.cable.returns() { [&unasked, answer].concat() } else { Vec::new() }
    }

    fn tell_unasked(&mut self) -> Vec<u8> {
        let error = u8::from(self.jammed) * 0x08 + u8::from(self.hot) * 0x40;
        let no_paper = self.lines_left == 0;
        let offline = no_paper || self.cover_open || error != 0;
        let paper = if no_paper { 0x0F } else { u8::from(self.lines_left <= NEAR_END) * 0x03 };
        let printer = 0x10 + u8::from(offline) * 0x08 + u8::from(self.cover_open) * 0x20;
        if self.automatic { self.answer(&[printer, error, paper, 0x0F]) } else { Vec::new() }
    }

    fn real_time(&self, n: u8) -> Vec<u8> {
        let no_paper = self.lines_left == 0;
        if n == 20 {
            let paper = u8::from(no_paper) + u8::from(self.presented) * 0x20;
            let errors = [u8::from(self.cover_open), u8::from(self.hot), u8::from(self.jammed)];
            return [&[0x10, 0x0F, paper][..], &errors].concat();
        }
        let error = u8::from(self.jammed || self.hot) * 0x40;
        let bits = match n {
            1 if no_paper || self.cover_open || error != 0 => 0x08,
            2 => u8::from(self.cover_open) * 0x04 + u8::from(no_paper) * 0x20 + error,
            3 => u8::from(self.jammed) * 0x08 + u8::from(self.hot) * 0x40,
            4 if no_paper => 0x6C,
            4 if self.lines_left <= NEAR_END => 0x0C,
            _ => 0,
        };
        vec![0x12 | bits]
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

    fn keep(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.heard += bytes.len() as u64;
        let excess = self.bytes.len().saturating_sub(KEPT);
        self.bytes.drain(..excess);
        if let Some(folder) = &self.folder {
            let file = files::append(&folder.join("printer.bin")).map_err(std::io::Error::from);
            if let Err(error) = file.and_then(|mut file| file.write_all(bytes)) {
                tracing::warn!(%error, "the printer's twin cannot write its file");
            }
        }
    }

    fn complain(&mut self, complaint: String) {
        if self.garbled.is_none() && self.complaints.len() < 100 {
            self.complaints.push(complaint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"\x1B@\x1C&A001 to consulting room 3\n\x1DV\x00";
    const NONSENSE: &[u8] = b"\x1DZ\x1DZ";

    #[test]
    fn what_a_broken_wire_makes_of_what_is_sent_is_no_complaint_of_the_driver() {
        for cable in [Cable::HalfSpeed, Cable::Swapped] {
            let mut printer = State::new(None, 32);
            let says = |printer: &mut State, sent: &[u8]| {
                printer.hear(sent);
                printer.work(None);
                printer.complaints.len()
            };
            printer.cable = cable;
            assert_eq!(says(&mut printer, &NONSENSE.repeat(40)), 0, "{cable:?}");
            printer.cable = Cable::Whole;
            // The end of a job whose beginning was lost, and the next one.
            assert_eq!(says(&mut printer, NONSENSE), 0, "{cable:?}");
            assert_eq!(says(&mut printer, LINE), 0, "{cable:?}: {:?}", printer.complaints);
            assert!(says(&mut printer, NONSENSE) > 0, "{cable:?}: nobody else is to blame");
        }
    }
}
