//! How much an account does that leaves a record: so much a minute, and no more.

use std::time::Duration;

use crate::words::Moment;

/// What each account has done in the minute that began with its first.
#[derive(Default)]
pub(super) struct Paces(Vec<Pace>);

struct Pace {
    user: String,
    began: Moment,
    times: u32,
}

pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// More than hands do.
const MOST: u32 = 30;

impl Paces {
    /// Counts one more; false where it is one too many.
    pub(super) fn may(&mut self, user: &str, now: Moment) -> bool {
        self.0.retain(|pace| now.since(pace.began) < MINUTE);
        if let Some(pace) = self.0.iter_mut().find(|pace| pace.user == user) {
            pace.times = pace.times.saturating_add(1);
            return pace.times <= MOST;
        }
        self.0.push(Pace { user: user.to_owned(), began: now, times: 1 });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_does_so_much_a_minute_and_another_as_much() {
        let (mut paces, at) = (Paces::default(), |seconds| Moment(Duration::from_secs(seconds)));
        let done = (0..100).filter(|_| paces.may("wang", at(1))).count();
        assert_eq!(done, MOST as usize);
        assert!(paces.may("li", at(1)) && !paces.may("wang", at(60)) && paces.may("wang", at(61)));
    }
}
