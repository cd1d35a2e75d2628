//! The way of everything that happens into the loop, and the one place where a failure is told whole: which lane by its
//! name, whose session, code, causes, the other side's reference. The core gets what it may know.

use std::{ops::Deref, sync::Arc};

use tokio::sync::mpsc::Sender;

use crate::{
    fault::{Code, Failure, Tongue, Trouble},
    kiosk::Input,
    words::{LaneId, SessionId},
};

/// What every thread has.
#[derive(Clone)]
pub(super) struct Inputs {
    way: Sender<Input>,
    lanes: Arc<[String]>,
}

/// A failure that stands until it is mended, told once for each change.
#[derive(Debug, Default)]
pub(super) struct Standing(Option<Code>);

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
        tracing::warn!(lane, session, %code, request_id = reference, error = failure.chain(), cure, "{what}");
        failure.trouble()
    }

    /// The same of something that goes on failing until it is mended: once for each change. True where it is one.
    pub(super) fn tell_change(
        &self,
        what: &'static str,
        lane: impl Into<Option<LaneId>> + Copy,
        standing: &mut Standing,
        failed: Option<&Failure>,
    ) -> bool {
        let code = failed.map(Failure::code);
        let before = std::mem::replace(&mut standing.0, code);
        match (failed, before) {
            _ if before == code => return false,
            (Some(failure), _) => {
                self.tell(what, lane, None, failure);
            }
            (None, Some(before)) => {
                let lane = lane.into().map(|lane| self.lane(lane));
                tracing::info!(lane, code = %before, "{what}: no longer");
            }
            (None, None) => {}
        }
        true
    }
}
