//! Byte streams to printers.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::files;

/// A byte stream with a bounded wait for reads and writes. Where a wire can tell what has left it, it does.
pub trait Port: Read + Write + Send {
    /// How long a read or write waits before it fails with `TimedOut` or `WouldBlock`.
    fn set_patience(&mut self, patience: Duration) -> io::Result<()>;

    /// Reads what has arrived, without waiting; 0 is nothing.
    fn arrived(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Bytes written that have not left yet; 0 where nobody can tell.
    fn pending(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    /// Takes back what was written and has not left: that many bytes, the last ones.
    fn withdraw(&mut self) -> io::Result<usize> {
        Ok(0)
    }

    /// Whether the other end may hold up what is written. A printer that does so still hears real-time questions.
    fn obey(&mut self, _flow_control: bool) -> io::Result<()> {
        Ok(())
    }

    /// The most bytes written at once: what may be lost where the other end does not listen.
    fn chunk(&self) -> usize {
        512
    }
}

/// Sockets: a twin's, and a printer's on the network.
macro_rules! socket_port {
    ($socket:ty) => {
        impl Port for $socket {
            fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
                let patience = Some(patience.max(Duration::from_millis(1)));
                self.set_read_timeout(patience)?;
                self.set_write_timeout(patience)
            }

            fn arrived(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.set_nonblocking(true)?;
                let read = self.read(buffer);
                self.set_nonblocking(false)?;
                match read {
                    Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
                    read => read,
                }
            }
        }
    };
}

socket_port!(UnixStream);
socket_port!(TcpStream);

/// A printer of the kernel's usblp: opened without blocking, because a write at paper end would never return.
pub(crate) struct UsbPrinter {
    device: File,
    patience: Duration,
}

/// How long the last transfer may take before the device is closed, which would end it.
const LAST: Duration = Duration::from_millis(500);

/// usblp is ready to be read when an empty packet has come: it is not asked again at once.
const EMPTY: Duration = Duration::from_millis(5);

impl UsbPrinter {
    /// `/dev/usb/lp0`
    pub(super) fn open(device: &Path) -> io::Result<Self> {
        Ok(Self { device: files::device(device, true)?, patience: Duration::ZERO })
    }

    fn ready(&self, flags: PollFlags, patience: Duration) -> io::Result<bool> {
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        Ok(poll(&mut [PollFd::new(&self.device, flags)], Some(&patience))? > 0)
    }

    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        if self.ready(flags, self.patience)? { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
    }
}

impl Read for UsbPrinter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(PollFlags::IN)?;
        match self.arrived(buffer)? {
            0 => {
                thread::sleep(EMPTY);
                Err(io::ErrorKind::WouldBlock.into())
            }
            length => Ok(length),
        }
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

    fn arrived(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.device.read(buffer) {
            // An empty packet is no end; and a printer with one direction alone (EINVAL) says nothing ever.
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::InvalidInput) => Ok(0),
            read => read,
        }
    }

    fn pending(&mut self) -> io::Result<usize> {
        Ok(usize::from(!self.ready(PollFlags::OUT, Duration::ZERO)?))
    }
}

impl Drop for UsbPrinter {
    fn drop(&mut self) {
        let _ = self.ready(PollFlags::OUT, LAST);
    }
}
