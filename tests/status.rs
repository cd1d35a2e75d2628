//! `facemchd status`: what is wrong, since when, and the cure, beside the running daemon.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixListener,
    sync::Arc,
    thread,
};

use facemchd::{
    fault::{Code, Tongue},
    sim::{people::Person, server::Authority, wechat::WeChat},
};
use serde_json::Value;

use crate::{
    bench_board::build,
    devices::wait_for,
    faults::ask_instead,
    lookups::{nobody, skewed},
    program::expect,
    running::{Sandbox, program_of_a_disk_that_fills, run},
};

/// What it prints, and its exit code.
fn status(sandbox: &Sandbox, more: &[&str]) -> (String, Option<i32>) {
    let output = run(&[&["status", "--config", sandbox.site()], more].concat());
    let told = [output.stdout, output.stderr].concat();
    (String::from_utf8(told).expect("UTF-8"), output.status.code())
}

fn json(sandbox: &Sandbox) -> Value {
    let (told, _) = status(sandbox, &["--json"]);
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
}

fn codes(status: &Value) -> Vec<(String, Option<String>)> {
    let ailments = status["ailments"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    ailments.iter().map(|of| (text(&of["code"]).expect("a code"), text(&of["lane"]))).collect()
}

/// Waits until the status shows exactly this code; then it has to say since when, the cure, and so in its exit code.
fn shows(sandbox: &Sandbox, code: Code, lane: Option<&str>) {
    let wanted = vec![(code.as_str().to_owned(), lane.map(str::to_owned))];
    let seen = wait_for(|| json(sandbox), |seen| codes(seen) == wanted);
    assert_eq!(codes(&seen), wanted, "{seen:#}");
    let ailment = &seen["ailments"][0];
    let since = ailment["since"].as_i64().expect("since when");
    let at = seen["at"].as_i64().expect("when");
    assert!((0..60_000).contains(&(at - since)), "{ailment}");
    assert_eq!(seen["ready"], false);
    let (told, exit) = status(sandbox, &[]);
    assert_eq!(exit, Some(1), "{told}");
    println!("{told}");
    for text in ["DEGRADED", code.as_str(), code.summary(), "since", code.cure(), lane.unwrap_or_default()] {
        assert!(told.contains(text), "{text}\n{told}");
    }
    let (told, _) = status(sandbox, &["--lang", "zh"]);
    for text in ["有故障", code.summary_in(Tongue::Zh), "已 ", code.cure_in(Tongue::Zh)] {
        assert!(told.contains(text), "{text}\n{told}");
    }
}

fn is_ready(sandbox: &Sandbox) {
    let seen = wait_for(|| json(sandbox), |seen| seen["ready"] == true);
    assert_eq!(codes(&seen), [], "{seen:#}");
    let (told, exit) = status(sandbox, &[]);
    assert_eq!(exit, Some(0), "{told}");
    assert!(told.starts_with("ready "), "{told}");
}

/// Shows a face; returns the outcome's word.
fn face(sandbox: &Sandbox, lane: usize, sid: &str) -> String {
    let mut terminal = sandbox.terminal(lane);
    terminal.face(sid, true).expect("sent");
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    outcome["result"].as_str().expect("a word").to_owned()
}

#[test]
fn a_house_in_order_is_ready_and_counts_its_visits_without_a_name() {
    let sandbox = Sandbox::new();
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = sandbox.start();
    is_ready(&sandbox);
    assert_eq!(face(&sandbox, 0, "sid-1"), "checked_in");
    assert_eq!(face(&sandbox, 0, "sid-nobody"), "failed");
    let seen = wait_for(|| json(&sandbox), |seen| seen["lanes"][0]["open"] == 0);
    let lane = &seen["lanes"][0];
    let count = |list: &str, key: &str, word: &str| {
        let found = lane[list].as_array().expect("a list").iter().find(|of| of[key] == word).cloned();
        found.unwrap_or_default()["count"].as_u64()
    };
    assert_eq!(count("results", "result", "checked_in"), Some(1), "{lane:#}");
    assert_eq!(count("results", "result", "failed"), Some(1), "{lane:#}");
    assert_eq!(count("codes", "code", "N320"), Some(1), "{lane:#}");
    assert_eq!((&lane["lane"], &lane["serves"]), (&"kiosk-1".into(), &true.into()));
    let wechat = &seen["wechat"][0];
    assert_eq!(wechat["contact"]["failed"], Value::Null, "an answer about a person is an answer: {wechat}");
    assert_eq!((&wechat["permission"]["granted"], &wechat["domain"]), (&true.into(), &"main".into()));
    assert_eq!(seen["site"]["failed"], Value::Null);
    assert!(seen["journal"]["bytes"].as_u64() > Some(0) && seen["uptime"].is_u64());
    let threads = seen["workers"].as_array().expect("a list");
    assert!(threads.len() > 6 && threads.iter().all(|thread| thread["late"] == false));
    let (told, _) = status(&sandbox, &[]);
    for secret in ["张三丰", "张", "sid-1", "sid-nobody", "A001"] {
        assert!(!told.contains(secret) && !seen.to_string().contains(secret), "{secret}\n{told}");
    }
    println!("{told}");
    is_ready(&sandbox);
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(status(&sandbox, &[]).1, Some(69), "nobody is there");
}

#[test]
fn a_lane_out_of_paper_is_shown_with_cure_and_forgotten_when_it_is_refilled() {
    let sandbox = Sandbox::new();
    let printer = build(&sandbox, &[]);
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = sandbox.start();
    is_ready(&sandbox);
    printer.set_paper(0);
    assert_eq!(face(&sandbox, 0, "sid-1"), "checked_in");
    shows(&sandbox, Code::P702, Some("kiosk-1"));
    let told = wait_for(|| daemon.told(), |told| told.contains("degraded"));
    assert!(told.contains("STATUS=degraded: kiosk-1 P702 the printer has no paper"), "{told}");
    printer.refill();
    is_ready(&sandbox);
    let (told, _) = status(&sandbox, &[]);
    assert!(told.contains("printer well again"), "{told}");
}

#[test]
fn a_printer_that_is_gone_is_shown_before_anybody_misses_a_slip() {
    let sandbox = Sandbox::new();
    let _printer = build(&sandbox, &[]);
    fs::remove_file(sandbox.path("bench").join("printer")).expect("there");
    let _daemon = sandbox.start();
    shows(&sandbox, Code::P701, Some("kiosk-1"));
    let lane = &json(&sandbox)["lanes"][0];
    assert_eq!(lane["serves"], true, "people get their number on the panel");
}

#[test]
fn wechat_that_is_gone_is_shown_until_it_answers_again() {
    let sandbox = Sandbox::new();
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let _daemon = sandbox.start();
    is_ready(&sandbox);
    sandbox.wechat.set_online(false);
    assert_eq!(face(&sandbox, 0, "sid-2"), "failed");
    let seen = json(&sandbox);
    let code: Code = codes(&seen)[0].0.parse().expect("a code");
    assert!(matches!(code, Code::N301 | Code::N304), "{code}");
    shows(&sandbox, code, None);
    sandbox.wechat.set_online(true);
    assert_eq!(face(&sandbox, 0, "sid-1"), "checked_in");
    is_ready(&sandbox);
}

#[test]
fn where_wechats_main_domain_is_down_people_are_served_over_the_other_and_it_is_told() {
    let sandbox = Sandbox::new();
    let wechat = sandbox.wechat.url();
    let domains = format!("base-url = \"https://{}\"\nbackup-url = \"{wechat}\"", nobody());
    sandbox.edit(&format!("base-url = \"{wechat}\""), &domains);
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let _daemon = sandbox.start();
    assert_eq!(face(&sandbox, 0, "sid-1"), "checked_in");
    assert_eq!(json(&sandbox)["wechat"][0]["domain"], "backup");
    let (told, _) = status(&sandbox, &[]);
    assert!(told.contains("BACKUP DOMAIN"), "{told}");
}

#[test]
fn a_clock_offset_that_was_learnt_is_shown() {
    let sandbox = Sandbox::new();
    let authority = Authority::new().expect("an authority");
    let wechat = WeChat::start(&authority, Arc::clone(&sandbox.world), true, skewed(7200)).expect("a sandbox");
    ask_instead(&sandbox, &authority, &wechat.url());
    let person = Person::new("sid-1", "张三丰");
    expect(&sandbox, &person);
    wechat.know(person);
    let _daemon = sandbox.start();
    assert_eq!(face(&sandbox, 0, "sid-1"), "checked_in");
    assert_eq!(json(&sandbox)["wechat"][0]["offset"], 7200);
    shows(&sandbox, Code::C106, None);
}

#[test]
fn a_lane_that_a_switch_has_closed_is_shown() {
    let sandbox = Sandbox::new();
    let _printer = build(&sandbox, &[]);
    let _daemon = sandbox.start();
    is_ready(&sandbox);
    let switch = sandbox.path("bench").join("closed");
    fs::write(&switch, "1").expect("written");
    shows(&sandbox, Code::X010, Some("kiosk-1"));
    let lane = &json(&sandbox)["lanes"][0];
    assert_eq!((&lane["serves"], &lane["modes"][0]["mode"]), (&false.into(), &"closed".into()));
    fs::write(&switch, "0").expect("written");
    is_ready(&sandbox);
}

#[test]
fn a_journal_that_cannot_be_written_is_shown_until_it_can() {
    let sandbox = Sandbox::new();
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    expect(&sandbox, &Person::new("sid-2", "李若兰"));
    let daemon = sandbox.start_as(program_of_a_disk_that_fills());
    // What WeChat grants is written down while that is possible.
    assert_eq!(face(&sandbox, 0, "sid-1"), "checked_in");
    daemon.may_write(false);
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-2", true).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("told")["code"], "J502");
    shows(&sandbox, Code::J502, None);
    assert!(json(&sandbox)["journal"]["failures"].as_u64() > Some(0));
    daemon.may_write(true);
    assert_eq!(face(&sandbox, 0, "sid-nobody"), "failed");
    is_ready(&sandbox);
}

#[test]
fn whoever_answers_in_the_daemons_place_is_no_daemon() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("state")).expect("made");
    let listener = UnixListener::bind(sandbox.path("state").join(facemchd::service::SOCKET)).expect("bound");
    thread::spawn(move || {
        for answer in ["", "{\"version\":[9,9,9]}\n", "{\"done\":false,\"told\":\"the daemon is busy or stopping\"}\n"]
        {
            let (mut stream, _) = listener.accept().expect("somebody");
            let mut asked = String::new();
            BufReader::new(stream.try_clone().expect("cloned")).read_line(&mut asked).expect("asked");
            assert_eq!(asked, "{\"ask\":\"status\"}\n");
            stream.write_all(answer.as_bytes()).expect("answered");
        }
    });
    for _ in 0..3 {
        let (told, exit) = status(&sandbox, &[]);
        assert_eq!(exit, Some(69), "{told}");
        assert!(told.contains("the daemon"), "{told}");
    }
}

#[test]
fn no_text_but_a_lanes_or_systems_name_can_be_put_into_the_status() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/service/status.rs");
    let code = fs::read_to_string(file).expect("readable");
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let texts: Vec<&str> = code.lines().filter(is_code).filter(|line| line.contains("String")).collect();
    assert_eq!(texts, ["pub struct LaneName(String);", "pub struct SystemName(String);"]);
    for holder in ["Text", "Private", "RealName", "Identity", "FaceSid", "Credential", "Box<", "Vec<u8>", "dyn "] {
        assert!(!code.lines().filter(is_code).any(|line| line.contains(holder)), "{holder}");
    }
}
