//! A lane's screen as a web page: for boards whose glass is driven by a browser, and for a face terminal's own WebView.
//!
//! `/lanes/NAME/` is the page, `/lanes/NAME/events` its scenes as server-sent events, `/lanes/NAME/touch` what a person
//! touches. The newest scene is all that is kept: whoever connects sees it at once, whoever reads slowly misses those in
//! between and holds nobody up. While nobody looks nothing wakes up.
//!
//! Beside it the technician's page and the triage desk, where people with an account order something (`TECHNICIAN.md`); of
//! the service they know what [`Backstage`] tells.
//!
//! What it does not do: decide what is said, or in which order (that is `kiosk`); keep anything of a scene when the next
//! one has come; speak to anybody beyond loopback who has shown no certificate of the lane's, but at the desk, where they
//! log in.

mod accounts;
mod answer;
mod assets;
mod backstage;
mod counter;
mod delays;
mod desk;
mod event;
mod log;
mod looking;
mod paces;
mod place;
mod qr;
mod requests;
mod screen;
mod server;
mod sessions;
mod technician;
mod tongues;

use std::{io, path::PathBuf, sync::Arc};

pub(crate) use self::{
    accounts::{ACCOUNTS, add_account, list_accounts, remove_account},
    desk::Desk,
    log::{LOG, NAMED},
};
pub use self::{
    accounts::{AccountError, Role},
    backstage::{Answering, Backstage, Deed, Doing, Done, Noting, Question},
    desk::DeskSettings,
    place::{Listen, Settings},
};
pub use self::{screen::Screen, server::Server};
#[cfg(feature = "network")]
use crate::terminal::{Credentials, Network, Protocol, Validity, Welcome};
use crate::{
    fault::{Code, Cure, Fault},
    files::{self, FileError},
    kiosk::{Phrases, Scene},
    terminal::TerminalError,
    words::{Clock, LaneId, Language, Purpose, WallTime},
};

/// What a page says aloud, for a terminal's WebView; a board has a sound card of its own.
pub trait Voice: Send + Sync {
    /// How loud this scene is said now, percent; none where nothing is said.
    fn loudness(&self, scene: &Scene, now: WallTime) -> Option<u8>;

    /// What is said, as a WAV file of a few seconds.
    fn wav(&self, scene: &Scene) -> Vec<u8>;
}

/// Whose kiosk it is.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// Its logo, the bytes of a PNG file.
    pub logo: Option<Arc<[u8]>>,
}

/// One lane's page.
#[derive(Clone)]
pub struct LanePage {
    /// The lane.
    pub lane: LaneId,
    /// Its name in the site file, and in the page's address.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// What it speaks.
    pub language: Language,
    /// The same in phrases.
    pub phrases: Arc<Phrases>,
    /// 大字: large type.
    pub large: bool,
    /// Beyond loopback: subjects of the certificates that may show it.
    pub allow_subjects: Vec<String>,
    /// What it says aloud.
    pub voice: Option<Arc<dyn Voice>>,
}

/// Why the pages cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The place cannot be used.
    #[error("[{section}] listen: {place} cannot be used")]
    Bind {
        /// Of which table.
        section: &'static str,
        /// Which.
        place: Listen,
        /// The cause beneath.
        #[source]
        source: io::Error,
    },
    /// The socket cannot be made.
    #[error("[page] listen")]
    Socket(#[source] TerminalError),
    /// Certificate, key or authority cannot be used.
    #[cfg(feature = "network")]
    #[error("[{section}] listen")]
    Certificates {
        /// Of which table.
        section: &'static str,
        /// The cause beneath.
        #[source]
        source: TerminalError,
    },
    /// The accounts cannot be read.
    #[error("the accounts")]
    Accounts(#[source] AccountError),
    /// The site's style sheet cannot be read.
    #[error("[page] css")]
    Css(#[source] FileError),
    /// A thread cannot be started.
    #[error("a thread of the pages cannot be started")]
    Thread(#[source] io::Error),
}

/// Our table's name.
const PAGE: &str = "page";

/// The largest style sheet of a site, bytes.
const MOST_CSS: usize = 64 * 1024;

impl Fault for PageError {
    fn code(&self) -> Code {
        match self {
            Self::Bind { .. } | Self::Socket(_) => Code::D631,
            Self::Thread(_) => Code::X001,
            #[cfg(feature = "network")]
            Self::Certificates { source, .. } => source.code(),
            Self::Accounts(_) => Code::C103,
            Self::Css(_) => Code::C101,
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::Socket(error) => error.cure(),
            #[cfg(feature = "network")]
            Self::Certificates { source, .. } => source.cure(),
            Self::Css(error) => error.cure(),
            Self::Bind { source, .. } => Cure::of_port(source),
            Self::Thread(_) | Self::Accounts(_) => None,
        }
    }
}

/// Where the pages are, and what they look like.
#[derive(Clone, Debug, Default)]
pub struct Door {
    /// Where browsers ask.
    pub listen: Listen,
    /// The site's own style sheet.
    pub css: Option<PathBuf>,
    /// Whose kiosk it is.
    pub brand: Brand,
    /// What their clock shows: seconds east of UTC.
    pub utc_offset: i32,
    /// Beyond loopback: what browsers are shown, and whom we believe about them.
    #[cfg(feature = "network")]
    pub credentials: Option<Credentials>,
    /// Beyond loopback: subjects of the certificates that may see the technician's page and the metrics.
    pub technicians: Vec<String>,
    /// The technician's page is served even where no lane has a page.
    pub technician: bool,
    /// Who has an account.
    pub accounts: PathBuf,
    /// Where the triage desk is.
    pub desk: Option<DeskSettings>,
}

/// What lies behind a door's files now.
pub struct Behind {
    css: Arc<str>,
    /// Whose certificates count, in the pages' order.
    allow_subjects: Vec<Vec<String>>,
    /// Whose certificates count for the technician's page.
    technicians: Vec<String>,
    #[cfg(feature = "network")]
    welcome: Option<Welcome>,
}

impl Behind {
    /// Beyond loopback: until when our certificate stands, and the list of those that were taken back.
    pub(crate) fn validity(&self) -> (Option<WallTime>, Option<WallTime>) {
        #[cfg(feature = "network")]
        if let Some(Validity { certificate, crl }) = self.welcome.as_ref().map(Welcome::validity) {
            return (Some(certificate), crl);
        }
        (None, None)
    }
}

impl Door {
    /// Whether the pages could be served here, and with what; changes nothing. `serves`: the port is the running daemon's.
    /// The port is free again when what comes back is dropped; a socket's path is not looked at.
    pub(crate) fn look(
        &self,
        clock: &Arc<dyn Clock>,
        serves: bool,
    ) -> Result<(Behind, Option<std::net::TcpListener>), PageError> {
        let behind = self.read(Vec::new(), clock)?;
        let needs_port = !serves && !matches!(self.listen, Listen::Unix(_));
        let port = needs_port.then(|| self.listen.port(PAGE)).transpose()?;
        Ok((behind, port))
    }

    /// Reads style sheet and certificates.
    #[cfg_attr(not(feature = "network"), expect(unused_variables, reason = "certificates are judged by it"))]
    pub fn read(&self, allow_subjects: Vec<Vec<String>>, clock: &Arc<dyn Clock>) -> Result<Behind, PageError> {
        Ok(Behind {
            css: match &self.css {
                Some(file) => files::read_text(file, MOST_CSS).map_err(PageError::Css)?.into(),
                None => "".into(),
            },
            #[cfg(feature = "network")]
            welcome: self.welcome([allow_subjects.concat(), self.technicians.clone()].concat(), clock)?,
            allow_subjects,
            technicians: self.technicians.clone(),
        })
    }

    /// Who is let in beyond loopback.
    #[cfg(feature = "network")]
    fn welcome(&self, allow_subjects: Vec<String>, clock: &Arc<dyn Clock>) -> Result<Option<Welcome>, PageError> {
        let Listen::Https(address) = self.listen else { return Ok(None) };
        // A site file without [terminals] is refused before.
        let credentials = self.credentials.clone().unwrap_or_default();
        let network = Network { address, protocol: Protocol::Http, credentials, allow_subjects };
        Welcome::open(&network, clock).map(Some).map_err(|source| PageError::Certificates { section: PAGE, source })
    }
}
