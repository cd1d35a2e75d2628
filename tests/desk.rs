//! The triage desk: what became of whom, undone where the site allows it, and nobody is told who has not logged in.

use std::io::{Read as _, Write as _};

use facemchd::sim::people::Person;
use serde_json::{Value, json};

use crate::{
    devices::wait_for,
    network_terminals,
    program::expect,
    running::Sandbox,
    technician::{Browser, account, acts, body, port},
};

/// A desk on loopback, and somebody who has logged in there.
fn desk(sandbox: &Sandbox) -> u16 {
    let port = port();
    sandbox.edit("[checkin]", &format!("[desk]\nlisten = \"127.0.0.1:{port}\"\n\n[checkin]"));
    port
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
    let mut wang = Browser::at(([127, 0, 0, 1], port).into(), "/desk/");
    for what in ["visit?of=A001", "today", "lanes"] {
        assert!(wang.get(what).starts_with("HTTP/1.1 401"), "{what}");
    }
    assert!(wang.get("").contains("lang=\"zh-CN\"") && wang.get("/").contains("location: /desk/\r\n"));
    assert!(wang.get("/technician/").starts_with("HTTP/1.1 303") && wang.get("/metrics").starts_with("HTTP/1.1 303"));
    assert!(wang.log_in("wang", "correct horse").starts_with("HTTP/1.1 204"));
    let found = wait_for(|| body(&wang.get("visit?of=a001")), |found| found["visits"][0]["result"] == "checked_in");
    let visit = &found["visits"][0];
    assert_eq!(
        (&visit["number"], &visit["lane"], &visit["undoable"]),
        (&json!("A001"), &json!("kiosk-1"), &json!(true))
    );
    let session = visit["session"].as_str().expect("a reference").to_owned();
    let by_reference = body(&wang.get(&format!("visit?of={}", session.to_uppercase())));
    assert_eq!(by_reference["visits"][0]["number"], "A001");
    let failed = body(&wang.get(&format!("visit?of={}", &session[..16])));
    assert_eq!(failed["visits"], json!([]), "half a reference is none");
    let today = wait_for(|| body(&wang.get("today")), |today| today["counts"]["failed"] == 1);
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
    let mut wang = Browser::at(([127, 0, 0, 1], port).into(), "/desk/");
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
