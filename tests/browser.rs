//! The pages in real browsers: Debian's Chromium, and Chromium 70 as old face terminals have it. They are driven by
//! `tests/browser/*.js`, which ask the tests here for what they want to see.
//!
//! ```text
//! apt-get install chromium; npm ci --prefix tests --ignore-scripts
//! cargo test --test facemchd -- --ignored browser::
//! ```
//! `SHOTS=FOLDER` keeps pictures of what was seen.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use facemchd::{
    device::voice::write_wav,
    kiosk::{Scene, SceneKind, SceneOption},
    page::{LanePage, Voice},
    sim::{hospital::Booking, people::Person, terminal::Terminal},
    words::{Language, NameStyle, RealName, SessionId, Text, Visit, WallTime},
};
use serde_json::{Value, json};

use crate::{
    bench_board::build,
    pages::{Pages, lane, with_page},
    program::expect,
    running::{Daemon, Sandbox, run},
    scenes::full,
    sim_page::SandboxPage,
    technician::account,
};

/// Runs a script, and does what it asks for until it ends.
fn drive(script: &str, ports: &[u16], mut asked: impl FnMut(&Value) -> Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(folder.join("../node_modules").is_dir(), "npm ci --prefix tests --ignore-scripts");
    let mut node = Command::new("node")
        .arg(folder.join(script))
        .args(ports.iter().map(ToString::to_string))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("node: {error}: apt-get install nodejs npm chromium"));
    let mut answers = node.stdin.take().expect("piped");
    for line in BufReader::new(node.stdout.take().expect("piped")).lines() {
        let line = line.expect("a line");
        match line.strip_prefix("ask ") {
            Some(question) => {
                let answer = asked(&serde_json::from_str(question).expect("JSON"));
                writeln!(answers, "{answer}").expect("sent");
            }
            None => println!("{line}"),
        }
    }
    assert!(node.wait().expect("ended").success(), "see above");
}

/// Every scene, and those that are hard to lay out.
fn scenes(language: Language) -> Vec<(String, Scene)> {
    let mut all: Vec<_> =
        SceneKind::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), full(kind, language))).collect();
    let name = |name: &str| RealName::parse(name).map(|name| name.shown(NameStyle::Full));
    let text = |text: &str| Some(Text::clean(text));
    let admitted = |name| Scene { name, ..full(SceneKind::Admitted, language) };
    all.push(("uyghur".to_owned(), admitted(name("مۇھەممەد ئىمىن تۇردى"))));
    all.push(("tibetan".to_owned(), admitted(name("བཀྲ་ཤིས་རྒྱལ་མཚན"))));
    all.push(("long-name".to_owned(), admitted(name("阿卜杜热合曼·阿卜杜克热木·买买提依明"))));
    let visit = Visit {
        department: text("心脏大血管外科结构性心脏病与微创瓣膜介入多学科联合门诊"),
        doctor: text("欧阳慕容·买买提依明"),
        title: text("享受国务院政府特殊津贴主任医师"),
        room: text("第一百二十八诊室（特需东侧）"),
        floor: text("门诊综合楼东区12楼"),
        way: text("乘7号电梯到12楼，出电梯左转，经过采血室后直走到底"),
        ahead: Some(17),
        now: text("A019"),
        advice: text("过号请到本楼层分诊台重新排队，请携带身份证与既往病历资料"),
        visit_kind: text("专家门诊"),
        ..Visit::default()
    };
    let long = Scene { visit: Some(Arc::new(visit)), detail: None, ..full(SceneKind::Admitted, language) };
    all.push(("long-visit".to_owned(), long));
    let labels = [
        "心脏大血管外科结构性心脏病联合门诊 欧阳慕容 主任医师 08:00-08:30",
        "神经内科 09:30",
        "Cardiology and Structural Heart Disease Clinic, Dr. Katherine O'Shaughnessy 10:15",
        "口腔颌面外科 11:00",
        "དཀར་ཆག་གི་ནང་ནད་སྡེ་ཚན 13:30",
        "ئىچكى كېسەللىكلەر بۆلۈمى 14:00",
        "儿科 15:00",
        "眼科 16:00",
    ];
    let options = labels.iter().zip(1..).map(|(label, option)| SceneOption { option, label: Text::clean(label) });
    let choose = Scene { options: options.collect(), ..full(SceneKind::Choose, language) };
    all.push(("eight-options".to_owned(), choose));
    all
}

/// Half a second of a tone.
struct Tone;

impl Voice for Tone {
    fn loudness(&self, _: &Scene, _: WallTime) -> Option<u8> {
        Some(60)
    }

    fn wav(&self, _: &Scene) -> Vec<u8> {
        write_wav(&[0, 9000, 0, -9000].repeat(2000))
    }
}

/// Pages in every language and both kinds of type, and the scenes that the script turns over.
fn gallery(script: &str) {
    let both = Language::ALL.into_iter().flat_map(|language| [(language, false), (language, true)]);
    let lanes: Vec<_> = both.collect();
    let name = |index: usize| format!("lane-{index}");
    let pages = Pages::of(
        lanes
            .iter()
            .zip(0..)
            .map(|((language, large), index)| LanePage {
                // One that speaks.
                voice: (index == 0).then(|| Arc::new(Tone) as _),
                ..lane(index, &name(index.into()), *language, *large)
            })
            .collect(),
    );
    let all: Vec<Vec<(String, Scene)>> = lanes.iter().map(|(language, _)| scenes(*language)).collect();
    drive(script, &[pages.address.port()], |question| {
        let Some(index) = question["scene"].as_u64() else {
            let lanes: Vec<Value> = lanes
                .iter()
                .enumerate()
                .map(|(index, (language, large))| {
                    json!({ "name": name(index), "language": format!("{language:?}"), "large": large })
                })
                .collect();
            return json!({ "lanes": lanes, "scenes": all[0].len() });
        };
        let index = usize::try_from(index).expect("small");
        for (lane, scenes) in all.iter().enumerate() {
            let scene = Scene { stands: Some(Duration::from_secs(600)), ..scenes[index].1.clone() };
            pages.show(lane, Some(SessionId { run: 7, serial: 1 }), scene);
        }
        json!(all[0][index].0)
    });
}

#[test]
#[ignore = "needs Chromium and npm; see above"]
fn every_scene_has_room_in_every_language_and_size_and_nobody_is_kept_from_reading_it() {
    gallery("gallery.js");
}

#[test]
#[ignore = "needs Chromium and npm; see above"]
fn the_page_works_in_the_oldest_browser_that_it_is_made_for() {
    gallery("oldest.js");
}

#[test]
#[ignore = "needs Chromium and npm; see above"]
fn a_visit_is_touched_through_and_leaves_nobodys_name_whatever_becomes_of_page_and_daemon() {
    let sandbox = Sandbox::new();
    let port = with_page(&sandbox);
    sandbox.edit("slip-name = \"full\"", "slip-name = \"full\"\nwipe-after-ms = 2500");
    let somebody = Person::new("sid-page-1", "王小明");
    expect(&sandbox, &somebody);
    let two = ["3楼 内科一诊室 李华".to_owned(), "5楼 眼科".to_owned()];
    sandbox.hospital.book(&somebody.credential_id, Booking::Several(two.to_vec()));
    expect(&sandbox, &Person::new("sid-page-2", "李四"));
    let mut daemon: Option<Daemon> = Some(sandbox.start());
    let mut terminal: Option<Terminal> = None;
    drive("visit.js", &[port], |question| match question["do"].as_str() {
        Some("face") => {
            let mut connected = sandbox.terminal(0);
            connected.face(question["sid"].as_str().expect("a face"), true).expect("sent");
            terminal = Some(connected);
            json!(true)
        }
        Some("kill") => {
            daemon.take().expect("it runs").kill();
            json!(true)
        }
        Some("start") => {
            daemon = Some(sandbox.start());
            json!(true)
        }
        Some("css") => {
            std::fs::write(sandbox.path("own.css"), "h1 { letter-spacing: 3px; }").expect("written");
            daemon.as_ref().expect("it runs").signal(rustix::process::Signal::HUP);
            json!(true)
        }
        Some("status") => {
            let told = run(&["status", "--json", "--config", sandbox.site()]);
            serde_json::from_slice(&told.stdout).expect("JSON")
        }
        other => panic!("{other:?}"),
    });
    drop(terminal);
    let daemon = daemon.expect("it runs");
    let log = daemon.log();
    assert!(!["王", "小明", "李四", "A00"].iter().any(|told| log.contains(told)), "{log}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
#[ignore = "needs Chromium and npm; see above"]
fn a_newcomer_and_a_saboteur_find_their_way_and_the_four_zeros_stay_zero() {
    let sandbox = SandboxPage::start();
    drive("kiosk.js", &[sandbox.port], |_| json!(true));
}

/// A printer that runs out of paper, somebody who mends it, and a nurse.
#[test]
#[ignore = "needs Chromium and npm; see above"]
fn a_technician_and_a_nurse_find_their_way() {
    let sandbox = Sandbox::new();
    let printer = build(&sandbox, &[]);
    let (port, desk) = (crate::technician::port(), crate::technician::port());
    sandbox.edit("panel = \"board\"\nprinter", "panel = \"page\"\nprinter");
    sandbox.edit(
        "[checkin]",
        &format!(
            "[page]\nlisten = \"127.0.0.1:{port}\"\ntechnician = true\n\n[desk]\nlisten = \"127.0.0.1:{desk}\"\n\n[checkin]"
        ),
    );
    for sid in ["sid-1", "sid-2"] {
        expect(&sandbox, &Person::new(sid, "王小明"));
    }
    let mut daemon = Some(sandbox.start());
    account(&sandbox, "zhao", "battery staple", &["--technician"]);
    account(&sandbox, "wang", "correct horse", &[]);
    drive("technician.js", &[port, desk], |question| match question["do"].as_str() {
        Some("paper") => {
            printer.set_paper(0);
            Value::Null
        }
        Some("refill") => {
            printer.refill();
            Value::Null
        }
        Some("face") => {
            let mut terminal = sandbox.terminal(0);
            terminal.face(question["sid"].as_str().expect("a sid"), true).expect("sent");
            terminal.receive_type("outcome").expect("an outcome");
            Value::Null
        }
        Some("kill") => {
            daemon.take().expect("it runs").kill();
            Value::Null
        }
        Some("start") => {
            daemon = Some(sandbox.start());
            Value::Null
        }
        Some("slip") => {
            let listed = run(&["journal", "list", "--json", "--config", sandbox.site()]);
            let lines = String::from_utf8(listed.stdout).expect("UTF-8");
            let mut records = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
            records.find(|record| record["kind"] == "decided").expect("a decision")["session"].clone()
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(daemon.expect("it runs").stop(), Some(0));
}
