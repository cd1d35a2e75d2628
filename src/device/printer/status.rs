//! What a printer says, byte by byte (Epson DLE EOT, GS r, ASB; Citizen CT-D150, identification of send status).

use crate::{device::PrinterStatus, fault::Code};

/// One thing a printer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It can take no more, or again.
    Flow,
    /// An answer to `DLE EOT`.
    RealTime(u8),
    /// An answer to `GS r`.
    InOrder(u8),
    /// Automatic status, four bytes.
    Automatic([u8; 4]),
    /// The answer to `DLE EOT 20`: paper, user, recoverable and unrecoverable errors.
    Full([u8; 4]),
    /// `GS ( H`: this much stands on the paper.
    Reached([u8; 4]),
    /// The answer to `GS ( L` 64, or a part of it: whether more follows. The keys are with the listener.
    Listed(bool),
    /// The middle of something longer, or nothing we know.
    More,
}

/// Tells apart what comes unasked and what was asked for: a printer sends both, and mixes them.
#[derive(Default)]
pub(super) struct Listener {
    /// A longer answer so far.
    partial: Vec<u8>,
    /// Bit 7 of real-time answers is in use.
    bit7: bool,
    /// `DLE EOT 20` is asked: its answer, which may come late, begins as an automatic status does.
    full: bool,
    /// Keys of the last part of a list.
    pub(super) keys: Vec<[u8; 2]>,
}

const XON: u8 = 0x11;
const XOFF: u8 = 0x13;

/// `10 0F` and four bytes.
const FULL: [u8; 2] = [0x10, 0x0F];

/// `37 22 d1 d2 d3 d4 00`
const REACHED: [u8; 2] = [0x37, 0x22];

/// `37 72 40`, or `41` where more follows, at most forty keys, `00`
const LISTED: [u8; 2] = [0x37, 0x72];
const LISTED_WHOLE: usize = 84;

impl Listener {
    pub(super) fn new(bit7: bool, full: bool) -> Self {
        Self { bit7, full, ..Self::default() }
    }

    /// What was not finished will not be.
    pub(super) fn forget(&mut self) {
        self.partial.clear();
    }

    pub(super) fn hear(&mut self, byte: u8) -> Said {
        let whole = match self.partial[..] {
            [] => return self.begin(byte),
            [first, second, ..] if [first, second] == LISTED => LISTED_WHOLE,
            [first, ..] if first == REACHED[0] => 7,
            [first, second, ..] if self.full && [first, second] == FULL => 6,
            _ => 4,
        };
        if matches!(whole, 4 | LISTED_WHOLE) && matches!(byte, XON | XOFF) {
            return Said::Flow;
        }
        self.partial.push(byte);
        if self.partial.len() == 2 && whole == 7 && byte != REACHED[1] && byte != LISTED[1] {
            // An answer to `GS r` that happens to begin like that.
            self.partial.clear();
            return self.begin(byte);
        }
        if whole == LISTED_WHOLE && byte == 0 {
            let answer = std::mem::take(&mut self.partial);
            let [_, _, more, keys @ .., _] = &answer[..] else { return Said::More };
            self.keys = keys.as_chunks().0.to_vec();
            return Said::Listed(*more == 0x41);
        }
        if self.partial.len() < whole {
            return Said::More;
        }
        match *std::mem::take(&mut self.partial) {
            [_, _, a, b, c, d, _] => Said::Reached([a, b, c, d]),
            [_, _, a, b, c, d] => Said::Full([a, b, c, d]),
            [a, b, c, d] => Said::Automatic([a, b, c, d]),
            _ => Said::More,
        }
    }

    fn begin(&mut self, byte: u8) -> Said {
        let real_time = if self.bit7 { 0x13 } else { 0x93 };
        match byte {
            XON | XOFF => Said::Flow,
            _ if byte == REACHED[0] || byte & 0x93 == 0x10 => {
                self.partial.push(byte);
                Said::More
            }
            _ if byte & real_time == 0x12 => Said::RealTime(byte),
            _ if byte & 0x90 == 0 => Said::InOrder(byte),
            _ => Said::More,
        }
    }
}

/// True where the answer to `DLE EOT 2` says that an error occurred; `DLE EOT 3` says which.
pub(super) fn has_error(offline: u8) -> bool {
    offline & 0x40 != 0
}

/// The answers to `DLE EOT` 2 (offline cause), 3 (error) and 4 (paper).
pub(super) fn read(offline: u8, error: u8, paper: u8) -> PrinterStatus {
    let fault = if offline & 0x04 != 0 {
        Some(Code::P703)
    } else if paper & 0x60 != 0 || offline & 0x20 != 0 {
        Some(Code::P702)
    } else if error & 0x68 != 0 || has_error(offline) {
        Some(Code::P704)
    } else {
        None
    };
    PrinterStatus { fault, paper_low: paper & 0x0C != 0 }
}

/// Whether a slip is held out, of the answer to `DLE EOT 20`.
pub(super) fn is_held_out([paper, ..]: [u8; 4]) -> bool {
    paper & 0x20 != 0
}

/// Automatic status.
pub(super) fn read_automatic([printer, error, paper, _]: [u8; 4]) -> PrinterStatus {
    let fault = if printer & 0x20 != 0 {
        Some(Code::P703)
    } else if paper & 0x0C != 0 {
        Some(Code::P702)
    } else if error & 0x68 != 0 {
        Some(Code::P704)
    } else {
        None
    };
    PrinterStatus { fault, paper_low: paper & 0x03 != 0 }
}

/// A printer's status lines (IEEE 1284; USB printer class, `GET_PORT_STATUS`). Off-line without an error is a cover.
pub(super) fn read_lines(lines: u8) -> PrinterStatus {
    let fault = if lines & 0x20 != 0 {
        Some(Code::P702)
    } else if lines & 0x08 == 0 {
        Some(Code::P704)
    } else if lines & 0x10 == 0 {
        Some(Code::P703)
    } else {
        None
    };
    PrinterStatus { fault, paper_low: false }
}

/// What was heard.
#[derive(Default)]
pub(super) struct Heard {
    /// The answer to `GS r`.
    pub in_order: Option<u8>,
    /// The answer to `GS ( H`.
    pub reached: Option<[u8; 4]>,
    /// The newest status, asked for or told unasked.
    pub status: Option<PrinterStatus>,
    /// The answer to `DLE EOT 20`.
    pub full: Option<[u8; 4]>,
    /// A part of the answer to `GS ( L` 64 came, and whether more follows.
    pub listed: Option<bool>,
    /// The keys that were listed.
    pub keys: Vec<[u8; 2]>,
}

impl Heard {
    pub(super) fn fault(&self) -> Option<Code> {
        // A printer that answers in its turn although it has no paper says so there.
        let paper_end = self.in_order.is_some_and(|paper| paper & 0x0C == 0x0C);
        self.status.and_then(|status| status.fault).or(paper_end.then_some(Code::P702))
    }
}
