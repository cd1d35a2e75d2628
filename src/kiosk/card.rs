//! A document in the reader. Nobody has verified it, and it belongs to whoever laid it down: it opens a visit of its own,
//! or joins the one under way, and its end is that visit's. It is used as somebody's only once they said so.

use super::{
    AckStatus, Intent, Kiosk, NARROWEST, NextStep, Output, Phrases, Record, Scene, SceneKind, SceneOption, Wording,
    lane::{Closed, Trace},
    session::{Session, Stage},
    verdict::Verdict,
};
use crate::{
    fault::Code,
    words::{Card, Identity, LaneId, Moment, NameStyle, PeerId, SessionId, Text, WayIn},
};

/// Room for an option beside its number on the narrowest panel, columns.
const OPTION: usize = NARROWEST - 2;

impl Kiosk {
    /// Somebody stands in front of the terminal. Whoever laid a document down before has gone.
    pub(super) fn approached(&mut self, now: Moment, lane: LaneId) {
        self.means(now, lane, Intent::Person);
        let stopping = self.stopping;
        let Some(place) = self.lane(lane) else { return };
        let foreground = place.foreground;
        if !stopping {
            self.emit(Output::Warm);
        }
        let with_card = |id: &SessionId| {
            self.sessions.get(id).is_some_and(|session| session.card.is_some() && session.is_undecided())
        };
        if let Some(id) = foreground.filter(with_card) {
            self.leave(id, Verdict::cancelled(None));
        }
    }

    pub(super) fn card_read(&mut self, now: Moment, lane: LaneId, peer: PeerId, seq: u64, card: Card) {
        let stopping = self.stopping;
        let way = WayIn::Card(card.clone());
        let trace = self.trace(&way);
        let Some(place) = self.lane(lane) else { return };
        place.forget(now);
        let (uses, foreground) = (place.settings.card, place.foreground);
        let refusal = (!place.settings.takes(&way)).then_some(Code::T214).or(place.closed_by().map(Closed::code));
        if let Some(code) = refusal.or(stopping.then_some(Code::X002)) {
            return self.acknowledge(lane, peer, seq, AckStatus::Refused, None, Some(code));
        }
        if let Some((id, outcome)) = place.session_of(trace.numbered(seq)).filter(|_| seq != 0) {
            self.acknowledge(lane, peer, seq, AckStatus::Repeated, Some(id), None);
            match (outcome, self.sessions.get_mut(&id)) {
                (Some(outcome), _) => self.emit(Output::Tell { lane, peer, seq, outcome }),
                (None, Some(open)) => open.ask(peer, seq),
                (None, None) => {}
            }
            return;
        }
        let Some(session) = foreground.and_then(|id| self.sessions.get_mut(&id)) else {
            return self.open_with_card(now, lane, peer, seq, card);
        };
        let id = session.id;
        let code = match &session.stage {
            // Readers read what lies on them again and again; that does not keep it there.
            _ if session.laid == Some(trace) => {
                return self.acknowledge(lane, peer, seq, AckStatus::Repeated, Some(id), None);
            }
            Stage::Laid { .. } => {
                self.close(id, Verdict::cancelled(None));
                return self.open_with_card(now, lane, peer, seq, card);
            }
            Stage::Held { .. } | Stage::LookingUp { .. } if session.laid.is_none() && uses.patient => {
                session.lay(card, trace);
                session.ask(peer, seq);
                self.remember(now, lane, trace.numbered(seq), id);
                return self.acknowledge(lane, peer, seq, AckStatus::Accepted, Some(id), None);
            }
            Stage::Held { .. } | Stage::LookingUp { .. } if !uses.patient => Code::T214,
            _ => Code::T208,
        };
        let status = if code == Code::T208 { AckStatus::Busy } else { AckStatus::Refused };
        self.acknowledge(lane, peer, seq, status, Some(id), Some(code));
    }

    fn open_with_card(&mut self, now: Moment, lane: LaneId, peer: PeerId, seq: u64, card: Card) {
        let Some(id) = self.new_session_id(lane) else {
            return self.acknowledge(lane, peer, seq, AckStatus::Busy, None, Some(Code::X003));
        };
        let way = WayIn::Card(card.clone());
        let trace = self.trace(&way);
        self.take_lane(lane, id);
        self.remember(now, lane, trace.numbered(seq), id);
        let until = now.after(self.lanes[usize::from(lane.0)].settings.card_wait);
        let mut session = Session::new(id, lane, Stage::Laid { until }, until);
        session.lay(card, trace);
        session.ask(peer, seq);
        self.sessions.insert(id, session);
        self.acknowledge(lane, peer, seq, AckStatus::Accepted, Some(id), None);
        self.record(Record::Opened { session: id, lane, terminal: None, seq, way });
    }

    /// The opening is durable: the document's holder sees what was read, and what to do.
    pub(super) fn show_laid(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (Stage::Laid { until }, Some(card)) = (&session.stage, &session.card) else { return };
        let lane = session.lane;
        let settings = &self.lanes[usize::from(lane.0)].settings;
        let next = if settings.card.patient { NextStep::FaceCamera } else { NextStep::ScanCode };
        let scene = Scene {
            name: Some(card.name.shown(NameStyle::Masked)),
            options: if settings.card.alone { options(&settings.phrases, &[Wording::UseAlone]) } else { Vec::new() },
            next: Some(next),
            stands: Some(until.since(now)),
            ..Scene::of(SceneKind::CardLaid)
        };
        self.show(lane, scene, None);
    }

    /// Who stands here is known: is the visit for the one whose document lies there?
    pub(super) fn ask_whether(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(card) = &session.card else { return };
        let name = Some(card.name.shown(NameStyle::Masked));
        let lane = session.lane;
        let settings = &self.lanes[usize::from(lane.0)].settings;
        let wait = settings.card_wait;
        let options = options(&settings.phrases, &[Wording::Yes, Wording::NoForMyself]);
        session.stage = Stage::Confirming { until: now.after(wait), left: session.deadline.since(now) };
        self.show(lane, Scene { name, options, stands: Some(wait), ..Scene::of(SceneKind::ConfirmCard) }, None);
    }

    /// The visit of somebody who has gone ends; what was shown of them goes at once.
    pub(super) fn leave(&mut self, id: SessionId, verdict: Verdict) {
        self.close(id, verdict);
        let Some(lane) = self.sessions.get(&id).map(|session| session.lane) else { return };
        if let Some(place) = self.lane(lane) {
            place.foreground = None;
        }
        self.show_idle(lane);
    }

    /// A lane that closes serves to the end whom it serves; a document that only lies there is not served yet.
    pub(super) fn leave_laid(&mut self, lane: LaneId, code: Code) {
        let foreground = self.lane(lane).and_then(|place| place.foreground);
        let is_laid =
            |id: &SessionId| self.sessions.get(id).is_some_and(|session| matches!(session.stage, Stage::Laid { .. }));
        if let Some(id) = foreground.filter(is_laid) {
            self.leave(id, Verdict::cancelled(Some(code)));
        }
    }
}

impl Session {
    fn lay(&mut self, card: Card, trace: Trace) {
        self.card = Some(card);
        self.laid = Some(trace);
    }

    /// WeChat has named the document's own holder: there is nothing to ask, and nobody else to come for.
    pub(super) fn is_own_card(&self, identity: &Identity) -> bool {
        self.card
            .as_ref()
            .zip(identity.credential.as_ref())
            .is_some_and(|(card, own)| card.credential().holder() == own.holder())
    }
}

fn options(phrases: &Phrases, labels: &[Wording]) -> Vec<SceneOption> {
    let label = |wording: &Wording| Text::clean(phrases.text(*wording).within(OPTION));
    labels.iter().zip(1..).map(|(wording, option)| SceneOption { option, label: label(wording) }).collect()
}
