//! `[wechatpay]`: how WeChat Pay is asked.

use std::{fmt, net::SocketAddr, time::Duration};

use serde::Deserialize;

use super::Anchored;
use crate::words::InfoType;

/// WeChat Pay's two domains (wechatpay-go `core/consts`; partner documentation 4013735179).
pub(super) const MAIN_DOMAIN: &str = "https://api.mch.weixin.qq.com";
pub(super) const BACKUP_DOMAIN: &str = "https://api2.mch.weixin.qq.com";

/// `[wechatpay]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct WechatPay {
    /// `https://` and host, without a path.
    #[serde(deserialize_with = "super::values::https_base")]
    pub base_url: String,
    /// Used at once when the main domain cannot be reached. Default: WeChat's own second domain, for WeChat's own first.
    #[serde(deserialize_with = "super::values::some_https_base")]
    pub backup_url: Option<String>,
    /// `PUB_KEY_ID_…` of the console; together with `public-key`.
    pub public_key_id: Option<String>,
    /// WeChat Pay's public key, PEM.
    pub public_key: Option<Anchored>,
    /// Certificates to trust instead of the system's, PEM.
    pub ca_file: Option<Anchored>,
    /// `http://[user:password@]host:port` (CONNECT) or `socks5h://host:port`; the proxy resolves names.
    pub proxy: Option<Proxy>,
    /// Connect to this address whatever the name says; the name is still verified.
    pub connect_to: Option<SocketAddr>,
    /// RSA padding of names.
    pub padding: Padding,
    /// Charset of names.
    pub charset: Charset,
    /// What is asked for on hospital lanes that do not say so themselves. Default: the real name.
    pub info_type: Option<InfoType>,
    /// Where WeChat refuses the real name for want of permission, the `union_id` is asked for instead.
    pub fallback_to_union_id: bool,
    /// How long a person waits for an outcome, 1000–60000.
    #[serde(rename = "patience-ms", deserialize_with = "super::values::patience")]
    pub patience: Duration,
    /// Lookups at once, 1–16; without it as many as there are lanes.
    #[serde(deserialize_with = "super::values::concurrency")]
    pub concurrency: Option<usize>,
}

/// A proxy address; its password stays out of `Debug`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Proxy(pub String);

/// `wechatpay.padding`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
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
pub enum Charset {
    /// UTF-8 where the reading is a plausible name, else GB18030.
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
            padding: Padding::Auto,
            charset: Charset::Auto,
            info_type: None,
            fallback_to_union_id: false,
            patience: Duration::from_secs(8),
            concurrency: None,
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
