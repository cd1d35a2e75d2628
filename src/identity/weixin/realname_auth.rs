//! `POST /cgi-bin/wxopen/getrealnameinfo` (mini-program server API): the person agreed in the mini-program, with the
//! payment password, and we get name and identity card number, sealed for the key that signed the question.

use serde::{Deserialize, Serialize};

use super::Weixin;
use crate::{
    fault::{Code, Failure},
    http::Method,
    identity::{charset, lenient},
    vault::{Padding, Sealed},
    words::{CredentialType, Deadline, Identity},
};

#[derive(Serialize)]
struct Question<'a> {
    auth_token: &'a str,
    mch_id: &'a str,
    cert_serialno: &'a str,
    /// A number: as a string weixin answers 94008.
    timestamp: i64,
    sign: &'a str,
}

/// Both spellings: the first is the wire's own. One day both may come.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    #[serde(deserialize_with = "lenient::text")]
    encryted_real_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    encrypted_real_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    encryted_credential_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    encrypted_credential_id: Option<String>,
}

impl Weixin {
    /// Who the holder of an `auth_token` is. Good for one question.
    ///
    /// # Errors
    /// C101 where `[weixin]` lacks what this call needs; W105 where the person must agree again; K405 for whatever does
    /// not open to a name and an identity card number.
    pub fn realname_auth(&self, auth_token: &str, deadline: Deadline) -> Result<Identity, Failure> {
        let missing = || Failure::new(Code::C101);
        let vault = self.vault.as_ref().ok_or_else(missing)?;
        let mch_id = self.settings.mch_id.as_deref().ok_or_else(missing)?;
        let cert_serialno = self.settings.cert_serialno.as_deref().ok_or_else(missing)?;
        let timestamp = self.clock.wechat_now();
        let sign = vault.sign_realname_auth(timestamp)?;
        let question = Question { auth_token, mch_id, cert_serialno, timestamp, sign: &sign };
        let body = serde_json::to_vec(&question).map_err(|_| Failure::new(Code::X001))?;
        let answer: Answer = self.call(Method::Post, "/cgi-bin/wxopen/getrealnameinfo", Some(&body), deadline)?;
        let open = |base64: &str| vault.open_sealed(Padding::Pkcs1v15, &Sealed::over_tls_alone(base64));
        let name = answer.encryted_real_name.or(answer.encrypted_real_name).unwrap_or_default();
        let number = answer.encryted_credential_id.or(answer.encrypted_credential_id).unwrap_or_default();
        // Both, whatever becomes of the first: all failures cost and look the same.
        let (name, number) = (open(&name), open(&number));
        let unopened = || Failure::new(Code::K405);
        let reading = name.ok().and_then(|name| self.charsets.read(&name)).ok_or_else(unopened)?;
        let kind = CredentialType::MainlandId;
        let credential = number.ok().and_then(|number| charset::credential(&number, kind)).ok_or_else(unopened)?;
        self.charsets.believe(reading.proves);
        Ok(Identity { real_name: Some(reading.name), credential: Some(credential), ..Identity::default() })
    }
}
