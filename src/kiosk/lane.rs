//! One lane's own memory: who stands there, what its panel shows, which frames came lately.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::{Device, Health, LaneSettings, OutOfService, Outcome, Posting, Scene, SceneKind, Tally};
use crate::{
    fault::Code,
    words::{Moment, SessionId, WayIn},
};

/// A lane.
pub(super) struct Lane {
    pub(super) settings: LaneSettings,
    /// The undecided session of the person who stands here.
    pub(super) foreground: Option<SessionId>,
    /// The session whose end is on the panel.
    pub(super) presenting: Option<SessionId>,
    /// What the panel shows, kept to be shown again with a code; dropped, and so wiped, when it is replaced.
    pub(super) scene: Option<Scene>,
    /// When the scene gives way to the idle one.
    pub(super) scene_until: Option<Moment>,
    /// Devices that are out of order, or have been.
    pub(super) devices: BTreeMap<Device, Health>,
    /// What keeps it out of service, each since when; the last is the gravest.
    pub(super) out_of_service: BTreeMap<OutOfService, Moment>,
    /// Since when the printer's roll is nearly out.
    pub(super) paper_low: Option<Moment>,
    pub(super) tally: Tally,
    /// What staff tell whoever comes.
    pub(super) posting: Posting,
    /// Until when a face is meant, where it has to be.
    pub(super) meant_until: Option<Moment>,
    recent: VecDeque<Recent>,
}

/// Why a lane serves nobody.
#[derive(Clone, Copy)]
pub(super) enum Closed {
    /// Somebody, or the fire input, wants it so.
    OutOfService(OutOfService),
    /// A device that it cannot do without is out of order.
    ByDevice(Code),
    /// The program stops.
    Stopping,
}

/// What somebody presented lately, to know it again.
struct Recent {
    at: Moment,
    trace: Trace,
    session: SessionId,
    outcome: Option<Outcome>,
}

/// A credential's keyed fingerprint: enough to know it again, and nothing of it stays in memory when its visit is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace(u64, u64);

/// The most credentials remembered per lane.
const RECENT: usize = 16;

impl Closed {
    pub(super) fn code(self) -> Code {
        match self {
            Self::OutOfService(why) => why.code(),
            Self::ByDevice(code) => code,
            Self::Stopping => Code::X002,
        }
    }

    pub(super) fn scene(self) -> SceneKind {
        match self {
            Self::OutOfService(OutOfService::Emergency) => SceneKind::Evacuate,
            Self::OutOfService(OutOfService::Maintenance) => SceneKind::Maintenance,
            Self::OutOfService(OutOfService::Closed | OutOfService::AfterHours) => SceneKind::Closed,
            Self::ByDevice(_) | Self::Stopping => SceneKind::OutOfOrder,
        }
    }
}

impl Lane {
    pub(super) fn new(settings: LaneSettings) -> Self {
        Self {
            settings,
            foreground: None,
            presenting: None,
            scene: None,
            scene_until: None,
            devices: BTreeMap::new(),
            out_of_service: BTreeMap::new(),
            paper_low: None,
            tally: Tally::default(),
            posting: Posting::default(),
            meant_until: None,
            recent: VecDeque::new(),
        }
    }

    /// Why nobody is served here, if so; the gravest reason.
    pub(super) fn closed_by(&self) -> Option<Closed> {
        let device = || self.devices.values().find_map(Health::closes).map(Closed::ByDevice);
        self.out_of_service.keys().next_back().copied().map(Closed::OutOfService).or_else(device)
    }

    pub(super) fn remember(&mut self, now: Moment, trace: Trace, session: SessionId) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Recent { at: now, trace, session, outcome: None });
    }

    /// The session that this credential started, or came to, when it was presented before. Neither the terminal's
    /// number nor the frame's tells a resend: a terminal that starts again counts from one, with other people.
    pub(super) fn session_of(&self, trace: Trace) -> Option<(SessionId, Option<Outcome>)> {
        let found = self.recent.iter().rev().find(|recent| recent.trace == trace)?;
        Some((found.session, found.outcome.clone()))
    }

    /// How a session that was here lately ended.
    pub(super) fn outcome_of(&self, session: SessionId) -> Option<&Outcome> {
        self.recent.iter().find(|recent| recent.session == session)?.outcome.as_ref()
    }

    pub(super) fn note_outcome(&mut self, outcome: &Outcome) {
        for recent in self.recent.iter_mut().filter(|recent| recent.session == outcome.session) {
            recent.outcome = Some(outcome.clone());
        }
    }

    /// Forgets frames whose window has passed, but none of an open session.
    pub(super) fn forget(&mut self, now: Moment) {
        let window = self.settings.repeat_window;
        self.recent.retain(|recent| recent.outcome.is_none() || now.since(recent.at) < window);
    }

    /// When the next frame is to be forgotten.
    pub(super) fn forget_at(&self) -> Option<Moment> {
        let window = self.settings.repeat_window;
        self.recent.iter().filter(|recent| recent.outcome.is_some()).map(|recent| recent.at.after(window)).min()
    }
}

impl Trace {
    /// The fingerprint of what a frame brought; `run` is the key.
    pub(super) fn of(run: u64, way: &WayIn) -> Self {
        let half = |half: u8| {
            let mut hasher = DefaultHasher::new();
            (run, half, way.as_str(), way.secret()).hash(&mut hasher);
            if let WayIn::RealnameCheck(claim) = way {
                claim.openid.reveal().hash(&mut hasher);
                let card = claim.card.as_ref();
                card.map(|card| (card.name.reveal(), card.kind, card.id.reveal())).hash(&mut hasher);
            }
            if let WayIn::Card(card) = way {
                (card.name.reveal(), card.kind).hash(&mut hasher);
            }
            hasher.finish()
        };
        Self(half(0), half(1))
    }

    /// The fingerprint of one frame with it: a document comes again and again, and each time may be a visit.
    pub(super) fn numbered(self, seq: u64) -> Self {
        let half = |half: u64| {
            let mut hasher = DefaultHasher::new();
            (half, seq).hash(&mut hasher);
            hasher.finish()
        };
        Self(half(self.0), half(self.1))
    }
}
