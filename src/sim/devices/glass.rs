//! Twins of panels that are drawn dot by dot: an OLED on I²C or SPI, a TFT on SPI.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use embedded_hal::{
    digital::{ErrorType as PinError, OutputPin},
    i2c::{self, I2c},
    spi::{self, Operation, SpiDevice},
};

/// Watches a glass.
pub struct GlassTwin<C> {
    controller: Arc<Mutex<C>>,
    /// How many transfers arrive before its plug is out; none: it stays in.
    transfers: Arc<Mutex<Option<usize>>>,
}

/// A controller: takes what arrives on its wire.
pub trait Controller: Send {
    /// A byte, and whether the data line was high.
    fn take(&mut self, byte: u8, data: bool);

    /// What a real controller would not have understood.
    fn complain(&mut self, what: String);
}

/// The kiosk's end of the wire.
pub struct GlassWire<C> {
    twin: GlassTwin<C>,
    data: Arc<Mutex<bool>>,
}

/// The kiosk's end of the line that tells dots from commands.
pub struct DataPin(Arc<Mutex<bool>>);

impl<C> Clone for GlassTwin<C> {
    fn clone(&self) -> Self {
        Self { controller: Arc::clone(&self.controller), transfers: Arc::clone(&self.transfers) }
    }
}

impl<C: Controller + Default> Default for GlassTwin<C> {
    fn default() -> Self {
        Self { controller: Arc::default(), transfers: Arc::default() }
    }
}

impl<C: Controller + Default> GlassTwin<C> {
    /// Its plug comes out after so many transfers more.
    pub fn unplug_after(&self, transfers: usize) {
        *self.transfers.lock().unwrap_or_else(PoisonError::into_inner) = Some(transfers);
    }

    /// It is plugged in again, and knows nothing of before.
    pub fn plug_in(&self) {
        *self.transfers.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.controller() = C::default();
    }
}

impl<C: Controller> GlassTwin<C> {
    /// The other ends: the bus and the data line.
    pub fn wires(&self) -> (GlassWire<C>, DataPin) {
        let data = Arc::new(Mutex::new(false));
        (GlassWire { twin: self.clone(), data: Arc::clone(&data) }, DataPin(data))
    }

    /// The controller.
    pub fn controller(&self) -> MutexGuard<'_, C> {
        self.controller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The controller, if a transfer still reaches it.
    fn reached(&self) -> Option<MutexGuard<'_, C>> {
        match &mut *self.transfers.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        Some(self.controller())
    }
}

impl PinError for DataPin {
    type Error = Infallible;
}

impl OutputPin for DataPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        Ok(())
    }
}

impl<C> spi::ErrorType for GlassWire<C> {
    type Error = spi::ErrorKind;
}

impl<C: Controller> SpiDevice for GlassWire<C> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), spi::ErrorKind> {
        let data = *self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let mut controller = self.twin.reached().ok_or(spi::ErrorKind::Other)?;
        for operation in operations {
            if let Operation::Write(bytes) = operation {
                bytes.iter().for_each(|byte| controller.take(*byte, data));
            }
        }
        Ok(())
    }
}

impl<C> i2c::ErrorType for GlassWire<C> {
    type Error = i2c::ErrorKind;
}

impl<C: Controller> I2c for GlassWire<C> {
    fn transaction(&mut self, _: u8, operations: &mut [i2c::Operation<'_>]) -> Result<(), i2c::ErrorKind> {
        let mut controller = self.twin.reached().ok_or(i2c::ErrorKind::Other)?;
        for operation in operations {
            if let i2c::Operation::Write([control, bytes @ ..]) = operation {
                bytes.iter().for_each(|byte| controller.take(*byte, *control == 0x40));
                if *control == 0x80 && bytes.len() > 1 {
                    controller.complain("more than one command behind 0x80".to_owned());
                }
            }
        }
        Ok(())
    }
}

/// An SSD1306 or SH1106: eight pages of 132 columns.
pub struct OledController {
    memory: [[u8; 132]; 8],
    page: usize,
    column: usize,
    /// Parameters that the last command still wants.
    wanted: usize,
    on: bool,
    complaints: Vec<String>,
}

impl Default for OledController {
    fn default() -> Self {
        Self { memory: [[0; 132]; 8], page: 0, column: 0, wanted: 0, on: false, complaints: Vec::new() }
    }
}

impl OledController {
    /// True where the glass shines; `offset` columns of memory lie left of it.
    pub fn dot(&self, x: usize, y: usize, offset: usize) -> bool {
        self.on && self.memory[y / 8][x + offset] >> (y % 8) & 1 == 1
    }

    /// What a real controller would not have understood.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }
}

impl Controller for OledController {
    fn complain(&mut self, what: String) {
        self.complaints.push(what);
    }

    fn take(&mut self, byte: u8, data: bool) {
        if data {
            match self.memory[self.page].get_mut(self.column) {
                Some(place) => *place = byte,
                None => self.complain("dots beyond the memory's edge".to_owned()),
            }
            self.column += 1;
            return;
        }
        if self.wanted > 0 {
            self.wanted -= 1;
            return;
        }
        match byte {
            0x00..=0x0F => self.column = self.column & 0xF0 | usize::from(byte),
            0x10..=0x1F => self.column = self.column & 0x0F | usize::from(byte & 0x0F) << 4,
            0xB0..=0xB7 => self.page = usize::from(byte & 7),
            0xAE | 0xAF => self.on = byte == 0xAF,
            0xD5 | 0xA8 | 0xD3 | 0x8D | 0xAD | 0xDA | 0x81 | 0xD9 | 0xDB => self.wanted = 1,
            0x40..=0x7F | 0xA0 | 0xA1 | 0xC0 | 0xC8 | 0xA4 | 0xA6 => {}
            other => self.complain(format!("command {other:02X}")),
        }
    }
}

/// A TFT controller: a window, and colours into it.
pub struct TftController {
    across: usize,
    dots: Vec<u16>,
    command: u8,
    arguments: Vec<u8>,
    columns: (usize, usize),
    rows: (usize, usize),
    at: (usize, usize),
    asleep: bool,
    on: bool,
    complaints: Vec<String>,
}

impl Default for TftController {
    fn default() -> Self {
        Self {
            across: 240,
            dots: vec![0; 240 * 320],
            command: 0,
            arguments: Vec::new(),
            columns: (0, 239),
            rows: (0, 319),
            at: (0, 0),
            asleep: true,
            on: false,
            complaints: Vec::new(),
        }
    }
}

impl TftController {
    /// A dot's colour in five, six and five bits; none while the panel sleeps or is off.
    pub fn dot(&self, x: usize, y: usize) -> Option<u16> {
        (self.on && !self.asleep).then(|| self.dots[y * self.across + x])
    }

    /// What a real controller would not have understood.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn paint(&mut self, colour: u16) {
        let (x, y) = self.at;
        match self.dots.get_mut(y * self.across + x).filter(|_| x < self.across) {
            Some(dot) => *dot = colour,
            None => self.complain(format!("a dot at {x}, {y}")),
        }
        self.at = if x == self.columns.1 { (self.columns.0, y + 1) } else { (x + 1, y) };
    }
}

impl Controller for TftController {
    fn complain(&mut self, what: String) {
        self.complaints.push(what);
    }

    fn take(&mut self, byte: u8, data: bool) {
        if !data {
            self.command = byte;
            self.arguments.clear();
            match byte {
                0x10 => self.asleep = true,
                0x11 => self.asleep = false,
                0x28 => self.on = false,
                0x29 => self.on = true,
                0x2C => self.at = (self.columns.0, self.rows.0),
                _ => {}
            }
            return;
        }
        self.arguments.push(byte);
        let pair = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
        match (self.command, &self.arguments[..]) {
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
