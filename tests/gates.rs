//! Gates, lights, buttons and sensors.

use facemchd::{
    device::{Gate, GateEvent, GateTiming, LineGate},
    fault::Code,
    kiosk::{GateOutcome, Grant},
    sim::devices::{self, LaneTwins, Out},
    words::SessionId,
};

use crate::{
    devices::{at, board},
    lookups::clock,
};

fn grant(serial: u32, deadline: u64) -> Grant {
    Grant { session: SessionId { run: 1, serial }, deadline: at(deadline) }
}

fn gate(active_low: bool) -> (LineGate<devices::OutputPinEnd>, LaneTwins) {
    gate_with(active_low, GateTiming::default())
}

fn gate_with(active_low: bool, timing: GateTiming) -> (LineGate<devices::OutputPinEnd>, LaneTwins) {
    let mut board = board();
    board.gate.as_mut().expect("a gate").active_low = active_low;
    let (wires, twins) = devices::lane(&Out::default(), &board, clock()).expect("a lane");
    (LineGate::new(wires.gate, active_low, timing).expect("a gate"), twins)
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
