//! Exact bytes on the panels' wires, and what the glass at the other end makes of them.

use std::{path::Path, sync::Arc};

use facemchd::{
    device::{
        Fonts, Panel,
        panel::{
            Frame, Glass, I2cOled, Ink, OledGlass, Parallel, PictureFile, PicturePanel, SerialLines, SpiOled, Style,
            Tft, TftSettings, draw, draw_page, rgb, text_page,
        },
    },
    fault::{Code, Fault as _},
    kiosk::{NextStep, Phrases, Scene, SceneKind, SceneOption},
    sim::devices::{Controller, GlassTwin, OledController, OledKind, PanelTwin, TftController},
    words::{Language, Purpose, Text},
};
use proptest::prelude::*;

use crate::{
    devices::{KeepingBus, NoDelay, admitted, any_text, lane, shown, st7920, st7920_on},
    support::places::{PLACES, admission},
};

#[test]
fn the_panel_is_initialised_and_written_as_its_data_sheet_says() {
    let bus = KeepingBus::default();
    let mut panel = st7920(bus.clone());
    assert!(bus.take().is_empty(), "nothing is sent before the first scene");
    panel.show(&Scene::of(SceneKind::Idle)).expect("drawn");
    let init = [0x30, 0x30, 0x34, 0x34, 0x30, 0x0C, 0x01, 0x06]
        .map(|command: u8| [0xF8, command & 0xF0, command << 4])
        .concat();
    // 请正对摄像头 in GB2312, on the second line, whose address is 0x90.
    let text = [0xC7, 0xEB, 0xD5, 0xFD, 0xB6, 0xD4, 0xC9, 0xE3, 0xCF, 0xF1, 0xCD, 0xB7];
    let line = [&[0xF8, 0x90, 0x00, 0xFA][..], &text.map(|byte: u8| [byte & 0xF0, byte << 4]).concat()].concat();
    assert_eq!(bus.take(), [init, line].concat());
}

#[test]
fn only_what_changed_is_sent() {
    let bus = KeepingBus::default();
    let mut panel = st7920(bus.clone());
    panel.show(&admitted("张三", "A036")).expect("drawn");
    bus.take();
    panel.show(&admitted("张三", "A036")).expect("drawn");
    assert!(bus.take().is_empty());
    panel.show(&admitted("张三", "A037")).expect("drawn");
    // The last two digits stand in the last word of the second line.
    assert_eq!(bus.take(), [0xF8, 0x90, 0x70, 0xFA, 0x30, 0x30, 0x30, 0x70]);
}

#[test]
fn the_glass_shows_what_the_scene_says() {
    let (wires, twins) = lane();
    let mut panel = st7920(wires.panel);
    for (scene, lines) in [
        (admitted("张*丰", "A036"), ["签到成功", "张*丰      A036", "3楼  内科一诊室", ""]),
        (Scene::of(SceneKind::Idle), ["", "请正对摄像头", "", ""]),
        (
            Scene { next: Some(NextStep::StaffWindow), code: Some(Code::N301), ..Scene::of(SceneKind::Failed) },
            ["", "暂时无法签到", "请到分诊台", "            N301"],
        ),
        (
            Scene {
                options: (1..)
                    .zip(["内科 09:30", "眼科 10:15"])
                    .map(|(option, label)| SceneOption { option, label: Text::clean(label) })
                    .collect(),
                ..Scene::of(SceneKind::Choose)
            },
            ["请选择预约", "1.内科 09:30", "2.眼科 10:15", ""],
        ),
    ] {
        panel.show(&scene).expect("drawn");
        assert_eq!(twins.panel.shown(), lines);
    }
    assert!(twins.panel.complaints().is_empty());
}

#[test]
fn a_character_that_the_panel_lacks_is_a_star_and_counted() {
    let (wires, twins) = lane();
    let mut panel = st7920(wires.panel);
    let drawn = panel.show(&admitted("王𬭎", "A1")).expect("drawn");
    assert_eq!(drawn.missing, ['𬭎']);
    assert!(twins.panel.shown()[1].starts_with("王＊"));
    assert!(twins.panel.complaints().is_empty());
}

#[test]
fn four_hanzi_that_the_rom_lacks_are_user_glyphs_and_a_fifth_makes_the_screen_a_picture() {
    let (wires, twins) = lane();
    let mut panel = st7920(wires.panel);
    let drawn = panel.show(&admitted("䶮镕喆", "A1")).expect("drawn");
    assert!(drawn.missing.is_empty());
    assert!(twins.panel.shown()[1].starts_with("䶮镕喆"), "{:?}", twins.panel.shown());
    let drawn = panel.show(&admitted("喆堃㛃龑", "A1")).expect("drawn");
    assert!(drawn.missing.is_empty());
    assert!(twins.panel.shown()[1].starts_with("喆堃㛃龑"), "{:?}", twins.panel.shown());
    // The fifth: the same four lines, dot by dot.
    let drawn = panel.show(&admitted("䶮镕喆堃㛃", "")).expect("drawn");
    assert!(drawn.missing.is_empty());
    assert!(twins.panel.shown()[1].starts_with("䶮镕喆堃㛃"), "{:?}", twins.panel.shown());
    panel.show(&admitted("张三", "A2")).expect("drawn");
    assert_eq!(twins.panel.shown(), ["签到成功", "张三          A2", "3楼  内科一诊室", ""]);
    assert!(twins.panel.complaints().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_scene_says_the_panel_understands_it(
        name in any_text(), number in any_text(), detail in any_text(), kind in 0..4_u8, coded in any::<bool>(),
    ) {
        let kind = [SceneKind::Admitted, SceneKind::Already, SceneKind::Refused, SceneKind::Choose][usize::from(kind)];
        let options = (1..5).map(|option| SceneOption { option, label: Text::clean(&detail) }).collect();
        let scene = Scene {
            name: shown(&name),
            number: Some(Text::clean(&number)),
            detail: Some(Text::clean(&detail)),
            options,
            code: coded.then_some(Code::P702),
            ..Scene::of(kind)
        };
        let (wires, twins) = lane();
        st7920(wires.panel).show(&scene).expect("drawn");
        prop_assert_eq!(twins.panel.complaints(), Vec::<String>::new());
        if coded {
            prop_assert!(twins.panel.shown().iter().any(|line| line.ends_with("P702")), "{:?}", twins.panel.shown());
        }
    }
}

#[test]
fn three_lines_and_ten_lines_show_the_same_as_spi() {
    let spi = PanelTwin::new(None);
    let serial = PanelTwin::new(None);
    let parallel = PanelTwin::new(None);
    let mut panels: [Box<dyn Panel>; 3] = [
        Box::new(st7920(spi.wire())),
        Box::new(st7920_on(SerialLines::new(serial.serial_lines(), NoDelay), Style::default())),
        Box::new(st7920_on(Parallel::new(parallel.parallel_lines(), NoDelay), Style::default())),
    ];
    // Text, a user glyph, a picture of five rare hanzi, and text again.
    for scene in
        [admitted("张*丰", "A036"), admitted("王䶮", "A1"), admitted("䶮镕喆堃㛃", "A2"), admitted("李四", "A3")]
    {
        for panel in &mut panels {
            assert!(panel.show(&scene).expect("drawn").missing.is_empty());
        }
        assert_eq!(serial.shown(), spi.shown());
        assert_eq!(parallel.shown(), spi.shown());
        assert!(spi.shown()[1].starts_with(scene.name.expect("a name").reveal()));
    }
    for twin in [spi, serial, parallel] {
        assert_eq!(twin.complaints(), Vec::<String>::new());
    }
}

#[test]
fn a_full_screen_of_text_costs_hardly_more_bits_than_its_bytes_and_an_unchanged_one_none() {
    let bus = KeepingBus::default();
    let mut panel = st7920(bus.clone());
    panel.show(&Scene::of(SceneKind::Idle)).expect("drawn");
    bus.take();
    let full = |digit: &str| Scene {
        name: shown(&"张".repeat(5)),
        number: Some(Text::clean(&format!("A{}", digit.repeat(4)))),
        detail: Some(Text::clean(&"科".repeat(8))),
        next: Some(NextStep::OtherWay),
        ..Scene::of(SceneKind::CheckingIn)
    };
    panel.show(&full("1")).expect("drawn");
    let bits = bus.take().len() * 8;
    // Four lines: an address of three bytes, a start byte, and two bytes for each of sixteen.
    let least = 4 * (3 + 1 + 2 * 16) * 8;
    println!("a full screen of text: {bits} bits on the wire, at least {least}");
    assert!(bits * 10 <= least * 11, "{bits} bits, at least {least}");
    panel.show(&full("1")).expect("drawn");
    assert!(bus.take().is_empty());
}

/// The picture as the driver drew it, dot for dot.
pub fn drawn(scene: &Scene, style: &Style, size: (usize, usize)) -> Frame {
    draw(scene, style, size, &mut Fonts::built_in()).0
}

#[test]
fn an_oled_shows_the_picture_over_i2c_and_spi_and_only_what_changed_is_sent() {
    for spi in [false, true] {
        for offset in [0, 2] {
            let kind = if offset == 0 { OledKind::Ssd1306 } else { OledKind::Sh1106 };
            let twin = GlassTwin::of(OledController::new(kind));
            let (bus, dc) = twin.wires();
            let glass = |oled| if offset == 0 { OledGlass::ssd1306(oled) } else { OledGlass::sh1106(oled) };
            let style = Style::default();
            let mut panel: Box<dyn Panel> = if spi {
                let oled = SpiOled { bus, dc };
                let glass = if offset == 0 { OledGlass::ssd1306(oled) } else { OledGlass::sh1106(oled) };
                Box::new(PicturePanel::new(glass, style.clone(), Fonts::built_in()))
            } else {
                Box::new(PicturePanel::new(glass(I2cOled { bus, address: 0x3C }), style.clone(), Fonts::built_in()))
            };
            for scene in [admitted("张*丰", "A036"), admitted("张*丰", "A037"), Scene::of(SceneKind::Idle)] {
                panel.show(&scene).expect("drawn");
                let frame = drawn(&scene, &style, (128, 64));
                let controller = twin.controller();
                for (x, y) in (0..64).flat_map(|y| (0..128).map(move |x| (x, y))) {
                    assert_eq!(controller.dot(x, y, offset), frame.is_on(x, y), "{x}, {y}");
                }
                assert!(controller.complaints().is_empty(), "{:?}", controller.complaints());
            }
        }
    }
}

#[test]
fn a_tft_shows_the_picture_in_its_colours() {
    for model in ["st7789", "ili9341"] {
        let twin = GlassTwin::<TftController>::default();
        let (spi, dc) = twin.wires();
        let style =
            Style { phrases: Phrases::shipped(Language::En, Purpose::Hospital), large: false, ..Style::default() };
        let settings = TftSettings { width: 240, height: 320, rotate: 0, inverted: false };
        let mut panel: Box<dyn Panel> = if model == "st7789" {
            Box::new(PicturePanel::new(Tft::st7789(spi, dc, NoDelay, settings), style.clone(), Fonts::built_in()))
        } else {
            Box::new(PicturePanel::new(Tft::ili9341(spi, dc, NoDelay, settings), style.clone(), Fonts::built_in()))
        };
        for scene in [admitted("张*丰", "A036"), admitted("张*丰", "A037"), Scene::of(SceneKind::Failed)] {
            panel.show(&scene).expect("drawn");
            let frame = drawn(&scene, &style, (240, 320));
            let controller = twin.controller();
            for (x, y) in (0..320).flat_map(|y| (0..240).map(move |x| (x, y))) {
                assert_eq!(controller.dot(x, y), Some(rgb565(&frame, x, y)), "{model}: {x}, {y}");
            }
            assert!(controller.complaints().is_empty(), "{:?}", controller.complaints());
        }
    }
}

#[test]
fn a_glass_that_was_unplugged_wakes_up_and_shows_the_scene() {
    for transfers in [0, 1, 2, 7, 20, 30] {
        let oled = GlassTwin::<OledController>::default();
        let glass = OledGlass::ssd1306(I2cOled { bus: oled.wires().0, address: 0x3C });
        let frame = comes_back(&oled, glass, transfers);
        let controller = oled.controller();
        assert!(dots_of(&frame).all(|(x, y)| controller.dot(x, y, 0) == frame.is_on(x, y)), "{transfers}");

        let tft = GlassTwin::<TftController>::default();
        let (spi, dc) = tft.wires();
        let settings = TftSettings { width: 240, height: 320, rotate: 0, inverted: false };
        let frame = comes_back(&tft, Tft::st7789(spi, dc, NoDelay, settings), transfers);
        let controller = tft.controller();
        assert!(dots_of(&frame).all(|(x, y)| controller.dot(x, y) == Some(rgb565(&frame, x, y))), "{transfers}");
    }
}

/// Its plug comes out after so many transfers of the first scene, and in again: what it has to show then.
fn comes_back<C: Controller>(twin: &GlassTwin<C>, glass: impl Glass, transfers: usize) -> Frame {
    let size = glass.size();
    let mut panel = PicturePanel::new(glass, Style::default(), Fonts::built_in());
    let scene = admitted("张*丰", "A036");
    twin.unplug_after(transfers);
    for _ in 0..2 {
        assert_eq!(panel.show(&scene).expect_err("unplugged").code(), Code::D601);
    }
    twin.plug_in();
    panel.show(&scene).expect("drawn");
    drawn(&scene, &Style::default(), size)
}

pub fn dots_of(frame: &Frame) -> impl Iterator<Item = (usize, usize)> {
    let (width, height) = frame.size();
    (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)))
}

pub fn rgb565(frame: &Frame, x: usize, y: usize) -> u16 {
    let [red, green, blue] = rgb(frame, frame.dot(x, y)).map(u16::from);
    (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3
}

#[test]
fn a_bench_has_its_panel_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("panel.ppm");
    let glass = PictureFile::new(file.clone(), 320, 240);
    PicturePanel::new(glass, Style::default(), Fonts::built_in()).show(&admitted("张*丰", "A036")).expect("drawn");
    let picture = std::fs::read(file).expect("written");
    assert!(picture.starts_with(b"P6\n320 240\n255\n"));
    assert_eq!(picture.len(), 15 + 3 * 320 * 240);
}

#[test]
fn a_countdown_changes_a_few_dots_and_not_the_screen() {
    use std::time::Duration;
    let scene = |left| Scene { stands: Some(Duration::from_secs(left)), ..Scene::of(SceneKind::AskConsent) };
    let before = drawn(&scene(12), &Style::default(), (800, 480));
    let after = drawn(&scene(11), &Style::default(), (800, 480));
    let changes = after.changes(&before, (1, 1));
    let dots: usize = changes.iter().map(|rect| rect.width * rect.height).sum();
    assert!((1..5_000).contains(&dots), "{changes:?}");
    assert!(drawn(&scene(12), &Style::default(), (128, 64)).row(60).iter().any(|ink| *ink != Ink::Paper));
}

/// What an independent reader makes of the codes in a picture (zbarimg 0.23.92, package zbar-tools).
pub fn read_by_zbar(picture: &Path) -> String {
    let read = std::process::Command::new("zbarimg").args(["-q", "--raw", "-Sbinary"]).arg(picture).output();
    let read = read.unwrap_or_else(|error| panic!("zbarimg: {error}: apt-get install zbar-tools"));
    String::from_utf8_lossy(&read.stdout).into_owned()
}

fn another_way(payload: &str) -> Scene {
    Scene { next: Some(NextStep::OtherWay), qr: Text::payload(payload), ..Scene::of(SceneKind::OtherWay) }
}

#[test]
fn the_code_of_another_way_fills_the_room_it_has_and_is_read_by_others() {
    let short = "https://his.example/pages/checkin?lane=kiosk-1".to_owned();
    let long = format!("{short}&ticket={}", "0123456789abcdef".repeat(8));
    let file = tempfile::Builder::new().suffix(".ppm").tempfile().expect("a file");
    for ((width, height), least) in [
        ((240, 320), 120),
        ((320, 240), 90),
        ((480, 320), 130),
        ((800, 480), 200),
        ((1280, 800), 350),
        ((1080, 1920), 700),
    ] {
        for language in [Language::ZhHans, Language::En] {
            for (large, payload) in [(false, &short), (true, &long)] {
                let frame = drawn(
                    &another_way(payload),
                    &Style { phrases: Phrases::shipped(language, Purpose::Hospital), large, ..Style::default() },
                    (width, height),
                );
                let dots: Vec<u8> = dots_of(&frame).flat_map(|(x, y)| rgb(&frame, frame.dot(x, y))).collect();
                let picture = [format!("P6\n{width} {height}\n255\n").as_bytes(), &dots].concat();
                std::fs::write(file.path(), picture).expect("written");
                let what = format!("{width} x {height}, {language:?}, {large}, {}", payload.len());
                assert_eq!(read_by_zbar(file.path()), *payload, "{what}");
                let side = side_of_code(&frame);
                assert!(side >= least || payload.len() > short.len(), "{side} dots: {what}");
            }
        }
    }
}

/// Dots across a code without its border.
fn side_of_code(frame: &Frame) -> usize {
    let (width, height) = frame.size();
    let luma = |x: usize, y: usize| rgb(frame, frame.dot(x, y)).iter().max().copied().unwrap_or(0);
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, luma);
    let grid = picture.detect_grids().into_iter().next().expect("a code");
    usize::try_from(grid.bounds[1].x - grid.bounds[0].x).expect("left to right")
}

#[test]
fn a_private_code_or_an_empty_cell_of_the_rom_is_a_star_and_counted_never_a_gap() {
    let (wires, twins) = lane();
    let mut panel = st7920(wires.panel);
    for character in ['\u{E000}', '\u{E4C6}', '\u{E766}', '\u{E7C7}', '\u{F8FF}'] {
        let scene = Scene { detail: Some(Text::clean(&format!("内{character}科"))), ..admitted("张三", "A1") };
        let drawn = panel.show(&scene).expect("drawn");
        let star = twins.panel.shown()[2].starts_with("内＊科");
        assert!((drawn.missing.as_slice(), star) == (&[character], true) || drawn.missing.is_empty() && !star);
        assert!(twins.panel.complaints().is_empty());
    }
}

#[test]
fn eight_options_and_long_ones_are_read_to_their_ends_on_four_lines() {
    let labels: Vec<String> = ["内科", "眼科"]
        .map(|clinic| format!("{clinic}（城东院区）专家门诊上午09:30"))
        .into_iter()
        .chain((3..9).map(|hour| format!("口腔科 1{hour}:00")))
        .collect();
    let option = |(option, label): (u8, &String)| SceneOption { option, label: Text::clean(label) };
    let scene = |left| Scene {
        options: (1..).zip(&labels).map(option).collect(),
        stands: Some(std::time::Duration::from_secs(left)),
        ..Scene::of(SceneKind::Choose)
    };
    let (wires, twins) = lane();
    let mut panel = st7920(wires.panel);
    let mut seen = std::collections::BTreeSet::new();
    for left in (1..=20).rev() {
        panel.show(&scene(left)).expect("drawn");
        seen.insert(twins.panel.shown().map(|line| line.replace(' ', "")).join(""));
    }
    assert!(twins.panel.complaints().is_empty());
    for (number, label) in (1..).zip(&labels) {
        let whole = format!("{number}.{}", label.replace(' ', ""));
        assert!(seen.iter().any(|page| page.contains(&whole)), "{whole}: {seen:?}");
    }
}

#[test]
fn on_four_lines_and_on_small_glass_whoever_is_not_known_by_face_reads_of_another_way_before_anybody_comes() {
    let phrases = Phrases::default();
    for to_start in [false, true] {
        let idle = Scene { to_start, next: Some(NextStep::ScanCode), ..Scene::of(SceneKind::Idle) };
        let asks = if to_start { "请按开始键" } else { "请正对摄像头" };
        let (lines, pages) = text_page(&idle, &phrases, 0);
        assert_eq!(
            (lines.map(|line| line.trim_end().to_owned()), pages),
            (["", asks, "其他签到方式", "请出示二维码"].map(str::to_owned), 1)
        );
        // Hours and a notice are read first.
        let text = |text: &str| Some(Text::clean(text));
        let told = Scene { hours: text("08:00-17:00"), detail: text("今日口腔科停诊"), ..idle.clone() };
        let all = on_four_lines(&told, &phrases);
        assert!(all.starts_with(&format!("{asks}开放08:00-17:00今日口腔科停诊")), "{all}");
        assert!(all.ends_with("其他签到方式请出示二维码"), "{all}");
        // Where only these words are others, the picture is another.
        let file = "[headline]\nother_way = \"别的办法\"\n";
        let other = Phrases::changed(Language::ZhHans, Purpose::Hospital, file).expect("phrases");
        for size in [(128, 64), (128, 128), (160, 128), (128, 160)] {
            let of = |phrases: &Phrases| Style { phrases: Arc::new(phrases.clone()), ..Style::default() };
            let [one, another] = [&phrases, &other].map(|words| drawn(&idle, &of(words), size));
            assert!(one != another, "{size:?}");
        }
    }
}

#[test]
fn in_large_type_a_number_is_large_also_where_staff_are_needed_for_it_and_what_to_do_stands_on_the_next_page() {
    let admitted = Scene { detail: Some(Text::clean("3楼 内科一诊室")), ..admitted("张三", "A036") };
    let (code, next) = (Some(Code::P702), Some(NextStep::StaffWindow));
    for language in Language::ALL {
        let phrases = Phrases::shipped(language, Purpose::Hospital);
        let style = Style { large: true, phrases, ..Style::default() };
        let drawn = |scene: &Scene, page| draw_page((scene, page), &style, (128, 64), &mut Fonts::built_in());
        for kind in [SceneKind::Admitted, SceneKind::Already, SceneKind::ReQueued, SceneKind::ToVerify] {
            let well = Scene { kind, ..admitted.clone() };
            let scene = Scene { code, next, ..well.clone() };
            let (frame, told) = drawn(&scene, 0);
            let below = |frame: &Frame| (16..64).map(|y| frame.row(y).to_vec()).collect::<Vec<_>>();
            assert!(below(&frame) == below(&drawn(&well, 0).0), "{language:?} {kind:?}");
            assert!((96..128).any(|x| frame.is_on(x, 8)), "{language:?} {kind:?}: no code");
            let others = |scene: &Scene| drawn(scene, 1).0;
            let another = Scene { next: Some(NextStep::ComeBack), ..scene.clone() };
            assert!(told.turns && others(&scene) != others(&another), "{language:?} {kind:?}: nothing to do");
        }
    }
}

#[test]
fn beside_a_large_number_no_word_of_the_place_is_parted() {
    let style = |large| Style { large, ..Style::default() };
    let drawn = |place, large| {
        let scene = Scene { detail: Some(Text::clean(place)), ..admitted("张三", "A036") };
        let frame = draw_page((&scene, 0), &style(large), (128, 64), &mut Fonts::built_in()).0;
        (0..64).map(|y| (0..128).map(|x| frame.is_on(x, y)).collect()).collect::<Vec<Vec<bool>>>()
    };
    // Seven letters are beside it.
    for (place, is_large) in
        [("Surgery 3F", true), ("Medicine 3F", false), ("3楼 心血管", true), ("内科 123456楼", false)]
    {
        assert_eq!(drawn(place, true) != drawn(place, false), is_large, "{place}");
    }
}

/// What stands on the pages of a panel of four lines, without blanks.
fn on_four_lines(scene: &Scene, phrases: &Phrases) -> String {
    let (_, pages) = text_page(scene, phrases, 0);
    assert!(pages <= 9, "{pages} pages: {scene:?}");
    let lines = (0..pages).flat_map(|page| {
        // The head of the others stands there already.
        text_page(scene, phrases, page).0.into_iter().skip(usize::from(page > 0))
    });
    lines.flat_map(|line| line.chars().collect::<Vec<_>>()).filter(|character| !character.is_whitespace()).collect()
}

#[test]
fn of_sixty_long_departments_doctors_and_places_none_is_cut_on_four_lines_or_on_small_glass() {
    for (at, place) in PLACES.into_iter().enumerate() {
        let admission = admission(place);
        let scene = Scene {
            name: shown("欧阳三"),
            number: admission.number.clone(),
            detail: admission.place.clone(),
            visit: Some(Arc::clone(&admission.visit)),
            ..Scene::of(SceneKind::Admitted)
        };
        let seen = on_four_lines(&scene, &Phrases::default());
        let (_, department, doctor, title, _, _, line) = place;
        for wanted in [department, doctor, title, line] {
            let wanted: String = wanted.chars().filter(|character| !character.is_whitespace()).collect();
            assert!(seen.contains(&wanted), "{wanted} is cut: {seen}");
        }
        // Small glass turns the same texts: none of its pages is without something of its own, and all of them end.
        let size = [(128, 64), (128, 128), (160, 128), (128, 160)][at % 4];
        for large in [false, true] {
            let style = Style { large, ..Style::default() };
            let (first, drawn) = draw_page((&scene, 0), &style, size, &mut Fonts::built_in());
            let pages = (1..24).map(|page| draw_page((&scene, page), &style, size, &mut Fonts::built_in()).0);
            let round = pages.take_while(|frame| *frame != first).count() + 1;
            assert_eq!(drawn.turns, round > 1, "{size:?} {large}: {place:?}");
            assert!(round < 24, "{size:?} {large}: {place:?}");
        }
    }
}
