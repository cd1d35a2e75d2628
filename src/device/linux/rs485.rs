//! A serial port towards a bus of several: nobody else's while it is ours. Where the kernel's driver switches the
//! direction itself it is told to; an adapter that does so by itself needs nothing.

use std::{
    io::{self, Read, Write},
    path::Path,
    time::Duration,
};

use rustix::termios::ioctl_tiocexcl;
use serial2::{
    CharSize, FlowControl, Parity, SerialPort, Settings, StopBits,
    rs4xx::{Rs485Config, TransceiverMode},
};

use crate::{
    device::{Port, turnstile::Framing},
    files,
};

/// An open port.
pub(super) struct Rs485(SerialPort);

impl Rs485 {
    /// `direction` is the kernel's to switch, by RTS (`TIOCSRS485`); a driver that cannot fails.
    pub(super) fn open(device: &Path, baud: u32, framing: Framing, direction: bool) -> io::Result<Self> {
        // What is no device is not waited at.
        drop(files::device(device, true)?);
        let port = SerialPort::open(device, |mut settings: Settings| {
            settings.set_raw();
            settings.set_baud_rate(baud)?;
            settings.set_char_size(CharSize::Bits8);
            settings.set_stop_bits(StopBits::One);
            settings.set_parity(match framing {
                Framing::EightNone => Parity::None,
                Framing::EightEven => Parity::Even,
                Framing::EightOdd => Parity::Odd,
            });
            settings.set_flow_control(FlowControl::None);
            Ok(settings)
        })?;
        ioctl_tiocexcl(&port)?;
        if direction {
            port.set_rs4xx_mode(TransceiverMode::Rs485(Rs485Config::new()))?;
        }
        port.discard_buffers()?;
        Ok(Self(port))
    }
}

impl Read for Rs485 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Rs485 {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    /// The answer is waited for, and with it that the question has left.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Port for Rs485 {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.0.set_read_timeout(patience)?;
        self.0.set_write_timeout(patience)
    }

    fn arrived(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.set_read_timeout(Duration::ZERO)?;
        match self.0.read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => Ok(0),
            read => read,
        }
    }
}
