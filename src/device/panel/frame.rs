//! A picture of a panel: dots of four inks, and which of them changed.

#[cfg(feature = "screen")]
use crate::device::typeset::Mask;
use crate::{device::glyph::Bitmap, kiosk::Tone};

/// What a dot is for; the glass knows its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// What a dot is where nothing stands.
    #[default]
    Paper,
    /// A dot of text.
    Text,
    /// What matters most.
    Accent,
    /// What matters least.
    Quiet,
    /// A colour of its own: red, green, blue.
    Colour([u8; 3]),
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    width: usize,
    height: usize,
    dots: Vec<Ink>,
    /// Which colour the accent has.
    pub tone: Tone,
    /// White on black, as bright as it gets.
    pub contrast: bool,
}

/// A part of a picture, in dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// From the left.
    pub x: usize,
    /// From the top.
    pub y: usize,
    /// Dots across.
    pub width: usize,
    /// Dots down.
    pub height: usize,
}

/// An unchanged run of rows shorter than this is sent along: a new address costs as much.
const NEAR: usize = 2;

impl Frame {
    /// An empty picture.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, dots: [Ink::Paper].repeat(width * height), tone: Tone::Calm, contrast: false }
    }

    /// Dots across and down.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// One dot; paper outside.
    pub fn dot(&self, x: usize, y: usize) -> Ink {
        if x < self.width && y < self.height { self.dots[y * self.width + x] } else { Ink::Paper }
    }

    /// True where a one-colour panel shines.
    pub fn is_on(&self, x: usize, y: usize) -> bool {
        self.dot(x, y) != Ink::Paper
    }

    /// One row of dots.
    pub fn row(&self, y: usize) -> &[Ink] {
        &self.dots[y * self.width..(y + 1) * self.width]
    }

    /// Fills a rectangle; what lies outside is left out.
    pub fn fill(&mut self, Rect { x, y, width, height }: Rect, ink: Ink) {
        let (right, bottom) = ((x + width).min(self.width), (y + height).min(self.height));
        if x >= right || y >= bottom {
            return;
        }
        let first = y * self.width + x..y * self.width + right;
        self.dots[first.clone()].fill(ink);
        for y in y + 1..bottom {
            self.dots.copy_within(first.clone(), y * self.width + x);
        }
    }

    /// Draws a bitmap, every dot `scale` dots wide and high.
    pub(crate) fn stamp(&mut self, bitmap: &Bitmap, (left, top): (usize, usize), scale: usize, ink: Ink) {
        for (x, y) in bitmap.dots() {
            self.fill(Rect { x: left + x * scale, y: top + y * scale, width: scale, height: scale }, ink);
        }
    }

    /// Lays a colour over what stands there, as far as a mask covers it; what lies outside is left out.
    #[cfg(feature = "screen")]
    pub(super) fn paint(&mut self, mask: &Mask, (x, y): (i32, i32), colour: [u8; 3]) {
        let (left, top) = (x.saturating_add(mask.at.0), y.saturating_add(mask.at.1));
        for (row, line) in (top..).zip(mask.coverage.chunks(mask.width.max(1))) {
            let Some(row) = usize::try_from(row).ok().filter(|row| *row < self.height) else { continue };
            let hidden = usize::try_from(left.saturating_neg()).unwrap_or(0);
            let dots = self.dots[row * self.width..(row + 1) * self.width].iter_mut();
            let shown = dots.skip(usize::try_from(left).unwrap_or(0)).zip(line.iter().skip(hidden));
            for (dot, covered) in shown.filter(|(_, covered)| **covered > 0) {
                if let Ink::Colour(below) = *dot {
                    *dot = Ink::Colour(mixed(below, colour, *covered));
                }
            }
        }
    }

    /// The rectangles in which this differs from `before`, widened to whole grains of `across` × `down` dots.
    pub fn changes(&self, before: &Self, (across, down): (usize, usize)) -> Vec<Rect> {
        let whole = Rect { x: 0, y: 0, width: self.width, height: self.height };
        if (before.size(), before.tone, before.contrast) != (self.size(), self.tone, self.contrast) {
            return vec![whole];
        }
        let mut bands: Vec<Rect> = Vec::new();
        for y in 0..self.height {
            let (old, new) = (before.row(y), self.row(y));
            if old == new {
                continue;
            }
            let differs = |x: &usize| old[*x] != new[*x];
            let first = (0..self.width).find(differs).unwrap_or(0);
            let last = (0..self.width).rev().find(differs).unwrap_or(0);
            match bands.last_mut() {
                Some(band) if y <= band.y + band.height + NEAR => {
                    let right = (band.x + band.width).max(last + 1);
                    band.x = band.x.min(first);
                    band.width = right - band.x;
                    band.height = y + 1 - band.y;
                }
                _ => bands.push(Rect { x: first, y, width: last + 1 - first, height: 1 }),
            }
        }
        let grain = |band: &Rect| {
            let (x, y) = (band.x / across * across, band.y / down * down);
            let right = (band.x + band.width).div_ceil(across) * across;
            let bottom = (band.y + band.height).div_ceil(down) * down;
            Rect { x, y, width: right.min(self.width) - x, height: bottom.min(self.height) - y }
        };
        let mut rects: Vec<Rect> = Vec::new();
        for rect in bands.iter().map(grain) {
            match rects.last_mut() {
                // Grains may make neighbours overlap.
                Some(last) if rect.y < last.y + last.height => {
                    let right = (last.x + last.width).max(rect.x + rect.width);
                    last.height = (rect.y + rect.height).max(last.y + last.height) - last.y;
                    last.x = last.x.min(rect.x);
                    last.width = right - last.x;
                }
                _ => rects.push(rect),
            }
        }
        rects
    }
}

/// Two colours, so many 255ths of the second.
#[cfg(feature = "screen")]
pub(super) fn mixed(below: [u8; 3], above: [u8; 3], part: u8) -> [u8; 3] {
    let part = u32::from(part);
    // Two channels at once, 16 bits each; a 255th of each, rounded.
    let mix = |below: u32, above: u32| {
        let sum = below * (255 - part) + above * part + 0x0080_0080;
        (sum + (sum >> 8 & 0x00FF_00FF)).to_le_bytes()
    };
    let both = |[low, _, high]: [u8; 3]| u32::from(low) | u32::from(high) << 16;
    let [_, red, _, blue] = mix(both(below), both(above));
    let [_, green, ..] = mix(u32::from(below[1]), u32::from(above[1]));
    [red, green, blue]
}
