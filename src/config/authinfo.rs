//! `[authinfo]`: what the face terminal's SDK asks for, offered by the daemon so that the APIv2 key need not lie on the
//! terminal.

use serde::Deserialize;

use super::Anchored;

/// `[authinfo]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AuthInfo {
    /// `https://` and host, without a path.
    #[serde(default = "payapp_url", deserialize_with = "super::values::https_base")]
    pub base_url: String,
    /// Certificates to trust instead of the system's, PEM.
    pub ca_file: Option<Anchored>,
    /// File with the 32 characters of the APIv2 key.
    pub key: Anchored,
    /// `store_id`, at most 32 characters.
    #[serde(deserialize_with = "super::values::store_id")]
    pub store_id: String,
    /// `store_name`, at most 128 bytes.
    #[serde(deserialize_with = "super::values::store_name")]
    pub store_name: String,
}

fn payapp_url() -> String {
    "https://payapp.weixin.qq.com".to_owned()
}
