//! The real-name calls of `api.weixin.qq.com`: a person proves who they are in the mini-program instead
//! of in front of a camera.
//!
//! HTTP is always 200 and the truth stands in `errcode`. No signature protects these answers: TLS does, and the name is
//! judged as every other. The access token rides in the address, so no address is ever repeated in an error.

mod categories;
mod errcode;
mod mini_program;
mod realname_auth;
mod realname_check;
mod token;
mod told;

use std::sync::Arc;

use serde::{Deserialize, de::DeserializeOwned};
use zeroize::Zeroizing;

pub use self::{
    categories::Category,
    mini_program::MiniProgram,
    realname_check::{Claim, Verdict},
    token::TokenSource,
};
use self::{
    errcode::{Kind, Refusal},
    token::Tokens,
};
use super::{
    attempt::broken,
    charset::Charsets,
    clock::WechatClock,
    error::clock_first,
    insist::{Cause, Setback, insist, retry_after},
    lenient,
};
use crate::{
    fault::{Code, Failure},
    http::{Client, Method, Request},
    vault::Vault,
    words::{Deadline, Moment},
};

/// The calls. Shared by whoever asks.
pub struct Weixin {
    settings: MiniProgram,
    vault: Option<Arc<Vault>>,
    client: Client,
    clock: Arc<WechatClock>,
    tokens: Tokens,
    charsets: Charsets,
}

/// The largest answer, bytes.
const MAX_BODY: usize = 256 * 1024;

/// What every answer begins with; no `errcode` means none.
#[derive(Deserialize)]
struct Head {
    #[serde(default, deserialize_with = "lenient::number")]
    errcode: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    errmsg: Option<String>,
}

impl Weixin {
    /// Everything ready; connects to nothing. `vault` carries the key of getrealnameinfo: it signs and opens.
    pub fn new(settings: MiniProgram, vault: Option<Arc<Vault>>, client: Client, clock: Arc<WechatClock>) -> Self {
        let charsets = Charsets::new(settings.charset);
        Self { settings, vault, client, clock, tokens: Tokens::default(), charsets }
    }

    /// Until when the access token in use is believed to be good; none before the first, and where it was refused.
    pub fn token_until(&self) -> Option<Moment> {
        self.tokens.until()
    }

    /// One call: a renewed token, another connection and patience with a busy system within it.
    fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<T, Failure> {
        let mut token = self.tokens.current(self, deadline)?;
        insist(self.clock.ours(), deadline, || {
            let url = Zeroizing::new(format!("{}{path}?access_token={}", self.settings.base_url, &*token));
            let answer = self.send(method, &url, &[], body, deadline)?;
            read(&answer, body).map_err(|Refusal { failure, kind }| match kind {
                Kind::StaleToken => match self.tokens.renewed(self, &token, deadline) {
                    Ok(renewed) => {
                        token = renewed;
                        Setback::Mended(Cause::Token, failure)
                    }
                    Err(none) => Setback::Final(none),
                },
                Kind::Busy(asked) => Setback::Wait(asked, failure),
                Kind::Final => Setback::Final(failure),
            })
        })
        .map_err(|failure| clock_first(failure, self.clock.now().wall))
    }

    /// Sends one request; the body of a 200 comes back.
    fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<Zeroizing<Vec<u8>>, Setback<Failure>> {
        let mut all = vec![("Accept", "application/json")];
        if method == Method::Post {
            all.push(("Content-Type", "application/json; charset=utf-8"));
        }
        all.extend_from_slice(headers);
        let request = Request { method, url, headers: &all, body, deadline, max_body: MAX_BODY };
        let response = self.client.send(&request).map_err(broken)?;
        if response.status == 200 {
            return Ok(response.body);
        }
        let Refusal { failure, kind } = Refusal::of_status(response.status, retry_after(&response));
        Err(match kind {
            Kind::Busy(asked) => Setback::Wait(asked, failure),
            _ => Setback::Final(failure),
        })
    }
}

/// Reads an answer whose errcode is 0, to a question with this body.
fn read<T: DeserializeOwned>(answer: &[u8], sent: Option<&[u8]>) -> Result<T, Refusal> {
    let unreadable = || Refusal::from(Code::W109);
    let head: Head = lenient::read(answer).ok_or_else(unreadable)?;
    match head.errcode.unwrap_or(0) {
        0 => lenient::read(answer).ok_or_else(unreadable),
        errcode => Err(Refusal::of(errcode, &head.errmsg.unwrap_or_default(), sent.unwrap_or_default())),
    }
}
