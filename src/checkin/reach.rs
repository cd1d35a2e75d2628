//! Whether a system of the site's can be reached at all. When nobody could reach it several times in a row, people are not
//! made to wait for it: they are sent on at once, while somebody else looks for it. A system that is slow is asked as long
//! as there is patience; the field's own time-outs are minutes, and 8 in the morning must not empty the kiosks.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

#[cfg(feature = "hospital")]
use super::Offer;
use super::{CheckIn, Passage, Request, Undecided};
use crate::{
    fault::{Code, Cure, Failure},
    http::HttpError,
    words::{CheckInAnswer, Clock, Deadline, Identity, Moment, Resolution, SessionId},
};

/// An adapter, and what is known of the way to its system.
pub struct Reach {
    adapter: Box<dyn CheckIn>,
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
    /// Over an adapter that says with an [`HttpError`] that it reached nobody.
    pub fn over(adapter: impl CheckIn + 'static, clock: Arc<dyn Clock>) -> Self {
        Self { adapter: Box::new(adapter), clock, seen: Mutex::default() }
    }

    /// Why nobody is made to wait for it.
    fn lost(&self) -> Option<Failure> {
        let seen = self.seen();
        let told = || format!("nobody reaches it ({}); it is looked for every {} s", seen.met, LOOK_EACH.as_secs());
        (seen.failed >= ENOUGH).then(|| Failure::new(Code::H901).told(told()).cured_by(seen.cure))
    }

    /// It was tried.
    fn tried(&self, failed: Option<&Failure>) {
        let mut seen = self.seen();
        let error = failed.and_then(Failure::cause::<HttpError>);
        // Whoever had no time left has not tried.
        if matches!(error, Some(HttpError::NoTime)) {
            return;
        }
        let Some(error) = error.filter(|error| error.is_unreachable()) else {
            // Slow or not, somebody is there.
            *seen = Seen::default();
            return;
        };
        let now = self.clock.now().moment;
        let failed = seen.failed.saturating_add(1);
        *seen = Seen { failed, met: error.to_string(), cure: error.cure(), look_at: now.after(LOOK_EACH) };
    }

    /// Asks for somebody who waits, unless nobody is there.
    fn asked<T>(&self, deadline: Deadline, ask: impl FnOnce() -> Result<T, Undecided>) -> Result<T, Undecided> {
        if let Some(lost) = self.lost() {
            return Err(Undecided::surely(lost));
        }
        // Whoever waited too long has not tried.
        let is_tried = !deadline.left(self.clock.now().moment).is_zero();
        let answer = ask();
        if is_tried {
            self.tried(answer.as_ref().err().map(|undecided| &undecided.failure));
        }
        answer
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CheckIn for Reach {
    fn judges(&self, identity: &Identity) -> bool {
        self.adapter.judges(identity)
    }

    fn passed_over(&self) -> u64 {
        self.adapter.passed_over()
    }

    fn check_in(&self, request: &Request, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        self.asked(deadline, || self.adapter.check_in(request, deadline))
    }

    #[cfg(feature = "hospital")]
    fn offers(&self, request: &Request, deadline: Deadline) -> Result<Offer, Undecided> {
        self.asked(deadline, || self.adapter.offers(request, deadline))
    }

    #[cfg(feature = "hospital")]
    fn was_stood_in_for(&self, request: &Request) {
        self.adapter.was_stood_in_for(request);
    }

    fn annul(&self, session: SessionId, deadline: Deadline) -> Result<(), Failure> {
        self.adapter.annul(session, deadline)
    }

    fn resolve(&self, session: SessionId, deadline: Deadline) -> Result<Resolution, Failure> {
        self.adapter.resolve(session, deadline)
    }

    fn is_to_be_looked_for(&self) -> bool {
        let mut seen = self.seen();
        let now = self.clock.now().moment;
        let due = seen.failed >= ENOUGH && seen.look_at <= now;
        if due {
            seen.look_at = now.after(LOOK_EACH);
        }
        due
    }

    fn look_for(&self, deadline: Deadline) -> Result<(), Failure> {
        let looked = self.adapter.look_for(deadline);
        self.tried(looked.as_ref().err());
        looked
    }

    fn hears_passages(&self) -> bool {
        self.adapter.hears_passages()
    }

    fn passage(&self, passage: &Passage, deadline: Deadline) -> Result<(), Failure> {
        self.adapter.passage(passage, deadline)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;
    use crate::words::{Now, Purpose, WallTime};

    /// A clock that is set.
    #[derive(Default)]
    struct Set(Mutex<Duration>);

    impl Clock for Set {
        fn now(&self) -> Now {
            Now { moment: Moment(*self.0.lock().expect("whole")), wall: WallTime(0) }
        }
    }

    /// Meets what it is told to.
    #[derive(Default)]
    struct Meets(Mutex<Option<HttpError>>);

    impl CheckIn for Arc<Meets> {
        fn judges(&self, _: &Identity) -> bool {
            true
        }

        fn check_in(&self, _: &Request, _: Deadline) -> Result<CheckInAnswer, Undecided> {
            self.look_for(Deadline::at(Moment::default())).map(|()| CheckInAnswer::NotFound).map_err(Undecided::surely)
        }

        fn annul(&self, _: SessionId, _: Deadline) -> Result<(), Failure> {
            Ok(())
        }

        fn resolve(&self, _: SessionId, _: Deadline) -> Result<Resolution, Failure> {
            Ok(Resolution::NotThere)
        }

        fn look_for(&self, _: Deadline) -> Result<(), Failure> {
            let met = self.0.lock().expect("whole").take();
            // As adapters tell it: under a code, with a place around it.
            met.map_or(Ok(()), |met| Err(Failure::new(Code::H901).told("away").because(met).within("sign-in")))
        }
    }

    #[test]
    fn five_in_a_row_that_reached_nobody_spare_people_the_wait_and_any_answer_ends_it() {
        let (clock, meets) = (Arc::new(Set::default()), Arc::new(Meets::default()));
        let reach = Reach::over(Arc::clone(&meets), Arc::clone(&clock) as _);
        let request = Request {
            session: SessionId { run: 1, serial: 1 },
            lane: String::new(),
            purpose: Purpose::Hospital,
            series: String::new(),
            identity: Identity::default(),
            choice: None,
            person: None,
            at: WallTime(0).into(),
        };
        let within = |seconds| Deadline::at(Moment(Duration::from_secs(seconds)));
        let comes = |met, seconds| {
            *meets.0.lock().expect("whole") = met;
            reach.check_in(&request, within(seconds)).err()
        };
        let refused = || Some(HttpError::Connect(ErrorKind::ConnectionRefused));
        for unreachable in [refused(), Some(HttpError::Resolve), Some(HttpError::LateConnecting), refused()] {
            assert!(comes(unreachable, 9).is_some() && reach.lost().is_none());
        }
        // Whatever takes its time is there.
        for slow in [HttpError::LateSecuring, HttpError::Late, HttpError::Interrupted, HttpError::Malformed] {
            let named = slow.to_string();
            comes(Some(slow), 9);
            (0..4).for_each(|_| drop(comes(refused(), 9)));
            assert!(reach.lost().is_none(), "{named}");
        }
        comes(Some(HttpError::NoTime), 9);
        assert!(reach.lost().is_none(), "who waited for others has not tried");
        comes(Some(HttpError::LateConnecting), 0);
        assert!(reach.lost().is_none(), "whoever had no time left has not tried");
        comes(refused(), 9);
        let lost = comes(None, 9).expect("nobody is asked").failure;
        assert_eq!((lost.code(), lost.chain().contains("connection refused")), (Code::H901, true), "{}", lost.chain());
        assert!(!reach.is_to_be_looked_for(), "just now somebody did");
        *clock.0.lock().expect("whole") = LOOK_EACH;
        assert!(reach.is_to_be_looked_for());
        assert!(!reach.is_to_be_looked_for(), "one looks");
        assert!(
            reach.resolve(request.session, within(9)).is_ok() && reach.lost().is_some(),
            "the past is no sign of life"
        );
        *meets.0.lock().expect("whole") = Some(HttpError::Late);
        assert!(reach.look_for(within(9)).is_err(), "somebody is there, and slow");
        assert!(reach.lost().is_none() && !reach.is_to_be_looked_for());
        assert!(comes(None, 20).is_none());
    }
}
