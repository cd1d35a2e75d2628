//! The site's system over HTTPS.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    CheckIn, Passage, Request, Undecided,
    reading::{self, Here},
    schema::{Question, Report},
    unanswered_question,
};
use crate::{
    fault::{Code, Cure, Failure, Fault},
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
    /// Members of answers that nobody here knows.
    passed_over: AtomicU64,
    hears_passages: bool,
}

/// The HMAC key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct HttpCheckInError(#[from] FileError);

impl Fault for HttpCheckInError {
    fn code(&self) -> Code {
        if self.0.is_exposed() { Code::K402 } else { Code::K401 }
    }

    fn cure(&self) -> Option<Cure> {
        self.0.cure().filter(|_| !self.0.is_exposed())
    }
}

/// Longer answers are refused, bytes.
const MAX_BODY: usize = 64 * 1024;

/// Whom it is asked about when it is looked for.
const NOBODY: SessionId = SessionId { run: 0, serial: 0 };

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
        Ok(Self {
            url,
            base_path,
            hmac_key,
            utc_offset,
            client,
            clock,
            passed_over: AtomicU64::new(0),
            hears_passages: false,
        })
    }

    /// The site's system wants to know who went through a gate, or not.
    pub(crate) fn with_passages(self, hears_passages: bool) -> Self {
        Self { hears_passages, ..self }
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        idempotency_key: &str,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<Response, HttpError> {
        let word = match method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
            #[cfg(feature = "fhir")]
            Method::Patch => "PATCH",
        };
        let timestamp = self.clock.now().wall.unix_seconds().to_string();
        let signature = self.hmac_key.as_ref().map(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(format!("{word}\n{}{path}\n{timestamp}\n", self.base_path).as_bytes());
            mac.update(body);
            let digest = mac.finalize().into_bytes();
            digest.iter().fold(String::from("sha256="), |hex, byte| format!("{hex}{byte:02x}"))
        });
        let mut headers = vec![
            ("Accept", "application/json"),
            ("Idempotency-Key", idempotency_key),
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

    fn read(&self, response: &Response) -> Option<CheckInAnswer> {
        let here = Here { utc_offset: self.utc_offset, now: self.clock.now().wall };
        let told = reading::read(&response.body, response.header("content-type"), here)?;
        self.passed_over.fetch_add(told.unknown.into(), Ordering::Relaxed);
        Some(told.answer)
    }

    /// A question about a session of before, without the person.
    fn ask_past(&self, method: Method, session: SessionId, deadline: Deadline) -> Result<Response, Failure> {
        let path = format!("/check-ins/{session}");
        self.send(method, &path, &session.to_string(), b"", deadline).map_err(unanswered_question)
    }
}

impl CheckIn for Http {
    fn judges(&self, _: &Identity) -> bool {
        true
    }

    fn passed_over(&self) -> u64 {
        self.passed_over.load(Ordering::Relaxed)
    }

    fn check_in(&self, request: &Request, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        let body = serde_json::to_vec(&Question::of(request, self.utc_offset)).map(Zeroizing::new);
        let body = body.map_err(|_| Undecided::surely(Code::X001))?;
        let sent = self.send(Method::Post, "/check-ins", &request.session.to_string(), &body, deadline);
        let response = sent?;
        match response.status {
            // What cannot be read may have been carried out and only be badly told.
            200..300 => match self.read(&response) {
                Some(CheckInAnswer::Unavailable(_)) => {
                    let told = "the site's system says of itself that it is unavailable";
                    Err(Undecided::surely(Failure::new(Code::H901).told(told)))
                }
                Some(answer) => Ok(answer),
                None => Err(Undecided::perhaps(unreadable(&response))),
            },
            401 | 403 => Err(Undecided::surely(status(Code::H903, &response))),
            // Says of itself that it does not work now.
            429 | 503 => Err(Undecided::surely(status(Code::H901, &response))),
            500..600 => Err(Undecided::perhaps(status(Code::H905, &response))),
            // Whoever says 400, 404 or 409 may be a proxy in front, or may have admitted the person and stumbled after.
            _ => Err(Undecided::perhaps(status(Code::H902, &response))),
        }
    }

    fn annul(&self, session: SessionId, deadline: Deadline) -> Result<(), Failure> {
        let response = self.ask_past(Method::Delete, session, deadline)?;
        match response.status {
            // Gone already, or never there: nothing is left to take back.
            200..300 | 404 | 410 => Ok(()),
            _ => Err(of_status(&response)),
        }
    }

    fn resolve(&self, session: SessionId, deadline: Deadline) -> Result<Resolution, Failure> {
        let response = self.ask_past(Method::Get, session, deadline)?;
        match response.status {
            200..300 => self.read(&response).map(Resolution::Decided).ok_or_else(|| unreadable(&response)),
            404 => Ok(Resolution::NotThere),
            _ => Err(of_status(&response)),
        }
    }

    fn look_for(&self, deadline: Deadline) -> Result<(), Failure> {
        // Any answer says that it is there.
        self.ask_past(Method::Get, NOBODY, deadline).map(|_| ())
    }

    fn hears_passages(&self) -> bool {
        self.hears_passages
    }

    fn passage(&self, passage: &Passage, deadline: Deadline) -> Result<(), Failure> {
        let body = serde_json::to_vec(&Report::of(passage, self.utc_offset)).map_err(|_| Code::X001)?;
        let path = format!("/check-ins/{}/passage", passage.session);
        let sent = self.send(Method::Post, &path, &passage.report, &body, deadline);
        let response = sent.map_err(unanswered_question)?;
        match response.status {
            // It does not know the session any more, and never will.
            200..300 | 410 => Ok(()),
            _ => Err(of_status(&response)),
        }
    }
}

/// What came instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("status {0}")]
struct Status(u16);

/// A status that is no answer to what was asked.
fn status(code: Code, response: &Response) -> Failure {
    Failure::new(code).told(code.summary()).because(Status(response.status))
}

/// The same of a question about the past.
fn of_status(response: &Response) -> Failure {
    let code = match response.status {
        401 | 403 => Code::H903,
        429 | 500..600 => Code::H901,
        _ => Code::H902,
    };
    status(code, response)
}

/// The answer is none of ours. What it says may be about a person: how much it is, and of what kind, is not.
fn unreadable(response: &Response) -> Failure {
    let code = Code::H902;
    let kind = response.header("content-type").unwrap_or_default();
    let kind: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || "/;=-+.".contains(*c)).take(40).collect();
    Failure::new(code).told(format!(
        "{}: status {}, {} bytes of {}",
        code.summary(),
        response.status,
        response.body.len(),
        if kind.is_empty() { "no kind" } else { &kind }
    ))
}
