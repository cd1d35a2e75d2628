//! Whose slip it is: a name, and a picture in black dots.

/// What a slip shows of the house, where the site's system does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct House {
    /// The hospital's name.
    pub name: Option<String>,
    /// Its logo.
    pub logo: Option<SlipLogo>,
    /// By what the printer keeps the logo, once it is known to.
    pub kept: Option<[u8; 2]>,
}

/// A picture in greys, row by row: 0 is black, 255 is paper.
#[derive(Clone, PartialEq, Eq)]
pub struct SlipLogo {
    across: usize,
    greys: Vec<u8>,
}

/// The most dots down: twenty millimetres.
const MOST_DOWN: usize = 160;

/// A dot is black where it would be darker than this.
const MIDDLE: i32 = 128;

impl SlipLogo {
    /// Whole rows of so many dots; nothing where they are none.
    pub fn of(across: usize, greys: Vec<u8>) -> Option<Self> {
        (across > 0 && !greys.is_empty() && greys.len().is_multiple_of(across)).then_some(Self { across, greys })
    }

    /// Its black dots, as large as it is or as so many dots across and [`MOST_DOWN`] have room for: dots across and down,
    /// and row by row whether each is black. What is neither black nor white is dithered (Floyd and Steinberg 1976).
    pub(super) fn black(&self, most_across: usize) -> (usize, usize, Vec<bool>) {
        let (from_across, from_down) = (self.across, self.greys.len() / self.across);
        // As a fraction of both sides, so that nothing is stretched.
        let (part, whole) = if from_across * MOST_DOWN > from_down * most_across {
            (most_across.min(from_across), from_across)
        } else {
            (MOST_DOWN.min(from_down), from_down)
        };
        let across = (from_across * part / whole).max(1);
        let down = (from_down * part / whole).max(1);
        let mut greys: Vec<i32> =
            (0..across * down).map(|at| self.mean((at % across, across), (at / across, down))).collect();
        let mut black = Vec::with_capacity(greys.len());
        for at in 0..greys.len() {
            let is_black = greys[at] < MIDDLE;
            black.push(is_black);
            let error = greys[at] - if is_black { 0 } else { 255 };
            let (first, last) = (at % across == 0, (at + 1) % across == 0);
            for (there, share, within) in
                [(at + 1, 7, !last), (at + across - 1, 3, !first), (at + across, 5, true), (at + across + 1, 1, !last)]
            {
                if let Some(grey) = greys.get_mut(there).filter(|_| within) {
                    *grey += error * share / 16;
                }
            }
        }
        (across, down, black)
    }

    /// The mean of the dots that one of so many covers, across and down.
    fn mean(&self, (x, across): (usize, usize), (y, down): (usize, usize)) -> i32 {
        let covered =
            |at: usize, of: usize, from: usize| at * from / of..((at + 1) * from / of).max(at * from / of + 1);
        let rows = covered(y, down, self.greys.len() / self.across);
        let dots = rows.flat_map(|row| covered(x, across, self.across).map(move |column| row * self.across + column));
        let (sum, count) = dots.fold((0, 0), |(sum, count), dot| (sum + i32::from(self.greys[dot]), count + 1));
        sum / count.max(1)
    }
}

impl std::fmt::Debug for SlipLogo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.across, self.greys.len() / self.across)
    }
}
