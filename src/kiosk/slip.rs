//! What a printer prints.

use super::SceneKind;
use crate::{
    fault::Code,
    words::{Admission, SessionId, ShownName, WallTime},
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
    /// The person had this number before.
    pub already: bool,
    /// When the decision fell.
    pub at: WallTime,
    /// Nobody could decide: what staff need of the visit, in place of all else.
    pub sent_away: Option<SentAway>,
}

/// What somebody brings to staff who could not be checked in because WeChat or the site's system was away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentAway {
    /// By which the visit stands in the journal.
    pub session: SessionId,
    /// `failed`: surely not checked in; `unknown`: perhaps.
    pub kind: SceneKind,
    /// Whose fault it is.
    pub code: Code,
}
