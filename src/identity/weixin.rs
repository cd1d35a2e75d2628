//! The real-name calls of `api.weixin.qq.com`: a person proves who they are in the mini-program instead
//! of in front of a camera.
//!
//! HTTP is always 200 and the truth stands in `errcode`. No signature protects these answers: TLS does, and the name is
//! judged as every other. The access token rides in the address, so no address is ever repeated in an error.

mod categories;
mod errcode;
mod realname_auth;
mod realname_check;
mod token;

use std::{sync::Arc, thread, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

pub use self::{
    categories::Category,
    errcode::WeixinError,
    realname_check::{Claim, Verdict},
    token::TokenSource,
};
use self::{errcode::Kind, token::Tokens};
use crate::{
    fault::Code,
    http::{Client, Method, Request},
    vault::Vault,
    words::{Clock, Deadline},
};

/// How weixin is asked.
pub struct Settings {
    /// `https://api.weixin.qq.com`
    pub base_url: String,
    /// The mini-program's appid.
    pub appid: String,
    /// `mch_id` of getrealnameinfo.
    pub mch_id: Option<String>,
    /// `cert_serialno` of getrealnameinfo.
    pub cert_serialno: Option<String>,
    /// Where access tokens come from.
    pub token: TokenSource,
}

/// The calls. Shared by whoever asks.
pub struct Weixin {
    settings: Settings,
    vault: Option<Arc<Vault>>,
    client: Client,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
}

/// The largest answer, bytes.
const MAX_BODY: usize = 256 * 1024;

/// How long a busy system is left alone before the one retry.
const BUSY: Duration = Duration::from_millis(500);

/// What every answer begins with; no `errcode` means none.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

impl Weixin {
    /// Everything ready; connects to nothing. `vault` carries the key of getrealnameinfo: it signs and opens.
    pub fn new(settings: Settings, vault: Option<Arc<Vault>>, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { settings, vault, client, clock, tokens: Tokens::default() }
    }

    /// One call, with one renewed token and one retry for a busy system at most.
    fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<T, WeixinError> {
        let (mut renewed, mut waited) = (false, false);
        let mut token = self.tokens.current(self, deadline)?;
        loop {
            let url = Zeroizing::new(format!("{}{path}?access_token={}", self.settings.base_url, &*token));
            let answer = self.send(method, &url, &[], body, deadline)?;
            match read(&answer) {
                Err(error) if error.kind() == Kind::StaleToken && !renewed => {
                    renewed = true;
                    token = self.tokens.renewed(self, &token, deadline)?;
                }
                Err(error) if error.kind() == Kind::Busy && !waited => {
                    waited = true;
                    thread::sleep(BUSY.min(deadline.left(self.clock.now().moment)));
                }
                result => return result,
            }
        }
    }

    /// Sends one request; the body of a 200 comes back.
    fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<Zeroizing<Vec<u8>>, WeixinError> {
        let mut all = vec![("Accept", "application/json")];
        if method == Method::Post {
            all.push(("Content-Type", "application/json; charset=utf-8"));
        }
        all.extend_from_slice(headers);
        let request = Request { method, url, headers: &all, body, deadline, max_body: MAX_BODY };
        let response = self.client.send(&request)?;
        match response.status {
            200 => Ok(Zeroizing::new(response.body)),
            _ => Err(WeixinError::new(Code::W109)),
        }
    }
}

/// Reads an answer whose errcode is 0.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, WeixinError> {
    let unreadable = |_| WeixinError::new(Code::W109);
    let head: Head = serde_json::from_slice(body).map_err(unreadable)?;
    if head.errcode != 0 {
        return Err(WeixinError::of(head.errcode, &head.errmsg));
    }
    serde_json::from_slice(body).map_err(unreadable)
}
