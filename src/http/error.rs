//! What can go wrong between here and an answer. Addresses are never repeated.

use std::{io, path::PathBuf};

use super::certificate::{TlsFault, is_about_us};
use crate::{
    fault::{Code, Cure, Fault},
    files::{Content, FileError},
};

/// Why there is no answer, or no client.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The resolver has no address.
    #[error("the server's name cannot be resolved")]
    Resolve,
    /// No connection, or it broke before the request was out.
    #[error("no connection to the server: {0}")]
    Connect(io::ErrorKind),
    /// TLS failed: certificate, name, protocol.
    #[error("no secure connection: {0}")]
    Tls(TlsFault),
    /// The proxy is not there: its name, its machine or its port.
    #[error("the proxy cannot be reached: {0}")]
    ProxyAway(io::ErrorKind),
    /// The proxy refuses.
    #[error("the proxy refuses the connection")]
    Proxy,
    /// Whoever was before it took all the time: nothing was tried.
    #[error("no time was left to ask")]
    NoTime,
    /// Out of patience before the request was out.
    #[error("no connection in time")]
    LateConnecting,
    /// Whoever took the connection said nothing more in time, and the request was not out.
    #[error("no secure connection in time")]
    LateSecuring,
    /// Out of patience after the request was out.
    #[error("no whole answer in time")]
    Late,
    /// The connection broke after the request was out.
    #[error("the connection broke before the answer was whole")]
    Interrupted,
    /// Header or body beyond its bound.
    #[error("the answer is larger than agreed")]
    TooLarge,
    /// Not HTTP.
    #[error("the answer is not HTTP")]
    Malformed,
    /// Plain HTTP towards an address outside the networks that the site names.
    #[error("plain http is not allowed towards this address")]
    NotPlain,
    /// The address asked for is unusable.
    #[error("the address is not https://host[:port]/path")]
    BadAddress,
}

/// Why there is no client. Nothing was connected to.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A certificate or key file cannot be read, or a key may be by others.
    #[error(transparent)]
    File(#[from] FileError),
    /// A certificate file holds nothing usable.
    #[error("{}: holds no PEM {what}, but {found}", file.display())]
    NoPem {
        /// The file's path.
        file: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
        /// What it holds instead.
        found: Content,
    },
    /// A certificate file holds none that rustls takes.
    #[error("{}: holds no certificate that can be used", file.display())]
    NoAuthority {
        /// The file's path.
        file: PathBuf,
    },
    /// Our key and our certificate are not a pair.
    #[error("{}: the key of another one than our certificate {}", key.display(), certificate.display())]
    NotAPair {
        /// The key.
        key: PathBuf,
        /// The certificate.
        certificate: PathBuf,
    },
    /// The proxy's address is unusable.
    #[error("the proxy is neither http://host:port nor socks5h://host:port")]
    BadProxy,
    /// rustls refuses its own settings.
    #[error("no TLS client can be made: {0}")]
    Tls(String),
}

impl Fault for OpenError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) if error.is_exposed() => Code::K402,
            Self::File(_) | Self::NoPem { .. } | Self::NoAuthority { .. } | Self::NotAPair { .. } => Code::K401,
            Self::BadProxy => Code::C101,
            Self::Tls(_) => Code::X001,
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::File(error) => error.cure().filter(|_| !error.is_exposed()),
            Self::NoPem { what: "certificate", found, .. } => found.instead_of_certificate(),
            Self::NoPem { found, .. } => found.instead_of_key(),
            _ => None,
        }
    }
}

impl HttpError {
    /// True when the server surely did not see the request.
    pub(crate) fn before_sending(&self) -> bool {
        matches!(
            self,
            Self::Resolve
                | Self::Connect(_)
                | Self::Tls(_)
                | Self::ProxyAway(_)
                | Self::Proxy
                | Self::NoTime
                | Self::LateConnecting
                | Self::LateSecuring
                | Self::NotPlain
                | Self::BadAddress
        )
    }

    /// True when nobody is there, as far as one can see from here: neither slow nor of another opinion.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Resolve | Self::Connect(_) | Self::ProxyAway(_) | Self::LateConnecting)
    }

    /// What the operator does about it, where that depends on the cause.
    pub fn cure(&self) -> Option<Cure> {
        match self {
            Self::Resolve => Some(Cure::NoSuchName),
            Self::Connect(io::ErrorKind::ConnectionRefused) => Some(Cure::PortClosed),
            Self::Connect(_) | Self::LateConnecting => Some(Cure::NoRoute),
            Self::Tls(fault) => fault.cure(),
            _ => None,
        }
    }

    /// A connection that could not be had.
    pub(super) fn connecting(error: &io::Error) -> Self {
        match (tls(error), error.kind()) {
            (Some(tls), _) => Self::Tls(TlsFault::of(tls)),
            (None, io::ErrorKind::TimedOut) => Self::LateConnecting,
            (None, kind) => Self::Connect(kind),
        }
    }

    /// The same once somebody had taken it.
    pub(super) fn securing(error: &io::Error) -> Self {
        match Self::connecting(error) {
            Self::LateConnecting => Self::LateSecuring,
            other => other,
        }
    }

    /// The same of what was to lead there.
    pub(super) fn of_proxy(self) -> Self {
        match self {
            Self::Resolve => Self::ProxyAway(io::ErrorKind::AddrNotAvailable),
            Self::Connect(kind) => Self::ProxyAway(kind),
            Self::LateConnecting => Self::ProxyAway(io::ErrorKind::TimedOut),
            other => other,
        }
    }

    /// A connection that failed with a request on it, before or after the first byte of its answer.
    pub(super) fn exchanging(error: &io::Error, answered: bool) -> Self {
        match (tls(error), error.kind()) {
            // In TLS 1.3 a server judges our certificate after the handshake is done on our side.
            (Some(tls @ rustls::Error::AlertReceived(alert)), _) if !answered && is_about_us(*alert) => {
                Self::Tls(TlsFault::of(tls))
            }
            (None, io::ErrorKind::TimedOut) => Self::Late,
            _ => Self::Interrupted,
        }
    }
}

/// rustls' errors come wrapped in I/O errors.
fn tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
