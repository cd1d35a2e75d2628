//! `[wechatpay]`: how WeChat Pay is asked.

use std::{net::SocketAddr, time::Duration};

use serde::Deserialize;

use super::values::{self, LOOKUPS};
use crate::{
    files::Anchored,
    http::{ProxyAddress, Route},
    words::{InfoType, setting},
};

/// WeChat Pay's two domains (wechatpay-go `core/consts`; partner documentation 4013735179).
const MAIN_DOMAIN: &str = "https://api.mch.weixin.qq.com";
const BACKUP_DOMAIN: &str = "https://api2.mch.weixin.qq.com";

/// `[wechatpay]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct WechatPay {
    /// `https://` and host, without a path.
    #[serde(deserialize_with = "setting::https_base")]
    pub base_url: String,
    /// Used at once when the main domain cannot be reached. Default: WeChat's own second domain, for WeChat's own first.
    #[serde(deserialize_with = "setting::some_https_base")]
    pub backup_url: Option<String>,
    /// `PUB_KEY_ID_…` of the console; together with `public-key`.
    pub public_key_id: Option<String>,
    /// WeChat Pay's public key, PEM.
    pub public_key: Option<Anchored>,
    /// Certificates to trust instead of the system's, PEM.
    pub ca_file: Option<Anchored>,
    /// What stands between us and WeChat.
    pub proxy: Option<ProxyAddress>,
    /// Connect to this address whatever the name says; the name is still verified.
    pub connect_to: Option<SocketAddr>,
    /// RSA padding of names.
    pub padding: PaddingChoice,
    /// Charset of names.
    pub charset: CharsetChoice,
    /// What is asked for on hospital lanes that do not say so themselves. Default: the real name.
    pub info_type: Option<InfoType>,
    /// Where WeChat refuses the real name for want of permission, the `union_id` is asked for instead.
    pub fallback_to_union_id: bool,
    /// How long a person waits for an outcome, 1000–60000.
    #[serde(rename = "patience-ms", deserialize_with = "setting::patience")]
    pub patience: Duration,
    /// Lookups at once, 1–16; without it as many as there are lanes.
    #[serde(deserialize_with = "values::concurrency")]
    pub concurrency: Option<usize>,
}

/// `wechatpay.padding`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaddingChoice {
    /// Whichever works; the one that worked last is tried first.
    #[default]
    Auto,
    /// RSAES-PKCS1-v1_5
    Pkcs1v15,
    /// RSAES-OAEP with SHA-1
    OaepSha1,
}

/// `wechatpay.charset`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CharsetChoice {
    /// The one that earlier answers prove, else the one whose reading is clearly a name; K405 where neither is.
    #[default]
    Auto,
    /// UTF-8 only.
    Utf8,
    /// GBK and its four-byte extension GB18030 only.
    Gbk,
}

impl Default for WechatPay {
    fn default() -> Self {
        Self {
            base_url: MAIN_DOMAIN.to_owned(),
            backup_url: None,
            public_key_id: None,
            public_key: None,
            ca_file: None,
            proxy: None,
            connect_to: None,
            padding: PaddingChoice::Auto,
            charset: CharsetChoice::Auto,
            info_type: None,
            fallback_to_union_id: false,
            patience: Duration::from_secs(8),
            concurrency: None,
        }
    }
}

impl WechatPay {
    /// WeChat's own second domain stands behind its first where no other is named.
    pub(crate) fn fits_together(&mut self) -> Result<(), &'static str> {
        if self.public_key.is_some() != self.public_key_id.is_some() {
            return Err("wechatpay.public-key and public-key-id go together");
        }
        if self.base_url == MAIN_DOMAIN {
            self.backup_url.get_or_insert_with(|| BACKUP_DOMAIN.to_owned());
        }
        Ok(())
    }

    /// How many lookups at once for so many lanes: what is set, else one for each; two at least, so that a person who
    /// has gone keeps nobody waiting.
    pub fn lookups(&self, lanes: usize) -> usize {
        self.concurrency.unwrap_or_else(|| lanes.clamp(2, *LOOKUPS.end()))
    }

    /// The way to WeChat Pay for so many lanes.
    pub fn route(&self, lanes: usize) -> Route {
        let Self { ca_file, proxy, connect_to, .. } = self;
        Route {
            ca_file: ca_file.clone(),
            proxy: proxy.clone(),
            connect_to: *connect_to,
            max_idle: self.lookups(lanes),
            ..Route::default()
        }
    }
}
