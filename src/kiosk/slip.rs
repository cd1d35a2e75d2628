//! What a printer prints.

use crate::words::{Admission, ShownName, WallTime};

/// A slip, as values; the printer's profile and layout turn it into bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}
