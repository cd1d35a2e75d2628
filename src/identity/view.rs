//! What is known of WeChat, for whoever looks after the machine: nothing of a person, and nobody is asked for it.

use std::sync::PoisonError;

use super::{FaceLookup, Permission};
use crate::{
    fault::Code,
    words::{Moment, WallTime},
};

/// How another side answered last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When.
    pub at: Moment,
    /// Why that was of no use; none where it was an answer.
    pub failed: Option<Code>,
    /// Since when all have ended so, well or not.
    pub since: Moment,
}

/// One merchant's WeChat.
#[derive(Clone, Copy, Debug, Default)]
pub struct WechatView {
    /// How it answered last; none before the first question.
    pub contact: Option<Contact>,
    /// What it lets us ask for, as far as it has said.
    pub permission: Option<Permission>,
    /// Seconds that its clock is ahead of ours, and since when that is known; 0 while ours will do.
    pub offset: (i64, Moment),
    /// The backup domain is in use.
    pub on_backup: bool,
    /// When the merchant's own certificate ends, where it is configured.
    pub certificate: Option<WallTime>,
    /// When the last of WeChat's certificates ends, in certificate mode.
    pub platform: Option<WallTime>,
}

impl Contact {
    /// The next one after `before`.
    pub fn after(before: Option<Self>, now: Moment, failed: Option<Code>) -> Self {
        let same = before.filter(|before| before.failed.is_some() == failed.is_some());
        Self { at: now, failed, since: same.map_or(now, |before| before.since) }
    }
}

impl FaceLookup {
    /// What is known of WeChat now.
    pub fn view(&self) -> WechatView {
        let now = self.clock.now().moment;
        WechatView {
            contact: *self.contact.lock().unwrap_or_else(PoisonError::into_inner),
            permission: self.permissions.last(),
            offset: self.clock.offset_since(),
            on_backup: self.domains.on_backup(now),
            certificate: self.vault.certificate().map(|facts| facts.not_after),
            platform: self.certificates.last_end(),
        }
    }

    /// Notes how a question ended. What WeChat says of a person or of a permission is an answer like any other.
    pub(super) fn note_contact(&self, failed: Option<Code>) {
        let failed = failed.filter(|code| !matches!(code, Code::N320 | Code::N321 | Code::N325));
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        *contact = Some(Contact::after(*contact, self.clock.now().moment, failed));
    }
}
