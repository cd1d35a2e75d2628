//! The three ways to an ST7920 (Sitronix ST7920 V4.0): serial over SPI, serial over two or three GPIO lines, parallel.

use std::io;

use embedded_hal::{delay::DelayNs, spi::SpiDevice};

/// Sends bytes to one of the chip's two registers, no faster than it takes them.
pub trait Bus: Send {
    /// A command, or a run of data.
    fn write(&mut self, register: Register, bytes: &[u8]) -> io::Result<()>;

    /// Several writes that belong together; a bus that can sends them as one.
    fn write_all(&mut self, writes: &[(Register, &[u8])]) -> io::Result<()> {
        writes.iter().try_for_each(|(register, bytes)| self.write(*register, bytes))
    }
}

/// The chip's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// RS = 0
    Command,
    /// RS = 1
    Data,
}

/// The chip needs this for all commands but the slow ones, and for a byte of data, microseconds.
const EXECUTION_US: u32 = 72;

/// Serial over a SPI controller. Chip select is tied high. Up to 200 kHz a byte takes longer than the chip needs.
pub struct SerialSpi<S>(pub S);

impl Register {
    fn start_byte(self) -> u8 {
        match self {
            Self::Command => 0xF8,
            Self::Data => 0xFA,
        }
    }
}

/// A start byte, and each byte in two halves.
fn serial(register: Register, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(register.start_byte());
    out.extend(bytes.iter().flat_map(|byte| [byte & 0xF0, byte << 4]));
}

impl<S: SpiDevice + Send> Bus for SerialSpi<S> {
    fn write(&mut self, register: Register, bytes: &[u8]) -> io::Result<()> {
        self.write_all(&[(register, bytes)])
    }

    fn write_all(&mut self, writes: &[(Register, &[u8])]) -> io::Result<()> {
        let mut frame = Vec::new();
        for (register, bytes) in writes {
            serial(*register, bytes, &mut frame);
        }
        self.0.write(&frame).map_err(|error| io::Error::other(format!("{error:?}")))
    }
}

/// Serial over GPIO lines: bit 0 is SCLK, bit 1 SID, bit 2 CS. One call for each edge of the clock.
pub struct SerialLines<L, D> {
    lines: L,
    delay: D,
}

const SCLK: u16 = 1;
const SID: u16 = 2;
const CS: u16 = 4;

impl<L: FnMut(u16) -> io::Result<()> + Send, D: DelayNs + Send> SerialLines<L, D> {
    /// `lines` sets all three at once.
    pub fn new(lines: L, delay: D) -> Self {
        Self { lines, delay }
    }
}

impl<L: FnMut(u16) -> io::Result<()> + Send, D: DelayNs + Send> Bus for SerialLines<L, D> {
    fn write(&mut self, register: Register, bytes: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(1 + 2 * bytes.len());
        serial(register, bytes, &mut frame);
        for (index, byte) in frame.into_iter().enumerate() {
            for bit in (0..8).rev() {
                let sid = if byte >> bit & 1 == 1 { SID } else { 0 };
                // The chip takes SID with the rising edge.
                (self.lines)(CS | sid)?;
                (self.lines)(CS | sid | SCLK)?;
            }
            if index > 0 && index % 2 == 0 {
                self.delay.delay_us(EXECUTION_US);
            }
        }
        // Chip select low: whatever was lost on the way, the next start byte is one.
        (self.lines)(0)
    }
}

/// Eight data lines: bits 0–7 are DB0–DB7, bit 8 RS, bit 9 E. RW is tied low.
pub struct Parallel<L, D> {
    lines: L,
    delay: D,
}

const RS: u16 = 1 << 8;
const E: u16 = 1 << 9;

impl<L: FnMut(u16) -> io::Result<()> + Send, D: DelayNs + Send> Parallel<L, D> {
    /// `lines` sets all ten at once.
    pub fn new(lines: L, delay: D) -> Self {
        Self { lines, delay }
    }
}

impl<L: FnMut(u16) -> io::Result<()> + Send, D: DelayNs + Send> Bus for Parallel<L, D> {
    fn write(&mut self, register: Register, bytes: &[u8]) -> io::Result<()> {
        let rs = if register == Register::Data { RS } else { 0 };
        for byte in bytes {
            let levels = rs | u16::from(*byte);
            (self.lines)(levels)?;
            (self.lines)(levels | E)?;
            // The chip takes the byte with the falling edge.
            (self.lines)(levels)?;
            self.delay.delay_us(EXECUTION_US);
        }
        Ok(())
    }
}
