//! Values of the site file that need more than a type: each refuses what is impossible and says what is allowed.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::words::SerialNo;

/// A string that passes `fits`, or an error that says what is allowed.
fn checked<'de, D: Deserializer<'de>>(
    deserializer: D,
    allowed: &'static str,
    fits: impl Fn(&str) -> bool,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if fits(&text) { Ok(text) } else { Err(de::Error::custom(format_args!("expected {allowed}"))) }
}

pub(super) fn digits<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a merchant number of 8–32 digits", |t| {
        (8..=32).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit())
    })
}

pub(super) fn some_digits<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    digits(d).map(Some)
}

pub(super) fn serial<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    // 40 digits as WeChat shows it; other tools leave leading zeros out, or show the octet of the sign.
    let written = checked(d, "a certificate serial number of 40 hex digits", |t| {
        (32..=48).contains(&t.len()) && SerialNo::parse(t).is_some()
    })?;
    Ok(written.to_ascii_uppercase())
}

pub(super) fn some_serial<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    serial(d).map(Some)
}

pub(super) fn appid<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "an appid of 8–32 letters and digits", |t| {
        (8..=32).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

pub(super) fn some_appid<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    appid(d).map(Some)
}

fn https<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let url = checked(d, "an https:// address without query or fragment", |t| {
        t.strip_prefix("https://").is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with('/')
                && rest.bytes().all(|b| b.is_ascii_graphic() && !b"?#@\\".contains(&b))
        })
    })?;
    Ok(url.trim_end_matches('/').to_owned())
}

pub(super) fn some_https<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    https(d).map(Some)
}

pub(super) fn https_base<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let url = https(d)?;
    if url["https://".len()..].contains('/') {
        return Err(de::Error::custom("expected https:// and a host without a path"));
    }
    Ok(url)
}

pub(super) fn some_https_base<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    https_base(d).map(Some)
}

fn milliseconds<'de, D: Deserializer<'de>>(d: D, range: std::ops::RangeInclusive<u64>) -> Result<Duration, D::Error> {
    let number = u64::deserialize(d)?;
    if range.contains(&number) {
        return Ok(Duration::from_millis(number));
    }
    Err(de::Error::custom(format_args!("expected {}–{} milliseconds", range.start(), range.end())))
}

pub(super) fn patience<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    milliseconds(d, 1000..=60_000)
}

pub(super) fn settle<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    milliseconds(d, 0..=600_000)
}

/// Lookups at once: each is a thread and a connection.
pub(super) const LOOKUPS: std::ops::RangeInclusive<usize> = 1..=16;

pub(super) fn concurrency<'de, D: Deserializer<'de>>(d: D) -> Result<Option<usize>, D::Error> {
    let number = usize::deserialize(d)?;
    if LOOKUPS.contains(&number) { Ok(Some(number)) } else { Err(de::Error::custom("expected 1–16")) }
}

fn hours_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let hours: u16 = hours.parse().ok().filter(|hours| *hours < 24)?;
    let minutes: u16 = minutes.parse().ok().filter(|minutes| *minutes < 60)?;
    Some(hours * 60 + minutes)
}

pub(super) fn time_of_day<'de, D: Deserializer<'de>>(d: D) -> Result<u16, D::Error> {
    hours_minutes(&String::deserialize(d)?).ok_or_else(|| de::Error::custom("expected a time of day \"HH:MM\""))
}

pub(super) fn utc_offset<'de, D: Deserializer<'de>>(d: D) -> Result<i32, D::Error> {
    let text = String::deserialize(d)?;
    let (sign, rest) = match text.as_bytes().first() {
        Some(b'+') => (1, &text[1..]),
        Some(b'-') => (-1, &text[1..]),
        _ => (0, ""),
    };
    match hours_minutes(rest) {
        Some(minutes) if minutes <= 14 * 60 => Ok(sign * i32::from(minutes) * 60),
        _ => Err(de::Error::custom("expected an offset \"+HH:MM\" of at most 14 hours")),
    }
}

pub(super) fn days<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(d)?;
    text.strip_suffix('d')
        .and_then(|days| days.parse::<u64>().ok())
        .filter(|days| (1..=3660).contains(days))
        .map(|days| Duration::from_secs(days.saturating_mul(86_400)))
        .ok_or_else(|| de::Error::custom("expected whole days, \"1d\" to \"3660d\""))
}

pub(super) fn journal_bytes<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(d)?;
    if (1 << 20..=1 << 34).contains(&number) {
        Ok(number)
    } else {
        Err(de::Error::custom("expected 1048576 (1 MiB) to 17179869184 (16 GiB) bytes"))
    }
}

pub(super) fn lane_name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a lane name of 1–32 letters, digits or hyphens", is_name)
}

pub(crate) fn name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a name of 1–32 letters, digits or hyphens", is_name)
}

pub(super) fn some_name<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    name(d).map(Some)
}

fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

pub(super) fn series<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a series of one to three capital letters", |t| {
        (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_uppercase())
    })
}

pub(super) fn store_id<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a store id of 1–32 letters and digits", |t| {
        (1..=32).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    })
}

pub(super) fn store_name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a store name of 1–128 bytes", |t| (1..=128).contains(&t.len()) && !t.chars().any(char::is_control))
}
