//! What the terminal and the person in front of it do.

use super::{
    AckStatus, Arrival, Kiosk, NextStep, Output, Record, Scene, SceneKind,
    session::{Session, Stage},
    verdict::Verdict,
};
use crate::{
    fault::Code,
    words::{Card, FaceSid, Identity, LaneId, MerchantPick, Moment, PeerId, RealnameClaim, SessionId, WayIn},
};

/// How long a document that was read waits for whom it belongs to.
const CARD_KEPT: std::time::Duration = std::time::Duration::from_secs(60);

/// The least time a person has to wait for after choosing.
const LEAST_PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

impl Kiosk {
    pub(super) fn recognised(&mut self, now: Moment, lane: LaneId, peer: PeerId, mut arrival: Arrival) {
        let seq = arrival.seq;
        let stopping = self.stopping;
        let trace = self.trace(&arrival.way);
        let Some(place) = self.lane(lane) else { return };
        place.forget(now);
        if let Some((session, outcome)) = place.session_of(trace) {
            self.acknowledge(lane, peer, seq, AckStatus::Repeated, Some(session), None);
            match (outcome, self.sessions.get_mut(&session)) {
                (Some(outcome), _) => self.emit(Output::Tell { lane, peer, seq, outcome }),
                (None, Some(open)) => {
                    open.ask(peer, seq);
                    if arrival.consent && matches!(open.stage, Stage::Held { .. }) {
                        self.look_up(now, session);
                    }
                }
                (None, None) => {}
            }
            return;
        }
        let lacks_card = matches!(&arrival.way, WayIn::RealnameCheck(RealnameClaim { card: None, .. }));
        if lacks_card && place.card.is_none() {
            return self.acknowledge(lane, peer, seq, AckStatus::Refused, None, Some(Code::T213));
        }
        let refusal = place.closed_by().or(stopping.then_some(Code::X002));
        let foreground = place.foreground;
        if let Some(code) = refusal {
            return self.acknowledge(lane, peer, seq, AckStatus::Refused, None, Some(code));
        }
        if let Some(id) = foreground {
            match self.sessions.get(&id).map(|session| &session.stage) {
                // Whoever did not agree has gone: the terminal asks the next person now.
                Some(Stage::Held { .. }) => self.close(id, Verdict::cancelled(None)),
                _ => return self.acknowledge(lane, peer, seq, AckStatus::Busy, None, Some(Code::T208)),
            }
        }
        let Some(id) = self.new_session_id(lane) else {
            return self.acknowledge(lane, peer, seq, AckStatus::Busy, None, Some(Code::X003));
        };
        let Some(place) = self.lane(lane) else { return };
        place.remember(now, trace, id);
        let card = place.card.take().map(|(card, _)| card);
        let patient = match &mut arrival.way {
            WayIn::RealnameCheck(claim) if claim.card.is_none() => {
                claim.card = card;
                None
            }
            _ => card,
        };
        self.open(now, lane, peer, id, arrival, patient);
    }

    pub(super) fn card_read(&mut self, now: Moment, lane: LaneId, peer: PeerId, seq: u64, card: Card) {
        let Some(place) = self.lane(lane) else { return };
        if let Some(code) = place.closed_by() {
            return self.acknowledge(lane, peer, seq, AckStatus::Refused, None, Some(code));
        }
        place.card = Some((card, now.after(CARD_KEPT)));
        self.acknowledge(lane, peer, seq, AckStatus::Accepted, None, None);
    }

    fn open(
        &mut self,
        now: Moment,
        lane: LaneId,
        peer: PeerId,
        id: SessionId,
        arrival: Arrival,
        patient: Option<Card>,
    ) {
        let Some(place) = self.lane(lane) else { return };
        place.foreground = Some(id);
        place.presenting = None;
        let patience = place.settings.patience;
        let until = now.after(place.settings.consent_wait);
        let named = place.scene.as_ref().is_some_and(|scene| scene.name.is_some());
        if named {
            // The last person's name goes when the next person comes, before anything else is shown.
            self.show(lane, Scene::of(SceneKind::Idle), None);
        }
        let status = if arrival.consent { AckStatus::Accepted } else { AckStatus::Held };
        self.acknowledge(lane, peer, arrival.seq, status, Some(id), None);
        let mut session = Session::new(id, lane, Stage::Held { until }, now.after(patience));
        session.ask(peer, arrival.seq);
        let pick = MerchantPick { lane, terminal: arrival.terminal.clone(), merchant: arrival.merchant.clone() };
        session.way = Some((pick, arrival.way.clone()));
        session.patient = patient;
        session.consent_awaited = !arrival.consent;
        self.sessions.insert(id, session);
        let Arrival { terminal, seq, way, consent, .. } = arrival;
        self.record(Record::Opened { session: id, lane, terminal, seq, way });
        if consent {
            self.look_up(now, id);
        }
    }

    /// The person has agreed: WeChat is asked while the opening record is on its way to the disk.
    fn look_up(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some((pick, way)) = session.way.take() else { return };
        session.consent_awaited = false;
        let lane = session.lane;
        let patience = self.lanes[usize::from(lane.0)].settings.patience;
        session.stage = Stage::LookingUp { found: None };
        session.deadline = now.after(patience);
        let (durable, deadline) = (session.durable, session.deadline);
        if let WayIn::Voucher(voucher) = way {
            // Only the site's system knows whose it is.
            return self.found(id, Ok(Identity { voucher: Some(voucher), ..Identity::default() }));
        }
        self.emit(Output::LookUp { session: id, pick, way, deadline });
        if durable {
            self.show(lane, Scene { stands: Some(patience), ..Scene::of(SceneKind::LookingUp) }, None);
        }
    }

    pub(super) fn unrecognised(&mut self, now: Moment, lane: LaneId, peer: PeerId, seq: u64, code: Code) {
        self.acknowledge(lane, peer, seq, AckStatus::Refused, None, Some(code));
        let stopping = self.stopping;
        let Some(place) = self.lane(lane) else { return };
        if place.foreground.is_none() && place.closed_by().is_none() && !stopping {
            let stands = place.settings.unhappy_stands;
            let scene = Scene {
                next: Some(NextStep::LookAgain),
                code: Some(code),
                stands: Some(stands),
                ..Scene::of(SceneKind::LookAgain)
            };
            self.show(lane, scene, Some(now.after(stands)));
        }
    }

    pub(super) fn consented(
        &mut self,
        now: Moment,
        lane: LaneId,
        (peer, seq): (PeerId, u64),
        face_sid: FaceSid,
        granted: bool,
    ) {
        let trace = self.trace(&WayIn::Face(face_sid));
        let Some(place) = self.lane(lane) else { return };
        place.forget(now);
        let Some((id, outcome)) = place.session_of(trace) else {
            return self.acknowledge(lane, peer, seq, AckStatus::Refused, None, Some(Code::T207));
        };
        match self.sessions.get_mut(&id) {
            Some(session) if matches!(session.stage, Stage::Held { .. }) => {
                session.ask(peer, seq);
                self.acknowledge(lane, peer, seq, AckStatus::Accepted, Some(id), None);
                if granted {
                    self.look_up(now, id);
                } else {
                    self.close(id, Verdict::cancelled(Some(Code::T212)));
                }
            }
            open => {
                if let Some(session) = open {
                    session.ask(peer, seq);
                }
                self.acknowledge(lane, peer, seq, AckStatus::Repeated, Some(id), None);
                if let Some(outcome) = outcome {
                    self.emit(Output::Tell { lane, peer, seq, outcome });
                }
            }
        }
    }

    pub(super) fn chose(
        &mut self,
        now: Moment,
        lane: LaneId,
        peer: Option<PeerId>,
        seq: u64,
        session: Option<SessionId>,
        option: u8,
    ) {
        let foreground = self.lane(lane).and_then(|place| place.foreground);
        let wanted = session.or(foreground).filter(|id| Some(*id) == foreground);
        let status = wanted.map(|id| self.pick(now, id, seq, option));
        let Some(peer) = peer else { return };
        match (status, wanted) {
            (Some(Some(status)), Some(id)) => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.ask(peer, seq);
                }
                self.acknowledge(lane, peer, seq, status, Some(id), None);
            }
            _ => self.acknowledge(lane, peer, seq, AckStatus::Refused, session, Some(Code::T207)),
        }
    }

    /// Takes the person's choice, or says that it had been taken; none where there is nothing to choose.
    fn pick(&mut self, now: Moment, id: SessionId, seq: u64, option: u8) -> Option<AckStatus> {
        let session = self.sessions.get_mut(&id)?;
        let picked = Some((seq, option));
        match &session.stage {
            // What was sent again answers the question that it answered before, not the one that came after.
            Stage::Choosing { .. } if seq != 0 && session.picked == picked => Some(AckStatus::Repeated),
            Stage::Choosing { options, left, .. } => {
                let choice = options.get(usize::from(option).checked_sub(1)?)?.clone();
                session.deadline = now.after((*left).max(LEAST_PATIENCE));
                session.picked = picked;
                self.ask_site(now, id, Some(choice.id));
                Some(AckStatus::Accepted)
            }
            Stage::CheckingIn if session.picked.is_some() => Some(AckStatus::Repeated),
            _ => None,
        }
    }

    /// `session`: whose end is meant; none for whoever stands here.
    pub(super) fn cancelled(&mut self, lane: LaneId, peer: PeerId, seq: u64, session: Option<SessionId>) {
        let Some(place) = self.lane(lane) else { return };
        let foreground = place.foreground;
        if let Some(id) = session.filter(|_| session != foreground && session != place.presenting) {
            // It comes late, and the next person stands here.
            let (status, code) = match place.outcome_of(id) {
                Some(_) => (AckStatus::Repeated, None),
                None => (AckStatus::Refused, Some(Code::T207)),
            };
            return self.acknowledge(lane, peer, seq, status, session, code);
        }
        place.card = None;
        self.acknowledge(lane, peer, seq, AckStatus::Accepted, foreground, None);
        let Some(id) = foreground else {
            let presenting = self.lane(lane).is_some_and(|place| place.presenting.is_some());
            if presenting {
                self.show_idle(lane);
            }
            return;
        };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.ask(peer, seq);
        if session.is_undecided() {
            return self.close(id, Verdict::cancelled(None));
        }
        // Too late to take back: the truth is recorded, but this person sees nothing more of it.
        session.identity = None;
        if let Some(place) = self.lane(lane) {
            place.foreground = None;
        }
        self.show_idle(lane);
    }

    pub(super) fn acknowledge(
        &mut self,
        lane: LaneId,
        peer: PeerId,
        seq: u64,
        status: AckStatus,
        session: Option<SessionId>,
        code: Option<Code>,
    ) {
        self.emit(Output::Acknowledge { lane, peer, seq, status, session, code });
    }
}
