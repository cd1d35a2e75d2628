//! The kiosk in a browser: every device as its twin sees it, and everything that somebody can break.
//!
//! `/` is the page, `/events` what is seen as server-sent events, `/act` takes a list of [`super::act::Act`] as JSON, `/play`
//! a scenario or a seed. Loopback only: another site's page can neither read nor click (the `Host` and `Origin` are looked
//! at). While nobody looks nothing wakes up.

mod answers;
mod events;
mod hand;
mod server;
mod through;
mod view;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, OnceLock},
    thread,
};

use tokio::sync::{Notify, watch};

use self::{hand::Hands, view::Shot};
use super::ground::Ground;

/// What is served. It is there before the sandbox is.
pub(crate) struct Page {
    address: SocketAddr,
    house: Arc<House>,
}

/// What the requests share.
struct House {
    address: SocketAddr,
    ground: OnceLock<(Arc<Ground>, Hands)>,
    /// What is seen now; nothing is looked at while nobody receives it.
    shots: watch::Sender<Arc<Shot>>,
    /// Somebody looks, or there is something to be seen.
    wake: Notify,
}

impl Page {
    /// Takes the address into use, and serves from a thread of its own.
    pub(crate) fn open(listen: SocketAddr) -> io::Result<Self> {
        if !listen.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the page is for this machine alone: a loopback address",
            ));
        }
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (ground, shots) = (OnceLock::new(), watch::channel(Arc::default()).0);
        let house = Arc::new(House { address, ground, shots, wake: Notify::new() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = Arc::clone(&house);
        thread::Builder::new().name("sandbox-page".to_owned()).spawn(move || {
            // Ends with the process.
            let _ = runtime.block_on(server::serve(listener, served));
        })?;
        Ok(Self { address, house })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The sandbox is there.
    pub(crate) fn show(&self, ground: &Arc<Ground>) -> io::Result<()> {
        let hands = Hands::of(ground)?;
        let _ = self.house.ground.set((Arc::clone(ground), hands));
        self.house.wake.notify_waiters();
        self.house.wake.notify_one();
        Ok(())
    }
}
