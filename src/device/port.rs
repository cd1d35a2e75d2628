//! Byte streams to printers.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    time::Duration,
};

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

    /// The printer's status lines as IEEE 1284 has them, where the wire carries any: bit 5 no paper, 4 selected, 3 no
    /// error.
    fn lines(&mut self) -> io::Result<Option<u8>> {
        Ok(None)
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
