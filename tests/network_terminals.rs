//! Terminals over the network: whoever has a certificate that counts is served, and nobody else costs the lane anything.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream},
    os::fd::OwnedFd,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use facemchd::{
    fault::Code,
    sim::{people::Person, terminal::Terminal},
};
use rcgen::{CertificateParams, DnType, KeyPair};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName},
};
use serde_json::{Value, json};

use crate::{
    client_certificates::{Issuer, issuer},
    program::expect,
    running::{Daemon, Sandbox},
};

pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A daemon whose first lane is met over the network, and the authorities around it.
pub struct Site {
    pub sandbox: Sandbox,
    pub port: u16,
    pub terminals: Issuer,
    strangers: Issuer,
    kiosks: Issuer,
}

/// A terminal's certificate and key, as files and as they are.
pub struct Card {
    pub chain: PathBuf,
    pub key: PathBuf,
    pub config: Arc<ClientConfig>,
}

pub const NAME: &str = "terminal-7";

impl Site {
    pub fn new(protocol: &str) -> Self {
        let (kiosks, terminals, strangers) = (issuer(), issuer(), issuer());
        let sandbox = Sandbox::new();
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let site = Self { sandbox, port, terminals, strangers, kiosks };
        site.ends_in(2099);
        site.write("keys/terminals.pem", &site.terminals.as_ref().pem());
        site.write("keys/kiosks.pem", &site.kiosks.as_ref().pem());
        site.sandbox.edit(
            "terminal = \"unix:kiosk-1.sock\"",
            &format!("terminal = \"{protocol}:127.0.0.1:{port}\"\nallow-subjects = [\"CN={NAME},O=Hospital\"]"),
        );
        site.sandbox.edit(
            "[checkin]",
            "[terminals]\ncertificate = \"keys/met.crt.pem\"\nkey = \"keys/met.key.pem\"\n\
             ca-file = \"keys/terminals.pem\"\n\n[checkin]",
        );
        site
    }

    /// Our own certificate is good until the beginning of a year.
    pub fn ends_in(&self, year: i32) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = params.signed_by(&key, &self.kiosks).expect("signed");
        self.write("keys/met.crt.pem", &certificate.pem());
        self.write_private("keys/met.key.pem", &key.serialize_pem());
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.sandbox.path(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn write_private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.sandbox.path(name);
        facemchd::sim::keys::write_private(&path, text.as_bytes()).expect("written");
        path
    }

    /// A certificate of this authority for this name, good or run out.
    fn card(&self, authority: &Issuer, name: &str, runs_out: i32) -> Card {
        self.card_with(authority, name, |params| params.not_after = rcgen::date_time_ymd(runs_out, 1, 1))
    }

    /// A certificate of this authority for this name, with whatever else.
    pub fn card_with(&self, authority: &Issuer, name: &str, with: impl FnOnce(&mut CertificateParams)) -> Card {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Hospital");
        params.distinguished_name.push(DnType::CommonName, name);
        with(&mut params);
        let runs_out = params.not_after.unix_timestamp();
        let certificate = params.signed_by(&key, authority).expect("signed");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.kiosks.as_ref().der().to_vec())).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_client_auth_cert(
                vec![CertificateDer::from(certificate.der().to_vec())],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .expect("a configuration");
        Card {
            chain: self.write(&format!("keys/{name}-{runs_out}.crt.pem"), &certificate.pem()),
            key: self.write_private(&format!("keys/{name}-{runs_out}.key.pem"), &key.serialize_pem()),
            config: Arc::new(config),
        }
    }

    pub fn good(&self) -> Card {
        self.card(&self.terminals, NAME, 2099)
    }

    pub fn connect(&self, card: &Card) -> Tls {
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::clone(&card.config), name).expect("a connection");
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(15))).expect("set");
        StreamOwned::new(connection, stream)
    }

    pub fn person(&self, face_sid: &str) {
        expect(&self.sandbox, &Person::new(face_sid, "王小明"));
    }

    /// `openssl s_client` with these arguments, which may say this much; what it came to.
    fn openssl(&self, arguments: &[&str], says: &[u8]) -> String {
        let mut child = Command::new("openssl")
            .args(["s_client", "-connect", &format!("127.0.0.1:{}", self.port), "-bind", "127.0.0.2:0"])
            .args(["-quiet", "-no_ign_eof"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssl is installed");
        // Whoever is refused may not live to hear it.
        let _ = child.stdin.take().expect("piped").write_all(says);
        let output = child.wait_with_output().expect("ends");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Sends a face and waits for its outcome.
pub fn serve(terminal: &mut Terminal, face_sid: &str) {
    terminal.face(face_sid, true).expect("sent");
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    assert_eq!(outcome["result"], "checked_in", "{outcome}");
}

#[test]
fn lines_within_tls_are_what_they_are_on_a_socket() {
    let site = Site::new("tls");
    site.person("sid-network-1");
    let daemon = site.sandbox.start();
    let mut terminal = Terminal::over(site.connect(&site.good()));
    let seq = terminal.send("ping", &json!({})).expect("sent");
    assert_eq!(terminal.receive_type("pong").expect("a pong")["seq"], seq);
    serve(&mut terminal, "sid-network-1");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn whoever_has_no_certificate_that_counts_is_not_let_in() {
    let site = Site::new("tls");
    let daemon = site.sandbox.start();
    let text = |path: &PathBuf| path.to_str().expect("UTF-8").to_owned();
    let cards = [
        ("none", None),
        ("a stranger's authority", Some(site.card(&site.strangers, NAME, 2099))),
        ("run out", Some(site.card(&site.terminals, NAME, 2020))),
        ("another name", Some(site.card(&site.terminals, "terminal-8", 2099))),
        ("the kiosk's own", Some(site.card(&site.kiosks, NAME, 2098))),
    ];
    let frame = b"{\"type\":\"ping\",\"seq\":1}\n";
    for (what, card) in &cards {
        let shown = card.as_ref().map(|card| [text(&card.chain), text(&card.key)]);
        let arguments = shown.as_ref().map(|[chain, key]| vec!["-cert", chain, "-key", key]).unwrap_or_default();
        for version in ["-tls1_2", "-tls1_3"] {
            let told = site.openssl(&[&arguments[..], &[version]].concat(), frame);
            assert!(!told.contains("pong"), "{what} was let in: {told}");
        }
        // Knocks of one address are counted by the second.
        std::thread::sleep(Duration::from_millis(300));
    }
    let good = site.good();
    let [chain, key] = [text(&good.chain), text(&good.key)];
    let arguments = ["-cert", &chain, "-key", &key];
    assert_eq!(site.openssl(&[&arguments[..], &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]].concat(), frame), "");
    let mut plain = TcpStream::connect(("127.0.0.1", site.port)).expect("connected");
    plain.write_all(frame).expect("sent");
    let mut told = Vec::new();
    let _ = plain.read_to_end(&mut told);
    assert!(!String::from_utf8_lossy(&told).contains("pong"), "without TLS");

    let log = daemon.log();
    assert!(log.contains(Code::T211.as_str()), "{log}");
    assert!(log.contains("CN=terminal-8,O=Hospital"), "the name to write into allow-subjects: {log}");
    let mut terminal = Terminal::over(site.connect(&good));
    terminal.send("ping", &json!({})).expect("sent");
    terminal.receive_type("pong").expect("whose certificate counts is let in");
    assert_eq!(daemon.stop(), Some(0));
}

/// A connection from an address of its own that never says a word.
pub fn half_open(port: u16, from: Ipv4Addr) -> OwnedFd {
    let stranger = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&stranger, &SocketAddr::V4(SocketAddrV4::new(from, 0))).expect("an address");
    // Refused or not is the same to whoever floods.
    let _ = connect(&stranger, &SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)));
    stranger
}

#[test]
fn floods_and_half_open_connections_cost_the_lane_nothing() {
    let site = Site::new("tls");
    for index in 0..6 {
        site.person(&format!("sid-flood-{index}"));
    }
    let daemon = site.sandbox.start();
    let good = site.good();
    let mut terminal = Terminal::over(site.connect(&good));
    serve(&mut terminal, "sid-flood-0");

    let mut open: Vec<OwnedFd> = (0..200).map(|_| half_open(site.port, Ipv4Addr::new(127, 0, 0, 2))).collect();
    open.extend((1..=60).map(|host| half_open(site.port, Ipv4Addr::new(127, 0, 1, host))));
    serve(&mut terminal, "sid-flood-1");
    let mut late = Terminal::over(site.connect(&good));
    serve(&mut late, "sid-flood-2");
    let noise: Vec<TcpStream> = (0..5)
        .map(|_| {
            let mut noise = TcpStream::from(half_open(site.port, Ipv4Addr::new(127, 0, 2, 1)));
            let _ = noise.write_all(&[0x16; 20_000]);
            noise
        })
        .collect();
    serve(&mut terminal, "sid-flood-3");
    // Of half-open connections only what may wait does so, and not for long.
    std::thread::sleep(Duration::from_secs(6));
    let silent = open.iter().filter(|stranger| is_open(stranger)).count();
    assert_eq!(silent, 0, "are kept after six seconds");
    drop((open, noise));

    // A terminal that comes back again and again without closing anything.
    let _gone: Vec<Tls> = (0..12)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(120));
            let mut connection = site.connect(&good);
            let _ = connection.write_all(b"{\"type\":\"person\"}\n");
            connection
        })
        .collect();
    let mut back = Terminal::over(site.connect(&good));
    serve(&mut back, "sid-flood-4");
    let told = daemon.log().lines().filter(|line| line.contains("not let in")).count();
    assert!(told <= 20, "{told} lines about strangers");
    assert_eq!(daemon.stop(), Some(0));
}

/// Whether the other end still holds the connection.
fn is_open(stranger: &OwnedFd) -> bool {
    let mut byte = [0; 1];
    let flags = rustix::net::RecvFlags::DONTWAIT | rustix::net::RecvFlags::PEEK;
    matches!(rustix::net::recv(stranger, &mut byte, flags), Err(error) if error == rustix::io::Errno::AGAIN)
}

/// An HTTP client of a few lines: what it is tested against is the server.
pub struct Http(pub BufReader<Tls>);

impl Http {
    /// Asks for the stream of events.
    pub fn listen(&mut self) {
        let asked = self.0.get_mut().write_all(b"GET /v1/events HTTP/1.1\r\nHost: kiosk\r\n\r\n");
        asked.expect("sent");
        assert_eq!(self.head().0, 200);
    }

    pub fn ask(&mut self, request: &str, body: &str) -> (u16, String) {
        let request = format!("{request} HTTP/1.1\r\nHost: kiosk\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(request.as_bytes()).expect("sent");
        self.0.get_mut().flush().expect("sent");
        let (status, length) = self.head();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        (status, String::from_utf8(body).expect("UTF-8"))
    }

    pub fn head(&mut self) -> (u16, usize) {
        let status = self.line();
        let mut length = 0;
        loop {
            let header = self.line().to_ascii_lowercase();
            if header.is_empty() {
                return (status.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), length);
            }
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().expect("a length");
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// The next event of this type; heartbeats and the chunks' lengths are passed over.
    pub fn event(&mut self, kind: &str) -> Value {
        loop {
            let line = self.line();
            assert!(!(line.is_empty() && self.0.buffer().is_empty() && self.ended()), "the stream ended");
            if let Some(event) = line.strip_prefix("data: ") {
                let event: Value = serde_json::from_str(event).expect("JSON");
                if event["type"] == kind {
                    return event;
                }
            }
        }
    }

    fn ended(&mut self) -> bool {
        self.0.fill_buf().map_or(true, <[u8]>::is_empty)
    }
}

#[test]
fn frames_are_posted_and_replies_come_as_events() {
    let site = Site::new("https");
    site.person("sid-https-1");
    site.person("sid-https-2");
    site.person("sid-https-3");
    let daemon = site.sandbox.start();
    let good = site.good();
    let connect = || Http(BufReader::new(site.connect(&good)));
    let face = |seq: u64, sid: &str| json!({ "v": 1, "type": "face", "seq": seq, "return_code": "SUCCESS", "face_sid": sid, "consent": true });
    let mut posts = connect();
    let (status, told) = posts.ask("POST /v1/frames", &face(1, "sid-https-1").to_string());
    assert_eq!(status, 409, "nobody would hear the outcome: {told}");
    assert_eq!(posts.ask("GET /", "").0, 404);
    assert_eq!(posts.ask("GET /v1/frames", "").0, 405);

    let mut stream = connect();
    stream.listen();
    for (body, status, code) in [
        ("nonsense".to_owned(), 400, "T201"),
        (json!({ "type": "dance", "seq": 1 }).to_string(), 400, "T204"),
        (format!("{{\"type\":\"ping\",\"x\":\"{}\"}}", "x".repeat(5000)), 413, "T202"),
    ] {
        let (told, why) = posts.ask("POST /v1/frames", &body);
        assert_eq!(told, status, "{why}");
        assert!(why.contains(code), "{why}");
        posts = connect();
    }
    assert_eq!(posts.ask("POST /v1/frames", &face(7, "sid-https-1").to_string()), (202, String::new()));
    assert_eq!(stream.event("outcome")["result"], "checked_in");

    // A terminal that starts again takes its stream over; the older one ends.
    let mut again = connect();
    again.listen();
    assert_eq!(posts.ask("POST /v1/frames", &face(8, "sid-https-2").to_string()).0, 202);
    let outcome = again.event("outcome");
    assert_eq!((outcome["seq"].as_u64(), outcome["result"].as_str()), (Some(8), Some("checked_in")));
    let mut rest = Vec::new();
    let _ = stream.0.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains("\"seq\":8"), "the older stream has ended");

    // What there is to say while nobody listens waits a moment for whoever comes back.
    drop(again);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(posts.ask("POST /v1/frames", &face(9, "sid-https-3").to_string()).0, 202);
    std::thread::sleep(Duration::from_secs(2));
    let mut back = connect();
    back.listen();
    assert_eq!(back.event("outcome")["seq"], 9);

    let (mut flooded, mut last) = (false, String::new());
    for seq in 0..160 {
        let (status, told) = posts.ask("POST /v1/frames", &json!({ "type": "ping", "seq": seq }).to_string());
        flooded |= status == 429;
        last = told;
    }
    assert!(flooded, "{last}");
    let journal = site.sandbox.path("state");
    let secrets = ["sid-https", "王小明", "BEGIN PRIVATE KEY"];
    assert_eq!(Daemon::files_with(&journal, &secrets), Vec::<String>::new());
    let log = daemon.log();
    assert!(secrets.iter().all(|secret| !log.contains(secret)), "{log}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_lane_on_the_network_without_certificates_is_refused_before_it_starts() {
    let site = Site::new("tls");
    let site_file = site.sandbox.site();
    let told = |wanted: &str| {
        let output = crate::running::run(&["check", "--config", site_file]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(wanted), "{wanted}: {text}");
    };
    told("1 subjects are let in");
    site.sandbox.edit("keys/terminals.pem", "keys/met.key.pem");
    told("K401");
    site.sandbox.edit("ca-file = \"keys/met.key.pem\"", "ca-file = \"keys/terminals.pem\"");
    let key = site.sandbox.path("keys/met.key.pem");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("set");
    told("K402");
    site.sandbox.edit("allow-subjects = [\"CN=terminal-7,O=Hospital\"]", "");
    told("allow-subjects");
    site.sandbox.edit("[terminals]", "[terminal]");
    told("C101");
}
