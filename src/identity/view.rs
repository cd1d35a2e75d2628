//! What is known of WeChat, for whoever looks after the machine: nothing of a person, and nobody is asked for it.

use std::sync::PoisonError;

use super::{FaceLookup, Permission};
use crate::{
    fault::{Code, Failure},
    words::{Contact, Moment, WallTime},
};

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
    /// When the first of the merchant's own certificates ends, where they are configured.
    pub certificate: Option<WallTime>,
    /// When the last of WeChat's certificates ends, in certificate mode.
    pub platform: Option<WallTime>,
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
            certificate: [self.vault.certificate(), self.vault.decrypt_certificate()]
                .into_iter()
                .flatten()
                .map(|facts| facts.not_after)
                .min(),
            platform: self.certificates.last_end(),
        }
    }

    /// Why what WeChat said of a permission is not written down.
    pub(super) fn unwritten(&self) -> Option<Failure> {
        self.permissions.unwritten()
    }

    /// Notes how a question ended. What WeChat says of a person or of a permission is an answer like any other.
    pub(super) fn note_contact(&self, failed: Option<Code>) {
        let failed = failed.filter(|code| !matches!(code, Code::N320 | Code::N321 | Code::N325));
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        *contact = Some(Contact::after(*contact, self.clock.now().moment, failed));
    }
}
