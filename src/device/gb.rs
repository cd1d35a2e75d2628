//! Characters as devices know them. GB18030 only here, at the edge, told apart by length.

use encoding_rs::GB18030;

pub(super) use crate::words::{alone, cells, columns, drawn, letter, width};

/// A character in GB18030.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gb {
    /// One byte.
    Ascii(u8),
    /// Two bytes: what a Chinese ROM may hold.
    Two([u8; 2]),
    /// Four bytes, or nothing at all: no ROM holds it.
    Beyond,
}

/// What stands for a character that cannot be drawn: ＊, full width, in every Chinese ROM.
pub(super) const STAND_IN: [u8; 2] = [0xA3, 0xAA];

impl Gb {
    pub(super) fn of(character: char) -> Self {
        let mut buffer = [0; 4];
        let (bytes, _, failed) = GB18030.encode(character.encode_utf8(&mut buffer));
        match bytes.as_ref() {
            [one @ 0x20..=0x7E] => Self::Ascii(*one),
            [one, two] if !failed => Self::Two([*one, *two]),
            _ => Self::Beyond,
        }
    }

    /// True for the codes that GB18030 added to GBK's user-defined rows: FE50–FEA0.
    pub(super) fn is_region5(self) -> bool {
        matches!(self, Self::Two([0xFE, 0x50..=0xA0]))
    }

    /// True where GB2312 has the character: its symbols and hanzi, and not the cells it leaves empty, where GB18030 has
    /// private-use codes and later additions (GB/T 2312-1980, rows 1–9 and 16–87).
    pub(super) fn is_gb2312(self) -> bool {
        matches!(
            self,
            Self::Two(
                [0xA1 | 0xA3, 0xA1..=0xFE]
                | [0xA2, 0xB1..=0xE2 | 0xE5..=0xEE | 0xF1..=0xFC]
                | [0xA4, 0xA1..=0xF3]
                | [0xA5, 0xA1..=0xF6]
                | [0xA6, 0xA1..=0xB8 | 0xC1..=0xD8]
                | [0xA7, 0xA1..=0xC1 | 0xD1..=0xF1]
                | [0xA8, 0xA1..=0xBA | 0xC5..=0xE9]
                | [0xA9, 0xA4..=0xEF]
                | [0xD7, 0xA1..=0xF9]
                | [0xB0..=0xD6 | 0xD8..=0xF7, 0xA1..=0xFE],
            )
        )
    }

    /// True where every ROM for GBK has the character: GBK as code page 936 has it, without user-defined rows and without
    /// what GB18030 added.
    pub(super) fn is_gbk(self) -> bool {
        self.is_gb2312()
            || matches!(
                self,
                Self::Two(
                    [0xA2, 0xA1..=0xAA]
                    | [0xA6, 0xE0..=0xEB | 0xEE..=0xF2 | 0xF4..=0xF5]
                    | [0xA8, 0x40..=0x7E | 0x80..=0x95 | 0xBB | 0xBD | 0xBE | 0xC0]
                    | [0xA9, 0x40..=0x57 | 0x59 | 0x5A | 0x5C | 0x60..=0x7E | 0x80..=0x88 | 0x96]
                    | [0x81..=0xA0, 0x40..=0x7E | 0x80..=0xFE]
                    | [0xAA..=0xFD, 0x40..=0x7E | 0x80..=0xA0]
                    | [0xFE, 0x40..=0x4F],
                )
            )
    }
}

/// The text for a panel on which a hanzi begins at an even column: a blank fills what an odd run of ASCII leaves.
pub(super) fn aligned(text: &str) -> String {
    let mut aligned = String::with_capacity(text.len() + 4);
    let mut used = 0;
    for cell in cells(text) {
        if columns(cell) == 2 && used % 2 == 1 {
            aligned.push(' ');
            used += 1;
        }
        aligned.push_str(cell);
        used += columns(cell);
    }
    aligned
}

/// As much of `text` as fits into `width` columns.
pub(super) fn fit(text: &str, width: usize) -> String {
    let mut used = 0;
    cells(text)
        .take_while(|cell| {
            used += columns(cell);
            used <= width
        })
        .collect()
}

/// Where a line may end (UAX #14, and no word is parted), bytes from the beginning.
#[cfg(feature = "glyphs")]
pub(super) fn ends(text: &str) -> impl Iterator<Item = usize> {
    let may = unicode_linebreak::linebreaks(text).map(|(end, _)| end);
    may.filter(|end| !super::parted::parts_a_word(text, *end))
}

/// The smallest program has no tables for it: after blanks, and between hanzi.
#[cfg(not(feature = "glyphs"))]
fn ends(text: &str) -> impl Iterator<Item = usize> {
    let wide = |character: Option<char>| character.is_some_and(|character| !character.is_ascii());
    let starts = text.char_indices().map(|(at, character)| (at, Some(character)));
    starts
        .scan(None, move |before, (at, character)| {
            let may = *before == Some(' ') || (wide(*before) && wide(character));
            *before = character;
            Some((at, may))
        })
        .filter(|(at, may)| *may && *at > 0)
        .map(|(at, _)| at)
        .chain([text.len()])
}

/// Whether lines of so many columns have room for each of its words.
#[cfg(feature = "glyphs")]
pub(super) fn keeps_words(text: &str, columns_across: usize) -> bool {
    let mut begin = 0;
    ends(text).all(|end| {
        let part = text.get(begin..end).unwrap_or_default();
        begin = end;
        width(part.trim_end()) <= columns_across
    })
}

/// The text in lines of at most `width` columns, broken where a line may be (UAX #14); a word that is wider than a line
/// is broken where it must be.
pub(super) fn wrap(text: &str, columns_across: usize) -> Vec<String> {
    if width(text) <= columns_across {
        return vec![text.trim_end().to_owned()];
    }
    let mut lines = vec![String::new()];
    let mut used = 0;
    let mut begin = 0;
    for end in ends(text) {
        let part = text.get(begin..end).unwrap_or_default();
        begin = end;
        if used > 0 && used + width(part.trim_end()) > columns_across {
            lines.push(String::new());
            used = 0;
        }
        for cell in cells(part) {
            let columns = columns(cell);
            if used + columns > columns_across && cell != " " {
                lines.push(String::new());
                used = 0;
            }
            used += columns;
            lines.last_mut().into_iter().for_each(|line| line.push_str(cell));
        }
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(has: impl Fn(Gb) -> bool) -> usize {
        ('\u{80}'..=char::MAX).filter(|character| has(Gb::of(*character))).count()
    }

    #[test]
    fn a_rom_holds_the_characters_of_its_standard_and_no_private_ones() {
        // GB/T 2312: 682 symbols and 6,763 hanzi.
        assert_eq!(count(Gb::is_gb2312), 682 + 6_763);
        // Code page 936 has 21,791 characters of two bytes; encoding_rs gives one of them (U+20AC stands elsewhere) four.
        assert_eq!(count(Gb::is_gbk), 21_791);
        let private = ('\u{E000}'..='\u{F8FF}').map(Gb::of);
        assert!(!private.clone().any(|gb| gb.is_gb2312() || gb.is_gbk()));
        assert!(private.filter(|gb| matches!(gb, Gb::Two(_))).count() >= 1_894);
        for (character, gb2312, gbk) in
            [('张', true, true), ('镕', false, true), ('䶮', false, false), ('€', false, false), ('ⅰ', false, true)]
        {
            assert_eq!((Gb::of(character).is_gb2312(), Gb::of(character).is_gbk()), (gb2312, gbk), "{character}");
        }
    }

    #[test]
    fn a_letter_and_its_marks_are_never_parted() {
        assert_eq!(wrap("m\u{304}n\u{308}", 2), ["m\u{304}", "n\u{308}"]);
        assert_eq!(fit("m\u{304}n\u{308}", 3), "m\u{304}");
        assert_eq!(aligned("a张n\u{308}"), "a 张n\u{308}");
    }

    #[test]
    fn a_line_is_broken_between_words_and_not_before_what_closes() {
        for (text, columns, lines) in [
            ("Please look at the camera", 16, ["Please look at", "the camera"].as_slice()),
            ("3楼 心血管内科一诊室", 16, &["3楼 心血管内科", "一诊室"]),
            ("请到护士站（二楼）。谢谢", 18, &["请到护士站", "（二楼）。谢谢"]),
            ("Gastroenterology", 8, &["Gastroen", "terology"]),
            ("at Gastroenterology", 8, &["at", "Gastroen", "terology"]),
            ("A036 ", 4, &["A036"]),
            ("", 4, &[""]),
        ] {
            assert_eq!(wrap(text, columns), lines);
        }
    }
}
