//! What people see of a panel, whichever it is, and what is done to its plug.

use super::{picture::png, socket::Socket};

/// A panel's twin, for whoever looks at it or disturbs it.
pub(crate) trait Face: Send + Sync {
    /// Where its cable is.
    fn socket(&self) -> &Socket;

    /// Its supply went for a moment.
    fn lose_supply(&self);

    /// Every dot of it.
    fn view(&self) -> View;

    /// The four lines that it shows; none where only a person can read them, or nobody shows anything on it.
    fn text(&self) -> Option<[String; 4]>;

    /// The newest of what came over its wire, as it read it, a command a line.
    fn decoded(&self) -> String;

    /// What it did not understand of what it was sent.
    fn misunderstood(&self) -> Vec<String>;

    /// Another number whenever it may show something else. What arrives may be seen a moment later.
    fn changes(&self) -> u64 {
        self.socket().changes()
    }

    /// Pulls its plug, or puts it in: it knows nothing of before.
    fn set_gone(&self, gone: bool) {
        if self.socket().set_gone(gone) {
            self.lose_supply();
        }
    }
}

/// A glass as it is seen.
pub(crate) struct View {
    across: usize,
    /// Red, green, blue, row by row.
    dots: Vec<u8>,
}

/// The most of a glass that is one part of it, dots across and down.
const PART: (usize, usize) = (160, 96);

impl View {
    pub(super) fn of((across, down): (usize, usize), colour: impl Fn(usize, usize) -> [u8; 3]) -> Self {
        let mut dots = Vec::with_capacity(across * down * 3);
        for y in 0..down {
            for x in 0..across {
                dots.extend_from_slice(&colour(x, y));
            }
        }
        Self { across, dots }
    }

    /// Of dots as they lie in memory.
    pub(super) fn from_dots(across: usize, dots: Vec<u8>) -> Self {
        Self { across, dots }
    }

    /// Dots across and down.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.across, self.dots.len() / 3 / self.across.max(1))
    }

    /// A dot's red, green and blue.
    #[cfg(test)]
    pub(crate) fn dot(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.across + x) * 3;
        [self.dots[at], self.dots[at + 1], self.dots[at + 2]]
    }

    /// Something is to be seen at all: not all of it is of one colour.
    pub(crate) fn is_lit(&self) -> bool {
        self.dots.chunks_exact(3).any(|dot| Some(dot) != self.dots.get(..3))
    }

    /// The parts that were otherwise before, as PNG: where they begin, and what they show.
    pub(crate) fn changes(&self, before: Option<&Self>) -> Vec<((usize, usize), Vec<u8>)> {
        let (across, down) = self.size();
        let before = before.filter(|before| before.size() == (across, down));
        let mut parts = Vec::new();
        for top in (0..down).step_by(PART.1) {
            for left in (0..across).step_by(PART.0) {
                let size = (PART.0.min(across - left), PART.1.min(down - top));
                let rows = |of: &'_ Self| -> Vec<u8> {
                    let row = |y: usize| ((top + y) * across + left) * 3;
                    (0..size.1).flat_map(|y| of.dots[row(y)..row(y) + size.0 * 3].iter().copied()).collect()
                };
                let now = rows(self);
                if before.is_none_or(|before| rows(before) != now) {
                    parts.push(((left, top), png(size, &now)));
                }
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_large_glass_what_changed_is_sent_and_no_more() {
        let white = View::of((400, 200), |_, _| [255; 3]);
        assert_eq!(white.changes(None).len(), 9);
        assert!(white.changes(Some(&white)).is_empty() && !white.is_lit());
        let dotted = View::of((400, 200), |x, y| if (x, y) == (399, 199) { [0; 3] } else { [255; 3] });
        let changed = dotted.changes(Some(&white));
        assert!(dotted.is_lit());
        assert_eq!(changed.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [(320, 192)]);
        assert!(changed[0].1.starts_with(b"\x89PNG"));
        let other = View::of((100, 10), |_, _| [255; 3]);
        assert_eq!(other.changes(Some(&white)).len(), 1);
    }
}
