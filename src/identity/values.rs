//! Numbers and names that WeChat gives out, as the site file writes them.

use serde::{Deserialize, Deserializer, de};

use crate::words::{SerialNo, setting::checked};

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

/// Lookups at once: each is a thread and a connection.
pub(super) const LOOKUPS: std::ops::RangeInclusive<usize> = 1..=16;

pub(super) fn concurrency<'de, D: Deserializer<'de>>(d: D) -> Result<Option<usize>, D::Error> {
    let number = usize::deserialize(d)?;
    if LOOKUPS.contains(&number) { Ok(Some(number)) } else { Err(de::Error::custom("expected 1–16")) }
}

pub(super) fn store_id<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a store id of 1–32 letters and digits", |t| {
        (1..=32).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    })
}

pub(super) fn store_name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    checked(d, "a store name of 1–128 bytes", |t| (1..=128).contains(&t.len()) && !t.chars().any(char::is_control))
}
