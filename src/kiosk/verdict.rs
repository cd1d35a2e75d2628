//! How a session ends, and what the person is told: the one table of outcomes.

use super::{NextStep, OutcomeResult, Record, Refusal, SceneKind, WithoutWeChat};
use crate::{
    fault::{Code, Remedy, Trouble, Whose},
    words::{Admission, CheckInAnswer, Choice, Hindrance, SessionId, Text, When},
};

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) result: OutcomeResult,
    pub(super) code: Option<Code>,
    /// Why the site's system refused.
    pub(super) why: Option<Refusal>,
    pub(super) kind: SceneKind,
    pub(super) detail: Option<Text>,
    pub(super) hindrance: Option<Hindrance>,
    /// From when, or until when.
    pub(super) time: Option<When>,
    pub(super) next: Option<NextStep>,
    /// Number and slip; only of somebody who is checked in.
    pub(super) admission: Option<Admission>,
}

/// What a check-in answer asks for.
pub(super) enum Reading {
    /// The session ends.
    End(Verdict),
    /// The person picks.
    Pick(Vec<Choice>),
    /// Nobody knows; the site's system is asked later.
    Unknown(Code),
}

impl Verdict {
    fn new(result: OutcomeResult, code: Option<Code>, kind: SceneKind, next: Option<NextStep>) -> Self {
        Self { result, code, why: None, kind, detail: None, hindrance: None, time: None, next, admission: None }
    }

    /// A lookup brought nobody, or something failed before the site's system decided.
    pub(super) fn failed(trouble: impl Into<Trouble>) -> Self {
        let Trouble { code, remedy } = trouble.into();
        let (kind, next) = match remedy {
            Remedy::Again => (SceneKind::LookAgain, NextStep::LookAgain),
            Remedy::Wait => (SceneKind::TookTooLong, NextStep::LookAgain),
            Remedy::OtherWay => (SceneKind::Failed, NextStep::OtherWay),
            Remedy::Staff => (SceneKind::Failed, NextStep::StaffWindow),
        };
        Self::new(OutcomeResult::Failed, Some(code), kind, Some(next))
    }

    /// WeChat has not said who it is.
    pub(super) fn not_known(trouble: Trouble, policy: WithoutWeChat) -> Self {
        let is_away = matches!(trouble.code.whose(), Some(Whose::Network | Whose::WeChat));
        let remedy = match (trouble.remedy, policy) {
            (Remedy::Staff, WithoutWeChat::OtherWay) if is_away => Remedy::OtherWay,
            (remedy, _) => remedy,
        };
        Self::failed(Trouble { remedy, ..trouble })
    }

    /// The closing record of a session that ends so.
    pub(super) fn closing(&self, session: SessionId) -> Record {
        Record::Closed { session, result: self.result, why: self.why, code: self.code }
    }

    /// The person gave up, did not agree, did not choose, or another person came.
    pub(super) fn cancelled(code: Option<Code>) -> Self {
        Self::new(OutcomeResult::Cancelled, code, SceneKind::Cancelled, Some(NextStep::LookAgain))
    }

    /// The program stops.
    pub(super) fn interrupted() -> Self {
        let next = Some(NextStep::StaffWindow);
        Self::new(OutcomeResult::Interrupted, Some(Code::X002), SceneKind::OutOfOrder, next)
    }

    /// The person wants another way in.
    pub(super) fn other_way() -> Self {
        Self::new(OutcomeResult::Cancelled, None, SceneKind::OtherWay, Some(NextStep::OtherWay))
    }

    /// Nobody went through the gate: whoever did not go in time may look again.
    pub(super) fn annulled(code: Code) -> Self {
        let (kind, next) = match code {
            Code::G803 => (SceneKind::Cancelled, NextStep::LookAgain),
            _ => (SceneKind::Failed, NextStep::StaffWindow),
        };
        Self::new(OutcomeResult::Annulled, Some(code), kind, Some(next))
    }

    /// The person went through after all, in a later session.
    pub(super) fn used() -> Self {
        Self::new(OutcomeResult::CheckedIn, None, SceneKind::Admitted, None)
    }

    /// Nobody knows whether the check-in was carried out.
    pub(super) fn unknown(code: Code) -> Self {
        Self::new(OutcomeResult::Unknown, Some(code), SceneKind::Unknown, Some(NextStep::StaffWindow))
    }

    /// WeChat or the site's system was not to be had, and staff go on.
    pub(super) fn is_of_others_that_are_away(&self) -> bool {
        self.next == Some(NextStep::StaffWindow)
            && matches!(self.result, OutcomeResult::Failed | OutcomeResult::Unknown)
            && self.code.is_some_and(Code::is_of_others)
    }

    /// Something failed while it was carried out; the first code counts.
    pub(super) fn add(&mut self, code: Option<Code>) {
        self.code = self.code.or(code);
    }

    /// Reads the site's answer.
    pub(super) fn of_answer(answer: CheckInAnswer) -> Reading {
        let refused = |kind, why| {
            let next = Some(NextStep::StaffWindow);
            Self { why: Some(why), ..Self::new(OutcomeResult::Refused, None, kind, next) }
        };
        let admitted = |result, kind, admission: Admission| {
            let detail = admission.place.clone();
            // A gate that lets through by a list has no number to be verified.
            let (kind, next) = match admission.to_verify && admission.number.is_some() {
                true => (SceneKind::ToVerify, Some(NextStep::StaffWindow)),
                false => (kind, None),
            };
            let code = admission.to_verify.then_some(Code::J510);
            Reading::End(Self { detail, admission: Some(admission), ..Self::new(result, code, kind, next) })
        };
        match answer {
            CheckInAnswer::Admitted(admission) => admitted(OutcomeResult::CheckedIn, SceneKind::Admitted, admission),
            CheckInAnswer::Already(admission) => admitted(OutcomeResult::Already, SceneKind::Already, admission),
            CheckInAnswer::ReQueued(admission) => admitted(OutcomeResult::ReQueued, SceneKind::ReQueued, admission),
            CheckInAnswer::Choose(mut options) => {
                options.truncate(CheckInAnswer::MAX_CHOICES);
                if options.is_empty() {
                    Reading::End(refused(SceneKind::NotFound, Refusal::NotFound))
                } else {
                    Reading::Pick(options)
                }
            }
            CheckInAnswer::NotFound => Reading::End(refused(SceneKind::NotFound, Refusal::NotFound)),
            CheckInAnswer::TooEarly(time) => {
                // Whoever knows when need not ask anybody.
                let next = Some(if time.is_some() { NextStep::ComeBack } else { NextStep::StaffWindow });
                Reading::End(Self { time, next, ..refused(SceneKind::TooEarly, Refusal::TooEarly) })
            }
            CheckInAnswer::TooLate(time) => {
                Reading::End(Self { time, ..refused(SceneKind::TooLate, Refusal::TooLate) })
            }
            CheckInAnswer::Refused(detail) => {
                Reading::End(Self { detail, ..refused(SceneKind::Refused, Refusal::Refused) })
            }
            CheckInAnswer::Hindered(hindrance) => Reading::End(Self {
                hindrance: Some(hindrance),
                ..refused(SceneKind::Refused, Refusal::Hindered(hindrance))
            }),
            CheckInAnswer::Unavailable(trouble) => Reading::End(Self::failed(trouble)),
            CheckInAnswer::Unknown(code) => Reading::Unknown(code),
        }
    }
}
