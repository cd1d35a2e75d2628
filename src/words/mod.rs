//! The values of the trade. Parsed once at the edge, passed around by type, and no more than values:
//! nothing here opens, sends, waits or remembers.
//!
//! What identifies a person ([`FaceSid`], [`RealName`], [`CredentialId`], [`OpenId`], [`UnionId`]) wipes itself on
//! drop, has no `Display`, and prints `[redacted]` under `Debug` — always, not by feature.

mod answer;
mod cells;
mod clock;
mod contact;
mod credential;
mod document;
mod face_sid;
mod gate_number;
mod identity;
mod lane;
mod language;
mod mask;
mod name;
mod private;
mod quiet;
mod serial_no;
mod session;
pub(crate) mod setting;
mod surnames;
mod text;
mod visit;
mod way_in;
mod when;

pub use answer::{Admission, CheckInAnswer, Choice, Hindrance, Resolution};
pub(crate) use cells::{alone, cells, columns, drawn, letter, width};
pub use clock::{Clock, Deadline, Moment, Now, Stamp, WallTime};
pub(crate) use clock::{RELEASED, ServiceDay};
pub use contact::Contact;
pub use credential::{Credential, CredentialId, CredentialType};
pub use face_sid::{FaceSid, FaceSidError};
pub use gate_number::GateNumber;
pub use identity::{Identity, OpenId, UnionId};
pub use lane::{LaneId, NameStyle, PeerId, Purpose};
pub use language::Language;
pub(crate) use mask::{masked_credential, masked_name};
pub use name::{RealName, ShownName};
pub use private::Private;
pub use quiet::{Hours, Quiet};
pub use serial_no::SerialNo;
pub use session::{JobId, SessionId, SessionIdError};
pub(crate) use surnames::COMPOUND_SURNAMES;
pub use surnames::SURNAMES;
pub use text::Text;
pub(crate) use text::is_unseen;
pub use visit::{HalfDay, LabelledField, PatientId, Sequence, Slot, Visit};
pub use way_in::{
    AuthInfoGrant, AuthInfoWanted, Card, InfoType, MerchantPick, RealnameClaim, Voucher, VoucherKind, WayIn,
};
pub use when::When;
