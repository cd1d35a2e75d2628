//! Which of the board's devices a lane uses. What is picked and is not there, or serves another lane already, is refused
//! with both files.

use std::collections::BTreeSet;

use super::Parts;
use crate::{
    board::{Device, Gate, Indicators, Input, InputKind, LineWire, Panel, PanelPlace, Place, Printer},
    config::Lane,
    fault::{Code, Failure, Fault},
};

/// What one lane uses of the board.
pub(super) struct Picked<'a> {
    pub(super) panel: Option<&'a Panel>,
    /// With its place among the board's printers.
    pub(super) printer: Option<(usize, &'a Printer)>,
    /// With its place among the board's gates.
    pub(super) gate: Option<(usize, &'a Gate)>,
    pub(super) indicators: Option<&'a Indicators>,
    pub(super) inputs: Vec<&'a Input>,
}

impl Picked<'_> {
    /// A twin stands behind something of it.
    pub(super) fn is_simulated(&self) -> bool {
        self.panel.is_some_and(Device::is_simulated)
            || self.printer.is_some_and(|(_, printer)| printer.is_simulated())
            || self.gate.is_some_and(|(_, gate)| gate.is_simulated())
            || self.indicators.is_some_and(Device::is_simulated)
            || self.inputs.iter().any(|input| is_simulated(input))
    }

    /// Their gates are the two directions of one.
    #[cfg(feature = "turnstile")]
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        let shares = self.gate.and_then(|(_, gate)| gate.shares.as_ref());
        shares.is_some() && shares == other.gate.and_then(|(_, gate)| gate.name.as_ref())
    }

    /// Nothing shares in this build.
    #[cfg(not(feature = "turnstile"))]
    pub(super) fn shares_with(&self, _: &Self) -> bool {
        false
    }
}

/// Twins are made for each lane: such an input is everybody's.
fn is_simulated(input: &Input) -> bool {
    matches!(input.wire, LineWire::Simulated(_))
}

/// A lane of the site file and the board file that do not fit each other.
#[derive(Debug, thiserror::Error)]
#[error("{at}: lane {lane}: {wants}, but {has}")]
pub(super) struct Misfit {
    at: String,
    lane: String,
    wants: String,
    has: String,
}

impl Fault for Misfit {
    fn code(&self) -> Code {
        Code::C101
    }
}

impl Parts<'_> {
    /// What every lane uses, in the site file's order.
    pub(super) fn pick_all(&self) -> Result<Vec<Picked<'_>>, Failure> {
        let board = self.board();
        let mut picked = Vec::new();
        let mut used = BTreeSet::new();
        for (index, lane) in self.site.lane.iter().enumerate() {
            let panel = match &lane.panel {
                Some(PanelPlace::On(place)) => place,
                Some(_) => &Place::None,
                None if board.panels.is_empty() => &Place::None,
                None => &Place::Board,
            };
            let indicators = match &lane.indicators {
                Some(place) => place,
                None if board.indicators.len() != 1 => &Place::None,
                None if board.indicators[0].is_simulated() || index == self.first() => &Place::Board,
                None => &Place::None,
            };
            picked.push(Picked {
                panel: self.pick(lane, &board.panels, panel, &mut used)?.map(|(_, panel)| panel),
                printer: self.pick(lane, &board.printers, &lane.printer, &mut used)?,
                gate: self.pick(lane, &board.gates, &lane.gate, &mut used)?,
                indicators: self.pick(lane, &board.indicators, indicators, &mut used)?.map(|(_, lights)| lights),
                inputs: self.pick_inputs(lane, index, &mut used)?,
            });
        }
        self.watch_fire(&mut picked);
        Ok(picked)
    }

    /// The fire input stops every lane: one of a group that no lane picks is watched all the same.
    fn watch_fire<'a>(&'a self, picked: &mut [Picked<'a>]) {
        let fires = self.board().inputs.iter().filter(|input| input.is == InputKind::Fire);
        for fire in fires {
            let watched = picked.iter().any(|lane| lane.inputs.iter().any(|input| input.wire == fire.wire));
            if let (false, Some(first)) = (watched, picked.first_mut()) {
                first.inputs.push(fire);
            }
        }
    }

    /// The first lane that uses the board at all: whatever has no other owner is its.
    fn first(&self) -> usize {
        let uses = |lane: &Lane| on_board(lane) || lane.printer != Place::None || lane.gate != Place::None;
        self.site.lane.iter().position(uses).unwrap_or(0)
    }

    /// The lane that an input without a group belongs to.
    fn owner(&self, kind: InputKind) -> usize {
        let uses: fn(&Lane) -> bool = match kind {
            InputKind::Passage | InputKind::PassageExit | InputKind::Door => |lane| lane.gate != Place::None,
            InputKind::PaperLow | InputKind::PaperOut => |lane| lane.printer != Place::None,
            _ => on_board,
        };
        self.site.lane.iter().position(uses).unwrap_or_else(|| self.first())
    }

    /// One device; `used` has those that serve a lane already.
    fn pick<'a, D: Device>(
        &self,
        lane: &Lane,
        devices: &'a [D],
        place: &Place,
        used: &mut BTreeSet<(&'static str, String)>,
    ) -> Result<Option<(usize, &'a D)>, Failure> {
        let (table, word) = (
            D::TABLE,
            match place {
                Place::None => return Ok(None),
                Place::Board => "board",
                Place::Named(name) => name,
            },
        );
        let refuse = |has: String| Err(self.misfit(lane, table, word, has));
        let file = self.found.file.display();
        let found = match place {
            Place::Named(name) => devices.iter().position(|device| device.name() == Some(name)),
            _ => Some(0).filter(|_| devices.len() == 1),
        };
        let Some(index) = found else {
            let names: Vec<&str> = devices.iter().filter_map(|device| device.name()).collect();
            return refuse(match (devices.len(), place) {
                (0, _) => format!("{file} has no [{table}]"),
                (_, Place::Board) => format!("{file} has several [[{table}]]: name one of {}", names.join(", ")),
                _ if names.is_empty() => format!("the only [{table}] of {file} has no name: write \"board\""),
                _ => format!("the [[{table}]] of {file} are called {}", names.join(", ")),
            });
        };
        let device = &devices[index];
        if !device.is_simulated() && !used.insert((table, index.to_string())) {
            return refuse(format!("that of {file} serves another lane already"));
        }
        Ok(Some((index, device)))
    }

    /// The lane's group, or without one what has no group and serves a device of the lane's.
    fn pick_inputs(
        &self,
        lane: &Lane,
        index: usize,
        used: &mut BTreeSet<(&'static str, String)>,
    ) -> Result<Vec<&Input>, Failure> {
        let inputs = self.board().inputs.iter();
        let Some(group) = &lane.inputs else {
            let is_ours = |input: &&Input| is_simulated(input) || self.owner(input.is) == index;
            return Ok(inputs.filter(|input| input.group.is_none()).filter(is_ours).collect());
        };
        let ours: Vec<&Input> = inputs.filter(|input| input.group.as_ref() == Some(group)).collect();
        let refuse =
            |has: &str| Err(self.misfit(lane, "inputs", group, format!("{} {has}", self.found.file.display())));
        if ours.is_empty() {
            return refuse("has no [[input]] of that group");
        }
        if !ours.iter().all(|input| is_simulated(input)) && !used.insert(("inputs", group.clone())) {
            return refuse("has that group for one lane, and another has it already");
        }
        Ok(ours)
    }

    fn misfit(&self, lane: &Lane, key: &'static str, word: &str, has: String) -> Failure {
        let (at, wants) = (lane.written.at(key), format!("{key} = \"{word}\""));
        Failure::from(Misfit { at, lane: lane.name.clone(), wants, has })
    }
}

/// Its scenes are shown on the board's panel.
fn on_board(lane: &Lane) -> bool {
    lane.panel.as_ref().is_none_or(|place| !place.is_elsewhere() && *place != PanelPlace::On(Place::None))
}
