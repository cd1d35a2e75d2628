//! What a request is answered, as bytes.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

/// Whoever takes longer to read what is written does not read.
const STALL: Duration = Duration::from_secs(5);

/// An answer with its body.
pub(super) struct Answer {
    pub(super) status: &'static str,
    /// Its content type; none where there is no body.
    pub(super) kind: &'static str,
    /// A header more, with its end.
    pub(super) header: String,
    pub(super) body: Vec<u8>,
}

pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const CSS: &str = "text/css; charset=utf-8";
pub(super) const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What is said with everything: nothing is kept, nothing comes from elsewhere, nobody else puts a page of ours into his.
const EVERYWHERE: &str = "cache-control: no-store\r\nx-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n\
    cross-origin-resource-policy: same-origin\r\nx-frame-options: DENY\r\n\
    content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    media-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'\r\n";

impl Answer {
    pub(super) fn of(kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: "200 OK", kind, header: String::new(), body: body.into() }
    }

    /// In a few words, for whoever tries by hand.
    pub(super) fn word(status: &'static str, word: &str) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", header: String::new(), body: format!("{word}\n").into() }
    }

    pub(super) fn nothing() -> Self {
        Self { status: "204 No Content", kind: "", header: String::new(), body: Vec::new() }
    }

    /// Another method is meant.
    pub(super) fn another_method(allow: &str) -> Self {
        let header = format!("allow: {allow}\r\n");
        Self { header, ..Self::word("405 Method Not Allowed", "another method is meant") }
    }

    /// Something stands elsewhere.
    pub(super) fn elsewhere(path: &str) -> Self {
        let header = format!("location: {path}\r\n");
        Self { header, ..Self::word("303 See Other", path) }
    }

    pub(super) async fn write(self, writer: &mut (impl AsyncWrite + Unpin), goes_on: bool) -> io::Result<()> {
        let Self { status, kind, header, mut body } = self;
        let connection = if goes_on { "" } else { "connection: close\r\n" };
        let kind = if kind.is_empty() { String::new() } else { format!("content-type: {kind}\r\n") };
        let length =
            if status.starts_with("204") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let mut whole = format!("HTTP/1.1 {status}\r\n{EVERYWHERE}{header}{connection}{kind}{length}\r\n").into_bytes();
        whole.append(&mut body);
        send(writer, &whole).await
    }
}

/// Begins a stream of events; it ends with its connection.
pub(super) async fn begin_events(writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\n{EVERYWHERE}content-type: text/event-stream\r\nconnection: close\r\n\r\nretry: 1000\n\n"
    );
    send(writer, head.as_bytes()).await
}

/// Writes; whoever does not read is not waited for.
pub(super) async fn send(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let sending = async {
        writer.write_all(bytes).await?;
        writer.flush().await
    };
    timeout(STALL, sending).await?
}
