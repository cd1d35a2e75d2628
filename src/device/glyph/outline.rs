//! Outlines as dots.
//!
//! A dot is set where its middle lies within the outline. Below 48 dots a stroke may be thinner than a dot and pass between
//! two middles: there drop-out control sets a dot for every crossing (OpenType specification, `SCANTYPE`), so that no
//! stroke vanishes, and one of the stroke's own where a neighbour has the nearer.

use ab_glyph::{Font as _, FontRef, PxScale, point};

use super::Bitmap;

/// The most faces of a collection.
const FACES: u32 = 16;

/// From here on every stroke is thicker than a dot.
const THICK: usize = 48;

/// Parts of a dot, across and down.
const PARTS: usize = 8;

/// A dot, or a part of one, is set where the outline covers more than this of it.
const COVERED: f32 = 0.5;

/// The character in a square of `side` dots, from the bytes of a font file. In a collection `face` is asked first, then
/// the others in order.
pub(super) fn draw(font: &[u8], face: u32, character: char, side: usize) -> Option<Bitmap> {
    std::iter::once(face)
        .chain((0..FACES).filter(|other| *other != face))
        .map_while(|face| FontRef::try_from_slice_and_index(font, face).ok())
        .find_map(|font| {
            if side >= THICK {
                return covered(&font, character, side);
            }
            Some(with_every_stroke(&covered(&font, character, PARTS * side)?, side))
        })
}

fn covered(font: &FontRef<'_>, character: char, side: usize) -> Option<Bitmap> {
    let id = font.glyph_id(character);
    if id.0 == 0 {
        return None;
    }
    // A scale is a line's height; the square of a hanzi is the em.
    let em = font.units_per_em()?;
    #[expect(clippy::cast_precision_loss, reason = "a few dots")]
    let dots_per_em = side as f32;
    let scale = PxScale::from(dots_per_em * font.height_unscaled() / em);
    // The em of a Chinese font reaches 0.88 above the baseline.
    let glyph = id.with_scale_and_position(scale, point(0.0, dots_per_em * 0.88));
    let outline = font.outline_glyph(glyph)?;
    let bounds = outline.px_bounds();
    let mut bitmap = Bitmap { side, width: side, dots: vec![false; side * side] };
    outline.draw(|x, y, covered| {
        #[expect(clippy::cast_possible_truncation, reason = "a few dots")]
        let at = |from: f32, by: u32| {
            usize::try_from((from as i64).saturating_add(i64::from(by))).ok().filter(|at| *at < side)
        };
        if covered > COVERED
            && let (Some(x), Some(y)) = (at(bounds.min.x, x), at(bounds.min.y, y))
        {
            bitmap.dots[y * side + x] = true;
        }
    });
    bitmap.dots.contains(&true).then_some(bitmap)
}

/// Why a dot is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dot {
    Clear,
    /// The outline holds its middle.
    Held,
    /// A stroke that holds no middle crosses it.
    Crossed,
}

/// A bitmap that has eight parts for each dot, as dots.
fn with_every_stroke(fine: &Bitmap, side: usize) -> Bitmap {
    const MIDDLE: usize = PARTS / 2;
    let mut dots = vec![Dot::Clear; side * side];
    for (at, dot) in dots.iter_mut().enumerate() {
        if fine.is_set(at % side * PARTS + MIDDLE, at / side * PARTS + MIDDLE) {
            *dot = Dot::Held;
        }
    }
    // Along the middle of every row, then of every column.
    for down in [false, true] {
        let place = |along: usize, line: usize| if down { along * side + line } else { line * side + along };
        for line in 0..side {
            let middle = line * PARTS + MIDDLE;
            let is_set = |along| if down { fine.is_set(middle, along) } else { fine.is_set(along, middle) };
            for run in runs(side * PARTS, is_set) {
                let holds_a_middle = (run.start..run.end).any(|part| part % PARTS == MIDDLE);
                if !holds_a_middle {
                    cross(&mut dots, &run, |along| place(along, line));
                }
            }
        }
    }
    Bitmap { side, width: side, dots: dots.into_iter().map(|dot| dot != Dot::Clear).collect() }
}

/// Sets a dot for a stroke that crosses a line between two middles.
fn cross(dots: &mut [Dot], run: &std::ops::Range<usize>, place: impl Fn(usize) -> usize) {
    let (first, last) = (place(run.start / PARTS), place((run.end - 1) / PARTS));
    let near = place((run.start + run.end) / 2 / PARTS);
    let other = if near == first { last } else { first };
    if dots[near] == Dot::Crossed || dots[other] == Dot::Crossed {
        return;
    }
    // What holds its own middle is another stroke's dot.
    let own = if dots[near] == Dot::Clear { near } else { other };
    if dots[own] == Dot::Clear {
        dots[own] = Dot::Crossed;
    }
}

/// Where parts of a line are set.
fn runs(length: usize, is_set: impl Fn(usize) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for at in (0..length).filter(|at| is_set(*at)) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}
