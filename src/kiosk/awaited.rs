//! What the world owes the core: every output that is to be answered has a moment after which nobody waits any more. A
//! lost answer costs its visit, and nothing beyond it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Kiosk, Output, PrintOutcome, RecordTicket, session::Stage, verdict::Verdict};
use crate::{
    fault::Code,
    words::{AuthInfoGrant, AuthInfoWanted, JobId, LaneId, Moment, PeerId, SessionId},
};

/// A record is durable by then, or will not be: the program is restarted before, where the disk hangs.
const DURABLE: Duration = Duration::from_secs(10);

/// A slip is dropped at its deadline; the printer's last word on it takes no longer than this.
pub(super) const PRINTED: Duration = Duration::from_secs(10);

/// A gate's last word on a grant, after its last edge.
pub(super) const GATED: Duration = Duration::from_secs(5);

/// A question about the past waits behind those of all other visits.
const ASKED: Duration = Duration::from_secs(300);

/// A terminal's authinfo, beyond a person's patience.
const GRANTED: Duration = Duration::from_secs(5);

/// The most slips that no visit waits for, and the most questions of one lane's terminals.
const SLIPS: usize = 16;
const AUTHINFOS: usize = 32;

/// Answers that are awaited outside of a visit's stage, with their moments.
#[derive(Default)]
pub(super) struct Awaited {
    /// In the order in which they are due.
    records: BTreeMap<RecordTicket, (SessionId, Moment)>,
    /// Slips that no visit waits for: printed again, or for staff.
    slips: BTreeMap<JobId, Moment>,
    authinfos: BTreeMap<(LaneId, PeerId, u64), Moment>,
}

impl Awaited {
    pub(super) fn record(&mut self, ticket: RecordTicket, session: SessionId, now: Moment) {
        self.records.insert(ticket, (session, now.after(DURABLE)));
    }

    /// Whose record this was, where it is still awaited.
    pub(super) fn recorded(&mut self, ticket: RecordTicket) -> Option<SessionId> {
        self.records.remove(&ticket).map(|(session, _)| session)
    }

    pub(super) fn has_neither_records_nor_slips(&self) -> bool {
        self.records.is_empty() && self.slips.is_empty()
    }

    /// False when it is awaited already, or too many are.
    pub(super) fn slip(&mut self, job: JobId, deadline: Moment) -> bool {
        self.slips.len() < SLIPS && self.slips.insert(job, deadline.after(PRINTED)).is_none()
    }

    pub(super) fn slip_came(&mut self, job: JobId) -> bool {
        self.slips.remove(&job).is_some()
    }

    pub(super) fn due(&self) -> Option<Moment> {
        let record = self.records.values().next().map(|(_, until)| *until);
        record.into_iter().chain(self.slips.values().copied()).chain(self.authinfos.values().copied()).min()
    }
}

impl Kiosk {
    /// A terminal asks for its authinfo.
    pub(super) fn ask_authinfo(&mut self, now: Moment, lane: LaneId, peer: PeerId, seq: u64, wanted: AuthInfoWanted) {
        let Some(patience) = self.lane(lane).map(|place| place.settings.patience) else { return };
        let of_lane = self.awaited.authinfos.keys().filter(|(of, ..)| *of == lane).count();
        if of_lane >= AUTHINFOS {
            return self.emit(Output::GiveAuthInfo { lane, peer, seq, result: Err(Code::X003) });
        }
        let until = now.after(patience.saturating_add(GRANTED));
        self.awaited.authinfos.insert((lane, peer, seq), until);
        self.emit(Output::AskAuthInfo { lane, peer, seq, wanted });
    }

    pub(super) fn give_authinfo(&mut self, lane: LaneId, peer: PeerId, seq: u64, result: Result<AuthInfoGrant, Code>) {
        if self.awaited.authinfos.remove(&(lane, peer, seq)).is_some() {
            self.emit(Output::GiveAuthInfo { lane, peer, seq, result });
        }
    }

    /// Asks the site's system about the past, or to take something back.
    pub(super) fn ask_past(
        &mut self,
        id: SessionId,
        after: Moment,
        ask: impl FnOnce(LaneId, SessionId, Moment) -> Output,
    ) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.answer_by = Some(after.after(ASKED));
            let lane = session.lane;
            self.emit(ask(lane, id, after));
        }
    }

    /// Nobody said whether a record is durable. It may come to be: it is not written again.
    fn record_is_lost(&mut self, now: Moment, ticket: RecordTicket) {
        let whose = self.awaited.records.get(&ticket).map(|(id, _)| *id);
        let closing = whose.and_then(|id| match &mut self.sessions.get_mut(&id)?.stage {
            Stage::Closing { verdict } => Some((id, verdict)),
            _ => None,
        });
        let Some((id, verdict)) = closing else { return self.not_recorded(now, ticket, Code::J502) };
        if verdict.admission.is_some() {
            // Nobody is told of an admission that the journal may not know.
            *verdict = Arc::new(Verdict::unknown(Code::J502));
        }
        self.awaited.recorded(ticket);
        self.closed(now, id);
    }

    /// Goes on without what should have come by now.
    pub(super) fn give_up(&mut self, now: Moment) {
        let lost = |until: &Moment| *until <= now;
        let records: Vec<_> =
            self.awaited.records.iter().take_while(|(_, (_, until))| lost(until)).map(|(ticket, _)| *ticket).collect();
        for ticket in records {
            self.record_is_lost(now, ticket);
        }
        let of =
            |due: &BTreeMap<JobId, Moment>| due.iter().filter(|(_, until)| lost(until)).map(|(job, _)| *job).collect();
        let slips: Vec<JobId> = of(&self.awaited.slips);
        for job in slips {
            self.printed(job, PrintOutcome::Unknown);
        }
        let authinfos: Vec<_> =
            self.awaited.authinfos.iter().filter(|(_, until)| lost(until)).map(|(whose, _)| *whose).collect();
        for (lane, peer, seq) in authinfos {
            self.give_authinfo(lane, peer, seq, Err(Code::N304));
        }
    }
}
