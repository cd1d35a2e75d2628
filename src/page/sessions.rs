//! Who is logged in: by a random cookie that no script reads and no other site's page sends.

use std::{collections::VecDeque, time::Duration};

use super::accounts::Role;
use crate::words::Moment;

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) user: String,
    pub(super) role: Role,
    /// What an order has to bring: another site's page cannot know it.
    pub(super) csrf: String,
    /// Of the account's line when they logged in.
    pub(super) stamp: u64,
    token: String,
    began: Moment,
    last: Moment,
}

/// Everybody who is, the longest first.
#[derive(Default)]
pub(super) struct Sessions(VecDeque<Session>);

/// At once, and of one account.
const MOST: usize = 64;
const OF_ONE: usize = 4;

/// Whoever does nothing for so long has gone.
const IDLE: Duration = Duration::from_secs(1800);

/// A shift.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

impl Sessions {
    /// Begins one; its cookie's value. None where the kernel gives no random numbers.
    pub(super) fn begin(&mut self, user: &str, role: Role, stamp: u64, now: Moment) -> Option<String> {
        self.end_old(now);
        let (token, csrf) = (random()?, random()?);
        while self.0.iter().filter(|session| session.user == user).count() >= OF_ONE {
            let first = self.0.iter().position(|session| session.user == user)?;
            self.0.remove(first);
        }
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(Session {
            user: user.to_owned(),
            role,
            csrf,
            stamp,
            token: token.clone(),
            began: now,
            last: now,
        });
        Some(token)
    }

    /// Whose cookie this is.
    pub(super) fn of(&mut self, token: &str, now: Moment) -> Option<Session> {
        self.end_old(now);
        self.0.iter().find(|session| same(&session.token, token)).cloned()
    }

    /// They did something, and are still there.
    pub(super) fn stays(&mut self, token: &str, now: Moment) {
        self.0.iter_mut().filter(|session| same(&session.token, token)).for_each(|session| session.last = now);
    }

    /// They have gone.
    pub(super) fn end(&mut self, token: &str) {
        self.0.retain(|session| !same(&session.token, token));
    }

    fn end_old(&mut self, now: Moment) {
        self.0.retain(|session| now.since(session.last) < IDLE && now.since(session.began) < LONGEST);
    }
}

/// In the same time wherever they differ.
pub(super) fn same(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    let (one, other) = (one.as_ref(), other.as_ref());
    let differs = one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && differs == 0
}

fn random() -> Option<String> {
    let half = || getrandom::u64().ok();
    Some(format!("{:016x}{:016x}", half()?, half()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment(Duration::from_secs(seconds))
    }

    #[test]
    fn a_session_ends_when_nothing_is_done_and_at_the_end_of_a_shift() {
        let mut sessions = Sessions::default();
        let token = sessions.begin("wang", Role::Desk, 0, at(0)).unwrap();
        sessions.stays(&token, at(1799));
        // A page that asks by itself is nobody who does something.
        assert!(sessions.of(&token, at(1799 + 1799)).is_some());
        assert!(sessions.of(&token, at(1799 + 1800)).is_none());
        let token = sessions.begin("wang", Role::Desk, 0, at(0)).unwrap();
        assert!((0..24).all(|half| {
            sessions.stays(&token, at(half * 1799));
            sessions.of(&token, at(half * 1799)).is_some()
        }));
        assert!(sessions.of(&token, at(12 * 3600)).is_none());
    }

    #[test]
    fn there_are_not_too_many_sessions_and_an_account_ends_its_own_first() {
        let mut sessions = Sessions::default();
        let first = sessions.begin("wang", Role::Desk, 0, at(0)).unwrap();
        let others: Vec<String> = (0..4).map(|_| sessions.begin("wang", Role::Desk, 0, at(0)).unwrap()).collect();
        assert!(sessions.of(&first, at(1)).is_none() && others.iter().all(|token| sessions.of(token, at(1)).is_some()));
        for number in 0..100 {
            sessions.begin(&format!("n{number}"), Role::Desk, 0, at(1)).unwrap();
        }
        assert_eq!(sessions.0.len(), MOST);
        assert!(sessions.of("", at(1)).is_none());
    }
}
