//! What stands on the paper: 58 or 80 mm.

use encoding_rs::GB18030;
use qrcode::{Color, EcLevel, QrCode};

use super::{Slip, code128, command::Command};
use crate::sim::devices::picture::{Picture, read_hanzi, read_line};

/// Dots from one line of plain type to the next.
const PITCH: usize = 33;

/// A picture of this height is a line of type of that height.
const TYPE_HEIGHTS: [(usize, usize); 4] = [(PITCH, 24), (48, 48), (72, 72), (96, 96)];

fn type_height(rows: usize) -> Option<usize> {
    TYPE_HEIGHTS.into_iter().find(|(height, _)| *height == rows).map(|(_, side)| side)
}

/// Dots of a line of plain type.
const LINE_DOTS: usize = 24;

/// Dots of a half-width column on the picture, and on the paper.
const CELL: usize = 8;
const DOTS_PER_COLUMN: usize = 12;

/// The paper and the printer's modes.
pub(super) struct Paper {
    /// Half-width columns.
    columns: usize,
    chinese: bool,
    align: u8,
    size: Size,
    bold: bool,
    line: Vec<(char, Size, bool)>,
    lines: Vec<Line>,
    payload: Option<Vec<u8>>,
    /// Dots of a QR code's module.
    module: usize,
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
    Text {
        cells: Vec<(char, Size, bool)>,
        align: u8,
    },
    /// What it says, dots of a module, and where it stands.
    Qr {
        payload: Vec<u8>,
        module: usize,
        align: u8,
    },
    /// Bytes across, and rows of dots.
    Raster {
        across: usize,
        dots: Vec<u8>,
        align: u8,
    },
    Barcode(String),
}

impl Paper {
    /// A printer that has just been switched on.
    pub(super) fn new(columns: usize) -> Self {
        Self {
            columns,
            chinese: false,
            align: 0,
            size: Size::default(),
            bold: false,
            line: Vec::new(),
            lines: Vec::new(),
            payload: None,
            module: 3,
        }
    }

    /// Its supply went: the roll stays where it is, and what it was told is forgotten.
    pub(super) fn forget(&mut self) {
        *self = Self { lines: std::mem::take(&mut self.lines), ..Self::new(self.columns) };
    }

    /// A picture stands on lines of its own.
    fn raster(&mut self, across: usize, dots: Vec<u8>) -> Result<(), String> {
        if !self.line.is_empty() {
            return Err("a picture within a line".to_owned());
        }
        if 8 * across > self.columns * DOTS_PER_COLUMN + 7 {
            return Err(format!("a picture of {across} bytes across"));
        }
        // Strips of one picture follow each other without a gap.
        if let Some(Line::Raster { across: before, dots: above, align }) = self.lines.last_mut()
            && (*before, *align) == (across, self.align)
            && type_height(above.len() / across).is_none()
        {
            above.extend(dots);
        } else {
            self.lines.push(Line::Raster { across, dots, align: self.align });
        }
        Ok(())
    }

    fn barcode(&mut self, data: &[u8]) -> Result<(), String> {
        let text = data.strip_prefix(b"{B").unwrap_or(data);
        if data.len() < 2 || !text.iter().all(|byte| (0x20..=0x7E).contains(byte)) {
            return Err("a CODE128 of something else than text".to_owned());
        }
        let modules = 35 + 11 * text.len();
        if 2 * modules > self.columns * DOTS_PER_COLUMN {
            return Err(format!("a CODE128 of {modules} modules"));
        }
        self.lines.push(Line::Barcode(String::from_utf8_lossy(text).replace("{{", "{")));
        Ok(())
    }

    /// Carries out one command; complains of what a printer would not understand.
    pub(super) fn take(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Init => {
                let (lines, line) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.line));
                *self = Self { lines, line, ..Self::new(self.columns) };
            }
            Command::Chinese => self.chinese = true,
            Command::NoChinese => self.chinese = false,
            Command::Align(n @ 0..=2) => self.align = n,
            Command::Size(across, down) if across <= 8 && down <= 8 => self.size = Size(across, down),
            Command::Bold(bold) => self.bold = bold,
            Command::Mode(across, down, bold) => (self.size, self.bold) = (Size(across, down), bold),
            Command::LineFeed => self.end_line(),
            Command::Feed(lines) => {
                self.end_line();
                (1..lines).for_each(|_| self.end_line());
            }
            Command::Text(bytes) => return self.text(&bytes),
            Command::BitImage(columns) => return self.bit_image(&columns),
            Command::QrSet | Command::BarcodeSet | Command::Setting => {}
            Command::Raster(across, dots) => return self.raster(across, dots),
            Command::Barcode(data) => return self.barcode(&data),
            Command::QrStore(payload) => self.payload = Some(payload),
            Command::QrSize(dots) => self.module = dots,
            Command::QrPrint => match self.payload.take() {
                Some(payload) => {
                    let side = code_of(&payload).map_or(0, |code| code.width());
                    let (module, align) = (self.module, self.align);
                    self.lines.push(Line::Qr { payload, module, align });
                    if side == 0 || side * module > self.columns * DOTS_PER_COLUMN {
                        return Err(format!("a QR code of {side} modules of {module} dots"));
                    }
                }
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
        if width > self.columns { Err(format!("a line of {width} columns")) } else { Ok(()) }
    }

    /// A bitmap of 24 by 24 dots that a hanzi of 16 by 16 was grown to.
    fn bit_image(&mut self, columns: &[u8]) -> Result<(), String> {
        if columns.len() != 72 {
            return Err(format!("a bit image of {} bytes within a line", columns.len()));
        }
        let character = read_hanzi(24, |x, y| columns[x * 3 + y / 8] & (0x80 >> (y % 8)) != 0).unwrap_or('〓');
        self.line.push((character, Size::default(), false));
        Ok(())
    }

    fn end_line(&mut self) {
        let cells = std::mem::take(&mut self.line);
        self.lines.push(Line::Text { cells, align: self.align });
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
        let text = lines.iter().map(|line| line.as_text(self.columns)).collect::<Vec<_>>().join("\n");
        let widest = lines.iter().map(Line::columns).max().unwrap_or(0);
        Some(Slip { text: format!("{}\n", text.trim_end()), widest, lines, columns: self.columns })
    }
}

impl Line {
    fn columns(&self) -> usize {
        match self {
            Self::Qr { .. } | Self::Barcode(_) => 0,
            Self::Raster { across, .. } => (8 * across).div_ceil(DOTS_PER_COLUMN),
            Self::Text { cells, .. } => {
                cells.iter().map(|(character, Size(across, _), _)| columns(*character) * across).sum()
            }
        }
    }

    fn as_text(&self, paper: usize) -> String {
        match self {
            Self::Barcode(data) => format!("[CODE128 {data}]"),
            Self::Raster { across, dots, .. } => {
                let rows = dots.len() / (*across).max(1);
                let Some(side) = type_height(rows) else { return format!("[picture {} x {rows}]", 8 * across) };
                read_line(side, 8 * across, |x, y| dots[y * across + x / 8] & (0x80 >> (x % 8)) != 0)
            }
            Self::Qr { payload, .. } => format!("[QR {}]", String::from_utf8_lossy(payload)),
            Self::Text { cells, align } => {
                let text: String = cells.iter().map(|(character, ..)| character).collect();
                let indent = paper.saturating_sub(self.columns()) * usize::from(*align) / 2;
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

/// As printers make it: error correction M.
fn code_of(payload: &[u8]) -> Option<QrCode> {
    QrCode::with_error_correction_level(payload, EcLevel::M).ok()
}

/// Codes and pictures dot by dot, as PNG. Where type stands, all of its place is ink: no glyph has less white around it.
pub(super) fn draw_dots(lines: &[Line], columns: usize) -> Vec<u8> {
    let width = columns * DOTS_PER_COLUMN;
    let mut paper = Picture::new(width, 0);
    for line in lines {
        let top = paper.height();
        let place = |dots: usize, align: u8| width.saturating_sub(dots) * usize::from(align) / 2;
        match line {
            Line::Text { cells, align } => {
                let down = cells.iter().map(|(_, Size(_, down), _)| *down).max().unwrap_or(1);
                paper.grow((LINE_DOTS * down).max(PITCH));
                let (left, ink) = (place(line.columns() * DOTS_PER_COLUMN, *align), line.columns() * DOTS_PER_COLUMN);
                for at in 0..ink * LINE_DOTS * down {
                    paper.set(left + at % ink, top + at / ink);
                }
            }
            Line::Barcode(_) => paper.grow(PITCH),
            Line::Raster { across, dots, align } => {
                paper.grow(dots.len() / (*across).max(1));
                let left = place(8 * across, *align);
                for (at, byte) in dots.iter().enumerate() {
                    for bit in (0..8).filter(|bit| byte & (0x80 >> bit) != 0) {
                        paper.set(left + at % across * 8 + bit, top + at / across);
                    }
                }
            }
            Line::Qr { payload, module, align } => {
                let Some(code) = code_of(payload) else { continue };
                let side = code.width() * module;
                paper.grow(side);
                let left = place(side, *align);
                for (x, y) in (0..side * side).map(|at| (at % side, at / side)) {
                    if code[(x / module, y / module)] == Color::Dark {
                        paper.set(left + x, top + y);
                    }
                }
            }
        }
    }
    paper.png(1, 0, [255; 3], [0; 3])
}

/// The paper as PNG.
pub(super) fn draw(lines: &[Line], width: usize) -> Vec<u8> {
    let mut paper = Picture::new(width * CELL, 8);
    for line in lines {
        let top = paper.height();
        match line {
            Line::Text { cells, align } => {
                let down = cells.iter().map(|(_, Size(_, down), _)| *down).max().unwrap_or(1);
                paper.grow((16 * down).max(PITCH * 2 / 3));
                let mut x = width.saturating_sub(line.columns()) * CELL * usize::from(*align) / 2;
                for (character, Size(across, down), bold) in cells {
                    paper.draw(*character, x, top, (*across, *down), *bold);
                    x += columns(*character) * CELL * across;
                }
            }
            Line::Barcode(data) => {
                paper.grow(CELL * 5);
                let modules = code128::modules(data.as_bytes());
                let dots = if modules.len() * 2 <= width * CELL { 2 } else { 1 };
                let left = (width * CELL).saturating_sub(modules.len() * dots) / 2;
                for (module, _) in modules.iter().enumerate().filter(|(_, dark)| **dark) {
                    for x in (0..dots).map(|dot| left + module * dots + dot) {
                        (0..CELL * 2).for_each(|y| paper.set(x, top + 4 + y));
                    }
                }
                let text = (width * CELL).saturating_sub(data.len() * CELL) / 2;
                for (index, byte) in data.bytes().enumerate() {
                    paper.draw(char::from(byte), text + CELL * index, top + 22, (1, 1), false);
                }
            }
            Line::Raster { across, dots, align } => {
                // Sixteen dots on the picture are twenty-four on the paper.
                let rows = dots.len() / (*across).max(1);
                paper.grow(rows * 2 / 3);
                let left = width.saturating_sub(line.columns()) * CELL * usize::from(*align) / 2;
                for y in 0..rows {
                    for x in (0..8 * across).filter(|x| dots[y * across + x / 8] & (0x80 >> (x % 8)) != 0) {
                        paper.set(left + x * 2 / 3, top + y * 2 / 3);
                    }
                }
            }
            Line::Qr { payload, .. } => {
                let Some(code) = code_of(payload) else { continue };
                let (side, scale) = (code.width(), 4);
                paper.grow(side * scale + 8);
                let left = (width * CELL).saturating_sub(side * scale) / 2;
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
