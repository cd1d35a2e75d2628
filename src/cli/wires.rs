//! Board and site file → the devices of every lane, over real wires or over wires with a twin at the other end.

use std::sync::Arc;

use super::build::{AnyFault, boxed};
use crate::{
    board::{Board, Found, GateWire, PanelWire, PrinterWire},
    config::{Lane, PanelPlace, Place, Site},
    device::{self, EscPosPrinter, Gate, GateTiming, Opener, Panel, Printer, Profile},
    words::Clock,
};

/// One lane's devices.
#[derive(Default)]
pub(super) struct LaneDevices {
    pub(super) panel: Option<Box<dyn Panel>>,
    pub(super) printer: Option<Box<dyn Printer>>,
    pub(super) gate: Option<Box<dyn Gate>>,
}

/// Every lane's devices, and the twins behind them where the board is simulated.
pub(super) struct Wires {
    pub(super) lanes: Vec<LaneDevices>,
    #[cfg(feature = "sim")]
    pub(super) twins: Vec<crate::sim::devices::LaneTwins>,
}

/// Opens what the lanes use of the board.
pub(super) fn open(site: &Site, clock: &Arc<dyn Clock>) -> Result<Wires, AnyFault> {
    let found = Board::find(&site.board).map_err(boxed)?;
    let profile = match &found.profile {
        Some((file, text)) => Some(Profile::parse(file, text).map_err(boxed)?),
        None => None,
    };
    let mut wires = Wires {
        lanes: Vec::new(),
        #[cfg(feature = "sim")]
        twins: Vec::new(),
    };
    for lane in &site.lane {
        let devices = if is_simulated(&found) {
            simulated(site, lane, &found, profile.as_ref(), clock, &mut wires)?
        } else {
            real(site, lane, &found, profile.as_ref(), clock)?
        };
        wires.lanes.push(devices);
    }
    Ok(wires)
}

fn is_simulated(found: &Found) -> bool {
    found.board.panel.as_ref().is_some_and(|panel| panel.wire == PanelWire::Simulated)
}

fn timing(gate: &crate::board::Gate) -> GateTiming {
    GateTiming {
        pulse: std::time::Duration::from_millis(gate.pulse_ms.into()),
        min_gap: std::time::Duration::from_millis(gate.min_gap_ms.into()),
    }
}

/// How the printer's port is opened; none for a twin.
fn opener(wire: &PrinterWire) -> Option<Opener> {
    match wire {
        PrinterWire::Simulated => None,
        PrinterWire::Serial { device, baud } => Some(device::linux::serial(device.clone(), *baud)),
        PrinterWire::Tcp(address) => Some(device::linux::tcp(address.clone())),
        PrinterWire::Usb(device) => Some(device::linux::usb(device.clone())),
    }
}

/// The board's gate, with its output at the safe value; none where the board has none or a twin.
fn real_gate(board: &Board) -> Result<Option<Box<dyn Gate>>, AnyFault> {
    let Some(gate) = &board.gate else { return Ok(None) };
    let line = match &gate.wire {
        GateWire::Named { name } => device::linux::Line::Named(name),
        GateWire::Placed { chip, offset } => device::linux::Line::Placed(chip, *offset),
        GateWire::Simulated(_) => return Ok(None),
    };
    let gate = device::linux::gate(&line, gate.active_low, timing(gate)).map_err(boxed)?;
    Ok(Some(Box::new(gate)))
}

/// Puts the board's outputs to their safe value, and opens nothing else: a panel that is gone must not be in the way.
/// Returns how many there are.
pub(super) fn make_safe(site: &Site) -> Result<usize, AnyFault> {
    let found = Board::find(&site.board).map_err(boxed)?;
    let Some(mut gate) = real_gate(&found.board)? else { return Ok(0) };
    gate.safe().map_err(boxed)?;
    Ok(1)
}

fn real(
    site: &Site,
    lane: &Lane,
    found: &Found,
    profile: Option<&Profile>,
    clock: &Arc<dyn Clock>,
) -> Result<LaneDevices, AnyFault> {
    let board = &found.board;
    let mut devices = LaneDevices::default();
    if let (PanelPlace::Board, Some(panel)) = (lane.panel, &board.panel)
        && let PanelWire::Spi(device) = &panel.wire
    {
        devices.panel = Some(Box::new(device::linux::st7920(device, panel.hz).map_err(boxed)?));
    }
    if let (Place::Board, Some(printer), Some(profile)) = (lane.printer, &board.printer, profile)
        && let Some(open) = opener(&printer.wire)
    {
        let offset = site.checkin.utc_offset;
        devices.printer = Some(Box::new(EscPosPrinter::new(open, profile.clone(), offset, Arc::clone(clock))));
    }
    if lane.gate == Place::Board {
        devices.gate = real_gate(board)?;
    }
    Ok(devices)
}

#[cfg(feature = "sim")]
fn simulated(
    site: &Site,
    lane: &Lane,
    found: &Found,
    profile: Option<&Profile>,
    clock: &Arc<dyn Clock>,
    wires: &mut Wires,
) -> Result<LaneDevices, AnyFault> {
    use crate::{
        device::{LineGate, St7920},
        fault::Code,
        sim::devices::{self, Out},
        words::NameStyle,
    };
    let names = |style: NameStyle| site.simulated.allow_names || style == NameStyle::Masked;
    let out = Out {
        folder: site.simulated.out.as_ref().map(|folder| folder.join(&lane.name)),
        panel: names(site.privacy.panel_name),
        slips: names(site.privacy.slip_name),
    };
    let gate_file = found.board.gate.as_ref();
    let active_low = gate_file.is_some_and(|gate| gate.active_low);
    let (ends, twins) = devices::lane(&out, active_low, Arc::clone(clock)).map_err(|error| {
        let what = "[simulated] out".to_owned();
        boxed(device::DeviceError::Open { what, reason: error.to_string(), code: Code::C103 })
    })?;
    wires.twins.push(twins);
    let mut devices = LaneDevices::default();
    if lane.panel == PanelPlace::Board {
        devices.panel = Some(Box::new(St7920::new(ends.panel, device::linux::delay())));
    }
    if let (Place::Board, Some(profile)) = (lane.printer, profile) {
        let (port, offset) = (Box::new(ends.printer), site.checkin.utc_offset);
        devices.printer = Some(Box::new(EscPosPrinter::on(port, profile.clone(), offset, Arc::clone(clock))));
    }
    if let (Place::Board, Some(gate)) = (lane.gate, gate_file) {
        devices.gate = Some(Box::new(LineGate::new(ends.gate, gate.active_low, timing(gate)).map_err(boxed)?));
    }
    Ok(devices)
}

#[cfg(not(feature = "sim"))]
fn simulated(
    _: &Site,
    _: &Lane,
    _: &Found,
    _: Option<&Profile>,
    _: &Arc<dyn Clock>,
    _: &mut Wires,
) -> Result<LaneDevices, AnyFault> {
    use crate::fault::Code;
    let (what, reason) = ("board \"simulated\"".to_owned(), "this build has no simulated board".to_owned());
    Err(boxed(device::DeviceError::Open { what, reason, code: Code::C102 }))
}
