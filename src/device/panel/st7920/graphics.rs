//! Graphic mode: the whole glass dot by dot.

use std::io;

use super::{BASIC, Bus, Drawn, EXTENDED, Fonts, GRAPHICS, Register, Scene, Style};

/// The chip's graphic memory.
#[derive(Default)]
pub(super) struct Graphics {
    /// What it holds; none in text mode.
    #[cfg(feature = "glyphs")]
    picture: Option<crate::device::panel::Frame>,
    /// The chip may be showing it.
    on: bool,
}

impl Graphics {
    /// Back to basic instructions; what graphic memory holds does not matter any more.
    pub(super) fn leave(&mut self, bus: &mut impl Bus) -> io::Result<()> {
        if self.on {
            bus.write(Register::Command, &[EXTENDED, BASIC])?;
        }
        *self = Self::default();
        Ok(())
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Shows again what it showed, out of basic instructions; nothing is known of its memory. Twice: RE does not change
    /// in one instruction with the others.
    pub(super) fn remind(&mut self, bus: &mut impl Bus) -> io::Result<()> {
        #[cfg(feature = "glyphs")]
        {
            self.picture = None;
        }
        bus.write(Register::Command, &[GRAPHICS, GRAPHICS])
    }

    /// Draws a page of a scene. The chip's text MUST be blank: it shows both.
    #[cfg(feature = "glyphs")]
    pub(super) fn show(
        &mut self,
        bus: &mut impl Bus,
        page: (&Scene, usize),
        style: &Style,
        fonts: &mut Fonts,
    ) -> io::Result<Drawn> {
        use crate::device::panel::{Rect, draw_page};

        /// The glass, and a word of graphic memory: sixteen dots of one row.
        const SIZE: (usize, usize) = (128, 64);
        const GRAIN: (usize, usize) = (16, 1);

        let (wanted, drawn) = draw_page(page, style, SIZE, fonts);
        let before = self.picture.take();
        let changes = match &before {
            Some(before) => wanted.changes(before, GRAIN),
            None => vec![Rect { x: 0, y: 0, width: SIZE.0, height: SIZE.1 }],
        };
        if !self.on {
            self.on = true;
            bus.write(Register::Command, &[EXTENDED])?;
        }
        for Rect { x, y, width, height } in changes {
            for y in y..y + height {
                // The lower half of the glass is the right half of the chip's 256 columns.
                let row = 0x80 | u8::try_from(y % 32).unwrap_or(0);
                let word = 0x80 | u8::try_from(x / 16 + if y < 32 { 0 } else { 8 }).unwrap_or(0);
                let dots: Vec<u8> = (x / 8..(x + width) / 8)
                    .map(|byte| (0..8).fold(0, |bits, bit| bits << 1 | u8::from(wanted.is_on(8 * byte + bit, y))))
                    .collect();
                bus.write_all(&[(Register::Command, &[row, word]), (Register::Data, &dots)])?;
            }
        }
        if before.is_none() {
            bus.write(Register::Command, &[GRAPHICS])?;
        }
        self.picture = Some(wanted);
        Ok(drawn)
    }

    /// Never asked for in a build without bitmaps.
    #[cfg(not(feature = "glyphs"))]
    pub(super) fn show(&mut self, _: &mut impl Bus, _: (&Scene, usize), _: &Style, _: &mut Fonts) -> io::Result<Drawn> {
        Ok(Drawn::default())
    }
}
