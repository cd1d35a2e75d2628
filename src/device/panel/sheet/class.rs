//! What a glass's size makes of a layout.

use super::{
    LARGE,
    stack::role::{ADVICE, HEADLINE, NUMBER},
};
use crate::device::typeset::floor;

/// Measures of one size of glass, dots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Class {
    pub(super) across: f32,
    pub(super) down: f32,
    /// A line of running text, an em.
    pub(super) body: f32,
    /// Around everything.
    pub(super) margin: f32,
    /// A code stands beside the text, else below it.
    pub(super) wide: bool,
    /// How large a queue number is, in lines of running text.
    pub(super) number: f32,
}

/// A line of running text is read from half a metre where it is so high: dots of the smallest glass.
const LEAST_BODY: f32 = 16.0;

/// Dots of a square of the glass's area that make a dot of type.
const BODY: f32 = 21.0;

/// See [`Class::with_lesser_number`].
pub(super) const LESSER_NUMBER: f32 = 2.5;

/// What a code beside the text takes of the column at most.
pub(super) const CODE: f32 = 0.42;

impl Class {
    #[expect(clippy::cast_precision_loss, reason = "dots of a glass")]
    pub(super) fn of((across, down): (usize, usize)) -> Self {
        let (across, down) = (across as f32, down as f32);
        let body = ((across * down).sqrt() / BODY).max(LEAST_BODY);
        Self { across, down, body, margin: (body * 0.6).min(across / 24.0), wide: across > down, number: NUMBER }
    }

    /// Where a number is not so large: it stands out all the same.
    pub(super) fn with_lesser_number(self) -> Self {
        Self { number: LESSER_NUMBER, ..self }
    }

    /// How wide a headline and what stands below it is at most, in halves of an em: large type has them on two lines, and
    /// on low glass on one. A code may stand beside what is below.
    pub(super) fn columns(&self, has_code: bool) -> (usize, usize) {
        let low = if self.wide { 400.0 } else { 300.0 };
        let lines = if self.down < low { 1.0 } else { 2.0 };
        let column = self.across - 2.0 * self.margin;
        let beside = if has_code && self.wide { CODE } else { 0.0 };
        let halves = |column: f32, role: f32, taken: f32, lines: f32| {
            let ems = (column / (self.body * role * LARGE) - taken) * lines;
            usize::try_from(floor(ems * 2.0)).unwrap_or(0)
        };
        (halves(column, HEADLINE, 1.6, lines), halves(column * (1.0 - beside), ADVICE, 3.2, 2.0))
    }
}
