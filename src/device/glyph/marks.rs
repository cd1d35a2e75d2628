//! A letter with its marks, dot by dot.
//!
//! A font's marks are drawn for a letter of ordinary height that has no other mark. What would run into the letter, or into
//! a mark that stands there already, moves away from its middle: up where it stands above, down below.

use super::Bitmap;

impl Bitmap {
    /// The first with the others on it, as wide as a hanzi; each in the middle.
    pub(super) fn stacked(parts: Vec<Self>, side: usize) -> Self {
        let mut stack = Self { side, width: side, dots: vec![false; side * side] };
        for (index, part) in parts.into_iter().enumerate() {
            let left = (side.saturating_sub(part.width)) / 2;
            let dots: Vec<(usize, usize)> =
                part.dots().map(|(x, y)| (left + x, y)).filter(|(x, _)| *x < side).collect();
            let moved = if index == 0 { Some(dots.clone()) } else { stack.beside(&dots) };
            for (x, y) in moved.unwrap_or(dots) {
                stack.dots[y * side + x] = true;
            }
        }
        stack
    }

    /// A mark where it touches nothing that is set; none where there is no such place.
    fn beside(&self, mark: &[(usize, usize)]) -> Option<Vec<(usize, usize)>> {
        let rows = || mark.iter().map(|(_, y)| *y);
        let (top, bottom) = (rows().min()?, rows().max()?);
        let above = top + bottom < self.side;
        let most = if above { top } else { self.side - 1 - bottom };
        let moved = |by: usize| mark.iter().map(move |(x, y)| (*x, if above { y - by } else { y + by }));
        let is_set = |x: usize, y: usize| y < self.side && self.is_set(x, y);
        let touches =
            |(x, y): (usize, usize)| is_set(x, y) || is_set(x, y + 1) || y.checked_sub(1).is_some_and(|y| is_set(x, y));
        (0..=most).find(|by| !moved(*by).any(touches)).map(|by| moved(by).collect())
    }
}
