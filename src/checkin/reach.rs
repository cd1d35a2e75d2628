//! Whether the site's system can be reached at all. When nobody could reach it several times in a row, people are not made
//! to wait for it: they are sent on at once, while somebody else looks for it. A system that is slow is asked as long as
//! there is patience; the field's own time-outs are minutes, and 8 in the morning must not empty the kiosks.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    fault::{Code, Cure, Failure},
    http::HttpError,
    words::{Clock, Moment},
};

/// What is known of it.
pub(super) struct Reach {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Failed attempts in a row.
    failed: u8,
    /// What the last of them met, and what is done about it.
    met: String,
    cure: Option<Cure>,
    /// When somebody looks for it again.
    look_at: Moment,
}

/// After so many in a row nobody waits any more.
const ENOUGH: u8 = 5;

/// How often it is looked for then.
const LOOK_EACH: Duration = Duration::from_secs(5);

impl Reach {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: Mutex::default() }
    }

    /// Why nobody is made to wait for it.
    pub(super) fn lost(&self) -> Option<Failure> {
        let seen = self.seen();
        let told = || format!("nobody reaches it ({}); it is looked for every {} s", seen.met, LOOK_EACH.as_secs());
        (seen.failed >= ENOUGH).then(|| Failure::new(Code::H901).told(told()).cured_by(seen.cure))
    }

    /// It was tried.
    pub(super) fn tried(&self, failed: Option<&HttpError>) {
        let mut seen = self.seen();
        let Some(error) = failed.filter(|error| error.is_unreachable()) else {
            // Slow or not, somebody is there.
            *seen = Seen::default();
            return;
        };
        let now = self.clock.now().moment;
        let failed = seen.failed.saturating_add(1);
        *seen = Seen { failed, met: error.to_string(), cure: error.cure(), look_at: now.after(LOOK_EACH) };
    }

    /// Whether somebody is to look for it now; whoever asks does.
    pub(super) fn is_to_be_looked_for(&self) -> bool {
        let mut seen = self.seen();
        let now = self.clock.now().moment;
        let due = seen.failed >= ENOUGH && seen.look_at <= now;
        if due {
            seen.look_at = now.after(LOOK_EACH);
        }
        due
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;
    use crate::words::{Now, WallTime};

    /// A clock that is set.
    #[derive(Default)]
    struct Set(Mutex<Duration>);

    impl Clock for Set {
        fn now(&self) -> Now {
            Now { moment: Moment(*self.0.lock().unwrap()), wall: WallTime(0) }
        }
    }

    const REFUSED: Option<&HttpError> = Some(&HttpError::Connect(ErrorKind::ConnectionRefused));

    #[test]
    fn five_in_a_row_that_reached_nobody_spare_people_the_wait_and_any_answer_ends_it() {
        let clock = Arc::new(Set::default());
        let reach = Reach::new(Arc::clone(&clock) as _);
        for unreachable in [REFUSED, Some(&HttpError::Resolve), Some(&HttpError::LateConnecting), REFUSED] {
            reach.tried(unreachable);
        }
        assert!(reach.lost().is_none());
        // Whatever takes its time is there.
        for slow in [HttpError::LateSecuring, HttpError::Late, HttpError::Interrupted, HttpError::Malformed] {
            reach.tried(Some(&slow));
            (0..4).for_each(|_| reach.tried(REFUSED));
            assert!(reach.lost().is_none(), "{slow}");
        }
        reach.tried(REFUSED);
        let lost = reach.lost().expect("lost");
        assert_eq!((lost.code(), lost.chain().contains("connection refused")), (Code::H901, true), "{}", lost.chain());
        assert!(!reach.is_to_be_looked_for(), "just now somebody did");
        *clock.0.lock().unwrap() = LOOK_EACH;
        assert!(reach.is_to_be_looked_for());
        assert!(!reach.is_to_be_looked_for(), "one looks");
        reach.tried(Some(&HttpError::Late));
        assert!(reach.lost().is_none() && !reach.is_to_be_looked_for());
    }
}
