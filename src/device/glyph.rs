//! Bitmaps for what a device's own ROM lacks.
//!
//! GNU Unifont, 16 × 16, in builds with feature `glyphs`: every hanzi of GBK and of Extension A. Beyond that an outline
//! font of the system, drawn when the character comes and kept for the next time. What nothing has is ＊, and counted.

#[cfg(feature = "glyphs")]
mod marks;
#[cfg(feature = "glyphs")]
mod outline;

use std::{collections::VecDeque, io::Read as _, path::PathBuf};

use super::DeviceError;
use super::gb::{alone, drawn};
use crate::{
    fault::{Code, causes},
    files,
};

/// A square of dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    side: usize,
    /// Dots across; narrower than the side for letters and digits.
    width: usize,
    dots: Vec<bool>,
}

/// Where bitmaps come from.
#[derive(Default)]
pub struct Fonts {
    /// Outline fonts, the first that has a character wins.
    outlines: Vec<(PathBuf, u32)>,
    /// Their bytes, where they are kept: for whoever draws thousands.
    kept: Vec<(Vec<u8>, u32)>,
    /// Drawn from outlines, newest last; none is known to be missing.
    drawn: VecDeque<(char, usize, Option<Bitmap>)>,
    /// Set in outline type, where somebody does.
    #[cfg(feature = "screen")]
    typesetter: Option<super::Typesetter>,
}

/// Bitmaps kept: reading a font of twenty megabytes takes longer than a person should wait twice.
const KEPT: usize = 64;

/// How font files begin: TrueType, OpenType, a collection (OpenType specification, font file).
const KINDS: [[u8; 4]; 4] = [[0, 1, 0, 0], *b"OTTO", *b"ttcf", *b"true"];

/// A font larger than this is none, bytes: Noto's collection of CJK has a third of it.
const MOST: usize = 64 << 20;

/// Where Debian puts fonts that hold what Unifont lacks, and which face of them speaks Chinese: fonts-noto-cjk, whose
/// strokes are of one thickness and stay apart in few dots; fonts-hanazono, which has all that is left.
const SYSTEM: [(&str, u32); 3] = [
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf", 0),
    ("/usr/share/fonts/truetype/hanazono/HanaMinA.ttf", 0),
];

impl Fonts {
    /// Fonts of the site's before those of the system.
    pub fn new(own: &[PathBuf]) -> Self {
        let system = SYSTEM.into_iter().map(|(file, face)| (PathBuf::from(file), face));
        Self { outlines: own.iter().map(|file| (file.clone(), 0)).chain(system).collect(), ..Self::default() }
    }

    /// The same for type that is set: with these fonts, as this language is written.
    #[cfg(feature = "screen")]
    pub fn with_type(self, own: &[PathBuf], language: crate::words::Language) -> Self {
        Self { typesetter: Some(super::Typesetter::new(own, language)), ..self }
    }

    /// Who sets type. It has the program's own bitmaps alone where nobody said otherwise.
    #[cfg(feature = "screen")]
    pub(super) fn typesetter(&mut self) -> &mut super::Typesetter {
        self.typesetter.get_or_insert_with(super::Typesetter::built_in)
    }

    /// The same, where the site's fonts are there and are some: what was named is not to be missed for months.
    pub fn open(own: &[PathBuf]) -> Result<Self, DeviceError> {
        for file in own {
            let failed = |reason| DeviceError::Open { what: "font".to_owned(), reason, code: Code::C102 };
            let mut head = [0; 4];
            let opened = files::open(file).map_err(|error| failed(causes(&error)))?;
            let read = opened.take(4).read_exact(&mut head);
            if read.is_err() || !KINDS.contains(&head) {
                return Err(failed(format!("{}: is not a TrueType or OpenType font", file.display())));
            }
        }
        Ok(Self::new(own))
    }

    /// Reads the outline fonts once and keeps them: tens of megabytes.
    pub fn kept_open(mut self) -> Self {
        let read = |(file, face): (PathBuf, u32)| Some((files::read(&file, MOST).ok()?, face));
        self.kept = std::mem::take(&mut self.outlines).into_iter().filter_map(read).collect();
        self
    }

    /// Only what the program holds itself.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// A character as `side` × `side` dots, or half as wide where it is a letter.
    pub fn bitmap(&mut self, character: char, side: usize) -> Option<Bitmap> {
        if let Some(bitmap) = unifont16(character) {
            return Some(bitmap.scaled(side));
        }
        if let Some((.., bitmap)) = self.drawn.iter().find(|(of, at, _)| (*of, *at) == (character, side)) {
            return bitmap.clone();
        }
        let bitmap = self.outline(character, side);
        if self.drawn.len() == KEPT {
            self.drawn.pop_front();
        }
        self.drawn.push_back((character, side, bitmap.clone()));
        bitmap
    }

    /// What stands in one place, as [`Self::bitmap`]: with its marks a letter is as wide as a hanzi. An error is the
    /// character that no font has.
    pub(super) fn cell(&mut self, cell: &str, side: usize) -> Result<Bitmap, char> {
        if let Some(character) = alone(cell) {
            return self.bitmap(character, side).ok_or(character);
        }
        // Grown together, what touches does, and what is apart stays apart.
        let grown_from = if drawn(cell).all(|character| unifont16(character).is_some()) { 16 } else { side };
        let parts: Result<Vec<Bitmap>, char> =
            drawn(cell).map(|character| self.bitmap(character, grown_from).ok_or(character)).collect();
        parts.map(|parts| Bitmap::stacked(parts, grown_from).scaled(side))
    }

    #[cfg(feature = "glyphs")]
    fn outline(&self, character: char, side: usize) -> Option<Bitmap> {
        // Read anew each time: twenty megabytes are not kept for the one name a month that needs them.
        let kept = self.kept.iter().find_map(|(font, face)| outline::draw(font, *face, character, side));
        let read =
            |(file, face): &(PathBuf, u32)| outline::draw(&files::read(file, MOST).ok()?, *face, character, side);
        kept.or_else(|| self.outlines.iter().find_map(read))
    }

    #[cfg(not(feature = "glyphs"))]
    fn outline(&self, _: char, _: usize) -> Option<Bitmap> {
        None
    }
}

/// The bitmap that the program holds.
#[cfg(feature = "glyphs")]
pub(super) fn unifont16(character: char) -> Option<Bitmap> {
    let glyph = unifont::get_glyph(character)?;
    let width = glyph.get_width();
    // What is narrow and stands in a hanzi's place stands in its middle.
    let wide = if character.is_ascii() { width } else { 16 };
    let left = (wide - width) / 2;
    let dot = |x: usize, y| x.checked_sub(left).is_some_and(|x| x < width && glyph.get_pixel(x, y));
    let dots = (0..16).flat_map(|y| (0..wide).map(move |x| dot(x, y))).collect();
    Some(Bitmap { side: 16, width: wide, dots })
}

/// The bitmap that the program holds.
#[cfg(not(feature = "glyphs"))]
fn unifont16(_: char) -> Option<Bitmap> {
    None
}

impl Bitmap {
    /// A build without bitmaps has no parts.
    #[cfg(not(feature = "glyphs"))]
    fn stacked(_: Vec<Self>, side: usize) -> Self {
        Self { side, width: side, dots: vec![false; side * side] }
    }

    /// Dots across and down.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.side)
    }

    fn is_set(&self, x: usize, y: usize) -> bool {
        self.dots[y * self.width + x]
    }

    /// The dots that are set, as x and y.
    pub fn dots(&self) -> impl Iterator<Item = (usize, usize)> {
        let width = self.width;
        self.dots.iter().enumerate().filter(|(_, set)| **set).map(move |(at, _)| (at % width, at / width))
    }

    /// Sixteen rows of sixteen dots, the left one in the highest bit.
    pub(crate) fn rows16(&self) -> [u16; 16] {
        let mut rows = [0; 16];
        for (x, y) in self.dots().filter(|(x, y)| *x < 16 && *y < 16) {
            rows[y] |= 0x8000 >> x;
        }
        rows
    }

    /// Column by column, three bytes each, the upper dot in the highest bit: `ESC * 33`'s way. Twenty-four rows.
    pub(crate) fn columns24(&self) -> Vec<u8> {
        let mut bytes = vec![0; 3 * self.width];
        for (x, y) in self.dots().filter(|(_, y)| *y < 24) {
            bytes[x * 3 + y / 8] |= 0x80 >> (y % 8);
        }
        bytes
    }

    /// Grown to another side, dot by dot.
    fn scaled(self, side: usize) -> Self {
        if side == self.side {
            return self;
        }
        let width = self.width * side / self.side;
        let dots = (0..side * width)
            .map(|at| self.is_set(at % width * self.width / width, at / width * self.side / side))
            .collect();
        Self { side, width, dots }
    }
}
