//! What the loop is given, what it can be told, and what it comes to.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use super::{inputs::InputPart, tap::Tap};
#[cfg(feature = "page")]
use crate::page;
use crate::{
    checkin::{Deputy, Systems},
    device::{Gate, Indicator, Panel, Printer},
    fault::{Code, Cure, Failure, Fault},
    identity::Merchants,
    kiosk::{self, Device, Unfinished},
    store::{Collector, Correlator, Journal},
    terminal,
    words::{Clock, Purpose, Quiet},
};

/// Everything the loop drives, opened and checked.
pub struct Parts {
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    /// The core's settings.
    pub kiosk: kiosk::KioskSettings,
    /// Sessions that the last run left open.
    pub unfinished: Vec<Unfinished>,
    /// The truth.
    pub journal: Journal,
    /// What was damaged and has been mended.
    pub salvaged: Vec<Failure>,
    /// Keyed hashes for the check-in.
    pub correlator: Arc<Correlator>,
    /// Who is this?
    pub merchants: Arc<Merchants>,
    /// How many lookups at once.
    pub lookup_workers: usize,
    /// A person's patience.
    pub patience: Duration,
    /// How long the site's system may take for somebody.
    pub site_patience: Duration,
    /// The site's systems.
    pub checkin: Systems,
    /// Who decides while one of them is away.
    pub deputy: Arc<dyn Deputy>,
    /// Who went through, for a site's system that may want to know; none where the numbers are given here.
    pub passages: Option<Collector>,
    /// What was decided here while a site's system was away, to be matched when it is back; none where nothing is.
    #[cfg(feature = "hospital")]
    pub provisional: Option<Collector>,
    /// Where staff speak to the daemon: a folder for the socket; none for nobody.
    pub staff: Option<PathBuf>,
    /// The lanes, in the site file's order.
    pub lanes: Vec<LanePart>,
    /// Where the pages of those that have one are.
    #[cfg(feature = "page")]
    pub pages: page::Door,
    /// Who is told what begins and ends to be wrong; lanes serve without.
    #[cfg(feature = "page")]
    pub alarms: Option<Result<crate::alarm::Alarms, crate::alarm::AlarmError>>,
    /// When a day of business begins, for whoever counts.
    #[cfg(feature = "page")]
    pub day: super::DayRule,
    /// Who hears what the core is told and wants; none in production.
    pub tap: Option<Box<dyn Tap>>,
    /// Reads again what can be read again, on SIGHUP.
    pub reload: Box<dyn Fn() -> Result<Reloaded, Failure> + Send + Sync>,
}

/// One lane's connections.
pub struct LanePart {
    /// Its name in the site file.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Its series of numbers.
    pub series: String,
    /// Where its terminal is.
    pub terminal: terminal::LaneTerminal,
    /// Where its scenes go.
    pub panel: PanelPart,
    /// Its printer.
    pub printer: Option<Box<dyn Printer>>,
    /// Its gate.
    pub gate: Option<Box<dyn Gate>>,
    /// Its lights and buzzer.
    pub indicator: Option<Box<dyn Indicator>>,
    /// When it is quiet.
    pub quiet: Quiet,
    /// Its voice.
    #[cfg(feature = "voice")]
    pub voice: Option<super::VoicePart>,
    /// Its buttons, switches and sensors.
    pub inputs: Option<InputPart>,
    /// Its devices that are not there yet. They are waited for, and nothing of theirs is promised meanwhile.
    pub absent: Vec<(Device, Code)>,
}

/// Where a lane's scenes go.
pub enum PanelPart {
    /// The lane has no screen that we draw.
    None,
    /// To a panel of the board.
    Board(Box<dyn Panel>),
    /// To the face terminal's own screen.
    Terminal,
    /// To a page that a browser shows.
    #[cfg(feature = "page")]
    Page(page::LanePage),
}

/// What SIGHUP replaces.
pub struct Reloaded {
    /// Keys, certificates, WeChat's settings.
    pub merchants: Merchants,
    /// The site's systems.
    pub checkin: Systems,
    /// Whose terminals count, lane by lane.
    pub terminals: Vec<terminal::LaneTerminal>,
    /// What lies behind the files of the pages' door, where any are served.
    #[cfg(feature = "page")]
    pub pages: Option<page::Behind>,
    /// What the triage desk shows over the network, or why it cannot.
    #[cfg(all(feature = "page", feature = "network"))]
    pub(crate) desk: Option<Result<Option<terminal::Everybody>, page::PageError>>,
    /// Settings that have changed since the start and need a restart, by their tables.
    pub kept: Vec<&'static str>,
}

/// What the loop is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// End in order.
    Stop,
    /// Read again what can be read again.
    Reload,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Inputs handled.
    pub inputs: u64,
    /// The longest the loop was away from its inputs.
    pub longest_turn: Duration,
}

/// Why the daemon could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A thread could not be started.
    #[error("a thread could not be started; the machine has too little memory or too many processes")]
    Thread(#[source] io::Error),
    /// A terminal's address cannot be used.
    #[error("terminal of lane {lane}")]
    Terminal {
        /// Which lane.
        lane: String,
        /// The cause beneath.
        #[source]
        source: terminal::TerminalError,
    },
    /// The socket for staff cannot be made.
    #[error("the socket for staff cannot be made in the state directory")]
    Staff(#[source] terminal::TerminalError),
    /// The lanes' pages cannot be served.
    #[cfg(feature = "page")]
    #[error(transparent)]
    Page(#[from] page::PageError),
    /// A thread without which nobody can be served hangs.
    #[error("the {0} thread hangs")]
    Hung(&'static str),
}

impl Fault for ServiceError {
    fn code(&self) -> Code {
        match self {
            Self::Thread(_) | Self::Hung(_) => Code::X001,
            Self::Staff(_) => Code::C103,
            Self::Terminal { source, .. } => source.code(),
            #[cfg(feature = "page")]
            Self::Page(error) => error.code(),
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::Terminal { source, .. } | Self::Staff(source) => source.cure(),
            #[cfg(feature = "page")]
            Self::Page(error) => error.cure(),
            Self::Thread(_) | Self::Hung(_) => None,
        }
    }
}
