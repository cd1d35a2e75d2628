//! How much of the past is kept.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// `[journal]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct JournalBounds {
    /// Records older than this may go, `190d`; whole days.
    #[serde(deserialize_with = "days")]
    pub max_age: Duration,
    /// The journal's size on disk, at least 1 MiB.
    #[serde(deserialize_with = "journal_bytes")]
    pub max_bytes: u64,
}

impl Default for JournalBounds {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(190 * 86_400), max_bytes: 64 << 20 }
    }
}

fn days<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(d)?;
    text.strip_suffix('d')
        .and_then(|days| days.parse::<u64>().ok())
        .filter(|days| (1..=3660).contains(days))
        .map(|days| Duration::from_secs(days.saturating_mul(86_400)))
        .ok_or_else(|| de::Error::custom("expected whole days, \"1d\" to \"3660d\""))
}

fn journal_bytes<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(d)?;
    if (1 << 20..=1 << 34).contains(&number) {
        Ok(number)
    } else {
        Err(de::Error::custom("expected 1048576 (1 MiB) to 17179869184 (16 GiB) bytes"))
    }
}
