//! `POST https://payapp.weixin.qq.com/face/get_wxpayface_authinfo` (APIv2): what the face terminal's SDK
//! needs before it may recognise anybody. Offered here so that the APIv2 key need not lie on the Android box.

mod xml;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Merchant,
    attempt::broken,
    clock::WechatClock,
    error::clock_first,
    insist::{Setback, insist, retry_after},
    lenient,
};

use crate::{
    fault::{Code, Failure},
    files::Anchored,
    http::{Client, Method, Request, Response, Route},
    vault::{ApiV2Key, AuthInfoFields},
    words::{AuthInfoGrant, AuthInfoWanted, Deadline, LaneId, Moment, Private, setting},
};

/// `[authinfo]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AuthInfoSettings {
    /// `https://` and host, without a path.
    #[serde(default = "payapp_url", deserialize_with = "setting::https_base")]
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

impl AuthInfoSettings {
    /// The way to payapp: WeChat Pay's, with authorities of its own.
    pub fn route(&self, wechat: Route) -> Route {
        Route { ca_file: self.ca_file.clone(), connect_to: None, ..wechat }
    }
}

/// The call, and what it brought until it ends.
pub struct AuthInfo {
    settings: AuthInfoSettings,
    merchant: Merchant,
    key: ApiV2Key,
    client: Client,
    clock: Arc<WechatClock>,
    /// One per lane: a terminal's, until it ends.
    kept: Mutex<BTreeMap<LaneId, (String, Private, Moment)>>,
}

/// An answer that is not WeChat's, or not readable.
fn forged() -> Failure {
    Failure::new(Code::N310).told("the answer is not signed with our APIv2 key, or cannot be read")
}

/// WeChat cannot now.
fn busy(status: u16) -> Failure {
    let code = if status == 429 { Code::N323 } else { Code::N324 };
    Failure::new(code).told(format!("status {status}"))
}

/// The largest answer, bytes.
const MAX_BODY: usize = 16 * 1024;

/// A grant this close to its end is not handed out any more.
const MARGIN: Duration = Duration::from_secs(60);

/// The life of a grant that does not tell it.
const UNTOLD: Duration = Duration::from_secs(300);

/// No grant is believed for longer.
const LONGEST: Duration = Duration::from_secs(86_400);

impl AuthInfo {
    /// Everything ready; connects to nothing.
    pub fn new(
        settings: AuthInfoSettings,
        merchant: Merchant,
        key: ApiV2Key,
        client: Client,
        clock: Arc<WechatClock>,
    ) -> Self {
        Self { settings, merchant, key, client, clock, kept: Mutex::default() }
    }

    /// The grant for a terminal's rawdata: the one that is still good, or a fresh one where there is none or the
    /// terminal wants it.
    pub fn grant(&self, lane: LaneId, wanted: &AuthInfoWanted, deadline: Deadline) -> Result<AuthInfoGrant, Failure> {
        let AuthInfoWanted { device_id, rawdata, fresh, .. } = wanted;
        let device_id = device_id.as_str();
        let now = self.clock.now().moment;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&lane).cloned();
        if let Some((_, authinfo, until)) = kept.filter(|(of, _, until)| !*fresh && of == device_id && now < *until) {
            return Ok(AuthInfoGrant { authinfo, expires_in: until.since(now).saturating_add(MARGIN) });
        }
        let granted = self.ask(device_id, rawdata, deadline)?;
        let until = now.after(granted.expires_in.saturating_sub(MARGIN));
        let entry = (device_id.to_owned(), granted.authinfo.clone(), until);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(lane, entry);
        Ok(granted)
    }

    fn ask(&self, device_id: &str, rawdata: &Private, deadline: Deadline) -> Result<AuthInfoGrant, Failure> {
        let (settings, merchant) = (&self.settings, &self.merchant);
        let now = self.clock.wechat_now().to_string();
        let nonce = nonce().ok_or_else(forged)?;
        let mut fields: AuthInfoFields<'_> = BTreeMap::from([
            ("appid", merchant.appid.as_str()),
            ("device_id", device_id),
            ("mch_id", &merchant.mchid),
            ("nonce_str", &nonce),
            ("now", &now),
            ("rawdata", rawdata.reveal()),
            ("sign_type", "HMAC-SHA256"),
            ("store_id", &settings.store_id),
            ("store_name", &settings.store_name),
            ("version", "1"),
        ]);
        fields.extend(merchant.sub_appid.as_deref().map(|appid| ("sub_appid", appid)));
        fields.extend(merchant.sub_mchid.as_deref().map(|mch_id| ("sub_mch_id", mch_id)));
        let sign = self.key.sign_authinfo(&fields).ok_or_else(forged)?;
        fields.insert("sign", &sign);
        let body = Zeroizing::new(xml::write(&fields).into_bytes());
        let url = format!("{}/face/get_wxpayface_authinfo", settings.base_url);
        let request = Request {
            method: Method::Post,
            url: &url,
            headers: &[("Content-Type", "text/xml; charset=utf-8"), ("Accept", "text/xml")],
            body: Some(&body),
            deadline,
            max_body: MAX_BODY,
        };
        let response = insist(self.clock.ours(), deadline, || {
            let response = self.client.send(&request).map_err(broken)?;
            match response.status {
                429 | 500..600 => Err(Setback::Wait(retry_after(&response), busy(response.status))),
                _ => Ok(response),
            }
        })
        .map_err(|failure| clock_first(failure, self.clock.now().wall))?;
        self.read(&response)
    }

    fn read(&self, response: &Response) -> Result<AuthInfoGrant, Failure> {
        let answer = xml::read(&response.body).filter(|_| response.status == 200).ok_or_else(forged)?;
        let text = |name: &str| answer.get(name).map(String::as_str).unwrap_or_default();
        if text("return_code") != "SUCCESS" {
            // A refusal is not signed, and changes nothing that a forger could want.
            let told: String = text("return_msg").chars().filter(|c| !c.is_control()).take(128).collect();
            return Err(Failure::new(Code::N326).told(format!("refused: {told}")));
        }
        let authinfo = text("authinfo");
        if authinfo.is_empty() || !self.key.is_authentic(&answer) {
            return Err(forged());
        }
        let seconds = lenient::whole(text("expires_in").trim()).and_then(|seconds| u64::try_from(seconds).ok());
        let expires_in = seconds.map_or(UNTOLD, Duration::from_secs).clamp(MARGIN, LONGEST);
        Ok(AuthInfoGrant { authinfo: Private::new(authinfo.to_owned()), expires_in })
    }
}

/// 32 random hex digits.
fn payapp_url() -> String {
    "https://payapp.weixin.qq.com".to_owned()
}

fn nonce() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().fold(String::with_capacity(32), |hex, byte| format!("{hex}{byte:02X}")))
}
