//! What ureq speaks HTTP/1.1 over: our names, addresses, proxy and TLS below it, and buffers that are wiped.
//!
//! ureq keeps idle connections, and within each its transport's buffers. These have none while they are idle.

use std::{fmt, sync::Arc, time::Duration};

use ureq::{
    Error, Timeout,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport},
    },
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Connection, HttpError, Shared, target::Server, timer::Timer};
use crate::words::Moment;

/// An exchange that brought no answer.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(super) struct Broken {
    #[source]
    pub(super) error: HttpError,
    /// The connection had served before.
    pub(super) kept: bool,
    /// The server cannot have acted on it: the last byte never left.
    pub(super) unsent: bool,
    /// The connection ended before the first byte of an answer, as one does that was closed while it lay idle.
    pub(super) unanswered: bool,
}

impl Broken {
    /// Another connection would not help.
    pub(super) fn for_good(error: HttpError) -> Self {
        Self { error, kept: false, unsent: false, unanswered: false }
    }

    /// What ureq says, and what we said through it.
    pub(super) fn from_ureq(error: Error) -> Self {
        Self::for_good(match error {
            Error::Other(ours) => match ours.downcast::<Self>() {
                Ok(broken) => return *broken,
                Err(ours) => ours.downcast::<HttpError>().map_or(HttpError::Malformed, |error| *error),
            },
            Error::Io(error) => match error.get_ref().is_some_and(|inner| inner.is::<Self>()) {
                true => {
                    return error
                        .into_inner()
                        .and_then(|inner| inner.downcast::<Self>().ok())
                        .map_or_else(|| Self::for_good(HttpError::Interrupted), |broken| *broken);
                }
                false => HttpError::Interrupted,
            },
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => HttpError::LateConnecting,
            Error::Timeout(_) | Error::BodyStalled => HttpError::Late,
            Error::BodyExceedsLimit(_) | Error::LargeResponseHeader(..) => HttpError::TooLarge,
            Error::BadUri(_) | Error::Http(_) | Error::RequireHttpsOnly(_) => HttpError::BadAddress,
            _ => HttpError::Malformed,
        })
    }
}

/// ureq asks for addresses before it looks for a live connection. Ours are asked for where a new one is made: a live
/// connection waits for no resolver.
#[derive(Debug)]
pub(super) struct NoNames;

/// Makes connections.
pub(super) struct Roads(pub(super) Arc<Shared>);

/// One connection.
pub(super) struct Line {
    shared: Arc<Shared>,
    connection: Connection,
    buffers: Wiped,
    kept: bool,
    sent: bool,
    answered: bool,
    /// When its last message ended.
    rested: Moment,
}

/// Buffers that are there during an exchange, and wiped behind it: as far as anything was written to them, for wiping goes
/// byte by byte, and whole buffers are half a million stores for each visit.
#[derive(Default)]
struct Wiped {
    output: Vec<u8>,
    /// Somebody may have written to the output what was not sent.
    lent: bool,
    scratch: Zeroizing<Vec<u8>>,
    input: Zeroizing<Vec<u8>>,
    consumed: usize,
    /// Something was consumed since the last look, so that what is left may be enough.
    progress: bool,
}

/// The longest head of a request, and as much of a body as goes out at once, bytes.
const OUTPUT: usize = 64 * 1024;
/// Of a body whose length nobody knows, which none of ours is, bytes.
const CHUNK: usize = 512;

/// How long the leave of a message may take on the wire.
const LEAVE: Duration = Duration::from_millis(100);

impl Resolver for NoNames {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

impl Connector<()> for Roads {
    type Out = Line;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Line>, Error> {
        let authority = details.uri.authority().map_or("", |authority| authority.as_str());
        let plain = details.uri.scheme_str() == Some("http");
        let server = Server::parse(authority, if plain { 80 } else { 443 }).map(|server| Server { plain, ..server });
        let server = server.ok_or_else(|| other(HttpError::BadAddress))?;
        let timer = Timer::lasting(&*self.0.clock, *details.timeout.after);
        let connection = self.0.connect(&server, &timer).map_err(other)?;
        let (shared, buffers, rested) = (Arc::clone(&self.0), Wiped::default(), timer.now());
        Ok(Some(Line { shared, connection, buffers, kept: false, sent: false, answered: false, rested }))
    }
}

impl Line {
    fn broken(&self, error: HttpError) -> Error {
        let unanswered = !self.answered && matches!(error, HttpError::Interrupted);
        other(Broken { error, kept: self.kept, unsent: !self.sent, unanswered })
    }
}

impl Transport for Line {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timer = Timer::lasting(&*self.shared.clock, *timeout.after);
        self.sent = false;
        let bytes = self.buffers.output.get_mut(..amount).unwrap_or_default();
        let written = self.connection.wire.write(bytes, &mut self.sent, &timer);
        // ureq sends what it writes, and all of it.
        bytes.zeroize();
        self.buffers.lent = false;
        written.map_err(|error| self.broken(HttpError::exchanging(&error, false)))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timer = Timer::lasting(&*self.shared.clock, *timeout.after);
        match self.connection.wire.read(&mut self.buffers.input, &timer) {
            Ok(true) => {
                self.answered = true;
                Ok(true)
            }
            // An answer may end with its connection; one that has not begun has not.
            Ok(false) if self.answered => Ok(false),
            Ok(false) => Err(self.broken(HttpError::Interrupted)),
            Err(error) => Err(self.broken(HttpError::exchanging(&error, self.answered))),
        }
    }

    /// Asked when a message has ended, and again before the next one.
    fn is_open(&mut self) -> bool {
        self.buffers = Wiped::default();
        let timer = Timer::lasting(&*self.shared.clock, LEAVE);
        if std::mem::take(&mut self.answered) {
            (self.kept, self.rested) = (true, timer.now());
        }
        if timer.now().since(self.rested) > self.shared.idle_age {
            return false;
        }
        self.connection.wire.rest(&timer)
            && self.connection.wire.is_open(&timer)
            && self.shared.still_believes(&mut self.connection, &timer)
    }

    fn is_tls(&self) -> bool {
        !self.connection.server.plain
    }
}

impl Wiped {
    fn lend(&mut self) {
        self.output.resize(OUTPUT, 0);
        self.lent = true;
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        if self.lent {
            self.output.zeroize();
        }
    }
}

impl Buffers for Wiped {
    fn output(&mut self) -> &mut [u8] {
        self.lend();
        &mut self.output
    }

    fn input(&self) -> &[u8] {
        self.input.get(self.consumed..).unwrap_or_default()
    }

    /// What comes is decrypted straight into the input, and nobody else writes there.
    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed = self.consumed.saturating_add(amount).min(self.input.len());
        if self.consumed == self.input.len() {
            self.input.zeroize();
            self.consumed = 0;
        }
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.scratch.resize(CHUNK, 0);
        self.lend();
        (&mut self.scratch, &mut self.output)
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.input().is_empty()
    }
}

/// Our own words through ureq's.
fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(error))
}

impl fmt::Debug for Roads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Roads")
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}
