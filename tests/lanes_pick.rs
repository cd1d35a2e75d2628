//! A board with several devices of a kind, and the lanes that pick them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use facemchd::{
    board::Board,
    sim::{people::Person, terminal::Terminal},
};

use crate::{
    bench_board,
    devices::wait_for,
    program::expect,
    running::{Sandbox, run},
};

/// A second gate lane, and a board with a gate, lights and sensors for each.
fn two_gates(sandbox: &Sandbox) -> PathBuf {
    let _printer = bench_board::build(sandbox, &[]);
    let folder = sandbox.path("bench");
    let (board, mut text) = (sandbox.path("bench.toml"), String::new());
    let shipped = fs::read_to_string(&board).expect("readable");
    let (head, _) = shipped.split_once("[gate]").expect("a gate");
    text.push_str(head);
    for side in ["left", "right"] {
        let line = |name: &str| format!("wire = {{ file = \"{}\" }}", folder.join(format!("{side}-{name}")).display());
        text.push_str(&format!(
            "[[gate]]\nname = \"{side}\"\n{}\npulse-ms = 300\nmin-gap-ms = 0\npass-within-ms = 900\none-shot = true\n\
             [[indicators]]\nname = \"{side}\"\ngreen = {{ {} }}\n\
             [[input]]\nis = \"passage\"\ngroup = \"{side}\"\n{}\n\
             [[input]]\nis = \"closed\"\ngroup = \"{side}\"\n{}\n",
            line("gate"),
            line("green"),
            line("passage"),
            line("closed"),
        ));
    }
    text.push_str(&format!(
        "[[input]]\nis = \"fire\"\ngroup = \"hall\"\nwire = {{ file = \"{}\" }}\n",
        folder.join("fire").display()
    ));
    fs::write(&board, text).expect("written");
    sandbox.edit("gate = \"board\"", "gate = \"left\"\nindicators = \"left\"\ninputs = \"left\"");
    let site = fs::read_to_string(&sandbox.site).expect("readable");
    let (_, lane) = site.rsplit_once("[[lane]]").expect("a lane");
    let second = lane.replace("gate-1", "gate-2").replace("left", "right");
    fs::write(&sandbox.site, format!("{site}\n[[lane]]{second}")).expect("written");
    folder
}

fn is_on(folder: &Path, output: &str) -> bool {
    fs::read(folder.join(output)).is_ok_and(|bytes| bytes == b"1")
}

/// Whether a lane comes to refuse whoever looks, for this reason.
fn refuses(terminal: &mut Terminal, why: &str) -> bool {
    (0..100).any(|count| {
        terminal.face(&format!("sid-nobody-{count}"), true).expect("sent");
        let refused = terminal.receive_type("ack").expect("an ack")["code"] == why;
        if !refused {
            std::thread::sleep(Duration::from_millis(20));
        }
        refused
    })
}

#[test]
fn each_lane_has_the_gate_lights_and_sensors_that_it_picks() {
    let sandbox = Sandbox::new();
    let folder = two_gates(&sandbox);
    for sid in ["sid-1", "sid-3"] {
        expect(&sandbox, &Person::new(sid, "张三丰"));
    }
    let daemon = sandbox.start();
    let socket = |lane: &str| sandbox.path(&format!("{lane}.sock"));
    let patience = Duration::from_secs(12);
    let mut right = Terminal::connect(&socket("gate-2"), patience).expect("connected");
    right.face("sid-1", true).expect("sent");
    assert_eq!(right.receive_type("outcome").expect("told")["result"], "checked_in");
    assert!(wait_for(|| is_on(&folder, "right-gate"), |on| *on), "the right gate opens");
    assert!(!is_on(&folder, "left-gate"));
    // Whoever goes through the other gate is not this one's person.
    fs::write(folder.join("left-passage"), "1").expect("written");
    let told = right.receive_type("outcome").expect("told again");
    assert_eq!((told["result"].as_str(), told["code"].as_str()), (Some("annulled"), Some("G803")));
    // A key switch closes its own lane.
    fs::write(folder.join("right-closed"), "1").expect("written");
    assert!(refuses(&mut right, "X010"));
    let mut left = Terminal::connect(&socket("gate-1"), patience).expect("connected");
    left.face("sid-3", true).expect("sent");
    assert_eq!(left.receive_type("outcome").expect("told")["result"], "checked_in");
    // The fire input is of no lane's group, and everybody's.
    fs::write(folder.join("fire"), "1").expect("written");
    assert!(refuses(&mut left, "G807"));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_a_lane_picks_and_the_board_lacks_is_refused_with_both_files() {
    let pick = |from: &str, to: &str| {
        let sandbox = Sandbox::new();
        two_gates(&sandbox);
        sandbox.edit(from, to);
        let ran = run(&["run", "--config", sandbox.site()]);
        let checked = run(&["check", "--config", sandbox.site()]);
        assert_eq!((ran.status.code(), checked.status.code()), (Some(78), Some(1)), "{to}");
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(String::from_utf8_lossy(&checked.stdout).contains("C101"), "{to}");
        assert!(told.contains("site.toml:") && told.contains("bench.toml"), "{told}");
        let line: usize =
            told.split("site.toml:").nth(1).and_then(|rest| rest.split(':').next()?.parse().ok()).expect("a line");
        let text = fs::read_to_string(&sandbox.site).expect("readable");
        (told, text.lines().nth(line - 1).unwrap_or_default().to_owned())
    };
    for (from, to, why, line) in [
        ("gate = \"left\"", "gate = \"board\"", "has several [[gate]]: name one of left, right", "gate = \"board\""),
        ("gate = \"left\"", "gate = \"middle\"", "are called left, right", "gate = \"middle\""),
        ("gate = \"left\"", "gate = \"right\"", "serves another lane already", "gate = \"right\""),
        ("inputs = \"left\"", "inputs = \"middle\"", "has no [[input]] of that group", "inputs = \"middle\""),
        ("printer = \"board\"", "printer = \"slips\"", "has no name: write \"board\"", "printer = \"slips\""),
        ("panel = \"none\"", "panel = \"board\"", "serves another lane already", "panel = \"board\""),
    ] {
        let (told, found) = pick(from, to);
        assert!(told.contains(why), "{told}");
        assert_eq!(found, line, "{told}");
    }
}

#[test]
fn a_gate_that_no_board_has_is_not_believed_in() {
    let sandbox = Sandbox::new();
    let _printer = bench_board::build(&sandbox, &[]);
    let board = sandbox.path("bench.toml");
    let text = fs::read_to_string(&board).expect("readable");
    let (head, rest) = text.split_once("[gate]").expect("a gate");
    let (_, tail) = rest.split_once("[indicators]").expect("lights");
    fs::write(&board, format!("{head}[indicators]{tail}")).expect("written");
    let ran = run(&["run", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(78), "{told}");
    assert!(told.contains("bench.toml has no [gate]"), "{told}");
}

#[test]
fn several_devices_of_a_kind_need_names_and_their_inputs_groups() {
    let (file, text) = crate::devices::shipped("board/bench.toml");
    let gate = text.split_once("[gate]").expect("a gate").1.split_once("\n\n").expect("an end").0.to_owned();
    let two = |first: &str, second: &str| {
        let second_gate = gate.replace("bench/gate", "bench/gate-2");
        text.replace(
            &format!("[gate]{gate}"),
            &format!("[[gate]]\n{first}{}\n\n[[gate]]\n{second}{}", gate.trim_start(), second_gate.trim_start()),
        )
    };
    for (first, second, told) in [
        ("", "name = \"right\"\n", "each needs a name of its own"),
        ("name = \"right\"\n", "name = \"right\"\n", "each needs a name of its own"),
        ("name = \"left\"\n", "name = \"right\"\n", "input passage needs a group"),
        ("name = \"board\"\n", "name = \"right\"\n", "are no names"),
    ] {
        let error = Board::parse(&file, &two(first, second)).expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    }
    let grouped = two("name = \"left\"\n", "name = \"right\"\n")
        .replace("is = \"passage\"\n", "is = \"passage\"\ngroup = \"left\"\n");
    assert_eq!(Board::parse(&file, &grouped).expect("parses").gates.len(), 2);
}
