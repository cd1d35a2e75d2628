//! `[[lane]]`: where a person stands, and what serves them there.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de};
use toml::{Spanned, de::DeValue};

#[cfg(feature = "voice")]
use crate::board::Voice;
#[cfg(feature = "hospital")]
use crate::checkin::{CheckInSettings, WithoutSite};
#[cfg(all(feature = "network", feature = "page"))]
use crate::page;
#[cfg(feature = "network")]
use crate::terminal::Credentials;
use crate::{
    board::{Buzzer, PanelPlace, Place},
    files::{Anchored, line_of},
    kiosk::{OtherWay, WithoutWeChat},
    terminal,
    words::{
        Hours, InfoType, Language, Purpose, Text,
        setting::{self, checked, is_name},
    },
};

/// `[[lane]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lane {
    /// Unique; letters, digits, `-`, at most 32.
    #[serde(deserialize_with = "lane_name")]
    pub name: String,
    /// What the lane is for.
    #[serde(rename = "mode")]
    pub purpose: Purpose,
    /// Series of its queue numbers, one to three capital letters.
    #[serde(default = "default_series", deserialize_with = "series")]
    pub series: String,
    /// `unix:PATH`, `serial:DEVICE:BAUD`, `tls:ADDRESS:PORT` or `https:ADDRESS:PORT`.
    pub terminal: terminal::TerminalPlace,
    /// Name of the `[[merchant]]` whose lane it is, where there are several.
    pub merchant: Option<String>,
    /// Names of the `[[checkin]]` that decide here, where there are several. The lists of two are one to the person.
    #[serde(default, deserialize_with = "setting::names")]
    pub checkin: Vec<String>,
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
    /// What has to come before a face counts.
    #[cfg(feature = "turnstile")]
    pub intent: Option<crate::kiosk::Intent>,
    /// Which gate opens.
    #[serde(default)]
    pub gate: Place,
    /// Which lights and buzzer. Left out: the board's, for the first lane that uses the board.
    pub indicators: Option<Place>,
    /// Name of the group of inputs that is this lane's. Inputs without a group belong to the lane that uses the device
    /// they serve.
    #[serde(default, deserialize_with = "setting::some_name")]
    pub inputs: Option<String>,
    /// What stands for `${site.NAME}` in a hospital's template here, over `checkin.values`.
    #[cfg(feature = "hospital")]
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Where it stands in the site file.
    #[serde(skip)]
    pub written: Written,
    /// What the panel speaks.
    #[serde(default)]
    pub language: Language,
    /// Phrases of the site's own, over those of the language.
    #[serde(default)]
    pub phrases: Option<Anchored>,
    /// What is said aloud, where the panel does not speak itself.
    #[cfg(feature = "voice")]
    pub voice: Option<Voice>,
    /// A name that is shown in full is said aloud, too.
    #[cfg(feature = "voice")]
    #[serde(default)]
    pub voice_name: bool,
    /// When voice and buzzer are quiet; whoever is to leave the house hears it nevertheless.
    pub quiet_hours: Option<Hours>,
    /// What the buzzer sounds like.
    #[serde(default)]
    pub buzzer: Buzzer,
    /// 大字: large type, high contrast, longer times.
    #[serde(default)]
    pub elder: bool,
    /// In a hospital, who is sent to staff because WeChat or the site's system is away gets a slip for them.
    #[serde(default = "yes")]
    pub staff_slip: bool,
    /// What is allowed while WeChat is away.
    #[serde(default)]
    pub without_wechat: WithoutWeChat,
    /// What is allowed while the site's system is away.
    #[cfg(feature = "hospital")]
    #[serde(default)]
    pub offline: WithoutSite,
    /// Series of the numbers that are to be verified then, one to three capital letters that no lane has otherwise.
    #[cfg(feature = "hospital")]
    #[serde(default = "default_offline_series", deserialize_with = "series")]
    pub offline_series: String,
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

fn yes() -> bool {
    true
}

impl Lane {
    /// The lane, wherever it stands in its file.
    pub(super) fn unplaced(&self) -> Self {
        Self { written: Written::default(), ..self.clone() }
    }
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

/// Where a lane stands in this text.
pub(super) fn written(file: &Path, text: &str, lane: &Spanned<DeValue<'_>>) -> Written {
    let keys = lane.get_ref().as_table().into_iter().flat_map(|table| table.keys());
    let keys = keys.map(|key| (key.get_ref().to_string(), line_of(text, Some(key.span())))).collect();
    Written { file: file.to_owned(), line: line_of(text, Some(lane.span())), keys }
}

#[cfg(all(feature = "network", feature = "page"))]
impl Lane {
    /// A page beyond loopback needs both sides' certificates, as a terminal does.
    pub(super) fn page_is_met(&self, listen: &page::Listen, ours: Option<&Credentials>) -> Result<(), &'static str> {
        let needs = self.panel == Some(PanelPlace::Page) && matches!(listen, page::Listen::Https(_));
        match (needs, ours.is_some(), self.allow_subjects.is_empty()) {
            (true, false, _) => Err("page.listen over the network needs [terminals]"),
            (true, _, true) => Err("a page over the network needs lane.allow-subjects"),
            _ => Ok(()),
        }
    }
}

#[cfg(feature = "network")]
impl Lane {
    /// A lane whose terminal comes over the network needs both sides' certificates.
    pub(super) fn is_met(&self, ours: Option<&Credentials>) -> Result<(), &'static str> {
        if !self.terminal.is_networked() {
            return Ok(());
        }
        if ours.is_none() {
            return Err("lane.terminal over the network needs [terminals]");
        }
        if self.allow_subjects.is_empty() {
            return Err("lane.terminal over the network needs lane.allow-subjects");
        }
        Ok(())
    }
}

impl Lane {
    /// Whether this way checks somebody in here.
    /// `judged`: whoever decides here judges what WeChat has not.
    pub fn takes(&self, way: OtherWay, judged: bool) -> bool {
        match &self.other_ways {
            Some(ways) => ways.contains(&way),
            None => way == OtherWay::Voucher && judged,
        }
    }

    /// What is allowed without the site's system needs one that can be away, and for gates a list.
    #[cfg(feature = "hospital")]
    pub(super) fn fits_without_site<'a>(
        &self,
        mut asked: impl Iterator<Item = &'a CheckInSettings>,
        checkins: &[CheckInSettings],
        lanes: &[Self],
    ) -> Result<(), &'static str> {
        match self.offline {
            WithoutSite::Staff => Ok(()),
            _ if !asked.any(|checkin| checkin.adapter.asks()) => {
                Err("lane.offline is for a checkin.adapter that asks somebody")
            }
            WithoutSite::Roster if checkins.iter().all(|checkin| checkin.roster.is_none()) => {
                Err("lane.offline = \"roster\" needs checkin.roster")
            }
            WithoutSite::Provisional if self.purpose == Purpose::Transit => {
                Err("a gate opens without the site's system by a roster alone: lane.offline = \"roster\"")
            }
            _ if lanes.iter().any(|lane| lane.series == self.offline_series) => {
                Err("lane.offline-series is a series of numbers that no lane has otherwise")
            }
            _ => Ok(()),
        }
    }

    /// What people are asked to do without WeChat is something that there is.
    pub(super) fn fits_without_wechat(&self) -> Result<(), &'static str> {
        let offers_any = self.other_ways.as_ref().is_some_and(|ways| !ways.is_empty()) || self.other_way_qr.is_some();
        match self.without_wechat {
            WithoutWeChat::OtherWay if !offers_any => {
                Err("lane.without-wechat = \"other-way\" needs lane.other-ways or lane.other-way-qr")
            }
            _ => Ok(()),
        }
    }

    /// Whether people are told of this way.
    pub(crate) fn offers(&self, way: OtherWay) -> bool {
        self.other_ways.as_ref().is_some_and(|ways| ways.contains(&way))
    }

    /// Everything that people are told of here has a judge.
    pub(super) fn judged(&self, judged: bool, info_type: InfoType) -> Result<(), &'static str> {
        let offers_any = self.other_ways.as_ref().is_some_and(|ways| !ways.is_empty());
        if offers_any && !judged {
            return Err(
                "nobody can judge a voucher or a card alone where numbers are given here: lane.other-ways needs \
                        checkin.adapter other than \"local\"",
            );
        }
        if self.offers(OtherWay::IdCard) && info_type == InfoType::UnionId {
            return Err("a card is a name: lane.other-ways = [\"id-card\"] needs info-type = \"ASK_REAL_NAME\"");
        }
        Ok(())
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

#[cfg(feature = "hospital")]
fn default_offline_series() -> String {
    "W".to_owned()
}

fn lane_name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a lane name of 1–32 letters, digits or hyphens", is_name)
}

fn series<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a series of one to three capital letters", |t| {
        (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_uppercase())
    })
}
