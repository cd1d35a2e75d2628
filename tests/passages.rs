//! Who went through is told to the site's system: once each, in order, whatever becomes of daemon, network and site.

use std::{
    fs,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use facemchd::sim::{
    people::Person,
    server::{Answer, Reply},
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    bench_board,
    devices::wait_for,
    lookups::Scripted,
    program::{expect, text},
    running::{Daemon, Sandbox, run},
};

fn gate(passages: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.edit("[checkin]\n", &format!("[checkin]\npassages = {passages}\n"));
    sandbox
}

/// Somebody walks up to the gate and is let through.
fn goes_through(sandbox: &Sandbox, number: usize) {
    let sid = format!("sid-{number}");
    expect(sandbox, &Person { union_id: format!("union-{number}"), ..Person::new(&sid, "李四") });
    let mut terminal = sandbox.terminal(1);
    terminal.face(&sid, true).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("an outcome")["result"], "checked_in");
}

/// Each grant's fate in the journal, as the site is to be told: session, place and word.
fn journal(sandbox: &Sandbox) -> Vec<(String, String, String)> {
    let listed = run(&["journal", "list", "--config", sandbox.site(), "--json"]);
    let records = text(&listed.stdout);
    let records = records.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let gated = records.filter(|record| record["kind"] == "gated");
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    gated.map(|of| (word(&of["session"]), format!("{}-{}", of["epoch"], of["seq"]), word(&of["outcome"]))).collect()
}

/// The same as the site has it.
fn told(sandbox: &Sandbox) -> Vec<(String, String, String)> {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let reports = sandbox.hospital.passages().into_iter().map(|(report, _)| report);
    reports.map(|of| (word(&of["session"]), word(&of["report"]), word(&of["passage"]))).collect()
}

fn hangs_up(daemon: &Daemon, times: usize) {
    daemon.signal(Signal::HUP);
    wait_for(|| daemon.log(), |log| log.matches("read again: merchants").count() == times);
}

#[test]
fn every_passage_is_told_in_order_although_the_site_stumbles_is_away_and_the_daemon_is_killed() {
    let sandbox = gate("true");
    let daemon = sandbox.start();
    sandbox.hospital.stumble_at_passages(vec![503]);
    goes_through(&sandbox, 1);
    wait_for(|| told(&sandbox), |told| told.len() == 1);
    let failed = || -> Vec<String> {
        let log = daemon.log();
        log.lines().filter(|line| line.contains("cannot be told who went through")).map(str::to_owned).collect()
    };
    let first = wait_for(failed, |failed| !failed.is_empty());
    assert!(first[0].contains("code=H901") && first[0].contains("session="), "{}", first[0]);
    // What the site does not take delays nobody, and nothing overtakes it.
    goes_through(&sandbox, 2);
    sandbox.hospital.stumble_at_passages(vec![404; 1000]);
    goes_through(&sandbox, 3);
    // Whoever looks sees how many wait, and sees it after a restart, too.
    let untold = || {
        let status = text(&run(&["status", "--json", "--config", sandbox.site()]).stdout);
        serde_json::from_str::<Value>(&status).ok().and_then(|status| status["journal"]["outbox"].as_u64())
    };
    assert_eq!(wait_for(untold, |untold| *untold == Some(2)), Some(2));
    // The status that it refuses with may be another fault, told once.
    assert!(failed().len() <= 2, "{}", daemon.log());
    daemon.kill();

    let daemon = sandbox.start();
    goes_through(&sandbox, 4);
    assert_eq!(wait_for(untold, |untold| *untold == Some(3)), Some(3));
    sandbox.hospital.stumble_at_passages(Vec::new());
    wait_for(|| told(&sandbox), |told| told.len() == 4);
    assert_eq!(wait_for(untold, |untold| *untold == Some(0)), Some(0));
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(told(&sandbox), journal(&sandbox));
    let (report, _) = &sandbox.hospital.passages()[0];
    assert_eq!(report.as_object().expect("an object").len(), 4, "{report}");
    assert!(report["at"].as_str().is_some_and(|at| at.ends_with("+08:00")), "{report}");

    // What it has is remembered over an orderly end.
    let times = |sandbox: &Sandbox| sandbox.hospital.passages().iter().map(|(_, times)| times).sum::<usize>();
    let before = times(&sandbox);
    let daemon = sandbox.start();
    goes_through(&sandbox, 5);
    wait_for(|| told(&sandbox), |told| told.len() == 5);
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(times(&sandbox), before + 1);
}

#[test]
fn while_nobody_reaches_the_site_people_are_sent_on_within_a_second_and_served_when_it_is_back() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    sandbox.hospital.set_online(false);
    let comes = |number: usize| {
        let sid = format!("sid-{number}");
        expect(&sandbox, &Person::new(&sid, "李四"));
        let mut terminal = sandbox.terminal(0);
        terminal.face(&sid, true).expect("sent");
        terminal.receive_type("outcome").expect("an outcome")["code"].clone()
    };
    (0..7).for_each(|number| assert_eq!(comes(number), "H901"));
    assert!(daemon.log().contains("it is looked for every 5 s"), "{}", daemon.log());
    sandbox.hospital.set_online(true);
    // Nobody comes meanwhile: it is looked for all the same.
    let before = sandbox.hospital.requests();
    wait_for(|| sandbox.hospital.requests(), |requests| *requests > before);
    thread::sleep(Duration::from_millis(200));
    assert_eq!(comes(8), Value::Null);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_site_that_did_not_ask_is_told_nothing_until_a_hangup_says_so() {
    let sandbox = gate("false");
    let daemon = sandbox.start();
    goes_through(&sandbox, 1);
    thread::sleep(Duration::from_millis(700));
    assert!(told(&sandbox).is_empty());
    sandbox.edit("passages = false", "passages = true");
    hangs_up(&daemon, 1);
    assert!(!daemon.log().contains("until a restart"), "{}", daemon.log());
    goes_through(&sandbox, 2);
    wait_for(|| told(&sandbox), |told| told.len() == 2);
    sandbox.edit("passages = true", "passages = false");
    hangs_up(&daemon, 2);
    goes_through(&sandbox, 3);
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(told(&sandbox), journal(&sandbox)[..2]);
}

/// A station's own interface.
const STATION: &str = r#"
title = "a station"
[call]
form = "json"
success = { path = "ok", is = ["true"] }
errors = [{ path = "why", is = ["nobody"], means = "not-found" }]
[list]
path = "/list"
body = '{"who":"${person.union-id}"}'
each = "visits"
read = { id = "id" }
[arrive]
path = "/arrive"
body = '{"visit":"${visit.id}","session":"${session}"}'
[passage]
path = "/passage"
body = '{"session":"${session}","report":"${passage.report}","passage":"${passage.outcome}","visit":"${visit.id}","at":"${passage.at:yyyyMMdd}","code":"${passage.code}"}'
"#;

#[test]
fn a_template_tells_who_went_through_in_its_own_words_until_it_is_acknowledged_and_over_a_restart() {
    let sandbox = Sandbox::new();
    let (told, refusals) = (Arc::new(Mutex::new(Vec::<Value>::new())), Arc::new(Mutex::new(0)));
    let (seen, refusing) = (Arc::clone(&told), Arc::clone(&refusals));
    let station = Scripted::start(&sandbox.authority, move |_, request| {
        let asked: Value = serde_json::from_slice(&request.body).expect("JSON");
        let body = match request.path() {
            "/list" => {
                json!({ "ok": true, "visits": [{ "id": format!("v-{}", asked["who"].as_str().expect("whom")) }] })
            }
            "/passage" => {
                let mut refusals = refusing.lock().expect("not poisoned");
                if *refusals > 0 {
                    *refusals -= 1;
                    json!({ "ok": false })
                } else {
                    let mut seen = seen.lock().expect("not poisoned");
                    seen.push(asked);
                    // Whom it knows nothing of it never will.
                    if seen.len() == 1 { json!({ "ok": false, "why": "nobody" }) } else { json!({ "ok": true }) }
                }
            }
            _ => json!({ "ok": true }),
        };
        Reply::Answer(Answer::json(200, &body))
    });
    fs::write(sandbox.path("station.toml"), STATION).expect("written");
    sandbox.edit("adapter = \"http\"", "adapter = \"template\"\ntemplate = \"station.toml\"");
    sandbox.edit("hmac-key = \"keys/checkin.hmac\"\n", "");
    sandbox.edit(&format!("url = \"{}\"", sandbox.hospital.url()), &format!("url = \"{}\"", station.server.url()));
    let told = || told.lock().expect("not poisoned").clone();
    let mut daemon = sandbox.start();
    *refusals.lock().expect("not poisoned") = 1;
    goes_through(&sandbox, 1);
    assert_eq!(wait_for(told, |told| told.len() == 1)[0]["visit"], "v-union-1");
    assert!(daemon.log().contains("H906"), "{}", daemon.log());
    // What was not acknowledged when the program ended is told by the next one, which knows the session alone.
    *refusals.lock().expect("not poisoned") = usize::MAX;
    goes_through(&sandbox, 2);
    wait_for(|| *refusals.lock().expect("not poisoned"), |left| *left < usize::MAX);
    daemon.kill();
    *refusals.lock().expect("not poisoned") = 0;
    daemon = sandbox.start();
    let told = wait_for(told, |told| told.len() == 2);
    assert_eq!((&told[1]["visit"], &told[1]["code"]), (&json!(""), &json!("")));
    assert!(told.iter().all(|one| one["at"].as_str().is_some_and(|at| at.len() == 8 && at.starts_with("20"))));
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let told: Vec<_> =
        told.iter().map(|of| (word(&of["session"]), word(&of["report"]), word(&of["passage"]))).collect();
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(told, journal(&sandbox));
}

/// By two sensors, through the whole program.
#[test]
fn the_site_is_told_of_each_fate_of_a_grant_in_its_own_word() {
    let sandbox = gate("true");
    let bench = sandbox.path("bench");
    let exit = format!("[[input]]\nis = \"passage-exit\"\nwire = {{ file = \"{}/exit\" }}\n\n", bench.display());
    let other_way = "[[input]]\nis = \"other-way\"";
    let times = "pass-within-ms = 2500\nheld-open-ms = 1200";
    let changes = [("pass-within-ms = 5000", times), (other_way, &*format!("{exit}{other_way}"))];
    let _printer = bench_board::build(&sandbox, &changes);
    let daemon = sandbox.start();
    let senses = |sensor: &str, level: &str| {
        fs::write(bench.join(sensor), level).expect("written");
        thread::sleep(Duration::from_millis(200));
    };
    let walks = |sensors: [&str; 2]| {
        [(0, "1"), (1, "1"), (0, "0"), (1, "0")].into_iter().for_each(|(at, level)| senses(sensors[at], level));
    };
    let (along, against) = (["passage", "exit"], ["exit", "passage"]);
    let mut wanted = Vec::new();
    let words = || told(&sandbox).into_iter().map(|(_, _, word)| word).collect::<Vec<_>>();
    for (number, word) in [(1, "tailgated"), (2, "wrong_way"), (3, "held_open"), (4, "timed_out")] {
        goes_through(&sandbox, number);
        if word != "timed_out" {
            walks(along);
            wanted.push("passed");
        }
        match word {
            "tailgated" => walks(along),
            "wrong_way" => walks(against),
            "held_open" => senses("passage", "1"),
            _ => {}
        }
        wanted.push(word);
        assert_eq!(wait_for(words, |words| words.len() == wanted.len()), wanted, "{}", daemon.log());
        senses("passage", "0");
    }
    assert_eq!(daemon.stop(), Some(0));
    let of_each = told(&sandbox).into_iter().map(|(session, ..)| session).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(of_each.len(), 4, "each belongs to whose grant it was");
}
