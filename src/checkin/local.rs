//! Numbers given here: one per person, series and day, never the same twice.
//!
//! The journal is this adapter's memory: a number becomes a fact with the decision's record, and is restored from it at
//! the next start. A salvage may have lost the newest records, so after one the rest of the day's numbers come from the
//! next free series letter.
//!
//! Numbers start again with a day of business that somebody else's clock confirms. Where nobody does, the day goes on by
//! our own clock and persons of yesterday are new again, but the count goes on: a clock that is wrong may cost a large
//! number, and never gives one twice.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{CheckIn, CheckInSettings, Request, Undecided};
use crate::{
    fault::Failure,
    words::{Admission, CheckInAnswer, Deadline, Identity, Purpose, Resolution, ServiceDay, SessionId, Stamp, Text},
};

/// What the journal remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalMemory {
    /// The epoch before the first of these numbers.
    pub began_with: u32,
    /// In the order in which they were given.
    pub given: Vec<LocalGiven>,
    /// The epoch now.
    pub epoch: u32,
}

/// A number given before this start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalGiven {
    /// The lane's series.
    pub series: String,
    /// The time, and whether anybody has confirmed it.
    pub at: Stamp,
    /// In which epoch of the journal.
    pub epoch: u32,
    /// The number as printed.
    pub number: Text,
    /// Keyed hash of the person.
    pub person: Option<[u8; 16]>,
}

/// The adapter.
pub struct Local(Mutex<Book>);

/// What was given, as compact as it can be: 28 bytes a person; with the table's empty places 40 for
/// each of 24,000, and at worst 66.
struct Book {
    settings: CheckInSettings,
    /// The series of all lanes.
    series: Vec<String>,
    /// The day by which persons are known again.
    day: ServiceDay,
    /// The last confirmed day: the count is of this one.
    counted: Option<ServiceDay>,
    /// Since the last confirmed time numbers were given, or may have been lost: they may be of the next confirmed day.
    unsure: bool,
    /// Salvages since the count began.
    salvages: u32,
    epoch: u32,
    /// Series and letters that occur, each with its last number.
    letters: Vec<(String, u32)>,
    persons: HashMap<Person, Number>,
    /// The newest answers, the newest last; whoever asks about an older one has been answered long ago.
    recent: VecDeque<(SessionId, CheckInAnswer)>,
}

#[derive(PartialEq, Eq, Hash)]
struct Person {
    tag: [u8; 16],
    series: u16,
}

#[derive(Clone, Copy)]
struct Number {
    /// The day's number, cut to 16 bits; [`UNSURE`] until one is confirmed.
    day: u16,
    letters: u16,
    count: u32,
}

const UNSURE: u16 = u16::MAX;

/// The most answers kept for whoever asks again.
const RECENT: usize = 256;

impl Local {
    /// An adapter that goes on where the journal ends.
    /// `series`: those of all lanes.
    pub fn new(settings: CheckInSettings, series: Vec<String>, memory: LocalMemory) -> Self {
        let mut book = Book {
            settings,
            series,
            day: ServiceDay(i64::MIN),
            counted: None,
            unsure: false,
            salvages: 0,
            epoch: memory.began_with,
            letters: Vec::new(),
            persons: HashMap::new(),
            recent: VecDeque::new(),
        };
        for LocalGiven { series, at, epoch, number, person } in memory.given {
            book.salvaged(epoch);
            book.turn(at);
            if let Some((letters, count)) = split(number.as_str()) {
                let number = book.given(letters, count, at);
                book.remember(&series, person, number);
            }
        }
        book.salvaged(memory.epoch);
        Self(Mutex::new(book))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// The journal is in this epoch now; each one is a salvage, which may have lost numbers.
    fn salvaged(&mut self, epoch: u32) {
        let salvages = epoch.saturating_sub(self.epoch);
        self.epoch = self.epoch.max(epoch);
        self.salvages += salvages;
        self.unsure |= salvages > 0;
    }

    /// Time goes on.
    fn turn(&mut self, now: Stamp) {
        let today = ServiceDay::of(now.at, self.settings.utc_offset, self.settings.reset_at);
        if !now.confirmed {
            self.day = self.day.max(today);
            return;
        }
        // A confirmed day is never left for an earlier one; one that nobody confirmed is.
        let today = self.counted.map_or(today, |counted| counted.max(today));
        let label = label(today);
        if self.unsure {
            self.persons.values_mut().filter(|number| number.day == UNSURE).for_each(|number| number.day = label);
        }
        if self.counted.is_some_and(|counted| counted < today) {
            if !self.unsure {
                self.letters.iter_mut().for_each(|(_, last)| *last = 0);
                self.salvages = 0;
            }
            self.persons.retain(|_, number| number.day == label);
            self.persons.shrink_to_fit();
        }
        self.unsure = false;
        self.counted = Some(today);
        self.day = today;
    }

    /// A number of these letters was given.
    fn given(&mut self, letters: &str, count: u32, at: Stamp) -> Number {
        let place = self.place(letters);
        let last = &mut self.letters[usize::from(place)].1;
        *last = (*last).max(count);
        self.unsure |= !at.confirmed;
        Number { day: if at.confirmed { label(self.day) } else { UNSURE }, letters: place, count }
    }

    fn remember(&mut self, series: &str, person: Option<[u8; 16]>, number: Number) {
        if let Some(tag) = person {
            let series = self.place(series);
            self.persons.insert(Person { tag, series }, number);
        }
    }

    fn place(&mut self, letters: &str) -> u16 {
        let found = self.letters.iter().position(|(known, _)| known == letters);
        let place = found.unwrap_or_else(|| {
            self.letters.push((letters.to_owned(), 0));
            self.letters.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    fn text(&self, number: Number) -> Text {
        let (letters, _) = &self.letters[usize::from(number.letters)];
        Text::clean(&format!("{letters}{:03}", number.count))
    }

    fn answer(&mut self, request: &Request) -> CheckInAnswer {
        if request.purpose == Purpose::Transit {
            return CheckInAnswer::Admitted(Admission::default());
        }
        self.turn(request.at);
        let series = self.place(&request.series);
        let today = label(self.day);
        let known = request.person.and_then(|tag| self.persons.get(&Person { tag, series })).copied();
        if let Some(number) = known.filter(|number| number.day == today || number.day == UNSURE) {
            return CheckInAnswer::Already(admission(self.text(number)));
        }
        let (letters, count) = loop {
            let letters = self.letters_of(&request.series);
            let place = self.place(&letters);
            match self.letters[usize::from(place)].1.checked_add(1) {
                Some(count) => break (letters, count),
                // What a site has numbered so is left alone, like what a salvage may have lost.
                None => self.salvages += 1,
            }
        };
        let number = self.given(&letters, count, request.at);
        self.remember(&request.series, request.person, number);
        CheckInAnswer::Admitted(admission(self.text(number)))
    }

    /// The letters of a series: its own, or after salvages the next ones that no lane uses.
    fn letters_of(&self, series: &str) -> String {
        letters_of(&self.series, series, self.salvages).pop().unwrap_or_else(|| series.to_owned())
    }
}

/// The letters that a series of `all` has had by now: its own, and the next ones after each salvage.
pub(crate) fn letters_of(all: &[String], series: &str, salvages: u32) -> Vec<String> {
    let mut own: Vec<&str> = all.iter().map(String::as_str).collect();
    own.sort_unstable();
    own.dedup();
    let Ok(place) = own.binary_search(&series) else { return Vec::new() };
    let mut current: Vec<String> = own.iter().map(|own| (*own).to_owned()).collect();
    let mut taken = current.clone();
    let mut had = vec![current[place].clone()];
    for _ in 0..salvages {
        for letters in &mut current {
            while taken.contains(letters) {
                *letters = next_letters(letters);
            }
            taken.push(letters.clone());
        }
        had.push(current[place].clone());
    }
    had
}

impl CheckIn for Local {
    fn judges(&self, identity: &Identity) -> bool {
        identity.is_vouched_for()
    }

    fn check_in(&self, request: &Request, _deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        let mut book = self.book();
        if let Some((_, answer)) = book.recent.iter().find(|(session, _)| *session == request.session) {
            return Ok(answer.clone());
        }
        let answer = book.answer(request);
        if book.recent.len() == RECENT {
            book.recent.pop_front();
        }
        book.recent.push_back((request.session, answer.clone()));
        Ok(answer)
    }

    fn annul(&self, session: SessionId, _deadline: Deadline) -> Result<(), Failure> {
        // A number stays with its person; only lanes with a gate take anything back, and those give none.
        self.book().recent.retain(|(known, _)| *known != session);
        Ok(())
    }

    fn resolve(&self, session: SessionId, _deadline: Deadline) -> Result<Resolution, Failure> {
        let book = self.book();
        Ok(match book.recent.iter().find(|(known, _)| *known == session) {
            Some((_, answer)) => Resolution::Decided(answer.clone()),
            // What is not in the journal was never given.
            None => Resolution::NotThere,
        })
    }
}

fn admission(number: Text) -> Admission {
    Admission { number: Some(number), ..Admission::default() }
}

fn label(day: ServiceDay) -> u16 {
    u16::try_from(day.0.rem_euclid(i64::from(UNSURE))).unwrap_or_default()
}

/// `A036` → (`A`, 36)
fn split(number: &str) -> Option<(&str, u32)> {
    let at = number.find(|c: char| c.is_ascii_digit())?;
    Some((&number[..at], number[at..].parse().ok()?))
}

/// `A` → `B`, `Z` → `ZA`
fn next_letters(letters: &str) -> String {
    match letters.as_bytes() {
        [rest @ .., last] if *last < b'Z' => {
            format!("{}{}", String::from_utf8_lossy(rest), char::from(last + 1))
        }
        _ => format!("{letters}A"),
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::*;
    use crate::words::WallTime;

    const NOON: WallTime = WallTime(1_700_000_000_000);
    const DAY: i64 = 86_400_000;

    fn remembering(memory: LocalMemory) -> Local {
        let settings = CheckInSettings { utc_offset: 8 * 3600, reset_at: 240, ..CheckInSettings::default() };
        Local::new(settings, vec!["A".to_owned(), "B".to_owned()], memory)
    }

    fn fresh() -> Local {
        remembering(LocalMemory { began_with: 1, given: Vec::new(), epoch: 1 })
    }

    /// So many days after noon, and whether anybody confirms it.
    fn at(days: i64, confirmed: bool) -> Stamp {
        Stamp { at: WallTime(NOON.0 + days * DAY), confirmed }
    }

    fn ask(local: &Local, serial: u32, person: u8, at: Stamp) -> (bool, String) {
        let request = Request {
            session: SessionId { run: 1, serial },
            lane: "kiosk-1".to_owned(),
            purpose: Purpose::Hospital,
            series: "A".to_owned(),
            identity: Identity::default(),
            choice: None,
            person: Some([person; 16]),
            at,
        };
        match local.check_in(&request, Deadline::default()) {
            Ok(CheckInAnswer::Admitted(admission)) => (false, admission.number.expect("a number").to_string()),
            Ok(CheckInAnswer::Already(admission)) => (true, admission.number.expect("a number").to_string()),
            other => panic!("{other:?}"),
        }
    }

    fn given(number: &str, person: u8, epoch: u32, at: Stamp) -> LocalGiven {
        LocalGiven { series: "A".to_owned(), at, epoch, number: Text::clean(number), person: Some([person; 16]) }
    }

    fn new(number: &str) -> (bool, String) {
        (false, number.to_owned())
    }

    fn again(number: &str) -> (bool, String) {
        (true, number.to_owned())
    }

    #[test]
    fn the_same_person_gets_the_same_number_again_and_others_the_next() {
        let local = fresh();
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("A001"));
        assert_eq!(ask(&local, 2, 2, at(0, true)), new("A002"));
        assert_eq!(ask(&local, 3, 1, at(0, true)), again("A001"));
    }

    #[test]
    fn the_same_session_gets_the_same_answer_and_can_be_asked_about() {
        let local = fresh();
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("A001"));
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("A001"));
        let resolve = |serial| local.resolve(SessionId { run: 1, serial }, Deadline::default()).expect("an answer");
        assert!(matches!(resolve(1), Resolution::Decided(CheckInAnswer::Admitted(_))));
        assert_eq!(resolve(2), Resolution::NotThere);
    }

    #[test]
    fn numbers_start_again_with_a_confirmed_day_and_not_when_it_goes_back() {
        let local = fresh();
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("A001"));
        assert_eq!(ask(&local, 2, 1, at(1, true)), new("A001"));
        assert_eq!(ask(&local, 3, 2, at(0, true)), new("A002"));
        assert_eq!(ask(&local, 4, 1, at(0, true)), again("A001"));
    }

    #[test]
    fn by_a_clock_that_nobody_confirms_persons_are_new_with_the_day_and_the_count_goes_on() {
        let local = fresh();
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("A001"));
        assert_eq!(ask(&local, 2, 1, at(400, false)), new("A002"));
        assert_eq!(ask(&local, 3, 1, at(-400, false)), again("A002"));
        // It was the same day all the time.
        assert_eq!(ask(&local, 4, 1, at(0, true)), again("A002"));
        assert_eq!(ask(&local, 5, 2, at(0, true)), new("A003"));
        assert_eq!(ask(&local, 6, 1, at(1, true)), new("A001"));
    }

    #[test]
    fn what_was_given_before_the_clock_was_confirmed_is_of_the_day_that_is() {
        let local = fresh();
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("A001"));
        // The next morning, and the clock still says yesterday.
        assert_eq!(ask(&local, 2, 2, at(0, false)), new("A002"));
        assert_eq!(ask(&local, 3, 3, at(1, true)), new("A003"));
        assert_eq!(ask(&local, 4, 2, at(1, true)), again("A002"));
        assert_eq!(ask(&local, 5, 1, at(1, true)), new("A004"));
        assert_eq!(ask(&local, 6, 1, at(2, true)), new("A001"));
    }

    #[test]
    fn a_restart_goes_on_where_the_journal_ends_whatever_the_clock_said() {
        for (before, after) in
            [(at(0, true), at(0, false)), (at(-20_000, false), at(0, true)), (at(0, true), at(0, true))]
        {
            let memory = LocalMemory { began_with: 1, given: vec![given("A036", 7, 1, before)], epoch: 1 };
            let local = remembering(memory);
            assert_eq!(ask(&local, 1, 1, after), new("A037"));
            assert_eq!(ask(&local, 2, 7, after), again("A036"));
        }
    }

    #[test]
    fn after_a_salvage_the_rest_of_the_day_has_letters_that_no_lane_uses() {
        let memory = |given, epoch| LocalMemory { began_with: 1, given, epoch };
        let local = remembering(memory(Vec::new(), 2));
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("C001"));
        assert_eq!(local.book().letters_of("B"), "D");
        assert_eq!(letters_of(&["A".to_owned(), "B".to_owned()], "A", 2), ["A", "C", "E"]);
        assert_eq!(ask(&local, 2, 1, at(1, true)), new("A001"));
        assert_eq!(remembering(memory(Vec::new(), 3)).book().letters_of("A"), "E");
        // Yesterday's last number is known, and what of today was lost is not.
        let local = remembering(memory(vec![given("A036", 7, 1, at(0, true))], 2));
        assert_eq!(ask(&local, 1, 1, at(1, true)), new("C001"));
        assert_eq!(ask(&local, 2, 1, at(2, true)), new("A001"));
        // The day went on after the salvage, and the program was started once more.
        let rest = vec![given("A036", 7, 1, at(0, true)), given("C001", 8, 2, at(0, true))];
        let local = remembering(memory(rest, 2));
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("C002"));
    }

    #[test]
    fn beyond_the_largest_number_of_a_series_the_next_letters_follow() {
        let given = vec![given("A4294967295", 7, 1, at(0, true))];
        let local = remembering(LocalMemory { began_with: 1, given, epoch: 1 });
        assert_eq!(ask(&local, 1, 1, at(0, true)), new("C001"));
        assert_eq!(ask(&local, 2, 2, at(0, true)), new("C002"));
    }

    #[test]
    fn a_day_of_many_visits_costs_no_more_than_64_bytes_each() {
        const VISITS: u32 = 24_000;
        let local = fresh();
        for serial in 0..VISITS {
            let mut request = Request {
                session: SessionId { run: 1, serial },
                lane: "kiosk-1".to_owned(),
                purpose: Purpose::Hospital,
                series: "A".to_owned(),
                identity: Identity::default(),
                choice: None,
                person: Some([0; 16]),
                at: at(0, true),
            };
            request.person = Some(u128::from(serial).to_le_bytes());
            local.check_in(&request, Deadline::default()).expect("an answer");
        }
        let book = local.book();
        // The table keeps one byte more for each place, and at most seven of eight are taken.
        let places = book.persons.capacity() * 8 / 7;
        let bytes = places * (size_of::<(Person, Number)>() + 1);
        assert!(bytes <= 64 * 24_000, "{} bytes a visit", bytes / 24_000);
        assert!(book.recent.len() <= RECENT);
    }
}
