//! Gates whose controller is spoken with over a bus, and a twin at its other end.

use std::{fs, path::Path, time::Duration};

use facemchd::{
    device::{
        Gate, GateEvent, GateTiming, Port, linux,
        turnstile::{BusGate, Framing, Member, Table, Turnstile, bus},
    },
    fault::{Code, Fault as _},
    kiosk::{GateOutcome, Grant},
    sim::{
        devices::{BusTrouble, TurnstileTwin},
        people::Person,
    },
    words::{Clock, SessionId},
};

use crate::{
    bench_board,
    devices::{shipped, wait_for},
    lookups::clock,
    program::expect,
    running::{Sandbox, run},
};

/// The shipped table, which does not know what `state` and `alarm` say, and the same with what the twin means by them.
pub fn table(knows: bool) -> Table {
    let (file, text) = shipped("board/turnstiles/swing-7e7f.toml");
    let text = if knows { text.replace("\n# [", "\n[").replace("\n# closed", "\nclosed") } else { text };
    let known = ["open-left = [", "open-right = [", "tailgated", "reversed", "held-open", "forced"];
    let text =
        known.iter().filter(|_| knows).fold(text, |text, key| text.replace(&format!("\n# {key}"), &format!("\n{key}")));
    let text = text.replace("[fault]\n", "").replace("poll-ms = 250", "poll-ms = 20");
    let text = text
        .replace("opens-within-ms = 1500", "opens-within-ms = 300")
        .replace("answer-within-ms = 200", "answer-within-ms = 60");
    Table::parse(&file, &text).expect("a table")
}

/// A bus, the twins at its other end, and the lanes' ends.
struct World {
    twin: TurnstileTwin,
    gates: Vec<[Option<BusGate>; 2]>,
    clock: std::sync::Arc<dyn Clock>,
}

pub fn timing() -> GateTiming {
    GateTiming { pass_within: Duration::from_millis(1500), min_gap: Duration::ZERO, ..GateTiming::default() }
}

fn world(knows: bool, machines: &[u8], lanes: [Option<GateTiming>; 2]) -> World {
    let (twin, wire) = TurnstileTwin::start(machines).expect("a twin");
    world_on(knows, machines, lanes, false, twin, move || Ok(Box::new(wire.try_clone()?)))
}

fn world_on(
    knows: bool,
    machines: &[u8],
    lanes: [Option<GateTiming>; 2],
    echoes: bool,
    twin: TurnstileTwin,
    open: impl FnMut() -> std::io::Result<Box<dyn Port>> + Send + 'static,
) -> World {
    let clock = clock();
    let member = |address: &u8| Member {
        called: format!("gate {address}"),
        controller: Box::new(Turnstile { table: table(knows), address: *address }),
        lanes,
        other_way_free: false,
    };
    let members = machines.iter().map(member).collect();
    let gates = bus(Box::new(open), echoes, members, &clock).expect("a thread");
    World { twin, gates, clock }
}

impl World {
    fn left(&mut self, index: usize) -> &mut BusGate {
        self.gates[index][0].as_mut().expect("a lane")
    }

    /// Nothing of it is due before the first answer.
    fn settled(mut self) -> Self {
        for gate in self.gates.iter_mut().flatten().flatten() {
            gate.tend().expect("it answers");
        }
        self
    }

    fn open(&mut self, index: usize, side: usize, serial: u32) -> Option<GateOutcome> {
        let now = self.clock.now().moment;
        let grant = Grant { session: session(serial), deadline: now.after(Duration::from_secs(2)), number: None };
        self.gates[index][side].as_mut().expect("a lane").open(now, grant)
    }

    /// What happens at a lane, until this many events have come.
    fn events(&mut self, index: usize, side: usize, wanted: usize) -> Vec<GateEvent> {
        let clock = std::sync::Arc::clone(&self.clock);
        let gate = self.gates[index][side].as_mut().expect("a lane");
        let mut events = Vec::new();
        wait_for(
            || {
                events.extend(gate.handle_timeout(clock.now().moment));
                events.len()
            },
            |count| *count >= wanted,
        );
        events
    }
}

pub fn session(serial: u32) -> SessionId {
    SessionId { run: 1, serial }
}

pub fn ended(serial: u32, outcome: GateOutcome) -> GateEvent {
    GateEvent::Ended(session(serial), outcome)
}

pub fn one_way() -> [Option<GateTiming>; 2] {
    [Some(timing()), None]
}

#[test]
fn a_gate_that_is_spoken_with_opens_once_for_a_grant_and_its_counter_says_who_went_through() {
    for knows in [false, true] {
        let mut world = world(knows, &[1], one_way()).settled();
        assert_eq!(world.open(0, 0, 1), None);
        assert!(wait_for(|| world.twin.is_open(1), |open| *open), "it opens");
        assert_eq!(world.open(0, 0, 1), None, "the same grant again is nothing");
        world.twin.pass(1, true);
        assert_eq!(world.events(0, 0, 1), [ended(1, GateOutcome::Passed)]);
        assert_eq!((world.twin.openings(1), world.twin.closings(1)), ([1, 0], 0));
        assert!(world.twin.complaints().is_empty(), "{:?}", world.twin.complaints());
    }
}

#[test]
fn whoever_does_not_go_through_has_the_gate_closed_before_the_next_one() {
    let mut world = world(true, &[1], one_way()).settled();
    world.open(0, 0, 1);
    assert_eq!(world.events(0, 0, 1), [ended(1, GateOutcome::Expired)]);
    assert_eq!((world.twin.is_open(1), world.twin.closings(1)), (false, 1));
}

#[test]
fn an_answer_that_is_lost_is_looked_for_in_the_gates_state_and_never_by_opening_again() {
    for knows in [false, true] {
        let mut world = world(knows, &[1], one_way()).settled();
        world.twin.set_trouble(BusTrouble::MuteOnce);
        world.open(0, 0, 1);
        assert!(wait_for(|| world.twin.is_open(1), |open| *open));
        std::thread::sleep(Duration::from_millis(250));
        world.twin.pass(1, true);
        assert_eq!(world.events(0, 0, 1), [ended(1, GateOutcome::Passed)], "knows {knows}");
        assert_eq!(world.twin.openings(1), [1, 0]);
    }
}

#[test]
fn an_opening_that_nothing_confirms_is_none_and_says_why() {
    for (trouble, knows, code) in [
        (BusTrouble::Mute, true, Code::G810),
        (BusTrouble::Mute, false, Code::G810),
        (BusTrouble::Deaf, true, Code::G810),
        (BusTrouble::Half, true, Code::G810),
        (BusTrouble::Garbled, false, Code::G810),
        (BusTrouble::Stuck, true, Code::G811),
    ] {
        let mut world = world(knows, &[1], one_way()).settled();
        world.twin.set_trouble(trouble);
        assert_eq!(world.open(0, 0, 1), None);
        assert_eq!(world.events(0, 0, 1), [ended(1, GateOutcome::Failed(code))], "{trouble:?}");
        assert!(world.twin.openings(1)[0] <= 1, "{trouble:?}");
        let fault = world.left(0).tend().err().map(|error| error.code());
        assert_eq!(fault, (trouble != BusTrouble::Stuck).then_some(Code::G810), "{trouble:?}");
        // It is found again by itself.
        world.twin.set_trouble(BusTrouble::None);
        assert!(wait_for(|| world.left(0).tend().is_ok(), |well| *well), "{trouble:?}");
    }
}

#[test]
fn noise_and_an_adapters_echo_are_no_answers() {
    let (twin, wire) = TurnstileTwin::start(&[1]).expect("a twin");
    twin.set_echo(true);
    let open = move || Ok(Box::new(wire.try_clone()?) as Box<dyn Port>);
    let mut world = world_on(true, &[1], one_way(), true, twin, open).settled();
    world.twin.set_trouble(BusTrouble::Noisy);
    world.open(0, 0, 1);
    assert!(wait_for(|| world.twin.is_open(1), |open| *open));
    world.twin.pass(1, true);
    assert_eq!(world.events(0, 0, 1), [ended(1, GateOutcome::Passed)]);
    world.twin.set_trouble(BusTrouble::Deaf);
    world.open(0, 0, 2);
    assert_eq!(world.events(0, 0, 1), [ended(2, GateOutcome::Failed(Code::G810))], "an echo opens nothing");
}

#[test]
fn two_directions_of_one_gate_take_turns() {
    let mut world = world(true, &[1], [Some(timing()), Some(timing())]).settled();
    world.open(0, 0, 1);
    assert!(wait_for(|| world.twin.openings(1), |openings| openings[0] == 1) == [1, 0]);
    world.open(0, 1, 2);
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(world.twin.openings(1), [1, 0], "the other one waits");
    world.twin.pass(1, true);
    assert_eq!(world.events(0, 0, 1), [ended(1, GateOutcome::Passed)]);
    assert!(wait_for(|| world.twin.openings(1), |openings| openings[1] == 1) == [1, 1]);
    world.twin.pass(1, false);
    assert_eq!(world.events(0, 1, 1), [ended(2, GateOutcome::Passed)]);
}

#[test]
fn a_bus_is_shared_and_a_dead_gate_on_it_keeps_nobody_waiting() {
    let (twin, wire) = TurnstileTwin::start(&[1, 3]).expect("a twin");
    let open = move || Ok(Box::new(wire.try_clone()?) as Box<dyn Port>);
    let mut world = world_on(true, &[1, 2, 3], one_way(), false, twin, open);
    let told = |world: &mut World| [0, 1, 2].map(|index| world.left(index).tend().err().map(|error| error.code()));
    assert_eq!(told(&mut world), [None, Some(Code::G810), None]);
    for (index, machine) in [(0, 1), (2, 3)] {
        world.open(index, 0, 1 + u32::from(machine));
        assert!(wait_for(|| world.twin.is_open(machine), |open| *open));
        world.twin.pass(machine, true);
        assert_eq!(world.events(index, 0, 1), [ended(1 + u32::from(machine), GateOutcome::Passed)]);
    }
    assert_eq!(world.open(1, 0, 9), Some(GateOutcome::Failed(Code::G810)));
}

#[test]
fn what_a_controller_saw_that_no_grant_allowed_is_told_once() {
    let mut world = world(true, &[1], one_way()).settled();
    world.twin.set_counts(1, 0, 0);
    world.open(0, 0, 1);
    assert!(wait_for(|| world.twin.is_open(1), |open| *open));
    // The bit and the counter speak of the same one.
    world.twin.pass(1, true);
    world.twin.pass(1, true);
    world.twin.set_bytes(1, 1, 0);
    let seen = world.events(0, 0, 2);
    assert_eq!(seen, [ended(1, GateOutcome::Passed), GateEvent::Alarm(Some(session(1)), GateOutcome::Tailgated)],);
    world.twin.set_bytes(1, 0b1100, 0);
    let last = Some(session(1));
    let told = [GateEvent::Alarm(last, GateOutcome::HeldOpen), GateEvent::Alarm(last, GateOutcome::Forced)];
    assert_eq!(world.events(0, 0, 2), told);
    world.twin.pass(1, false);
    assert_eq!(world.events(0, 0, 1), [GateEvent::Alarm(last, GateOutcome::Reversed)]);
    world.twin.set_bytes(1, 0, 7);
    let fault = wait_for(|| world.left(0).tend().err().map(|error| (error.code(), error.to_string())), Option::is_some);
    let (code, message) = fault.expect("a fault");
    assert_eq!(code, Code::G813);
    assert!(message.contains("07"), "{message}");
}

#[test]
fn a_counter_that_begins_anew_or_runs_over_invents_nobody() {
    let (twin, wire) = TurnstileTwin::start(&[1]).expect("a twin");
    twin.set_counts(1, 0x00ff_ffff, 500);
    let open = move || Ok(Box::new(wire.try_clone()?) as Box<dyn Port>);
    let mut world = world_on(true, &[1], one_way(), false, twin, open).settled();
    world.open(0, 0, 1);
    assert!(wait_for(|| world.twin.is_open(1), |open| *open));
    world.twin.pass(1, true);
    assert_eq!(world.events(0, 0, 1), [ended(1, GateOutcome::Passed)], "it ran over");
    world.twin.set_counts(1, 0, 0);
    std::thread::sleep(Duration::from_millis(150));
    let now = world.clock.now().moment;
    assert_eq!(world.left(0).handle_timeout(now), [], "it began anew");
}

#[test]
fn while_there_may_be_a_fire_nothing_is_opened_and_nothing_is_shut() {
    let mut world = world(true, &[1], one_way()).settled();
    world.open(0, 0, 1);
    assert!(wait_for(|| world.twin.is_open(1), |open| *open));
    world.open(0, 0, 2);
    world.left(0).hold(Some(Code::G807));
    assert_eq!(world.open(0, 0, 3), Some(GateOutcome::Failed(Code::G807)));
    let ends = [ended(2, GateOutcome::Failed(Code::G807)), ended(1, GateOutcome::Expired)];
    assert_eq!(world.events(0, 0, 2), ends);
    assert_eq!((world.twin.is_open(1), world.twin.closings(1)), (true, 0), "whoever flees is not shut in");
    world.left(0).hold(None);
    world.open(0, 0, 4);
    assert!(wait_for(|| world.twin.openings(1)[0], |openings| *openings == 2) == 2);
}

#[test]
fn the_end_of_the_program_closes_what_stands_open_for_somebody() {
    let mut world = world(true, &[1], one_way()).settled();
    world.open(0, 0, 1);
    assert!(wait_for(|| world.twin.is_open(1), |open| *open));
    world.left(0).safe().expect("closed");
    assert!(!world.twin.is_open(1));
}

#[test]
fn a_bus_on_a_serial_port_is_ours_alone_and_found_again() {
    use serialport::SerialPort as _;
    let (mut near, mut far) = serialport::TTYPort::pair().expect("a pseudo terminal");
    far.set_exclusive(false).expect("anybody's");
    let name = far.name().expect("a name");
    let _open = std::fs::File::options().read(true).write(true).open(&name).expect("open");
    drop(far);
    let (twin, wire) = TurnstileTwin::start(&[1]).expect("a twin");
    let (mut out, mut back) = (wire.try_clone().expect("the same"), wire);
    near.set_timeout(Duration::from_secs(60)).expect("patient");
    let mut answers = near.try_clone_native().expect("the same");
    std::thread::spawn(move || std::io::copy(&mut near, &mut out));
    std::thread::spawn(move || std::io::copy(&mut back, &mut answers));
    let port = linux::rs485(name.clone().into(), 19_200, Framing::EightNone, false);
    let mut world = world_on(true, &[1], one_way(), false, twin, port).settled();
    world.open(0, 0, 1);
    assert!(wait_for(|| world.twin.is_open(1), |open| *open));
    world.twin.pass(1, true);
    assert_eq!(world.events(0, 0, 1), [ended(1, GateOutcome::Passed)]);
    let mut second = linux::rs485(name.into(), 19_200, Framing::EightNone, false);
    assert!(nix_root() || second().is_err(), "it is taken");
}

/// Root opens what is taken all the same.
fn nix_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_table_that_cannot_be_spoken_with_is_refused_with_its_line() {
    let (file, text) = shipped("board/turnstiles/swing-7e7f.toml");
    for (from, to, told) in [
        ("address command check\"", "address check\"", "\"command\" once"),
        (".. .. check\"", ".. ..\"", "\"check\" at the end"),
        ("check = \"not-sum\"", "check = \"crc16-modbus\"", "\"check\" at the end"),
        ("open-left = \"80 01 00 00\"\nopen-right = \"82 01 00 00\"\n", "", "open-left or open-right"),
        ("left left left right", "left left .. right", "as many bytes"),
        ("# [fault]", "[state]\nclosed = [\"00\"]\n\n# [fault]", "open-left or open-right, or none"),
        ("request = \"7E 00", "request = \"7G 00", "bytes in hex"),
        ("baud = 19200", "baud = 19", "300–921600"),
    ] {
        let error = Table::parse(&file, &text.replacen(from, to, 1)).expect_err(told).to_string();
        assert!(error.contains(told) && error.contains("swing-7e7f.toml:"), "{error}");
    }
    assert!(Table::parse(Path::new("x"), "").is_err());
}

/// A person at a gate on a bus, through the whole program.
#[test]
fn a_lane_whose_gate_is_on_a_bus_lets_a_person_through_and_the_journal_says_so() {
    let sandbox = Sandbox::new();
    let (_printer, twin) = bench_board::with_turnstile(&sandbox, &[("pass-within-ms = 5000", "pass-within-ms = 1500")]);
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    expect(&sandbox, &Person::new("sid-2", "李四"));
    let checked = run(&["check", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(!told.contains("G810"), "{told}");
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(1);
    terminal.face("sid-1", true).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("told")["result"], "checked_in");
    assert!(wait_for(|| twin.is_open(1), |open| *open), "it opens");
    let said = twin.decoded();
    assert!(said.contains("7e 00 01 80 01 00 00 ff  machine 1: open to the left"), "{said}");
    twin.pass(1, true);
    // Who does not go through is taken off again, and finds the gate shut.
    assert!(!wait_for(|| twin.is_open(1), |open| !*open));
    terminal.face("sid-2", true).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("told")["result"], "checked_in");
    let told = terminal.receive_type("outcome").expect("told again");
    assert_eq!((told["result"].as_str(), told["code"].as_str()), (Some("annulled"), Some("G803")));
    assert!(!twin.is_open(1));
    assert_eq!((twin.openings(1), daemon.stop()), ([2, 0], Some(0)));
    let gone = fs::remove_file(sandbox.path("bench-bus"));
    assert!(gone.is_ok());
    let checked = run(&["check", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(told.contains("G810"), "{told}");
}

/// An output of the board's own, for what only the controller saw.
#[test]
fn an_alarm_output_sounds_for_what_a_turnstiles_controller_saw_and_one_that_is_not_there_keeps_nobody_out() {
    let sandbox = Sandbox::new();
    let siren = sandbox.path("loft/siren");
    let alarm = format!("one-shot = true\nalarm = {{ wire = {{ file = \"{}\" }} }}\nalarm-ms = 300", siren.display());
    let (_printer, twin) = bench_board::with_turnstile(&sandbox, &[("one-shot = true", &*alarm)]);
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    fs::write(sandbox.path("loft"), "").expect("written");
    let daemon = sandbox.start();
    assert!(wait_for(|| daemon.log(), |log| log.contains("D602")).contains("D602"), "{}", daemon.log());
    let mut terminal = sandbox.terminal(1);
    terminal.face("sid-1", true).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("told")["result"], "checked_in");
    assert!(wait_for(|| twin.is_open(1), |open| *open), "it opens all the same");
    twin.pass(1, true);
    fs::remove_file(sandbox.path("loft")).expect("was in the way");
    let stands = || fs::read_to_string(&siren).unwrap_or_default();
    assert_eq!(wait_for(stands, |stands| stands == "0"), "0", "it is taken when it comes");
    assert!(wait_for(|| daemon.log(), |log| log.contains("an output is there again")).contains("there again"));
    twin.set_bytes(1, 0b1000, 0);
    assert_eq!(wait_for(stands, |stands| stands == "1"), "1", "by force");
    assert_eq!(wait_for(stands, |stands| stands == "0"), "0", "for its time");
    assert_eq!(daemon.stop(), Some(0));
}
