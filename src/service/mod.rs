//! The only room that does things: the loop, the threads behind bounded channels, the clock, systemd.
//!
//! The loop hands one input to the core, carries out every output, and waits. It never blocks: everything that could is
//! on a thread of its own — the store, the outputs, the lookup workers, the check-in, one per panel, one per printer.
//! It decides nothing; what a person sees is decided in `kiosk`.

mod carry;
mod checkins;
mod clock;
mod daemon;
mod errands;
mod inputs;
mod jobs;
mod journalist;
mod lookups;
mod notify;
mod outputs;
mod panels;
mod printers;
mod reload;
mod requests;
mod staff;
mod worker;

pub use clock::SystemClock;
pub use daemon::{Control, LanePart, PanelPart, Parts, Reloaded, ServiceError, Summary, serve};
pub use inputs::InputPart;
pub use staff::{SOCKET, StaffMode, StaffReply, StaffRequest};

use crate::kiosk::Input;

/// The way of everything that happens into the loop.
type Inputs = tokio::sync::mpsc::Sender<Input>;
