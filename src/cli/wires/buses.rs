//! Gates whose controllers are spoken with: those that share a bus share a thread, those that share a controller a gate.

use std::collections::BTreeMap;

use super::{LaneDevices, Parts, Picked, timing};
use crate::{
    board::{BusPort, Gate as GateFile, GateSide, GateWire, InputKind, TurnstileWire},
    device::{
        DeviceError, Gate, GateTiming, Opener, interlocked, linux,
        turnstile::{Member, Side, Table, Turnstile, bus},
    },
    fault::{Code, Failure},
};

/// A lane, and its gate.
type End = (usize, Box<dyn Gate>);

/// One lane's gate on a bus.
struct Wanted<'a> {
    lane: usize,
    wire: &'a TurnstileWire,
    table: Table,
    timing: GateTiming,
}

/// The gates of the lanes that have such a one, by lane.
pub(super) fn gates(parts: &Parts<'_>, picked: &[Picked<'_>]) -> Result<Vec<Option<Box<dyn Gate>>>, Failure> {
    let mut ends: Vec<Option<Box<dyn Gate>>> = picked.iter().map(|_| None).collect();
    let mut buses: BTreeMap<&BusPort, Vec<Wanted<'_>>> = BTreeMap::new();
    for (lane, picked) in picked.iter().enumerate() {
        let Some((index, file @ GateFile { wire: GateWire::Turnstile(wire), .. })) = picked.gate else { continue };
        let Some((path, text)) = parts.found.turnstiles.get(index).and_then(Option::as_ref) else { continue };
        let table = Table::parse(path, text)?;
        buses.entry(&wire.port).or_default().push(Wanted { lane, wire, table, timing: timing(file, picked, None) });
    }
    for (port, wanted) in buses {
        for (lane, end) in open(parts, port, &wanted)? {
            ends[lane] = Some(end);
        }
    }
    Ok(ends)
}

/// Ties the two directions of a gate together that have an output each.
pub(super) fn interlock(picked: &[Picked<'_>], lanes: &mut [LaneDevices]) {
    for (one, this) in picked.iter().enumerate() {
        let Some((_, GateFile { name: Some(name), shares: Some(shares), .. })) = this.gate else { continue };
        let is_other = |other: &Picked<'_>| other.gate.is_some_and(|(_, gate)| gate.name.as_ref() == Some(shares));
        let Some(other) = picked.iter().position(is_other).filter(|_| name < shares) else { continue };
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

fn open(parts: &Parts<'_>, port: &BusPort, wanted: &[Wanted<'_>]) -> Result<Vec<End>, Failure> {
    let refuse = |reason: &str, code| {
        let what = format!("{}: [gate] on {port}", parts.found.file.display());
        Failure::from(DeviceError::Open { what, reason: reason.to_owned(), code })
    };
    let Some(Wanted { wire: first, table, .. }) = wanted.first() else { return Ok(Vec::new()) };
    let mut members: BTreeMap<u8, (Member, [Option<usize>; 2])> = BTreeMap::new();
    for one in wanted {
        let same_line = (one.table.baud, one.table.framing) == (table.baud, table.framing);
        if !same_line || (one.wire.echo, one.wire.rts_direction) != (first.echo, first.rts_direction) {
            return Err(refuse("its gates differ in speed, framing, echo or rts-direction", Code::C102));
        }
        let side = match one.wire.opens {
            GateSide::Left => Side::Left,
            GateSide::Right => Side::Right,
        };
        if !one.table.opens(side) {
            return Err(refuse("its table has no command that opens this way", Code::C102));
        }
        let (member, lanes) = members.entry(one.wire.address).or_insert_with(|| {
            let controller = Turnstile { table: one.table.clone(), address: one.wire.address };
            let called = format!("gate {} on {port}", one.wire.address);
            let other_way_free = one.wire.other_way_free;
            (Member { called, controller: Box::new(controller), lanes: [None; 2], other_way_free }, [None; 2])
        });
        let index = usize::from(side == Side::Right);
        if member.lanes[index].replace(one.timing).is_some() {
            return Err(refuse("two lanes open the same gate the same way", Code::C102));
        }
        lanes[index] = Some(one.lane);
    }
    let (members, lanes): (Vec<Member>, Vec<[Option<usize>; 2]>) = members.into_values().unzip();
    let opener = opener(port, first, table);
    let ends = bus(opener, first.echo, members, parts.clock).map_err(|error| refuse(&error.to_string(), Code::G810))?;
    let ends = ends.into_iter().zip(lanes).flat_map(|(ends, lanes)| ends.into_iter().zip(lanes));
    Ok(ends.filter_map(|(end, lane)| Some((lane?, Box::new(end?) as Box<dyn Gate>))).collect())
}

fn opener(port: &BusPort, wire: &TurnstileWire, table: &Table) -> Opener {
    match port {
        BusPort::Serial(device) => linux::rs485(device.clone(), table.baud, table.framing, wire.rts_direction),
        BusPort::Tcp(address) => linux::tcp(address.clone()),
        BusPort::Unix(path) => linux::unix(path.clone()),
    }
}
