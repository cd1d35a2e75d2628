//! Short texts that come from the site's system or a terminal and end on glass or paper.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::char::canonical_combining_class;

use super::name::meant;

/// One line without control or bidirectional-override characters, at most [`Text::MAX_CHARS`] characters.
///
/// Built only by [`Text::clean`] and [`Text::payload`], so that no byte of a foreign text can become a printer command or reorder a panel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// The longest text kept.
    pub(crate) const MAX_CHARS: usize = 64;

    /// The longest payload kept.
    pub(crate) const MAX_PAYLOAD: usize = 256;

    /// The text unchanged, or nothing when it is empty, longer than [`Text::MAX_PAYLOAD`] characters, or holds what
    /// [`Text::clean`] would drop: for ids and QR payloads, which altered would be others.
    pub fn payload(raw: &str) -> Option<Self> {
        let fits = (1..=Self::MAX_PAYLOAD).contains(&raw.chars().count()) && !raw.chars().any(is_unseen);
        fits.then(|| Self(raw.to_owned()))
    }

    /// Drops what cannot stand on a line, turns white space into single blanks, cuts at [`Text::MAX_CHARS`]. Hanzi and
    /// marks are normalised as those of names are.
    pub fn clean(raw: &str) -> Self {
        let raw = meant::text(raw);
        let mut line = String::new();
        let mut kept = 0;
        for word in raw.split_whitespace() {
            if kept > 0 && kept < Self::MAX_CHARS {
                line.push(' ');
                kept += 1;
            }
            for character in word.chars().filter(|c| !is_unseen(*c)) {
                if kept == Self::MAX_CHARS {
                    return Self(line);
                }
                line.push(character);
                kept += 1;
            }
        }
        Self(line.trim_end().to_owned())
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when nothing was left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|raw| Self::clean(&raw))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What nobody sees and what could turn a line around: controls, bidirectional controls, zero-width characters,
/// separators, tags, interlinear and replacement characters, non-characters.
pub(crate) fn is_unseen(c: char) -> bool {
    let is_non_character = u32::from(c) & 0xFFFE == 0xFFFE || matches!(c, '\u{FDD0}'..='\u{FDEF}');
    let is_tag = matches!(c, '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}');
    let is_blank = matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{61C}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFD}');
    c.is_control() || is_non_character || is_tag || is_blank
}

/// A mark that stands on or below the letter before it and has no place of its own: all that Unicode gives a combining
/// class. Vowel signs that it gives none stand beside their letter.
pub(super) fn is_mark(c: char) -> bool {
    canonical_combining_class(c) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_overrides_are_dropped() {
        assert_eq!(Text::clean(" 内科\x1b@ \u{202E}3楼\n\t左 ").as_str(), "内科@ 3楼 左");
        assert_eq!(Text::clean(&"字".repeat(99)).as_str().chars().count(), 64);
        assert!(Text::clean("\u{7}\u{200B}").is_empty());
    }

    #[test]
    fn what_stands_for_a_hanzi_becomes_it_as_in_a_name_and_marks_are_composed() {
        for (written, meant) in [
            ("⾼血压科", "高血压科"),
            ("王\u{E863}（上午）", "王䶮（上午）"),
            ("cafe\u{301}", "café"),
            ("\u{F9E1}", "李"),
        ] {
            assert_eq!(Text::clean(written).as_str(), meant);
            assert_eq!(Text::clean(meant).as_str(), meant);
        }
        assert_eq!(Text::payload("⾼e\u{301}").as_ref().map(Text::as_str), Some("⾼e\u{301}"));
    }

    #[test]
    fn a_payload_is_kept_as_it_is_or_not_at_all() {
        for kept in ["https://his.example/q?a=1  b", &"字".repeat(256)] {
            assert_eq!(Text::payload(kept).as_ref().map(Text::as_str), Some(kept));
        }
        for dropped in ["", "a\nb", "a\u{202E}b", &"字".repeat(257)] {
            assert_eq!(Text::payload(dropped), None);
        }
    }
}
