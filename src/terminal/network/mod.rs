//! Terminals over the network: TLS with a certificate on both sides.
//!
//! Who has not shown a certificate of ours costs a handshake at most, of which few wait at once and few come from one
//! address; all of it happens on a thread of its own, so that the loop's turns do not wait for anybody's mathematics.
//!
//! What it does not do: believe an authority other than the one configured, or a subject that is not on the lane's list.

mod events;
mod http;
mod knocks;
mod tls;

use std::{
    io,
    net::{SocketAddr, TcpListener as BlockingListener},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use tokio::{
    io::split,
    net::{TcpListener, TcpStream},
    sync::{mpsc::Receiver, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use self::{http::Clients, knocks::Knocks};
use super::{
    Reply, Shared, TerminalError,
    connection::{Rarely, exchange},
    connections::LineConnections,
};
use crate::{fault::Code, words::WallTime};

/// How a lane's terminals come over the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The address of ours on which they knock.
    pub address: SocketAddr,
    /// What they speak within TLS.
    pub protocol: Protocol,
    /// Our certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM, readable by nobody else.
    pub key: PathBuf,
    /// Who issues their certificates, PEM.
    pub ca_file: PathBuf,
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

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// The most connections of one subject; the oldest gives way.
const PER_SUBJECT: usize = 8;

/// How long nobody is let in after the system had no room for a connection.
const RECOVERY: Duration = Duration::from_millis(100);

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

/// Everything that knocking needs.
struct Door {
    listener: TcpListener,
    tls: TlsAcceptor,
    protocol: Protocol,
    allow_subjects: Arc<[String]>,
}

/// Somebody with a certificate that counts, and its subject.
type Guest = (TlsStream<TcpStream>, String);

/// Whoever was let in.
enum Guests {
    Lines(LineConnections),
    Http(Clients),
}

impl Network {
    /// Whether certificate, key and authority can be used together; until when the certificate is good.
    pub fn check(&self) -> Result<WallTime, TerminalError> {
        tls::config(self)?;
        tls::good_until(&self.certificate)
    }
}

impl Port {
    pub(super) fn bind(network: &Network) -> Result<Self, TerminalError> {
        let failed = |source| TerminalError::Bind { place: network.address.to_string(), source };
        let tls = tls::config(network)?;
        let listener = BlockingListener::bind(network.address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (protocol, allow_subjects) = (network.protocol, network.allow_subjects.clone().into());
        let (begin, begun) = oneshot::channel::<Begin>();
        let serve = move || {
            runtime.block_on(async {
                let (Ok(Begin { shared, replies, unwanted }), Ok(listener)) =
                    (begun.await, TcpListener::from_std(listener))
                else {
                    return;
                };
                let door = Door { listener, tls: tls.into(), protocol, allow_subjects };
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
    async fn serve(self, shared: Shared, mut replies: Receiver<Reply>) {
        let mut guests = match self.protocol {
            Protocol::Lines => Guests::Lines(LineConnections::default()),
            Protocol::Http => Guests::Http(Clients::default()),
        };
        let mut knocks = Knocks::default();
        let mut handshakes: JoinSet<Result<Guest, Refusal>> = JoinSet::new();
        let mut told = Rarely::default();
        loop {
            tokio::select! {
                biased;
                reply = replies.recv() => match reply {
                    Some(reply) => guests.deliver(&shared, &reply),
                    None => return,
                },
                () = guests.ended() => {}
                Some(shown) = handshakes.join_next() => match shown {
                    Ok(Ok((stream, subject))) => guests.let_in(&shared, stream, &subject),
                    Ok(Err(refusal)) => self.refuse(&shared, &mut told, &refusal),
                    // It gave way to a younger one.
                    Err(_) => {}
                },
                knock = self.listener.accept() => match knock {
                    Ok((stream, from)) => {
                        if knocks.may_try(from.ip(), shared.clock.now().moment) {
                            let handshake = handshake(stream, self.tls.clone(), Arc::clone(&self.allow_subjects));
                            knocks.trying(from.ip(), handshakes.spawn(handshake));
                        } else {
                            shared.counters.flood.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    Err(_) => sleep(RECOVERY).await,
                },
            }
        }
    }

    fn refuse(&self, shared: &Shared, told: &mut Rarely, refusal: &Refusal) {
        shared.counters.refused_peers.fetch_add(1, Ordering::Relaxed);
        if told.may_tell(shared.clock.now().moment) {
            tracing::warn!(code = %Code::T211, lane = shared.settings.lane.0, %refusal, "a terminal was not let in");
        }
    }
}

impl Guests {
    fn deliver(&mut self, shared: &Shared, reply: &Reply) {
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

    fn let_in(&mut self, shared: &Shared, stream: TlsStream<TcpStream>, subject: &str) {
        match self {
            Self::Lines(connections) => {
                connections.make_room(subject, PER_SUBJECT);
                connections.add(shared, subject, |intake, lines| {
                    let (reader, writer) = split(stream);
                    // TLS ends in both directions at once.
                    exchange(reader, writer, intake, lines, async |_| {})
                });
            }
            Self::Http(clients) => clients.add(shared, stream, subject),
        }
    }
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0}")]
    Handshake(io::Error),
    #[error("no handshake within five seconds")]
    Silent,
    #[error("subject {0:?} is not in allow-subjects")]
    Stranger(String),
    #[error("the certificate's subject cannot be read")]
    Unreadable,
}

async fn handshake(stream: TcpStream, tls: TlsAcceptor, allowed: Arc<[String]>) -> Result<Guest, Refusal> {
    tls::notice_silence(&stream).map_err(Refusal::Handshake)?;
    let stream = timeout(HANDSHAKE, tls.accept(stream)).await.map_err(|_| Refusal::Silent)?;
    let stream = stream.map_err(Refusal::Handshake)?;
    let subject = tls::subject(stream.get_ref().1).ok_or(Refusal::Unreadable)?;
    if allowed.contains(&subject) { Ok((stream, subject)) } else { Err(Refusal::Stranger(subject)) }
}
