//! The implementations that carry a private key. AWS-LC by default; RustCrypto, blinded, in builds with feature
//! `rustcrypto`. Room is kept for others: everything the vault asks is in [`PrivateKey`].

mod aws_lc;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;

use std::{borrow::Cow, path::Path};

use pkcs8::{
    PrivateKeyInfo, SecretDocument,
    der::{Decode as _, Encode as _, Reader as _, SliceReader, asn1::UintRef},
};
use zeroize::Zeroizing;

use super::{
    Padding, Unopened, VaultError,
    pem::{MOST, pem_block},
};
use crate::files;

/// Which implementation carries the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// AWS-LC: constant time, five times as fast.
    AwsLc,
    /// RustCrypto's `rsa`, every private operation blinded (RUSTSEC-2023-0071).
    #[cfg(feature = "rustcrypto")]
    RustCrypto,
}

/// One private key of an engine. Implementations are constant time or blinded.
pub(super) trait PrivateKey: Send + Sync {
    /// RSASSA-PKCS1-v1_5 with SHA-256. Deterministic.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unopened>;

    /// Opens one ciphertext with exactly one private operation, also when it fails.
    fn decrypt(&self, padding: Padding, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened>;

    /// PKCS#1 `RSAPublicKey`.
    fn public_der(&self) -> &[u8];
}

/// The ciphertext, or one of the right length that opens to nothing: what is malformed costs one operation too.
fn of_length(ciphertext: &[u8], length: usize) -> Cow<'_, [u8]> {
    if ciphertext.len() == length { Cow::Borrowed(ciphertext) } else { Cow::Owned(vec![0; length]) }
}

/// WeChat Pay's keys have 2048 bits; less is refused.
const LEAST_BITS: usize = 2048;

/// `rsaEncryption`, RFC 8017 appendix C.
const RSA_ENCRYPTION: pkcs8::ObjectIdentifier = pkcs8::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

impl EngineKind {
    /// Reads a key file for this engine.
    pub(super) fn load(self, file: &Path) -> Result<Box<dyn PrivateKey>, VaultError> {
        let pem = files::read_secret(file, MOST)?;
        let not = || VaultError::NotAKey { file: file.to_owned(), found: files::describe(&pem) };
        let pkcs8 = pkcs8_of(&pem).ok_or_else(not)?;
        // Before the engine sees it: some refuse a short key without a word of why.
        let bits = modulus_bits(&pkcs8).ok_or_else(not)?;
        if bits < LEAST_BITS {
            return Err(VaultError::TooShort { file: file.to_owned(), bits });
        }
        let key: Option<Box<dyn PrivateKey>> = match self {
            Self::AwsLc => aws_lc::load(pkcs8.as_bytes()),
            #[cfg(feature = "rustcrypto")]
            Self::RustCrypto => rustcrypto::load(pkcs8.as_bytes()),
        };
        key.ok_or_else(not)
    }
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
