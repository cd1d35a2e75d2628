//! Characters as devices know them. GB18030 only here, at the edge, told apart by length.

use encoding_rs::GB18030;

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

    /// True where GB2312 has the character: rows A1–F7, columns A1–FE.
    pub(super) fn is_gb2312(self) -> bool {
        matches!(self, Self::Two([0xA1..=0xF7, 0xA1..=0xFE]))
    }
}

/// Half-width columns that a character takes: one for ASCII, none for what only modifies its neighbour, else two.
pub(super) fn columns(character: char) -> usize {
    match character {
        ' '..='~' => 1,
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{300}'..='\u{36F}' => 0,
        _ => 2,
    }
}

/// The text for a panel on which a hanzi begins at an even column: a blank fills what an odd run of ASCII leaves.
pub(super) fn aligned(text: &str) -> String {
    let mut aligned = String::with_capacity(text.len() + 4);
    let mut used = 0;
    for character in text.chars() {
        if columns(character) == 2 && used % 2 == 1 {
            aligned.push(' ');
            used += 1;
        }
        aligned.push(character);
        used += columns(character);
    }
    aligned
}

/// As much of `text` as fits into `width` columns.
pub(super) fn fit(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += columns(*character);
            used <= width
        })
        .collect()
}

/// The columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The text cut into lines of at most `width` columns.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for character in text.chars() {
        let columns = columns(character);
        if used + columns > width {
            lines.push(String::new());
            used = 0;
        }
        used += columns;
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
    lines
}
