//! The same drivers, with a twin at the other end of every wire.

use std::sync::Arc;

use super::{LaneDevices, Parts, Wires};
use crate::{
    cli::build::{AnyFault, boxed},
    config::{Lane, PanelPlace, Place},
    device::{
        DeviceError, EscPosPrinter, Lamp, Lamps, LineGate, linux,
        panel::{Rom, SerialSpi, St7920},
    },
    fault::Code,
    service::{InputPart, Serves},
    sim::devices::{self, Out},
    words::{LaneId, NameStyle},
};

impl Parts<'_> {
    pub(super) fn simulated(&self, lane: &Lane, id: LaneId, wires: &mut Wires) -> Result<LaneDevices, AnyFault> {
        let site = self.site;
        let names = |style: NameStyle| site.simulated.allow_names || style == NameStyle::Masked;
        let out = Out {
            folder: site.simulated.out.as_ref().map(|folder| folder.join(&lane.name)),
            panel: names(site.privacy.panel_name),
            slips: names(site.privacy.slip_name),
        };
        let (ends, twins) = devices::lane(&out, self.board(), Arc::clone(self.clock)).map_err(|error| {
            let what = "[simulated] out".to_owned();
            boxed(DeviceError::Open { what, reason: error.to_string(), code: Code::C103 })
        })?;
        wires.twins.push(twins);
        let mut devices = LaneDevices::default();
        if lane.panel == PanelPlace::Board {
            let bus = SerialSpi(ends.panel);
            let style = Parts::style(lane);
            devices.panel = Some(Box::new(St7920::new(bus, linux::delay(), Rom::Gb2312, style, self.panel_fonts())));
        }
        if let (Place::Board, Some(layout)) = (lane.printer, self.layout()?) {
            let port = Box::new(ends.printer);
            let printer = EscPosPrinter::on(port, layout, self.printer_fonts(), Arc::clone(self.clock));
            devices.printer = Some(Box::new(printer));
        }
        if let (Place::Board, Some(gate)) = (lane.gate, &self.board().gate) {
            let gate = LineGate::new(ends.gate, gate.active_low, self.timing()).map_err(boxed)?;
            devices.gate = Some(Box::new(gate));
        }
        let serves = Serves { person: id, printer: id, gate: id };
        let lamps = ends.lamps.map(|pin| Some(Lamp { pin, active_low: false }));
        devices.indicator = Some(Box::new(Lamps::new(lamps).map_err(boxed)?));
        devices.inputs = Some(InputPart { serves, lines: self.input_lines(), source: Box::new(ends.inputs) });
        Ok(devices)
    }
}
