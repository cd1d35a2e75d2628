//! What a terminal's own screen shows now, for whoever connects while it does.

use super::{Reply, Shared, reply::OutLine};
use crate::words::Moment;

/// The latest scene, and since when it stands. It goes, and is wiped, when the next one comes.
#[derive(Default)]
pub(super) struct Standing(Option<(Reply, Moment)>);

impl Standing {
    /// Keeps a scene; nothing else.
    pub(super) fn hear(&mut self, shared: &Shared, reply: Reply) {
        if matches!(reply, Reply::Scene { .. }) {
            self.0 = Some((reply, shared.clock.now().moment));
        }
    }

    /// The scene as it stands now, with what is left of its time.
    pub(super) fn line(&self, shared: &Shared) -> Option<OutLine> {
        let (Reply::Scene { session, scene }, since) = self.0.as_ref()? else { return None };
        let mut scene = scene.clone();
        let stood = shared.clock.now().moment.since(*since);
        scene.stands = scene.stands.map(|stands| stands.saturating_sub(stood));
        Some(shared.line(&Reply::Scene { session: *session, scene }))
    }
}
