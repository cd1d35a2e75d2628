//! The last slips, whole, for whoever lost theirs: what the journal must not know of a visit is kept here alone, and not
//! for long.

use std::{collections::VecDeque, time::Duration};

use crate::{
    kiosk::Slip,
    words::{Admission, Moment, SessionId},
};

/// Slips in order of their printing, without names.
#[derive(Default)]
pub(super) struct Slips(VecDeque<(SessionId, Moment, Admission)>);

/// The most that are kept, of all lanes together.
const MOST: usize = 256;

/// Whoever comes later has been seen.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

impl Slips {
    /// A slip goes to a printer for the first time.
    pub(super) fn keep(&mut self, now: Moment, session: SessionId, slip: &Slip) {
        self.forget(now);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((session, now, slip.admission.clone()));
    }

    /// What stood on the slip of this session.
    pub(super) fn of(&self, session: SessionId) -> Option<Admission> {
        self.0.iter().rev().find(|(of, ..)| *of == session).map(|(.., admission)| admission.clone())
    }

    /// Lets go of what is old.
    pub(super) fn forget(&mut self, now: Moment) {
        while self.0.front().is_some_and(|(_, at, _)| now.since(*at) > LONGEST) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Text;

    fn slip(number: usize) -> Slip {
        let admission = Admission { number: Some(Text::clean(&number.to_string())), ..Admission::default() };
        Slip { admission, ..Slip::default() }
    }

    #[test]
    fn the_last_slips_are_known_for_half_a_day() {
        let session = |serial: usize| SessionId { run: 1, serial: serial.try_into().expect("small") };
        let at = |hours: u64| Moment(Duration::from_secs(hours * 3600));
        let mut slips = Slips::default();
        (0..MOST + 1).for_each(|serial| slips.keep(at(1), session(serial), &slip(serial)));
        assert_eq!(slips.of(session(0)), None);
        assert_eq!(slips.of(session(MOST)), Some(slip(MOST).admission));
        slips.forget(at(14));
        assert_eq!(slips.of(session(MOST)), None);
    }
}
