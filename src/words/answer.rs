//! What the site's system says about a known person.

use std::sync::Arc;

use super::{GateNumber, Text, Visit, When};
use crate::fault::{Code, Trouble};

/// The answer to a check-in. The site's system is the authority; everything a person sees follows from one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckInAnswer {
    /// The person is checked in.
    Admitted(Admission),
    /// The person was checked in before, today, in this series; the same number again.
    Already(Admission),
    /// The person had missed their call and stands in the queue anew, with another place in it.
    ReQueued(Admission),
    /// Several things could be meant: the person picks one, 2–8 options.
    Choose(Vec<Choice>),
    /// Nothing is booked for this person.
    NotFound,
    /// Too early; from when it is possible.
    TooEarly(Option<When>),
    /// Too late; until when it was possible.
    TooLate(Option<When>),
    /// Not admitted, with the site's reason for the person.
    Refused(Option<Text>),
    /// Not admitted for a reason that has its own words in every language.
    Hindered(Hindrance),
    /// The request surely did not reach a decision: the site's system is down or refuses us.
    Unavailable(Trouble),
    /// The request may or may not have been carried out. Never repeated silently.
    Unknown(Code),
}

/// What stands between a person and their visit; the window knows what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// 未建档: the site has no file of this person.
    NoFile,
    /// It has several.
    SeveralFiles,
    /// Its file under this document is another person's.
    OtherName,
    /// 未缴费
    Unpaid,
    /// 未取号: booked, and the number not collected yet.
    NotCollected,
    /// 停诊
    DoctorAway,
    /// Another room, or another doctor.
    RoomChanged,
}

impl Hindrance {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::NoFile,
        Self::SeveralFiles,
        Self::OtherName,
        Self::Unpaid,
        Self::NotCollected,
        Self::DoctorAway,
        Self::RoomChanged,
    ];

    /// Its word in sheets of phrases, in the journal and in the site's answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoFile => "no_file",
            Self::SeveralFiles => "several_files",
            Self::OtherName => "other_name",
            Self::Unpaid => "unpaid",
            Self::NotCollected => "not_collected",
            Self::DoctorAway => "doctor_away",
            Self::RoomChanged => "room_changed",
        }
    }
}

/// What an admitted person gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Queue number, as printed: `A036`.
    pub number: Option<Text>,
    /// Where to go: `3楼 内科一诊室`.
    pub place: Option<Text>,
    /// Further lines for the slip, at most [`Admission::MAX_NOTES`].
    pub notes: Vec<Text>,
    /// Payload of a QR code on the slip.
    pub qr: Option<Text>,
    /// What the gate's controller is told, where it opens by numbers.
    pub gate_number: Option<GateNumber>,
    /// What is known of the visit.
    pub visit: Arc<Visit>,
    /// Decided here while the site's system was away: it does not know of it yet.
    pub to_verify: bool,
}

/// One thing a person may pick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The site's own id, sent back unchanged.
    pub id: Text,
    /// What the person reads.
    pub label: Text,
}

/// What became of a session, asked without the name after a crash or a timeout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The site decided; this is the decision.
    Decided(CheckInAnswer),
    /// The site does not know the session: not yet, or, when its time to show one is over, not at all.
    NotThere,
    /// Nobody can say now.
    CannotSay(Code),
}

impl Admission {
    /// The most lines a slip carries beyond number and place.
    pub(crate) const MAX_NOTES: usize = 8;
}

impl CheckInAnswer {
    /// In one word, without what is in it.
    #[cfg(feature = "hospital")]
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Admitted(_) => "admitted",
            Self::Already(_) => "already",
            Self::ReQueued(_) => "re_queued",
            Self::Choose(_) => "choose",
            Self::NotFound => "not_found",
            Self::TooEarly(_) => "too_early",
            Self::TooLate(_) => "too_late",
            Self::Hindered(hindrance) => hindrance.as_str(),
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Somebody is in now: for the first time, or anew after a missed call.
    #[cfg(feature = "hospital")]
    pub(crate) fn entry(missed: bool, admission: Admission) -> Self {
        if missed { Self::ReQueued(admission) } else { Self::Admitted(admission) }
    }

    /// What whoever is in gets.
    pub fn admission(&self) -> Option<&Admission> {
        match self {
            Self::Admitted(admission) | Self::Already(admission) | Self::ReQueued(admission) => Some(admission),
            _ => None,
        }
    }

    /// The number of whoever is in.
    #[cfg(feature = "hospital")]
    pub(crate) fn number(&self) -> Option<&Text> {
        self.admission().and_then(|admission| admission.number.as_ref())
    }

    /// The most options a person is asked to choose from.
    pub(crate) const MAX_CHOICES: usize = 8;
}
