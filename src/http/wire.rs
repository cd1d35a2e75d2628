//! HTTP/1.1 (RFC 9112) over one connection: a request out, its whole answer in.
//!
//! Both stand in buffers that are wiped; an answer is read to its last byte before anybody sees it.

use std::{fmt::Write as _, io};

use httparse::Status;
use zeroize::Zeroizing;

use super::{HttpError, Method, Request, Response, target::Target, timer::Timer, tls::Secure};

/// An exchange that brought no answer.
pub(super) struct Broken {
    pub(super) error: HttpError,
    /// The server cannot have acted on it: the last byte never left.
    pub(super) unsent: bool,
    /// The connection ended before the first byte of an answer, as one does that was closed while it lay idle.
    pub(super) unanswered: bool,
}

/// Where a body ends (RFC 9112 §6.3).
enum Framing {
    Length(usize),
    Chunked,
    Close,
}

/// What the head of an answer says.
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    framing: Framing,
    stays_open: bool,
}

/// An answer's bytes as they come.
struct Reader<'a> {
    connection: &'a mut Secure,
    timer: &'a Timer<'a>,
    raw: Zeroizing<Vec<u8>>,
    /// Anything has come.
    answered: bool,
}

/// Response headers, and trailers, beyond this are refused, bytes.
const MAX_HEADERS: usize = 16 * 1024;

/// The most headers.
const HEADERS: usize = 96;

/// The longest line before a chunk, bytes.
const MAX_LINE: usize = 1024;

/// The most interim answers (1xx).
const INTERIM: usize = 8;

/// Read ahead, bytes.
const ROOM: usize = 8 * 1024;

/// The bytes of a request.
pub(super) fn message(request: &Request<'_>, target: &Target, agent: &str) -> Result<Zeroizing<Vec<u8>>, HttpError> {
    let (word, body) = match request.method {
        Method::Get => ("GET", None),
        Method::Delete => ("DELETE", None),
        Method::Post => ("POST", Some(request.body.unwrap_or_default())),
    };
    let headers = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
    let room = 256 + target.path.len() + agent.len() + headers + body.map_or(0, <[u8]>::len);
    let mut text = Zeroizing::new(String::with_capacity(room));
    let server = &target.server;
    let authority = server.authority();
    let host = if server.port == 443 { authority.trim_end_matches(":443") } else { &authority };
    let mut line = |name: &str, value: &str| {
        let fits = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !name.bytes().all(token) || !value.bytes().all(fits) {
            return Err(HttpError::BadAddress);
        }
        write!(text, "{name}: {value}\r\n").map_err(|_| HttpError::BadAddress)
    };
    let start = Zeroizing::new(format!("{word} {} HTTP/1.1\r\n", *target.path));
    line("Host", host)?;
    line("User-Agent", agent)?;
    line("Accept-Encoding", "identity")?;
    for (name, value) in request.headers {
        line(name, value)?;
    }
    if let Some(body) = body {
        line("Content-Length", &body.len().to_string())?;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    for part in [start.as_bytes(), text.as_bytes(), b"\r\n", body.unwrap_or_default()] {
        bytes.extend_from_slice(part);
    }
    Ok(bytes)
}

/// Sends a request and reads its answer; true when another exchange can follow.
pub(super) fn exchange(
    connection: &mut Secure,
    message: &[u8],
    max_body: usize,
    timer: &Timer<'_>,
) -> Result<(Response, bool), Broken> {
    let mut sent = false;
    if let Err(error) = connection.write(message, &mut sent, timer) {
        let late = error.kind() == io::ErrorKind::TimedOut;
        return Err(Broken { error: HttpError::exchanging(&error, false), unsent: !sent, unanswered: !late });
    }
    let raw = Zeroizing::new(Vec::with_capacity(ROOM));
    let mut reader = Reader { connection, timer, raw, answered: false };
    match reader.answer(max_body) {
        Ok((response, open)) => {
            let open = open && reader.raw.is_empty();
            Ok((response, open && connection.rest(timer)))
        }
        Err(error) => {
            let unanswered = !reader.answered && matches!(error, HttpError::Interrupted);
            Err(Broken { error, unsent: false, unanswered })
        }
    }
}

impl Reader<'_> {
    fn answer(&mut self, max_body: usize) -> Result<(Response, bool), HttpError> {
        let head = self.head()?;
        let body = match head.framing {
            Framing::Length(length) if length > max_body => return Err(HttpError::TooLarge),
            Framing::Length(length) => self.take(length)?,
            Framing::Chunked => self.chunks(max_body)?,
            Framing::Close => {
                while self.read()? {
                    if self.raw.len() > max_body {
                        return Err(HttpError::TooLarge);
                    }
                }
                std::mem::take(&mut self.raw)
            }
        };
        Ok((Response { status: head.status, body, headers: head.headers }, head.stays_open))
    }

    fn head(&mut self) -> Result<Head, HttpError> {
        for _ in 0..INTERIM {
            let (length, head) = loop {
                if let Some(parsed) = parsed(&self.raw)? {
                    break parsed;
                }
                if self.raw.len() > MAX_HEADERS {
                    return Err(HttpError::TooLarge);
                }
                self.more()?;
            };
            if length > MAX_HEADERS {
                return Err(HttpError::TooLarge);
            }
            self.raw.drain(..length);
            match head.status {
                101 => return Err(HttpError::Malformed),
                100..200 => {}
                _ => return Ok(head),
            }
        }
        Err(HttpError::Malformed)
    }

    /// The next `length` bytes.
    fn take(&mut self, length: usize) -> Result<Zeroizing<Vec<u8>>, HttpError> {
        while self.raw.len() < length {
            self.more()?;
        }
        let rest = Zeroizing::new(self.raw.split_off(length));
        Ok(std::mem::replace(&mut self.raw, rest))
    }

    /// A body in chunks (RFC 9112 §7.1); trailers are read and forgotten.
    fn chunks(&mut self, max_body: usize) -> Result<Zeroizing<Vec<u8>>, HttpError> {
        let mut body = Zeroizing::new(Vec::with_capacity(ROOM));
        loop {
            let (line, size) = loop {
                match httparse::parse_chunk_size(&self.raw) {
                    Ok(Status::Complete(parsed)) => break parsed,
                    Ok(Status::Partial) if self.raw.len() <= MAX_LINE => self.more()?,
                    _ => return Err(HttpError::Malformed),
                }
            };
            self.raw.drain(..line);
            let size = usize::try_from(size).map_err(|_| HttpError::TooLarge)?;
            if size == 0 {
                self.trailers()?;
                return Ok(body);
            }
            if size > max_body - body.len() {
                return Err(HttpError::TooLarge);
            }
            while self.raw.len() < size + 2 {
                self.more()?;
            }
            if self.raw[size..size + 2] != *b"\r\n" {
                return Err(HttpError::Malformed);
            }
            body.extend_from_slice(&self.raw[..size]);
            self.raw.drain(..size + 2);
        }
    }

    fn trailers(&mut self) -> Result<(), HttpError> {
        let mut total = 0;
        loop {
            let Some(line) = self.raw.windows(2).position(|two| two == b"\r\n") else {
                if total + self.raw.len() > MAX_HEADERS {
                    return Err(HttpError::TooLarge);
                }
                self.more()?;
                continue;
            };
            self.raw.drain(..line + 2);
            total += line + 2;
            if line == 0 {
                return Ok(());
            }
        }
    }

    /// Reads on where the answer is not whole.
    fn more(&mut self) -> Result<(), HttpError> {
        if self.read()? { Ok(()) } else { Err(HttpError::Interrupted) }
    }

    fn read(&mut self) -> Result<bool, HttpError> {
        let open = self
            .connection
            .read(&mut self.raw, self.timer)
            .map_err(|error| HttpError::exchanging(&error, self.answered))?;
        self.answered |= open;
        Ok(open)
    }
}

/// The head and its length, once it is whole.
fn parsed(raw: &[u8]) -> Result<Option<(usize, Head)>, HttpError> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let length = match answer.parse(raw) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(HttpError::TooLarge),
        Err(_) => return Err(HttpError::Malformed),
    };
    let status = answer.code.ok_or(HttpError::Malformed)?;
    let all = |name: &'static str| {
        let values = answer.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        values.filter_map(|header| std::str::from_utf8(header.value).ok())
    };
    let tokens = |name| all(name).flat_map(|value| value.split(',')).map(str::trim);
    let mut lengths = tokens("content-length").map(|text| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<usize>().map_err(|_| HttpError::TooLarge),
        false => Err(HttpError::Malformed),
    });
    let framing = match (all("transfer-encoding").next(), lengths.next()) {
        _ if matches!(status, 100..200 | 204 | 304) => Framing::Length(0),
        (Some(_), _) if !is_chunked(tokens("transfer-encoding")) => {
            return Err(HttpError::Malformed);
        }
        (Some(_), _) => Framing::Chunked,
        (None, Some(length)) => {
            let length = length?;
            for other in lengths {
                if other? != length {
                    return Err(HttpError::Malformed);
                }
            }
            Framing::Length(length)
        }
        (None, None) => Framing::Close,
    };
    let told_to_close = tokens("connection").any(|token| token.eq_ignore_ascii_case("close"));
    // Two framings at once are a smuggler's: RFC 9112 §6.1 has the connection closed after them.
    let doubtful = all("transfer-encoding").next().is_some() && all("content-length").next().is_some();
    let stays_open = answer.version == Some(1) && !told_to_close && !doubtful && !matches!(framing, Framing::Close);
    let text = |value| std::str::from_utf8(value).ok().map(str::to_owned);
    let kept = answer.headers.iter().filter_map(|header| Some((header.name.to_owned(), text(header.value)?)));
    let headers = kept.collect();
    Ok(Some((length, Head { status, headers, framing, stays_open })))
}

/// Chunked and nothing else: we asked for no other coding.
fn is_chunked<'a>(mut codings: impl Iterator<Item = &'a str>) -> bool {
    codings.next().is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) && codings.next().is_none()
}
