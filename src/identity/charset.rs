//! Which charset a name came in. Bytes in, a name out, or nothing where nobody can say.
//!
//! WeChat does not publish the charset of names; the sibling interfaces name both UTF-8 and GBK. Many bytes are a name in
//! both: 濮洪海 in GBK is 姺麣 in UTF-8, Иванов in UTF-8 is six hanzi in GBK. Somebody else's name on the panel is worse
//! than none, so the decision has three ends: the one reading, the other, or neither.

mod weight;

use std::sync::atomic::{AtomicU8, Ordering};

use encoding_rs::GB18030;

use self::weight::Weight;
use super::CharsetChoice;
use crate::words::{Credential, CredentialType, RealName, is_unseen};

/// A charset of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// UTF-8
    Utf8,
    /// GBK, read as its superset GB18030.
    Gbk,
}

/// What earlier answers have proved: those whose bytes are a text in one charset only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Nothing, or both: names come in two charsets here.
    Nothing,
    /// All of them were in this one.
    All(Charset),
}

/// How names are read, for one merchant at one interface: WeChat uses one charset there.
pub(super) struct Charsets {
    choice: CharsetChoice,
    /// [`Charset::bit`] of each that was proved. Not kept over a restart: the first names of the morning prove it anew.
    proved: AtomicU8,
}

/// A name, and the charset that its bytes prove.
pub(super) struct Reading {
    pub(super) name: RealName,
    pub(super) proves: Option<Charset>,
}

/// How much less likely the other reading must be, bits: one in 65,536.
const CLEARLY: u32 = 16;

impl Charset {
    const fn bit(self) -> u8 {
        match self {
            Self::Utf8 => 1,
            Self::Gbk => 2,
        }
    }
}

impl Charsets {
    pub(super) fn new(choice: CharsetChoice) -> Self {
        Self { choice, proved: AtomicU8::new(0) }
    }

    /// A name out of its bytes.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Reading> {
        match self.choice {
            CharsetChoice::Utf8 => Some(Reading { name: RealName::parse(utf8(bytes)?)?, proves: None }),
            CharsetChoice::Gbk => Some(Reading { name: RealName::parse(&gbk(bytes)?)?, proves: None }),
            CharsetChoice::Auto => {
                let evidence = match self.proved.load(Ordering::Relaxed) {
                    1 => Evidence::All(Charset::Utf8),
                    2 => Evidence::All(Charset::Gbk),
                    _ => Evidence::Nothing,
                };
                read(bytes, evidence)
            }
        }
    }

    /// Believes what the bytes of a name proved, once the whole answer has been understood.
    pub(super) fn believe(&self, proves: Option<Charset>) {
        if let Some(charset) = proves {
            self.proved.fetch_or(charset.bit(), Ordering::Relaxed);
        }
    }
}

/// A name out of its bytes, its charset unknown but for the evidence.
fn read(bytes: &[u8], evidence: Evidence) -> Option<Reading> {
    let (utf8, gbk) = (utf8(bytes), gbk(bytes));
    let proves = match (&utf8, &gbk) {
        (Some(_), None) => Some(Charset::Utf8),
        (None, Some(_)) => Some(Charset::Gbk),
        _ => None,
    };
    let evidence = proves.map_or(evidence, Evidence::All);
    let utf8_name = utf8.and_then(RealName::parse);
    let gbk_name = gbk.and_then(|text| RealName::parse(&text));
    let name = match decide(utf8_name.as_ref(), gbk_name.as_ref(), utf8, evidence)? {
        Charset::Utf8 => utf8_name?,
        Charset::Gbk => gbk_name?,
    };
    Some(Reading { name, proves })
}

/// Which reading counts; nothing where neither does for sure. `text`: the bytes as UTF-8, be it of no name.
fn decide(utf8: Option<&RealName>, gbk: Option<&RealName>, text: Option<&str>, evidence: Evidence) -> Option<Charset> {
    match (evidence, utf8, gbk) {
        (Evidence::Nothing, ..) => {}
        // Where it reads as no name in the charset of all the others, it may be the first in another.
        (Evidence::All(Charset::Utf8), None, Some(_)) | (Evidence::All(Charset::Gbk), Some(_), None) => {}
        // What came before is believed, but not against all likelihood: the first name in another charset is nobody's.
        (Evidence::All(charset), Some(utf8), Some(gbk)) if utf8 != gbk => {
            let (utf8, gbk) = (Weight::of(utf8.reveal()), Weight::of(gbk.reveal()));
            let (ours, other) = if charset == Charset::Utf8 { (utf8, gbk) } else { (gbk, utf8) };
            let likely = ours.is_ordinary || other.bits.saturating_add(CLEARLY) > ours.bits;
            return likely.then_some(charset);
        }
        (Evidence::All(charset), ..) => return Some(charset),
    }
    match (utf8, gbk) {
        (None, None) => None,
        (Some(_), None) => Some(Charset::Utf8),
        // Bytes that happen to be UTF-8 and no name there: only common hanzi make that likely, and not where three of
        // them are what stands in no text. 锟斤拷 is a name that was lost before it came.
        (None, Some(gbk)) => {
            let by_chance = |text: &str| Weight::of(gbk.reveal()).is_common && !text.chars().any(is_unseen);
            text.is_none_or(by_chance).then_some(Charset::Gbk)
        }
        (Some(utf8), Some(gbk)) if utf8 == gbk => Some(Charset::Utf8),
        (Some(utf8), Some(gbk)) => {
            let (utf8, gbk) = (Weight::of(utf8.reveal()), Weight::of(gbk.reveal()));
            match (utf8.bits + CLEARLY <= gbk.bits, gbk.bits + CLEARLY <= utf8.bits) {
                (true, _) if !gbk.is_ordinary => Some(Charset::Utf8),
                (_, true) if !utf8.is_ordinary => Some(Charset::Gbk),
                _ => None,
            }
        }
    }
}

/// A document out of its number's bytes: ASCII, but for the hanzi that the military write.
pub(super) fn credential(bytes: &[u8], kind: CredentialType) -> Option<Credential> {
    let parsed = utf8(bytes).and_then(|text| Credential::parse(kind, text));
    parsed.or_else(|| Credential::parse(kind, &gbk(bytes)?))
}

fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn gbk(bytes: &[u8]) -> Option<String> {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod every_name;
#[cfg(test)]
mod tests;
