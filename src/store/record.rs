//! Records as they stand in the journal: compact JSON, private values replaced by keyed hashes.

use serde::{Deserialize, Serialize};

use super::{Correlator, Tag};
use crate::{
    kiosk::{GateOutcome, PrintOutcome, Record},
    words::{Stamp, WallTime, WayIn},
};

/// One stored fact. Texts are those of the wire; `face` and `person` are keyed hashes in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Stored {
    /// A face came.
    Opened {
        /// Session id.
        session: String,
        /// The lane's name.
        lane: String,
        /// The terminal's serial number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terminal: Option<String>,
        /// The frame's number; older versions called it `seq`, as the record's own number is called.
        #[serde(alias = "seq")]
        frame: u64,
        /// By which way, where it was not a face.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        way: Option<String>,
        /// Keyed hash of what was presented.
        face: String,
    },
    /// The site's system was about to be asked.
    CheckingIn {
        /// Session id.
        session: String,
        /// Keyed hash of the person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
    },
    /// The decision.
    Decided {
        /// Session id.
        session: String,
        /// `checked_in` or `already`.
        result: String,
        /// Operator code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Queue number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// Where to go.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
    },
    /// A slip's fate.
    Printed {
        /// Session id.
        session: String,
        /// 0 is the original.
        copy: u8,
        /// `printed`, `unknown` or `not_printed`.
        outcome: String,
        /// Operator code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// A grant's fate.
    Gated {
        /// Session id.
        session: String,
        /// `opened`, `passed`, `expired`, …
        outcome: String,
        /// Operator code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// The end.
    Closed {
        /// Session id.
        session: String,
        /// How.
        result: String,
        /// Operator code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// The machine's clock was set, by a time server, by hand or by a battery that failed.
    Clock {
        /// By how much, milliseconds; negative is back.
        stepped_ms: i64,
    },
}

/// A stored fact with its time.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    /// Milliseconds since 1970.
    pub(super) at: i64,
    /// Nobody but this machine says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unconfirmed: bool,
    #[serde(flatten)]
    pub(super) stored: Stored,
}

impl Line {
    pub(super) fn new(now: Stamp, stored: Stored) -> Self {
        Self { at: now.at.0, unconfirmed: !now.confirmed, stored }
    }

    pub(super) fn stamp(&self) -> Stamp {
        Stamp { at: WallTime(self.at), confirmed: !self.unconfirmed }
    }
}

impl Stored {
    pub(super) fn of(record: &Record, lanes: &[String], correlator: &Correlator) -> Self {
        let session = record.session().to_string();
        let text = |code: &Option<crate::fault::Code>| code.map(|code| code.as_str().to_owned());
        match record {
            Record::Opened { lane, terminal, seq, way, .. } => Self::Opened {
                session,
                lane: lanes.get(usize::from(lane.0)).cloned().unwrap_or_default(),
                terminal: terminal.as_ref().map(ToString::to_string),
                frame: *seq,
                way: Some(way.as_str().to_owned()).filter(|_| !matches!(way, WayIn::Face(_))),
                face: correlator.way(way).to_string(),
            },
            Record::CheckingIn { person, .. } => {
                Self::CheckingIn { session, person: person.as_ref().map(|p| correlator.person(p).to_string()) }
            }
            Record::Decided { result, code, number, place, .. } => Self::Decided {
                session,
                result: result.as_str().to_owned(),
                code: text(code),
                number: number.as_ref().map(ToString::to_string),
                place: place.as_ref().map(ToString::to_string),
            },
            Record::Printed { job, outcome } => {
                let (outcome, code) = match outcome {
                    PrintOutcome::Printed => ("printed", None),
                    PrintOutcome::Unknown => ("unknown", None),
                    PrintOutcome::NotPrinted(code) => ("not_printed", Some(*code)),
                };
                Self::Printed { session, copy: job.copy, outcome: outcome.to_owned(), code: text(&code) }
            }
            Record::Gated { outcome, .. } => {
                let word = match outcome {
                    GateOutcome::Opened => "opened",
                    GateOutcome::Passed => "passed",
                    GateOutcome::Expired => "expired",
                    GateOutcome::Tailgated => "tailgated",
                    GateOutcome::Reversed => "reversed",
                    GateOutcome::HeldOpen => "held_open",
                    GateOutcome::Failed(_) => "failed",
                    GateOutcome::Unknown => "unknown",
                };
                let code = outcome.code().map(|code| code.as_str().to_owned());
                Self::Gated { session, outcome: word.to_owned(), code }
            }
            Record::Closed { result, code, .. } => {
                Self::Closed { session, result: result.as_str().to_owned(), code: text(code) }
            }
        }
    }

    /// Whose; empty where it is nobody's.
    pub fn session(&self) -> &str {
        match self {
            Self::Opened { session, .. }
            | Self::CheckingIn { session, .. }
            | Self::Decided { session, .. }
            | Self::Printed { session, .. }
            | Self::Gated { session, .. }
            | Self::Closed { session, .. } => session,
            Self::Clock { .. } => "",
        }
    }

    /// The person's keyed hash.
    pub(super) fn person(&self) -> Option<Tag> {
        match self {
            Self::CheckingIn { person, .. } => person.as_ref()?.parse().ok(),
            _ => None,
        }
    }
}
