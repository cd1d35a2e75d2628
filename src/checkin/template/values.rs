//! What a template may ask for: the person, the terminal, the time, what earlier steps brought.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::text::{Filled, Values, Wanted};
use crate::{
    checkin::{Passage, Request},
    fault::Code,
    words::{CredentialType, Identity, VoucherKind, WallTime},
};

/// What a table calls any voucher.
const VOUCHER: &str = "voucher";

/// The form of a time where none is asked for.
const TIME: &str = "yyyy-MM-dd HH:mm:ss";

/// Texts by name.
pub(super) type Named = BTreeMap<String, String>;

/// Secrets by name.
pub(super) type Secrets = Vec<(String, Zeroizing<String>)>;

/// What is kept under this name, the latest.
pub(super) fn of<'a, T>(all: &'a [(String, T)], name: &str) -> Option<&'a T> {
    all.iter().rev().find(|(known, _)| known == name).map(|(_, kept)| kept)
}

/// Everything that is known for one call.
pub(super) struct Known<'a> {
    /// Nothing where the terminal signs itself in.
    pub(super) request: Option<&'a Request>,
    /// What became of a gate's grant, where that is told.
    pub(super) passage: Option<&'a Passage>,
    /// The site's own, with those of the lane over them.
    pub(super) site: &'a Named,
    pub(super) lane: Option<&'a Named>,
    pub(super) secrets: &'a Secrets,
    pub(super) tables: &'a [(String, Named)],
    /// What signing in brought.
    pub(super) kept: &'a Secrets,
    pub(super) record: &'a Named,
    pub(super) visit: &'a Named,
    /// This call's.
    pub(super) serial: u64,
    pub(super) nonce: [u8; 16],
    pub(super) now: WallTime,
    pub(super) utc_offset: i32,
}

impl Values for Known<'_> {
    fn value(&self, wanted: &Wanted) -> Option<Filled<'_>> {
        let value = self.plain(&wanted.name, wanted.argument.as_deref());
        let Some(table) = wanted.table.as_ref().and_then(|table| of(self.tables, table)) else { return value };
        let word = value.as_deref().unwrap_or_default();
        // A kind of voucher that a table does not name is a voucher.
        let voucher = || VoucherKind::read(word).and_then(|_| table.get(VOUCHER));
        let word = table.get(word).or_else(voucher).or_else(|| table.get("*"));
        word.map(|word| Filled::Said(word))
    }
}

impl Known<'_> {
    fn plain(&self, name: &str, argument: Option<&str>) -> Option<Filled<'_>> {
        let (room, member) = name.split_once('.').unwrap_or((name, ""));
        let made = |text: String| Filled::Made(Zeroizing::new(text));
        let said = match room {
            "person" => self.request.and_then(|request| person(&request.identity, member)),
            "companion" => self.request.and_then(|request| companion(&request.identity, member)),
            "record" => self.record.get(member).map(String::as_str),
            "visit" => self.visit.get(member).map(String::as_str),
            "site" => self.lane.and_then(|lane| lane.get(member)).or(self.site.get(member)).map(String::as_str),
            "kept" => of(self.kept, member).map(|text| text.as_str()),
            "secret" => of(self.secrets, member).map(|text| text.as_str()),
            "lane" => self.request.map(|request| request.lane.as_str()),
            "series" => self.request.map(|request| request.series.as_str()),
            "session" => {
                let session = self.passage.map(|passage| passage.session);
                let session = session.or_else(|| self.request.map(|request| request.session));
                return session.map(|session| made(session.to_string()));
            }
            "passage" => {
                let passage = self.passage?;
                let at = || written(passage.at.at_offset(self.utc_offset), argument.unwrap_or(TIME));
                match member {
                    "report" => Some(passage.report.as_str()),
                    "outcome" => Some(passage.word()),
                    "code" => passage.code.map(Code::as_str),
                    _ => return Some(made(at())),
                }
            }
            "now" => return Some(made(written(self.local(), argument.unwrap_or(TIME)))),
            "serial" => return Some(made(digits(self.serial, argument))),
            "uuid" => return Some(made(uuid(self.nonce))),
            "wsse" => return self.wsse(member).map(Filled::Made),
            _ => None,
        };
        said.map(Filled::Said)
    }

    fn local(&self) -> OffsetDateTime {
        self.now.at_offset(self.utc_offset)
    }

    /// WS-Security UsernameToken Profile 1.1, 3.1: `Base64(SHA-1(nonce + created + password))`.
    fn wsse(&self, member: &str) -> Option<Zeroizing<String>> {
        let created = written(self.now.at_offset(0), "yyyy-MM-ddTHH:mm:ssZ");
        Some(Zeroizing::new(match member {
            "nonce" => STANDARD.encode(self.nonce),
            "created" => created,
            "digest" => {
                let mut digest = Sha1::new_with_prefix(self.nonce);
                digest.update(created.as_bytes());
                digest.update(of(self.secrets, "password")?.as_bytes());
                STANDARD.encode(digest.finalize())
            }
            _ => return None,
        }))
    }
}

/// Of whom the visit is: the patient, else whoever stands there.
pub(super) fn person<'a>(identity: &'a Identity, member: &str) -> Option<&'a str> {
    let document = identity.document();
    // Whoever came with a patient is not the patient.
    let alone = identity.patient.is_none();
    let own = identity.voucher.as_ref().filter(|_| alone);
    let voucher = || own.map(|voucher| voucher.reveal());
    let number = document.map(|(_, id)| id.reveal());
    let kind = document.map(|(kind, _)| word_of(kind));
    match member {
        "name" => identity.name().map(|name| name.reveal()),
        "id" => number,
        "id-kind" => kind,
        "voucher" => voucher(),
        "voucher-kind" => own.map(|voucher| voucher.kind.as_str()),
        "card" => number.or_else(voucher),
        "card-kind" => kind.or_else(|| {
            own.map(|voucher| match voucher.kind {
                VoucherKind::Queue => VOUCHER,
                kind => kind.as_str(),
            })
        }),
        "union-id" => identity.union_id.as_ref().filter(|_| alone).map(|id| id.reveal()),
        "openid" => {
            let openid = identity.sub_openid.as_ref().or(identity.openid.as_ref());
            openid.filter(|_| alone).map(|id| id.reveal())
        }
        _ => None,
    }
}

/// The document's kind in a word, for a template's table.
fn word_of(kind: CredentialType) -> &'static str {
    match kind.number() {
        1 => "id-card",
        2 => "passport",
        3 => "officer",
        4 => "soldier",
        5 => "home-return",
        6 => "temporary-id",
        7 => "household",
        8 => "police",
        9 => "taiwan",
        12 => "foreign-residence",
        17 => "hk-macao-residence",
        18 => "taiwan-residence",
        _ => "other",
    }
}

/// Whoever came with the patient.
fn companion<'a>(identity: &'a Identity, member: &str) -> Option<&'a str> {
    identity.patient.as_ref()?;
    match member {
        "name" => identity.real_name.as_ref().map(|name| name.reveal()),
        _ => identity.credential.as_ref().map(|credential| credential.id.reveal()),
    }
}

/// The time in the form asked: `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss`, `SSS`; anything else stands for itself.
pub(super) fn written(time: OffsetDateTime, form: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(form.len()), form);
    while let Some(sign) = rest.chars().next() {
        let same = rest.len().saturating_sub(rest.trim_start_matches(sign).len());
        let (number, digits) = match (sign, same) {
            ('y', 4..) => (time.year().unsigned_abs(), 4),
            ('M', 2..) => (u8::from(time.month()).into(), 2),
            ('d', 2..) => (time.day().into(), 2),
            ('H', 2..) => (time.hour().into(), 2),
            ('m', 2..) => (time.minute().into(), 2),
            ('S', 3..) => (time.millisecond().into(), 3),
            ('s', 2..) => (time.second().into(), 2),
            _ => {
                text.push(sign);
                rest = &rest[sign.len_utf8()..];
                continue;
            }
        };
        text.extend((0..digits).rev().filter_map(|place| char::from_digit(number / 10_u32.pow(place) % 10, 10)));
        rest = &rest[digits as usize..];
    }
    text
}

/// So many digits; the highest are lost where there are more.
fn digits(number: u64, most: Option<&str>) -> String {
    match most.and_then(|most| most.parse::<usize>().ok()) {
        Some(most) => {
            let most = most.min(19);
            let text = format!("{number:0most$}");
            text[text.len().saturating_sub(most)..].to_owned()
        }
        None => number.to_string(),
    }
}

/// RFC 9562, version 4.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
