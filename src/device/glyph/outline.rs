//! Outlines as dots.
//!
//! A dot is set where its middle lies within the outline. Below 48 dots a stroke may be thinner than a dot and pass between
//! two middles: there drop-out control sets a dot for every crossing (OpenType specification, `SCANTYPE`), so that no
//! stroke vanishes, and one of the stroke's own where a neighbour has the nearer.

use ab_glyph::{Font as _, FontRef, PxScale, Rect, point};

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
    let at = |left, top| font.outline_glyph(id.with_scale_and_position(scale, point(left, top + dots_per_em * 0.88)));
    let mut outline = at(0.0, 0.0)?;
    if font.h_advance_unscaled(id) <= 0.0 {
        let (left, top) = place_of_mark(dots_per_em, &outline.px_bounds());
        outline = at(left, top)?;
    }
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

/// How far a mark without an advance is moved. It stands before its own place, where the letter was: behind a hanzi, or
/// about the middle of a letter of unknown width; and within the em.
fn place_of_mark(em: f32, bounds: &Rect) -> (f32, f32) {
    let left = if bounds.min.x >= 0.0 {
        0.0
    } else if bounds.max.x < em / 8.0 {
        em
    } else {
        (em - bounds.min.x - bounds.max.x) / 2.0
    };
    (left, (em - bounds.max.y).min(0.0) - bounds.min.y.min(0.0))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_without_an_advance_stands_whole_where_its_letter_is() {
        const NOTO: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";
        let font = crate::files::read(std::path::Path::new(NOTO), 64 << 20).expect("apt-get install fonts-noto-cjk");
        let within = |mark: char| {
            let bitmap = draw(&font, 2, mark, 48).expect("in the font");
            let (xs, ys) = (bitmap.dots().map(|(x, _)| x), bitmap.dots().map(|(_, y)| y));
            let ends = |mut all: Vec<usize>| {
                all.sort_unstable();
                (all[0], all[all.len() - 1])
            };
            (ends(xs.collect()), ends(ys.collect()))
        };
        // A tone at the lower left of a hanzi, a circle around it, a macron above a letter.
        assert!(matches!(within('\u{302A}'), ((0, 6..=10), (36..=40, 46 | 47))), "{:?}", within('\u{302A}'));
        assert!(matches!(within('\u{20DD}'), ((0..=3, 44..=47), (0..=3, 44..=47))), "{:?}", within('\u{20DD}'));
        assert!(matches!(within('\u{304}'), ((15..=18, 29..=32), (5..=8, 6..=12))), "{:?}", within('\u{304}'));
    }
}
