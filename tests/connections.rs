//! What the network does to a call: names, addresses, connections that die, certificates that end, odd HTTP.

use std::{
    io::{self, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use facemchd::{
    http::{Client, HttpError, Method, Request, Resolve, Response, Route, TlsFault},
    service::SystemClock,
    words::{Clock, Deadline, Now, WallTime},
};
use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
use rustls::{ServerConnection, StreamOwned};

use crate::{keys::Keys, lookups::seconds, support::tls::Raw};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

const SECOND: Duration = Duration::from_secs(1);

/// A clock that a test moves on.
struct Later(SystemClock, Mutex<Duration>);

impl Later {
    fn by(&self, duration: Duration) {
        *self.1.lock().expect("not poisoned") += duration;
    }
}

impl Clock for Later {
    fn now(&self) -> Now {
        let (mut now, later) = (self.0.now(), *self.1.lock().expect("not poisoned"));
        now.moment = now.moment.after(later);
        now.wall.0 += i64::try_from(later.as_millis()).expect("fits");
        now
    }
}

/// Answers with these addresses at first; what comes after is `then`.
struct Book {
    first: Mutex<Option<Vec<SocketAddr>>>,
    then: Box<dyn Fn() -> io::Result<Vec<SocketAddr>> + Send + Sync>,
    asked: AtomicUsize,
}

impl Book {
    fn new(
        first: Option<Vec<SocketAddr>>,
        then: impl Fn() -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { first: Mutex::new(first), then: Box::new(then), asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Book {
    fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let first = self.first.lock().expect("not poisoned").take();
        first.map_or_else(&self.then, Ok)
    }
}

struct Line {
    client: Client,
    clock: Arc<Later>,
    url: String,
    _keys: Keys,
}

impl Line {
    /// A client to a server of the test's own, by a resolver of the test's own.
    fn to(server: &Raw, resolver: Arc<dyn Resolve>, change: impl FnOnce(&mut Route)) -> Self {
        let keys = Keys::new();
        let ca_file = Some(keys.write("authority.pem", &server.authority.as_ref().pem()).into());
        let mut route = Route { ca_file, ..Route::default() };
        change(&mut route);
        let clock = Arc::new(Later(SystemClock::start(), Mutex::default()));
        let client = Client::with_resolver(&route, Arc::clone(&clock) as _, resolver).expect("a client");
        Self { client, clock, url: server.url(), _keys: keys }
    }

    fn get(&self) -> Result<Response, HttpError> {
        self.send(Method::Get, &[])
    }

    fn send(&self, method: Method, headers: &[(&str, &str)]) -> Result<Response, HttpError> {
        let deadline = Deadline::from_now(&*self.clock, 8 * SECOND);
        let body = (method == Method::Post).then_some(b"{}".as_slice());
        self.client.send(&Request { method, url: &self.url, headers, body, deadline, max_body: 1000 })
    }

    /// How long a call takes that brings an answer.
    fn time(&self) -> Duration {
        let began = self.clock.0.now().moment;
        assert_eq!(self.get().expect("an answer").status, 200);
        self.clock.0.now().moment.since(began)
    }
}

fn answering() -> Raw {
    Raw::start(None, Arc::new(|_, stream| stream.write_all(OK).is_ok()))
}

fn never() -> io::Result<Vec<SocketAddr>> {
    thread::sleep(60 * SECOND);
    Err(io::ErrorKind::TimedOut.into())
}

#[test]
fn a_resolver_that_died_keeps_nobody_waiting_who_was_here_before() {
    let server = answering();
    let book = Book::new(Some(vec![server.address]), never);
    let line = Line::to(&server, Arc::clone(&book) as _, |_| ());
    line.get().expect("an answer");
    line.clock.by(67 * SECOND);
    assert!(line.time() < SECOND, "over a new connection to the address that is known");
    line.clock.by(67 * SECOND);
    for _ in 0..5 {
        assert!(line.time() < SECOND);
    }
    assert_eq!(book.asked.load(Ordering::SeqCst), 2, "one question is still open, and no other joins it");
    assert_eq!(server.connections.load(Ordering::SeqCst), 3);
}

#[test]
fn a_slow_resolver_costs_one_lookup_and_serves_all_who_came_meanwhile() {
    let server = answering();
    let address = server.address;
    let slow = move || {
        thread::sleep(Duration::from_millis(900));
        Ok(vec![address])
    };
    let book = Book::new(None, slow);
    let line = Line::to(&server, Arc::clone(&book) as _, |settings| {
        settings.connect_patience = Duration::from_millis(400);
    });
    thread::scope(|scope| {
        let early: Vec<_> = (0..8).map(|_| scope.spawn(|| line.get())).collect();
        for early in early {
            assert!(matches!(early.join().expect("no panic"), Err(HttpError::Resolve)));
        }
    });
    thread::sleep(Duration::from_millis(700));
    assert!(line.time() < SECOND);
    assert_eq!(book.asked.load(Ordering::SeqCst), 1);
}

/// An address with this port where connections are neither accepted nor refused.
fn black_hole(port: u16) -> (std::os::fd::OwnedFd, Vec<TcpStream>, SocketAddr) {
    let address = SocketAddr::from(([127, 0, 0, 2], port));
    let hole = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&hole, &address).expect("bound");
    listen(&hole, 0).expect("listens");
    let mut filling = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        filling.push(stream);
    }
    (hole, filling, address)
}

#[test]
fn every_address_has_its_turn_and_the_one_that_worked_goes_first() {
    let server = answering();
    let port = server.address.port();
    let (_hole, _filling, hole) = black_hole(port);
    let silent = TcpListener::bind(("127.0.0.3", port)).expect("bound");
    let refused = SocketAddr::from(([127, 0, 0, 4], port));
    let all = vec![refused, hole, silent.local_addr().expect("an address"), server.address];
    let book = Book::new(Some(all), never);
    let line = Line::to(&server, book, |_| ());
    assert!(line.time() < 3 * SECOND, "all of them within the patience for a connection");
    line.clock.by(10 * SECOND);
    assert!(line.time() < Duration::from_millis(500), "and from then on the good one at once");
}

#[test]
fn a_name_that_moved_from_an_address_that_swallows_everything_costs_half_the_patience() {
    let server = answering();
    let (_hole, _filling, hole) = black_hole(server.address.port());
    let address = server.address;
    let line = Line::to(&server, Book::new(Some(vec![hole]), move || Ok(vec![address])), |settings| {
        settings.connect_patience = SECOND;
    });
    assert!(matches!(line.get(), Err(HttpError::LateConnecting)), "a new answer of the resolver is believed");
    line.clock.by(67 * SECOND);
    assert!(line.time() < SECOND);
}

#[test]
fn when_every_known_address_refuses_the_resolver_is_asked_in_the_same_call() {
    let server = answering();
    let (old, new) = (SocketAddr::from(([127, 0, 0, 4], server.address.port())), server.address);
    let line = Line::to(&server, Book::new(Some(vec![old]), move || Ok(vec![old, new])), |_| ());
    assert!(line.time() < SECOND);
}

/// The second request finds its connection closed under it.
fn dying(every: bool) -> Raw {
    Raw::start(
        None,
        Arc::new(move |count, stream| {
            if count == 2 || every && count > 2 {
                return false;
            }
            stream.write_all(OK).is_ok()
        }),
    )
}

#[test]
fn a_call_that_may_come_twice_is_sent_again_when_its_kept_connection_dies_and_another_is_not() {
    let keyed: &[(&str, &str)] = &[("Idempotency-Key", "1-1")];
    for (method, headers, again) in [
        (Method::Get, [].as_slice(), true),
        (Method::Delete, &[], true),
        (Method::Post, keyed, true),
        (Method::Post, &[], false),
    ] {
        let server = dying(false);
        let address = server.address;
        let line = Line::to(&server, Book::new(None, move || Ok(vec![address])), |_| ());
        line.get().expect("an answer");
        let second = line.send(method, headers);
        assert_eq!(second.is_ok(), again, "{method:?} {headers:?}");
        assert!(second.is_ok() || matches!(second, Err(HttpError::Interrupted)));
        assert_eq!(server.requests.load(Ordering::SeqCst), if again { 3 } else { 2 });
    }
}

#[test]
fn a_server_that_always_hangs_up_is_asked_once_more_and_no_further() {
    let server = dying(true);
    let address = server.address;
    let line = Line::to(&server, Book::new(None, move || Ok(vec![address])), |_| ());
    line.get().expect("an answer");
    assert!(matches!(line.get(), Err(HttpError::Interrupted)));
    assert_eq!(server.requests.load(Ordering::SeqCst), 3);
}

#[test]
fn neither_a_session_nor_a_kept_connection_outlives_the_servers_certificate() {
    let hour = 3600 * SECOND;
    for idle_age in [Duration::ZERO, 24 * hour] {
        let server =
            Raw::start(Some(WallTime((seconds() + 3600) * 1000)), Arc::new(|_, stream| stream.write_all(OK).is_ok()));
        let address = server.address;
        let line = Line::to(&server, Book::new(None, move || Ok(vec![address])), |settings| {
            settings.idle_age = idle_age;
        });
        for _ in 0..3 {
            line.get().expect("an answer");
            line.clock.by(SECOND);
        }
        let kept = idle_age > SECOND;
        assert_eq!(server.connections.load(Ordering::SeqCst), if kept { 1 } else { 3 });
        assert_eq!(server.resumed.load(Ordering::SeqCst) > 0, !kept);
        line.clock.by(2 * hour);
        let refused = line.get();
        assert!(matches!(&refused, Err(HttpError::Tls(TlsFault::Expired(_)))), "{kept}");
    }
}

#[test]
fn sessions_of_a_client_that_was_opened_again_are_not_resumed() {
    let server = answering();
    let address = server.address;
    for _ in 0..2 {
        Line::to(&server, Book::new(None, move || Ok(vec![address])), |_| ()).get().expect("an answer");
    }
    assert_eq!(server.resumed.load(Ordering::SeqCst), 0);
}

#[test]
fn answers_and_requests_of_many_records_go_over_every_version_of_tls_kept_and_resumed() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let body = "x".repeat(50_000);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let script = move |_: usize, stream: &mut StreamOwned<ServerConnection, TcpStream>| {
            stream.write_all(answer.as_bytes()).is_ok()
        };
        let server = Raw::of_versions(&[version], None, Arc::new(script));
        let address = server.address;
        let line = Line::to(&server, Book::new(None, move || Ok(vec![address])), |_| ());
        for wait in [SECOND, SECOND, 10 * SECOND, SECOND] {
            let long = "y".repeat(40_000);
            let headers = [("X-Long", long.as_str())];
            let deadline = Deadline::from_now(&*line.clock, 8 * SECOND);
            let request = Request {
                method: Method::Get,
                url: &line.url,
                headers: &headers,
                body: None,
                deadline,
                max_body: 60_000,
            };
            assert_eq!(line.client.send(&request).expect("an answer").body.as_slice(), body.as_bytes());
            line.clock.by(wait);
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), 2);
        assert!(server.resumed.load(Ordering::SeqCst) > 0);
    }
}

#[test]
fn why_there_is_no_connection_is_told_apart() {
    let server = answering();
    let told = |addresses: io::Result<Vec<SocketAddr>>, url: Option<&str>| {
        let addresses = Mutex::new(Some(addresses));
        let once = move || addresses.lock().expect("not poisoned").take().unwrap_or_else(|| Ok(Vec::new()));
        let mut line = Line::to(&server, Book::new(None, once), |_| ());
        line.url = url.map_or(line.url, str::to_owned);
        line.get().err().expect("nobody").to_string()
    };
    let port = server.address.port();
    assert_eq!(told(Err(io::ErrorKind::NotFound.into()), None), "the server's name cannot be resolved");
    let refused = SocketAddr::from(([127, 0, 0, 4], port));
    assert_eq!(told(Ok(vec![refused]), None), "no connection to the server: connection refused");
    let elsewhere = told(Ok(vec![server.address]), Some("https://elsewhere.invalid/"));
    assert!(elsewhere.contains("not valid for name"), "{elsewhere}");
    let plain = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = plain.local_addr().expect("an address");
    thread::spawn(move || {
        for mut socket in plain.incoming().flatten().take(2) {
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            thread::sleep(SECOND);
        }
    });
    assert_eq!(told(Ok(vec![address]), None), "no secure connection: the server does not speak TLS");
}

/// The answer, or the error's name.
fn read(answer: &'static [u8], close: bool) -> Result<(u16, String), String> {
    let server = Raw::start(
        None,
        Arc::new(move |_, stream| {
            let _ = stream.write_all(answer);
            if close {
                stream.conn.send_close_notify();
            }
            let _ = stream.flush();
            false
        }),
    );
    let address = server.address;
    let line = Line::to(&server, Book::new(None, move || Ok(vec![address])), |_| ());
    let answer = line.get().map_err(|error| format!("{error:?}"))?;
    Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
}

#[test]
fn an_answer_is_read_as_http_says_and_half_of_one_is_none() {
    let head = "HTTP/1.1 200 OK\r\n";
    let good: [(&[u8], bool, &str); 6] = [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", false, "{}"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}", false, "{}"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1;x=y\r\n{\r\n01\r\n}\r\n0\r\nA: b\r\n\r\n",
            false,
            "{}",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", true, "{}"),
        (b"HTTP/1.0 200\r\n\r\n", true, ""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, ""),
    ];
    for (answer, close, body) in good {
        let told = read(answer, close);
        assert_eq!(told.as_ref().map(|(_, body)| body.as_str()), Ok(body), "{}", String::from_utf8_lossy(answer));
    }
    let bad: [(&[u8], bool, &str); 11] = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", true, "Interrupted"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", false, "Interrupted"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}", true, "Interrupted"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", false, "Malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", false, "Interrupted"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", false, "Malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", false, "Malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", false, "Malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", false, "TooLarge"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", false, "Malformed"),
        (b"SSH-2.0-OpenSSH\r\n", false, "Malformed"),
    ];
    for (answer, close, error) in bad {
        assert_eq!(read(answer, close), Err(error.to_owned()), "{}", String::from_utf8_lossy(answer));
    }
    let long: &'static str = format!("{head}X: {}\r\n", "x".repeat(20_000)).leak();
    assert_eq!(read(long.as_bytes(), false), Err("TooLarge".to_owned()));
}
