//! The same drivers, with a twin at the other end of every simulated wire.

use std::{fs::File, io, sync::Arc};

use super::{
    Parts, Picked, Wires,
    pictures::{self, on},
};
use crate::{
    board::{Input, Panel as PanelFile, PanelKind},
    config::Lane,
    device::{
        DeviceError, EscPosPrinter, Fonts, Gate, GateTiming, Indicator, InputLines, Lamp, Lamps, Layout, LineGate,
        Opener, Panel, Printer, Sounds, linux,
        panel::{
            Channel, Framebuffer, Layout as Screenful, OledGlass, Rom, Screen, SerialSpi, SpiOled, St7920, Style, Tft,
        },
    },
    fault::{Code, Failure},
    sim::devices::{self, Glass, LaneTwins, Out, ScreenWire},
    words::{Clock, NameStyle},
};

/// The kiosk's ends of one lane's simulated wires; each is taken once.
pub(super) struct Ends {
    panel: Option<devices::PanelWire>,
    glass: Option<Glass>,
    printer: Option<Opener>,
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
            None => devices::lane(&out, active_low, inputs, Arc::clone(self.clock)).and_then(|(ends, twins)| {
                let glass = picked.panel.map_or(Ok(None), Glass::of)?;
                wires.twins.push(LaneTwins { glass, ..twins });
                Ok(ends)
            }),
        };
        let twins = wires.twins.get(wires.lanes.len());
        let (glass, twin) = (twins.and_then(|twins| twins.glass.clone()), twins.map(|twins| twins.printer.clone()));
        let ends = ends.map_err(|error| {
            let what = "[simulated] out".to_owned();
            Failure::from(DeviceError::Open { what, reason: error.to_string(), code: Code::C103 })
        })?;
        let devices::Wires { panel, printer, gate, lamps, inputs } = ends;
        let mut port = Some(printer);
        // What is unplugged is plugged in again.
        let printer: Opener = Box::new(move || match (port.take(), &twin) {
            (Some(port), _) => Ok(Box::new(port)),
            (None, Some(twin)) => Ok(Box::new(twin.plug()?)),
            (None, None) => Err(io::ErrorKind::NotConnected.into()),
        });
        Ok(Ends {
            panel: Some(panel),
            glass,
            printer: Some(printer),
            gate: Some(gate),
            lamps: Some(lamps),
            inputs: Some(inputs).filter(|_| !picked.inputs.is_empty()),
        })
    }
}

/// Red, green and blue follow each other, and nothing lies between the rows.
impl Screen for ScreenWire {
    fn layout(&self) -> io::Result<Screenful> {
        let (across, down) = self.size()?;
        let channel = |offset| Channel { offset, length: 8 };
        Ok(Screenful {
            visible: (across, down),
            offset: (0, 0),
            rows: down,
            stride: across.saturating_mul(3),
            bits: 24,
            colours: [0, 8, 16].map(channel),
            alpha: Channel::default(),
        })
    }

    fn memory(&self) -> &File {
        Self::memory(self)
    }

    fn keep_console_away(&mut self) {}
}

impl Ends {
    pub(super) fn panel(
        &mut self,
        file: &PanelFile,
        style: Style,
        fonts: Fonts,
    ) -> Result<Option<Box<dyn Panel>>, DeviceError> {
        Ok(match self.glass.take() {
            None => self.panel.take().map(|wire| {
                Box::new(St7920::new(SerialSpi(wire), linux::delay(), Rom::Gb2312, style, fonts)) as Box<dyn Panel>
            }),
            Some(Glass::Oled(twin)) => {
                let (bus, dc) = twin.wires();
                let oled = SpiOled { bus, dc };
                let sh1106 = file.kind == PanelKind::Sh1106;
                let glass = if sh1106 { OledGlass::sh1106(oled) } else { OledGlass::ssd1306(oled) };
                Some(on(glass, file, style, fonts, None))
            }
            Some(Glass::Tft(twin)) => {
                let ((bus, dc), settings) = (twin.wires(), pictures::settings(file));
                Some(match file.kind {
                    PanelKind::St7789 => on(Tft::st7789(bus, dc, linux::delay(), settings), file, style, fonts, None),
                    _ => on(Tft::ili9341(bus, dc, linux::delay(), settings), file, style, fonts, None),
                })
            }
            Some(Glass::Screen(twin)) => {
                let wire = twin.wire().map_err(|error| DeviceError::Bus(error.to_string()))?;
                Some(on(Framebuffer::new(wire)?, file, style, fonts, None))
            }
        })
    }

    pub(super) fn printer(&mut self, layout: Layout, fonts: Fonts, clock: &Arc<dyn Clock>) -> Option<Box<dyn Printer>> {
        Some(Box::new(EscPosPrinter::new(self.printer.take()?, layout, fonts, Arc::clone(clock))))
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        board::{Board, Device as _},
        device::panel::{draw, rgb},
        kiosk::{Scene, SceneKind},
        service::SystemClock,
    };

    /// A lane's twins with this panel of the sandbox's board, and the driver at the other end.
    fn panel(file: &PanelFile) -> (LaneTwins, Box<dyn Panel>) {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let (wires, twins) = devices::lane(&Out::default(), false, Vec::new(), clock).expect("twins");
        let twins = LaneTwins { glass: Glass::of(file).expect("a glass"), ..twins };
        let (panel, glass) = (Some(wires.panel), twins.glass.clone());
        let mut ends = Ends { panel, glass, printer: None, gate: None, lamps: None, inputs: None };
        let panel = ends.panel(file, Style::default(), Fonts::built_in()).expect("opened").expect("a panel");
        (twins, panel)
    }

    #[test]
    fn every_panel_of_the_sandbox_is_seen_dot_for_dot_and_comes_back_with_its_plug() {
        let text = include_str!("../../sim/assets/board.toml");
        let board = Board::parse(Path::new("page.toml"), text).expect("a board");
        assert_eq!(board.panels.len(), 7);
        for file in &board.panels {
            let (called, scene) = (file.name().unwrap_or_default(), Scene::of(SceneKind::Failed));
            let (twins, mut panel) = panel(file);
            panel.show(&scene).expect("drawn");
            let face = twins.face();
            let view = face.view();
            assert!(view.is_lit() && face.misunderstood().is_empty(), "{called}");
            if file.kind != PanelKind::St7920 {
                let fonts = Fonts::built_in();
                #[cfg(feature = "screen")]
                let fonts = fonts.with_type(&file.font, Style::default().language);
                let (frame, _) = draw(&scene, &Style::default(), view.size(), &mut { fonts });
                let (across, down) = view.size();
                for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x, y))) {
                    let (wanted, seen) = (rgb(&frame, frame.dot(x, y)), view.dot(x, y));
                    // An OLED has one colour, a TFT 65536.
                    let same = match file.kind {
                        PanelKind::Framebuffer => wanted == seen,
                        PanelKind::St7789 | PanelKind::Ili9341 => (0..3).all(|at| wanted[at].abs_diff(seen[at]) <= 8),
                        _ => frame.is_on(x, y) == (seen[0] > 128),
                    };
                    assert!(same, "{called}: {x}, {y}: {seen:?}, not {wanted:?}");
                }
            }
            face.set_gone(true);
            assert!(panel.show(&Scene::of(SceneKind::Idle)).is_err(), "{called}: nothing is missed");
            face.set_gone(false);
            panel.show(&scene).expect("drawn");
            assert!(face.view().changes(Some(&view)).is_empty(), "{called} shows something else");
            face.socket().unplug();
            assert!(panel.show(&Scene::of(SceneKind::Idle)).is_err(), "{called}: a dead host still reaches it");
        }
    }
}
