//! What is left of a deadline, for sockets.

use std::{io, net::TcpStream, time::Duration};

use crate::words::{Clock, Deadline, Moment};

/// A deadline and the clock it is read on.
#[derive(Clone, Copy)]
pub(super) struct Timer<'a> {
    clock: &'a dyn Clock,
    deadline: Deadline,
}

impl<'a> Timer<'a> {
    pub(super) fn new(clock: &'a dyn Clock, deadline: Deadline) -> Self {
        Self { clock, deadline }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now().moment
    }

    /// The same, but over within `limit` from now.
    pub(super) fn within(&self, limit: Duration) -> Self {
        Self { deadline: self.deadline.within(self.now(), limit), ..*self }
    }

    /// What is left; `TimedOut` when that is nothing.
    pub(super) fn left(&self) -> io::Result<Duration> {
        match self.deadline.left(self.now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            // A socket takes whole microseconds, and zero for "forever".
            left => Ok(left.max(Duration::from_millis(1))),
        }
    }

    /// The socket's next reads and writes take no longer.
    pub(super) fn limit(&self, socket: &TcpStream) -> io::Result<()> {
        let left = self.left()?;
        socket.set_read_timeout(Some(left))?;
        socket.set_write_timeout(Some(left))
    }
}

/// A socket's own timeout reads as "would block"; what the kernel calls "timed out" is a peer that acknowledges nothing.
pub(super) fn of_socket(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        io::ErrorKind::TimedOut => io::ErrorKind::ConnectionAborted.into(),
        _ => error,
    }
}
