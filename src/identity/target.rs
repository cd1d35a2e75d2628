//! What is asked for: path and query, built once, signed and sent as the same bytes.

use std::fmt::Write as _;

use super::{InfoType, Merchant};
use crate::{
    http::Method,
    words::{FaceSid, Private},
};

/// One request: signed and sent as the same bytes.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Path and query.
    pub(super) target: &'a str,
    /// Empty for GET.
    pub(super) body: &'a [u8],
}

impl<'a> Call<'a> {
    pub(super) fn get(target: &'a str) -> Self {
        Self { method: Method::Get, target, body: b"" }
    }

    pub(super) fn post(target: &'a str, body: &'a [u8]) -> Self {
        Self { method: Method::Post, target, body }
    }
}

/// `GET /v3/certificates`.
pub(super) const CERTIFICATES: Call<'_> = Call { method: Method::Get, target: "/v3/certificates", body: b"" };

/// `/v3/facemch/users/{face_sid}?info_type=…&appid=…&sub_…`. In direct mode no sub field is sent, and nothing empty.
pub(super) fn of(merchant: &Merchant, info_type: InfoType, face_sid: &FaceSid) -> Private {
    let info_type = info_type.as_str();
    let mut target = format!("/v3/facemch/users/{}?info_type={info_type}", face_sid.path_segment().reveal());
    let fields = [
        ("appid", Some(&merchant.appid)),
        ("sub_mchid", merchant.sub_mchid.as_ref()),
        ("sub_appid", merchant.sub_appid.as_ref()),
        ("sub_serial_no", merchant.sub_serial_no.as_ref()),
    ];
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // Numbers, appids and serial numbers hold nothing that would have to be encoded.
            let _ = write!(target, "&{name}={value}");
        }
    }
    Private::new(target)
}

/// 32 characters of `[0-9A-Za-z]` from the kernel's generator; none when it gives nothing.
pub(super) fn nonce() -> Option<String> {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut nonce = String::with_capacity(32);
    while nonce.len() < 32 {
        let mut bytes = [0; 48];
        getrandom::fill(&mut bytes).ok()?;
        // 248 is the largest multiple of 62 in a byte: beyond it some characters would come more often.
        let even = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        nonce.extend(even.take(32 - nonce.len()));
    }
    Some(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_thirty_two_characters_and_differ() {
        let (one, two) = (nonce().unwrap(), nonce().unwrap());
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_ne!(one, two);
    }
}
