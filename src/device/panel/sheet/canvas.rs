//! The picture that is drawn on: colours, shapes, type, codes.

use std::sync::Arc;

use qrcode::{Color, QrCode};

use super::signs::{Shape, Sign};
use crate::device::{
    Line, Typesetter,
    panel::{
        Palette, Rgb,
        frame::{Frame, Ink, Rect, mixed},
    },
    typeset::floor,
};

/// A place, dots from the left and from the top.
pub(super) type Place = (f32, f32);

/// A text that stands on a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The whole text that this is a line of.
    pub of: Arc<str>,
    /// The line.
    pub text: Arc<str>,
    /// Dots an em.
    pub size: f32,
    /// Left, top, right, bottom, dots.
    pub within: [f32; 4],
    /// Its colour, and that of what it stands on.
    pub colours: [Rgb; 2],
}

/// A line of type on its way to its place.
pub(super) struct Words<'a> {
    pub(super) of: &'a Arc<str>,
    pub(super) line: &'a Line,
    /// Dots an em.
    pub(super) size: f32,
    pub(super) colour: Rgb,
    pub(super) ground: Rgb,
}

pub(super) struct Canvas<'a> {
    frame: Frame,
    pub(super) palette: Palette,
    type_: &'a mut Typesetter,
    texts: Vec<Placed>,
}

impl<'a> Canvas<'a> {
    pub(super) fn new((width, height): (usize, usize), palette: Palette, type_: &'a mut Typesetter) -> Self {
        let mut frame = Frame::new(width, height);
        frame.fill(Rect { x: 0, y: 0, width, height }, Ink::Colour(palette.paper));
        Self { frame, palette, type_, texts: Vec::new() }
    }

    pub(super) fn done(self) -> (Frame, Vec<Placed>) {
        (self.frame, self.texts)
    }

    /// The ground with a breath of this colour.
    pub(super) fn tint(&self, colour: Rgb) -> Rgb {
        mixed(self.palette.paper, colour, 20)
    }

    pub(super) fn fill(&mut self, (left, top): Place, (width, height): (f32, f32), colour: Rgb) {
        let dot = |place: f32| usize::try_from(floor(place + 0.5)).unwrap_or(0);
        let (x, y) = (dot(left), dot(top));
        let rect =
            Rect { x, y, width: dot(left + width).saturating_sub(x), height: dot(top + height).saturating_sub(y) };
        self.frame.fill(rect, Ink::Colour(colour));
    }

    pub(super) fn shape(&mut self, shape: Shape, place: Place, side: f32, colour: Rgb) {
        if self.frame.size() == (0, 0) {
            return;
        }
        if let Some(mask) = shape.path(place, side).mask() {
            self.frame.paint(&mask, (0, 0), colour);
        }
    }

    /// A box with round corners.
    pub(super) fn panel(&mut self, place: Place, (width, height): (f32, f32), colour: Rgb) {
        let side = width.max(height).max(1.0);
        let part = 100.0 / side;
        self.shape(
            Shape::Box(0.0, 0.0, width * part, height * part, height.min(width) * part * 0.18),
            place,
            side,
            colour,
        );
    }

    /// A pictogram in a square.
    pub(super) fn sign(&mut self, sign: Sign, place: Place, side: f32, [ink, ground]: [Rgb; 2]) {
        for (shape, is_ground) in sign.parts() {
            self.shape(shape, place, side, if is_ground { ground } else { ink });
        }
    }

    /// A line with its upper left corner here.
    pub(super) fn words(&mut self, words: &Words<'_>, (left, top): Place) {
        let Words { of, line, size, colour, ground } = *words;
        let baseline = floor(top + (line.above + Line::LEADING / 2.0) * size + 0.5);
        let is_seen = self.frame.size() != (0, 0);
        for glyph in line.glyphs.iter().filter(|_| is_seen) {
            let x = left + glyph.at.0 * size;
            let whole = floor(x);
            #[expect(clippy::cast_precision_loss, reason = "dots of a glass")]
            let Some(mask) = self.type_.mask(glyph.shape, size, x - whole as f32) else { continue };
            self.frame.paint(&mask, (whole, baseline - floor(glyph.at.1 * size + 0.5)), colour);
        }
        let within = [left, top, left + line.width * size, top + line.height() * size];
        let text = Arc::clone(&line.text);
        self.texts.push(Placed { of: Arc::clone(of), text, size, within, colours: [colour, ground] });
    }

    /// A picture of the site's, as large as it is drawn.
    pub(super) fn picture(&mut self, width: usize, dots: &[[u8; 4]], (left, top): Place) {
        let dot = |place: f32| usize::try_from(floor(place + 0.5)).unwrap_or(0);
        let (left, top) = (dot(left), dot(top));
        for (row, line) in dots.chunks(width.max(1)).enumerate() {
            for (column, [red, green, blue, opaque]) in line.iter().enumerate() {
                let colour = mixed(self.palette.paper, [*red, *green, *blue], *opaque);
                let rect = Rect { x: left + column, y: top + row, width: 1, height: 1 };
                self.frame.fill(rect, Ink::Colour(colour));
            }
        }
    }

    /// The code with whole dots a module, as many as there is room for, in the middle of a square; none where there is no
    /// room, for half a code is none. Dark on light, whatever the site's colours: a phone reads it so.
    pub(super) fn code(&mut self, codes: &[QrCode], (left, top): Place, side: f32) {
        let side = usize::try_from(floor(side)).unwrap_or(0);
        let dots = |code: &&QrCode| side / modules(code);
        // Of equals the one with most correction.
        let Some(code) = codes.iter().rev().max_by_key(dots).filter(|code| dots(code) > 0) else { return };
        let dots = dots(&code);
        let used = dots * modules(code);
        let at = |place: f32| usize::try_from(floor(place)).unwrap_or(0) + (side - used) / 2;
        let (left, top) = (at(left), at(top));
        let square = |x: usize, y: usize, side: usize| Rect { x, y, width: side, height: side };
        self.frame.fill(square(left, top, used), Ink::Colour([255, 255, 255]));
        for (at, colour) in code.to_colors().into_iter().enumerate() {
            if colour == Color::Dark {
                let (x, y) = (at % code.width() + QUIET, at / code.width() + QUIET);
                self.frame.fill(square(left + x * dots, top + y * dots, dots), Ink::Colour([0, 0, 0]));
            }
        }
    }
}

/// Modules that stay light around a QR code (ISO/IEC 18004, 5.3.8).
const QUIET: usize = 4;

/// Modules of a code with its quiet border.
pub(super) fn modules(code: &QrCode) -> usize {
    code.width() + 2 * QUIET
}
