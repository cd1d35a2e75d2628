//! Places of a text on panel and paper: what stands in one, and how many columns it takes.

use super::text::is_mark;

/// What stands in one place: a letter with its marks, and what selects a form of it.
pub(crate) fn cells(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut characters = rest.char_indices();
        characters.next()?;
        let end = characters.find(|(_, character)| !is_mark(*character) && !is_selector(*character));
        let (cell, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = after;
        Some(cell)
    })
}

/// What of a cell is drawn: the letter first. A form that a selector asks for is the letter's own, as far as we can draw.
pub(crate) fn drawn(cell: &str) -> impl Iterator<Item = char> {
    cell.chars().filter(|character| !is_selector(*character))
}

/// The character of a cell in which it stands alone.
pub(crate) fn alone(cell: &str) -> Option<char> {
    let mut drawn = drawn(cell);
    drawn.next().filter(|_| drawn.next().is_none())
}

/// The letter of a cell that has one.
pub(crate) fn letter(cell: &str) -> char {
    drawn(cell).next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The variation selectors of Unicode and those of Mongolian.
fn is_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180D}' | '\u{180F}')
}

/// Half-width columns that a cell takes: one for ASCII, none where nothing of it is drawn, else two.
pub(crate) fn columns(cell: &str) -> usize {
    match alone(cell) {
        Some(' '..='~') => 1,
        None if drawn(cell).next().is_none() => 0,
        _ => 2,
    }
}

/// The columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    cells(text).map(columns).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_and_its_marks_are_one_cell() {
        assert_eq!(cells("m\u{304}a葛\u{E0100}\u{302A}").collect::<Vec<_>>(), ["m\u{304}", "a", "葛\u{E0100}\u{302A}"]);
        assert_eq!(cells("\u{301}a").collect::<Vec<_>>(), ["\u{301}", "a"]);
        assert_eq!((width("m\u{304}a"), width("葛\u{E0100}"), width("\u{FE00}")), (3, 2, 0));
        assert_eq!((alone("葛\u{E0100}"), alone("m\u{304}"), alone("\u{180B}")), (Some('葛'), None, None));
    }
}
