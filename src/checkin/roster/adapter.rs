//! The adapter: whoever is on today's list is let through, or expected.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    list::{List, RosterError, Verify, date},
    person::RosterKey,
    source::{FETCH_AGAIN, FETCH_EACH, LOOK_EACH, Source},
};
use crate::{
    checkin::{CheckIn, Request, Undecided},
    fault::{Code, Failure},
    files::Seen,
    words::{Admission, CheckInAnswer, Clock, Deadline, Identity, Moment, Resolution, ServiceDay, SessionId, Text},
};

/// Today's list, wherever it lies.
pub struct Roster {
    source: Source,
    key: RosterKey,
    verify: Verify,
    utc_offset: i32,
    reset_at: u16,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    list: Option<Arc<List>>,
    /// Tomorrow's, which lies there in the evening.
    next: Option<Arc<List>>,
    seen: Option<Seen>,
    /// Why the newest is not in use.
    failed: Option<Failure>,
    look_at: Moment,
}

impl Roster {
    /// Reads nothing yet. `utc_offset`: seconds east of UTC; `reset_at`: minute of the day at which one of business begins.
    pub fn new(
        source: Source,
        key: RosterKey,
        verify: Verify,
        (utc_offset, reset_at): (i32, u16),
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { source, key, verify, utc_offset, reset_at, clock, state: Mutex::default() }
    }

    /// Where somebody on today's list goes, nothing for whoever is not on it.
    ///
    /// # Errors
    /// There is no list of today that could be used.
    pub fn expects(&self, identity: &Identity) -> Result<Option<Option<Text>>, Failure> {
        let today = self.today();
        let list = self.current(today)?;
        Ok(list.find(&self.key.hashes(&date(today).to_string(), identity)))
    }

    /// How many are on today's list.
    pub(crate) fn people(&self) -> Result<usize, Failure> {
        Ok(self.current(self.today())?.people())
    }

    fn current(&self, today: ServiceDay) -> Result<Arc<List>, Failure> {
        let mut state = self.state();
        self.look(&mut state);
        if state.next.as_ref().is_some_and(|next| next.is_of(today).is_ok()) {
            state.list = state.next.take();
            state.failed = None;
        }
        match &state.list {
            Some(list) if list.is_of(today).is_ok() => Ok(Arc::clone(list)),
            Some(list) => {
                Err(state.failed.clone().or(list.is_of(today).err().map(Failure::from)).unwrap_or(Code::H942.into()))
            }
            None => Err(state.failed.clone().unwrap_or_else(|| RosterError::None.into())),
        }
    }

    /// Takes over what lies on this machine, where it is another one.
    fn look(&self, state: &mut State) {
        if let Some(read) = self.source.here(&mut state.seen) {
            self.take(state, read);
        }
    }

    /// Takes over a list that is good, and is no older than the one in use.
    fn take(&self, state: &mut State, read: Result<Vec<u8>, RosterError>) {
        let fresh = read.and_then(|bytes| {
            let list = List::read(&bytes, &self.verify)?;
            let older = state.list.as_ref().is_some_and(|used| used.is_newer_than(&list));
            if older { Err(RosterError::Older) } else { Ok((list, bytes)) }
        });
        state.failed = match fresh {
            Ok((list, bytes)) => {
                let today = list.is_of(self.today());
                let used_is_todays = state.list.as_ref().is_some_and(|used| used.is_of(self.today()).is_ok());
                if today.is_err() && used_is_todays {
                    state.next = Some(Arc::new(list));
                    None
                } else {
                    self.source.keep(&bytes);
                    state.list = Some(Arc::new(list));
                    today.err().map(Failure::from)
                }
            }
            Err(error) => Some(error.into()),
        };
    }

    fn today(&self) -> ServiceDay {
        ServiceDay::of(self.clock.now().wall, self.utc_offset, self.reset_at)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long until somebody looks again.
    fn pause(&self, state: &State) -> Duration {
        let has_todays = state.list.as_ref().is_some_and(|list| list.is_of(self.today()).is_ok());
        match (self.source.is_fetched(), has_todays) {
            (true, true) => FETCH_AGAIN,
            (true, false) => FETCH_EACH,
            (false, _) => LOOK_EACH,
        }
    }
}

impl CheckIn for Roster {
    fn judges(&self, identity: &Identity) -> bool {
        !self.key.hashes("", identity).is_empty()
    }

    fn check_in(&self, request: &Request, _: Deadline) -> Result<CheckInAnswer, Undecided> {
        Ok(match self.expects(&request.identity).map_err(Undecided::surely)? {
            Some(place) => CheckInAnswer::Admitted(Admission { place, ..Admission::default() }),
            None => CheckInAnswer::NotFound,
        })
    }

    /// Nothing was written anywhere.
    fn annul(&self, _: SessionId, _: Deadline) -> Result<(), Failure> {
        Ok(())
    }

    /// What is not in the journal was never said.
    fn resolve(&self, _: SessionId, _: Deadline) -> Result<Resolution, Failure> {
        Ok(Resolution::NotThere)
    }

    fn is_to_be_looked_for(&self) -> bool {
        let mut state = self.state();
        let now = self.clock.now().moment;
        let due = state.look_at <= now;
        if due {
            state.look_at = now.after(self.pause(&state));
        }
        due
    }

    fn look_for(&self, deadline: Deadline) -> Result<(), Failure> {
        // Whoever stands there waits for no fetch.
        let fetched = self.source.fetch(deadline);
        let mut state = self.state();
        match fetched {
            Some(read) => self.take(&mut state, read),
            None => self.look(&mut state),
        }
        state.look_at = self.clock.now().moment.after(self.pause(&state));
        state.failed.clone().map_or(Ok(()), Err)
    }
}
