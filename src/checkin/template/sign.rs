//! Signatures over a request's parameters, sorted by name: `a=1&b=2` and what the hospital hangs behind them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    text::{Form, Text, Values, Wanted},
    values::Named,
};
use crate::checkin::charset::Charset;

/// How requests are signed: `[sign]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Signer {
    kind: Kind,
    /// The parameter or member that holds the signature.
    into: Option<String>,
    /// The header that does.
    header: Option<String>,
    /// What follows the last parameter: `&key=${secret.key}`.
    #[serde(default, deserialize_with = "line")]
    tail: Text,
    /// The key of an HMAC.
    #[serde(default, deserialize_with = "line")]
    key: Text,
    #[serde(rename = "as", default)]
    spelling: Spelling,
    /// Parameters without a value are not signed.
    #[serde(default)]
    skip_empty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Md5,
    HmacSha256,
    RsaSha256,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum Spelling {
    #[default]
    #[serde(rename = "hex")]
    Hex,
    #[serde(rename = "HEX")]
    UpperHex,
    #[serde(rename = "base64")]
    Base64,
}

/// Signs bytes with the site's RSA key: RSASSA-PKCS1-v1_5 with SHA-256.
pub type RsaKey = Box<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// A template's signer, and the key that it cannot have itself.
#[derive(Clone, Copy)]
pub(super) struct Signing<'a> {
    pub(super) signer: Option<&'a Signer>,
    pub(super) rsa: Option<&'a RsaKey>,
}

type Headers = Vec<(String, Zeroizing<String>)>;

impl Signer {
    /// Adds every value that it asks for.
    pub(super) fn wanted<'a>(&'a self, into: &mut Vec<&'a Wanted>) {
        self.tail.wanted(into);
        self.key.wanted(into);
    }

    /// It needs the site's RSA key.
    pub(super) fn is_rsa(&self) -> bool {
        self.kind == Kind::RsaSha256
    }
}

impl Signing<'_> {
    /// Signs parameters; nothing where that cannot be.
    pub(super) fn pairs(
        &self,
        pairs: &mut Vec<(String, Zeroizing<String>)>,
        values: &dyn Values,
        charset: Charset,
        headers: &mut Headers,
    ) -> Option<()> {
        let Some(signer) = self.signer else { return Some(()) };
        let mut sorted = Named::new();
        for (name, value) in pairs.iter() {
            sorted.insert(name.clone(), value.to_string());
        }
        let signature = self.sign(signer, &sorted, values, charset)?;
        headers.extend(signer.header.clone().map(|header| (header, Zeroizing::new(signature.clone()))));
        pairs.extend(signer.into.clone().map(|into| (into, Zeroizing::new(signature))));
        Some(())
    }

    /// Signs the members of a JSON object that are no lists or objects themselves.
    pub(super) fn json(
        &self,
        text: Zeroizing<String>,
        values: &dyn Values,
        charset: Charset,
        headers: &mut Headers,
    ) -> Option<Zeroizing<String>> {
        let Some(signer) = self.signer else { return Some(text) };
        let mut written: Value = serde_json::from_str(&text).ok()?;
        let members = written.as_object_mut()?;
        let mut sorted = Named::new();
        for (name, value) in members.iter() {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => continue,
            };
            sorted.insert(name.clone(), value);
        }
        let signature = self.sign(signer, &sorted, values, charset)?;
        headers.extend(signer.header.clone().map(|header| (header, Zeroizing::new(signature.clone()))));
        let Some(into) = &signer.into else { return Some(text) };
        members.insert(into.clone(), Value::String(signature));
        Some(Zeroizing::new(written.to_string()))
    }

    fn sign(&self, signer: &Signer, sorted: &Named, values: &dyn Values, charset: Charset) -> Option<String> {
        let mut text = Zeroizing::new(String::with_capacity(2048));
        for (name, value) in sorted.iter().filter(|(_, value)| !(signer.skip_empty && value.is_empty())) {
            let joint = if text.is_empty() { "" } else { "&" };
            for part in [joint, name, "=", value] {
                text.push_str(part);
            }
        }
        text.push_str(&signer.tail.fill(values));
        let bytes = charset.encode(&text)?;
        let signature = match signer.kind {
            Kind::Md5 => Md5::digest(&bytes).to_vec(),
            Kind::HmacSha256 => {
                let key = signer.key.fill(values);
                let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
                mac.update(&bytes);
                mac.finalize().into_bytes().to_vec()
            }
            Kind::RsaSha256 => (self.rsa?)(&bytes)?,
        };
        Some(match signer.spelling {
            Spelling::Base64 => STANDARD.encode(signature),
            Spelling::Hex => signature.iter().map(|byte| format!("{byte:02x}")).collect(),
            Spelling::UpperHex => signature.iter().map(|byte| format!("{byte:02X}")).collect(),
        })
    }
}

fn line<'de, D: Deserializer<'de>>(d: D) -> Result<Text, D::Error> {
    Text::read(&String::deserialize(d)?, Form::Line).map_err(de::Error::custom)
}
