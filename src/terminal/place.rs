//! Where a lane's terminal is, as a site file says it.

#[cfg(feature = "network")]
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de};

use crate::files::Anchored;

/// `lane.terminal`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalPlace {
    /// A Unix socket that the daemon makes.
    Unix(Anchored),
    /// A serial port.
    Serial {
        /// The device.
        device: PathBuf,
        /// Any speed.
        baud: u32,
    },
    /// Lines within TLS, on this address of ours.
    #[cfg(feature = "network")]
    Tls(SocketAddr),
    /// Requests and server-sent events, on this address of ours.
    #[cfg(feature = "network")]
    Https(SocketAddr),
}

#[cfg(feature = "network")]
const EXPECTED: &str = "expected \"unix:PATH\", \"serial:DEVICE:BAUD\" with 50–4000000 baud, or \"tls:ADDRESS:PORT\" or \
                        \"https:ADDRESS:PORT\" with an address in numbers";
#[cfg(not(feature = "network"))]
const EXPECTED: &str = "expected \"unix:PATH\" or \"serial:DEVICE:BAUD\" with 50–4000000 baud; \"tls:\" and \"https:\" need a \
                        build with feature network";

#[cfg(feature = "network")]
impl TerminalPlace {
    /// Whether anybody on the network can knock there.
    pub(crate) fn is_networked(&self) -> bool {
        matches!(self, Self::Tls(_) | Self::Https(_))
    }
}

impl<'de> Deserialize<'de> for TerminalPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = match text.split_once(':') {
            Some(("unix", path)) => (!path.is_empty()).then(|| Self::Unix(Anchored::new(path))),
            Some(("serial", rest)) => rest.rsplit_once(':').and_then(|(device, baud)| {
                let baud = baud.parse().ok().filter(|baud| (50..=4_000_000).contains(baud))?;
                (!device.is_empty()).then(|| Self::Serial { device: PathBuf::from(device), baud })
            }),
            #[cfg(feature = "network")]
            Some(("tls", address)) => address.parse().ok().map(Self::Tls),
            #[cfg(feature = "network")]
            Some(("https", address)) => address.parse().ok().map(Self::Https),
            _ => None,
        };
        parsed.ok_or_else(|| de::Error::custom(EXPECTED))
    }
}
