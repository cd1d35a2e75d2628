//! Names to addresses, remembered for a minute: a live connection must not wait for a resolver.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

use crate::words::{Clock, Moment};

/// How long an address is believed.
const BELIEVED: Duration = Duration::from_secs(60);

/// The most names remembered: main and backup domain, a proxy, the site's system.
const NAMES: usize = 8;

pub(super) struct CachingResolver {
    fixed: Option<SocketAddr>,
    clock: Arc<dyn Clock>,
    system: DefaultResolver,
    known: Mutex<Vec<(String, Moment, Vec<SocketAddr>)>>,
}

impl CachingResolver {
    pub(super) fn new(fixed: Option<SocketAddr>, clock: Arc<dyn Clock>) -> Self {
        Self { fixed, clock, system: DefaultResolver::default(), known: Mutex::default() }
    }

    fn collect(&self, addresses: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut resolved = self.empty();
        for address in addresses.iter().take(4) {
            resolved.push(*address);
        }
        resolved
    }
}

impl Resolver for CachingResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        if let Some(fixed) = self.fixed {
            return Ok(self.collect(&[fixed]));
        }
        let name = uri.authority().map(ToString::to_string).unwrap_or_default();
        let now = self.clock.now().moment;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., addresses)) =
            known.iter().find(|(other, since, _)| *other == name && now.since(*since) < BELIEVED)
        {
            return Ok(self.collect(addresses));
        }
        drop(known);
        let resolved = self.system.resolve(uri, config, timeout).map_err(|error| match error {
            Error::Timeout(_) => error,
            // The system's resolver says no more than that; as an I/O error it would be taken for a broken connection.
            _ => Error::HostNotFound,
        })?;
        known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(other, ..)| *other != name);
        if known.len() == NAMES {
            known.remove(0);
        }
        known.push((name, now, resolved.to_vec()));
        Ok(self.collect(&resolved))
    }
}

impl fmt::Debug for CachingResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CachingResolver")
    }
}
