//! The same drivers, with a twin at the other end of every simulated wire.

use std::sync::Arc;

use super::{Parts, Picked, Wires};
use crate::{
    board::Input,
    config::Lane,
    device::{
        DeviceError, EscPosPrinter, Fonts, Gate, GateTiming, Indicator, InputLines, Lamp, Lamps, Layout, LineGate,
        Panel, Printer, Sounds, linux,
        panel::{Rom, SerialSpi, St7920, Style},
    },
    fault::{Code, Failure},
    sim::devices::{self, Out},
    words::{Clock, NameStyle},
};

/// The kiosk's ends of one lane's simulated wires; each is taken once.
pub(super) struct Ends {
    panel: Option<devices::PanelWire>,
    printer: Option<std::os::unix::net::UnixStream>,
    gate: Option<devices::OutputPinEnd>,
    lamps: Option<[devices::OutputPinEnd; 4]>,
    inputs: Option<std::sync::mpsc::Receiver<(usize, bool)>>,
}

impl Parts<'_> {
    /// The lane's twins, kept among the wires, and our ends: twins are made, or those of another daemon are taken over.
    pub(super) fn twins(&self, lane: &Lane, picked: &Picked<'_>, wires: &mut Wires) -> Result<Ends, Failure> {
        let site = self.site;
        let names = |style: NameStyle| site.simulated.allow_names || style == NameStyle::Masked;
        let out = Out {
            folder: site.simulated.out.as_ref().map(|folder| folder.join(&lane.name)),
            panel: names(site.privacy.panel_name),
            slips: names(site.privacy.slip_name),
        };
        let inputs: Vec<Input> = picked.inputs.iter().map(|input| (*input).clone()).collect();
        let active_low = picked.gate.is_some_and(|(_, gate)| gate.active_low);
        let ends = match wires.twins.get(wires.lanes.len()) {
            Some(twins) => twins.plug(),
            None => devices::lane(&out, active_low, inputs, Arc::clone(self.clock)).map(|(ends, twins)| {
                wires.twins.push(twins);
                ends
            }),
        };
        let ends = ends.map_err(|error| {
            let what = "[simulated] out".to_owned();
            Failure::from(DeviceError::Open { what, reason: error.to_string(), code: Code::C103 })
        })?;
        let devices::Wires { panel, printer, gate, lamps, inputs } = ends;
        Ok(Ends {
            panel: Some(panel),
            printer: Some(printer),
            gate: Some(gate),
            lamps: Some(lamps),
            inputs: Some(inputs).filter(|_| !picked.inputs.is_empty()),
        })
    }
}

impl Ends {
    pub(super) fn panel(&mut self, style: Style, fonts: Fonts) -> Option<Box<dyn Panel>> {
        let bus = SerialSpi(self.panel.take()?);
        Some(Box::new(St7920::new(bus, linux::delay(), Rom::Gb2312, style, fonts)))
    }

    pub(super) fn printer(&mut self, layout: Layout, fonts: Fonts, clock: &Arc<dyn Clock>) -> Option<Box<dyn Printer>> {
        let port = Box::new(self.printer.take()?);
        Some(Box::new(EscPosPrinter::on(port, layout, fonts, Arc::clone(clock))))
    }

    pub(super) fn gate(&mut self, active_low: bool, timing: GateTiming) -> Option<Box<dyn Gate>> {
        Some(Box::new(LineGate::new(self.gate.take()?, active_low, timing)))
    }

    pub(super) fn indicator(&mut self, sounds: Sounds) -> Option<Box<dyn Indicator>> {
        let lamps = self.lamps.take()?.map(|pin| Some(Lamp { pin, active_low: false }));
        Some(Box::new(Lamps::new(lamps).sounding(sounds)))
    }

    pub(super) fn inputs(&mut self) -> Option<Box<dyn InputLines>> {
        self.inputs.take().map(|lines| Box::new(lines) as _)
    }
}
