//! What passes while a scene stands, as one panel keeps it.

use std::time::Duration;

use super::Passing;
use crate::{
    device::panel::{WallClock, turning::Turning},
    kiosk::Scene,
};

/// From one time that a scene is shown to the next. Nothing of whoever stands there.
#[derive(Default)]
pub(in crate::device::panel) struct Course {
    turning: Turning,
    /// How long it stood when it came.
    whole: Option<Duration>,
}

impl Course {
    /// The scene is shown once more, or another one is.
    pub(in crate::device::panel) fn passing(&mut self, scene: &Scene, clock: Option<&WallClock>) -> Passing {
        if self.turning.shows(scene) {
            self.whole = scene.stands;
        }
        Passing { time: clock.map(WallClock::time_of_day), whole: self.whole, page: self.turning.page() }
    }
}
