//! Whatever fails while the daemon serves stands in the log once: which lane by its name, the code, the cause, and nobody.

mod device;
mod elsewhere;
mod network;
mod site;

use std::{
    collections::VecDeque,
    fs,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use facemchd::{fault::Code, sim::people::Person};
use rustix::process::Signal;
use serde_json::Value;

use self::elsewhere::ELSEWHERE;
use crate::{
    faults::{Kept, instead_of_the_site, key, page, write},
    program::expect,
    running::{Daemon, Sandbox, run},
};

/// One fault, and what it leaves in the log.
struct Row {
    what: &'static str,
    code: Code,
    /// Whose line it is; none where it is everybody's.
    lane: Option<&'static str>,
    /// Words of the line.
    cause: &'static str,
    /// What cannot but happen beside it, each once.
    also: &'static [Code],
    /// Before the start.
    inject: fn(&Sandbox) -> Kept,
    /// While the daemon serves.
    happens: fn(&Sandbox, &Daemon),
}

/// Whom everything happens to.
pub const FACE: &str = "sid-secret-1";
const NAME: &str = "欧阳菲菲";
const TOKEN: &str = "token-secret-2";

/// How long the next look and the next question about the past are waited for: they say nothing new.
const SETTLES: Duration = Duration::from_millis(2200);

fn row(what: &'static str, code: Code, lane: &'static str, cause: &'static str) -> Row {
    let (inject, happens) = (|_: &Sandbox| crate::faults::nothing(), face as fn(&Sandbox, &Daemon));
    Row { what, code, lane: Some(lane), cause, also: &[], inject, happens }
}

impl Row {
    fn of_all(self) -> Self {
        Self { lane: None, ..self }
    }

    fn with(self, also: &'static [Code]) -> Self {
        Self { also, ..self }
    }

    fn by(self, inject: fn(&Sandbox) -> Kept) -> Self {
        Self { inject, ..self }
    }

    fn when(self, happens: fn(&Sandbox, &Daemon)) -> Self {
        Self { happens, ..self }
    }

    /// What is wrong with the log it leaves, if anything. What a busy machine adds, a printer that was late or a
    /// connection, is not there twice.
    fn walk(&self, turn: &Turn) -> Option<String> {
        self.walk_once(turn).and_then(|_| self.walk_once(turn))
    }

    fn walk_once(&self, turn: &Turn) -> Option<String> {
        let at_work = turn.lock();
        let sandbox = Sandbox::new();
        let person = Person::new(FACE, NAME);
        expect(&sandbox, &person);
        let kept = (self.inject)(&sandbox);
        let site = fs::read_to_string(&sandbox.site).unwrap_or_default();
        if site.contains("board = \"simulated\"\n") && site.contains("printer = \"board\"\n") {
            // A printer that is none of the fault, and that a busy machine makes late.
            sandbox.edit("printer = \"board\"\n", "");
        }
        let daemon = sandbox.start();
        (self.happens)(&sandbox, &daemon);
        until_told(&daemon, self.code);
        drop(at_work);
        thread::sleep(SETTLES);
        let log = daemon.log();
        drop(kept);
        let mut told = told(&log);
        for code in self.also {
            let Some(at) = told.iter().position(|line| has(line, *code)) else {
                return Some(format!("{code} is not told beside it"));
            };
            told.remove(at);
        }
        let lane = |line: &str| match self.lane {
            Some(lane) => line.contains(&format!("lane=\"{lane}\"")),
            None => !line.contains("lane="),
        };
        let right = matches!(told[..], [line] if has(line, self.code) && lane(line) && line.contains(self.cause));
        let private = [FACE, NAME, TOKEN, &person.credential_id].iter().any(|word| log.contains(*word));
        (!right || private).then(|| format!("{}: {} {}\n{log}", self.what, self.code, self.cause))
    }
}

/// Few are at work at once: the others wait for what comes late.
#[derive(Default)]
struct Turn(Mutex<()>);

impl Turn {
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has(line: &str, code: Code) -> bool {
    line.contains(&format!("code={code} "))
}

/// The lines that tell of a failure.
fn told(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("code=") && line.contains("error=")).collect()
}

fn until_told(daemon: &Daemon, code: Code) {
    for _ in 0..1000 {
        if told(&daemon.log()).iter().any(|line| has(line, code)) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Somebody comes to the first lane.
fn face(sandbox: &Sandbox, _: &Daemon) {
    face_at(sandbox, 0, FACE);
}

/// Somebody comes, and stays until something is said.
fn face_at(sandbox: &Sandbox, lane: usize, sid: &str) {
    let mut terminal = sandbox.terminal(lane);
    terminal.face(sid, true).expect("sent");
    if terminal.receive_type("ack").is_ok_and(|ack| ack["status"] == "accepted") {
        let _ = terminal.receive_type("outcome");
    }
}

/// Nobody comes.
fn nobody(_: &Sandbox, _: &Daemon) {}

fn walk(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    let (rows, found) = (Mutex::new(VecDeque::from(rows)), Mutex::new(&mut wrong));
    let turns = [Turn::default(), Turn::default()];
    thread::scope(|scope| {
        for turn in turns.iter().cycle().take(12) {
            scope.spawn(|| {
                while let Some(row) = { rows.lock().unwrap_or_else(PoisonError::into_inner).pop_front() } {
                    let wrong = row.walk(turn);
                    found.lock().unwrap_or_else(PoisonError::into_inner).extend(wrong);
                }
            });
        }
    });
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_fault_of_devices_and_terminals_leaves_one_line_with_lane_code_and_cause_and_nobody() {
    walk(device::rows());
}

#[test]
fn every_fault_of_the_network_and_its_keys_leaves_one_line_with_lane_code_and_cause_and_nobody() {
    walk(network::rows());
}

#[test]
fn every_fault_of_the_site_leaves_one_line_with_lane_code_and_cause_and_nobody() {
    walk(site::rows());
}

#[test]
fn every_code_is_walked_or_says_why_not() {
    let rows: Vec<Row> = [device::rows(), network::rows(), site::rows()].into_iter().flatten().collect();
    for code in Code::ALL {
        let walked = rows.iter().any(|row| row.code == *code);
        let elsewhere = ELSEWHERE.iter().any(|(other, _)| other == code);
        assert!(walked != elsewhere, "{code}: walked {walked}, elsewhere {elsewhere}");
    }
}

#[test]
fn where_a_code_is_said_to_be_tested_a_test_names_it() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (code, why) in ELSEWHERE {
        let file = why.rsplit(' ').next().filter(|word| word.ends_with(".rs"));
        let file = file.unwrap_or_else(|| panic!("{code}: {why} names no file"));
        let text = ["tests", "src"].iter().find_map(|folder| fs::read_to_string(root.join(folder).join(file)).ok());
        assert!(text.is_some_and(|text| text.contains(code.as_str())), "{code} is not in {file}");
    }
}

#[test]
fn a_hangup_that_finds_no_key_says_which_file_of_which_merchant_and_why() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    fs::remove_file(key(&sandbox, "sign.key.pem")).expect("removed");
    daemon.signal(Signal::HUP);
    until_told(&daemon, Code::K401);
    let log = daemon.log();
    let told = told(&log);
    assert!(told.len() == 1 && told[0].contains("sign.key.pem: cannot be read; caused by: No such file"), "{told:?}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_hangup_names_the_merchant_whose_key_is_missing_with_file_and_code_in_one_line() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    sandbox.edit("[merchant]\n", "[[merchant]]\nname = \"m-7\"\nkeys = { sign = \"keys/nobodys.pem\" }\n");
    daemon.signal(Signal::HUP);
    until_told(&daemon, Code::K401);
    let log = daemon.log();
    let told = told(&log);
    let right = |line: &str| {
        ["code=K401 ", "merchant m-7; caused by: ", "keys/nobodys.pem"].iter().all(|word| line.contains(word))
    };
    assert!(told.len() == 1 && right(told[0]), "{told:?}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn check_tells_the_sites_system_under_another_authority_from_one_that_is_not_there() {
    let told = |sandbox: &Sandbox| {
        let ran = run(&["check", "--json", "--config", sandbox.site()]);
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let line = lines.rfind(|line| line["id"] == "site-system").expect("a line");
        ["code", "text", "cure"].map(|member| line[member].as_str().unwrap_or_default().to_owned())
    };
    let sandbox = Sandbox::new();
    let kept = instead_of_the_site(&sandbox, page);
    let other = facemchd::sim::server::Authority::new().expect("an authority");
    write(&key(&sandbox, "site-ca.pem"), &other.pem(), 0o644);
    let [code, text, cure] = told(&sandbox);
    assert!(
        code == "H901" && text.contains("nobody in ca-file issued") && cure.contains("intermediate"),
        "{text} {cure}"
    );
    drop(kept);
    let sandbox = Sandbox::new();
    sandbox.hospital.set_online(false);
    let [code, text, cure] = told(&sandbox);
    assert!(code == "H901" && text.contains("connection refused") && cure.contains("check the port"), "{text} {cure}");
}
