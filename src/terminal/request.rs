//! HTTP/1.1 requests as bytes (RFC 9112): one after the other, bounded, and wiped as soon as they are answered. Whoever of
//! ours is asked over HTTP reads them so: terminals' frames here, and the pages.

use std::time::Duration;

use httparse::{EMPTY_HEADER, Header, Status};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    time::timeout,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{MAX_LINE, connection::send};

/// A request: what it wants, and what it brings.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) body: Body,
    /// The client speaks HTTP/1.1 and may send another one.
    pub(crate) goes_on: bool,
    /// Whom it means to speak to, as it says.
    #[cfg(feature = "page")]
    pub(crate) host: Option<String>,
    /// Whose page sent it, as a browser says.
    #[cfg(feature = "page")]
    pub(crate) origin: Option<String>,
    /// What follows the path, without its question mark.
    #[cfg(feature = "page")]
    pub(crate) query: String,
    /// What a page of ours gave the browser to keep.
    #[cfg(feature = "page")]
    pub(crate) cookie: Option<Zeroizing<String>>,
    /// Which languages the browser's user reads.
    #[cfg(feature = "page")]
    pub(crate) languages: Option<String>,
}

/// What a request brings.
pub(crate) enum Body {
    Whole(Zeroizing<Vec<u8>>),
    /// More than a frame may have; it was not read.
    TooLong,
}

/// Why there is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoRequest {
    /// The other end has gone.
    Gone,
    /// It is none: 400.
    Malformed,
    /// Its head is larger than [`HEAD`]: 431.
    TooLarge,
    /// Its body is coded in a way that is not known here: 501.
    Coding,
}

/// What whoever sent no request is answered: the status, and what to do.
pub(crate) type Scolded = (&'static str, &'static str);

/// How long a connection without a request is kept.
const IDLE: Duration = Duration::from_secs(30);

/// A request that has begun and takes longer to come is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest head, bytes.
const HEAD: usize = 16 * 1024;

/// What stands once or not at all: whoever takes the other one reads another request.
const ONCE: [&str; 5] = ["host", "content-length", "transfer-encoding", "origin", "cookie"];

/// What no host is written with (RFC 9110 §7.2).
const NO_HOST: &[char] = &[' ', '\t', ',', '/', '?', '#', '@', '\\'];

/// What may wait to be read: a head, or a chunk's frame, or the beginning of the next request.
const HELD: usize = HEAD + 2048;

/// The most header lines.
const HEADERS: usize = 64;

/// Reads requests.
pub(crate) struct Inbox<R> {
    reader: R,
    /// Of fixed length; beyond `end` there are noughts.
    bytes: Zeroizing<Vec<u8>>,
    end: usize,
}

/// What a head says.
struct Head {
    method: String,
    path: String,
    length: Length,
    goes_on: bool,
    expects: bool,
    #[cfg(feature = "page")]
    host: Option<String>,
    #[cfg(feature = "page")]
    origin: Option<String>,
    #[cfg(feature = "page")]
    query: String,
    #[cfg(feature = "page")]
    cookie: Option<Zeroizing<String>>,
    #[cfg(feature = "page")]
    languages: Option<String>,
}

enum Length {
    Bytes(usize),
    Chunked,
}

impl<R: AsyncRead + Unpin> Inbox<R> {
    pub(crate) fn new(reader: R) -> Self {
        // Once for all: growing would leave copies behind.
        Self { reader, bytes: Zeroizing::new(vec![0; HELD]), end: 0 }
    }

    /// What has come and was not taken.
    fn held(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// Waits for the next request, within bounds of time; none where the other end has gone or says nothing.
    pub(crate) async fn request(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<Option<Request>, Scolded> {
        if !timeout(IDLE, self.begins()).await.unwrap_or(false) {
            return Ok(None);
        }
        match timeout(PATIENCE, self.next(writer)).await {
            Ok(Ok(request)) => Ok(Some(request)),
            Ok(Err(NoRequest::Gone)) => Ok(None),
            Ok(Err(NoRequest::TooLarge)) => Err(("431 Request Header Fields Too Large", "send fewer headers")),
            Ok(Err(NoRequest::Coding)) => Err(("501 Not Implemented", "send the body as it is, or chunked")),
            Ok(Err(NoRequest::Malformed)) => Err(("400 Bad Request", "send HTTP/1.1")),
            Err(_) => Err(("408 Request Timeout", "the request took too long to come")),
        }
    }

    /// Waits until the next request begins to come; false where there is none.
    async fn begins(&mut self) -> bool {
        !self.held().is_empty() || self.more().await.is_ok()
    }

    /// The next request. `writer` gets the word to go on that some clients wait for.
    async fn next(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<Request, NoRequest> {
        let (head, length) = loop {
            match Head::parse(self.held())? {
                Some(found) => break found,
                None if self.held().len() >= HEAD => return Err(NoRequest::TooLarge),
                None => self.more().await?,
            }
        };
        self.consume(length);
        if head.expects && self.held().is_empty() && !matches!(head.length, Length::Bytes(MAX_LINE..)) {
            send(writer, b"HTTP/1.1 100 Continue\r\n\r\n").await.map_err(|_| NoRequest::Gone)?;
        }
        let body = match head.length {
            Length::Bytes(length) if length > MAX_LINE => Body::TooLong,
            Length::Bytes(length) => {
                let mut body = new_body();
                self.take(length, &mut body).await?;
                Body::Whole(body)
            }
            Length::Chunked => self.chunks().await?,
        };
        let goes_on = head.goes_on && !matches!(body, Body::TooLong);
        Ok(Request {
            method: head.method,
            path: head.path,
            body,
            goes_on,
            #[cfg(feature = "page")]
            host: head.host,
            #[cfg(feature = "page")]
            origin: head.origin,
            #[cfg(feature = "page")]
            query: head.query,
            #[cfg(feature = "page")]
            cookie: head.cookie,
            #[cfg(feature = "page")]
            languages: head.languages,
        })
    }

    /// Reads what comes while nothing is expected, until the other end has gone or says too much.
    pub(crate) async fn watch(&mut self) {
        while self.more().await.is_ok() {}
    }

    async fn chunks(&mut self) -> Result<Body, NoRequest> {
        let mut body = new_body();
        loop {
            let (frame, size) = loop {
                match httparse::parse_chunk_size(self.held()).map_err(|_| NoRequest::Malformed)? {
                    Status::Complete(found) => break found,
                    Status::Partial => self.more().await?,
                }
            };
            self.consume(frame);
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            if size == 0 {
                // Trailers say nothing that is of use here.
                while self.line().await? > 0 {}
                return Ok(Body::Whole(body));
            }
            if size > MAX_LINE - body.len() {
                return Ok(Body::TooLong);
            }
            self.take(size, &mut body).await?;
            while self.end < 2 {
                self.more().await?;
            }
            if !self.held().starts_with(b"\r\n") {
                return Err(NoRequest::Malformed);
            }
            self.consume(2);
        }
    }

    /// Reads a line away; its length.
    async fn line(&mut self) -> Result<usize, NoRequest> {
        loop {
            if let Some(end) = self.held().windows(2).position(|two| two == b"\r\n") {
                self.consume(end + 2);
                return Ok(end);
            }
            self.more().await?;
        }
    }

    /// Moves bytes to a body, waiting for them.
    async fn take(&mut self, mut length: usize, body: &mut Vec<u8>) -> Result<(), NoRequest> {
        while length > 0 {
            if self.held().is_empty() {
                self.more().await?;
            }
            let now = length.min(self.held().len());
            body.extend_from_slice(&self.held()[..now]);
            self.consume(now);
            length -= now;
        }
        Ok(())
    }

    /// Waits for bytes.
    async fn more(&mut self) -> Result<(), NoRequest> {
        if self.end == HELD {
            return Err(NoRequest::TooLarge);
        }
        match self.reader.read(&mut self.bytes[self.end..]).await {
            Ok(0) | Err(_) => Err(NoRequest::Gone),
            Ok(length) => {
                self.end += length;
                Ok(())
            }
        }
    }

    /// Forgets the first bytes, and wipes where they were.
    fn consume(&mut self, length: usize) {
        let end = self.end;
        self.bytes.copy_within(length..end, 0);
        self.end -= length;
        self.bytes[self.end..end].zeroize();
    }
}

fn new_body() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(MAX_LINE))
}

impl Head {
    /// A head and its length; none where it has not come whole.
    fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, NoRequest> {
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(NoRequest::TooLarge),
            Err(_) => return Err(NoRequest::Malformed),
        };
        let headers = &*request.headers;
        let is_current = request.version == Some(1);
        let host = values(headers, "host").next();
        let twice = ONCE.iter().any(|name| values(headers, name).nth(1).is_some());
        if twice || has_bare_line_feed(&bytes[..length]) || host.map_or(is_current, |host| host.contains(NO_HOST)) {
            return Err(NoRequest::Malformed);
        }
        let target = request.path.ok_or(NoRequest::Malformed)?;
        // A whole address says itself whom it means (RFC 9112 §3.2.2).
        let (host, path) = match target.split_once("://").filter(|_| !target.starts_with('/')) {
            Some((_, rest)) => {
                let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
                (Some(host), if path.starts_with('/') { path } else { "/" })
            }
            None => (host, target),
        };
        let head = Self {
            method: request.method.ok_or(NoRequest::Malformed)?.to_owned(),
            path: path.split(['?', '#']).next().unwrap_or_default().to_owned(),
            length: body_length(headers)?,
            goes_on: is_current && !says(headers, "connection", "close"),
            expects: is_current && says(headers, "expect", "100-continue"),
            #[cfg(feature = "page")]
            host: host.map(str::to_owned),
            #[cfg(feature = "page")]
            origin: values(headers, "origin").next().map(str::to_owned),
            #[cfg(feature = "page")]
            query: path.split_once('?').map_or("", |(_, query)| query).split('#').next().unwrap_or_default().to_owned(),
            #[cfg(feature = "page")]
            cookie: values(headers, "cookie").next().map(|cookie| Zeroizing::new(cookie.to_owned())),
            #[cfg(feature = "page")]
            languages: values(headers, "accept-language").next().map(str::to_owned),
        };
        Ok(Some((head, length)))
    }
}

/// Whoever takes an LF for the end of a line finds other headers than whoever does not.
fn has_bare_line_feed(head: &[u8]) -> bool {
    head.split(|byte| *byte == b'\n').rev().skip(1).any(|line| !line.ends_with(b"\r"))
}

/// How long the body is. Two answers to that are none: whoever reads the other one would read another request.
fn body_length(headers: &[Header<'_>]) -> Result<Length, NoRequest> {
    let mut lengths = values(headers, "content-length");
    let mut codings = values(headers, "transfer-encoding").flat_map(|value| value.split(',').map(str::trim));
    match (codings.next(), lengths.next()) {
        (None, None) => Ok(Length::Bytes(0)),
        (Some(coding), None) if codings.next().is_none() && coding.eq_ignore_ascii_case("chunked") => {
            Ok(Length::Chunked)
        }
        (Some(_), None) => Err(NoRequest::Coding),
        (None, Some(length)) => {
            let is_number = !length.is_empty() && length.bytes().all(|digit| digit.is_ascii_digit());
            is_number.then(|| Length::Bytes(length.parse().unwrap_or(usize::MAX))).ok_or(NoRequest::Malformed)
        }
        _ => Err(NoRequest::Malformed),
    }
}

fn says(headers: &[Header<'_>], name: &str, word: &str) -> bool {
    values(headers, name).any(|value| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word)))
}

/// The values of all headers of this name; what is no text is no value of use.
fn values<'a>(headers: &'a [Header<'_>], name: &'a str) -> impl Iterator<Item = &'a str> {
    let of_name = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    of_name.map(|header| std::str::from_utf8(header.value).unwrap_or("?").trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of these bytes: requests, and why there are no more.
    fn read(bytes: &[u8]) -> (Vec<(String, Option<String>)>, NoRequest) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut inbox = Inbox::new(bytes);
            let mut found = Vec::new();
            loop {
                match inbox.next(&mut tokio::io::sink()).await {
                    Ok(Request { path, body: Body::Whole(body), .. }) => {
                        found.push((path, Some(String::from_utf8_lossy(&body).into_owned())));
                    }
                    Ok(Request { path, .. }) => {
                        found.push((path, None));
                        return (found, NoRequest::Gone);
                    }
                    Err(why) => return (found, why),
                }
            }
        })
    }

    #[test]
    fn bodies_are_read_by_length_and_by_chunk_however_they_follow_each_other() {
        let two = b"POST /v1/frames?x=1 HTTP/1.1\r\nHost: k\r\nContent-Length: 4\r\n\r\n{\"a\"\
            \r\nPOST https://k/v1/frames HTTP/1.1\r\nhost: k\r\ntransfer-encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n";
        let (found, why) = read(two);
        let wanted = [("/v1/frames", "{\"a\""), ("/v1/frames", "abcde")];
        assert_eq!(found, wanted.map(|(path, body)| (path.to_owned(), Some(body.to_owned()))));
        assert_eq!(why, NoRequest::Gone);
    }

    #[test]
    fn what_is_no_request_or_has_two_lengths_is_none() {
        for (bytes, wanted) in [
            ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", NoRequest::Malformed),
            ("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", NoRequest::Malformed),
            ("Content-Length: 1\r\nContent-Length: 2\r\n\r\n", NoRequest::Malformed),
            ("Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", NoRequest::Malformed),
            ("Content-Length: 1, 1\r\n\r\nx", NoRequest::Malformed),
            ("Content-Length: -1\r\n\r\n", NoRequest::Malformed),
            ("Content-Length: +1\r\n\r\n", NoRequest::Malformed),
            ("Content-Length: \r\n\r\n", NoRequest::Malformed),
            ("Content-Length : 1\r\n\r\nx", NoRequest::Malformed),
            ("Transfer-Encoding: gzip, chunked\r\n\r\n", NoRequest::Coding),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", NoRequest::Malformed),
            ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", NoRequest::Malformed),
            ("Transfer-Encoding: chunked\r\n\r\n1\nx\r\n", NoRequest::Malformed),
            ("Transfer-Encoding: chunked\r\n\r\n1\r\nabc", NoRequest::Malformed),
            ("Transfer-Encoding: chunked\r\n\r\n1\r\na\n\n0\r\n\r\n", NoRequest::Malformed),
            // A second host, or none that could be one.
            ("host: k\r\n\r\n", NoRequest::Malformed),
            ("HOST: other\r\n\r\n", NoRequest::Malformed),
            // Folded, and lines that end in half an end.
            ("X: a\r\n b\r\n\r\n", NoRequest::Malformed),
            ("X: a\r\n\tHost: b\r\n\r\n", NoRequest::Malformed),
            ("X: a\nY: b\r\n\r\n", NoRequest::Malformed),
            ("X: a\n\r\n", NoRequest::Malformed),
            ("X: a\r\n\n", NoRequest::Malformed),
            ("X: a\rY: b\r\n\r\n", NoRequest::Malformed),
            ("X: a\0b\r\n\r\n", NoRequest::Malformed),
            ("X Y: a\r\n\r\n", NoRequest::Malformed),
            // Whose page sent it, and who is logged in, stands there once.
            ("Origin: https://k\r\nOrigin: https://evil\r\n\r\n", NoRequest::Malformed),
            ("Cookie: a=b\r\nCookie: a=c\r\n\r\n", NoRequest::Malformed),
            ("X", NoRequest::Gone),
        ] {
            let whole = format!("POST / HTTP/1.1\r\nHost: k\r\n{bytes}");
            assert_eq!(read(whole.as_bytes()), (Vec::new(), wanted), "{whole}");
        }
        for bytes in [
            "\x16\x03\x01",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\nHost: k\n\n",
            "GET  / HTTP/1.1\r\nHost: k\r\n\r\n",
            "GET / x HTTP/1.1\r\nHost: k\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: k\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: k, other\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: k/other\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: k other\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: other@k\r\n\r\n",
        ] {
            assert_eq!(read(bytes.as_bytes()), (Vec::new(), NoRequest::Malformed), "{bytes}");
        }
        let x = "x".repeat(HELD);
        for long in [
            format!("GET /{x} HTTP/1.1\r\nHost: k\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: k\r\nX: {x}\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: k\r\n{x}: x\r\n\r\n"),
            format!("POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n1;{x}\r\n"),
            format!("POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: {x}\r\n"),
        ] {
            assert_eq!(read(long.as_bytes()).1, NoRequest::TooLarge);
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(HEADERS + 1));
        assert_eq!(read(many.as_bytes()).1, NoRequest::TooLarge);
    }

    #[cfg(feature = "page")]
    #[test]
    fn a_whole_address_says_whom_it_means_and_what_follows_a_question_mark_is_no_address() {
        for (target, wanted) in [
            ("/a?u=http://other/b", ("k", "/a", "u=http://other/b")),
            ("http://other:80/a?b#c", ("other:80", "/a", "b")),
            ("http://other", ("other", "/", "")),
            ("http://other?u=/b", ("other", "/", "")),
        ] {
            let bytes = format!("GET {target} HTTP/1.1\r\nHost: k\r\n\r\n");
            let (head, _) = Head::parse(bytes.as_bytes()).ok().flatten().expect("a head");
            assert_eq!(
                (head.host.as_deref(), &*head.path, &*head.query),
                (Some(wanted.0), wanted.1, wanted.2),
                "{target}"
            );
        }
    }

    #[test]
    fn more_than_a_frame_is_not_read() {
        let by_length = format!("POST /a HTTP/1.1\r\nHost: k\r\nContent-Length: {}\r\n\r\n", MAX_LINE + 1);
        let chunk = "x".repeat(MAX_LINE);
        let by_chunk = format!(
            "POST /a HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n{MAX_LINE:x}\r\n{chunk}\r\n1\r\n"
        );
        let forever = "POST /a HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n";
        for bytes in [by_length.as_str(), &by_chunk, forever] {
            assert_eq!(read(bytes.as_bytes()).0, [("/a".to_owned(), None)]);
        }
    }

    #[test]
    fn what_was_read_is_wiped() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut inbox = Inbox::new(&b"POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 6\r\n\r\nsecretGET"[..]);
            inbox.next(&mut tokio::io::sink()).await.unwrap_or_else(|why| panic!("{why:?}"));
            assert_eq!(inbox.held(), b"GET");
            assert!(inbox.bytes[inbox.end..].iter().all(|byte| *byte == 0));
        });
    }
}
