//! The built program is killed at any time, again and again, while people come. Whoever watches from outside — the
//! site's ledger, the paper, the gate's line, what terminals were told — must agree with the journal afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use facemchd::sim::{devices::PrinterTwin, hospital::Booking, people::Person};
use serde_json::Value;

use crate::{
    bench_board,
    devices::wait_for,
    dice::Dice,
    running::{Daemon, Sandbox, run},
};

/// What one terminal was told of one visit; nothing where the daemon died under it.
struct Told {
    face_sid: String,
    outcome: Option<Value>,
}

/// The gate's line, seen from outside, and somebody who mostly walks through when it opens.
struct Gate {
    openings: AtomicUsize,
    done: AtomicBool,
}

/// What the journal says of one session.
#[derive(Default)]
struct Entry {
    lane: String,
    decided: Option<String>,
    number: Option<String>,
    closed: Vec<String>,
}

const KILLS: usize = 14;

#[test]
fn killed_at_any_time_it_loses_doubles_and_invents_nothing() {
    let sandbox = Arc::new(Sandbox::new());
    let printer = bench_board::build(&sandbox, &[("pass-within-ms = 5000", "pass-within-ms = 1000")]);
    let bench = sandbox.path("bench");
    let gate = Arc::new(Gate { openings: AtomicUsize::new(0), done: AtomicBool::new(false) });
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut daemon = sandbox.start();
    let watching = {
        let (gate, bench) = (Arc::clone(&gate), bench.clone());
        thread::spawn(move || gate.watch(&bench))
    };
    let coming: Vec<_> = (0..2)
        .map(|lane| {
            let (sandbox, gate, told) = (Arc::clone(&sandbox), Arc::clone(&gate), Arc::clone(&told));
            thread::spawn(move || people_come(&sandbox, lane, &gate.done, &told))
        })
        .collect();
    let mut dice = Dice::new(20_261_125);
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(150 + dice.roll(900_u64)));
        daemon.kill();
        daemon = sandbox.start();
    }
    gate.done.store(true, Ordering::Relaxed);
    for person in coming {
        person.join().expect("a visitor");
    }
    watching.join().expect("a watcher");
    wait_for(|| journal(&sandbox), |journal| journal.values().all(|entry| !entry.closed.is_empty()));
    assert_eq!(daemon.stop(), Some(0));

    let verified = run(&["journal", "verify", "--config", sandbox.site()]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let told = told.lock().expect("not poisoned");
    let journal = journal(&sandbox);
    agree(&sandbox, &journal, &told);
    papers_agree(&printer, &sandbox);
    let admitted_at_the_gate = sandbox.hospital.admitted().iter().filter(|(_, number)| number.is_none()).count();
    let openings = gate.openings.load(Ordering::Relaxed);
    assert!(openings <= admitted_at_the_gate, "{openings} openings for {admitted_at_the_gate} admissions");
    let names: Vec<&str> = told.iter().map(|told| told.face_sid.as_str()).chain(["张三丰"]).collect();
    assert_eq!(Daemon::files_with(&sandbox.path("state"), &names), Vec::<String>::new());
    let heard = told.iter().filter(|told| told.outcome.is_some()).count();
    let results = told.iter().filter_map(|told| told.outcome.as_ref()?["result"].as_str());
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    results.for_each(|result| *counted.entry(result).or_default() += 1);
    println!("{counted:?}");
    println!("{} visits, {heard} told, {KILLS} kills, {} sessions, {openings} openings", told.len(), journal.len());
    assert!(heard >= KILLS / 2 && journal.len() >= KILLS, "hardly anybody came: {heard} of {}", journal.len());
}

impl Gate {
    fn watch(&self, bench: &Path) {
        let mut was_open = false;
        let mut dice = Dice::new(7);
        while !self.done.load(Ordering::Relaxed) {
            let is_open = fs::read(bench.join("gate")).is_ok_and(|bytes| bytes == b"1");
            if is_open && !was_open {
                self.openings.fetch_add(1, Ordering::Relaxed);
                if dice.roll(4) > 0 {
                    for passes in ["1", "0"] {
                        fs::write(bench.join("passage"), passes).expect("written");
                        thread::sleep(Duration::from_millis(120));
                    }
                }
            }
            was_open = is_open;
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// One after the other, each with a face of their own.
fn people_come(sandbox: &Sandbox, lane: usize, done: &AtomicBool, told: &Mutex<Vec<Told>>) {
    for visit in 0.. {
        if done.load(Ordering::Relaxed) {
            return;
        }
        let face_sid = format!("chaos-{lane}-{visit:04}");
        let person = Person::new(&face_sid, "张三丰");
        sandbox.hospital.book(&person.credential_id, Booking::At("3楼 内科".to_owned()));
        sandbox.hospital.book(&person.union_id, Booking::At("3楼 内科".to_owned()));
        sandbox.wechat.know(person);
        let mut terminal = sandbox.terminal(lane);
        let outcome = terminal.face(&face_sid, true).and_then(|_| terminal.receive_type("ack")).and_then(|ack| {
            if ack["status"] == "accepted" { terminal.receive_type("outcome").map(Some) } else { Ok(None) }
        });
        let outcome = outcome.ok().flatten();
        told.lock().expect("not poisoned").push(Told { face_sid, outcome });
        // At the gate the next person waits until it has shut.
        thread::sleep(Duration::from_millis(if lane == 0 { 40 } else { 450 }));
    }
}

/// The journal by session, as `journal list --json` tells it.
fn journal(sandbox: &Sandbox) -> BTreeMap<String, Entry> {
    let listed = run(&["journal", "list", "--config", sandbox.site(), "--json"]);
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for line in String::from_utf8_lossy(&listed.stdout).lines() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        let Some(session) = record["session"].as_str() else { continue };
        let entry = entries.entry(session.to_owned()).or_default();
        let text = |name: &str| record[name].as_str().map(str::to_owned);
        match record["kind"].as_str() {
            Some("opened") => entry.lane = text("lane").unwrap_or_default(),
            Some("decided") => (entry.decided, entry.number) = (text("result"), text("number")),
            Some("closed") => entry.closed.extend(text("result")),
            _ => {}
        }
    }
    entries
}

/// Site, terminals and journal tell the same story.
fn agree(sandbox: &Sandbox, journal: &BTreeMap<String, Entry>, told: &[Told]) {
    for (session, entry) in journal {
        assert_eq!(entry.closed.len(), 1, "{session}: {:?}", entry.closed);
    }
    let annulled: BTreeSet<String> = sandbox.hospital.annulled().into_iter().collect();
    for (session, number) in sandbox.hospital.admitted() {
        let entry = journal.get(&session).unwrap_or_else(|| panic!("{session} was admitted and is not in the journal"));
        let closed = entry.closed[0].as_str();
        if annulled.contains(&session) {
            assert!(["annulled", "unknown", "interrupted", "cancelled"].contains(&closed), "{session}: {closed}");
        } else {
            assert!(["checked_in", "already", "unknown"].contains(&closed), "{session} is in at the site: {closed}");
        }
        if entry.decided.is_some() {
            assert_eq!(entry.number, number, "{session}");
        }
    }
    let mut numbers = BTreeSet::new();
    for outcome in told.iter().filter_map(|told| told.outcome.as_ref()) {
        let session = outcome["session"].as_str().expect("a session");
        let entry = journal.get(session).unwrap_or_else(|| panic!("{session} was told and is not in the journal"));
        if outcome["result"] == "checked_in" {
            assert_eq!(entry.decided.as_deref(), Some("checked_in"), "{session}");
        }
        if let Some(number) = outcome["number"].as_str() {
            assert_eq!(entry.number.as_deref(), Some(number), "{session}");
            assert!(numbers.insert(number.to_owned()), "{number} was told twice");
        }
    }
}

/// No number stands on two slips, and none that the site did not give on a whole one.
fn papers_agree(printer: &PrinterTwin, sandbox: &Sandbox) {
    let given: BTreeSet<String> = sandbox.hospital.admitted().into_iter().filter_map(|(_, number)| number).collect();
    let mut printed = BTreeSet::new();
    for slip in printer.slips() {
        let Some(number) = slip.text.split_whitespace().find(|word| given.contains(*word)) else {
            // Who was killed within a slip left its beginning, which the next one cuts off before anything else.
            assert!(!slip.text.contains("时间："), "a whole slip without a number of the site's: {}", slip.text);
            continue;
        };
        assert!(printed.insert(number.to_owned()), "{number} was printed twice");
    }
}
