//! What the journal is told. `store` turns these into bytes: private values become keyed hashes there.

use std::sync::Arc;

use super::{GateOutcome, OutcomeResult, PrintOutcome};
use crate::{
    fault::Code,
    words::{Hindrance, JobId, LaneId, Private, SessionId, Text, Visit, WayIn},
};

/// One fact about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Somebody came; durable before anything visible or any check-in.
    Opened {
        /// The new session.
        session: SessionId,
        /// The lane it is about.
        lane: LaneId,
        /// The terminal's serial number.
        terminal: Option<Text>,
        /// The frame's number.
        seq: u64,
        /// Its kind is stored, and of the rest a keyed hash only.
        way: WayIn,
    },
    /// The site's system is about to be asked; durable before it is. From here on only it knows the truth.
    CheckingIn {
        /// The session it belongs to.
        session: SessionId,
        /// [`crate::words::Identity::distinguishing`]; stored as a keyed hash only.
        person: Option<Private>,
    },
    /// The decision; durable before the panel, the printer or the gate is told.
    Decided {
        /// The session it belongs to.
        session: SessionId,
        /// The end in one word.
        result: OutcomeResult,
        /// Its code, where something failed.
        code: Option<Code>,
        /// Queue number given.
        number: Option<Text>,
        /// Where to go.
        place: Option<Text>,
        /// What the site tells of the visit; kept less what identifies the person.
        visit: Arc<Visit>,
    },
    /// A slip's fate.
    Printed {
        /// Session and copy of the slip.
        job: JobId,
        /// What became of the slip.
        outcome: PrintOutcome,
    },
    /// A grant's fate.
    Gated {
        /// The session it belongs to.
        session: SessionId,
        /// What became of the grant.
        outcome: GateOutcome,
    },
    /// The end of a session; exactly one per opened session.
    Closed {
        /// The session it belongs to.
        session: SessionId,
        /// The end in one word.
        result: OutcomeResult,
        /// Why the site's system refused.
        why: Option<Refusal>,
        /// What failed.
        code: Option<Code>,
    },
}

/// Why the site's system let somebody not in: its answer as a class, without its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has no appointment of theirs.
    NotFound,
    /// They came too early.
    TooEarly,
    /// They came too late.
    TooLate,
    /// For a reason of its own.
    Refused,
    /// For one of those that have words here.
    Hindered(Hindrance),
}

impl Refusal {
    /// Every class.
    pub const ALL: [Self; 11] = [
        Self::NotFound,
        Self::TooEarly,
        Self::TooLate,
        Self::Refused,
        Self::Hindered(Hindrance::NoFile),
        Self::Hindered(Hindrance::SeveralFiles),
        Self::Hindered(Hindrance::OtherName),
        Self::Hindered(Hindrance::Unpaid),
        Self::Hindered(Hindrance::NotCollected),
        Self::Hindered(Hindrance::DoctorAway),
        Self::Hindered(Hindrance::RoomChanged),
    ];

    /// The journal's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::TooEarly => "too_early",
            Self::TooLate => "too_late",
            Self::Refused => "refused",
            Self::Hindered(hindrance) => hindrance.as_str(),
        }
    }
}

/// A session that the journal knows as opened and not closed, found at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The session it belongs to.
    pub session: SessionId,
    /// Where, if the lane still exists.
    pub lane: LaneId,
    /// A [`Record::CheckingIn`] stands in the journal.
    pub reached_check_in: bool,
    /// The decision, if one stands in the journal: result and code.
    pub decided: Option<(OutcomeResult, Option<Code>)>,
    /// The check-in is to be taken back, for this reason: a [`Record::Gated`] says that nobody went through.
    pub to_annul: Option<Code>,
    /// A [`Record::Gated`] says that somebody went through.
    pub gated: bool,
    /// A [`Record::Printed`] of the original stands in the journal, however it ended.
    pub printed: bool,
    /// Keyed hash of the person, where one stands in the journal.
    pub person: Option<[u8; 16]>,
}

impl Unfinished {
    /// A session of which nothing but the opening is known.
    pub fn opened(session: SessionId, lane: LaneId) -> Self {
        Self {
            session,
            lane,
            reached_check_in: false,
            decided: None,
            to_annul: None,
            gated: false,
            printed: false,
            person: None,
        }
    }
}

impl Record {
    /// Whose record this is.
    pub fn session(&self) -> SessionId {
        match self {
            Self::Printed { job, .. } => job.session,
            Self::Opened { session, .. }
            | Self::CheckingIn { session, .. }
            | Self::Decided { session, .. }
            | Self::Gated { session, .. }
            | Self::Closed { session, .. } => *session,
        }
    }
}
