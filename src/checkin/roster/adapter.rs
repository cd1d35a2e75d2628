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
    fault::Failure,
    files::Seen,
    words::{Admission, CheckInAnswer, Clock, Deadline, Identity, Moment, Resolution, ServiceDay, SessionId, Text},
};

/// Today's list, wherever it lies.
pub struct Roster {
    source: Source,
    key: Arc<RosterKey>,
    verify: Verify,
    /// Whose signature `verify` asks for.
    signer: Vec<u8>,
    lists: Arc<Lists>,
    utc_offset: i32,
    reset_at: u16,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: Option<Seen>,
    /// Why the newest is not in use.
    failed: Option<Failure>,
    /// Why the one in use is not kept: whoever comes is served.
    unkept: Option<Failure>,
    look_at: Moment,
}

/// The lists in use, which outlive settings that are read again: whoever is on one is let through until there is another.
#[derive(Default)]
pub struct Lists(Mutex<InUse>);

#[derive(Default)]
struct InUse {
    /// It was today's when it was taken.
    list: Option<Believed>,
    /// Tomorrow's, which lies there in the evening, and what is to be kept of it then.
    next: Option<(Believed, Vec<u8>)>,
}

/// A list, by which key its people are known, and who has signed it.
#[derive(Clone)]
struct Believed {
    list: Arc<List>,
    key: Arc<RosterKey>,
    signer: Vec<u8>,
}

impl InUse {
    /// Whether today's that is in use was issued after this one.
    fn has_newer(&self, than: &Believed, today: ServiceDay) -> bool {
        let is_newer = |used: &Believed| used.list.is_of(today).is_ok() && used.list.is_newer_than(&than.list);
        self.list.as_ref().is_some_and(|used| used.signer == than.signer && is_newer(used))
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
        let key = Arc::new(key);
        let (signer, lists, state) = Default::default();
        Self { source, key, verify, signer, lists, utc_offset, reset_at, clock, state }
    }

    /// Goes on with the lists of the settings before, as far as they bear the signature of the same `signer`.
    #[must_use]
    pub fn going_on(self, lists: Arc<Lists>, signer: Vec<u8>) -> Self {
        Self { lists, signer, ..self }
    }

    /// Where somebody on today's list goes, nothing for whoever is not on it.
    ///
    /// # Errors
    /// There is no list of today that could be used.
    pub fn expects(&self, identity: &Identity) -> Result<Option<Option<Text>>, Failure> {
        let today = self.today();
        let Believed { list, key, .. } = self.current(today)?;
        Ok(list.find(&key.hashes(&date(today).to_string(), identity)))
    }

    /// How many are on today's list.
    pub(crate) fn people(&self) -> Result<usize, Failure> {
        Ok(self.current(self.today())?.list.people())
    }

    fn current(&self, today: ServiceDay) -> Result<Believed, Failure> {
        let mut state = self.state();
        self.turn(&mut state, today);
        self.look(&mut state);
        let used = self.in_use().list.clone().filter(|used| used.signer == self.signer);
        let Some(used) = used else {
            return Err(state.failed.clone().unwrap_or_else(|| RosterError::None.into()));
        };
        match used.list.is_of(today) {
            Ok(()) => Ok(used),
            Err(other_day) => Err(state.failed.clone().unwrap_or_else(|| other_day.into())),
        }
    }

    /// Tomorrow's is today's from the minute on at which a day begins, unless a newer one is.
    fn turn(&self, state: &mut State, today: ServiceDay) {
        let mut lists = self.in_use();
        let is_due = |(next, _): &mut (Believed, Vec<u8>)| next.list.day() <= date(today);
        let Some((next, bytes)) = lists.next.take_if(is_due) else { return };
        // What was passed over for it is looked at again.
        state.seen = None;
        let is_believed = next.signer == self.signer && next.list.is_of(today).is_ok();
        if is_believed && !lists.has_newer(&next, today) {
            state.unkept = self.source.keep(&bytes).err();
            lists.list = Some(next);
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
        let list = Arc::new(List::read(&bytes, &self.verify)?);
        let fresh = Believed { list, key: Arc::clone(&self.key), signer: self.signer.clone() };
        let mut lists = self.in_use();
        let Err(other_day) = fresh.list.is_of(today) else {
            if lists.has_newer(&fresh, today) {
                return Err(RosterError::Older);
            }
            if is_fetched {
                state.unkept = self.source.keep(&bytes).err();
            }
            lists.list = Some(fresh);
            return Ok(());
        };
        let day = fresh.list.day();
        if day < date(today) {
            return Err(other_day);
        }
        let waits = lists.next.as_ref().map(|(next, _)| next).filter(|next| next.signer == self.signer);
        match waits.map(|next| &next.list) {
            Some(next) if next.day() == day && next.is_newer_than(&fresh.list) => return Err(RosterError::Older),
            // A day far off is a mistake sooner than the day that comes.
            Some(next) if next.day() < day => {}
            _ => lists.next = Some((fresh, if is_fetched { bytes } else { Vec::new() })),
        }
        if self.has_todays(&lists, today) { Ok(()) } else { Err(other_day) }
    }

    fn has_todays(&self, lists: &InUse, today: ServiceDay) -> bool {
        lists.list.as_ref().is_some_and(|used| used.signer == self.signer && used.list.is_of(today).is_ok())
    }

    fn today(&self) -> ServiceDay {
        ServiceDay::of(self.clock.now().wall, self.utc_offset, self.reset_at)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_use(&self) -> MutexGuard<'_, InUse> {
        self.lists.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long until somebody looks again.
    fn pause(&self) -> Duration {
        match (self.source.is_fetched(), self.has_todays(&self.in_use(), self.today())) {
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
            state.look_at = now.after(self.pause());
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
        state.look_at = self.clock.now().moment.after(self.pause());
        state.failed.clone().or_else(|| state.unkept.clone()).map_or(Ok(()), Err)
    }
}
