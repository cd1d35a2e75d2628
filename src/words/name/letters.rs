//! Which characters a name is made of.

use unicode_normalization::char::is_combining_mark;

use super::{RealName, meant::is_hanzi};

/// Marks on one letter: Tibetan and Vietnamese, undone, need three or four.
const MOST_MARKS: usize = 4;

/// 1–71 characters, a letter among them, and nothing that is not read.
pub(super) fn are_of_a_name(name: &str) -> bool {
    let fits = (1..=RealName::LONGEST).contains(&name.chars().count());
    let mut before = None;
    let mut marks = 0;
    let readable = name.chars().all(|c| {
        let may_follow = match before {
            Some(before) if is_selector_of(c, before) => true,
            // A mark without its letter would stand on what comes before the name.
            Some(_) if is_combining_mark(c) && !is_selector(c) => marks < MOST_MARKS,
            _ => is_letter(c) || stands_between(c),
        };
        marks = if is_combining_mark(c) && !is_letter(c) { marks + 1 } else { 0 };
        before = Some(c);
        may_follow
    });
    fits && readable && name.chars().any(is_letter)
}

/// A letter of any script, or a hanzi that has no code of its own yet: identity cards carry such in the private use
/// areas, and the person is none the less there.
fn is_letter(c: char) -> bool {
    let private = matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}');
    // Letters to Unicode, and blank or a picture to the eye: fillers of Hangul and Khmer, letters in circles.
    let blank = matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{17B4}' | '\u{17B5}');
    let encircled = matches!(c, '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}');
    (c.is_alphabetic() && !blank && !encircled) || is_hanzi(c) || private
}

/// What stands between the letters of names: also the point and the shad of Tibetan, maqaf, geresh and gershayim of
/// Hebrew, the apostrophe of Armenian, hyphen and vowel separator of Mongolian.
fn stands_between(c: char) -> bool {
    const OTHERS: [char; 10] =
        ['·', '\u{F0B}', '\u{F0C}', '\u{F0D}', '\u{5BE}', '\u{5F3}', '\u{5F4}', '\u{55A}', '\u{1806}', '\u{180E}'];
    c.is_ascii_digit() || " '-.,()/".contains(c) || OTHERS.contains(&c)
}

/// A variation selector says which form of a letter stands in the document, and is kept with it: one after a hanzi, or
/// one of Mongolian's own after a letter of Mongolian. Anywhere else it says nothing.
fn is_selector_of(c: char, before: char) -> bool {
    match c {
        '\u{FE00}'..='\u{FE02}' | '\u{E0100}'..='\u{E01EF}' => is_hanzi(before),
        '\u{180B}'..='\u{180D}' | '\u{180F}' => matches!(before, '\u{1820}'..='\u{18AA}'),
        _ => false,
    }
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}
