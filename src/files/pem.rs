//! PEM blocks; the text between is wiped when parsed.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

/// The first PEM block with one of these labels: label and DER. CRLF, indentation and text around it are tolerated.
pub(crate) fn pem_block<'a>(text: &[u8], labels: &[&'a str]) -> Option<(&'a str, Zeroizing<Vec<u8>>)> {
    let text = std::str::from_utf8(text).ok()?;
    let first = |label: &&'a str| Some((text.find(&format!("-----BEGIN {label}-----"))?, *label));
    let (at, label) = labels.iter().filter_map(first).min()?;
    Some((label, Zeroizing::new(pem_blocks(&text[at..], label).next()??)))
}

/// The DER of every PEM block with this label, in order; nothing in place of one that is not base64. What is secret is
/// the caller's to wipe: a system's hundred and forty roots are not.
pub(crate) fn pem_blocks<'t>(mut text: &'t str, label: &str) -> impl Iterator<Item = Option<Vec<u8>>> + use<'t> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    std::iter::from_fn(move || {
        let body = &text[text.find(&begin)? + begin.len()..];
        let (body, rest) = body.split_at(body.find(&end)?);
        text = rest;
        Some(decoded(body))
    })
}

fn decoded(body: &str) -> Option<Vec<u8>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
    body.split_ascii_whitespace().for_each(|line| digits.extend_from_slice(line.as_bytes()));
    BASE64_STANDARD.decode(&*digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_a_bundle_is_found_whatever_stands_between() {
        let bundle = "# 根证书\r\n-----BEGIN CERTIFICATE-----\r\n  YWJj\r\nZGVm\r\n-----END CERTIFICATE-----\r\nnotes\n\
                      -----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n\
                      -----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n\
                      -----BEGIN CERTIFICATE-----\nZ2hp\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nYQ==";
        let found: Vec<_> = pem_blocks(bundle, "CERTIFICATE").collect();
        assert_eq!(found, [Some(b"abcdef".to_vec()), None, Some(b"ghi".to_vec())]);
    }

    #[test]
    fn the_first_block_with_one_of_the_labels_counts() {
        let text = b"-----BEGIN RSA PRIVATE KEY-----\nYWJj\n-----END RSA PRIVATE KEY-----\n\
                     -----BEGIN PRIVATE KEY-----\nZGVm\n-----END PRIVATE KEY-----\n";
        let (label, der) = pem_block(text, &["PRIVATE KEY", "RSA PRIVATE KEY"]).expect("found");
        assert_eq!((label, &der[..]), ("RSA PRIVATE KEY", &b"abc"[..]));
    }
}
