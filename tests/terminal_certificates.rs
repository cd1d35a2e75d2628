//! A terminal's certificate counts for as long as it stands: at every connection, and while it lives.

use std::{
    io::{BufReader, Read as _, Write as _},
    thread,
    time::Duration,
};

use facemchd::{fault::Code, sim::terminal::Terminal};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use rustix::process::Signal;
use serde_json::json;
use time::OffsetDateTime;

use crate::{
    lookups::clock,
    network_terminals::{Card, Http, NAME, Site, Tls, serve},
    running::{Daemon, run},
};

/// Whether a terminal with this certificate is let in now.
fn is_let_in(site: &Site, card: &Card) -> bool {
    let mut connection = site.connect(card);
    if connection.write_all(b"{\"type\":\"ping\",\"seq\":1}\n").is_err() {
        return false;
    }
    let mut answer = [0; 16];
    matches!(connection.read(&mut answer), Ok(length) if length > 0)
}

/// Waits until a live connection is closed by the other end.
fn is_sent_away(connection: &mut Tls) -> bool {
    let mut rest = Vec::new();
    match connection.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

fn ping(connection: &mut Tls) {
    connection.write_all(b"{\"type\":\"ping\",\"seq\":1}\n").expect("sent");
    let mut answer = [0; 64];
    assert!(connection.read(&mut answer).expect("an answer") > 0);
}

fn reload(daemon: &Daemon, wanted: &str) {
    let told = daemon.log().matches(wanted).count();
    daemon.signal(Signal::HUP);
    for _ in 0..500 {
        if daemon.log().matches(wanted).count() > told {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{wanted}: {}", daemon.log());
}

fn in_seconds(seconds: i64) -> OffsetDateTime {
    let now = clock().now().wall.unix_seconds();
    OffsetDateTime::from_unix_timestamp(now + seconds).expect("a time")
}

#[test]
fn a_terminal_is_sent_away_when_its_certificate_ends_and_resumes_nothing() {
    let site = Site::new("tls");
    site.person("sid-ends-1");
    let daemon = site.sandbox.start();
    let card = site.card_with(&site.terminals, NAME, |params| params.not_after = in_seconds(5));
    let good = site.good();
    // The same configuration: a session that could be resumed would be.
    let mut first = site.connect(&card);
    ping(&mut first);
    let mut second = site.connect(&card);
    ping(&mut second);
    assert_eq!(second.conn.handshake_kind(), Some(rustls::HandshakeKind::Full), "nothing is resumed");
    let mut lasting = site.connect(&good);
    ping(&mut lasting);
    let mut lasting = Terminal::over(lasting);
    assert!(is_sent_away(&mut first) && is_sent_away(&mut second));
    assert!(!is_let_in(&site, &card));
    serve(&mut lasting, "sid-ends-1");
    assert!(daemon.log().contains("is sent away"), "{}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_subject_taken_off_the_list_is_sent_away_by_sighup() {
    let site = Site::new("https");
    site.sandbox.edit("\"CN=terminal-7,O=Hospital\"", "\"CN=terminal-7,O=Hospital\", \"CN=terminal-8,O=Hospital\"");
    let daemon = site.sandbox.start();
    let (seven, eight) =
        (site.good(), site.card_with(&site.terminals, "terminal-8", |params| params.not_after = in_seconds(3600)));
    let mut stays = Http(BufReader::new(site.connect(&seven)));
    stays.listen();
    let mut goes = Http(BufReader::new(site.connect(&eight)));
    goes.listen();
    site.sandbox.edit(", \"CN=terminal-8,O=Hospital\"", "");
    reload(&daemon, "read again");
    assert!(is_sent_away(goes.0.get_mut()));
    let mut posts = Http(BufReader::new(site.connect(&seven)));
    assert_eq!(posts.ask("POST /v1/frames", &json!({ "type": "ping", "seq": 3 }).to_string()).0, 202);
    assert_eq!(stays.event("pong")["seq"], 3);
    assert!(!is_let_in(&site, &eight));

    // Files that cannot be used change nothing.
    let ca = std::fs::read_to_string(site.sandbox.path("keys/terminals.pem")).expect("there");
    site.write("keys/terminals.pem", "no certificate");
    reload(&daemon, "not read again");
    assert_eq!(posts.ask("POST /v1/frames", &json!({ "type": "ping", "seq": 4 }).to_string()).0, 202);
    assert_eq!(stays.event("pong")["seq"], 4);
    site.write("keys/terminals.pem", &ca);
    // An address takes a restart, and is named.
    let port = format!(":{}\"", site.port);
    site.sandbox.edit(&port, ":1\"");
    reload(&daemon, "until a restart");
    assert!(is_let_in(&site, &seven) || posts.ask("GET /", "").0 == 404);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_certificate_that_was_taken_back_does_not_count_and_an_old_list_still_does() {
    let site = Site::new("tls");
    let serial = SerialNumber::from(4711_u64);
    let taken_back = site.card_with(&site.terminals, NAME, |params| {
        params.not_after = in_seconds(3600);
        params.serial_number = Some(serial.clone());
    });
    let good = site.good();
    let list = |serials: &[&SerialNumber], next_update: OffsetDateTime| {
        let revoked = |serial: &&SerialNumber| RevokedCertParams {
            serial_number: (*serial).clone(),
            revocation_time: in_seconds(-60),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: in_seconds(-7200),
            next_update,
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&site.terminals).expect("signed")
    };
    site.write("keys/terminals.crl.pem", &list(&[], in_seconds(3600)).pem().expect("PEM"));
    site.sandbox.edit(
        "ca-file = \"keys/terminals.pem\"",
        "ca-file = \"keys/terminals.pem\"\ncrl-file = \"keys/terminals.crl.pem\"",
    );
    let daemon = site.sandbox.start();
    let mut lives = site.connect(&taken_back);
    ping(&mut lives);
    // DER, and out of date: it counts for what it says.
    let old = list(&[&serial], in_seconds(-3600));
    std::fs::write(site.sandbox.path("keys/terminals.crl.pem"), old.der()).expect("written");
    reload(&daemon, "read again");
    assert!(is_sent_away(&mut lives));
    assert!(!is_let_in(&site, &taken_back));
    assert!(is_let_in(&site, &good));
    assert!(daemon.log().contains(Code::T220.as_str()), "{}", daemon.log());
    let told = run(&["check", "--config", site.sandbox.site()]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("T220"), "{told}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_stream_of_events_does_not_give_way_to_posts_of_the_same_terminal() {
    let site = Site::new("https");
    let daemon = site.sandbox.start();
    let good = site.good();
    let mut stream = Http(BufReader::new(site.connect(&good)));
    stream.listen();
    let mut open = Vec::new();
    for seq in 1..=20 {
        let mut posts = Http(BufReader::new(site.connect(&good)));
        assert_eq!(posts.ask("POST /v1/frames", &json!({ "type": "ping", "seq": seq }).to_string()).0, 202);
        assert_eq!(stream.event("pong")["seq"], seq);
        open.push(posts);
        thread::sleep(Duration::from_millis(110));
    }
    assert_eq!(daemon.stop(), Some(0));
}
