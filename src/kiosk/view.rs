//! What a lane is at, for whoever looks after the machine: what keeps it out of service, its devices, what its visits came to. Nothing of a
//! person: codes, kinds, numbers and moments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Device, Kiosk, NextStep, OutOfService, OutcomeResult, Record, Scene, SceneKind};
use crate::{
    fault::Code,
    words::{LaneId, Moment},
};

/// One lane, as it is now.
#[derive(Clone, Copy, Debug)]
pub struct LaneView<'a> {
    /// Why nobody is served, if so.
    pub closed_by: Option<Code>,
    /// What keeps it out of service, each since when; the last is the gravest.
    pub out_of_service: &'a BTreeMap<OutOfService, Moment>,
    /// What the panel shows.
    pub scene: SceneKind,
    /// What else stands there, but for what is a person's; none before anything was shown.
    pub picture: Option<Picture>,
    /// Devices that have failed since the start, and how they are now.
    pub devices: &'a BTreeMap<Device, Health>,
    /// Since when the printer's roll is nearly out.
    pub paper_low: Option<Moment>,
    /// Visits that are open, those of people who have gone among them.
    pub open: usize,
    /// What the visits came to.
    pub tally: &'a Tally,
}

/// What stands on a panel beside its headline; of what is a person's, that it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// What the person can do now.
    #[serde(skip)]
    pub next: Option<NextStep>,
    /// The start button is asked for.
    #[serde(skip)]
    pub to_start: bool,
    /// The code that stands in its corner.
    pub code: Option<Code>,
    /// Their name stands there.
    pub name: bool,
    /// Their number.
    pub number: bool,
    /// Where they go, when, or why not.
    pub details: bool,
    /// How many options there are to choose from.
    pub options: usize,
}

/// How a device is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health {
    fails: Option<Ill>,
    hangs: Option<Ill>,
    since: Moment,
    last: Option<Code>,
    failures: u64,
}

/// What is wrong with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ill {
    pub(super) code: Code,
    /// Its lane serves nobody meanwhile.
    pub(super) closes: bool,
}

/// What has come to its end since the start.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Visits by how they ended.
    pub results: BTreeMap<OutcomeResult, Count>,
    /// Visits by the code they ended with.
    pub codes: BTreeMap<Code, Count>,
    /// Frames that had no effect, by why.
    pub refused: BTreeMap<Code, Count>,
}

/// How often, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Moment,
}

impl Health {
    /// What is wrong with it now.
    pub fn fault(&self) -> Option<Code> {
        self.ill().map(|ill| ill.code)
    }

    /// Since when it is as it is.
    pub fn since(&self) -> Moment {
        self.since
    }

    /// What was wrong with it last.
    pub fn last(&self) -> Option<Code> {
        self.last
    }

    /// How often something went wrong.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// What closes its lane.
    pub(super) fn closes(&self) -> Option<Code> {
        self.ill().filter(|ill| ill.closes).map(|ill| ill.code)
    }

    /// One that hangs is nothing else meanwhile.
    fn ill(&self) -> Option<Ill> {
        self.hangs.or(self.fails)
    }

    pub(super) fn fails(&mut self, now: Moment, ill: Option<Ill>) {
        let before = self.ill();
        self.fails = ill;
        self.changed(now, before);
    }

    pub(super) fn hangs(&mut self, now: Moment, ill: Option<Ill>) {
        let before = self.ill();
        self.hangs = ill;
        self.changed(now, before);
    }

    fn changed(&mut self, now: Moment, before: Option<Ill>) {
        if before != self.ill() {
            self.since = now;
            self.last = self.fault().or(self.last);
            self.failures = self.failures.saturating_add(u64::from(self.ill().is_some()));
        }
    }
}

impl Picture {
    fn of(scene: &Scene) -> Self {
        Self {
            next: scene.next,
            to_start: scene.to_start,
            code: scene.code,
            name: scene.name.is_some(),
            number: scene.number.is_some(),
            details: scene.detail.is_some() || scene.visit.is_some() || scene.time.is_some(),
            options: scene.options.len(),
        }
    }
}

impl Count {
    pub(super) fn once_more(&mut self, now: Moment) {
        *self = Self { count: self.count.saturating_add(1), last: now };
    }
}

impl Kiosk {
    /// A lane as it is now.
    pub fn view(&self, lane: LaneId) -> Option<LaneView<'_>> {
        let place = self.lanes.get(usize::from(lane.0))?;
        Some(LaneView {
            closed_by: place.closed_by().map(super::lane::Closed::code),
            out_of_service: &place.out_of_service,
            scene: place.scene.as_ref().map_or(SceneKind::Idle, |scene| scene.kind),
            picture: place.scene.as_ref().map(Picture::of),
            devices: &place.devices,
            paper_low: place.paper_low,
            open: self.sessions.values().filter(|session| session.lane == lane).count(),
            tally: &place.tally,
        })
    }

    /// Counts an end, once: one that could not be recorded is recorded again.
    pub(super) fn count(&mut self, record: &Record) {
        let Record::Closed { session, result, code, .. } = record else { return };
        let Some(open) = self.sessions.get_mut(session).filter(|open| !open.counted) else { return };
        open.counted = true;
        let (lane, now) = (open.lane, self.moment);
        if let Some(place) = self.lane(lane) {
            place.tally.results.entry(*result).or_default().once_more(now);
            if let Some(code) = code {
                place.tally.codes.entry(*code).or_default().once_more(now);
            }
        }
    }
}
