//! What stands behind the technician's page and the desk: the service, as a trait, so that the pages know of it no more
//! than they ask and order.

use std::{future::Future, pin::Pin};

use super::Role;
use crate::fault::{Code, Tongue};

/// What a page asks.
#[derive(Clone, Debug)]
pub enum Question {
    /// Everything a technician sees: status, faults, durations, and the texts of the codes among them. JSON.
    Overview(Tongue),
    /// The same for Prometheus.
    Metrics,
    /// For a bug report: all of it, and the log. JSON.
    Bundle,
    /// What became of a visit, by its reference or number. JSON.
    Visit(String),
    /// Today's visits: counts by result, and those whose outcome is unknown. JSON.
    Today,
    /// Which lanes serve, and why not. JSON.
    Lanes,
}

/// What somebody with an account orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Opens or closes a lane.
    Lane {
        /// Its name.
        lane: String,
        /// How it shall be: `normal`, `closed`, `maintenance`.
        mode: String,
    },
    /// Says at which hours of each day a lane is open.
    Hours {
        /// Its name; none for every lane.
        lane: Option<String>,
        /// `08:00-12:00 13:30-17:00`; empty for always.
        hours: String,
    },
    /// Posts a notice on a lane's panel while nobody is served; empty for none.
    Notice {
        /// The lane's name; none for every lane.
        lane: Option<String>,
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// Exercises a device.
    Exercise {
        /// The lane's name.
        lane: String,
        /// `slip`, `panel`, `gate`, `voice`, or a signal of lights and buzzer.
        device: String,
    },
    /// Reads keys, certificates and settings again, as SIGHUP does.
    Reload,
    /// Takes a check-in back.
    Undo {
        /// Of which visit.
        session: String,
    },
    /// Prints a slip again.
    Reprint {
        /// Of which visit.
        session: String,
    },
    /// 对账: compares today's count with the hospital's own.
    Reconcile {
        /// How many the hospital counts.
        theirs: u64,
    },
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// It was done.
    pub done: bool,
    /// In words, in English.
    pub told: String,
    /// Why not, where there is a code.
    pub code: Option<Code>,
}

/// An answer that is waited for; none where the daemon is busy or stopping.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>>;

/// A deed that is waited for.
pub type Doing<'a> = Pin<Box<dyn Future<Output = Done> + Send + 'a>>;

/// A record that is waited for.
pub type Noting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The service, as the pages see it.
pub trait Backstage: Send + Sync {
    /// Answers a question.
    fn ask(&self, question: Question) -> Answering<'_>;

    /// Does what somebody of this role orders, and leaves a record of it.
    fn act<'a>(&'a self, user: &'a str, role: Role, deed: Deed) -> Doing<'a>;

    /// Leaves a record of something that a page did itself.
    fn note<'a>(&'a self, user: &'a str, event: &'static str, result: &'static str) -> Noting<'a>;
}

impl Deed {
    /// Whether it is a technician's alone.
    pub(super) fn is_technicians(&self) -> bool {
        matches!(self, Self::Exercise { .. } | Self::Reload)
            || matches!(self, Self::Lane { mode, .. } if mode == "maintenance")
    }
}
