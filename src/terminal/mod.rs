//! Frames in and out: the face terminal, over a Unix socket, a serial port, or the network.
//!
//! Lines of JSON become the core's inputs; acks, outcomes and scenes become lines. Everything a terminal can do wrong is
//! counted, answered and bounded; nothing it does ends the program.
//!
//! What it does not do: know sessions, decide, or remember a face_sid beyond the line it came in.

mod allowance;
mod connection;
mod connections;
mod counters;
mod crc;
mod fields;
mod frame;
mod line_connections;
#[cfg(feature = "network")]
mod network;
mod place;
mod reply;
#[cfg(any(feature = "network", feature = "page"))]
mod request;
mod serial;
mod socket;
mod splitter;
mod standing;
mod unix;

use std::{io, path::PathBuf, sync::Arc};

use tokio::sync::{
    mpsc::{Receiver, Sender},
    watch,
};

#[cfg(feature = "network")]
pub use self::network::{Credentials, Network, Protocol, Validity};
#[cfg(feature = "page")]
pub(crate) use self::request::{Body, Inbox, Request};
#[cfg(all(feature = "network", feature = "page"))]
pub(crate) use self::{
    allowance::Rarely,
    network::{Everybody, Refusal, Shown, Threshold, Welcome},
};
pub use self::{
    connections::{Activity, Bounds, Connections},
    counters::Counters,
    crc::crc16,
    frame::{Frame, FrameError, parse},
    place::TerminalPlace,
    reply::Reply,
    socket::{LocalPeer, LocalSocket},
    splitter::{Line, Splitter},
};
#[cfg(feature = "network")]
use crate::files::FileError;
use crate::{
    fault::{Code, Cure, Failure, Fault},
    kiosk::{Input, Phrases},
    words::{Clock, LaneId, PeerId},
};

/// Hears what goes wrong at one lane's terminals, and tells it whole.
pub trait Witness: Send + Sync {
    /// Something failed.
    fn failed(&self, what: &'static str, failure: &Failure);

    /// What was told of with this code is so no longer.
    fn mended(&self, what: &'static str, code: Code);

    /// A line came, with why it was not taken; half a line that nobody ends, and one that is too long, are empty. It holds
    /// what is private.
    fn heard(&self, _peer: PeerId, _line: &[u8], _refused: Option<Code>) {}

    /// A line goes, to everybody where no peer is named. It holds what is private.
    fn said(&self, _peer: Option<PeerId>, _line: &[u8]) {}

    /// A terminal comes, or goes.
    fn connected(&self, _is: bool) {}
}

/// Nobody hears.
impl Witness for () {
    fn failed(&self, _: &'static str, _: &Failure) {}

    fn mended(&self, _: &'static str, _: Code) {}
}

/// One lane's terminal.
#[derive(Clone, Debug)]
pub struct LaneTerminal {
    /// The lane.
    pub lane: LaneId,
    /// Where the terminal is.
    pub address: Address,
    /// Lines of `[A-Za-z0-9_-]{8,128}` are a face_sid.
    pub plain_lines: bool,
    /// What the terminal's own screen speaks.
    pub phrases: Arc<Phrases>,
}

/// Where a terminal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket of mode 0660 that we make.
    Unix {
        /// The socket's path.
        path: PathBuf,
        /// Users that may act as the terminal; empty means root and our own.
        allow_uids: Vec<u32>,
    },
    /// A serial port, 8N1.
    Serial {
        /// The device.
        device: PathBuf,
        /// Any speed.
        baud: u32,
    },
    /// A port of ours, TLS.
    #[cfg(feature = "network")]
    Network(Network),
}

/// The longest line, bytes, its end not counted.
pub(crate) const MAX_LINE: usize = 4096;

/// Why a terminal's address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The socket cannot be made.
    #[error("{place}: the socket cannot be made")]
    Bind {
        /// The terminal's place, as the site file writes it.
        place: String,
        /// The cause beneath.
        #[source]
        source: io::Error,
    },
    /// The port cannot be taken into use.
    #[cfg(feature = "network")]
    #[error("{address}: the port cannot be taken")]
    Port {
        /// Address and port.
        address: std::net::SocketAddr,
        /// The cause beneath.
        #[source]
        source: io::Error,
    },
    /// Somebody else listens there.
    #[error("{}: another program listens there", path.display())]
    InUse {
        /// The socket's path.
        path: PathBuf,
    },
    /// There is a file, a folder or a link, and no socket of ours.
    #[error("{}: something else than a socket lies there; it is left alone", path.display())]
    NotASocket {
        /// The socket's path.
        path: PathBuf,
    },
    /// What lies there will never be a serial port.
    #[error("{}: is not a serial port", device.display())]
    NotAPort {
        /// The port's device file.
        device: PathBuf,
    },
    /// The port is not there, or not there any more.
    #[error("{}: the serial port cannot be used", device.display())]
    Gone {
        /// The port's device file.
        device: PathBuf,
        /// The cause beneath.
        #[source]
        source: io::Error,
    },
    /// A Unix socket's path has 107 bytes at most.
    #[error("{}: longer than the 107 bytes that a socket's path may have", path.display())]
    PathTooLong {
        /// The socket's path.
        path: PathBuf,
    },
    /// Certificate, key or authority cannot be used.
    #[cfg(feature = "network")]
    #[error("{}: {why}", file.display())]
    Pem {
        /// The file's path.
        file: PathBuf,
        /// Why, without its content.
        why: String,
        /// What is done about it, where that is known.
        cure: Option<Cure>,
    },
    /// A file cannot be read, or the key may be by others.
    #[cfg(feature = "network")]
    #[error(transparent)]
    File(#[from] FileError),
}

impl Fault for TerminalError {
    fn code(&self) -> Code {
        match self {
            Self::Bind { .. }
            | Self::InUse { .. }
            | Self::NotASocket { .. }
            | Self::NotAPort { .. }
            | Self::Gone { .. }
            | Self::PathTooLong { .. } => Code::T210,
            #[cfg(feature = "network")]
            Self::Port { .. } => Code::T210,
            #[cfg(feature = "network")]
            Self::File(error) if error.is_exposed() => Code::K402,
            #[cfg(feature = "network")]
            Self::Pem { .. } | Self::File(_) => Code::K401,
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::Bind { .. } => Some(Cure::SocketFolder),
            #[cfg(feature = "network")]
            Self::Port { source, .. } => Cure::of_port(source),
            Self::InUse { .. } => Some(Cure::SocketTaken),
            Self::NotASocket { .. } => Some(Cure::NotASocket),
            Self::PathTooLong { .. } => Some(Cure::PathTooLong),
            #[cfg(feature = "network")]
            Self::Pem { cure, .. } => *cure,
            #[cfg(feature = "network")]
            Self::File(error) => error.cure().filter(|_| !error.is_exposed()),
            _ => None,
        }
    }
}

/// A terminal's address, in use.
pub enum Listener {
    /// A socket that listens.
    Unix(LocalSocket),
    /// A port, opened and reopened while serving: a terminal may be plugged in later. One that is there loses nothing
    /// that comes before the first look.
    Serial(Option<serial2_tokio::SerialPort>),
    /// A port on the network.
    #[cfg(feature = "network")]
    Network(network::Port),
}

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) lane: LaneId,
    settings: watch::Receiver<LaneTerminal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) inputs: Sender<Input>,
    pub(crate) counters: Arc<Counters>,
    witness: Arc<dyn Witness>,
}

/// A terminal that is connected.
struct Connected {
    _present: counters::Present,
    witness: Arc<dyn Witness>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.witness.connected(false);
    }
}

impl LaneTerminal {
    /// Whether [`Listener::bind`] would find the place free; changes nothing. Ports on the network are not asked for.
    pub fn look(&self) -> Result<(), TerminalError> {
        match &self.address {
            Address::Unix { path, .. } => LocalSocket::may_be_made(path),
            Address::Serial { device, .. } => serial::may_be_opened(device),
            #[cfg(feature = "network")]
            Address::Network(_) => Ok(()),
        }
    }
}

impl Listener {
    /// Takes the address into use.
    #[cfg_attr(not(feature = "network"), expect(unused_variables, reason = "certificates are judged by it"))]
    pub fn bind(settings: &LaneTerminal, clock: &Arc<dyn Clock>) -> Result<Self, TerminalError> {
        match &settings.address {
            Address::Unix { path, .. } => Ok(Self::Unix(LocalSocket::bind(path, 0o660)?)),
            Address::Serial { device, baud } => {
                serial::may_be_opened(device)?;
                Ok(Self::Serial(serial::open(device, *baud).ok()))
            }
            #[cfg(feature = "network")]
            Address::Network(network) => Ok(Self::Network(network::Port::bind(network, clock)?)),
        }
    }

    /// Serves until the channel of replies closes. What the settings become counts at once: for whoever knocks, and for
    /// whoever is connected; the place itself stays.
    pub async fn serve(
        self,
        settings: watch::Receiver<LaneTerminal>,
        clock: Arc<dyn Clock>,
        inputs: Sender<Input>,
        replies: Receiver<Reply>,
        counters: Arc<Counters>,
        witness: Arc<dyn Witness>,
    ) {
        let lane = settings.borrow().lane;
        let shared = Shared { lane, settings, clock, inputs, counters, witness };
        match self {
            Self::Unix(socket) => unix::serve(socket, shared, replies).await,
            Self::Serial(port) => serial::serve(port, shared, replies).await,
            #[cfg(feature = "network")]
            Self::Network(port) => port.serve(shared, replies).await,
        }
    }
}

impl Shared {
    /// A frame was refused; told where it is the first of its kind for a while.
    fn garbled(&self, code: Code) {
        if self.counters.count(code, self.clock.now().moment) {
            self.witness.failed("a terminal's frames are refused", &code.into());
        }
    }

    fn settings(&self) -> watch::Ref<'_, LaneTerminal> {
        self.settings.borrow()
    }

    /// A reply as it goes out.
    fn line(&self, reply: &Reply) -> reply::OutLine {
        let line = reply.line(&self.settings().phrases);
        self.witness.said(reply.peer(), &line);
        line
    }

    /// A terminal is connected for as long as this is kept.
    fn comes(&self) -> Connected {
        self.witness.connected(true);
        Connected { _present: self.counters.comes(), witness: Arc::clone(&self.witness) }
    }

    /// Waits until the settings are others; for ever where they stay.
    async fn changed(&mut self) {
        if self.settings.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
