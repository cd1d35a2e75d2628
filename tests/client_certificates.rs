//! A site's system that wants a client certificate gets ours, and one of somebody else is not let in.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    thread,
    time::Duration,
};

use facemchd::{
    checkin::{CheckIn as _, Http},
    fault::{Code, Fault as _},
    http::Client,
    sim::keys::write_private,
    words::{Resolution, SessionId},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};

use crate::{
    lookups::{Setup, clock},
    running::{Sandbox, run},
};

pub type Issuer = CertifiedIssuer<'static, KeyPair>;

pub fn issuer() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

fn issued(issuer: &Issuer) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    (params.signed_by(&key, issuer).expect("signed"), key)
}

/// A server that asks for a certificate of `clients`, and says of every session that it never arrived.
fn serve(servers: &Issuer, clients: &Issuer) -> u16 {
    let (certificate, key) = issued(servers);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(clients.as_ref().der().to_vec())).expect("a root");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .expect("a verifier");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from(certificate.der().to_vec())],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .expect("a configuration");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let config = Arc::new(config);
    thread::spawn(move || {
        for stream in listener.incoming().take(4).flatten() {
            let answer = || -> io::Result<()> {
                let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
                let mut stream = StreamOwned::new(connection, stream);
                let mut request = [0; 2048];
                let _ = stream.read(&mut request)?;
                stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
                stream.flush()
            };
            // Whoever has no certificate is no news.
            let _ = answer();
        }
    });
    port
}

#[test]
fn our_certificate_is_shown_and_another_authoritys_is_refused() {
    let (servers, clients, strangers) = (issuer(), issuer(), issuer());
    for (holder, welcome) in [(&clients, true), (&strangers, false)] {
        let mut setup = Setup::new();
        let port = serve(&servers, &clients);
        let (certificate, key) = issued(holder);
        setup.http.ca_file = Some(setup.keys.write("servers.pem", &servers.as_ref().pem()).into());
        let chain = setup.keys.write("kiosk.crt.pem", &certificate.pem());
        let key = setup.keys.write("kiosk.key.pem", &key.serialize_pem());
        setup.http.client_certificate = Some((chain.into(), key.into()));
        let client = Client::open(&setup.http, Arc::clone(&setup.clock)).expect("a client");
        let adapter =
            Http::open(format!("https://localhost:{port}"), None, 8 * 3600, client, clock()).expect("an adapter");
        let resolution = adapter.resolve(SessionId { run: 1, serial: 1 }, setup.within(Duration::from_secs(5)));
        match welcome {
            true => assert_eq!(resolution.expect("an answer"), Resolution::NotThere),
            false => {
                let failure = resolution.expect_err("refused");
                assert!(matches!(failure.code(), Code::H901 | Code::H904), "{failure:?}");
            }
        }
    }
}

#[test]
fn a_key_that_does_not_belong_to_our_certificate_is_refused_when_it_is_read() {
    let ours = issuer();
    let mut setup = Setup::new();
    let ((certificate, _), (_, another)) = (issued(&ours), issued(&ours));
    let chain = setup.keys.write("kiosk.crt.pem", &certificate.pem());
    let key = setup.keys.write("kiosk.key.pem", &another.serialize_pem());
    setup.http.client_certificate = Some((chain.into(), key.into()));
    let refused = Client::open(&setup.http, clock()).expect_err("refused");
    assert_eq!(refused.code(), Code::K401);
    assert!(refused.to_string().contains("the key of another one than our certificate"), "{refused}");
}

#[test]
fn the_days_left_of_our_certificate_towards_the_sites_system_stand_in_check_and_status() {
    let sandbox = Sandbox::new();
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["kiosk".to_owned()]).expect("parameters");
    params.not_after = rcgen::date_time_ymd(2500, 1, 1);
    let certificate = params.signed_by(&key, &issuer()).expect("signed");
    std::fs::write(sandbox.path("keys/client.crt.pem"), certificate.pem()).expect("written");
    write_private(&sandbox.path("keys/client.key.pem"), key.serialize_pem().as_bytes()).expect("written");
    sandbox.edit(
        "hmac-key =",
        "client-certificate = \"keys/client.crt.pem\"\nclient-key = \"keys/client.key.pem\"\nhmac-key =",
    );
    let said = |arguments: &[&str]| {
        String::from_utf8_lossy(&run(&[arguments, &["--config", sandbox.site()]].concat()).stdout).into_owned()
    };
    let checked = said(&["check"]);
    assert!(checked.contains("our certificate towards the site's system has 17"), "{checked}");
    let daemon = sandbox.start();
    let status = said(&["status", "--json"]);
    assert!(status.contains("{\"kind\":\"site\",\"number\":1,"), "{status}");
    assert!(said(&["status"]).contains("towards site system 1: 17"), "{}", said(&["status"]));
    assert_eq!(daemon.stop(), Some(0));
}
