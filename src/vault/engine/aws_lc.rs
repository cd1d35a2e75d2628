//! AWS-LC.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use zeroize::Zeroizing;

use super::{PrivateKey, of_length};
use crate::vault::{Padding, Unopened};

struct AwsLcKey {
    pair: KeyPair,
    pkcs1: Pkcs1PrivateDecryptingKey,
    oaep: OaepPrivateDecryptingKey,
    public: Vec<u8>,
}

pub(super) fn load(pkcs8: &[u8]) -> Option<Box<dyn PrivateKey>> {
    let pair = KeyPair::from_pkcs8(pkcs8).ok()?;
    let decrypting = PrivateDecryptingKey::from_pkcs8(pkcs8).ok()?;
    let public = pair.public_key().as_ref().to_vec();
    Some(Box::new(AwsLcKey {
        pair,
        pkcs1: Pkcs1PrivateDecryptingKey::new(decrypting.clone()).ok()?,
        oaep: OaepPrivateDecryptingKey::new(decrypting).ok()?,
        public,
    }))
}

impl PrivateKey for AwsLcKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unopened> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(|_| Unopened)?;
        Ok(signature)
    }

    fn decrypt(&self, padding: Padding, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let ciphertext = &*of_length(ciphertext, self.pkcs1.key_size_bytes());
        let mut buffer = Zeroizing::new(vec![0; self.pkcs1.min_output_size()]);
        let plaintext = match padding {
            Padding::Pkcs1v15 => self.pkcs1.decrypt(ciphertext, &mut buffer),
            Padding::OaepSha1 => self.oaep.decrypt(&OAEP_SHA1_MGF1SHA1, ciphertext, &mut buffer, None),
        };
        let length = plaintext.map_err(|_| Unopened)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }

    fn public_der(&self) -> &[u8] {
        &self.public
    }
}
