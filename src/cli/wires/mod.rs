//! Board and site file → the devices of every lane, over real wires or over wires with a twin at the other end.

mod pictures;
mod real;
#[cfg(feature = "sim")]
mod simulated;

use std::{sync::Arc, time::Duration};

use super::build::{AnyFault, boxed};
use crate::{
    board::{Board, Found, GateAction, InputKind, PanelWire},
    config::{Lane, PanelPlace, Place, Site},
    device::{
        DeviceError, Fonts, Gate, GateSensor, GateTiming, Indicator, InputLine, Layout, Panel, Passage, Printer,
        Profile, Role, Template, panel::Style,
    },
    fault::Code,
    kiosk::{Button, LaneMode},
    service::{InputPart, Serves},
    words::{Clock, LaneId},
};

/// One lane's devices.
#[derive(Default)]
pub(super) struct LaneDevices {
    pub(super) panel: Option<Box<dyn Panel>>,
    pub(super) printer: Option<Box<dyn Printer>>,
    pub(super) gate: Option<Box<dyn Gate>>,
    pub(super) indicator: Option<Box<dyn Indicator>>,
    pub(super) inputs: Option<InputPart>,
}

/// Every lane's devices, and the twins behind them where the board is simulated.
pub(super) struct Wires {
    pub(super) lanes: Vec<LaneDevices>,
    #[cfg(feature = "sim")]
    pub(super) twins: Vec<crate::sim::devices::LaneTwins>,
}

/// The board and how its printer prints.
struct Parts<'a> {
    site: &'a Site,
    found: Found,
    clock: &'a Arc<dyn Clock>,
}

/// Opens what the lanes use of the board.
pub(super) fn open(site: &Site, clock: &Arc<dyn Clock>) -> Result<Wires, AnyFault> {
    let parts = Parts { site, found: Board::find(&site.board).map_err(boxed)?, clock };
    // A mistake in a profile or template is found also where no lane prints.
    parts.layout()?;
    let mut wires = Wires {
        lanes: Vec::new(),
        #[cfg(feature = "sim")]
        twins: Vec::new(),
    };
    let simulated = parts.found.board.panel.as_ref().is_some_and(|panel| panel.wire == PanelWire::Simulated);
    if !simulated {
        parts.used_once()?;
    }
    for (index, lane) in site.lane.iter().enumerate() {
        let devices = if simulated {
            simulated_lane(&parts, lane, index, &mut wires)?
        } else {
            parts.real(lane, index == parts.first())?
        };
        wires.lanes.push(devices);
    }
    Ok(wires)
}

#[cfg(feature = "sim")]
fn simulated_lane(parts: &Parts<'_>, lane: &Lane, index: usize, wires: &mut Wires) -> Result<LaneDevices, AnyFault> {
    parts.simulated(lane, LaneId(u16::try_from(index).unwrap_or(u16::MAX)), wires)
}

#[cfg(not(feature = "sim"))]
fn simulated_lane(_: &Parts<'_>, _: &Lane, _: usize, _: &mut Wires) -> Result<LaneDevices, AnyFault> {
    let (what, reason) = ("board \"simulated\"".to_owned(), "this build has no simulated board".to_owned());
    Err(boxed(DeviceError::Open { what, reason, code: Code::C102 }))
}

/// Puts the board's outputs to their safe value, and opens nothing else: a panel that is gone must not be in the way.
/// Returns how many there are.
pub(super) fn make_safe(site: &Site) -> Result<usize, AnyFault> {
    real::make_safe(&Board::find(&site.board).map_err(boxed)?.board)
}

impl Parts<'_> {
    fn board(&self) -> &Board {
        &self.found.board
    }

    fn style(lane: &Lane) -> Style {
        Style { language: lane.language, large: lane.elder }
    }

    /// How slips are printed; none where the board has no printer.
    fn layout(&self) -> Result<Option<Layout>, AnyFault> {
        let Some((file, text)) = &self.found.profile else { return Ok(None) };
        let template = match &self.found.slip {
            Some((file, text)) => Template::parse(file, text),
            None => Template::standard(),
        };
        Ok(Some(Layout {
            profile: Profile::parse(file, text).map_err(boxed)?,
            template: template.map_err(boxed)?,
            utc_offset: self.site.checkin.utc_offset,
        }))
    }

    fn timing(&self) -> GateTiming {
        let milliseconds = |milliseconds: u32| Duration::from_millis(milliseconds.into());
        let has = |kind| self.board().input.iter().any(|input| input.is == kind);
        let passage = match (has(InputKind::Passage), has(InputKind::PassageExit)) {
            (true, true) => Passage::Directed,
            (true, false) => Passage::Contact,
            (false, _) => Passage::Unseen,
        };
        self.board().gate.as_ref().map_or_else(GateTiming::default, |gate| GateTiming {
            pulse: (gate.action == GateAction::Pulse).then(|| milliseconds(gate.pulse_ms)),
            min_gap: milliseconds(gate.min_gap_ms),
            passage,
            pass_within: milliseconds(gate.pass_within_ms),
            held_open: milliseconds(gate.held_open_ms),
        })
    }

    fn input_lines(&self) -> Vec<InputLine> {
        let line = |input: &crate::board::Input| InputLine {
            role: role(input.is),
            active_low: input.active_low,
            debounce: Duration::from_millis(input.debounce().into()),
        };
        self.board().input.iter().map(line).collect()
    }

    /// The lane that the board's buttons and lights belong to: the first that uses the board at all.
    fn first(&self) -> usize {
        let uses =
            |lane: &Lane| lane.panel == PanelPlace::Board || lane.printer == Place::Board || lane.gate == Place::Board;
        self.site.lane.iter().position(uses).unwrap_or(0)
    }

    /// The lanes that a real board's inputs belong to.
    fn serves(&self) -> Serves {
        let of = |uses: fn(&Lane) -> bool| {
            let lane = self.site.lane.iter().position(uses).unwrap_or(self.first());
            LaneId(u16::try_from(lane).unwrap_or(u16::MAX))
        };
        Serves {
            person: of(|lane| lane.panel == PanelPlace::Board),
            printer: of(|lane| lane.printer == Place::Board),
            gate: of(|lane| lane.gate == Place::Board),
        }
    }

    /// A board has one of each device.
    fn used_once(&self) -> Result<(), AnyFault> {
        let lanes = &self.site.lane;
        let count = |uses: fn(&Lane) -> bool| lanes.iter().filter(|lane| uses(lane)).count();
        for (what, count) in [
            ("panel", count(|lane| lane.panel == PanelPlace::Board)),
            ("printer", count(|lane| lane.printer == Place::Board)),
            ("gate", count(|lane| lane.gate == Place::Board)),
        ] {
            if count > 1 {
                let (what, reason) = (format!("the board's {what}"), format!("{count} lanes use it; it serves one"));
                return Err(boxed(DeviceError::Open { what, reason, code: Code::C101 }));
            }
        }
        Ok(())
    }

    fn printer_fonts(&self) -> Fonts {
        Fonts::new(self.board().printer.as_ref().and_then(|printer| printer.font.clone()))
    }

    fn panel_fonts(&self) -> Fonts {
        Fonts::new(self.board().panel.as_ref().and_then(|panel| panel.font.clone()))
    }
}

fn role(kind: InputKind) -> Role {
    match kind {
        InputKind::Fire => Role::Fire,
        InputKind::Passage => Role::Gate(GateSensor::Passage),
        InputKind::PassageExit => Role::Gate(GateSensor::Exit),
        InputKind::Door => Role::Gate(GateSensor::Door),
        InputKind::Tamper => Role::Tamper,
        InputKind::OtherWay => Role::Button(Button::OtherWay),
        InputKind::CallStaff => Role::Button(Button::CallStaff),
        InputKind::Choice1 => Role::Button(Button::Choice(1)),
        InputKind::Choice2 => Role::Button(Button::Choice(2)),
        InputKind::Choice3 => Role::Button(Button::Choice(3)),
        InputKind::Choice4 => Role::Button(Button::Choice(4)),
        InputKind::Closed => Role::Mode(LaneMode::Closed),
        InputKind::Maintenance => Role::Mode(LaneMode::Maintenance),
        InputKind::PaperLow => Role::PaperLow,
        InputKind::PaperOut => Role::PaperOut,
    }
}
