//! What is left of a deadline, for sockets.

use std::{io, net::TcpStream, time::Duration};

use crate::words::{Clock, Moment};

/// Until when, and the clock it is read on.
#[derive(Clone, Copy)]
pub(super) struct Timer<'a> {
    clock: &'a dyn Clock,
    until: Moment,
}

impl<'a> Timer<'a> {
    /// What is left of a deadline that ureq keeps.
    pub(super) fn lasting(clock: &'a dyn Clock, left: Duration) -> Self {
        Self { clock, until: clock.now().moment.after(left) }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now().moment
    }

    /// The same, but over within `limit` from now.
    pub(super) fn within(&self, limit: Duration) -> Self {
        Self { until: self.until.min(self.now().after(limit)), ..*self }
    }

    /// What is left; `TimedOut` when that is nothing.
    pub(super) fn left(&self) -> io::Result<Duration> {
        match self.until.since(self.now()) {
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
