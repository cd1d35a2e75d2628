//! Every hanzi of GB 18030-2022 (level 3: 87,887 of them), set and painted: each has ink of its own.

use std::ops::RangeInclusive;

use super::{Mask, Shape, Typesetter};
use crate::words::Language;

/// Its Han blocks; the radicals become hanzi in names before they come here.
const BLOCKS: [(&str, RangeInclusive<char>); 8] = [
    ("URO and URO+", '\u{4E00}'..='\u{9FEF}'),
    ("Extension A", '\u{3400}'..='\u{4DB5}'),
    ("compatibility", '\u{FA0E}'..='\u{FA29}'),
    ("Extension B", '\u{20000}'..='\u{2A6D6}'),
    ("Extension C", '\u{2A700}'..='\u{2B734}'),
    ("Extension D", '\u{2B740}'..='\u{2B81D}'),
    ("Extension E", '\u{2B820}'..='\u{2CEA1}'),
    ("Extension F", '\u{2CEB0}'..='\u{2EBE0}'),
];

/// Dots an em.
const SIZE: f32 = 32.0;

/// What the least hanzi, 丶 and 丨, cover, dots.
const LEAST: usize = 8;

fn painted(type_: &mut Typesetter, shape: Shape) -> Option<Mask> {
    type_.mask(shape, SIZE, 0.0).map(|mask| Mask { at: mask.at, width: mask.width, coverage: mask.coverage.clone() })
}

/// What is wrong with how it is drawn.
fn wrong(type_: &mut Typesetter, hanzi: char) -> Option<String> {
    let line = type_.line(hanzi.encode_utf8(&mut [0; 4]));
    let [glyph] = line.glyphs.as_slice() else { return Some(format!("{} glyphs", line.glyphs.len())) };
    let Some(mask) = painted(type_, glyph.shape) else { return Some("nothing".to_owned()) };
    let ink = mask.coverage.iter().map(|dot| usize::from(*dot)).sum::<usize>() / 255;
    let no_glyph = match glyph.shape {
        Shape::Outline(_, 0) => return Some("no glyph".to_owned()),
        Shape::Outline(face, _) => painted(type_, Shape::Outline(face, 0)),
        Shape::Bitmap(character) if character != hanzi => return Some("a stand-in".to_owned()),
        Shape::Bitmap(_) => None,
    };
    if ink < LEAST {
        Some(format!("{ink} dots of ink"))
    } else if no_glyph == Some(mask) {
        Some("the box of what a font lacks".to_owned())
    } else {
        (line.width - 1.0).abs().gt(&0.01).then(|| format!("{} ems wide", line.width))
    }
}

/// Every so many-th.
fn walk(step: usize) {
    let mut type_ = Typesetter::new(&[], Language::ZhHans);
    for (block, range) in BLOCKS {
        let (mut outlines, mut bitmaps) = (0, 0);
        for hanzi in range.step_by(step) {
            // The other eight of the compatibility block are none.
            if block == "compatibility" && !"﨎﨏﨑﨓﨔﨟﨡﨣﨤﨧﨨﨩".contains(hanzi) {
                continue;
            }
            let wrong = wrong(&mut type_, hanzi);
            assert_eq!(wrong, None, "{hanzi} U+{:X}", u32::from(hanzi));
            match type_.line(hanzi.encode_utf8(&mut [0; 4])).glyphs[0].shape {
                Shape::Outline(..) => outlines += 1,
                Shape::Bitmap(_) => bitmaps += 1,
            }
        }
        println!("{block}: {outlines} outlines, {bitmaps} bitmaps");
    }
    assert_eq!(type_.missing(), Vec::<char>::new());
}

#[test]
fn a_hanzi_of_gb_18030_2022_is_drawn_with_ink_of_its_own() {
    walk(211);
}

#[test]
#[ignore = "all 87,887 of them: minutes where nothing is optimised"]
fn every_hanzi_of_gb_18030_2022_is_drawn_with_ink_of_its_own() {
    walk(1);
}

#[test]
fn without_fonts_a_hanzi_of_gbk_is_a_bitmap_with_ink_of_its_own() {
    let mut type_ = Typesetter::built_in();
    for hanzi in ('\u{4E00}'..='\u{9FA5}').chain('\u{3400}'..='\u{4DB5}').step_by(97) {
        assert_eq!(wrong(&mut type_, hanzi), None, "{hanzi} U+{:X}", u32::from(hanzi));
    }
}
