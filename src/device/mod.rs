//! Real drivers over embedded-hal and byte streams: panel, printer, gate.
//!
//! The wire is the only thing that is ever simulated: on the simulated board these very drivers run, and a twin parses
//! their bytes at the other end. Only `linux` opens real lines, buses and ports.
//!
//! What it does not do: decide what is shown, printed or opened, or keep a name beyond the call that draws it.

mod gate;
mod gb;
mod glyph;
mod indicator;
mod inputs;
#[cfg(feature = "turnstile")]
mod interlock;
mod late;
pub mod linux;
mod missing;
pub mod panel;
#[cfg(feature = "glyphs")]
mod parted;
mod port;
mod printer;
#[cfg(feature = "turnstile")]
mod siren;
#[cfg(feature = "turnstile")]
pub mod turnstile;
#[cfg(feature = "screen")]
mod typeset;
#[cfg(feature = "voice")]
pub mod voice;

use std::{io, time::Duration};

#[cfg(feature = "screen")]
pub use self::typeset::{Glyph, Line, Shape, Typesetter};
pub use self::{
    gate::{GateTiming, LineGate, Passage},
    glyph::{Bitmap, Fonts},
    indicator::{Lamp, Lamps, Sounds},
    inputs::{Debouncer, InputLine},
    late::LatePanel,
    port::Port,
    printer::{Ack, Encoded, EscPosPrinter, House, Layout, Profile, ProfileError, SlipLogo, Template, slip_bytes},
};
#[cfg(feature = "turnstile")]
pub use self::{interlock::interlocked, siren::Alarmed};
pub(crate) use self::{
    missing::note_missing,
    printer::{BusyLine, Opener},
};
use crate::{
    fault::{Code, Cure, Fault},
    kiosk::{Button, GateOutcome, Grant, OutOfService, PrintOutcome, Scene, Signal, Slip},
    words::{JobId, Moment, SessionId},
};

/// A panel. Lives on a thread of its own and may block there for a second.
pub trait Panel: Send {
    /// Draws a scene in place of the last one. On failure the panel may show either; the next call draws everything.
    fn show(&mut self, scene: &Scene) -> Result<Drawn, DeviceError>;

    /// The same, and nothing that the panel was told before is relied on: a dip of its supply may have made it forget.
    /// MUST NOT flicker where it has not, and brings back nothing but this scene.
    fn refresh(&mut self, scene: &Scene) -> Result<Drawn, DeviceError>;
}

/// A printer. Lives on a thread of its own; one job at a time.
pub trait Printer: Send {
    /// Asks the printer how it is; nothing is printed.
    fn status(&mut self) -> Result<PrinterStatus, DeviceError>;

    /// Characters of the slips since the last call that it cannot draw.
    fn missing(&mut self) -> Vec<char>;

    /// Asks ahead, because a slip may follow: what is well a moment before need not be asked again.
    fn prepare(&mut self);

    /// Looks after the printer while nothing is printed: how it is, whether a slip waits to be taken.
    fn tend(&mut self) -> Tended;

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

    /// Switches what is due.
    fn handle_timeout(&mut self, now: Moment) -> Vec<GateEvent>;

    /// A sensor of the gate began or ceased to be active.
    fn sensed(&mut self, now: Moment, sensor: GateSensor, active: bool) -> Vec<GateEvent>;

    /// While there is a reason nothing is opened by us: the fire input is active (G807), or nobody can say whether it is
    /// (D602).
    fn hold(&mut self, why: Option<Code>) -> Vec<GateEvent>;

    /// Looks after the output while it is not active: takes its line where it is not ours, at its safe value. Fails for
    /// as long as that cannot be; nothing is opened until it has succeeded.
    fn tend(&mut self) -> Result<(), DeviceError>;

    /// The longest from a grant's beginning to its end.
    fn takes(&self) -> Duration;

    /// Puts the output to its safe value at once.
    fn safe(&mut self) -> Result<(), DeviceError>;
}

/// Lights and a buzzer. Live on the outputs thread too.
pub trait Indicator: Send {
    /// Begins a signal in place of the last one.
    fn indicate(&mut self, now: Moment, signal: Signal) -> Result<(), DeviceError>;

    /// From now on nothing is heard, or something is; whoever is to leave the house hears it nevertheless.
    fn hush(&mut self, quiet: bool);

    /// When [`Indicator::handle_timeout`] is due.
    fn poll_timeout(&self) -> Option<Moment>;

    /// Switches what is due.
    fn handle_timeout(&mut self, now: Moment) -> Result<(), DeviceError>;

    /// Looks after the outputs: takes the lines that are not ours. Fails while one cannot be switched; the others go on.
    fn tend(&mut self) -> Result<(), DeviceError>;

    /// Everything off.
    fn safe(&mut self) -> Result<(), DeviceError>;
}

/// The input lines of a board. Live on a thread of their own, so that the fire input reaches the outputs thread
/// whatever the loop is at.
pub trait InputLines: Send {
    /// Looks at every line, and takes those that are not ours.
    fn look(&mut self) -> Seen;

    /// Waits for a change of a line that is ours: its index, and whether it is physically high now; nothing when
    /// patience ended first. After a failure the lines are to be looked at. `NotConnected`: there will be no more.
    fn wait(&mut self, patience: Duration) -> io::Result<Option<(usize, bool)>>;

    /// The kernel debounces already.
    fn is_debounced(&self) -> bool;
}

/// What a look at input lines came to.
#[derive(Debug, Default)]
pub struct Seen {
    /// Lines by their index, and whether each is physically high.
    pub levels: Vec<(usize, bool)>,
    /// Lines that cannot be read, and why.
    pub absent: Vec<(usize, DeviceError)>,
}

/// What happened at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateEvent {
    /// A grant ended.
    Ended(SessionId, GateOutcome),
    /// Something that no grant allowed; behind whom, if that is known.
    Alarm(Option<SessionId>, GateOutcome),
}

impl GateEvent {
    /// The operator's code, where there is one.
    pub fn code(self) -> Option<Code> {
        match self {
            Self::Ended(_, outcome) | Self::Alarm(_, outcome) => outcome.code(),
        }
    }

    /// Whose grant, or behind whom.
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::Ended(session, _) => Some(session),
            Self::Alarm(session, _) => session,
        }
    }
}

/// A sensor of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateSensor {
    /// The controller's contact, or the first light barrier.
    Passage,
    /// The second light barrier.
    Exit,
    /// The door's contact.
    Door,
}

/// What an input line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The fire alarm.
    Fire,
    /// Belongs to the gate.
    Gate(GateSensor),
    /// The case is open.
    Tamper,
    /// A button.
    Button(Button),
    /// A key switch.
    OutOfService(OutOfService),
    /// The printer's roll is nearly out.
    PaperLow,
    /// The printer has no paper.
    PaperOut,
}

/// What drawing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Characters that this panel cannot draw; ＊ stands in their place.
    pub missing: Vec<char>,
    /// There is more than a picture holds: shown again each second, its pages are turned.
    pub turns: bool,
}

/// What tending a printer came to.
#[derive(Debug)]
pub struct Tended {
    /// How it is, or why it does not answer.
    pub status: Result<PrinterStatus, DeviceError>,
    /// A slip that nobody took was drawn back (P708).
    pub drawn_back: bool,
    /// When to look again.
    pub again: Duration,
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
    #[error("the printer at {at}")]
    Port {
        /// The port, as the board file names it.
        at: String,
        /// The system's own error.
        #[source]
        source: io::Error,
    },
    /// A gate's line failed.
    #[error("the gate's line failed: {0}")]
    Line(String),
    /// The site's system gave no number that the gate's controller takes; the largest that it does.
    #[cfg(feature = "turnstile")]
    #[error("the site's answer has no gate-credential from 0 to {0}")]
    Number(u32),
    /// The line of a light or buzzer failed.
    #[error("a light's line failed: {0}")]
    Light(String),
    /// A device could not be opened.
    #[error("{what}: cannot be opened: {reason}")]
    Open {
        /// Which device, as the board file names it.
        what: String,
        /// The system's or the driver's own words.
        reason: String,
        /// Its code.
        code: Code,
    },
}

impl DeviceError {
    /// The device is not there, or not ours, for now: waiting may cure it. What stands in a file is not cured by waiting.
    pub(crate) fn is_absence(&self) -> bool {
        !matches!(self.code(), Code::C101 | Code::C102 | Code::C103)
    }
}

impl Fault for DeviceError {
    fn code(&self) -> Code {
        match self {
            Self::Bus(_) => Code::D601,
            Self::Port { .. } => Code::P701,
            Self::Line(_) => Code::G801,
            #[cfg(feature = "turnstile")]
            Self::Number(_) => Code::G816,
            Self::Light(_) => Code::D602,
            Self::Open { code, .. } => *code,
        }
    }

    /// A cable has no part in a socket, nor a baud rate in a network.
    fn cure(&self) -> Option<Cure> {
        let Self::Port { at, source } = self else { return None };
        match (at.split_once(':')?.0, source.kind()) {
            ("unix", _) => Some(Cure::PrintersProgram),
            ("tcp", io::ErrorKind::ConnectionRefused) => Some(Cure::PortClosed),
            ("tcp", io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => Some(Cure::NoRoute),
            _ => None,
        }
    }
}
