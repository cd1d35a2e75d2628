//! ST7920 as its sheet has it: two tables of instructions, three memories, and the time that each takes (Sitronix ST7920
//! V4.0, pages 12–15 memories, 18–22 instructions, 26 serial interface). What the tables do not have is refused, and so is
//! what comes too soon. Nobody else's stands beside it: apt, PyPI, npm and crates.io have drivers of it and no chip.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
};

use embedded_hal::{
    delay::DelayNs,
    spi::{self, SpiDevice},
};

/// After the supply has come, and after clearing; after anything else. Nanoseconds.
const AWAKE: u64 = 40_000_000;
const CLEAR: u64 = 1_600_000;
const SHORT: u64 = 72_000;

/// Of the bits that the sheet lets no instruction change together, the one that a chip takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Set,
    Graphics,
}

/// Where data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    Nowhere,
    Text(usize),
    Glyph(usize),
}

pub struct Sheet {
    takes: Takes,
    /// Nanoseconds since the supply came, and until when it does nothing else.
    pub now: u64,
    busy_until: u64,
    extended: bool,
    graphics: bool,
    on: bool,
    goes: Goes,
    /// The high byte of a word that is not whole.
    high: Option<u8>,
    row: Option<u8>,
    place: Option<(usize, usize)>,
    /// An instruction that has to come once more.
    again: Option<u8>,
    text: [u16; 32],
    glyphs: [u16; 64],
    dots: Vec<[u16; 16]>,
    pub refused: Vec<String>,
}

impl Sheet {
    /// As its supply has just come, its memories full of anything; or left in graphics by another program.
    pub fn new(takes: Takes, left_in_graphics: bool) -> Self {
        Self {
            takes,
            now: 0,
            busy_until: AWAKE,
            extended: left_in_graphics,
            graphics: left_in_graphics,
            on: left_in_graphics,
            goes: Goes::Nowhere,
            high: None,
            row: None,
            place: None,
            again: None,
            text: [0xB0A1; 32],
            glyphs: [0x5A5A; 64],
            dots: vec![[0xA5C3; 16]; 32],
            refused: Vec::new(),
        }
    }

    fn refuse(&mut self, what: impl Into<String>) {
        self.refused.push(what.into());
    }

    fn takes_time(&mut self, nanoseconds: u64) {
        if self.now < self.busy_until {
            self.refuse(format!("{} ns too soon", self.busy_until - self.now));
        }
        self.busy_until = self.now + nanoseconds;
    }

    pub fn instruction(&mut self, code: u8) {
        self.takes_time(if !self.extended && code == 0x01 { CLEAR } else { SHORT });
        if self.high.take().is_some() {
            self.refuse("an instruction within a word");
        }
        if let Some(again) = self.again.take().filter(|again| *again != code) {
            self.refuse(format!("{again:02X} changed two things at once and came only once"));
        }
        let row = self.row.take();
        match (self.extended, code) {
            (_, 0x20..=0x3F) => self.function_set(code),
            (false, 0x01) => {
                self.text = [0x2020; 32];
                self.goes = Goes::Text(0);
            }
            (false, 0x02 | 0x03) => self.goes = Goes::Text(0),
            (false, 0x06) => {}
            (false, 0x08..=0x0F) => self.on = code & 4 != 0,
            (false, 0x40..=0x7F) => self.goes = Goes::Glyph(usize::from(code & 0x3F)),
            // Two lines of sixteen words are on the glass; page 12.
            (false, 0x80..=0x9F) => self.goes = Goes::Text(usize::from(code & 0x1F)),
            (true, 0x80..=0x9F) if row.is_none() => self.row = Some(code & 0x1F),
            (true, 0x80..=0x8F) => self.place = row.map(|row| (usize::from(row), usize::from(code & 0x0F))),
            (extended, _) => {
                self.refuse(format!("no instruction {code:02X} of {}", if extended { "RE=1" } else { "RE=0" }))
            }
        }
    }

    /// Pages 20 and 22: DL, RE and G never in one.
    fn function_set(&mut self, code: u8) {
        let (dl, re, g) = (code & 0x10 != 0, code & 0x04 != 0, code & 0x02 != 0);
        if !dl {
            return self.refuse("four bits at a time");
        }
        // G is of the extended set: of the basic one that bit is none.
        let (set, graphics) = (re != self.extended, (self.extended || re) && g != self.graphics);
        if set && graphics {
            self.again = Some(code);
        }
        if graphics && !(set && self.takes == Takes::Set) {
            self.graphics = g;
        }
        if set && !(graphics && self.takes == Takes::Graphics) {
            self.extended = re;
            (self.place, self.row) = (None, None);
        }
    }

    pub fn data(&mut self, byte: u8) {
        self.takes_time(SHORT);
        let Some(high) = self.high.take() else {
            self.high = Some(byte);
            return;
        };
        let word = u16::from_be_bytes([high, byte]);
        match (self.extended, self.goes) {
            (true, _) => {
                let Some((row, column)) = self.place else { return self.refuse("dots without a place") };
                let Some(cell) = self.dots[row].get_mut(column) else { return self.refuse("dots beyond the row") };
                *cell = word;
                self.place = Some((row, column + 1));
            }
            (false, Goes::Text(place)) => {
                if !matches!(word, 0x0000 | 0x0002 | 0x0004 | 0x0006)
                    && !matches!([high, byte], [0xA1..=0xF7, 0xA1..=0xFE] | [0x20..=0x7E, 0x20..=0x7E])
                {
                    self.refuse(format!("{word:04X} is in no ROM"));
                }
                self.text[place] = word;
                // The end of a line of the glass: what follows in memory is the line after the next.
                self.goes = if place % 8 == 7 { Goes::Nowhere } else { Goes::Text(place + 1) };
            }
            (false, Goes::Glyph(row)) => {
                self.glyphs[row] = word;
                self.goes = if row % 16 == 15 { Goes::Nowhere } else { Goes::Glyph(row + 1) };
            }
            (false, Goes::Nowhere) => self.refuse("data beyond the end of its line or glyph"),
        }
    }

    /// The words of a line of the glass, page 12; none where the chip shows nothing, or dots.
    pub fn words(&self, line: usize) -> Option<&[u16]> {
        let start = [0, 16, 8, 24][line];
        (self.on && !self.graphics).then_some(&self.text[start..start + 8])
    }

    /// The rows of a user glyph.
    pub fn glyph(&self, code: u16) -> &[u16] {
        let slot = usize::from(code / 2);
        &self.glyphs[16 * slot..16 * slot + 16]
    }

    /// The dots of the glass, page 14, where the text is blank and the chip shows them.
    pub fn dot(&self, x: usize, y: usize) -> Option<bool> {
        let word = self.dots[y % 32][x / 16 + if y < 32 { 0 } else { 8 }];
        (self.on && self.graphics && self.text == [0x2020; 32]).then_some(word & (0x8000 >> (x % 16)) != 0)
    }
}

/// The chip at the end of its wire.
#[derive(Clone)]
pub struct Wire(pub Arc<Mutex<Sheet>>);

impl Wire {
    pub fn new(takes: Takes, left_in_graphics: bool) -> Self {
        Self(Arc::new(Mutex::new(Sheet::new(takes, left_in_graphics))))
    }

    /// Page 26: five ones, RW, RS and a zero; then each byte in two halves.
    fn serial(&self) -> impl FnMut(u8) + Send + use<> {
        let sheet = Arc::clone(&self.0);
        let (mut register, mut high) = (None, None);
        move |byte| {
            let mut sheet = sheet.lock().expect("not poisoned");
            match (byte, high) {
                (0xF8 | 0xFA, None) => register = Some(byte == 0xFA),
                (_, None) if byte & 0x0F == 0 => high = Some(byte),
                (_, Some(upper)) if byte & 0x0F == 0 => {
                    high = None;
                    match register {
                        Some(true) => sheet.data(upper | byte >> 4),
                        Some(false) => sheet.instruction(upper | byte >> 4),
                        None => sheet.refuse("a byte before any start byte"),
                    }
                }
                _ => {
                    high = None;
                    sheet.refuse(format!("{byte:02X} is neither a start byte nor half a byte"));
                }
            }
        }
    }

    /// An SPI controller of this clock.
    pub fn spi(&self, hz: u64) -> impl SpiDevice + Send + use<> {
        Spi { take: Box::new(self.serial()), sheet: Arc::clone(&self.0), byte_ns: 8_000_000_000 / hz }
    }

    /// SCLK, SID and CS, bits 0 to 2, in no time at all.
    pub fn lines(&self) -> impl FnMut(u16) -> io::Result<()> + Send + use<> {
        let (mut take, sheet) = (self.serial(), Arc::clone(&self.0));
        let (mut clock, mut bits, mut count) = (false, 0_u8, 0);
        move |levels| {
            let rises = levels & 1 != 0 && !clock;
            clock = levels & 1 != 0;
            if levels & 4 == 0 {
                if std::mem::take(&mut count) != 0 {
                    sheet.lock().expect("not poisoned").refuse("deselected within a byte");
                }
            } else if rises {
                bits = bits << 1 | u8::from(levels & 2 != 0);
                count = (count + 1) % 8;
                if count == 0 {
                    take(bits);
                }
            }
            Ok(())
        }
    }

    /// DB0–DB7, RS and E, bits 0 to 9: taken when E falls, and steady while it is up.
    pub fn parallel(&self) -> impl FnMut(u16) -> io::Result<()> + Send + use<> {
        let sheet = Arc::clone(&self.0);
        let mut before = 0_u16;
        move |levels| {
            let mut sheet = sheet.lock().expect("not poisoned");
            let (was_up, is_up) = (before & 0x200 != 0, levels & 0x200 != 0);
            if (was_up || is_up) && before & 0x1FF != levels & 0x1FF {
                sheet.refuse("lines that change together with E");
            }
            before = levels;
            if was_up && !is_up {
                let byte = u8::try_from(levels & 0xFF).expect("eight bits");
                if levels & 0x100 != 0 { sheet.data(byte) } else { sheet.instruction(byte) }
            }
            Ok(())
        }
    }

    /// Waits in the chip's own time.
    pub fn delay(&self) -> impl DelayNs + Send + use<> {
        Delay(Arc::clone(&self.0))
    }
}

struct Delay(Arc<Mutex<Sheet>>);

impl DelayNs for Delay {
    fn delay_ns(&mut self, nanoseconds: u32) {
        self.0.lock().expect("not poisoned").now += u64::from(nanoseconds);
    }
}

struct Spi {
    take: Box<dyn FnMut(u8) + Send>,
    sheet: Arc<Mutex<Sheet>>,
    byte_ns: u64,
}

impl spi::ErrorType for Spi {
    type Error = Infallible;
}

impl SpiDevice for Spi {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            let spi::Operation::Write(bytes) = operation else { panic!("a panel is only written to") };
            for byte in *bytes {
                self.sheet.lock().expect("not poisoned").now += self.byte_ns;
                (self.take)(*byte);
            }
        }
        Ok(())
    }
}
