//! Numbers given here: one per person, series and day, never the same twice.
//!
//! The journal is this adapter's memory: a number becomes a fact with the decision's record, and is restored from it at
//! the next start. A salvage may have lost the newest records, so after one the rest of the day's numbers come from the
//! next free series letter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{CheckIn, Request};
use crate::{
    fault::Code,
    words::{Admission, CheckInAnswer, Deadline, Mode, Resolution, ServiceDay, SessionId, Text, WallTime},
};

/// How numbers are given.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings {
    /// Seconds east of UTC.
    pub utc_offset: i32,
    /// The local minute at which a day of business begins.
    pub reset_minutes: u16,
    /// The series of all lanes.
    pub series: Vec<String>,
    /// When salvages happened.
    pub salvages: Vec<WallTime>,
}

/// A number given before this start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalGiven {
    /// The lane's series.
    pub series: String,
    /// When.
    pub at: WallTime,
    /// The number as printed.
    pub number: Text,
    /// Keyed hash of the person.
    pub person: Option<[u8; 16]>,
    /// To which session.
    pub session: SessionId,
}

/// The adapter.
pub struct Local {
    settings: LocalSettings,
    day: ServiceDay,
    /// The last number of each letter.
    last: HashMap<String, u32>,
    by_person: HashMap<(String, [u8; 16]), Text>,
    by_session: HashMap<SessionId, CheckInAnswer>,
}

impl Local {
    /// An adapter that goes on where the journal ends.
    pub fn new(settings: LocalSettings, given: Vec<LocalGiven>, now: WallTime) -> Self {
        let day = ServiceDay::of(now, settings.utc_offset, settings.reset_minutes);
        let mut local =
            Self { settings, day, last: HashMap::new(), by_person: HashMap::new(), by_session: HashMap::new() };
        for LocalGiven { series, at, number, person, session } in given {
            if local.day_of(at) != day {
                continue;
            }
            if let Some((letters, count)) = split(number.as_str()) {
                let last = local.last.entry(letters.to_owned()).or_default();
                *last = (*last).max(count);
            }
            local.by_session.insert(session, CheckInAnswer::Admitted(admission(&number)));
            if let Some(person) = person {
                local.by_person.entry((series, person)).or_insert(number);
            }
        }
        local
    }

    fn day_of(&self, at: WallTime) -> ServiceDay {
        ServiceDay::of(at, self.settings.utc_offset, self.settings.reset_minutes)
    }

    /// Today's letters of a series: its own, or after salvages today the next ones that no lane uses.
    fn letters(&self, series: &str) -> String {
        let salvages = self.settings.salvages.iter().filter(|at| self.day_of(**at) == self.day).count();
        let mut taken: BTreeSet<String> = self.settings.series.iter().cloned().collect();
        let mut current: BTreeMap<String, String> = taken.iter().map(|own| (own.clone(), own.clone())).collect();
        for _ in 0..salvages {
            for letters in current.values_mut() {
                while taken.contains(letters) {
                    *letters = next_letters(letters);
                }
                taken.insert(letters.clone());
            }
        }
        current.get(series).cloned().unwrap_or_else(|| series.to_owned())
    }
}

impl CheckIn for Local {
    fn check_in(&mut self, request: &Request, _deadline: Deadline) -> CheckInAnswer {
        if let Some(answer) = self.by_session.get(&request.session) {
            return answer.clone();
        }
        let today = self.day_of(request.at);
        // A clock that is set back does not bring back a day whose numbers are gone.
        if today > self.day {
            self.day = today;
            self.last.clear();
            self.by_person.clear();
            self.by_session.clear();
        }
        let answer = match (request.mode, request.person) {
            (Mode::Transit, _) => CheckInAnswer::Admitted(Admission::default()),
            (Mode::Hospital, person) => {
                let known = person.and_then(|person| self.by_person.get(&(request.series.clone(), person)));
                if let Some(number) = known {
                    CheckInAnswer::Already(admission(number))
                } else {
                    let letters = self.letters(&request.series);
                    let last = self.last.entry(letters.clone()).or_default();
                    *last += 1;
                    let number = Text::clean(&format!("{letters}{last:03}"));
                    if let Some(person) = person {
                        self.by_person.insert((request.series.clone(), person), number.clone());
                    }
                    CheckInAnswer::Admitted(admission(&number))
                }
            }
        };
        self.by_session.insert(request.session, answer.clone());
        answer
    }

    fn annul(&mut self, session: SessionId, _deadline: Deadline) -> Result<(), Code> {
        // A number stays with its person; only lanes with a gate take anything back, and those give none.
        self.by_session.remove(&session);
        Ok(())
    }

    fn resolve(&mut self, session: SessionId, _deadline: Deadline) -> Resolution {
        match self.by_session.get(&session) {
            Some(answer) => Resolution::Decided(answer.clone()),
            // What is not in the journal was never given.
            None => Resolution::NotThere,
        }
    }
}

fn admission(number: &Text) -> Admission {
    Admission { number: Some(number.clone()), ..Admission::default() }
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
    use super::*;
    use crate::words::Identity;

    const NOON: WallTime = WallTime(1_700_000_000_000);

    fn settings() -> LocalSettings {
        let series = vec!["A".to_owned(), "B".to_owned()];
        LocalSettings { utc_offset: 8 * 3600, reset_minutes: 240, series, salvages: Vec::new() }
    }

    fn request(serial: u32, person: u8, at: WallTime) -> Request {
        Request {
            session: SessionId { run: 1, serial },
            lane: "kiosk-1".to_owned(),
            mode: Mode::Hospital,
            series: "A".to_owned(),
            identity: Identity::default(),
            choice: None,
            person: Some([person; 16]),
            at,
        }
    }

    fn number(answer: &CheckInAnswer) -> &str {
        match answer {
            CheckInAnswer::Admitted(admission) | CheckInAnswer::Already(admission) => {
                admission.number.as_ref().map_or("", Text::as_str)
            }
            _ => "",
        }
    }

    #[test]
    fn the_same_person_gets_the_same_number_again_and_others_the_next() {
        let mut local = Local::new(settings(), Vec::new(), NOON);
        assert_eq!(number(&local.check_in(&request(1, 1, NOON), Deadline::default())), "A001");
        assert_eq!(number(&local.check_in(&request(2, 2, NOON), Deadline::default())), "A002");
        let again = local.check_in(&request(3, 1, NOON), Deadline::default());
        assert!(matches!(again, CheckInAnswer::Already(_)));
        assert_eq!(number(&again), "A001");
    }

    #[test]
    fn numbers_start_again_with_the_day_of_business_and_not_when_the_clock_goes_back() {
        let mut local = Local::new(settings(), Vec::new(), NOON);
        local.check_in(&request(1, 1, NOON), Deadline::default());
        let tomorrow = WallTime(NOON.0 + 86_400_000);
        assert_eq!(number(&local.check_in(&request(2, 1, tomorrow), Deadline::default())), "A001");
        assert_eq!(number(&local.check_in(&request(3, 2, NOON), Deadline::default())), "A002");
    }

    #[test]
    fn a_restart_goes_on_where_the_journal_ends() {
        let given = LocalGiven {
            series: "A".to_owned(),
            at: NOON,
            number: Text::clean("A036"),
            person: Some([7; 16]),
            session: SessionId { run: 9, serial: 1 },
        };
        let mut local = Local::new(settings(), vec![given], NOON);
        assert_eq!(number(&local.check_in(&request(1, 1, NOON), Deadline::default())), "A037");
        assert_eq!(number(&local.check_in(&request(2, 7, NOON), Deadline::default())), "A036");
        let session = SessionId { run: 9, serial: 1 };
        assert!(matches!(local.resolve(session, Deadline::default()), Resolution::Decided(_)));
        let other = SessionId { run: 9, serial: 2 };
        assert_eq!(local.resolve(other, Deadline::default()), Resolution::NotThere);
    }

    #[test]
    fn after_a_salvage_the_rest_of_the_day_has_letters_that_no_lane_uses() {
        let salvaged = LocalSettings { salvages: vec![NOON], ..settings() };
        let mut local = Local::new(salvaged.clone(), Vec::new(), NOON);
        assert_eq!(number(&local.check_in(&request(1, 1, NOON), Deadline::default())), "C001");
        assert_eq!(local.letters("B"), "D");
        let tomorrow = WallTime(NOON.0 + 86_400_000);
        assert_eq!(number(&local.check_in(&request(2, 1, tomorrow), Deadline::default())), "A001");
        let twice = LocalSettings { salvages: vec![NOON, NOON], ..settings() };
        assert_eq!(Local::new(twice, Vec::new(), NOON).letters("A"), "E");
    }
}
