//! One-bit pictures, drawn with GNU Unifont, written as PNG.

use std::{collections::HashMap, sync::LazyLock};

use unifont::{Glyph, enumerate_glyphs, get_glyph};

/// A picture; true is ink.
pub(super) struct Picture {
    width: usize,
    rows: Vec<Vec<bool>>,
}

/// The character that has this bitmap.
pub(super) fn character_of(rows: &[u16; 16]) -> Option<char> {
    static CHARACTERS: LazyLock<HashMap<[u16; 16], char>> = LazyLock::new(|| {
        let wide =
            enumerate_glyphs().filter(|(character, _)| !character.is_ascii()).map(|(character, glyph)| match glyph {
                Glyph::Fullwidth(rows) => (*rows, character),
                // Drawn in the middle of a hanzi's place.
                Glyph::Halfwidth(rows) => (rows.map(|row| u16::from(row) << 4), character),
            });
        // Of two that look alike the hanzi wins over its compatibility form, which comes later.
        let mut characters = HashMap::new();
        for (rows, character) in wide {
            characters.entry(rows).or_insert(character);
        }
        characters
    });
    CHARACTERS.get(rows).copied()
}

/// A character of `side` by `side` dots that was grown from 16 by 16.
pub(super) fn read_hanzi(side: usize, is_set: impl Fn(usize, usize) -> bool) -> Option<char> {
    let mut rows = [0_u16; 16];
    for (y, row) in rows.iter_mut().enumerate() {
        for x in 0..16 {
            // The first dot that grew out of this one.
            let grown = |at: usize| (at * side).div_ceil(16);
            if is_set(grown(x), grown(y)) {
                *row |= 0x8000 >> x;
            }
        }
    }
    character_of(&rows)
}

/// A letter or digit of half the width.
fn read_half(side: usize, is_set: impl Fn(usize, usize) -> bool) -> Option<char> {
    (' '..='~').find(|character| {
        let Some(glyph) = get_glyph(*character) else { return false };
        (0..16)
            .all(|y| (0..8).all(|x| is_set((x * side).div_ceil(16), (y * side).div_ceil(16)) == glyph.get_pixel(x, y)))
    })
}

/// One line of type that is `side` dots high; 〓 for what no table has.
pub(super) fn read_line(side: usize, across: usize, is_set: impl Fn(usize, usize) -> bool) -> String {
    let mut text = String::new();
    let mut left = 0;
    while left + side / 2 <= across {
        let dot = |x: usize, y: usize| left + x < across && is_set(left + x, y);
        if let Some(half) = read_half(side, dot) {
            text.push(half);
            left += side / 2;
        } else {
            text.push(read_hanzi(side, dot).unwrap_or('〓'));
            left += side;
        }
    }
    text.trim_end().to_owned()
}

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

impl Picture {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, rows: vec![vec![false; width]; height] }
    }

    pub(super) fn height(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn grow(&mut self, rows: usize) {
        self.rows.extend(std::iter::repeat_n(vec![false; self.width], rows));
    }

    pub(super) fn set(&mut self, x: usize, y: usize) {
        if let Some(dot) = self.rows.get_mut(y).and_then(|row| row.get_mut(x)) {
            *dot = true;
        }
    }

    /// Draws a bitmap of sixteen rows.
    pub(super) fn stamp(&mut self, rows: &[u16; 16], x: usize, y: usize) {
        for (down, row) in rows.iter().enumerate() {
            for across in (0..16).filter(|across| row & (0x8000 >> across) != 0) {
                self.set(x + across, y + down);
            }
        }
    }

    /// Draws a character with its upper left corner at `x`, `y`; returns the columns it took.
    pub(super) fn draw(
        &mut self,
        character: char,
        x: usize,
        y: usize,
        (across, down): (usize, usize),
        bold: bool,
    ) -> usize {
        let Some(glyph) = get_glyph(character) else { return 16 * across };
        let width = glyph.get_width();
        for row in 0..16 * down {
            for column in 0..width * across {
                if glyph.get_pixel(column / across, row / down) {
                    self.set(x + column, y + row);
                    if bold {
                        self.set(x + column + 1, y + row);
                    }
                }
            }
        }
        width * across
    }

    pub(super) fn is_set(&self, x: usize, y: usize) -> bool {
        self.rows.get(y).and_then(|row| row.get(x)).copied().unwrap_or(false)
    }

    /// The PNG's bytes, every dot `scale` pixels wide and high, with a border of `border` dots.
    pub(super) fn png(&self, scale: usize, border: usize, paper: Colour, ink: Colour) -> Vec<u8> {
        let width = (self.width + 2 * border) * scale;
        let height = (self.rows.len() + 2 * border) * scale;
        let mut pixels = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            let row = (y / scale).checked_sub(border).and_then(|y| self.rows.get(y));
            for x in 0..width {
                let dot = (x / scale).checked_sub(border).and_then(|x| row?.get(x)).copied().unwrap_or(false);
                pixels.extend_from_slice(if dot { &ink } else { &paper });
            }
        }
        png((width, height), &pixels)
    }
}

/// The PNG's bytes of so many dots across and down, three bytes each; none where they are not so many.
pub(super) fn png((width, height): (usize, usize), pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut bytes, side(width), side(height));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    if written.is_err() {
        bytes.clear();
    }
    bytes
}
