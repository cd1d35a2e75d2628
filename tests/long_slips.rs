//! Nothing of a slip is cut: whatever departments, doctors and places are called stands on it to its end.

use facemchd::{
    device::{Fonts, Layout, Profile, Template, slip_bytes},
    kiosk::{Phrases, Slip},
    sim::devices::PrinterTwin,
    words::{Language, Purpose, WallTime},
};

use crate::{
    devices::{profile, shipped, shown},
    support::places::{PLACES, admission},
};

/// What stands on the paper, without blanks and line ends.
fn paper(slip: &Slip, layout: &Layout) -> String {
    let columns = layout.profile.columns;
    let encoded = slip_bytes(slip, layout, &mut Fonts::built_in());
    assert_eq!((encoded.refused, encoded.missing), (None, Vec::new()));
    let twin = PrinterTwin::new(None, columns);
    for piece in encoded.pieces {
        twin.hear(&piece);
        twin.work(None);
    }
    assert_eq!(twin.complaints(), Vec::<String>::new());
    let slip = twin.slips().pop().expect("a slip");
    assert!(slip.widest <= columns, "{} of {columns}: {}", slip.widest, slip.text);
    solid(&slip.text)
}

fn solid(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && !character.is_control()).collect()
}

fn layout(template: &str, columns: usize) -> Layout {
    let (file, text) = shipped(&format!("board/printers/slips/{template}.toml"));
    Layout {
        profile: Profile { columns, ..profile("simulated") },
        template: Template::parse(&file, &text).expect("shipped"),
        phrases: Phrases::shipped(Language::ZhHans, Purpose::Hospital),
        utc_offset: 8 * 3600,
    }
}

#[test]
fn no_department_doctor_or_place_is_cut_on_any_slip() {
    for (template, columns) in [("hospital-58", 32), ("hospital-80", 48), ("standard", 32), ("standard", 48)] {
        let layout = layout(template, columns);
        for place in PLACES {
            let (_, department, doctor, title, _, _, line) = place;
            let admission = admission(place);
            let slip = Slip {
                name: shown("欧阳三"),
                admission,
                already: false,
                reprint: false,
                at: WallTime(1_795_224_600_000),
            };
            let paper = paper(&slip, &layout);
            let told = if template == "standard" { vec![line] } else { vec![department, doctor, title, line] };
            for text in told {
                assert!(paper.contains(&solid(text)), "{template}, {columns} columns: {text} is cut\n{paper}");
            }
        }
    }
}

#[test]
fn every_place_of_the_corpus_is_as_long_as_the_interface_lets_it_be_and_no_longer() {
    for (_, department, doctor, title, floor, room, line) in PLACES {
        for text in [department, doctor, title, floor, room, line] {
            assert_eq!(facemchd::words::Text::clean(text).as_str(), text);
        }
    }
}
