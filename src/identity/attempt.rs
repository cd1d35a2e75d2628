//! Attempts: fresh nonce and timestamp each, the other domain at once, and what an answer that brings nothing means.

use std::sync::PoisonError;

use super::{
    FaceLookup, answer,
    domains::Attempted,
    error::{clock_first, refused, unanswered},
    insist::{Cause, Setback, insist, retry_after},
    refusal::ErrorBody,
    target::{self, Call},
};
use crate::{
    fault::{Code, Failure},
    http::{HttpError, Method, Request, Response},
    vault::{RequestToSign, Verified},
    words::Deadline,
};

/// Longer bodies are refused, bytes.
const MAX_BODY: usize = 64 * 1024;

impl FaceLookup {
    /// Asks until there is a verified answer, a final error, or no time.
    pub(super) fn ask(&self, call: Call<'_>, deadline: Deadline) -> Result<(Verified, Option<String>), Failure> {
        self.have_certificates(deadline)?;
        self.ask_for(call, deadline, |response, offset| {
            let request_id = response.header("request-id").map(ToOwned::to_owned);
            match answer::verify(self, response, offset, deadline) {
                Ok(verified) => Ok((verified, request_id)),
                Err(Setback::Final(error)) => Err(Setback::Final(error.with_reference(request_id.as_deref()))),
                Err(setback) => Err(setback),
            }
        })
    }

    /// Asks until `judge` takes a 2xx answer: the one road to WeChat Pay, for people and certificates alike. `judge` is
    /// told the offset of WeChat's clock that the question went out under.
    pub(super) fn ask_for<T>(
        &self,
        call: Call<'_>,
        deadline: Deadline,
        judge: impl Fn(Response, i64) -> Result<T, Setback<Failure>>,
    ) -> Result<T, Failure> {
        if deadline.left(self.clock.now().moment).is_zero() {
            return Err(Failure::new(Code::N304));
        }
        let mut offset = self.clock.offset();
        let answer = insist(self.clock.ours(), deadline, || {
            let response = self.send(call, deadline, offset)?;
            if answer::is_probe(&response) {
                return Err(Setback::Mended(Cause::Probe, Failure::new(Code::N310)));
            }
            if (200..300).contains(&response.status) {
                return judge(response, offset);
            }
            Err(self.classify(&response, &mut offset))
        })
        .map_err(|failure| clock_first(failure, self.clock.now().wall));
        self.note_contact(answer.as_ref().err().map(Failure::code));
        answer
    }

    /// Signs and sends one request; on a failure to connect, once more to the other domain.
    pub(super) fn send(&self, call: Call<'_>, deadline: Deadline, offset: i64) -> Result<Response, Setback<Failure>> {
        let Attempted { first, second } = self.domains.order(&self.settings.wechatpay, self.clock.now().moment);
        let first = self.send_to(first, call, deadline, offset);
        // Whoever has no time left to try the other one knows no more than what the first one said.
        let second = second.filter(|_| !deadline.left(self.clock.now().moment).is_zero());
        match (first, second) {
            (Err(Setback::Mended(Cause::Connection, _)), Some(second)) => {
                let result = self.send_to(second, call, deadline, offset);
                if result.is_ok() {
                    self.domains.switch(self.clock.now().moment);
                }
                result
            }
            (result, _) => result,
        }
    }

    fn send_to(
        &self,
        base: &str,
        call: Call<'_>,
        deadline: Deadline,
        offset: i64,
    ) -> Result<Response, Setback<Failure>> {
        let fault = |error: Failure| Setback::Final(error);
        let nonce = target::nonce().ok_or_else(|| fault(Failure::new(Code::X001)))?;
        let timestamp = self.clock.seconds(offset);
        let Call { method, target, body } = call;
        let word = if method == Method::Get { "GET" } else { "POST" };
        let to_sign = RequestToSign { method: word, path_and_query: target, timestamp, nonce: &nonce, body };
        let authorization = self.vault.sign_request(&to_sign).map_err(|error| fault(error.into()))?;
        let url = zeroize::Zeroizing::new(format!("{base}{target}"));
        let serial = match &self.settings.public_key {
            Some((id, _)) => Some(id.clone()),
            None => self.certificates.newest_serial(self.wechat_time(offset)),
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
            Err(error) => Err(broken(error)),
        }
    }

    /// Status first, then the code in the body. An error may be unsigned: it classifies, and is never data.
    fn classify(&self, response: &Response, offset: &mut i64) -> Setback<Failure> {
        let body = ErrorBody::read(&response.body);
        let error = |code| refused(code, body.code.as_deref()).with_reference(response.header("request-id"));
        match response.status {
            401 => match response.header("date").and_then(|date| self.clock.candidate(date, *offset)) {
                Some(candidate) => {
                    *offset = candidate;
                    Setback::Mended(Cause::Clock, error(Code::C106))
                }
                None => Setback::Final(error(Code::N322)),
            },
            403 => Setback::Final(error(Code::N321)),
            400 if body.is_about_the_merchant() => Setback::Final(error(Code::N321)),
            400 | 404 => Setback::Final(error(Code::N320)),
            429 => Setback::Wait(retry_after(response), error(Code::N323)),
            500..600 => Setback::Wait(retry_after(response), error(Code::N324)),
            _ => Setback::Final(error(Code::N305)),
        }
    }
}

/// A connection that could not be had or that broke is worth another. A proxy that refuses refuses the next time, too:
/// asked again and again with a password, it locks the account.
pub(super) fn broken(error: HttpError) -> Setback<Failure> {
    match error {
        HttpError::Proxy => Setback::Final(unanswered(error)),
        error if error.before_sending() || matches!(error, HttpError::Interrupted) => {
            Setback::Mended(Cause::Connection, unanswered(error))
        }
        error => Setback::Final(unanswered(error)),
    }
}
