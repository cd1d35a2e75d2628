//! A lane's connections: who is connected, and who is told what.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::{AbortHandle, JoinSet},
};

use super::{
    Reply, Shared,
    connection::{Intake, QUEUED},
};
use crate::words::PeerId;

/// Connections, each with a task and what else is kept of it.
pub(super) struct Connections<T> {
    tasks: JoinSet<PeerId>,
    /// By age: peers are numbered as they come.
    kept: BTreeMap<PeerId, Kept<T>>,
}

struct Kept<T> {
    #[cfg_attr(not(feature = "network"), expect(dead_code, reason = "local users may all come from one"))]
    owner: String,
    task: AbortHandle,
    with: T,
}

/// Connections that speak lines, with their queues.
pub(super) type LineConnections = Connections<Sender<Vec<u8>>>;

impl<T> Connections<T> {
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Starts a connection's task.
    pub(super) fn start<F>(&mut self, peer: PeerId, owner: &str, with: T, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = self.tasks.spawn(async move {
            task.await;
            peer
        });
        self.kept.insert(peer, Kept { owner: owner.to_owned(), task, with });
    }

    /// Ends the oldest of an owner's connections until fewer than `most` are left: most likely their other end has
    /// gone without a word.
    #[cfg(feature = "network")]
    pub(super) fn make_room(&mut self, owner: &str, most: usize) {
        let of_owner: Vec<_> =
            self.kept.iter().filter(|(_, kept)| kept.owner == owner).map(|(peer, _)| *peer).collect();
        for peer in &of_owner[..(of_owner.len() + 1).saturating_sub(most)] {
            if let Some(kept) = self.kept.remove(peer) {
                kept.task.abort();
            }
        }
    }

    /// Waits for a connection to end, and forgets it; for ever where there is none.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(peer)) => drop(self.kept.remove(&peer)),
            // Ended by us, and forgotten then.
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }
}

impl<T> Default for Connections<T> {
    fn default() -> Self {
        Self { tasks: JoinSet::new(), kept: BTreeMap::new() }
    }
}

impl LineConnections {
    /// Starts a connection with an intake and a queue of its own.
    pub(super) fn add<F>(&mut self, shared: &Shared, owner: &str, task: impl FnOnce(Intake, Receiver<Vec<u8>>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let peer = shared.counters.next_peer();
        let (answers, lines) = mpsc::channel(QUEUED);
        let task = task(Intake::new(shared.clone(), peer, answers.clone()), lines);
        self.start(peer, owner, answers, task);
    }

    /// Hands a line to whom it is for. Whoever lets lines pile up is disconnected.
    pub(super) fn deliver(&mut self, shared: &Shared, reply: &Reply) {
        let line = reply.line();
        let only = reply.peer();
        self.kept.retain(|peer, kept| {
            let wanted = only.is_none_or(|only| only == *peer);
            let stays = !wanted || kept.with.try_send(line.clone()).is_ok();
            if !stays {
                kept.task.abort();
                shared.counters.stalled.fetch_add(1, Ordering::Relaxed);
            }
            stays
        });
    }
}
