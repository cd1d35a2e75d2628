//! The file: what it says before its people, its people, and the signature over all of it.
//!
//! ```text
//! facemchd-roster 1
//! day 2026-11-26
//! issued 2026-11-26T05:30:00+08:00
//! people 2
//! 7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069<TAB>3楼 内科
//! 9b74c9897bac770ffc029102a200c5de17a5e0fd5b1bb1d6c3a7a3c6d2c0a1be
//! signature BASE64
//! ```

use base64::{Engine as _, prelude::BASE64_STANDARD};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

use super::person::{Hash, short};
use crate::{
    fault::{Code, Cure, Fault},
    files::FileError,
    http::HttpError,
    words::{ServiceDay, Text},
};

/// The first line.
pub(super) const FIRST: &str = "facemchd-roster 1";

/// The largest list, bytes: 120,000 people.
pub(super) const LARGEST: usize = 8 << 20;

/// Whether this signature over these bytes is that of whoever makes the site's lists.
pub type Verify = Box<dyn Fn(&[u8], &[u8]) -> bool + Send + Sync>;

/// A list that its maker has signed.
#[derive(Clone, Debug)]
pub struct List {
    day: Date,
    /// Seconds since 1970.
    issued: i64,
    /// In order; with which of the places.
    people: Vec<(Hash, Option<u16>)>,
    places: Vec<Text>,
}

/// Why a list cannot be used. Says nothing of anybody on it.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The file cannot be read, or is too large.
    #[error(transparent)]
    File(#[from] FileError),
    /// It could not be fetched.
    #[error("the roster cannot be fetched: {0}")]
    Fetch(#[source] HttpError),
    /// Whoever was asked for it answers something else.
    #[error("the roster cannot be fetched: status {0}")]
    Status(u16),
    /// Not the agreed form.
    #[error("the roster's line {line} is not as agreed: {what}")]
    Form {
        /// From 1.
        line: usize,
        /// What it should be.
        what: &'static str,
    },
    /// Nobody, or somebody else, has signed it.
    #[error("the roster's signature is not by roster-public-key, or the roster was changed after it was signed")]
    Signature,
    /// It is of another day.
    #[error("the roster is of {0}, and today is {1}")]
    OtherDay(Date, Date),
    /// One that was issued later is in use.
    #[error("the roster was issued before the one that is in use")]
    Older,
    /// Nobody has fetched one yet.
    #[error("no roster is there yet")]
    None,
}

impl Fault for RosterError {
    fn code(&self) -> Code {
        match self {
            Self::File(_) | Self::Form { .. } => Code::H940,
            Self::Signature => Code::H941,
            Self::OtherDay(..) | Self::Older => Code::H942,
            Self::Fetch(_) | Self::Status(_) | Self::None => Code::H943,
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::File(error) => error.cure(),
            Self::Fetch(error) => error.cure(),
            _ => None,
        }
    }
}

impl List {
    /// Reads a file whose signature is good, whatever its day.
    pub fn read(bytes: &[u8], verify: &Verify) -> Result<Self, RosterError> {
        // Nothing of what nobody has signed is looked at but where its signature stands.
        let (body, signature) = signed(bytes)?;
        if !verify(body, &signature) {
            return Err(RosterError::Signature);
        }
        let text = std::str::from_utf8(body).map_err(|_| form(1, "UTF-8"))?;
        let mut lines = text.lines().enumerate().map(|(at, line)| (at.saturating_add(1), line));
        let mut next = |word: &'static str, what| {
            let (at, line) = lines.next().ok_or(form(1, what))?;
            line.strip_prefix(word).map(|rest| (at, rest)).ok_or(form(at, what))
        };
        next(FIRST, "facemchd-roster 1")?;
        let (at, day) = next("day ", "day YYYY-MM-DD")?;
        let day = self::day(day).ok_or(form(at, "day YYYY-MM-DD"))?;
        let (at, issued) = next("issued ", "issued and a time (RFC 3339)")?;
        let issued = OffsetDateTime::parse(issued, &Rfc3339).map_err(|_| form(at, "issued and a time (RFC 3339)"))?;
        let (at, count) = next("people ", "people and how many")?;
        let count: usize = count.parse().map_err(|_| form(at, "people and how many"))?;
        let mut list = Self { day, issued: issued.unix_timestamp(), people: Vec::new(), places: Vec::new() };
        // Not what it says of itself, but what is there.
        list.people.reserve_exact(count.min(body.len() / 64));
        for (at, line) in lines {
            list.add(line).ok_or(form(at, "64 hex digits, and behind a tab a place"))?;
        }
        if list.people.len() != count {
            return Err(form(at, "as many people as lines follow"));
        }
        list.people.sort_unstable();
        Ok(list)
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let (hash, place) = line.split_once('\t').map_or((line, None), |(hash, place)| (hash, Some(place)));
        let place = match place.map(Text::clean).filter(|place| !place.is_empty()) {
            None => None,
            Some(place) => {
                let known = self.places.iter().position(|known| *known == place);
                let at = known.unwrap_or_else(|| {
                    self.places.push(place);
                    self.places.len() - 1
                });
                Some(u16::try_from(at).ok()?)
            }
        };
        self.people.push((short(&from_hex(hash)?), place));
        Some(())
    }

    /// Whether one of these is on it, and where they go.
    pub(super) fn find(&self, hashes: &[Hash]) -> Option<Option<Text>> {
        hashes.iter().find_map(|hash| {
            let at = self.people.binary_search_by(|(known, _)| known.cmp(hash)).ok()?;
            let place = self.people[at].1.and_then(|place| self.places.get(usize::from(place)));
            Some(place.cloned())
        })
    }

    /// Good for a day of business: of that day.
    pub(super) fn is_of(&self, today: ServiceDay) -> Result<(), RosterError> {
        if self.day == date(today) { Ok(()) } else { Err(RosterError::OtherDay(self.day, date(today))) }
    }

    pub(super) fn day(&self) -> Date {
        self.day
    }

    /// Another one was issued before this.
    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        (self.day, self.issued) > (other.day, other.issued)
    }

    /// How many are on it.
    pub(crate) fn people(&self) -> usize {
        self.people.len()
    }
}

/// `YYYY-MM-DD`; with it all that is needed of a parser is that of RFC 3339, which the program has.
pub fn day(text: &str) -> Option<Date> {
    OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).ok().map(OffsetDateTime::date)
}

/// A day of business as the day it begins on.
pub(super) fn date(day: ServiceDay) -> Date {
    let epoch = OffsetDateTime::UNIX_EPOCH.date();
    i32::try_from(day.0)
        .ok()
        .and_then(|days| Date::from_julian_day(epoch.to_julian_day().checked_add(days)?).ok())
        .unwrap_or(epoch)
}

/// What is signed, and the signature.
fn signed(bytes: &[u8]) -> Result<(&[u8], Vec<u8>), RosterError> {
    let what = "signature and base64, as the last line";
    let trimmed = bytes.trim_ascii_end();
    let start = trimmed.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
    let (body, last) = trimmed.split_at(start);
    let lines = body.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
    let signature = last.strip_prefix(b"signature ").ok_or(form(lines, what))?;
    Ok((body, BASE64_STANDARD.decode(signature).map_err(|_| form(lines, what))?))
}

fn form(line: usize, what: &'static str) -> RosterError {
    RosterError::Form { line, what }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}
