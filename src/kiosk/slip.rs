//! What a printer prints.

use super::{OutcomeResult, SceneKind};
use crate::{
    fault::Code,
    words::{Admission, SessionId, ShownName, Text, WallTime},
};

/// A slip, as values; the printer's profile and layout turn it into bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slip {
    /// The person's name as the site lets it be printed.
    pub name: Option<ShownName>,
    /// Number, place, notes, QR payload.
    pub admission: Admission,
    /// Staff asked for it again: marked 补打.
    pub reprint: bool,
    /// The person was here before.
    pub again: Option<Again>,
    /// When the decision fell.
    pub at: WallTime,
    /// The site's system did not decide: what staff need of the visit, in place of all else where there is no number.
    pub sent_away: Option<SentAway>,
}

impl Slip {
    /// Of somebody who is in; a number that is still to be verified says so, and by what it is found.
    pub(crate) fn of(session: SessionId, admission: Admission) -> Self {
        let to_verify = SentAway { session, kind: SceneKind::ToVerify, code: Code::J510 };
        Self { sent_away: admission.to_verify.then_some(to_verify), admission, ..Self::default() }
    }

    /// What a printer is tried with: nobody's, with all that a slip can bear.
    pub(crate) fn test(at: WallTime) -> Self {
        let admission = Admission {
            number: Some(Text::clean("A000")),
            place: Some(Text::clean("测试")),
            notes: vec![Text::clean("0123456789 ABCDEFGHIJKLMNOPQRST")],
            qr: Text::payload("facemchd test"),
            ..Admission::default()
        };
        Self { admission, at, ..Self::default() }
    }
}

/// What has become of somebody who was here before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// They were in already: the same number.
    Already,
    /// They had missed their call, and are in the queue anew.
    ReQueued,
}

impl Again {
    /// Nothing where they come for the first time.
    pub(super) fn of(result: OutcomeResult) -> Option<Self> {
        match result {
            OutcomeResult::Already => Some(Self::Already),
            OutcomeResult::ReQueued => Some(Self::ReQueued),
            _ => None,
        }
    }
}

/// What somebody brings to staff who could not be checked in because WeChat or the site's system was away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentAway {
    /// By which the visit stands in the journal.
    pub session: SessionId,
    /// `failed`: surely not checked in; `unknown`: perhaps; `to_verify`: by a number of ours.
    pub kind: SceneKind,
    /// Whose fault it is.
    pub code: Code,
}
