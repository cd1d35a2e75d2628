//! Terminals over the network: TLS with a certificate on both sides.
//!
//! Who has not shown a certificate of ours costs a handshake at most, of which few wait at once and few come from one
//! address; all of it happens on a thread of its own, so that the loop's turns do not wait for anybody's mathematics.
//!
//! What it does not do: believe an authority other than the one configured, or a subject that is not on the lane's list.

#[cfg(feature = "page")]
mod everybody;
mod http;
mod knocks;
mod scrubbed;
mod threshold;
mod tls;

use std::{
    io,
    net::{SocketAddr, TcpListener as BlockingListener},
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    io::split,
    net::TcpListener,
    sync::{mpsc::Receiver, oneshot},
    time::interval,
};
use tokio_rustls::server::TlsStream;

#[cfg(feature = "page")]
pub(crate) use self::everybody::Everybody;
pub use self::tls::Validity;
use self::{http::Clients, scrubbed::Scrubbed};
pub(crate) use self::{
    threshold::Threshold,
    tls::{Shown, Welcome},
};
use super::{
    Address, Reply, Shared, TerminalError, allowance::Rarely, connection::exchange, connections::Bounds,
    line_connections::LineConnections,
};
use crate::{
    fault::{Code, Fault},
    files::Anchored,
    words::{Clock, Moment},
};

/// `[terminals]`; in builds with feature `network`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Credentials {
    /// Our certificate chain, PEM.
    pub certificate: Anchored,
    /// Its private key, PEM, readable by the daemon's user alone.
    pub key: Anchored,
    /// Who issues the terminals' certificates, PEM. Nobody else is believed, the system's authorities neither.
    pub ca_file: Anchored,
    /// Which of their certificates were taken back: lists of their issuers, PEM or one as DER. A list that is out of date
    /// still counts for what it says: a kiosk that nobody renewed it for goes on serving, and says so.
    pub crl_file: Option<Anchored>,
}

/// How a lane's terminals come over the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The address of ours on which they knock.
    pub address: SocketAddr,
    /// What they speak within TLS.
    pub protocol: Protocol,
    /// What they are shown, and whom we believe about them.
    pub credentials: Credentials,
    /// Whose certificates count: subjects as RFC 4514 writes them.
    pub allow_subjects: Vec<String>,
}

/// What is spoken within TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The same lines as on a socket.
    Lines,
    /// `POST /v1/frames` and `GET /v1/events`.
    Http,
}

/// The connections of one lane, and of one subject.
const PLACES: Bounds = Bounds { most: 32, of_one: 8 };

/// How often it is asked whether the certificates of those who are connected still count.
const AGAIN: Duration = Duration::from_secs(5);

/// How often it is said that a file is out of date.
const REMINDER: Duration = Duration::from_secs(86_400);

/// A port that listens.
pub struct Port {
    begin: oneshot::Sender<Begin>,
}

struct Begin {
    shared: Shared,
    replies: Receiver<Reply>,
    /// Resolves when nobody wants the port any more.
    unwanted: oneshot::Receiver<()>,
}

/// A lane's threshold, and what was told of it.
struct Door {
    threshold: Threshold,
    protocol: Protocol,
    told: Rarely,
    /// Apart: what a new terminal is refused for is not lost among strangers.
    told_of_certified: Rarely,
    /// When it was last said that a file is out of date.
    reminded: Option<Moment>,
}

/// Whoever was let in.
enum Guests {
    Lines(Box<LineConnections<Shown>>),
    Http(Clients),
}

impl Network {
    /// Whether certificate, key, authority and list can be used together; until when they are good.
    pub fn check(&self, clock: &Arc<dyn Clock>) -> Result<Validity, TerminalError> {
        Ok(Welcome::open(self, clock)?.validity())
    }
}

impl Port {
    pub(super) fn bind(network: &Network, clock: &Arc<dyn Clock>) -> Result<Self, TerminalError> {
        let failed = |source| TerminalError::Port { address: network.address, source };
        let welcome = Welcome::open(network, clock)?;
        let listener = BlockingListener::bind(network.address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let protocol = network.protocol;
        let (begin, begun) = oneshot::channel::<Begin>();
        let serve = move || {
            runtime.block_on(async {
                let (Ok(Begin { shared, replies, unwanted }), Ok(listener)) =
                    (begun.await, TcpListener::from_std(listener))
                else {
                    return;
                };
                let door = Door {
                    threshold: Threshold::new(listener, welcome),
                    protocol,
                    told: Rarely::default(),
                    told_of_certified: Rarely::default(),
                    reminded: None,
                };
                tokio::select! {
                    _ = unwanted => {}
                    () = door.serve(shared, replies) => {}
                }
            });
        };
        thread::Builder::new().name("terminals".to_owned()).spawn(serve).map_err(failed)?;
        Ok(Self { begin })
    }

    pub(super) async fn serve(self, shared: Shared, replies: Receiver<Reply>) {
        let (_wanted, unwanted) = oneshot::channel();
        if self.begin.send(Begin { shared, replies, unwanted }).is_ok() {
            std::future::pending().await
        }
    }
}

impl Door {
    async fn serve(mut self, mut shared: Shared, mut replies: Receiver<Reply>) {
        let mut guests = match self.protocol {
            Protocol::Lines => Guests::Lines(Box::new(LineConnections::new(PLACES))),
            Protocol::Http => Guests::Http(Clients::default()),
        };
        let mut again = interval(AGAIN);
        let clock = Arc::clone(&shared.clock);
        loop {
            tokio::select! {
                biased;
                reply = replies.recv() => match reply {
                    Some(reply) => guests.deliver(&shared, reply),
                    None => return,
                },
                () = guests.ended() => {}
                () = shared.changed() => {
                    self.read_again(&shared);
                    self.judge_again(&shared, &mut guests);
                }
                _ = again.tick() => self.judge_again(&shared, &mut guests),
                guest = self.threshold.next(&clock) => match guest {
                    Ok((stream, shown)) => guests.let_in(&shared, stream, shown),
                    Err(Refusal::TooMany) => {
                        shared.counters.flood.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(refusal) => self.refuse(&shared, refusal),
                },
            }
        }
    }

    /// Takes over what the files and the list say now; where they cannot be used, what they said before.
    fn read_again(&mut self, shared: &Shared) {
        let Address::Network(network) = shared.settings().address.clone() else { return };
        match Welcome::open(&network, &shared.clock) {
            Ok(welcome) => self.threshold.renew(welcome),
            Err(error) => shared.witness.failed("not read again; going on as before", &error.into()),
        }
        self.reminded = None;
    }

    /// Files that are out of date are told of, once a day.
    fn remind(&mut self, shared: &Shared) {
        let (now, Validity { certificate, crl }) = (shared.clock.now(), self.threshold.welcome().validity());
        shared.counters.valid_until(certificate, crl);
        let ended = [(Code::K407, Some(certificate)), (Code::T220, crl)]
            .into_iter()
            .filter(|(_, until)| until.is_some_and(|until| until < now.wall));
        if self.reminded.is_some_and(|last| now.moment.since(last) < REMINDER) {
            return;
        }
        for (code, _) in ended {
            self.reminded = Some(now.moment);
            shared.witness.failed("for terminals over the network", &code.into());
        }
    }

    /// Ends the connections of those whose certificate has ended, or does not count any more.
    fn judge_again(&mut self, shared: &Shared, guests: &mut Guests) {
        self.remind(shared);
        let now = shared.clock.now().wall;
        let mut refusals = Vec::new();
        guests.retain(|shown| {
            let judged = self.threshold.judge(shown, now);
            let stays = judged.is_ok();
            refusals.extend(judged.err());
            stays
        });
        for refusal in refusals {
            shared.witness.failed("a terminal that was connected is sent away", &refusal.into());
        }
    }

    fn refuse(&mut self, shared: &Shared, refusal: Refusal) {
        shared.counters.refused_peers.fetch_add(1, Ordering::Relaxed);
        let told = match &refusal {
            Refusal::Stranger(_) => &mut self.told_of_certified,
            _ => &mut self.told,
        };
        if told.may_tell(shared.clock.now().moment) {
            shared.witness.failed("a terminal was not let in", &refusal.into());
        }
    }
}

impl Guests {
    fn deliver(&mut self, shared: &Shared, reply: Reply) {
        match self {
            Self::Lines(connections) => connections.deliver(shared, reply),
            Self::Http(clients) => clients.deliver(shared, reply),
        }
    }

    async fn ended(&mut self) {
        match self {
            Self::Lines(connections) => connections.ended().await,
            Self::Http(clients) => clients.ended().await,
        }
    }

    fn let_in(&mut self, shared: &Shared, stream: TlsStream<Scrubbed>, shown: Shown) {
        match self {
            Self::Lines(connections) => {
                let subject = shown.subject.clone();
                connections.add(shared, shown, subject, |intake, lines| {
                    let (reader, writer) = split(stream);
                    // TLS ends in both directions at once.
                    exchange(reader, writer, intake, lines, async |_| {})
                });
            }
            Self::Http(clients) => clients.add(shared, stream, shown),
        }
    }

    fn retain(&mut self, stays: impl FnMut(&Shown) -> bool) {
        match self {
            Self::Lines(connections) => connections.retain(stays),
            Self::Http(clients) => clients.retain(stays),
        }
    }
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Handshake(io::Error),
    #[error("no handshake within five seconds")]
    Silent,
    #[error("too many from there")]
    TooMany,
    #[error("subject {0:?} is not in allow-subjects")]
    Stranger(String),
    #[error("the certificate's subject cannot be read")]
    Unreadable,
}

impl Fault for Refusal {
    fn code(&self) -> Code {
        Code::T211
    }
}
