//! What to do.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Record, Scene, Signal, Slip};
use crate::{
    fault::Code,
    words::{
        AuthInfoGrant, AuthInfoWanted, GateNumber, Identity, InfoType, JobId, LaneId, MerchantPick, Moment, PeerId,
        SessionId, Text, Visit, WayIn,
    },
};

/// One thing to do, in the imperative, carried out in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Make the HTTPS connection ready: a face may follow.
    Warm,
    /// Make this durable, then answer [`super::Input::Recorded`] with the ticket. Records without a ticket ride along
    /// with the next commit.
    Record {
        /// To be answered when durable.
        ticket: Option<RecordTicket>,
        /// What is to be kept.
        record: Record,
    },
    /// Ask WeChat who this is.
    LookUp {
        /// For whom.
        session: SessionId,
        /// In whose name.
        pick: MerchantPick,
        /// By which way.
        way: WayIn,
        /// What the lane asks for about a face.
        info_type: InfoType,
        /// No answer is awaited after this moment.
        deadline: Moment,
    },
    /// Ask WeChat for a terminal's authinfo.
    AskAuthInfo {
        /// The lane it is about.
        lane: LaneId,
        /// The connection that is answered.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// For what.
        wanted: AuthInfoWanted,
    },
    /// Give a terminal its authinfo.
    GiveAuthInfo {
        /// The lane it is about.
        lane: LaneId,
        /// The connection that is answered.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// What, or why not.
        result: Result<AuthInfoGrant, Code>,
    },
    /// Ask the site's system to check the person in.
    CheckIn(CheckInRequest),
    /// Ask the site's system what became of a session, without the name.
    Resolve {
        /// The lane it is about.
        lane: LaneId,
        /// The session it belongs to.
        session: SessionId,
        /// Not before this moment.
        after: Moment,
    },
    /// Show a scene on the lane's panel (or its terminal's screen). The next one replaces it.
    Show {
        /// The lane it is about.
        lane: LaneId,
        /// Whose visit it shows, if anybody's.
        session: Option<SessionId>,
        /// Everything that is on it.
        scene: Scene,
    },
    /// Print a slip.
    Print {
        /// The lane it is about.
        lane: LaneId,
        /// Answered by [`super::Input::Printed`].
        job: JobId,
        /// Everything that is on it.
        slip: Slip,
        /// Dropped, not printed, after this moment.
        deadline: Moment,
    },
    /// Open the gate once.
    Open {
        /// The lane it is about.
        lane: LaneId,
        /// The permission; answered by [`super::Input::Gated`].
        grant: Grant,
    },
    /// Take a check-in back: nobody went through the gate. Answered by [`super::Input::Annulled`].
    Annul {
        /// The lane it is about.
        lane: LaneId,
        /// The session it belongs to.
        session: SessionId,
        /// Not before this moment.
        after: Moment,
    },
    /// Let lights and buzzer say something; a later signal replaces it.
    Indicate {
        /// The lane it is about.
        lane: LaneId,
        /// Which lights and tones; the driver knows their rhythm.
        signal: Signal,
    },
    /// Answer a frame.
    Acknowledge {
        /// The lane it is about.
        lane: LaneId,
        /// The connection that is answered.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// What is done with it.
        status: AckStatus,
        /// The session it started or belongs to.
        session: Option<SessionId>,
        /// Why, when refused or busy.
        code: Option<Code>,
    },
    /// Tell the terminal how a session ended.
    Tell {
        /// The lane it is about.
        lane: LaneId,
        /// The connection that is answered.
        peer: PeerId,
        /// The number of the frame that asked.
        seq: u64,
        /// Everything that the terminal is told of it.
        outcome: Outcome,
    },
}

/// Names a record whose durability is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordTicket(pub u64);

/// A check-in request: what the site's system is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckInRequest {
    /// The idempotency key.
    pub session: SessionId,
    /// Where the person stands.
    pub lane: LaneId,
    /// The person.
    pub identity: Identity,
    /// The option picked, after a `Choose`: the site's own id.
    pub choice: Option<Text>,
    /// No answer is awaited after this moment.
    pub deadline: Moment,
}

/// A permission to open the gate once, idempotent by session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The session it belongs to.
    pub session: SessionId,
    /// Void after this moment.
    pub deadline: Moment,
    /// What the gate's controller is told, where the site's system gave it.
    pub number: Option<GateNumber>,
}

/// What is done with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckStatus {
    /// A session was started, or the frame took effect.
    Accepted,
    /// The frame had come before; the session's current outcome follows if it has one.
    Repeated,
    /// The face waits for consent.
    Held,
    /// The lane serves somebody; send again later.
    Busy,
    /// The frame had no effect; the code says why.
    Refused,
}

/// How a session ended, as the terminal is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The session it belongs to.
    pub session: SessionId,
    /// The end in one word.
    pub result: OutcomeResult,
    /// Why, where there is a why.
    pub code: Option<Code>,
    /// Queue number.
    pub number: Option<Text>,
    /// Where to go.
    pub place: Option<Text>,
    /// What the site tells of the visit.
    pub visit: Arc<Visit>,
    /// The terminal's app must call `getWxpayAuth` with `quit_face_auth=1`: its SDK still waits for a consent that will
    /// not come (face payment documentation, Android, sid, section 7).
    pub quit_face_auth: bool,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeResult {
    /// Checked in now.
    CheckedIn,
    /// Checked in before; the same number.
    Already,
    /// The call was missed, and the person is in the queue anew.
    ReQueued,
    /// The site's system said no (not found, too early, too late, refused).
    Refused,
    /// Something of ours, WeChat's or the site's failed; nothing was decided.
    Failed,
    /// The person gave up or did not agree.
    Cancelled,
    /// The program stopped before the check-in was asked for.
    Interrupted,
    /// Nobody knows whether the check-in was carried out; staff look it up.
    Unknown,
    /// Checked in, and taken back because nobody went through the gate.
    Annulled,
}

impl AckStatus {
    /// The wire's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeated => "repeated",
            Self::Held => "held",
            Self::Busy => "busy",
            Self::Refused => "refused",
        }
    }
}

impl OutcomeResult {
    /// Every result.
    pub const ALL: [Self; 9] = [
        Self::CheckedIn,
        Self::Already,
        Self::ReQueued,
        Self::Refused,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
        Self::Unknown,
        Self::Annulled,
    ];

    /// The site's system has put somebody in now, who was not before.
    pub(crate) fn is_entry(self) -> bool {
        matches!(self, Self::CheckedIn | Self::ReQueued)
    }

    /// The wire's and the journal's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CheckedIn => "checked_in",
            Self::Already => "already",
            Self::ReQueued => "re_queued",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
            Self::Annulled => "annulled",
        }
    }
}
