//! The only room that does things: the loop, the threads behind bounded channels, the clock, systemd.
//!
//! The loop hands one input to the core, carries out every output, and waits. It never blocks: everything that could is
//! on a thread of its own — the store, the outputs, the lookup workers, the check-in, one per panel, one per printer.
//! It decides nothing; what a person sees is decided in `kiosk`.

#[cfg(feature = "page")]
mod backstage;
mod carry;
mod channel;
mod checkins;
mod clock;
mod daemon;
mod errands;
#[cfg(feature = "page")]
mod exercises;
mod facts;
mod failures;
#[cfg(feature = "page")]
mod faults;
mod funnel;
#[cfg(test)]
mod heard;
mod inputs;

mod journalist;
mod lateness;
#[cfg(feature = "page")]
mod ledger;
mod lookups;
#[cfg(feature = "page")]
mod metrics;
mod notify;
mod outputs;
mod panels;
mod parts;
mod passages;
#[cfg(feature = "page")]
mod postings;
mod printers;
mod reload;
mod requests;
#[cfg(feature = "hospital")]
mod settling;
mod sites;
mod slips;
mod staff;
mod start;
pub mod status;
#[cfg(feature = "page")]
mod stopwatch;
mod tap;
#[cfg(feature = "voice")]
mod voices;
mod window;
mod worker;

pub use clock::SystemClock;
pub use daemon::serve;
pub use inputs::InputPart;
#[cfg(feature = "page")]
pub use ledger::DayRule;
pub use parts::{Control, LanePart, PanelPart, Parts, Reloaded, ServiceError, Summary};
pub use staff::SOCKET;
pub(crate) use staff::{Said, StaffMode, StaffReply, StaffRequest};
pub use tap::Tap;
#[cfg(feature = "voice")]
pub use voices::VoicePart;

use self::failures::Inputs;
