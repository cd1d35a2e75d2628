//! Text in outline type: shaped, in reading order, smooth; in builds with feature `screen`.
//!
//! A text is cut into runs of one direction, script and face; HarfBuzz's rules set each run's glyphs. What no face has is
//! a bitmap of the program's own, glyph by glyph, and what nothing has is ＊ and told. Sizes are in dots an em; before they
//! are known, widths are in parts of an em.

mod faces;
#[cfg(test)]
mod hanzi;
mod lines;
mod paint;
mod runs;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

pub(in crate::device) use self::paint::{Mask, Path, floor};
use self::{faces::Faces, runs::Glyphs};
use super::glyph::Bitmap;
use crate::words::Language;

/// Sets type: faces, and what was shaped and painted lately.
pub struct Typesetter {
    faces: Faces,
    shaped: HashMap<Arc<str>, Arc<Line>>,
    painted: HashMap<PaintKey, Option<Arc<Mask>>>,
    /// Bytes of `painted`.
    weight: usize,
    missing: Vec<char>,
}

/// A text set on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// From left to right.
    pub glyphs: Vec<Glyph>,
    /// How far it reaches, ems.
    pub width: f32,
    /// How far above the baseline, and below it, what stands on it reaches, ems.
    pub above: f32,
    /// See `above`.
    pub below: f32,
    /// What it says.
    pub text: Arc<str>,
}

impl Line {
    /// What is left free between two lines, ems.
    pub(in crate::device) const LEADING: f32 = 0.3;

    /// How far it reaches without a mark that hangs at its end: what is read stands in the middle, ems.
    pub(in crate::device) fn seen(&self) -> f32 {
        let hangs = self.text.ends_with(['，', '。', '；', '：', '、']);
        self.width - self.glyphs.last().filter(|_| hangs).map_or(0.0, |mark| mark.advance)
    }

    /// From this line to the next, ems.
    pub fn height(&self) -> f32 {
        self.above + self.below + Self::LEADING
    }
}

/// One glyph of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Glyph {
    /// Which shape.
    pub shape: Shape,
    /// Where its origin stands: ems from the left, and above the baseline.
    pub at: (f32, f32),
    /// How far it moves what follows, ems.
    pub advance: f32,
    /// The byte of the text that it begins with.
    pub cluster: usize,
}

/// Where a glyph's shape comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A face's, by the face's place in the list and the glyph's number.
    Outline(usize, u32),
    /// A bitmap of the program's own.
    Bitmap(char),
}

/// A painted glyph: its shape, dots an em in 1/16, and which quarter of a dot it begins in.
type PaintKey = (Shape, u16, u8);

/// Texts kept: a scene has a dozen, and a countdown's are new each second.
const KEPT_TEXTS: usize = 256;

/// Painted glyphs kept, bytes: those of a scene on the largest glass take a fifth of it.
const KEPT_BYTES: usize = 4 << 20;

/// From this size on a quarter of a dot is not seen.
const FINE: f32 = 40.0;

impl Typesetter {
    /// With the site's fonts before those of the system; in a collection, the face that writes as this language does.
    pub fn new(own: &[PathBuf], language: Language) -> Self {
        Self::with(Faces::new(own, language))
    }

    /// With what the program holds itself.
    pub fn built_in() -> Self {
        Self::with(Faces::default())
    }

    fn with(faces: Faces) -> Self {
        Self { faces, shaped: HashMap::new(), painted: HashMap::new(), weight: 0, missing: Vec::new() }
    }

    /// The text on one line.
    pub fn line(&mut self, text: &str) -> Arc<Line> {
        if let Some(line) = self.shaped.get(text) {
            return Arc::clone(line);
        }
        let Glyphs { line, missing } = runs::shape(&mut self.faces, text, None);
        self.missing.extend(missing);
        self.keep(text, line)
    }

    /// A part of a text that was broken into lines: it runs as the whole does.
    fn part(&mut self, text: &str, level: unicode_bidi::Level) -> Arc<Line> {
        if level.is_ltr() {
            return self.line(text);
        }
        let Glyphs { line, missing } = runs::shape(&mut self.faces, text, Some(level));
        self.missing.extend(missing);
        Arc::new(line)
    }

    fn keep(&mut self, text: &str, line: Line) -> Arc<Line> {
        if self.shaped.len() >= KEPT_TEXTS {
            self.shaped.clear();
        }
        let line = Arc::new(line);
        self.shaped.insert(text.into(), Arc::clone(&line));
        line
    }

    /// Keeps nothing of what was set.
    pub(in crate::device) fn forget(&mut self) {
        self.shaped.clear();
    }

    /// The characters that nothing had since the last call.
    pub fn missing(&mut self) -> Vec<char> {
        // What was shaped with a ＊ is told again when it is shown again.
        if !self.missing.is_empty() {
            self.shaped.clear();
        }
        std::mem::take(&mut self.missing)
    }

    /// Files that were opened, in order, and which face of each.
    pub fn opened(&self) -> Vec<(PathBuf, u32)> {
        self.faces.opened()
    }

    /// A glyph, painted at so many dots an em and moved right by less than a dot.
    pub(in crate::device) fn mask(&mut self, shape: Shape, size: f32, moved: f32) -> Option<Arc<Mask>> {
        let quarter = if size < FINE { paint::floor(moved * 4.0).clamp(0, 3) } else { 0 };
        // Painted at the size that it is kept under: who came first makes no difference.
        let sixteenths = u16::try_from(paint::floor(size * 16.0 + 0.5)).unwrap_or(u16::MAX);
        let size = f32::from(sixteenths) / 16.0;
        let key = (shape, sixteenths, u8::try_from(quarter).unwrap_or(0));
        if let Some(mask) = self.painted.get(&key) {
            return mask.clone();
        }
        let mask = match shape {
            Shape::Outline(face, glyph) => {
                self.faces.get(face).and_then(|face| paint::outline(face, glyph, size, f32::from(key.2) / 4.0))
            }
            Shape::Bitmap(character) => bitmap(character).map(|bitmap| paint::dots(&bitmap, size)),
        };
        let mask = mask.map(Arc::new);
        if self.weight > KEPT_BYTES {
            self.painted.clear();
            self.weight = 0;
        }
        self.weight += mask.as_ref().map_or(0, |mask| mask.coverage.len());
        self.painted.insert(key, mask.clone());
        mask
    }
}

/// A bitmap of the program's own.
fn bitmap(character: char) -> Option<Bitmap> {
    super::glyph::unifont16(character)
}
