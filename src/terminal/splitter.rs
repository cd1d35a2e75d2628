//! A byte stream to lines, bounded.

use super::MAX_LINE;

/// Collects bytes and hands out whole lines.
#[derive(Default)]
pub struct Splitter {
    line: Vec<u8>,
    /// The line is too long; its rest is thrown away.
    overflowing: bool,
}

/// What a line's end brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line without its end.
    Whole(Vec<u8>),
    /// A line beyond the bound; told once, at its end.
    TooLong,
}

impl Splitter {
    /// Takes bytes, and calls `each` for every line that ended. Empty lines are nothing.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Line)) {
        for byte in bytes {
            match byte {
                b'\n' => {
                    if std::mem::take(&mut self.overflowing) {
                        each(Line::TooLong);
                    } else if self.line.last() == Some(&b'\r') {
                        self.line.pop();
                    }
                    let line = std::mem::take(&mut self.line);
                    if !line.is_empty() {
                        each(Line::Whole(line));
                    }
                }
                _ if self.overflowing => {}
                // One byte more, for a carriage return.
                _ if self.line.len() > MAX_LINE => {
                    self.overflowing = true;
                    self.line = Vec::new();
                }
                byte => self.line.push(*byte),
            }
        }
        if self.line.len() == MAX_LINE + 1 && self.line.last() != Some(&b'\r') {
            self.overflowing = true;
            self.line = Vec::new();
        }
    }
}
