//! `[[lane]]`: where a person stands, and what serves them there.

#[cfg(feature = "network")]
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de};

use crate::words::{Language, Mode, Text};

/// `[[lane]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lane {
    /// Unique; letters, digits, `-`, at most 32.
    #[serde(deserialize_with = "super::values::lane_name")]
    pub name: String,
    /// What the lane is for.
    pub mode: Mode,
    /// Series of its queue numbers, one to three capital letters.
    #[serde(default = "default_series", deserialize_with = "super::values::series")]
    pub series: String,
    /// `unix:PATH`, `serial:DEVICE:BAUD`, `tls:ADDRESS:PORT` or `https:ADDRESS:PORT`.
    pub terminal: Terminal,
    /// Name of the `[[merchant]]` whose lane it is, where there are several.
    pub merchant: Option<String>,
    /// Users that may act as the terminal. Default: root and the daemon's own.
    #[serde(default)]
    pub allow_uids: Vec<u32>,
    /// `tls:`, `https:`: subjects (RFC 4514) of the certificates that may act as the terminal.
    #[serde(default)]
    pub allow_subjects: Vec<String>,
    /// Lines of `[A-Za-z0-9_-]{8,128}` are a face_sid, as from a barcode reader.
    #[serde(default)]
    pub plain_lines: bool,
    /// Where scenes are shown.
    #[serde(default)]
    pub panel: PanelPlace,
    /// Where slips are printed.
    #[serde(default)]
    pub printer: Place,
    /// Which gate opens.
    #[serde(default)]
    pub gate: Place,
    /// What the panel speaks.
    #[serde(default)]
    pub language: Language,
    /// 大字: large type, high contrast, longer times.
    #[serde(default)]
    pub elder: bool,
    /// What the QR code leads to for whoever does not use the face: the site's mini-program page.
    #[serde(default, deserialize_with = "payload")]
    pub other_way_qr: Option<Text>,
}

/// `lane.terminal`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// A Unix socket that the daemon makes.
    Unix(PathBuf),
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

/// `lane.panel`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanelPlace {
    /// The board's panel.
    #[default]
    Board,
    /// The face terminal's own screen.
    Terminal,
    /// No panel.
    None,
}

/// `lane.printer`, `lane.gate`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The board's.
    Board,
    /// None.
    #[default]
    None,
}

#[cfg(feature = "network")]
const EXPECTED: &str = "expected \"unix:PATH\", \"serial:DEVICE:BAUD\" with 50–4000000 baud, or \"tls:ADDRESS:PORT\" or \
                        \"https:ADDRESS:PORT\" with an address in numbers";
#[cfg(not(feature = "network"))]
const EXPECTED: &str = "expected \"unix:PATH\" or \"serial:DEVICE:BAUD\" with 50–4000000 baud; \"tls:\" and \"https:\" need a \
                        build with feature network";

#[cfg(feature = "network")]
impl Terminal {
    /// Whether anybody on the network can knock there.
    pub fn is_networked(&self) -> bool {
        matches!(self, Self::Tls(_) | Self::Https(_))
    }
}

impl<'de> Deserialize<'de> for Terminal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = match text.split_once(':') {
            Some(("unix", path)) => (!path.is_empty()).then(|| Self::Unix(PathBuf::from(path))),
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

fn payload<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || de::Error::custom("expected 1–256 characters without control characters");
    Text::payload(&text).map(Some).ok_or_else(wrong)
}

fn default_series() -> String {
    "A".to_owned()
}
