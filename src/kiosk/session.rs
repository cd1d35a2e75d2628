//! One visit.

use std::sync::Arc;

use super::{lane::Trace, verdict::Verdict};
use crate::{
    fault::Trouble,
    words::{Card, Choice, Identity, LaneId, MerchantPick, Moment, PeerId, SessionId, ShownName, WayIn},
};

/// A session that is open in the journal.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) lane: LaneId,
    /// Who gets the outcome: connection and frame number, at most [`Session::ASKERS`].
    askers: Vec<(PeerId, u64)>,
    pub(super) stage: Stage,
    /// The opening record is durable.
    pub(super) durable: bool,
    /// Kept until the consent, then handed to the lookup.
    pub(super) way: Option<(MerchantPick, WayIn)>,
    /// The document that lies in the reader, until it is clear whose it is; and what it is known again by.
    pub(super) card: Option<Card>,
    pub(super) laid: Option<Trace>,
    /// The frame's number and the option of the choice that was taken last.
    pub(super) picked: Option<(u64, u8)>,
    /// The terminal's SDK waits for a consent.
    pub(super) consent_awaited: bool,
    /// Kept from the lookup to the decision.
    pub(super) identity: Option<Identity>,
    /// The person's patience.
    pub(super) deadline: Moment,
    /// When the site's system was last asked to check the person in; it may show the session until it has settled.
    pub(super) asked_at: Option<Moment>,
    /// Keyed hash of the person.
    pub(super) person: Option<[u8; 16]>,
    /// When the answer to a question about the past is lost.
    pub(super) answer_by: Option<Moment>,
    /// Its end is counted.
    pub(super) counted: bool,
    /// From before a restart; nobody is told.
    pub(super) from_before: bool,
}

/// Where a session stands.
pub(super) enum Stage {
    /// A document lies in the reader, and nobody has followed it yet.
    Laid { until: Moment },
    /// The face waits for consent.
    Held { until: Moment },
    /// WeChat is asked; the answer waits here when it is faster than the journal.
    LookingUp { found: Option<Box<Result<Identity, Trouble>>> },
    /// The person says whether the visit is for the document's holder.
    Confirming { until: Moment, left: std::time::Duration },
    /// The check-in record is on its way to the disk.
    Announcing,
    /// The site's system is asked.
    CheckingIn,
    /// The person picks.
    Choosing { options: Vec<Choice>, page: usize, until: Moment, left: std::time::Duration },
    /// The decision is on its way to the disk.
    Deciding { verdict: Arc<Verdict>, name: Option<ShownName>, slip_name: Option<ShownName> },
    /// The closing record is on its way to the disk; then this is shown and told.
    Closing { verdict: Arc<Verdict> },
    /// Slip or gate are at work until these moments at the latest; the session closes when they are done.
    Acting { verdict: Arc<Verdict>, printing: Option<Moment>, opening: Option<Moment> },
    /// Nobody went through, or nobody came for it: the site's system takes the check-in back, and the session ends so.
    /// `owed`: the site admitted the person, who is let through if the site says `already` meanwhile.
    Annulling { end: Box<Verdict>, tries: usize, owed: bool },
    /// The person has been sent to staff; the site's system is asked what became of it.
    Resolving { tries: usize },
}

impl Session {
    /// The most frames that wait for one outcome.
    const ASKERS: usize = 4;

    pub(super) fn new(id: SessionId, lane: LaneId, stage: Stage, deadline: Moment) -> Self {
        Self {
            id,
            lane,
            askers: Vec::new(),
            stage,
            durable: false,
            way: None,
            card: None,
            laid: None,
            picked: None,
            consent_awaited: false,
            identity: None,
            deadline,
            asked_at: None,
            person: None,
            answer_by: None,
            counted: false,
            from_before: false,
        }
    }

    pub(super) fn ask(&mut self, peer: PeerId, seq: u64) {
        if !self.askers.contains(&(peer, seq)) {
            if self.askers.len() == Self::ASKERS {
                self.askers.remove(0);
            }
            self.askers.push((peer, seq));
        }
    }

    /// Nobody but WeChat and the person has been asked yet, and no decision can be under way.
    pub(super) fn is_undecided(&self) -> bool {
        matches!(
            self.stage,
            Stage::Laid { .. }
                | Stage::Held { .. }
                | Stage::LookingUp { .. }
                | Stage::Confirming { .. }
                | Stage::Choosing { .. }
        )
    }

    pub(super) fn askers(&self) -> &[(PeerId, u64)] {
        &self.askers
    }

    pub(super) fn take_askers(&mut self) -> Vec<(PeerId, u64)> {
        std::mem::take(&mut self.askers)
    }

    /// When this session's patience ends, or that of whoever waits for an answer.
    pub(super) fn due(&self) -> Option<Moment> {
        match self.stage {
            Stage::Laid { until }
            | Stage::Held { until }
            | Stage::Confirming { until, .. }
            | Stage::Choosing { until, .. } => Some(until),
            Stage::LookingUp { .. } | Stage::Announcing | Stage::CheckingIn => Some(self.deadline),
            // Their records have moments of their own.
            Stage::Deciding { .. } | Stage::Closing { .. } => None,
            Stage::Acting { printing, opening, .. } => printing.into_iter().chain(opening).min(),
            Stage::Resolving { .. } | Stage::Annulling { .. } => self.answer_by,
        }
    }
}
