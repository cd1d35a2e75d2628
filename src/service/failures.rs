//! The way of everything that happens into the loop, and the one place where a failure is told whole: which lane by its
//! name, whose session, code, causes, the other side's reference. The core gets what it may know.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc::Sender;

use crate::{
    device::note_missing,
    fault::{Code, Failure, Tongue, Trouble},
    kiosk::Input,
    terminal::Witness,
    words::{LaneId, Moment, SessionId},
};

/// What every thread has.
#[derive(Clone)]
pub(super) struct Inputs {
    way: Sender<Input>,
    lanes: Arc<[String]>,
}

/// A failure that stands until it is mended, told once for each change: its code, and what is beneath it.
#[derive(Debug, Default)]
pub(super) struct Standing(Option<(Code, String)>);

/// The same, of something that several threads meet.
pub(super) type SharedStanding = Arc<Mutex<Standing>>;

/// One lane's terminals tell what goes wrong there.
struct OfLane {
    inputs: Inputs,
    lane: LaneId,
}

impl Deref for Inputs {
    type Target = Sender<Input>;

    fn deref(&self) -> &Sender<Input> {
        &self.way
    }
}

impl Inputs {
    /// Into the loop of these lanes.
    pub(super) fn new(way: Sender<Input>, lanes: Vec<String>) -> Self {
        Self { way, lanes: lanes.into() }
    }

    /// A lane as the site file calls it.
    pub(super) fn lane(&self, lane: LaneId) -> &str {
        self.lanes.get(usize::from(lane.0)).map_or("?", String::as_str)
    }

    /// Tells a failure whole; what the core may know of it comes back.
    pub(super) fn tell(
        &self,
        what: &'static str,
        lane: impl Into<Option<LaneId>>,
        session: impl Into<Option<SessionId>>,
        failure: &Failure,
    ) -> Trouble {
        let lane = lane.into().map(|lane| self.lane(lane));
        let session = session.into().map(|session| session.to_string());
        let (code, reference, cure) = (failure.code(), failure.reference(), failure.cure_in(Tongue::En));
        let error = failure.chain();
        // What ends service or loses records is looked for by priority.
        if matches!(code, Code::X001 | Code::J501 | Code::J502 | Code::J503 | Code::J504 | Code::C105) {
            tracing::error!(lane, session, %code, request_id = reference, error, cure, "{what}");
        } else {
            tracing::warn!(lane, session, %code, request_id = reference, error, cure, "{what}");
        }
        failure.trouble()
    }

    /// The same of something that goes on failing until it is mended: once for each change. True where it is one. What
    /// fails for the same reason under another code is none.
    pub(super) fn tell_change(
        &self,
        what: &'static str,
        lane: impl Into<Option<LaneId>>,
        session: impl Into<Option<SessionId>>,
        standing: &mut Standing,
        failed: Option<&Failure>,
    ) -> bool {
        match failed {
            Some(failure) => {
                let is_change = standing.begins(failure);
                if is_change {
                    self.tell(what, lane, session, failure);
                }
                is_change
            }
            None => {
                let Some((before, _)) = standing.0.take() else { return false };
                self.tell_mended(&format!("{what}: no longer"), lane, before);
                true
            }
        }
    }

    /// What was told is so no longer.
    pub(super) fn tell_mended(&self, what: &str, lane: impl Into<Option<LaneId>>, code: Code) {
        let lane = lane.into().map(|lane| self.lane(lane));
        tracing::info!(lane, was = %code, "{what}");
    }

    /// Characters that nothing can draw, now and then one of them; never where, which is whose: a font serves every lane.
    pub(super) fn tell_missing(&self, now: Moment, characters: &[char]) {
        if let Some(missing) = note_missing(now, characters) {
            self.tell("a star stands in its place", None, None, &missing);
        }
    }

    /// For whoever tells of one lane alone.
    pub(super) fn witness(&self, lane: LaneId) -> Arc<dyn Witness> {
        Arc::new(OfLane { inputs: self.clone(), lane })
    }
}

impl Standing {
    /// Takes note of how it is, of somebody who tells it otherwise.
    pub(super) fn is(&mut self, failed: Option<&Failure>) {
        match failed {
            Some(failure) => _ = self.begins(failure),
            None => self.0 = None,
        }
    }

    /// Takes note of a failure; true where it is not the one that stands.
    fn begins(&mut self, failure: &Failure) -> bool {
        let (code, root) = (failure.code(), failure.root());
        let stands = self.0.as_ref().is_some_and(|(known, beneath)| *known == code || *beneath == root);
        self.0 = Some((code, root));
        !stands
    }
}

impl Witness for OfLane {
    fn failed(&self, what: &'static str, failure: &Failure) {
        self.inputs.tell(what, self.lane, None, failure);
    }

    fn mended(&self, what: &'static str, code: Code) {
        self.inputs.tell_mended(what, self.lane, code);
    }
}

/// What threads share of what was told.
pub(super) fn lock(standing: &SharedStanding) -> MutexGuard<'_, Standing> {
    standing.lock().unwrap_or_else(PoisonError::into_inner)
}
