//! What terminals said and were told is gone from the daemon's memory a moment after, though they stay connected.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    os::unix::net::UnixStream,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    network_terminals::{Http, Site},
    running::{Daemon, Sandbox},
    support::memory::Needles,
};

/// How long after the last word it is looked for.
const AFTER: Duration = Duration::from_secs(5);

/// What is said to the daemon: cards that are given up, and what is no frame of ours, is too long, or half.
fn lines() -> Vec<String> {
    let card = json!({ "type": "id-card", "seq": 1, "name": "欧阳菲菲", "number": "11010519491231002X" });
    let consent = json!({ "type": "consent", "seq": 2, "face_sid": "faceQQQQ7788", "granted": true });
    let failed = json!({ "type": "face", "seq": 2, "return_code": "ERROR", "openid": "oPENid99887766" });
    let odd = json!({ "type": "dance", "seq": 3, "face_sid": "sidZZZZ55667788", "real_name": "诸葛亮亮" });
    let long = format!("{{\"type\":\"ping\",\"x\":\"{}\"}}", "longWWWW4455".repeat(500));
    let cancel = json!({ "type": "cancel", "seq": 4 });
    let ping = json!({ "type": "ping", "seq": 5 });
    let short = [card, consent, failed, odd, cancel, ping];
    std::iter::once(long).chain(short.iter().map(Value::to_string)).collect()
}

fn needles() -> Needles {
    ["欧阳菲菲", "11010519491231002X", "faceQQQQ7788", "oPENid99887766", "sidZZZZ55667788", "诸葛亮亮", "longWWWW4455"]
        .iter()
        .fold(Needles::default(), |needles, text| needles.text(text))
}

/// Says everything over a line, and hears its end.
fn say(mut line: impl Read + Write) {
    for text in lines() {
        line.write_all(format!("{text}\r\n").as_bytes()).expect("sent");
    }
    line.flush().expect("sent");
    let mut answers = BufReader::new(line);
    let mut answer = String::new();
    while !answer.contains("pong") {
        answer.clear();
        assert!(answers.read_line(&mut answer).expect("readable") > 0, "the other end has gone");
    }
    let mut line = answers.into_inner();
    line.write_all("{\"type\":\"id-card\",\"name\":\"欧阳菲菲\",\"num".as_bytes()).expect("sent");
    line.flush().expect("sent");
    thread::sleep(AFTER + Duration::from_secs(1));
    std::mem::forget(line);
}

fn look(daemon: &Daemon) {
    needles().assert_gone_from(daemon.child.id());
}

#[test]
fn nothing_of_what_was_said_over_a_unix_socket_is_left() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    let socket = facemchd::sim::site_file::SiteFile::socket(sandbox.folder.path(), "kiosk-1");
    say(UnixStream::connect(socket).expect("connected"));
    look(&daemon);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn nothing_of_what_was_said_over_a_serial_port_is_left() {
    let sandbox = Sandbox::new();
    let port = sandbox.serial_terminal();
    let daemon = sandbox.start();
    say(port);
    look(&daemon);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn nothing_of_what_was_said_over_tls_is_left() {
    let site = Site::new("tls");
    let daemon = site.sandbox.start();
    let good = site.good();
    say(site.connect(&good));
    look(&daemon);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn nothing_of_what_was_said_over_https_is_left() {
    let site = Site::new("https");
    let daemon = site.sandbox.start();
    let good = site.good();
    let mut stream = Http(BufReader::new(site.connect(&good)));
    stream.listen();
    let mut posts = Http(BufReader::new(site.connect(&good)));
    for line in lines() {
        let (status, _) = posts.ask("POST /v1/frames", &line);
        if status == 413 {
            posts = Http(BufReader::new(site.connect(&good)));
        }
    }
    stream.event("pong");
    // Both stay as they are, kept alive.
    thread::sleep(AFTER);
    look(&daemon);
    drop((stream, posts));
    assert_eq!(daemon.stop(), Some(0));
}
