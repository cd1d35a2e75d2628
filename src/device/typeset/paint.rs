//! Outlines as coverage.

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use harfrust::font::glyph::outline::{DrawMemory, DrawOptions, PathSink};

use super::faces::Face;
use crate::device::glyph::Bitmap;

/// How much of each dot is covered, in a rectangle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::device) struct Mask {
    /// Where it lies: dots right of the origin, and below it.
    pub(in crate::device) at: (i32, i32),
    /// Dots across.
    pub(in crate::device) width: usize,
    /// 0–255, row by row.
    pub(in crate::device) coverage: Vec<u8>,
}

/// No glyph and no sign is larger, dots a side: the largest glass.
const MOST: i32 = 4096;

/// A path: dots, the origin at the baseline, down is more.
#[derive(Default)]
pub(in crate::device) struct Path {
    strokes: Vec<Stroke>,
    start: Point,
    last: Point,
}

enum Stroke {
    Line([Point; 2]),
    Quad([Point; 3]),
    Cubic([Point; 4]),
}

impl Path {
    pub(in crate::device) fn mask(&self) -> Option<Mask> {
        let ends = self.strokes.iter().flat_map(|stroke| match stroke {
            Stroke::Line(points) => points.as_slice(),
            Stroke::Quad(points) => points,
            Stroke::Cubic(points) => points,
        });
        let (mut least, mut most) = (point(f32::MAX, f32::MAX), point(f32::MIN, f32::MIN));
        for end in ends {
            least = point(least.x.min(end.x), least.y.min(end.y));
            most = point(most.x.max(end.x), most.y.max(end.y));
        }
        let (left, top) = (floor(least.x), floor(least.y));
        let side = |from: i32, to: f32| {
            let length = floor(to).checked_sub(from)?.checked_add(2)?;
            usize::try_from(length).ok().filter(|_| (2..=MOST).contains(&length))
        };
        let (width, height) = (side(left, most.x)?, side(top, most.y)?);
        #[expect(clippy::cast_precision_loss, reason = "dots of a glass")]
        let origin = point(left as f32, top as f32);
        let mut raster = Rasterizer::new(width, height);
        let within = |end: Point| point(end.x - origin.x, end.y - origin.y);
        for stroke in &self.strokes {
            match *stroke {
                Stroke::Line([a, b]) => raster.draw_line(within(a), within(b)),
                Stroke::Quad([a, b, c]) => raster.draw_quad(within(a), within(b), within(c)),
                Stroke::Cubic([a, b, c, d]) => raster.draw_cubic(within(a), within(b), within(c), within(d)),
            }
        }
        let mut coverage = vec![0; width * height];
        raster.for_each_pixel(|at, covered| {
            if let Some(dot) = coverage.get_mut(at) {
                *dot = byte(covered);
            }
        });
        Some(Mask { at: (left, top), width, coverage })
    }

    fn to(&mut self, end: Point, stroke: Stroke) {
        self.strokes.push(stroke);
        self.last = end;
    }
}

impl PathSink for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        (self.start, self.last) = (point(x, y), point(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let end = point(x, y);
        self.to(end, Stroke::Line([self.last, end]));
    }

    fn quad_to(&mut self, x0: f32, y0: f32, x: f32, y: f32) {
        let end = point(x, y);
        self.to(end, Stroke::Quad([self.last, point(x0, y0), end]));
    }

    fn curve_to(&mut self, x0: f32, y0: f32, x1: f32, y1: f32, x: f32, y: f32) {
        let end = point(x, y);
        self.to(end, Stroke::Cubic([self.last, point(x0, y0), point(x1, y1), end]));
    }

    fn close(&mut self) {
        if self.last != self.start {
            let (from, to) = (self.last, self.start);
            self.to(to, Stroke::Line([from, to]));
        }
    }
}

/// A font's units as dots.
struct Scaled {
    path: Path,
    scale: f32,
    right: f32,
}

impl Scaled {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        (x * self.scale + self.right, -y * self.scale)
    }
}

impl PathSink for Scaled {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x0: f32, y0: f32, x: f32, y: f32) {
        let ((x0, y0), (x, y)) = (self.place(x0, y0), self.place(x, y));
        self.path.quad_to(x0, y0, x, y);
    }

    fn curve_to(&mut self, x0: f32, y0: f32, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x0, y0), (x1, y1), (x, y)) = (self.place(x0, y0), self.place(x1, y1), self.place(x, y));
        self.path.curve_to(x0, y0, x1, y1, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

/// A glyph of a face; none where it is blank, or the font is broken there.
pub(super) fn outline(face: &Face, glyph: u32, size: f32, right: f32) -> Option<Mask> {
    let outline = face.font.outline_glyphs().get(harfrust::GlyphId::new(glyph))?;
    let mut scaled = Scaled { path: Path::default(), scale: size / face.em(), right };
    outline.draw(&DrawOptions::new(), DrawMemory::Scratch, &mut scaled).ok()?;
    scaled.path.close();
    scaled.path.mask()
}

/// A bitmap as large as an em: the square of a hanzi reaches 0.88 above the baseline.
pub(super) fn dots(bitmap: &Bitmap, size: f32) -> Mask {
    let (across, down) = bitmap.size();
    let side = usize::try_from(floor(size + 0.5).clamp(1, MOST)).unwrap_or(1);
    let width = (side * across).div_ceil(down.max(1)).max(1);
    let mut coverage = vec![0; side * width];
    let set: Vec<(usize, usize)> = bitmap.dots().collect();
    for (x, y) in set {
        for row in y * side / down..(y + 1) * side / down {
            let start = row * width;
            coverage[start + x * width / across..start + (x + 1) * width / across].fill(u8::MAX);
        }
    }
    Mask { at: (0, -floor(size * 0.88 + 0.5)), width, coverage }
}

/// So much of a dot, in 255ths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and what is no number is 0")]
fn byte(covered: f32) -> u8 {
    (covered * 255.0 + 0.5) as u8
}

/// The dot that a place lies in.
#[expect(clippy::cast_possible_truncation, reason = "saturates, and what is no number is 0")]
pub(in crate::device) fn floor(place: f32) -> i32 {
    place.floor() as i32
}
