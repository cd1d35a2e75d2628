//! A time that the site's system names to a person.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{Text, WallTime};

/// A time, or the site's own words for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// A time of day, and of which day.
    At(LocalTime),
    /// As it was said: `10:30`, `上午`, `约20分钟`.
    Said(Text),
}

/// A time as clocks at the site show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    time: OffsetDateTime,
    /// People read no date where it is today's.
    is_today: bool,
}

impl When {
    /// Reads RFC 3339, and a date with a time of day as it is at `utc_offset` (seconds east); what is neither is kept as
    /// it was said. Nothing where nothing is left.
    pub fn read(told: &str, utc_offset: i32, now: WallTime) -> Option<Self> {
        let told = told.trim();
        let offset = UtcOffset::from_whole_seconds(utc_offset).unwrap_or(UtcOffset::UTC);
        let whole = OffsetDateTime::parse(told, &Rfc3339).ok().and_then(|time| time.checked_to_offset(offset));
        if let Some(time) = whole.or_else(|| without_offset(told, offset)) {
            return Some(Self::At(LocalTime { time, is_today: time.date() == now.at_offset(utc_offset).date() }));
        }
        Some(Text::clean(told)).filter(|text| !text.is_empty()).map(Self::Said)
    }
}

impl LocalTime {
    /// `10:30`
    pub(crate) fn time_of_day(&self) -> String {
        format!("{:02}:{:02}", self.time.hour(), self.time.minute())
    }

    /// Of the day.
    #[cfg(feature = "voice")]
    pub(crate) fn hour_and_minute(&self) -> (u8, u8) {
        (self.time.hour(), self.time.minute())
    }

    /// Month and day, from 1, where it is not today's.
    pub(crate) fn other_day(&self) -> Option<(u8, u8)> {
        (!self.is_today).then(|| (u8::from(self.time.month()), self.time.day()))
    }
}

/// A date with a time of day as databases write it, `2026-11-21 10:30` with or without seconds, at this offset.
fn without_offset(told: &str, offset: UtcOffset) -> Option<OffsetDateTime> {
    let (date, time) = told.split_once([' ', 'T'])?;
    let seconds = if time.len() == 5 { ":00" } else { "" };
    let utc = OffsetDateTime::parse(&format!("{date}T{time}{seconds}Z"), &Rfc3339).ok()?;
    Some(utc.replace_offset(offset))
}

/// RFC 3339, or as it was said.
impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(LocalTime { time, .. }) => serializer.serialize_str(&time.format(&Rfc3339).unwrap_or_default()),
            Self::Said(text) => serializer.serialize_str(text.as_str()),
        }
    }
}

/// As it was written; nobody knows any more which day was today.
impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = String::deserialize(deserializer)?;
        Ok(match OffsetDateTime::parse(&told, &Rfc3339) {
            Ok(time) => Self::At(LocalTime { time, is_today: false }),
            Err(_) => Self::Said(Text::clean(&told)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEIJING: i32 = 8 * 3600;
    /// 2026-11-21 09:30 in Beijing.
    const TODAY: WallTime = WallTime(1_795_224_600_000);

    #[test]
    fn a_time_is_one_of_here_and_has_a_date_on_another_day() {
        for (told, time, day) in [
            ("2026-11-21T10:30:00+08:00", "10:30", None),
            ("2026-11-21T02:30:00Z", "10:30", None),
            ("2026-11-21 10:30:59", "10:30", None),
            ("2026-11-21T10:30", "10:30", None),
            ("2026-11-20T23:05:00-08:00", "15:05", None),
            ("2026-12-01T08:00:00+08:00", "08:00", Some((12, 1))),
        ] {
            let when = When::read(told, BEIJING, TODAY).expect("something");
            let When::At(local) = &when else { panic!("{told} is a time") };
            assert_eq!((local.time_of_day().as_str(), local.other_day()), (time, day), "{told}");
            let kept = serde_json::to_string(&when).expect("a text");
            let read = serde_json::from_str::<When>(&kept).expect("a time");
            assert_eq!(serde_json::to_string(&read).expect("a text"), kept);
        }
        for (told, said) in [(" 上午\u{202E} ", "上午"), ("2026-13-41T99:99:00Z", "2026-13-41T99:99:00Z")] {
            assert_eq!(When::read(told, BEIJING, TODAY), Some(When::Said(Text::clean(said))));
        }
        assert_eq!(When::read(" \u{7}", BEIJING, TODAY), None);
    }
}
