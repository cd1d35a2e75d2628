//! Asking again: the one loop around every question to WeChat.
//!
//! Our own back-off is the floor and our own count the brake; what a server says of waiting can only make the wait
//! longer. The deadline bounds it all.

use std::{thread, time::Duration};

use crate::{
    http::Response,
    words::{Clock, Deadline},
};

use super::clock::http_date;

/// How an attempt ended that brought nothing.
#[derive(Debug)]
pub(super) enum Setback<E> {
    /// Nothing will change that.
    Final(E),
    /// What stood in the way is mended: once more at once, but only once for each cause.
    Mended(Cause, E),
    /// They cannot now; perhaps after this.
    Wait(Option<Duration>, E),
}

impl<E> Setback<E> {
    /// Why it brought nothing.
    pub(super) fn into_error(self) -> E {
        match self {
            Self::Final(error) | Self::Mended(_, error) | Self::Wait(_, error) => error,
        }
    }
}

/// What an attempt may mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// WeChat's deliberate wrong signature (partner documentation 4013059030): discard, ask once more.
    Probe,
    /// Our clock was wrong; WeChat's is now known.
    Clock,
    /// The connection broke under the request.
    Connection,
    /// The access token was stale; there is another.
    Token,
}

/// The most attempts, whatever ended them.
const MOST: u32 = 4;

/// The wait after the first busy answer; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(300);

/// Attempts until one brings something, a setback is final, or count or time are used up.
pub(super) fn insist<T, E>(
    clock: &dyn Clock,
    deadline: Deadline,
    mut attempt: impl FnMut() -> Result<T, Setback<E>>,
) -> Result<T, E> {
    let mut mended = Vec::new();
    let mut floor = FIRST_WAIT;
    let mut left = MOST;
    loop {
        let (pause, error) = match attempt() {
            Ok(brought) => return Ok(brought),
            Err(Setback::Final(error)) => return Err(error),
            Err(Setback::Mended(cause, error)) if mended.contains(&cause) => return Err(error),
            Err(Setback::Mended(cause, error)) => {
                mended.push(cause);
                (Duration::ZERO, error)
            }
            Err(Setback::Wait(asked, error)) => {
                let pause = asked.unwrap_or_default().max(floor).saturating_add(jitter(floor));
                floor = floor.saturating_mul(2);
                (pause, error)
            }
        };
        left = left.saturating_sub(1);
        if left == 0 || pause >= deadline.left(clock.now().moment) {
            return Err(error);
        }
        thread::sleep(pause);
    }
}

/// Up to half of a wait, so that kiosks that were refused together do not come back together.
fn jitter(floor: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or_default();
    floor.mul_f64(f64::from(random) / f64::from(u32::MAX) / 2.0)
}

/// `Retry-After`, in seconds or as a date (RFC 9110 §10.2.3); nothing where it is neither.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    let seconds = match text.parse() {
        Ok(seconds) => seconds,
        // Both dates are the server's: its clock does not matter.
        Err(_) => u64::try_from(http_date(text)?.saturating_sub(http_date(response.header("date")?)?)).ok()?,
    };
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Moment, Now};

    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> Now {
            Now::default()
        }
    }

    fn attempts(limit: Duration, setback: impl Fn() -> Setback<()>) -> u32 {
        let mut count = 0;
        let result = insist(&Standing, Deadline::at(Moment(limit)), || {
            count += 1;
            Err::<(), _>(setback())
        });
        assert_eq!(result, Err(()));
        count
    }

    #[test]
    fn attempts_are_few_and_a_wait_that_does_not_fit_ends_them() {
        let long = Duration::from_secs(8);
        assert_eq!(attempts(long, || Setback::Final(())), 1);
        assert_eq!(attempts(long, || Setback::Mended(Cause::Probe, ())), 2);
        assert_eq!(attempts(long, || Setback::Wait(Some(Duration::MAX), ())), 1);
        assert_eq!(attempts(Duration::from_millis(299), || Setback::Wait(None, ())), 1);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_anything_else_is_nothing() {
        let asked = |value: &str| {
            let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let date = header("date", "Tue, 14 Nov 2023 22:13:20 GMT");
            retry_after(&Response::from_parts(429, vec![date, header("retry-after", value)], Vec::new()))
        };
        assert_eq!(asked("0"), Some(Duration::ZERO));
        assert_eq!(asked(" 2 "), Some(Duration::from_secs(2)));
        assert_eq!(asked("18446744073709551615"), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(asked("Tue, 14 Nov 2023 22:13:50 GMT"), Some(Duration::from_secs(30)));
        for nothing in ["-1", "1.5", "soon", "18446744073709551616", "Thu, 01 Jan 1970 00:00:00 GMT", ""] {
            assert_eq!(asked(nothing), None, "{nothing}");
        }
    }
}
