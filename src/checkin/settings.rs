//! `[checkin]`, or several `[[checkin]]`: who decides about people, and how they are asked.

#[cfg(feature = "hospital")]
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

#[cfg(feature = "fhir")]
use super::FhirSettings;
#[cfg(feature = "hl7")]
use super::Hl7Settings;
#[cfg(feature = "hospital")]
use crate::{files, http::Network};
use crate::{
    files::Anchored,
    http::Route,
    words::setting::{self, milliseconds},
};

/// `[checkin]`, one of `[[checkin]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct CheckInSettings {
    /// What lanes call it; needed where there are several.
    #[serde(deserialize_with = "setting::some_name")]
    pub name: Option<String>,
    /// Who decides.
    pub adapter: Adapter,
    /// Local time at which a day of business begins and numbers start again, `HH:MM`; one for the whole site.
    #[serde(deserialize_with = "time_of_day")]
    pub reset_at: u16,
    /// The site's offset from UTC, `+HH:MM`; one for the whole site.
    #[serde(deserialize_with = "utc_offset")]
    pub utc_offset: i32,
    /// Base address of the site's system, `https://host[:port][/path]`; for a hospital's own interface also `http://`, see
    /// `plain-http`; for `hl7` `mllps://host:port` or `mllp://host:port`.
    #[serde(deserialize_with = "setting::some_system")]
    pub url: Option<String>,
    /// `template`: name of a shipped template, or path of a file.
    #[cfg(feature = "hospital")]
    #[serde(deserialize_with = "files::some_name_or_path")]
    pub template: Option<String>,
    /// `template`, `fhir`, `hl7`: networks towards which may be spoken without TLS.
    #[cfg(feature = "hospital")]
    pub plain_http: Vec<Network>,
    /// `template`: what stands for `${site.NAME}`.
    #[cfg(feature = "hospital")]
    pub values: BTreeMap<String, String>,
    /// `template`: files of what stands for `${secret.NAME}`.
    #[cfg(feature = "hospital")]
    #[serde(deserialize_with = "setting::by_name")]
    pub secrets: Vec<(String, Anchored)>,
    /// `template`: key of requests that are signed with RSA, PEM.
    #[cfg(feature = "hospital")]
    pub rsa_key: Option<Anchored>,
    /// `fhir`: how it is asked.
    #[cfg(feature = "fhir")]
    pub fhir: FhirSettings,
    /// `hl7`: how it is told.
    #[cfg(feature = "hl7")]
    pub hl7: Hl7Settings,
    /// `roster`: today's expected people, the path of a file or an `https://` address.
    #[cfg(feature = "hospital")]
    #[serde(deserialize_with = "files::some_path_or_address")]
    pub roster: Option<String>,
    /// `roster`: file with the key of the people's HMAC.
    #[cfg(feature = "hospital")]
    pub roster_key: Option<Anchored>,
    /// `roster`: whose signature it bears, PEM.
    #[cfg(feature = "hospital")]
    pub roster_public_key: Option<Anchored>,
    /// `http`: certificates to trust instead of the system's.
    pub ca_file: Option<Anchored>,
    /// `http`: file with the key of the requests' HMAC.
    pub hmac_key: Option<Anchored>,
    /// `http`: client certificate chain, PEM; together with `client-key`.
    pub client_certificate: Option<Anchored>,
    /// `http`: key of the client certificate, PEM.
    pub client_key: Option<Anchored>,
    /// `http`: how long after a question the site's system may take to show the session, 0–600000; before that a 404 of
    /// its GET is "not yet".
    #[serde(rename = "settle-ms", deserialize_with = "settle")]
    pub settle: Duration,
    /// How long a person waits for the site's system, 1000–120000; without it, as long as `wechatpay.patience-ms` leaves.
    #[serde(rename = "patience-ms", deserialize_with = "patience")]
    pub patience: Option<Duration>,
    /// `http`: it is told who went through a gate. A template says so by its step `[passage]`.
    pub passages: bool,
}

/// `checkin.adapter`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Adapter {
    /// Numbers are given here; transit lanes admit.
    #[default]
    Local,
    /// The site's system is asked over HTTPS.
    Http,
    /// A hospital's own interface, as a template describes it.
    #[cfg(feature = "hospital")]
    Template,
    /// A hospital's FHIR R4 server.
    #[cfg(feature = "fhir")]
    Fhir,
    /// A hospital's HL7 version 2 interface.
    #[cfg(feature = "hl7")]
    Hl7,
    /// A signed list of today's expected people.
    #[cfg(feature = "hospital")]
    Roster,
}

impl TryFrom<String> for Adapter {
    type Error = String;

    /// Whoever asks for one that this program lacks is told which feature builds it.
    fn try_from(word: String) -> Result<Self, String> {
        match word.as_str() {
            "local" => Ok(Self::Local),
            "http" => Ok(Self::Http),
            #[cfg(feature = "hospital")]
            "template" => Ok(Self::Template),
            #[cfg(feature = "hospital")]
            "roster" => Ok(Self::Roster),
            #[cfg(feature = "fhir")]
            "fhir" => Ok(Self::Fhir),
            #[cfg(feature = "hl7")]
            "hl7" => Ok(Self::Hl7),
            #[cfg(not(feature = "hospital"))]
            "template" | "roster" => Err("this program is built without the feature hospital".to_owned()),
            #[cfg(not(feature = "fhir"))]
            "fhir" => Err("this program is built without the feature fhir".to_owned()),
            #[cfg(not(feature = "hl7"))]
            "hl7" => Err("this program is built without the feature hl7".to_owned()),
            _ => Err(format!("`{word}` is none of local, http, template, roster, fhir, hl7")),
        }
    }
}

impl Adapter {
    /// Whether it judges what WeChat has not: a voucher, a document that was only read.
    pub(crate) fn judges(self) -> bool {
        self != Self::Local
    }

    /// Whether it asks somebody at `checkin.url`.
    pub(crate) fn asks(self) -> bool {
        match self {
            Self::Local => false,
            #[cfg(feature = "hospital")]
            Self::Roster => false,
            _ => true,
        }
    }

    /// Whether it lists what could be confirmed, so that its list can be one with another's.
    pub(crate) fn lists(self) -> bool {
        #[cfg(feature = "hospital")]
        return self == Self::Template;
        #[cfg(not(feature = "hospital"))]
        false
    }

    /// Whether it can be told who went through a gate.
    pub(crate) fn may_hear_passages(self) -> bool {
        #[cfg(feature = "hospital")]
        if self == Self::Template {
            return true;
        }
        self == Self::Http
    }
}

impl Default for CheckInSettings {
    fn default() -> Self {
        Self {
            name: None,
            adapter: Adapter::Local,
            reset_at: 0,
            utc_offset: 8 * 3600,
            url: None,
            #[cfg(feature = "hospital")]
            template: None,
            #[cfg(feature = "hospital")]
            plain_http: Vec::new(),
            #[cfg(feature = "hospital")]
            values: BTreeMap::new(),
            #[cfg(feature = "hospital")]
            secrets: Vec::new(),
            #[cfg(feature = "hospital")]
            rsa_key: None,
            #[cfg(feature = "fhir")]
            fhir: FhirSettings::default(),
            #[cfg(feature = "hl7")]
            hl7: Hl7Settings::default(),
            #[cfg(feature = "hospital")]
            roster: None,
            #[cfg(feature = "hospital")]
            roster_key: None,
            #[cfg(feature = "hospital")]
            roster_public_key: None,
            ca_file: None,
            hmac_key: None,
            client_certificate: None,
            client_key: None,
            settle: Duration::from_secs(120),
            patience: None,
            passages: false,
        }
    }
}

impl CheckInSettings {
    fn fits_together(&self) -> Result<(), &'static str> {
        if self.adapter.asks() && self.url.is_none() {
            return Err("checkin.adapter other than \"local\" and \"roster\" needs checkin.url");
        }
        let scheme = self.url.as_ref().and_then(|url| url.split_once("://")).map_or("https", |(scheme, _)| scheme);
        let plain = matches!(scheme, "http" | "mllp");
        #[cfg(feature = "hospital")]
        let plain = plain && (!self.adapter.asks() || self.adapter == Adapter::Http || self.plain_http.is_empty());
        #[cfg(feature = "hl7")]
        let is_hl7 = self.adapter == Adapter::Hl7;
        #[cfg(not(feature = "hl7"))]
        let is_hl7 = false;
        if plain {
            return Err(
                "checkin.url without TLS needs checkin.plain-http, and an adapter for a hospital's own interface",
            );
        }
        if self.adapter.asks() && scheme.starts_with("mllp") != is_hl7 {
            return Err("checkin.adapter = \"hl7\" and checkin.url = \"mllps://…\" go together");
        }
        #[cfg(feature = "hospital")]
        if self.adapter == Adapter::Template && self.template.is_none() {
            return Err("checkin.adapter = \"template\" needs checkin.template");
        }
        #[cfg(feature = "hospital")]
        if self.adapter == Adapter::Roster && self.roster.is_none() {
            return Err("checkin.adapter = \"roster\" needs checkin.roster");
        }
        #[cfg(feature = "hospital")]
        if self.roster.is_some() && (self.roster_key.is_none() || self.roster_public_key.is_none()) {
            return Err("checkin.roster needs checkin.roster-key and checkin.roster-public-key");
        }
        if self.client_certificate.is_some() != self.client_key.is_some() {
            return Err("checkin.client-certificate and client-key go together");
        }
        Ok(())
    }

    /// How long it may be before it shows a session: whatever is decided here is known at once.
    pub(crate) fn settles(&self) -> Duration {
        if self.adapter.asks() { self.settle } else { Duration::ZERO }
    }

    /// A file's name in the state directory that no other of the site's checkins has.
    #[cfg(feature = "hospital")]
    pub(crate) fn file_of_its_own(&self, name: &str) -> String {
        self.name.as_ref().map_or_else(|| name.to_owned(), |own| format!("{name}-{own}"))
    }

    /// The way to the site's system for so many lanes.
    pub fn route(&self, lanes: usize) -> Route {
        Route {
            ca_file: self.ca_file.clone(),
            client_certificate: self.client_certificate.clone().zip(self.client_key.clone()),
            // One for each lane, one for questions about the past, one that tells who went through.
            max_idle: lanes.saturating_add(2),
            #[cfg(feature = "hospital")]
            plain: self.plain_http.clone(),
            ..Route::default()
        }
    }
}

/// Each for itself, and among each other.
pub(crate) fn fit_together(checkins: &[CheckInSettings]) -> Result<(), &'static str> {
    let first = checkins.first().ok_or("no checkin: write [checkin], several [[checkin]], or none of them")?;
    for (index, checkin) in checkins.iter().enumerate() {
        checkin.fits_together()?;
        if checkin.name.is_none() && checkins.len() > 1 {
            return Err("where there are several [[checkin]], each needs a name");
        }
        let earlier = &checkins[..index];
        if earlier.iter().any(|other| other.name == checkin.name) {
            return Err("two checkins have the same name");
        }
        if checkin.adapter == Adapter::Local && earlier.iter().any(|other| other.adapter == Adapter::Local) {
            return Err("numbers are given here by one [[checkin]]: the lane's series tells them apart");
        }
        if (checkin.reset_at, checkin.utc_offset) != (first.reset_at, first.utc_offset) {
            return Err("the site has one day: write the same reset-at and utc-offset in each [[checkin]]");
        }
    }
    Ok(())
}

fn settle<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    milliseconds(d, 0..=600_000)
}

fn patience<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    milliseconds(d, 1000..=120_000).map(Some)
}

fn hours_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let hours: u16 = hours.parse().ok().filter(|hours| *hours < 24)?;
    let minutes: u16 = minutes.parse().ok().filter(|minutes| *minutes < 60)?;
    Some(hours * 60 + minutes)
}

fn time_of_day<'de, D: Deserializer<'de>>(d: D) -> Result<u16, D::Error> {
    hours_minutes(&String::deserialize(d)?).ok_or_else(|| de::Error::custom("expected a time of day \"HH:MM\""))
}

fn utc_offset<'de, D: Deserializer<'de>>(d: D) -> Result<i32, D::Error> {
    let text = String::deserialize(d)?;
    let (sign, rest) = match text.as_bytes().first() {
        Some(b'+') => (1, &text[1..]),
        Some(b'-') => (-1, &text[1..]),
        _ => (0, ""),
    };
    match hours_minutes(rest) {
        Some(minutes) if minutes <= 14 * 60 => Ok(sign * i32::from(minutes) * 60),
        _ => Err(de::Error::custom("expected an offset \"+HH:MM\" of at most 14 hours")),
    }
}
