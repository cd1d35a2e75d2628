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
    /// A word of a newer version, kept as it is written.
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

impl Spelled for PrintOutcome<()> {
    fn word(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Unknown => "unknown",
            Self::NotPrinted(()) => "not_printed",
        }
    }

    fn spelled(word: &str) -> Option<Self> {
        of(&[Self::Printed, Self::Unknown, Self::NotPrinted(())], word)
    }
}

impl Spelled for GateOutcome<()> {
    fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Passed => "passed",
            Self::Expired => "expired",
            Self::Tailgated => "tailgated",
            Self::Reversed => "reversed",
            Self::HeldOpen => "held_open",
            Self::Forced => "forced",
            Self::Failed(()) => "failed",
            Self::Unknown => "unknown",
        }
    }

    fn spelled(word: &str) -> Option<Self> {
        use GateOutcome::{Expired, Failed, Forced, HeldOpen, Opened, Passed, Reversed, Tailgated, Unknown};
        of(&[Opened, Passed, Expired, Tailgated, Reversed, HeldOpen, Forced, Failed(()), Unknown], word)
    }
}

fn of<T: Spelled>(all: &[T], word: &str) -> Option<T> {
    all.iter().copied().find(|known| known.word() == word)
}
