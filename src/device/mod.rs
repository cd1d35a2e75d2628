//! Real drivers over embedded-hal and byte streams: panel, printer, gate.
//!
//! The wire is the only thing that is ever simulated: on the simulated board these very drivers run, and a twin parses
//! their bytes at the other end. Only `linux` opens real lines, buses and ports.
//!
//! What it does not do: decide what is shown, printed or opened, or keep a name beyond the call that draws it.

mod gate;
mod gb;
mod glyph;
mod layout;
pub mod linux;
mod port;
mod printer;
mod st7920;

use std::io;

pub use self::{
    gate::{GateTiming, LineGate},
    layout::text_lines,
    port::Port,
    printer::{EscPosPrinter, Opener, Profile, ProfileError, slip_bytes},
    st7920::St7920,
};
use crate::{
    fault::{Code, Fault},
    kiosk::{GateOutcome, Grant, PrintOutcome, Scene, Slip},
    words::{JobId, Moment, SessionId},
};

/// A panel. Lives on a thread of its own and may block there for a second.
pub trait Panel: Send {
    /// Draws a scene in place of the last one. On failure the panel may show either; the next call draws everything.
    fn show(&mut self, scene: &Scene) -> Result<Drawn, DeviceError>;
}

/// A printer. Lives on a thread of its own; one job at a time.
pub trait Printer: Send {
    /// Asks the printer how it is; nothing is printed.
    fn status(&mut self) -> Result<PrinterStatus, DeviceError>;

    /// Asks ahead, because a slip may follow: what is well a moment before need not be asked again.
    fn prepare(&mut self);

    /// Prints one slip. MUST answer `NotPrinted` only when nothing of the job reached the printer, and `Unknown` when
    /// the printer did not acknowledge its end; MUST send nothing after `deadline`.
    fn print(&mut self, job: JobId, slip: &Slip, deadline: Moment) -> PrintOutcome;
}

/// A gate. Lives on the outputs thread, which calls it at its deadlines; never blocks.
pub trait Gate: Send {
    /// Carries out a grant once; a grant of a session that had one is nothing. Answers at once only when it is refused.
    fn open(&mut self, now: Moment, grant: Grant) -> Option<GateOutcome>;

    /// When [`Gate::handle_timeout`] is due.
    fn poll_timeout(&self) -> Option<Moment>;

    /// Switches what is due, and tells how grants ended.
    fn handle_timeout(&mut self, now: Moment) -> Vec<(SessionId, GateOutcome)>;

    /// Puts the output to its safe value at once.
    fn safe(&mut self) -> Result<(), DeviceError>;
}

/// What drawing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Characters that this panel cannot draw; ＊ stands in their place.
    pub missing: Vec<char>,
}

/// How a printer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrinterStatus {
    /// Why it does not print (P702–P704), if it does not.
    pub fault: Option<Code>,
    /// The roll is nearly out.
    pub paper_low: bool,
}

/// Why a device does not work.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The bus to a panel failed.
    #[error("the panel's bus failed: {0}")]
    Bus(String),
    /// A printer's port failed or gave no answer.
    #[error("the printer's port failed")]
    Port(#[source] io::Error),
    /// A gate's line failed.
    #[error("the gate's line failed: {0}")]
    Line(String),
    /// A device could not be opened.
    #[error("{what}: cannot be opened: {reason}")]
    Open {
        /// Which device, as the board file names it.
        what: String,
        /// Why.
        reason: String,
        /// Its code.
        code: Code,
    },
}

impl Fault for DeviceError {
    fn code(&self) -> Code {
        match self {
            Self::Bus(_) => Code::D601,
            Self::Port(_) => Code::P701,
            Self::Line(_) => Code::G801,
            Self::Open { code, .. } => *code,
        }
    }
}
