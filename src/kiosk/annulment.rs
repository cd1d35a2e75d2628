//! Check-ins that are taken back: nobody went through the gate, or nobody came for what the site's system decided late.

use std::time::Duration;

use super::{
    GateOutcome, Kiosk, OutcomeResult, Record,
    flow::{ASK_AFTER, annul},
    session::Stage,
    verdict::Verdict,
};
use crate::{
    fault::Code,
    words::{Moment, SessionId},
};

/// The most persons remembered whose check-in could not be taken back.
const OWED: usize = 256;

impl Kiosk {
    /// Nobody went through: the check-in is taken back, once the journal knows why.
    pub(super) fn annul(&mut self, id: SessionId, outcome: GateOutcome) {
        self.annul_for(id, outcome, outcome.code().unwrap_or(Code::G803));
    }

    /// The same, where the code says more than the gate's outcome.
    pub(super) fn annul_for(&mut self, id: SessionId, outcome: GateOutcome, code: Code) {
        let end = Box::new(Verdict::annulled(code));
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.stage = Stage::Annulling { end, tries: 0, owed: true };
        self.record(Record::Gated { session: id, outcome });
    }

    /// Takes back what the site's system may have decided for somebody who has gone, and ends the session so. The
    /// journal need not know first: a restart asks about the session again.
    pub(super) fn take_back(&mut self, now: Moment, id: SessionId, end: Verdict, owed: bool) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.identity = None;
        session.stage = Stage::Annulling { end: Box::new(end), tries: 0, owed };
        self.ask_past(id, now, annul);
    }

    pub(super) fn annulled(&mut self, now: Moment, id: SessionId, result: Result<(), Code>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Stage::Annulling { end, tries, owed } = &mut session.stage else { return };
        let (end, owed, person) = (end.clone(), *owed, session.person);
        match (result, ASK_AFTER.get(*tries)) {
            (Err(_), Some(seconds)) => {
                *tries += 1;
                let after = now.after(Duration::from_secs(*seconds));
                self.ask_past(id, after, annul);
            }
            (Err(_), None) if end.result == OutcomeResult::Annulled => {
                if let Some(person) = person.filter(|_| owed) {
                    self.owed.truncate(OWED - 1);
                    self.owed.push_front(person);
                }
                self.close_quietly(id, Verdict::unknown(Code::H905));
            }
            (_, _) => self.close_quietly(id, *end),
        }
    }

    /// The site admitted this person, nobody knows that they went through, and the site still says that they are in.
    pub(super) fn is_owed(&self, person: Option<[u8; 16]>) -> bool {
        let waits = |stage: &Stage| matches!(stage, Stage::Annulling { owed: true, .. });
        person.is_some_and(|person| {
            self.owed.contains(&person)
                || self.sessions.values().any(|session| session.person == Some(person) && waits(&session.stage))
        })
    }

    /// Somebody went through: nothing of theirs is taken back any more.
    pub(super) fn went_through(&mut self, id: SessionId) {
        let Some(person) = self.sessions.get(&id).and_then(|session| session.person) else { return };
        self.owed.retain(|owed| *owed != person);
        let waiting: Vec<SessionId> = self
            .sessions
            .values()
            .filter(|session| session.person == Some(person))
            .filter(|session| matches!(session.stage, Stage::Annulling { owed: true, .. }))
            .map(|session| session.id)
            .collect();
        for earlier in waiting {
            self.close_quietly(earlier, Verdict::used());
        }
    }

    /// Whoever is admitted in this session goes through a gate of ours.
    pub(super) fn opens(&self, id: SessionId) -> bool {
        let lane = self.sessions.get(&id).map(|session| usize::from(session.lane.0));
        lane.and_then(|lane| self.lanes.get(lane)).is_some_and(|place| place.settings.opens())
    }
}
