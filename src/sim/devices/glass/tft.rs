//! A TFT controller.

use super::{super::heard::Heard, Controller, MOST};

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
    heard: Heard,
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
            heard: Heard::default(),
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
        *self = Self { complaints, heard, ..Self::default() };
    }

    fn reset(&mut self) {
        let Self { dots, painted, blinks, complaints, heard, .. } = std::mem::take(self);
        *self = Self { dots, painted, blinks, complaints, heard, ..Self::default() };
    }

    fn take(&mut self, byte: u8, data: bool) {
        if !data {
            self.command = byte;
            self.arguments.clear();
            let read = match byte {
                0x01 => {
                    self.switch(false);
                    self.reset();
                    "reset"
                }
                0x10 => {
                    self.asleep = true;
                    "sleep"
                }
                0x11 => {
                    self.asleep = false;
                    "out of sleep"
                }
                0x28 => {
                    self.switch(false);
                    "display off"
                }
                0x29 => {
                    self.switch(true);
                    "display on"
                }
                0x2A => "columns",
                0x2B => "rows",
                0x2C => {
                    self.at = (self.columns.0, self.rows.0);
                    "write memory"
                }
                0x3A => "form of a dot",
                0x36 => "which way memory is read",
                _ => "what a glass needs once",
            };
            self.heard.command(byte, read);
            return;
        }
        if self.command == 0x2C {
            self.heard.data(byte, "dots");
        } else {
            self.heard.parameter(byte);
        }
        self.arguments.push(byte);
        let pair = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
        match (self.command, &self.arguments[..]) {
            (0x3A, [format]) => {
                self.sixteen_bits = format & 7 == 5;
                self.heard.means(if self.sixteen_bits { "a dot has 16 bits" } else { "a dot has not 16 bits" });
            }
            (0x2A, [a, b, c, d]) => {
                self.columns = (pair(*a, *b), pair(*c, *d));
                self.heard.means(format!("columns {} to {}", self.columns.0, self.columns.1));
            }
            (0x2B, [a, b, c, d]) => {
                self.rows = (pair(*a, *b), pair(*c, *d));
                self.heard.means(format!("rows {} to {}", self.rows.0, self.rows.1));
            }
            (0x2C, [high, low]) => {
                let colour = u16::from_be_bytes([*high, *low]);
                self.arguments.clear();
                self.paint(colour);
            }
            _ => {}
        }
    }
}
