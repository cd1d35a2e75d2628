//! A JSON value as far as an answer needs one: texts, and what holds them.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A value; whatever cannot be shown to a person or sent back is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Value {
    /// `null`, absent, a number that lost digits.
    #[default]
    Nothing,
    /// A text, or a whole or decimal number as it would be written.
    Text(String),
    /// Yes or no.
    Truth(bool),
    /// A list.
    List(Vec<Value>),
    /// An object's members, in order.
    Object(Vec<(String, Value)>),
}

/// A word as it is compared: `TooEarly`, `too-early` and `TOO_EARLY` are one.
pub(super) fn spelling(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Beyond this, whole numbers have lost digits on their way through a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The most members or items kept of one value.
const MOST: usize = 64;

impl Value {
    /// The text, or that of a list of one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(items) if items.len() == 1 => items[0].text(),
            _ => None,
        }
    }

    /// Yes, in whatever way it is written.
    pub(super) fn is_true(&self) -> bool {
        *self == Self::Truth(true)
            || self.text().is_some_and(|text| matches!(spelling(text).as_str(), "true" | "yes" | "1"))
    }

    /// The items of a list, or the one thing that stands in its place.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::Nothing => &[],
            Self::List(items) => items,
            one => std::slice::from_ref(one),
        }
    }

    /// A member of an object, the last of its name that is something.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rev().find(|(found, value)| spelling(found) == name && *value != Self::Nothing).map(|(_, v)| v)
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
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        // `36.0` is written `36`; a number with other digits than the site's would be somebody else's.
        Ok(if number.abs() < EXACT { Value::Text(number.to_string()) } else { Value::Nothing })
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while list.len() < MOST
            && let Some(item) = items.next_element()?
        {
            list.push(item);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Vec::new();
        while object.len() < MOST
            && let Some(member) = members.next_entry()?
        {
            object.push(member);
        }
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Object(object))
    }
}
