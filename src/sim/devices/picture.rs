//! One-bit pictures, drawn with GNU Unifont, written as PNG.

use unifont::get_glyph;

/// A picture; true is ink.
pub(super) struct Picture {
    width: usize,
    rows: Vec<Vec<bool>>,
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
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(
            &mut bytes,
            u32::try_from(width).unwrap_or(u32::MAX),
            u32::try_from(height).unwrap_or(u32::MAX),
        );
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
        if written.is_err() {
            bytes.clear();
        }
        bytes
    }
}
