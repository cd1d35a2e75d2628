//! Keys of the site's own, for its own system and its own lists: they sign and judge whatever that wants.

use std::path::Path;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};

use super::{
    MOST, VaultError,
    engine::{EngineKind, SigningKey},
};
use crate::files::{self, pem_block};

/// A private key.
pub(crate) struct SiteKey(Kind);

enum Kind {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rsa(Box<dyn SigningKey>),
    /// Ed25519, by AWS-LC whatever the engine.
    Ed25519(Ed25519KeyPair),
}

impl SiteKey {
    /// Reads the PEM file of an RSA key.
    pub(crate) fn read(engine: EngineKind, file: &Path) -> Result<Self, VaultError> {
        engine.load_signing(file).map(Kind::Rsa).map(Self)
    }

    /// The same of an RSA or an Ed25519 key.
    pub(crate) fn read_any(engine: EngineKind, file: &Path) -> Result<Self, VaultError> {
        let pem = files::read_secret(file, MOST)?;
        let pair = pem_block(&pem, &["PRIVATE KEY"])
            .and_then(|(_, der)| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok());
        pair.map_or_else(|| Self::read(engine, file), |pair| Ok(Self(Kind::Ed25519(pair))))
    }

    /// The signature; nothing where the engine fails.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.0 {
            Kind::Rsa(key) => key.sign(message).ok(),
            Kind::Ed25519(key) => Some(key.sign(message).as_ref().to_vec()),
        }
    }
}

/// A public key, RSA of 2048 bits or more, or Ed25519.
pub(crate) struct SitePublicKey(ParsedPublicKey);

impl SitePublicKey {
    /// Reads a PEM `PUBLIC KEY`.
    pub(crate) fn read(file: &Path) -> Result<Self, VaultError> {
        let pem = files::read(file, MOST)?;
        let not = || VaultError::NotPublic { file: file.to_owned(), what: "public key", found: files::describe(&pem) };
        let (_, der) = pem_block(&pem, &["PUBLIC KEY"]).ok_or_else(not)?;
        let ed25519 = ParsedPublicKey::new(&ED25519, &*der);
        let key = ed25519.or_else(|_| ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &*der));
        key.map(Self).map_err(|_| not())
    }

    /// What tells it from every other.
    pub(crate) fn id(&self) -> Vec<u8> {
        self.0.as_ref().to_vec()
    }

    /// True where this is its holder's signature over the message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}
