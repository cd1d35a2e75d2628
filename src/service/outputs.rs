//! The outputs' thread: every gate, with deadlines of its own that nothing else can delay.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use tokio::sync::mpsc::error::TrySendError;

use super::{Inputs, worker::Worker};
use crate::{
    device::Gate,
    fault::Fault as _,
    kiosk::{Grant, Input},
    words::{Clock, LaneId},
};

/// A grant to be carried out.
pub(super) struct Opening {
    pub(super) lane: LaneId,
    pub(super) grant: Grant,
}

/// How soon an outcome is offered again that the loop had no room for.
const OFFER_AGAIN: Duration = Duration::from_millis(50);

pub(super) fn spawn(
    mut gates: Vec<(LaneId, Box<dyn Gate>)>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Opening>> {
    let reader = Arc::clone(clock);
    Worker::spawn_reading("outputs", 16, Duration::from_secs(2), clock, move |openings, pulse| {
        // A pulse must end even while the loop hangs, so outcomes are offered and never waited with.
        let mut ended: VecDeque<Input> = VecDeque::new();
        loop {
            let next = match wait(&gates, !ended.is_empty(), &*reader) {
                Some(patience) => openings.recv_timeout(patience),
                None => openings.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            pulse.working(|| {
                let now = reader.now().moment;
                for (_, gate) in &mut gates {
                    let outcomes = gate.handle_timeout(now);
                    ended.extend(outcomes.into_iter().map(|(session, outcome)| Input::Gated { session, outcome }));
                }
                if let Ok(Opening { lane, grant }) = &next
                    && let Some((_, gate)) = gates.iter_mut().find(|(id, _)| id == lane)
                    && let Some(outcome) = gate.open(now, *grant)
                {
                    ended.push_back(Input::Gated { session: grant.session, outcome });
                }
                while let Some(input) = ended.pop_front() {
                    if let Err(TrySendError::Full(input)) = inputs.try_send(input) {
                        ended.push_front(input);
                        break;
                    }
                }
            });
            if matches!(next, Err(RecvTimeoutError::Disconnected)) {
                break;
            }
        }
        for (lane, gate) in &mut gates {
            if let Err(error) = gate.safe() {
                tracing::error!(code = %error.code(), %error, lane = lane.0, "gate may not be at its safe value");
            }
        }
    })
}

/// Until when nothing is due: the next edge, or soon where an outcome waits to be told.
fn wait(gates: &[(LaneId, Box<dyn Gate>)], untold: bool, clock: &dyn Clock) -> Option<Duration> {
    let now = clock.now().moment;
    let edge = gates.iter().filter_map(|(_, gate)| gate.poll_timeout()).min().map(|due| due.since(now));
    let offer = untold.then_some(OFFER_AGAIN);
    edge.into_iter().chain(offer).min()
}
