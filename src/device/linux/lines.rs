//! Single lines: where they are, and GPIO lines (uAPI v2 and v1) that change or are read together with something else.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use gpiocdev::{Request, line::Value};
use serde::Deserialize;

use crate::{device::DeviceError, fault::Code, files};

/// Where a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineAt {
    /// By the kernel's name; where it knows none, by chip label and offset.
    Named(String, Option<(String, u32)>),
    /// By chip label and offset.
    Placed(String, u32),
    /// A light of the kernel's own.
    Led(String),
    /// A file that holds `0` or `1`.
    File(PathBuf),
}

/// `input.bias`: the resistor in the chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bias {
    /// Whatever it is.
    #[default]
    AsIs,
    /// To the supply.
    PullUp,
    /// To ground.
    PullDown,
    /// Neither resistor is switched on.
    Disabled,
}

/// The device files of all chips. The kernel's own list of them is short; to look at everything in /dev once for each line
/// took a busy board whose chip had gone longer than its watchdog waits.
pub(super) fn chips() -> Result<Vec<PathBuf>, String> {
    let Ok(listed) = files::list(Path::new("/sys/bus/gpio/devices")) else {
        return gpiocdev::chip::chips().map_err(|error| error.to_string());
    };
    let devices = listed.into_iter().map(|chip| Path::new("/dev").join(chip));
    let mut chips: Vec<PathBuf> = devices.filter(|device| device.exists()).collect();
    chips.sort();
    Ok(chips)
}

/// The line that the kernel knows by this name.
fn named(name: &str) -> Option<(PathBuf, u32)> {
    chips().ok()?.into_iter().find_map(|path| {
        let chip = gpiocdev::Chip::from_path(&path).ok()?;
        let line = chip.line_info_iter().ok()?.flatten().find(|line| line.name == name)?;
        Some((path, line.offset))
    })
}

/// The chip with this label. A chip that may not be opened (yet: udev gives it to our group a moment after it came) is
/// told of, because it may be the one.
fn labelled(label: &str) -> Result<PathBuf, String> {
    let mut closed = String::new();
    for chip in chips()? {
        match gpiocdev::Chip::from_path(&chip).and_then(|chip| chip.info()) {
            Ok(info) if info.label == label => return Ok(chip),
            Ok(_) => {}
            Err(error) => closed = format!("; {}: {error}", chip.display()),
        }
    }
    Err(format!("no chip is labelled {label}; `facemchd probe` lists them{closed}"))
}

/// A line's chip and offset, if it is a GPIO line and nobody else uses it.
pub(super) fn find(at: &LineAt) -> Result<(PathBuf, u32), String> {
    let (chip, offset) = match at {
        LineAt::Named(name, fallback) => match (named(name), fallback) {
            (Some(found), _) => found,
            (None, Some((label, offset))) => (labelled(label)?, *offset),
            (None, None) => return Err("no line has this name; `facemchd probe` lists them".to_owned()),
        },
        LineAt::Placed(label, offset) => (labelled(label)?, *offset),
        LineAt::Led(_) | LineAt::File(_) => return Err("this is no GPIO line".to_owned()),
    };
    let info = gpiocdev::Chip::from_path(&chip).and_then(|chip| chip.line_info(offset));
    let info = info.map_err(|error| error.to_string())?;
    if info.used {
        return Err(format!("the line is in use by \"{}\"", info.consumer));
    }
    Ok((chip, offset))
}

impl fmt::Display for LineAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name, _) => write!(f, "line {name}"),
            Self::Placed(chip, offset) => write!(f, "line {offset} of chip {chip}"),
            Self::Led(led) => write!(f, "led {led}"),
            Self::File(file) => write!(f, "file {}", file.display()),
        }
    }
}

/// Polarity is ours: the kernel is asked for physical levels.
pub(super) fn value(high: bool) -> Value {
    if high { Value::Active } else { Value::Inactive }
}

/// Several outputs of one chip that change together, in one request: bit n of the argument is line n.
pub fn group(lines: &[LineAt], code: Code) -> Result<impl FnMut(u16) -> io::Result<()> + Send + use<>, DeviceError> {
    let names = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let failed = |reason: String| DeviceError::Open { what: names.clone(), reason, code };
    let found = lines.iter().map(find).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let Some((chip, _)) = found.first().cloned() else { return Err(failed("no lines".to_owned())) };
    if found.iter().any(|(other, _)| *other != chip) {
        return Err(failed("these lines change together and must be on one chip".to_owned()));
    }
    let offsets: Vec<u32> = found.into_iter().map(|(_, offset)| offset).collect();
    let request = Request::builder()
        .on_chip(chip)
        .with_consumer("facemchd")
        .with_lines(&offsets)
        .as_output(Value::Inactive)
        .request()
        .map_err(|error| failed(error.to_string()))?;
    let mut values = gpiocdev::line::Values::from_offsets(&offsets);
    Ok(move |levels: u16| {
        for (bit, offset) in offsets.iter().enumerate() {
            values.set(*offset, value(levels >> bit & 1 == 1));
        }
        request.set_values(&values).map_err(|error| io::Error::other(error.to_string()))
    })
}

/// Reads one input's physical level, again and again. Its line is taken at the first look, and again after a failure.
pub(crate) fn input_level(at: LineAt) -> Box<dyn FnMut() -> io::Result<bool> + Send> {
    let mut held: Option<(Request, u32)> = None;
    Box::new(move || {
        if let LineAt::File(file) = &at {
            return super::inputs::read_file(file);
        }
        let failed = |reason: String| io::Error::other(format!("{at}: {reason}"));
        let (request, offset) = match held.take() {
            Some(held) => held,
            None => {
                let (chip, offset) = find(&at).map_err(failed)?;
                let mut builder = Request::builder();
                builder.on_chip(chip).with_consumer("facemchd").with_line(offset).as_input();
                (builder.request().map_err(|error| failed(error.to_string()))?, offset)
            }
        };
        let level = request.value(offset).map_err(|error| failed(error.to_string()))?;
        held = Some((request, offset));
        Ok(level == Value::Active)
    })
}
