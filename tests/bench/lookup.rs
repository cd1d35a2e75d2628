//! A warm lookup beside somebody else's: OpenSSL's own operations, and the same bytes over TLS.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use facemchd::{
    identity::{CharsetChoice, PaddingChoice},
    sim::server::{Answer, Reply},
    words::Clock,
};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde_json::json;

use super::{Verdict, limit, lookups, median, micros};

/// OpenSSL has the machine to itself for its turns, and the others take theirs between them: what else the machine does
/// comes to everybody.
const TURNS: usize = 5;
const ROUNDS: usize = 80;

/// The reach, times the floor.
const REACH: f64 = 1.15;

/// The same bytes without any of ours.
struct Raw {
    stream: StreamOwned<ClientConnection, TcpStream>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

pub fn run() -> Verdict {
    let mut setup = lookups::Setup::new();
    (setup.settings.wechatpay.padding, setup.settings.wechatpay.charset) =
        (PaddingChoice::Pkcs1v15, CharsetChoice::Utf8);
    let world = Arc::clone(&setup.world);
    let ca = setup.authority.pem();
    let served = prepared(&world, 2 * TURNS * ROUNDS + 16);
    let scripted =
        lookups::Scripted::start(&setup.authority, move |count, _| Reply::Answer(served[count % served.len()].clone()));
    let address = scripted.server.address();
    let clock = Arc::clone(&setup.clock);
    let lookup = setup.at(scripted.server.url()).lookup();
    lookup.name("warm-up").map_err(|code| code.to_string())?;
    let request = request_bytes(&scripted.requests.lock().expect("not poisoned")[0], address.port());
    let mut raw = Raw::new(&ca, address, request)?;
    let (mut ours, mut bytes, mut private, mut public) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let (sign, verify) = openssl()?;
        private.push(sign);
        public.push(verify);
        for _ in 0..ROUNDS {
            ours.push(time(&*clock, || {
                lookup.name("0123456789abcdef0123456789abcdef").map(drop).map_err(|code| code.to_string())
            })?);
            bytes.push(time(&*clock, || raw.once().map_err(|error| error.to_string()))?);
        }
    }
    let (ours, bytes, private, public) =
        (median(&mut ours), median(&mut bytes), median(&mut private), median(&mut public));
    let floor = bytes + 3 * private + public;
    let ratio = ours.as_secs_f64() / floor.as_secs_f64();
    println!("OpenSSL, RSA 2048: private operation                   {}", micros(private));
    println!("OpenSSL, RSA 2048: public operation                    {}", micros(public));
    println!("the same bytes over raw TLS                            {}", micros(bytes));
    println!("floor: these bytes, sign + 2 decrypts + verify         {}", micros(floor));
    println!("a warm lookup                                          {}", micros(ours));
    println!("ratio {ratio:.3} (at most {REACH}), {TURNS} turns of {ROUNDS}, medians");
    limit(ratio <= REACH, format!("ratio {ratio:.3}"))
}

/// What `openssl speed` says of a private and of a public operation. Opening is a private operation like signing; older
/// OpenSSLs do not tell them apart.
pub fn openssl() -> Result<(Duration, Duration), String> {
    let ran = Command::new("openssl").args(["speed", "-mr", "-seconds", "1", "rsa2048"]).output();
    let ran = ran.map_err(|error| format!("openssl: {error}; install the package openssl"))?;
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    // "+F2:2:2048:1193.1:14613.0": operations a second, or in older ones seconds an operation.
    let row = told.lines().find_map(|line| line.strip_prefix("+F2:")).ok_or_else(|| format!("openssl: {told}"))?;
    let figures: Vec<f64> = row.split(':').skip(2).filter_map(|figure| figure.parse().ok()).collect();
    let [sign, verify, ..] = figures[..] else { return Err(format!("openssl: {row}")) };
    let each = |figure: f64| Duration::from_secs_f64(if figure > 1.0 { 1.0 / figure } else { figure });
    Ok((each(sign), each(verify)))
}

fn time(clock: &dyn Clock, work: impl FnOnce() -> Result<(), String>) -> Result<Duration, String> {
    let began = clock.now().moment;
    work()?;
    Ok(clock.now().moment.since(began))
}

/// Signed answers, ready before the clock runs.
pub fn prepared(world: &facemchd::sim::keys::World, count: usize) -> Vec<Answer> {
    let public = RsaPublicKey::from(&world.sub.key);
    let seal = |text: &str| {
        let ciphertext = public.encrypt(&mut rand::rngs::OsRng, Pkcs1v15Encrypt, text.as_bytes()).expect("fits");
        BASE64_STANDARD.encode(ciphertext)
    };
    let body = json!({ "union_id": "oUnion", "openid": "oOpenid", "sub_openid": "oSub", "real_name_info": {
        "encrypted_real_name": seal("张三丰"), "credential_type": 1, "encrypted_credential_id": seal("11010519491231002X"),
    }});
    let now = lookups::seconds();
    (0..count).map(|number| lookups::signed(world, now, &format!("nonce-{number:026}"), &body)).collect()
}

/// The request as it was on the wire, header names aside.
fn request_bytes(request: &facemchd::sim::server::Request, port: u16) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\nhost: localhost:{port}\r\n", request.method, request.target);
    for (name, value) in request.headers.iter().filter(|(name, _)| name != "host") {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

impl Raw {
    fn new(ca: &str, address: std::net::SocketAddr, request: Vec<u8>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).expect("PEM")).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
        let socket = TcpStream::connect(address).map_err(|error| error.to_string())?;
        socket.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self { stream: StreamOwned::new(connection, socket), request, answer: Vec::new() })
    }

    fn once(&mut self) -> std::io::Result<()> {
        self.stream.write_all(&self.request)?;
        self.stream.flush()?;
        self.read()
    }

    /// One whole answer.
    fn read(&mut self) -> std::io::Result<()> {
        self.answer.clear();
        let mut chunk = [0; 8192];
        loop {
            let length = self.stream.read(&mut chunk)?;
            if length == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.answer.extend_from_slice(&chunk[..length]);
            let text = String::from_utf8_lossy(&self.answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && let Some(wanted) = head.split("Content-Length: ").nth(1).and_then(|rest| rest.lines().next())
                && wanted.parse() == Ok(body.len())
            {
                return Ok(());
            }
        }
    }
}
