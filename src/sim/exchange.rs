//! What a server heard and said over HTTPS, as it read it, less what is anybody's: addresses and answers are shapes, and only
//! words of the protocols stand there whole.

use std::fmt::Write as _;

use serde_json::Value;

use super::server::Request;

/// Members whose words are the protocol's.
const WORDS: [&str; 6] = ["answer", "code", "errcode", "outcome", "scene", "type"];

/// `POST /check-ins, authorization 88, content-type 16; 312 bytes: lane 7 characters, session 21 characters`
pub(super) fn asked(request: &Request) -> String {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut told = format!("→ {} {}", request.method, path.split('/').map(piece).collect::<Vec<_>>().join("/"));
    let names = query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty());
    for (name, mark) in names.zip(['?'].into_iter().chain(std::iter::repeat('&'))) {
        // Writing to a text does not fail.
        let _ = write!(told, "{mark}{name}");
    }
    for (name, value) in &request.headers {
        let _ = write!(told, ", {name} {}", value.len());
    }
    told + &shape(&request.body)
}

/// `← 200; 57 bytes: answer admitted, number 4 characters`
pub(super) fn answered(status: u16, body: &[u8]) -> String {
    format!("← {status}{}", shape(body))
}

/// A piece of an address that could be nobody's: words alone, and versions.
fn piece(text: &str) -> &str {
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_.".contains(&byte));
    let is_version = text.strip_prefix('v').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    if (is_word && text.len() <= 24) || is_version { text } else { "…" }
}

fn shape(body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    let mut told = format!("; {} bytes", body.len());
    if let Ok(Value::Object(members)) = serde_json::from_slice(body) {
        for ((name, value), mark) in members.iter().zip([':'].into_iter().chain(std::iter::repeat(','))) {
            let _ = match value {
                Value::Null => write!(told, "{mark} {name} null"),
                Value::Number(_) if WORDS.contains(&&**name) => write!(told, "{mark} {name} {value}"),
                Value::Bool(_) | Value::Number(_) => write!(told, "{mark} {name} a {}", kind(value)),
                Value::String(word) if WORDS.contains(&&**name) => write!(told, "{mark} {name} {word}"),
                Value::String(text) => write!(told, "{mark} {name} {} characters", text.chars().count()),
                Value::Array(items) => write!(told, "{mark} {name} {} items", items.len()),
                Value::Object(members) => write!(told, "{mark} {name} {} members", members.len()),
            };
        }
    } else if body.trim_ascii_start().starts_with(b"<") {
        told.push_str(" of XML");
    }
    told
}

fn kind(value: &Value) -> &'static str {
    if value.is_boolean() { "truth" } else { "number" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_somebodys_is_told_by_its_length() {
        let request = Request {
            method: "POST".to_owned(),
            target: "/v3/facemch/users/oAbC-8x?sp_mchid=1900&real_name=%E5%BC%A0".to_owned(),
            headers: vec![("authorization".to_owned(), "token 8".to_owned())],
            body: r#"{"answer":"admitted","number":"A001","name":"张三丰","n":7,"visits":[1],"code":0}"#.as_bytes().to_vec(),
        };
        assert_eq!(
            asked(&request),
            "→ POST /v3/facemch/users/…?sp_mchid&real_name, authorization 7; 84 bytes: answer admitted, code 0, \
             n a number, name 3 characters, number 4 characters, visits 1 items"
        );
        assert_eq!(answered(200, b"<a>x</a>"), "← 200; 8 bytes of XML");
        assert_eq!(answered(204, b""), "← 204");
        let names = Request { target: "/users/zhangsanfengzhangsanfengzhang/%E5%BC%A0".to_owned(), ..request };
        assert!(asked(&names).starts_with("→ POST /users/…/…, "), "{}", asked(&names));
    }
}
