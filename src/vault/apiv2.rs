//! The APIv2 key: signs the one request that still needs it, `get_wxpayface_authinfo` (APIv2, signature algorithm).

use std::{collections::BTreeMap, path::Path};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{MOST, VaultError};
use crate::files;

/// The key of a merchant's older interfaces: 32 ASCII characters.
pub struct ApiV2Key(Zeroizing<String>);

/// What the terminal's rawdata is sent with; empty ones are left out of the signature.
pub(crate) type AuthInfoFields<'a> = BTreeMap<&'static str, &'a str>;

/// The fields of the request: nothing else is ever signed with this key. Answers are compared, over whatever came.
const ALLOWED: [&str; 13] = [
    "appid",
    "attach",
    "device_id",
    "mch_id",
    "nonce_str",
    "now",
    "rawdata",
    "sign_type",
    "store_id",
    "store_name",
    "sub_appid",
    "sub_mch_id",
    "version",
];

impl ApiV2Key {
    /// Reads the key; only its owner may.
    pub fn read(file: &Path) -> Result<Self, VaultError> {
        let read = files::read_secret_line(file, MOST)?;
        let text = std::str::from_utf8(&read).unwrap_or("");
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(VaultError::NotAnApiKey { file: file.to_owned() });
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// HMAC-SHA256 in upper-case hex over the sorted fields and the key; nothing where a field is not one of
    /// `get_wxpayface_authinfo`'s.
    pub(crate) fn sign_authinfo(&self, fields: &AuthInfoFields<'_>) -> Option<String> {
        let ours = fields.keys().all(|name| ALLOWED.contains(name));
        ours.then(|| self.sign(fields.iter().map(|(name, value)| (*name, *value))))
    }

    /// True where an answer's `sign` is that of its other fields.
    pub(crate) fn is_authentic(&self, fields: &BTreeMap<String, String>) -> bool {
        let others = fields.iter().filter(|(name, _)| *name != "sign");
        let wanted = self.sign(others.map(|(name, value)| (name.as_str(), value.as_str())));
        fields.get("sign").is_some_and(|claimed| {
            wanted.len() == claimed.len()
                && wanted.bytes().zip(claimed.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
        })
    }

    fn sign<'a>(&self, fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
        let mut text = Zeroizing::new(String::new());
        for (name, value) in fields.filter(|(_, value)| !value.is_empty()) {
            text.push_str(name);
            text.push('=');
            text.push_str(value);
            text.push('&');
        }
        text.push_str("key=");
        text.push_str(&self.0);
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().fold(String::with_capacity(64), |hex, byte| format!("{hex}{byte:02X}"))
    }
}
