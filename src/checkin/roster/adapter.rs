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
    /// It was today's when it was taken.
    list: Option<Arc<List>>,
    /// Tomorrow's, which lies there in the evening, and what is to be kept of it then.
    next: Option<(Arc<List>, Vec<u8>)>,
    seen: Option<Seen>,
    /// Why the newest is not in use.
    failed: Option<Failure>,
    look_at: Moment,
}

impl State {
    /// Whether today's that is in use was issued after this one.
    fn has_newer(&self, list: &List, today: ServiceDay) -> bool {
        self.list.as_ref().is_some_and(|used| used.is_of(today).is_ok() && used.is_newer_than(list))
    }
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
        self.turn(&mut state, today);
        self.look(&mut state);
        match &state.list {
            Some(list) if list.is_of(today).is_ok() => Ok(Arc::clone(list)),
            Some(list) => {
                Err(state.failed.clone().or(list.is_of(today).err().map(Failure::from)).unwrap_or(Code::H942.into()))
            }
            None => Err(state.failed.clone().unwrap_or_else(|| RosterError::None.into())),
        }
    }

    /// Tomorrow's is today's from the minute on at which a day begins, unless a newer one is.
    fn turn(&self, state: &mut State, today: ServiceDay) {
        let is_due = |(next, _): &mut (Arc<List>, Vec<u8>)| next.day() <= date(today);
        let Some((next, bytes)) = state.next.take_if(is_due) else { return };
        // What was passed over for it is looked at again.
        state.seen = None;
        if next.is_of(today).is_ok() && !state.has_newer(&next, today) {
            self.source.keep(&bytes);
            state.list = Some(next);
            state.failed = None;
        }
    }

    /// Takes over what lies on this machine, where it is another one.
    fn look(&self, state: &mut State) {
        if let Some(read) = self.source.here(&mut state.seen) {
            state.failed = self.take(state, read, false).err().map(Failure::from);
        }
    }

    /// Takes over a list that is good: today's in place of an older one, a later day's for when that day comes.
    fn take(&self, state: &mut State, read: Result<Vec<u8>, RosterError>, is_fetched: bool) -> Result<(), RosterError> {
        let today = self.today();
        self.turn(state, today);
        let bytes = read?;
        let list = List::read(&bytes, &self.verify)?;
        let Err(other_day) = list.is_of(today) else {
            if state.has_newer(&list, today) {
                return Err(RosterError::Older);
            }
            if is_fetched {
                self.source.keep(&bytes);
            }
            state.list = Some(Arc::new(list));
            return Ok(());
        };
        if list.day() < date(today) {
            return Err(other_day);
        }
        match &state.next {
            Some((next, _)) if next.day() == list.day() && next.is_newer_than(&list) => return Err(RosterError::Older),
            // A day far off is a mistake sooner than the day that comes.
            Some((next, _)) if next.day() < list.day() => {}
            _ => state.next = Some((Arc::new(list), if is_fetched { bytes } else { Vec::new() })),
        }
        if state.list.as_ref().is_some_and(|used| used.is_of(today).is_ok()) { Ok(()) } else { Err(other_day) }
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
            Some(read) => state.failed = self.take(&mut state, read, true).err().map(Failure::from),
            None => self.look(&mut state),
        }
        state.look_at = self.clock.now().moment.after(self.pause(&state));
        state.failed.clone().map_or(Ok(()), Err)
    }
}
