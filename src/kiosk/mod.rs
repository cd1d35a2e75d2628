//! The core: one state machine for all lanes. It decides everything a person sees, and does nothing.
//!
//! No clock, socket, pin, file, thread or randomness: time is an argument, inputs are what happened, outputs are what to
//! do. The driver (`service`) keeps one invariant:
//!
//! 1. hand over one [`Input`] with [`Kiosk::handle`];
//! 2. drain [`Kiosk::poll_output`] until it is empty, carrying out each output;
//! 3. ask [`Kiosk::poll_timeout`] and wait for the next input or that moment, whichever is first;
//! 4. at that moment call [`Kiosk::handle_timeout`], and drain again.
//!
//! What it does not do: retry a lookup (that is `identity`, within patience), schedule a pulse (that is the outputs
//! thread), or lay out a scene (that is `device` and `terminal`).

mod annulment;
mod awaited;
mod card;
mod choices;
mod directions;
mod ending;
mod flow;
mod frames;
mod grants;
mod input;
mod lane;
mod machine;
mod output;
mod phrases;
mod pictogram;
mod posting;
mod record;
mod scene;
mod session;
mod settings;
mod signal;
mod slip;
#[cfg(feature = "voice")]
mod speech;
mod surroundings;
mod tone;
mod verdict;
mod view;

pub use input::{Arrival, Button, Device, GateOutcome, Input, OutOfService, PrintOutcome};
pub use machine::Kiosk;
pub use output::{AckStatus, CheckInRequest, Grant, Outcome, OutcomeResult, Output, RecordTicket};
pub use phrases::{NARROWEST, Phrase, Phrases, PhrasesError, Wording};
pub use pictogram::Pictogram;
pub use posting::Posting;
pub use record::{Record, Refusal, Unfinished};
pub use scene::{NextStep, Scene, SceneKind, SceneOption};
#[cfg(feature = "turnstile")]
pub use settings::Gates;
pub use settings::{CardUses, Intent, KioskSettings, LaneSettings, OtherWay, Privacy, WithoutWeChat};
pub use signal::Signal;
pub use slip::{Again, SentAway, Slip};
#[cfg(feature = "voice")]
pub use speech::{Clip, Lexicon, LexiconError, Speech};
pub use tone::Tone;
pub use view::{Count, Health, LaneView, Picture, Tally};
