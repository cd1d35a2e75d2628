//! A panel's thread: the newest scene wins, a panel that fails is tried again.

use std::{
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{Inputs, worker::Worker};
use crate::{
    device::Panel,
    fault::{Code, Fault as _},
    kiosk::{Input, Scene},
    words::{Clock, LaneId},
};

/// How soon a panel that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// A panel that takes longer than this is out of order, and so is its lane.
pub(super) const PANEL_LIMIT: Duration = Duration::from_secs(5);

pub(super) fn spawn(
    lane: LaneId,
    mut panel: Box<dyn Panel>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Scene>> {
    Worker::spawn_reading("panel", 16, PANEL_LIMIT, clock, move |scenes, pulse| {
        let mut failed: Option<Scene> = None;
        loop {
            let next = if failed.is_some() {
                scenes.recv_timeout(AGAIN)
            } else {
                scenes.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            let scene = match (next, failed.take()) {
                (Ok(scene), was_failed) => {
                    let newest = scenes.try_iter().last().unwrap_or(scene);
                    (newest, was_failed.is_some())
                }
                (Err(RecvTimeoutError::Timeout), Some(scene)) => (scene, true),
                (Err(_), _) => return,
            };
            let (scene, was_failed) = scene;
            match pulse.working(|| panel.show(&scene)) {
                Ok(drawn) => {
                    for missing in drawn.missing {
                        tracing::warn!(code = %Code::D610, "glyph missing U+{:04X}", u32::from(missing));
                    }
                    if was_failed {
                        let _ = inputs.blocking_send(Input::DeviceChanged { lane, fault: None });
                    }
                }
                Err(error) => {
                    if !was_failed {
                        tracing::error!(code = %error.code(), %error, lane = lane.0, "panel failed");
                        let _ = inputs.blocking_send(Input::DeviceChanged { lane, fault: Some(error.code()) });
                    }
                    failed = Some(scene);
                }
            }
        }
    })
}
