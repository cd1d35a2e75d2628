//! The one HTTPS client: agent, resolver, proxy, roots, deadlines.
//!
//! One agent for the life of the program, so that connections and TLS sessions are kept; a caching resolver, because the
//! library asks the resolver before it looks for a live connection; one deadline over everything, a dripping body
//! included. https only, no redirects, no environment variables, bounded bodies.
//!
//! What it does not do: retry, sign, read JSON, or repeat an address in an error (identifiers and tokens ride in them).

mod error;
mod resolver;
mod trust;

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use ureq::{Agent, Proxy, RequestBuilder, http::Response as UreqResponse, unversioned::transport::DefaultConnector};

pub use self::error::HttpError;
use self::resolver::CachingResolver;
use crate::words::{Clock, Deadline};

/// How a client reaches its server.
#[derive(Clone)]
pub struct Settings {
    /// Certificates to trust, PEM; none means the system's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate chain and its key, PEM.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// `http://[user:password@]host:port` (CONNECT) or `socks5h://host:port`; the proxy resolves names.
    pub proxy: Option<String>,
    /// Connect here whatever the name; the name is still verified.
    pub connect_to: Option<SocketAddr>,
    /// `User-Agent`
    pub user_agent: String,
    /// An idle connection older than this is not used again.
    pub idle_age: Duration,
    /// Idle connections kept.
    pub max_idle: usize,
    /// The longest wait for a connection, TLS included.
    pub connect_patience: Duration,
}

/// The methods we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// `DELETE`
    Delete,
}

/// One request.
pub struct Request<'a> {
    /// GET or POST.
    pub method: Method,
    /// The whole address, https.
    pub url: &'a str,
    /// Headers beyond Host and User-Agent.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body of a POST.
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
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

/// A client; clones share connections.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    clock: Arc<dyn Clock>,
    connect_patience: Duration,
}

/// Response headers beyond this are refused, bytes.
const MAX_HEADERS: usize = 16 * 1024;

impl Client {
    /// Reads certificates and makes the agent; connects to nothing.
    pub fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, HttpError> {
        let proxy = settings.proxy.as_deref().map(parse_proxy).transpose()?;
        let config = Agent::config_builder()
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(proxy)
            .user_agent(settings.user_agent.clone())
            .accept_encoding("identity")
            .max_response_header_size(MAX_HEADERS)
            .max_idle_connections(settings.max_idle)
            .max_idle_connections_per_host(settings.max_idle)
            .max_idle_age(settings.idle_age)
            .tls_config(trust::tls(settings)?)
            .build();
        let resolver = CachingResolver::new(settings.connect_to, Arc::clone(&clock));
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        Ok(Self { agent, clock, connect_patience: settings.connect_patience })
    }

    /// Sends one request and reads its whole answer, by its deadline. Any status is an answer.
    pub fn send(&self, request: &Request<'_>) -> Result<Response, HttpError> {
        let left = request.deadline.left(self.clock.now().moment);
        if left.is_zero() {
            return Err(HttpError::LateConnecting);
        }
        let (agent, url) = (&self.agent, request.url);
        let answer = match request.method {
            Method::Get => self.prepared(agent.get(url), request, left).call(),
            Method::Delete => self.prepared(agent.delete(url), request, left).call(),
            Method::Post => self.prepared(agent.post(url), request, left).send(request.body.unwrap_or_default()),
        };
        Response::read(answer.map_err(HttpError::from_ureq)?, request.max_body)
    }

    /// Headers and limits, the same with a body and without.
    fn prepared<B>(&self, mut call: RequestBuilder<B>, request: &Request<'_>, left: Duration) -> RequestBuilder<B> {
        for (name, value) in request.headers {
            call = call.header(*name, *value);
        }
        let connect = self.connect_patience.min(left);
        call.config().timeout_global(Some(left)).timeout_resolve(Some(connect)).timeout_connect(Some(connect)).build()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Response {
    fn read(answer: UreqResponse<ureq::Body>, max_body: usize) -> Result<Self, HttpError> {
        let (head, mut body) = answer.into_parts();
        let headers = head
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = body
            .with_config()
            .limit((max_body as u64).saturating_add(1))
            .read_to_vec()
            .map_err(HttpError::from_ureq_after_sending)?;
        if body.len() > max_body {
            return Err(HttpError::TooLarge);
        }
        Ok(Self { status: head.status.as_u16(), body, headers })
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// An answer with these parts, for code that stands between a server and a caller.
    pub fn from_parts(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, body, headers }
    }
}

fn parse_proxy(text: &str) -> Result<Proxy, HttpError> {
    if !text.starts_with("http://") && !text.starts_with("socks5h://") {
        return Err(HttpError::BadProxy);
    }
    Proxy::new(text).map_err(|_| HttpError::BadProxy)
}
