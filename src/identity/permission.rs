//! What WeChat lets us ask for: granted, refused, and since when.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::InfoType;
use crate::{
    fault::Failure,
    words::{Moment, Now, WallTime},
};

/// What WeChat said to one kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What was asked for.
    pub asked: InfoType,
    /// It was answered, and not refused for want of permission.
    pub granted: bool,
    /// Seconds since 1970, by WeChat's own clock.
    pub at: WallTime,
}

/// Hears when a permission changes, and once a day while it does not.
pub trait PermissionLog: Send + Sync {
    /// Writes it down, for `check`.
    ///
    /// # Errors
    /// It could not be written: nobody's question fails by it.
    fn note(&self, permission: Permission) -> Result<(), Failure>;
}

/// What is known so far.
#[derive(Default)]
pub(super) struct Permissions {
    log: Option<Arc<dyn PermissionLog>>,
    falls_back: bool,
    last: Mutex<Option<(Permission, Moment)>>,
    /// Why the latest is not written down.
    unwritten: Mutex<Option<Failure>>,
}

/// After a refusal the real name is not asked for again for so long, where there is something else to ask for.
const REFUSED_FOR: Duration = Duration::from_secs(3600);

/// How often the log hears that nothing has changed.
const AGAIN: Duration = Duration::from_secs(86_400);

impl Permissions {
    pub(super) fn new(log: Arc<dyn PermissionLog>, falls_back: bool) -> Self {
        Self { log: Some(log), falls_back, ..Self::default() }
    }

    /// What to ask for now.
    pub(super) fn wanted(&self, configured: InfoType, now: Moment) -> InfoType {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = last.is_some_and(|(permission, at)| {
            permission.asked == InfoType::RealName && !permission.granted && now.since(at) < REFUSED_FOR
        });
        if self.falls_back && refused { InfoType::UnionId } else { configured }
    }

    /// What WeChat said last.
    pub(super) fn last(&self) -> Option<Permission> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).map(|(permission, _)| permission)
    }

    pub(super) fn note(&self, asked: InfoType, granted: bool, now: Now) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.filter(|(_, at)| now.moment.since(*at) < AGAIN);
        let same = known.is_some_and(|(permission, _)| permission.asked == asked && permission.granted == granted);
        // What could not be written down is tried again.
        if same && self.unwritten().is_none() {
            return;
        }
        // What is asked for instead of a name says nothing about names.
        if asked == InfoType::UnionId && last.is_some_and(|(permission, _)| permission.asked == InfoType::RealName) {
            return;
        }
        let permission = Permission { asked, granted, at: now.wall };
        *last = Some((permission, now.moment));
        // The log writes a file: nobody's question waits for that.
        drop(last);
        if let Some(log) = &self.log {
            *self.unwritten.lock().unwrap_or_else(PoisonError::into_inner) = log.note(permission).err();
        }
    }

    /// Why the latest is not written down.
    pub(super) fn unwritten(&self) -> Option<Failure> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
