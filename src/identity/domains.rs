//! Which of WeChat Pay's domains is in use.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::WechatPay;
use crate::words::Moment;

/// The main domain, except for a while after only the other one could be reached.
#[derive(Default)]
pub(super) struct Domains {
    /// The backup domain is used until this moment.
    backup_until: Mutex<Option<Moment>>,
}

/// The order in which domains are tried.
pub(super) struct Attempted<'a> {
    pub(super) first: &'a str,
    pub(super) second: Option<&'a str>,
}

/// How long the backup domain is kept.
const BACKUP_FOR: Duration = Duration::from_secs(300);

impl Domains {
    pub(super) fn order<'a>(&self, wechatpay: &'a WechatPay, now: Moment) -> Attempted<'a> {
        let main = wechatpay.base_url.as_str();
        match wechatpay.backup_url.as_deref() {
            None => Attempted { first: main, second: None },
            Some(backup) if self.on_backup(now) => Attempted { first: backup, second: Some(main) },
            Some(backup) => Attempted { first: main, second: Some(backup) },
        }
    }

    /// The second one answered where the first did not.
    pub(super) fn switch(&self, now: Moment) {
        let to_backup = !self.on_backup(now);
        *self.backup_until.lock().unwrap_or_else(PoisonError::into_inner) = to_backup.then(|| now.after(BACKUP_FOR));
    }

    /// Whether the backup domain comes first.
    pub(super) fn on_backup(&self, now: Moment) -> bool {
        self.backup_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }
}
