//! A time that the site's system names to a person.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{
    OffsetDateTime, PrimitiveDateTime, UtcOffset,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

use super::{Language, Text, WallTime};

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

/// Without an offset, as databases write it.
const LOCAL: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day][ignore count:1][hour]:[minute][optional [:[second]]]");

impl When {
    /// Reads RFC 3339, and a date with a time of day as it is at `utc_offset` (seconds east); what is neither is kept as
    /// it was said. Nothing where nothing is left.
    pub fn read(told: &str, utc_offset: i32, now: WallTime) -> Option<Self> {
        let told = told.trim();
        let offset = UtcOffset::from_whole_seconds(utc_offset).unwrap_or(UtcOffset::UTC);
        let whole = OffsetDateTime::parse(told, &Rfc3339).ok().and_then(|time| time.checked_to_offset(offset));
        let local = || PrimitiveDateTime::parse(told, &LOCAL).ok().map(|time| time.assume_offset(offset));
        if let Some(time) = whole.or_else(local) {
            return Some(Self::At(LocalTime { time, is_today: time.date() == now.at_offset(utc_offset).date() }));
        }
        Some(Text::clean(told)).filter(|text| !text.is_empty()).map(Self::Said)
    }

    /// As a person reads it: the time of day, after the date where that is not today's.
    pub fn shown(&self, language: Language) -> String {
        let LocalTime { time, is_today } = match self {
            Self::Said(text) => return text.to_string(),
            Self::At(time) => time,
        };
        let (month, day) = (u8::from(time.month()), time.day());
        let clock = format!("{:02}:{:02}", time.hour(), time.minute());
        match language {
            _ if *is_today => clock,
            Language::ZhHans | Language::ZhHant => format!("{month}月{day}日 {clock}"),
            Language::En => format!("{day} {:.3} {clock}", time.month().to_string()),
        }
    }
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
    fn a_time_is_told_as_it_is_here_and_with_its_date_on_another_day() {
        for (told, shown) in [
            ("2026-11-21T10:30:00+08:00", ["10:30", "10:30"]),
            ("2026-11-21T02:30:00Z", ["10:30", "10:30"]),
            ("2026-11-21 10:30:59", ["10:30", "10:30"]),
            ("2026-11-21T10:30", ["10:30", "10:30"]),
            ("2026-11-20T23:05:00-08:00", ["15:05", "15:05"]),
            ("2026-12-01T08:00:00+08:00", ["12月1日 08:00", "1 Dec 08:00"]),
            (" 上午\u{202E} ", ["上午", "上午"]),
            ("2026-13-41T99:99:00Z", ["2026-13-41T99:99:00Z", "2026-13-41T99:99:00Z"]),
        ] {
            let when = When::read(told, BEIJING, TODAY).expect("something");
            assert_eq!([Language::ZhHans, Language::En].map(|language| when.shown(language)), shown, "{told}");
            let kept = serde_json::to_string(&when).expect("a text");
            let read = serde_json::from_str::<When>(&kept).expect("a time");
            assert_eq!(serde_json::to_string(&read).expect("a text"), kept);
        }
        assert_eq!(When::read(" \u{7}", BEIJING, TODAY), None);
    }
}
