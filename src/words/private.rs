//! Text that must not be seen outside the flow it belongs to.

use std::fmt;

use zeroize::Zeroizing;

/// UTF-8 text that wipes its memory on drop and never prints itself.
///
/// There is no `Display`; `Debug` prints `[redacted]`. Reading it takes a call named [`Private::reveal`], so that every
/// place where a name leaves the type can be found by that word.
#[derive(Clone, PartialEq, Eq)]
pub struct Private(Zeroizing<String>);

impl Private {
    /// Takes the text over; the caller's copy is this one.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. For the panel, the slip, the check-in request and the wire; never for a log, record or error.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
