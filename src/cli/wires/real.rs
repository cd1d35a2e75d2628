//! Real lines, buses and ports.

use std::{sync::Arc, time::Duration};

use super::{LaneDevices, Parts};
use crate::{
    board::{
        self, Bias, Board, Flow, Indicators, LineName, LineWire, Panel as PanelFile, PanelKind, PanelWire, PrinterWire,
        Rom,
    },
    cli::build::{AnyFault, boxed},
    config::{Lane, PanelPlace, Place},
    device::{
        self, DeviceError, EscPosPrinter, Fonts, Gate, Indicator, Lamp, Lamps, LineGate, Opener, Panel,
        linux::{self, LineAt},
        panel::{Parallel, SerialLines, SerialSpi, St7920, Style},
    },
    fault::Code,
    service::InputPart,
};

/// Up to this an ST7920 needs no delays.
const ST7920_HZ: u32 = 200_000;

impl Parts<'_> {
    /// One lane's devices; the board's lights and inputs where `with_inputs`.
    pub(super) fn real(&self, lane: &Lane, with_inputs: bool) -> Result<LaneDevices, AnyFault> {
        let board = self.board();
        let mut devices = LaneDevices::default();
        if let (PanelPlace::Board, Some(file)) = (lane.panel, &board.panel) {
            devices.panel = Some(panel(file, Parts::style(lane), self.panel_fonts()).map_err(boxed)?);
        }
        if let (Place::Board, Some(printer), Some(layout)) = (lane.printer, &board.printer, self.layout()?)
            && let Some(open) = opener(printer)
        {
            let busy = match &printer.busy {
                Some(busy) => Some(busy_line(busy).map_err(boxed)?),
                None => None,
            };
            let printer = EscPosPrinter::new(open, layout, self.printer_fonts(), Arc::clone(self.clock));
            devices.printer = Some(Box::new(printer.with_busy(busy)));
        }
        if lane.gate == Place::Board {
            devices.gate = gate(self)?;
        }
        if with_inputs {
            devices.indicator = indicator(&board.indicators)?;
            devices.inputs = self.inputs()?;
        }
        Ok(devices)
    }

    fn inputs(&self) -> Result<Option<InputPart>, AnyFault> {
        let watched: Vec<linux::WatchedLine> = self
            .board()
            .input
            .iter()
            .filter_map(|input| {
                let bias = match input.bias {
                    Bias::AsIs => linux::Bias::AsIs,
                    Bias::PullUp => linux::Bias::PullUp,
                    Bias::PullDown => linux::Bias::PullDown,
                    Bias::Disabled => linux::Bias::Disabled,
                };
                let debounce = Duration::from_millis(input.debounce().into());
                Some(linux::WatchedLine { at: at(&input.wire)?, bias, debounce })
            })
            .collect();
        if watched.is_empty() {
            return Ok(None);
        }
        let source = Box::new(linux::inputs(&watched).map_err(boxed)?);
        Ok(Some(InputPart { serves: self.serves(), lines: self.input_lines(), source }))
    }
}

/// Opens every output, which puts it to its safe value, and lets go of it.
pub(super) fn make_safe(board: &Board) -> Result<usize, AnyFault> {
    let gate = board.gate.as_ref().map(|gate| (&gate.wire, gate.active_low, Code::G801));
    let Indicators { green, red, amber, buzzer } = &board.indicators;
    let lamps = [green, red, amber, buzzer].into_iter().flatten();
    let outputs = gate.into_iter().chain(lamps.map(|lamp| (&lamp.wire, lamp.active_low, Code::D602)));
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
    failure.map_or(Ok(count), |error| Err(boxed(error)))
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

/// The board's gate, with its output at the safe value; none where the board has none or a twin.
fn gate(parts: &Parts<'_>) -> Result<Option<Box<dyn Gate>>, AnyFault> {
    let Some(gate) = &parts.board().gate else { return Ok(None) };
    let Some(at) = at(&gate.wire) else { return Ok(None) };
    let line = linux::output(&at, gate.active_low, Code::G801).map_err(boxed)?;
    Ok(Some(Box::new(LineGate::new(line, gate.active_low, parts.timing()).map_err(boxed)?)))
}

fn indicator(Indicators { green, red, amber, buzzer }: &Indicators) -> Result<Option<Box<dyn Indicator>>, AnyFault> {
    let open = |lamp: &Option<board::Lamp>| -> Result<Option<Lamp<linux::OutputLine>>, AnyFault> {
        let Some(lamp) = lamp else { return Ok(None) };
        let Some(at) = at(&lamp.wire) else { return Ok(None) };
        let pin = linux::output(&at, lamp.active_low, Code::D602).map_err(boxed)?;
        Ok(Some(Lamp { pin, active_low: lamp.active_low }))
    };
    let lamps = [open(green)?, open(red)?, open(amber)?, open(buzzer)?];
    if lamps.iter().all(Option::is_none) {
        return Ok(None);
    }
    Ok(Some(Box::new(Lamps::new(lamps).map_err(boxed)?)))
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

fn busy_line(busy: &board::Busy) -> Result<device::BusyLine, DeviceError> {
    let Some(at) = at(&busy.wire) else { return Ok(Box::new(|| Ok(false))) };
    let (mut level, active_low) = (linux::input_level(&at, Code::P701)?, busy.active_low);
    Ok(Box::new(move || Ok(level()? != active_low)))
}

/// Out of reset first; a panel whose reset is tied has none.
fn panel(file: &PanelFile, style: Style, fonts: Fonts) -> Result<Box<dyn Panel>, DeviceError> {
    let line = |name: LineName| file.lines.get(&name).and_then(at);
    if let Some(reset) = line(LineName::Reset) {
        // Kept for as long as the program runs: a line that is let go of may fall.
        linux::output(&reset, true, Code::D601).map(std::mem::forget)?;
    }
    let named = |names: &[LineName]| -> Vec<LineAt> { names.iter().copied().filter_map(line).collect() };
    match (file.kind, &file.wire) {
        (PanelKind::St7920, PanelWire::Spi(device)) => {
            let bus = SerialSpi(linux::spi(device, file.hz.unwrap_or(ST7920_HZ))?);
            Ok(Box::new(St7920::new(bus, linux::delay(), rom(file.rom), style, fonts)))
        }
        (PanelKind::St7920, _) if file.lines.contains_key(&LineName::Sclk) => {
            let lines = named(&[LineName::Sclk, LineName::Sid, LineName::Cs]);
            let bus = SerialLines::new(linux::group(&lines, Code::D601)?, linux::delay());
            Ok(Box::new(St7920::new(bus, linux::delay(), rom(file.rom), style, fonts)))
        }
        (PanelKind::St7920, _) => {
            let lines = [named(&LineName::DATA), named(&[LineName::Rs, LineName::E])].concat();
            let bus = Parallel::new(linux::group(&lines, Code::D601)?, linux::delay());
            Ok(Box::new(St7920::new(bus, linux::delay(), rom(file.rom), style, fonts)))
        }
        _ => super::pictures::panel(file, style, fonts),
    }
}

fn rom(rom: Rom) -> device::panel::Rom {
    match rom {
        Rom::Gb2312 => device::panel::Rom::Gb2312,
        Rom::None => device::panel::Rom::Other,
    }
}
