//! What happened.

use serde::{Deserialize, Serialize};

use super::{Posting, RecordTicket, Slip};
use crate::{
    fault::{Code, Trouble},
    words::{
        AuthInfoGrant, AuthInfoWanted, Card, CheckInAnswer, FaceSid, Identity, JobId, LaneId, OpenId, PeerId,
        Resolution, SessionId, Text, WayIn,
    },
};

/// One thing that happened, in the past tense. Answers carry their session; a late one falls through.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody stands in front of the terminal: make the connection ready.
    Approached {
        /// The lane it is about.
        lane: LaneId,
    },
    /// The terminal recognised a face, or a person came by another way.
    Recognised {
        /// The lane it is about.
        lane: LaneId,
        /// Who told us, and who gets ack and outcome.
        peer: PeerId,
        /// What it said.
        arrival: Arrival,
    },
    /// A card reader read a document. It belongs to whoever stands here.
    CardRead {
        /// The lane it is about.
        lane: LaneId,
        /// Who gets the ack.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// What it says.
        card: Card,
    },
    /// The terminal's SDK needs an authinfo.
    AuthInfoWanted {
        /// The lane it is about.
        lane: LaneId,
        /// The connection that is answered.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// For what.
        wanted: AuthInfoWanted,
    },
    /// WeChat granted it, or not.
    AuthInfoGranted {
        /// The lane it is about.
        lane: LaneId,
        /// The connection that is answered.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// What the terminal's SDK is given, or the code that it is told instead.
        result: Result<AuthInfoGrant, Code>,
    },
    /// The terminal tried and failed (`return_code` was not `SUCCESS`, or the face_sid was unusable).
    Unrecognised {
        /// The lane it is about.
        lane: LaneId,
        /// Who gets the ack.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// T205 or T206.
        code: Code,
    },
    /// The person agreed, or did not.
    Consented {
        /// The lane it is about.
        lane: LaneId,
        /// Who gets the ack.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// Whose consent.
        face_sid: FaceSid,
        /// Agreed?
        granted: bool,
    },
    /// The person picked an option.
    Chose {
        /// The lane it is about.
        lane: LaneId,
        /// Who gets the ack; none for a button of the kiosk itself.
        peer: Option<PeerId>,
        /// The frame's number.
        seq: u64,
        /// In which session; none means the lane's current one (a button knows no sessions).
        session: Option<SessionId>,
        /// Which, from 1 as shown.
        option: u8,
    },
    /// The person or the terminal gave up.
    Cancelled {
        /// The lane it is about.
        lane: LaneId,
        /// Who gets the ack.
        peer: PeerId,
        /// The frame's number.
        seq: u64,
        /// Whose visit; none for that of whoever stands here.
        session: Option<SessionId>,
    },
    /// A record is durable.
    Recorded {
        /// What the core gave the record when it handed it over.
        ticket: RecordTicket,
    },
    /// A record could not be made durable.
    NotRecorded {
        /// What the core gave the record when it handed it over.
        ticket: RecordTicket,
        /// J502.
        code: Code,
    },
    /// The lookup ended.
    Found {
        /// The session it belongs to.
        session: SessionId,
        /// The identity, or why there is none.
        result: Result<Identity, Trouble>,
    },
    /// The site's system is asked about somebody: the same person can be known again.
    Known {
        /// The session it belongs to.
        session: SessionId,
        /// Keyed hash of the person.
        person: [u8; 16],
    },
    /// The site's system answered.
    Answered {
        /// The session it belongs to.
        session: SessionId,
        /// What it said.
        answer: CheckInAnswer,
    },
    /// The site's system said what became of a session.
    Resolved {
        /// The session it belongs to.
        session: SessionId,
        /// What became of it.
        resolution: Resolution,
    },
    /// A print job ended.
    Printed {
        /// Session and copy of the slip.
        job: JobId,
        /// What became of the slip.
        outcome: PrintOutcome,
    },
    /// A grant ended.
    Gated {
        /// The session it belongs to.
        session: SessionId,
        /// What became of the grant.
        outcome: GateOutcome,
    },
    /// A lane's device went out of order or came back.
    DeviceChanged {
        /// The lane it is about.
        lane: LaneId,
        /// The device, of those that the lane uses.
        device: Device,
        /// What is wrong with it, or nothing when it is well again.
        fault: Option<Trouble>,
    },
    /// What serves a lane's device never comes back from it, or does at last.
    DeviceHangs {
        /// The lane that the device serves.
        lane: LaneId,
        /// Which of its devices.
        device: Device,
        /// What that is to people, while it lasts.
        trouble: Option<Trouble>,
    },
    /// The roll of a lane's printer is nearly out, or not any more.
    PaperLow {
        /// The lane it is about.
        lane: LaneId,
        /// It is.
        low: bool,
    },
    /// A switch, sensor or member of staff takes a lane out of service, or no longer does; several reasons may hold at
    /// once, the gravest counts.
    OutOfService {
        /// The lane it is about.
        lane: LaneId,
        /// The reason that begins or ends.
        why: OutOfService,
        /// It holds now.
        on: bool,
    },
    /// Staff say when a lane is open, and what else whoever comes should know.
    Posted {
        /// The lane it is about.
        lane: LaneId,
        /// In place of what they said before.
        posting: Posting,
    },
    /// Somebody pressed a button of the kiosk.
    Pressed {
        /// The lane it is about.
        lane: LaneId,
        /// The button as it is wired.
        button: Button,
    },
    /// A gate saw what no grant allowed.
    GateAlarmed {
        /// The lane it is about.
        lane: LaneId,
        /// Whose grant came last, if it was a moment ago.
        session: Option<SessionId>,
        /// `Tailgated`, `Reversed`, `HeldOpen` or `Forced`.
        alarm: GateOutcome,
    },
    /// The site's system took a check-in back, or not yet.
    Annulled {
        /// The session it belongs to.
        session: SessionId,
        /// The code where it could not be asked, or was not done.
        result: Result<(), Code>,
    },
    /// Staff ask for a slip again.
    Reprint {
        /// The lane it is about.
        lane: LaneId,
        /// The session and which copy, from 1.
        job: JobId,
        /// What the journal still knows of it; no name.
        slip: Box<Slip>,
    },
    /// The program is stopping: no new sessions; waiting ones are closed.
    Stopping,
}

/// Somebody who presents themselves: a recognised face, as the terminal's SDK hands it out, or another way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The frame's number: what the answer is for. It tells no resend, the credential does.
    pub seq: u64,
    /// The terminal's serial number, if it gave one.
    pub terminal: Option<Text>,
    /// The merchant that the terminal named, where the site serves several.
    pub merchant: Option<Text>,
    /// By which way.
    pub way: WayIn,
    /// `openid`, if the terminal gave one.
    pub openid: Option<OpenId>,
    /// `sub_openid`, if the terminal gave one.
    pub sub_openid: Option<OpenId>,
    /// The person has agreed already (`getWxpayAuth` ended with SUCCESS).
    pub consent: bool,
}

/// A device of a lane. Without it nobody is served there, unless something else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// The face terminal.
    Terminal,
    /// The panel.
    Panel,
    /// The printer.
    Printer,
    /// The printer's paper, as a sensor of the kiosk sees it.
    Paper,
    /// The gate's output, where people are let through.
    Gate,
    /// The fire input, whosever it is: while nobody can say whether there is a fire, nobody is let in.
    Fire,
    /// The case.
    Case,
    /// Buttons, switches and sensors.
    Inputs,
    /// Lights and buzzer: people are served without them.
    Indicators,
    /// The sound card: people are served without it.
    Voice,
    /// The way to the site's system.
    Site,
}

/// Why nobody is served although everything works; from the least grave to the gravest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutOfService {
    /// It is not one of the hours at which the lane is open.
    AfterHours,
    /// Staff have closed the lane.
    Closed,
    /// A technician works on it.
    Maintenance,
    /// The fire input is active: no grants, the panel shows the way out.
    Emergency,
}

impl OutOfService {
    /// What the operator is told.
    pub fn code(self) -> Code {
        match self {
            Self::AfterHours => Code::X012,
            Self::Closed => Code::X010,
            Self::Maintenance => Code::X011,
            Self::Emergency => Code::G807,
        }
    }
}

/// A button of the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// Picks an option, from 1.
    Choice(u8),
    /// 不用人脸: another way in.
    OtherWay,
    /// Calls staff.
    CallStaff,
    /// 开始: whoever presses it means to be served.
    Start,
}

/// How a print job ended; `Why` is () where the code stands beside it, as in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintOutcome<Why = Code> {
    /// The printer acknowledged the end of the job.
    Printed,
    /// Bytes were sent, no acknowledgement came: nobody knows. Never repeated silently.
    Unknown,
    /// Nothing was sent, for this reason (P701–P704, P707).
    NotPrinted(Why),
}

impl PrintOutcome {
    /// The same without its code.
    pub fn bare(self) -> PrintOutcome<()> {
        match self {
            Self::Printed => PrintOutcome::Printed,
            Self::Unknown => PrintOutcome::Unknown,
            Self::NotPrinted(_) => PrintOutcome::NotPrinted(()),
        }
    }
}

/// How a grant ended; `Why` is () where the code stands beside it, as in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateOutcome<Why = Code> {
    /// The output was active for its time and is back at its safe value.
    Opened,
    /// Somebody passed (gates with a passage contact).
    Passed,
    /// Nobody passed in time: the check-in is to be annulled.
    Expired,
    /// More than one person passed.
    Tailgated,
    /// Somebody went the wrong way.
    Reversed,
    /// The gate did not close.
    HeldOpen,
    /// Somebody used force.
    Forced,
    /// The output could not be switched (G801), its controller did not answer (G810) or obey (G811), the grant had ended
    /// (G802), or the fire input is active (G807) or not to
    /// be read (D602).
    Failed(Why),
    /// The program ended before it knew.
    Unknown,
}

impl GateOutcome {
    /// The operator's code, where there is one.
    pub fn code(self) -> Option<Code> {
        match self {
            Self::Opened | Self::Passed => None,
            Self::Expired => Some(Code::G803),
            Self::Tailgated => Some(Code::G804),
            Self::Reversed => Some(Code::G805),
            Self::HeldOpen => Some(Code::G806),
            Self::Forced => Some(Code::G812),
            Self::Failed(code) => Some(code),
            Self::Unknown => Some(Code::J505),
        }
    }

    /// The same without its code.
    pub fn bare(self) -> GateOutcome<()> {
        match self {
            Self::Opened => GateOutcome::Opened,
            Self::Passed => GateOutcome::Passed,
            Self::Expired => GateOutcome::Expired,
            Self::Tailgated => GateOutcome::Tailgated,
            Self::Reversed => GateOutcome::Reversed,
            Self::HeldOpen => GateOutcome::HeldOpen,
            Self::Forced => GateOutcome::Forced,
            Self::Failed(_) => GateOutcome::Failed(()),
            Self::Unknown => GateOutcome::Unknown,
        }
    }
}

impl<Why> GateOutcome<Why> {
    /// The gate stayed shut, opened for nobody, or nobody knows: the check-in is to be taken back.
    pub fn nobody_went_through(&self) -> bool {
        matches!(self, Self::Expired | Self::Failed(_) | Self::Unknown)
    }
}
