//! Buttons of the kiosk pick what stands beside their digits, however many options there are.

use facemchd::{
    kiosk::{Button, Input, LaneSettings, Scene, SceneKind},
    words::Text,
};

use crate::core::{Core, LANE, choices, hospital};

const OPTIONS: [&str; 8] = ["内科", "外科", "眼科", "骨科", "儿科", "产科", "中医科", "口腔科"];

fn kiosk(buttons: &[u8], options: &[&str]) -> Core {
    let mut core = Core::new(vec![LaneSettings { buttons: buttons.to_vec(), ..hospital() }]);
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, choices(options));
    core
}

fn press(core: &mut Core, digit: u8) {
    core.input(Input::Pressed { lane: LANE, button: Button::Choice(digit) });
}

fn shown(scene: &Scene) -> Vec<(u8, &str)> {
    scene.options.iter().map(|option| (option.option, option.label.as_str())).collect()
}

#[test]
fn eight_options_are_reached_by_four_buttons_and_every_page_shows_the_buttons_digits() {
    let mut core = kiosk(&[1, 2, 3, 4], &OPTIONS);
    let pages = [
        [(1, "内科"), (2, "外科"), (3, "眼科"), (4, "更多选项")].as_slice(),
        &[(1, "骨科"), (2, "儿科"), (3, "产科"), (4, "更多选项")],
        &[(1, "中医科"), (2, "口腔科"), (4, "更多选项")],
        &[(1, "内科"), (2, "外科"), (3, "眼科"), (4, "更多选项")],
    ];
    for page in pages {
        assert_eq!(shown(&core.scene()), page);
        press(&mut core, 4);
    }
    press(&mut core, 2);
    assert_eq!(core.check_ins().pop().expect("asked").choice, Some(Text::clean("儿科")));
}

#[test]
fn a_button_beside_which_nothing_stands_picks_nothing_and_eight_buttons_pick_directly() {
    let mut core = kiosk(&[1, 2, 3, 4], &OPTIONS);
    press(&mut core, 4);
    press(&mut core, 4);
    core.forget();
    for nothing in [3, 5, 8, 0] {
        press(&mut core, nothing);
    }
    assert_eq!((core.check_ins().len(), core.scenes().len()), (0, 0));
    for (digit, option) in (1..).zip(OPTIONS) {
        let mut core = kiosk(&[1, 2, 3, 4, 5, 6, 7, 8], &OPTIONS);
        assert_eq!(core.scene().options.len(), 8);
        press(&mut core, digit);
        assert_eq!(core.check_ins().pop().expect("asked").choice, Some(Text::clean(option)));
    }
}

#[test]
fn turning_pages_leaves_the_time_to_choose_as_it_is() {
    let mut core = kiosk(&[1, 2], &OPTIONS[..3]);
    let wait = LaneSettings::default().choice_wait;
    assert_eq!(core.scene().stands, Some(wait));
    core.pass(wait / 2);
    press(&mut core, 2);
    assert_eq!((shown(&core.scene()), core.scene().stands), (vec![(1, "外科"), (2, "更多选项")], Some(wait / 2)));
    core.pass(wait / 2);
    assert_eq!(core.scene().kind, SceneKind::Cancelled);
}
