//! A panel's thread: the newest scene wins, a countdown counts, a panel that fails is tried again.

use std::{
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{Inputs, failures::Standing, worker::Worker};
use crate::{
    device::{Panel, panel::countdown},
    fault::Failure,
    kiosk::{Device, Input, Scene, SceneKind},
    words::{Clock, LaneId, Moment, WallTime},
};

/// How soon a panel that failed is tried again: at first at once, for what a disturbance kept from being wiped is somebody's
/// name; each time twice as long, up to the second.
const AGAIN_SOON: Duration = Duration::from_millis(250);
const AGAIN: Duration = Duration::from_secs(5);

/// A panel whose supply dipped is dark or stale no longer than this.
const ANEW: Duration = Duration::from_secs(60);

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
        let standing = Standing::default();
        let mut shown = Shown {
            lane,
            panel,
            inputs,
            failed: None,
            again: None,
            turns: false,
            anew: Anew(reader.now().moment),
            standing,
        };
        let mut current: Option<(Scene, Moment)> = None;
        loop {
            let counting = current.as_ref().is_some_and(|(scene, _)| countdown(scene).is_some_and(|left| left > 0));
            let counting = counting || shown.turns;
            let next = match (shown.again, counting) {
                (Some(again), _) => scenes.recv_timeout(again),
                (None, true) => scenes.recv_timeout(SECOND),
                (None, false) => scenes.recv_timeout(next_minute(reader.now().wall)),
            };
            let now = reader.now().moment;
            let new = next.is_ok();
            match next {
                Ok(scene) => current = Some((scenes.try_iter().last().unwrap_or(scene), now)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    if let Some(last) = current.map_or_else(|| Some(Scene::stopped()), |(scene, _)| scene.last()) {
                        pulse.working(|| shown.show(&last, false, now));
                    }
                    return;
                }
            }
            if let Some((scene, since)) = &current {
                let stands = scene.stands.map(|stands| stands.saturating_sub(now.since(*since)));
                let scene = Scene { stands, ..scene.clone() };
                let anew = shown.anew.is_due(&scene, new, now);
                pulse.working(|| shown.show(&scene, anew, now));
            }
        }
    })
}

/// Until the time of day that may stand on the glass is another one.
fn next_minute(WallTime(now): WallTime) -> Duration {
    let within = u64::try_from(now.rem_euclid(60_000)).unwrap_or_default();
    ANEW.saturating_sub(Duration::from_millis(within))
}

struct Shown {
    lane: LaneId,
    panel: Box<dyn Panel>,
    inputs: Inputs,
    /// As the loop was told: none before the first scene.
    failed: Option<bool>,
    /// It failed, and is tried again after this.
    again: Option<Duration>,
    /// Its pages are turned.
    turns: bool,
    anew: Anew,
    /// What was told of it.
    standing: Standing,
}

/// When everything was last drawn anew.
struct Anew(Moment);

impl Anew {
    /// When somebody has gone, and once a minute: the loads that make a supply dip are a person's slip and gate.
    fn is_due(&mut self, scene: &Scene, new: bool, now: Moment) -> bool {
        let due = (new && scene.kind == SceneKind::Idle) || now.since(self.0) >= ANEW;
        if due {
            self.0 = now;
        }
        due
    }
}

impl Shown {
    fn show(&mut self, scene: &Scene, anew: bool, now: Moment) {
        let drawn = if anew { self.panel.refresh(scene) } else { self.panel.show(scene) };
        let fault = match drawn {
            Ok(drawn) => {
                self.turns = drawn.turns;
                self.inputs.tell_missing(now, &drawn.missing);
                None
            }
            Err(error) => Some(Failure::from(error)),
        };
        #[cfg(feature = "pilot")]
        crate::capture::drawn(self.lane, scene.kind.as_str(), now, fault.as_ref().map(Failure::code));
        self.again = fault.as_ref().map(|_| self.again.map_or(AGAIN_SOON, |last| (2 * last).min(AGAIN)));
        self.inputs.tell_change("the panel failed", self.lane, None, &mut self.standing, fault.as_ref());
        let fault = fault.map(|failure| failure.trouble());
        if self.failed.replace(fault.is_some()) != Some(fault.is_some()) {
            let (lane, device) = (self.lane, Device::Panel);
            let _ = self.inputs.blocking_send(Input::DeviceChanged { lane, device, fault });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_stands_there_when_the_program_ends_leaves_no_name_on_the_glass() {
        let says_why = [SceneKind::OutOfOrder, SceneKind::Closed, SceneKind::Maintenance, SceneKind::Evacuate];
        for kind in SceneKind::ALL {
            let last = Scene::of(kind).last();
            assert_eq!(last.is_none(), says_why.contains(&kind), "{kind:?}");
            assert!(last.is_none_or(|last| last.name.is_none() && last.number.is_none() && last.visit.is_none()));
        }
    }

    #[test]
    fn a_panel_is_drawn_anew_when_somebody_has_gone_and_once_a_minute() {
        let at = |seconds| Moment(Duration::from_secs(seconds));
        let (idle, busy) = (Scene::of(SceneKind::Idle), Scene::of(SceneKind::Choose));
        let mut anew = Anew(at(0));
        assert!(!anew.is_due(&busy, true, at(1)));
        assert!(anew.is_due(&idle, true, at(5)));
        let due: Vec<u64> = (6..200).filter(|second| anew.is_due(&idle, false, at(*second))).collect();
        assert_eq!(due, [65, 125, 185]);
        // A countdown does not put it off.
        let due: Vec<u64> = (200..400).filter(|second| anew.is_due(&busy, false, at(*second))).collect();
        assert_eq!(due, [245, 305, 365]);
    }
}
