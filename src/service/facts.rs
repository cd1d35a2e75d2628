//! What threads leave for whoever looks after the machine, each at its own time: nobody is asked, and nobody is woken.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    fault::Code,
    store::Fill,
    words::{Contact, Moment},
};

/// All of it.
#[derive(Default)]
pub(super) struct Facts {
    journal: Mutex<JournalFacts>,
    weixin: Mutex<Option<Contact>>,
    outbox: [AtomicU64; 2],
}

/// What the site's system has still to hear of.
#[derive(Clone, Copy)]
pub(super) enum Outbox {
    /// Who went through.
    Passages,
    /// What was decided without it.
    #[cfg(feature = "hospital")]
    Decisions,
}

/// How the journal is.
#[derive(Clone, Copy, Default)]
pub(super) struct JournalFacts {
    pub(super) fill: Option<Fill>,
    /// Why it cannot be written, if so.
    pub(super) fault: Option<Code>,
    /// Since when it can, or cannot.
    pub(super) since: Option<Moment>,
    pub(super) failures: u64,
}

impl Facts {
    pub(super) fn journal(&self) -> JournalFacts {
        *lock(&self.journal)
    }

    pub(super) fn weixin(&self) -> Option<Contact> {
        *lock(&self.weixin)
    }

    /// How much the site's system has still to hear of.
    pub(super) fn outbox(&self) -> u64 {
        self.outbox.iter().fold(0, |all, of| all.saturating_add(of.load(Ordering::Relaxed)))
    }

    /// So much of it is this.
    pub(super) fn outbox_has(&self, what: Outbox, count: u64) {
        self.outbox[what as usize].store(count, Ordering::Relaxed);
    }

    /// A group of records was written, or not.
    pub(super) fn journal_is(&self, now: Moment, fill: Fill, fault: Option<Code>) {
        let mut facts = lock(&self.journal);
        facts.fill = Some(fill);
        facts.failures = facts.failures.saturating_add(u64::from(fault.is_some()));
        if facts.fault.is_some() != fault.is_some() {
            facts.since = Some(now);
        }
        facts.fault = fault;
    }

    /// The mini-program's calls answered, or not. What they say of a person is an answer like any other.
    pub(super) fn weixin_said(&self, now: Moment, failed: Option<Code>) {
        let failed = failed.filter(|code| !matches!(code, Code::W105 | Code::W106 | Code::W111));
        let mut contact = lock(&self.weixin);
        *contact = Some(Contact::after(*contact, now, failed));
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
