//! Gates whose controller is spoken with: asked to open, asked how it stands, and believed only in what it answers.
//!
//! One bus is one thread: it writes, waits and asks again, so that no gate waits for another's wire. What a grant comes
//! to is decided by [`passage`] alone, which knows neither bytes nor clocks; [`table`] and [`frame`] say what one maker's
//! controller understands.
//!
//! An opening is written at most once for a grant, and never again: where its answer is lost, the controller is asked how
//! it stands. "Opened" is what it says, "passed" what it counted.

mod bus;
mod coil;
mod frame;
mod gate;
mod passage;
mod table;
mod wiegand;

use std::time::Duration;

pub use self::{
    bus::{Member, bus},
    coil::Coil,
    gate::BusGate,
    passage::{Done, Passageway},
    table::{Framing, Table, TableError, Turnstile},
    wiegand::{NumberBits, Wiegand},
};

/// One of a gate's two directions, as its controller calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// What a controller can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// How it stands.
    Status,
    /// One person may go through.
    Open(Side),
    /// Nobody may go through any more.
    Close,
}

/// What a controller says of its gate; what it does not say is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether it stands open.
    pub state: State,
    /// How many went through, by side; counted within [`Manner::count_mask`].
    pub passed: [Option<u32>; 2],
    /// What disturbs it: somebody close behind, the wrong way, held open, force.
    pub alarms: [bool; 4],
    /// The number of its fault.
    pub fault: Option<u32>,
}

/// How a gate stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It does not say.
    #[default]
    Unsaid,
    /// Nobody may go through.
    Closed,
    /// Somebody may.
    Open(Side),
    /// Something else: it moves.
    Between,
}

/// What is to be known of a controller beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// No answer comes after this.
    pub answer_within: Duration,
    /// So many questions in a row may stay without an answer.
    pub retries: u8,
    /// How often it is asked how it stands, while nobody goes through.
    pub poll: Duration,
    /// An opening shows within this, or was not carried out.
    pub opens_within: Duration,
    /// It says whether it stands open: then that, and no answer, is what confirms an opening.
    pub knows_state: bool,
    /// It counts who goes through.
    pub counts: bool,
    /// The largest count.
    pub count_mask: u32,
    /// It can be told to close.
    pub closes: bool,
    /// It stands open until it is told to close, which it is after this.
    pub pulse: Option<Duration>,
}

/// Whatever is asked over a bus: its bytes.
pub trait Controller: Send {
    /// What is written to ask for this; none where it cannot be asked.
    fn request(&self, action: Action) -> Option<Vec<u8>>;

    /// The answer among what was heard since; none while it is not there as a whole.
    fn answer(&self, action: Action, heard: &[u8]) -> Option<Status>;

    /// How it is spoken with.
    fn manner(&self) -> Manner;
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Left, Self::Right];

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Left => 0,
            Self::Right => 1,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}
