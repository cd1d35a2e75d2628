//! The hospital's server: requests and their answers. Every search that names a person goes in a body, for addresses stand
//! in logs.

use serde_json::Value;
use zeroize::Zeroizing;

use super::resource::{is_bundle, is_resource};
use crate::{
    checkin::{Undecided, reading, unanswered_question},
    fault::{Code, Failure},
    http::{Client, HttpError, Method, Request, Response},
    words::Deadline,
};

/// The server.
pub(super) struct Server {
    pub(super) url: String,
    pub(super) token: Option<Zeroizing<String>>,
    pub(super) client: Client,
}

/// What came of a request that changes something.
pub(super) enum Changed {
    /// It was done; the resource as it is now, where the server says.
    Done(Value),
    /// It was not: the resource is another by now.
    Conflict,
}

/// Longer answers are refused, bytes.
const MAX_BODY: usize = 1024 * 1024;

const JSON: &str = "application/fhir+json";

impl Server {
    /// Searches; asks once more where a connection broke.
    pub(super) fn search(&self, kind: &str, query: &[(&str, &str)], deadline: Deadline) -> Result<Value, Failure> {
        let mut body = Zeroizing::new(String::with_capacity(256));
        for (name, value) in query {
            if !body.is_empty() {
                body.push('&');
            }
            body.push_str(name);
            body.push('=');
            encode(value, &mut body);
        }
        let path = format!("/{kind}/_search");
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let ask = || self.send(Method::Post, &path, &headers, Some(body.as_bytes()), deadline);
        let response = match ask() {
            Err(HttpError::Interrupted) => ask(),
            asked => asked,
        };
        let response = response.map_err(unanswered_question)?;
        match response.status {
            200..300 => read(&response).filter(is_bundle).ok_or_else(|| of(Code::H902, &response)),
            401 | 403 => Err(of(Code::H903, &response)),
            429 | 503 => Err(of(Code::H901, &response)),
            500..600 => Err(of(Code::H904, &response)),
            _ => Err(of(Code::H902, &response)),
        }
    }

    /// Changes a resource as it was read, once: `version` is its own.
    pub(super) fn patch(
        &self,
        path: &str,
        patch: &Value,
        version: Option<&str>,
        deadline: Deadline,
    ) -> Result<Changed, Undecided> {
        let mut headers = vec![("Content-Type", "application/json-patch+json"), ("Prefer", "return=representation")];
        headers.extend(version.map(|version| ("If-Match", version)));
        self.change(Method::Patch, path, &headers, patch, deadline)
    }

    /// Makes a resource, unless there is one that this search finds.
    pub(super) fn create(
        &self,
        kind: &str,
        resource: &Value,
        unless: &str,
        deadline: Deadline,
    ) -> Result<Changed, Undecided> {
        let headers = [("Content-Type", JSON), ("Prefer", "return=representation"), ("If-None-Exist", unless)];
        self.change(Method::Post, &format!("/{kind}"), &headers, resource, deadline)
    }

    fn change(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
        deadline: Deadline,
    ) -> Result<Changed, Undecided> {
        let body = Zeroizing::new(body.to_string());
        let response = self.send(method, path, headers, Some(body.as_bytes()), deadline)?;
        match response.status {
            // Whatever else answers so may be a page to log in at.
            200..300 if !response.body.is_empty() => match read(&response) {
                Some(resource) => Ok(Changed::Done(resource)),
                None => Err(Undecided::perhaps(of(Code::H902, &response))),
            },
            200..300 => Ok(Changed::Done(Value::Null)),
            // A condition that is not met, which servers say in as many ways; whoever asks reads again.
            400 | 404 | 409 | 410 | 412 | 422 => Ok(Changed::Conflict),
            401 | 403 => Err(Undecided::surely(of(Code::H903, &response))),
            429 => Err(Undecided::surely(of(Code::H901, &response))),
            // A gateway says so of its own, whatever the server behind it has done.
            500..600 => Err(Undecided::perhaps(of(Code::H905, &response))),
            _ => Err(Undecided::perhaps(of(Code::H902, &response))),
        }
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<Response, HttpError> {
        let url = format!("{}{path}", self.url);
        let bearer = self.token.as_ref().map(|token| Zeroizing::new(format!("Bearer {}", **token)));
        let mut all = vec![("Accept", JSON)];
        all.extend(bearer.as_ref().map(|bearer| ("Authorization", bearer.as_str())));
        all.extend_from_slice(headers);
        self.client.send(&Request { method, url: &url, headers: &all, body, deadline, max_body: MAX_BODY })
    }
}

fn read(response: &Response) -> Option<Value> {
    let text = Zeroizing::new(reading::decode(&response.body, response.header("content-type")));
    serde_json::from_str(&text).ok().filter(is_resource)
}

/// What came in place of an answer, without its words: they may be about a person.
fn of(code: Code, response: &Response) -> Failure {
    Failure::new(code).told(format!("{}: status {}, {} bytes", code.summary(), response.status, response.body.len()))
}

/// `application/x-www-form-urlencoded` (WHATWG URL, 5.2), and of a search's own `\`, `,`, `|` and `$` nothing: the caller
/// writes those.
fn encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            byte => {
                use std::fmt::Write as _;
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

/// A value within a search (R4 search, 3.1.1.5.7): what separates there is escaped.
pub(super) fn token(system: &str, value: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(128));
    for (at, part) in [system, value].into_iter().enumerate() {
        if at > 0 {
            text.push('|');
        }
        for c in part.chars() {
            if matches!(c, '\\' | ',' | '|' | '$') {
                text.push('\\');
            }
            text.push(c);
        }
    }
    text
}

/// The same as a header's: percent-encoded, for it is part of an address.
pub(super) fn unless(system: &str, value: &str) -> String {
    let mut text = String::from("identifier=");
    encode(&token(system, value), &mut text);
    text
}
