//! A lane's screen as a web page: for boards whose glass is driven by a browser, and for a face terminal's own WebView.
//!
//! `/lanes/NAME/` is the page, `/lanes/NAME/events` its scenes as server-sent events, `/lanes/NAME/touch` what a person
//! touches. The newest scene is all that is kept: whoever connects sees it at once, whoever reads slowly misses those in
//! between and holds nobody up. While nobody looks nothing wakes up.
//!
//! What it does not do: decide what is said, or in which order (that is `kiosk`); keep anything of a scene when the next
//! one has come; speak to anybody beyond loopback who has shown no certificate of the lane's.

mod answer;
mod assets;
mod event;
mod looking;
mod place;
mod qr;
mod requests;
mod screen;
mod server;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

pub use self::place::{Listen, Settings};
pub use self::{screen::Screen, server::Server};
use crate::{
    fault::{Code, Cure, Fault},
    files::{self, FileError},
    kiosk::Phrases,
    words::{LaneId, Language, Purpose},
};

/// One lane's page.
#[derive(Clone, Debug)]
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
}

/// Why the pages cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The address cannot be used.
    #[error("[page] listen: {address} cannot be used")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// The cause beneath.
        #[source]
        source: io::Error,
    },
    /// The site's style sheet cannot be read.
    #[error("[page] css")]
    Css(#[source] FileError),
}

/// The largest style sheet of a site, bytes.
const MOST_CSS: usize = 64 * 1024;

impl Fault for PageError {
    fn code(&self) -> Code {
        match self {
            Self::Bind { .. } => Code::D631,
            Self::Css(_) => Code::C101,
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::Css(error) => error.cure(),
            Self::Bind { .. } => None,
        }
    }
}

/// The site's own style sheet; empty where it has none.
pub(crate) fn css(file: Option<&Path>) -> Result<Arc<str>, PageError> {
    let Some(file) = file else { return Ok("".into()) };
    files::read_text(file, MOST_CSS).map(Arc::from).map_err(PageError::Css)
}

/// Where the pages are, and what they look like.
#[derive(Clone, Debug)]
pub struct Door {
    /// Where browsers ask.
    pub listen: Listen,
    /// The site's own style sheet.
    pub css: Option<PathBuf>,
}

impl Door {
    /// Whether the pages could be served here; changes nothing. `serves`: the port is the running daemon's.
    pub(crate) fn look(&self, serves: bool) -> Result<(), PageError> {
        css(self.css.as_deref())?;
        let address = self.listen.address();
        if serves {
            return Ok(());
        }
        TcpListener::bind(address).map(drop).map_err(|source| PageError::Bind { address, source })
    }
}
