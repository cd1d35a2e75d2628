//! `[weixin]`: the mini-program's real-name calls.

use serde::Deserialize;

use super::{Anchored, Charset};

/// `[weixin]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Weixin {
    /// `https://` and host, without a path.
    #[serde(default = "weixin_url", deserialize_with = "super::values::https_base")]
    pub base_url: String,
    /// Certificates to trust instead of the system's, PEM.
    pub ca_file: Option<Anchored>,
    /// The mini-program's appid.
    #[serde(deserialize_with = "super::values::appid")]
    pub appid: String,
    /// Where access tokens come from.
    pub token: Token,
    /// `central-url`: a file with the bearer token for it.
    pub token_bearer: Option<Anchored>,
    /// getrealnameinfo: the merchant.
    #[serde(default, deserialize_with = "super::values::some_digits")]
    pub mch_id: Option<String>,
    /// getrealnameinfo: serial number of the certificate that belongs to `key`.
    #[serde(default, deserialize_with = "super::values::some_serial")]
    pub cert_serialno: Option<String>,
    /// getrealnameinfo: the key that signs the question and opens the answer.
    pub key: Option<Anchored>,
    /// getrealnameinfo: charset of names.
    #[serde(default)]
    pub charset: Charset,
}

/// `weixin.token`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Token {
    /// A central service's address.
    CentralUrl(String),
    /// A file that another process renews.
    File(Anchored),
    /// A file with the app secret, for `stable_token`.
    StableToken(Anchored),
}

impl Weixin {
    pub(super) fn fits_together(&self) -> Result<(), &'static str> {
        let parts = [self.mch_id.is_some(), self.cert_serialno.is_some(), self.key.is_some()];
        if parts.contains(&true) && parts.contains(&false) {
            return Err("weixin.mch-id, cert-serialno and key go together");
        }
        if matches!(&self.token, Token::CentralUrl(url) if !url.starts_with("https://")) {
            return Err("weixin.token.central-url must be an https:// address");
        }
        Ok(())
    }
}

fn weixin_url() -> String {
    "https://api.weixin.qq.com".to_owned()
}
