//! A way through somebody else: `CONNECT` (RFC 9110 §9.3.6) or SOCKS 5 (RFC 1928, 1929). The proxy resolves the name and
//! sees nothing else.

use std::{
    fmt,
    io::{self, Read as _, Write as _},
    net::TcpStream,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    HttpError, OpenError,
    target::Server,
    timer::{Timer, of_socket},
};

/// `http://[user:password@]host:port` (CONNECT) or `socks5h://host:port`; the proxy resolves names. Its password stays
/// out of `Debug`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ProxyAddress(pub String);

impl TryFrom<String> for ProxyAddress {
    type Error = OpenError;

    fn try_from(text: String) -> Result<Self, OpenError> {
        Proxy::parse(&text).map(|_| Self(text))
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Where the proxy is, what it speaks, and who we are to it.
pub(super) struct Proxy {
    pub(super) server: Server,
    socks: bool,
    login: Option<(Zeroizing<String>, Zeroizing<String>)>,
}

/// The longest answer to `CONNECT`, bytes.
const MOST: usize = 8 * 1024;

impl Proxy {
    /// `http://[user:password@]host[:port]` or `socks5h://[user:password@]host[:port]`; user and password may be
    /// percent-encoded.
    pub(super) fn parse(text: &str) -> Result<Self, OpenError> {
        let (socks, rest) = match (text.strip_prefix("http://"), text.strip_prefix("socks5h://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(OpenError::BadProxy),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, authority) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
        let login = match login {
            None => None,
            Some(login) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                Some((decoded(user)?, decoded(password)?))
            }
        };
        let server = Server::parse(authority, if socks { 1080 } else { 80 }).ok_or(OpenError::BadProxy)?;
        Ok(Self { server, socks, login })
    }

    /// Asks for a way to `target`.
    pub(super) fn lead(&self, socket: &TcpStream, target: &Server, timer: &Timer<'_>) -> Result<(), HttpError> {
        match self.socks {
            true => self.socks(socket, target, timer),
            false => self.connect(socket, target, timer),
        }
    }

    fn connect(&self, socket: &TcpStream, target: &Server, timer: &Timer<'_>) -> Result<(), HttpError> {
        let authority = target.authority();
        let mut request = Zeroizing::new(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"));
        if let Some((user, password)) = &self.login {
            let login = Zeroizing::new(format!("{}:{}", **user, **password));
            request.push_str("Proxy-Authorization: Basic ");
            request.push_str(&Zeroizing::new(BASE64_STANDARD.encode(login.as_bytes())));
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        write(socket, request.as_bytes(), timer)?;
        // Byte by byte: what follows the head is TLS's.
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() == MOST {
                return Err(HttpError::Proxy);
            }
            head.push(read::<1>(socket, timer)?[0]);
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut answer = httparse::Response::new(&mut headers);
        match (answer.parse(&head), answer.code) {
            (Ok(_), Some(200..300)) => Ok(()),
            // It is willing, but does not reach the server.
            (Ok(_), Some(502..=504)) => Err(HttpError::Connect(io::ErrorKind::HostUnreachable)),
            _ => Err(HttpError::Proxy),
        }
    }

    fn socks(&self, socket: &TcpStream, target: &Server, timer: &Timer<'_>) -> Result<(), HttpError> {
        let greeting: &[u8] = if self.login.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
        write(socket, greeting, timer)?;
        match (read(socket, timer)?, &self.login) {
            ([5, 0], _) => {}
            ([5, 2], Some((user, password))) => {
                let mut request = Zeroizing::new(vec![1]);
                for part in [user, password] {
                    request.push(u8::try_from(part.len()).map_err(|_| HttpError::Proxy)?);
                    request.extend_from_slice(part.as_bytes());
                }
                write(socket, &request, timer)?;
                let [_, 0] = read(socket, timer)? else { return Err(HttpError::Proxy) };
            }
            _ => return Err(HttpError::Proxy),
        }
        let mut request = vec![5, 1, 0, 3, u8::try_from(target.host.len()).map_err(|_| HttpError::BadAddress)?];
        request.extend_from_slice(target.host.as_bytes());
        request.extend_from_slice(&target.port.to_be_bytes());
        write(socket, &request, timer)?;
        let [5, reply, _, kind] = read(socket, timer)? else { return Err(HttpError::Proxy) };
        match reply {
            0 => {}
            // Network or host unreachable, refused, lifetime over.
            3..=6 => return Err(HttpError::Connect(io::ErrorKind::HostUnreachable)),
            _ => return Err(HttpError::Proxy),
        }
        let address = match kind {
            1 => 4,
            3 => usize::from(read::<1>(socket, timer)?[0]),
            4 => 16,
            _ => return Err(HttpError::Proxy),
        };
        for _ in 0..address + 2 {
            read::<1>(socket, timer)?;
        }
        Ok(())
    }
}

fn write(mut socket: &TcpStream, bytes: &[u8], timer: &Timer<'_>) -> Result<(), HttpError> {
    timer.limit(socket).and_then(|()| socket.write_all(bytes).map_err(of_socket)).map_err(fault)
}

fn read<const N: usize>(mut socket: &TcpStream, timer: &Timer<'_>) -> Result<[u8; N], HttpError> {
    let mut bytes = [0; N];
    timer.limit(socket).and_then(|()| socket.read_exact(&mut bytes).map_err(of_socket)).map_err(fault)?;
    Ok(bytes)
}

/// A proxy that hangs up has refused.
fn fault(error: io::Error) -> HttpError {
    match error.kind() {
        io::ErrorKind::TimedOut => HttpError::LateConnecting,
        _ => HttpError::Proxy,
    }
}

fn decoded(text: &str) -> Result<Zeroizing<String>, OpenError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let hex = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let (high, low) = hex(high).zip(hex(low)).ok_or(OpenError::BadProxy)?;
                bytes.push(high * 16 + low);
                rest = after;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| OpenError::BadProxy)?;
    Ok(Zeroizing::new(text.to_owned()))
}
