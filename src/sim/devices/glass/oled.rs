//! OLED controllers, by their sheets (Solomon Systech SSD1306 rev 1.1, Sino Wealth SH1106 V2.3).

use super::{
    super::{heard::Heard, picture::read_line},
    Controller, MOST,
};

/// An SSD1306, or an SH1106, whose memory has four more columns: eight pages.
pub struct OledController {
    kind: OledKind,
    memory: [[u8; 132]; 8],
    /// Which of it were written since the supply came.
    written: [[bool; 132]; 8],
    addressing: Addressing,
    page: usize,
    column: usize,
    /// The command that still wants a parameter.
    pending: Option<u8>,
    on: bool,
    /// The charge pump, which makes the voltage that lights the dots.
    pump: bool,
    blinks: usize,
    complaints: Vec<String>,
    heard: Heard,
}

/// Which controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OledKind {
    /// Solomon Systech's.
    #[default]
    Ssd1306,
    /// Sino Wealth's.
    Sh1106,
}

/// Where the next dots go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Addressing {
    /// Right in the page that a command named.
    Page,
    /// Right, then to the next page; commands that name a page or a column change nothing.
    Horizontal,
}

impl Default for OledController {
    fn default() -> Self {
        Self::new(OledKind::Ssd1306)
    }
}

impl OledController {
    /// As its supply has just come: its memory holds anything.
    pub fn new(kind: OledKind) -> Self {
        Self {
            kind,
            memory: [[0xA5; 132]; 8],
            written: [[false; 132]; 8],
            addressing: Addressing::Page,
            page: 0,
            column: 0,
            pending: None,
            on: false,
            pump: kind == OledKind::Sh1106,
            blinks: 0,
            complaints: Vec::new(),
            heard: Heard::default(),
        }
    }

    /// Left by another program in horizontal mode, lit, in the middle of a command, with somebody's name on it.
    pub fn left_in_horizontal_mode() -> Self {
        Self {
            addressing: Addressing::Horizontal,
            page: 3,
            column: 77,
            pending: Some(0x81),
            on: true,
            pump: true,
            ..Self::default()
        }
    }

    /// True where the glass shines; `offset` columns of memory lie left of it.
    pub fn dot(&self, x: usize, y: usize, offset: usize) -> bool {
        self.on && self.pump && self.memory[y / 8][x + offset] >> (y % 8) & 1 == 1
    }

    /// How often it went dark.
    pub fn blinks(&self) -> usize {
        self.blinks
    }

    /// What a real controller would not have understood.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// The columns of memory that lie behind the glass.
    fn seen(&self) -> std::ops::Range<usize> {
        if self.kind == OledKind::Sh1106 { 2..130 } else { 0..128 }
    }

    fn columns(&self) -> usize {
        if self.kind == OledKind::Sh1106 { 132 } else { 128 }
    }

    fn parameter(&mut self, command: u8, value: u8) {
        match command {
            0x20 if value & 3 == 2 => self.addressing = Addressing::Page,
            0x20 if value & 3 == 0 => self.addressing = Addressing::Horizontal,
            0x8D => self.pump = value & 4 != 0,
            0xAD if self.on => self.complain("the converter was switched while the display was on".to_owned()),
            0xAD => self.pump = value & 1 != 0,
            _ => {}
        }
        self.heard.parameter(value);
    }

    /// A parameter is to come.
    fn waits(&mut self, command: u8) -> String {
        self.pending = Some(command);
        of_two(command).to_owned()
    }

    fn switch(&mut self, on: bool) {
        let seen = self.seen();
        if on && !self.on && !self.written.iter().all(|page| page[seen.clone()].iter().all(|written| *written)) {
            self.complain("on before its memory was written".to_owned());
        }
        self.blinks += usize::from(self.on && !on);
        self.on = on;
    }
}

impl Controller for OledController {
    fn size(&self) -> (usize, usize) {
        (128, 64)
    }

    fn colour(&self, x: usize, y: usize) -> [u8; 3] {
        if self.dot(x, y, self.seen().start) { [196, 232, 255] } else { [8, 11, 16] }
    }

    fn text(&self) -> Option<[String; 4]> {
        let offset = self.seen().start;
        Some([0, 1, 2, 3].map(|line| read_line(16, 128, |x, y| self.dot(x, 16 * line + y, offset))))
    }

    fn decoded(&self) -> String {
        self.heard.decoded()
    }

    fn misunderstood(&self) -> &[String] {
        &self.complaints
    }

    fn complain(&mut self, what: String) {
        if self.complaints.len() < MOST {
            self.complaints.push(what);
        }
    }

    fn lose_supply(&mut self) {
        let (complaints, heard) = (std::mem::take(&mut self.complaints), std::mem::take(&mut self.heard));
        *self = Self { complaints, heard, ..Self::new(self.kind) };
    }

    fn reset(&mut self) {
        let Self { kind, memory, written, complaints, heard, .. } = std::mem::take(self);
        *self = Self { memory, written, complaints, heard, ..Self::new(kind) };
    }

    fn take(&mut self, byte: u8, data: bool) {
        let columns = self.columns();
        if data {
            self.heard.data(byte, "a page's columns");
            if self.column >= columns {
                return self.complain("dots beyond the memory's edge".to_owned());
            }
            self.memory[self.page][self.column] = byte;
            self.written[self.page][self.column] = true;
            self.column += 1;
            if self.addressing == Addressing::Horizontal && self.column == columns {
                (self.page, self.column) = ((self.page + 1) % 8, 0);
            }
            return;
        }
        if let Some(command) = self.pending.take() {
            return self.parameter(command, byte);
        }
        let (ssd1306, by_page) = (self.kind == OledKind::Ssd1306, self.addressing == Addressing::Page);
        let read = match byte {
            0x00..=0x1F | 0xB0..=0xB7 if !by_page => "passed over: not in this addressing".to_owned(),
            0x00..=0x0F => {
                self.column = self.column & 0xF0 | usize::from(byte);
                format!("set column {}", self.column)
            }
            0x10..=0x1F => {
                self.column = self.column & 0x0F | usize::from(byte & 0x0F) << 4;
                format!("set column {}", self.column)
            }
            0xB0..=0xB7 => {
                self.page = usize::from(byte & 7);
                format!("set page {}", self.page)
            }
            0xAE | 0xAF => {
                self.switch(byte == 0xAF);
                format!("display {}", if self.on { "on" } else { "off" })
            }
            0xD5 | 0xA8 | 0xD3 | 0xDA | 0x81 | 0xD9 | 0xDB => self.waits(byte),
            0x20 | 0x8D if ssd1306 => self.waits(byte),
            0xAD if !ssd1306 => self.waits(byte),
            0x30..=0x33 if !ssd1306 => "charge pump's voltage".to_owned(),
            0x40..=0x7F => format!("start at line {}", byte & 0x3F),
            0xA0 | 0xA1 => "which way columns run".to_owned(),
            0xC0 | 0xC8 => "which way rows run".to_owned(),
            0xA4 => "show what the memory holds".to_owned(),
            0xA6 => "not inverted".to_owned(),
            0xE3 => "nothing".to_owned(),
            0x2E if ssd1306 => "scrolling off".to_owned(),
            0xEE if !ssd1306 => "end of read, modify, write".to_owned(),
            other => {
                self.complain(format!("command {other:02X}"));
                "not understood".to_owned()
            }
        };
        self.heard.command(byte, read);
    }
}

/// What a command of two bytes is called.
fn of_two(command: u8) -> &'static str {
    match command {
        0x20 => "addressing",
        0x8D => "charge pump",
        0xAD => "converter",
        0xD5 => "clock",
        0xA8 => "rows",
        0xD3 => "offset of rows",
        0xDA => "wiring of rows",
        0x81 => "contrast",
        0xD9 => "pre-charge",
        _ => "level of VCOM",
    }
}
