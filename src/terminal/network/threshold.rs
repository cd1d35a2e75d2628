//! The threshold of a port: who knocks, how many at once, and who has shown a certificate that counts.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    Refusal,
    knocks::Knocks,
    scrubbed::Scrubbed,
    tls::{self, Shown, Welcome},
};
use crate::{
    terminal::unix::RECOVERY,
    words::{Clock, WallTime},
};

/// A handshake that takes longer is given up.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(5);

/// Whoever has connected and says nothing gives up his place this soon.
const SPEAK: Duration = Duration::from_secs(3);

/// Everything that knocking needs.
pub(crate) struct Threshold {
    listener: TcpListener,
    welcome: Welcome,
    knocks: Arc<Mutex<Knocks>>,
    handshakes: JoinSet<Result<Guest, Refusal>>,
}

/// Somebody who has shown a certificate.
pub(crate) type Guest = (TlsStream<Scrubbed>, Shown);

impl Threshold {
    pub(crate) fn new(listener: TcpListener, welcome: Welcome) -> Self {
        Self { listener, welcome, knocks: Arc::default(), handshakes: JoinSet::new() }
    }

    /// Who is let in from now on.
    pub(crate) fn renew(&mut self, welcome: Welcome) {
        self.welcome = welcome;
    }

    pub(crate) fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Whether somebody who was let in still may stay.
    pub(crate) fn judge(&self, shown: &Shown, now: WallTime) -> Result<(), Refusal> {
        self.welcome.judge(shown, now)
    }

    /// The next who is let in, or is not. May be dropped while it waits.
    pub(crate) async fn next(&mut self, clock: &Arc<dyn Clock>) -> Result<Guest, Refusal> {
        loop {
            tokio::select! {
                biased;
                Some(shown) = self.handshakes.join_next() => match shown {
                    Ok(Ok((stream, shown))) => {
                        self.welcome.judge(&shown, clock.now().wall)?;
                        knocks(&self.knocks).let_in(shown.from);
                        return Ok((stream, shown));
                    }
                    Ok(Err(refusal)) => return Err(refusal),
                    // It gave way to another.
                    Err(_) => {}
                },
                knock = self.listener.accept() => match knock {
                    Ok((stream, from)) => {
                        let (from, spoke) = (from.ip().to_canonical(), Arc::new(AtomicBool::new(false)));
                        let knocker = Knocker {
                            from,
                            spoke: Arc::clone(&spoke),
                            knocks: Arc::clone(&self.knocks),
                            clock: Arc::clone(clock),
                        };
                        let handshake = self.handshakes.spawn(knocker.handshake(stream, self.welcome.acceptor()));
                        knocks(&self.knocks).trying(from, spoke, handshake);
                    }
                    Err(_) => sleep(RECOVERY).await,
                },
            }
        }
    }
}

/// Somebody at the door.
struct Knocker {
    from: IpAddr,
    spoke: Arc<AtomicBool>,
    knocks: Arc<Mutex<Knocks>>,
    clock: Arc<dyn Clock>,
}

impl Knocker {
    async fn handshake(self, stream: TcpStream, tls: TlsAcceptor) -> Result<Guest, Refusal> {
        tls::notice_silence(&stream).map_err(Refusal::Handshake)?;
        // Whoever says nothing costs no more than this.
        timeout(SPEAK, stream.readable()).await.map_err(|_| Refusal::Silent)?.map_err(Refusal::Handshake)?;
        self.spoke.store(true, Ordering::Relaxed);
        if !knocks(&self.knocks).may_try(self.from, self.clock.now().moment) {
            return Err(Refusal::TooMany);
        }
        let stream = timeout(HANDSHAKE, tls.accept(Scrubbed(stream))).await.map_err(|_| Refusal::Silent)?;
        let stream = stream.map_err(Refusal::Handshake)?;
        let shown = Shown::of(stream.get_ref().1, self.from)?;
        Ok((stream, shown))
    }
}

fn knocks(shared: &Mutex<Knocks>) -> MutexGuard<'_, Knocks> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
