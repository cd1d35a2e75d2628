//! Who is connected, bounded and fair: whoever comes gets a place, and whoever was silent for longest gives it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::task::{AbortHandle, JoinSet};

use crate::words::{Moment, PeerId};

/// Connections of owners `O`, each with a task and what else is kept of it.
pub struct Connections<O, T> {
    bounds: Bounds,
    tasks: JoinSet<PeerId>,
    /// By age: peers are numbered as they come.
    kept: Vec<(PeerId, Kept<O, T>)>,
}

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Of everybody together.
    pub most: usize,
    /// Of one owner.
    pub of_one: usize,
}

/// When a connection last did what it is there for.
#[derive(Clone, Debug, Default)]
pub struct Activity(Arc<AtomicU64>);

pub(crate) struct Kept<O, T> {
    pub(crate) owner: O,
    pub(super) with: T,
    pub(super) activity: Activity,
    task: AbortHandle,
}

/// Nothing yet, or for as long as it lasts; in between milliseconds of the moment plus one.
const SILENT: u64 = 0;
const HOLDING: u64 = u64::MAX;

impl<O: Ord + Clone, T> Connections<O, T> {
    /// No connections yet.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, tasks: JoinSet::new(), kept: Vec::new() }
    }

    /// Starts a connection's task; where there is no place left, another one ends.
    pub fn start<F>(&mut self, peer: PeerId, owner: O, activity: Activity, with: T, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        while let Some(silent) = self.gives_way(&owner) {
            self.end(silent);
        }
        let task = self.tasks.spawn(async move {
            task.await;
            peer
        });
        self.kept.push((peer, Kept { owner, with, activity, task }));
    }

    /// Of an owner who has too many, his own; else of those who never did anything, else of all: one of whoever holds
    /// most places, and of his the one that was silent for longest.
    fn gives_way(&self, owner: &O) -> Option<PeerId> {
        let own = || self.kept.iter().filter(|(_, kept)| kept.owner == *owner);
        let longest = |(peer, kept): &(PeerId, Kept<O, T>)| (kept.activity.last(), *peer);
        if own().count() >= self.bounds.of_one {
            return own().min_by_key(|place| longest(place)).map(|(peer, _)| *peer);
        }
        if self.kept.len() < self.bounds.most {
            return None;
        }
        let silent = self.kept.iter().any(|(_, kept)| kept.activity.is_silent());
        let candidates = || self.kept.iter().filter(|(_, kept)| !silent || kept.activity.is_silent());
        let held = |owner: &O| candidates().filter(|(_, kept)| kept.owner == *owner).count();
        let (peer, _) = candidates().min_by_key(|place| (std::cmp::Reverse(held(&place.1.owner)), longest(place)))?;
        Some(*peer)
    }

    /// Waits for a connection to end, and forgets it; for ever where there is none. May be dropped while it waits.
    pub async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(peer)) => self.kept.retain(|(kept, _)| *kept != peer),
            // Ended by us, and forgotten then.
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }

    #[cfg(any(feature = "network", test))]
    pub(super) fn iter(&self) -> impl Iterator<Item = (PeerId, &Kept<O, T>)> {
        self.kept.iter().map(|(peer, kept)| (*peer, kept))
    }

    /// Nobody is connected.
    #[cfg(all(feature = "network", feature = "page"))]
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Ends those that need not stay.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(PeerId, &Kept<O, T>) -> bool) {
        self.kept.retain(|(peer, kept)| {
            let stays = stays(*peer, kept);
            if !stays {
                kept.task.abort();
            }
            stays
        });
    }

    fn end(&mut self, gone: PeerId) {
        self.retain(|peer, _| peer != gone);
    }
}

impl Activity {
    /// It did something now.
    pub fn mark(&self, now: Moment) {
        let now = u64::try_from(now.0.as_millis()).unwrap_or(HOLDING - 1).saturating_add(1).min(HOLDING - 1);
        if self.last() != HOLDING {
            self.0.store(now, Ordering::Relaxed);
        }
    }

    /// It is in use without a pause from now on.
    pub fn hold(&self) {
        self.0.store(HOLDING, Ordering::Relaxed);
    }

    /// Whether it never did anything.
    pub(crate) fn is_silent(&self) -> bool {
        self.last() == SILENT
    }

    /// How long ago it last did something.
    #[cfg(feature = "network")]
    pub(super) fn since(&self, now: Moment) -> std::time::Duration {
        now.since(Moment(std::time::Duration::from_millis(self.last().saturating_sub(1))))
    }

    fn last(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment(Duration::from_secs(seconds))
    }

    /// Who is left when these have come in turn: owner, and when they last did something.
    fn left(bounds: Bounds, came: &[(&'static str, Option<u64>)]) -> Vec<u32> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut connections = Connections::new(bounds);
            for ((owner, active), peer) in came.iter().zip(0..) {
                let activity = Activity::default();
                active.iter().for_each(|seconds| activity.mark(at(*seconds)));
                connections.start(PeerId(peer), *owner, activity, (), pending());
            }
            connections.iter().map(|(peer, _)| peer.0).collect()
        })
    }

    #[test]
    fn whoever_never_did_anything_gives_way_before_whoever_did() {
        let bounds = Bounds { most: 3, of_one: 3 };
        assert_eq!(left(bounds, &[("a", Some(1)), ("b", None), ("c", Some(2)), ("d", None)]), [0, 2, 3]);
        assert_eq!(left(bounds, &[("a", Some(9)), ("b", Some(1)), ("c", Some(5)), ("d", None)]), [0, 2, 3]);
    }

    #[test]
    fn whoever_has_most_places_gives_way_to_others() {
        let bounds = Bounds { most: 4, of_one: 4 };
        let came = [("terminal", None), ("flood", None), ("flood", None), ("flood", None), ("technician", None)];
        assert_eq!(left(bounds, &came), [0, 2, 3, 4]);
    }

    #[test]
    fn one_owner_takes_no_more_than_his_share_and_gives_up_his_own() {
        let bounds = Bounds { most: 8, of_one: 2 };
        assert_eq!(left(bounds, &[("a", Some(1)), ("b", Some(7)), ("b", None), ("b", None)]), [0, 1, 3]);
    }
}
