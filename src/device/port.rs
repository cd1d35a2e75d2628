//! Byte streams to devices.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serial2::SerialPort;

use crate::files;

/// A byte stream with a bounded wait for reads and writes.
pub trait Port: Read + Write + Send {
    /// How long a read or write waits before it fails with `TimedOut` or `WouldBlock`.
    fn set_patience(&mut self, patience: Duration) -> io::Result<()>;

    /// Throws away what has arrived and was not read, without waiting.
    fn discard(&mut self) -> io::Result<()>;
}

/// The most bytes thrown away at once; whoever sends more is no printer.
const STALE: usize = 4096;

/// Sockets: a twin's, and a printer's on the network.
macro_rules! socket_port {
    ($socket:ty) => {
        impl Port for $socket {
            fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
                let patience = Some(patience.max(Duration::from_millis(1)));
                self.set_read_timeout(patience)?;
                self.set_write_timeout(patience)
            }

            fn discard(&mut self) -> io::Result<()> {
                self.set_nonblocking(true)?;
                let read = self.read(&mut [0; STALE]);
                self.set_nonblocking(false)?;
                discarded(read)
            }
        }
    };
}

socket_port!(UnixStream);
socket_port!(TcpStream);

/// What a read without waiting means for what was to be thrown away.
fn discarded(read: io::Result<usize>) -> io::Result<()> {
    match read {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// A printer of the kernel's usblp: opened without blocking, because a write at paper end would never return.
pub struct UsbPrinter {
    device: File,
    patience: Duration,
}

impl UsbPrinter {
    /// `/dev/usb/lp0`
    pub fn open(device: &Path) -> io::Result<Self> {
        Ok(Self { device: files::device(device, true)?, patience: Duration::ZERO })
    }

    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        let patience = Timespec::try_from(self.patience).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.device, flags)], Some(&patience))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }
}

impl Read for UsbPrinter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(PollFlags::IN)?;
        self.device.read(buffer)
    }
}

impl Write for UsbPrinter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(PollFlags::OUT)?;
        self.device.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Port for UsbPrinter {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.patience = patience;
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        match self.device.read(&mut [0; STALE]) {
            // usblp says "nothing" where a socket would say that the other end has gone.
            Ok(0) => Ok(()),
            read => discarded(read),
        }
    }
}

impl Port for SerialPort {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(patience)?;
        self.set_write_timeout(patience)
    }

    fn discard(&mut self) -> io::Result<()> {
        self.discard_input_buffer()
    }
}
