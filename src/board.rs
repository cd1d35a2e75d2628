//! Board file → [`Board`]: how this board is wired. Data, one TOML per board in `board/`.
//!
//! Polarity stands here and nowhere else; lines are found by name, else by chip label and offset, never by a
//! `gpiochip` number, because those move between kernels.

mod lines;
#[cfg(feature = "screen")]
mod look;
mod panel;
mod place;
mod sound;
#[cfg(feature = "turnstile")]
mod turnstile;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de};

use crate::{
    fault::{Code, Fault},
    files::{self, FileError, MOST, Settings, WrongLine},
    words::setting,
};

#[cfg(feature = "screen")]
pub use self::look::{BrandFile, Colours};
pub use self::{
    lines::{Gate, GateAction, Indicators, Input, InputKind, Lamp},
    panel::{LineName, Panel, PanelKind},
    place::{PanelPlace, Place, Simulated},
    sound::Buzzer,
    wire::{GateWire, LineWire, PanelWire, PrinterWire, SimulatedWord},
};

#[cfg(feature = "turnstile")]
pub use self::turnstile::{BusPort, CoilWire, GateSide, TurnstileWire};

#[cfg(feature = "voice")]
pub use self::sound::Voice;

/// A board as wired.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Board {
    /// Version of this format: 1.
    #[serde(deserialize_with = "schema")]
    pub schema: u8,
    /// Which board.
    pub board: Id,
    /// Its panels; `[panel]` is the only one of `[[panel]]`.
    #[serde(default, rename = "panel")]
    pub panels: Vec<Panel>,
    /// Its printers.
    #[serde(default, rename = "printer")]
    pub printers: Vec<Printer>,
    /// Its gate outputs.
    #[serde(default, rename = "gate")]
    pub gates: Vec<Gate>,
    /// Its lights and buzzers.
    #[serde(default)]
    pub indicators: Vec<Indicators>,
    /// Its buttons, switches and sensors.
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
}

/// A device that lanes pick by its name.
pub trait Device {
    /// The board file's table.
    const TABLE: &'static str;

    /// Its name; a board's only one may do without.
    fn name(&self) -> Option<&str>;

    /// A twin is made for every lane that picks it; anything else serves one.
    fn is_simulated(&self) -> bool;
}

/// `[board]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Id {
    /// The file's name without `.toml`.
    pub id: String,
    /// One of these stands in the device tree's `compatible`; empty accepts any machine.
    #[serde(default)]
    pub compatible: Vec<String>,
}

/// `[printer]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Printer {
    /// What lanes call it.
    #[serde(default, deserialize_with = "some_name")]
    pub name: Option<String>,
    /// Name of a profile in `printers/` beside the board file.
    pub profile: String,
    /// How it is connected.
    pub wire: PrinterWire,
    /// What holds our bytes back when the printer's buffer is full.
    #[serde(default)]
    pub flow: Flow,
    /// The printer's DTR or BUSY as an input line; no more than 64 bytes are sent while it is not looked at.
    pub busy: Option<Busy>,
    /// Another slip template than the profile's own width asks for: a file in `printers/slips/`.
    pub slip: Option<String>,
    /// An outline font for characters that neither ROM nor program hold.
    pub font: Option<PathBuf>,
}

/// `printer.flow`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// No line holds bytes back: the printer's buffer is believed.
    #[default]
    None,
    /// The serial port's RTS and CTS.
    RtsCts,
}

/// `printer.busy`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Busy {
    /// How it is connected.
    pub wire: LineWire,
    /// It is busy when the line is physically low.
    #[serde(default)]
    pub active_low: bool,
}

/// A board together with its printers' files, still as text: `device` parses them.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it was found, for messages.
    pub file: PathBuf,
    /// The board.
    pub board: Board,
    /// What each printer names, in their order.
    pub printers: Vec<PrinterFiles>,
    /// The table that each gate names, in their order.
    #[cfg(feature = "turnstile")]
    pub turnstiles: Vec<Option<(PathBuf, String)>>,
}

/// The files that a printer names: each its name, for messages, and its text.
#[derive(Clone, Debug)]
pub struct PrinterFiles {
    /// Its profile.
    pub profile: (PathBuf, String),
    /// The slip's template, where the board names one.
    pub slip: Option<(PathBuf, String)>,
}

/// Why a board file is not usable.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// There is no such board.
    #[error("no board \"{name}\"; shipped boards lie in /usr/share/facemchd/board, or give the path of a file")]
    Missing {
        /// What was asked for.
        name: String,
    },
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is wrong.
    #[error(transparent)]
    Line(#[from] WrongLine),
    /// This is another machine.
    #[error("{}: this machine is not one of {allowed:?}", file.display())]
    OtherMachine {
        /// The file's path.
        file: PathBuf,
        /// What it is for.
        allowed: Vec<String>,
    },
}

impl Fault for BoardError {
    fn code(&self) -> Code {
        Code::C102
    }
}

/// What the machine is, as the kernel was told; `/proc` has a link to it, which the unit does not see (`ProcSubset=pid`).
pub(crate) const DEVICE_TREE: &str = "/sys/firmware/devicetree/base";

/// The simulated board travels with the program, so that it can be tried anywhere.
const SIMULATED: &str = include_str!("../board/simulated.toml");
const SIMULATED_PRINTER: &str = include_str!("../board/printers/simulated.toml");

impl Board {
    /// Finds a board by the site file's word: a path, the built-in `simulated`, or a file under
    /// `/usr/share/facemchd/board`.
    pub fn find(word: &str) -> Result<Found, BoardError> {
        if word == "simulated" {
            let file = PathBuf::from("board/simulated.toml");
            let board = Self::parse(&file, SIMULATED)?;
            let profile = (PathBuf::from("board/printers/simulated.toml"), SIMULATED_PRINTER.to_owned());
            let printers = vec![PrinterFiles { profile, slip: None }; board.printers.len()];
            return Ok(Found {
                #[cfg(feature = "turnstile")]
                turnstiles: vec![None; board.gates.len()],
                file,
                board,
                printers,
            });
        }
        let file = files::by_path_or_name(word, "board");
        if !file.exists() {
            return Err(BoardError::Missing { name: word.to_owned() });
        }
        let board = Self::parse(&file, &files::read_text(&file, MOST)?)?;
        board.fits_this_machine(&file)?;
        let folder = file.parent().unwrap_or(Path::new("")).join("printers");
        let beside = |name: String| -> Result<(PathBuf, String), BoardError> {
            let file = folder.join(name);
            let text = files::read_text(&file, MOST)?;
            Ok((file, text))
        };
        let files = |printer: &Printer| -> Result<PrinterFiles, BoardError> {
            let slip = printer.slip.as_ref().map(|slip| beside(format!("slips/{slip}.toml"))).transpose()?;
            Ok(PrinterFiles { profile: beside(format!("{}.toml", printer.profile))?, slip })
        };
        let printers = board.printers.iter().map(files).collect::<Result<_, _>>()?;
        #[cfg(feature = "turnstile")]
        let turnstiles = turnstile::tables(&board, &file)?;
        Ok(Found {
            file,
            board,
            printers,
            #[cfg(feature = "turnstile")]
            turnstiles,
        })
    }

    /// Parses the text of a board file; `file` is for messages.
    pub fn parse(file: &Path, text: &str) -> Result<Self, BoardError> {
        let wrong = |line, message| BoardError::from(WrongLine { file: file.to_owned(), line, message });
        let many = ["panel", "printer", "gate", "indicators"];
        let board: Self = Settings::parse(file, text, &many)?.read(file)?;
        let line_with = |words: &str| text.lines().position(|line| line.contains(words)).map_or(1, |at| at + 1);
        if let Some(misfit) = board.panels.iter().find_map(Panel::misfit) {
            return Err(wrong(line_with("[panel]"), misfit.to_owned()));
        }
        let named =
            [nameless(&board.panels), nameless(&board.printers), nameless(&board.gates), nameless(&board.indicators)];
        if let Some((table, message)) = named.into_iter().flatten().next().or_else(|| board.homeless()) {
            return Err(wrong(line_with(table), message));
        }
        #[cfg(feature = "turnstile")]
        if let Some(message) = turnstile::unshared(&board) {
            return Err(wrong(line_with("shares"), message));
        }
        if let Some((what, first, second)) = board.twice() {
            let message = format!("{what} is both {first} and {second}: a line has one use");
            return Err(wrong(line_with(second), message));
        }
        Ok(board)
    }

    /// Every line and what it is used for.
    pub fn lines(&self) -> Vec<(&LineWire, &'static str)> {
        let mut lines: Vec<(&LineWire, &'static str)> = Vec::new();
        lines.extend(self.panels.iter().flat_map(|panel| panel.lines.values()).map(|wire| (wire, "panel")));
        lines.extend(self.printers.iter().filter_map(|printer| printer.busy.as_ref()).map(|busy| (&busy.wire, "busy")));
        lines.extend(self.gates.iter().filter_map(|gate| Some((gate.wire.line()?, "gate"))));
        #[cfg(feature = "turnstile")]
        lines.extend(self.gates.iter().filter_map(|gate| Some((&gate.alarm.as_ref()?.wire, "alarm"))));
        for Indicators { green, red, amber, buzzer, .. } in &self.indicators {
            for (lamp, name) in [(green, "green"), (red, "red"), (amber, "amber"), (buzzer, "buzzer")] {
                lines.extend(lamp.iter().map(|lamp| (&lamp.wire, name)));
            }
        }
        lines.extend(self.inputs.iter().map(|input| (&input.wire, input.is.as_str())));
        lines
    }

    /// The files that stand for a bench's lines.
    pub fn files(&self) -> Vec<PathBuf> {
        let file = |(wire, _): (&LineWire, &str)| match wire {
            LineWire::File { file } => Some(file.clone()),
            _ => None,
        };
        self.lines().into_iter().filter_map(file).collect()
    }

    /// A line that stands twice in the file, or an input that does: what, and its two uses.
    fn twice(&self) -> Option<(String, &'static str, &'static str)> {
        let mut used: BTreeMap<String, &'static str> = BTreeMap::new();
        for (wire, name) in self.lines() {
            for key in wire.keys() {
                if let Some(earlier) = used.insert(key.clone(), name) {
                    return Some((key, earlier, name));
                }
            }
        }
        let mut kinds = BTreeSet::new();
        let twice = self.inputs.iter().find(|input| !kinds.insert((&input.group, input.is)))?.is.as_str();
        Some((format!("input {twice}"), twice, twice))
    }

    /// An input of which nobody could say whose it is: where to look in the file, and why.
    fn homeless(&self) -> Option<(&'static str, String)> {
        let several = |kind: InputKind| match kind {
            InputKind::Passage | InputKind::PassageExit | InputKind::Door => (self.gates.len(), Gate::TABLE),
            InputKind::PaperLow | InputKind::PaperOut => (self.printers.len(), Printer::TABLE),
            InputKind::Fire | InputKind::Tamper => (1, ""),
            _ => (self.panels.len(), Panel::TABLE),
        };
        let input = self.inputs.iter().find(|input| input.group.is_none() && several(input.is).0 > 1)?;
        let ((_, table), is) = (several(input.is), input.is.as_str());
        Some((is, format!("where there are several [[{table}]], input {is} needs a group, which a lane picks")))
    }

    fn fits_this_machine(&self, file: &Path) -> Result<(), BoardError> {
        if self.board.compatible.is_empty() {
            return Ok(());
        }
        let machine = files::read(&Path::new(DEVICE_TREE).join("compatible"), MOST).unwrap_or_default();
        let fits = machine.split(|byte| *byte == 0).any(|word| {
            std::str::from_utf8(word).is_ok_and(|word| self.board.compatible.iter().any(|allowed| allowed == word))
        });
        if fits {
            return Ok(());
        }
        Err(BoardError::OtherMachine { file: file.to_owned(), allowed: self.board.compatible.clone() })
    }
}

impl Device for Printer {
    const TABLE: &'static str = "printer";

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn is_simulated(&self) -> bool {
        self.wire == PrinterWire::Simulated
    }
}

/// Several devices of a kind without names to tell them apart: which table, and what is wrong.
fn nameless<D: Device>(devices: &[D]) -> Option<(&'static str, String)> {
    if devices.len() < 2 {
        return None;
    }
    let mut names = BTreeSet::new();
    let apart = devices.iter().all(|device| device.name().is_some_and(|name| names.insert(name)));
    (!apart).then(|| (D::TABLE, format!("where there are several [[{0}]], each needs a name of its own", D::TABLE)))
}

/// A device's or an input group's name: none of the words that a lane uses otherwise.
fn some_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = setting::name(deserializer)?;
    match name.as_str() {
        "board" | "terminal" | "none" => Err(de::Error::custom("\"board\", \"terminal\" and \"none\" are no names")),
        _ => Ok(Some(name)),
    }
}

fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        1 => Ok(1),
        _ => Err(de::Error::custom("expected schema = 1")),
    }
}
