//! The values of the trade. Parsed once at the edge, passed around by type, and no more than values:
//! nothing here opens, sends, waits or remembers.
//!
//! What identifies a person ([`FaceSid`], [`RealName`], [`CredentialId`], [`OpenId`], [`UnionId`]) wipes itself on
//! drop, has no `Display`, and prints `[redacted]` under `Debug` — always, not by feature.

mod answer;
mod clock;
mod credential;
mod face_sid;
mod identity;
mod lane;
mod language;
mod mask;
mod private;
mod serial_no;
mod session;
mod text;
mod way_in;

pub use answer::{Admission, CheckInAnswer, Choice, Resolution};
pub use clock::{Clock, Deadline, Moment, Now, RELEASED, ServiceDay, WallTime};
pub use credential::{Credential, CredentialId, CredentialType};
pub use face_sid::{FaceSid, FaceSidError};
pub use identity::{Identity, OpenId, RealName, ShownName, UnionId};
pub use lane::{LaneId, Mode, NameStyle, PeerId};
pub use language::Language;
pub use mask::{masked_credential, masked_name};
pub use private::Private;
pub use serial_no::SerialNo;
pub use session::{JobId, SessionId, SessionIdError};
pub use text::Text;
pub use way_in::{AuthInfoGrant, AuthInfoWanted, Card, MerchantPick, RealnameClaim, WayIn};
