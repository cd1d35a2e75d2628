//! Panels whose supply dips, and that another program left in a state of its own: dark or stale until they are woken, and
//! woken without a flicker.

use std::sync::{Arc, Mutex};

use facemchd::{
    device::{
        Fonts, Panel,
        panel::{
            Bus as _, Glass, I2cOled, OledGlass, PicturePanel, Register, Reset, SerialSpi, Style, Tft, TftSettings,
        },
    },
    kiosk::{Scene, SceneKind},
    sim::devices::{GlassTwin, OledController, OledKind, PanelTwin, TftController},
};

use crate::{
    devices::{NoDelay, admitted, st7920, st7920_on},
    panels::{dots_of, drawn, rgb565},
};

const SETTINGS: TftSettings = TftSettings { width: 240, height: 320, rotate: 0, inverted: false };

/// An OLED's twin, its columns left of the glass, and a panel on it.
fn oled(controller: OledController, kind: OledKind) -> (GlassTwin<OledController>, usize, impl Panel) {
    let twin = GlassTwin::of(controller);
    let bus = I2cOled { bus: twin.wires().0, address: 0x3C };
    let (glass, offset) = match kind {
        OledKind::Ssd1306 => (OledGlass::ssd1306(bus), 0),
        OledKind::Sh1106 => (OledGlass::sh1106(bus), 2),
    };
    (twin, offset, PicturePanel::new(glass, Style::default(), Fonts::built_in()))
}

fn tft(ili9341: bool) -> (GlassTwin<TftController>, Box<dyn Panel>) {
    let twin = GlassTwin::<TftController>::default();
    let (spi, dc) = twin.wires();
    let panel = if ili9341 {
        on(Tft::ili9341(spi, dc, NoDelay, SETTINGS))
    } else {
        on(Tft::st7789(spi, dc, NoDelay, SETTINGS))
    };
    (twin, panel)
}

fn on(glass: impl Glass + 'static) -> Box<dyn Panel> {
    Box::new(PicturePanel::new(glass, Style::default(), Fonts::built_in()))
}

fn shows_on_oled(twin: &GlassTwin<OledController>, offset: usize, scene: &Scene) -> bool {
    let frame = drawn(scene, &Style::default(), (128, 64));
    dots_of(&frame).all(|(x, y)| twin.controller().dot(x, y, offset) == frame.is_on(x, y))
}

fn shows_on_tft(twin: &GlassTwin<TftController>, scene: &Scene) -> bool {
    let frame = drawn(scene, &Style::default(), (240, 320));
    let controller = twin.controller();
    dots_of(&frame).all(|(x, y)| controller.dot(x, y) == Some(rgb565(&frame, x, y)))
}

#[test]
fn a_dip_of_the_supply_leaves_no_panel_dark_or_stale() {
    let (name, idle) = (admitted("张*丰", "A036"), Scene::of(SceneKind::Idle));
    for kind in [OledKind::Ssd1306, OledKind::Sh1106] {
        let (twin, offset, mut panel) = oled(OledController::new(kind), kind);
        panel.show(&name).expect("drawn");
        for scene in [&name, &idle] {
            twin.dip();
            assert!(!shows_on_oled(&twin, offset, &name));
            panel.refresh(scene).expect("drawn");
            assert!(shows_on_oled(&twin, offset, scene), "{kind:?}");
        }
        assert_eq!(twin.controller().complaints(), Vec::<String>::new());
    }
    for ili9341 in [false, true] {
        let (twin, mut panel) = tft(ili9341);
        panel.show(&name).expect("drawn");
        for scene in [&name, &idle] {
            twin.dip();
            assert!(!shows_on_tft(&twin, &name));
            panel.refresh(scene).expect("drawn");
            assert!(shows_on_tft(&twin, scene), "{ili9341}");
        }
        assert_eq!(twin.controller().complaints(), Vec::<String>::new());
    }
    // Text, a user glyph, a picture of five hanzi that the ROM lacks.
    for name in ["张*丰", "王䶮", "䶮镕喆堃㛃"] {
        let twin = PanelTwin::new(None);
        let mut panel = st7920(twin.wire());
        panel.show(&admitted(name, "A036")).expect("drawn");
        let shown = twin.shown();
        for _ in 0..2 {
            twin.dip();
            assert_ne!(twin.shown(), shown);
            panel.refresh(&admitted(name, "A036")).expect("drawn");
            assert_eq!(twin.shown(), shown);
        }
        twin.dip();
        panel.refresh(&idle).expect("drawn");
        assert_eq!(twin.shown(), ["", "请正对摄像头", "", ""]);
        assert_eq!(twin.complaints(), Vec::<String>::new());
    }
}

#[test]
fn waking_a_panel_that_has_forgotten_nothing_makes_it_flicker_never() {
    let scenes = [admitted("张*丰", "A036"), Scene::of(SceneKind::Idle)];
    for kind in [OledKind::Ssd1306, OledKind::Sh1106] {
        let (twin, offset, mut panel) = oled(OledController::new(kind), kind);
        for scene in &scenes {
            panel.show(scene).expect("drawn");
            panel.refresh(scene).expect("drawn");
            assert!(shows_on_oled(&twin, offset, scene));
        }
        assert_eq!(twin.controller().blinks(), 0, "{kind:?}");
        assert_eq!(twin.controller().complaints(), Vec::<String>::new());
    }
    for ili9341 in [false, true] {
        let (twin, mut panel) = tft(ili9341);
        for scene in &scenes {
            panel.show(scene).expect("drawn");
            panel.refresh(scene).expect("drawn");
            assert!(shows_on_tft(&twin, scene));
        }
        assert_eq!(twin.controller().blinks(), 0);
    }
    for name in ["张*丰", "王䶮", "䶮镕喆堃㛃"] {
        let twin = PanelTwin::new(None);
        let mut panel = st7920(twin.wire());
        panel.show(&admitted(name, "A036")).expect("drawn");
        let shown = twin.shown();
        panel.refresh(&admitted(name, "A036")).expect("drawn");
        assert_eq!((twin.shown(), twin.blinks()), (shown, 0), "{name}");
    }
}

#[test]
fn an_oled_that_was_left_in_horizontal_mode_shows_no_name_of_before() {
    let (twin, offset, mut panel) = oled(OledController::left_in_horizontal_mode(), OledKind::Ssd1306);
    for scene in [Scene::of(SceneKind::Idle), admitted("李四", "A037")] {
        panel.show(&scene).expect("drawn");
        assert!(shows_on_oled(&twin, offset, &scene));
    }
    assert_eq!(twin.controller().complaints(), Vec::<String>::new());
}

#[test]
fn an_st7920_that_was_left_with_a_picture_shows_text_and_nothing_of_before() {
    let twin = PanelTwin::new(None);
    st7920(twin.wire()).show(&admitted("䶮镕喆堃㛃", "A036")).expect("drawn");
    assert!(twin.shown()[1].starts_with("䶮镕喆堃㛃"));
    // The daemon is started again, and has no reset line.
    st7920(twin.wire()).show(&Scene::of(SceneKind::Idle)).expect("drawn");
    assert_eq!(twin.shown(), ["", "请正对摄像头", "", ""]);
    // In the middle of a byte, even.
    SerialSpi(twin.wire()).write(Register::Command, &[0x36, 0x36]).expect("sent");
    st7920_on(SerialSpi(twin.wire()), Style::default()).show(&Scene::of(SceneKind::Idle)).expect("drawn");
    assert_eq!(twin.shown(), ["", "请正对摄像头", "", ""]);
}

/// What happens on the wires, in order: the reset line's levels.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<bool>>>);

impl embedded_hal::digital::ErrorType for Trace {
    type Error = std::convert::Infallible;
}

impl embedded_hal::digital::OutputPin for Trace {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        self.0.lock().expect("not poisoned").push(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        self.0.lock().expect("not poisoned").push(true);
        Ok(())
    }
}

#[test]
fn the_reset_line_is_pulsed_before_the_first_scene_and_at_a_failure_and_not_when_it_is_only_woken() {
    let trace = Trace::default();
    let twin = GlassTwin::<OledController>::default();
    let glass = OledGlass::ssd1306(I2cOled { bus: twin.wires().0, address: 0x3C });
    let mut panel = PicturePanel::new(glass, Style::default(), Fonts::built_in())
        .with_reset(Some(Reset::new(trace.clone(), NoDelay)));
    let pulses = || trace.0.lock().expect("not poisoned").clone();
    assert!(pulses().is_empty());
    let scene = Scene::of(SceneKind::Idle);
    panel.show(&scene).expect("drawn");
    panel.refresh(&scene).expect("drawn");
    assert_eq!(pulses(), [false, true]);
    twin.unplug_after(0);
    panel.refresh(&scene).expect_err("unplugged");
    assert_eq!(pulses(), [false, true].repeat(2), "dark: whoever's name it showed is not told to go any more");
    twin.plug_in();
    panel.show(&scene).expect("drawn");
    assert_eq!(pulses(), [false, true].repeat(3));

    // A chip that was left with a picture, and whose reset line we have.
    let trace = Trace::default();
    let twin = PanelTwin::new(None);
    st7920(twin.wire()).show(&admitted("䶮镕喆堃㛃", "A036")).expect("drawn");
    let mut pin = twin.reset_pin();
    embedded_hal::digital::OutputPin::set_low(&mut pin).expect("low");
    let mut panel = st7920(twin.wire()).with_reset(Some(Reset::new(trace.clone(), NoDelay)));
    panel.show(&scene).expect("drawn");
    assert_eq!(*trace.0.lock().expect("not poisoned"), [false, true]);
    assert_eq!(twin.shown(), ["", "请正对摄像头", "", ""]);
}

#[test]
fn a_tft_whose_first_words_are_lost_wakes_up_without_a_restart() {
    for ili9341 in [false, true] {
        for transfers in [0, 1, 2, 3, 5, 8, 9, 12, 13, 16] {
            let (twin, mut panel) = tft(ili9341);
            let scene = admitted("张*丰", "A036");
            twin.unplug_after(transfers);
            panel.show(&scene).expect_err("unplugged");
            twin.plug_in();
            panel.show(&scene).expect("drawn");
            assert!(shows_on_tft(&twin, &scene), "{transfers}");
        }
    }
}
