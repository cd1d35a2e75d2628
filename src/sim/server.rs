//! A small HTTPS server on loopback, with a certificate authority made at start, that can be taken off the network.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustix::net::sockopt::set_socket_linger;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::exchange;

/// A certificate authority for one run.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// One request, whole.
#[derive(Debug)]
pub struct Request {
    /// `GET`
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the server does with a request.
pub enum Reply {
    /// Sends this answer.
    Answer(Answer),
    /// Closes the connection without a word.
    Drop,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Waits this long before it answers.
    pub after: Duration,
    /// Waits this long before every byte of the body.
    pub drip: Duration,
}

/// What the way between a kiosk and a server is like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Answers come so much later.
    pub slow: Duration,
    /// Every byte of a body comes so much after the one before.
    pub drip: Duration,
    /// What is asked is done, and the connection closed in place of an answer.
    pub lost: bool,
    /// Nothing is done, and the connection reset in place of an answer.
    pub reset: bool,
    /// This status is the answer, and nothing is done.
    pub status: Option<u16>,
}

/// What answers requests.
pub(crate) type Handler = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// A running server. Dropping it leaves its threads to the process's end.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    handler: Handler,
    tls: Arc<ServerConfig>,
    online: Mutex<bool>,
    /// Whether the port is held.
    bound: AtomicBool,
    weather: Mutex<Weather>,
    changed: Condvar,
    open: AtomicUsize,
    /// Connections accepted since start.
    accepted: AtomicUsize,
    /// What was asked and answered, the newest last.
    exchanges: Mutex<VecDeque<String>>,
}

/// Exchanges that are remembered.
const EXCHANGES: usize = 40;

/// The most connections at once.
const CONNECTIONS: usize = 128;

/// Idle connections are closed after this, as WeChat does (`Keep-Alive: timeout=8` in its answers).
const IDLE: Duration = Duration::from_secs(8);

/// The largest request, bytes.
const MOST: usize = 256 * 1024;

impl Authority {
    /// A fresh authority.
    pub fn new() -> io::Result<Self> {
        let mut params = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)? })
    }

    /// The authority's certificate.
    pub fn pem(&self) -> String {
        self.issuer.as_ref().pem()
    }

    fn tls(&self) -> io::Result<Arc<ServerConfig>> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        // The last one has no address anywhere: only a proxy of a test's own knows it.
        let names = ["localhost", "127.0.0.1", "sandbox.invalid"].map(str::to_owned).to_vec();
        let params = CertificateParams::new(names).map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(io::Error::other)?;
        Ok(Arc::new(config))
    }
}

impl Server {
    /// Serves on a free port of 127.0.0.1.
    pub fn start(authority: &Authority, handler: Handler) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            handler,
            tls: authority.tls()?,
            online: Mutex::new(true),
            bound: AtomicBool::new(true),
            weather: Mutex::default(),
            changed: Condvar::new(),
            open: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            exchanges: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::Builder::new().name("sandbox".to_owned()).spawn(move || accept(&accepting, listener, address))?;
        Ok(Self { address, shared })
    }

    /// `https://localhost:PORT`
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections accepted since start.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// What was asked and answered, less what is anybody's; the newest last.
    pub(crate) fn exchanges(&self) -> String {
        Vec::from(self.shared.exchanges().clone()).join("\n")
    }

    /// Changes the way to it, for requests that come from now on.
    pub(crate) fn set_weather(&self, weather: Weather) {
        *self.shared.weather() = weather;
    }

    /// Takes the server off the network, or puts it back: connections are refused, live ones fall silent and close.
    pub fn set_online(&self, online: bool) {
        *self.shared.is_online() = online;
        self.shared.changed.notify_all();
        // Until the port is let go of, or taken again: whoever comes then is refused and not cut off, or served.
        for _ in 0..2000 {
            if self.shared.bound.load(Ordering::Relaxed) == online {
                return;
            }
            if !online {
                // Wakes the accepting thread.
                let _ = TcpStream::connect(self.address);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Shared {
    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_online(&self) -> MutexGuard<'_, bool> {
        self.online.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchanges(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, asked: &str, answered: &str) {
        let mut exchanges = self.exchanges();
        if exchanges.len() == EXCHANGES {
            exchanges.pop_front();
        }
        exchanges.push_back(format!("{asked}\n{answered}"));
    }
}

fn accept(shared: &Arc<Shared>, listener: TcpListener, address: SocketAddr) {
    let mut listener = Some(listener);
    loop {
        let mut online = shared.is_online();
        while !*online {
            listener = None;
            shared.bound.store(false, Ordering::Relaxed);
            online = shared.changed.wait(online).unwrap_or_else(PoisonError::into_inner);
        }
        drop(online);
        let bound = match listener.take() {
            Some(bound) => bound,
            None => match TcpListener::bind(address) {
                Ok(bound) => bound,
                Err(_) => {
                    thread::sleep(Duration::from_millis(50));
                    continue;
                }
            },
        };
        shared.bound.store(true, Ordering::Relaxed);
        let stream = bound.accept();
        listener = Some(bound);
        let Ok((stream, _)) = stream else { continue };
        if !*shared.is_online() || shared.open.load(Ordering::Relaxed) >= CONNECTIONS {
            continue;
        }
        shared.open.fetch_add(1, Ordering::Relaxed);
        shared.accepted.fetch_add(1, Ordering::Relaxed);
        let serving = Arc::clone(shared);
        let started = thread::Builder::new().name("sandbox-connection".to_owned()).spawn(move || {
            // A client that goes away is no news.
            let _ = converse(&serving, stream);
            serving.open.fetch_sub(1, Ordering::Relaxed);
        });
        if started.is_err() {
            shared.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn converse(shared: &Shared, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE))?;
    let connection = ServerConnection::new(Arc::clone(&shared.tls)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer)? {
        if !*shared.is_online() {
            return Ok(());
        }
        let (weather, asked) = (*shared.weather(), exchange::asked(&request));
        if weather.reset {
            shared.remember(&asked, "← reset");
            // What lingers for no time ends with RST.
            set_socket_linger(&stream.sock, Some(Duration::ZERO))?;
            return Ok(());
        }
        let reply = match weather.status {
            Some(status) => Reply::Answer(Answer::json(status, &serde_json::json!({ "code": "SYSTEM_ERROR" }))),
            None => (shared.handler)(&request),
        };
        match reply {
            Reply::Answer(answer) if !weather.lost => {
                shared.remember(&asked, &exchange::answered(answer.status, &answer.body));
                thread::sleep(answer.after.max(weather.slow));
                write(&mut stream, &Answer { drip: answer.drip.max(weather.drip), ..answer })?;
            }
            Reply::Drop | Reply::Answer(_) => {
                shared.remember(&asked, "← nothing");
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The next request, or none when the client has closed.
fn read(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let malformed = || io::Error::from(io::ErrorKind::InvalidData);
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(length) = head.parse(buffer).map_err(|_| malformed())? {
            let headers: Vec<(String, String)> = head
                .headers
                .iter()
                .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
                .collect();
            let body: usize = headers
                .iter()
                .find(|(name, _)| name == "content-length")
                .map_or(Ok(0), |(_, value)| value.parse())
                .map_err(|_| malformed())?;
            if length + body > MOST {
                return Err(malformed());
            }
            if buffer.len() >= length + body {
                let request = Request {
                    method: head.method.unwrap_or("").to_owned(),
                    target: head.path.unwrap_or("").to_owned(),
                    headers,
                    body: buffer[length..length + body].to_vec(),
                };
                buffer.drain(..length + body);
                return Ok(Some(request));
            }
        }
        if buffer.len() > MOST {
            return Err(malformed());
        }
        let mut chunk = [0; 8192];
        match stream.read(&mut chunk)? {
            0 => return Ok(None),
            read => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}

fn write(stream: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Answer\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("Keep-Alive: timeout=8\r\n\r\n");
    let mut bytes = head.into_bytes();
    if answer.drip.is_zero() {
        bytes.extend_from_slice(&answer.body);
        stream.write_all(&bytes)?;
        return stream.flush();
    }
    stream.write_all(&bytes)?;
    for byte in &answer.body {
        stream.flush()?;
        thread::sleep(answer.drip);
        stream.write_all(&[*byte])?;
    }
    stream.flush()
}

impl Request {
    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }

    /// A query field's raw value.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

impl Answer {
    /// JSON with this status.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            after: Duration::ZERO,
            drip: Duration::ZERO,
        }
    }
}
