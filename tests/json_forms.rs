//! However a terminal's language writes a frame by default, it is the same frame.

use facemchd::terminal::{Frame, parse};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// One of every kind, with every member.
fn frames() -> Vec<Value> {
    vec![
        json!({ "v": 1, "type": "person", "seq": 11 }),
        json!({
            "v": 1, "type": "face", "seq": 12, "terminal": "4711", "return_code": "SUCCESS", "face_sid": "12345678",
            "openid": "o1", "sub_openid": "o2", "consent": true, "merchant": "clinic-3",
        }),
        json!({ "v": 1, "type": "consent", "seq": 13, "face_sid": "abc", "granted": true }),
        json!({ "v": 1, "type": "choice", "seq": 14, "session": "3f9c0a1be2d45577-0001", "option": 2 }),
        json!({ "v": 1, "type": "cancel", "seq": 15, "session": "3f9c0a1be2d45577-0001" }),
        json!({ "v": 1, "type": "ping", "seq": 16 }),
        json!({ "v": 1, "type": "id-card", "seq": 17, "name": "王小明", "number": "110105201501010017", "cred_type": "1" }),
        json!({ "v": 1, "type": "realname-auth", "seq": 18, "auth_token": "token", "terminal": "SN-1" }),
        json!({
            "v": 1, "type": "realname-check", "seq": 19, "openid": "o1", "code": "990011", "real_name": "王小明",
            "cred_id": "110105201501010017", "cred_type": "1",
        }),
        json!({ "v": 1, "type": "voucher", "seq": 20, "code": "20001" }),
        json!({
            "v": 1, "type": "authinfo-request", "seq": 21, "device_id": "4712", "rawdata": "raw", "fresh": true,
        }),
    ]
}

/// A member's name as another language's.
fn renamed(name: &str, style: u8) -> String {
    let words = name.split('_');
    let title = |word: &str| word[..1].to_uppercase() + &word[1..];
    match style {
        0 => name.to_owned(),
        1 => words.map(title).collect(),
        2 => {
            let pascal: String = words.map(title).collect();
            pascal[..1].to_lowercase() + &pascal[1..]
        }
        3 => name.to_uppercase(),
        _ => name.replace('_', "-"),
    }
}

/// A value in another form that means the same.
fn reformed(value: &Value, form: u8) -> Vec<u8> {
    let text = match (value, form) {
        (Value::Number(number), 1) => json!(number.to_string()).to_string(),
        (Value::Number(number), 2) => format!("{number}.0"),
        (Value::Number(number), 3) => format!("{number}e0"),
        (Value::Number(number), 4) => format!("\"{number}.0\""),
        (Value::Bool(truth), 1) => format!("\"{truth}\""),
        (Value::Bool(truth), 2) => if *truth { "\"True\"" } else { "\"False\"" }.to_owned(),
        (Value::Bool(truth), 3) => u8::from(*truth).to_string(),
        (Value::String(text), 1) if !text.starts_with('0') && text.parse::<u64>().is_ok() => text.clone(),
        (Value::String(text), 2) => {
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            format!("\"{escaped}\"")
        }
        _ => value.to_string(),
    };
    text.into_bytes()
}

/// Members that say nothing, as serializers write what is not set or what they have besides.
const NOTHING: &[&str] = &[
    "\"notes\":null",
    "\"terminal_time\":1700000000.123",
    "\"extra\":{\"a\":[1,{\"b\":\"\\ud800\"}]}",
    "\"list\":[]",
    "\"nickname\":\"\\ud83d\"",
    "\"\":0",
    "\"big\":123456789012345678901234567890",
    "\"@class\":\"com.example.Frame\"",
    "\"$type\":\"Kiosk.Frame, Kiosk\"",
];

proptest! {
    #[test]
    fn whatever_a_serializer_writes_by_default_is_the_same_frame(
        which in 0..11_usize,
        style in 0..5_u8,
        forms in prop::collection::vec(0..5_u8, 12),
        nothing in prop::collection::vec(0..NOTHING.len(), 0..4),
        nulls in any::<bool>(),
        reversed in any::<bool>(),
        around in prop::sample::select(vec![("", ""), ("\u{feff}", ""), (" \t", "  "), ("\u{feff} ", "\0"), ("\u{2}", "\u{3}")]),
        blanks in any::<bool>(),
    ) {
        let frame = &frames()[which];
        let wanted = parse(frame.to_string().as_bytes(), false).expect("a frame");
        let members: &Map<String, Value> = frame.as_object().expect("an object");
        let mut parts: Vec<Vec<u8>> = members
            .iter()
            .zip(&forms)
            .map(|((name, value), form)| [format!("\"{}\":", renamed(name, style)).into_bytes(), reformed(value, *form)].concat())
            .chain(nothing.iter().map(|index| NOTHING[*index].as_bytes().to_vec()))
            .collect();
        if nulls {
            // What the other kinds of frame have, not set in this one.
            let absent = ["face_sid", "session", "option", "granted", "auth_token", "real_name", "cred_id", "merchant"];
            let absent = absent.iter().filter(|name| !members.contains_key(**name));
            parts.extend(absent.map(|name| format!("\"{}\":null", renamed(name, style)).into_bytes()));
        }
        if reversed {
            parts.reverse();
        }
        let comma = if blanks { &b" ,\t"[..] } else { b"," };
        let line = [around.0.as_bytes(), b"{", &parts.join(comma), b"}", around.1.as_bytes()].concat();
        let found = parse(&line, false);
        prop_assert_eq!(found, Ok(wanted), "{}", String::from_utf8_lossy(&line));
    }
}

#[test]
fn a_number_that_is_none_costs_the_number_and_not_the_visit() {
    for seq in ["-1", "1.5", "\"x\"", "null", "[]", "1e99", "true", "18446744073709551616"] {
        let line = format!("{{\"type\":\"voucher\",\"seq\":{seq},\"code\":\"20001\"}}");
        let Ok(Frame::Arrival(arrival)) = parse(line.as_bytes(), false) else { panic!("{line}") };
        assert_eq!(arrival.seq, 0, "{line}");
    }
}

#[test]
fn a_member_that_came_twice_is_the_last_that_says_something() {
    let line = br#"{"type":"ping","seq":1,"Seq":2,"SEQ":null}"#;
    assert_eq!(parse(line, false), Ok(Frame::Ping { seq: 2 }));
}
