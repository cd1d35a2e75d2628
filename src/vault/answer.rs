//! Verify before opening, by type.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::PublicKey;

/// An answer as it came, with what its headers claim.
#[derive(Clone)]
pub struct SignedAnswer {
    /// `Wechatpay-Timestamp`
    pub timestamp: String,
    /// `Wechatpay-Nonce`
    pub nonce: String,
    /// `Wechatpay-Signature`, base64
    pub signature: String,
    /// The raw bytes, before any decoding.
    pub body: Vec<u8>,
}

/// The body of an answer whose signature was right.
pub struct Verified {
    body: Vec<u8>,
}

/// A ciphertext out of a [`Verified`] answer, or of the one call whose answers nobody signs.
pub struct Sealed {
    ciphertext: Vec<u8>,
}

/// The signature is not that of the key, or is no signature at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not signed by the expected key")]
pub struct Forged;

/// Checks `TIMESTAMP\nNONCE\nBODY\n` (APIv3 rules, signature verification). A signature that is not base64, as in
/// WeChat's probes, is simply wrong.
pub fn verify(key: &PublicKey, answer: SignedAnswer) -> Result<Verified, Forged> {
    let signature = BASE64_STANDARD.decode(answer.signature.as_bytes()).map_err(|_| Forged)?;
    let mut message = Vec::with_capacity(answer.body.len() + answer.timestamp.len() + answer.nonce.len() + 3);
    for part in [answer.timestamp.as_bytes(), answer.nonce.as_bytes(), &answer.body] {
        message.extend_from_slice(part);
        message.push(b'\n');
    }
    if key.verifies(&message, &signature) { Ok(Verified { body: answer.body }) } else { Err(Forged) }
}

impl Verified {
    /// The raw body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Takes one field of this answer, standard base64, as a ciphertext. What is none is kept as one that does not
    /// open, so that it looks and costs like every other.
    pub fn seal(&self, base64: &str) -> Sealed {
        Sealed { ciphertext: BASE64_STANDARD.decode(base64.as_bytes()).unwrap_or_default() }
    }
}

impl Sealed {
    /// A field of getrealnameinfo's answer: no signature protects it, TLS alone does. For that call
    /// only.
    pub fn over_tls_alone(base64: &str) -> Self {
        Self { ciphertext: BASE64_STANDARD.decode(base64.as_bytes()).unwrap_or_default() }
    }

    pub(super) fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }
}
