//! Public halves: WeChat's key, platform certificates, the merchant's own certificate.

use std::{fmt, path::Path};

use aws_lc_rs::{
    rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey},
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _},
    spki::SubjectPublicKeyInfoRef,
};

use super::{MOST, VaultError};
use crate::{
    files::{self, pem_block},
    words::{SerialNo, WallTime},
};

/// An RSA public key of 2048 bits or more that answers are checked with.
#[derive(Clone)]
pub struct PublicKey {
    key: ParsedPublicKey,
    /// PKCS#1 `RSAPublicKey`.
    der: Vec<u8>,
    /// X.509 `SubjectPublicKeyInfo`.
    spki: Vec<u8>,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Of 20 octets for WeChat's and merchants' certificates.
    pub serial_no: SerialNo,
    /// Not valid before.
    pub not_before: WallTime,
    /// Not valid after.
    pub not_after: WallTime,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}

impl PublicKey {
    /// Parses a PEM `PUBLIC KEY` (SubjectPublicKeyInfo), as the console gives it out.
    pub fn from_pem(pem: &[u8]) -> Option<Self> {
        let (_, der) = pem_block(pem, &["PUBLIC KEY"])?;
        Self::from_spki(&der)
    }

    /// Parses a PEM certificate, as `GET /v3/certificates` gives it out.
    pub(crate) fn from_certificate_pem(pem: &[u8]) -> Option<(Self, CertificateFacts)> {
        let (_, der) = pem_block(pem, &["CERTIFICATE"])?;
        let certificate = Certificate::from_der(&der).ok()?.tbs_certificate;
        let key = Self::from_spki(&certificate.subject_public_key_info.to_der().ok()?)?;
        let serial_no = SerialNo::from_octets(certificate.serial_number.as_bytes());
        let millis = |time: x509_cert::time::Time| {
            WallTime(i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX))
        };
        let validity = certificate.validity;
        let facts = CertificateFacts {
            serial_no,
            not_before: millis(validity.not_before),
            not_after: millis(validity.not_after),
        };
        Some((key, facts))
    }

    /// Reads a public key file.
    pub fn read(file: &Path) -> Result<Self, VaultError> {
        let pem = files::read(file, MOST)?;
        Self::from_pem(&pem).ok_or_else(|| not_public(file, "public key", &pem))
    }

    /// Reads a certificate file.
    pub(crate) fn read_certificate(file: &Path) -> Result<(Self, CertificateFacts), VaultError> {
        let pem = files::read(file, MOST)?;
        Self::from_certificate_pem(&pem).ok_or_else(|| not_public(file, "certificate", &pem))
    }

    fn from_spki(der: &[u8]) -> Option<Self> {
        let inner = SubjectPublicKeyInfoRef::from_der(der).ok()?.subject_public_key.as_bytes()?.to_vec();
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).ok()?;
        Some(Self { key, der: inner, spki: der.to_vec() })
    }

    /// True when `signature` is RSASSA-PKCS1-v1_5 with SHA-256 over `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }

    /// RSAES-OAEP with SHA-1 for WeChat alone to open, in base64; nothing where the text is too long.
    pub fn seal(&self, plaintext: &[u8]) -> Option<String> {
        let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&self.spki).ok()?).ok()?;
        let mut ciphertext = vec![0; key.ciphertext_size()];
        let sealed = key.encrypt(&OAEP_SHA1_MGF1SHA1, plaintext, &mut ciphertext, None).ok()?;
        Some(BASE64_STANDARD.encode(sealed))
    }

    /// PKCS#1 `RSAPublicKey`, to compare a key with a certificate.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }
}

fn not_public(file: &Path, what: &'static str, pem: &[u8]) -> VaultError {
    VaultError::NotPublic { file: file.to_owned(), what, found: files::describe(pem) }
}
