//! A TLS server that says, byte for byte, what a test wants.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use facemchd::words::WallTime;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    HandshakeKind, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::client_certificates::{Issuer, issuer};

/// What is done with one request: its number, counted from one over all connections, and the connection. False ends it.
pub type Script = dyn Fn(usize, &mut StreamOwned<ServerConnection, TcpStream>) -> bool + Send + Sync;

/// A running server.
pub struct Raw {
    pub address: SocketAddr,
    pub authority: Issuer,
    pub connections: Arc<AtomicUsize>,
    pub resumed: Arc<AtomicUsize>,
    pub requests: Arc<AtomicUsize>,
}

impl Raw {
    /// Serves `localhost` on loopback; its certificate ends at `until`.
    pub fn start(until: Option<WallTime>, script: Arc<Script>) -> Self {
        Self::of_versions(rustls::ALL_VERSIONS, until, script)
    }

    /// The same with some versions of TLS only.
    pub fn of_versions(
        versions: &[&'static SupportedProtocolVersion],
        until: Option<WallTime>,
        script: Arc<Script>,
    ) -> Self {
        let authority = issuer();
        let config = config(&authority, versions, until);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let [connections, resumed, requests] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
        let counts = [&connections, &resumed, &requests].map(Arc::clone);
        let config = Arc::new(config);
        thread::spawn(move || {
            for socket in listener.incoming().take(200).flatten() {
                let (config, script, counts) = (Arc::clone(&config), Arc::clone(&script), counts.clone());
                thread::spawn(move || serve(socket, config, &*script, &counts));
            }
        });
        Self { address, authority, connections, resumed, requests }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}/", self.address.port())
    }
}

/// What a server of `localhost` shows; its certificate ends at `until`.
pub fn config(
    authority: &Issuer,
    versions: &[&'static SupportedProtocolVersion],
    until: Option<WallTime>,
) -> ServerConfig {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    if let Some(until) = until {
        params.not_after = until.at_offset(0);
    }
    let certificate = params.signed_by(&key, authority).expect("signed");
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate.der().to_vec())],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .expect("a configuration")
}

fn serve(socket: TcpStream, config: Arc<ServerConfig>, script: &Script, counts: &[Arc<AtomicUsize>; 3]) {
    let [connections, resumed, requests] = counts;
    connections.fetch_add(1, Ordering::SeqCst);
    let connection = ServerConnection::new(config).expect("a connection");
    let mut stream = StreamOwned::new(connection, socket);
    let (mut seen, mut bytes) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = stream.read(&mut bytes) {
        seen.extend_from_slice(&bytes[..length]);
        // The end of a head of HTTP, or of a message of MLLP.
        if !seen.windows(4).any(|four| four == b"\r\n\r\n") && !seen.ends_with(&[0x1C, 0x0D]) {
            continue;
        }
        seen.clear();
        if stream.conn.handshake_kind() == Some(HandshakeKind::Resumed) {
            resumed.fetch_add(1, Ordering::SeqCst);
        }
        if !script(requests.fetch_add(1, Ordering::SeqCst) + 1, &mut stream) {
            return;
        }
        let _ = stream.flush();
    }
}
