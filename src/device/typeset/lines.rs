//! A text in lines.

use std::sync::Arc;

use unicode_bidi::BidiInfo;

use super::{Line, Typesetter};
use crate::device::gb::{cells, ends};

impl Typesetter {
    /// The text in lines of at most `width` ems, broken where a line may be (UAX #14): at blanks where that takes no more
    /// lines, else in parts of about the same length. A word that is wider than a line is broken between its letters.
    /// What stands behind a line feed begins a line.
    pub(in crate::device) fn wrapped(&mut self, text: &str, width: f32) -> Vec<Arc<Line>> {
        text.split('\n').flat_map(|sentence| self.sentence(sentence, width)).collect()
    }

    fn sentence(&mut self, text: &str, width: f32) -> Vec<Arc<Line>> {
        let whole = self.line(text);
        if whole.width <= width {
            return vec![whole];
        }
        let measure = Measure::of(&whole, text);
        let any: Vec<usize> = ends(text).collect();
        let blanks: Vec<usize> = any.iter().copied().filter(|end| ends_a_word(text, *end)).collect();
        let ragged = measure.broken(text, &any, width);
        let at_blanks = measure.broken(text, &blanks, width);
        let keeps_words = at_blanks.iter().all(|end| blanks.contains(end));
        let chosen = if at_blanks.len() <= ragged.len() && keeps_words {
            measure.evened(text, &blanks, at_blanks, width)
        } else {
            measure.evened(text, &any, ragged, width)
        };
        let level = BidiInfo::new(text, None).paragraphs.first().map_or(unicode_bidi::LTR_LEVEL, |first| first.level);
        let mut begin = 0;
        let mut lines = Vec::new();
        for end in chosen {
            lines.push(self.part(text.get(begin..end).unwrap_or_default().trim(), level));
            begin = end;
        }
        lines
    }

    /// The width of the widest part that should not be broken, ems: a word, and what stands between two points where it
    /// is short.
    pub(in crate::device) fn widest_word(&mut self, text: &str) -> f32 {
        text.split('\n').map(|sentence| self.widest_word_of(sentence)).fold(0.0, f32::max)
    }

    fn widest_word_of(&mut self, text: &str) -> f32 {
        let whole = self.line(text);
        let measure = Measure::of(&whole, text);
        let ends: Vec<usize> = ends(text).collect();
        let of_words = ends.iter().copied().filter(|end| ends_a_word(text, *end)).collect::<Vec<_>>();
        let phrase = measure.widest(text, &of_words);
        if phrase <= SHORT { phrase } else { measure.widest(text, &ends) }
    }
}

/// A phrase that is no wider stays on one line, ems.
const SHORT: f32 = 6.0;

fn ends_a_word(text: &str, end: usize) -> bool {
    end == text.len() || text.get(..end).is_some_and(|before| before.ends_with([' ', '，', '。', '；', '、', '·', '/']))
}

/// How far each byte's glyphs reach, as far as they do not depend on where a line ends.
struct Measure(Vec<f32>);

impl Measure {
    fn of(line: &Line, text: &str) -> Self {
        let mut advances = vec![0.0; text.len() + 1];
        for glyph in &line.glyphs {
            if let Some(advance) = advances.get_mut(glyph.cluster) {
                *advance += glyph.advance;
            }
        }
        let mut sum = 0.0;
        Self(
            advances
                .into_iter()
                .map(|advance| {
                    let before = sum;
                    sum += advance;
                    before
                })
                .collect(),
        )
    }

    /// A part's width without the blank at its end.
    fn width(&self, text: &str, begin: usize, end: usize) -> f32 {
        let seen = text.get(begin..end).map_or(0, |part| part.trim_end().len());
        let at = |at: usize| self.0.get(at).copied().unwrap_or_default();
        at(begin + seen) - at(begin)
    }

    fn widest(&self, text: &str, ends: &[usize]) -> f32 {
        let begins = std::iter::once(0).chain(ends.iter().copied());
        begins.zip(ends).map(|(begin, end)| self.width(text, begin, *end)).fold(0.0, f32::max)
    }

    /// Where lines end, each as full as it can be.
    fn broken(&self, text: &str, may: &[usize], width: f32) -> Vec<usize> {
        let mut ends = Vec::new();
        let (mut begin, mut last) = (0, 0);
        for end in may.iter().copied() {
            if self.width(text, begin, end) <= width {
                last = end;
                continue;
            }
            if last > begin {
                ends.push(last);
                begin = last;
            }
            // A word wider than a line.
            let mut within = begin;
            for cell in cells(text.get(begin..end).unwrap_or_default()) {
                let next = within + cell.len();
                if self.width(text, begin, next) > width && within > begin {
                    ends.push(within);
                    begin = within;
                }
                within = next;
            }
            last = end;
        }
        if begin < text.len() {
            ends.push(text.len());
        }
        ends
    }

    /// In as many lines, none much longer than the others.
    fn evened(&self, text: &str, may: &[usize], ends: Vec<usize>, width: f32) -> Vec<usize> {
        let (mut low, mut high, mut best) = (width / 2.0, width, ends);
        for _ in 0..6 {
            let middle = (low + high) / 2.0;
            let tried = self.broken(text, may, middle);
            if tried.len() <= best.len() && tried.iter().all(|end| may.contains(end)) {
                (best, high) = (tried, middle);
            } else {
                low = middle;
            }
        }
        best
    }
}
