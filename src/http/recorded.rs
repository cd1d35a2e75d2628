//! What a recording is told of an exchange: the server, and sizes, status and shape of the answer. An address holds a face_sid.

use std::time::Duration;

use super::{HttpError, Method, Request, Response, target::Server};
use crate::capture;

pub(super) fn exchange(request: &Request<'_>, took: Duration, answer: &Result<Response, HttpError>) {
    let server = Server::of(request.url);
    let host = server.as_ref().map_or("?", |server| server.host.as_str());
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Delete => "DELETE",
        #[cfg(feature = "fhir")]
        Method::Patch => "PATCH",
    };
    let answer = match answer {
        Ok(response) => Ok((response.status, response.body.as_slice())),
        Err(error) => Err(error.to_string()),
    };
    capture::exchanged(host, method, request.body.map_or(0, <[u8]>::len), took, answer);
}
