//! What is drawn because no ROM has it, beside what a ROM draws.

use std::collections::BTreeSet;

use facemchd::{
    device::{
        Fonts, Panel,
        panel::{Style, draw},
        slip_bytes,
    },
    kiosk::{Phrases, Scene, SceneKind, Slip},
    words::{Admission, Language, Purpose, Text},
};

use crate::devices::{lane, layout, shown, slip, st7920, wait_for};

/// The heights of the pictures that a slip holds, dots: rows of one strip after another.
fn rasters(bytes: &[u8]) -> Vec<usize> {
    let heads = bytes.windows(8).filter(|head| head.starts_with(&[0x1D, 0x76, 0x30, 0]));
    heads.map(|head| usize::from(u16::from_le_bytes([head[6], head[7]]))).collect()
}

#[test]
fn a_line_that_is_a_picture_has_the_leading_of_its_neighbours() {
    let (mut wires, twins) = lane();
    // Nine rare hanzi between two plain lines: too many for one line's user glyphs.
    let notes = ["内科", "㛃㳚㙦㛃㳚㙦㛃㳚㙦", "眼科"].map(Text::clean).to_vec();
    let admission = Admission { notes, ..Admission::default() };
    let encoded = slip_bytes(&Slip { admission, ..slip() }, &layout(), &mut Fonts::built_in());
    assert_eq!(encoded.missing, Vec::<char>::new());
    let bytes = encoded.pieces.concat();
    // A printer's own lines are 33 dots apart after `ESC @`, and nothing says otherwise.
    assert_eq!(rasters(&bytes), [33]);
    assert!(!bytes.windows(2).any(|pair| pair == [0x1B, b'3'] || pair == [0x1B, b'2']));
    std::io::Write::write_all(&mut wires.printer, &bytes).expect("sent");
    let slips = wait_for(|| twins.printer.slips(), |slips| !slips.is_empty());
    assert!(slips[0].text.contains("内科\n㛃㳚㙦㛃㳚㙦㛃㳚㙦\n眼科"), "{}", slips[0].text);
    assert_eq!(twins.printer.complaints(), Vec::<String>::new());
}

type Dots = BTreeSet<(usize, usize)>;

/// A character of GNU Unifont in a hanzi's place, narrow ones in its middle.
fn unifont(character: char) -> Dots {
    let glyph = unifont::get_glyph(character).unwrap_or_else(|| panic!("U+{:X}", u32::from(character)));
    let left = (16 - glyph.get_width()) / 2;
    let all = (0..16).flat_map(|y| (0..glyph.get_width()).map(move |x| (x, y)));
    all.filter(|(x, y)| glyph.get_pixel(*x, *y)).map(|(x, y)| (left + x, y)).collect()
}

/// A text as the first line of the smallest glass.
fn on_glass(text: &str) -> (Dots, Vec<char>) {
    let scene = Scene { name: shown(text), ..Scene::of(SceneKind::Admitted) };
    let style = Style { phrases: Phrases::shipped(Language::En, Purpose::Hospital), large: true, ..Style::default() };
    let scene = Scene { number: Some(Text::clean("A1")), ..scene };
    let (frame, missing) = draw(&scene, &style, (128, 64), &mut Fonts::built_in());
    let dots = (0..16).flat_map(|y| (0..128).map(move |x| (x, y)));
    (dots.filter(|(x, y)| frame.is_on(*x, y + 16)).collect(), missing)
}

/// True where a mark stands on the glyph somewhere above or below its place, and what is left is the letter.
fn has(dots: &Dots, letter: char, marks: &[char]) -> bool {
    let letter = unifont(letter);
    let shifted = |mark: char, by: isize| -> Option<Dots> {
        unifont(mark).into_iter().map(|(x, y)| Some((x, y.checked_add_signed(by).filter(|y| *y < 16)?))).collect()
    };
    let stands = |mark: char| (-16..16).filter_map(|by| shifted(mark, by)).any(|mark| mark.is_subset(dots));
    letter.is_subset(dots) && marks.iter().all(|mark| stands(*mark)) && dots.len() > letter.len()
}

/// What is written, the letter it begins with once composed, and the marks that no letter has: Pinyin's m, n and ê with
/// tones, Minnan and Hakka romanised, Vietnamese with one too many, Yoruba, Lithuanian, Cyrillic, Hebrew, Arabic, Thai,
/// kana, a hanzi with a tone.
const MARKED: [(&str, char, &[char]); 17] = [
    ("m\u{304}", 'm', &['\u{304}']),
    ("m\u{300}", 'm', &['\u{300}']),
    ("n\u{308}", 'n', &['\u{308}']),
    ("e\u{302}\u{304}", 'ê', &['\u{304}']),
    ("ê\u{30C}", 'ê', &['\u{30C}']),
    ("ń\u{329}", 'ń', &['\u{329}']),
    ("o\u{358}", 'o', &['\u{358}']),
    ("e\u{302}\u{301}\u{30C}", 'ế', &['\u{30C}']),
    ("ẹ\u{301}", 'ẹ', &['\u{301}']),
    ("i\u{307}\u{300}", 'i', &['\u{307}', '\u{300}']),
    ("а\u{301}", 'а', &['\u{301}']),
    ("Ш\u{306}", 'Ш', &['\u{306}']),
    ("ד\u{5B8}", 'ד', &['\u{5B8}']),
    ("ب\u{64E}", 'ب', &['\u{64E}']),
    ("ก\u{E48}", 'ก', &['\u{E48}']),
    ("か\u{309A}", 'か', &['\u{309A}']),
    ("张\u{302A}", '张', &['\u{302A}']),
];

#[test]
fn marks_that_no_letter_has_are_drawn_on_theirs_on_every_panel() {
    for (written, letter, marks) in MARKED {
        let (dots, missing) = on_glass(&format!("{written}a"));
        assert_eq!(missing, Vec::<char>::new());
        let cell: Dots = dots.iter().copied().filter(|(x, _)| *x < 16).collect();
        assert!(has(&cell, letter, marks), "{written}: {cell:?}");
        // The next letter stands where it would behind a hanzi.
        let next: Dots = dots.iter().copied().filter(|(x, _)| *x >= 16).collect();
        let a = unifont('a').into_iter().map(|(x, y)| (x - 4 + 16, y)).collect();
        assert_eq!(next, a, "{written}");
        // An ST7920 loads it into a user glyph, which stands in a hanzi's place.
        let (wires, twins) = lane();
        let drawn = st7920(wires.panel)
            .show(&Scene { name: shown(&format!("{written}张")), ..Scene::of(SceneKind::Admitted) })
            .expect("drawn");
        assert_eq!(drawn.missing, Vec::<char>::new());
        assert!(twins.panel.shown()[1].ends_with('张') && twins.panel.shown()[1].chars().count() == 2);
        assert_eq!(twins.panel.complaints(), Vec::<String>::new());
    }
}

#[test]
fn a_mark_runs_into_no_other_where_there_is_room() {
    // A macron as it is drawn for an e would lie in a circumflex.
    let (dots, _) = on_glass("e\u{302}\u{304}");
    let rows: BTreeSet<usize> = dots.iter().map(|(_, y)| *y).collect();
    assert!(rows.contains(&0) && !rows.contains(&1) && rows.contains(&2), "{rows:?}");
}

/// The dots of the first picture within a line, 24 by 24, or of the first line that is a picture.
fn first_on_slip(bytes: &[u8]) -> BTreeSet<(usize, usize)> {
    let at = bytes.windows(5).position(|head| head == [0x1B, 0x2A, 33, 24, 0]).expect("a bit image");
    let columns = &bytes[at + 5..at + 5 + 72];
    let dots = (0..24).flat_map(|y| (0..24).map(move |x| (x, y)));
    dots.filter(|(x, y)| columns[3 * x + y / 8] & (0x80 >> (y % 8)) != 0).collect()
}

#[test]
fn marks_that_no_letter_has_are_drawn_on_theirs_on_a_slip_as_on_a_panel() {
    for (written, ..) in MARKED {
        let encoded =
            slip_bytes(&Slip { name: shown(&format!("{written}张")), ..slip() }, &layout(), &mut Fonts::built_in());
        assert_eq!(encoded.missing, Vec::<char>::new());
        let (on_glass, _) = on_glass(written);
        let grown = (0..24).flat_map(|y| (0..24).map(move |x| (x, y)));
        let grown: Dots = grown.filter(|(x, y)| on_glass.contains(&(x * 16 / 24, y * 16 / 24))).collect();
        assert_eq!(first_on_slip(&encoded.pieces.concat()), grown, "{written}");
    }
}

#[test]
fn a_form_that_is_selected_is_its_letter_and_takes_no_place_of_its_own() {
    assert_eq!(on_glass("葛\u{E0100}张"), on_glass("葛张"));
    assert_eq!(on_glass("ᠪ\u{180B}ᠠ"), on_glass("ᠪᠠ"));
}

#[test]
fn a_mark_that_no_font_has_makes_a_star_of_its_letter_and_is_counted() {
    // A mark of Grantha: GNU Unifont has it not in its lower plane, and no other font is asked.
    let written = "m\u{11366}a";
    let (dots, missing) = on_glass(written);
    assert_eq!(missing, ['\u{11366}']);
    assert!(unifont('＊').is_subset(&dots));
    let (wires, twins) = lane();
    let scene = Scene { name: shown(written), ..Scene::of(SceneKind::Admitted) };
    assert_eq!(st7920(wires.panel).show(&scene).expect("drawn").missing, ['\u{11366}']);
    assert_eq!(twins.panel.shown()[1], "＊a");
    let encoded = slip_bytes(&Slip { name: shown(written), ..slip() }, &layout(), &mut Fonts::built_in());
    assert_eq!(encoded.missing, ['\u{11366}']);
}
