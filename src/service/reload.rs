//! What SIGHUP asks for: reading again, one reading at a time, and the last order wins.

use std::{
    io,
    sync::{
        PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread::Builder,
};

use tokio::sync::mpsc;

use super::{Reloaded, checkins};
use crate::fault::Failure;

/// Reads again what can be read again.
pub(super) type Reload = Box<dyn Fn() -> Read + Send + Sync>;

/// What was read, or why it was not.
pub(super) type Read = Result<Reloaded, Failure>;

/// The one thread that reads keys again: reading and parsing them takes longer than a turn of the loop.
pub(super) struct Reloads(SyncSender<()>);

impl Reloads {
    /// What was read comes out of the receiver, the site's systems already in their places.
    pub(super) fn spawn(reload: Reload, checkin: checkins::Current) -> io::Result<(Self, mpsc::Receiver<Read>)> {
        let (order, ordered) = sync_channel(1);
        let (done, came) = mpsc::channel(1);
        Builder::new().name("reload".to_owned()).spawn(move || {
            while ordered.recv().is_ok() {
                let read = reload();
                if let Ok(Reloaded { checkin: systems, .. }) = &read {
                    *checkin.write().unwrap_or_else(PoisonError::into_inner) = systems.clone();
                }
                if done.blocking_send(read).is_err() {
                    return;
                }
            }
        })?;
        Ok((Self(order), came))
    }

    /// Reads now, or once more after what is being read: an order that finds one waiting is that one.
    pub(super) fn order(&self) {
        let _ = self.0.try_send(());
    }
}
