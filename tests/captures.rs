//! What is recorded at a pilot: every wire, and nobody; and that it can be played again.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, thread, time::Duration};

use facemchd::sim::{
    devices::BusTrouble,
    hospital::Booking,
    people::{Charset, Padding, Person},
};
use serde_json::{Value, json};

use crate::{
    bench_board::{self, build},
    devices::wait_for,
    hl7::{Engine, ack},
    program::{expect, text},
    running::{Daemon, Sandbox, program, run},
};

/// What visits bring besides people.
const TOKENS: [&str; 4] = ["tokYYYY33221a", "vouVVVV99112d", "opnLLLL22334e", "subMMMM44556f"];

fn people() -> [Person; 3] {
    let [face, other, agreed] =
        [("faceQQQQ7788aa", "欧阳菲菲"), ("faceWWWW6699bb", "Zhang San"), ("mpAAAA7711cc", "司徒雷登")]
            .map(|(sid, name)| Person::new(sid, name));
    [face.padded(Padding::Oaep), other.encoded(Charset::Gbk), agreed]
}

/// Everybody comes, by every way; the first one twice.
fn morning(sandbox: &Sandbox, people: &[Person; 3], daemon: &Daemon) {
    let [token, voucher, openid, sub_openid] = TOKENS;
    people.iter().for_each(|person| expect(sandbox, person));
    let two = ["内科 09:30", "眼科 10:15"].map(str::to_owned).to_vec();
    sandbox.hospital.book(&people[1].credential_id, Booking::Several(two));
    sandbox.hospital.book(voucher, Booking::At("2楼".to_owned()));
    sandbox.weixin.agree(token, people[2].clone());
    let face = |person: &Person, consent: bool| {
        json!({
            "return_code": "SUCCESS", "face_sid": person.face_sid, "openid": openid, "sub_openid": sub_openid,
            "consent": consent, "terminal": "TWIN-1", "王": person.name,
        })
    };
    let mut terminal = sandbox.terminal(0);
    for (kind, fields) in [
        ("face", face(&people[0], true)),
        ("face", face(&people[1], false)),
        ("realname-auth", json!({ "auth_token": token })),
        ("voucher", json!({ "code": voucher })),
        ("face", face(&people[0], true)),
    ] {
        terminal.send("person", &json!({})).expect("sent");
        terminal.send(kind, &fields).expect("sent");
        let mut session = Value::Null;
        let outcome = loop {
            let frame = terminal.receive().unwrap_or_else(|error| panic!("{kind}: {error} {}", daemon.log()));
            match (frame["type"].as_str(), frame["status"].as_str()) {
                (Some("ack"), Some("held")) => {
                    let agreed = json!({ "face_sid": fields["face_sid"], "granted": true });
                    terminal.send("consent", &agreed).expect("sent");
                    session = frame["session"].clone();
                    terminal.send("choice", &json!({ "session": session, "option": 2 })).expect("sent");
                }
                // There is nothing to choose yet.
                (Some("ack"), Some("refused")) if frame["code"] == "T207" => {
                    thread::sleep(Duration::from_millis(200));
                    terminal.send("choice", &json!({ "session": session, "option": 2 })).expect("sent");
                }
                (Some("ack"), Some("busy" | "refused")) => break frame,
                (Some("outcome"), _) => break frame,
                _ => {}
            }
        };
        assert!(outcome["result"].is_string(), "{outcome}");
        thread::sleep(Duration::from_millis(2500));
    }
    terminal.send_bytes(format!("{{\"type\":\"{}\"}}\n王\n", people[1].name).as_bytes()).expect("sent");
    terminal.receive_type("ack").expect("answered");
}

/// All texts in it, names of members too.
fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(into.insert(text.clone())),
        Value::Array(list) => list.iter().for_each(|value| texts(value, into)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            into.insert(name.clone());
            texts(value, into);
        }),
        _ => {}
    }
}

fn recorded(stand_ins: bool) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.edit("[privacy]", &format!("[capture]\nstand-ins = {stand_ins}\n\n[privacy]\nwipe-after-ms = 1000"));
    let file = sandbox.path("pilot.capture");
    let daemon = sandbox.start_with(program(), &["--capture", file.to_str().expect("UTF-8")]);
    let people = people();
    morning(&sandbox, &people, &daemon);
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    let recorded = fs::read_to_string(&file).expect("UTF-8");
    let of_people = people.iter().flat_map(|who| [&who.face_sid, &who.name, &who.credential_id, &who.union_id]);
    for secret in of_people.map(String::as_str).chain(TOKENS).chain(["TWIN-1", "内科", "王"]) {
        let line = recorded.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
    (sandbox, recorded)
}

#[test]
fn every_wire_of_a_pilot_is_recorded_and_nobody_and_it_plays_again() {
    let (sandbox, recorded) = recorded(false);
    let lines: Vec<Value> = recorded.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&lines[0]["capture"], &lines[0]["stand-ins"]), (&json!(1), &json!(false)));
    let mut said = BTreeSet::new();
    lines.iter().for_each(|line| texts(line, &mut said));
    // A key, a token or a ciphertext is long; what a printer answers is its own.
    let long: Vec<_> = said.iter().filter(|text| text.len() > 40).collect();
    assert!(long.is_empty(), "{long:?}");
    assert!(said.iter().all(|text| text.is_ascii()), "{said:?}");
    assert!(!said.contains("as"), "a stand-in that nobody wanted");
    for (wire, way) in [
        ("terminal", "in"),
        ("terminal", "out"),
        ("core", "in"),
        ("core", "out"),
        ("http", "out"),
        ("printer", "out"),
        ("printer", "in"),
        ("panel", "out"),
    ] {
        let one = lines.iter().find(|line| line["wire"] == wire && line["way"] == way);
        assert!(one.is_some_and(|line| line["ms"].is_u64()), "{wire} {way}");
    }
    let of = |member: &str, value: &str| lines.iter().filter(|line| line["frame"][member] == value).count();
    assert!(of("type", "face") >= 3 && of("result", "checked_in") >= 3, "{recorded}");
    assert!(lines.iter().any(|line| line["status"] == 200 && line["body"].is_object()), "{recorded}");
    assert!(lines.iter().any(|line| line["code"] == "T204") && lines.iter().any(|line| line["code"] == "T201"));

    let played = run(&["sim", "--scenario", sandbox.path("pilot.capture").to_str().expect("UTF-8")]);
    assert!(played.status.success(), "{}{}\n{recorded}", text(&played.stdout), text(&played.stderr));
}

/// Whoever gives up, a fire, the service key and a clock that is set, as recordings have them.
const RARE: &str = r#"{"capture":1,"lanes":2}
{"ms":5,"wire":"core","way":"in","lane":0,"what":"recognised","by":"face","consent":true}
{"ms":6,"wire":"core","way":"out","lane":0,"visit":1,"what":"opened"}
{"ms":50,"wire":"core","way":"in","visit":1,"what":"answered","answer":"choose"}
{"ms":900,"wire":"core","way":"in","lane":0,"what":"cancelled"}
{"ms":1200,"wire":"core","way":"in","lane":0,"what":"recognised","by":"face","consent":false}
{"ms":1201,"wire":"core","way":"out","lane":0,"visit":2,"what":"opened"}
{"ms":1900,"wire":"core","way":"in","lane":0,"what":"cancelled"}
{"ms":2000,"wire":"core","way":"in","what":"clock-set","by_ms":-3600000}
{"ms":2300,"wire":"core","way":"in","lane":1,"what":"recognised","by":"face","consent":true}
{"ms":2301,"wire":"core","way":"out","lane":1,"visit":3,"what":"opened"}
{"ms":2500,"wire":"core","way":"in","what":"clock-set","by_ms":3600000}
{"ms":3000,"wire":"core","way":"in","lane":0,"what":"out-of-service","why":"Emergency","on":true}
{"ms":4000,"wire":"core","way":"in","lane":0,"what":"out-of-service","why":"Emergency","on":false}
{"ms":5000,"wire":"core","way":"in","lane":0,"what":"out-of-service","why":"Maintenance","on":true}
{"ms":6000,"wire":"core","way":"in","lane":0,"what":"out-of-service","why":"Maintenance","on":false}
"#;

#[test]
fn whoever_gave_up_a_fire_the_service_key_and_a_clock_that_was_set_are_played_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rare.capture");
    fs::write(&file, RARE).expect("written");
    let out = folder.path().join("out");
    let played = run(&["sim", "--scenario", file.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8")]);
    assert!(played.status.success(), "{}{}", text(&played.stdout), text(&played.stderr));
    assert!(text(&played.stdout).contains("3 came, 3 were told what to do"), "{}", text(&played.stdout));
}

/// Somebody is told of to an interface engine.
#[test]
fn the_lines_of_an_interface_engine_are_recorded_without_what_they_say_and_the_visit_plays_again() {
    let engine = Engine::start(Box::new(|message| (ack(message, "AA", "ZQN|A036|3楼\\r"), false)));
    let sandbox = Sandbox::new();
    sandbox.edit("adapter = \"http\"", "adapter = \"hl7\"\nplain-http = [\"127.0.0.1/32\"]");
    sandbox.edit(&sandbox.hospital.url(), &format!("mllp://127.0.0.1:{}", engine.port));
    sandbox.edit("hmac-key = \"keys/checkin.hmac\"\n", "");
    sandbox.edit("[privacy]", "[checkin.hl7]\nread = { number = \"ZQN-1\", place = \"ZQN-2\" }\n\n[privacy]");
    let file = sandbox.path("engine.capture");
    let person = Person::new("sid-engine-1", "欧阳菲菲");
    sandbox.wechat.know(person.clone());
    let daemon = sandbox.start_with(program(), &["--capture", file.to_str().expect("UTF-8")]);
    let mut terminal = sandbox.terminal(0);
    terminal.face(&person.face_sid, true).expect("sent");
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    assert_eq!(outcome["result"], "checked_in", "{outcome} {}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
    let recorded = fs::read_to_string(&file).expect("UTF-8");
    for secret in [person.name.as_str(), &person.credential_id, "3楼", "A036"] {
        assert!(!recorded.contains(secret), "{secret}");
    }
    let lines: Vec<Value> = recorded.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let segments = |way: &str| -> Vec<Value> {
        let lines = lines.iter().filter(|line| line["wire"] == "line" && line["way"] == way);
        lines.filter_map(|line| line["segments"].as_array()).flatten().cloned().collect()
    };
    assert!(segments("out").iter().any(|segment| segment["segment"] == "PID"), "{recorded}");
    assert!(segments("in").iter().any(|segment| segment["says"] == "AA"), "{recorded}");
    let played = run(&["sim", "--scenario", file.to_str().expect("UTF-8")]);
    assert!(played.status.success(), "{}{}\n{recorded}", text(&played.stdout), text(&played.stderr));
}

#[test]
fn whoever_followed_stayed_stood_in_the_gate_or_came_the_wrong_way_does_so_again() {
    let sandbox = Sandbox::new();
    let bench = sandbox.path("bench");
    let exit = format!("[[input]]\nis = \"passage-exit\"\nwire = {{ file = \"{}/exit\" }}\n\n", bench.display());
    let other_way = "[[input]]\nis = \"other-way\"";
    let _printer = build(
        &sandbox,
        &[
            ("pass-within-ms = 5000", "pass-within-ms = 1500\nheld-open-ms = 1500"),
            (other_way, &format!("{exit}{other_way}")),
        ],
    );
    let people =
        [("faceGGGG1122dd", "欧阳菲菲"), ("faceHHHH3344ee", "司徒雷登")].map(|(sid, name)| Person::new(sid, name));
    people.iter().for_each(|person| expect(&sandbox, person));
    let file = sandbox.path("gate.capture");
    let daemon = sandbox.start_with(program(), &["--capture", file.to_str().expect("UTF-8")]);
    let senses = |name: &str, is: bool| {
        fs::write(bench.join(name), if is { "1" } else { "0" }).expect("written");
        thread::sleep(Duration::from_millis(250));
    };
    let walks = |first: &str, second: &str| {
        [(first, true), (second, true), (first, false), (second, false)]
            .into_iter()
            .for_each(|(name, is)| senses(name, is));
    };
    let comes = |person: &Person| {
        let mut terminal = sandbox.terminal(1);
        terminal.face(&person.face_sid, true).expect("sent");
        assert_eq!(terminal.receive_type("outcome").expect("an outcome")["result"], "checked_in", "{}", daemon.log());
        terminal
    };
    comes(&people[0]);
    walks("passage", "exit");
    walks("passage", "exit");
    walks("exit", "passage");
    senses("passage", true);
    thread::sleep(Duration::from_secs(2));
    senses("passage", false);
    assert_eq!(comes(&people[1]).receive_type("outcome").expect("told again")["code"], "G803");
    assert_eq!(daemon.stop(), Some(0));
    let recorded = fs::read_to_string(&file).expect("UTF-8");
    let lines: Vec<Value> = recorded.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let alarms: Vec<&Value> = lines.iter().filter(|line| line["what"] == "gate-alarmed").collect();
    let words: Vec<&str> = alarms.iter().map(|line| line["alarm"].as_str().expect("a word")).collect();
    assert_eq!(words, ["Tailgated", "Reversed", "HeldOpen"], "{recorded}");
    assert!(alarms[0]["visit"].is_u64(), "{alarms:?}");
    assert!(people.iter().all(|person| !recorded.contains(&person.name) && !recorded.contains(&person.face_sid)));

    let out = sandbox.path("out");
    let played = run(&["sim", "--scenario", file.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8")]);
    assert!(played.status.success(), "{}{}\n{recorded}", text(&played.stdout), text(&played.stderr));
    let story = fs::read_to_string(out.join("story.txt")).expect("told");
    for told in ["alarm: Tailgated", "alarm: Reversed", "alarm: HeldOpen", "gate: Expired"] {
        assert!(story.contains(told), "{told}: {story}");
    }
}

#[test]
fn a_gates_controller_that_says_nothing_is_a_gate_that_does_not_move_when_it_is_played_again() {
    let sandbox = Sandbox::new();
    let (_printer, twin) = bench_board::with_turnstile(&sandbox, &[]);
    expect(&sandbox, &Person::new("sid-bus-1", "张三丰"));
    let file = sandbox.path("bus.capture");
    let daemon = sandbox.start_with(program(), &["--capture", file.to_str().expect("UTF-8")]);
    let status = || text(&run(&["status", "--json", "--config", sandbox.site()]).stdout);
    // Whoever is let in as it falls silent is not let through.
    twin.set_trouble(BusTrouble::Deaf);
    let mut terminal = sandbox.terminal(1);
    terminal.face("sid-bus-1", true).expect("sent");
    let told = terminal.receive_type("outcome").expect("an outcome");
    let silent = |status: &String| status.contains("\"fault\":\"G810\"");
    assert!(silent(&wait_for(status, silent)), "{told} {}", daemon.log());
    twin.set_trouble(BusTrouble::None);
    assert!(!silent(&wait_for(status, |status| !silent(status))), "{}", daemon.log());
    assert_eq!((daemon.stop(), twin.openings(1)), (Some(0), [0, 0]));
    let recorded = fs::read_to_string(&file).expect("UTF-8");
    assert!(recorded.contains("G810"), "{recorded}");

    let out = sandbox.path("out");
    let played = run(&["sim", "--scenario", file.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8")]);
    assert!(played.status.success(), "{}{}\n{recorded}", text(&played.stdout), text(&played.stderr));
    let story = fs::read_to_string(out.join("story.txt")).expect("told");
    for told in ["gate-dead: broken", "Gate G801", "gate-dead: mended"] {
        assert!(story.contains(told), "{told}: {story}\n{recorded}");
    }
}

#[test]
fn where_the_site_says_so_the_same_text_has_the_same_stand_in() {
    let (_sandbox, recorded) = recorded(true);
    let lines = recorded.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let faces: Vec<Value> = lines
        .filter(|line| line["wire"] == "terminal" && line["way"] == "in" && line["frame"]["type"] == "face")
        .map(|line| line["frame"]["face_sid"]["as"].clone())
        .collect();
    assert_eq!(faces.len(), 3, "{recorded}");
    assert!(faces.iter().all(|face| face.as_str().is_some_and(|face| face.starts_with('~'))), "{faces:?}");
    assert!(faces[0] == faces[2] && faces[0] != faces[1], "{faces:?}");
}
