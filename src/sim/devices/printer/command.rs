//! ESC/POS as a printer reads it.

use crate::sim::devices::heard::line;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// `DLE EOT n`
    RealTime(u8),
    /// `DLE DC4 8`: throw away what is not printed yet.
    Clear,
    /// `ESC @`
    Init,
    /// `FS &`
    Chinese,
    /// `FS .`
    NoChinese,
    /// `ESC a n`
    Align(u8),
    /// `GS ! n`: width and height, from 1.
    Size(usize, usize),
    /// `ESC E n`
    Bold(bool),
    /// `LF`
    LineFeed,
    /// `ESC d n`
    Feed(u8),
    /// `GS V …`, `ESC i`, `ESC m`
    Cut,
    /// `GS r n`
    Status,
    /// `GS ( H`: say so when this is printed.
    Reached([u8; 4]),
    /// `GS e 3`, `GS e 32`, `FS P`: the slip is cut and held out.
    Present,
    /// `GS e 2`: it is drawn back.
    Retract,
    /// `GS a n`: tells changes unasked.
    Automatic(bool),
    /// `ESC ! n`: width and height, from 1, and bold.
    Mode(usize, usize, bool),
    /// `GS ( L` 64: says what is kept.
    List,
    /// `ACK`: a part of the list has come.
    Acknowledged,
    /// `GS ( L` 67: keeps a picture, bytes across, under a key.
    Keep([u8; 2], usize, Vec<u8>),
    /// `GS ( L` 69: prints what is kept.
    PrintKept([u8; 2]),
    /// `GS v 0`: bytes across, and rows of dots.
    Raster(usize, Vec<u8>),
    /// `GS k 73`: CODE128.
    Barcode(Vec<u8>),
    /// `GS H`, `GS h`, `GS w`: how a bar code looks.
    BarcodeSet,
    /// `GS ( k` store
    QrStore(Vec<u8>),
    /// `GS ( k` print
    QrPrint,
    /// `GS ( k` size: dots of a module.
    QrSize(usize),
    /// `GS ( k` model, error correction
    QrSet,
    /// `ESC * 33`: columns of three bytes.
    BitImage(Vec<u8>),
    /// What changes nothing that the twin shows: spacing, underlining, code tables, positions.
    Setting,
    /// A run of printable bytes.
    Text(Vec<u8>),
    /// A byte that begins no command.
    Unknown(u8),
}

/// What reading brought.
pub(super) enum Step {
    /// A command and its length in bytes.
    Whole(Command, usize),
    /// It is not whole yet.
    More,
}

impl Command {
    /// True for what cannot be done without paper.
    pub(super) fn needs_paper(&self) -> bool {
        !matches!(self, Self::RealTime(_) | Self::Clear)
    }
}

/// Reads the first command.
pub(super) fn next(bytes: &[u8]) -> Step {
    use Command as C;
    let whole = Step::Whole;
    match bytes {
        [] => Step::More,
        [0, ..] => whole(C::Setting, 1),
        [0x10, 0x04, n, ..] => whole(C::RealTime(*n), 3),
        [0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8, ..] => whole(C::Clear, 10),
        [0x10, 0x14, rest @ ..] if rest.len() < 8 => Step::More,
        [0x1B, b'@', ..] => whole(C::Init, 2),
        [0x1C, b'&', ..] => whole(C::Chinese, 2),
        [0x1C, b'.', ..] => whole(C::NoChinese, 2),
        [0x1B, b'a', n, ..] => whole(C::Align(*n), 3),
        [0x1B, b'E', n, ..] => whole(C::Bold(n & 1 == 1), 3),
        [0x1B, b'd', n, ..] => whole(C::Feed(*n), 3),
        [0x1B, b'i' | b'm', ..] => whole(C::Cut, 2),
        [0x1D, b'!', n, ..] => whole(C::Size(usize::from(n >> 4) + 1, usize::from(n & 0x0F) + 1), 3),
        [0x1D, b'V', 0 | 1 | 48 | 49, ..] => whole(C::Cut, 3),
        [0x1D, b'V', 65 | 66, _, ..] => whole(C::Cut, 4),
        [0x1D, b'r', 1 | 49, ..] => whole(C::Status, 3),
        [0x1D, b'(', b'H', 6, 0, 48, 48, a, b, c, d, ..] => whole(C::Reached([*a, *b, *c, *d]), 11),
        [0x1D, b'(', b'H', rest @ ..] if rest.len() < 8 => Step::More,
        [0x1D, b'e', 3, _, ..] => whole(C::Present, 4),
        [0x1D, b'e', 0x20, _, _, ..] => whole(C::Present, 5),
        [0x1D, b'e', 2, ..] => whole(C::Retract, 3),
        [0x1D, b'e', rest @ ..] if rest.len() < 3 => Step::More,
        [0x1C, b'P', _, _, _, _, ..] => whole(C::Present, 6),
        [0x1C, b'P', ..] => Step::More,
        [0x1D, b'a', n, ..] => whole(C::Automatic(*n != 0), 3),
        [0x1B, b'!', n, ..] => {
            whole(C::Mode(1 + usize::from(n >> 5 & 1), 1 + usize::from(n >> 4 & 1), n & 0x08 != 0), 3)
        }
        [0x1B, b'v', ..] => whole(C::Status, 2),
        [0x1D, b'H' | b'h' | b'w', _, ..] => whole(C::BarcodeSet, 3),
        [0x1D, b'H' | b'h' | b'w'] => Step::More,
        [0x1D, b'k', 73, length, rest @ ..] => {
            let length = usize::from(*length);
            rest.get(..length).map_or(Step::More, |data| whole(C::Barcode(data.to_vec()), 4 + length))
        }
        [0x1D, b'k'] | [0x1D, b'k', 73] => Step::More,
        [0x1D, b'v', b'0', 0, xl, xh, yl, yh, rest @ ..] => {
            let across = usize::from(*xl) + 256 * usize::from(*xh);
            let length = across * (usize::from(*yl) + 256 * usize::from(*yh));
            rest.get(..length).map_or(Step::More, |dots| whole(C::Raster(across, dots.to_vec()), 8 + length))
        }
        [0x1D, b'v', rest @ ..] if rest.len() < 6 && rest.iter().zip([b'0', 0]).all(|(a, b)| *a == b) => Step::More,
        [0x1D, b'(', b'L', low, high, rest @ ..] => kept(usize::from(*low) + 256 * usize::from(*high), rest),
        [0x06, ..] => whole(C::Acknowledged, 1),
        [0x1D, b'(', b'k', low, high, rest @ ..] => qr(usize::from(*low) + 256 * usize::from(*high), rest),
        [0x1B, b'*', 33, low, high, rest @ ..] => {
            let length = 3 * (usize::from(*low) + 256 * usize::from(*high));
            rest.get(..length).map_or(Step::More, |columns| whole(C::BitImage(columns.to_vec()), 5 + length))
        }
        // Perhaps the beginning of one of the above.
        [0x10 | 0x1B | 0x1C | 0x1D] | [0x10, 0x04] | [0x1B, b'a' | b'E' | b'd' | b'*' | b'!'] => Step::More,
        [0x1B, b'*', 33] | [0x1B, b'*', 33, _] => Step::More,
        [0x1D, b'!' | b'V' | b'r' | b'(']
        | [0x1D, b'V', 65 | 66]
        | [0x1D, b'(', b'k' | b'L']
        | [0x1D, b'(', b'k' | b'L', _] => Step::More,
        [0x1C, b'(', b'A', 2, 0, 48, _, ..] => whole(C::Setting, 7),
        [0x1C, b'S', _, _, ..] | [0x1B, b'$' | b'\\', _, _, ..] | [0x1D, b'L' | b'W', _, _, ..] => whole(C::Setting, 4),
        [0x1B, b'M' | b' ' | b'3' | b'{' | b'-' | b't', _, ..] | [0x1C, b'-', _, ..] | [0x1D, b'B' | b'f', _, ..] => {
            whole(C::Setting, 3)
        }
        [0x1C, b'(' | b'S' | b'-', rest @ ..] if rest.len() < 5 => Step::More,
        [0x1B, b'$' | b'\\' | b'M' | b' ' | b'3' | b'{' | b'-' | b't', rest @ ..] if rest.len() < 2 => Step::More,
        [0x1D, b'L' | b'W' | b'B' | b'f' | b'a', rest @ ..] if rest.len() < 2 => Step::More,
        [b'\n', ..] => whole(C::LineFeed, 1),
        // Half a hanzi, ended with a zero: passed over.
        [0x80..=0xFF, 0, ..] => whole(C::Setting, 2),
        [0x20..=0x7E | 0x80..=0xFF, ..] => text(bytes),
        [other, ..] => whole(C::Unknown(*other), 1),
    }
}

fn qr(length: usize, rest: &[u8]) -> Step {
    let Some(body) = rest.get(..length) else { return Step::More };
    let command = match body {
        [49, 67, dots @ 1..=16] => Command::QrSize(usize::from(*dots)),
        [49, 65, _, _] | [49, 69, 48..=51] => Command::QrSet,
        [49, 80, 48, payload @ ..] => Command::QrStore(payload.to_vec()),
        [49, 81, 48] => Command::QrPrint,
        // Cut off and ended with zeros: out of range, and passed over.
        [.., 0] => Command::Setting,
        _ => Command::Unknown(0x1D),
    };
    Step::Whole(command, 5 + length)
}

/// Pictures in flash memory.
fn kept(length: usize, rest: &[u8]) -> Step {
    let Some(body) = rest.get(..length) else { return Step::More };
    let command = match body {
        [48, 64, b'K', b'C'] => Command::List,
        [48, 67, 48, a, b, 1, xl, xh, yl, yh, 49, dots @ ..] => {
            let across = (usize::from(*xl) + 256 * usize::from(*xh)).div_ceil(8);
            let whole = dots.len() == across * (usize::from(*yl) + 256 * usize::from(*yh));
            if whole { Command::Keep([*a, *b], across, dots.to_vec()) } else { Command::Unknown(0x1D) }
        }
        [48, 69, a, b, 1, 1] => Command::PrintKept([*a, *b]),
        // Cut off and ended with zeros.
        [.., 0] => Command::Setting,
        _ => Command::Unknown(0x1D),
    };
    Step::Whole(command, 5 + length)
}

/// Printable bytes up to the next control byte; a hanzi is never cut in two.
fn text(bytes: &[u8]) -> Step {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            0x20..=0x7E => at += 1,
            0x80..=0xFF if bytes.get(at + 1).is_some_and(|trail| *trail != 0) => at += 2,
            0x80..=0xFF if at == 0 => return Step::More,
            _ => break,
        }
    }
    Step::Whole(Command::Text(bytes[..at].to_vec()), at)
}

/// The last hundred commands among the bytes, one a line.
pub(super) fn decoded(bytes: &[u8]) -> String {
    const LAST: usize = 4096;
    let mut rest = bytes.get(bytes.len().saturating_sub(LAST)..).unwrap_or_default();
    let mut lines = Vec::new();
    while let Step::Whole(command, length) = next(rest) {
        let what = match command {
            Command::Text(text) => encoding_rs::GB18030.decode(&text).0.into_owned(),
            Command::Raster(across, dots) => format!("Raster {across} x {}", dots.len() / across.max(1)),
            Command::Keep(key, across, dots) => {
                format!("Keep {} {across} x {}", String::from_utf8_lossy(&key), dots.len() / across.max(1))
            }
            Command::BitImage(columns) => format!("BitImage {} columns", columns.len() / 3),
            command => format!("{command:?}"),
        };
        lines.push(line(&rest[..length], &what));
        rest = &rest[length..];
    }
    lines[lines.len().saturating_sub(100)..].join("\n")
}
