//! Gates that are gone through both ways, and what they say aloud.

use std::time::Duration;

use facemchd::{
    board::Board,
    device::{Alarmed, Gate, GateEvent, GateSensor, GateTiming, LineGate, Passage, interlocked},
    fault::Code,
    kiosk::{GateOutcome, Grant},
    sim::devices::LaneTwins,
    words::SessionId,
};

use crate::devices::{at, lane, shipped};

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
