//! Board file → [`Board`]: how this board is wired. Data, one TOML per board in `board/`.
//!
//! Polarity stands here and nowhere else; lines are found by name, else by chip label and offset, never by a
//! `gpiochip` number, because those move between kernels.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de};

use crate::{
    config::{line_of, read_bounded},
    fault::{Code, Fault},
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

/// `[panel]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Panel {
    /// The controller.
    pub kind: PanelKind,
    /// How it is connected.
    pub wire: PanelWire,
    /// SPI clock; up to 200 kHz a streamed write needs no delays.
    #[serde(default = "default_hz")]
    pub hz: u32,
    /// The character ROM's variant.
    #[serde(default)]
    pub rom: Rom,
}

/// `panel.kind`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanelKind {
    /// 128×64 with a Chinese character ROM.
    St7920,
}

/// `panel.rom`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rom {
    /// ST7920-0B
    #[default]
    Gb2312,
}

/// `panel.wire`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelWire {
    /// A twin.
    Simulated,
    /// `spi:DEVICE`
    Spi(PathBuf),
}

/// `[printer]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Printer {
    /// Name of a profile in `printers/` beside the board file.
    pub profile: String,
    /// How it is connected.
    pub wire: PrinterWire,
}

/// `printer.wire`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrinterWire {
    /// A twin.
    Simulated,
    /// `serial:DEVICE:BAUD`
    Serial {
        /// The device.
        device: PathBuf,
        /// Its speed.
        baud: u32,
    },
    /// `tcp:HOST:PORT`, usually 9100.
    Tcp(String),
    /// `usb:DEVICE`, a `/dev/usb/lp*`.
    Usb(PathBuf),
}

/// `[gate]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gate {
    /// How it is connected.
    pub wire: GateWire,
    /// The gate opens when the line is physically low.
    #[serde(default)]
    pub active_low: bool,
    /// How long the output stays active, 100–2000.
    #[serde(default = "default_pulse", deserialize_with = "pulse")]
    pub pulse_ms: u32,
    /// Least time between two pulses.
    #[serde(default = "default_gap")]
    pub min_gap_ms: u32,
    /// The relay or controller ends a pulse by itself; without it a stuck pulse has no bound, and `check` warns.
    #[serde(default)]
    pub one_shot: bool,
}

/// `gate.wire`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, rename_all = "kebab-case")]
pub enum GateWire {
    /// A line by its name, `{ name = "GATE_OPEN" }`.
    Named {
        /// The kernel's name of the line.
        name: String,
    },
    /// A line by chip label and offset, `{ chip = "gpio3", offset = 17 }`.
    Placed {
        /// The chip's label, as `gpiodetect` prints it in brackets.
        chip: String,
        /// The line's offset on the chip.
        offset: u32,
    },
    /// `"simulated"`: a twin.
    Simulated(SimulatedWord),
}

/// The word `simulated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SimulatedWord {
    /// A twin at the other end of the wire.
    Simulated,
}

/// A board together with its printer's profile, still as text: `device` parses it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The board.
    pub board: Board,
    /// The profile's file name, for messages, and its text.
    pub profile: Option<(PathBuf, String)>,
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
            return Ok(Found { board, profile: Some(profile) });
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
        let profile = match &board.printer {
            Some(printer) => {
                let folder = file.parent().unwrap_or(Path::new("")).join("printers");
                let profile = folder.join(format!("{}.toml", printer.profile));
                let text = read(&profile)?;
                Some((profile, text))
            }
            None => None,
        };
        Ok(Found { board, profile })
    }

    /// Parses the text of a board file; `file` is for messages.
    pub fn parse(file: &Path, text: &str) -> Result<Self, BoardError> {
        toml::from_str(text).map_err(|error| BoardError::Line {
            file: file.to_owned(),
            line: line_of(text, error.span()),
            message: error.message().to_owned(),
        })
    }

    fn fits_this_machine(&self, file: &Path) -> Result<(), BoardError> {
        if self.board.compatible.is_empty() {
            return Ok(());
        }
        let machine = std::fs::read("/proc/device-tree/compatible").unwrap_or_default();
        let fits = machine.split(|byte| *byte == 0).any(|word| {
            std::str::from_utf8(word).is_ok_and(|word| self.board.compatible.iter().any(|allowed| allowed == word))
        });
        if fits {
            return Ok(());
        }
        Err(BoardError::OtherMachine { file: file.to_owned(), allowed: self.board.compatible.clone() })
    }
}

impl<'de> Deserialize<'de> for PanelWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix("spi:") {
            Some(device) if !device.is_empty() => Ok(Self::Spi(PathBuf::from(device))),
            None if text == "simulated" => Ok(Self::Simulated),
            _ => Err(de::Error::custom("expected \"simulated\" or \"spi:DEVICE\"")),
        }
    }
}

impl<'de> Deserialize<'de> for PrinterWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "simulated" {
            return Ok(Self::Simulated);
        }
        let parsed = match text.split_once(':') {
            Some(("serial", rest)) => rest.rsplit_once(':').and_then(|(device, baud)| {
                let baud = baud.parse().ok().filter(|baud| *baud >= 300)?;
                Some(Self::Serial { device: PathBuf::from(device), baud })
            }),
            Some(("tcp", rest)) => rest
                .rsplit_once(':')
                .filter(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
                .map(|_| Self::Tcp(rest.to_owned())),
            Some(("usb", device)) if !device.is_empty() => Some(Self::Usb(PathBuf::from(device))),
            _ => None,
        };
        let allowed = "expected \"simulated\", \"serial:DEVICE:BAUD\", \"tcp:HOST:PORT\" or \"usb:DEVICE\"";
        parsed.ok_or_else(|| de::Error::custom(allowed))
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

fn pulse<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        milliseconds @ 100..=2000 => Ok(milliseconds),
        _ => Err(de::Error::custom("expected 100–2000 milliseconds")),
    }
}

fn default_hz() -> u32 {
    200_000
}

fn default_pulse() -> u32 {
    300
}

fn default_gap() -> u32 {
    1000
}
