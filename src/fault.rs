//! Stable operator codes: on the panel's corner, in the log, in the journal, in the table of fault/CODES.md.
//!
//! One code per *different action of an operator*. Codes are never renumbered and never reused. This module knows no
//! other; everything may know it.

mod codes;
mod cures;
mod failure;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::{
    codes::Code,
    cures::Cure,
    failure::{Failure, Remedy, Trouble},
};

/// Something that went wrong and has a code. At a room's door it becomes a [`Failure`].
pub trait Fault: std::error::Error {
    /// The operator's code.
    fn code(&self) -> Code;

    /// What the operator does about it, where the cause tells more than the code.
    fn cure(&self) -> Option<Cure> {
        None
    }
}

/// Exit codes of the program (sysexits.h).
pub mod exit {
    /// Everything asked for was done.
    pub const OK: u8 = 0;
    /// A check or lookup failed; the output says which.
    pub const FAILED: u8 = 1;
    /// `journal verify`: what is there is whole, and damage was set aside once.
    pub(crate) const SALVAGED: u8 = 2;
    /// `journal verify`: nothing was recorded yet.
    pub(crate) const EMPTY: u8 = 3;
    /// The command line is wrong.
    pub const USAGE: u8 = 64;
    /// There is no journal here.
    pub(crate) const NO_INPUT: u8 = 66;
    /// A needed service cannot be reached.
    pub const UNAVAILABLE: u8 = 69;
    /// A bug of ours.
    pub const SOFTWARE: u8 = 70;
    /// The state directory or a device cannot be read or written.
    pub const IO: u8 = 74;
    /// A permission is missing, or a key may be read by others.
    pub const NO_PERMISSION: u8 = 77;
    /// The site or board file is wrong; a restart does not cure it.
    pub const CONFIG: u8 = 78;
}

/// Whose fault something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// This device's.
    Device,
    /// The way to the others.
    Network,
    /// WeChat's.
    WeChat,
    /// The site's own system's.
    Site,
}

/// A language that operators read. The log is English whatever they read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tongue {
    /// English, of the log and wherever no Chinese is asked for.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Tongue {
    /// The one of two texts that is in this language.
    pub fn of<T>(self, en: T, zh: T) -> T {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

impl Code {
    /// What is wrong, in English: for the log.
    pub fn summary(self) -> &'static str {
        self.summary_in(Tongue::En)
    }

    /// What the operator does about it, in English: for the log and for other machines.
    pub fn cure(self) -> &'static str {
        self.cure_in(Tongue::En)
    }

    /// Whose fault it is, as far as a person who stands there is concerned; nothing where it is nobody's, or their own.
    pub fn whose(self) -> Option<Whose> {
        match self {
            // A face that is looked up too late, a word of the terminal's, what somebody has not agreed to, somebody else's card.
            Self::N320 | Self::W111 => None,
            Self::N301 | Self::N302 | Self::N303 | Self::N306 => Some(Whose::Network),
            Self::J510 => Some(Whose::Site),
            _ => match self.as_str().as_bytes()[0] {
                b'N' | b'W' => Some(Whose::WeChat),
                b'H' => Some(Whose::Site),
                b'T' => None,
                _ => Some(Whose::Device),
            },
        }
    }

    /// WeChat's, the site system's, or the way to them: no fault of this device.
    pub(crate) fn is_of_others(self) -> bool {
        matches!(self.whose(), Some(Whose::Network | Whose::WeChat | Whose::Site))
    }

    /// The program's exit code when this ends it.
    pub fn exit(self) -> u8 {
        match self {
            Self::C103 | Self::C110 => exit::IO,
            Self::K402 => exit::NO_PERMISSION,
            Self::X001 => exit::SOFTWARE,
            _ => match self.as_str().as_bytes()[0] {
                b'C' | b'K' => exit::CONFIG,
                b'N' | b'H' | b'W' => exit::UNAVAILABLE,
                _ => exit::IO,
            },
        }
    }
}

/// An error with its whole chain of causes, on one line.
pub(crate) fn causes<E: std::error::Error + ?Sized>(error: &E) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str("; caused by: ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A text that is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an operator code")]
pub struct CodeError;

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(CodeError)
    }
}
