//! What the terminal and the person in front of it do.

use super::{
    AckStatus, Arrival, Kiosk, NextStep, Output, Record, Scene, SceneKind,
    choices::{self, Pick},
    lane::{Closed, Trace},
    session::{Session, Stage},
    verdict::Verdict,
};
use crate::{
    fault::Code,
    words::{FaceSid, Identity, LaneId, MerchantPick, Moment, PeerId, RealnameClaim, SessionId, WayIn},
};

/// The least time a person has to wait for after choosing.
const LEAST_PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

impl Kiosk {
    pub(super) fn recognised(&mut self, now: Moment, lane: LaneId, peer: PeerId, arrival: Arrival) {
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
        let takes = place.settings.takes(&arrival.way);
        let closed = place.closed_by().map(Closed::code);
        let foreground = place.foreground.and_then(|id| self.sessions.get(&id));
        let laid = foreground.is_some_and(|session| matches!(session.stage, Stage::Laid { .. }));
        let refusal = (!takes).then_some(Code::T214).or((lacks_card(&arrival.way) && !laid).then_some(Code::T213));
        if let Some(code) = refusal.or(closed).or(stopping.then_some(Code::X002)) {
            return self.acknowledge(lane, peer, seq, AckStatus::Refused, None, Some(code));
        }
        let stays = foreground.is_some_and(|session| !laid && !matches!(session.stage, Stage::Held { .. }));
        let foreground = foreground.map(|session| session.id);
        if !laid && !stays && !self.is_meant(now, lane, &arrival.way) {
            return self.acknowledge(lane, peer, seq, AckStatus::Refused, None, Some(Code::G815));
        }
        if let Some(session) = foreground.and_then(|id| self.sessions.get(&id)) {
            let id = session.id;
            match session.stage {
                Stage::Laid { .. } => return self.follow(now, id, peer, arrival, trace),
                // Whoever did not agree has gone: the terminal asks the next person now.
                Stage::Held { .. } => self.close(id, Verdict::cancelled(None)),
                _ => return self.acknowledge(lane, peer, seq, AckStatus::Busy, None, Some(Code::T208)),
            }
        }
        let Some(id) = self.new_session_id(lane) else {
            return self.acknowledge(lane, peer, seq, AckStatus::Busy, None, Some(Code::X003));
        };
        self.open(now, lane, peer, id, arrival, trace);
    }

    fn open(&mut self, now: Moment, lane: LaneId, peer: PeerId, id: SessionId, arrival: Arrival, trace: Trace) {
        self.take_lane(lane, id);
        let until = self.consent_until(now, lane);
        self.sessions.insert(id, Session::new(id, lane, Stage::Held { until }, until));
        let Arrival { terminal, seq, way, consent, .. } = arrival.clone();
        self.come(now, id, peer, arrival, trace);
        self.record(Record::Opened { session: id, lane, terminal, seq, way });
        if consent {
            self.look_up(now, id);
        }
    }

    /// Somebody comes to the visit that a document has opened: for its holder, or as its holder.
    fn follow(&mut self, now: Moment, id: SessionId, peer: PeerId, mut arrival: Arrival, trace: Trace) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let lane = session.lane;
        let brings = self.lanes[usize::from(lane.0)].settings.card.patient;
        match &mut arrival.way {
            WayIn::RealnameCheck(claim) if claim.card.is_none() => claim.card = session.card.take(),
            _ if !brings => session.card = None,
            _ => {}
        }
        let (consent, durable) = (arrival.consent, session.durable);
        let until = self.consent_until(now, lane);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.stage = Stage::Held { until };
        }
        self.hide_name(lane);
        self.come(now, id, peer, arrival, trace);
        if consent {
            self.look_up(now, id);
        } else if durable {
            self.show(lane, Scene { stands: Some(until.since(now)), ..Scene::of(SceneKind::AskConsent) }, None);
        }
    }

    fn consent_until(&self, now: Moment, lane: LaneId) -> Moment {
        now.after(self.lanes[usize::from(lane.0)].settings.consent_wait)
    }

    /// Keeps what an arrival brought to a visit, and says that it came.
    fn come(&mut self, now: Moment, id: SessionId, peer: PeerId, arrival: Arrival, trace: Trace) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Arrival { seq, terminal, merchant, way, consent, .. } = arrival;
        let lane = session.lane;
        session.ask(peer, seq);
        session.way = Some((MerchantPick { lane, terminal, merchant }, way));
        session.consent_awaited = !consent;
        self.remember(now, lane, trace, id);
        let status = if consent { AckStatus::Accepted } else { AckStatus::Held };
        self.acknowledge(lane, peer, seq, status, Some(id), None);
    }

    /// The person has agreed: WeChat is asked while the opening record is on its way to the disk.
    fn look_up(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some((pick, way)) = session.way.take() else { return };
        session.consent_awaited = false;
        let lane = session.lane;
        let settings = &self.lanes[usize::from(lane.0)].settings;
        let (patience, info_type) = (settings.patience, settings.info_type);
        session.stage = Stage::LookingUp { found: None };
        session.deadline = now.after(patience);
        let (durable, deadline) = (session.durable, session.deadline);
        if let WayIn::Voucher(voucher) = way {
            // Only the site's system knows whose it is.
            return self.found(now, id, Ok(Identity { voucher: Some(voucher), ..Identity::default() }));
        }
        self.emit(Output::LookUp { session: id, pick, way, info_type, deadline });
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
        let lane = session.lane;
        let picked = Some((seq, option));
        match &session.stage {
            // What was sent again answers the question that it answered before, not the one that came after.
            Stage::Laid { .. } | Stage::Confirming { .. } | Stage::Choosing { .. }
                if seq != 0 && session.picked == picked =>
            {
                return Some(AckStatus::Repeated);
            }
            Stage::Laid { .. } if option == 1 && session.durable => {
                let settings = &self.lanes.get(usize::from(session.lane.0))?.settings;
                let patience = settings.patience;
                let card = session.card.take_if(|_| settings.card.alone)?;
                session.identity = Some(Identity { card: Some(card), ..Identity::default() });
                session.deadline = now.after(patience);
                self.hide_name(lane);
                self.announce(id);
            }
            Stage::Confirming { left, .. } if matches!(option, 1 | 2) => {
                session.deadline = now.after((*left).max(LEAST_PATIENCE));
                let card = session.card.take();
                if let Some(identity) = &mut session.identity {
                    identity.patient = card.filter(|_| option == 1);
                }
                self.hide_name(lane);
                self.announce(id);
            }
            Stage::Choosing { options, page, left, .. } => {
                let buttons = &self.lanes.get(usize::from(lane.0))?.settings.buttons;
                let picks = choices::picks(buttons, options.len(), *page);
                match picks.into_iter().find(|(button, _)| *button == option)?.1 {
                    Pick::Option(index) => {
                        let choice = options.get(index)?.clone();
                        session.deadline = now.after((*left).max(LEAST_PATIENCE));
                        self.ask_site(now, id, Some(choice.id));
                    }
                    Pick::More => {
                        self.turn_page(now, id);
                    }
                }
            }
            Stage::Announcing | Stage::CheckingIn if session.picked.is_some() => return Some(AckStatus::Repeated),
            _ => return None,
        }
        self.sessions.get_mut(&id)?.picked = picked;
        Some(AckStatus::Accepted)
    }

    /// The next options; the time to choose goes on.
    fn turn_page(&mut self, now: Moment, id: SessionId) {
        if let Some(Session { stage: Stage::Choosing { page, .. }, .. }) = self.sessions.get_mut(&id) {
            *page = page.saturating_add(1);
        }
        self.show_choices(now, id);
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
        if let (AckStatus::Refused | AckStatus::Busy, Some(code)) = (status, code) {
            let now = self.moment;
            if let Some(place) = self.lane(lane) {
                place.tally.refused.entry(code).or_default().once_more(now);
            }
        }
        self.emit(Output::Acknowledge { lane, peer, seq, status, session, code });
    }
}

/// A claim whose document is to be read.
fn lacks_card(way: &WayIn) -> bool {
    matches!(way, WayIn::RealnameCheck(RealnameClaim { card: None, .. }))
}
