//! `[gate]` whose controller is spoken with: where it is, and which file says what it understands.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de};

use super::{Board, BoardError, GateWire};
use crate::{
    device::turnstile::{Framing, NumberBits},
    files::{self, MOST},
};

/// `gate.wire = { turnstile = … }`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TurnstileWire {
    /// Name of a table in `turnstiles/` beside the board file.
    pub turnstile: String,
    /// Its bus.
    pub port: BusPort,
    /// Its number on the bus.
    #[serde(default = "first")]
    pub address: u8,
    /// Which way is the lane's, as the controller calls it.
    #[serde(default)]
    pub opens: GateSide,
    /// Whoever comes the other way, which no lane has, is nobody's business.
    #[serde(default)]
    pub other_way_free: bool,
    /// What is sent comes back first.
    #[serde(default)]
    pub echo: bool,
    /// The kernel switches the port's direction, by RTS.
    #[serde(default)]
    pub rts_direction: bool,
}

/// `gate.wire = { coil = … }`: a coil of a Modbus relay board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CoilWire {
    /// Its number, from 0.
    pub coil: u16,
    /// Its bus: RTU on `serial:` and `unix:`, Modbus TCP on `tcp:`.
    pub port: BusPort,
    /// The board's number on the bus.
    #[serde(default = "first")]
    pub unit: u8,
    /// The bus's speed.
    #[serde(default = "default_baud")]
    pub baud: u32,
    /// Data bits, parity, stop bits.
    #[serde(default)]
    pub framing: Framing,
    /// What is sent comes back first.
    #[serde(default)]
    pub echo: bool,
    /// The kernel switches the port's direction, by RTS.
    #[serde(default)]
    pub rts_direction: bool,
}

/// `gate.wire = { wiegand = … }`: a kernel driver that sends numbers to an access controller.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WiegandWire {
    /// The driver's file.
    pub wiegand: PathBuf,
    /// How long a number is.
    #[serde(default)]
    pub bits: NumberBits,
}

/// `opens`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateSide {
    /// Left.
    #[default]
    Left,
    /// Right.
    Right,
}

/// `port`: a bus that several gates may share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BusPort {
    /// `serial:DEVICE`, at the table's speed.
    Serial(PathBuf),
    /// `tcp:HOST:PORT`, a serial server that hands bytes on as they come.
    Tcp(String),
    /// `unix:PATH`, a socket that something else listens on.
    Unix(PathBuf),
}

/// The table that each gate names, in their order.
pub(super) fn tables(board: &Board, file: &Path) -> Result<Vec<Option<(PathBuf, String)>>, BoardError> {
    let folder = file.parent().unwrap_or(Path::new("")).join("turnstiles");
    let table = |wire: &GateWire| match wire {
        GateWire::Turnstile(wire) => {
            let file = folder.join(format!("{}.toml", wire.turnstile));
            let text = files::read_text(&file, MOST)?;
            Ok(Some((file, text)))
        }
        GateWire::Coil(_) | GateWire::Wiegand(_) | GateWire::Line(_) => Ok(None),
    };
    board.gates.iter().map(|gate| table(&gate.wire)).collect()
}

/// A gate that shares with one that does not share with it, and why that is wrong.
pub(super) fn unshared(board: &Board) -> Option<String> {
    let named = |name: &str| board.gates.iter().find(|gate| gate.name.as_deref() == Some(name));
    let alone = board.gates.iter().find(|gate| {
        let other = gate.shares.as_deref().map(named);
        other.is_some_and(|other| {
            other.is_none_or(|other| gate.name.is_none() || other.shares != gate.name || other.name == gate.name)
        })
    })?;
    let name = alone.name.as_deref().unwrap_or("without a name");
    Some(format!("gate {name} shares with one that does not share with it: each of the two names the other"))
}

impl fmt::Display for BusPort {
    /// As it stands in the board file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(device) => write!(f, "serial:{}", device.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for BusPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = match text.split_once(':') {
            Some(("serial", device)) if device.starts_with('/') => Some(Self::Serial(PathBuf::from(device))),
            Some(("tcp", rest)) => rest
                .rsplit_once(':')
                .filter(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
                .map(|_| Self::Tcp(rest.to_owned())),
            Some(("unix", path)) if !path.is_empty() => Some(Self::Unix(PathBuf::from(path))),
            _ => None,
        };
        parsed.ok_or_else(|| de::Error::custom("expected \"serial:DEVICE\", \"tcp:HOST:PORT\" or \"unix:PATH\""))
    }
}

fn first() -> u8 {
    1
}

fn default_baud() -> u32 {
    9600
}
