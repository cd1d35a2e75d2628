//! SIGHUP: what is read again, in whose order, and what waits for a restart.

use std::{fs, thread, time::Duration};

use facemchd::{
    checkin::Template,
    sim::{
        his::Kind,
        keys::numbers,
        people::Person,
        server::{Answer, Reply},
    },
};
use rustix::process::Signal;
use serde_json::json;

use crate::{
    lookups::Scripted,
    program::expect,
    running::{Daemon, Sandbox},
    site_try::with_template,
};

/// The threads' names; one may end while they are listed.
fn threads(daemon: &Daemon) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", daemon.child.id())).expect("listed").flatten();
    tasks
        .filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect()
}

fn until(daemon: &Daemon, what: &str, right: impl Fn(&str) -> bool) {
    for _ in 0..500 {
        if right(&daemon.log()) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{what}: {}", daemon.log());
}

#[test]
fn a_storm_of_hangups_reads_one_at_a_time_and_the_last_one_wins() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    let mut most = 0;
    for _ in 0..400 {
        daemon.signal(Signal::HUP);
        most = most.max(threads(&daemon).iter().filter(|name| *name == "reload").count());
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(most, 1, "one thread reads, whatever comes");
    sandbox.edit("[privacy]", "[privacy]\nnonsense = 1");
    daemon.signal(Signal::HUP);
    until(&daemon, "the last one", |log| {
        log.trim_end().ends_with("going on as before") || log.contains("not read again")
    });
    // What stood in the file last is what was read last.
    let last = daemon.log().lines().rfind(|line| line.contains("read again")).map(str::to_owned);
    assert!(last.is_some_and(|line| line.contains("not read again")), "{}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_a_hangup_does_not_take_over_is_named() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    daemon.signal(Signal::HUP);
    until(&daemon, "read", |log| log.contains("read again: merchants"));
    assert!(!daemon.log().contains("until a restart"), "{}", daemon.log());
    sandbox.edit("[privacy]", "[privacy]\nwipe-after-ms = 7000");
    sandbox.edit("series = \"A\"", "series = \"Z\"");
    daemon.signal(Signal::HUP);
    until(&daemon, "named", |log| log.contains("until a restart"));
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("until a restart")).expect("a line");
    assert!(line.contains("[privacy]") && line.contains("[[lane]]") && !line.contains("board"), "{line}");
}

#[test]
fn every_file_that_the_site_file_names_is_read_again() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    let text = fs::read_to_string(&sandbox.site).expect("readable");
    let files: Vec<usize> = text.match_indices("\"keys/").map(|(at, _)| at).collect();
    assert!(files.len() > 11, "{text}");
    for (refused, at) in files.into_iter().enumerate() {
        let (before, after) = text.split_at(at);
        fs::write(&sandbox.site, format!("{before}{}", after.replacen("\"keys/", "\"gone/", 1))).expect("written");
        daemon.signal(Signal::HUP);
        until(&daemon, after, |log| log.matches("not read again").count() > refused);
        let log = daemon.log();
        let last = log.lines().rfind(|line| line.contains("not read again")).expect("a line");
        let file = after.trim_start_matches("\"keys/").split('"').next().expect("a name");
        assert!(last.contains(&format!("gone/{file}")), "{last}");
    }
    fs::write(&sandbox.site, text).expect("written");
    daemon.signal(Signal::HUP);
    until(&daemon, "as it was", |log| log.contains("read again: merchants"));
}

#[test]
fn whoever_is_asked_sees_every_address_and_number_that_is_taken_over() {
    let sandbox = Sandbox::new();
    let other = Scripted::start(&sandbox.authority, |_, _| Reply::Answer(Answer::json(404, &json!({}))));
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    // The certificates have the serial numbers of before.
    sandbox.edit("certificate = \"keys/sign.crt.pem\"\ndecrypt-certificate = \"keys/decrypt.crt.pem\"\n", "");
    let world = &sandbox.world;
    let (serial, sub_serial) = ("7".repeat(40), "8".repeat(40));
    let rounds = [
        (sandbox.wechat.url(), other.server.url(), "/v3/facemch/users/"),
        (world.public_key_id.clone(), "PUB_KEY_ID_7".to_owned(), "PUB_KEY_ID_7"),
        (numbers::MCHID.to_owned(), "1900000077".to_owned(), "mchid=\"1900000077\""),
        (world.provider.serial_no.clone(), serial, "serial_no=\"7777"),
        (numbers::APPID.to_owned(), "wx2b029c08a6277777".to_owned(), "&appid=wx2b029c08a6277777"),
        (numbers::SUB_MCHID.to_owned(), "1900000177".to_owned(), "&sub_mchid=1900000177"),
        (numbers::SUB_APPID.to_owned(), "wx2b029c08a6288888".to_owned(), "&sub_appid=wx2b029c08a6288888"),
        (world.sub.serial_no.clone(), sub_serial, "&sub_serial_no=8888"),
    ];
    for (number, (from, to, seen)) in rounds.iter().enumerate() {
        sandbox.edit(from, to);
        daemon.signal(Signal::HUP);
        until(&daemon, to, |log| log.matches("read again: merchants").count() > number);
        let sid = format!("sid-of-round-{number}");
        // Whoever came before may still be shown what became of them.
        let is_taken = |attempt| {
            terminal.face(&format!("{sid}-{attempt}"), true).expect("sent");
            let taken = terminal.receive_type("ack").expect("answered")["status"] == "accepted";
            thread::sleep(Duration::from_millis(if taken { 0 } else { 200 }));
            taken
        };
        assert!((0..50).any(is_taken), "{}", daemon.log());
        let asked = || {
            let requests = other.requests.lock().expect("not poisoned");
            let request = requests.iter().find(|request| request.target.contains(&sid))?;
            let headers = request.headers.iter().map(|(name, value)| format!("\n{name}: {value}"));
            Some(format!("{}{}", request.target, headers.collect::<String>()))
        };
        until(&daemon, &sid, |_| asked().is_some());
        let asked = asked().expect("asked");
        assert!(asked.contains(seen), "{asked}");
    }
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_hangup_reads_phrases_again_and_every_screen_says_them_but_none_that_cannot_be_used() {
    let sandbox = Sandbox::new();
    sandbox.edit("terminal = \"unix:kiosk-1.sock\"", "terminal = \"unix:kiosk-1.sock\"\nphrases = \"phrases.toml\"");
    sandbox.edit("panel = \"board\"\nprinter", "panel = \"terminal\"\nprinter");
    let write = |name: &str, text: &str| fs::write(sandbox.path(name), text).expect("written");
    let idle = || sandbox.terminal(0).receive().expect("at once")["headline"].as_str().unwrap_or_default().to_owned();
    write("phrases.toml", "[headline]\nidle = \"请看这里\"\n");
    let daemon = sandbox.start();
    assert_eq!(idle(), "请看这里");
    write("phrases.toml", "[headline]\nidle = \"请看镜头\"\n");
    daemon.signal(Signal::HUP);
    until(&daemon, "read", |log| log.matches("read again: merchants").count() == 1);
    assert_eq!(idle(), "请看镜头");
    write("phrases.toml", "[headline]\nidle = 7\n");
    daemon.signal(Signal::HUP);
    until(&daemon, "refused", |log| log.contains("not read again"));
    assert_eq!(idle(), "请看镜头");
    // Another file, and none.
    write("others.toml", "[headline]\nidle = \"请对准屏幕\"\n");
    for (number, (from, to, said)) in [
        ("phrases = \"phrases.toml\"", "phrases = \"others.toml\"", "请对准屏幕"),
        ("phrases = \"others.toml\"\n", "", "请正对摄像头"),
    ]
    .into_iter()
    .enumerate()
    {
        sandbox.edit(from, to);
        daemon.signal(Signal::HUP);
        until(&daemon, said, |log| log.matches("read again: merchants").count() == number + 2);
        assert_eq!(idle(), said);
    }
    assert!(!daemon.log().contains("until a restart"), "{}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_hangup_reads_a_hospitals_template_again_and_goes_on_with_the_last_one_that_can_be_used() {
    let sandbox = Sandbox::new();
    let _twin = with_template(&sandbox, Kind::SelfReg);
    let file = sandbox.path("hospital.toml");
    let shipped = Template::shipped("dhc-selfreg").expect("shipped");
    fs::write(&file, shipped).expect("written");
    sandbox.edit("template = \"dhc-selfreg\"", "template = \"hospital.toml\"");
    let comes = |sid: &str| {
        let credential_id = "11010519491231002X".to_owned();
        expect(&sandbox, &Person { credential_id, ..Person::new(sid, "欧阳若兰") });
        let mut terminal = sandbox.terminal(0);
        terminal.face(sid, true).expect("sent");
        let outcome = terminal.receive_type("outcome").expect("an outcome");
        outcome["result"].as_str().unwrap_or_default().to_owned()
    };
    let daemon = sandbox.start();
    assert_eq!(comes("sid-1"), "checked_in");
    fs::write(&file, "title = 7\n").expect("written");
    daemon.signal(Signal::HUP);
    until(&daemon, "refused", |log| log.contains("not read again"));
    assert_eq!(comes("sid-2"), "already");
    // What it reads is found nowhere in the answers any more.
    fs::write(&file, shipped.replace("root = \"", "root = \"Elsewhere/")).expect("written");
    daemon.signal(Signal::HUP);
    until(&daemon, "read", |log| log.contains("read again: merchants"));
    assert_eq!(comes("sid-3"), "failed");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn another_file_in_an_unchanged_place_is_taken_or_named() {
    let sandbox = Sandbox::new();
    let write = |key: &str| fs::write(sandbox.path("keys/alarms.key"), key).expect("written");
    facemchd::sim::keys::write_private(&sandbox.path("keys/alarms.key"), b"a key").expect("written");
    sandbox.edit(
        "[checkin]",
        "[alarms]\nwebhook = \"https://localhost:9/\"\nhmac-key = \"keys/alarms.key\"\nca-file = \"keys/ca.pem\"\n\n[checkin]",
    );
    let daemon = sandbox.start();
    let named = |log: &str| log.matches("and as before until a restart").count();
    daemon.signal(Signal::HUP);
    until(&daemon, "nothing is another", |log| log.contains("read again: merchants"));
    assert_eq!(named(&daemon.log()), 0, "{}", daemon.log());
    write("another key");
    daemon.signal(Signal::HUP);
    until(&daemon, "the key is another", |log| named(log) == 1);
    assert!(daemon.log().contains("the file of alarms.hmac-key"), "{}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_no_lanes_page_needs_keeps_no_hangup_from_being_taken() {
    let sandbox = Sandbox::new();
    sandbox.edit("[checkin]", "[page]\ncss = \"gone.css\"\n\n[checkin]");
    let daemon = sandbox.start();
    daemon.signal(Signal::HUP);
    until(&daemon, "a style sheet that nobody sees", |log| log.contains("read again: merchants"));
    assert_eq!(daemon.stop(), Some(0));
}
