//! JSON as it comes: the answers of others gain members, lose some, and write the same number in another form. What is
//! absent, null or of another kind is nothing; it never costs a visit.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

/// Reads an answer, which is an object; a byte order mark before it is allowed.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    // A list would be read as members in order.
    if body.first() == Some(&b'{') { serde_json::from_slice(body).ok() } else { None }
}

/// A text; a number stands for its digits.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A whole number: `1`, `1.0` and `"1"` are the same.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => whole(text.trim()),
        Value::Number(number) => whole(&number.to_string()),
        _ => None,
    })
}

/// A text, or an empty one.
pub(super) fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer).map(Option::unwrap_or_default)
}

/// A whole number that cannot be done without.
pub(super) fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    number(deserializer)?.ok_or_else(|| D::Error::custom("a whole number"))
}

/// A list; what is none is empty, and members that cannot be read are left out.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(all) => all.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect(),
        _ => Vec::new(),
    })
}

/// `12`, `-1`, `1.0`, `1e3`; nothing beyond what a float holds exactly, unless it is written as an integer.
pub(super) fn whole(text: &str) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    text.parse().ok().or_else(|| {
        let number = text.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && number.abs() < EXACT)?;
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
        Some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Answer {
        #[serde(deserialize_with = "number")]
        number: Option<i64>,
        #[serde(deserialize_with = "text")]
        text: Option<String>,
        #[serde(deserialize_with = "list")]
        list: Vec<u8>,
    }

    #[test]
    fn absent_null_and_other_forms_are_read_or_nothing() {
        for (json, wanted) in [
            ("{}", None),
            ("\u{FEFF}{\"number\":1,\"more\":{}}", Some(1)),
            (r#"{"number":null,"text":null,"list":null}"#, None),
            (r#"{"number":"1"}"#, Some(1)),
            (r#"{"number":" -1 "}"#, Some(-1)),
            (r#"{"number":1.0}"#, Some(1)),
            (r#"{"number":"1.0"}"#, Some(1)),
            (r#"{"number":1e0}"#, Some(1)),
            (r#"{"number":1.5}"#, None),
            (r#"{"number":99999999999999999999}"#, None),
            (r#"{"number":"NaN"}"#, None),
            (r#"{"number":[1]}"#, None),
            (r#"{"number":true}"#, None),
        ] {
            assert_eq!(read::<Answer>(json.as_bytes()).expect(json).number, wanted, "{json}");
        }
        let answer = read::<Answer>(br#"{"text":36,"list":[1,"x",null,2]}"#).expect("read");
        assert_eq!((answer.text.as_deref(), answer.list), (Some("36"), vec![1, 2]));
        for other in [&b"<html>"[..], b"[]", b"7", b""] {
            assert!(read::<Answer>(other).is_none());
        }
    }
}
