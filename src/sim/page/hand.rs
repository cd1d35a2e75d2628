//! Whoever clicks has hands of their own for what takes its time: one at what everybody sees, one at the daemon, which is
//! a while in coming back, and one that plays scenarios.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use tokio::sync::oneshot;

use crate::sim::{act::Act, ground::Ground};

/// What is to be done, and what is said of it.
type Task = Box<dyn FnOnce(&Ground) -> Result<String, String> + Send>;

type Order = (Task, oneshot::Sender<Result<String, String>>);

/// Which hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    World,
    Daemon,
    Scenario,
}

pub(super) struct Hands([SyncSender<Order>; 3]);

/// Clicks that wait.
const WAITING: usize = 32;

impl Side {
    /// The one for these acts.
    pub(super) fn of(acts: &[Act]) -> Self {
        let is_daemons = |act: &Act| matches!(act, Act::Kill | Act::PowerCut | Act::DamageJournal);
        if acts.iter().any(is_daemons) { Self::Daemon } else { Self::World }
    }
}

impl Hands {
    pub(super) fn of(ground: &Arc<Ground>) -> io::Result<Self> {
        let hand = |waiting: usize| {
            let (orders, taken) = sync_channel(waiting);
            let ground = Arc::clone(ground);
            thread::Builder::new().name("hand".to_owned()).spawn(move || work(&ground, &taken))?;
            Ok::<_, io::Error>(orders)
        };
        // A scenario that is played is played to its end before another.
        Ok(Self([hand(WAITING)?, hand(WAITING)?, hand(0)?]))
    }

    /// Has it done; says what came of it, or why it could not be done.
    pub(super) async fn give(
        &self,
        side: Side,
        task: impl FnOnce(&Ground) -> Result<String, String> + Send + 'static,
    ) -> Result<String, String> {
        let (answer, answered) = oneshot::channel();
        let order: Order = (Box::new(task), answer);
        self.0[side as usize].try_send(order).map_err(|_| "too much at once".to_owned())?;
        answered.await.unwrap_or_else(|_| Err("the sandbox has gone".to_owned()))
    }
}

fn work(ground: &Ground, orders: &Receiver<Order>) {
    while let Ok((task, answer)) = orders.recv() {
        // Who has gone away is told nothing.
        let _ = answer.send(task(ground));
    }
}
