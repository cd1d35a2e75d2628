//! A hospital's HL7 version 2 interface: the arrival told over MLLP, and today's visits asked for where it answers that.
//! Documented in HL7.md.
//!
//! ```text
//! adapter ─▶ message  segments, escapes, paths     settings  who we are, which messages, where values stand
//!         ─▶ line     one connection, one message in flight ─▶ frame  where a message begins and ends
//! ```

mod adapter;
mod frame;
mod line;
mod message;
mod settings;
mod visit;

pub use self::{adapter::Hl7, settings::Hl7Settings};
