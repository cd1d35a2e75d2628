//! Attempts: fresh nonce and timestamp each, the other domain at once, back-off within the deadline.

use std::{
    sync::{Mutex, PoisonError, atomic::Ordering},
    thread,
    time::Duration,
};

use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::{
    FaceLookup, LookupError, answer,
    target::{self, Call},
};
use crate::{
    fault::{Code, Fault as _},
    http::{Method, Request, Response},
    vault::{RequestToSign, Verified},
    words::{Deadline, Moment},
};

/// Which domain is in use.
#[derive(Default)]
pub(super) struct Domains {
    /// The backup domain is used until this moment.
    backup_until: Mutex<Option<Moment>>,
}

/// How an attempt ended that brought no verified answer.
pub(super) enum Setback {
    /// Nothing will change that.
    Final(LookupError),
    /// WeChat's deliberate wrong signature (partner documentation 4013059030): discard, ask once more.
    Probe,
    /// Our clock was wrong; its offset has just been learnt.
    Clock,
    /// The connection broke under the request.
    Broken(LookupError),
    /// WeChat cannot now; perhaps after this.
    Wait(Option<Duration>, LookupError),
}

/// How long the backup domain is kept.
const BACKUP_FOR: Duration = Duration::from_secs(300);

/// The first wait after a 429 or 5xx without `Retry-After`; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(300);

/// The clock is believed within this many seconds of WeChat's (APIv3 rules, signature verification).
pub(super) const WINDOW: i64 = 300;

/// Longer bodies are refused, bytes.
const MAX_BODY: usize = 64 * 1024;

impl FaceLookup {
    /// Asks until there is a verified answer, a final error, or no time.
    pub(super) fn ask(&self, call: Call<'_>, deadline: Deadline) -> Result<(Verified, Option<String>), LookupError> {
        let (mut probes, mut clocks, mut breaks) = (0, 0, 0);
        let mut wait = FIRST_WAIT;
        loop {
            if deadline.left(self.clock.now().moment).is_zero() {
                return Err(LookupError::new(Code::N304));
            }
            let setback = match self.attempt(call, deadline) {
                Ok(answered) => return Ok(answered),
                Err(setback) => setback,
            };
            match setback {
                Setback::Final(error) => return Err(error),
                Setback::Probe if probes == 0 => probes += 1,
                Setback::Probe => return Err(LookupError::new(Code::N310)),
                Setback::Clock if clocks == 0 => clocks += 1,
                Setback::Clock => return Err(LookupError::new(Code::C106)),
                Setback::Broken(_) if breaks == 0 => breaks += 1,
                Setback::Broken(error) => return Err(error),
                Setback::Wait(asked, error) => {
                    let pause = asked.unwrap_or(wait);
                    if pause >= deadline.left(self.clock.now().moment) {
                        return Err(error);
                    }
                    thread::sleep(pause);
                    wait *= 2;
                }
            }
        }
    }

    fn attempt(&self, call: Call<'_>, deadline: Deadline) -> Result<(Verified, Option<String>), Setback> {
        if self.settings.public_key.is_none() && self.certificates.is_empty() {
            self.download_certificates(deadline).map_err(Setback::Final)?;
        }
        let response = self.send(call, deadline)?;
        let request_id = response.header("request-id").map(ToOwned::to_owned);
        if !(200..300).contains(&response.status) {
            return Err(self.classify(&response));
        }
        match answer::verify(self, response, deadline) {
            Ok(verified) => Ok((verified, request_id)),
            Err(Setback::Final(error)) => Err(Setback::Final(error.with_request_id(request_id))),
            Err(setback) => Err(setback),
        }
    }

    /// Signs and sends one request; on a failure to connect, once more to the other domain.
    pub(super) fn send(&self, call: Call<'_>, deadline: Deadline) -> Result<Response, Setback> {
        let on_backup = self.domains.on_backup(self.clock.now().moment);
        let (first, second) = match (&self.settings.backup_url, on_backup) {
            (Some(backup), true) => (backup, Some(&self.settings.base_url)),
            (Some(backup), false) => (&self.settings.base_url, Some(backup)),
            (None, _) => (&self.settings.base_url, None),
        };
        match (self.send_to(first, call, deadline), second) {
            (Err(Setback::Broken(_)), Some(second)) => {
                let result = self.send_to(second, call, deadline);
                if result.is_ok() {
                    self.domains.switch(!on_backup, self.clock.now().moment);
                }
                result
            }
            (result, _) => result,
        }
    }

    fn send_to(&self, base: &str, call: Call<'_>, deadline: Deadline) -> Result<Response, Setback> {
        let fault = |error: LookupError| Setback::Final(error);
        let nonce = target::nonce().ok_or_else(|| fault(LookupError::new(Code::X001)))?;
        let timestamp = self.clock.now().wall.unix_seconds() + self.offset.load(Ordering::Relaxed);
        let Call { method, target, body } = call;
        let word = if method == Method::Get { "GET" } else { "POST" };
        let to_sign = RequestToSign { method: word, path_and_query: target, timestamp, nonce: &nonce, body };
        let authorization = self.vault.sign_request(&to_sign).map_err(|error| fault(error.into()))?;
        let url = zeroize::Zeroizing::new(format!("{base}{target}"));
        let serial = match &self.settings.public_key {
            Some((id, _)) => Some(id.clone()),
            None => self.certificates.newest_serial(self.clock.now().wall),
        };
        let mut headers = vec![("Accept", "application/json"), ("Authorization", authorization.as_str())];
        headers.extend(serial.as_deref().map(|serial| ("Wechatpay-Serial", serial)));
        let body = Some(body).filter(|body| !body.is_empty());
        headers.extend(body.map(|_| ("Content-Type", "application/json")));
        let request = Request { method, url: &url, headers: &headers, body, deadline, max_body: MAX_BODY };
        match self.client.send(&request) {
            Ok(response) => {
                *self.last_contact.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now().moment);
                Ok(response)
            }
            Err(error) if error.before_sending() || error.code() == Code::N301 => Err(Setback::Broken(error.into())),
            Err(error) => Err(fault(error.into())),
        }
    }

    /// Status first, then the code in the body. An error may be unsigned: it classifies, and is never data.
    fn classify(&self, response: &Response) -> Setback {
        let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
        let request_id = response.header("request-id").map(ToOwned::to_owned);
        let error = |code| LookupError::new(code).with_request_id(request_id.clone()).with_word(body.code.clone());
        match response.status {
            401 => match self.learn_offset(response) {
                true => Setback::Clock,
                false => Setback::Final(error(Code::N322)),
            },
            403 => Setback::Final(error(Code::N321)),
            400 if body.is_about_the_merchant() => Setback::Final(error(Code::N321)),
            400 | 404 => Setback::Final(error(Code::N320)),
            429 => Setback::Wait(retry_after(response), error(Code::N323)),
            500..600 => Setback::Wait(retry_after(response), error(Code::N324)),
            _ => Setback::Final(error(Code::N305)),
        }
    }

    /// Believes WeChat's clock when ours is out of the window. TLS has authenticated the header.
    fn learn_offset(&self, response: &Response) -> bool {
        let Some(theirs) = response.header("date").and_then(http_date) else { return false };
        let offset = theirs - self.clock.now().wall.unix_seconds();
        let known = self.offset.load(Ordering::Relaxed);
        if (offset - known).abs() < WINDOW - 10 {
            return false;
        }
        self.offset.store(offset, Ordering::Relaxed);
        true
    }
}

impl Domains {
    fn on_backup(&self, now: Moment) -> bool {
        self.backup_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    fn switch(&self, to_backup: bool, now: Moment) {
        *self.backup_until.lock().unwrap_or_else(PoisonError::into_inner) = to_backup.then(|| now.after(BACKUP_FOR));
    }
}

/// `{"code":"…","message":"…","detail":{"field":"…"}}` (APIv3 documentation 4012354972); any of it may be missing.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    detail: Option<serde_json::Value>,
}

impl ErrorBody {
    /// True when a field of ours is named, not the face: another look would not help.
    fn is_about_the_merchant(&self) -> bool {
        const FIELDS: [&str; 5] = ["appid", "mchid", "serial_no", "info_type", "UnionID"];
        let field = self.detail.as_ref().and_then(|detail| detail.get("field")?.as_str());
        let text = field.or(self.message.as_deref()).unwrap_or("");
        FIELDS.iter().any(|field| text.contains(field))
    }
}

/// `Retry-After` in seconds.
fn retry_after(response: &Response) -> Option<Duration> {
    response.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

/// The seconds since 1970 of an HTTP date, `Tue, 14 Nov 2023 22:13:20 GMT` (RFC 9110 §5.6.7).
pub fn http_date(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc2822).ok().map(OffsetDateTime::unix_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_header_is_read() {
        assert_eq!(http_date("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000));
        assert_eq!(http_date("yesterday"), None);
    }

    #[test]
    fn a_refusal_that_names_a_field_of_ours_is_told_from_a_used_up_face() {
        let about = |json| serde_json::from_str::<ErrorBody>(json).unwrap().is_about_the_merchant();
        assert!(about(r#"{"code":"PARAM_ERROR","detail":{"field":"sub_mchid"}}"#));
        assert!(about(r#"{"code":"INVALID_REQUEST","message":"sub_mchid不合法"}"#));
        assert!(about(r#"{"code":"INVALID_REQUEST","message":"UnionID为空"}"#));
        assert!(!about(r#"{"code":"INVALID_REQUEST","message":"face_sid已失效"}"#));
        assert!(!about(r#"{"code":"PARAM_ERROR","detail":"x"}"#));
    }
}
