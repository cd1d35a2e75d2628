//! Real lines, buses and ports.

use std::sync::Arc;

#[cfg(feature = "turnstile")]
use super::{LaneDevices, pick::Picked};
#[cfg(feature = "turnstile")]
use crate::kiosk::Device;
use crate::{
    board::{self, Board, Flow, Indicators, LineName, LineWire, Panel as PanelFile, PanelKind, PanelWire, PrinterWire},
    device::{
        self, DeviceError, EscPosPrinter, Fonts, Gate, GateTiming, Indicator, InputLines, Lamp, Lamps, LatePanel,
        Layout, LineGate, Opener, Panel, Printer, Sounds,
        linux::{self, LineAt, OutputLine},
        panel::{Parallel, Reset, SerialLines, SerialSpi, St7920, Style},
    },
    fault::{Code, Failure},
    words::Clock,
};

/// Up to this an ST7920 needs no delays.
const ST7920_HZ: u32 = 200_000;

/// The lines that are watched; none where there are none.
pub(super) fn inputs(inputs: &[&board::Input]) -> Option<Box<dyn InputLines>> {
    let watched: Vec<linux::WatchedLine> = inputs
        .iter()
        .filter_map(|input| {
            Some(linux::WatchedLine { at: at(&input.wire)?, bias: input.bias, debounce: input.debounce() })
        })
        .collect();
    if watched.is_empty() { None } else { Some(Box::new(linux::inputs(watched))) }
}

/// A printer on its port.
pub(super) fn printer(
    file: &board::Printer,
    layout: Layout,
    fonts: Fonts,
    clock: &Arc<dyn Clock>,
) -> Option<Box<dyn Printer>> {
    let busy = file.busy.as_ref().map(busy_line);
    Some(Box::new(
        EscPosPrinter::new(opener(file)?, layout, fonts, Arc::clone(clock))
            .called(file.wire.to_string())
            .with_busy(busy),
    ))
}

/// Opens every output, which puts it to its safe value, and lets go of it.
pub(super) fn make_safe(board: &Board) -> Result<usize, Failure> {
    let gates = board.gates.iter().filter_map(|gate| Some((gate.wire.line()?, gate.active_low, Code::G801)));
    let lamps = board.indicators.iter().flat_map(|lights| [&lights.green, &lights.red, &lights.amber, &lights.buzzer]);
    #[cfg(feature = "turnstile")]
    let gates = gates.chain(board.gates.iter().filter_map(|gate| {
        let alarm = gate.alarm.as_ref()?;
        Some((&alarm.wire, alarm.active_low, Code::D602))
    }));
    let outputs = gates.chain(lamps.flatten().map(|lamp| (&lamp.wire, lamp.active_low, Code::D602)));
    let mut count = 0;
    let mut failure = None;
    for (wire, active_low, code) in outputs {
        let Some(at) = at(wire) else { continue };
        match linux::output(&at, active_low, code) {
            Ok(_) => count += 1,
            // The others are no less in need of it.
            Err(error) => failure = Some(error),
        }
    }
    // The daemon gives it back itself, unless it was killed.
    #[cfg(feature = "glyphs")]
    if board.panels.iter().any(|panel| panel.kind == PanelKind::Framebuffer) {
        linux::bring_console_back();
    }
    failure.map_or(Ok(count), |error| Err(Failure::from(error)))
}

/// Where a line is; none for a twin.
pub(super) fn at(wire: &LineWire) -> Option<LineAt> {
    match wire {
        LineWire::Named { name, chip, offset } => Some(LineAt::Named(name.clone(), chip.clone().zip(*offset))),
        LineWire::Placed { chip, offset } => Some(LineAt::Placed(chip.clone(), *offset)),
        LineWire::Led { led } => Some(LineAt::Led(led.clone())),
        LineWire::File { file } => Some(LineAt::File(file.clone())),
        LineWire::Simulated(_) => None,
    }
}

/// A gate, with its output at the safe value as soon as its line is there.
pub(super) fn gate(gate: &board::Gate, timing: GateTiming) -> Option<Box<dyn Gate>> {
    #[cfg(feature = "turnstile")]
    if let board::GateWire::Wiegand(wire) = &gate.wire {
        let driver = device::turnstile::Wiegand::new(wire.wiegand.clone(), wire.bits);
        return Some(Box::new(LineGate::new(driver, false, timing)));
    }
    Some(Box::new(LineGate::new(OutputLine::new(at(gate.wire.line()?)?), gate.active_low, timing)))
}

/// Gives the gates that have one the output that says their alarms aloud.
#[cfg(feature = "turnstile")]
pub(super) fn alarm(picked: &[Picked<'_>], lanes: &mut [LaneDevices]) {
    for (picked, devices) in picked.iter().zip(lanes) {
        let Some((file, alarm)) = picked.gate.and_then(|(_, file)| Some((file, file.alarm.as_ref()?))) else {
            continue;
        };
        let Some(at) = at(&alarm.wire) else { continue };
        let Some(gate) = devices.gate.take() else { continue };
        let line = linux::output(&at, alarm.active_low, Code::D602).unwrap_or_else(|error| {
            devices.absent.push((Device::Indicators, error.into()));
            OutputLine::new(at)
        });
        devices.gate = Some(Box::new(device::Alarmed::new(gate, line, alarm.active_low, file.alarm_lasts)));
    }
}

/// Lights and buzzer, dark and silent as soon as their lines are there.
pub(super) fn indicator(lights: &Indicators, sounds: Sounds) -> Option<Box<dyn Indicator>> {
    let lamp = |lamp: &Option<board::Lamp>| {
        let lamp = lamp.as_ref()?;
        Some(Lamp { pin: OutputLine::new(at(&lamp.wire)?), active_low: lamp.active_low })
    };
    let Indicators { green, red, amber, buzzer, .. } = lights;
    let lamps = [lamp(green), lamp(red), lamp(amber), lamp(buzzer)];
    if lamps.iter().all(Option::is_none) {
        return None;
    }
    Some(Box::new(Lamps::new(lamps).sounding(sounds)))
}

/// How the printer's port is opened; none for a twin.
fn opener(printer: &board::Printer) -> Option<Opener> {
    match &printer.wire {
        PrinterWire::Simulated => None,
        PrinterWire::Serial { device, baud } => {
            Some(linux::serial(device.clone(), *baud, printer.flow == Flow::RtsCts))
        }
        PrinterWire::Tcp(address) => Some(linux::tcp(address.clone())),
        PrinterWire::Usb(device) => Some(linux::usb(device.clone())),
        PrinterWire::Unix(path) => Some(linux::unix(path.clone())),
    }
}

fn busy_line(busy: &board::Busy) -> device::BusyLine {
    let Some(at) = at(&busy.wire) else { return Box::new(|| Ok(false)) };
    let (mut level, active_low) = (linux::input_level(at), busy.active_low);
    Box::new(move || Ok(level()? != active_low))
}

/// A panel, and why it is not there yet, if so. One that fails is opened anew.
pub(super) fn panel(file: &PanelFile, style: Style) -> Result<(Box<dyn Panel>, Option<DeviceError>), DeviceError> {
    let file = file.clone();
    let (panel, absent) = LatePanel::open(Box::new(move || {
        let fonts = Fonts::open(&file.font)?;
        open_panel(&file, style.clone(), fonts)
    }))?;
    Ok((Box::new(panel), absent))
}

/// A panel's reset line, high; none where it is tied.
pub(super) fn reset(file: &PanelFile) -> Result<Option<Reset>, DeviceError> {
    let Some(line) = file.lines.get(&LineName::Reset).and_then(at) else { return Ok(None) };
    Ok(Some(Reset::new(linux::output(&line, true, Code::D601)?, linux::delay())))
}

/// A panel on its bus.
fn open_panel(file: &PanelFile, style: Style, fonts: Fonts) -> Result<Box<dyn Panel>, DeviceError> {
    let line = |name: LineName| file.lines.get(&name).and_then(at);
    let named = |names: &[LineName]| -> Vec<LineAt> { names.iter().copied().filter_map(line).collect() };
    match (file.kind, &file.wire) {
        (PanelKind::St7920, PanelWire::Spi(device)) => {
            let bus = SerialSpi(linux::spi(device, file.hz.unwrap_or(ST7920_HZ))?);
            Ok(Box::new(St7920::new(bus, linux::delay(), file.rom, style, fonts).with_reset(reset(file)?)))
        }
        (PanelKind::St7920, _) if file.lines.contains_key(&LineName::Sclk) => {
            let lines = named(&[LineName::Sclk, LineName::Sid, LineName::Cs]);
            let bus = SerialLines::new(linux::group(&lines, Code::D601)?, linux::delay());
            Ok(Box::new(St7920::new(bus, linux::delay(), file.rom, style, fonts).with_reset(reset(file)?)))
        }
        (PanelKind::St7920, _) => {
            let lines = [named(&LineName::DATA), named(&[LineName::Rs, LineName::E])].concat();
            let bus = Parallel::new(linux::group(&lines, Code::D601)?, linux::delay());
            Ok(Box::new(St7920::new(bus, linux::delay(), file.rom, style, fonts).with_reset(reset(file)?)))
        }
        _ => super::pictures::panel(file, style, fonts),
    }
}
