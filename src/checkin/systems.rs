//! The site's systems, and which of them each lane asks.

use std::sync::Arc;

use super::{CheckIn, Passage};
use crate::{
    fault::Failure,
    words::{Clock, Deadline, LaneId, WallTime},
};

/// At least one system, and for each lane the one it asks.
#[derive(Clone)]
pub struct Systems {
    all: Vec<Arc<dyn CheckIn>>,
    lanes: Vec<usize>,
    names: Vec<String>,
    certificates: Vec<Option<WallTime>>,
}

impl Systems {
    /// `lanes`: for each lane, in the site file's order, the places of its systems in `all`; of several it asks all as if
    /// they were one. Lanes beyond ask the first.
    ///
    /// # Panics
    /// Where there is no system.
    pub fn new(
        #[cfg_attr(not(feature = "hospital"), expect(unused_mut, reason = "only lists are merged"))] mut all: Vec<
            Arc<dyn CheckIn>,
        >,
        lanes: Vec<Vec<usize>>,
        _clock: &Arc<dyn Clock>,
    ) -> Self {
        assert!(!all.is_empty(), "somebody decides");
        let mut place = |places: Vec<usize>| match places.as_slice() {
            #[cfg(feature = "hospital")]
            [_, _, ..] => {
                let systems: Vec<_> = places.iter().filter_map(|place| all.get(*place)).cloned().collect();
                all.push(Arc::new(super::Merged::new(systems, Arc::clone(_clock))));
                all.len().saturating_sub(1)
            }
            places => places.first().copied().unwrap_or_default(),
        };
        let lanes = lanes.into_iter().map(&mut place).collect();
        Self { all, lanes, names: Vec::new(), certificates: Vec::new() }
    }

    /// One that all lanes ask.
    pub fn only(checkin: impl CheckIn + 'static) -> Self {
        Self { all: vec![Arc::new(checkin)], lanes: Vec::new(), names: Vec::new(), certificates: Vec::new() }
    }

    /// The same by their names in the site file, where there are several.
    #[must_use]
    pub fn named(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// The same with the ends of the certificates that we show them, where we do, in their order.
    #[must_use]
    pub(crate) fn showing(self, certificates: Vec<Option<WallTime>>) -> Self {
        Self { certificates, ..self }
    }

    /// Until when the certificates are good that we show them, where we do, in their order.
    pub(crate) fn certificates(&self) -> &[Option<WallTime>] {
        &self.certificates
    }

    /// What the site file calls the one at this place.
    pub(crate) fn name(&self, place: usize) -> Option<&str> {
        self.names.get(place).map(String::as_str)
    }

    /// The place of the lane's system in [`Self::all`].
    pub(crate) fn place(&self, lane: LaneId) -> usize {
        self.lanes.get(usize::from(lane.0)).copied().filter(|place| *place < self.all.len()).unwrap_or_default()
    }

    /// The lane's system.
    pub(crate) fn of(&self, lane: LaneId) -> &Arc<dyn CheckIn> {
        &self.all[self.place(lane)]
    }

    /// Each of them, once.
    pub(crate) fn all(&self) -> &[Arc<dyn CheckIn>] {
        &self.all
    }

    /// Whether anybody wants to know who went through a gate.
    pub(crate) fn hears_passages(&self) -> bool {
        self.all.iter().any(|system| system.hears_passages())
    }

    /// Tells the lane's system, if it wants to know; where nobody remembers the lane, everyone who does.
    pub(crate) fn passage(&self, passage: &Passage, deadline: Deadline) -> Result<(), Failure> {
        let whose = passage.lane.map(|lane| self.place(lane));
        let theirs = self.all.iter().enumerate().filter(|(place, _)| whose.is_none_or(|whose| whose == *place));
        theirs
            .filter(|(_, system)| system.hears_passages())
            .try_for_each(|(_, system)| system.passage(passage, deadline))
    }
}
