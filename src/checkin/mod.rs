//! The conversation with the site's system about a known person. It is the authority; we ask and carry.
//!
//! Adapters: [`Local`] gives numbers itself, [`Http`] asks the site's system over HTTPS; with feature `hospital` a hospital
//! is asked in its own interface by a template (by FHIR or HL7 with the feature of that name), a roster says who is
//! expected, and `Offline` decides where the site allows it while its system is away. What they do not do: decide what the person sees, retry a check-in, or keep
//! a name. [`Reach`] around one spares people the wait for a system that is away; [`Systems`] knows which of them each lane
//! asks, `Merged` makes one of several.

#[cfg(feature = "hospital")]
mod book;
#[cfg(feature = "hospital")]
mod charset;
#[cfg(feature = "fhir")]
mod fhir;
#[cfg(feature = "hl7")]
mod hl7;
mod http;
mod local;
#[cfg(feature = "hospital")]
mod merged;
#[cfg(feature = "hospital")]
mod offline;
#[cfg(feature = "hospital")]
mod once;
mod reach;
mod reading;
#[cfg(feature = "hospital")]
pub mod roster;
mod schema;
#[cfg(feature = "hospital")]
mod serial;
mod settings;
mod systems;
#[cfg(feature = "hospital")]
mod template;
mod value;

#[cfg(feature = "hospital")]
pub use self::book::Memory;
#[cfg(feature = "fhir")]
pub use self::fhir::{Fhir, FhirSettings};
#[cfg(feature = "hl7")]
pub use self::hl7::{Hl7, Hl7Settings};
#[cfg(feature = "hospital")]
pub(crate) use self::local::letters_of;
#[cfg(feature = "hospital")]
pub use self::merged::{Merged, Offer};
#[cfg(feature = "hospital")]
pub use self::offline::{Offline, WithoutSite};
pub(crate) use self::settings::fit_together;
#[cfg(feature = "hospital")]
pub use self::template::{ByTemplate, Given, RsaKey, Template, Watch};
pub use self::{
    http::{Http, HttpCheckInError},
    local::{Local, LocalGiven, LocalMemory},
    reach::Reach,
    settings::{Adapter, CheckInSettings},
    systems::Systems,
};
use std::sync::Arc;

use crate::{
    fault::{Code, Failure},
    http::HttpError,
    kiosk::GateOutcome,
    words::{CheckInAnswer, Deadline, Identity, LaneId, Purpose, Resolution, SessionId, Stamp, Text, WallTime},
};

/// One check-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The idempotency key.
    pub session: SessionId,
    /// The lane's name.
    pub lane: String,
    /// What the lane is for.
    pub purpose: Purpose,
    /// The lane's series of numbers.
    pub series: String,
    /// The person.
    pub identity: Identity,
    /// The site's own id of the option picked.
    pub choice: Option<Text>,
    /// Keyed hash of the person, to know the same person again without the name.
    pub person: Option<[u8; 16]>,
    /// The time, and whether anybody has confirmed it.
    pub at: Stamp,
}

/// Why the site's system has not decided about somebody.
#[derive(Clone, Debug)]
pub struct Undecided {
    /// What went wrong.
    pub failure: Failure,
    /// The check-in may have been carried out.
    pub perhaps: bool,
}

impl Undecided {
    /// Surely not carried out.
    pub(crate) fn surely(failure: impl Into<Failure>) -> Self {
        Self { failure: failure.into(), perhaps: false }
    }

    /// It may have been.
    pub(crate) fn perhaps(failure: impl Into<Failure>) -> Self {
        Self { failure: failure.into(), perhaps: true }
    }

    /// What the core is told.
    pub fn answer(&self) -> CheckInAnswer {
        let trouble = self.failure.trouble();
        if self.perhaps { CheckInAnswer::Unknown(trouble.code) } else { CheckInAnswer::Unavailable(trouble) }
    }
}

/// No answer came to what may change something.
impl From<HttpError> for Undecided {
    fn from(error: HttpError) -> Self {
        let before = error.before_sending();
        let code = match error {
            HttpError::NoTime => Code::H904,
            _ if before => Code::H901,
            _ => Code::H905,
        };
        Self { failure: unanswered(code, error), perhaps: !before }
    }
}

/// No answer came to a question that changes nothing.
fn unanswered_question(error: HttpError) -> Failure {
    let code = match error {
        HttpError::TooLarge | HttpError::Malformed => Code::H902,
        HttpError::NoTime => Code::H904,
        _ if error.before_sending() => Code::H901,
        _ => Code::H904,
    };
    unanswered(code, error)
}

/// No answer came.
fn unanswered(code: Code, error: HttpError) -> Failure {
    Failure::new(code).told(code.summary()).cured_by(error.cure()).because(error)
}

/// What became of a grant, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Whose grant.
    pub session: SessionId,
    /// On which lane; nothing where nobody remembers.
    pub lane: Option<LaneId>,
    /// The record's place, `epoch-sequence`: the same where the same is told again.
    pub report: String,
    /// What became of it.
    pub outcome: GateOutcome<()>,
    /// Operator code.
    pub code: Option<Code>,
    /// When it was recorded.
    pub at: WallTime,
}

impl Passage {
    /// What became of it, in INTERFACE.md's word.
    pub(crate) fn word(&self) -> &'static str {
        match self.outcome {
            GateOutcome::Opened => "opened",
            GateOutcome::Passed => "passed",
            GateOutcome::Expired => "timed_out",
            GateOutcome::Tailgated => "tailgated",
            GateOutcome::Reversed => "wrong_way",
            GateOutcome::HeldOpen => "held_open",
            GateOutcome::Forced => "forced",
            GateOutcome::Failed(()) => "failed",
            GateOutcome::Unknown => "unknown",
        }
    }
}

/// Something that checks people in. Called from several threads at once; every call ends by its deadline.
pub trait CheckIn: Send + Sync {
    /// Whether it can judge this person: what WeChat has vouched for, everybody can; a voucher, or a document that was
    /// only read or typed, only a system that knows them.
    fn judges(&self, identity: &Identity) -> bool;

    /// How many members of its answers were passed over since the start because nobody here knows them.
    fn passed_over(&self) -> u64 {
        0
    }

    /// Checks a person in. MUST answer the same for the same session.
    ///
    /// # Errors
    /// Why there is no decision; MUST say so when the request may have been carried out.
    fn check_in(&self, request: &Request, deadline: Deadline) -> Result<CheckInAnswer, Undecided>;

    /// What could be confirmed for this person, by its choice; confirms nothing. Only of systems that list.
    ///
    /// # Errors
    /// Why nobody can say.
    #[cfg(feature = "hospital")]
    fn offers(&self, _request: &Request, _deadline: Deadline) -> Result<Offer, Undecided> {
        Err(Undecided::surely(Code::X001))
    }

    /// Somebody was decided about in its place while it was away: it is asked later what it knows of the session.
    #[cfg(feature = "hospital")]
    fn was_stood_in_for(&self, _request: &Request) {}

    /// Which part of it could not be asked last, where the rest could.
    fn half_failed(&self) -> Option<Failure> {
        None
    }

    /// Takes a check-in back: nobody went through. Succeeds too where there is nothing to take back.
    fn annul(&self, session: SessionId, deadline: Deadline) -> Result<(), Failure>;

    /// What became of a session; sends no name. MUST NOT check anybody in.
    fn resolve(&self, session: SessionId, deadline: Deadline) -> Result<Resolution, Failure>;

    /// Nobody reaches it, people are sent on at once, and it is time to look whether it is back.
    fn is_to_be_looked_for(&self) -> bool {
        false
    }

    /// Looks whether it is back, asking about nobody. An adapter that cannot leaves it to the next person.
    fn look_for(&self, _deadline: Deadline) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether it wants to know who went through a gate.
    fn hears_passages(&self) -> bool {
        false
    }

    /// Tells what became of a grant. Comes again, with the same report, until it succeeds.
    fn passage(&self, _passage: &Passage, _deadline: Deadline) -> Result<(), Failure> {
        Ok(())
    }
}

/// Who decides while the site's system is away.
pub trait Deputy: Send + Sync {
    /// The decision in its place; nothing where staff decide.
    fn decide(&self, request: &Request, undecided: &Undecided, deadline: Deadline) -> Option<CheckInAnswer>;

    /// What is looked for from time to time, as the site's system is.
    fn looked_after(&self) -> Option<Arc<dyn CheckIn>> {
        None
    }
}

/// Everybody goes to staff.
pub struct Nobody;

impl Deputy for Nobody {
    fn decide(&self, _: &Request, _: &Undecided, _: Deadline) -> Option<CheckInAnswer> {
        None
    }
}
