//! Where a device is: lines, buses, ports. Texts of the form `spi:DEVICE`, and tables for GPIO lines.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, de};

/// One GPIO line, or what stands for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(
    untagged,
    rename_all = "kebab-case",
    expecting = "expected { name = \"LINE\" }, { chip = \"LABEL\", offset = N }, { led = \"NAME\" }, { file = \"PATH\" } or \"simulated\""
)]
pub enum LineWire {
    /// A line by its name, `{ name = "GATE_OPEN" }`; where the kernel knows no such name, by the chip and offset beside
    /// it, `{ name = "GATE_OPEN", chip = "gpio3", offset = 17 }`.
    Named {
        /// The kernel's name of the line.
        name: String,
        /// The chip's label.
        chip: Option<String>,
        /// The line's offset on the chip.
        offset: Option<u32>,
    },
    /// A line by chip label and offset, `{ chip = "gpio3", offset = 17 }`.
    Placed {
        /// The chip's label, as `facemchd probe` prints it.
        chip: String,
        /// The line's offset on the chip.
        offset: u32,
    },
    /// A light of the kernel's own, `{ led = "kiosk:green" }`, as in `/sys/class/leds`.
    Led {
        /// Its name.
        led: String,
    },
    /// A file that holds `0` or `1`, `{ file = "/run/bench/gate" }`: written for an output, looked at for an input.
    File {
        /// The file's path.
        file: PathBuf,
    },
    /// `"simulated"`: a twin.
    Simulated(SimulatedWord),
}

/// What opens a gate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "expected { name = \"LINE\" }, { chip = \"LABEL\", offset = N }, { led = \"NAME\" }, { file = \"PATH\" }, \"simulated\" or { turnstile = \"TABLE\", port = \"serial:DEVICE\" } or { coil = N, port = \"serial:DEVICE\" } or { wiegand = \"FILE\" } (feature turnstile)"
)]
pub enum GateWire {
    /// A controller on a bus, `{ turnstile = "TABLE", port = "serial:DEVICE", address = 1, opens = "left" }`.
    #[cfg(feature = "turnstile")]
    Turnstile(super::turnstile::TurnstileWire),
    /// A coil of a Modbus relay board, `{ coil = 0, port = "serial:DEVICE", unit = 1 }`.
    #[cfg(feature = "turnstile")]
    Coil(super::turnstile::CoilWire),
    /// A kernel driver that sends numbers, `{ wiegand = "FILE", bits = 26 }`.
    #[cfg(feature = "turnstile")]
    Wiegand(super::turnstile::WiegandWire),
    /// An output.
    Line(LineWire),
}

/// The word `simulated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SimulatedWord {
    /// A twin at the other end of the wire.
    Simulated,
}

/// `panel.wire`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelWire {
    /// A twin.
    Simulated,
    /// `spi:DEVICE`
    Spi(PathBuf),
    /// `i2c:DEVICE:ADDRESS`, the address in hex: `i2c:/dev/i2c-1:3c`.
    I2c(PathBuf, u8),
    /// `gpio`: the lines stand in `[panel.lines]`.
    Gpio,
    /// `fb:DEVICE`, a framebuffer: `fb:/dev/fb0`.
    Framebuffer(PathBuf),
    /// `file:PATH`: the picture is written there as PPM.
    File(PathBuf),
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
    /// `unix:PATH`, a socket that something else listens on.
    Unix(PathBuf),
}

impl GateWire {
    /// The output, where it is one.
    pub fn line(&self) -> Option<&LineWire> {
        match self {
            #[cfg(feature = "turnstile")]
            Self::Turnstile(_) | Self::Coil(_) | Self::Wiegand(_) => None,
            Self::Line(line) => Some(line),
        }
    }
}

impl LineWire {
    /// As the board file writes it, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Named { name, .. } => format!("line {name}"),
            Self::Placed { chip, offset } => format!("line {offset} of chip {chip}"),
            Self::Led { led } => format!("led {led}"),
            Self::File { file } => format!("file {}", file.display()),
            Self::Simulated(_) => "a simulated line".to_owned(),
        }
    }

    /// What this line is known by; two uses of one line have one of these in common.
    pub(super) fn keys(&self) -> Vec<String> {
        match self {
            Self::Named { name, chip, offset } => {
                let placed = chip.as_ref().zip(*offset).map(|(chip, offset)| format!("line {offset} of chip {chip}"));
                placed.into_iter().chain([format!("line {name}")]).collect()
            }
            Self::Simulated(_) => Vec::new(),
            other => vec![other.describe()],
        }
    }
}

impl<'de> Deserialize<'de> for PanelWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let path = |rest: &str| (!rest.is_empty()).then(|| PathBuf::from(rest));
        let parsed = match text.split_once(':') {
            None if text == "simulated" => Some(Self::Simulated),
            None if text == "gpio" => Some(Self::Gpio),
            Some(("spi", rest)) => path(rest).map(Self::Spi),
            Some(("fb", rest)) => path(rest).map(Self::Framebuffer),
            Some(("file", rest)) => path(rest).map(Self::File),
            Some(("i2c", rest)) => rest.rsplit_once(':').and_then(|(device, address)| {
                let address = u8::from_str_radix(address.trim_start_matches("0x"), 16).ok()?;
                path(device).filter(|_| (0x08..=0x77).contains(&address)).map(|device| Self::I2c(device, address))
            }),
            _ => None,
        };
        let allowed =
            "expected \"simulated\", \"spi:DEVICE\", \"i2c:DEVICE:ADDRESS\", \"gpio\", \"fb:DEVICE\" or \"file:PATH\"";
        parsed.ok_or_else(|| de::Error::custom(allowed))
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
            Some(("unix", path)) if !path.is_empty() => Some(Self::Unix(PathBuf::from(path))),
            _ => None,
        };
        let allowed =
            "expected \"simulated\", \"serial:DEVICE:BAUD\", \"tcp:HOST:PORT\", \"usb:DEVICE\" or \"unix:PATH\"";
        parsed.ok_or_else(|| de::Error::custom(allowed))
    }
}

impl fmt::Display for PrinterWire {
    /// As it stands in the board file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated => f.write_str("simulated"),
            Self::Serial { device, baud } => write!(f, "serial:{}:{baud}", device.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Usb(device) => write!(f, "usb:{}", device.display()),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
