//! Gates, lights, buttons and sensors.

use std::time::Duration;

use facemchd::{
    board::InputKind,
    device::{
        Debouncer, Gate, GateEvent, GateSensor, GateTiming, Indicator, InputLine, InputLines, Lamp, Lamps, LineGate,
        Passage, Role,
    },
    fault::Code,
    kiosk::{Button, GateOutcome, Grant, Signal},
    sim::devices::{self, LaneTwins, Out},
    words::SessionId,
};

use crate::{
    devices::{at, board, lane},
    lookups::clock,
};

fn grant(serial: u32, deadline: u64) -> Grant {
    Grant { session: SessionId { run: 1, serial }, deadline: at(deadline), number: None }
}

fn gate(active_low: bool) -> (LineGate<devices::OutputPinEnd>, LaneTwins) {
    gate_with(active_low, GateTiming::default())
}

fn gate_with(active_low: bool, timing: GateTiming) -> (LineGate<devices::OutputPinEnd>, LaneTwins) {
    let (wires, twins) = devices::lane(&Out::default(), active_low, board().inputs, clock()).expect("a lane");
    (LineGate::new(wires.gate, active_low, timing), twins)
}

#[test]
fn a_gate_opens_for_its_pulse_once_for_each_session() {
    for active_low in [false, true] {
        let (mut gate, twins) = gate(active_low);
        assert!(!twins.gate.is_active());
        assert_eq!(gate.open(at(0), grant(1, 5000)), None);
        assert!(twins.gate.is_active());
        assert_eq!(gate.poll_timeout(), Some(at(300)));
        assert_eq!(gate.handle_timeout(at(300)), [GateEvent::Ended(grant(1, 0).session, GateOutcome::Opened)]);
        assert!(!twins.gate.is_active());
        gate.open(at(2000), grant(1, 5000));
        assert!(!twins.gate.is_active(), "the same grant again is nothing");
    }
}

#[test]
fn a_grant_whose_time_has_passed_opens_nothing() {
    let (mut gate, twins) = gate(false);
    assert_eq!(gate.open(at(6000), grant(1, 5000)), Some(GateOutcome::Failed(Code::G802)));
    assert!(!twins.gate.is_active());
}

#[test]
fn an_orderly_end_closes_an_open_gate() {
    let (mut gate, twins) = gate(false);
    gate.open(at(0), grant(1, 5000));
    gate.safe().expect("switched");
    assert!(!twins.gate.is_active());
}

#[test]
fn two_people_are_two_pulses_with_a_gap() {
    let (mut gate, twins) = gate(false);
    gate.open(at(0), grant(1, 5000));
    gate.open(at(10), grant(2, 5000));
    let mut ended = Vec::new();
    while let Some(due) = gate.poll_timeout() {
        assert!(due <= at(3000));
        ended.extend(gate.handle_timeout(due));
    }
    assert_eq!((ended.len(), twins.gate.pulses().len()), (2, 2));
}

fn session(serial: u32) -> SessionId {
    SessionId { run: 1, serial }
}

fn watched(passage: Passage) -> GateTiming {
    GateTiming { passage, ..GateTiming::default() }
}

#[test]
fn somebody_who_goes_through_ends_the_grant_and_who_does_not_within_five_seconds_ends_it_too() {
    let (mut gate, _twins) = gate_with(false, watched(Passage::Contact));
    assert_eq!(gate.open(at(0), grant(1, 5000)), None);
    assert_eq!(gate.handle_timeout(at(300)), [], "the pulse is over, the passage is awaited");
    let passed = gate.sensed(at(1200), GateSensor::Passage, true);
    assert_eq!(passed, [GateEvent::Ended(session(1), GateOutcome::Passed)]);
    gate.sensed(at(1500), GateSensor::Passage, false);
    gate.open(at(3000), grant(2, 9000));
    gate.handle_timeout(at(3300));
    assert_eq!(gate.poll_timeout(), Some(at(8000)));
    assert_eq!(gate.handle_timeout(at(8000)), [GateEvent::Ended(session(2), GateOutcome::Expired)]);
}

#[test]
fn whoever_follows_without_a_grant_is_told_of_with_the_one_in_front() {
    let (mut gate, twins) = gate_with(false, watched(Passage::Contact));
    gate.open(at(0), grant(1, 5000));
    gate.sensed(at(800), GateSensor::Passage, true);
    gate.sensed(at(1000), GateSensor::Passage, false);
    let behind = gate.sensed(at(1300), GateSensor::Passage, true);
    assert_eq!(behind, [GateEvent::Alarm(Some(session(1)), GateOutcome::Tailgated)]);
    gate.sensed(at(1500), GateSensor::Passage, false);
    let alone = gate.sensed(at(60_000), GateSensor::Passage, true);
    assert_eq!(alone, [GateEvent::Alarm(None, GateOutcome::Tailgated)]);
    assert_eq!(twins.gate.pulses().len(), 0, "the twin keeps the time of the wall; nothing opened again");
}

#[test]
fn two_sensors_know_the_direction() {
    let (mut gate, _twins) = gate_with(false, watched(Passage::Directed));
    gate.open(at(0), grant(1, 5000));
    assert_eq!(gate.sensed(at(500), GateSensor::Passage, true), []);
    let passed = gate.sensed(at(700), GateSensor::Exit, true);
    assert_eq!(passed, [GateEvent::Ended(session(1), GateOutcome::Passed)]);
    gate.sensed(at(800), GateSensor::Passage, false);
    gate.sensed(at(900), GateSensor::Exit, false);
    assert_eq!(gate.sensed(at(9000), GateSensor::Exit, true), []);
    let back = gate.sensed(at(9200), GateSensor::Passage, true);
    assert_eq!(back, [GateEvent::Alarm(None, GateOutcome::Reversed)]);
    for (sensor, active) in [(GateSensor::Passage, false), (GateSensor::Exit, false)] {
        gate.sensed(at(9300), sensor, active);
    }
    // Whoever comes against close behind somebody comes by their opening.
    gate.handle_timeout(at(10_000));
    assert_eq!(gate.open(at(12_000), grant(2, 17_000)), None);
    for (sensor, active) in [(GateSensor::Passage, true), (GateSensor::Exit, true), (GateSensor::Passage, false)] {
        gate.sensed(at(12_500), sensor, active);
    }
    gate.sensed(at(12_900), GateSensor::Exit, false);
    gate.sensed(at(14_000), GateSensor::Exit, true);
    let back = gate.sensed(at(14_200), GateSensor::Passage, true);
    assert_eq!(back, [GateEvent::Alarm(Some(session(2)), GateOutcome::Reversed)]);
    // A hand before the first sensor is nobody.
    gate.sensed(at(14_300), GateSensor::Passage, false);
    gate.sensed(at(14_300), GateSensor::Exit, false);
    gate.sensed(at(20_000), GateSensor::Passage, true);
    assert_eq!(gate.sensed(at(20_100), GateSensor::Passage, false), []);
}

#[test]
fn a_gate_that_is_held_open_is_told_of_once() {
    let (mut gate, _twins) = gate_with(false, watched(Passage::Contact));
    gate.open(at(0), grant(1, 5000));
    gate.handle_timeout(at(300));
    gate.sensed(at(1000), GateSensor::Passage, true);
    assert_eq!(gate.poll_timeout(), Some(at(31_000)));
    let held = gate.handle_timeout(at(31_000));
    assert_eq!(held, [GateEvent::Alarm(Some(session(1)), GateOutcome::HeldOpen)]);
    assert_eq!((gate.handle_timeout(at(99_000)), gate.poll_timeout()), (Vec::new(), None));
}

#[test]
fn a_gate_that_is_held_is_let_go_when_somebody_went_through_or_the_time_is_over() {
    let held = GateTiming { pulse: None, ..watched(Passage::Contact) };
    let (mut gate, twins) = gate_with(false, held);
    gate.open(at(0), grant(1, 5000));
    gate.handle_timeout(at(4000));
    assert!(twins.gate.is_active());
    gate.sensed(at(4200), GateSensor::Passage, true);
    assert!(!twins.gate.is_active());
    gate.sensed(at(4400), GateSensor::Passage, false);
    gate.open(at(6000), grant(2, 11_000));
    assert!(twins.gate.is_active());
    assert_eq!(gate.handle_timeout(at(11_000)), [GateEvent::Ended(session(2), GateOutcome::Expired)]);
    assert!(!twins.gate.is_active());
}

#[test]
fn the_next_one_waits_until_the_one_before_has_gone_through() {
    let (mut gate, twins) = gate_with(false, watched(Passage::Contact));
    gate.open(at(0), grant(1, 5000));
    gate.open(at(100), grant(2, 5100));
    gate.handle_timeout(at(300));
    gate.handle_timeout(at(1400));
    assert!(!twins.gate.is_active(), "nobody has gone through yet");
    gate.sensed(at(1500), GateSensor::Passage, true);
    gate.sensed(at(1600), GateSensor::Passage, false);
    // The first one's other leg.
    let behind = gate.sensed(at(1750), GateSensor::Passage, true);
    assert_eq!(behind, [GateEvent::Alarm(Some(session(1)), GateOutcome::Tailgated)]);
    gate.sensed(at(1850), GateSensor::Passage, false);
    assert!(!twins.gate.is_active());
    assert_eq!(gate.poll_timeout(), Some(at(2500)));
    gate.handle_timeout(at(2500));
    assert!(twins.gate.is_active(), "the second one's turn");
    let passed = gate.sensed(at(3000), GateSensor::Passage, true);
    assert_eq!(passed, [GateEvent::Ended(session(2), GateOutcome::Passed)]);
}

#[test]
fn a_sensor_that_is_stuck_sees_nobody_so_nobody_is_let_through_until_it_is_free() {
    for (passage, sensor) in [
        (Passage::Contact, GateSensor::Passage),
        (Passage::Directed, GateSensor::Passage),
        (Passage::Directed, GateSensor::Exit),
    ] {
        let (mut gate, twins) = gate_with(false, watched(passage));
        gate.sensed(at(0), sensor, true);
        assert_eq!(gate.open(at(29_000), grant(1, 34_000)), None, "somebody stands there");
        gate.handle_timeout(at(29_300));
        assert_eq!(gate.handle_timeout(at(30_000)), [GateEvent::Alarm(None, GateOutcome::HeldOpen)]);
        gate.handle_timeout(at(34_000));
        assert_eq!(gate.open(at(40_000), grant(2, 45_000)), Some(GateOutcome::Failed(Code::G806)), "{sensor:?}");
        assert!(!twins.gate.is_active());
        gate.sensed(at(50_000), sensor, false);
        assert_eq!(gate.open(at(51_000), grant(3, 56_000)), None);
        assert!(twins.gate.is_active());
    }
}

#[test]
fn a_door_that_stays_open_is_told_of_once_and_not_as_his_who_went_through_long_before() {
    let (mut gate, _twins) = gate_with(false, watched(Passage::Contact));
    gate.open(at(0), grant(1, 5000));
    gate.sensed(at(1000), GateSensor::Passage, true);
    gate.sensed(at(1200), GateSensor::Passage, false);
    gate.handle_timeout(at(3000));
    gate.sensed(at(100_000), GateSensor::Door, true);
    let mut told = gate.handle_timeout(at(130_000));
    for second in 131..300 {
        gate.sensed(at(1000 * second), GateSensor::Passage, second % 2 == 0);
        told.extend(gate.handle_timeout(at(1000 * second + 500)));
    }
    assert_eq!(told, [GateEvent::Alarm(None, GateOutcome::HeldOpen)]);
}

#[test]
fn which_sensor_was_reached_first_does_not_depend_on_the_order_in_which_they_are_wired_or_on_a_thread_that_is_late() {
    let sensor = |sensor| InputLine { role: Role::Gate(sensor), active_low: false, debounce: Duration::from_millis(5) };
    for wired in [[GateSensor::Passage, GateSensor::Exit], [GateSensor::Exit, GateSensor::Passage]] {
        let mut debouncer = Debouncer::new(&wired.map(sensor), false);
        let first = usize::from(wired[0] == GateSensor::Exit);
        debouncer.level(at(100), first, true);
        debouncer.level(at(140), 1 - first, true);
        let order = [(Role::Gate(GateSensor::Passage), true), (Role::Gate(GateSensor::Exit), true)];
        assert_eq!(debouncer.changes(at(900)), order);
    }
}

#[test]
fn while_the_fire_input_is_active_nothing_is_opened_and_whoever_waits_is_told() {
    let (mut gate, twins) = gate_with(false, GateTiming::default());
    gate.open(at(0), grant(1, 5000));
    gate.open(at(10), grant(2, 5000));
    let told = gate.hold(Some(Code::G807));
    assert_eq!(told, [GateEvent::Ended(session(2), GateOutcome::Failed(Code::G807))]);
    assert_eq!(gate.open(at(100), grant(3, 5000)), Some(GateOutcome::Failed(Code::G807)));
    gate.handle_timeout(at(300));
    assert!(!twins.gate.is_active());
    gate.hold(None);
    assert_eq!(gate.open(at(5000), grant(4, 9000)), None);
    assert!(twins.gate.is_active());
}

#[test]
fn a_level_counts_when_it_has_stood_and_bouncing_counts_once() {
    let line =
        InputLine { role: Role::Button(Button::CallStaff), active_low: true, debounce: Duration::from_millis(20) };
    let mut debouncer = Debouncer::new(&[line], false);
    debouncer.level(at(0), 0, true);
    assert_eq!((debouncer.poll_timeout(), debouncer.changes(at(100))), (None, Vec::new()), "at rest");
    for (moment, high) in [(100, false), (103, true), (105, false), (108, true), (110, false)] {
        debouncer.level(at(moment), 0, high);
        assert_eq!(debouncer.changes(at(moment)), []);
    }
    assert_eq!(debouncer.poll_timeout(), Some(at(130)));
    assert_eq!(debouncer.changes(at(130)), [(line.role, true)]);
    debouncer.level(at(500), 0, true);
    assert_eq!(debouncer.changes(at(519)), []);
    assert_eq!(debouncer.changes(at(520)), [(line.role, false)]);
    let mut trusting = Debouncer::new(&[line], true);
    trusting.level(at(0), 0, false);
    assert_eq!(trusting.changes(at(0)), [(line.role, true)], "the kernel has debounced");
}

#[test]
fn a_twin_presses_what_the_board_wires() {
    let (mut wires, twins) = lane();
    let at_rest = wires.inputs.look().levels;
    assert!(at_rest.iter().all(|(_, high)| !high));
    assert_eq!(at_rest.len(), board().inputs.len());
    twins.inputs.set(InputKind::Fire, true);
    assert_eq!(wires.inputs.wait(Duration::from_secs(5)).expect("an edge"), Some((0, true)));
    assert_eq!(wires.inputs.wait(Duration::from_millis(1)).expect("none"), None);
}

#[test]
fn lights_and_buzzer_follow_their_patterns_and_are_off_in_the_end() {
    let (wires, twins) = lane();
    let [green, red, amber, buzzer] = &twins.lamps;
    let mut lamps = Lamps::new(wires.lamps.map(|pin| Some(Lamp { pin, active_low: false })));
    lamps.indicate(at(0), Signal::Ready).expect("switched");
    assert!(green.is_active() && !red.is_active());
    assert_eq!(lamps.poll_timeout(), None, "a steady light wakes nobody");
    lamps.indicate(at(0), Signal::Denied).expect("switched");
    let mut beeps = 0;
    let mut sounding = buzzer.is_active();
    beeps += u32::from(sounding);
    while let Some(due) = lamps.poll_timeout() {
        assert!(due <= at(2000));
        assert!(red.is_active());
        lamps.handle_timeout(due).expect("switched");
        beeps += u32::from(buzzer.is_active() && !sounding);
        sounding = buzzer.is_active();
    }
    assert_eq!(beeps, 3);
    assert!(!red.is_active() && !buzzer.is_active());
    lamps.indicate(at(3000), Signal::Evacuate).expect("switched");
    assert!([green, red, amber, buzzer].into_iter().all(|lamp| lamp.is_active()));
    drop(lamps);
    assert!(twins.lamps.iter().all(|lamp| !lamp.is_active()));
}
