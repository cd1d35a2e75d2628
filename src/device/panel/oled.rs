//! OLEDs of 128×64 dots: SSD1306, and SH1106, whose memory has 132 columns (Solomon Systech SSD1306 rev 1.1, §8.7, §9,
//! §10 and its application note; Sino Wealth SH1106 V2.3, commands 1–22).
//!
//! Both take pages of eight rows, one column a byte, the upper dot in the lowest bit. Page addressing is the one way that
//! both understand: an SSD1306 is told, an SH1106 knows no other.

use embedded_hal::{digital::OutputPin, i2c::I2c, spi::SpiDevice};

use super::{
    frame::{Frame, Rect},
    picture::Glass,
};
use crate::device::DeviceError;

/// How commands and dots are told apart on the wire.
pub trait Oled: Send {
    /// Sends commands.
    fn commands(&mut self, bytes: &[u8]) -> Result<(), DeviceError>;

    /// Sends dots.
    fn dots(&mut self, bytes: &[u8]) -> Result<(), DeviceError>;
}

/// On I²C: each command a transfer of its own behind the control byte that announces one, dots in runs. A run of commands
/// behind 0x00 is not understood by every controller of the family.
pub struct I2cOled<I> {
    /// The bus.
    pub bus: I,
    /// 0x3C or 0x3D.
    pub address: u8,
}

/// On SPI, with a line that is high for dots.
pub struct SpiOled<S, P> {
    /// The bus.
    pub bus: S,
    /// Data or command.
    pub dc: P,
}

/// The driver's end of the glass.
pub struct OledGlass<O> {
    oled: O,
    controller: &'static Controller,
}

/// What the sheets say of one controller.
struct Controller {
    /// What is only said while the display is off.
    dark: &'static [u8],
    /// What may be said at any time; its first byte does nothing, should a lost command still wait for one.
    settings: &'static [u8],
    /// Columns of memory, and of those left of the glass.
    columns: usize,
    offset: u8,
}

/// Clock, 64 rows, no offset, first row, charge pump on (§2 of the application note), page addressing, columns and rows
/// mirrored, common pins, contrast, precharge and deselect level as after a reset, from memory, not inverted, no scroll.
const SSD1306: Controller = Controller {
    dark: &[],
    settings: &[
        0xE3, 0xD5, 0x80, 0xA8, 0x3F, 0xD3, 0x00, 0x40, 0x8D, 0x14, 0x20, 0x02, 0xA1, 0xC8, 0xDA, 0x12, 0x81, 0x7F,
        0xD9, 0x22, 0xDB, 0x20, 0xA4, 0xA6, 0x2E,
    ],
    columns: 128,
    offset: 0,
};

/// The converter may be switched only while the display is off, and is on after a reset (command 14). Then its voltage,
/// clock, 64 rows, no offset, first row, columns and rows mirrored, common pins, contrast, precharge and deselect level
/// as after a reset, from memory, not inverted, end of read-modify-write.
const SH1106: Controller = Controller {
    dark: &[0xAD, 0x8B],
    settings: &[
        0xE3, 0x32, 0xD5, 0x50, 0xA8, 0x3F, 0xD3, 0x00, 0x40, 0xA1, 0xC8, 0xDA, 0x12, 0x81, 0x80, 0xD9, 0x22, 0xDB,
        0x35, 0xA4, 0xA6, 0xEE,
    ],
    columns: 132,
    offset: 2,
};

const NOP: u8 = 0xE3;
const OFF: u8 = 0xAE;
const ON: u8 = 0xAF;

impl<O: Oled> OledGlass<O> {
    /// An SSD1306.
    pub fn ssd1306(oled: O) -> Self {
        Self { oled, controller: &SSD1306 }
    }

    /// An SH1106.
    pub fn sh1106(oled: O) -> Self {
        Self { oled, controller: &SH1106 }
    }

    /// Where in memory the next dots go; a column of memory, not of the glass.
    fn go_to(&mut self, page: usize, column: u8) -> Result<(), DeviceError> {
        let page = 0xB0 | u8::try_from(page).unwrap_or(0);
        self.oled.commands(&[page, column & 0x0F, 0x10 | column >> 4])
    }
}

const ROWS_OF_PAGE: usize = 8;
const PAGES: usize = 8;

/// Dots in one transfer; on I²C with the control byte 64, which small controllers buffer and the kernel's trace shows whole.
const MOST: usize = 63;

impl<O: Oled> Glass for OledGlass<O> {
    fn size(&self) -> (usize, usize) {
        (128, 64)
    }

    fn grain(&self) -> (usize, usize) {
        (1, ROWS_OF_PAGE)
    }

    fn initialise(&mut self) -> Result<(), DeviceError> {
        // Whatever a command that was cut short still waits for; none takes more.
        self.oled.commands(&[NOP; 6])?;
        self.oled.commands(&[OFF])?;
        self.oled.commands(self.controller.dark)?;
        self.remind()?;
        for page in 0..PAGES {
            self.go_to(page, 0)?;
            self.oled.dots(&vec![0; self.controller.columns])?;
        }
        self.light()
    }

    fn remind(&mut self) -> Result<(), DeviceError> {
        self.oled.commands(self.controller.settings)
    }

    fn light(&mut self) -> Result<(), DeviceError> {
        self.oled.commands(&[ON])
    }

    fn write(&mut self, frame: &Frame, Rect { x, y, width, height }: Rect) -> Result<(), DeviceError> {
        for page in y / ROWS_OF_PAGE..(y + height).div_ceil(ROWS_OF_PAGE) {
            self.go_to(page, u8::try_from(x).unwrap_or(0) + self.controller.offset)?;
            let dots: Vec<u8> = (x..x + width)
                .map(|x| (0..8).fold(0, |byte, bit| byte | u8::from(frame.is_on(x, page * ROWS_OF_PAGE + bit)) << bit))
                .collect();
            self.oled.dots(&dots)?;
        }
        Ok(())
    }
}

impl<I: I2c + Send> Oled for I2cOled<I> {
    fn commands(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        bytes.iter().try_for_each(|command| self.send(0x80, &[*command]))
    }

    fn dots(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        bytes.chunks(MOST).try_for_each(|run| self.send(0x40, run))
    }
}

impl<I: I2c> I2cOled<I> {
    fn send(&mut self, control: u8, bytes: &[u8]) -> Result<(), DeviceError> {
        let message = [&[control], bytes].concat();
        self.bus.write(self.address, &message).map_err(|error| DeviceError::Bus(format!("{error:?}")))
    }
}

impl<S: SpiDevice + Send, P: OutputPin + Send> Oled for SpiOled<S, P> {
    fn commands(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        self.dc.set_low().map_err(|error| DeviceError::Bus(format!("{error:?}")))?;
        self.bus.write(bytes).map_err(|error| DeviceError::Bus(format!("{error:?}")))
    }

    fn dots(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        self.dc.set_high().map_err(|error| DeviceError::Bus(format!("{error:?}")))?;
        bytes
            .chunks(MOST)
            .try_for_each(|run| self.bus.write(run))
            .map_err(|error| DeviceError::Bus(format!("{error:?}")))
    }
}
