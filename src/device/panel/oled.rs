//! OLEDs of 128×64 dots: SSD1306, and SH1106, whose memory has 132 columns (Solomon Systech SSD1306 rev 1.1, §8.7, §9;
//! Sino Wealth SH1106 V2.3).
//!
//! Both take pages of eight rows, one column a byte, the upper dot in the lowest bit. Page addressing is the one way that
//! both understand.

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
    /// Columns of memory left of the glass: 0 for an SSD1306, 2 for an SH1106.
    offset: u8,
}

impl<O: Oled> OledGlass<O> {
    /// An SSD1306.
    pub fn ssd1306(oled: O) -> Self {
        Self { oled, offset: 0 }
    }

    /// An SH1106.
    pub fn sh1106(oled: O) -> Self {
        Self { oled, offset: 2 }
    }
}

/// Off, clock, 64 rows, no offset, first row, charge pump on, columns and rows mirrored, common pins, contrast,
/// precharge, deselect level, from memory, not inverted, on. The charge pump's command is unknown to an SH1106 and does
/// nothing there; it has one of its own.
const INIT: [u8; 25] = [
    0xAE, 0xD5, 0x80, 0xA8, 0x3F, 0xD3, 0x00, 0x40, 0x8D, 0x14, 0xAD, 0x8B, 0xA1, 0xC8, 0xDA, 0x12, 0x81, 0x8F, 0xD9,
    0x22, 0xDB, 0x35, 0xA4, 0xA6, 0xAF,
];

const ROWS_OF_PAGE: usize = 8;

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
        self.oled.commands(&INIT)
    }

    fn write(&mut self, frame: &Frame, Rect { x, y, width, height }: Rect) -> Result<(), DeviceError> {
        for page in y / ROWS_OF_PAGE..(y + height).div_ceil(ROWS_OF_PAGE) {
            let column = u8::try_from(x).unwrap_or(0) + self.offset;
            let page_command = 0xB0 | u8::try_from(page).unwrap_or(0);
            self.oled.commands(&[page_command, column & 0x0F, 0x10 | column >> 4])?;
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
