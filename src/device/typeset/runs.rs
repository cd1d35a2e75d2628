//! A text in runs of one direction, script and face, and each run's glyphs.

use std::ops::Range;

use harfrust::{Buffer, Direction, Script, ShapeOptions};
use unicode_bidi::{BidiInfo, Level};

use super::{Glyph, Line, Shape, faces::Faces};
use crate::device::gb::{cells, drawn};

/// What shaping came to.
pub(super) struct Glyphs {
    pub(super) line: Line,
    pub(super) missing: Vec<char>,
}

/// What stands in the place of what nothing has.
const STAND_IN: char = '＊';

/// Of one script and face. Faces are known by their place; without one a run is drawn from bitmaps.
struct Run {
    text: Range<usize>,
    face: Option<usize>,
    script: Script,
}

/// The text on one line, which runs as its first letter does where no level is given.
pub(super) fn shape(faces: &mut Faces, text: &str, level: Option<Level>) -> Glyphs {
    let bidi = BidiInfo::new(text, level);
    // The em of a Chinese font reaches 0.88 above the baseline.
    let line = Line { glyphs: Vec::new(), width: 0.0, above: 0.88, below: 0.12, text: text.into() };
    let mut glyphs = Glyphs { line, missing: Vec::new() };
    for paragraph in &bidi.paragraphs {
        let (levels, visual) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for of_level in visual {
            let rtl = levels.get(of_level.start).is_some_and(|level| level.is_rtl());
            let mut runs = runs(faces, text, of_level);
            if rtl {
                runs.reverse();
            }
            runs.iter().for_each(|run| glyphs.add(faces, text, run, rtl));
        }
    }
    glyphs
}

/// Runs in the order they are written.
fn runs(faces: &mut Faces, text: &str, range: Range<usize>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut at = range.start;
    for cell in cells(text.get(range).unwrap_or_default()) {
        let here = at..at + cell.len();
        at = here.end;
        let characters: Vec<char> = drawn(cell).collect();
        let face = faces.having(&characters);
        let own = characters.iter().map(|character| harfrust::unicode::script(u32::from(*character))).find(is_written);
        match runs.last_mut() {
            // Blanks, digits and points belong to the script they stand in.
            Some(run) if run.face == face && own.is_none_or(|own| own == run.script || !is_written(&run.script)) => {
                run.text.end = here.end;
                run.script = own.unwrap_or(run.script);
            }
            _ => runs.push(Run { text: here, face, script: own.unwrap_or(Script::COMMON) }),
        }
    }
    runs
}

fn is_written(script: &Script) -> bool {
    ![Script::COMMON, Script::INHERITED, Script::UNKNOWN].contains(script)
}

/// Of a script whose letters stay within the em of a hanzi, but for the marks of Vietnamese.
fn is_flat(script: Script) -> bool {
    [Script::HAN, Script::LATIN, Script::CYRILLIC, Script::GREEK, Script::HIRAGANA, Script::KATAKANA, Script::HANGUL]
        .contains(&script)
        || !is_written(&script)
}

impl Glyphs {
    fn add(&mut self, faces: &mut Faces, text: &str, run: &Run, rtl: bool) {
        let written = text.get(run.text.clone()).unwrap_or_default();
        let set = run.face.and_then(|at| Some((at, faces.get(at)?)));
        let Some((at, face)) = set else {
            return self.add_bitmaps(written, run.text.start, rtl);
        };
        let mut buffer = Buffer::new();
        buffer.push_str(written);
        buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
        buffer.set_script(Some(run.script));
        if harfrust::shape(&face.shaper(), &mut buffer, ShapeOptions::new()).is_err() {
            return self.add_bitmaps(written, run.text.start, rtl);
        }
        if !is_flat(run.script) {
            let (above, below) = face.reach();
            self.line.above = self.line.above.max(above);
            self.line.below = self.line.below.max(below);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand units")]
        let ems = |units: i32| units as f32 / face.em();
        for (info, position) in buffer.glyph_infos().iter().zip(buffer.glyph_positions()) {
            let advance = ems(position.x_advance);
            self.line.glyphs.push(Glyph {
                shape: Shape::Outline(at, info.glyph_id),
                at: (self.line.width + ems(position.x_offset), ems(position.y_offset)),
                advance,
                cluster: run.text.start + usize::try_from(info.cluster).unwrap_or_default(),
            });
            self.line.width += advance;
        }
    }

    /// Each character in its place: letters are half as wide as a hanzi.
    fn add_bitmaps(&mut self, written: &str, start: usize, rtl: bool) {
        let mut characters: Vec<(usize, char)> = written.char_indices().collect();
        if rtl {
            characters.reverse();
        }
        for (at, character) in characters {
            let is_mark = harfrust::unicode::combining_class(u32::from(character)) != 0;
            if drawn(character.encode_utf8(&mut [0; 4])).next().is_none() {
                continue;
            }
            let known = super::bitmap(character).is_some();
            if !known {
                self.missing.push(character);
            }
            // A mark lies on what stands before it.
            let advance = if is_mark {
                0.0
            } else if character.is_ascii() {
                0.5
            } else {
                1.0
            };
            let x = if is_mark { (self.line.width - 1.0).max(0.0) } else { self.line.width };
            self.line.glyphs.push(Glyph {
                shape: Shape::Bitmap(if known { character } else { STAND_IN }),
                at: (x, 0.0),
                advance,
                cluster: start + at,
            });
            self.line.width += advance;
        }
    }
}
