//! What of an `errmsg` may be repeated: weixin's own words and our address, and apart from them its `rid`. Never what was sent, which an
//! `errmsg` may quote.

use std::{fmt::Write as _, net::IpAddr};

use serde_json::Value;

/// The longest word kept, and the most of them.
const LONGEST_WORD: usize = 24;
const MOST_WORDS: usize = 16;

/// `, address 203.0.113.7: invalid ip not in whitelist`; what is not there is left out.
pub(super) fn told(errmsg: &str, sent: &[u8]) -> String {
    let mut told = String::new();
    if let Some(address) = address(errmsg) {
        let _ = write!(told, ", address {address}");
    }
    let words = words(errmsg, sent);
    if !words.is_empty() {
        let _ = write!(told, ": {words}");
    }
    told
}

/// `rid: 65a1…`, whatever stands there.
pub(super) fn rid(errmsg: &str) -> Option<&str> {
    errmsg.split("rid: ").nth(1)?.split_whitespace().next()
}

/// The address that weixin saw us come from: the first of `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in
/// whitelist`.
fn address(errmsg: &str) -> Option<IpAddr> {
    errmsg.split(|c: char| c.is_whitespace() || c == ',').find_map(|word| word.parse().ok())
}

/// Weixin's English words, without any that what was sent holds, and without everything else: names are in no other
/// script than the one they are in, and numbers and tokens hold digits.
fn words(errmsg: &str, sent: &[u8]) -> String {
    let mut values = Vec::new();
    if let Ok(sent) = serde_json::from_slice::<Value>(sent) {
        texts(&sent, &mut values);
    }
    let own = errmsg.split("rid:").next().unwrap_or_default();
    let own = own.split("hint:").next().unwrap_or_default();
    own.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| {
            let is_word = word.len() <= LONGEST_WORD && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
            !word.is_empty() && is_word && {
                let word = word.to_ascii_lowercase();
                values.iter().all(|value| !value.contains(&word))
            }
        })
        .take(MOST_WORDS)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Every text of what was sent, in lower case.
fn texts(sent: &Value, into: &mut Vec<String>) {
    match sent {
        Value::String(text) => into.push(text.to_ascii_lowercase()),
        Value::Array(all) => all.iter().for_each(|one| texts(one, into)),
        Value::Object(all) => all.values().for_each(|one| texts(one, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errmsg_is_told_without_what_was_sent() {
        let sent = r#"{"real_name":"John Smith","openid":"oAbCdEfGhIjK","code":"x"}"#.as_bytes();
        assert_eq!(words("api unauthorized rid: 65a1-b2c3", sent), "api unauthorized");
        assert_eq!(
            words("user JOHN smith, oAbCdEfGhIjK 张三 11010519491231002X mismatch hint: [a]", sent),
            "user mismatch"
        );
        assert_eq!(words("", b""), "");
        assert_eq!(rid("api unauthorized rid: 65a1-b2c3"), Some("65a1-b2c3"));
    }

    #[test]
    fn only_an_address_is_an_address() {
        let told = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 65a1";
        assert_eq!(super::told(told, b""), ", address 203.0.113.7: invalid ip not in whitelist");
        assert_eq!(address(told), "203.0.113.7".parse().ok());
        assert_eq!(address("invalid ip 2001:db8::7, not in whitelist"), "2001:db8::7".parse().ok());
        assert_eq!(address("invalid ip 203.0.113.7.8 110105194912310024"), None);
    }
}
