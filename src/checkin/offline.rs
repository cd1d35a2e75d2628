//! What is allowed while the site's system is away: what the site says of each lane, and nothing where it says nothing.
//!
//! Away is what surely has not decided because nobody reaches it, or because it says so itself. What may have been carried
//! out is asked about, and not decided a second time.

use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;

use super::{CheckIn, Deputy, Local, Request, Undecided, roster::Roster};
use crate::{
    fault::Code,
    words::{Admission, CheckInAnswer, Deadline, Purpose, Text},
};

/// `lane.offline`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutSite {
    /// Everybody goes to staff.
    #[default]
    Staff,
    /// Whoever is on the roster: a gate opens, in a hospital they get a number that is to be verified.
    Roster,
    /// In a hospital everybody whom WeChat has vouched for gets one.
    Provisional,
}

/// Who decides meanwhile.
pub struct Offline {
    /// By the lanes' names; with the series of their numbers.
    lanes: Vec<(String, WithoutSite, String)>,
    roster: RwLock<Option<Arc<Roster>>>,
    numbers: Local,
}

impl Offline {
    /// `numbers` gives those that are to be verified, by series that no lane has otherwise.
    pub fn new(lanes: Vec<(String, WithoutSite, String)>, roster: Option<Roster>, numbers: Local) -> Self {
        Self { lanes, roster: RwLock::new(roster.map(Arc::new)), numbers }
    }

    /// Another list, or none, in the place of the one before.
    pub(crate) fn renew(&self, roster: Option<Roster>) {
        *self.roster.write().unwrap_or_else(PoisonError::into_inner) = roster.map(Arc::new);
    }

    fn roster(&self) -> Option<Arc<Roster>> {
        self.roster.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn number(
        &self,
        request: &Request,
        series: &str,
        place: Option<Text>,
        deadline: Deadline,
    ) -> Option<CheckInAnswer> {
        let request = Request { series: series.to_owned(), ..request.clone() };
        let to_verify = |admission: Admission| Admission { place, to_verify: true, ..admission };
        match self.numbers.check_in(&request, deadline).ok()? {
            CheckInAnswer::Admitted(admission) => Some(CheckInAnswer::Admitted(to_verify(admission))),
            CheckInAnswer::Already(admission) => Some(CheckInAnswer::Already(to_verify(admission))),
            _ => None,
        }
    }
}

impl Deputy for Offline {
    fn decide(&self, request: &Request, undecided: &Undecided, deadline: Deadline) -> Option<CheckInAnswer> {
        if undecided.perhaps || undecided.failure.code() != Code::H901 {
            return None;
        }
        let (_, allowed, series) = self.lanes.iter().find(|(lane, ..)| *lane == request.lane)?;
        // Nobody is let through, and nobody's place is kept, by a list that cannot be believed.
        let expected = self.roster().and_then(|roster| roster.expects(&request.identity).ok()).flatten();
        match (allowed, request.purpose, expected) {
            (WithoutSite::Roster, Purpose::Transit, Some(place)) => {
                Some(CheckInAnswer::Admitted(Admission { place, to_verify: true, ..Admission::default() }))
            }
            (WithoutSite::Roster | WithoutSite::Provisional, Purpose::Hospital, Some(place)) => {
                self.number(request, series, place, deadline)
            }
            (WithoutSite::Provisional, Purpose::Hospital, None) if request.identity.is_vouched_for() => {
                self.number(request, series, None, deadline)
            }
            _ => None,
        }
    }

    fn looked_after(&self) -> Option<Arc<dyn CheckIn>> {
        self.roster().map(|roster| roster as _)
    }
}
