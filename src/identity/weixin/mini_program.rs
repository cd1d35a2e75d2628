//! `[weixin]`: the mini-program in whose name weixin is asked.

use serde::Deserialize;

use super::{
    super::{CharsetChoice, values},
    TokenSource, token,
};
use crate::{
    fault::Failure,
    files::Anchored,
    http::Route,
    vault::{EngineKind, KeyFiles, Signer},
    words::setting,
};

/// `[weixin]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MiniProgram {
    /// `https://` and host, without a path.
    #[serde(default = "weixin_url", deserialize_with = "setting::https_base")]
    pub base_url: String,
    /// Certificates to trust instead of the system's, PEM.
    pub ca_file: Option<Anchored>,
    /// The mini-program's appid.
    #[serde(deserialize_with = "values::appid")]
    pub appid: String,
    /// Where access tokens come from.
    pub token: TokenSource,
    /// `central-url`: a file with the bearer token for it.
    pub token_bearer: Option<Anchored>,
    /// getrealnameinfo: the merchant.
    #[serde(default, deserialize_with = "values::some_digits")]
    pub mch_id: Option<String>,
    /// getrealnameinfo: serial number of the certificate that belongs to `key`.
    #[serde(default, deserialize_with = "values::some_serial")]
    pub cert_serialno: Option<String>,
    /// getrealnameinfo: the key that signs the question and opens the answer.
    pub key: Option<Anchored>,
    /// getrealnameinfo: charset of names.
    #[serde(default)]
    pub charset: CharsetChoice,
}

impl MiniProgram {
    /// Whether the file that tokens begin with is usable. A token that another process is yet to write is none of ours.
    pub fn look(&self) -> Result<(), Failure> {
        token::look(self)
    }

    /// The way to weixin: WeChat Pay's, with authorities of its own.
    pub fn route(&self, wechat: Route) -> Route {
        Route { ca_file: self.ca_file.clone(), connect_to: None, ..wechat }
    }

    /// The keys of getrealnameinfo, where it is set up.
    pub fn keys(&self, engine: EngineKind) -> Option<(Signer, KeyFiles)> {
        let (mchid, serial_no) = (self.mch_id.clone()?, self.cert_serialno.clone()?);
        let files = KeyFiles { sign: self.key.clone()?, engine, ..KeyFiles::default() };
        Some((Signer { mchid, serial_no, sub_serial_no: None }, files))
    }

    pub(crate) fn fits_together(&self) -> Result<(), &'static str> {
        let parts = [self.mch_id.is_some(), self.cert_serialno.is_some(), self.key.is_some()];
        if parts.contains(&true) && parts.contains(&false) {
            return Err("weixin.mch-id, cert-serialno and key go together");
        }
        if matches!(&self.token, TokenSource::CentralUrl(url) if !url.starts_with("https://")) {
            return Err("weixin.token.central-url must be an https:// address");
        }
        Ok(())
    }
}

fn weixin_url() -> String {
    "https://api.weixin.qq.com".to_owned()
}
