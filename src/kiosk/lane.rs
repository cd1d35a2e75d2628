//! One lane's own memory: who stands there, what its panel shows, which frames came lately.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Arrival, Device, LaneMode, LaneSettings, Outcome, Scene};
use crate::{
    fault::Code,
    words::{Card, FaceSid, Moment, PeerId, SessionId, Text, WayIn},
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
    /// Devices that are out of order.
    pub(super) faults: BTreeMap<Device, Code>,
    /// Modes that switches and sensors have put the lane into.
    pub(super) modes: BTreeSet<LaneMode>,
    /// The printer's roll is nearly out.
    pub(super) paper_low: bool,
    /// A document that was read, for whoever comes next, and until when it is kept.
    pub(super) card: Option<(Card, Moment)>,
    recent: VecDeque<Recent>,
}

/// A frame that came lately, to know it again.
struct Recent {
    at: Moment,
    peer: PeerId,
    terminal: Option<Text>,
    seq: u64,
    way: WayIn,
    session: SessionId,
    outcome: Option<Outcome>,
}

/// The most frames remembered per lane.
const RECENT: usize = 16;

impl Lane {
    pub(super) fn new(settings: LaneSettings) -> Self {
        Self {
            settings,
            foreground: None,
            presenting: None,
            scene: None,
            scene_until: None,
            faults: BTreeMap::new(),
            modes: BTreeSet::new(),
            paper_low: false,
            card: None,
            recent: VecDeque::new(),
        }
    }

    /// Why nobody is served here, if so; the gravest reason.
    pub(super) fn closed_by(&self) -> Option<Code> {
        match self.modes.last() {
            Some(LaneMode::Emergency) => Some(Code::G807),
            Some(LaneMode::Maintenance) => Some(Code::X011),
            Some(LaneMode::Closed) => Some(Code::X010),
            None => self.faults.values().next().copied(),
        }
    }

    pub(super) fn remember(&mut self, now: Moment, peer: PeerId, arrival: &Arrival, session: SessionId) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Recent {
            at: now,
            peer,
            terminal: arrival.terminal.clone(),
            seq: arrival.seq,
            way: arrival.way.clone(),
            session,
            outcome: None,
        });
    }

    /// The session that this arrival started when it came before.
    pub(super) fn repeated(&self, peer: PeerId, arrival: &Arrival) -> Option<(SessionId, Option<Outcome>)> {
        // A terminal that starts again counts from one again, with other faces: its numbers hold for one connection.
        // Without its serial number, or with the default seq, only the face_sid tells a resend.
        let numbered = |recent: &&Recent| {
            let same_terminal = arrival.terminal.is_some() && recent.terminal == arrival.terminal;
            same_terminal && recent.peer == peer && arrival.seq != 0 && recent.seq == arrival.seq
        };
        let same = |recent: &&Recent| is_same(&recent.way, &arrival.way) || numbered(recent);
        self.recent.iter().rev().find(same).map(|recent| (recent.session, recent.outcome.clone()))
    }

    /// The session that this face_sid belongs to.
    pub(super) fn session_of(&self, face_sid: &FaceSid) -> Option<(SessionId, Option<Outcome>)> {
        let is_it = |recent: &&Recent| matches!(&recent.way, WayIn::Face(known) if known == face_sid);
        let found = self.recent.iter().rev().find(is_it)?;
        Some((found.session, found.outcome.clone()))
    }

    pub(super) fn note_outcome(&mut self, outcome: &Outcome) {
        for recent in self.recent.iter_mut().filter(|recent| recent.session == outcome.session) {
            recent.outcome = Some(outcome.clone());
        }
    }

    /// Forgets frames whose window has passed, but none of an open session.
    pub(super) fn forget(&mut self, now: Moment) {
        if self.card.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.card = None;
        }
        let window = self.settings.repeat_window;
        self.recent.retain(|recent| recent.outcome.is_none() || now.since(recent.at) < window);
    }

    /// When the next frame is to be forgotten: a face_sid is not kept longer than it is of use.
    pub(super) fn forget_at(&self) -> Option<Moment> {
        let window = self.settings.repeat_window;
        let frames = self.recent.iter().filter(|recent| recent.outcome.is_some()).map(|recent| recent.at.after(window));
        frames.chain(self.card.as_ref().map(|(_, until)| *until)).min()
    }
}

/// The same credential: the same kind, and what is good for one question the same.
fn is_same(one: &WayIn, other: &WayIn) -> bool {
    one.as_str() == other.as_str() && one.secret() == other.secret()
}
