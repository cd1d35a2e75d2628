//! What passes while a scene stands, as one panel keeps it.

use std::time::Duration;

use super::Passing;
use crate::{
    device::panel::WallClock,
    kiosk::{Scene, SceneKind},
};

/// How many times a page is shown before the next one: it is shown each second.
const TURNS: usize = 4;

/// From one time that a scene is shown to the next. Nothing of whoever stands there.
#[derive(Default)]
pub(in crate::device::panel) struct Course {
    kind: Option<SceneKind>,
    /// How long it stood when it came, and what was left of that last.
    whole: Option<Duration>,
    left: Option<Duration>,
    shown: usize,
}

impl Course {
    /// The scene is shown once more, or another one is.
    pub(in crate::device::panel) fn passing(&mut self, scene: &Scene, clock: Option<&WallClock>) -> Passing {
        let goes_on = self.kind == Some(scene.kind) && scene.stands <= self.left;
        if goes_on {
            self.shown = self.shown.saturating_add(1);
        } else {
            *self = Self { kind: Some(scene.kind), whole: scene.stands, left: None, shown: 0 };
        }
        self.left = scene.stands;
        let time = clock.map(WallClock::time_of_day);
        Passing { time, whole: self.whole, page: self.shown / TURNS }
    }
}
