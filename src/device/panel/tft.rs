//! Colour TFTs on SPI, through `mipidsi`: its models know how each controller is woken. What they said is kept, to be said
//! again; the display goes on when its memory holds a picture, which no reset by software takes from it.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use embedded_graphics_core::pixelcolor::{Rgb565, raw::RawU16};
use embedded_hal::{delay::DelayNs, digital::OutputPin, spi::SpiDevice};
use mipidsi::{
    Builder, Display, NoResetPin,
    interface::{Interface, InterfaceKind},
    models::{ILI9341Rgb565, Model, ST7789},
    options::{ColorInversion, Orientation, Rotation},
};

use super::{
    colour::rgb565,
    frame::{Frame, Rect},
    picture::Glass,
};
use crate::device::DeviceError;

/// A TFT's settings.
#[derive(Clone, Copy, Debug)]
pub struct TftSettings {
    /// Dots across before it is turned.
    pub width: u16,
    /// Dots down before it is turned.
    pub height: u16,
    /// Degrees clockwise: 0, 90, 180, 270.
    pub rotate: u16,
    /// Colours are inverted.
    pub inverted: bool,
}

/// A TFT; it has a display from the first scene on.
pub struct Tft<S: SpiDevice, P: OutputPin, D, M: Model<ColorFormat = Rgb565>> {
    wires: Wires<S, P>,
    display: Option<Display<Wires<S, P>, M, NoResetPin>>,
    model: fn() -> M,
    delay: D,
    settings: TftSettings,
}

/// What `mipidsi` is given: a display that does not wake up takes its own with it, and is tried again.
struct Wires<S, P>(Arc<Mutex<Lines<S, P>>>);

/// SPI, and a line that is low for commands.
struct Lines<S, P> {
    spi: S,
    dc: P,
    /// What the model says, while it does.
    waking: bool,
    settings: Vec<(u8, Vec<u8>)>,
}

/// Of the commands that all these controllers share (MIPI DCS).
const SOFT_RESET: u8 = 0x01;
const SLEEP_OUT: u8 = 0x11;
const DISPLAY_ON: u8 = 0x29;

/// Before the next command after [`SLEEP_OUT`].
const AWAKE_MS: u32 = 5;

/// Bytes sent to the SPI controller at once; spidev takes 4096.
const CHUNK: usize = 4096;

impl<S: SpiDevice, P: OutputPin, D> Tft<S, P, D, ST7789> {
    /// Sitronix ST7789. Takes the wires over; nothing is sent before the first scene.
    pub fn st7789(spi: S, dc: P, delay: D, settings: TftSettings) -> Self {
        Self { wires: Wires::new(spi, dc), display: None, model: || ST7789, delay, settings }
    }
}

impl<S: SpiDevice, P: OutputPin, D> Tft<S, P, D, ILI9341Rgb565> {
    /// Ilitek ILI9341. Takes the wires over; nothing is sent before the first scene.
    pub fn ili9341(spi: S, dc: P, delay: D, settings: TftSettings) -> Self {
        Self { wires: Wires::new(spi, dc), display: None, model: || ILI9341Rgb565, delay, settings }
    }
}

impl<S, P, D, M> Glass for Tft<S, P, D, M>
where
    S: SpiDevice + Send,
    P: OutputPin + Send,
    D: DelayNs + Send,
    M: Model<ColorFormat = Rgb565> + Send,
{
    fn size(&self) -> (usize, usize) {
        let (width, height) = (usize::from(self.settings.width), usize::from(self.settings.height));
        if self.settings.rotate.is_multiple_of(180) { (width, height) } else { (height, width) }
    }

    fn initialise(&mut self) -> Result<(), DeviceError> {
        let TftSettings { width, height, rotate, inverted } = self.settings;
        let rotation = Rotation::try_from_degree(rotate.into()).unwrap_or(Rotation::Deg0);
        self.display = None;
        self.wires.lines().wake();
        let display = Builder::new((self.model)(), Wires(Arc::clone(&self.wires.0)))
            .display_size(width, height)
            .invert_colors(if inverted { ColorInversion::Inverted } else { ColorInversion::Normal })
            .orientation(Orientation::new().rotate(rotation))
            .init(&mut self.delay);
        self.wires.lines().waking = false;
        self.display = Some(display.map_err(|error| DeviceError::Bus(format!("{error:?}")))?);
        Ok(())
    }

    fn remind(&mut self) -> Result<(), DeviceError> {
        let mut lines = self.wires.lines();
        for (command, arguments) in lines.settings.clone() {
            lines.command(command, &arguments).map_err(|error| DeviceError::Bus(error.to_string()))?;
            if command == SLEEP_OUT {
                self.delay.delay_ms(AWAKE_MS);
            }
        }
        Ok(())
    }

    fn light(&mut self) -> Result<(), DeviceError> {
        self.wires.lines().command(DISPLAY_ON, &[]).map_err(|error| DeviceError::Bus(error.to_string()))
    }

    fn write(&mut self, frame: &Frame, Rect { x, y, width, height }: Rect) -> Result<(), DeviceError> {
        let Some(display) = &mut self.display else { return Err(DeviceError::Bus("not initialised".to_owned())) };
        let place = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        let colours = (y..y + height)
            .flat_map(|row| (x..x + width).map(move |column| (row, column)))
            .map(|(row, column)| Rgb565::from(RawU16::new(rgb565(frame, frame.dot(column, row)))));
        display
            .set_pixels(place(x), place(y), place(x + width - 1), place(y + height - 1), colours)
            .map_err(|error| DeviceError::Bus(error.to_string()))
    }
}

impl<S, P> Wires<S, P> {
    fn new(spi: S, dc: P) -> Self {
        Self(Arc::new(Mutex::new(Lines { spi, dc, waking: false, settings: Vec::new() })))
    }

    fn lines(&self) -> MutexGuard<'_, Lines<S, P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: SpiDevice, P: OutputPin> Lines<S, P> {
    fn wake(&mut self) {
        self.waking = true;
        self.settings.clear();
    }

    fn command(&mut self, command: u8, arguments: &[u8]) -> io::Result<()> {
        self.is_data(false)?;
        self.send(&[command])?;
        self.is_data(true)?;
        if arguments.is_empty() { Ok(()) } else { self.send(arguments) }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.spi.write(bytes).map_err(|error| io::Error::other(format!("{error:?}")))
    }

    fn is_data(&mut self, data: bool) -> io::Result<()> {
        self.dc.set_state(data.into()).map_err(|error| io::Error::other(format!("{error:?}")))
    }
}

impl<S: SpiDevice, P: OutputPin> Interface for Wires<S, P> {
    type Word = u8;
    type Error = io::Error;

    const KIND: InterfaceKind = InterfaceKind::Serial4Line;

    fn send_command(&mut self, command: u8, arguments: &[u8]) -> io::Result<()> {
        let mut lines = self.lines();
        match command {
            DISPLAY_ON if lines.waking => return Ok(()),
            SOFT_RESET => {}
            _ if lines.waking => lines.settings.push((command, arguments.to_vec())),
            _ => {}
        }
        lines.command(command, arguments)
    }

    fn send_pixels<const N: usize>(&mut self, pixels: impl IntoIterator<Item = [u8; N]>) -> io::Result<()> {
        let mut lines = self.lines();
        let mut buffer = Vec::with_capacity(CHUNK + N);
        for pixel in pixels {
            buffer.extend_from_slice(&pixel);
            if buffer.len() + N > CHUNK {
                lines.send(&buffer)?;
                buffer.clear();
            }
        }
        if buffer.is_empty() { Ok(()) } else { lines.send(&buffer) }
    }

    fn send_repeated_pixel<const N: usize>(&mut self, pixel: [u8; N], count: u32) -> io::Result<()> {
        self.send_pixels(std::iter::repeat_n(pixel, usize::try_from(count).unwrap_or(usize::MAX)))
    }
}
