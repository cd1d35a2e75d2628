//! What names resolve to around a kiosk: as the machine has it, but for those that nobody resolves now.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The resolver's.
#[derive(Default)]
pub(crate) struct Directory {
    /// `https://HOST:PORT` of whom nobody finds.
    gone: Mutex<Vec<String>>,
    changed: Condvar,
}

/// A resolver that is gone is waited for so long (resolv.conf(5), `timeout:1`).
const SILENCE: Duration = Duration::from_secs(1);

impl Directory {
    /// These names resolve to nothing from now on, all others as ever.
    pub(super) fn set_gone(&self, urls: Vec<String>) {
        *self.gone() = urls;
        self.changed.notify_all();
    }

    /// Where a name leads; whoever asks waits for a resolver that is gone.
    pub(crate) fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let asked = format!("https://{host}:{port}");
        let is_gone = |gone: &mut Vec<String>| gone.contains(&asked);
        let waited = self.changed.wait_timeout_while(self.gone(), SILENCE, is_gone);
        if waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok((host, port).to_socket_addrs()?.collect())
    }

    fn gone(&self) -> MutexGuard<'_, Vec<String>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
