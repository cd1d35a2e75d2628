//! What store, WeChat and the site's system answer. An answer to a session that is closed, or further on, falls through.

use std::sync::Arc;

use super::{
    CheckInRequest, GateOutcome, Kiosk, LaneSettings, OutcomeResult, Output, PrintOutcome, Record, RecordTicket, Scene,
    SceneKind, Unfinished, choices,
    session::{Session, Stage},
    verdict::{Reading, Verdict},
};
use crate::{
    fault::{Code, Trouble},
    words::{CheckInAnswer, Choice, Identity, JobId, LaneId, Moment, Resolution, SessionId, Text},
};

/// How long after each unsuccessful question about the past the next one is asked, seconds.
pub(super) const ASK_AFTER: [u64; 5] = [2, 5, 15, 60, 60];

/// The most questions about one session, however long its site takes to settle.
const MOST_TRIES: usize = 32;

impl Kiosk {
    /// A session of the last run: closed, or asked about.
    pub(super) fn take_up(&mut self, left: Unfinished, now: Moment) {
        let Unfinished { session, lane, reached_check_in, decided, to_annul, gated, printed, person } = left;
        let of_last_run = |stage| {
            let mut open = Session::new(session, lane, stage, now);
            open.durable = true;
            open.from_before = true;
            open.person = person;
            // The clock that could tell when it was asked may have been set meanwhile.
            open.asked_at = Some(now);
            open
        };
        let annulling = |code| Stage::Annulling { end: Box::new(Verdict::annulled(code)), tries: 0, owed: true };
        if let Some(code) = to_annul {
            self.sessions.insert(session, of_last_run(annulling(code)));
            return self.ask_past(session, now, annul);
        }
        if let Some((result, code)) = decided {
            let settings = self.lanes.get(usize::from(lane.0)).map(|place| &place.settings);
            let (opens, prints) = settings.map_or((false, false), |settings| (settings.opens(), settings.prints()));
            if opens && !gated && result.is_entry() {
                self.sessions.insert(session, of_last_run(annulling(Code::J505)));
                return self.record(Record::Gated { session, outcome: GateOutcome::Unknown });
            }
            let unknown = if prints && !printed {
                self.note(Record::Printed { job: JobId { session, copy: 0 }, outcome: PrintOutcome::Unknown });
                Some(Code::P705)
            } else {
                // A lane that is gone cannot say what it would have done.
                (settings.is_none() && !gated && !printed).then_some(Code::X002)
            };
            return self.note(Record::Closed { session, result, why: None, code: code.or(unknown) });
        }
        if !reached_check_in {
            let (result, code) = (OutcomeResult::Interrupted, Some(Code::X002));
            return self.note(Record::Closed { session, result, why: None, code });
        }
        self.sessions.insert(session, of_last_run(Stage::Resolving { tries: 0 }));
        self.ask_past(session, now, resolve);
    }

    pub(super) fn recorded(&mut self, now: Moment, ticket: RecordTicket) {
        let Some(id) = self.awaited.recorded(ticket) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.durable {
            session.durable = true;
            match &mut session.stage {
                Stage::Laid { .. } => return self.show_laid(now, id),
                Stage::Held { until } => {
                    let (lane, left) = (session.lane, until.since(now));
                    if self.is_foreground(id) {
                        self.show(lane, Scene { stands: Some(left), ..Scene::of(SceneKind::AskConsent) }, None);
                    }
                    return;
                }
                Stage::LookingUp { found } => {
                    if let Some(result) = found.take() {
                        return self.found(now, id, *result);
                    }
                    let (lane, left) = (session.lane, session.deadline.since(now));
                    return self.show(lane, Scene { stands: Some(left), ..Scene::of(SceneKind::LookingUp) }, None);
                }
                // It ended before its opening was durable: the closing record follows in the same order.
                _ => return,
            }
        }
        match &session.stage {
            Stage::Announcing => self.ask_site(now, id, None),
            Stage::Deciding { .. } => self.carry_out(now, id),
            Stage::Closing { .. } => self.closed(now, id),
            Stage::Annulling { .. } => self.ask_past(id, now, annul),
            _ => {}
        }
    }

    /// The journal cannot be written: nobody is served, and whoever waits is told so.
    pub(super) fn not_recorded(&mut self, now: Moment, ticket: RecordTicket, code: Code) {
        let Some(id) = self.awaited.recorded(ticket) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.durable = true;
        if matches!(session.stage, Stage::Annulling { .. }) {
            // Nobody went through, whether the journal can keep it or not.
            return self.ask_past(id, now, annul);
        }
        let admitted = matches!(&session.stage, Stage::Deciding { verdict, .. } if verdict.result.is_entry());
        if admitted && self.opens(id) {
            self.send_away(now, id, code);
            return self.take_back(now, id, Verdict::annulled(code), true);
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let verdict = match &session.stage {
            // The closing itself is missing from the journal; what happened is still true.
            Stage::Closing { verdict } if verdict.admission.is_none() => Verdict::clone(verdict),
            // The site has decided and we cannot keep it: neither slip nor gate, staff look it up.
            Stage::Closing { .. } | Stage::Deciding { .. } | Stage::CheckingIn | Stage::Choosing { .. } => {
                Verdict::unknown(code)
            }
            _ => Verdict::failed(code),
        };
        self.note(verdict.closing(id));
        session_ends(self.sessions.get_mut(&id), verdict);
        self.closed(now, id);
    }

    pub(super) fn found(&mut self, now: Moment, id: SessionId, result: Result<Identity, Trouble>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Stage::LookingUp { found } = &mut session.stage else { return };
        if !session.durable {
            *found = Some(Box::new(result));
            return;
        }
        match result {
            Err(trouble) => {
                let policy = self.lanes[usize::from(session.lane.0)].settings.without_wechat;
                self.close(id, Verdict::not_known(trouble, policy));
            }
            Ok(identity) => {
                let info_type = self.lanes[usize::from(session.lane.0)].settings.info_type;
                let identity = identity.limited_to(info_type);
                if session.is_own_card(&identity) {
                    session.card = None;
                }
                session.identity = Some(identity);
                if session.card.is_some() { self.ask_whether(now, id) } else { self.announce(id) }
            }
        }
    }

    /// It is clear whose visit this is: the journal first, then the site's system.
    pub(super) fn announce(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let person = session.identity.as_ref().and_then(Identity::distinguishing);
        session.stage = Stage::Announcing;
        self.record(Record::CheckingIn { session: id, person });
    }

    /// Asks the site's system; from here on only it knows the truth.
    pub(super) fn ask_site(&mut self, now: Moment, id: SessionId, choice: Option<Text>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(identity) = session.identity.clone() else { return };
        session.stage = Stage::CheckingIn;
        session.asked_at = Some(now);
        let lane = session.lane;
        let settings = &self.lanes[usize::from(lane.0)].settings;
        if let Some(own) = settings.site_patience {
            session.deadline = now.after(own);
        }
        let (deadline, patience) = (session.deadline, settings.site_patience.unwrap_or(settings.patience));
        self.show(lane, Scene { stands: Some(patience), ..Scene::of(SceneKind::CheckingIn) }, None);
        self.emit(Output::CheckIn(CheckInRequest { session: id, lane, identity, choice, deadline }));
    }

    /// Who this is, as a keyed hash.
    pub(super) fn known(&mut self, id: SessionId, person: [u8; 16]) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.person = Some(person);
        }
    }

    pub(super) fn answered(&mut self, now: Moment, id: SessionId, answer: CheckInAnswer) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let waiting = matches!(session.stage, Stage::CheckingIn);
        if !waiting && !matches!(session.stage, Stage::Resolving { .. }) {
            return;
        }
        let present = waiting && self.is_foreground(id);
        match Verdict::of_answer(answer) {
            Reading::End(verdict) if present => self.decide(id, verdict),
            Reading::End(verdict) => self.decide_afterwards(now, id, verdict),
            Reading::Pick(options) if present => self.let_choose(now, id, options),
            // Whoever has gone cannot pick; nothing was decided.
            Reading::Pick(_) => self.decide_afterwards(now, id, Verdict::cancelled(None)),
            Reading::Unknown(code) if waiting => self.leave_unknown(now, id, code),
            Reading::Unknown(_) => {}
        }
    }

    fn let_choose(&mut self, now: Moment, id: SessionId, options: Vec<Choice>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let lane = session.lane;
        let left = session.deadline.since(now);
        let wait = self.lanes[usize::from(lane.0)].settings.choice_wait;
        session.stage = Stage::Choosing { options, page: 0, until: now.after(wait), left };
        self.show_choices(now, id);
    }

    /// The options that the lane's buttons have room for.
    pub(super) fn show_choices(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Stage::Choosing { options, page, until, .. } = &session.stage else { return };
        let (lane, stands) = (session.lane, Some(until.since(now)));
        let settings = &self.lanes[usize::from(lane.0)].settings;
        let picks = choices::picks(&settings.buttons, options.len(), *page);
        let options = choices::shown(&picks, options, &settings.phrases);
        self.show(lane, Scene { options, stands, ..Scene::of(SceneKind::Choose) }, None);
    }

    pub(super) fn resolved(&mut self, now: Moment, id: SessionId, resolution: Resolution) {
        let Some(session) = self.sessions.get(&id) else { return };
        if !matches!(session.stage, Stage::Resolving { .. }) {
            return;
        }
        let settled = self.settles_at(id) <= now;
        let verdict = match resolution {
            Resolution::NotThere if session.from_before => Verdict::interrupted(),
            Resolution::NotThere => Verdict::failed(Code::H904),
            Resolution::Decided(answer) => match Verdict::of_answer(answer) {
                Reading::End(verdict) if verdict.result != OutcomeResult::Failed => {
                    return self.decide_afterwards(now, id, verdict);
                }
                // What was picked may be on its way.
                Reading::Pick(_) => Verdict::cancelled(None),
                _ => return self.ask_again(now, id, false),
            },
            Resolution::CannotSay(_) => return self.ask_again(now, id, false),
        };
        if settled {
            // Should it arrive after all, nobody is there for it.
            self.take_back(now, id, verdict, false);
        } else {
            self.ask_again(now, id, true);
        }
    }

    /// When the site's system must show this session, if it ever came there.
    fn settles_at(&self, id: SessionId) -> Moment {
        let Some(session) = self.sessions.get(&id) else { return Moment::default() };
        let place = self.lanes.get(usize::from(session.lane.0));
        let settles = place.map_or(LaneSettings::default().site_settles, |place| place.settings.site_settles);
        session.asked_at.map_or(Moment::default(), |asked| asked.after(settles))
    }

    /// Asks about the past once more: `not_yet` where the site answers and does not show the session.
    pub(super) fn ask_again(&mut self, now: Moment, id: SessionId, not_yet: bool) {
        let settles_at = self.settles_at(id);
        let Some(Session { stage: Stage::Resolving { tries }, .. }) = self.sessions.get_mut(&id) else { return };
        let step = ASK_AFTER.get(*tries).or(ASK_AFTER.last().filter(|_| now < settles_at && *tries < MOST_TRIES));
        let Some(seconds) = step else {
            let verdict = Verdict::unknown(Code::H905);
            return match self.opens(id) {
                // Whoever stood there has not gone through.
                true => self.take_back(now, id, verdict, false),
                false => self.decide_afterwards(now, id, verdict),
            };
        };
        *tries += 1;
        let after = now.after(std::time::Duration::from_secs(*seconds));
        let after = if not_yet { after.min(settles_at) } else { after };
        self.ask_past(id, after, resolve);
    }

    pub(super) fn out_of_patience(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        match &session.stage {
            Stage::Held { .. } => self.close(id, Verdict::cancelled(Some(Code::T212))),
            Stage::Laid { .. } | Stage::Confirming { .. } | Stage::Choosing { .. } => {
                self.close(id, Verdict::cancelled(None));
            }
            Stage::LookingUp { .. } => self.close(id, Verdict::failed(Code::N304)),
            // The announcement may become durable yet; nobody was asked.
            Stage::Announcing => self.close(id, Verdict::failed(Code::J502)),
            Stage::CheckingIn => self.leave_unknown(now, id, Code::H904),
            Stage::Acting { .. } => self.act_no_longer(now, id),
            Stage::Resolving { .. } => self.ask_again(now, id, false),
            Stage::Annulling { .. } => self.annulled(now, id, Err(Code::X003)),
            _ => {}
        }
    }

    pub(super) fn is_foreground(&self, id: SessionId) -> bool {
        self.lanes.iter().any(|lane| lane.foreground == Some(id))
    }
}

fn resolve(lane: LaneId, session: SessionId, after: Moment) -> Output {
    Output::Resolve { lane, session, after }
}

pub(super) fn annul(lane: LaneId, session: SessionId, after: Moment) -> Output {
    Output::Annul { lane, session, after }
}

/// Puts an end into a session without a record of its own.
pub(super) fn session_ends(session: Option<&mut Session>, verdict: Verdict) {
    if let Some(session) = session {
        (session.identity, session.card, session.way) = (None, None, None);
        session.stage = Stage::Closing { verdict: Arc::new(verdict) };
    }
}
