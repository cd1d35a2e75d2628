//! Real lines, buses and ports. The only file that names `linux-embedded-hal` and `gpiocdev`.

use std::{
    fmt, io,
    net::{TcpStream, ToSocketAddrs as _},
    path::{Path, PathBuf},
    time::Duration,
};

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin};
use gpiocdev::{Request, line::Value};
use linux_embedded_hal::{
    Delay, SpidevDevice,
    spidev::{SpiModeFlags, SpidevOptions},
};
use serial2::SerialPort;

use super::{DeviceError, GateTiming, LineGate, Opener, St7920, port::UsbPrinter};
use crate::fault::Code;

/// Where a gate's line is.
pub enum Line<'a> {
    /// By the kernel's name.
    Named(&'a str),
    /// By chip label and offset.
    Placed(&'a str, u32),
}

/// A printer on the network that takes longer to connect is not there.
const CONNECT: Duration = Duration::from_secs(2);

/// An ST7920 on a spidev bus.
pub fn st7920(device: &Path, hz: u32) -> Result<St7920<SpidevDevice, Delay>, DeviceError> {
    let failed = |reason: String| cannot(device.display().to_string(), reason, Code::D601);
    let mut spi = SpidevDevice::open(device).map_err(|error| failed(error.to_string()))?;
    let options = SpidevOptions::new().bits_per_word(8).max_speed_hz(hz).mode(SpiModeFlags::SPI_MODE_0).build();
    spi.configure(&options).map_err(|error| failed(error.to_string()))?;
    Ok(St7920::new(spi, Delay))
}

/// A printer's serial port, 8N1.
pub fn serial(device: PathBuf, baud: u32) -> Opener {
    Box::new(move || Ok(Box::new(SerialPort::open(&device, baud)?)))
}

/// A printer on the network, usually at port 9100.
pub fn tcp(address: String) -> Opener {
    Box::new(move || {
        let addresses = address.to_socket_addrs()?;
        let mut failure = io::Error::from(io::ErrorKind::NotFound);
        for address in addresses {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(stream) => return Ok(Box::new(stream)),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    })
}

/// A printer behind usblp.
pub fn usb(device: PathBuf) -> Opener {
    Box::new(move || Ok(Box::new(UsbPrinter::open(&device)?)))
}

/// A gate's output, requested with its safe value.
pub fn gate(line: &Line<'_>, active_low: bool, timing: GateTiming) -> Result<LineGate<OutputLine>, DeviceError> {
    let what = match line {
        Line::Named(name) => format!("line {name}"),
        Line::Placed(chip, offset) => format!("line {offset} of chip {chip}"),
    };
    let failed = |reason: String| cannot(what.clone(), reason, Code::G801);
    let (chip, offset) = match line {
        Line::Named(name) => {
            let found = gpiocdev::find_named_line(name).ok_or_else(|| failed("no line has this name".to_owned()))?;
            (found.chip, found.info.offset)
        }
        Line::Placed(label, offset) => {
            let labelled = |chip: &std::path::PathBuf| {
                gpiocdev::Chip::from_path(chip).and_then(|chip| chip.info()).is_ok_and(|info| info.label == *label)
            };
            let chips = gpiocdev::chip::chips().map_err(|error| failed(error.to_string()))?;
            let chip = chips.into_iter().find(labelled);
            (chip.ok_or_else(|| failed("no chip has this label".to_owned()))?, *offset)
        }
    };
    // Polarity stays ours: the kernel is asked for physical levels.
    let safe = if active_low { Value::Active } else { Value::Inactive };
    let request = Request::builder()
        .on_chip(chip)
        .with_consumer("facemchd")
        .with_line(offset)
        .as_output(safe)
        .request()
        .map_err(|error| failed(error.to_string()))?;
    LineGate::new(OutputLine { request, offset }, active_low, timing)
}

/// One requested output line.
pub struct OutputLine {
    request: Request,
    offset: u32,
}

/// The kernel refused to switch a line.
#[derive(Debug)]
pub struct LineError(gpiocdev::Error);

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for LineError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for OutputLine {
    type Error = LineError;
}

impl OutputPin for OutputLine {
    fn set_low(&mut self) -> Result<(), LineError> {
        self.request.set_value(self.offset, Value::Inactive).map(drop).map_err(LineError)
    }

    fn set_high(&mut self) -> Result<(), LineError> {
        self.request.set_value(self.offset, Value::Active).map(drop).map_err(LineError)
    }
}

fn cannot(what: String, reason: String, code: Code) -> DeviceError {
    DeviceError::Open { what, reason, code }
}

/// A delay for wires that have no clock of their own to keep, such as a twin's.
pub fn delay() -> Delay {
    Delay
}

/// One GPIO chip, as the kernel shows it.
pub struct Chip {
    /// `/dev/gpiochip0`; moves between kernels.
    pub path: PathBuf,
    /// What a board file names it by.
    pub label: String,
    /// Its lines, by offset.
    pub lines: Vec<ChipLine>,
}

/// One line of a chip.
pub struct ChipLine {
    /// Its name, or nothing.
    pub name: String,
    /// Who uses it; nothing where it is free.
    pub consumer: Option<String>,
    /// It is an output now.
    pub output: bool,
}

/// Every GPIO chip that may be opened.
pub fn chips() -> Vec<Chip> {
    let paths = gpiocdev::chip::chips().unwrap_or_default();
    paths.into_iter().filter_map(|path| chip(path).ok()).collect()
}

fn chip(path: PathBuf) -> gpiocdev::Result<Chip> {
    let chip = gpiocdev::Chip::from_path(&path)?;
    let label = chip.info()?.label;
    let lines = chip.line_info_iter()?.map(|info| {
        let info = info?;
        let output = info.direction == gpiocdev::line::Direction::Output;
        Ok(ChipLine { name: info.name, consumer: info.used.then_some(info.consumer), output })
    });
    Ok(Chip { path, label, lines: lines.collect::<gpiocdev::Result<_>>()? })
}
