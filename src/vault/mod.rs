//! Private keys behind verbs.
//!
//! The vault signs the few requests we make and opens names out of answers that WeChat has signed. It has no getter, no
//! signature over bytes of the caller's choosing, and no way to open a ciphertext that does not come out of a
//! [`Verified`] answer: a program that took over the network side could not have a refund signed.
//!
//! What it does not do: speak HTTP, choose padding, judge whether a plaintext is a name.

mod answer;
mod apiv2;
mod certificate;
mod engine;
mod hardening;
mod request;
#[cfg(feature = "hospital")]
mod site;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use zeroize::Zeroizing;

use self::engine::{OpeningKey, SigningKey};
#[cfg(feature = "hospital")]
pub(crate) use self::site::{SiteKey, SitePublicKey};
pub use self::{
    answer::{Forged, Sealed, SignedAnswer, Verified, verify},
    apiv2::ApiV2Key,
    certificate::{CertificateFacts, PublicKey},
    engine::EngineKind,
    request::RequestToSign,
};
pub(crate) use self::{apiv2::AuthInfoFields, hardening::no_core_dumps};
use crate::{
    fault::{Code, Cure, Fault},
    files::{self, Anchored, Content, FileError},
    words::SerialNo,
};

/// The largest file with a key or certificate, bytes.
const MOST: usize = 64 * 1024;

/// Who signs: goes into the `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// `mchid`
    pub mchid: String,
    /// `serial_no`, as WeChat shows it: 40 upper-case hex digits.
    pub serial_no: String,
    /// `sub_serial_no`: the certificate that names are sealed for, where it is not the signer's.
    pub sub_serial_no: Option<String>,
}

/// `[keys]`: where the keys lie. PEM files, readable by the daemon's user alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeyFiles {
    /// Private key of `mchid`, PEM (PKCS#8 or PKCS#1).
    pub sign: Anchored,
    /// Private key that opens names: the sub-merchant's in service-provider mode. Default: the sign key.
    pub decrypt: Option<Anchored>,
    /// Certificate of the sign key, PEM; compared with key and serial number.
    pub certificate: Option<Anchored>,
    /// Certificate of the decrypt key, PEM; compared with key and serial number.
    pub decrypt_certificate: Option<Anchored>,
    /// File with the 32 ASCII characters of the APIv3 key; needed in certificate mode only.
    pub apiv3: Option<Anchored>,
    /// Which implementation carries the keys.
    #[serde(default)]
    pub engine: EngineKind,
}

/// RSA padding of a sealed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// RSAES-PKCS1-v1_5
    Pkcs1v15,
    /// RSAES-OAEP with SHA-1 and MGF1-SHA-1
    OaepSha1,
}

/// Something was not opened. Deliberately without a reason: padding, key and length failures must look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext could not be opened")]
pub struct Unopened;

/// Why keys cannot be used. Paths are named, contents never.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A file cannot be read, or may be by others.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a PEM private key.
    #[error("{}: holds no RSA private key in PEM (PKCS#8 or PKCS#1), but {found}", file.display())]
    NotAKey {
        /// The file's path.
        file: PathBuf,
        /// What it holds instead.
        found: Content,
    },
    /// Not a PEM certificate or public key.
    #[error("{}: holds no usable RSA {what} in PEM, but {found}", file.display())]
    NotPublic {
        /// The file's path.
        file: PathBuf,
        /// `certificate` or `public key`.
        what: &'static str,
        /// What it holds instead.
        found: Content,
    },
    /// Fewer than 2048 bits.
    #[error("{}: {bits} bits; WeChat Pay needs 2048 or more", file.display())]
    TooShort {
        /// The file's path.
        file: PathBuf,
        /// Its modulus.
        bits: usize,
    },
    /// Key and certificate are not a pair.
    #[error("{}: does not belong to the certificate {}", key.display(), certificate.display())]
    NotAPair {
        /// The key.
        key: PathBuf,
        /// The certificate.
        certificate: PathBuf,
    },
    /// The certificate has another serial number than the site file.
    #[error("{}: its serial number is {found}, merchant.{setting} is another", certificate.display())]
    OtherSerial {
        /// The certificate.
        certificate: PathBuf,
        /// `serial-no` or `sub-serial-no`.
        setting: &'static str,
        /// The serial number it has.
        found: SerialNo,
    },
    /// The APIv3 key has not 32 characters.
    #[error("{}: holds not exactly 32 ASCII characters", file.display())]
    NotAnApiKey {
        /// The file's path.
        file: PathBuf,
    },
    /// Certificates came and no APIv3 key is set.
    #[error("keys.apiv3 is not set")]
    NoApiKey,
    /// A downloaded certificate could not be opened.
    #[error("a certificate from WeChat could not be opened with the configured APIv3 key")]
    CertificateUnopened,
    /// A request that this vault does not sign.
    #[error("the request is none of those that are signed")]
    NotAllowed,
    /// The engine failed.
    #[error("the signature could not be made")]
    Engine,
}

impl Fault for VaultError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) if error.is_exposed() => Code::K402,
            Self::File(_) | Self::NotAKey { .. } | Self::NotPublic { .. } => Code::K401,
            Self::TooShort { .. } => Code::K403,
            Self::NotAPair { .. } | Self::OtherSerial { .. } => Code::K404,
            Self::NotAnApiKey { .. } | Self::NoApiKey | Self::CertificateUnopened => Code::K406,
            Self::NotAllowed | Self::Engine => Code::X001,
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::File(error) => error.cure().filter(|_| !error.is_exposed()),
            Self::NotAKey { found, .. } => found.instead_of_key(),
            Self::NotPublic { what: "certificate", found, .. } => found.instead_of_certificate(),
            Self::NotPublic { found, .. } => found.instead_of_public_key(),
            _ => None,
        }
    }
}

impl Fault for Unopened {
    fn code(&self) -> Code {
        Code::K405
    }
}

/// Private keys that were read. Several merchants may have one of them, and whether its numbers belong together is tested
/// at millions of instructions: once for each file.
#[derive(Default)]
pub(crate) struct KeysRead {
    signing: Read<dyn SigningKey>,
    opening: Read<dyn OpeningKey>,
}

type Read<K> = BTreeMap<(EngineKind, PathBuf), Arc<K>>;

/// The keys of one merchant.
pub struct Vault {
    signer: Signer,
    sign: Arc<dyn SigningKey>,
    decrypt: Arc<dyn OpeningKey>,
    certificate: Option<CertificateFacts>,
    decrypt_certificate: Option<CertificateFacts>,
    apiv3: Option<LessSafeKey>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault[redacted]")
    }
}

impl Vault {
    /// Reads and checks the keys.
    pub fn open(signer: Signer, files: &KeyFiles) -> Result<Self, VaultError> {
        Self::open_beside(signer, files, &mut KeysRead::default())
    }

    /// The same, of keys some of which another merchant has, too.
    pub(crate) fn open_beside(signer: Signer, files: &KeyFiles, read: &mut KeysRead) -> Result<Self, VaultError> {
        let engine = files.engine;
        let key = once(&mut read.signing, engine, &files.sign, EngineKind::load_signing)?;
        let certificate = match &files.certificate {
            None => None,
            Some(file) => {
                let (public, facts) = PublicKey::read_certificate(file)?;
                let is_pair = public.der() == key.public_der();
                Some(belongs(facts, (&files.sign, file), is_pair, ("serial-no", &signer.serial_no))?)
            }
        };
        let opens = files.decrypt.as_ref().unwrap_or(&files.sign);
        let decrypt = once(&mut read.opening, engine, opens, EngineKind::load_opening)?;
        let decrypt_certificate = match &files.decrypt_certificate {
            None => None,
            Some(file) => {
                let (public, facts) = PublicKey::read_certificate(file)?;
                let serial = match &signer.sub_serial_no {
                    Some(sub) => ("sub-serial-no", sub.as_str()),
                    None => ("serial-no", signer.serial_no.as_str()),
                };
                Some(belongs(facts, (opens, file), is_opened_by(&public, &*decrypt), serial)?)
            }
        };
        let apiv3 = files.apiv3.as_deref().map(read_api_key).transpose()?;
        Ok(Self { signer, sign: key, decrypt, certificate, decrypt_certificate, apiv3 })
    }

    /// Composes the message to sign and returns the value of the `Authorization` header
    /// (`WECHATPAY2-SHA256-RSA2048 …`, APIv3 rules, signature generation). Only requests of ours are signed.
    pub fn sign_request(&self, request: &RequestToSign<'_>) -> Result<String, VaultError> {
        let message = request.message().ok_or(VaultError::NotAllowed)?;
        let signature = BASE64_STANDARD.encode(self.sign.sign(&message).map_err(|Unopened| VaultError::Engine)?);
        let Signer { mchid, serial_no, .. } = &self.signer;
        let RequestToSign { nonce, timestamp, .. } = request;
        Ok(format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{mchid}\",nonce_str=\"{nonce}\",timestamp=\"{timestamp}\",\
             serial_no=\"{serial_no}\",signature=\"{signature}\""
        ))
    }

    /// Signs the one string of getrealnameinfo, `cert_serialno=…&timestamp=…`, with the sign key's own serial number;
    /// base64 (mini-program server API, getrealnameinfo).
    pub fn sign_realname_auth(&self, timestamp: i64) -> Result<String, VaultError> {
        let message = format!("cert_serialno={}&timestamp={timestamp}", self.signer.serial_no);
        let signature = self.sign.sign(message.as_bytes()).map_err(|Unopened| VaultError::Engine)?;
        Ok(BASE64_STANDARD.encode(signature))
    }

    /// Opens what a verified answer sealed. With PKCS#1 v1.5 an `Ok` is not yet a success: some libraries return random
    /// bytes for a wrong padding, so the caller judges the plaintext.
    pub fn open_sealed(&self, padding: Padding, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        self.decrypt.decrypt(padding, sealed.ciphertext())
    }

    /// Opens one entry of `GET /v3/certificates` (AEAD_AES_256_GCM under the APIv3 key).
    pub(crate) fn open_certificate(
        &self,
        nonce: &[u8],
        associated_data: &[u8],
        ciphertext: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.apiv3.as_ref().ok_or(VaultError::NoApiKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::CertificateUnopened)?;
        let mut buffer = ciphertext.to_vec();
        let plaintext = key
            .open_in_place(nonce, Aad::from(associated_data), &mut buffer)
            .map_err(|_| VaultError::CertificateUnopened)?;
        Ok(plaintext.to_vec())
    }

    /// True when an APIv3 key is set, so that certificates can be downloaded.
    pub(crate) fn can_open_certificates(&self) -> bool {
        self.apiv3.is_some()
    }

    /// The configured certificate of the sign key.
    pub fn certificate(&self) -> Option<&CertificateFacts> {
        self.certificate.as_ref()
    }

    /// The configured certificate of the decrypt key.
    pub(crate) fn decrypt_certificate(&self) -> Option<&CertificateFacts> {
        self.decrypt_certificate.as_ref()
    }
}

fn once<K: ?Sized>(
    read: &mut Read<K>,
    engine: EngineKind,
    file: &Path,
    load: impl FnOnce(EngineKind, &Path) -> Result<Box<K>, VaultError>,
) -> Result<Arc<K>, VaultError> {
    let place = (engine, file.to_owned());
    if let Some(key) = read.get(&place) {
        return Ok(Arc::clone(key));
    }
    let key: Arc<K> = load(engine, file)?.into();
    read.insert(place, Arc::clone(&key));
    Ok(key)
}

/// A certificate is its key's, and the one that the merchant names by its serial number.
fn belongs(
    facts: CertificateFacts,
    (key, certificate): (&Path, &Path),
    is_pair: bool,
    (setting, serial_no): (&'static str, &str),
) -> Result<CertificateFacts, VaultError> {
    let certificate = certificate.to_path_buf();
    if !is_pair {
        return Err(VaultError::NotAPair { key: key.to_path_buf(), certificate });
    }
    if SerialNo::parse(serial_no).as_ref() != Some(&facts.serial_no) {
        return Err(VaultError::OtherSerial { certificate, setting, found: facts.serial_no });
    }
    Ok(facts)
}

/// What is sealed for the one is opened by the other.
fn is_opened_by(public: &PublicKey, key: &dyn OpeningKey) -> bool {
    const MESSAGE: &[u8] = b"facemchd";
    let sealed = public.seal(MESSAGE).and_then(|sealed| BASE64_STANDARD.decode(sealed).ok());
    let opened = sealed.and_then(|sealed| key.decrypt(Padding::OaepSha1, &sealed).ok());
    opened.is_some_and(|opened| *opened == MESSAGE)
}

fn read_api_key(file: &Path) -> Result<LessSafeKey, VaultError> {
    let text = files::read_secret_line(file, MOST)?;
    let not = || VaultError::NotAnApiKey { file: file.to_owned() };
    if text.len() != 32 || !text.is_ascii() {
        return Err(not());
    }
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &text).map_err(|_| not())?))
}
