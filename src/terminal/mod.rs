//! Frames in and out: the face terminal, over a Unix socket, a serial port, or the network.
//!
//! Lines of JSON become the core's inputs; acks, outcomes and scenes become lines. Everything a terminal can do wrong is
//! counted, answered and bounded; nothing it does ends the program.
//!
//! What it does not do: know sessions, decide, or remember a face_sid beyond the line it came in.

mod connection;
mod connections;
mod crc;
mod frame;
#[cfg(feature = "network")]
mod network;
mod reply;
mod serial;
mod splitter;
mod unix;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use tokio::sync::mpsc::{Receiver, Sender};

#[cfg(feature = "network")]
pub use self::network::{Network, Protocol};
pub use self::{
    crc::crc16,
    frame::{Frame, FrameError, parse},
    reply::Reply,
    splitter::{Line, Splitter},
};
#[cfg(feature = "network")]
use crate::files::FileError;
use crate::{
    fault::{Code, Fault},
    kiosk::Input,
    words::{Clock, LaneId, PeerId},
};

/// One lane's terminal.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The lane.
    pub lane: LaneId,
    /// Where the terminal is.
    pub address: Address,
    /// Lines of `[A-Za-z0-9_-]{8,128}` are a face_sid.
    pub plain_lines: bool,
}

/// Where a terminal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket of mode 0660 that we make.
    Unix {
        /// Where.
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
pub const MAX_LINE: usize = 4096;

/// What terminals did wrong, since start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Lines that are no frame (T201).
    pub garbled: AtomicU64,
    /// Lines beyond [`MAX_LINE`] (T202).
    pub oversize: AtomicU64,
    /// Wrong checksums (T203).
    pub checksum: AtomicU64,
    /// Unknown types (T204).
    pub unknown_type: AtomicU64,
    /// Frames beyond the allowed rate (T209).
    pub flood: AtomicU64,
    /// Connections of users or certificates without permission (T211).
    pub refused_peers: AtomicU64,
    /// Connections that did not take their answers.
    pub stalled: AtomicU64,
    peers: AtomicU32,
}

/// Why a terminal's address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The socket cannot be made.
    #[error("{place}: the socket cannot be made")]
    Bind {
        /// Where.
        place: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else listens there.
    #[error("{}: another program listens there", path.display())]
    InUse {
        /// Where.
        path: PathBuf,
    },
    /// Certificate, key or authority cannot be used.
    #[cfg(feature = "network")]
    #[error("{}: {why}", file.display())]
    Pem {
        /// Which file.
        file: PathBuf,
        /// Why, without its content.
        why: String,
    },
    /// A file cannot be read, or the key may be by others.
    #[cfg(feature = "network")]
    #[error(transparent)]
    File(#[from] FileError),
}

impl Fault for TerminalError {
    fn code(&self) -> Code {
        match self {
            Self::Bind { .. } | Self::InUse { .. } => Code::T210,
            #[cfg(feature = "network")]
            Self::File(error) if error.is_exposed() => Code::K402,
            #[cfg(feature = "network")]
            Self::Pem { .. } | Self::File(_) => Code::K401,
        }
    }
}

/// A terminal's address, in use.
pub enum Listener {
    /// A socket that listens.
    Unix(unix::Socket),
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
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) inputs: Sender<Input>,
    pub(crate) counters: Arc<Counters>,
}

impl Listener {
    /// Takes the address into use.
    pub fn bind(settings: &Settings) -> Result<Self, TerminalError> {
        match &settings.address {
            Address::Unix { path, .. } => Ok(Self::Unix(unix::Socket::bind(path)?)),
            Address::Serial { device, baud } => Ok(Self::Serial(serial::open(device, *baud))),
            #[cfg(feature = "network")]
            Address::Network(network) => Ok(Self::Network(network::Port::bind(network)?)),
        }
    }

    /// Serves until the channel of replies closes.
    pub async fn serve(
        self,
        settings: Settings,
        clock: Arc<dyn Clock>,
        inputs: Sender<Input>,
        replies: Receiver<Reply>,
        counters: Arc<Counters>,
    ) {
        let shared = Shared { settings: Arc::new(settings), clock, inputs, counters };
        match self {
            Self::Unix(socket) => socket.serve(shared, replies).await,
            Self::Serial(port) => serial::serve(port, shared, replies).await,
            #[cfg(feature = "network")]
            Self::Network(port) => port.serve(shared, replies).await,
        }
    }
}

impl Counters {
    pub(crate) fn next_peer(&self) -> PeerId {
        PeerId(self.peers.fetch_add(1, Ordering::Relaxed))
    }

    fn count(&self, code: Code) {
        let counter = match code {
            Code::T202 => &self.oversize,
            Code::T203 => &self.checksum,
            Code::T204 => &self.unknown_type,
            Code::T209 => &self.flood,
            _ => &self.garbled,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
