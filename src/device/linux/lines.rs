//! Single lines: GPIO (uAPI v2 and v1), the kernel's lights, and files for a bench without either.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin};
use gpiocdev::{
    Request,
    line::{EdgeDetection, EdgeKind, Value},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{
    device::{DeviceError, InputLines},
    fault::{Code, causes},
    files,
};

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

/// The resistor in the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// Whatever it is.
    AsIs,
    /// To the supply.
    PullUp,
    /// To ground.
    PullDown,
    /// None.
    Disabled,
}

/// An input line to be watched.
pub struct WatchedLine {
    /// Where.
    pub at: LineAt,
    /// Its resistor.
    pub bias: Bias,
    /// How long a level must stand.
    pub debounce: Duration,
}

/// How often a bench's files are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The chip with this label.
fn labelled(label: &str) -> Result<PathBuf, String> {
    let is_it = |chip: &PathBuf| {
        gpiocdev::Chip::from_path(chip).and_then(|chip| chip.info()).is_ok_and(|info| info.label == label)
    };
    let chips = gpiocdev::chip::chips().map_err(|error| error.to_string())?;
    chips.into_iter().find(is_it).ok_or_else(|| format!("no chip is labelled {label}; `facemchd probe` lists them"))
}

/// A line's chip and offset, if it is a GPIO line and nobody else uses it.
fn find(at: &LineAt) -> Result<(PathBuf, u32), String> {
    let (chip, offset) = match at {
        LineAt::Named(name, fallback) => match (gpiocdev::find_named_line(name), fallback) {
            (Some(found), _) => (found.chip, found.info.offset),
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

/// One output.
pub enum OutputLine {
    /// A requested GPIO line.
    Gpio(Request, u32),
    /// A light's `brightness`, or a bench's file.
    File(PathBuf, &'static str),
}

/// An output at this level, physically, from the moment it is ours. `code` is the device's.
pub fn output(at: &LineAt, high: bool, code: Code) -> Result<OutputLine, DeviceError> {
    let failed = |reason: String| DeviceError::Open { what: at.to_string(), reason, code };
    match at {
        LineAt::Led(led) => {
            let folder = Path::new("/sys/class/leds").join(led);
            // Whatever the kernel let it say is over.
            let _ = files::write_public(&folder.join("trigger"), b"none");
            let mut line = OutputLine::File(folder.join("brightness"), "255");
            line.write(high).map_err(|error| failed(error.to_string()))?;
            Ok(line)
        }
        LineAt::File(file) => {
            if let Some(folder) = file.parent() {
                files::make_public_folder(folder).map_err(|error| failed(causes(&error)))?;
            }
            let mut line = OutputLine::File(file.clone(), "1");
            line.write(high).map_err(|error| failed(error.to_string()))?;
            Ok(line)
        }
        LineAt::Named(..) | LineAt::Placed(..) => {
            let (chip, offset) = find(at).map_err(failed)?;
            // Polarity stays ours: the kernel is asked for physical levels.
            let request = Request::builder()
                .on_chip(chip)
                .with_consumer("facemchd")
                .with_line(offset)
                .as_output(value(high))
                .request()
                .map_err(|error| failed(error.to_string()))?;
            Ok(OutputLine::Gpio(request, offset))
        }
    }
}

fn value(high: bool) -> Value {
    if high { Value::Active } else { Value::Inactive }
}

/// A line could not be switched.
#[derive(Debug)]
pub struct LineError(String);

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for LineError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for OutputLine {
    type Error = LineError;
}

impl OutputLine {
    fn write(&mut self, high: bool) -> Result<(), LineError> {
        match self {
            Self::Gpio(request, offset) => {
                request.set_value(*offset, value(high)).map(drop).map_err(|error| LineError(error.to_string()))
            }
            Self::File(file, on) => {
                let level = if high { on } else { "0" };
                files::write_public(file, level.as_bytes()).map_err(|error| LineError(causes(&error)))
            }
        }
    }
}

impl OutputPin for OutputLine {
    fn set_low(&mut self) -> Result<(), LineError> {
        self.write(false)
    }

    fn set_high(&mut self) -> Result<(), LineError> {
        self.write(true)
    }
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

/// Reads one input's physical level, again and again.
pub fn input_level(at: &LineAt, code: Code) -> Result<Box<dyn FnMut() -> io::Result<bool> + Send>, DeviceError> {
    let failed = |reason: String| DeviceError::Open { what: at.to_string(), reason, code };
    if let LineAt::File(file) = at {
        let file = file.clone();
        return Ok(Box::new(move || Ok(read_file(&file))));
    }
    let (chip, offset) = find(at).map_err(failed)?;
    let request = Request::builder()
        .on_chip(chip)
        .with_consumer("facemchd")
        .with_line(offset)
        .as_input()
        .request()
        .map_err(|error| failed(error.to_string()))?;
    Ok(Box::new(move || {
        let value = request.value(offset).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(value == Value::Active)
    }))
}

/// The inputs of a board.
pub struct LineInputs {
    /// Each in a request of its own, because the first uAPI knows no other way to see edges.
    requests: Vec<(usize, Request, u32)>,
    files: Vec<(usize, PathBuf, bool)>,
    debounced: bool,
}

/// Watches lines for edges. The kernel debounces where it can (uAPI v2), for all lines or for none.
pub fn inputs(lines: &[WatchedLine]) -> Result<LineInputs, DeviceError> {
    let all_gpio = lines.iter().all(|line| matches!(line.at, LineAt::Named(..) | LineAt::Placed(..)));
    let debounced = all_gpio && gpiocdev::supports_abi_version(gpiocdev::AbiVersion::V2).is_ok();
    let mut inputs = LineInputs { requests: Vec::new(), files: Vec::new(), debounced };
    for (index, line) in lines.iter().enumerate() {
        let failed = |reason: String| DeviceError::Open { what: line.at.to_string(), reason, code: Code::D602 };
        if let LineAt::File(file) = &line.at {
            inputs.files.push((index, file.clone(), false));
            continue;
        }
        let (chip, offset) = find(&line.at).map_err(failed)?;
        let mut builder = Request::builder();
        builder.on_chip(chip).with_consumer("facemchd").with_line(offset).as_input();
        builder.with_edge_detection(EdgeDetection::BothEdges);
        match line.bias {
            Bias::AsIs => {}
            Bias::PullUp => drop(builder.with_bias(gpiocdev::line::Bias::PullUp)),
            Bias::PullDown => drop(builder.with_bias(gpiocdev::line::Bias::PullDown)),
            Bias::Disabled => drop(builder.with_bias(gpiocdev::line::Bias::Disabled)),
        }
        if debounced && !line.debounce.is_zero() {
            builder.with_debounce_period(line.debounce);
        }
        let request = builder.request().map_err(|error| failed(error.to_string()))?;
        inputs.requests.push((index, request, offset));
    }
    Ok(inputs)
}

impl InputLines for LineInputs {
    fn levels(&mut self) -> io::Result<Vec<(usize, bool)>> {
        let mut levels = Vec::new();
        for (index, request, offset) in &self.requests {
            let value = request.value(*offset).map_err(|error| io::Error::other(error.to_string()))?;
            levels.push((*index, value == Value::Active));
        }
        for (index, file, high) in &mut self.files {
            *high = read_file(file);
            levels.push((*index, *high));
        }
        Ok(levels)
    }

    fn wait(&mut self, patience: Option<Duration>) -> io::Result<Option<(usize, bool)>> {
        for (index, file, high) in &mut self.files {
            let now = read_file(file);
            if std::mem::replace(high, now) != now {
                return Ok(Some((*index, now)));
            }
        }
        let patience = if self.files.is_empty() { patience } else { Some(patience.unwrap_or(LOOK).min(LOOK)) };
        if self.requests.is_empty() {
            thread::sleep(patience.unwrap_or(LOOK));
            return Ok(None);
        }
        let timeout = patience.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
        let mut fds: Vec<PollFd<'_>> =
            self.requests.iter().map(|(_, request, _)| PollFd::new(request, PollFlags::IN)).collect();
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(ready) = fds.iter().position(|fd| !fd.revents().is_empty()) else { return Ok(None) };
        let (index, request, _) = &self.requests[ready];
        let event = request.read_edge_event().map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Some((*index, event.kind == EdgeKind::Rising)))
    }

    fn is_debounced(&self) -> bool {
        self.debounced
    }
}

/// A file that is not there, or holds anything but `1`, is low.
fn read_file(file: &Path) -> bool {
    files::read(file, 64).is_ok_and(|bytes| bytes.first() == Some(&b'1'))
}
