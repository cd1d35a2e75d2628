//! `[checkin]`: who decides about people, and how they are asked.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::{
    files::Anchored,
    http::Route,
    words::setting::{self, milliseconds},
};

/// `[checkin]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct CheckInSettings {
    /// Who decides.
    pub adapter: Adapter,
    /// Local time at which a day of business begins and numbers start again, `HH:MM`.
    #[serde(deserialize_with = "time_of_day")]
    pub reset_at: u16,
    /// The site's offset from UTC, `+HH:MM`.
    #[serde(deserialize_with = "utc_offset")]
    pub utc_offset: i32,
    /// `http`: base address of the site's system, `https://host[:port][/path]`.
    #[serde(deserialize_with = "setting::some_https")]
    pub url: Option<String>,
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
    /// `http`: it is told who went through a gate.
    pub passages: bool,
}

/// `checkin.adapter`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adapter {
    /// Numbers are given here; transit lanes admit.
    #[default]
    Local,
    /// The site's system is asked over HTTPS.
    Http,
}

impl Adapter {
    /// Whether it judges what WeChat has not: a voucher, a document that was only read.
    pub(crate) fn judges(self) -> bool {
        self == Self::Http
    }
}

impl Default for CheckInSettings {
    fn default() -> Self {
        Self {
            adapter: Adapter::Local,
            reset_at: 0,
            utc_offset: 8 * 3600,
            url: None,
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
    pub(crate) fn fits_together(&self) -> Result<(), &'static str> {
        if self.adapter == Adapter::Http && self.url.is_none() {
            return Err("checkin.adapter = \"http\" needs checkin.url");
        }
        if self.client_certificate.is_some() != self.client_key.is_some() {
            return Err("checkin.client-certificate and client-key go together");
        }
        Ok(())
    }

    /// The way to the site's system for so many lanes.
    pub fn route(&self, lanes: usize) -> Route {
        Route {
            ca_file: self.ca_file.clone(),
            client_certificate: self.client_certificate.clone().zip(self.client_key.clone()),
            // One for each lane, one for questions about the past, one that tells who went through.
            max_idle: lanes.saturating_add(2),
            ..Route::default()
        }
    }
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
