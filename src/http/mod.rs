//! The one HTTPS client: names, proxy, trust, connections, HTTP/1.1, deadlines.
//!
//! Connections and TLS sessions are kept for the life of a client, and nothing of a person within them: every buffer is
//! ours and wiped. A live connection waits for no resolver; one deadline lies over everything, a dripping body included.
//! https only, but for networks that the site names; no redirects, no environment variables, bounded bodies.
//!
//! ureq speaks HTTP and keeps the idle connections; what it speaks over is ours:
//!
//! ```text
//! send ─▶ ureq ─┬─ kept ──────────────────────────▶ line     a kept connection that turns out dead: once more over a
//!               └─ names ─▶ dial ─▶ proxy ─▶ tls ─▶ line     new one, where the server cannot have acted or may be
//!                                                             asked twice
//! ```
//!
//! What it does not do: insist, sign, read JSON, or repeat an address in an error (identifiers and tokens ride in them).

#[cfg(feature = "hl7")]
mod bare;
mod certificate;
mod dial;
mod error;
mod line;
#[cfg(feature = "hospital")]
mod plain;
mod proxy;
#[cfg(feature = "pilot")]
mod recorded;
mod resolver;
mod roots;
mod target;
mod timer;
mod tls;
mod trust;
mod wire;

use std::{
    fmt,
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::pki_types::ServerName;
use ureq::{
    Agent, RequestBuilder,
    http::{Response as Answer, Uri},
};
use zeroize::Zeroizing;

#[cfg(feature = "hl7")]
pub(crate) use self::bare::{Bare, BareConnection};
#[cfg(feature = "hospital")]
pub use self::plain::Network;
#[cfg(feature = "hospital")]
use self::plain::Plain;
#[cfg(feature = "sim")]
pub(crate) use self::resolver::stand_in;
pub(crate) use self::trust::first_end;
pub use self::{
    certificate::TlsFault,
    error::{HttpError, OpenError},
    proxy::ProxyAddress,
    resolver::Resolve,
};
use self::{
    line::{Broken, NoNames, Roads},
    proxy::Proxy,
    resolver::{Names, System},
    target::Server,
    timer::Timer,
    tls::Secure,
    trust::Trust,
    wire::Wire,
};
use crate::{
    files::Anchored,
    words::{Clock, Deadline, Moment},
};

/// How a client reaches its server.
#[derive(Clone)]
pub struct Route {
    /// Certificates to trust, PEM; none means the system's.
    pub ca_file: Option<Anchored>,
    /// Our certificate chain and its key, PEM.
    pub client_certificate: Option<(Anchored, Anchored)>,
    /// None means that the server is reached directly.
    pub proxy: Option<ProxyAddress>,
    /// Connect here whatever the name; the name is still verified.
    pub connect_to: Option<SocketAddr>,
    /// Networks towards which `http://` is spoken, too.
    #[cfg(feature = "hospital")]
    pub plain: Vec<Network>,
    /// An idle connection older than this is not used again.
    pub idle_age: Duration,
    /// Idle connections kept.
    pub max_idle: usize,
    /// The longest wait for a connection, TLS included.
    pub connect_patience: Duration,
}

/// What the program calls itself.
const USER_AGENT: &str = concat!("facemchd/", env!("CARGO_PKG_VERSION"), " (Linux) Rust");

/// The methods we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// `DELETE`
    Delete,
    /// `PATCH`
    #[cfg(feature = "fhir")]
    Patch,
}

/// One request.
pub struct Request<'a> {
    /// GET or POST.
    pub method: Method,
    /// The whole address, https.
    pub url: &'a str,
    /// Headers beyond Host and User-Agent.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body of a POST or PATCH.
    pub body: Option<&'a [u8]>,
    /// Over everything.
    pub deadline: Deadline,
    /// A longer body is an error, bytes.
    pub max_body: usize,
}

/// One answer, whatever its status.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body, whole.
    pub body: Zeroizing<Vec<u8>>,
    headers: Vec<(String, String)>,
}

/// A client; clones share connections.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    speaks_plainly: bool,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "page")]
    shared: Arc<Shared>,
}

/// What new connections are made with.
struct Shared {
    clock: Arc<dyn Clock>,
    connect_patience: Duration,
    idle_age: Duration,
    proxy: Option<Proxy>,
    names: Names,
    trust: Trust,
    #[cfg(feature = "hospital")]
    plain: Vec<Network>,
}

/// A connection and what is known of it.
struct Connection {
    server: Server,
    wire: Wire,
    /// When its server's certificate was last found good.
    trusted: Moment,
}

/// Response headers beyond this are refused, bytes.
const MAX_HEADERS: usize = 16 * 1024;

/// How long a connection is used before its server's certificate is judged again.
const TRUSTED: Duration = Duration::from_secs(60);

/// How long a person waits for a resolver when every known address failed.
const OTHER_ADDRESSES: Duration = Duration::from_secs(1);

impl Default for Route {
    /// Directly, believing in the system's authorities.
    fn default() -> Self {
        Self {
            ca_file: None,
            client_certificate: None,
            proxy: None,
            connect_to: None,
            #[cfg(feature = "hospital")]
            plain: Vec::new(),
            // WeChat closes idle connections after eight seconds.
            idle_age: Duration::from_secs(7),
            max_idle: 2,
            connect_patience: Duration::from_secs(3),
        }
    }
}

impl Client {
    /// Reads certificates; connects to nothing.
    pub fn open(route: &Route, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::with_resolver(route, clock, Arc::new(System))
    }

    /// The same with a resolver of the caller's.
    pub fn with_resolver(route: &Route, clock: Arc<dyn Clock>, resolver: Arc<dyn Resolve>) -> Result<Self, OpenError> {
        let shared = Shared::open(route, Arc::clone(&clock), resolver)?;
        #[cfg(feature = "hospital")]
        let speaks_plainly = !shared.plain.is_empty();
        #[cfg(not(feature = "hospital"))]
        let speaks_plainly = false;
        let config = Agent::config_builder()
            .https_only(!speaks_plainly)
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(USER_AGENT)
            .accept("")
            .accept_encoding("identity")
            .max_response_header_size(MAX_HEADERS)
            .max_idle_connections(route.max_idle)
            .max_idle_connections_per_host(route.max_idle)
            .max_idle_age(route.idle_age)
            .build();
        let shared = Arc::new(shared);
        Ok(Self {
            agent: Agent::with_parts(config, Roads(Arc::clone(&shared)), NoNames),
            speaks_plainly,
            clock,
            #[cfg(feature = "page")]
            shared,
        })
    }

    /// Says something to `HOST:PORT` over TLS, on a connection of its own, and waits for no answer.
    #[cfg(feature = "page")]
    pub(crate) fn tell(&self, address: &str, bytes: &[u8], deadline: Deadline) -> Result<(), HttpError> {
        let server = Server::parse(address, 6514).ok_or(HttpError::BadAddress)?;
        let timer = Timer::lasting(&*self.clock, deadline.left(self.clock.now().moment));
        let mut connection = self.shared.connect(&server, &timer)?;
        let mut sent = false;
        connection.wire.write(bytes, &mut sent, &timer).map_err(|error| HttpError::connecting(&error))
    }

    /// Sends one request and reads its whole answer, by its deadline. Any status is an answer.
    pub fn send(&self, request: &Request<'_>) -> Result<Response, HttpError> {
        #[cfg(feature = "pilot")]
        let begun = self.clock.now().moment;
        let answer = self.ask(request);
        #[cfg(feature = "pilot")]
        recorded::exchange(request, self.clock.now().moment.since(begun), &answer);
        answer
    }

    fn ask(&self, request: &Request<'_>) -> Result<Response, HttpError> {
        let server = Server::of(request.url).ok_or(HttpError::BadAddress)?;
        if server.plain && !self.speaks_plainly {
            return Err(HttpError::BadAddress);
        }
        let mut broke = None;
        loop {
            let left = request.deadline.left(self.clock.now().moment);
            if left.is_zero() {
                return Err(broke.unwrap_or(HttpError::NoTime));
            }
            match self.exchange(request, left, broke.is_some()) {
                Ok(response) => return Ok(response),
                Err(Broken { kept: true, unanswered: true, unsent, error })
                    if broke.is_none() && (unsent || request.is_idempotent()) =>
                {
                    broke = Some(error);
                }
                Err(broken) => return Err(broken.error),
            }
        }
    }

    /// Over a kept connection where there is one, unless it has to be a `fresh` one.
    fn exchange(&self, request: &Request<'_>, left: Duration, fresh: bool) -> Result<Response, Broken> {
        let uri = uri(request.url).ok_or_else(|| Broken::for_good(HttpError::BadAddress))?;
        let agent = &self.agent;
        let answer = match request.method {
            Method::Get => prepared(agent.get(uri), request, left, fresh).call(),
            Method::Delete => prepared(agent.delete(uri), request, left, fresh).call(),
            #[cfg(feature = "fhir")]
            Method::Patch => prepared(agent.patch(uri), request, left, fresh).send(request.body.unwrap_or_default()),
            Method::Post => prepared(agent.post(uri), request, left, fresh).send(request.body.unwrap_or_default()),
        };
        Response::read(answer.map_err(Broken::from_ureq)?, request.max_body)
    }
}

/// An address whose server is a text of its own: what ureq knows an idle connection by must not keep the path alive, in
/// which a face_sid stands.
fn uri(url: &str) -> Option<Uri> {
    let mut parts = url.parse::<Uri>().ok()?.into_parts();
    parts.authority = Some(parts.authority?.as_str().parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Headers and limits, the same with a body and without.
fn prepared<B>(mut call: RequestBuilder<B>, request: &Request<'_>, left: Duration, fresh: bool) -> RequestBuilder<B> {
    for (name, value) in request.headers {
        call = call.header(*name, *value);
    }
    let config = call.config().timeout_global(Some(left));
    if fresh { config.max_idle_age(Duration::ZERO).build() } else { config.build() }
}

impl Request<'_> {
    /// A server that gets it twice does no more than one that gets it once.
    fn is_idempotent(&self) -> bool {
        let keyed = |(name, _): &(&str, &str)| {
            ["idempotency-key", "if-none-exist", "if-match"].iter().any(|key| name.eq_ignore_ascii_case(key))
        };
        matches!(self.method, Method::Get | Method::Delete) || self.headers.iter().any(keyed)
    }
}

impl Shared {
    fn open(route: &Route, clock: Arc<dyn Clock>, resolver: Arc<dyn Resolve>) -> Result<Self, OpenError> {
        let proxy = route.proxy.as_ref().map(|proxy| Proxy::parse(&proxy.0)).transpose()?;
        let fixed = route.connect_to.filter(|_| proxy.is_none());
        Ok(Self {
            connect_patience: route.connect_patience,
            idle_age: route.idle_age,
            proxy,
            names: Names::new(fixed, resolver, Arc::clone(&clock)),
            trust: Trust::open(route, Arc::clone(&clock))?,
            #[cfg(feature = "hospital")]
            plain: route.plain.clone(),
            clock,
        })
    }

    /// Whether a kept connection's server is still who it was when its certificate was judged.
    fn still_believes(&self, connection: &mut Connection, timer: &Timer<'_>) -> bool {
        let now = timer.now();
        if now.since(connection.trusted) < TRUSTED {
            return true;
        }
        connection.trusted = now;
        let Some(secure) = connection.wire.secure() else { return true };
        server_name(&connection.server).is_ok_and(|name| self.trust.still_believes(secure.certificates(), &name))
    }

    /// A new connection: every address has its turn, those that failed last go last the next time.
    fn connect(&self, server: &Server, timer: &Timer<'_>) -> Result<Connection, HttpError> {
        let timer = timer.within(self.connect_patience);
        let towards = self.proxy.as_ref().map_or(server, |proxy| &proxy.server);
        let (mut addresses, believed) = self.names.addresses(towards, &timer).map_err(|fault| self.of_proxy(fault))?;
        let (mut failed, mut asked_again) = (Vec::new(), false);
        #[cfg(feature = "hospital")]
        self.only_plain(server, &mut addresses)?;
        loop {
            // An address of long ago may be nobody's now: there must be time left for the one the resolver is asked for.
            let share = match believed || asked_again {
                true => timer,
                false => timer.within(timer.left().unwrap_or_default() / 2),
            };
            let fault = match self.reach(server, &addresses, &share, &mut failed) {
                Ok((connection, address)) => {
                    self.names.learn(towards, Some(address), &failed);
                    return Ok(connection);
                }
                Err(fault) => fault,
            };
            addresses.retain(|address| !failed.contains(address));
            // A proxy that refuses has been asked once, and is not asked again at another address of its.
            let is_final = matches!(fault, HttpError::Proxy | HttpError::BadAddress);
            if addresses.is_empty() && !asked_again && !is_final {
                asked_again = true;
                addresses = self.names.others(towards, &failed, &timer.within(OTHER_ADDRESSES));
                #[cfg(feature = "hospital")]
                self.only_plain(server, &mut addresses)?;
                let is_late = matches!(
                    fault,
                    HttpError::LateConnecting
                        | HttpError::LateSecuring
                        | HttpError::ProxyAway(std::io::ErrorKind::TimedOut)
                );
                if addresses.is_empty() && !believed && is_late {
                    // Nobody knows better, and these had half the time.
                    addresses = std::mem::take(&mut failed);
                }
            }
            if addresses.is_empty() || is_final || timer.left().is_err() {
                self.names.learn(towards, None, &failed);
                return Err(fault);
            }
        }
    }

    /// Why the first hop was not reached, which is the proxy where there is one.
    fn of_proxy(&self, fault: HttpError) -> HttpError {
        if self.proxy.is_some() { fault.of_proxy() } else { fault }
    }

    /// Those of the addresses that plain HTTP may go to; a proxy could lead it anywhere.
    #[cfg(feature = "hospital")]
    fn only_plain(&self, server: &Server, addresses: &mut Vec<SocketAddr>) -> Result<(), HttpError> {
        if !server.plain {
            return Ok(());
        }
        let had_some = !addresses.is_empty();
        addresses.retain(|address| self.plain.iter().any(|network| network.holds(address.ip())));
        if self.proxy.is_some() || (had_some && addresses.is_empty()) { Err(HttpError::NotPlain) } else { Ok(()) }
    }

    /// One of `addresses`, as far as a secure connection. Whichever led nowhere is `failed`.
    fn reach(
        &self,
        server: &Server,
        addresses: &[SocketAddr],
        timer: &Timer<'_>,
        failed: &mut Vec<SocketAddr>,
    ) -> Result<(Connection, SocketAddr), HttpError> {
        let (socket, address) =
            dial::first(addresses, timer, failed).map_err(|error| self.of_proxy(HttpError::connecting(&error)))?;
        let left = timer.left().map_err(|_| HttpError::LateSecuring)?;
        let others = addresses.iter().filter(|other| !failed.contains(other)).count();
        // Whoever accepts and stays silent does not use up the others' share.
        let timer = timer.within(left / u32::try_from(others).unwrap_or(1).max(1));
        failed.push(address);
        dial::settle(&socket).map_err(|error| HttpError::securing(&error))?;
        if let Some(proxy) = &self.proxy {
            proxy.lead(&socket, server, &timer)?;
        }
        let wire = match server.plain {
            #[cfg(feature = "hospital")]
            true => Wire::Plain(Plain(socket)),
            _ => Wire::Secure(Box::new(self.secure(server, socket, &timer)?)),
        };
        failed.pop();
        Ok((Connection { server: server.clone(), wire, trusted: timer.now() }, address))
    }

    fn secure(&self, server: &Server, socket: TcpStream, timer: &Timer<'_>) -> Result<Secure, HttpError> {
        let name = server_name(server)?;
        let secure = Secure::handshake(self.trust.config(&name), name.clone(), socket, timer)
            .map_err(|error| HttpError::securing(&error))?;
        if !secure.is_resumed() {
            self.trust.met(&name, secure.certificates());
        }
        Ok(secure)
    }
}

fn server_name(server: &Server) -> Result<ServerName<'static>, HttpError> {
    ServerName::try_from(server.host.clone()).map_err(|_| HttpError::BadAddress)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Response {
    fn read(answer: Answer<ureq::Body>, max_body: usize) -> Result<Self, Broken> {
        let (head, mut body) = answer.into_parts();
        // We asked for no other coding than chunks, and read none.
        let coded = |value: &ureq::http::HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"chunked");
        if head.status.is_informational() || head.headers.get_all("transfer-encoding").iter().any(coded) {
            return Err(Broken::for_good(HttpError::Malformed));
        }
        let text = |value: &ureq::http::HeaderValue| value.to_str().ok().map(str::to_owned);
        let headers = head.headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?)));
        let headers = headers.collect();
        let most = u64::try_from(max_body).unwrap_or(u64::MAX);
        if body.content_length().is_some_and(|length| length > most) {
            return Err(Broken::for_good(HttpError::TooLarge));
        }
        let body = body.with_config().limit(most.saturating_add(1)).read_to_vec().map_err(Broken::from_ureq)?;
        if body.len() > max_body {
            return Err(Broken::for_good(HttpError::TooLarge));
        }
        Ok(Self { status: head.status.as_u16(), body: Zeroizing::new(body), headers })
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// An answer with these parts.
    #[cfg(test)]
    pub(crate) fn from_parts(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, body: Zeroizing::new(body), headers }
    }
}
