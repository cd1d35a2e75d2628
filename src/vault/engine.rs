//! The implementations that carry a private key. AWS-LC by default; RustCrypto, blinded, in builds with feature
//! `rustcrypto`. Room is kept for others: everything the vault asks is in [`SigningKey`] and [`OpeningKey`].

mod aws_lc;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;

use std::{borrow::Cow, path::Path};

use pkcs8::{
    PrivateKeyInfo, SecretDocument,
    der::{Decode as _, Encode as _, Reader as _, SliceReader, asn1::UintRef},
};
use serde::{Deserialize, Deserializer, de};
use zeroize::Zeroizing;

use super::{MOST, Padding, Unopened, VaultError};
use crate::files::{self, pem_block};

/// `keys.engine`: which implementation carries the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum EngineKind {
    /// AWS-LC: constant time, five times as fast.
    #[default]
    AwsLc,
    /// RustCrypto's `rsa`, every private operation blinded (RUSTSEC-2023-0071).
    #[cfg(feature = "rustcrypto")]
    RustCrypto,
}

/// A private key of an engine that signs. Implementations are constant time or blinded.
pub(super) trait SigningKey: Send + Sync {
    /// RSASSA-PKCS1-v1_5 with SHA-256. Deterministic.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unopened>;

    /// PKCS#1 `RSAPublicKey`.
    fn public_der(&self) -> &[u8];
}

/// A private key of an engine that opens. Implementations are constant time or blinded.
pub(super) trait OpeningKey: Send + Sync {
    /// Opens one ciphertext with exactly one private operation, also when it fails.
    fn decrypt(&self, padding: Padding, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened>;
}

/// The ciphertext, or one of the right length that opens to nothing: what is malformed costs one operation too.
fn of_length(ciphertext: &[u8], length: usize) -> Cow<'_, [u8]> {
    if ciphertext.len() == length { Cow::Borrowed(ciphertext) } else { Cow::Owned(vec![0; length]) }
}

/// WeChat Pay's keys have 2048 bits; less is refused.
const LEAST_BITS: usize = 2048;

/// `rsaEncryption`, RFC 8017 appendix C.
const RSA_ENCRYPTION: pkcs8::ObjectIdentifier = pkcs8::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

impl<'de> Deserialize<'de> for EngineKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "aws-lc-rs" => Ok(Self::AwsLc),
            #[cfg(feature = "rustcrypto")]
            "rsa" => Ok(Self::RustCrypto),
            #[cfg(not(feature = "rustcrypto"))]
            "rsa" => Err(de::Error::custom("keys.engine = \"rsa\" needs a build with feature rustcrypto")),
            other => Err(de::Error::unknown_variant(other, &["aws-lc-rs", "rsa"])),
        }
    }
}

impl EngineKind {
    /// Reads the file of a key that signs. Each key is loaded for one use: whether its numbers belong together is tested
    /// each time, at millions of instructions.
    pub(super) fn load_signing(self, file: &Path) -> Result<Box<dyn SigningKey>, VaultError> {
        load(file, |pkcs8| match self {
            Self::AwsLc => aws_lc::load_signing(pkcs8),
            #[cfg(feature = "rustcrypto")]
            Self::RustCrypto => rustcrypto::load_signing(pkcs8),
        })
    }

    /// Reads the file of a key that opens.
    pub(super) fn load_opening(self, file: &Path) -> Result<Box<dyn OpeningKey>, VaultError> {
        load(file, |pkcs8| match self {
            Self::AwsLc => aws_lc::load_opening(pkcs8),
            #[cfg(feature = "rustcrypto")]
            Self::RustCrypto => rustcrypto::load_opening(pkcs8),
        })
    }
}

fn load<K>(file: &Path, parse: impl FnOnce(&[u8]) -> Option<K>) -> Result<K, VaultError> {
    let pem = files::read_secret(file, MOST)?;
    let not = || VaultError::NotAKey { file: file.to_owned(), found: files::describe(&pem) };
    let pkcs8 = pkcs8_of(&pem).ok_or_else(not)?;
    // Before the engine sees it: some refuse a short key without a word of why.
    let bits = modulus_bits(&pkcs8).ok_or_else(not)?;
    if bits < LEAST_BITS {
        return Err(VaultError::TooShort { file: file.to_owned(), bits });
    }
    parse(pkcs8.as_bytes()).ok_or_else(not)
}

/// The modulus' length: the second member of `RSAPrivateKey` (RFC 8017 appendix A.1.2).
fn modulus_bits(pkcs8: &SecretDocument) -> Option<usize> {
    let info: PrivateKeyInfo<'_> = pkcs8.decode_msg().ok()?;
    let mut reader = SliceReader::new(info.private_key).ok()?;
    reader
        .sequence(|members| {
            u8::decode(members)?;
            let modulus = UintRef::decode(members)?;
            members.read_slice(members.remaining_len())?;
            let leading = modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros());
            Ok(modulus.as_bytes().len() * 8 - leading as usize)
        })
        .ok()
}

/// The key as PKCS#8: AWS-LC's decrypting key takes nothing else, so PKCS#1 is wrapped.
fn pkcs8_of(pem: &[u8]) -> Option<SecretDocument> {
    let (label, der) = pem_block(pem, &["PRIVATE KEY", "RSA PRIVATE KEY"])?;
    let info = if label == "PRIVATE KEY" {
        PrivateKeyInfo::from_der(&der).ok()?
    } else {
        let parameters = Some(pkcs8::der::asn1::AnyRef::NULL);
        PrivateKeyInfo::new(pkcs8::AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters }, &der)
    };
    let wrapped = Zeroizing::new(info.to_der().ok()?);
    SecretDocument::try_from(wrapped.as_slice()).ok()
}
