//! Every name right: every hanzi that GB 18030-2022 knows, on the panel and on paper.

use std::{ops::RangeInclusive, time::Duration};

use encoding_rs::GB18030;
use facemchd::{
    device::{
        Fonts, Panel,
        panel::{Rom, SerialSpi, St7920, Style},
        slip_bytes,
    },
    kiosk::{Scene, SceneKind, Slip},
    words::{Admission, NameStyle, RealName, Text},
};

use crate::{
    devices::{NoDelay, lane, layout, shown, slip, st7920, wait_for},
    dice::Dice,
};

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
    for (number, characters) in all.chunks(RealName::LONGEST).enumerate() {
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

/// The Han blocks of GB 18030-2022, level 3: 87,887 hanzi, and the radicals, which become hanzi in names.
const BLOCKS: [(&str, RangeInclusive<char>); 9] = [
    ("URO and URO+", '\u{4E00}'..='\u{9FEF}'),
    ("Extension A", '\u{3400}'..='\u{4DB5}'),
    ("compatibility, 12 unified", '\u{FA0E}'..='\u{FA29}'),
    ("Extension B", '\u{20000}'..='\u{2A6D6}'),
    ("Extension C", '\u{2A700}'..='\u{2B734}'),
    ("Extension D", '\u{2B740}'..='\u{2B81D}'),
    ("Extension E", '\u{2B820}'..='\u{2CEA1}'),
    ("Extension F", '\u{2CEB0}'..='\u{2EBE0}'),
    ("radicals", '\u{2E80}'..='\u{2FD5}'),
];

/// The twelve of the compatibility block that are unified hanzi after all (GB 18030-2022, 4.2).
const UNIFIED: &str = "﨎﨏﨑﨓﨔﨟﨡﨣﨤﨧﨨﨩";

fn of_block(name: &str, range: RangeInclusive<char>) -> Vec<char> {
    range
        .filter(|character| match name {
            "compatibility, 12 unified" => UNIFIED.contains(*character),
            "radicals" => !matches!(character, '\u{2E80}' | '\u{2E9A}' | '\u{2EF4}'..='\u{2EFF}'),
            _ => true,
        })
        .map(|character| match name {
            "radicals" => shown(&character.to_string()).expect("a name").reveal().chars().next().expect("a hanzi"),
            _ => character,
        })
        // Thirteen radicals are hanzi of Extension B, which stand there.
        .filter(|character| name != "radicals" || *character < '\u{20000}')
        .collect()
}

/// How a character came to the panel and to the paper.
#[derive(Clone, Copy, Default)]
struct Row {
    rom: usize,
    bitmap: usize,
    star: usize,
}

#[test]
fn a_hanzi_of_gb_18030_2022_is_drawn_or_counted_and_never_becomes_something_else() {
    // Of what only outline fonts have; all of it takes minutes where nothing is optimised.
    walk(31);
}

#[test]
#[ignore = "all 87,887 of them: two minutes"]
fn every_hanzi_of_gb_18030_2022_is_drawn_or_counted_and_never_becomes_something_else() {
    walk(1);
}

/// Brings the hanzi of every block to panel and paper; of the extensions beyond the first plane each `step`th.
fn walk(step: usize) {
    let (mut wires, twins) = lane();
    // Fonts of the system where they are installed (fonts-hanazono); without them what is beyond Extension A is ＊.
    let fonts = || Fonts::new(&[]).kept_open();
    let mut panel = St7920::new(SerialSpi(wires.panel), NoDelay, Rom::Gb2312, Style::default(), fonts());
    let (layout, mut slip_fonts) = (layout(), fonts());
    let mut slips = 0;
    let has_outlines = Fonts::new(&[]).bitmap('𠀀', 16).is_some();
    let hanzi: usize = BLOCKS[..8].iter().map(|(name, range)| of_block(name, range.clone()).len()).sum();
    assert_eq!(hanzi, 87_887);
    println!("block                       characters  panel: ROM  drawn    ＊   slip: ROM  drawn    ＊");
    for (name, range) in BLOCKS {
        let beyond = name.starts_with("Extension") && name != "Extension A";
        let all: Vec<char> = of_block(name, range).into_iter().step_by(if beyond { step } else { 1 }).collect();
        let mut shown_row = Row::default();
        for characters in all.chunks(4) {
            let text: String = characters.iter().collect();
            let drawn = panel.show(&Scene { name: shown(&text), ..Scene::of(SceneKind::Admitted) }).expect("drawn");
            let line: Vec<char> = twins.panel.shown()[1].chars().collect();
            assert_eq!(line.len(), characters.len(), "{text} is shown as {line:?}");
            for (seen, wanted) in line.into_iter().zip(characters) {
                if drawn.missing.contains(wanted) {
                    assert_eq!(seen, '＊');
                    shown_row.star += 1;
                } else if in_gb2312(*wanted) {
                    assert_eq!(seen, *wanted);
                    shown_row.rom += 1;
                } else {
                    // The twin knows Unifont; an outline is something else to it, but never a star, `?` or `□`.
                    assert!(alike(seen, *wanted) || seen == '\u{FFFD}', "{wanted} is shown as {seen}");
                    shown_row.bitmap += 1;
                }
            }
        }
        let mut printed_row = Row::default();
        for characters in all.chunks(RealName::LONGEST) {
            let name = shown(&characters.iter().collect::<String>());
            let admission = Admission { number: Some(Text::clean("A1")), ..Admission::default() };
            let encoded = slip_bytes(&Slip { name, admission, ..slip() }, &layout, &mut slip_fonts);
            printed_row.star += encoded.missing.len();
            assert!(encoded.missing.iter().all(|character| characters.contains(character)));
            std::io::Write::write_all(&mut wires.printer, &encoded.pieces.concat()).expect("sent");
            slips += 1;
            let fell = wait_for(|| twins.printer.slips().len(), |count| *count >= slips);
            assert_eq!(fell, slips);
        }
        let rom = all.iter().filter(|character| in_printer_rom(**character)).count();
        printed_row.rom = rom;
        printed_row.bitmap = all.len() - rom - printed_row.star;
        let Row { rom, bitmap, star } = shown_row;
        println!(
            "{name:<27} {:>10} {rom:>11} {bitmap:>6} {star:>5} {:>11} {:>6} {:>5}",
            all.len(),
            printed_row.rom,
            printed_row.bitmap,
            printed_row.star
        );
        if has_outlines || !beyond {
            assert_eq!((shown_row.star, printed_row.star), (0, 0), "{name}");
        }
    }
    assert_eq!((twins.panel.complaints(), twins.printer.complaints()), (Vec::new(), Vec::new()));
}

fn gb(character: char) -> Vec<u8> {
    GB18030.encode(&character.to_string()).0.into_owned()
}

fn in_gb2312(character: char) -> bool {
    matches!(gb(character)[..], [0xB0..=0xF7, 0xA1..=0xFE])
}

/// GBK of 1995.
fn in_printer_rom(character: char) -> bool {
    let bytes = gb(character);
    bytes.len() == 2 && !matches!(bytes[..], [0xFE, 0x50..=0xA0])
}

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
const COMPOUND: [&str; 12] =
    ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "澹台", "万俟"];
const GIVEN: &str =
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲鹏建国华梅红飞雪宇轩子涵浩然欣怡梓晨一诺若曦思远";
const RARE: &str = "䶮龑喆堃镕淏玥祎翀赟犇骉淼焱垚晶昉旻翾韡甦㛃㳚㙦䴗䲟";
const ETHNIC: [&str; 16] = [
    "阿卜杜",
    "热合曼",
    "买买提",
    "艾力",
    "吐尔逊",
    "古丽",
    "帕提曼",
    "努尔",
    "迪丽热巴",
    "哈斯",
    "巴特尔",
    "其其格",
    "扎西",
    "卓玛",
    "次仁",
    "旺堆",
];

fn any_of(characters: &str, dice: &mut Dice) -> char {
    let count = characters.chars().count();
    characters.chars().nth(dice.roll(count)).expect("within")
}

/// A name, and what of it a bystander may read, put together beside it by other means than the program's.
fn generated(dice: &mut Dice) -> (String, String) {
    let star = |text: &str| "*".repeat(text.chars().count());
    match dice.roll(10) {
        0..=4 => {
            let surname = any_of(SURNAMES, dice).to_string();
            let given: Vec<char> = (0..=dice.roll(2)).map(|_| any_of(GIVEN, dice)).collect();
            let masked = match given[..] {
                [_] => format!("{surname}*"),
                [.., last] => format!("{surname}{}{last}", "*".repeat(given.len() - 1)),
                [] => unreachable!("at least one"),
            };
            (format!("{surname}{}", given.iter().collect::<String>()), masked)
        }
        5 => {
            let surname = COMPOUND[dice.roll(COMPOUND.len())];
            let (first, last) = (any_of(GIVEN, dice), any_of(GIVEN, dice));
            if dice.toss() {
                (format!("{surname}{first}"), format!("{surname}*"))
            } else {
                (format!("{surname}{first}{last}"), format!("{surname}*{last}"))
            }
        }
        6 | 7 => {
            let mut parts: Vec<String> = Vec::new();
            let points = 1 + dice.roll(3);
            for _ in 0..=points {
                let words = 1 + dice.roll(2);
                parts.push((0..words).map(|_| ETHNIC[dice.roll(ETHNIC.len())]).collect());
            }
            let mut name: String = parts.join("·").chars().take(25).collect();
            while name.ends_with('·') {
                name.pop();
            }
            let hidden: Vec<String> = name.split('·').map(star).collect();
            let first = name.chars().next().expect("a character");
            let masked = format!("{first}{}", &hidden.join("·")[1..]);
            (name, masked)
        }
        8 => {
            let (surname, given) = (any_of(SURNAMES, dice), any_of(RARE, dice));
            (format!("{surname}{given}"), format!("{surname}*"))
        }
        _ => {
            let length = 1 + dice.roll(25);
            let name: Vec<char> =
                (0..length).map(|_| if dice.roll(4) == 0 { any_of(RARE, dice) } else { any_of(GIVEN, dice) }).collect();
            let masked = match name[..] {
                [_] => "*".to_owned(),
                [first, _] => format!("{first}*"),
                [first, .., last] => format!("{first}{}{last}", "*".repeat(length - 2)),
                [] => unreachable!("at least one"),
            };
            (name.into_iter().collect(), masked)
        }
    }
}

#[test]
fn ten_thousand_names_are_masked_fit_the_panel_and_read_back_from_the_slip() {
    let (mut wires, twins) = lane();
    let mut panel = st7920(wires.panel);
    let (layout, mut fonts) = (layout(), Fonts::built_in());
    let mut dice = Dice::new(0x2545_F491_4F6C_DD1D);
    let mut longest = 0;
    for number in 0..10_000 {
        let (name, masked) = generated(&mut dice);
        longest = longest.max(name.chars().count());
        let real = RealName::parse(&name).expect("a name");
        assert_eq!(real.shown(NameStyle::Masked).reveal(), masked, "{name}");
        if number % 4 == 0 {
            let scene = Scene {
                name: Some(real.shown(NameStyle::Masked)),
                number: Some(Text::clean("A036")),
                // Longer than the one before: another visit.
                stands: Some(Duration::from_millis(u64::try_from(number).expect("few"))),
                ..Scene::of(SceneKind::Admitted)
            };
            let mut shown = Vec::new();
            // What has no room beside the number stands on the second page.
            for _ in 0..=4 {
                let drawn = panel.show(&scene).expect("drawn");
                assert!(drawn.missing.is_empty(), "{name}: {:?}", drawn.missing);
                shown.push(twins.panel.shown()[1..].iter().map(|line| line.trim_end()).collect::<String>());
            }
            assert!(shown[0].contains("A036"), "{name} is shown as {shown:?}");
            assert!(shown.iter().any(|line| line.starts_with(&masked)), "{name} is shown as {shown:?}");
        }
        let admission = Admission { number: Some(Text::clean("A1")), ..Admission::default() };
        let encoded = slip_bytes(&Slip { name: shown(&name), admission, ..slip() }, &layout, &mut fonts);
        assert!(encoded.missing.is_empty(), "{name}: {:?}", encoded.missing);
        std::io::Write::write_all(&mut wires.printer, &encoded.pieces.concat()).expect("sent");
        if number % 50 == 49 {
            let slips = wait_for(|| twins.printer.slips().len(), |count| *count > number);
            assert!(slips > number);
        }
    }
    assert_eq!(longest, 25);
    let mut dice = Dice::new(0x2545_F491_4F6C_DD1D);
    for slip in twins.printer.slips() {
        let (name, _) = generated(&mut dice);
        assert!(slip.widest <= 32, "{}", slip.text);
        assert_eq!(name_on(&slip.text), name);
    }
    assert_eq!((twins.panel.complaints(), twins.printer.complaints()), (Vec::new(), Vec::new()));
}

/// The name on a slip: its field, and the indented lines below it.
fn name_on(slip: &str) -> String {
    let mut lines = slip.lines().skip_while(|line| !line.starts_with("姓名："));
    let first = lines.next().unwrap_or("").trim_start_matches("姓名：");
    let rest = lines.take_while(|line| line.starts_with("   ")).map(str::trim);
    std::iter::once(first).chain(rest).collect()
}

#[test]
fn what_is_meant_is_what_is_shown_and_printed() {
    let (mut wires, twins) = lane();
    let mut panel = st7920(wires.panel);
    let (layout, mut fonts) = (layout(), Fonts::built_in());
    let names = [
        ("⾼明", "高明"),
        ("王⺠", "王民"),
        ("王\u{E863}", "王䶮"),
        ("买买提⋅艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("张　三", "张三"),
        ("O’Brien", "O'Brien"),
        ("ＬＩ\u{A0}ＬＥＩ", "LI LEI"),
        ("佐々木", "佐々木"),
        ("Иванов", "Иванов"),
        ("Ελένη", "Ελένη"),
        ("김철수", "김철수"),
    ];
    for (number, (written, meant)) in names.into_iter().enumerate() {
        let scene = Scene { name: shown(written), ..Scene::of(SceneKind::Admitted) };
        let drawn = panel.show(&scene).expect("drawn");
        assert!(drawn.missing.is_empty(), "{written}: {:?}", drawn.missing);
        assert_eq!(twins.panel.shown()[1].replace('\u{3000}', " ").trim(), meant);
        let encoded = slip_bytes(&Slip { name: shown(written), ..slip() }, &layout, &mut fonts);
        assert!(encoded.missing.is_empty(), "{written}: {:?}", encoded.missing);
        std::io::Write::write_all(&mut wires.printer, &encoded.pieces.concat()).expect("sent");
        let slips = wait_for(|| twins.printer.slips(), |slips| slips.len() > number);
        assert_eq!(name_on(&slips[number].text), meant);
    }
    assert_eq!((twins.panel.complaints(), twins.printer.complaints()), (Vec::new(), Vec::new()));
}
