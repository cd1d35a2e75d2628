//! AWS-LC.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use zeroize::Zeroizing;

use super::{OpeningKey, SigningKey, of_length};
use crate::vault::{Padding, Unopened};

pub(super) fn load_signing(pkcs8: &[u8]) -> Option<Box<dyn SigningKey>> {
    Some(Box::new(KeyPair::from_pkcs8(pkcs8).ok()?))
}

impl SigningKey for KeyPair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unopened> {
        let mut signature = vec![0; self.public_modulus_len()];
        Self::sign(self, &RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(|_| Unopened)?;
        Ok(signature)
    }

    fn public_der(&self) -> &[u8] {
        self.public_key().as_ref()
    }
}

struct AwsLcOpening {
    pkcs1: Pkcs1PrivateDecryptingKey,
    oaep: OaepPrivateDecryptingKey,
}

pub(super) fn load_opening(pkcs8: &[u8]) -> Option<Box<dyn OpeningKey>> {
    let key = PrivateDecryptingKey::from_pkcs8(pkcs8).ok()?;
    let pkcs1 = Pkcs1PrivateDecryptingKey::new(key.clone()).ok()?;
    Some(Box::new(AwsLcOpening { pkcs1, oaep: OaepPrivateDecryptingKey::new(key).ok()? }))
}

impl OpeningKey for AwsLcOpening {
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
}
