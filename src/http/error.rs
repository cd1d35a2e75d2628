//! What can go wrong between here and an answer. Addresses are never repeated.

use std::{io, path::PathBuf};

use ureq::{Error, Timeout};

use crate::{
    fault::{Code, Fault},
    files::FileError,
};

/// Why there is no answer, or no client.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The resolver has no address.
    #[error("the server's name cannot be resolved")]
    Resolve,
    /// No connection, or it broke before the request was out.
    #[error("no connection to the server")]
    Connect,
    /// TLS failed: certificate, name, protocol.
    #[error("no secure connection: {reason}")]
    Tls {
        /// rustls' own words; they name no person.
        reason: String,
    },
    /// The proxy refuses.
    #[error("the proxy refuses the connection")]
    Proxy,
    /// Out of patience before the request was out.
    #[error("no connection in time")]
    LateConnecting,
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
    /// A certificate or key file cannot be read, or a key may be by others.
    #[error(transparent)]
    File(#[from] FileError),
    /// A certificate file holds nothing usable.
    #[error("{}: holds no PEM {what}, but {found}", file.display())]
    NoPem {
        /// Which.
        file: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
        /// What it holds instead.
        found: &'static str,
    },
    /// The proxy's address is unusable.
    #[error("the proxy is neither http://host:port nor socks5h://host:port")]
    BadProxy,
}

impl Fault for HttpError {
    fn code(&self) -> Code {
        match self {
            Self::Resolve => Code::N302,
            Self::Connect | Self::LateConnecting | Self::Interrupted => Code::N301,
            Self::Tls { .. } => Code::N303,
            Self::Proxy => Code::N306,
            Self::Late => Code::N304,
            Self::TooLarge | Self::Malformed => Code::N305,
            Self::File(error) if error.is_exposed() => Code::K402,
            Self::File(_) | Self::NoPem { .. } => Code::K401,
            Self::BadProxy => Code::C101,
        }
    }
}

impl HttpError {
    /// True when the server surely did not see the request.
    pub fn before_sending(&self) -> bool {
        matches!(self, Self::Resolve | Self::Connect | Self::Tls { .. } | Self::Proxy | Self::LateConnecting)
    }

    pub(super) fn from_ureq(error: Error) -> Self {
        match error {
            Error::HostNotFound | Error::Timeout(Timeout::Resolve) => Self::Resolve,
            Error::ConnectionFailed => Self::Connect,
            Error::Timeout(Timeout::Connect) => Self::LateConnecting,
            Error::Timeout(_) | Error::BodyStalled => Self::Late,
            Error::Rustls(error) => Self::Tls { reason: error.to_string() },
            Error::Tls(reason) => Self::Tls { reason: reason.to_owned() },
            Error::TlsRequired => Self::Tls { reason: "the server offers none".to_owned() },
            Error::Pem(_) => Self::Tls { reason: "a certificate cannot be read".to_owned() },
            Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => Self::Proxy,
            Error::BodyExceedsLimit(_) | Error::LargeResponseHeader(..) => Self::TooLarge,
            Error::Io(error) => Self::from_io(&error),
            _ => Self::Malformed,
        }
    }

    /// Reading a body can only fail after the request was out.
    pub(super) fn from_ureq_after_sending(error: Error) -> Self {
        match Self::from_ureq(error) {
            error if error.before_sending() => Self::Interrupted,
            error => error,
        }
    }

    /// rustls' errors and ureq's own come wrapped in I/O errors when they happen while reading or writing.
    fn from_io(error: &io::Error) -> Self {
        if let Some(inner) = error.get_ref() {
            if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                return Self::Tls { reason: tls.to_string() };
            }
            if let Some(Error::Timeout(_)) = inner.downcast_ref::<Error>() {
                return Self::Late;
            }
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::NetworkDown => Self::Connect,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Late,
            _ => Self::Interrupted,
        }
    }
}
