//! A warm lookup against what cannot be left out: the engine's own operations, and the same bytes over TLS.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey},
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use facemchd::{
    identity::{CharsetChoice, PaddingChoice},
    sim::server::{Answer, Reply},
    words::Clock,
};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey, pkcs1::EncodeRsaPublicKey as _, pkcs8::EncodePrivateKey as _};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde_json::json;

use super::{Verdict, limit, lookups, median, micros};

const ROUNDS: usize = 400;

/// The same work without any of ours.
struct Floor {
    sign: KeyPair,
    open: Pkcs1PrivateDecryptingKey,
    platform: Vec<u8>,
    stream: StreamOwned<ClientConnection, TcpStream>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

pub fn run() -> Verdict {
    let mut setup = lookups::Setup::new();
    (setup.settings.padding, setup.settings.charset) = (PaddingChoice::Pkcs1v15, CharsetChoice::Utf8);
    let world = Arc::clone(&setup.world);
    let ca = setup.authority.pem();
    let answers = Arc::new(prepared(&world));
    let served = Arc::clone(&answers);
    let scripted =
        lookups::Scripted::start(&setup.authority, move |count, _| Reply::Answer(served[count % served.len()].clone()));
    let address = scripted.server.address();
    let clock = Arc::clone(&setup.clock);
    let lookup = setup.at(scripted.server.url()).lookup();
    lookup.name("warm-up").map_err(|code| code.to_string())?;
    let seen = scripted.requests.lock().expect("not poisoned");
    let request = request_bytes(&seen[0], address.port());
    drop(seen);
    let mut floor = Floor::new(&world, &ca, address, request)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        ours.push(time(&*clock, || {
            lookup.name("0123456789abcdef0123456789abcdef").map(drop).map_err(|code| code.to_string())
        })?);
        theirs.push(time(&*clock, || floor.once().map_err(|error| format!("round {round}: {error}")))?);
    }
    let mut engine = Vec::new();
    for _ in 0..ROUNDS {
        engine.push(time(&*clock, || floor.engine().map_err(|error| error.to_string()))?);
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("warm lookup                                            {}", micros(ours));
    println!("sign + verify + 2 decrypts + the bytes over raw rustls {}", micros(theirs));
    println!("of which sign + verify + 2 decrypts                    {}", micros(median(&mut engine)));
    println!("ratio {ratio:.3} (at most 1.25), {ROUNDS} rounds, medians");
    limit(ratio <= 1.25, format!("ratio {ratio:.3}"))
}

fn time(clock: &dyn Clock, work: impl FnOnce() -> Result<(), String>) -> Result<Duration, String> {
    let began = clock.now().moment;
    work()?;
    Ok(clock.now().moment.since(began))
}

/// Signed answers, ready before the clock runs.
fn prepared(world: &facemchd::sim::keys::World) -> Vec<Answer> {
    let public = RsaPublicKey::from(&world.sub.key);
    let seal = |text: &str| {
        let ciphertext = public.encrypt(&mut rand::rngs::OsRng, Pkcs1v15Encrypt, text.as_bytes()).expect("fits");
        BASE64_STANDARD.encode(ciphertext)
    };
    let body = json!({ "union_id": "oUnion", "openid": "oOpenid", "sub_openid": "oSub", "real_name_info": {
        "encrypted_real_name": seal("张三丰"), "credential_type": 1, "encrypted_credential_id": seal("11010519491231002X"),
    }});
    let now = lookups::seconds();
    (0..2 * ROUNDS + 16).map(|number| lookups::signed(world, now, &format!("nonce-{number:026}"), &body)).collect()
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

impl Floor {
    fn new(
        world: &facemchd::sim::keys::World,
        ca: &str,
        address: std::net::SocketAddr,
        request: Vec<u8>,
    ) -> Result<Self, String> {
        let der = |key: &rsa::RsaPrivateKey| key.to_pkcs8_der().expect("DER").as_bytes().to_vec();
        let sign = KeyPair::from_pkcs8(&der(&world.provider.key)).map_err(|error| error.to_string())?;
        let open = PrivateDecryptingKey::from_pkcs8(&der(&world.sub.key)).map_err(|error| error.to_string())?;
        let platform = RsaPublicKey::from(&world.platform.key).to_pkcs1_der().expect("DER").into_vec();
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
        Ok(Self {
            sign,
            open: Pkcs1PrivateDecryptingKey::new(open).map_err(|error| error.to_string())?,
            platform,
            stream: StreamOwned::new(connection, socket),
            request,
            answer: Vec::new(),
        })
    }

    fn once(&mut self) -> std::io::Result<()> {
        self.stream.write_all(&self.request)?;
        self.stream.flush()?;
        self.read()?;
        self.engine()
    }

    /// The private and public operations of one lookup, on the last answer.
    fn engine(&self) -> std::io::Result<()> {
        let mut signature = [0; 256];
        self.sign
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &self.request, &mut signature)
            .map_err(|_| std::io::Error::other("sign"))?;
        let head = self.answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(0);
        let body: serde_json::Value = serde_json::from_slice(&self.answer[head + 4..])?;
        // A wrong signature costs as much as a right one.
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.platform);
        let _ = key.verify(&self.answer, &signature);
        for field in ["encrypted_real_name", "encrypted_credential_id"] {
            let ciphertext = BASE64_STANDARD
                .decode(body["real_name_info"][field].as_str().unwrap_or(""))
                .map_err(std::io::Error::other)?;
            let mut plaintext = vec![0; self.open.min_output_size()];
            self.open.decrypt(&ciphertext, &mut plaintext).map_err(|_| std::io::Error::other("decrypt"))?;
        }
        Ok(())
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
