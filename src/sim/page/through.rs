//! A lane's own page, as the daemon serves it on a socket: whoever asks here is led through to it, as by a web server that
//! stands in front.

use std::{io, path::Path, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    sync::mpsc,
};

use super::{House, events::Events};

/// The longest head of an answer, and of what a browser sends, bytes.
const MOST: usize = 16 * 1024;

/// What has come and the browser has not taken yet.
const UNTAKEN: usize = 4;

/// What is passed on of what a browser says.
const SAID: [header::HeaderName; 4] = [header::HOST, header::ORIGIN, header::CONTENT_TYPE, header::ACCEPT_LANGUAGE];

pub(super) async fn lead(State(house): State<Arc<House>>, request: Request) -> Response {
    let socket =
        house.ground.get().and_then(|(ground, _)| ground.places.iter().find_map(|place| place.page.as_deref()));
    let Some(socket) = socket else { return StatusCode::NOT_FOUND.into_response() };
    // A page that was just being loaded is loaded again, as a browser does by itself where nobody answers.
    let away = || (StatusCode::BAD_GATEWAY, [(header::REFRESH, "1")], "the daemon is away").into_response();
    ask(socket, request).await.unwrap_or_else(|_| away())
}

async fn ask(socket: &Path, request: Request) -> io::Result<Response> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MOST).await.map_err(io::Error::other)?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut asked = format!("{} {target} HTTP/1.1\r\nConnection: close\r\n", parts.method).into_bytes();
    for name in SAID {
        if let Some(value) = parts.headers.get(&name) {
            asked.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
    }
    asked.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
    asked.extend(body);
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(&asked).await?;
    let mut come = Vec::new();
    loop {
        if let Some((mut response, rest)) = head(&come)? {
            let (taken, untaken) = mpsc::channel(UNTAKEN);
            tokio::spawn(pass(stream, rest, taken));
            *response.body_mut() = Body::from_stream(Events(untaken));
            return Ok(response);
        }
        if come.len() > MOST || stream.read_buf(&mut come).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// Status and kind of an answer, and what has come of its body; none while its head is not whole.
fn head(come: &[u8]) -> io::Result<Option<(Response, Bytes)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(come).map_err(io::Error::other)? else { return Ok(None) };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(head.code.unwrap_or(0)).map_err(io::Error::other)?;
    for said in head.headers {
        if let Some(name) = [header::CONTENT_TYPE, header::LOCATION].into_iter().find(|name| said.name == name.as_str())
        {
            response.headers_mut().insert(name, HeaderValue::from_bytes(said.value).map_err(io::Error::other)?);
        }
    }
    Ok(Some((response, Bytes::copy_from_slice(&come[length..]))))
}

/// Passes on what comes until either end has gone.
async fn pass(mut stream: UnixStream, rest: Bytes, taken: mpsc::Sender<Bytes>) {
    let mut next = rest;
    loop {
        if !next.is_empty() && taken.send(next).await.is_err() {
            return;
        }
        let mut buffer = Vec::with_capacity(MOST);
        tokio::select! {
            () = taken.closed() => return,
            read = stream.read_buf(&mut buffer) => match read {
                Ok(1..) => next = buffer.into(),
                _ => return,
            },
        }
    }
}
