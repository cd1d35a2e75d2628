//! Time as values. Reading a clock is done in `service` (and by the sandbox) alone.

use std::time::Duration;

use time::{OffsetDateTime, UtcOffset};

/// Monotonic time since the program's start. Every deadline is one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Duration);

/// When a piece of work must be over, for every layer that takes part in it.
///
/// It is set once, where the work begins; whoever is given one can look how much is left and shorten it, never lengthen
/// it or begin it again: three layers that each wait for the whole patience would keep a person for three of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Moment);

/// Wall time in milliseconds since 1970-01-01 UTC. For signatures, slips and records; never for deadlines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(pub i64);

/// 2026-11-21, when this version was written: a clock that stands before it is wrong.
pub(crate) const RELEASED: WallTime = WallTime(1_795_219_200_000);

/// Both clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For deadlines.
    pub moment: Moment,
    /// For people.
    pub wall: WallTime,
}

/// A day of business: it begins at the site's `reset-at` in the site's UTC offset. Days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServiceDay(pub i64);

/// Wall time for what outlives the moment: records, days of business, retention. A step of the machine's clock does not
/// move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Seconds since 1970, UTC.
    pub at: WallTime,
    /// Somebody else says so, too: WeChat in an answer that was verified, or a time server.
    pub confirmed: bool,
}

/// Something that can be asked for the time.
pub trait Clock: Send + Sync {
    /// Both clocks.
    fn now(&self) -> Now;

    /// The time for what outlives the moment. A clock that can be wrong says whether it is confirmed.
    fn stamp(&self) -> Stamp {
        self.now().wall.into()
    }

    /// Somebody whose signature was verified says that it is now `wall`.
    fn confirm(&self, _wall: WallTime) {}
}

impl From<WallTime> for Stamp {
    fn from(at: WallTime) -> Self {
        Self { at, confirmed: true }
    }
}

impl Now {
    /// Less than this is a time server at its work, milliseconds.
    const STEP_MS: i64 = 5_000;

    /// By how much the machine's clock was set since it was looked at, in milliseconds: the two clocks do not agree on how
    /// long that was.
    pub(crate) fn was_set_since(self, before: Self) -> Option<i64> {
        let passed = i64::try_from(self.moment.since(before.moment).as_millis()).unwrap_or(i64::MAX);
        let stepped = self.wall.millis_since(before.wall).saturating_sub(passed);
        (stepped.saturating_abs() >= Self::STEP_MS).then_some(stepped)
    }
}

impl Moment {
    /// This moment plus a duration, saturating.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Deadline {
    /// Over at this moment.
    pub fn at(moment: Moment) -> Self {
        Self(moment)
    }

    /// Work that begins now may take so long.
    pub fn from_now(clock: &dyn Clock, patience: Duration) -> Self {
        Self(clock.now().moment.after(patience))
    }

    /// What is left, zero when it is over.
    pub fn left(self, now: Moment) -> Duration {
        self.0.since(now)
    }

    /// No later than `limit` from now.
    pub fn within(self, now: Moment, limit: Duration) -> Self {
        self.min(Self(now.after(limit)))
    }
}

impl WallTime {
    /// Whole seconds since 1970-01-01 UTC.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds from `earlier` to this, negative where it lies ahead; saturating.
    pub(crate) fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Local date and time at a fixed offset in seconds east of UTC; the epoch itself when out of range.
    pub fn at_offset(self, offset_seconds: i32) -> OffsetDateTime {
        let offset = UtcOffset::from_whole_seconds(offset_seconds).unwrap_or(UtcOffset::UTC);
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0).saturating_mul(1_000_000))
            .ok()
            .and_then(|utc| utc.checked_to_offset(offset))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl ServiceDay {
    /// The day of business that `wall` falls on.
    ///
    /// `offset_seconds` is the site's offset east of UTC, `reset_minutes` the local minute of the day at which a new
    /// day of business begins (0–1439).
    pub(crate) fn of(wall: WallTime, offset_seconds: i32, reset_minutes: u16) -> Self {
        let reset = i64::from(reset_minutes).saturating_mul(60);
        let local = wall.unix_seconds().saturating_add(i64::from(offset_seconds)).saturating_sub(reset);
        Self(local.div_euclid(86_400))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_shortened_and_never_lengthened() {
        let second = Duration::from_secs;
        let (now, deadline) = (Moment(second(10)), Deadline::at(Moment(second(18))));
        assert_eq!(deadline.within(now, second(3)).left(now), second(3));
        assert_eq!(deadline.within(now, second(30)).left(now), second(8));
        assert_eq!(deadline.left(Moment(second(20))), Duration::ZERO);
    }

    #[test]
    fn a_clock_was_set_where_it_and_the_time_since_the_start_do_not_agree() {
        let at = |seconds, wall| Now { moment: Moment(Duration::from_secs(seconds)), wall: WallTime(wall) };
        let before = at(60, 1_764_144_000_000);
        for (wall, stepped) in [
            (1_764_144_060_000, None),
            // A time server at its work.
            (1_764_144_064_999, None),
            (1_764_147_660_000, Some(3_600_000)),
            (1_764_057_660_000, Some(-86_400_000)),
            (i64::MIN, Some(i64::MIN)),
        ] {
            assert_eq!(at(120, wall).was_set_since(before), stepped, "{wall}");
        }
    }

    #[test]
    fn no_clock_is_so_wrong_that_it_cannot_be_told() {
        let end_of_9999 = WallTime(253_402_300_799_000);
        for wall in [WallTime(i64::MIN), WallTime(i64::MAX), end_of_9999, WallTime(-377_705_116_800_000)] {
            for offset in [-50_400, 28_800, i32::MAX] {
                let told = wall.at_offset(offset);
                assert!((-9999..=9999).contains(&told.year()), "{told}");
                ServiceDay::of(wall, offset, 1439);
            }
            assert!(wall.millis_since(WallTime(i64::MAX)) <= 0);
        }
    }

    #[test]
    fn a_day_of_business_begins_at_the_reset_minute() {
        let beijing = 8 * 3600;
        // 2023-11-15 03:59:59 and 04:00:00 in Beijing.
        let before = WallTime(1_699_991_999_000);
        let after = WallTime(1_699_992_000_000);
        assert_eq!(ServiceDay::of(after, beijing, 240).0, ServiceDay::of(before, beijing, 240).0 + 1);
        assert_eq!(ServiceDay::of(after, beijing, 0), ServiceDay::of(before, beijing, 0));
    }
}
