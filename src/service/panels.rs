//! A panel's thread: the newest scene wins, a countdown counts, a panel that fails is tried again.

use std::{
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{Inputs, worker::Worker};
use crate::{
    device::{Panel, panel::countdown, tell_missing},
    fault::Fault as _,
    kiosk::{Device, Input, Scene},
    words::{Clock, LaneId, Moment},
};

/// How soon a panel that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// A countdown changes this often.
const SECOND: Duration = Duration::from_secs(1);

/// A panel that takes longer than this is out of order, and so is its lane.
pub(super) const PANEL_LIMIT: Duration = Duration::from_secs(5);

pub(super) fn spawn(
    lane: LaneId,
    panel: Box<dyn Panel>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Scene>> {
    let reader = Arc::clone(clock);
    Worker::spawn_reading("panel", 16, PANEL_LIMIT, clock, move |scenes, pulse| {
        let mut shown = Shown { lane, panel, inputs, failed: false };
        let mut current: Option<(Scene, Moment)> = None;
        loop {
            let counting = current.as_ref().is_some_and(|(scene, _)| countdown(scene).is_some_and(|left| left > 0));
            let next = match (shown.failed, counting) {
                (true, _) => scenes.recv_timeout(AGAIN),
                (false, true) => scenes.recv_timeout(SECOND),
                (false, false) => scenes.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let now = reader.now().moment;
            match (next, &current) {
                (Ok(scene), _) => current = Some((scenes.try_iter().last().unwrap_or(scene), now)),
                (Err(RecvTimeoutError::Timeout), Some(_)) => {}
                (Err(_), _) => return,
            }
            if let Some((scene, since)) = &current {
                let stands = scene.stands.map(|stands| stands.saturating_sub(now.since(*since)));
                let scene = Scene { stands, ..scene.clone() };
                pulse.working(|| shown.show(&scene, now));
            }
        }
    })
}

struct Shown {
    lane: LaneId,
    panel: Box<dyn Panel>,
    inputs: Inputs,
    failed: bool,
}

impl Shown {
    fn show(&mut self, scene: &Scene, now: Moment) {
        let fault = match self.panel.show(scene) {
            Ok(drawn) => {
                tell_missing(now, &drawn.missing);
                None
            }
            Err(error) => {
                if !self.failed {
                    tracing::error!(code = %error.code(), %error, lane = self.lane.0, "panel failed");
                }
                Some(error.code().into())
            }
        };
        if std::mem::replace(&mut self.failed, fault.is_some()) != fault.is_some() {
            let (lane, device) = (self.lane, Device::Panel);
            let _ = self.inputs.blocking_send(Input::DeviceChanged { lane, device, fault });
        }
    }
}
