//! Every name right: every hanzi that GB 18030-2022 knows, on the panel and on paper.

use facemchd::{
    device::{Fonts, Panel, slip_bytes},
    kiosk::{Scene, SceneKind, Slip},
    words::{Admission, Text},
};

use crate::devices::{lane, layout, shown, slip, st7920, wait_for};

/// The same hanzi, or one that the font draws with the same dots.
fn alike(seen: char, wanted: char) -> bool {
    seen == wanted || unifont::get_glyph(seen) == unifont::get_glyph(wanted)
}

#[test]
fn every_hanzi_of_gbk_and_extension_a_is_shown_and_printed() {
    let (mut wires, twins) = lane();
    let mut panel = st7920(wires.panel);
    let all: Vec<char> = ('\u{3400}'..='\u{4DBF}').chain('\u{4E00}'..='\u{9FFF}').collect();
    for characters in all.chunks(4) {
        let text: String = characters.iter().collect();
        let drawn = panel.show(&Scene { name: shown(&text), ..Scene::of(SceneKind::Admitted) }).expect("drawn");
        assert!(drawn.missing.is_empty(), "{:?}", drawn.missing);
        let shown = &twins.panel.shown()[1];
        assert!(shown.chars().zip(characters).all(|(seen, wanted)| alike(seen, *wanted)), "{text} is shown as {shown}");
    }
    let admission = Admission { number: Some(Text::clean("A1")), ..Admission::default() };
    let mut fonts = Fonts::built_in();
    let mut printed = String::new();
    for (number, characters) in all.chunks(1000).enumerate() {
        let name = shown(&characters.iter().collect::<String>());
        let slip = Slip { name, admission: admission.clone(), ..slip() };
        let encoded = slip_bytes(&slip, &layout(), &mut fonts);
        let (bytes, missing) = (encoded.pieces.concat(), encoded.missing);
        assert!(missing.is_empty(), "{missing:?}");
        std::io::Write::write_all(&mut wires.printer, &bytes).expect("sent");
        let slips = wait_for(|| twins.printer.slips(), |slips| slips.len() > number);
        printed.push_str(&slips[number].text);
    }
    assert_eq!((twins.panel.complaints(), twins.printer.complaints()), (Vec::new(), Vec::new()));
    let printed: Vec<char> = printed.chars().filter(|character| all.binary_search(character).is_ok()).collect();
    let labels = "签到凭条姓名时间";
    let mut names = printed.into_iter().filter(|character| !labels.contains(*character));
    for wanted in all.iter().filter(|character| !labels.contains(**character)) {
        let seen = names.next().expect("printed");
        assert!(alike(seen, *wanted), "{wanted} is printed as {seen}");
    }
}
