//! Terminals by others: the reference client keeps every rule of the protocol, and each wrong one is found out.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
};

use facemchd::sim::{
    hospital::Booking,
    people::Person,
    site_file::{LANES, SiteFile},
};
use serde_json::Value;

use crate::{
    network_terminals::{NAME, Site},
    program::{expect, text},
    running::{Sandbox, program},
};

/// The visits that the kit asks for, each as its person goes on.
const VISITS: [&str; 5] =
    ["faceSECRET1", "faceSECRET2,option=2", "faceSECRET3,gives-up", "faceSECRET4,later", "faceSECRET5"];

/// Whoever breaks one rule: what is written there in place of what.
const WRONG: [(&str, &str, &str); 23] = [
    (
        "connects",
        "        while True:\n            try:\n                self.line",
        "        while True:\n            try:\n                time.sleep(60)\n                self.line",
    ),
    ("one-object", "json.dumps(frame, ensure_ascii=False).encode()", "str(frame).encode()"),
    ("length", "**fields}", "**fields, \"log\": \"x\" * 4096}"),
    ("checksum", "crc = 0xFFFF", "crc = 0"),
    ("whole-line", "sendall(text + b\"\\n\")", "sendall(text); time.sleep(6); self.line.sendall(b\"\\n\")"),
    ("known-type", "{\"v\": 1,", "{\"v\": 2,"),
    ("rate", "        self.send(\"person\")\n", "        for _ in range(200):\n            self.send(\"person\")\n"),
    ("members", "\"choice\", session=session, option=int(wishes.get(\"option\", 1))", "\"choice\", session=session"),
    ("seq", "self.seq += 1", "self.seq = 7"),
    ("seq", "\"seq\": self.seq, ", ""),
    ("intent", "        self.send(\"person\")\n", ""),
    ("face", "return_code=\"SUCCESS\", face_sid=face_sid", "return_code=\"SUCCESS\", faceid=face_sid"),
    ("consent", "\"consent\", face_sid=face_sid", "\"consent\", face_sid=\"faceOTHER\""),
    ("new-face", "sid, *said = visit.split(\",\")", "_, *said = visit.split(\",\"); sid = \"faceSECRET1\""),
    ("choice-session", "\"choice\", session=session", "\"choice\", session=\"0\" * 16 + \"-0001\""),
    ("choice-option", "int(wishes.get(\"option\", 1))", "9"),
    ("cancel", "self.send(\"cancel\", session=session)", "self.send(\"cancel\")"),
    (
        "after-outcome",
        "                return frame\n\n\nclass",
        "                time.sleep(1)\n                self.send(\"cancel\", session=session)\n                return frame\n\n\nclass",
    ),
    (
        "unknown-words",
        "kind = frame.get(\"type\")",
        "kind = {\"ack\": \"ack\", \"scene\": \"scene\", \"outcome\": \"outcome\"}[frame[\"type\"]]",
    ),
    ("long-line", "self.begun += piece", "self.begun = (self.begun + piece)[:4096]"),
    ("comes-back", "except Gone:\n                self.reconnect()", "except Gone:\n                raise"),
    (
        "says-again",
        "except Gone:\n                self.reconnect()",
        "except Gone:\n                self.reconnect()\n                face_sid += \"-again\"",
    ),
    (
        "busy",
        "                time.sleep(AGAIN)\n            except",
        "                raise SystemExit\n            except",
    ),
];

fn client() -> PathBuf {
    client_of("terminal.py")
}

fn client_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

fn terminal(client: &Path, address: &str, visits: &[&str]) -> Child {
    Command::new("python3")
        .arg(client)
        .arg(address)
        .args(visits)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is there")
}

/// What the kit finds of a terminal, whose verdicts come by rule.
fn tried(arguments: &[&str], client: &Path, address: &str) -> (Output, BTreeMap<String, Value>) {
    let kit = program()
        .args(["conformance", "--json"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut terminal = terminal(client, address, &VISITS);
    let found = kit.wait_with_output().expect("ends");
    let _ = terminal.kill();
    let said = terminal.wait_with_output().expect("ends");
    let lines = text(&found.stdout);
    for told in [&found.stdout, &found.stderr].map(|bytes| text(bytes)) {
        assert!(!told.contains("SECRET"), "{told}");
    }
    let rules: BTreeMap<String, Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .filter_map(|line| Some((line["rule"].as_str()?.to_owned(), line)))
        .collect();
    assert!(!rules.is_empty(), "{} {}", text(&found.stderr), text(&said.stderr));
    (found, rules)
}

/// All hold but those that had no occasion.
fn assert_holds(found: &Output, rules: &BTreeMap<String, Value>, no_occasion: &[&str]) {
    for (rule, line) in rules {
        let wanted = if no_occasion.contains(&rule.as_str()) { "no-occasion" } else { "holds" };
        assert_eq!(line["verdict"], wanted, "{line} {}", text(&found.stderr));
    }
    assert_eq!(found.status.code(), Some(0), "{}", text(&found.stdout));
}

#[test]
fn the_reference_terminal_keeps_every_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("unix:{}", folder.path().join("kit.sock").display());
    let (found, rules) = tried(&["--terminal", &address, "--patience", "20"], &client(), &address);
    assert_holds(&found, &rules, &[]);
    assert!(fs::read_to_string(client()).expect("readable").lines().count() < 150);
}

#[test]
fn each_rule_finds_out_the_terminal_that_breaks_it() {
    let good = fs::read_to_string(client()).expect("readable");
    let folder = tempfile::tempdir().expect("a folder");
    let tries: Vec<_> = WRONG
        .into_iter()
        .enumerate()
        .map(|(index, (rule, right, wrong))| {
            assert_eq!(good.matches(right).count(), 1, "{rule}: {right}");
            let client = folder.path().join(format!("{index}.py"));
            fs::write(&client, good.replace(right, wrong)).expect("written");
            let address = format!("unix:{}", folder.path().join(format!("{index}.sock")).display());
            thread::spawn(move || {
                let (found, rules) = tried(&["--terminal", &address, "--patience", "12"], &client, &address);
                let line = &rules[rule];
                assert_eq!(line["verdict"], "broken", "{line} {}", text(&found.stdout));
                for told in ["did", "expected", "seen", "section"] {
                    assert!(line[told].as_str().is_some_and(|told| !told.is_empty()), "{line}");
                }
                assert_eq!(found.status.code(), Some(1), "{rule}");
                (rule, rules.into_keys().collect::<Vec<_>>())
            })
        })
        .collect();
    let found: Vec<_> = tries.into_iter().map(|tried| tried.join().expect("found out")).collect();
    for rule in &found[0].1 {
        assert!(found.iter().any(|(broken, _)| broken == rule), "no terminal breaks {rule}");
    }
}

#[test]
fn a_terminal_over_tls_is_tried_as_it_is_met_and_a_stranger_is_told_why() {
    over_the_network("tls", "terminal.py");
}

#[test]
fn so_is_one_that_posts_its_frames_and_hears_events() {
    over_the_network("https", "terminal_https.py");
}

fn over_the_network(protocol: &str, client: &str) {
    let site = Site::new(protocol);
    let card = site.card_with(&site.terminals, NAME, |_| {});
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let path = |name: &str| site.sandbox.path(name).display().to_string();
    let [certificate, key, authority] = ["keys/met.crt.pem", "keys/met.key.pem", "keys/terminals.pem"].map(path);
    let kiosks = path("keys/kiosks.pem");
    let (chain, own) = (&card.chain, &card.key);
    let listen = format!("{protocol}:127.0.0.1:{port}");
    let client = client_of(client);
    let address = format!("tls:localhost:{port}:{kiosks}:{}:{}", chain.display(), own.display());
    let kit = |subject: &str, patience: &str| {
        let arguments = [
            "--terminal",
            &listen,
            "--certificate",
            &certificate,
            "--key",
            &key,
            "--ca-file",
            &authority,
            "--allow-subject",
            subject,
            "--patience",
            patience,
        ];
        tried(&arguments, &client, &address)
    };
    let (found, rules) = kit(&format!("CN={NAME},O=Hospital"), "20");
    assert_holds(&found, &rules, &[]);
    let (found, rules) = kit("CN=somebody,O=Hospital", "8");
    assert_eq!(rules["connects"]["verdict"], "broken");
    assert!(rules["connects"]["seen"].as_str().is_some_and(|seen| seen.contains("T211")), "{}", text(&found.stdout));
}

/// A pty's end, and the name of the other.
fn pty() -> (fs::File, String) {
    let master = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY).expect("a pty");
    rustix::pty::grantpt(&master).expect("granted");
    rustix::pty::unlockpt(&master).expect("unlocked");
    // Nothing is sent back or altered before somebody has opened it.
    let mut settings = rustix::termios::tcgetattr(&master).expect("a terminal");
    settings.make_raw();
    rustix::termios::tcsetattr(&master, rustix::termios::OptionalActions::Now, &settings).expect("set");
    let name = rustix::pty::ptsname(&master, Vec::new()).expect("a name");
    (fs::File::from(master), name.to_str().expect("UTF-8").to_owned())
}

/// A cable between two ports; it ends with the test.
fn plug(mut from: fs::File, mut to: fs::File) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        loop {
            match from.read(&mut bytes) {
                Ok(length) => drop(to.write_all(&bytes[..length])),
                // Nobody has the other end open yet.
                Err(_) => thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
    });
}

#[test]
fn a_terminal_on_a_serial_line_is_tried_in_all_but_the_loss_of_its_connection() {
    let ((kiosk, kiosks), (box_, boxes)) = (pty(), pty());
    plug(kiosk.try_clone().expect("cloned"), box_.try_clone().expect("cloned"));
    plug(box_, kiosk);
    let visits = format!("serial:{boxes}");
    let (found, rules) = tried(&["--serial", &kiosks, "--patience", "20"], &client(), &visits);
    assert_holds(&found, &rules, &["comes-back", "says-again"]);
}

#[test]
fn the_reference_terminal_serves_people_at_the_daemon_itself() {
    let sandbox = Sandbox::new();
    let people = [Person::new("faceREFERENCE1", "王小明"), Person::new("faceREFERENCE2", "李四")];
    expect(&sandbox, &people[0]);
    sandbox.wechat.know(people[1].clone());
    let several = Booking::Several(vec!["内科 09:30".to_owned(), "眼科 10:15".to_owned()]);
    sandbox.hospital.book(&people[1].credential_id, several);
    sandbox.edit("panel = ", "panel = \"terminal\" # ");
    let daemon = sandbox.start();
    let address = format!("unix:{}", SiteFile::socket(sandbox.folder.path(), LANES[0]).display());
    let mut terminal = terminal(&client(), &address, &["faceREFERENCE1,later", "faceREFERENCE2,option=2"]);
    let mut told = BufReader::new(terminal.stdout.take().expect("piped")).lines();
    for _ in 0..2 {
        let line = told.next().expect("an outcome").expect("UTF-8");
        let outcome: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(outcome["result"], "checked_in", "{line} {}", daemon.log());
    }
    assert!(terminal.wait().expect("ends").success());
    assert_eq!(daemon.stop(), Some(0));
}
