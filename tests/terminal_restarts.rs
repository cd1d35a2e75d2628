//! A terminal that starts again counts from one, and whoever comes then is somebody else: over every way in.

use std::io::{BufReader, Read, Write};

use facemchd::sim::{people::Person, terminal::Terminal};
use serde_json::{Value, json};

use crate::{
    network_terminals::{Http, Site},
    program::expect,
    running::Sandbox,
};

const SIDS: [&str; 3] = ["sid-again-1", "sid-again-2", "sid-again-3"];

fn people(sandbox: &Sandbox) {
    for (sid, name) in SIDS.iter().zip(["王小明", "李小红", "张三丰"]) {
        expect(sandbox, &Person::new(sid, name));
    }
}

fn face(sid: &str) -> Value {
    json!({ "v": 1, "type": "face", "seq": 1, "terminal": "SN-1", "return_code": "SUCCESS", "face_sid": sid, "consent": true })
}

/// The outcomes of everybody who came, each with the first number.
fn all_are_somebody_else(outcomes: &[Value]) {
    let mut sessions: Vec<_> = outcomes.iter().map(|outcome| outcome["session"].to_string()).collect();
    sessions.dedup();
    assert_eq!(sessions.len(), SIDS.len(), "{outcomes:?}");
    for outcome in outcomes {
        assert_eq!((outcome["seq"].as_u64(), outcome["result"].as_str()), (Some(1), Some("checked_in")), "{outcome}");
    }
}

/// One visit over a line.
fn visit(line: impl Read + Write + Send + 'static, sid: &str) -> Value {
    let mut terminal = Terminal::over(line);
    terminal.send_bytes(format!("{}\n", face(sid)).as_bytes()).expect("sent");
    terminal.receive_type("outcome").expect("an outcome")
}

#[test]
fn over_a_unix_socket() {
    let sandbox = Sandbox::new();
    people(&sandbox);
    let daemon = sandbox.start();
    let socket = facemchd::sim::site_file::SiteFile::socket(sandbox.folder.path(), "kiosk-1");
    let connect = || std::os::unix::net::UnixStream::connect(&socket).expect("connected");
    all_are_somebody_else(&SIDS.map(|sid| visit(connect(), sid)));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn over_a_serial_port() {
    let sandbox = Sandbox::new();
    people(&sandbox);
    let port = sandbox.serial_terminal();
    let daemon = sandbox.start();
    all_are_somebody_else(&SIDS.map(|sid| visit(port.try_clone().expect("a copy"), sid)));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn over_tls() {
    let site = Site::new("tls");
    people(&site.sandbox);
    let daemon = site.sandbox.start();
    let good = site.good();
    all_are_somebody_else(&SIDS.map(|sid| visit(site.connect(&good), sid)));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn over_https() {
    let site = Site::new("https");
    people(&site.sandbox);
    let daemon = site.sandbox.start();
    let good = site.good();
    let outcomes = SIDS.map(|sid| {
        let mut stream = Http(BufReader::new(site.connect(&good)));
        stream.listen();
        let mut posts = Http(BufReader::new(site.connect(&good)));
        assert_eq!(posts.ask("POST /v1/frames", &face(sid).to_string()).0, 202);
        stream.event("outcome")
    });
    all_are_somebody_else(&outcomes);
    assert_eq!(daemon.stop(), Some(0));
}
