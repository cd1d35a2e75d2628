//! Connections that speak lines: who is told what.

use std::sync::atomic::Ordering;

use tokio::sync::mpsc::{self, Receiver, Sender};

use super::{
    Reply, Shared,
    allowance::Allowances,
    connection::{Intake, QUEUED},
    connections::{Activity, Bounds, Connections},
    reply::OutLine,
    standing::Standing,
};

/// A lane's connections of owners `O`, their queues, and how much each owner may send.
pub(super) struct LineConnections<O> {
    connections: Connections<O, Sender<OutLine>>,
    allowances: Allowances<String>,
    standing: Standing,
}

impl<O: Ord + Clone> LineConnections<O> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { connections: Connections::new(bounds), allowances: Allowances::default(), standing: Standing::default() }
    }

    /// Starts a connection with a queue of its own, and an allowance that it shares with all others of this identity.
    pub(super) fn add<F>(
        &mut self,
        shared: &Shared,
        owner: O,
        identity: String,
        task: impl FnOnce(Intake, Receiver<OutLine>) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let peer = shared.counters.next_peer();
        let (answers, lines) = mpsc::channel(QUEUED);
        let activity = Activity::default();
        let allowance = self.allowances.of(identity, shared.clock.now().moment);
        let intake = Intake::new(shared.clone(), peer, answers.clone(), allowance, activity.clone());
        if let Some(scene) = self.standing.line(shared) {
            // The queue is empty: there is room.
            let _ = answers.try_send(scene);
        }
        let (present, task) = (shared.comes(), task(intake, lines));
        let serving = async move {
            let _present = present;
            task.await;
        };
        self.connections.start(peer, owner, activity, answers, serving);
    }

    /// Hands a line to whom it is for. Whoever lets lines pile up is disconnected.
    pub(super) fn deliver(&mut self, shared: &Shared, reply: Reply) {
        let line = shared.line(&reply);
        let only = reply.peer();
        let now = shared.clock.now().moment;
        self.connections.retain(|peer, kept| {
            let wanted = only.is_none_or(|only| only == peer);
            let stays = !wanted || kept.with.try_send(line.clone()).is_ok();
            if !stays {
                shared.counters.stalled.fetch_add(1, Ordering::Relaxed);
            } else if only == Some(peer) {
                kept.activity.mark(now);
            }
            stays
        });
        self.standing.hear(shared, reply);
    }

    pub(super) async fn ended(&mut self) {
        self.connections.ended().await;
    }

    /// Ends the connections of those who may not stay.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&O) -> bool) {
        self.connections.retain(|_, kept| stays(&kept.owner));
    }
}
