//! `[merchant]`, or several `[[merchant]]`: who asks WeChat, and with which keys.

use serde::Deserialize;

use super::values;
use crate::{
    vault::{KeyFiles, Signer},
    words::setting,
};

/// `[merchant]`, one of `[[merchant]]`. In direct mode the three `sub-` keys are left out, and none of them is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Merchant {
    /// What lanes and frames call it; needed where there are several.
    #[serde(default, deserialize_with = "setting::some_name")]
    pub name: Option<String>,
    /// Merchant number that signs: the service provider's, or the merchant's own in direct mode.
    #[serde(deserialize_with = "values::digits")]
    pub mchid: String,
    /// Serial number of the certificate that belongs to the sign key, 40 upper-case hex digits.
    #[serde(deserialize_with = "values::serial")]
    pub serial_no: String,
    /// The service provider's (or merchant's) appid.
    #[serde(deserialize_with = "values::appid")]
    pub appid: String,
    /// Sub-merchant number.
    #[serde(default, deserialize_with = "values::some_digits")]
    pub sub_mchid: Option<String>,
    /// Sub-merchant's appid.
    #[serde(default, deserialize_with = "values::some_appid")]
    pub sub_appid: Option<String>,
    /// Serial number of the sub-merchant's certificate: the name is encrypted for it.
    #[serde(default, deserialize_with = "values::some_serial")]
    pub sub_serial_no: Option<String>,
    /// Serial numbers of the terminals that are this merchant's.
    #[serde(default)]
    pub terminals: Vec<String>,
    /// In place of `[keys]`.
    pub keys: Option<KeyFiles>,
}

impl Merchant {
    /// Whose signature it is.
    pub fn signer(&self) -> Signer {
        let (mchid, serial_no) = (self.mchid.clone(), self.serial_no.clone());
        Signer { mchid, serial_no, sub_serial_no: self.sub_serial_no.clone() }
    }

    /// `real_name`: names are asked for; `public_key`: answers are verified with WeChat's public key.
    fn fits_together(&self, real_name: bool, public_key: bool, shared: &KeyFiles) -> Result<(), &'static str> {
        if self.sub_mchid.is_none() && (self.sub_appid.is_some() || self.sub_serial_no.is_some()) {
            return Err(
                "merchant.sub-appid and sub-serial-no need merchant.sub-mchid; leave all three out in direct mode",
            );
        }
        if self.sub_mchid.is_some() && self.sub_serial_no.is_none() && real_name {
            return Err("merchant.sub-serial-no is required to ask for real names as a service provider");
        }
        if !public_key && self.keys.as_ref().unwrap_or(shared).apiv3.is_none() {
            return Err("set wechatpay.public-key and public-key-id, or keys.apiv3 for certificate mode");
        }
        Ok(())
    }
}

/// Each for itself, and their names and terminals among each other.
pub(crate) fn fit_together(
    merchants: &[Merchant],
    real_name: bool,
    public_key: bool,
    shared: &KeyFiles,
) -> Result<(), &'static str> {
    if merchants.is_empty() {
        return Err("no merchant: write [merchant], or several [[merchant]]");
    }
    for merchant in merchants {
        merchant.fits_together(real_name, public_key, shared)?;
        if merchant.name.is_none() && merchants.len() > 1 {
            return Err("where there are several [[merchant]], each needs a name");
        }
    }
    if has_twice(merchants.iter().filter_map(|merchant| merchant.name.as_deref()).collect()) {
        return Err("two merchants have the same name");
    }
    if has_twice(merchants.iter().flat_map(|merchant| &merchant.terminals).map(String::as_str).collect()) {
        return Err("a terminal belongs to two merchants");
    }
    Ok(())
}

fn has_twice(mut words: Vec<&str>) -> bool {
    words.sort_unstable();
    words.windows(2).any(|pair| pair[0] == pair[1])
}
