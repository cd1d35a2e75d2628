//! Names to addresses: what is known serves until something better is.
//!
//! `getaddrinfo` cannot be given up, and a resolver that died keeps it for half a minute. So it is asked on a thread of
//! its own, once for all who want the same name, and only who knows no address at all waits for it.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::{HttpError, target::Server, timer::Timer};
use crate::words::{Clock, Moment};

/// Something that knows the addresses of names; may block for as long as it likes.
pub trait Resolve: Send + Sync {
    /// The addresses of `host`, with `port`.
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The system's resolver.
pub(super) struct System;

/// Who is asked in its place, in a sandbox.
#[cfg(feature = "sim")]
static STAND_IN: std::sync::OnceLock<Box<dyn Resolve>> = std::sync::OnceLock::new();

/// From now on this one is asked wherever the system's resolver would be; the first such call counts.
#[cfg(feature = "sim")]
pub(crate) fn stand_in(resolver: Box<dyn Resolve>) {
    let _ = STAND_IN.set(resolver);
}

impl Resolve for System {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        #[cfg(feature = "sim")]
        if let Some(other) = STAND_IN.get() {
            return other.resolve(host, port);
        }
        Ok((host, port).to_socket_addrs()?.collect())
    }
}

/// The names a client has met. Clones share what is known.
#[derive(Clone)]
pub(super) struct Names {
    fixed: Option<SocketAddr>,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
}

struct Shared {
    resolver: Arc<dyn Resolve>,
    known: Mutex<Vec<Name>>,
    answered: Condvar,
}

struct Name {
    server: Server,
    /// The one that worked last goes first, those that failed go last.
    addresses: Vec<SocketAddr>,
    /// When the resolver was last asked.
    asked: Moment,
    /// A thread is asking.
    asking: bool,
    /// Answers so far, empty ones included.
    answers: u64,
}

/// How long an address is believed without asking again beside its use.
const BELIEVED: Duration = Duration::from_secs(60);

/// The most names remembered, and so the most threads that ask: main and backup domain, a proxy, the site's system.
const NAMES: usize = 8;

/// The most addresses of a name.
const ADDRESSES: usize = 8;

impl Names {
    pub(super) fn new(fixed: Option<SocketAddr>, resolver: Arc<dyn Resolve>, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared { resolver, known: Mutex::default(), answered: Condvar::new() };
        Self { fixed, clock, shared: Arc::new(shared) }
    }

    /// The addresses to try, in order, and whether the resolver said so lately. Waits only where none is known.
    pub(super) fn addresses(&self, server: &Server, timer: &Timer<'_>) -> Result<(Vec<SocketAddr>, bool), HttpError> {
        if let Some(known) = self.given(server) {
            return Ok((vec![known], true));
        }
        let now = self.clock.now().moment;
        let mut known = self.lock();
        let name = entry(&mut known, server).ok_or(HttpError::Resolve)?;
        if name.addresses.is_empty() {
            return Ok((self.wait(known, server, timer)?, true));
        }
        let (addresses, believed) = (name.addresses.clone(), now.since(name.asked) < BELIEVED && !name.asking);
        if !believed {
            self.ask(&mut known, server);
        }
        Ok((addresses, believed))
    }

    /// All that was known failed: the addresses the resolver has now, without those.
    pub(super) fn others(&self, server: &Server, failed: &[SocketAddr], timer: &Timer<'_>) -> Vec<SocketAddr> {
        if self.given(server).is_some() {
            return Vec::new();
        }
        let mut fresh = self.wait(self.lock(), server, timer).unwrap_or_default();
        fresh.retain(|address| !failed.contains(address));
        fresh
    }

    /// Remembers what came of trying.
    pub(super) fn learn(&self, server: &Server, worked: Option<SocketAddr>, failed: &[SocketAddr]) {
        if let Some(name) = self.lock().iter_mut().find(|name| name.server == *server) {
            name.addresses.sort_by_key(|address| match (Some(*address) == worked, failed.contains(address)) {
                (true, _) => 0,
                (_, false) => 1,
                (_, true) => 2,
            });
        }
    }

    /// An address that needs no resolver.
    fn given(&self, server: &Server) -> Option<SocketAddr> {
        let literal = || server.host.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, server.port));
        self.fixed.or_else(literal)
    }

    /// Waits for an answer that is still to come.
    fn wait(
        &self,
        mut known: MutexGuard<'_, Vec<Name>>,
        server: &Server,
        timer: &Timer<'_>,
    ) -> Result<Vec<SocketAddr>, HttpError> {
        let answers = entry(&mut known, server).ok_or(HttpError::Resolve)?.answers;
        self.ask(&mut known, server);
        loop {
            let name = entry(&mut known, server).ok_or(HttpError::Resolve)?;
            if name.answers != answers {
                return if name.addresses.is_empty() { Err(HttpError::Resolve) } else { Ok(name.addresses.clone()) };
            }
            let left = timer.left().map_err(|_| HttpError::Resolve)?;
            known = self.shared.answered.wait_timeout(known, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has the resolver asked, unless it is being asked.
    fn ask(&self, known: &mut [Name], server: &Server) {
        let Some(name) = known.iter_mut().find(|name| name.server == *server && !name.asking) else { return };
        (name.asking, name.asked) = (true, self.clock.now().moment);
        let (shared, server) = (Arc::clone(&self.shared), server.clone());
        let asking = move || {
            let found = shared.resolver.resolve(&server.host, server.port).unwrap_or_default();
            shared.answer(&server, found);
        };
        if thread::Builder::new().name("resolver".to_owned()).spawn(asking).is_err() {
            (name.asking, name.answers) = (false, name.answers.wrapping_add(1));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Name>> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Takes an answer over; an empty one changes nothing. The known order stays for addresses that stay.
    fn answer(&self, server: &Server, mut found: Vec<SocketAddr>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.iter_mut().find(|name| name.server == *server) {
            (name.asking, name.answers) = (false, name.answers.wrapping_add(1));
            if !found.is_empty() {
                found.truncate(ADDRESSES);
                let place = |address: &SocketAddr| name.addresses.iter().position(|known| known == address);
                found.sort_by_key(|address| place(address).unwrap_or(1));
                name.addresses = found;
            }
        }
        drop(known);
        self.answered.notify_all();
    }
}

/// What is known of a server. The oldest name that nobody is asking about makes room; none when all are being asked.
fn entry<'a>(known: &'a mut Vec<Name>, server: &Server) -> Option<&'a mut Name> {
    let at = match known.iter().position(|name| name.server == *server) {
        Some(at) => at,
        None => {
            if known.len() == NAMES {
                known.remove(known.iter().position(|name| !name.asking)?);
            }
            let server = server.clone();
            known.push(Name { server, addresses: Vec::new(), asked: Moment::default(), asking: false, answers: 0 });
            known.len() - 1
        }
    };
    known.get_mut(at)
}
