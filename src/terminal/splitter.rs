//! A byte stream to lines, bounded.

use zeroize::{Zeroize as _, Zeroizing};

use super::MAX_LINE;

/// Collects bytes and hands out whole lines; remembers none of them.
#[derive(Default)]
pub struct Splitter {
    line: Zeroizing<Vec<u8>>,
    /// The line is too long; its rest is thrown away.
    overflowing: bool,
}

/// What a line's end brought.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// A line beyond the bound; told once, at its end.
    TooLong,
}

impl Splitter {
    /// Takes bytes, and calls `each` for every line that ended: with LF, CR or both. Empty lines are nothing.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Line<'_>)) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => {
                    if std::mem::take(&mut self.overflowing) {
                        each(Line::TooLong);
                    } else if !self.line.is_empty() {
                        each(Line::Whole(&self.line));
                    }
                    self.wipe();
                }
                _ if self.overflowing => {}
                _ if self.line.len() == MAX_LINE => {
                    self.overflowing = true;
                    self.wipe();
                }
                byte => {
                    if self.line.capacity() == 0 {
                        // Once for all: growing would leave copies behind.
                        self.line.reserve_exact(MAX_LINE);
                    }
                    self.line.push(*byte);
                }
            }
        }
    }

    /// Whether a line has begun and not ended.
    pub(crate) fn is_amid_line(&self) -> bool {
        self.overflowing || !self.line.is_empty()
    }

    /// As far as it was written to: what lies behind was wiped with longer ones.
    fn wipe(&mut self) {
        self.line.as_mut_slice().zeroize();
        self.line.clear();
    }

    /// Forgets the line that has begun.
    pub fn forget(&mut self) {
        self.overflowing = false;
        self.wipe();
    }
}
