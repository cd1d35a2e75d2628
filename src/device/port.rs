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
}

impl Port for UnixStream {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        let patience = Some(patience.max(Duration::from_millis(1)));
        self.set_read_timeout(patience)?;
        self.set_write_timeout(patience)
    }
}

impl Port for SerialPort {
    fn set_patience(&mut self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(patience)?;
        self.set_write_timeout(patience)
    }
}
