//! A TFT controller.

use super::{Controller, MOST};

/// A TFT controller: a window, and colours into it.
pub struct TftController {
    across: usize,
    dots: Vec<u16>,
    /// Which of them were painted since the supply came.
    painted: Vec<bool>,
    command: u8,
    arguments: Vec<u8>,
    columns: (usize, usize),
    rows: (usize, usize),
    at: (usize, usize),
    asleep: bool,
    on: bool,
    /// Dots are told to be of sixteen bits.
    sixteen_bits: bool,
    blinks: usize,
    complaints: Vec<String>,
}

impl Default for TftController {
    fn default() -> Self {
        Self {
            across: 240,
            dots: vec![0xA55A; 240 * 320],
            painted: vec![false; 240 * 320],
            command: 0,
            arguments: Vec::new(),
            columns: (0, 239),
            rows: (0, 319),
            at: (0, 0),
            asleep: true,
            on: false,
            sixteen_bits: false,
            blinks: 0,
            complaints: Vec::new(),
        }
    }
}

impl TftController {
    /// A dot's colour in five, six and five bits; none while the panel sleeps or is off.
    pub fn dot(&self, x: usize, y: usize) -> Option<u16> {
        (self.on && !self.asleep && self.sixteen_bits).then(|| self.dots[y * self.across + x])
    }

    /// How often it went dark.
    pub fn blinks(&self) -> usize {
        self.blinks
    }

    fn switch(&mut self, on: bool) {
        if on && !self.on && !self.painted.iter().all(|painted| *painted) {
            self.complain("on before its memory was painted".to_owned());
        }
        self.blinks += usize::from(self.on && !on);
        self.on = on;
    }

    /// What a real controller would not have understood.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn paint(&mut self, colour: u16) {
        let (x, y) = self.at;
        let at = y * self.across + x;
        if x < self.across && at < self.dots.len() {
            (self.dots[at], self.painted[at]) = (colour, true);
        } else {
            self.complain(format!("a dot at {x}, {y}"));
        }
        self.at = if x == self.columns.1 { (self.columns.0, y + 1) } else { (x + 1, y) };
    }
}

impl Controller for TftController {
    fn size(&self) -> (usize, usize) {
        (self.across, self.dots.len() / self.across)
    }

    fn colour(&self, x: usize, y: usize) -> [u8; 3] {
        let Some(dot) = self.dot(x, y) else { return [0; 3] };
        let part = |shift: u16, bits: u16| {
            let most = (1 << bits) - 1;
            u8::try_from((dot >> shift & most) * 255 / most).unwrap_or(u8::MAX)
        };
        [part(11, 5), part(5, 6), part(0, 5)]
    }

    fn text(&self) -> Option<[String; 4]> {
        None
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
        *self = Self { complaints: std::mem::take(&mut self.complaints), ..Self::default() };
    }

    fn reset(&mut self) {
        let Self { dots, painted, blinks, complaints, .. } = std::mem::take(self);
        *self = Self { dots, painted, blinks, complaints, ..Self::default() };
    }

    fn take(&mut self, byte: u8, data: bool) {
        if !data {
            self.command = byte;
            self.arguments.clear();
            match byte {
                0x01 => {
                    self.switch(false);
                    self.reset();
                }
                0x10 => self.asleep = true,
                0x11 => self.asleep = false,
                0x28 => self.switch(false),
                0x29 => self.switch(true),
                0x2C => self.at = (self.columns.0, self.rows.0),
                _ => {}
            }
            return;
        }
        self.arguments.push(byte);
        let pair = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
        match (self.command, &self.arguments[..]) {
            (0x3A, [format]) => self.sixteen_bits = format & 7 == 5,
            (0x2A, [a, b, c, d]) => self.columns = (pair(*a, *b), pair(*c, *d)),
            (0x2B, [a, b, c, d]) => self.rows = (pair(*a, *b), pair(*c, *d)),
            (0x2C, [high, low]) => {
                let colour = u16::from_be_bytes([*high, *low]);
                self.arguments.clear();
                self.paint(colour);
            }
            _ => {}
        }
    }
}
