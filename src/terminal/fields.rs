//! The members of a frame, in whatever form a terminal's language writes them by default.
//!
//! A member that is null, absent or of no use is not there; members nobody knows are passed over unread, whatever they
//! hold. Names are compared without case, `_` and `-`, so that `face_sid`, `faceSid` and `FaceSid` are one; numbers may
//! be texts, texts may be numbers or truths, and a number may have a fraction of nought.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use zeroize::Zeroizing;

/// What frames are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    V,
    Type,
    Seq,
    Terminal,
    ReturnCode,
    FaceSid,
    OpenId,
    SubOpenId,
    Consent,
    Granted,
    Session,
    Option,
    AuthToken,
    Code,
    RealName,
    CredId,
    CredType,
    Name,
    Number,
    RawData,
    DeviceId,
    Fresh,
    Merchant,
    Kind,
}

/// Names as they are compared.
const NAMES: [(&str, Member); 28] = [
    ("v", Member::V),
    ("type", Member::Type),
    ("seq", Member::Seq),
    ("terminal", Member::Terminal),
    ("returncode", Member::ReturnCode),
    ("facesid", Member::FaceSid),
    ("openid", Member::OpenId),
    ("subopenid", Member::SubOpenId),
    ("consent", Member::Consent),
    ("granted", Member::Granted),
    ("session", Member::Session),
    ("option", Member::Option),
    ("authtoken", Member::AuthToken),
    ("code", Member::Code),
    ("realname", Member::RealName),
    ("credid", Member::CredId),
    ("credtype", Member::CredType),
    ("credentialid", Member::CredId),
    ("credentialtype", Member::CredType),
    ("cardtype", Member::CredType),
    ("name", Member::Name),
    ("number", Member::Number),
    ("rawdata", Member::RawData),
    ("deviceid", Member::DeviceId),
    ("fresh", Member::Fresh),
    ("merchant", Member::Merchant),
    ("kind", Member::Kind),
    ("voucherkind", Member::Kind),
];

/// One frame's members; of one that came twice the last that says something.
#[derive(Default)]
pub(super) struct Fields(Vec<(Member, Value)>);

enum Value {
    Text(Zeroizing<String>),
    Whole(u64),
    Truth(bool),
    /// Null, a list, an object, or a number that is none of ours.
    Useless,
}

impl Fields {
    /// The member as text.
    pub(super) fn text(&self, name: Member) -> Option<Zeroizing<String>> {
        match self.get(name)? {
            Value::Text(text) => Some(text.clone()),
            Value::Whole(number) => Some(Zeroizing::new(number.to_string())),
            Value::Truth(truth) => Some(Zeroizing::new(truth.to_string())),
            Value::Useless => None,
        }
    }

    /// The member as a whole number.
    pub(super) fn number(&self, name: Member) -> Option<u64> {
        match self.get(name)? {
            Value::Whole(number) => Some(*number),
            Value::Text(text) => {
                let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
                whole.parse().ok().filter(|_| fraction.bytes().all(|digit| digit == b'0'))
            }
            Value::Truth(_) | Value::Useless => None,
        }
    }

    /// The member as a truth.
    pub(super) fn truth(&self, name: Member) -> Option<bool> {
        match self.get(name)? {
            Value::Truth(truth) => Some(*truth),
            Value::Whole(number @ (0 | 1)) => Some(*number == 1),
            Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
            Value::Whole(_) | Value::Useless => None,
        }
    }

    fn get(&self, name: Member) -> Option<&Value> {
        let says = |value: &&Value| !matches!(value, Value::Useless);
        self.0.iter().rev().filter(|(known, _)| *known == name).map(|(_, value)| value).find(says)
    }
}

/// A word as words are compared: `ID_CARD`, `idCard` and `id-card` are one.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let key = plain(key.trim_start_matches('\u{feff}'));
            match NAMES.iter().find(|(name, _)| *name == key) {
                Some((_, name)) => fields.0.push((*name, map.next_value()?)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(u64::try_from(number).map_or(Value::Useless, Value::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        // Beyond 2^53 a fraction's neighbours are no longer one apart.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let whole = number.fract() == 0.0 && (0.0..=EXACT).contains(&number);
        let digits = whole.then(|| format!("{number:.0}").parse().ok()).flatten();
        Ok(digits.map_or(Value::Useless, Value::Whole))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Truth(truth))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Useless)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Useless)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Useless)
    }
}
