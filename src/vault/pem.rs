//! PEM blocks, wiped when parsed.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

/// The largest file with a key or certificate, bytes.
pub(super) const MOST: usize = 64 * 1024;

/// The first PEM block with one of these labels: label and DER. CRLF, indentation and text around it are tolerated.
pub(super) fn pem_block<'a>(text: &[u8], labels: &[&'a str]) -> Option<(&'a str, Zeroizing<Vec<u8>>)> {
    let text = std::str::from_utf8(text).ok()?;
    labels
        .iter()
        .filter_map(|label| {
            let begin = format!("-----BEGIN {label}-----");
            let at = text.find(&begin)?;
            Some((at, *label, at + begin.len()))
        })
        .min()
        .and_then(|(_, label, start)| {
            let body = &text[start..];
            let body = &body[..body.find(&format!("-----END {label}-----"))?];
            let mut digits = Zeroizing::new(String::with_capacity(body.len()));
            digits.extend(body.chars().filter(|c| !c.is_whitespace()));
            Some((label, Zeroizing::new(BASE64_STANDARD.decode(digits.as_bytes()).ok()?)))
        })
}
