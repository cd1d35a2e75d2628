//! What a file holds in a key's place: said in the message, so that nobody has to guess which file was meant, and what is
//! done about it.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::fault::Cure;

/// What a file holds, as far as its beginning and labels tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing, or space.
    Nothing,
    /// No PEM, and nothing else that is known.
    NotPem,
    /// DER: the same in bytes.
    Der,
    /// A private key under a passphrase.
    Locked,
    /// A private key of an elliptic curve.
    Ec,
    /// A private key.
    PrivateKey,
    /// A private key as OpenSSH keeps it.
    OpenSsh,
    /// A public key.
    PublicKey,
    /// A certificate.
    Certificate,
    /// The request for a certificate.
    Request,
    /// PEM of another kind.
    OtherPem,
}

/// `id-ecPublicKey`, RFC 5480: object identifier 1.2.840.10045.2.1 in DER.
const EC: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

/// What these bytes are.
pub fn describe(bytes: &[u8]) -> Content {
    match in_pem(bytes) {
        Some(what) => what,
        None if is_der(bytes) => Content::Der,
        None if bytes.iter().all(u8::is_ascii_whitespace) => Content::Nothing,
        None => Content::NotPem,
    }
}

/// A key or certificate in a line's place. A line of random bytes may begin as DER does; its length is not by chance the one
/// that is written there. What is shorter than 128 bytes in DER begins as a text may.
pub(super) fn instead_of_a_line(bytes: &[u8]) -> Option<Content> {
    let length = match bytes {
        [0x30, 0x81, low, ..] => Some(usize::from(*low).saturating_add(3)),
        [0x30, 0x82, high, low, ..] => Some(usize::from(u16::from_be_bytes([*high, *low])).saturating_add(4)),
        _ => None,
    };
    in_pem(bytes).or_else(|| (length == Some(bytes.len())).then_some(Content::Der))
}

/// The first PEM block's kind; none where there is no block.
fn in_pem(bytes: &[u8]) -> Option<Content> {
    let text = String::from_utf8_lossy(bytes);
    let text = Zeroizing::new(text.into_owned());
    let (label, body) = text.split_once("-----BEGIN ")?.1.split_once("-----")?;
    Some(match label {
        "ENCRYPTED PRIVATE KEY" => Content::Locked,
        "RSA PRIVATE KEY" | "EC PRIVATE KEY" if body.contains("ENCRYPTED") => Content::Locked,
        "EC PRIVATE KEY" => Content::Ec,
        "PRIVATE KEY" if is_ec(body) => Content::Ec,
        "PRIVATE KEY" | "RSA PRIVATE KEY" => Content::PrivateKey,
        "OPENSSH PRIVATE KEY" => Content::OpenSsh,
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Content::PublicKey,
        "CERTIFICATE" => Content::Certificate,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Content::Request,
        _ => Content::OtherPem,
    })
}

fn is_ec(body: &str) -> bool {
    let digits = body.split("-----END").next().unwrap_or_default().chars().filter(|c| !c.is_whitespace());
    let digits = Zeroizing::new(digits.collect::<String>());
    BASE64_STANDARD
        .decode(digits.as_bytes())
        .map(Zeroizing::new)
        .is_ok_and(|der| der.windows(EC.len()).any(|at| at == EC))
}

/// A SEQUENCE whose length takes one or two octets more: certificates, RSA keys of any size, keys of curves.
fn is_der(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x30, 0x81]) || bytes.starts_with(&[0x30, 0x82]) || bytes.starts_with(&[0x30, 0x77, 0x02])
}

impl Content {
    /// In a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::NotPem => "nothing in PEM",
            Self::Der => "something in DER, not PEM",
            Self::Locked => "a private key locked with a passphrase",
            Self::Ec => "an EC private key",
            Self::PrivateKey => "a private key",
            Self::OpenSsh => "a private key of OpenSSH",
            Self::PublicKey => "a public key",
            Self::Certificate => "a certificate",
            Self::Request => "a certificate request",
            Self::OtherPem => "another kind of PEM",
        }
    }

    /// What is done where a private key is wanted.
    pub(crate) fn instead_of_key(self) -> Option<Cure> {
        Some(match self {
            Self::Nothing => Cure::EmptyFile,
            Self::Der => Cure::Der,
            Self::Locked => Cure::Locked,
            Self::Ec => Cure::EcKey,
            Self::OpenSsh => Cure::OpenSsh,
            Self::PublicKey => Cure::PublicForKey,
            Self::Certificate => Cure::CertificateForKey,
            Self::Request => Cure::Request,
            Self::PrivateKey => Cure::DamagedFile,
            Self::NotPem | Self::OtherPem => return None,
        })
    }

    /// The same where a certificate is.
    pub(crate) fn instead_of_certificate(self) -> Option<Cure> {
        match self {
            Self::PublicKey => Some(Cure::PublicForCertificate),
            Self::Certificate => Some(Cure::DamagedFile),
            other => other.instead_of_public(),
        }
    }

    /// The same where a public key is.
    pub(crate) fn instead_of_public_key(self) -> Option<Cure> {
        match self {
            Self::Certificate => Some(Cure::CertificateForPublic),
            Self::PublicKey => Some(Cure::DamagedFile),
            other => other.instead_of_public(),
        }
    }

    fn instead_of_public(self) -> Option<Cure> {
        match self {
            Self::Nothing => Some(Cure::EmptyFile),
            Self::Der => Some(Cure::Der),
            Self::Request => Some(Cure::Request),
            Self::Locked | Self::Ec | Self::PrivateKey | Self::OpenSsh => Some(Cure::KeyForPublic),
            _ => None,
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
