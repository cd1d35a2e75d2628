//! `[page]`: where the pages are, as a site file says it.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Deserializer, de};

use crate::files::Anchored;

/// `[page]`; in builds with feature `page`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where browsers ask. Default: `127.0.0.1:7480`.
    pub listen: Listen,
    /// A style sheet of the site's own over ours, at most 64 KiB; SIGHUP reads it again.
    pub css: Option<Anchored>,
}

/// `page.listen`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `127.0.0.1:7480`, `[::1]:7480`: whoever is on this machine.
    Loopback(SocketAddr),
    /// `https:192.0.2.7:7480`: whoever shows a certificate that counts for the lane as its terminal.
    #[cfg(feature = "network")]
    Https(SocketAddr),
}

#[cfg(feature = "network")]
const EXPECTED: &str = "expected an address of loopback in numbers with its port, such as \"127.0.0.1:7480\", or \
                        \"https:ADDRESS:PORT\"";
#[cfg(not(feature = "network"))]
const EXPECTED: &str = "expected an address of loopback in numbers with its port, such as \"127.0.0.1:7480\"; \
                        \"https:\" needs a build with feature network";

/// The port where the site file names none.
const PORT: u16 = 7480;

impl Listen {
    /// The address.
    pub(crate) fn address(self) -> SocketAddr {
        match self {
            Self::Loopback(address) => address,
            #[cfg(feature = "network")]
            Self::Https(address) => address,
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
        let here = text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback() && address.port() > 0);
        here.map(Self::Loopback).ok_or_else(|| de::Error::custom(EXPECTED))
    }
}
