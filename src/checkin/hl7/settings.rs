//! `[checkin.hl7]`: who speaks to whom, by which messages, and where an answer says what.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::message::Path;
use crate::{checkin::charset::Charset, words::Hindrance};

/// `[checkin.hl7]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hl7Settings {
    /// MSH-12.
    pub(super) version: String,
    /// MSH-18: what our messages are written in.
    pub(super) charset: Charset,
    /// MSH-3 and MSH-4: application and facility of the kiosk.
    pub(super) sending: [String; 2],
    /// MSH-5 and MSH-6: those of the hospital's system.
    pub(super) receiving: [String; 2],
    /// How an arrival is told.
    pub(super) arrive: Telling,
    /// How one is taken back; without it nothing is.
    pub(super) cancel: Option<Telling>,
    /// Whether today's visits are asked for, by SQM^S25.
    pub(super) query: bool,
    /// QRD-9.
    pub(super) subject: String,
    /// PID-3: assigning authority and type code of a document's number, by the number of its kind.
    pub(super) authorities: BTreeMap<String, [String; 2]>,
    /// SCH-25 of a visit that can be checked in.
    pub(super) open: Vec<String>,
    /// SCH-25 of one whose call was missed, and which can be checked in again.
    pub(super) missed: Vec<String>,
    /// SCH-25 of one that is.
    pub(super) taken: Vec<String>,
    /// SCH-25 of one that is told as arrived by SIU.
    pub(super) arrived: String,
    /// Where an answer says what a person is told, by the members of INTERFACE.md.
    pub(super) read: BTreeMap<String, Path>,
    /// What an error's code (ERR-3, else ERR-1.4) means to the person.
    pub(super) refusals: BTreeMap<String, Refusal>,
}

/// A message that tells of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Telling {
    /// Register a patient.
    #[serde(rename = "ADT^A04")]
    A04,
    /// A patient arrives.
    #[serde(rename = "ADT^A10")]
    A10,
    /// Cancel a visit.
    #[serde(rename = "ADT^A11")]
    A11,
    /// Cancel an arrival.
    #[serde(rename = "ADT^A32")]
    A32,
    /// A new appointment.
    #[serde(rename = "SIU^S12")]
    S12,
    /// An appointment is changed.
    #[serde(rename = "SIU^S14")]
    S14,
}

impl Telling {
    /// MSH-9: type, event, structure.
    pub(super) fn kind(self) -> [&'static str; 3] {
        match self {
            Self::A04 => ["ADT", "A04", "ADT_A01"],
            Self::A10 => ["ADT", "A10", "ADT_A09"],
            Self::A11 => ["ADT", "A11", "ADT_A09"],
            Self::A32 => ["ADT", "A32", "ADT_A21"],
            Self::S12 => ["SIU", "S12", "SIU_S12"],
            Self::S14 => ["SIU", "S14", "SIU_S12"],
        }
    }
}

/// What an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Refusal {
    NotFound,
    TooEarly,
    TooLate,
    Taken,
    NoFile,
    SeveralFiles,
    OtherName,
    Unpaid,
    NotCollected,
    DoctorAway,
    RoomChanged,
}

impl Refusal {
    /// One that has words of its own.
    pub(super) fn hindrance(self) -> Option<Hindrance> {
        Some(match self {
            Self::NoFile => Hindrance::NoFile,
            Self::SeveralFiles => Hindrance::SeveralFiles,
            Self::OtherName => Hindrance::OtherName,
            Self::Unpaid => Hindrance::Unpaid,
            Self::NotCollected => Hindrance::NotCollected,
            Self::DoctorAway => Hindrance::DoctorAway,
            Self::RoomChanged => Hindrance::RoomChanged,
            Self::NotFound | Self::TooEarly | Self::TooLate | Self::Taken => return None,
        })
    }
}

impl Default for Hl7Settings {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let read = [
            ("department", ("AIS", 3, 2)),
            ("doctor", ("AIP", 3, 2)),
            ("room", ("AIL", 3, 2)),
            ("slot.from", ("SCH", 11, 4)),
            ("visit-kind", ("SCH", 8, 2)),
        ];
        let own = |(name, (segment, field, component)): (&str, (&str, usize, usize))| {
            (name.to_owned(), Path::at(segment, field, component))
        };
        Self {
            version: "2.5".to_owned(),
            charset: Charset::default(),
            sending: ["FACEMCHD".to_owned(), String::new()],
            receiving: Default::default(),
            arrive: Telling::A04,
            cancel: None,
            query: false,
            subject: "APM".to_owned(),
            authorities: BTreeMap::from([("1".to_owned(), ["CHN".to_owned(), "NI".to_owned()])]),
            open: words(&["BOOKED", "SCHEDULED"]),
            missed: Vec::new(),
            taken: words(&["ARRIVED", "CHECKEDIN", "STARTED", "COMPLETE"]),
            arrived: "ARRIVED".to_owned(),
            read: read.into_iter().map(own).collect(),
            refusals: BTreeMap::new(),
        }
    }
}
