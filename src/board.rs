//! Board file → [`Board`]: how this board is wired. Data, one TOML per board in `board/`.
//!
//! Polarity stands here and nowhere else; lines are found by name, else by chip label and offset, never by a
//! `gpiochip` number, because those move between kernels.

mod lines;
mod panel;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de};

use crate::{
    config::{line_of, read_bounded},
    fault::{Code, Fault},
};

pub use self::{
    lines::{Bias, Gate, GateAction, Indicators, Input, InputKind, Lamp},
    panel::{LineName, Panel, PanelKind, Rom},
    wire::{LineWire, PanelWire, PrinterWire, SimulatedWord},
};

/// A board as wired.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Board {
    /// Version of this format: 1.
    #[serde(deserialize_with = "schema")]
    pub schema: u8,
    /// Which board.
    pub board: Id,
    /// Its panel, if it has one.
    pub panel: Option<Panel>,
    /// Its printer, if it has one.
    pub printer: Option<Printer>,
    /// Its gate output, if it has one.
    pub gate: Option<Gate>,
    /// Its lights and buzzer.
    #[serde(default)]
    pub indicators: Indicators,
    /// Its buttons, switches and sensors.
    #[serde(default)]
    pub input: Vec<Input>,
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
    /// Nothing.
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

/// A board together with its printer's profile, still as text: `device` parses it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The board.
    pub board: Board,
    /// The profile's file name, for messages, and its text.
    pub profile: Option<(PathBuf, String)>,
    /// The slip's template, where the board names one: its file name and text.
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
    #[error("{}: cannot be read", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is wrong.
    #[error("{}:{line}: {message}", file.display())]
    Line {
        /// Which file.
        file: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong, and what is allowed.
        message: String,
    },
    /// This is another machine.
    #[error("{}: this machine is not one of {allowed:?}", file.display())]
    OtherMachine {
        /// Which file.
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
pub const DEVICE_TREE: &str = "/sys/firmware/devicetree/base";

/// The simulated board travels with the program, so that it can be tried anywhere.
const SIMULATED: &str = include_str!("../board/simulated.toml");
const SIMULATED_PRINTER: &str = include_str!("../board/printers/simulated.toml");

impl Board {
    /// Finds a board by the site file's word: a path, the built-in `simulated`, or a file under
    /// `/usr/share/facemchd/board`.
    pub fn find(word: &str) -> Result<Found, BoardError> {
        if word == "simulated" {
            let board = Self::parse(Path::new("board/simulated.toml"), SIMULATED)?;
            let profile = (PathBuf::from("board/printers/simulated.toml"), SIMULATED_PRINTER.to_owned());
            return Ok(Found { board, profile: Some(profile), slip: None });
        }
        let file = if word.contains('/') || word.ends_with(".toml") {
            PathBuf::from(word)
        } else {
            Path::new("/usr/share/facemchd/board").join(format!("{word}.toml"))
        };
        if !file.exists() {
            return Err(BoardError::Missing { name: word.to_owned() });
        }
        let board = Self::parse(&file, &read(&file)?)?;
        board.fits_this_machine(&file)?;
        let folder = file.parent().unwrap_or(Path::new("")).join("printers");
        let beside = |name: String| -> Result<(PathBuf, String), BoardError> {
            let file = folder.join(name);
            let text = read(&file)?;
            Ok((file, text))
        };
        let profile = board.printer.as_ref().map(|printer| beside(format!("{}.toml", printer.profile))).transpose()?;
        let slip = board.printer.as_ref().and_then(|printer| printer.slip.as_ref());
        let slip = slip.map(|slip| beside(format!("slips/{slip}.toml"))).transpose()?;
        Ok(Found { board, profile, slip })
    }

    /// Parses the text of a board file; `file` is for messages.
    pub fn parse(file: &Path, text: &str) -> Result<Self, BoardError> {
        let wrong = |line, message| BoardError::Line { file: file.to_owned(), line, message };
        let board: Self =
            toml::from_str(text).map_err(|error| wrong(line_of(text, error.span()), error.message().to_owned()))?;
        let line_with = |words: &str| text.lines().position(|line| line.contains(words)).map_or(1, |at| at + 1);
        if let Some(misfit) = board.panel.as_ref().and_then(Panel::misfit) {
            return Err(wrong(line_with("[panel]"), misfit.to_owned()));
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
        lines.extend(self.panel.iter().flat_map(|panel| panel.lines.values()).map(|wire| (wire, "panel")));
        lines.extend(self.printer.iter().filter_map(|printer| printer.busy.as_ref()).map(|busy| (&busy.wire, "busy")));
        lines.extend(self.gate.iter().map(|gate| (&gate.wire, "gate")));
        let Indicators { green, red, amber, buzzer } = &self.indicators;
        for (lamp, name) in [(green, "green"), (red, "red"), (amber, "amber"), (buzzer, "buzzer")] {
            lines.extend(lamp.iter().map(|lamp| (&lamp.wire, name)));
        }
        lines.extend(self.input.iter().map(|input| (&input.wire, input.is.as_str())));
        lines
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
        let twice = self.input.iter().find(|input| !kinds.insert(input.is))?.is.as_str();
        Some((format!("input {twice}"), twice, twice))
    }

    fn fits_this_machine(&self, file: &Path) -> Result<(), BoardError> {
        if self.board.compatible.is_empty() {
            return Ok(());
        }
        let machine = std::fs::read(Path::new(DEVICE_TREE).join("compatible")).unwrap_or_default();
        let fits = machine.split(|byte| *byte == 0).any(|word| {
            std::str::from_utf8(word).is_ok_and(|word| self.board.compatible.iter().any(|allowed| allowed == word))
        });
        if fits {
            return Ok(());
        }
        Err(BoardError::OtherMachine { file: file.to_owned(), allowed: self.board.compatible.clone() })
    }
}

fn read(file: &Path) -> Result<String, BoardError> {
    read_bounded(file).map_err(|source| BoardError::Unreadable { file: file.to_owned(), source })
}

fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        1 => Ok(1),
        _ => Err(de::Error::custom("expected schema = 1")),
    }
}
