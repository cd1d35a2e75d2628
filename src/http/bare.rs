//! A connection for what hospitals speak that is not HTTP, over the same names, trust, proxy and networks.

use std::{io, sync::Arc};

use super::{Connection, HttpError, OpenError, Route, Shared, resolver::System, target::Server, timer::Timer};
use crate::words::{Clock, Deadline};

/// A way to one server.
pub(crate) struct Bare {
    shared: Arc<Shared>,
    server: Server,
}

/// A connection to it.
pub(crate) struct BareConnection(Connection);

impl Bare {
    /// Reads certificates; connects to nothing. `url` is `https://host:port`, with TLS, or `http://host:port`, without.
    pub(crate) fn open(route: &Route, url: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let server = Server::of(url).ok_or_else(|| OpenError::Tls("the address is none".to_owned()))?;
        Ok(Self { shared: Arc::new(Shared::open(route, clock, Arc::new(System))?), server })
    }

    /// A new connection.
    pub(crate) fn connect(&self, deadline: Deadline) -> Result<BareConnection, HttpError> {
        let timer = self.timer(deadline);
        timer.left().map_err(|_| HttpError::NoTime)?;
        self.shared.connect(&self.server, &timer).map(BareConnection)
    }

    /// Whether a kept one is open still, with nothing on it that nobody asked for, and its server who it was.
    pub(crate) fn still_stands(&self, kept: &mut BareConnection, deadline: Deadline) -> bool {
        let timer = self.timer(deadline);
        kept.0.wire.is_open(&timer) && self.shared.still_believes(&mut kept.0, &timer)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// Why not, and whether the last byte may have gone nevertheless.
    pub(crate) fn write(
        &self,
        connection: &mut BareConnection,
        bytes: &[u8],
        deadline: Deadline,
    ) -> Result<(), (HttpError, bool)> {
        #[cfg(feature = "pilot")]
        crate::capture::line(&self.server.host, "out", bytes);
        let (timer, mut sent) = (self.timer(deadline), false);
        match connection.0.wire.write(bytes, &mut sent, &timer) {
            Ok(()) => Ok(()),
            Err(error) if sent => Err((HttpError::exchanging(&error, false), true)),
            Err(error) => Err((HttpError::connecting(&error), false)),
        }
    }

    /// Adds what comes next.
    pub(crate) fn read(
        &self,
        connection: &mut BareConnection,
        into: &mut Vec<u8>,
        deadline: Deadline,
    ) -> Result<(), HttpError> {
        let read = connection.0.wire.read(into, &self.timer(deadline));
        let closed = || io::Error::from(io::ErrorKind::UnexpectedEof);
        match read.and_then(|more| if more { Ok(()) } else { Err(closed()) }) {
            Ok(()) => Ok(()),
            Err(error) => Err(HttpError::exchanging(&error, !into.is_empty())),
        }
    }

    /// Tells a recording of a message that came over it, or of what came in place of one.
    #[cfg(feature = "pilot")]
    pub(crate) fn heard(&self, bytes: &[u8]) {
        crate::capture::line(&self.server.host, "in", bytes);
    }

    fn timer(&self, deadline: Deadline) -> Timer<'_> {
        let left = deadline.left(self.shared.clock.now().moment);
        Timer::lasting(&*self.shared.clock, left)
    }
}
