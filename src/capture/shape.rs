//! A JSON text as a shape: which members, how long, of which scripts. What it says stays behind.

use std::{collections::BTreeSet, fmt};

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::stand_in;

/// Whose words stand there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    FromTerminal,
    ToTerminal,
    Answer,
}

/// What a frame's `type` may be; any other is somebody's text.
const TYPES: [&str; 12] = [
    "person",
    "start",
    "face",
    "consent",
    "choice",
    "cancel",
    "ping",
    "id-card",
    "realname-auth",
    "realname-check",
    "voucher",
    "authinfo-request",
];

/// Members that are counters, times and choices of a protocol.
const NUMBERS: [&str; 9] =
    ["v", "seq", "option", "stands_ms", "expires_in", "errcode", "credential_type", "cred_type", "protocol"];

/// Elements of a list that are told; how many there are is told of all.
const TOLD: usize = 4;

/// Members of an object that are told.
const MEMBERS: usize = 64;

const DEEPEST: usize = 8;

/// The shape; null where it is no JSON.
pub(super) fn shape_of(text: &[u8], direction: Direction) -> Value {
    // A line's checksum is none of its JSON.
    let text = match text.split_last_chunk::<5>() {
        Some((body, [b'*', ..])) => body,
        _ => text,
    };
    let mut json = serde_json::Deserializer::from_slice(text);
    let shape = Shape { direction, member: "", depth: 0 }.deserialize(&mut json);
    shape.unwrap_or_default()
}

/// A value below a member.
#[derive(Clone, Copy)]
struct Shape<'a> {
    direction: Direction,
    member: &'a str,
    depth: usize,
}

impl Shape<'_> {
    /// A word of a protocol, which is told as it is.
    fn is_word(&self, text: &str) -> bool {
        let of = |fits: fn(char) -> bool| (2..=40).contains(&text.len()) && text.chars().all(fits);
        let upper = |c: char| c.is_ascii_uppercase() || c == '_';
        let is_code = ["SUCCESS", "FAIL"].contains(&text) || (of(upper) && text.contains('_'));
        match (self.direction, self.member) {
            (Direction::Answer, "code" | "return_code") => is_code,
            _ if self.depth > 1 => false,
            (Direction::FromTerminal, "type") => TYPES.contains(&text),
            (Direction::FromTerminal, "return_code") => is_code,
            (Direction::ToTerminal, "type" | "status" | "result" | "scene" | "next") => {
                of(|c| c.is_ascii_lowercase() || c == '_')
            }
            (Direction::ToTerminal, "code") => is_code_of_ours(text),
            _ => false,
        }
    }

    fn text(&self, text: &str) -> Value {
        if self.is_word(text) {
            return text.into();
        }
        let scripts: BTreeSet<&str> = text.chars().map(script).collect();
        let mut shape = json!({ "chars": text.chars().count(), "of": scripts });
        if let Some(stand_in) = stand_in(text).filter(|_| !text.is_empty()) {
            shape["as"] = stand_in.into();
        }
        shape
    }

    fn number(&self, number: Value) -> Value {
        if NUMBERS.contains(&self.member) { number } else { json!({ "digits": number.to_string().len() }) }
    }
}

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth > DEEPEST {
            return deserializer.deserialize_ignored_any(serde::de::IgnoredAny).map(|_| Value::Null);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(self.text(text))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(self.number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(self.number(number.into()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(json!({ "digits": null }))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let below = Shape { depth: self.depth.saturating_add(1), ..self };
        let (mut told, mut count) = (Vec::new(), 0_usize);
        while let Some(element) = list.next_element_seed(below)? {
            count = count.saturating_add(1);
            if told.len() < TOLD {
                told.push(element);
            }
        }
        Ok(json!({ "list": count, "first": told }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut told = Map::new();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let below = Shape { direction: self.direction, member: &key, depth: self.depth.saturating_add(1) };
            let value = map.next_value_seed(below)?;
            if told.len() < MEMBERS {
                told.insert(named(&key), value);
            }
        }
        Ok(Value::Object(told))
    }
}

/// A letter and three digits.
fn is_code_of_ours(text: &str) -> bool {
    let [letter, digits @ ..] = text.as_bytes() else { return false };
    letter.is_ascii_uppercase() && digits.len() == 3 && digits.iter().all(u8::is_ascii_digit)
}

/// A member's name, where it is one that a programmer gives; else nobody knows what stands there.
fn named(key: &str) -> String {
    let is_name = key.len() <= 32 && key.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '-'));
    if is_name { key.to_owned() } else { format!("?{}", key.chars().count()) }
}

fn script(c: char) -> &'static str {
    match c {
        '0'..='9' => "digits",
        'a'..='z' => "latin",
        'A'..='Z' => "LATIN",
        ' ' => "blank",
        '!'..='~' => "signs",
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => "control",
        '·' | '•' | '‧' | '・' => "dot",
        '\u{2e80}'..='\u{2fdf}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => "han",
        '\u{20000}'..='\u{3ffff}' => "han-rare",
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => "private-use",
        '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}' => "wide-signs",
        '\u{ff10}'..='\u{ffef}' => "wide",
        '\u{3040}'..='\u{30ff}' => "kana",
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}' => "hangul",
        '\u{0600}'..='\u{06ff}' => "arabic",
        '\u{0400}'..='\u{052f}' => "cyrillic",
        '\u{0f00}'..='\u{0fff}' => "tibetan",
        '\u{fffd}' => "replacement",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str, direction: Direction) -> String {
        shape_of(text.as_bytes(), direction).to_string()
    }

    #[test]
    fn of_a_frame_stay_its_members_and_of_texts_their_lengths_and_scripts() {
        let frame = r#"{"v":1,"type":"face","seq":7,"return_code":"SUCCESS","face_sid":"abC-12","consent":true,"name":"王·二","number":110101199001011237,"note":null}"#;
        let told = shape(&format!("{frame}*12ab"), Direction::FromTerminal);
        let wanted = json!({
            "v": 1, "type": "face", "seq": 7, "return_code": "SUCCESS", "consent": true, "note": null,
            "face_sid": { "chars": 6, "of": ["LATIN", "digits", "latin", "signs"] },
            "name": { "chars": 3, "of": ["dot", "han"] }, "number": { "digits": 18 },
        });
        assert_eq!(told, wanted.to_string());
    }

    #[test]
    fn what_is_private_stays_behind_wherever_it_stands() {
        let secret = ["王小明", "zhangsan", "ZHANGSAN", "110101199001011237", "face_sidABC", "11010119900101123X"];
        for said in secret {
            for frame in [
                format!(r#"{{"type":"{said}"}}"#),
                format!(r#"{{"type":"voucher","code":"{said}","session":"{said}"}}"#),
                format!(r#"{{"v":"{said}","seq":"{said}","option":"{said}","consent":"{said}"}}"#),
                format!(r#"{{"list":["{said}",["{said}",{{"deep":"{said}"}}]]}}"#),
                format!(r#"{{"result":"{said}","scene":{{"type":"{said}x"}},"name":"{said}"}}"#),
                said.to_owned(),
                format!(r#""{said}""#),
            ] {
                let told = shape(&frame, Direction::FromTerminal);
                assert!(!told.contains(said), "{frame} {told}");
            }
        }
        assert!(!shape(r#"{"王小明":1,"id110101199001011237":{}}"#, Direction::Answer).contains(['王', '9']));
    }
}
