//! `[[lane]]`: where a person stands, and what serves them there.

#[cfg(feature = "network")]
use std::net::SocketAddr;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Adapter, Anchored};
use crate::words::{InfoType, Language, Purpose, Text};

/// `[[lane]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lane {
    /// Unique; letters, digits, `-`, at most 32.
    #[serde(deserialize_with = "super::values::lane_name")]
    pub name: String,
    /// What the lane is for.
    #[serde(rename = "mode")]
    pub purpose: Purpose,
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
    /// Where scenes are shown. Left out: on the board's panel, where it has one.
    pub panel: Option<PanelPlace>,
    /// Where slips are printed.
    #[serde(default)]
    pub printer: Place,
    /// Which gate opens.
    #[serde(default)]
    pub gate: Place,
    /// Which lights and buzzer. Left out: the board's, for the first lane that uses the board.
    pub indicators: Option<Place>,
    /// Name of the group of inputs that is this lane's. Inputs without a group belong to the lane that uses the device
    /// they serve.
    #[serde(default, deserialize_with = "super::values::some_name")]
    pub inputs: Option<String>,
    /// Where it stands in the site file.
    #[serde(skip)]
    pub written: Written,
    /// What the panel speaks.
    #[serde(default)]
    pub language: Language,
    /// 大字: large type, high contrast, longer times.
    #[serde(default)]
    pub elder: bool,
    /// What the QR code leads to for whoever does not use the face: the site's mini-program page.
    #[serde(default, deserialize_with = "payload")]
    pub other_way_qr: Option<Text>,
    /// What checks somebody in here without face and mini-program; people are told of these. Default: vouchers, where
    /// the site's system judges, and nobody is told of them.
    pub other_ways: Option<Vec<OtherWay>>,
    /// What WeChat is asked for about a face here. Default: `wechatpay.info-type` on hospital lanes, `ASK_UNIONID` on
    /// transit lanes.
    pub info_type: Option<InfoType>,
}

/// One of `lane.other-ways`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherWay {
    /// A document in a reader: its holder alone.
    IdCard,
    /// A queue voucher or QR code of the site's system.
    Voucher,
}

impl Lane {
    /// The lane less what a running daemon takes over when the site file is read again.
    pub(super) fn wiring(&self) -> Self {
        Self {
            merchant: None,
            allow_uids: Vec::new(),
            allow_subjects: Vec::new(),
            plain_lines: false,
            written: Written::default(),
            // Compared as what follows from it.
            info_type: None,
            ..self.clone()
        }
    }
}

/// `lane.terminal`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terminal {
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

/// `lane.panel`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelPlace {
    /// `"terminal"`: the face terminal's own screen.
    Terminal,
    /// Whatever a [`Place`] says.
    On(Place),
}

/// `lane.printer`, `lane.gate`, `lane.indicators`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// `"board"`: the board's only one.
    Board,
    /// The board's device of this name.
    Named(String),
    /// `"none"`
    #[default]
    None,
}

/// Where a lane's settings stand in the site file, for messages about what does not fit them.
#[derive(Clone, Debug, Default)]
pub struct Written {
    file: PathBuf,
    line: usize,
    keys: BTreeMap<String, usize>,
}

impl Written {
    /// The line, from 1, of the key, else where the lane begins.
    pub(super) fn line(&self, key: &str) -> usize {
        self.keys.get(key).copied().unwrap_or(self.line)
    }

    /// `site.toml:31`: where the key stands, else where the lane begins.
    pub fn at(&self, key: &str) -> String {
        format!("{}:{}", self.file.display(), self.line(key))
    }
}

/// Where each lane stands in this text.
pub(super) fn written(file: &Path, text: &str, site: &DeTable<'_>) -> Vec<Written> {
    let lanes = site.get("lane").and_then(|lanes| lanes.get_ref().as_array());
    let of_lane = |lane: &Spanned<DeValue<'_>>| {
        let keys = lane.get_ref().as_table().into_iter().flat_map(|table| table.keys());
        let keys = keys.map(|key| (key.get_ref().to_string(), super::line_of(text, Some(key.span())))).collect();
        Written { file: file.to_owned(), line: super::line_of(text, Some(lane.span())), keys }
    };
    lanes.into_iter().flat_map(|lanes| lanes.iter()).map(of_lane).collect()
}

#[cfg(feature = "network")]
const EXPECTED: &str = "expected \"unix:PATH\", \"serial:DEVICE:BAUD\" with 50–4000000 baud, or \"tls:ADDRESS:PORT\" or \
                        \"https:ADDRESS:PORT\" with an address in numbers";
#[cfg(not(feature = "network"))]
const EXPECTED: &str = "expected \"unix:PATH\" or \"serial:DEVICE:BAUD\" with 50–4000000 baud; \"tls:\" and \"https:\" need a \
                        build with feature network";

impl Lane {
    /// Whether this way checks somebody in here.
    pub fn takes(&self, way: OtherWay, adapter: Adapter) -> bool {
        match &self.other_ways {
            Some(ways) => ways.contains(&way),
            None => way == OtherWay::Voucher && adapter.judges(),
        }
    }

    /// Whether people are told of this way.
    pub fn offers(&self, way: OtherWay) -> bool {
        self.other_ways.as_ref().is_some_and(|ways| ways.contains(&way))
    }

    /// Everything that people are told of here has a judge.
    pub(super) fn judged(&self, adapter: Adapter, info_type: InfoType) -> Result<(), &'static str> {
        let offers_any = self.other_ways.as_ref().is_some_and(|ways| !ways.is_empty());
        if offers_any && !adapter.judges() {
            return Err(
                "nobody can judge a voucher or a card alone where numbers are given here: lane.other-ways needs \
                        checkin.adapter = \"http\"",
            );
        }
        if self.offers(OtherWay::IdCard) && info_type == InfoType::UnionId {
            return Err("a card is a name: lane.other-ways = [\"id-card\"] needs info-type = \"ASK_REAL_NAME\"");
        }
        Ok(())
    }
}

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

impl<'de> Deserialize<'de> for PanelPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let place = Place::deserialize(deserializer)?;
        Ok(if matches!(&place, Place::Named(name) if name == "terminal") { Self::Terminal } else { Self::On(place) })
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = super::values::name(deserializer)?;
        Ok(match word.as_str() {
            "board" => Self::Board,
            "none" => Self::None,
            _ => Self::Named(word),
        })
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
