//! Byte streams to devices.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use serial2::SerialPort;

/// A byte stream with a bounded wait for reads and writes.
pub trait Port: Read + Write + Send {
    /// How long a read or write waits before it fails with `TimedOut` or `WouldBlock`.
    fn set_patience(&mut self, patience: Duration) -> io::Result<()>;

    /// Throws away what has arrived and was not read, without waiting.
    fn discard(&mut self) -> io::Result<()>;
}

/// The most bytes thrown away at once; whoever sends more is no printer.
const STALE: usize = 4096;

impl Port for UnixStream {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        let patience = Some(patience.max(Duration::from_millis(1)));
        self.set_read_timeout(patience)?;
        self.set_write_timeout(patience)
    }

    fn discard(&mut self) -> io::Result<()> {
        self.set_nonblocking(true)?;
        let mut stale = [0; STALE];
        let read = self.read(&mut stale);
        self.set_nonblocking(false)?;
        match read {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
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
