//! Outputs: GPIO lines, the kernel's lights, and files for a bench without either.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin};
use gpiocdev::Request;

use super::lines::{LineAt, find, value};
use crate::{
    device::DeviceError,
    fault::{Code, causes},
    files,
};

/// One output. Its line is taken when it is first switched, at the level that it is switched to, and again after a
/// failure: a chip may come late, go, and come again.
pub struct OutputLine {
    at: LineAt,
    held: Held,
}

/// What of the line is ours.
enum Held {
    Nothing,
    /// A requested GPIO line.
    Gpio(Request, u32),
    /// A light's `brightness`.
    Light(PathBuf),
    /// A bench's file.
    File(PathBuf),
}

/// A line could not be switched: which, and why.
pub struct LineError(String);

/// An output at this level, physically, from the moment it is ours. `code` is the device's.
pub fn output(at: &LineAt, high: bool, code: Code) -> Result<OutputLine, DeviceError> {
    let mut line = OutputLine::new(at.clone());
    line.hold(high).map_err(|reason| DeviceError::Open { what: at.to_string(), reason, code })?;
    Ok(line)
}

impl OutputLine {
    /// Takes nothing yet.
    pub fn new(at: LineAt) -> Self {
        Self { at, held: Held::Nothing }
    }

    fn hold(&mut self, high: bool) -> Result<(), String> {
        self.held = match &self.at {
            LineAt::Led(led) => {
                let folder = Path::new("/sys/class/leds").join(led);
                // Whatever the kernel let it say is over.
                let _ = files::write_public(&folder.join("trigger"), b"none");
                Held::Light(folder.join("brightness"))
            }
            LineAt::File(file) => {
                if let Some(folder) = file.parent() {
                    files::make_public_folder(folder).map_err(|error| causes(&error))?;
                }
                Held::File(file.clone())
            }
            at @ (LineAt::Named(..) | LineAt::Placed(..)) => {
                let (chip, offset) = find(at)?;
                let mut builder = Request::builder();
                builder.on_chip(chip).with_consumer("facemchd").with_line(offset).as_output(value(high));
                self.held = Held::Gpio(builder.request().map_err(|error| error.to_string())?, offset);
                return Ok(());
            }
        };
        self.switch(high)
    }

    fn switch(&mut self, high: bool) -> Result<(), String> {
        let switched = match &self.held {
            Held::Nothing => return self.hold(high),
            Held::Gpio(request, offset) => {
                request.set_value(*offset, value(high)).map(drop).map_err(|error| error.to_string())
            }
            Held::Light(brightness) => {
                let level: &[u8] = if high { b"255" } else { b"0" };
                files::write_public(brightness, level).map_err(|error| causes(&error))
            }
            Held::File(file) => {
                let level: &[u8] = if high { b"1" } else { b"0" };
                // Whoever looks at it meanwhile is not to find it empty.
                let stands = files::read(file, level.len()).is_ok_and(|stands| stands == level);
                if stands { Ok(()) } else { files::write_public(file, level).map_err(|error| causes(&error)) }
            }
        };
        if switched.is_err() {
            self.held = Held::Nothing;
        }
        switched
    }

    fn set(&mut self, high: bool) -> Result<(), LineError> {
        self.switch(high).map_err(|reason| LineError(format!("{}: {reason}", self.at)))
    }
}

impl fmt::Debug for LineError {
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

impl OutputPin for OutputLine {
    fn set_low(&mut self) -> Result<(), LineError> {
        self.set(false)
    }

    fn set_high(&mut self) -> Result<(), LineError> {
        self.set(true)
    }
}
