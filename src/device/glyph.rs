//! Bitmaps for what a device's own ROM lacks: GNU Unifont, 16 × 16, in builds with feature `glyphs`.
//!
//! It holds every hanzi of GBK and of Extension A; what it lacks is drawn as ＊ and counted.

/// Sixteen rows of sixteen dots, the left one in the highest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph([u16; 16]);

/// The full-width bitmap of a character, if there is one.
#[cfg(feature = "glyphs")]
pub(super) fn glyph(character: char) -> Option<Glyph> {
    match unifont::get_glyph(character)? {
        unifont::Glyph::Fullwidth(rows) => Some(Glyph(*rows)),
        unifont::Glyph::Halfwidth(_) => None,
    }
}

/// The full-width bitmap of a character, if there is one.
#[cfg(not(feature = "glyphs"))]
pub(super) fn glyph(_: char) -> Option<Glyph> {
    None
}

impl Glyph {
    /// Row by row, two bytes each: a panel's way.
    pub(super) fn rows(&self) -> impl Iterator<Item = u8> {
        self.0.into_iter().flat_map(u16::to_be_bytes)
    }

    /// Grown to 24 × 24 dots, column by column, three bytes each, the upper dot in the highest bit: `ESC * 33`'s way.
    pub(super) fn columns24(&self) -> [u8; 72] {
        let mut bytes = [0; 72];
        for x in 0..24 {
            for y in 0..24 {
                if self.0[y * 2 / 3] >> (15 - x * 2 / 3) & 1 == 1 {
                    bytes[x * 3 + y / 8] |= 0x80 >> (y % 8);
                }
            }
        }
        bytes
    }
}
