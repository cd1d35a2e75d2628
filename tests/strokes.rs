//! Outline fonts in few dots: no stroke of a hanzi may vanish, or it reads as another.
//!
//! All 196 hanzi of 通用规范汉字表 (2013) beyond the basic plane (`kTGH`, Unihan 15.0: package unicode-data), which is what
//! names have and neither ROM nor GNU Unifont, at 16 dots (panels), 24 and 32 (slips), against eight times as many.

use std::path::Path;

use facemchd::device::{Bitmap, Fonts};

const BEYOND: &str = "𬉼𠳐𥻗𠙶𬣙𨙸𬇕𬣞𬘓𫭟𫭢𫇭𫐄𫵷𣲘𣲗𬇙𬣡𫸩𨚕𫘜𬘘𫘝𦭜𬨂𬀩𬀪𬬩𫍣𬣳𬩽𬮿𬯀𫰛𬳵𬳶𫠊𬍛𬜬𦰡𪾢𪨰𫓧𬬮𬬱𬬭𦙶𬘡𬳽\
     𬘩𫄧𪟝𬍤𫭼𬜯𬂩𫠆𨐈𬌗𫑡𪨶𬬸𬬻𬬹𬬿𬭁𫢸𫗧𬊈𬒈𨺙𬳿𫄨𬘫𫮃𬱖𬟽𫓯𫟹𫟼𠅤𬇹𬍡𬤇𫍯𬤊𫍲𬯎𬘬𬘭𬴂𫘦𫟅𬘯𫘧𪣻𡎚𬃊𬷕𫐐𬹼𧿹\
     𫶇𫖮𬭊𨱇𫓶𬭎𫖯𬱟𫛭𫷷𬮱𬊤𣸣𬴃𫘨𤧛𬪩𬒔𬨎𫐓𫫇𫓹𬭚𬭛𬕂𬶋𬶍𦝼𫔶𫌀𫖳𫘪𫘬𫞩𡐓𪤗𣗋𬸘𬒗𥔲𫚖𨱏𬭤𫚕𬶐𬶏𩽾𬸚𬤝𬙂𬭩𩾃\
     𬸣𫍽𬴊𬞟𥕢𫟦𬺈𫠜𪩘𬭬𨱑𬭯𫗴𬸦𫄷𤩽𬭳𬭶𫔍𬭸𨱔𬭼𫔎𬸪𬶟𬶠𬶨𦈡𫄸𬟁𥖨𦒍𬙊𬶭𩾌𨟠𬶮𨭉𬙋𤫉𬺓𫚭";

/// The fonts that are looked for, and the packages of Debian that have them.
const FONTS: [(&str, &str); 2] = [
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk"),
    ("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf", "fonts-hanazono"),
];

const SIDES: [usize; 3] = [16, 24, 32];
const FINE: usize = 8;

/// A stroke is lost when this much of it, in dots, is nowhere within half a dot of a dot that is set.
const LOST: usize = 4;

/// A bitmap as rows.
fn rows(bitmap: &Bitmap, side: usize) -> Vec<Vec<bool>> {
    let mut rows = vec![vec![false; side]; side];
    bitmap.dots().for_each(|(x, y)| rows[y][x] = true);
    rows
}

/// The lengths, in dots, of the pieces of the fine picture that the coarse one has not.
fn missing(coarse: &[Vec<bool>], fine: &[Vec<bool>]) -> Vec<usize> {
    let side = coarse.len();
    let near = |at: usize| (at.saturating_sub(FINE / 2) / FINE)..=((at + FINE / 2) / FINE).min(side - 1);
    let has = |x: usize, y: usize| near(y).any(|y| near(x).any(|x| coarse[y][x]));
    let mut left: Vec<Vec<bool>> =
        (0..fine.len()).map(|y| (0..fine.len()).map(|x| fine[y][x] && !has(x, y)).collect()).collect();
    let mut lengths = Vec::new();
    for (y, x) in (0..fine.len()).flat_map(|y| (0..fine.len()).map(move |x| (y, x))) {
        if !left[y][x] {
            continue;
        }
        let (mut waiting, mut across, mut down) = (vec![(x, y)], (x, x), (y, y));
        left[y][x] = false;
        while let Some((x, y)) = waiting.pop() {
            across = (across.0.min(x), across.1.max(x));
            down = (down.0.min(y), down.1.max(y));
            for (x, y) in (y.saturating_sub(1)..=y + 1).flat_map(|b| (x.saturating_sub(1)..=x + 1).map(move |a| (a, b)))
            {
                if left.get_mut(y).and_then(|row| row.get_mut(x)).is_some_and(std::mem::take) {
                    waiting.push((x, y));
                }
            }
        }
        lengths.push((across.1 - across.0).max(down.1 - down.0).div_ceil(FINE));
    }
    lengths
}

#[test]
fn no_stroke_of_a_rare_hanzi_vanishes_at_any_size_in_noto() {
    assert_eq!(lost(FONTS[0]), Vec::<String>::new());
}

#[test]
fn no_stroke_of_a_rare_hanzi_vanishes_at_any_size_in_hanazono() {
    assert_eq!(lost(FONTS[1]), Vec::<String>::new());
}

/// The drawings that lose a stroke.
fn lost((file, package): (&'static str, &'static str)) -> Vec<String> {
    assert_eq!(BEYOND.chars().count(), 196);
    let mut lost = Vec::new();
    assert!(Path::new(file).exists(), "{file} is missing: apt-get install {package}");
    let mut fonts = Fonts::new(&[file.into()]).kept_open();
    for character in BEYOND.chars() {
        for side in SIDES {
            let mut draw = |side| fonts.bitmap(character, side).map(|bitmap| rows(&bitmap, side));
            let (coarse, fine) = (draw(side), draw(side * FINE));
            let (Some(coarse), Some(fine)) = (coarse, fine) else {
                panic!("{package} has no U+{:X}", u32::from(character));
            };
            let lengths: Vec<usize> = missing(&coarse, &fine).into_iter().filter(|length| *length >= LOST).collect();
            if !lengths.is_empty() {
                lost.push(format!("{package} {character} at {side} dots: {lengths:?}"));
            }
        }
    }
    lost
}

#[test]
fn a_rare_hanzi_at_sixteen_dots_is_neither_a_blot_nor_a_blank() {
    let mut fonts = Fonts::new(&[]).kept_open();
    for character in BEYOND.chars() {
        let bitmap = fonts.bitmap(character, 16).unwrap_or_else(|| panic!("apt-get install fonts-noto-cjk"));
        let set = bitmap.dots().count();
        assert!((20..190).contains(&set), "{character}: {set} of 256 dots");
    }
}
