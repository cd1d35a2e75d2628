//! `[page]`: where the pages are, as a site file says it.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
};

use serde::{Deserialize, Deserializer, de};

use super::PageError;
use crate::{files::Anchored, terminal::Request};

/// `[page]`; in builds with feature `page`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where browsers ask. Default: `127.0.0.1:7480`.
    pub listen: Listen,
    /// A style sheet of the site's own over ours, at most 64 KiB; SIGHUP reads it again.
    pub css: Option<Anchored>,
    /// The technician's page and the metrics are served even where no lane has a page.
    pub technician: bool,
    /// Beyond loopback: subjects of the certificates that may see the technician's page and the metrics, as RFC 4514
    /// writes them.
    pub technicians: Vec<String>,
}

/// `page.listen`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `127.0.0.1:7480`, `[::1]:7480`: whoever is on this machine.
    Loopback(SocketAddr),
    /// `unix:PATH`: a socket of ours, 0660, for a web server in front of it that is of our group.
    Unix(Anchored),
    /// `https:192.0.2.7:7480`: whoever shows a certificate that counts for the lane as its terminal.
    #[cfg(feature = "network")]
    Https(SocketAddr),
}

#[cfg(feature = "network")]
const EXPECTED: &str = "expected an address of loopback in numbers with its port, such as \"127.0.0.1:7480\", \
                        \"unix:PATH\", or \"https:ADDRESS:PORT\"";
#[cfg(not(feature = "network"))]
const EXPECTED: &str = "expected an address of loopback in numbers with its port, such as \"127.0.0.1:7480\", \
                        or \"unix:PATH\"; \"https:\" needs a build with feature network";

/// The port where the site file names none.
const PORT: u16 = 7480;

impl Listen {
    /// The address of its port, where it has one.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Loopback(address) => Some(*address),
            Self::Unix(_) => None,
            #[cfg(feature = "network")]
            Self::Https(address) => Some(*address),
        }
    }

    /// Its port, in use and ready for a runtime. `section`: the table that names it.
    pub(super) fn port(&self, section: &'static str) -> Result<TcpListener, PageError> {
        let bound = self.address().ok_or(io::ErrorKind::AddrNotAvailable.into()).and_then(TcpListener::bind);
        let ready = bound.and_then(|port| port.set_nonblocking(true).map(|()| port));
        ready.map_err(|source| PageError::Bind { section, place: self.clone(), source })
    }
}

/// Whether it was asked under a name of ours: a page from elsewhere whose own name leads to loopback is told nothing.
pub(super) fn is_meant(request: &Request, here: SocketAddr) -> bool {
    let Some((host, port)) = request.host.as_deref().and_then(|host| host.rsplit_once(':')) else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_ours = host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip == here.ip());
    port == here.port().to_string() && is_ours
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            #[cfg(feature = "network")]
            Self::Https(address) => write!(f, "https:{address}"),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self::Loopback((Ipv4Addr::LOCALHOST, PORT).into())
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        #[cfg(feature = "network")]
        if let Some(address) = text.strip_prefix("https:") {
            return address.parse().map(Self::Https).map_err(|_| de::Error::custom(EXPECTED));
        }
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(Anchored::new(path)));
        }
        let here = text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback() && address.port() > 0);
        here.map(Self::Loopback).ok_or_else(|| de::Error::custom(EXPECTED))
    }
}
