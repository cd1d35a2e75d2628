//! Board and site file → the devices of every lane, over real wires or over wires with a twin at the other end.

#[cfg(feature = "turnstile")]
mod buses;
mod look;
mod pick;
mod pictures;
mod real;
#[cfg_attr(feature = "sim", path = "simulated.rs")]
#[cfg_attr(not(feature = "sim"), path = "not_simulated.rs")]
mod twins;

use std::sync::Arc;

#[cfg(feature = "page")]
pub(super) use self::look::page_brand;
use self::{look::style, pick::Picked, twins::Ends};
#[cfg(feature = "voice")]
use crate::board::PanelPlace;
use crate::fault::Failure;
use crate::{
    board::{self, Board, Device as _, Found, GateAction, InputKind, PrinterFiles},
    config::Site,
    device::{
        Fonts, Gate, GateSensor, GateTiming, Indicator, InputLine, Layout, Panel, Passage, Printer, Profile, Role,
        Template, panel::Style,
    },
    kiosk::{Button, Device, OutOfService, Phrases, Scene},
    service::InputPart,
    words::{Clock, LaneId},
};

/// One lane's devices.
#[derive(Default)]
pub(super) struct LaneDevices {
    /// What the lane says, on whatever of them.
    pub(super) phrases: Arc<Phrases>,
    pub(super) panel: Option<Box<dyn Panel>>,
    pub(super) printer: Option<Box<dyn Printer>>,
    pub(super) gate: Option<Box<dyn Gate>>,
    pub(super) indicator: Option<Box<dyn Indicator>>,
    pub(super) inputs: Option<InputPart>,
    #[cfg(feature = "voice")]
    pub(super) voice: Option<crate::service::VoicePart>,
    /// What of them is not there yet, and why. It is waited for.
    pub(super) absent: Vec<(Device, Failure)>,
}

/// Every lane's devices, and the twins behind those that are simulated.
pub(super) struct Wires {
    pub(super) lanes: Vec<LaneDevices>,
    #[cfg(feature = "sim")]
    pub(super) twins: Vec<crate::sim::devices::LaneTwins>,
}

/// The board and who uses it.
struct Parts<'a> {
    site: &'a Site,
    found: Found,
    clock: &'a Arc<dyn Clock>,
}

/// Opens what the lanes use of the board.
pub(super) fn open(site: &Site, clock: &Arc<dyn Clock>) -> Result<Wires, Failure> {
    let wires = Wires {
        lanes: Vec::new(),
        #[cfg(feature = "sim")]
        twins: Vec::new(),
    };
    open_on(wires, site, clock)
}

/// The same at the twins that another daemon has left behind.
#[cfg(feature = "sim")]
pub(super) fn open_again(
    twins: &[crate::sim::devices::LaneTwins],
    site: &Site,
    clock: &Arc<dyn Clock>,
) -> Result<Wires, Failure> {
    open_on(Wires { lanes: Vec::new(), twins: twins.to_vec() }, site, clock)
}

/// Whether everything fits that needs no device: [`open`] would refuse the same.
pub(super) fn fits(site: &Site, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let parts = Parts::read(site, clock)?;
    for picked in parts.pick_all()? {
        let fonts = picked.panel.map(|panel| &panel.font);
        fonts.map(|fonts| Fonts::open(fonts)).transpose()?;
        picked.printer.map(|(_, printer)| Fonts::open(printer.font.as_slice())).transpose()?;
    }
    site.lane.iter().try_for_each(|lane| style(site, lane, clock).map(drop))
}

fn open_on(mut wires: Wires, site: &Site, clock: &Arc<dyn Clock>) -> Result<Wires, Failure> {
    let parts = Parts::read(site, clock)?;
    // All of them before any: a file that is refused has moved nothing.
    let all = parts.pick_all()?;
    #[cfg(feature = "turnstile")]
    let mut spoken = buses::gates(&parts, &all)?.into_iter();
    let styles = site.lane.iter().map(|lane| style(site, lane, clock)).collect::<Result<Vec<_>, _>>()?;
    for (((lane, picked), style), index) in site.lane.iter().zip(&all).zip(styles).zip(0..) {
        let ends = if picked.is_simulated() { Some(parts.twins(lane, picked, &mut wires)?) } else { None };
        #[cfg(feature = "turnstile")]
        let gate = spoken.next().flatten();
        #[cfg(not(feature = "turnstile"))]
        let gate = None;
        let devices = parts.lane(LaneId(index), (picked, style), ends, gate, &all)?;
        #[cfg(feature = "voice")]
        let devices = LaneDevices { voice: voice(site, lane, &devices.phrases)?, ..devices };
        wires.lanes.push(devices);
    }
    #[cfg(feature = "turnstile")]
    {
        buses::interlock(&all, &mut wires.lanes);
        // Who goes the right way by one of two directions goes the wrong way by the other: both have to agree first.
        real::alarm(&all, &mut wires.lanes);
    }
    Ok(wires)
}

/// Puts the board's outputs to their safe value, then takes from the panels whoever's name stands there, unless the daemon did so itself: what
/// it left there may be a way out of the house. Returns how many
/// outputs there are. A panel that is gone is in nobody's way: it shows nothing.
pub(super) fn make_safe(site: &Site, clock: &Arc<dyn Clock>, ended_well: bool) -> Result<usize, Failure> {
    let parts = Parts { site, found: Board::find(&site.board)?, clock };
    let outputs = real::make_safe(parts.board());
    let picked = parts.pick_all().unwrap_or_default();
    // A coil that is taken over is switched off first.
    #[cfg(feature = "turnstile")]
    for mut gate in buses::gates(&parts, &picked)?.into_iter().flatten() {
        let _ = gate.tend();
    }
    if !ended_well {
        for (lane, picked) in site.lane.iter().zip(picked) {
            let real = picked.panel.filter(|file| !file.is_simulated());
            if let Some(Ok((mut panel, _))) =
                real.map(|file| real::panel(file, style(site, lane, clock).unwrap_or_default()))
            {
                let _ = panel.show(&Scene::stopped());
            }
        }
    }
    outputs
}

/// A lane's voice, where its panel does not speak itself.
#[cfg(feature = "voice")]
fn voice(
    site: &Site,
    lane: &crate::config::Lane,
    phrases: &Arc<Phrases>,
) -> Result<Option<crate::service::VoicePart>, Failure> {
    use crate::device::voice::{Pack, Player};
    let elsewhere = lane.panel.as_ref().is_some_and(PanelPlace::speaks);
    #[cfg(feature = "page")]
    let elsewhere = elsewhere || super::build::page_speaks(site, lane);
    let Some(voice) = lane.voice.as_ref().filter(|_| !elsewhere) else {
        return Ok(None);
    };
    Ok(Some(crate::service::VoicePart {
        pack: Pack::open(&voice.pack, lane.language)?,
        player: Player::new(voice.player.to_path_buf(), voice.device.clone()),
        phrases: Arc::clone(phrases),
        volume: (voice.volume, voice.quiet_volume),
        quiet: super::build::quiet(site, lane),
    }))
}

/// How a printer's slips are printed.
fn layout(files: &PrinterFiles, site: &Site, phrases: Arc<Phrases>) -> Result<Layout, Failure> {
    let (file, text) = &files.profile;
    let template = match &files.slip {
        Some((file, text)) => Template::parse(file, text),
        None => Template::standard(),
    };
    Ok(Layout {
        profile: Profile::parse(file, text)?,
        template: template?,
        phrases,
        utc_offset: site.hours().utc_offset,
        house: look::house(site)?,
    })
}

impl<'a> Parts<'a> {
    fn read(site: &'a Site, clock: &'a Arc<dyn Clock>) -> Result<Self, Failure> {
        let found = Board::find(&site.board)?;
        // A mistake in a profile or template is found also where no lane prints.
        found.printers.iter().try_for_each(|files| layout(files, site, Arc::default()).map(drop))?;
        Ok(Self { site, found, clock })
    }
}

impl Parts<'_> {
    fn board(&self) -> &Board {
        &self.found.board
    }

    /// One lane's devices, each on its wire or on its twin's.
    fn lane(
        &self,
        id: LaneId,
        (picked, style): (&Picked<'_>, Style),
        mut ends: Option<Ends>,
        spoken: Option<Box<dyn Gate>>,
        all: &[Picked<'_>],
    ) -> Result<LaneDevices, Failure> {
        let mut devices = LaneDevices { phrases: Arc::clone(&style.phrases), ..LaneDevices::default() };
        if let Some(file) = picked.panel {
            let fonts = Fonts::open(&file.font)?;
            devices.panel = match ends.as_mut().filter(|_| file.is_simulated()) {
                Some(ends) => ends.panel(file, style, fonts)?,
                None => {
                    let (panel, absent) = real::panel(file, style)?;
                    devices.absent.extend(absent.map(|error| (Device::Panel, error.into())));
                    Some(panel)
                }
            };
        }
        if let Some((index, file)) = picked.printer {
            let layout = layout(&self.found.printers[index], self.site, Arc::clone(&devices.phrases))?;
            let fonts = Fonts::open(file.font.as_slice())?;
            devices.printer = match ends.as_mut().filter(|_| file.is_simulated()) {
                Some(ends) => ends.printer(layout, fonts, self.clock),
                None => real::printer(file, layout, fonts, self.clock),
            };
        }
        if let Some((_, file)) = picked.gate {
            let timing = timing(file, picked, all.iter().find(|other| picked.shares_with(other)));
            devices.gate = spoken.or_else(|| match ends.as_mut().filter(|_| file.is_simulated()) {
                Some(ends) => ends.gate(file.active_low, timing),
                None => real::gate(file, timing),
            });
            let tended = devices.gate.as_mut().and_then(|gate| gate.tend().err());
            devices.absent.extend(tended.map(|error| (Device::Gate, error.into())));
        }
        if let Some(file) = picked.indicators {
            let sounds = self.site.lane.get(usize::from(id.0)).map(|lane| lane.buzzer.clone().into());
            let sounds = sounds.unwrap_or_default();
            devices.indicator = match ends.as_mut().filter(|_| file.is_simulated()) {
                Some(ends) => ends.indicator(sounds),
                None => real::indicator(file, sounds),
            };
            let tended = devices.indicator.as_mut().and_then(|lights| lights.tend().err());
            devices.absent.extend(tended.map(|error| (Device::Indicators, error.into())));
        }
        let lines: Vec<InputLine> = picked.inputs.iter().map(|input| input_line(input)).collect();
        let source = match ends.as_mut().and_then(Ends::inputs) {
            Some(source) => Some(source),
            None => real::inputs(&picked.inputs).map(|mut source| {
                // Levels that are seen here are seen again by whoever watches.
                for (line, error) in source.look().absent {
                    let is_fire = lines.get(line).is_some_and(|line| line.role == Role::Fire);
                    devices.absent.push((if is_fire { Device::Fire } else { Device::Inputs }, error.into()));
                }
                source
            }),
        };
        devices.inputs = source.map(|source| InputPart { lane: id, lines, source });
        Ok(devices)
    }
}

fn input_line(input: &board::Input) -> InputLine {
    InputLine { role: role(input.is), active_low: input.active_low, debounce: input.debounce() }
}

/// How long what takes at a gate, whose passage is seen by the lane's own sensors, or by those of the other direction.
fn timing(gate: &board::Gate, picked: &Picked<'_>, other: Option<&Picked<'_>>) -> GateTiming {
    let inputs = || picked.inputs.iter().chain(other.iter().flat_map(|other| &other.inputs));
    let has = |kind| inputs().any(|input| input.is == kind);
    let passage = match (has(InputKind::Passage), has(InputKind::PassageExit)) {
        (true, true) => Passage::Directed,
        (true, false) => Passage::Contact,
        (false, _) => Passage::Unseen,
    };
    GateTiming {
        pulse: (gate.action == GateAction::Pulse).then_some(gate.pulse),
        min_gap: gate.min_gap,
        passage,
        pass_within: gate.pass_within,
        held_open: gate.held_open,
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
        InputKind::Start => Role::Button(Button::Start),
        InputKind::CallStaff => Role::Button(Button::CallStaff),
        InputKind::Choice1 => Role::Button(Button::Choice(1)),
        InputKind::Choice2 => Role::Button(Button::Choice(2)),
        InputKind::Choice3 => Role::Button(Button::Choice(3)),
        InputKind::Choice4 => Role::Button(Button::Choice(4)),
        InputKind::Choice5 => Role::Button(Button::Choice(5)),
        InputKind::Choice6 => Role::Button(Button::Choice(6)),
        InputKind::Choice7 => Role::Button(Button::Choice(7)),
        InputKind::Choice8 => Role::Button(Button::Choice(8)),
        InputKind::Closed => Role::OutOfService(OutOfService::Closed),
        InputKind::Maintenance => Role::OutOfService(OutOfService::Maintenance),
        InputKind::PaperLow => Role::PaperLow,
        InputKind::PaperOut => Role::PaperOut,
    }
}
