//! The bench board: the built program with files, sockets and nothing else for hardware.

use std::{
    fs,
    io::copy,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use facemchd::{
    device::{
        Fonts, Panel as _,
        panel::{PictureFile, PicturePanel, Style, WallClock},
    },
    kiosk::{NextStep, Scene, SceneKind},
    sim::{
        devices::{PrinterTwin, Trouble, TurnstileTwin},
        people::Person,
    },
    words::Language,
};
use serde_json::json;

use crate::{
    devices::{shipped, wait_for},
    lookups::clock,
    program::expect,
    running::{Daemon, Sandbox, run},
};

/// A bench, with the sandbox's two lanes on one board: a kiosk with panel and printer, a gate with passage sensor.
struct Bench {
    sandbox: Sandbox,
    folder: PathBuf,
    printer: PrinterTwin,
}

impl Bench {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let printer = build(&sandbox, &[]);
        Self { folder: sandbox.path("bench"), sandbox, printer }
    }

    fn set(&self, input: &str, active: bool) {
        fs::write(self.folder.join(input), if active { "1" } else { "0" }).expect("written");
    }

    fn is_on(&self, output: &str) -> bool {
        fs::read(self.folder.join(output)).is_ok_and(|bytes| bytes == b"1")
    }

    fn until(&self, what: &str, right: impl Fn(&Self) -> bool) {
        assert!(wait_for(|| right(self), |right| *right), "{what}");
    }

    fn expect(&self, person: &Person) {
        expect(&self.sandbox, person);
    }

    /// Shows a face; returns the ack's or the outcome's word and code.
    fn face(&self, lane: usize, sid: &str) -> (String, String) {
        let mut terminal = self.sandbox.terminal(lane);
        terminal.face(sid, true).expect("sent");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
        let ack = terminal.receive_type("ack").expect("an ack");
        if ack["status"] == "refused" {
            return (text(&ack["status"]), text(&ack["code"]));
        }
        let outcome = terminal.receive_type("outcome").expect("an outcome");
        (text(&outcome["result"]), text(&outcome["code"]))
    }
}

/// The same with a gate of the shipped table on a bus, where a twin answers.
pub fn with_turnstile(sandbox: &Sandbox, changes: &[(&str, &str)]) -> (PrinterTwin, TurnstileTwin) {
    let socket = sandbox.path("bench-bus");
    let wire = format!("{{ turnstile = \"bench\", port = \"unix:{}\" }}", socket.display());
    let file = format!("{{ file = \"{}/gate\" }}", sandbox.path("bench").display());
    let (_, table) = shipped("board/turnstiles/swing-7e7f.toml");
    fs::create_dir_all(sandbox.path("turnstiles")).expect("made");
    let states = table.replace("# [state]\n# closed", "[state]\nclosed").replace("# open-", "open-");
    let states = states.replace("# [alarm]", "[alarm]").replace("# forced", "forced");
    fs::write(sandbox.path("turnstiles/bench.toml"), states).expect("written");
    let twin = TurnstileTwin::behind(&socket, &[1]).expect("a twin");
    (build(sandbox, &[&[(&*file, &*wire)], changes].concat()), twin)
}

/// Gives a sandboxed site the bench board, changed so, in place of the simulated one; its printer answers everything
/// well.
pub fn build(sandbox: &Sandbox, changes: &[(&str, &str)]) -> PrinterTwin {
    let folder = sandbox.path("bench");
    fs::create_dir_all(&folder).expect("a folder");
    let mut text = shipped("board/bench.toml").1.replace("/run/facemchd/bench", &folder.display().to_string());
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    fs::write(sandbox.path("bench.toml"), text).expect("written");
    let printers = sandbox.path("printers");
    fs::create_dir_all(&printers).expect("a folder");
    fs::write(printers.join("epson-80.toml"), shipped("board/printers/epson-80.toml").1).expect("written");
    sandbox.edit("board = \"simulated\"", "board = \"./bench.toml\"");
    sandbox.edit("panel = \"board\"\ngate", "panel = \"none\"\ngate");
    listen(&folder.join("printer"))
}

/// A printer that listens on a socket, as something of a bench does.
fn listen(path: &Path) -> PrinterTwin {
    let (twin, cable) = PrinterTwin::start(None, 48).expect("a printer");
    let listener = UnixListener::bind(path).expect("a socket");
    thread::spawn(move || -> std::io::Result<()> {
        loop {
            let (stream, _) = listener.accept()?;
            let (mut from, mut to) = (stream.try_clone()?, cable.try_clone()?);
            thread::spawn(move || copy(&mut from, &mut to));
            let (mut back, mut stream) = (cable.try_clone()?, stream);
            thread::spawn(move || copy(&mut back, &mut stream));
        }
    });
    twin
}

#[test]
fn a_visit_on_the_bench_is_shown_lit_and_printed() {
    let bench = Bench::new();
    bench.expect(&Person::new("sid-1", "张三丰"));
    let daemon = bench.sandbox.start();
    bench.until("a green light", |bench| bench.is_on("green"));
    assert_eq!(bench.face(0, "sid-1").0, "checked_in");
    let slips = wait_for(|| bench.printer.slips(), |slips| !slips.is_empty());
    assert!(slips[0].text.contains("张三丰"), "{}", slips[0].text);
    assert_eq!(bench.printer.complaints(), Vec::<String>::new());
    // The panel has a thread of its own, and 800 x 480 dots take their time where much else is under way.
    let is_picture = |bytes: &Vec<u8>| bytes.starts_with(b"P6\n800 480\n255\n");
    let picture = wait_for(|| fs::read(bench.folder.join("panel.ppm")).unwrap_or_default(), is_picture);
    assert!(is_picture(&picture));
    assert_eq!(daemon.stop(), Some(0));
    for output in ["gate", "green", "red", "amber", "buzzer"] {
        assert!(!bench.is_on(output), "{output} after the end");
    }
    assert!(run(&["safe-state", "--config", bench.sandbox.site()]).stdout.starts_with(b"5 outputs"));
    let named = Daemon::files_with(&bench.sandbox.path("state"), &["张三丰", "sid-1"]);
    assert_eq!(named, Vec::<String>::new());
}

#[test]
fn whoever_stands_at_a_printer_that_stops_within_the_slip_is_told_and_nobody_is_promised_one_until_it_is_mended() {
    let bench = Bench::new();
    for sid in ["sid-1", "sid-2", "sid-3"] {
        bench.expect(&Person::new(sid, "张三丰"));
    }
    let daemon = bench.sandbox.start();
    bench.until("a green light", |bench| bench.is_on("green"));
    bench.printer.stop_after(120, Trouble::Paper);
    assert_eq!(bench.face(0, "sid-1").0, "checked_in");
    let told = wait_for(|| daemon.log(), |log| log.contains("P705") && log.contains("P702"));
    assert!(told.contains("P705") && told.contains("P702"), "{told}");
    assert!(bench.printer.slips().is_empty(), "it lies in the printer");
    let refused = ("refused".to_owned(), "P702".to_owned());
    assert_eq!(wait_for(|| bench.face(0, "sid-2"), |answer| *answer == refused), refused);
    bench.printer.mend();
    let served = |answer: &(String, String)| answer.0 == "checked_in";
    assert!(served(&wait_for(|| bench.face(0, "sid-3"), served)));
    let whole = |slips: &Vec<facemchd::sim::devices::Slip>| slips.iter().any(|slip| slip.text.contains("张三丰"));
    assert!(whole(&wait_for(|| bench.printer.slips(), whole)));
    assert_eq!(bench.printer.complaints(), Vec::<String>::new());
}

/// The bench's panel with this scene, below the line where the time of day stands.
fn picture_of(scene: &Scene) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let glass = PictureFile::new(file.path().to_owned(), 800, 480);
    let clock = WallClock { clock: clock(), utc_offset: 8 * 3600 };
    let style = Style { clock: Some(clock), ..Style::default() };
    let fonts = Fonts::new(&[]).with_type(&[], Language::ZhHans);
    PicturePanel::new(glass, style, fonts).show(scene).expect("drawn");
    below_the_time(fs::read(file.path()).expect("written"))
}

fn below_the_time(picture: Vec<u8>) -> Vec<u8> {
    picture.get(800 * 3 * 40..).unwrap_or_default().to_vec()
}

#[test]
fn nobodys_name_stays_on_the_glass_of_a_program_that_has_ended_or_was_killed() {
    let bench = Bench::new();
    for sid in ["sid-1", "sid-2"] {
        bench.expect(&Person::new(sid, "张三丰"));
    }
    let panel = || below_the_time(fs::read(bench.folder.join("panel.ppm")).unwrap_or_default());
    let next = Some(NextStep::StaffWindow);
    let nobody = [Scene::of(SceneKind::Idle), Scene::stopped(), Scene { next, ..Scene::stopped() }];
    let [idle, crashed, stopped] = nobody.each_ref().map(picture_of);
    let shows_somebody = |bytes: &Vec<u8>| !bytes.is_empty() && ![&idle, &crashed, &stopped].contains(&bytes);

    let daemon = bench.sandbox.start();
    assert_eq!(bench.face(0, "sid-1").0, "checked_in");
    assert!(shows_somebody(&wait_for(panel, shows_somebody)));
    assert_eq!(daemon.stop(), Some(0));
    assert!(panel() == stopped, "after a stop");

    let daemon = bench.sandbox.start();
    assert_eq!(bench.face(0, "sid-2").0, "checked_in");
    assert!(shows_somebody(&wait_for(panel, shows_somebody)));
    daemon.kill();
    assert!(shows_somebody(&panel()));
    assert!(run(&["safe-state", "--config", bench.sandbox.site()]).status.success());
    assert!(panel() == crashed, "after a crash");
}

#[test]
fn fire_is_seen_within_a_tenth_of_a_second_and_opens_nothing() {
    let bench = Bench::new();
    bench.expect(&Person::new("sid-1", "张三丰"));
    let daemon = bench.sandbox.start();
    bench.until("a green light", |bench| bench.is_on("green"));
    let clock = clock();
    let began = clock.now().moment;
    bench.set("fire", true);
    bench.until("everything blinks", |bench| bench.is_on("red") && bench.is_on("amber"));
    let took = clock.now().moment.since(began);
    println!("fire input to evacuation signal: {} ms (50 of them debouncing)", took.as_millis());
    // Ten times what is promised: the machine that tests may be busy.
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(bench.face(1, "sid-1"), ("refused".to_owned(), "G807".to_owned()));
    assert!(!bench.is_on("gate"));
    bench.set("fire", false);
    bench.until("it goes on by itself", |bench| bench.is_on("green") && !bench.is_on("red"));
    drop(daemon);
}

#[test]
fn a_lane_sounds_as_its_site_says_and_not_in_quiet_hours_but_for_the_way_out() {
    for quiet in [false, true] {
        let bench = Bench::new();
        let hours = if quiet { "\nquiet-hours = \"00:00-24:00\"" } else { "" };
        let sounds = format!("printer = \"board\"\nbuzzer = {{ good = [2000] }}{hours}");
        bench.sandbox.edit("printer = \"board\"", &sounds);
        bench.expect(&Person::new("sid-1", "张三丰"));
        let daemon = bench.sandbox.start();
        assert_eq!(bench.face(0, "sid-1").0, "checked_in");
        bench.until("a sound, or a slip alone", |bench| {
            if quiet { !bench.printer.slips().is_empty() } else { bench.is_on("buzzer") }
        });
        assert_eq!(bench.is_on("buzzer"), !quiet);
        bench.set("fire", true);
        bench.until("everybody hears it", |bench| bench.is_on("red") && bench.is_on("buzzer"));
        assert_eq!(daemon.stop(), Some(0));
        assert!(!bench.is_on("buzzer"));
    }
}

#[test]
fn whoever_does_not_go_through_the_gate_is_not_checked_in_after_all() {
    let bench = Bench::new();
    // Shorter than a person would need, for the test's sake.
    let board = bench.sandbox.path("bench.toml");
    let text = fs::read_to_string(&board).expect("readable").replace("pass-within-ms = 5000", "pass-within-ms = 900");
    fs::write(&board, text).expect("written");
    for (sid, name) in [("sid-1", "张三丰"), ("sid-2", "李四")] {
        bench.expect(&Person::new(sid, name));
    }
    let daemon = bench.sandbox.start();
    let mut terminal = bench.sandbox.terminal(1);
    terminal.face("sid-1", true).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("told")["result"], "checked_in");
    bench.until("the gate opens", |bench| bench.is_on("gate"));
    bench.set("passage", true);
    bench.until("and closes", |bench| !bench.is_on("gate"));
    bench.set("passage", false);
    thread::sleep(Duration::from_millis(1200));
    assert_eq!(bench.sandbox.hospital.annulled(), Vec::<String>::new(), "whoever went through keeps it");
    terminal.face("sid-2", true).expect("sent");
    let told = terminal.receive_type("outcome").expect("told");
    assert_eq!(told["result"], "checked_in");
    let told = terminal.receive_type("outcome").expect("told again");
    assert_eq!((told["result"].as_str(), told["code"].as_str()), (Some("annulled"), Some("G803")));
    assert_eq!(bench.sandbox.hospital.annulled(), [told["session"].as_str().expect("a session")]);
    assert_eq!(daemon.stop(), Some(0));
    assert!(!bench.is_on("gate"));
}

#[test]
fn without_paper_the_lane_waits_and_goes_on_by_itself() {
    let bench = Bench::new();
    for (sid, name) in [("sid-1", "张三丰"), ("sid-2", "李四"), ("sid-3", "王五")] {
        bench.expect(&Person::new(sid, name));
    }
    let daemon = bench.sandbox.start();
    assert_eq!(bench.face(0, "sid-1").0, "checked_in");
    wait_for(|| bench.printer.slips().len(), |count| *count == 1);
    bench.printer.set_paper(0);
    assert_eq!(bench.face(0, "sid-2").0, "checked_in", "with a number on the panel and no slip");
    let waits = ("refused".to_owned(), "P702".to_owned());
    bench.until("a red light", |bench| bench.is_on("red"));
    assert_eq!(bench.face(0, "sid-3"), waits);
    bench.printer.refill();
    let mut served = waits;
    for _ in 0..100 {
        if served.0 != "refused" {
            break;
        }
        thread::sleep(Duration::from_millis(100));
        served = bench.face(0, "sid-3");
    }
    assert_eq!(served.0, "checked_in");
    let slips = wait_for(|| bench.printer.slips(), |slips| slips.len() == 2);
    assert!(slips[1].text.contains("王五"), "{}", slips[1].text);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn buttons_switches_and_the_case_do_what_they_say() {
    let bench = Bench::new();
    let daemon = bench.sandbox.start();
    bench.until("a green light", |bench| bench.is_on("green"));
    bench.set("call-staff", true);
    bench.until("the call blinks", |bench| bench.is_on("amber"));
    bench.set("call-staff", false);
    bench.set("closed", true);
    bench.until("closed", |bench| bench.is_on("red"));
    assert_eq!(bench.face(0, "sid-nobody"), ("refused".to_owned(), "X010".to_owned()));
    bench.set("closed", false);
    bench.until("open", |bench| bench.is_on("green"));
    bench.set("tamper", true);
    bench.until("out of order", |bench| bench.is_on("red"));
    assert_eq!(bench.face(0, "sid-nobody"), ("refused".to_owned(), "D603".to_owned()));
    assert!(daemon.log().contains("D603"));
    let mut terminal = bench.sandbox.terminal(1);
    terminal.send("ping", &json!({})).expect("sent");
    assert_eq!(terminal.receive_type("pong").expect("alive")["type"], "pong");
}
