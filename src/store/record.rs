//! Records as they stand in the journal: compact JSON, private values replaced by keyed hashes.
//!
//! ```text
//! {"v":3,"at":1700000000000,"kind":"closed","session":"179745b2214daeef-0001","result":"refused","why":"too_early"}
//! ```
//! `v` is the version that wrote it; records of version 1 have none. A version may add kinds, members and words, and
//! never gives an old one another meaning: what this version does not know is listed as it stands, counts for time and
//! order, and is otherwise left alone.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, Value};

use super::{Correlator, Tag, word::Word};
use crate::{
    fault::Code,
    kiosk::{GateOutcome, OutcomeResult, PrintOutcome, Record, Refusal},
    words::{Stamp, Visit, WallTime, WayIn},
};

/// The version of records written now. 2: `v` itself, and `why` of a closing. 3: acts of staff. 4: what
/// became of decisions without the site. 5: `re_queued`, whose call was missed.
const VERSION: u32 = 5;

/// One stored fact. `face` and `person` are keyed hashes in hex.
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
        /// `checked_in`, `already` or `re_queued`.
        result: Word<OutcomeResult>,
        /// Operator code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Word<Code>>,
        /// Queue number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// Where to go.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
        /// What the site told of the visit, less what identifies the person.
        #[serde(default, skip_serializing_if = "Visit::is_empty")]
        visit: Box<Visit>,
    },
    /// A slip's fate.
    Printed {
        /// Session id.
        session: String,
        /// 0 is the original.
        copy: u8,
        /// What became of the slip.
        outcome: Word<PrintOutcome<()>>,
        /// Operator code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Word<Code>>,
    },
    /// A grant's fate.
    Gated {
        /// Session id.
        session: String,
        /// What became of the grant.
        outcome: Word<GateOutcome<()>>,
        /// Operator code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Word<Code>>,
    },
    /// The end.
    Closed {
        /// Session id.
        session: String,
        /// The end in one word.
        result: Word<OutcomeResult>,
        /// Why the site's system refused, as a class; its own words may name somebody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Word<Refusal>>,
        /// Operator code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Word<Code>>,
    },
    /// What the site's system knows of a visit that was decided here while it was away.
    Settled {
        /// Session id.
        session: String,
        /// Its answer in one word, or H908 where nobody can ask any more.
        site: String,
        /// Its number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// The machine's clock was set, by a time server, by hand or by a battery that failed.
    Clock {
        /// By how much, milliseconds; negative is back.
        stepped_ms: i64,
    },
    /// What somebody with an account did, or tried.
    Act(Act),
    /// What this version does not understand: another kind, or members of another shape. Never written.
    #[serde(skip)]
    Newer {
        /// Its kind; empty where it has none.
        kind: String,
        /// Whose; empty where it says nobody's.
        session: String,
    },
}

/// What somebody with an account did at one of the daemon's pages, or tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The account's name; empty where there is none of that name: what was typed may be a password.
    pub user: String,
    /// What, in one word.
    pub event: String,
    /// On which lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// Whose visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What came of it: `done`, `refused`, or `unknown` where a device gave no word.
    pub result: String,
}

/// What the site's system knows of a visit that was decided here while it was away.
#[cfg(feature = "hospital")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Whose.
    pub session: crate::words::SessionId,
    /// Its answer in one word.
    pub site: &'static str,
    /// Its number.
    pub number: Option<String>,
}

/// A stored fact with its time.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    /// The version that wrote it.
    #[serde(default = "first_version")]
    v: u32,
    /// Milliseconds since 1970.
    pub(super) at: i64,
    /// Nobody but this machine says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unconfirmed: bool,
    #[serde(flatten)]
    pub(super) stored: Stored,
}

const fn first_version() -> u32 {
    1
}

impl Line {
    pub(super) fn new(now: Stamp, stored: Stored) -> Self {
        Self { v: VERSION, at: now.at.0, unconfirmed: !now.confirmed, stored }
    }

    /// Reads a record. One of which this version does not know what it says still says when, and whose it is.
    pub(super) fn read(payload: &[u8]) -> Self {
        serde_json::from_slice(payload).unwrap_or_else(|_| {
            let members: Map<String, Value> = serde_json::from_slice(payload).unwrap_or_default();
            let text = |name| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let at = members.get("at").and_then(Value::as_i64);
            let unconfirmed = members.get("unconfirmed").is_some_and(|told| *told != Value::Bool(false));
            let v = members.get("v").and_then(Value::as_u64).and_then(|v| u32::try_from(v).ok());
            Self {
                v: v.unwrap_or_else(first_version),
                at: at.unwrap_or_default(),
                unconfirmed: unconfirmed || at.is_none(),
                stored: Stored::Newer { kind: text("kind"), session: text("session") },
            }
        })
    }

    pub(super) fn stamp(&self) -> Stamp {
        Stamp { at: WallTime(self.at), confirmed: !self.unconfirmed }
    }
}

/// One record as it is read.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it stands.
    pub place: Position,
    /// The version that wrote it.
    pub version: u32,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Nobody but this machine said so.
    pub unconfirmed: bool,
    /// What happened.
    pub stored: Stored,
    /// As it stands in the journal.
    payload: Vec<u8>,
}

/// Where a record stands. After a salvage the sequence goes on where the whole part ended, in a higher epoch: places
/// never repeat, and they grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Epoch, from 1.
    pub epoch: u32,
    /// Sequence number, from 0.
    pub seq: u64,
}

impl Entry {
    pub(super) fn read(place: Position, payload: &[u8]) -> Self {
        let Line { v: version, at, unconfirmed, stored } = Line::read(payload);
        Self { place, version, at, unconfirmed, stored, payload: payload.to_vec() }
    }

    /// Its members as they stand, known or not.
    pub fn members(&self) -> Map<String, Value> {
        let mut members: Map<String, Value> = serde_json::from_slice(&self.payload).unwrap_or_else(|_| {
            // Not even an object: as text.
            Map::from_iter([("payload".to_owned(), String::from_utf8_lossy(&self.payload).into())])
        });
        // Version 1 once called the frame's number as the record's own is called.
        if let Some(frame) = members.remove("seq") {
            members.entry("frame").or_insert(frame);
        }
        members
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", &self.place.seq)?;
        map.serialize_entry("epoch", &self.place.epoch)?;
        for (name, value) in self.members().iter().filter(|(name, _)| *name != "epoch") {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Stored {
    pub(super) fn of(record: &Record, lanes: &[String], correlator: &Correlator) -> Self {
        let session = record.session().to_string();
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
            Record::Decided { result, code, number, place, visit, .. } => Self::Decided {
                session,
                result: (*result).into(),
                code: code.map(Word::Known),
                number: number.as_ref().map(ToString::to_string),
                place: place.as_ref().map(ToString::to_string),
                visit: Box::new(Visit::clone(visit).without_the_person()),
            },
            Record::Printed { job, outcome } => {
                let code = match outcome {
                    PrintOutcome::Printed | PrintOutcome::Unknown => None,
                    PrintOutcome::NotPrinted(code) => Some(Word::Known(*code)),
                };
                Self::Printed { session, copy: job.copy, outcome: outcome.bare().into(), code }
            }
            Record::Gated { outcome, .. } => {
                Self::Gated { session, outcome: outcome.bare().into(), code: outcome.code().map(Word::Known) }
            }
            Record::Closed { result, why, code, .. } => Self::Closed {
                session,
                result: (*result).into(),
                why: why.map(Word::Known),
                code: code.map(Word::Known),
            },
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
            | Self::Closed { session, .. }
            | Self::Settled { session, .. }
            | Self::Newer { session, .. } => session,
            Self::Act(act) => act.session.as_deref().unwrap_or_default(),
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
