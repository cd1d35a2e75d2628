//! Ends: recorded first, then shown, printed, opened, told.

use std::{sync::Arc, time::Duration};

use super::{
    Again, GateOutcome, Grant, Kiosk, NextStep, OutOfService, Outcome, OutcomeResult, Output, PrintOutcome, Record,
    Scene, SceneKind, SentAway, Slip, Wording,
    awaited::{GATED, PRINTED},
    flow::session_ends,
    phrases::NARROWEST,
    session::Stage,
    verdict::Verdict,
};
use crate::{
    fault::Code,
    words::{JobId, LaneId, Moment, Purpose, SessionId, ShownName, Text},
};

/// A grant that is not carried out within this is void.
const GRANT: Duration = Duration::from_secs(5);

impl Kiosk {
    /// Ends a session that has no effects: the closing record, and when it is durable what the person sees.
    pub(super) fn close(&mut self, id: SessionId, verdict: Verdict) {
        if self.is_foreground(id)
            && let Some(lane) = self.sessions.get(&id).map(|session| session.lane)
        {
            self.hide_name(lane);
        }
        self.record(verdict.closing(id));
        session_ends(self.sessions.get_mut(&id), verdict);
    }

    /// The site has decided about a person who stands here.
    pub(super) fn decide(&mut self, id: SessionId, verdict: Verdict) {
        if verdict.admission.is_none() {
            return self.close(id, verdict);
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let settings = &self.lanes[usize::from(session.lane.0)].settings;
        let identity = session.identity.take();
        let real_name = identity.as_ref().and_then(|identity| identity.name());
        let name = real_name.map(|name| name.shown(settings.privacy.panel_name));
        let slip_name = real_name.map(|name| name.shown(settings.privacy.slip_name));
        let record = decided(id, &verdict);
        session.stage = Stage::Deciding { verdict: Arc::new(verdict), name, slip_name };
        self.record(record);
    }

    /// The site has decided about a person who has gone: recorded and told, and nothing is shown, printed or opened.
    pub(super) fn decide_afterwards(&mut self, now: Moment, id: SessionId, verdict: Verdict) {
        if verdict.result.is_entry() && self.opens(id) {
            return self.take_back(now, id, Verdict::annulled(Code::G802), true);
        }
        if verdict.admission.is_some() {
            self.note(decided(id, &verdict));
        }
        self.close(id, verdict);
    }

    /// The decision is durable: now the world may know.
    pub(super) fn carry_out(&mut self, now: Moment, id: SessionId) {
        let present = self.is_foreground(id);
        let wall = self.wall;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let lane = session.lane;
        let settings = self.lanes[usize::from(lane.0)].settings.clone();
        let Stage::Deciding { verdict, name, slip_name } = &mut session.stage else { return };
        let (verdict, name, slip_name) = (Arc::clone(verdict), name.take(), slip_name.take());
        // Somebody who is in already does not open the gate for the next one, unless nobody knows that they went in.
        let person = session.person;
        let opening = match verdict.result {
            entry if entry.is_entry() => settings.opens(),
            OutcomeResult::Already => settings.opens() && self.is_owed(person),
            _ => false,
        };
        let evacuating = self.lanes[usize::from(lane.0)].out_of_service.contains_key(&OutOfService::Emergency);
        if !present && opening {
            return self.annul(id, GateOutcome::Failed(if evacuating { Code::G807 } else { Code::G802 }));
        }
        if opening && self.has_just_gone_through(now, lane, person) {
            self.note(Record::Gated { session: id, outcome: GateOutcome::Failed(Code::G814) });
            self.send_away(now, id, Code::G814);
            return self.take_back(now, id, Verdict::annulled(Code::G814), false);
        }
        if !present {
            // The person cancelled meanwhile; the decision stands in the journal.
            self.note(verdict.closing(id));
            self.tell(id, &verdict);
            return self.forget(id);
        }
        let slip_dropped = now.after(settings.slip_patience);
        let printing = settings.prints().then(|| slip_dropped.after(PRINTED));
        let number = verdict.admission.as_ref().and_then(|admission| admission.gate_number);
        let grant = Grant { session: id, deadline: now.after(GRANT), number };
        let takes = settings.gate_takes.saturating_add(GATED);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.stage = Stage::Acting {
            verdict: Arc::clone(&verdict),
            printing,
            opening: opening.then(|| grant.deadline.after(takes)),
        };
        let askers = if opening { session.askers().to_vec() } else { Vec::new() };
        if opening && !evacuating {
            self.lets_through(now, id, person);
            self.emit(Output::Open { lane, grant });
        }
        self.present(now, lane, id, &verdict, name, settings.privacy.wipe_after);
        if printing.is_some() {
            let admission = verdict.admission.clone().unwrap_or_default();
            let slip = Slip { name: slip_name, again: Again::of(verdict.result), at: wall, ..Slip::of(id, admission) };
            let job = JobId { session: id, copy: 0 };
            self.emit(Output::Print { lane, job, slip, deadline: slip_dropped });
        }
        self.tell(id, &verdict);
        if let Some(session) = self.sessions.get_mut(&id) {
            // Whoever asked is told again if nobody goes through.
            askers.into_iter().for_each(|(peer, seq)| session.ask(peer, seq));
        }
        if opening && evacuating {
            return self.gated(now, id, GateOutcome::Failed(Code::G807));
        }
        self.close_when_done(id);
    }

    /// The closing record is durable.
    pub(super) fn closed(&mut self, now: Moment, id: SessionId) {
        let present = self.is_foreground(id);
        let Some(session) = self.sessions.get(&id) else { return };
        let Stage::Closing { verdict } = &session.stage else { return };
        let (lane, verdict) = (session.lane, Arc::clone(verdict));
        if present {
            self.present(now, lane, id, &verdict, None, self.unhappy_stands(lane));
            self.print_for_staff(now, lane, id, &verdict);
        }
        self.tell(id, &verdict);
        self.forget(id);
    }

    /// Whoever could not be checked in because WeChat or the site's system was away gets a slip that says so, and by what
    /// staff find the visit: a number of ours no calling system knows.
    fn print_for_staff(&mut self, now: Moment, lane: LaneId, session: SessionId, verdict: &Verdict) {
        let at = self.wall;
        let Some(place) = self.lane(lane) else { return };
        let settings = &place.settings;
        let wanted = settings.purpose == Purpose::Hospital && settings.prints() && settings.slip_for_staff;
        let (Some(code), true) = (verdict.code, wanted && verdict.is_of_others_that_are_away()) else { return };
        let (deadline, job) = (now.after(settings.slip_patience), JobId { session, copy: 0 });
        let sent_away = Some(SentAway { session, kind: verdict.kind, code });
        let slip = Slip { at, sent_away, ..Slip::default() };
        if self.awaited.slip(job, deadline) {
            self.emit(Output::Print { lane, job, slip, deadline });
        }
    }

    /// Patience or certainty ran out while the site's system was asked: the person goes to staff, we keep asking.
    pub(super) fn leave_unknown(&mut self, now: Moment, id: SessionId, code: Code) {
        self.send_away(now, id, code);
        self.ask_again(now, id, false);
    }

    /// Nobody here can say how it ends: the person goes to staff.
    pub(super) fn send_away(&mut self, now: Moment, id: SessionId, code: Code) {
        let present = self.is_foreground(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.identity = None;
        session.stage = Stage::Resolving { tries: 0 };
        let lane = session.lane;
        let verdict = Verdict::unknown(code);
        if present {
            self.present(now, lane, id, &verdict, None, self.unhappy_stands(lane));
            self.print_for_staff(now, lane, id, &verdict);
        }
        self.tell(id, &verdict);
    }

    fn unhappy_stands(&self, lane: LaneId) -> Duration {
        self.lanes.get(usize::from(lane.0)).map_or(Duration::ZERO, |place| place.settings.unhappy_stands)
    }

    /// An end that nobody stands there to see: recorded without being awaited, and told.
    pub(super) fn close_quietly(&mut self, id: SessionId, verdict: Verdict) {
        self.note(verdict.closing(id));
        self.tell(id, &verdict);
        self.forget(id);
    }

    /// Shows an end, and gives the lane to the next person.
    fn present(
        &mut self,
        now: Moment,
        lane: LaneId,
        id: SessionId,
        verdict: &Verdict,
        name: Option<ShownName>,
        stands: Duration,
    ) {
        let Some(place) = self.lane(lane) else { return };
        place.foreground = None;
        place.presenting = Some(id);
        let qr = place.settings.other_way.clone().filter(|_| verdict.next == Some(NextStep::OtherWay));
        let away = matches!(verdict.kind, SceneKind::Failed | SceneKind::Unknown | SceneKind::TookTooLong);
        let whose = verdict.code.and_then(Code::whose).filter(|_| away).map(Wording::FaultOf);
        let whose = whose.map(|whose| Text::clean(place.settings.phrases.text(whose).within(NARROWEST)));
        let scene = Scene {
            name,
            number: verdict.admission.as_ref().and_then(|admission| admission.number.clone()),
            detail: verdict.detail.clone().or(whose),
            hindrance: verdict.hindrance,
            time: verdict.time.clone(),
            visit: verdict.admission.as_ref().map(|admission| Arc::clone(&admission.visit)),
            qr,
            next: verdict.next.map(|next| place.settings.advice(next)),
            code: verdict.code,
            stands: Some(stands),
            ..Scene::of(verdict.kind)
        };
        self.show(lane, scene, Some(now.after(stands)));
    }

    /// Tells everybody who asked, and remembers the outcome for whoever asks again.
    fn tell(&mut self, id: SessionId, verdict: &Verdict) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let lane = session.lane;
        let askers = session.take_askers();
        let outcome = Outcome {
            session: id,
            result: verdict.result,
            code: verdict.code,
            number: verdict.admission.as_ref().and_then(|admission| admission.number.clone()),
            place: verdict.admission.as_ref().and_then(|admission| admission.place.clone()),
            visit: verdict.admission.as_ref().map(|admission| Arc::clone(&admission.visit)).unwrap_or_default(),
            quit_face_auth: session.consent_awaited,
        };
        if let Some(place) = self.lane(lane) {
            place.note_outcome(&outcome);
        }
        for (peer, seq) in askers {
            self.emit(Output::Tell { lane, peer, seq, outcome: outcome.clone() });
        }
    }

    pub(super) fn printed(&mut self, job: JobId, outcome: PrintOutcome) {
        let code = match outcome {
            PrintOutcome::Printed => None,
            PrintOutcome::Unknown => Some(Code::P705),
            PrintOutcome::NotPrinted(code) => Some(code),
        };
        if self.awaited.slip_came(job) {
            return self.note(Record::Printed { job, outcome });
        }
        let Some(session) = self.sessions.get_mut(&job.session) else { return };
        let Stage::Acting { printing, verdict, .. } = &mut session.stage else { return };
        if printing.take().is_none() {
            return;
        }
        Arc::make_mut(verdict).add(code);
        self.note(Record::Printed { job, outcome });
        self.show_code(job.session, code);
        self.close_when_done(job.session);
    }

    pub(super) fn gated(&mut self, now: Moment, id: SessionId, outcome: GateOutcome) {
        let code = outcome.code();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Stage::Acting { opening, verdict, .. } = &mut session.stage else { return };
        if opening.take().is_none() {
            return;
        }
        Arc::make_mut(verdict).add(code);
        let lane = session.lane;
        if matches!(outcome, GateOutcome::Opened | GateOutcome::Passed) {
            self.gate_stands_open(lane, false);
        }
        if outcome.nobody_went_through() {
            self.not_let_through(id);
            self.show_shut(now, id, code.unwrap_or(Code::G803));
            return self.annul(id, outcome);
        }
        self.note(Record::Gated { session: id, outcome });
        self.show_code(id, code);
        self.went_through(id);
        self.close_when_done(id);
    }

    /// Printer or gate never said what became of their part: nobody knows, and staff look. Whoever may not have been let
    /// through gets the check-in back, as after a power cut.
    pub(super) fn act_no_longer(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Stage::Acting { verdict, printing, opening } = &mut session.stage else { return };
        let lost = |until: &Option<Moment>| until.is_some_and(|until| until <= now);
        if lost(opening) {
            *opening = None;
            Arc::make_mut(verdict).add(Some(Code::G801));
            self.show_shut(now, id, Code::G801);
            return self.annul_for(id, GateOutcome::Unknown, Code::G801);
        }
        if lost(printing) {
            self.printed(JobId { session: id, copy: 0 }, PrintOutcome::Unknown);
        }
    }

    /// Whoever still stands before the gate is not told any more to go through.
    fn show_shut(&mut self, now: Moment, id: SessionId, code: Code) {
        let Some(lane) = self.sessions.get(&id).map(|session| session.lane) else { return };
        if self.lane(lane).is_some_and(|place| place.presenting == Some(id)) {
            self.present(now, lane, id, &Verdict::annulled(code), None, self.unhappy_stands(lane));
        }
    }

    /// Shows the code of an effect that failed while the person still stands there.
    fn show_code(&mut self, id: SessionId, code: Option<Code>) {
        if let Some(code) = code
            && let Some(session) = self.sessions.get(&id)
        {
            let lane = session.lane;
            let place = &self.lanes[usize::from(lane.0)];
            if place.presenting == Some(id)
                && let Some(scene) = place.scene.clone()
            {
                let until = place.scene_until;
                let next = Some(NextStep::StaffWindow);
                self.show(lane, Scene { code: Some(code), next, ..scene }, until);
            }
        }
    }

    fn close_when_done(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Stage::Acting { verdict, printing: None, opening: None } = &session.stage else { return };
        let closing = verdict.closing(id);
        self.note(closing);
        self.forget(id);
    }

    /// The session is closed in the journal.
    fn forget(&mut self, id: SessionId) {
        self.sessions.remove(&id);
        for lane in &mut self.lanes {
            if lane.foreground == Some(id) {
                lane.foreground = None;
            }
        }
    }
}

fn decided(session: SessionId, verdict: &Verdict) -> Record {
    let admission = verdict.admission.as_ref();
    Record::Decided {
        session,
        result: verdict.result,
        code: verdict.code,
        number: admission.and_then(|admission| admission.number.clone()),
        place: admission.and_then(|admission| admission.place.clone()),
        visit: admission.map(|admission| Arc::clone(&admission.visit)).unwrap_or_default(),
    }
}
