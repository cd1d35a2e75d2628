//! What stands on the paper: 58 mm, thirty-two half-width columns.

use encoding_rs::GB18030;
use qrcode::{Color, QrCode};

use super::{Command, Slip};
use crate::sim::devices::picture::{Picture, character_of};

const COLUMNS: usize = 32;

/// Dots of a half-width column.
const CELL: usize = 8;

/// The paper and the printer's modes.
#[derive(Default)]
pub(super) struct Paper {
    chinese: bool,
    centred: bool,
    size: Size,
    bold: bool,
    line: Vec<(char, Size, bool)>,
    lines: Vec<Line>,
    payload: Option<Vec<u8>>,
}

/// Width and height, times that of a plain character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(usize, usize);

impl Default for Size {
    fn default() -> Self {
        Self(1, 1)
    }
}

/// One line of the paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Text { cells: Vec<(char, Size, bool)>, centred: bool },
    Qr(Vec<u8>),
}

impl Paper {
    /// Carries out one command; complains of what a printer would not understand.
    pub(super) fn take(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Init => {
                let (lines, line) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.line));
                *self = Self { lines, line, ..Self::default() };
            }
            Command::Chinese => self.chinese = true,
            Command::NoChinese => self.chinese = false,
            Command::Align(n @ 0..=2) => self.centred = n == 1,
            Command::Size(across, down) if across <= 8 && down <= 8 => self.size = Size(across, down),
            Command::Bold(bold) => self.bold = bold,
            Command::LineFeed => self.end_line(),
            Command::Feed(lines) => {
                self.end_line();
                (1..lines).for_each(|_| self.end_line());
            }
            Command::Text(bytes) => return self.text(&bytes),
            Command::BitImage(columns) => return self.bit_image(&columns),
            Command::QrSet => {}
            Command::QrStore(payload) => self.payload = Some(payload),
            Command::QrPrint => match self.payload.take() {
                Some(payload) => self.lines.push(Line::Qr(payload)),
                None => return Err("a QR code without a payload".to_owned()),
            },
            Command::Unknown(byte) => return Err(format!("byte {byte:02X} begins no command")),
            other => return Err(format!("{other:?} out of range")),
        }
        Ok(())
    }

    fn text(&mut self, bytes: &[u8]) -> Result<(), String> {
        let (text, _, failed) = GB18030.decode(bytes);
        if text.chars().any(|character| !in_rom(character)) {
            return Err("a character that a GBK ROM does not hold".to_owned());
        }
        self.line.extend(text.chars().map(|character| (character, self.size, self.bold)));
        if failed || text.chars().any(|character| character == '\u{FFFD}') {
            return Err("bytes that are no GBK".to_owned());
        }
        if !self.chinese && !text.is_ascii() {
            return Err("hanzi while Chinese mode is off".to_owned());
        }
        let width: usize = self.line.iter().map(|(character, Size(across, _), _)| columns(*character) * across).sum();
        if width > COLUMNS { Err(format!("a line of {width} columns")) } else { Ok(()) }
    }

    /// A bitmap of 24 by 24 dots that a hanzi of 16 by 16 was grown to.
    fn bit_image(&mut self, columns: &[u8]) -> Result<(), String> {
        if columns.len() != 72 {
            return Err(format!("a bit image of {} bytes within a line", columns.len()));
        }
        let mut rows = [0_u16; 16];
        for (y, row) in rows.iter_mut().enumerate() {
            for x in 0..16 {
                let (across, down) = (x * 3 / 2 + x % 2, y * 3 / 2 + y % 2);
                if columns[across * 3 + down / 8] & (0x80 >> (down % 8)) != 0 {
                    *row |= 0x8000 >> x;
                }
            }
        }
        let character = character_of(&rows).ok_or("a bit image of no character")?;
        self.line.push((character, Size::default(), false));
        Ok(())
    }

    fn end_line(&mut self) {
        let cells = std::mem::take(&mut self.line);
        self.lines.push(Line::Text { cells, centred: self.centred });
    }

    /// The slip falls out; none if nothing stands on it.
    pub(super) fn cut(&mut self) -> Option<Slip> {
        if !self.line.is_empty() {
            self.end_line();
        }
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty() {
            return None;
        }
        let text = lines.iter().map(Line::as_text).collect::<Vec<_>>().join("\n");
        let widest = lines.iter().map(Line::columns).max().unwrap_or(0);
        Some(Slip { text: format!("{}\n", text.trim_end()), widest, lines })
    }
}

impl Line {
    fn columns(&self) -> usize {
        match self {
            Self::Qr(_) => 0,
            Self::Text { cells, .. } => {
                cells.iter().map(|(character, Size(across, _), _)| columns(*character) * across).sum()
            }
        }
    }

    fn as_text(&self) -> String {
        match self {
            Self::Qr(payload) => format!("[QR {}]", String::from_utf8_lossy(payload)),
            Self::Text { cells, centred } => {
                let text: String = cells.iter().map(|(character, ..)| character).collect();
                let indent = if *centred { COLUMNS.saturating_sub(self.columns()) / 2 } else { 0 };
                if text.is_empty() { text } else { format!("{}{text}", " ".repeat(indent)) }
            }
        }
    }
}

/// GBK of 1995: two bytes, without the FE50–FEA0 that GB18030 added.
fn in_rom(character: char) -> bool {
    let text = character.to_string();
    let (bytes, _, _) = GB18030.encode(&text);
    !matches!(bytes.as_ref(), [0xFE, 0x50..=0xA0] | [_, _, _, _])
}

fn columns(character: char) -> usize {
    if character.is_ascii() { 1 } else { 2 }
}

/// The paper as PNG.
pub(super) fn draw(lines: &[Line]) -> Vec<u8> {
    let mut paper = Picture::new(COLUMNS * CELL, 8);
    for line in lines {
        let top = paper.height();
        match line {
            Line::Text { cells, centred } => {
                let down = cells.iter().map(|(_, Size(_, down), _)| *down).max().unwrap_or(1);
                paper.grow(16 * down + 3);
                let mut x = if *centred { COLUMNS.saturating_sub(line.columns()) * CELL / 2 } else { 0 };
                for (character, Size(across, down), bold) in cells {
                    paper.draw(*character, x, top, (*across, *down), *bold);
                    x += columns(*character) * CELL * across;
                }
            }
            Line::Qr(payload) => {
                let Ok(code) = QrCode::new(payload) else { continue };
                let (side, scale) = (code.width(), 4);
                paper.grow(side * scale + 8);
                let left = (COLUMNS * CELL).saturating_sub(side * scale) / 2;
                for (index, colour) in code.to_colors().into_iter().enumerate() {
                    if colour == Color::Dark {
                        for dot in 0..scale * scale {
                            let (x, y) = (index % side * scale + dot % scale, index / side * scale + dot / scale);
                            paper.set(left + x, top + 4 + y);
                        }
                    }
                }
            }
        }
    }
    paper.grow(8);
    paper.png(2, 8, [250, 249, 244], [35, 35, 35])
}
