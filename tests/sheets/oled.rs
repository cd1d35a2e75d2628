//! SSD1306 and SH1106 as their sheets have them: a table of commands, and a memory (Solomon Systech SSD1306 rev 1.1, §8.1,
//! §9, §10, and the charge pump's application note; Sino Wealth SH1106 V2.3, commands 1 to 22). What the tables do not have
//! is refused.
//!
//! Others' decoders stand beside it as far as there are any: `tests/simavr.rs`. luma.emulator and embedded-graphics-simulator
//! draw from the host's side and see no bytes; PyPI, npm and crates.io have drivers alone.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use embedded_hal::{
    digital::{self, OutputPin},
    i2c::{self, I2c},
    spi::{self, SpiDevice},
};

/// A command: its first and last code, how many bytes follow, and which of them are allowed.
struct Command {
    codes: (u8, u8),
    more: usize,
    allowed: fn(&[u8]) -> bool,
}

const fn row(first: u8, last: u8, more: usize, allowed: fn(&[u8]) -> bool) -> Command {
    Command { codes: (first, last), more, allowed }
}

fn any(_: &[u8]) -> bool {
    true
}

/// Table 9-1, with the charge pump.
const SSD1306: &[Command] = &[
    row(0x00, 0x1F, 0, any),
    row(0x20, 0x20, 1, |p| p[0] <= 2),
    row(0x21, 0x21, 2, |p| p[0] <= p[1] && p[1] <= 127),
    row(0x22, 0x22, 2, |p| p[0] <= p[1] && p[1] <= 7),
    row(0x26, 0x27, 6, |p| {
        p[0] == 0 && p[1] <= 7 && p[2] <= 7 && p[1] <= p[3] && p[3] <= 7 && p[4] == 0 && p[5] == 0xFF
    }),
    row(0x29, 0x2A, 5, |p| p[0] == 0 && p[1] <= 7 && p[2] <= 7 && p[1] <= p[3] && p[3] <= 7 && p[4] <= 63),
    row(0x2E, 0x2F, 0, any),
    row(0x40, 0x7F, 0, any),
    row(0x81, 0x81, 1, any),
    row(0x8D, 0x8D, 1, |p| matches!(p[0], 0x10 | 0x14)),
    row(0xA0, 0xA1, 0, any),
    row(0xA3, 0xA3, 2, |p| p[0] <= 63 && p[1] <= 64),
    row(0xA4, 0xA7, 0, any),
    row(0xA8, 0xA8, 1, |p| (15..=63).contains(&p[0])),
    row(0xAE, 0xAF, 0, any),
    row(0xB0, 0xB7, 0, any),
    row(0xC0, 0xC0, 0, any),
    row(0xC8, 0xC8, 0, any),
    row(0xD3, 0xD3, 1, |p| p[0] <= 63),
    row(0xD5, 0xD5, 1, any),
    row(0xD9, 0xD9, 1, |p| p[0] & 0x0F > 0 && p[0] >> 4 > 0),
    row(0xDA, 0xDA, 1, |p| matches!(p[0], 0x02 | 0x12 | 0x22 | 0x32)),
    row(0xDB, 0xDB, 1, |p| matches!(p[0], 0x00 | 0x20 | 0x30)),
    row(0xE3, 0xE3, 0, any),
];

/// The table of commands, 1 to 22.
const SH1106: &[Command] = &[
    row(0x00, 0x1F, 0, any),
    row(0x30, 0x33, 0, any),
    row(0x40, 0x7F, 0, any),
    row(0x81, 0x81, 1, any),
    row(0xA0, 0xA1, 0, any),
    row(0xA4, 0xA7, 0, any),
    row(0xA8, 0xA8, 1, |p| p[0] <= 63),
    row(0xAD, 0xAD, 1, |p| matches!(p[0], 0x8A | 0x8B)),
    row(0xAE, 0xAF, 0, any),
    row(0xB0, 0xB7, 0, any),
    row(0xC0, 0xC0, 0, any),
    row(0xC8, 0xC8, 0, any),
    row(0xD3, 0xD3, 1, |p| p[0] <= 63),
    row(0xD5, 0xD5, 1, any),
    row(0xD9, 0xD9, 1, |p| p[0] & 0x0F > 0 && p[0] >> 4 > 0),
    row(0xDA, 0xDA, 1, |p| matches!(p[0], 0x02 | 0x12)),
    row(0xDB, 0xDB, 1, any),
    row(0xE0, 0xE0, 0, any),
    row(0xE3, 0xE3, 0, any),
    row(0xEE, 0xEE, 0, any),
];

/// A controller with its glass.
pub struct Sheet {
    ssd1306: bool,
    /// Eight pages of 128 or 132 columns; at first of anything.
    memory: Vec<Vec<u8>>,
    untouched: usize,
    page: usize,
    column: usize,
    /// The command that is not whole yet.
    begun: Vec<u8>,
    addressing: u8,
    on: bool,
    pump: bool,
    scrolls: bool,
    /// Start line, offset, multiplex ratio, pins.
    lines: [u8; 4],
    /// Columns and rows mirrored, all dots lit, inverted.
    mirrored: (bool, bool),
    lit: bool,
    inverted: bool,
    pub refused: Vec<String>,
}

impl Sheet {
    /// After its reset line.
    pub fn new(ssd1306: bool) -> Self {
        let columns = if ssd1306 { 128 } else { 132 };
        let memory =
            (0..8).map(|page| (0..columns).map(|x: usize| [0xC3, 0x5A, 0x7E][(x + page) % 3]).collect()).collect();
        Self {
            ssd1306,
            memory,
            untouched: 8 * columns,
            page: 0,
            column: 0,
            begun: Vec::new(),
            addressing: 2,
            on: false,
            pump: !ssd1306,
            scrolls: false,
            lines: [0, 0, 63, 0x12],
            mirrored: (false, false),
            lit: false,
            inverted: false,
            refused: Vec::new(),
        }
    }

    fn refuse(&mut self, what: impl Into<String>) {
        self.refused.push(what.into());
    }

    pub fn command(&mut self, byte: u8) {
        self.begun.push(byte);
        let table = if self.ssd1306 { SSD1306 } else { SH1106 };
        let code = self.begun[0];
        let Some(row) = table.iter().find(|row| (row.codes.0..=row.codes.1).contains(&code)) else {
            self.begun.clear();
            return self.refuse(format!("no command {code:02X}"));
        };
        if self.begun.len() <= row.more {
            return;
        }
        let parameters = self.begun.split_off(1);
        self.begun.clear();
        if !(row.allowed)(&parameters) {
            return self.refuse(format!("command {code:02X} of {parameters:02X?}"));
        }
        self.carry_out(code, &parameters);
    }

    fn carry_out(&mut self, code: u8, parameters: &[u8]) {
        let by_page = self.addressing == 2;
        match code {
            0x00..=0x1F | 0xB0..=0xB7 if !by_page => self.refuse("a place of page addressing in another mode"),
            0x00..=0x0F => self.column = self.column & 0xF0 | usize::from(code),
            0x10..=0x1F => self.column = self.column & 0x0F | usize::from(code & 0x0F) << 4,
            0xB0..=0xB7 => self.page = usize::from(code & 7),
            0x20 => self.addressing = parameters[0],
            0x21 | 0x22 if by_page => self.refuse("a range of columns or pages in page addressing"),
            0x2E => self.scrolls = false,
            0x2F => self.scrolls = true,
            0x40..=0x7F => self.lines[0] = code & 0x3F,
            0xD3 => self.lines[1] = parameters[0],
            0xA8 => self.lines[2] = parameters[0],
            0xDA => self.lines[3] = parameters[0],
            0x8D => self.pump = parameters[0] & 4 != 0,
            0xAD if self.on => self.refuse("the converter is switched while the display is on"),
            0xAD => self.pump = parameters[0] & 1 != 0,
            0xA0 | 0xA1 => self.mirrored.0 = code & 1 == 1,
            0xC0 | 0xC8 => self.mirrored.1 = code & 8 == 8,
            0xA4 | 0xA5 => self.lit = code & 1 == 1,
            0xA6 | 0xA7 => self.inverted = code & 1 == 1,
            0xAF if self.untouched > 0 => self.refuse(format!("on, and {} bytes hold anything", self.untouched)),
            0xAF if !self.pump => self.refuse("on without the voltage that lights dots"),
            0xAE | 0xAF => self.on = code & 1 == 1,
            _ => {}
        }
    }

    pub fn dots(&mut self, byte: u8) {
        if !self.begun.is_empty() {
            return self.refuse(format!("dots within command {:02X?}", self.begun));
        }
        if self.addressing != 2 {
            return self.refuse("dots, and not in page addressing");
        }
        if self.scrolls {
            return self.refuse("dots while it scrolls");
        }
        let (page, column) = (self.page, self.column);
        let Some(cell) = self.memory[page].get_mut(column) else { return self.refuse("dots beyond the last column") };
        *cell = byte;
        self.column += 1;
        // Counted once: the driver writes the memory from its first byte to its last.
        self.untouched = self.untouched.saturating_sub(1);
    }

    /// What shines, row by row, on a glass of 128 × 64 that hangs as modules have it; none while nothing can be made of it.
    pub fn glass(&self) -> Option<Vec<Vec<bool>>> {
        let upright = self.mirrored == (true, true) && self.lines == [0, 0, 63, 0x12];
        let plain = !self.lit && !self.inverted && !self.scrolls && self.on && self.pump;
        let left = if self.ssd1306 { 0 } else { 2 };
        let dot = |x: usize, y: usize| self.memory[y / 8][left + x] >> (y % 8) & 1 == 1;
        (upright && plain).then(|| (0..64).map(|y| (0..128).map(|x| dot(x, y)).collect()).collect())
    }
}

/// The controller at the end of a bus.
#[derive(Clone)]
pub struct Wire(pub Arc<Mutex<Sheet>>, pub Arc<Mutex<bool>>);

impl Wire {
    pub fn new(ssd1306: bool) -> Self {
        Self(Arc::new(Mutex::new(Sheet::new(ssd1306))), Arc::default())
    }
}

impl i2c::ErrorType for Wire {
    type Error = Infallible;
}

impl I2c for Wire {
    /// §8.1.5: a control byte says what follows: one byte of a command behind Co, else runs to the end.
    fn transaction(&mut self, address: u8, operations: &mut [i2c::Operation<'_>]) -> Result<(), Infallible> {
        let mut sheet = self.0.lock().expect("not poisoned");
        if !matches!(address, 0x3C | 0x3D) {
            sheet.refuse(format!("address {address:02X}"));
        }
        for operation in operations {
            match operation {
                i2c::Operation::Write([0x40, dots @ ..]) => dots.iter().for_each(|byte| sheet.dots(*byte)),
                i2c::Operation::Write([0x80, command]) => sheet.command(*command),
                i2c::Operation::Write([0x00, commands @ ..]) => commands.iter().for_each(|byte| sheet.command(*byte)),
                i2c::Operation::Write(other) => sheet.refuse(format!("transfer {:02X?}", &other[..other.len().min(3)])),
                i2c::Operation::Read(_) => sheet.refuse("read"),
            }
        }
        Ok(())
    }
}

impl spi::ErrorType for Wire {
    type Error = Infallible;
}

impl SpiDevice for Wire {
    /// §8.1.3: D/C# is looked at with every eighth bit.
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Infallible> {
        let (mut sheet, dots) = (self.0.lock().expect("not poisoned"), *self.1.lock().expect("not poisoned"));
        for operation in operations {
            match operation {
                spi::Operation::Write(bytes) if dots => bytes.iter().for_each(|byte| sheet.dots(*byte)),
                spi::Operation::Write(bytes) => bytes.iter().for_each(|byte| sheet.command(*byte)),
                _ => sheet.refuse("read: the serial interface only writes"),
            }
        }
        Ok(())
    }
}

/// D/C#.
#[derive(Default)]
pub struct DataOrCommand(pub Arc<Mutex<bool>>);

impl digital::ErrorType for DataOrCommand {
    type Error = Infallible;
}

impl OutputPin for DataOrCommand {
    fn set_low(&mut self) -> Result<(), Infallible> {
        *self.0.lock().expect("not poisoned") = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        *self.0.lock().expect("not poisoned") = true;
        Ok(())
    }
}
