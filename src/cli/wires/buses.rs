//! Gates whose controllers are spoken with: those that share a bus share a thread, those that share a controller a gate.

use std::{collections::BTreeMap, time::Duration};

use super::{LaneDevices, Parts, Picked, timing};
use crate::{
    board::{BusPort, CoilWire, GateSide, GateWire, InputKind, TurnstileWire},
    device::{
        DeviceError, Gate, GateTiming, Opener, Passage, interlocked, linux,
        turnstile::{Coil, Controller, Framing, Member, Side, Table, Turnstile, bus},
    },
    fault::{Code, Failure},
};

/// A lane, and its gate.
type End = (usize, Box<dyn Gate>);

/// One lane's gate on a bus.
struct Wanted {
    lane: usize,
    address: u8,
    /// Which one of a board's.
    coil: Option<u16>,
    side: Side,
    controller: Box<dyn Controller>,
    line: LineManner,
    other_way_free: bool,
    timing: GateTiming,
}

/// How a bus is spoken over, by all of its gates alike.
#[derive(Clone, Copy, PartialEq, Eq)]
struct LineManner {
    baud: u32,
    framing: Framing,
    echo: bool,
    rts_direction: bool,
}

/// No answer of a relay board comes later.
const ANSWER: Duration = Duration::from_millis(300);

/// The gates of the lanes that have such a one, by lane.
pub(super) fn gates(parts: &Parts<'_>, picked: &[Picked<'_>]) -> Result<Vec<Option<Box<dyn Gate>>>, Failure> {
    let mut ends: Vec<Option<Box<dyn Gate>>> = picked.iter().map(|_| None).collect();
    let mut buses: BTreeMap<&BusPort, Vec<Wanted>> = BTreeMap::new();
    for (lane, picked) in picked.iter().enumerate() {
        let Some((index, file)) = picked.gate else { continue };
        let timing = timing(file, picked, None);
        let (port, wanted) = match &file.wire {
            GateWire::Turnstile(wire) => {
                let Some((path, text)) = parts.found.turnstiles.get(index).and_then(Option::as_ref) else { continue };
                (&wire.port, turnstile(lane, wire, Table::parse(path, text)?, timing))
            }
            GateWire::Coil(wire) => (&wire.port, coil(lane, wire, timing)),
            GateWire::Wiegand(_) | GateWire::Line(_) => continue,
        };
        let wanted = wanted.ok_or_else(|| refuse(parts, port, UNFIT))?;
        buses.entry(port).or_default().push(wanted);
    }
    for (port, wanted) in buses {
        for (lane, end) in open(parts, port, wanted)? {
            ends[lane] = Some(end);
        }
    }
    Ok(ends)
}

const UNFIT: &str = "its table has no command that opens this way or does not count who goes it, or a coil with a sensor has another action than \"hold\"";

fn turnstile(lane: usize, wire: &TurnstileWire, table: Table, timing: GateTiming) -> Option<Wanted> {
    let side = match wire.opens {
        GateSide::Left => Side::Left,
        GateSide::Right => Side::Right,
    };
    let line =
        LineManner { baud: table.baud, framing: table.framing, echo: wire.echo, rts_direction: wire.rts_direction };
    let (address, other_way_free) = (wire.address, wire.other_way_free);
    table.opens(side).then(|| Wanted {
        lane,
        address,
        coil: None,
        side,
        controller: Box::new(Turnstile { table, address }),
        line,
        other_way_free,
        timing,
    })
}

fn coil(lane: usize, wire: &CoilWire, timing: GateTiming) -> Option<Wanted> {
    let CoilWire { coil, unit, baud, framing, echo, rts_direction, .. } = *wire;
    let stands = timing.pulse.unwrap_or(timing.pass_within);
    let tcp = matches!(wire.port, BusPort::Tcp(_));
    (timing.passage == Passage::Unseen || timing.pulse.is_none()).then(|| Wanted {
        lane,
        address: unit,
        coil: Some(coil),
        side: Side::Left,
        controller: Box::new(Coil::new(unit, coil, tcp, stands, ANSWER)),
        line: LineManner { baud, framing, echo, rts_direction },
        other_way_free: false,
        timing,
    })
}

fn refuse(parts: &Parts<'_>, port: &BusPort, reason: &str) -> Failure {
    let what = format!("{}: [gate] on {port}", parts.found.file.display());
    Failure::from(DeviceError::Open { what, reason: reason.to_owned(), code: Code::C102 })
}

/// Ties the two directions of a gate together that have an output each.
pub(super) fn interlock(picked: &[Picked<'_>], lanes: &mut [LaneDevices]) {
    for (one, this) in picked.iter().enumerate() {
        let other = picked.iter().position(|other| this.shares_with(other));
        let Some(other) = other.filter(|other| one < *other) else { continue };
        let directed = [one, other].iter().any(|lane| {
            let inputs = picked.get(*lane).map_or(&[][..], |picked| &picked.inputs);
            inputs.iter().any(|input| input.is == InputKind::PassageExit)
        });
        let taken = [one, other].map(|lane| lanes.get_mut(lane).and_then(|lane| lane.gate.take()));
        if let [Some(first), Some(second)] = taken {
            for (lane, gate) in [one, other].into_iter().zip(interlocked([first, second], directed)) {
                lanes[lane].gate = Some(gate);
            }
        }
    }
}

fn open(parts: &Parts<'_>, port: &BusPort, wanted: Vec<Wanted>) -> Result<Vec<End>, Failure> {
    let Some(line) = wanted.first().map(|one| one.line) else { return Ok(Vec::new()) };
    if wanted.iter().any(|one| one.line != line) {
        return Err(refuse(parts, port, "its gates differ in speed, framing, echo or rts-direction"));
    }
    let (mut members, mut lanes): (Vec<Member>, Vec<[Option<usize>; 2]>) = Default::default();
    let mut places: BTreeMap<(u8, Option<u16>), usize> = BTreeMap::new();
    for one in wanted {
        let index = usize::from(one.side == Side::Right);
        // The coils of a board are gates of their own, the sides of a turnstile are one.
        let place = *places.entry((one.address, one.coil)).or_insert(members.len());
        if place == members.len() {
            let called = format!("gate {} on {port}", one.address);
            let (controller, other_way_free) = (one.controller, one.other_way_free);
            members.push(Member { called, controller, lanes: [None; 2], other_way_free });
            lanes.push([None; 2]);
        }
        if members[place].lanes[index].replace(one.timing).is_some() {
            return Err(refuse(parts, port, "two lanes open the same gate the same way, or by the same coil"));
        }
        lanes[place][index] = Some(one.lane);
    }
    let opener = opener(port, line);
    let ends = bus(opener, line.echo, members, parts.clock).map_err(|error| refuse(parts, port, &error.to_string()))?;
    let ends = ends.into_iter().zip(lanes).flat_map(|(ends, lanes)| ends.into_iter().zip(lanes));
    Ok(ends.filter_map(|(end, lane)| Some((lane?, Box::new(end?) as Box<dyn Gate>))).collect())
}

fn opener(port: &BusPort, line: LineManner) -> Opener {
    match port {
        BusPort::Serial(device) => linux::rs485(device.clone(), line.baud, line.framing, line.rts_direction),
        BusPort::Tcp(address) => linux::bus_tcp(address.clone()),
        BusPort::Unix(path) => linux::unix(path.clone()),
    }
}
