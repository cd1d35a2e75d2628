//! Twins: the simulated other ends of the wires. Each parses what the real driver sent, byte by byte, as the device
//! would, with tables of its own, and shows what came of it: in files for people, through handles for tests.
//!
//! A twin complains of whatever a device would not understand; a complaint is a bug of the driver.

mod face;
mod glass;
mod heard;
mod inputs;
mod output;
mod panel;
mod picture;
mod printer;
mod screen;
mod socket;
mod turnstile;

use std::{
    fs, io,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::Receiver},
};

use self::screen::ScreenTwin;
pub(crate) use self::{
    face::{Face, View},
    screen::ScreenWire,
};
pub use self::{
    glass::{Controller, GlassTwin, OledController, OledKind, TftController},
    inputs::InputsTwin,
    output::{OutputPinEnd, OutputTwin},
    panel::{PanelTwin, PanelWire},
    printer::{Cable, PrinterTwin, Slip, Trouble},
    turnstile::{BusTrouble, TurnstileTwin},
};
use crate::{
    board::{Input, InputKind, Panel, PanelKind},
    files,
    words::Clock,
};

/// What one lane's twins write into a folder.
#[derive(Clone, Debug, Default)]
pub struct Out {
    /// The lane's folder; none writes nothing.
    pub folder: Option<PathBuf>,
    /// Write what the panel shows.
    pub panel: bool,
    /// Write what the printer prints.
    pub slips: bool,
}

/// The wires of one simulated lane, for the real drivers.
pub struct Wires {
    /// The panel's SPI device.
    pub panel: PanelWire,
    /// The printer's byte stream.
    pub printer: UnixStream,
    /// The gate's line.
    pub gate: OutputPinEnd,
    /// Green, red, amber, buzzer.
    pub lamps: [OutputPinEnd; 4],
    /// Which input line changed, and its level.
    pub inputs: Receiver<(usize, bool)>,
}

/// The twins of one lane, for whoever watches or disturbs them.
#[derive(Clone)]
pub struct LaneTwins {
    /// The panel of characters.
    pub panel: PanelTwin,
    /// The one that is drawn dot by dot, in place of it.
    pub(crate) glass: Option<Glass>,
    /// The printer.
    pub printer: PrinterTwin,
    /// The gate.
    pub gate: OutputTwin,
    /// Green, red, amber, buzzer.
    pub lamps: [OutputTwin; 4],
    /// Buttons, switches and sensors.
    pub inputs: InputsTwin,
}

/// A panel that is drawn dot by dot.
#[derive(Clone)]
pub(crate) enum Glass {
    Oled(GlassTwin<OledController>),
    Tft(GlassTwin<TftController>),
    Screen(ScreenTwin),
}

/// A screen whose board file does not say how large it is, dots.
const SCREEN: (u16, u16) = (800, 480);

impl Glass {
    /// The glass that a board file tells of; none where it is of characters.
    pub(crate) fn of(panel: &Panel) -> io::Result<Option<Self>> {
        Ok(Some(match panel.kind {
            PanelKind::St7920 => return Ok(None),
            PanelKind::Ssd1306 => Self::Oled(GlassTwin::of(OledController::new(OledKind::Ssd1306))),
            PanelKind::Sh1106 => Self::Oled(GlassTwin::of(OledController::new(OledKind::Sh1106))),
            PanelKind::St7789 | PanelKind::Ili9341 => Self::Tft(GlassTwin::default()),
            PanelKind::Framebuffer | PanelKind::Picture => {
                let (across, down) = (panel.width.unwrap_or(SCREEN.0), panel.height.unwrap_or(SCREEN.1));
                Self::Screen(ScreenTwin::new((across.into(), down.into()))?)
            }
        }))
    }
}

/// Makes one lane's twins and wires; its gate may be active when low, and these are its inputs. The printer's twin lives
/// on a thread of its own until its wire is dropped.
pub fn lane(out: &Out, active_low: bool, inputs: Vec<Input>, clock: Arc<dyn Clock>) -> io::Result<(Wires, LaneTwins)> {
    if let Some(folder) = &out.folder {
        files::make_folder(folder)?;
    }
    let folder = |wanted: bool| out.folder.clone().filter(|_| wanted);
    let panel = PanelTwin::new(folder(out.panel));
    let (printer, port) = PrinterTwin::start(folder(out.slips), 32)?;
    let gate = OutputTwin::new("gate", folder(true), active_low, Arc::clone(&clock));
    let lamps =
        ["green", "red", "amber", "buzzer"].map(|name| OutputTwin::new(name, folder(true), false, Arc::clone(&clock)));
    let (inputs, lines) = InputsTwin::new(inputs);
    let twins = LaneTwins { panel, glass: None, printer, gate, lamps, inputs };
    Ok((twins.wires(port, lines), twins))
}

impl LaneTwins {
    /// Wires for another kiosk, in place of one that has let go of its own: the devices stay what they are.
    pub(crate) fn plug(&self) -> io::Result<Wires> {
        Ok(self.wires(self.printer.plug()?, self.inputs.plug()))
    }

    /// Takes out what would keep a kiosk that has died waiting.
    pub(crate) fn unplug(&self) {
        self.face().socket().unplug();
        self.inputs.unplug();
    }

    /// What people look at.
    pub(crate) fn face(&self) -> &dyn Face {
        match &self.glass {
            None => &self.panel,
            Some(Glass::Oled(glass)) => glass,
            Some(Glass::Tft(glass)) => glass,
            Some(Glass::Screen(screen)) => screen,
        }
    }

    /// Whoever goes through is seen: it is a gate's.
    pub(crate) fn is_gate(&self) -> bool {
        self.inputs.levels().iter().any(|(kind, _)| *kind == InputKind::Passage)
    }

    fn wires(&self, printer: UnixStream, inputs: Receiver<(usize, bool)>) -> Wires {
        let lamps = self.lamps.each_ref().map(OutputTwin::pin);
        Wires { panel: self.panel.wire(), printer, gate: self.gate.pin(), lamps, inputs }
    }
}

/// Writes a file so that a reader sees the old one or the new one, never half of one.
fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = file.with_extension("part");
    files::write_public(&fresh, bytes)?;
    fs::rename(fresh, file)
}
