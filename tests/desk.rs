//! The triage desk: what became of whom, undone where the site allows it, and nobody is told who has not logged in.

use std::{
    io::{Read as _, Write as _},
    time::Duration,
};

use facemchd::{service::SystemClock, sim::people::Person, words::Clock as _};
use serde_json::{Value, json};

use crate::{
    devices::wait_for,
    network_terminals,
    program::expect,
    running::{Sandbox, run},
    technician::{Browser, account, acts, body, port},
};

/// A desk on loopback; its port.
fn desk(sandbox: &Sandbox) -> u16 {
    let port = port();
    sandbox.edit("[checkin]", &format!("[desk]\nlisten = \"127.0.0.1:{port}\"\n\n[checkin]"));
    port
}

fn browser(port: u16) -> Browser {
    Browser::at(([127, 0, 0, 1], port).into(), "/desk/")
}

#[test]
fn a_nurse_finds_what_became_of_a_slip_and_takes_it_back_on_record() {
    let sandbox = Sandbox::new();
    let port = desk(&sandbox);
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = sandbox.start();
    account(&sandbox, "wang", "correct horse", &[]);
    let mut terminal = sandbox.terminal(0);
    for sid in ["sid-1", "sid-nobody"] {
        terminal.face(sid, true).expect("sent");
        terminal.receive_type("outcome").expect("an outcome");
    }
    let mut wang = browser(port);
    for what in ["visit?of=A001", "today", "lanes"] {
        assert!(wang.get(what).starts_with("HTTP/1.1 401"), "{what}");
    }
    assert!(wang.get("").contains("lang=\"zh-CN\"") && wang.get("/").contains("location: /desk/\r\n"));
    assert!(wang.get("/technician/").starts_with("HTTP/1.1 303") && wang.get("/metrics").starts_with("HTTP/1.1 303"));
    assert!(wang.log_in("wang", "correct horse").starts_with("HTTP/1.1 204"));
    // Looking up leaves a record each time, and of those there are only so many a minute: what is waited for is the count.
    let ended = |today: &Value| today["counts"]["checked_in"] == 1 && today["counts"]["failed"] == 1;
    let today = wait_for(|| body(&wang.get("today")), ended);
    let found = body(&wang.get("visit?of=a001"));
    let visit = &found["visits"][0];
    assert_eq!(visit["result"], "checked_in", "{found}");
    assert_eq!(
        (&visit["number"], &visit["lane"], &visit["undoable"]),
        (&json!("A001"), &json!("kiosk-1"), &json!(true))
    );
    let session = visit["session"].as_str().expect("a reference").to_owned();
    let began = SystemClock::start();
    let by_reference = body(&wang.get(&format!("visit?of={}", session.to_uppercase())));
    assert_eq!(by_reference["visits"][0]["number"], "A001");
    let took = began.now().moment.0;
    assert!(took < Duration::from_secs(2), "the nurse waited {took:?}");
    let failed = body(&wang.get(&format!("visit?of={}", &session[..16])));
    assert_eq!(failed["visits"], json!([]), "half a reference is none");
    assert_eq!((&today["counts"]["checked_in"], &today["counts"]["failed"]), (&json!(1), &json!(1)), "{today}");
    let both: Value = {
        let done = wang.order(json!({ "do": "reconcile", "theirs": 3 }));
        serde_json::from_str(done["told"].as_str().expect("told")).expect("JSON")
    };
    assert_eq!(both, json!({ "ours": 1, "theirs": 3 }));
    let undone = wang.order(json!({ "do": "undo", "session": session }));
    assert_eq!(undone["done"], true, "{undone}");
    assert_eq!(sandbox.hospital.annulled(), std::slice::from_ref(&session));
    let today = wait_for(|| body(&wang.get("today")), |today| today["counts"]["annulled"] == 1);
    assert_eq!(today["counts"]["annulled"], 1, "{today}");
    let gone = body(&wang.get("visit?of=A001"));
    assert_eq!((&gone["visits"][0]["undone"], &gone["visits"][0]["undoable"]), (&json!(true), &json!(false)));
    assert_eq!(wang.order(json!({ "do": "undo", "session": session }))["done"], false, "once");
    // A nurse closes a lane, and exercises no gate.
    assert_eq!(wang.order(json!({ "do": "lane", "lane": "kiosk-1", "mode": "closed" }))["done"], true);
    let closed = wait_for(|| body(&wang.get("lanes")), |lanes| lanes["lanes"][0]["serves"] == false);
    assert_eq!(closed["lanes"][0]["closed_by"], "X010");
    for deed in [json!({ "do": "exercise", "lane": "gate-1", "device": "gate" }), json!({ "do": "reload" })] {
        let mut deed = deed;
        deed["csrf"] = wang.csrf.clone().into();
        assert!(wang.post("do", &deed).starts_with("HTTP/1.1 403"), "{deed}");
    }
    let is_closing = |act: &[String; 3]| act[1] == "lane-closed";
    let events = wait_for(|| acts(&sandbox), |acts| acts.iter().any(is_closing));
    for wanted in [
        ["wang", "login", "done"],
        ["wang", "look-up", "done"],
        ["wang", "reconcile 1 3", "done"],
        ["wang", "undo", "done"],
        ["wang", "undo", "refused"],
        ["wang", "lane-closed", "done"],
    ] {
        assert!(events.contains(&wanted.map(str::to_owned)), "{wanted:?} in {events:?}");
    }
    let log = daemon.log();
    assert!(!log.contains("张三丰") && !log.contains("correct horse"), "{log}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_visit_whose_outcome_is_unknown_stands_on_the_desks_list() {
    let sandbox = Sandbox::new();
    let port = desk(&sandbox);
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = sandbox.start();
    account(&sandbox, "wang", "correct horse", &[]);
    sandbox.hospital.set_online(false);
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    terminal.receive_type("outcome").expect("an outcome");
    let mut wang = browser(port);
    wang.log_in("wang", "correct horse");
    let seen =
        wait_for(|| body(&wang.get("today")), |today| today["counts"].as_object().is_some_and(|all| !all.is_empty()));
    let count = |result: &str| seen["counts"][result].as_u64().unwrap_or_default();
    assert_eq!(count("unknown") + count("failed") + count("open"), 1, "{seen}");
    let listed = seen["unknown"]["visits"].as_array().map_or(0, Vec::len);
    assert_eq!(listed as u64, count("unknown"), "{seen}");
    drop(daemon);
}

#[test]
fn beyond_loopback_the_desk_speaks_tls_and_its_cookie_stays_within() {
    let mut site = network_terminals::Site::new("https");
    let port = port();
    site.sandbox.edit(
        "[checkin]",
        &format!(
            "[desk]\nlisten = \"https:127.0.0.1:{port}\"\ncertificate = \"keys/met.crt.pem\"\nkey = \"keys/met.key.pem\"\n\n[checkin]"
        ),
    );
    let daemon = site.sandbox.start();
    account(&site.sandbox, "wang", "correct horse", &[]);
    site.port = port;
    let ask = |request: &str| {
        let mut stream = site.connect(&site.good());
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).expect("text")
    };
    assert!(ask("GET /desk/ HTTP/1.1\r\nHost: kiosk.hospital\r\nConnection: close\r\n\r\n").contains("分诊台"));
    let login = json!({ "name": "wang", "password": "correct horse" }).to_string();
    let post = format!(
        "POST /desk/login HTTP/1.1\r\nHost: kiosk.hospital\r\nOrigin: https://kiosk.hospital\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{login}",
        login.len()
    );
    let answer = ask(&post);
    assert!(answer.starts_with("HTTP/1.1 204") && answer.contains("; Secure"), "{answer}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_nurse_ends_no_technicians_work_and_leaves_no_more_records_than_hands_can() {
    let sandbox = Sandbox::new();
    let port = desk(&sandbox);
    let daemon = sandbox.start();
    account(&sandbox, "wang", "correct horse", &[]);
    let mut wang = browser(port);
    assert!(wang.log_in("wang", "correct horse").starts_with("HTTP/1.1 204"));
    let begun = run(&["lane", "kiosk-1", "maintenance", "--config", sandbox.site()]);
    assert!(begun.status.success(), "{begun:?}");
    for mode in ["normal", "closed"] {
        let done = wang.order(json!({ "do": "lane", "lane": "kiosk-1", "mode": mode }));
        assert_eq!(done, json!({ "done": false, "told": "a technician works on it" }));
    }
    assert_eq!(body(&wang.get("lanes"))["lanes"][0]["closed_by"], "X011");
    // What is no lane and no visit is not remembered, however much of it is sent.
    let long = "x".repeat(3000);
    assert_eq!(wang.order(json!({ "do": "lane", "lane": long, "mode": "closed" }))["done"], false);
    assert_eq!(wang.order(json!({ "do": "undo", "session": long }))["done"], false);
    assert_eq!(wang.order(json!({ "do": "lane", "lane": "kiosk-1", "mode": long }))["done"], false);
    let order = json!({ "do": "reconcile", "theirs": 0, "csrf": wang.csrf });
    let refused = (0..40).find(|_| wang.post("do", &order).starts_with("HTTP/1.1 429"));
    assert_eq!(refused, Some(24), "a login and five orders came before");
    assert!(wang.get("visit?of=A001").starts_with("HTTP/1.1 429"));
    let wanted = wait_for(|| acts(&sandbox), |acts| acts.len() >= 29);
    assert_eq!(wanted.len(), 29, "{wanted:?}");
    let listed = run(&["journal", "list", "--json", "--config", sandbox.site()]);
    assert!(!String::from_utf8_lossy(&listed.stdout).contains("xxx"));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_lane_keeps_to_the_hours_that_the_desk_posts_and_does_so_after_a_restart() {
    let sandbox = Sandbox::new();
    let port = desk(&sandbox);
    let daemon = sandbox.start();
    account(&sandbox, "wang", "correct horse", &[]);
    let mut wang = browser(port);
    wang.log_in("wang", "correct horse");
    for refused in [
        json!({ "do": "hours", "hours": "8-17" }),
        json!({ "do": "hours", "hours": "08:00-12:00", "lane": "nowhere" }),
        json!({ "do": "notice", "zh": "字".repeat(65), "en": "" }),
    ] {
        assert_eq!(wang.order(refused.clone())["done"], false, "{refused}");
    }
    let hour = SystemClock::start().now().wall.0 / 3_600_000;
    let [from, until] = [12, 13].map(|later| (hour + 8 + later) % 24);
    let hours = format!("{from:02}:00-{until:02}:00");
    assert_eq!(wang.order(json!({ "do": "hours", "hours": hours, "lane": "kiosk-1" }))["done"], true);
    assert_eq!(wang.order(json!({ "do": "notice", "zh": "今日口腔科停诊", "en": "No dentist today" }))["done"], true);
    let lane = |wang: &Browser| body(&wang.get("lanes"))["lanes"][0].clone();
    let closed = wait_for(|| lane(&wang), |lane| lane["closed_by"] == "X012");
    assert_eq!((&closed["closed_by"], &closed["hours"]), (&json!("X012"), &json!(hours)), "{closed}");
    assert_eq!((&closed["zh"], &closed["en"]), (&json!("今日口腔科停诊"), &json!("No dentist today")));
    assert_eq!(daemon.stop(), Some(0));
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    assert_eq!(terminal.receive_type("ack").expect("an ack")["code"], "X012");
    wang.log_in("wang", "correct horse");
    assert_eq!(wang.order(json!({ "do": "hours", "hours": "" }))["done"], true);
    let open = wait_for(|| lane(&wang), |lane| lane["serves"] == true);
    assert_eq!((&open["serves"], &open["zh"]), (&json!(true), &json!("今日口腔科停诊")), "{open}");
    assert_eq!(daemon.stop(), Some(0));
    let told = acts(&sandbox);
    for (event, result) in
        [("hours", "refused"), ("notice", "refused"), (&*format!("hours {hours}"), "done"), ("notice", "done")]
    {
        assert!(told.iter().any(|act| act == &["wang", event, result].map(str::to_owned)), "{event}: {told:?}");
    }
    let told = String::from_utf8(run(&["journal", "list", "--json", "--config", sandbox.site()]).stdout).expect("text");
    assert!(!told.contains("口腔科"), "what a notice says may name somebody");
}

#[test]
fn whose_account_is_gone_or_has_another_password_is_inside_no_longer() {
    let sandbox = Sandbox::new();
    let port = desk(&sandbox);
    let daemon = sandbox.start();
    for name in ["wang", "li"] {
        account(&sandbox, name, "correct horse", &[]);
    }
    let enter = |name: &str, password: &str| {
        let mut browser = browser(port);
        assert!(browser.log_in(name, password).starts_with("HTTP/1.1 204"));
        browser
    };
    let (wang, li) = (enter("wang", "correct horse"), enter("li", "correct horse"));
    account(&sandbox, "wang", "another horse", &[]);
    assert!(wang.get("today").starts_with("HTTP/1.1 401"));
    assert!(li.get("today").starts_with("HTTP/1.1 200"));
    assert!(run(&["desk", "account", "remove", "li", "--config", sandbox.site()]).status.success());
    assert!(li.get("me").starts_with("HTTP/1.1 204"));
    // A file that cannot be read is nobody's wrong password.
    let accounts = sandbox.path("state/accounts");
    std::fs::remove_file(&accounts).and_then(|()| std::fs::create_dir(&accounts)).expect("no file any more");
    let mut wang = browser(port);
    assert!(wang.log_in("wang", "another horse").starts_with("HTTP/1.1 503"));
    assert!(wait_for(|| daemon.log(), |log| log.contains("nobody can log in")).contains("nobody can log in"));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn lanes_serve_without_a_desk_and_without_alarms_check_says_why_and_both_are_tried_again() {
    let sandbox = Sandbox::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let alarms = "[alarms]\nwebhook = \"https://localhost:1/\"\nhmac-key = \"keys/nowhere\"";
    sandbox.edit("[checkin]", &format!("[desk]\nlisten = \"127.0.0.1:{port}\"\n\n{alarms}\n\n[checkin]"));
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let told = run(&["check", "--json", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let finding = |id: &str| {
        let lines = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.into_iter().find(|line| line["id"] == id).unwrap_or_else(|| panic!("{id} in {told}"))
    };
    assert_eq!((&finding("desk")["outcome"], &finding("alarms")["outcome"]), (&json!("failed"), &json!("failed")));
    assert!(finding("desk")["text"].as_str().expect("text").contains("[desk] listen"), "{told}");
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    terminal.receive_type("outcome").expect("an outcome");
    let log = daemon.log();
    assert!(log.contains("the desk is not served") && log.contains("alarms are not told"), "{log}");
    // What was in the way goes: nobody has to start the daemon again.
    drop(taken);
    facemchd::sim::keys::write_private(&sandbox.path("keys/nowhere"), b"a key").expect("written");
    let open = |log: &String| log.contains("the desk could be opened") && log.contains("alarms could be opened");
    let log = wait_for(|| daemon.log(), open);
    assert!(open(&log), "{log}");
    assert!(browser(port).get("").contains("zh-CN"));
    assert_eq!(daemon.stop(), Some(0));
}
