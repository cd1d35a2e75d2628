//! `POST /v3/security/echo` (partner documentation 4015139289): proves with WeChat, before the first patient, that our
//! signature is accepted, that its signature is verified, and that what we seal for it is opened there.

use serde::Serialize;

use super::{FaceLookup, target::Call};
use crate::{
    fault::{Code, Failure},
    words::Deadline,
};

/// What the echo proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// A sealed text was sent along, and not refused.
    pub sealed: bool,
}

#[derive(Serialize)]
struct Question<'a> {
    echo_message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_echo_message: Option<String>,
}

/// Says nothing about anybody.
const MESSAGE: &str = "facemchd";

impl FaceLookup {
    /// Asks WeChat to echo a text, open and sealed.
    ///
    /// # Errors
    /// As [`FaceLookup::look_up`]; N322 where our signature is refused, N310 where the answer is not WeChat's.
    pub fn echo(&self, deadline: Deadline) -> Result<Echo, Failure> {
        let sealed = self.settings.public_key.as_ref().and_then(|(_, key)| key.seal(MESSAGE.as_bytes()));
        let question = Question { echo_message: MESSAGE, encrypted_echo_message: sealed };
        let sealed = question.encrypted_echo_message.is_some();
        let body = serde_json::to_vec(&question).map_err(|_| Failure::new(Code::X001))?;
        self.ask(Call::post("/v3/security/echo", &body), deadline)?;
        Ok(Echo { sealed })
    }
}
