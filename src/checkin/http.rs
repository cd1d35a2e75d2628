//! The site's system over HTTPS.

use std::{path::Path, sync::Arc};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{CheckIn, Request, reading, schema::Question};
use crate::{
    fault::{Code, Fault},
    files::{self, FileError},
    http::{Client, HttpError, Method, Response},
    words::{CheckInAnswer, Clock, Deadline, Identity, Resolution, SessionId},
};

/// The adapter.
pub struct Http {
    url: String,
    /// The path within `url`, which the HMAC covers.
    base_path: String,
    hmac_key: Option<Zeroizing<Vec<u8>>>,
    utc_offset: i32,
    client: Client,
    clock: Arc<dyn Clock>,
}

/// The HMAC key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct HttpCheckInError(#[from] FileError);

impl Fault for HttpCheckInError {
    fn code(&self) -> Code {
        if self.0.is_exposed() { Code::K402 } else { Code::K401 }
    }
}

/// Longer answers are refused, bytes.
const MAX_BODY: usize = 64 * 1024;

/// The longest HMAC key, bytes.
const LONGEST_KEY: usize = 4096;

impl Http {
    /// `url` is the site's base address without a trailing slash; `hmac_key` a file whose bytes, less a final line
    /// break, are the key.
    pub fn open(
        url: String,
        hmac_key: Option<&Path>,
        utc_offset: i32,
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HttpCheckInError> {
        let hmac_key = hmac_key.map(|file| files::read_secret_line(file, LONGEST_KEY)).transpose()?;
        let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
        let base_path = after_scheme.find('/').map_or(String::new(), |at| after_scheme[at..].to_owned());
        Ok(Self { url, base_path, hmac_key, utc_offset, client, clock })
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        session: SessionId,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<Response, HttpError> {
        let word = match method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        };
        let timestamp = self.clock.now().wall.unix_seconds().to_string();
        let session = session.to_string();
        let signature = self.hmac_key.as_ref().map(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(format!("{word}\n{}{path}\n{timestamp}\n", self.base_path).as_bytes());
            mac.update(body);
            let digest = mac.finalize().into_bytes();
            digest.iter().fold(String::from("sha256="), |hex, byte| format!("{hex}{byte:02x}"))
        });
        let mut headers = vec![
            ("Accept", "application/json"),
            ("Idempotency-Key", session.as_str()),
            ("X-Facemchd-Timestamp", timestamp.as_str()),
        ];
        if method == Method::Post {
            headers.push(("Content-Type", "application/json"));
        }
        headers.extend(signature.as_deref().map(|signature| ("X-Facemchd-Signature", signature)));
        let url = format!("{}{path}", self.url);
        let body = (method == Method::Post).then_some(body);
        self.client.send(&crate::http::Request {
            method,
            url: &url,
            headers: &headers,
            body,
            deadline,
            max_body: MAX_BODY,
        })
    }
}

impl CheckIn for Http {
    fn judges(&self, _: &Identity) -> bool {
        true
    }

    fn check_in(&self, request: &Request, deadline: Deadline) -> CheckInAnswer {
        let Ok(body) = serde_json::to_vec(&Question::of(request, self.utc_offset)).map(Zeroizing::new) else {
            return CheckInAnswer::Unavailable(Code::X001.into());
        };
        let response = match self.send(Method::Post, "/check-ins", request.session, &body, deadline) {
            Ok(response) => response,
            Err(error) if error.before_sending() => {
                tracing::warn!(session = %request.session, code = %Code::H901, %error, "check-in not sent");
                return CheckInAnswer::Unavailable(Code::H901.into());
            }
            Err(error) => {
                tracing::warn!(session = %request.session, code = %Code::H905, %error, "check-in not answered");
                return CheckInAnswer::Unknown(Code::H905);
            }
        };
        match response.status {
            // What cannot be read may have been carried out and only be badly told.
            200..300 => read(&response).unwrap_or(CheckInAnswer::Unknown(Code::H902)),
            401 | 403 => CheckInAnswer::Unavailable(Code::H903.into()),
            // Says of itself that it does not work now.
            429 | 503 => CheckInAnswer::Unavailable(Code::H901.into()),
            500..600 => CheckInAnswer::Unknown(Code::H905),
            // Whoever says 400, 404 or 409 may be a proxy in front, or may have admitted the person and stumbled after.
            _ => CheckInAnswer::Unknown(Code::H902),
        }
    }

    fn annul(&self, session: SessionId, deadline: Deadline) -> Result<(), Code> {
        let path = format!("/check-ins/{session}");
        let response =
            self.send(Method::Delete, &path, session, b"", deadline).map_err(|error| match error.before_sending() {
                true => Code::H901,
                false => Code::H904,
            })?;
        match response.status {
            // Gone already, or never there: nothing is left to take back.
            200..300 | 404 | 410 => Ok(()),
            401 | 403 => Err(Code::H903),
            429 | 500..600 => Err(Code::H901),
            _ => Err(Code::H902),
        }
    }

    fn resolve(&self, session: SessionId, deadline: Deadline) -> Resolution {
        let path = format!("/check-ins/{session}");
        let response = match self.send(Method::Get, &path, session, b"", deadline) {
            Ok(response) => response,
            Err(error) if error.before_sending() => return Resolution::CannotSay(Code::H901),
            Err(_) => return Resolution::CannotSay(Code::H904),
        };
        match response.status {
            200..300 => read(&response).map_or(Resolution::CannotSay(Code::H902), Resolution::Decided),
            404 => Resolution::NotThere,
            401 | 403 => Resolution::CannotSay(Code::H903),
            429 | 500..600 => Resolution::CannotSay(Code::H901),
            _ => Resolution::CannotSay(Code::H902),
        }
    }
}

fn read(response: &Response) -> Option<CheckInAnswer> {
    reading::read(&response.body, response.header("content-type"))
}
