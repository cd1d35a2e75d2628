//! Gates that are gone through both ways, and what they say aloud.

use std::{fs, thread, time::Duration};

use facemchd::{
    board::Board,
    device::{Alarmed, Gate, GateEvent, GateSensor, GateTiming, LineGate, Passage, interlocked},
    fault::Code,
    kiosk::{GateOutcome, Grant},
    sim::{devices::LaneTwins, people::Person, site_file::SiteFile, terminal::Terminal},
    words::SessionId,
};

use crate::{
    bench_board,
    devices::{at, lane, shipped, wait_for},
    program::expect,
    running::{Sandbox, run},
};

fn grant(serial: u32, deadline: u64) -> Grant {
    Grant { session: session(serial), deadline: at(deadline), number: None }
}

fn session(serial: u32) -> SessionId {
    SessionId { run: 1, serial }
}

/// Both directions of a gate, and the twins of their outputs.
fn pair(passage: Passage) -> ([Box<dyn Gate>; 2], [LaneTwins; 2]) {
    let timing = GateTiming { passage, ..GateTiming::default() };
    let [(first, here), (second, there)] = [lane(), lane()];
    let gates = [first.gate, second.gate].map(|pin| Box::new(LineGate::new(pin, false, timing)) as Box<dyn Gate>);
    (interlocked(gates, passage == Passage::Directed), [here, there])
}

/// Lets both do what is due until nothing more is at this moment.
fn pass(gates: &mut [Box<dyn Gate>; 2], now: u64) -> Vec<GateEvent> {
    let mut events = Vec::new();
    while gates.iter().any(|gate| gate.poll_timeout().is_some_and(|due| due <= at(now))) {
        events.extend(gates.iter_mut().flat_map(|gate| gate.handle_timeout(at(now))));
    }
    events
}

#[test]
fn nobody_is_let_out_while_somebody_may_come_in() {
    for passage in [Passage::Directed, Passage::Contact] {
        let (mut gates, twins) = pair(passage);
        assert_eq!(gates[0].open(at(0), grant(1, 5000)), None);
        assert_eq!(gates[1].open(at(100), grant(2, 5100)), None);
        assert_eq!(gates[1].open(at(150), grant(2, 5100)), None, "the same grant again is nothing");
        assert_eq!(pass(&mut gates, 1500), []);
        assert_eq!((twins[0].gate.pulses().len(), twins[1].gate.is_active()), (1, false), "the second one waits");
        // The first one goes in; where there are two sensors, by both.
        let mut events = gates[0].sensed(at(2000), GateSensor::Passage, true);
        events.extend(gates[0].sensed(at(2100), GateSensor::Exit, true));
        events.extend(gates[0].sensed(at(2200), GateSensor::Passage, false));
        events.extend(gates[0].sensed(at(2300), GateSensor::Exit, false));
        assert_eq!(events, [GateEvent::Ended(session(1), GateOutcome::Passed)]);
        assert_eq!(pass(&mut gates, 2300), []);
        assert!(twins[1].gate.is_active(), "the second one's turn");
        // The second one goes out past the same sensors.
        let mut events = gates[0].sensed(at(3000), GateSensor::Exit, true);
        events.extend(gates[0].sensed(at(3100), GateSensor::Passage, true));
        events.extend(pass(&mut gates, 3100));
        events.extend(gates[0].sensed(at(3200), GateSensor::Exit, false));
        events.extend(gates[0].sensed(at(3300), GateSensor::Passage, false));
        events.extend(pass(&mut gates, 3300));
        assert_eq!(events, [GateEvent::Ended(session(2), GateOutcome::Passed)], "{passage:?}");
    }
}

#[test]
fn who_waits_for_the_other_way_does_not_wait_for_ever_and_not_in_a_fire() {
    let (mut gates, twins) = pair(Passage::Directed);
    gates[0].open(at(0), grant(1, 5000));
    gates[1].open(at(0), grant(2, 4000));
    pass(&mut gates, 300);
    let expired = GateEvent::Ended(session(1), GateOutcome::Expired);
    assert_eq!(pass(&mut gates, 5000), [expired, GateEvent::Ended(session(2), GateOutcome::Failed(Code::G802))]);
    gates[0].open(at(7000), grant(3, 9000));
    gates[1].open(at(7000), grant(4, 9000));
    let held: Vec<GateEvent> = gates.iter_mut().flat_map(|gate| gate.hold(Some(Code::G807))).collect();
    assert_eq!(held, [GateEvent::Ended(session(4), GateOutcome::Failed(Code::G807))]);
    pass(&mut gates, 15_000);
    assert_eq!((twins[0].gate.pulses().len(), twins[1].gate.pulses().len()), (2, 0));
}

#[test]
fn a_fire_while_a_gap_is_waited_for_leaves_both_ways_to_the_next_ones() {
    let (mut gates, twins) = pair(Passage::Unseen);
    gates[0].open(at(0), grant(1, 5000));
    assert_eq!(pass(&mut gates, 300), [GateEvent::Ended(session(1), GateOutcome::Opened)]);
    assert_eq!(gates[0].open(at(500), grant(2, 5500)), None);
    let held: Vec<GateEvent> = gates.iter_mut().flat_map(|gate| gate.hold(Some(Code::G807))).collect();
    assert_eq!(held, [GateEvent::Ended(session(2), GateOutcome::Failed(Code::G807))]);
    gates.iter_mut().for_each(|gate| drop(gate.hold(None)));
    assert_eq!(gates[1].open(at(3000), grant(3, 8000)), None);
    assert!(twins[1].gate.is_active());
}

#[test]
fn whoever_goes_out_without_a_grant_is_told_of() {
    let (mut gates, _twins) = pair(Passage::Directed);
    let mut events = gates[0].sensed(at(1000), GateSensor::Exit, true);
    events.extend(gates[0].sensed(at(1100), GateSensor::Passage, true));
    events.extend(pass(&mut gates, 1100));
    assert_eq!(events, [GateEvent::Alarm(None, GateOutcome::Tailgated)], "once, by the way that it was");
}

#[test]
fn an_alarm_is_heard_for_its_time_and_the_end_of_the_program_is_quiet() {
    let (wires, twins) = lane();
    let [.., buzzer] = wires.lamps;
    let timing = GateTiming { passage: Passage::Contact, ..GateTiming::default() };
    let gate = Box::new(LineGate::new(wires.gate, false, timing));
    let mut gate = Alarmed::new(gate, buzzer, false, Duration::from_secs(3));
    let heard = |twins: &LaneTwins| twins.lamps[3].is_active();
    gate.open(at(0), grant(1, 5000));
    gate.sensed(at(500), GateSensor::Passage, true);
    gate.sensed(at(600), GateSensor::Passage, false);
    assert!(!heard(&twins), "nobody did anything wrong");
    gate.sensed(at(900), GateSensor::Passage, true);
    assert!(heard(&twins));
    gate.handle_timeout(at(3800));
    assert!(gate.tend().is_ok() && heard(&twins));
    gate.handle_timeout(at(3900));
    assert!(!heard(&twins));
    gate.sensed(at(4000), GateSensor::Passage, false);
    gate.sensed(at(4100), GateSensor::Passage, true);
    assert!(heard(&twins));
    gate.safe().expect("safe");
    assert!(!heard(&twins));
}

/// Through the whole program.
#[test]
fn two_directions_of_one_gate_sound_their_alarm_outputs_for_who_had_no_grant_and_for_nobody_who_had_one() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("bench");
    let on = |name: &str| format!("{{ file = \"{}/{name}\" }}", folder.display());
    let way = |name: &str, other: &str| {
        let siren = on(&format!("siren-{name}"));
        format!(
            "[[gate]]\nname = \"{name}\"\nshares = \"{other}\"\nalarm = {{ wire = {siren} }}\nalarm-ms = 120000\nwire = {}\none-shot = true\n\n",
            on(&format!("gate-{name}"))
        )
    };
    let changes = [
        ("\n[gate]", &*format!("\n{}{}[gate]", way("in", "out"), way("out", "in"))),
        ("is = \"passage\"", "is = \"passage\"\ngroup = \"way\""),
        ("is = \"other-way\"", "is = \"passage-exit\"\ngroup = \"way\""),
    ];
    let _printer = bench_board::build(&sandbox, &changes);
    // What is left of the bench's own gate.
    let board = fs::read_to_string(sandbox.path("bench.toml")).expect("readable");
    let (before, after) = board.split_once("\n[gate]").expect("the bench's own");
    let (_, after) = after.split_once("[indicators]").expect("lights");
    fs::write(sandbox.path("bench.toml"), format!("{before}\n[indicators]{after}")).expect("written");
    let out = "[[lane]]\nname = \"out\"\nmode = \"transit\"\nterminal = \"unix:out.sock\"\npanel = \"none\"\ngate = \"out\"\n";
    sandbox.edit("gate = \"board\"\n", &format!("gate = \"in\"\ninputs = \"way\"\n\n{out}"));
    let is_on = |output: &str| fs::read(folder.join(output)).is_ok_and(|bytes| bytes == b"1");
    let sirens = || ["siren-in", "siren-out"].map(is_on);
    let goes = |sensors: [&str; 2]| {
        for (sensor, level) in [(0, "1"), (1, "1"), (0, "0"), (1, "0")] {
            fs::write(folder.join(sensors[sensor]), level).expect("written");
            thread::sleep(Duration::from_millis(300));
        }
    };
    let (inwards, outwards) = (["passage", "other-way"], ["other-way", "passage"]);
    let daemon = sandbox.start();
    let patience = Duration::from_secs(12);
    let lanes = [
        (sandbox.terminal(1), "gate-in", inwards),
        (
            Terminal::connect(&SiteFile::socket(sandbox.folder.path(), "out"), patience).expect("out"),
            "gate-out",
            outwards,
        ),
    ];
    for (number, (mut terminal, gate, sensors)) in lanes.into_iter().enumerate() {
        let person =
            Person { union_id: format!("union-{number}"), ..Person::new(&format!("sid-{number}"), "张三丰") };
        expect(&sandbox, &person);
        terminal.face(&person.face_sid, true).expect("sent");
        assert_eq!(terminal.receive_type("outcome").expect("told")["result"], "checked_in", "{gate}");
        assert!(wait_for(|| is_on(gate), |on| *on), "{gate}");
        goes(sensors);
        assert_eq!(sirens(), [false, false], "{gate}: this one had a grant");
    }
    goes(outwards);
    assert_eq!(wait_for(sirens, |sirens| sirens[1]), [false, true], "nobody had one, by the way that it was");
    goes(inwards);
    assert_eq!(wait_for(sirens, |sirens| sirens[0]), [true, true]);
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(sirens(), [false, false], "the end is quiet");
    fs::write(folder.join("siren-in"), "1").expect("written");
    let safe = run(&["safe-state", "--config", sandbox.site()]);
    assert!(safe.stdout.starts_with(b"8 outputs") && !is_on("siren-in"), "{}", String::from_utf8_lossy(&safe.stdout));
}

#[test]
fn each_of_two_directions_names_the_other() {
    let (file, text) = shipped("board/bench.toml");
    let (head, rest) = text.split_once("[gate]").expect("a gate");
    let tail = rest
        .split_once("[indicators]")
        .expect("lights")
        .1
        .replace("is = \"passage\"", "is = \"passage\"\ngroup = \"in\"");
    let gate = |name: &str, shares: &str| {
        format!("[[gate]]\nname = \"{name}\"\nwire = {{ file = \"/run/{name}\" }}\nshares = \"{shares}\"\n\n")
    };
    let board = |first: &str, second: &str| format!("{head}{first}{second}[indicators]{tail}");
    assert_eq!(Board::parse(&file, &board(&gate("in", "out"), &gate("out", "in"))).expect("parses").gates.len(), 2);
    for (first, second) in [(gate("in", "out"), gate("out", "way")), (gate("in", "in"), gate("out", "in"))] {
        let told = Board::parse(&file, &board(&first, &second)).expect_err("refused").to_string();
        assert!(told.contains("each of the two names the other"), "{told}");
    }
}
