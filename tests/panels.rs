//! Exact bytes on the panels' wires, and what the glass at the other end makes of them.

use facemchd::{
    device::Panel,
    fault::Code,
    kiosk::{NextStep, Scene, SceneKind, SceneOption},
    words::Text,
};
use proptest::prelude::*;

use crate::devices::{KeepingBus, admitted, any_text, lane, shown, st7920};

#[test]
fn the_panel_is_initialised_and_written_as_its_data_sheet_says() {
    let bus = KeepingBus::default();
    let mut panel = st7920(bus.clone());
    assert!(bus.take().is_empty(), "nothing is sent before the first scene");
    panel.show(&Scene::of(SceneKind::Idle)).expect("drawn");
    let init = [0x30, 0x30, 0x0C, 0x01, 0x06].map(|command: u8| [0xF8, command & 0xF0, command << 4]).concat();
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
            ["", "暂时无法签到", "请到人工窗口", "            N301"],
        ),
        (
            Scene {
                options: (1..)
                    .zip(["内科 09:30", "眼科 10:15"])
                    .map(|(option, label)| SceneOption { option, label: Text::clean(label) })
                    .collect(),
                ..Scene::of(SceneKind::Choose)
            },
            ["请选择", "1.内科 09:30", "2.眼科 10:15", ""],
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
