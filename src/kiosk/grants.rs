//! Who may have a gate opened: who meant to be let through, and each once.

use std::time::Duration;

use super::{Intent, Kiosk};
use crate::words::{LaneId, Moment, SessionId, WayIn};

/// The most persons remembered who were let through a moment ago.
const LET_THROUGH: usize = 256;

/// Somebody who was let through: a keyed hash, in memory alone.
pub(super) struct LetThrough {
    person: [u8; 16],
    session: SessionId,
    at: Moment,
}

impl Kiosk {
    /// Somebody means to be served.
    pub(super) fn means(&mut self, now: Moment, lane: LaneId, how: Intent) {
        let Some(place) = self.lane(lane) else { return };
        if place.settings.intent.is_some_and(|wanted| how >= wanted) {
            place.meant_until = Some(now.after(place.settings.meant_for));
        }
    }

    /// Whether what came was meant; each intent is good for one visit. What has to be held out is.
    pub(super) fn is_meant(&mut self, now: Moment, lane: LaneId, way: &WayIn) -> bool {
        let Some(place) = self.lane(lane) else { return false };
        if place.settings.intent.is_none() || !matches!(way, WayIn::Face(_)) {
            return true;
        }
        place.meant_until.take().is_some_and(|until| now <= until)
    }

    /// Somebody is let through.
    pub(super) fn lets_through(&mut self, now: Moment, session: SessionId, person: Option<[u8; 16]>) {
        let Some(person) = person else { return };
        self.let_through.truncate(LET_THROUGH - 1);
        self.let_through.push_front(LetThrough { person, session, at: now });
    }

    /// They were not, after all.
    pub(super) fn not_let_through(&mut self, session: SessionId) {
        self.let_through.retain(|earlier| earlier.session != session);
    }

    /// This person was let through a moment ago, wherever it was.
    pub(super) fn has_just_gone_through(&self, now: Moment, lane: LaneId, person: Option<[u8; 16]>) -> bool {
        let within = self.lanes.get(usize::from(lane.0)).map_or(Duration::ZERO, |place| place.settings.once_within);
        let earlier = self.let_through.iter().find(|earlier| Some(earlier.person) == person);
        earlier.is_some_and(|earlier| now.since(earlier.at) < within)
    }
}
