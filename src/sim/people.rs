//! Invented people, and how the sandbox WeChat behaves about each.

use std::time::Duration;

/// Somebody whom the sandbox knows by a face_sid.
#[derive(Clone, Debug)]
pub struct Person {
    /// The face_sid that the terminal hands over.
    pub face_sid: String,
    /// The real name.
    pub name: String,
    /// The document's number.
    pub credential_id: String,
    /// `credential_type`
    pub credential_type: i64,
    /// `union_id`
    pub union_id: String,
    /// How the name is encrypted.
    pub padding: Padding,
    /// How it is encoded.
    pub charset: Charset,
    /// What WeChat does.
    pub behaviour: Behaviour,
}

/// RSA padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// RSAES-PKCS1-v1_5
    Pkcs1,
    /// RSAES-OAEP with SHA-1
    Oaep,
}

/// Charset of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8
    Utf8,
    /// GB18030
    Gbk,
}

/// What WeChat does about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// 200 with the name, as WeChat answers for somebody it knows.
    Normal,
    /// 403: the sub-merchant lacks the permission.
    NoPermission,
    /// Answers with another key's signature.
    Forged,
    /// Answers with a wrong signature once, as WeChat announces that it does.
    ProbeOnce,
    /// Answers without real_name_info.
    NoRealName,
    /// 400: the face_sid has expired.
    Expired,
    /// This status once, then answers.
    StatusOnce(u16),
    /// Answers after this.
    Slow(Duration),
    /// Changes one byte of the signed body.
    Altered,
    /// Answers with a signature that is an hour old.
    Stale,
    /// Signs in the name of a key that nobody has told the kiosk of, as after a rotation.
    OtherKey,
    /// Signs in the name of a platform certificate, where the kiosk asked for the public key.
    Certificate,
}

impl Person {
    /// Somebody with an identity card, PKCS#1 and UTF-8, about whom WeChat answers.
    pub fn new(face_sid: &str, name: &str) -> Self {
        Self {
            face_sid: face_sid.to_owned(),
            name: name.to_owned(),
            credential_id: identity_card(face_sid),
            credential_type: 1,
            union_id: format!("oUnion-{face_sid}"),
            padding: Padding::Pkcs1,
            charset: Charset::Utf8,
            behaviour: Behaviour::Normal,
        }
    }

    /// The same with another padding.
    pub fn padded(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// The same with another charset.
    pub fn encoded(self, charset: Charset) -> Self {
        Self { charset, ..self }
    }

    /// The same with another behaviour of WeChat.
    pub fn about(self, behaviour: Behaviour) -> Self {
        Self { behaviour, ..self }
    }

    /// The same person at another visit: another face_sid.
    pub fn again(self, face_sid: &str) -> Self {
        Self { face_sid: face_sid.to_owned(), ..self }
    }
}

/// A well-formed identity card number that belongs to nobody: region 110105, date and serial from `seed` (FNV-1a).
fn identity_card(seed: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let hash = seed
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let part = |shift: u32, size: u64| (hash >> shift) % size;
    let (year, month, day) = (1940 + part(0, 60), 1 + part(12, 12), 1 + part(24, 28));
    let body = format!("110105{year}{month:02}{day:02}{:03}", part(36, 1000));
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[sum as usize % 11]))
}
