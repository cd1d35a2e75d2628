//! A throw-away world of keys: service provider, sub-merchant, WeChat's platform.

use crate::files;
use std::{
    io::{self, Write as _},
    path::Path,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rand::{RngCore as _, rngs::OsRng};
use rsa::{
    Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey,
    pkcs1v15::SigningKey,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
    sha2::{Digest as _, Sha256},
};
use x509_cert::{
    builder::{Builder as _, CertificateBuilder, Profile},
    der::EncodePem as _,
    serial_number::SerialNumber,
    spki::SubjectPublicKeyInfoOwned,
    time::Validity,
};

/// A key pair with its certificate.
pub struct Holder {
    /// The key.
    pub key: RsaPrivateKey,
    /// Forty upper-case hex digits.
    pub serial_no: String,
    /// The certificate.
    pub certificate_pem: String,
}

/// Everybody's keys.
pub struct World {
    /// The service provider, who signs requests.
    pub provider: Holder,
    /// The sub-merchant, for whom names are encrypted.
    pub sub: Holder,
    /// WeChat, who signs answers.
    pub platform: Holder,
    /// `PUB_KEY_ID_…`
    pub public_key_id: String,
    /// The APIv3 key.
    pub apiv3: String,
}

/// The numbers and names everybody is known by.
pub mod numbers {
    /// The service provider's merchant number.
    pub const MCHID: &str = "1900000001";
    /// The service provider's appid.
    pub const APPID: &str = "wx2b029c08a6233333";
    /// The sub-merchant's number.
    pub const SUB_MCHID: &str = "1900000109";
    /// The sub-merchant's appid.
    pub const SUB_APPID: &str = "wx2b029c08a6255555";
}

impl World {
    /// Fresh keys of 2048 bits. Takes a second or two.
    pub fn generate() -> io::Result<Self> {
        Ok(Self {
            provider: Holder::generate()?,
            sub: Holder::generate()?,
            platform: Holder::generate()?,
            public_key_id: "PUB_KEY_ID_0119000000012026112100000000000000".to_owned(),
            apiv3: random_hex(16),
        })
    }

    /// Keys of three PEM files (PKCS#8): provider, sub-merchant, platform.
    pub fn from_pems(provider: &str, sub: &str, platform: &str) -> io::Result<Self> {
        Ok(Self {
            provider: Holder::from_pem(provider)?,
            sub: Holder::from_pem(sub)?,
            platform: Holder::from_pem(platform)?,
            public_key_id: "PUB_KEY_ID_0119000000012026112100000000000000".to_owned(),
            apiv3: random_hex(16),
        })
    }

    /// Writes what a merchant has into `folder`: `sign.key.pem`, `sign.crt.pem`, `decrypt.key.pem`,
    /// `decrypt.crt.pem`, `wechatpay.pub.pem`, `apiv3.key`; private ones with mode 0600.
    pub(crate) fn write_to(&self, folder: &Path) -> io::Result<()> {
        let pem = |key: &RsaPrivateKey| key.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other);
        write_private(&folder.join("sign.key.pem"), pem(&self.provider.key)?.as_bytes())?;
        write_private(&folder.join("decrypt.key.pem"), pem(&self.sub.key)?.as_bytes())?;
        write_private(&folder.join("apiv3.key"), self.apiv3.as_bytes())?;
        files::write_public(&folder.join("sign.crt.pem"), self.provider.certificate_pem.as_bytes())?;
        files::write_public(&folder.join("decrypt.crt.pem"), self.sub.certificate_pem.as_bytes())?;
        let public = RsaPublicKey::from(&self.platform.key);
        let public = public.to_public_key_pem(LineEnding::LF).map_err(io::Error::other)?;
        Ok(files::write_public(&folder.join("wechatpay.pub.pem"), public.as_bytes())?)
    }
}

impl Holder {
    fn generate() -> io::Result<Self> {
        Self::with_key(RsaPrivateKey::new(&mut OsRng, 2048).map_err(io::Error::other)?)
    }

    fn from_pem(pem: &str) -> io::Result<Self> {
        Self::with_key(RsaPrivateKey::from_pkcs8_pem(pem).map_err(io::Error::other)?)
    }

    fn with_key(key: RsaPrivateKey) -> io::Result<Self> {
        // Twenty bytes whose first is not negative and not zero give the forty digits that WeChat's serials have.
        let mut serial = [0; 20];
        OsRng.fill_bytes(&mut serial);
        serial[0] = 0x40 | (serial[0] & 0x3F);
        let serial_no = serial.iter().map(|byte| format!("{byte:02X}")).collect();
        let year = std::time::Duration::from_secs(365 * 86_400);
        let validity = Validity::from_now(year).map_err(io::Error::other)?;
        let public = RsaPublicKey::from(&key);
        let spki = SubjectPublicKeyInfoOwned::from_key(public).map_err(io::Error::other)?;
        let signer = SigningKey::<Sha256>::new(key.clone());
        let subject = "CN=sandbox".parse().map_err(io::Error::other)?;
        let serial = SerialNumber::new(&serial).map_err(io::Error::other)?;
        let builder = CertificateBuilder::new(Profile::Root, serial, validity, subject, spki, &signer);
        let certificate = builder
            .and_then(CertificateBuilder::build::<rsa::pkcs1v15::Signature>)
            .map_err(|error| io::Error::other(error.to_string()))?;
        let certificate_pem = certificate.to_pem(LineEnding::LF).map_err(io::Error::other)?;
        Ok(Self { key, serial_no, certificate_pem })
    }

    /// SHA256-RSA in base64.
    pub fn sign(&self, message: &[u8]) -> String {
        let digest = Sha256::digest(message);
        let signature = self.key.sign_with_rng(&mut OsRng, Pkcs1v15Sign::new::<Sha256>(), &digest);
        BASE64_STANDARD.encode(signature.unwrap_or_default())
    }

    /// True when `signature` (base64) is this holder's over `message`.
    pub fn signed(&self, message: &[u8], signature: &str) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
        let digest = Sha256::digest(message);
        RsaPublicKey::from(&self.key).verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &signature).is_ok()
    }
}

/// `bytes` random bytes in hex.
pub(super) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    OsRng.fill_bytes(&mut random);
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file that only its owner may read.
pub fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    files::create(file)?.write_all(bytes)
}
