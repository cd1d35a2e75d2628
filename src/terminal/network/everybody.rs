//! TLS for whoever comes: who they are is asked within.

use std::{path::Path, sync::Arc};

use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{scrubbed::Scrubbed, threshold::HANDSHAKE, tls};
use crate::{
    terminal::TerminalError,
    words::{Clock, WallTime},
};

/// What whoever comes is shown.
#[derive(Clone)]
pub(crate) struct Everybody(TlsAcceptor, WallTime);

impl Everybody {
    /// Reads certificate and key.
    pub(crate) fn open(certificate: &Path, key: &Path, clock: &Arc<dyn Clock>) -> Result<Self, TerminalError> {
        tls::without_certificates(certificate, key, clock).map(|(tls, until)| Self(tls, until))
    }

    /// When our certificate ends.
    pub(crate) fn until(&self) -> WallTime {
        self.1
    }

    /// The connection, where a handshake comes to its end.
    pub(crate) async fn greet(&self, stream: TcpStream) -> Option<TlsStream<Scrubbed>> {
        tls::notice_silence(&stream).ok()?;
        timeout(HANDSHAKE, self.0.accept(Scrubbed(stream))).await.ok()?.ok()
    }
}
