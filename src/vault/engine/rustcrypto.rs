//! RustCrypto's `rsa`, blinded: `sign_with_rng` and `decrypt_blinded` only.

use rand::rngs::OsRng;
use rsa::{
    Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, RsaPrivateKey,
    pkcs1::EncodeRsaPublicKey as _,
    pkcs8::DecodePrivateKey as _,
    sha2::{Digest as _, Sha256},
    traits::PublicKeyParts as _,
};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::{OpeningKey, SigningKey, of_length};
use crate::vault::{Padding, Unopened};

struct RustCryptoKey {
    key: RsaPrivateKey,
    public: Vec<u8>,
}

fn load(pkcs8: &[u8]) -> Option<RustCryptoKey> {
    let key = RsaPrivateKey::from_pkcs8_der(pkcs8).ok()?;
    let public = key.to_public_key().to_pkcs1_der().ok()?.into_vec();
    Some(RustCryptoKey { key, public })
}

pub(super) fn load_signing(pkcs8: &[u8]) -> Option<Box<dyn SigningKey>> {
    Some(Box::new(load(pkcs8)?))
}

pub(super) fn load_opening(pkcs8: &[u8]) -> Option<Box<dyn OpeningKey>> {
    Some(Box::new(load(pkcs8)?))
}

impl SigningKey for RustCryptoKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unopened> {
        let digest = Sha256::digest(message);
        self.key.sign_with_rng(&mut OsRng, Pkcs1v15Sign::new::<Sha256>(), &digest).map_err(|_| Unopened)
    }

    fn public_der(&self) -> &[u8] {
        &self.public
    }
}

impl OpeningKey for RustCryptoKey {
    fn decrypt(&self, padding: Padding, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let ciphertext = &*of_length(ciphertext, self.key.size());
        let plaintext = match padding {
            Padding::Pkcs1v15 => self.key.decrypt_blinded(&mut OsRng, Pkcs1v15Encrypt, ciphertext),
            Padding::OaepSha1 => self.key.decrypt_blinded(&mut OsRng, Oaep::new::<Sha1>(), ciphertext),
        };
        plaintext.map(Zeroizing::new).map_err(|_| Unopened)
    }
}
