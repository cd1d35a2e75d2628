//! The number that a gate's controller is told.

use std::fmt;

/// A card's number at a gate's controller, 0–4294967295: the site's system gives it, for this visit, and it is nothing of
/// the person's. Who knows it opens the gate: it prints itself as `[redacted]`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GateNumber(u32);

impl GateNumber {
    /// Decimal digits; nothing where it is no such number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten().map(Self)
    }

    /// The number itself, for the gate's wire alone.
    pub fn reveal(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for GateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
