//! How another side — WeChat, the site's system — answered last.

use super::Moment;
use crate::fault::Code;

/// How another side answered last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When that was.
    pub at: Moment,
    /// Why that was of no use; none where it was an answer.
    pub failed: Option<Code>,
    /// Since when all have ended so, well or not.
    pub since: Moment,
}

impl Contact {
    /// The next one after `before`.
    pub fn after(before: Option<Self>, now: Moment, failed: Option<Code>) -> Self {
        let same = before.filter(|before| before.failed.is_some() == failed.is_some());
        Self { at: now, failed, since: same.map_or(now, |before| before.since) }
    }
}
