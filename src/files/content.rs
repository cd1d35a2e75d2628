//! What a file holds in a key's place: said in the message, so that nobody has to guess which file was meant.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

/// `id-ecPublicKey`, RFC 5480: object identifier 1.2.840.10045.2.1 in DER.
const EC: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

/// What these bytes are, as far as their beginning and labels tell.
pub fn describe(bytes: &[u8]) -> &'static str {
    match in_pem(bytes) {
        Some(what) => what,
        // SEQUENCE with a length of two octets: certificates and RSA keys of any size we take.
        None if bytes.starts_with(&[0x30, 0x82]) => "something in DER, not PEM",
        None if bytes.iter().all(u8::is_ascii_whitespace) => "nothing",
        None => "nothing in PEM",
    }
}

/// The first PEM block's kind; none where there is no block.
pub(super) fn in_pem(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    let text = Zeroizing::new(text.into_owned());
    let (label, body) = text.split_once("-----BEGIN ")?.1.split_once("-----")?;
    Some(match label {
        "ENCRYPTED PRIVATE KEY" => "a private key locked with a passphrase",
        "RSA PRIVATE KEY" | "EC PRIVATE KEY" if body.contains("ENCRYPTED") => "a private key locked with a passphrase",
        "EC PRIVATE KEY" => "an EC private key",
        "PRIVATE KEY" if is_ec(body) => "an EC private key",
        "PRIVATE KEY" | "RSA PRIVATE KEY" => "a private key",
        "OPENSSH PRIVATE KEY" => "a private key of OpenSSH",
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "a public key",
        "CERTIFICATE" => "a certificate",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a certificate request",
        _ => "another kind of PEM",
    })
}

fn is_ec(body: &str) -> bool {
    let digits = body.split("-----END").next().unwrap_or_default().chars().filter(|c| !c.is_whitespace());
    let digits = Zeroizing::new(digits.collect::<String>());
    BASE64_STANDARD
        .decode(digits.as_bytes())
        .map(Zeroizing::new)
        .is_ok_and(|der| der.windows(EC.len()).any(|at| at == EC))
}
