//! Buses and byte streams.

use std::{
    io,
    net::{TcpStream, ToSocketAddrs as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use linux_embedded_hal::{
    Delay, I2cdev, SpidevDevice,
    spidev::{SpiModeFlags, SpidevOptions},
};

#[cfg(feature = "turnstile")]
use super::rs485::Rs485;
use super::{serial::Serial, usb::UsbPrinter};
#[cfg(feature = "turnstile")]
use crate::device::turnstile::Framing;
use crate::{
    device::{DeviceError, Opener},
    fault::Code,
};

/// A printer on the network that takes longer to connect is not there.
const CONNECT: Duration = Duration::from_secs(2);

/// What is not delivered within this is not delivered any more.
#[cfg(feature = "turnstile")]
const UNDELIVERED: Duration = Duration::from_secs(2);

/// A device on a spidev bus, mode 0.
pub fn spi(device: &Path, hz: u32) -> Result<SpidevDevice, DeviceError> {
    let failed = |reason: String| cannot(device, reason);
    let mut spi = SpidevDevice::open(device).map_err(|error| failed(error.to_string()))?;
    let options = SpidevOptions::new().bits_per_word(8).max_speed_hz(hz).mode(SpiModeFlags::SPI_MODE_0).build();
    spi.configure(&options).map_err(|error| failed(error.to_string()))?;
    Ok(spi)
}

/// An I²C bus.
pub fn i2c(device: &Path) -> Result<I2cdev, DeviceError> {
    I2cdev::new(device).map_err(|error| cannot(device, error.to_string()))
}

fn cannot(device: &Path, reason: String) -> DeviceError {
    DeviceError::Open { what: device.display().to_string(), reason, code: Code::D601 }
}

/// A delay for wires that have no clock of their own to keep.
pub fn delay() -> Delay {
    Delay
}

/// A printer's serial port, 8N1, with or without RTS/CTS.
pub fn serial(device: PathBuf, baud: u32, rts_cts: bool) -> Opener {
    Box::new(move || Ok(Box::new(Serial::open(&device, baud, rts_cts)?)))
}

/// A bus of several on a serial port, whose direction the kernel switches or the adapter.
#[cfg(feature = "turnstile")]
pub fn rs485(device: PathBuf, baud: u32, framing: Framing, direction: bool) -> Opener {
    Box::new(move || Ok(Box::new(Rs485::open(&device, baud, framing, direction)?)))
}

/// A printer on the network, usually at port 9100.
pub fn tcp(address: String) -> Opener {
    Box::new(move || Ok(Box::new(tcp_stream(&address)?)))
}

/// A bus of several behind an adapter on the network. What is not delivered soon is dropped, and the connection with
/// it: an opening that comes late is one too many.
#[cfg(feature = "turnstile")]
pub fn bus_tcp(address: String) -> Opener {
    Box::new(move || {
        let stream = tcp_stream(&address)?;
        let milliseconds = UNDELIVERED.as_millis().try_into().unwrap_or(u32::MAX);
        rustix::net::sockopt::set_tcp_user_timeout(&stream, milliseconds)?;
        Ok(Box::new(stream))
    })
}

/// A connection to whichever address of a name answers. Small writes leave at once: else each waits for the printer's
/// word that the last one has come, up to 40 ms.
pub fn tcp_stream(address: &str) -> io::Result<TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// A printer behind usblp.
pub fn usb(device: PathBuf) -> Opener {
    Box::new(move || Ok(Box::new(UsbPrinter::open(&device)?)))
}

/// Something that listens on a socket in a printer's place.
pub fn unix(path: PathBuf) -> Opener {
    Box::new(move || Ok(Box::new(UnixStream::connect(&path)?)))
}
