//! Hours of the day, as those in which a kiosk is quiet or a lane is open.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::WallTime;

/// From when until when, minutes of the day; over midnight where it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    from: u16,
    until: u16,
}

/// When it is quiet somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiet {
    /// Never, where there are none.
    pub hours: Option<Hours>,
    /// Seconds east of UTC.
    pub utc_offset: i32,
}

impl Quiet {
    /// Whether it is now.
    pub(crate) fn is_at(self, now: WallTime) -> bool {
        self.hours.is_some_and(|hours| hours.hold(now, self.utc_offset))
    }
}

impl Hours {
    /// Reads `22:00-06:00`; nothing where it is none, or no time at all.
    pub fn read(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let hours = Self { from: minute_of_day(from)?, until: minute_of_day(until)? };
        (hours.from != hours.until).then_some(hours)
    }

    /// Whether they are now, `utc_offset` seconds east of UTC.
    pub fn hold(self, now: WallTime, utc_offset: i32) -> bool {
        let now = now.at_offset(utc_offset);
        let minute = u16::from(now.hour()).saturating_mul(60).saturating_add(now.minute().into());
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

/// `22:00-06:00`
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until } = *self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| de::Error::custom("expected hours such as \"22:00-06:00\""))
    }
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let of_a_day = hour < 24 && minute < 60 || (hour, minute) == (24, 0);
    (of_a_day && text.trim().len() == 5).then(|| hour.saturating_mul(60).saturating_add(minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        // 2026-11-21 00:00 in Beijing.
        let at = |hour: i64, minute: i64| WallTime(1_795_190_400_000 + (hour * 60 + minute) * 60_000);
        let quiet = |text: &str, hour, minute| Hours::read(text).expect(text).hold(at(hour, minute), 8 * 3600);
        for (text, hour, minute, holds) in [
            ("22:00-06:00", 21, 59, false),
            ("22:00-06:00", 22, 0, true),
            ("22:00-06:00", 5, 59, true),
            ("22:00-06:00", 6, 0, false),
            ("12:30-14:00", 13, 0, true),
            ("12:30-14:00", 14, 0, false),
            ("12:30-14:00", 3, 0, false),
            ("00:00-24:00", 23, 59, true),
        ] {
            assert_eq!(quiet(text, hour, minute), holds, "{text} at {hour}:{minute}");
            assert_eq!(Hours::read(text).expect(text).to_string(), text);
        }
        for none in ["", "22:00", "22-6", "24:01-06:00", "22:60-06:00", "06:00-06:00", "6:00-07:00", "a:b-c:d"] {
            assert_eq!(Hours::read(none), None, "{none}");
        }
    }
}
