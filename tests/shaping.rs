//! Type beside an independent witness: HarfBuzz's own `hb-shape` sets the same glyphs with the same advances.

use std::process::Command;

use facemchd::{
    device::{Shape, Typesetter},
    words::Language,
};

const CJK: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";
const ARABIC: &str = "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf";
const TIBETAN: &str = "/usr/share/fonts/truetype/noto/NotoSerifTibetan-Regular.ttf";
const LATIN: &str = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf";

/// Number, advance and offsets of each glyph, 1/1000 em.
type Set = Vec<(u32, i32, i32, i32)>;

/// What HarfBuzz makes of a text.
fn witness(font: &str, face: u32, text: &str) -> Set {
    let out = Command::new("hb-shape")
        .args([
            "--output-format=json",
            "--no-glyph-names",
            "--font-size=1000",
            "--face-index",
            &face.to_string(),
            font,
            text,
        ])
        .output()
        .unwrap_or_else(|error| panic!("hb-shape: {error}: apt-get install libharfbuzz-bin"));
    let set: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON: apt-get install fonts-noto-core");
    let number =
        |glyph: &serde_json::Value, key: &str| i32::try_from(glyph[key].as_i64().unwrap_or(0)).expect("a few thousand");
    let glyph = |glyph: &serde_json::Value| {
        let id = u32::try_from(number(glyph, "g")).expect("a number");
        (id, number(glyph, "ax"), number(glyph, "dx"), number(glyph, "dy"))
    };
    set.as_array().expect("glyphs").iter().map(glyph).collect()
}

/// What we make of it, all of it from one face.
fn ours(type_: &mut Typesetter, text: &str) -> Set {
    let line = type_.line(text);
    let mut x = 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
    let thousandths = |ems: f32| (ems * 1000.0).round() as i32;
    let glyph = |glyph: &facemchd::device::Glyph| {
        let Shape::Outline(_, id) = glyph.shape else { panic!("{text} is a bitmap") };
        let offset = glyph.at.0 - x;
        x += glyph.advance;
        (id, thousandths(glyph.advance), thousandths(offset), thousandths(glyph.at.1))
    };
    line.glyphs.iter().map(glyph).collect()
}

fn same(font: &str, face: u32, language: Language, texts: &[&str]) {
    let mut type_ = Typesetter::new(&[font.into()], language);
    for text in texts {
        let (ours, theirs) = (ours(&mut type_, text), witness(font, face, text));
        assert_eq!(ours.len(), theirs.len(), "{text}: {ours:?} {theirs:?}");
        for (one, other) in ours.iter().zip(&theirs) {
            let near = |a: i32, b: i32| (a - b).abs() <= 2;
            let is_same = one.0 == other.0 && near(one.1, other.1) && near(one.2, other.2) && near(one.3, other.3);
            assert!(is_same, "{text}: {ours:?} {theirs:?}");
        }
    }
}

#[test]
fn uyghur_is_joined_from_right_to_left_as_harfbuzz_joins_it() {
    same(
        ARABIC,
        0,
        Language::ZhHans,
        &[
            "خۇش كەپسىز",
            "ئۈرۈمچى شەھەرلىك خەلق دوختۇرخانىسى",
            "ئىچكى كېسەللىكلەر بۆلۈمى",
            "كامېراغا قاراڭ",
            "لا ئىلاھ",
            "سىستېرا پونكىتى",
        ],
    );
}

#[test]
fn tibetan_letters_stand_in_their_stacks_as_harfbuzz_stacks_them() {
    same(
        TIBETAN,
        0,
        Language::ZhHans,
        &["བོད་ལྗོངས་མི་དམངས་སྨན་ཁང་།", "རྒྱབ་ལྗོངས", "བཀྲ་ཤིས་བདེ་ལེགས།", "སྙིང་ནད་ཚན་ཁག", "ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ"],
    );
}

#[test]
fn marks_stand_on_their_letters_as_harfbuzz_sets_them() {
    same(
        LATIN,
        0,
        Language::En,
        &["m\u{304}a\u{304}", "e\u{302}\u{304}", "n\u{308}\u{301}", "Nguyễn Thị Ẩn", "Ọ̀ṣun", "office affable"],
    );
}

#[test]
fn each_language_has_its_own_forms_of_hanzi() {
    let text = "门骨直海今令复户说角";
    for (language, face) in [(Language::ZhHans, 2), (Language::ZhHant, 3), (Language::ZhHantHk, 4)] {
        same(CJK, face, language, &[text, "3楼内科一诊室", "欧阳䶮丰"]);
    }
    let of = |language| ours(&mut Typesetter::new(&[], language), text);
    assert_ne!(of(Language::ZhHans), of(Language::ZhHant));
    assert_ne!(of(Language::ZhHant), of(Language::ZhHantHk));
}

#[test]
fn a_line_of_two_directions_is_in_reading_order() {
    let mut type_ = Typesetter::new(&[], Language::ZhHans);
    let text = "ئىچكى بۆلۈم A036 ئۈچىنچى قەۋەت";
    let line = type_.line(text);
    let at = |part: &str| {
        let start = text.find(part).expect("there");
        let of_part = line.glyphs.iter().filter(|glyph| (start..start + part.len()).contains(&glyph.cluster));
        of_part.map(|glyph| glyph.at.0).fold(f32::MAX, f32::min)
    };
    assert!(at("ئىچكى") > at("A036") && at("A036") > at("قەۋەت"), "{line:?}");
    assert!(at("A") < at("6"), "{line:?}");
    assert_eq!(type_.missing(), Vec::<char>::new());
}

#[test]
fn what_no_outline_font_has_is_a_bitmap_and_what_nothing_has_is_told() {
    let mut type_ = Typesetter::built_in();
    let line = type_.line("䶮a");
    let shapes: Vec<Shape> = line.glyphs.iter().map(|glyph| glyph.shape).collect();
    assert_eq!(shapes, [Shape::Bitmap('䶮'), Shape::Bitmap('a')]);
    assert_eq!((line.width, type_.missing()), (1.5, Vec::new()));
    let line = type_.line("𬭎");
    assert_eq!((line.glyphs[0].shape, type_.missing()), (Shape::Bitmap('＊'), vec!['𬭎']));
}
