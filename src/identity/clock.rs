//! WeChat's clock, as far as ours differs from it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::words::{Clock, Moment, Now, RELEASED};

/// Our clock, and what is known of WeChat's. Shared by all who ask WeChat: it is the same clock for every merchant.
///
/// A `Date` header alone is only tried out: the offset is believed once an answer that was verified fits it, and dropped
/// as soon as one contradicts it. Nobody who merely answers can make later answers look stale.
pub struct WechatClock {
    ours: Arc<dyn Clock>,
    /// Seconds that WeChat's clock is ahead of ours.
    offset: AtomicI64,
    /// When the offset last became another one.
    since: Mutex<Moment>,
    /// The offset that was last told.
    told: AtomicI64,
    /// When the last verified answer came, and WeChat's time in it.
    proven: Mutex<Option<(Moment, i64)>>,
}

/// Seconds within which WeChat and we take the other's time (APIv3 rules, signature verification).
pub(super) const WINDOW: i64 = 300;

/// A clock this close to WeChat's is left alone, seconds.
const NEAR: i64 = 60;

/// A `Date` later than so many seconds after this version was written is nobody's clock: 15 years.
const LIFETIME: i64 = 15 * 366 * 86_400;

impl WechatClock {
    /// Ours is believed until WeChat says otherwise.
    pub fn new(ours: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            ours,
            offset: AtomicI64::new(0),
            since: Mutex::default(),
            told: AtomicI64::new(0),
            proven: Mutex::default(),
        })
    }

    /// Both of our clocks.
    pub fn now(&self) -> Now {
        self.ours.now()
    }

    /// Our clocks, for whoever needs no more.
    pub fn shared(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.ours)
    }

    pub(super) fn ours(&self) -> &dyn Clock {
        &*self.ours
    }

    /// WeChat's time as it is known, seconds since 1970.
    pub(super) fn wechat_now(&self) -> i64 {
        self.seconds(self.offset())
    }

    /// Seconds that WeChat's clock is ahead of ours; 0 while ours will do.
    pub fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// The same, and since when it is so.
    pub(crate) fn offset_since(&self) -> (i64, Moment) {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        (self.offset(), *since)
    }

    /// The offset, where it has changed since the last call.
    pub fn news(&self) -> Option<i64> {
        let offset = self.offset();
        (self.told.swap(offset, Ordering::Relaxed) != offset).then_some(offset)
    }

    /// Seconds since 1970 under an offset.
    pub(super) fn seconds(&self, offset: i64) -> i64 {
        self.now().wall.unix_seconds().saturating_add(offset)
    }

    /// The offset that a `Date` header speaks for, where `assumed` is too far from it to have been accepted.
    pub(super) fn candidate(&self, date: &str, assumed: i64) -> Option<i64> {
        let released = RELEASED.unix_seconds();
        let plausible = self.earliest().unwrap_or(released)..released.saturating_add(LIFETIME);
        let theirs = http_date(date).filter(|theirs| plausible.contains(theirs))?;
        let offset = match theirs.saturating_sub(self.now().wall.unix_seconds()) {
            near if near.saturating_abs() <= NEAR => 0,
            far => far,
        };
        // The header's own second and the way here may have taken some of the window.
        (offset.saturating_sub(assumed).saturating_abs() >= WINDOW - 10).then_some(offset)
    }

    /// The time of a verified answer: true where it fits `assumed`, what is believed, or our own clock, which is then
    /// believed.
    pub(super) fn fits(&self, signed_at: i64, assumed: i64) -> bool {
        let fits = |offset: &i64| self.seconds(*offset).abs_diff(signed_at) < WINDOW.unsigned_abs();
        let right = [assumed, self.offset(), 0].into_iter().find(fits);
        if let Some(offset) = right {
            if self.offset.swap(offset, Ordering::Relaxed) != offset {
                *self.since.lock().unwrap_or_else(PoisonError::into_inner) = self.now().moment;
            }
            *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.now().moment, signed_at));
        }
        right.is_some()
    }

    /// WeChat's clock cannot stand before this any more: going back would let answers of yesterday in again.
    fn earliest(&self) -> Option<i64> {
        let (at, signed_at) = (*self.proven.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since = i64::try_from(self.now().moment.since(at).as_secs()).unwrap_or(i64::MAX);
        Some(signed_at.saturating_add(since).saturating_sub(WINDOW))
    }
}

/// The seconds since 1970 of an HTTP date, `Tue, 14 Nov 2023 22:13:20 GMT` (RFC 9110 §5.6.7).
pub fn http_date(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc2822).ok().map(OffsetDateTime::unix_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::WallTime;

    struct Standing(i64);

    impl Clock for Standing {
        fn now(&self) -> Now {
            Now { wall: WallTime(self.0.saturating_mul(1000)), ..Now::default() }
        }
    }

    /// 2026-12-01 00:00:00
    const NOW: i64 = 1_796_083_200;

    fn clock(seconds: i64) -> Arc<WechatClock> {
        WechatClock::new(Arc::new(Standing(seconds)))
    }

    #[test]
    fn a_date_header_is_read() {
        assert_eq!(http_date("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000));
        assert_eq!(http_date("yesterday"), None);
    }

    #[test]
    fn an_implausible_date_is_not_learnt() {
        let clock = clock(NOW);
        for date in [
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "Fri, 20 Nov 2026 00:00:00 GMT",
            "Sat, 01 Dec 2046 00:00:00 GMT",
            "Tue, 01 Dec 2026 00:04:00 GMT",
            "",
        ] {
            assert_eq!(clock.candidate(date, 0), None, "{date}");
        }
        assert_eq!(clock.candidate("Tue, 01 Dec 2026 00:10:00 GMT", 0), Some(600));
        assert_eq!(clock.candidate("Tue, 01 Dec 2026 00:00:09 GMT", 600), Some(0), "our clock was set");
        for extreme in [i64::MIN, i64::MAX] {
            let clock = super::tests::clock(extreme);
            assert!(clock.candidate("Tue, 01 Dec 2026 00:10:00 GMT", extreme).is_some());
            assert!(!clock.fits(0, extreme));
        }
    }

    #[test]
    fn an_offset_is_told_once_when_it_changes_and_dropped_when_a_good_answer_contradicts_it() {
        let clock = clock(NOW);
        assert_eq!(clock.news(), None);
        assert!(clock.fits(NOW + 600, 600));
        assert_eq!((clock.offset(), clock.news(), clock.news()), (600, Some(600), None));
        assert!(!clock.fits(NOW - 600, 600), "an old answer changes nothing");
        assert_eq!(clock.offset(), 600);
        assert!(clock.fits(NOW, 600));
        assert_eq!((clock.offset(), clock.news(), clock.news()), (0, Some(0), None));
        assert_eq!(clock.candidate("Mon, 30 Nov 2026 23:00:00 GMT", 0), None, "WeChat's clock does not go back");
    }
}
