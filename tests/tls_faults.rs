//! What is wrong with the other side's TLS, WeChat's and the site's system's: each fault says its own cause and cure, in
//! `check` and in the daemon's log.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use facemchd::{fault::Cure, sim::people::Person};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, SingleCertAndKey},
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use x509_cert::der::{Decode as _, Encode as _};

use crate::{
    faults::{key, write},
    lookups::{clock, nobody},
    program::expect,
    running::{Sandbox, run},
};

/// One fault: what is wrong, the words of it, and what is to be done; the codes of WeChat's side.
struct Fault {
    what: &'static str,
    told: &'static str,
    cure: Cure,
    code: &'static str,
    make: fn() -> Side,
}

/// Where the other side is, and whom we trust.
struct Side {
    url: String,
    trusted: String,
}

const FAULTS: &[Fault] = &[
    Fault {
        what: "it signed its certificate itself",
        told: "signed its certificate itself",
        cure: Cure::SelfSigned,
        code: "N303",
        make: || {
            let key = KeyPair::generate().expect("a key");
            let own = named("localhost").self_signed(&key).expect("signed");
            serving(vec![own.der().clone()], key, authority().1.pem())
        },
    },
    Fault {
        what: "its certificate is of the first version",
        told: "not X.509 version 3",
        cure: Cure::OldCertificate,
        code: "N303",
        make: || {
            let ((issuer, root), key) = (authority(), KeyPair::generate().expect("a key"));
            let own = named("localhost").signed_by(&key, &issuer).expect("signed");
            let mut old = x509_cert::Certificate::from_der(own.der()).expect("a certificate");
            old.tbs_certificate.version = x509_cert::Version::V1;
            old.tbs_certificate.extensions = None;
            serving(vec![old.to_der().expect("encoded").into()], key, root.pem())
        },
    },
    Fault {
        what: "it shows an authority's certificate",
        told: "an authority's certificate as its own",
        cure: Cure::Authority,
        code: "N303",
        make: || {
            let key = KeyPair::generate().expect("a key");
            let mut params = named("localhost");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let own = params.self_signed(&key).expect("signed");
            serving(vec![own.der().clone()], key, own.pem())
        },
    },
    Fault {
        what: "it leaves an intermediate certificate out",
        told: "leaves intermediate certificates out",
        cure: Cure::UnknownIssuer,
        code: "N303",
        make: || {
            let (root, trusted) = authority();
            let between = KeyPair::generate().expect("a key");
            let mut params = named("between");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.signed_by(&between, &root).expect("signed");
            let (between, key) = (Issuer::new(params, between), KeyPair::generate().expect("a key"));
            let own = named("localhost").signed_by(&key, &between).expect("signed");
            serving(vec![own.der().clone()], key, trusted.pem())
        },
    },
    Fault {
        what: "its certificate is another server's",
        told: "not valid for name",
        cure: Cure::OtherName,
        code: "N303",
        make: || issued(named("other.example")),
    },
    Fault {
        what: "its certificate is over",
        told: "expired",
        cure: Cure::Expired,
        code: "N303",
        make: || {
            let mut params = named("localhost");
            params.not_after = now() - time::Duration::days(1);
            issued(params)
        },
    },
    Fault {
        what: "its certificate has not begun, by our clock",
        told: "not valid yet",
        cure: Cure::NotYetValid,
        code: "N303",
        make: || {
            let mut params = named("localhost");
            params.not_before = now() + time::Duration::days(1);
            issued(params)
        },
    },
    Fault {
        what: "it speaks plain HTTP",
        told: "does not speak TLS",
        cure: Cure::NotTls,
        code: "N303",
        make: || {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
            thread::spawn(move || {
                for mut socket in listener.incoming().take(50).flatten() {
                    let _ = socket.read(&mut [0; 4096]);
                    let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                }
            });
            Side { url, trusted: authority().1.pem() }
        },
    },
    Fault {
        what: "nothing listens",
        told: "connection refused",
        cure: Cure::PortClosed,
        code: "N301",
        make: || Side { url: format!("https://localhost:{}", nobody().port()), trusted: authority().1.pem() },
    },
    Fault {
        what: "nobody knows its name",
        told: "cannot be resolved",
        cure: Cure::NoSuchName,
        code: "N302",
        make: || Side { url: "https://nowhere.invalid".to_owned(), trusted: authority().1.pem() },
    },
];

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(clock().now().wall.unix_seconds()).expect("a time")
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority() -> (Issuer<'static, KeyPair>, rcgen::Certificate) {
    let mut params = named("an authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let own = params.self_signed(&key).expect("signed");
    (Issuer::new(params, key), own)
}

fn issued(params: CertificateParams) -> Side {
    let ((issuer, root), key) = (authority(), KeyPair::generate().expect("a key"));
    let own = params.signed_by(&key, &issuer).expect("signed");
    serving(vec![own.der().clone()], key, root.pem())
}

/// A server that shows this chain, whatever it is worth, and answers nothing.
fn serving(chain: Vec<CertificateDer<'static>>, key: KeyPair, trusted: String) -> Side {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider.key_provider.load_private_key(key).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))));
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    thread::spawn(move || {
        for socket in listener.incoming().take(50).flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let _ = StreamOwned::new(connection, socket).read(&mut [0; 4096]);
        }
    });
    Side { url, trusted }
}

/// What is wrong with what `check` tells of one fault where the site's system is a hospital's.
fn of_hospitals(fault: &Fault, sandbox: &Sandbox, url: &str) -> Vec<String> {
    let by_http = format!(
        "adapter = \"http\"\nurl = \"{url}/kiosk\"\nca-file = \"keys/site-ca.pem\"\nhmac-key = \"keys/checkin.hmac\"\n"
    );
    let text = std::fs::read_to_string(&sandbox.site).expect("readable");
    assert!(text.contains(&by_http), "{text}");
    let mut wrong = Vec::new();
    for (adapter, url, more) in [
        ("hl7", url.replace("https", "mllps"), ""),
        ("fhir", url.to_owned(), ""),
        // Nobody signs in by it.
        (
            "template",
            url.to_owned(),
            "template = \"hip\"\nvalues = { sender = \"a\", receiver = \"b\", organisation = \"c\" }\n",
        ),
    ] {
        let table = format!("adapter = \"{adapter}\"\nurl = \"{url}\"\nca-file = \"keys/site-ca.pem\"\n{more}");
        let site = sandbox.path(&format!("{adapter}.toml"));
        write(&site, &text.replace(&by_http, &table), 0o600);
        let checked = run(&["check", "--json", "--config", site.to_str().expect("a path")]);
        let checked = String::from_utf8_lossy(&checked.stdout).into_owned();
        let cure = fault.cure.text_in(facemchd::fault::Tongue::En);
        let is_told = checked.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).any(|line| {
            let told = line["text"].as_str().is_some_and(|text| text.contains(fault.told));
            line["id"] == "site-system" && line["code"] == "H901" && line["cure"] == cure && told
        });
        if !is_told {
            wrong.push(format!("{} by {adapter}: check says\n{checked}", fault.what));
        }
    }
    wrong
}

/// What is wrong with what is told of one fault on both sides.
fn complaints(fault: &Fault) -> Vec<String> {
    let sandbox = Sandbox::new();
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let [wechat, site] = [(fault.make)(), (fault.make)()];
    write(&key(&sandbox, "wechat-ca.pem"), &wechat.trusted, 0o644);
    write(&key(&sandbox, "site-ca.pem"), &site.trusted, 0o644);
    sandbox.edit(
        &format!("base-url = \"{}\"\npublic", sandbox.wechat.url()),
        &format!("base-url = \"{}\"\npublic", wechat.url),
    );
    sandbox.edit("pub.pem\"\nca-file = \"keys/ca.pem\"", "pub.pem\"\nca-file = \"keys/wechat-ca.pem\"");
    sandbox.edit(
        &format!("url = \"{}\"\nca-file = \"keys/ca.pem\"\nhmac", sandbox.hospital.url()),
        &format!("url = \"{}/kiosk\"\nca-file = \"keys/site-ca.pem\"\nhmac", site.url),
    );
    let mut wrong = of_hospitals(fault, &sandbox, &site.url);
    let checked = run(&["check", "--online", "--json", "--config", sandbox.site()]);
    let checked = String::from_utf8_lossy(&checked.stdout).into_owned();
    let lines: Vec<Value> = checked.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let cure = fault.cure.text_in(facemchd::fault::Tongue::En);
    let says = |code: &str, of_site: bool| {
        lines.iter().any(|line| {
            let text = |member: &str| line[member].as_str().unwrap_or_default().to_owned();
            let cured = text("cure") == cure || (!of_site && code != "N303");
            (text("id") == "site-system") == of_site
                && text("code") == code
                && text("text").contains(fault.told)
                && cured
        })
    };
    if !says(fault.code, false) || !says("H901", true) {
        wrong.push(format!("{}: check says\n{checked}", fault.what));
    }
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    // A voucher goes to the site's system alone.
    terminal.face("sid-1", true).expect("sent");
    let _ = terminal.receive_type("outcome");
    let logs = |code: &str| {
        let is_it = |line: &&str| line.contains(&format!("code={code} ")) && line.contains(fault.told);
        daemon.log().lines().filter(is_it).count()
    };
    for _ in 0..200 {
        if logs("H901") > 0 {
            break;
        }
        terminal.send("voucher", &json!({ "code": "V-1" })).expect("sent");
        let _ = terminal.receive_type("ack");
        thread::sleep(Duration::from_millis(50));
    }
    if logs(fault.code) != 1 || logs("H901") != 1 {
        wrong.push(format!("{}: the log says\n{}", fault.what, daemon.log()));
    }
    wrong
}

#[test]
fn every_fault_of_tls_on_either_side_says_its_own_cause_in_check_and_in_the_log() {
    let (wrong, left) = (Mutex::new(Vec::new()), Mutex::new(FAULTS.iter()));
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                while let Some(fault) = { left.lock().unwrap_or_else(PoisonError::into_inner).next() } {
                    let found = complaints(fault);
                    wrong.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("not poisoned");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
