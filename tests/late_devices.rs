//! Devices that come late, go, and come again: nothing of theirs is promised meanwhile, and an output is taken at its safe
//! value first.

use std::{
    cell::Cell,
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin};
use facemchd::{
    device::{
        DeviceError, Drawn, Gate, GateEvent, GateSensor, GateTiming, Indicator, InputLines as _, Lamp, Lamps,
        LatePanel, LineGate, Panel, Passage,
        linux::{self, WatchedLine},
    },
    fault::{Code, Fault as _},
    kiosk::{GateOutcome, Grant, Scene, SceneKind, Signal},
    sim::people::Person,
    words::SessionId,
};

use crate::{
    bench_board,
    devices::{at, wait_for},
    program::expect,
    running::{Daemon, Sandbox, program},
};

/// A socket of a chip that is plugged in or not, with everything that was written to its line while it was.
#[derive(Clone, Default)]
struct Socket(Arc<Mutex<Plugged>>);

#[derive(Default)]
struct Plugged {
    in_place: bool,
    written: Vec<bool>,
}

#[derive(Debug)]
struct Gone;

impl Error for Gone {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Socket {
    type Error = Gone;
}

impl Socket {
    fn plug(&self, in_place: bool) {
        *self.0.lock().expect("not poisoned") = Plugged { in_place, written: Vec::new() };
    }

    fn written(&self) -> Vec<bool> {
        self.0.lock().expect("not poisoned").written.clone()
    }

    fn set(&self, high: bool) -> Result<(), Gone> {
        let mut plugged = self.0.lock().expect("not poisoned");
        if !plugged.in_place {
            return Err(Gone);
        }
        plugged.written.push(high);
        Ok(())
    }
}

impl OutputPin for Socket {
    fn set_low(&mut self) -> Result<(), Gone> {
        self.set(false)
    }

    fn set_high(&mut self) -> Result<(), Gone> {
        self.set(true)
    }
}

fn grant(serial: u32) -> Grant {
    Grant { session: SessionId { run: 1, serial }, deadline: at(60_000), number: None }
}

#[test]
fn a_gate_that_comes_late_or_again_is_taken_at_its_safe_value_and_opens_for_nobody_before() {
    for active_low in [false, true] {
        let (open, safe) = (!active_low, active_low);
        let socket = Socket::default();
        let mut gate = LineGate::new(socket.clone(), active_low, GateTiming::default());
        assert_eq!(gate.open(at(0), grant(1)), Some(GateOutcome::Failed(Code::G801)), "not there yet");
        assert_eq!(gate.tend().map_err(|error| error.code()), Err(Code::G801));
        socket.plug(true);
        assert_eq!(gate.open(at(1000), grant(2)), Some(GateOutcome::Failed(Code::G801)), "not ours yet");
        assert!(socket.written().is_empty(), "an opening takes no line");
        assert!(gate.tend().is_ok());
        assert_eq!(socket.written(), [safe]);
        assert_eq!(gate.open(at(2000), grant(3)), None);
        assert_eq!(socket.written(), [safe, open]);
        // It goes while it is open.
        socket.plug(false);
        assert!(gate.tend().is_ok(), "an opening is not disturbed");
        let ended = gate.handle_timeout(at(2300));
        assert_eq!(ended, [GateEvent::Ended(grant(3).session, GateOutcome::Opened)], "it has stood open");
        assert!(gate.tend().is_err());
        socket.plug(true);
        assert!(gate.tend().is_ok());
        assert_eq!(gate.open(at(9000), grant(4)), None);
        assert_eq!(socket.written(), [safe, open]);
    }
}

#[test]
fn whoever_goes_through_a_gate_that_cannot_be_shut_behind_them_has_gone_through() {
    let socket = Socket::default();
    socket.plug(true);
    let timing = GateTiming { passage: Passage::Contact, ..GateTiming::default() };
    let mut gate = LineGate::new(socket.clone(), false, timing);
    assert_eq!(gate.open(at(0), grant(1)), None);
    socket.plug(false);
    assert_eq!(gate.handle_timeout(at(300)), [], "the sensor has not seen them yet");
    assert_eq!(gate.tend().map_err(|error| error.code()), Err(Code::G801));
    let passed = gate.sensed(at(900), GateSensor::Passage, true);
    assert_eq!(passed, [GateEvent::Ended(grant(1).session, GateOutcome::Passed)]);
    assert_eq!(gate.open(at(9000), grant(2)), Some(GateOutcome::Failed(Code::G801)), "nobody behind them");
}

#[test]
fn an_output_that_could_not_be_put_back_is_put_back_as_soon_as_it_can_be() {
    let socket = Socket::default();
    socket.plug(true);
    let mut gate = LineGate::new(socket.clone(), false, GateTiming::default());
    gate.open(at(0), grant(1));
    // The line stays as it is while nobody reaches it.
    socket.0.lock().expect("not poisoned").in_place = false;
    gate.handle_timeout(at(300));
    assert_eq!(socket.written().last(), Some(&true));
    socket.0.lock().expect("not poisoned").in_place = true;
    assert!(gate.tend().is_ok());
    assert_eq!(socket.written().last(), Some(&false));
}

#[test]
fn a_light_that_comes_again_shows_what_the_others_show() {
    let (there, late) = (Socket::default(), Socket::default());
    there.plug(true);
    let lamp = |pin: &Socket| Some(Lamp { pin: pin.clone(), active_low: false });
    let mut lamps = Lamps::new([lamp(&late), None, None, lamp(&there)]);
    assert_eq!(lamps.tend().map_err(|error| error.code()), Err(Code::D602));
    assert!(lamps.indicate(at(0), Signal::Success).is_err());
    assert_eq!(there.written().last(), Some(&true), "one that is missing keeps no other dark");
    late.plug(true);
    assert!(lamps.tend().is_ok());
    assert_eq!(late.written(), [true]);
}

/// A panel that fails from its second scene on.
struct Fragile(u8);

impl Panel for Fragile {
    fn show(&mut self, _: &Scene) -> Result<Drawn, DeviceError> {
        self.0 += 1;
        if self.0 > 1 { Err(DeviceError::Bus("gone".to_owned())) } else { Ok(Drawn::default()) }
    }

    fn refresh(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        self.show(scene)
    }
}

#[test]
fn a_panel_is_opened_when_it_comes_and_anew_when_it_failed() {
    let absent = |code| DeviceError::Open { what: "panel".to_owned(), reason: "not there".to_owned(), code };
    let opened = Arc::new(Mutex::new(0));
    let count = Arc::clone(&opened);
    let (mut panel, why) = LatePanel::open(Box::new(move || {
        let mut opened = count.lock().expect("not poisoned");
        *opened += 1;
        if *opened < 3 { Err(absent(Code::D601)) } else { Ok(Box::new(Fragile(0))) }
    }))
    .expect("waited for");
    assert_eq!(why.map(|error| error.code()), Some(Code::D601));
    let scene = Scene::of(SceneKind::Idle);
    assert!(panel.show(&scene).is_err(), "still not there");
    assert!(panel.show(&scene).is_ok());
    assert!(panel.show(&scene).is_err());
    assert!(panel.show(&scene).is_ok(), "opened anew");
    assert_eq!(*opened.lock().expect("not poisoned"), 4);
    let refused = LatePanel::open(Box::new(move || Err(absent(Code::C102))));
    assert!(refused.is_err(), "no waiting cures what stands in a file");
}

#[test]
fn an_input_that_is_missing_keeps_no_other_from_being_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let watched = |at| WatchedLine { at, bias: linux::Bias::AsIs, debounce: Duration::ZERO };
    let missing = linux::LineAt::Placed("nowhere.gpio".to_owned(), 1);
    // A folder's name in the place of its file: not to be read.
    fs::create_dir(place("late")).expect("made");
    let files = ["fire", "late"].map(|name| linux::LineAt::File(place(name)));
    let mut lines = linux::inputs([missing].into_iter().chain(files).map(watched).collect());
    let seen = lines.look();
    assert_eq!(seen.levels, [(1, false)]);
    assert_eq!(seen.absent.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [0, 2]);
    fs::write(place("fire"), "1").expect("written");
    assert_eq!(lines.wait(Duration::from_secs(5)).expect("watched"), Some((1, true)));
    fs::remove_dir(place("late")).expect("removed");
    fs::write(place("late"), "1").expect("written");
    assert_eq!(lines.look().levels, [(1, true), (2, true)]);
}

/// More than come in any of these tests.
const PEOPLE: usize = 300;

/// The sandbox's two lanes on the bench board, with some of its lines in a folder that is not there yet.
struct Late {
    sandbox: Sandbox,
    folder: PathBuf,
    /// Who comes next.
    next: Cell<usize>,
    _printer: facemchd::sim::devices::PrinterTwin,
}

impl Late {
    fn new(lines: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let folder = sandbox.path("bench/late");
        let moved: Vec<(String, String)> = lines
            .iter()
            .map(|line| (sandbox.path("bench").join(line), folder.join(line)))
            .map(|(from, to)| (format!("\"{}\"", from.display()), format!("\"{}\"", to.display())))
            .collect();
        let changes: Vec<(&str, &str)> = moved.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        let printer = bench_board::build(&sandbox, &changes);
        fs::create_dir(sandbox.path("bench/there")).expect("made");
        fs::write(sandbox.path("bench/nothing"), "").expect("written");
        let late = Self { sandbox, folder, next: Cell::new(0), _printer: printer };
        late.take_away();
        for index in 0..PEOPLE {
            expect(&late.sandbox, &Person::new(&format!("sid-{index}"), "张三丰"));
        }
        late
    }

    /// Something else in the folder's place: its lines can neither be read nor written.
    fn take_away(&self) {
        self.turn_into("nothing");
    }

    fn bring(&self) {
        self.turn_into("there");
    }

    /// At once: there is no moment in which the folder is empty.
    fn turn_into(&self, what: &str) {
        let fresh = self.folder.with_extension("new");
        symlink(what, &fresh).expect("made");
        fs::rename(fresh, &self.folder).expect("replaced");
    }

    /// Shows one face after the other until one is answered so: result or refusal, and code.
    fn until_answered(&self, lane: usize, wanted: (&str, &str)) {
        let answer = || {
            let sid = format!("sid-{}", self.next.replace(self.next.get() + 1) % PEOPLE);
            // A lane takes fifty frames a second.
            std::thread::sleep(Duration::from_millis(50));
            let mut terminal = self.sandbox.terminal(lane);
            terminal.face(&sid, true).expect("sent");
            let mut frame = terminal.receive_type("ack").expect("an ack");
            if frame["status"] == "accepted" {
                frame = terminal.receive_type("outcome").expect("an outcome");
            }
            let word = |key: &str| frame[key].as_str().unwrap_or("").to_owned();
            (if frame["type"] == "ack" { word("status") } else { word("result") }, word("code"))
        };
        let mut seen = answer();
        for _ in 0..200 {
            if (seen.0.as_str(), seen.1.as_str()) == wanted {
                break;
            }
            seen = answer();
        }
        assert_eq!((seen.0.as_str(), seen.1.as_str()), wanted, "lane {lane}");
    }

    fn stop(&self, daemon: Daemon) -> String {
        let log = daemon.log();
        assert_eq!(daemon.stop(), Some(0));
        log
    }
}

#[test]
fn a_gate_that_is_not_there_closes_its_lane_alone_and_opens_it_when_it_comes() {
    let late = Late::new(&["gate"]);
    let daemon = late.sandbox.start();
    late.until_answered(1, ("refused", "G801"));
    late.until_answered(0, ("checked_in", ""));
    let tested = program().args(["check", "--config", late.sandbox.site()]).output().expect("runs");
    assert!(String::from_utf8_lossy(&tested.stdout).contains("serves"), "{tested:?}");
    late.bring();
    let gate = late.folder.join("gate");
    assert_eq!(wait_for(|| fs::read(&gate).unwrap_or_default(), |level| !level.is_empty()), b"0", "safe value first");
    late.until_answered(1, ("checked_in", ""));
    late.take_away();
    late.until_answered(1, ("refused", "G801"));
    fs::remove_file(late.sandbox.path("bench/there/gate")).expect("removed");
    late.bring();
    assert_eq!(wait_for(|| fs::read(&gate).unwrap_or_default(), |level| !level.is_empty()), b"0", "and again");
    let log = late.stop(daemon);
    assert_eq!(log.matches("an output cannot be used").count(), 2, "once per change: {log}");
}

#[test]
fn without_a_fire_input_that_can_be_read_nobody_is_let_in_anywhere() {
    let late = Late::new(&["fire"]);
    let daemon = late.sandbox.start();
    late.until_answered(0, ("refused", "D602"));
    late.until_answered(1, ("refused", "D602"));
    late.bring();
    late.until_answered(1, ("checked_in", ""));
    // Fire that was seen stays a fire while nobody can look.
    fs::write(late.folder.join("fire"), "1").expect("written");
    late.until_answered(1, ("refused", "G807"));
    late.take_away();
    std::thread::sleep(Duration::from_secs(2));
    late.until_answered(1, ("refused", "G807"));
    fs::write(late.sandbox.path("bench/there/fire"), "0").expect("written");
    late.bring();
    late.until_answered(1, ("checked_in", ""));
    late.stop(daemon);
}

#[test]
fn a_lane_of_which_not_every_switch_can_be_read_serves_nobody_and_the_others_go_on() {
    let late = Late::new(&["closed"]);
    let daemon = late.sandbox.start();
    late.until_answered(0, ("refused", "D602"));
    late.until_answered(1, ("checked_in", ""));
    late.bring();
    late.until_answered(0, ("checked_in", ""));
    late.stop(daemon);
}

#[test]
fn people_are_served_without_lights() {
    let late = Late::new(&["green"]);
    let daemon = late.sandbox.start();
    late.until_answered(0, ("checked_in", ""));
    late.bring();
    assert_eq!(wait_for(|| fs::read(late.folder.join("green")).unwrap_or_default(), |level| level == b"1"), b"1");
    let log = wait_for(|| daemon.log(), |log| log.contains("an output is there again"));
    assert!(log.contains("D602") && log.contains("an output is there again"), "{log}");
    late.stop(daemon);
}
