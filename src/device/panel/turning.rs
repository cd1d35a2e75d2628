//! Which page of a scene is turned up, where a panel has no room for all of it.

use std::time::Duration;

use crate::kiosk::{Scene, SceneKind};

/// How many times a page is shown before the next one: it is shown each second.
const TURNS: usize = 4;

/// From one time that a scene is shown to the next. Nothing of whoever stands there.
#[derive(Default)]
pub(super) struct Turning {
    kind: Option<SceneKind>,
    left: Option<Duration>,
    shown: usize,
}

impl Turning {
    /// The scene is shown once more, or another one is: true for that.
    pub(super) fn shows(&mut self, scene: &Scene) -> bool {
        let goes_on = self.kind == Some(scene.kind) && scene.stands <= self.left;
        self.shown = if goes_on { self.shown.saturating_add(1) } else { 0 };
        (self.kind, self.left) = (Some(scene.kind), scene.stands);
        !goes_on
    }

    /// From 0; after the last comes the first.
    pub(super) fn page(&self) -> usize {
        self.shown / TURNS
    }
}
