//! The built program as systemd, a terminal and a technician meet it.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::{
        fd::OwnedFd,
        unix::net::{UnixDatagram, UnixStream},
    },
    time::Duration,
};

use facemchd::sim::{
    hospital::Booking,
    people::{Behaviour, Person},
};
use serde_json::{Value, json};

use crate::{
    lookups::clock,
    running::{Daemon, Sandbox, is_emulated, program, run},
};

fn at_three() -> Booking {
    Booking::At("3楼 内科".to_owned())
}

#[test]
fn below_systemd_a_log_line_begins_with_its_priority() {
    let sandbox = Sandbox::new();
    let (log, mut told) = (sandbox.path("journal.log"), String::new());
    let file = fs::File::create(&log).expect("a log");
    let mut daemon = program()
        .args(["run", "--config", sandbox.site()])
        .env("JOURNAL_STREAM", "8:1")
        .stderr(file)
        .spawn()
        .expect("runs");
    for _ in 0..500 {
        told = fs::read_to_string(&log).expect("readable");
        if told.contains("serving") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    daemon.kill().expect("there");
    daemon.wait().expect("gone");
    assert!(told.lines().any(|line| line == "<6>serving"), "{told}");
}

#[test]
fn neither_systemd_nor_its_journal_keeps_anybody_waiting() {
    let sandbox = Sandbox::new();
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let systemd = UnixDatagram::bind(sandbox.path("full.sock")).expect("a socket");
    let filler = UnixDatagram::unbound().expect("a socket");
    filler.set_nonblocking(true).expect("set");
    while filler.send_to(b"full", sandbox.path("full.sock")).is_ok() {}
    let (mut journal, mut log) = UnixStream::pair().expect("a pair");
    log.set_nonblocking(true).expect("set");
    while log.write(&[b'.'; 512]).is_ok() {}
    log.set_nonblocking(false).expect("set");

    let child = program()
        .args(["run", "--config", sandbox.site()])
        .env("NOTIFY_SOCKET", sandbox.path("full.sock"))
        .env("WATCHDOG_USEC", "200000")
        .env("JOURNAL_STREAM", "8:1")
        .stderr(OwnedFd::from(log))
        .spawn()
        .expect("runs");
    let daemon = Daemon { child, notify: systemd, log: sandbox.path("none") };
    assert_eq!(visit(&sandbox, 0, "sid-1")["result"], "checked_in");

    // Whoever reads again is told what there was no room for.
    journal.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    let (mut told, mut bytes) = (Vec::new(), [0; 4096]);
    daemon.signal(rustix::process::Signal::TERM);
    while let Ok(length @ 1..) = journal.read(&mut bytes) {
        told.extend_from_slice(&bytes[..length]);
    }
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("lines of this log were lost"), "{told}");
    assert_eq!(daemon.stop(), Some(0));
}

/// Makes a person known and booked.
pub fn expect(sandbox: &Sandbox, person: &Person) {
    // A gate knows the union id only.
    for key in [&person.credential_id, &person.union_id] {
        sandbox.hospital.book(key, at_three());
    }
    sandbox.wechat.know(person.clone());
}

/// Sends a face and waits for its outcome.
fn visit(sandbox: &Sandbox, lane: usize, sid: &str) -> Value {
    let mut terminal = sandbox.terminal(lane);
    terminal.face(sid, true).expect("sent");
    terminal.receive_type("outcome").expect("an outcome")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_person_comes_and_panel_slip_gate_and_journal_show_it() {
    let sandbox = Sandbox::new();
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    expect(&sandbox, &Person::new("sid-2", "李四"));
    let daemon = sandbox.start();
    let outcome = visit(&sandbox, 0, "sid-1");
    assert_eq!((&outcome["result"], &outcome["number"]), (&json!("checked_in"), &json!("A001")));
    assert_eq!(visit(&sandbox, 1, "sid-2")["result"], "checked_in");
    let shown = || fs::read_to_string(sandbox.path("kiosk-1/panel.txt")).unwrap_or_default();
    for _ in 0..100 {
        // The terminal is told while the panel is drawn.
        if shown().contains("A001") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let panel = shown();
    assert!(panel.contains("张*丰") && panel.contains("A001") && !panel.contains("张三丰"), "{panel}");
    assert_eq!(daemon.stop(), Some(0));
    let slip = fs::read_to_string(sandbox.path("kiosk-1/slip-0001.txt")).expect("a slip");
    assert!(slip.contains("张三丰") && slip.contains("A001"), "{slip}");
    let gate = fs::read_to_string(sandbox.path("gate-1/gate.jsonl")).expect("a gate");
    assert_eq!(gate.lines().count(), 2, "opened and closed: {gate}");
    let panel = fs::read_to_string(sandbox.path("kiosk-1/panel.txt")).expect("a panel");
    assert!(panel.contains("本机暂停服务") && panel.contains("X002"), "the last word is that it is closed: {panel}");
    let listed = run(&["journal", "list", "--config", sandbox.site(), "--json"]);
    let kinds: Vec<String> = text(&listed.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["kind"].as_str().expect("a kind").to_owned())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "closed").count(), 2, "{kinds:?}");
    assert!(run(&["journal", "verify", "--config", sandbox.site()]).status.success());
}

#[test]
fn systemd_is_told_when_it_serves_lives_and_stops() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    let told = daemon.told();
    assert!(told.contains("WATCHDOG=1"), "{told}");
    daemon.signal(rustix::process::Signal::TERM);
    while !daemon.told().contains("STOPPING=1") {}
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn after_a_power_cut_every_session_is_closed_and_no_number_lost() {
    let sandbox = Sandbox::new();
    for sid in ["sid-1", "sid-2", "sid-3"] {
        expect(&sandbox, &Person::new(sid, "张三").about(Behaviour::Normal));
    }
    let slow = Person::new("sid-slow", "李四").about(Behaviour::Slow(Duration::from_secs(5)));
    expect(&sandbox, &slow);
    let daemon = sandbox.start();
    assert_eq!(visit(&sandbox, 0, "sid-1")["number"], "A001");
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-slow", true).expect("sent");
    terminal.receive_type("ack").expect("an ack");
    std::thread::sleep(Duration::from_millis(300));
    daemon.kill();
    let daemon = sandbox.start();
    assert_eq!(visit(&sandbox, 0, "sid-2")["number"], "A002");
    assert_eq!(daemon.stop(), Some(0));
    let listed = text(&run(&["journal", "list", "--config", sandbox.site(), "--json"]).stdout);
    assert!(listed.contains("interrupted"), "{listed}");
    let verified = run(&["journal", "verify", "--config", sandbox.site()]);
    assert!(verified.status.success(), "{}", text(&verified.stdout));
}

#[test]
fn a_hangup_reads_the_site_file_again_and_a_wrong_one_changes_nothing() {
    let sandbox = Sandbox::new();
    expect(&sandbox, &Person::new("sid-1", "张三"));
    expect(&sandbox, &Person::new("sid-2", "李四"));
    let daemon = sandbox.start();
    let wait_for = |word: &str| {
        for _ in 0..250 {
            if daemon.log().contains(word) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{word}: {}", daemon.log());
    };
    sandbox.edit("[privacy]", "[privacy]\nnonsense = 1");
    daemon.signal(rustix::process::Signal::HUP);
    wait_for("not read again");
    assert_eq!(visit(&sandbox, 0, "sid-1")["result"], "checked_in");
    sandbox.edit("nonsense = 1", "");
    daemon.signal(rustix::process::Signal::HUP);
    wait_for("read again: merchants");
    assert_eq!(visit(&sandbox, 0, "sid-2")["result"], "checked_in");
}

#[test]
fn a_wrong_site_file_names_the_line_and_exits_78() {
    let sandbox = Sandbox::new();
    sandbox.edit("series = \"A\"", "series = \"a1\"");
    let ran = run(&["run", "--config", sandbox.site()]);
    assert_eq!(ran.status.code(), Some(78));
    let told = text(&ran.stderr);
    assert!(told.contains("C101") && told.contains("site.toml:") && told.contains("cure:"), "{told}");
}

#[test]
fn each_way_of_not_starting_has_its_exit_code() {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(run(&["run", "--nonsense"]).status.code(), Some(64));
    assert_eq!(run(&["run", "--config", "no-such-file"]).status.code(), Some(78));
    let sandbox = Sandbox::new();
    let key = sandbox.path("keys/sign.key.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("chmod");
    let ran = run(&["run", "--config", sandbox.site()]);
    assert_eq!(ran.status.code(), Some(77), "{}", text(&ran.stderr));
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    assert_eq!(run(&["run", "--config", sandbox.site()]).status.code(), Some(74), "the state directory is in use");
    drop(daemon);
}

#[test]
fn check_passes_on_a_site_in_order_and_names_what_is_not() {
    let sandbox = Sandbox::new();
    let ran = run(&["check", "--config", sandbox.site()]);
    assert!(ran.status.success(), "{}", text(&ran.stdout));
    let ran = run(&["check", "--json", "--config", sandbox.site()]);
    for line in text(&ran.stdout).lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert!(line["id"].is_string() && line["outcome"].is_string(), "{line}");
    }
    sandbox.wechat.set_online(false);
    let ran = run(&["check", "--config", sandbox.site()]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stdout).contains("N301"), "{}", text(&ran.stdout));
}

#[test]
fn a_technician_tries_each_device_and_is_told_what_to_see() {
    let sandbox = Sandbox::new();
    let test = |arguments: &[&str]| {
        let ran = run(&[&["test"], arguments, &["--config", sandbox.site()]].concat());
        (ran.status.code(), text(&ran.stdout))
    };
    let (code, told) = test(&["panel"]);
    assert!(code == Some(0) && told.contains("啊座齄䶮"), "{told}");
    let shown = fs::read_to_string(sandbox.path("kiosk-1/panel.txt")).expect("a panel");
    assert!(shown.contains("啊座齄䶮"), "{shown}");
    // On a machine that is busy the twin may need longer than a printer has.
    let printed = (0..5).map(|_| test(&["printer"])).find(|(code, told)| *code == Some(0) && told.starts_with("ok"));
    assert!(printed.is_some(), "{:?}", test(&["printer"]));
    assert!(fs::read_to_string(sandbox.path("kiosk-1/slip-0001.txt")).expect("a slip").contains("A000"));
    let (code, told) = test(&["gate", "--lane", "gate-1", "--yes"]);
    assert!(code == Some(0) && told.starts_with("ok"), "{told}");
    let pulses = || fs::read_to_string(sandbox.path("gate-1/gate.jsonl")).expect("a gate").lines().count();
    assert_eq!(pulses(), 2);
    let (code, told) = test(&["gate", "--lane", "gate-1"]);
    assert!(code == Some(1) && told.contains("Not opened"), "nobody said yes: {told}");
    assert_eq!(pulses(), 2);
    assert_eq!(test(&["gate"]).0, Some(64), "the kiosk has no gate");
    assert_eq!(test(&["panel", "--lane", "nowhere"]).0, Some(64));
    assert!(run(&["safe-state", "--config", sandbox.site()]).status.success());
    let probed = run(&["probe"]);
    assert!(probed.status.success() && text(&probed.stdout).starts_with("machine"), "{}", text(&probed.stdout));
}

#[test]
fn lookup_masks_unless_told_otherwise_and_fails_if_one_fails() {
    let sandbox = Sandbox::new();
    sandbox.wechat.know(Person::new("sid-1", "张三丰"));
    sandbox.wechat.know(Person::new("sid-2", "欧阳若兰"));
    let timings = sandbox.path("timings.tsv");
    let ran =
        run(&["lookup", "--config", sandbox.site(), "--json", "--timings", timings.to_str().expect("UTF-8"), "sid-1"]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let line: Value = serde_json::from_str(&text(&ran.stdout)).expect("JSON");
    assert_eq!((&line["ok"], &line["name"]), (&json!(true), &json!("张*丰")));
    let columns: Vec<String> =
        fs::read_to_string(&timings).expect("timings").trim_end().split('\t').map(str::to_owned).collect();
    assert_eq!(columns[1..], ["-", "-"]);
    let ran = run(&["lookup", "--config", sandbox.site(), "--json", "--reveal", "sid-2", "sid-nobody"]);
    assert_eq!(ran.status.code(), Some(1));
    let lines: Vec<Value> = text(&ran.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        (&lines[0]["name"], &lines[1]["ok"], &lines[1]["code"]),
        (&json!("欧阳若兰"), &json!(false), &json!("N320"))
    );
}

#[test]
fn keys_come_from_systemds_credentials_too() {
    let sandbox = Sandbox::new();
    sandbox.wechat.know(Person::new("sid-1", "张三丰"));
    let credentials = sandbox.path("credentials");
    fs::create_dir(&credentials).expect("made");
    fs::rename(sandbox.path("keys/sign.key.pem"), credentials.join("sign")).expect("moved");
    sandbox.edit("keys/sign.key.pem", "credential:sign");
    let lookup = || {
        let mut command = crate::running::program();
        command.args(["lookup", "--config", sandbox.site(), "sid-1"]);
        command
    };
    let ran = lookup().env("CREDENTIALS_DIRECTORY", &credentials).output().expect("runs");
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let ran = lookup().env_remove("CREDENTIALS_DIRECTORY").output().expect("runs");
    assert_eq!(ran.status.code(), Some(78));
    assert!(text(&ran.stderr).contains("credential:sign"), "{}", text(&ran.stderr));
}

#[test]
fn lookup_reads_a_list_and_needs_three_tables_only() {
    let sandbox = Sandbox::new();
    sandbox.wechat.allow_reuse();
    sandbox.wechat.know(Person::new("sid-1", "张三丰"));
    let site = fs::read_to_string(&sandbox.site).expect("readable");
    let start = site.find("[merchant]").expect("there");
    let end = site.find("[checkin]").expect("there");
    fs::write(&sandbox.site, &site[start..end]).expect("written");
    let list = sandbox.path("list");
    fs::write(&list, "sid-1\nsid-1\n\nsid-1\n").expect("written");
    let ran = run(&["lookup", "--config", sandbox.site(), "--json", "--from", list.to_str().expect("UTF-8")]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    assert_eq!(text(&ran.stdout).lines().count(), 3);
    assert_eq!(sandbox.wechat.seen().connections, 1, "one warm agent");
}

#[test]
fn help_names_every_command() {
    let help = text(&run(&["--help"]).stdout);
    for command in ["run", "check", "lookup", "probe", "test", "safe-state", "status", "journal", "conformance", "sim"]
    {
        assert!(help.contains(&format!("\n  {command}")), "{help}");
    }
    assert!(text(&run(&["--version"]).stdout).starts_with("facemchd "));
}

#[test]
fn nothing_of_a_person_is_left_in_log_journal_or_state() {
    let sandbox = Sandbox::new();
    sandbox.edit("slip-name = \"full\"", "slip-name = \"masked\"");
    let people = [
        Person::new("sid-private-1", "张三丰"),
        Person::new("sid-private-2", "欧阳若兰").about(Behaviour::NoPermission),
        Person::new("sid-private-3", "陆梅").about(Behaviour::Forged),
    ];
    for person in &people {
        expect(&sandbox, person);
    }
    let daemon = sandbox.start();
    for person in &people {
        visit(&sandbox, 0, &person.face_sid);
    }
    let mut terminal = sandbox.terminal(0);
    terminal
        .send_bytes(b"{\"type\":\"face\",\"face_sid\":\"sid-private-4\n{\"face_sid\":\"sid-private-5\"}\n")
        .expect("sent");
    terminal.receive().expect("an ack");
    daemon.signal(rustix::process::Signal::HUP);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(daemon.stop(), Some(0));
    let keys = fs::read_to_string(sandbox.path("keys/sign.key.pem")).expect("a key");
    let key_line = keys.lines().nth(3).expect("a line of it").to_owned();
    let mut secrets = vec!["sid-private", "oOpenid", "oSubOpenid", "WECHATPAY2-SHA256-RSA2048", key_line.as_str()];
    for person in &people {
        secrets.extend([person.name.as_str(), person.credential_id.as_str(), person.union_id.as_str()]);
    }
    fs::remove_dir_all(sandbox.path("keys")).expect("the keys themselves are theirs");
    assert_eq!(Daemon::files_with(sandbox.folder.path(), &secrets), Vec::<String>::new());
}

#[test]
fn staff_close_and_open_a_lane_and_have_a_slip_printed_again() {
    let sandbox = Sandbox::new();
    sandbox.wechat.know(Person::new("sid-1", "张三丰"));
    sandbox.wechat.know(Person::new("sid-2", "李四"));
    sandbox.hospital.open_house();
    let daemon = sandbox.start();
    let ask = |arguments: &[&str]| {
        let output = run(&[arguments, &["--config", sandbox.site()]].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    let number = terminal.receive_type("outcome").expect("told")["number"].as_str().expect("a number").to_owned();
    assert_eq!(ask(&["lane", "kiosk-1", "closed"]), (Some(0), "kiosk-1: closed\n".to_owned()));
    terminal.face("sid-2", true).expect("sent");
    let refused = terminal.receive_type("ack").expect("an ack");
    assert_eq!((refused["status"].as_str(), refused["code"].as_str()), (Some("refused"), Some("X010")));
    assert_eq!(ask(&["lane", "kiosk-1", "normal"]).0, Some(0));
    assert_eq!(ask(&["lane", "kiosk-9", "closed"]).0, Some(1));
    assert_eq!(ask(&["reprint", &number]), (Some(0), "printed and acknowledged\n".to_owned()));
    assert_eq!(ask(&["reprint", "Z999"]).0, Some(1));
    assert_eq!(daemon.stop(), Some(0));
    let slip = fs::read_to_string(sandbox.path("kiosk-1/slip-0002.txt")).expect("a second slip");
    assert!(slip.contains("补打") && slip.contains(&number) && !slip.contains("张三丰"), "{slip}");
    let journal = run(&["journal", "list", "--config", sandbox.site()]);
    let slips = String::from_utf8_lossy(&journal.stdout).lines().filter(|line| line.contains("  slip ")).count();
    assert_eq!(slips, 2);
    assert_eq!(ask(&["lane", "kiosk-1", "closed"]).0, Some(69), "the daemon has gone");
}

#[test]
fn a_slip_that_no_printer_can_print_again_is_answered_at_once_and_holds_no_place() {
    let sandbox = Sandbox::new();
    sandbox.wechat.know(Person::new("sid-1", "张三丰"));
    sandbox.hospital.open_house();
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(1);
    terminal.face("sid-1", true).expect("sent");
    let session = terminal.receive_type("outcome").expect("told")["session"].as_str().expect("a session").to_owned();
    let clock = clock();
    let began = clock.now().moment;
    for _ in 0..20 {
        let output = run(&["reprint", &session, "--config", sandbox.site()]);
        let told = text(&output.stdout);
        assert!(told.starts_with("not printed: P701"), "{told}");
    }
    let told = text(&run(&["reprint", &session, "--lang", "zh", "--config", sandbox.site()]).stdout);
    assert!(told.starts_with("未打印：P701 打印机") && !told.contains("printer"), "{told}");
    assert!(clock.now().moment.since(began) < Duration::from_secs(20), "each was answered at once");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_shell_completes_what_the_program_itself_names() {
    if is_emulated() {
        return println!("not run: the shell starts the program itself, and it is another machine's");
    }
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_facemchd"));
    let script = "source systemd/facemchd.bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _facemchd
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    for (typed, offered) in [
        (&["r"][..], &["report", "reprint", "roster", "run"][..]),
        (&["test", "p"], &["panel", "printer"]),
        (&["lane", "kiosk-1", "c"], &["closed"]),
        (&["check", "--o"], &["--online"]),
        (&["journal", "v"], &["verify"]),
        (&["check", "--config", "system"], &["systemd"]),
        (&["nonsense", "x"], &[""]),
    ] {
        let ran = std::process::Command::new("bash")
            .args(["-c", script, "bash", "facemchd"])
            .args(typed)
            .current_dir(top)
            .env("LANG", "zh_CN.UTF-8")
            .env("PATH", format!("{}:/usr/bin:/bin", program.parent().expect("a folder").display()))
            .output()
            .expect("bash runs");
        let told = text(&ran.stdout);
        assert_eq!(told.lines().collect::<Vec<_>>(), offered, "{typed:?}: {}", text(&ran.stderr));
    }
}
