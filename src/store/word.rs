//! The words of records: known ones by type, those of a newer version as they stand.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    fault::Code,
    kiosk::{GateOutcome, OutcomeResult, PrintOutcome, Refusal},
};

/// A word of the journal. What is not known here was written by a newer version: it is kept, shown and compared as it
/// stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word<T> {
    /// One that this version writes, too.
    Known(T),
    /// Another.
    Newer(String),
}

/// What has a word in the journal.
pub trait Spelled: Copy {
    /// The word, lower case, ASCII.
    fn word(self) -> &'static str;
    /// Whose word this is.
    fn spelled(word: &str) -> Option<Self>;
}

impl<T: Spelled> Word<T> {
    /// What it means, where this version knows.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(known) => Some(*known),
            Self::Newer(_) => None,
        }
    }

    /// As it stands in the journal.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(known) => known.word(),
            Self::Newer(word) => word,
        }
    }
}

impl<T> From<T> for Word<T> {
    fn from(known: T) -> Self {
        Self::Known(known)
    }
}

impl<T: Spelled> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<T: Spelled> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, T: Spelled> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(T::spelled(&word).map_or_else(|| Self::Newer(word.into_owned()), Self::Known))
    }
}

/// How a slip ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlipEnd {
    /// The printer said so.
    Printed,
    /// Nobody knows.
    Unknown,
    /// It was not.
    NotPrinted,
}

/// How a grant ended: [`GateOutcome`] without its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateEnd {
    /// The output was switched.
    Opened,
    /// Somebody passed.
    Passed,
    /// Nobody passed in time.
    Expired,
    /// More than one person passed.
    Tailgated,
    /// Somebody went the wrong way.
    Reversed,
    /// The gate did not close.
    HeldOpen,
    /// The output could not be switched, or the grant had ended.
    Failed,
    /// The program ended before it knew.
    Unknown,
}

impl From<PrintOutcome> for SlipEnd {
    fn from(outcome: PrintOutcome) -> Self {
        match outcome {
            PrintOutcome::Printed => Self::Printed,
            PrintOutcome::Unknown => Self::Unknown,
            PrintOutcome::NotPrinted(_) => Self::NotPrinted,
        }
    }
}

impl From<GateOutcome> for GateEnd {
    fn from(outcome: GateOutcome) -> Self {
        match outcome {
            GateOutcome::Opened => Self::Opened,
            GateOutcome::Passed => Self::Passed,
            GateOutcome::Expired => Self::Expired,
            GateOutcome::Tailgated => Self::Tailgated,
            GateOutcome::Reversed => Self::Reversed,
            GateOutcome::HeldOpen => Self::HeldOpen,
            GateOutcome::Failed(_) => Self::Failed,
            GateOutcome::Unknown => Self::Unknown,
        }
    }
}

impl GateEnd {
    /// The gate stayed shut, opened for nobody, or nobody knows.
    pub(super) fn nobody_went_through(self) -> bool {
        matches!(self, Self::Expired | Self::Failed | Self::Unknown)
    }
}

impl Spelled for Code {
    fn word(self) -> &'static str {
        self.as_str()
    }

    fn spelled(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

impl Spelled for OutcomeResult {
    fn word(self) -> &'static str {
        self.as_str()
    }

    fn spelled(word: &str) -> Option<Self> {
        of(&Self::ALL, word)
    }
}

impl Spelled for Refusal {
    fn word(self) -> &'static str {
        self.as_str()
    }

    fn spelled(word: &str) -> Option<Self> {
        of(&Self::ALL, word)
    }
}

impl Spelled for SlipEnd {
    fn word(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Unknown => "unknown",
            Self::NotPrinted => "not_printed",
        }
    }

    fn spelled(word: &str) -> Option<Self> {
        of(&[Self::Printed, Self::Unknown, Self::NotPrinted], word)
    }
}

impl Spelled for GateEnd {
    fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Passed => "passed",
            Self::Expired => "expired",
            Self::Tailgated => "tailgated",
            Self::Reversed => "reversed",
            Self::HeldOpen => "held_open",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    fn spelled(word: &str) -> Option<Self> {
        use GateEnd::{Expired, Failed, HeldOpen, Opened, Passed, Reversed, Tailgated, Unknown};
        of(&[Opened, Passed, Expired, Tailgated, Reversed, HeldOpen, Failed, Unknown], word)
    }
}

fn of<T: Spelled>(all: &[T], word: &str) -> Option<T> {
    all.iter().copied().find(|known| known.word() == word)
}
