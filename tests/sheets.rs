//! Panels by their sheets, in every scene: a decoder of its own for each, written from the sheet's tables and not from the
//! drivers or their twins, takes every byte, and the glass shows the picture that was meant.

mod oled;
mod st7920;

use std::sync::Arc;

use encoding_rs::GB18030;
use facemchd::{
    device::{
        Fonts, Panel,
        panel::{
            Bus, I2cOled, OledGlass, Parallel, PicturePanel, Rom, SerialLines, SerialSpi, SpiOled, St7920, Style, draw,
            text_lines,
        },
    },
    kiosk::{Phrases, Scene, SceneKind},
    words::{Language, Purpose},
};

pub use self::oled::DataOrCommand;
use self::st7920::{Sheet, Takes};
use crate::{devices::admitted, scenes::full};

/// Every scene in every language and size; each drawn anew, too.
pub fn over_all_scenes(mut shows: impl FnMut(&Scene, &Style, bool)) {
    for language in Language::ALL {
        for large in [false, true] {
            let style = Style { phrases: Phrases::shipped(language, Purpose::Hospital), large, ..Style::default() };
            for kind in SceneKind::ALL {
                for anew in [false, true] {
                    shows(&full(kind, language), &style, anew);
                }
            }
        }
    }
}

/// Shows a scene, or shows it anew.
pub fn told(panel: &mut dyn Panel, scene: &Scene, anew: bool) {
    if anew { panel.refresh(scene) } else { panel.show(scene) }.expect("drawn");
}

#[test]
fn every_byte_to_an_oled_is_in_its_sheet_and_every_scene_is_on_the_glass() {
    for ssd1306 in [true, false] {
        for spi in [true, false] {
            let mut panels: Vec<(Style, oled::Wire, Box<dyn Panel>)> = Vec::new();
            over_all_scenes(|scene, style, anew| {
                if panels.last().is_none_or(|(of, ..)| of != style) {
                    let wire = oled::Wire::new(ssd1306);
                    panels.push((style.clone(), wire.clone(), oled_panel(wire, ssd1306, spi, style)));
                }
                let (_, wire, panel) = panels.last_mut().expect("just made");
                told(&mut **panel, scene, anew);
                let (frame, _) = draw(scene, style, (128, 64), &mut Fonts::built_in());
                let sheet = wire.0.lock().expect("not poisoned");
                let glass = sheet.glass().expect("on, upright, plain");
                for (y, row) in glass.iter().enumerate() {
                    assert!((0..128).all(|x| row[x] == frame.is_on(x, y)), "{:?}, row {y}", scene.kind);
                }
                assert_eq!(sheet.refused, Vec::<String>::new());
            });
        }
    }
}

fn oled_panel(wire: oled::Wire, ssd1306: bool, spi: bool, style: &Style) -> Box<dyn Panel> {
    let dc = DataOrCommand(Arc::clone(&wire.1));
    let (fonts, style) = (Fonts::built_in(), style.clone());
    match (ssd1306, spi) {
        (true, true) => Box::new(PicturePanel::new(OledGlass::ssd1306(SpiOled { bus: wire, dc }), style, fonts)),
        (false, true) => Box::new(PicturePanel::new(OledGlass::sh1106(SpiOled { bus: wire, dc }), style, fonts)),
        (true, false) => {
            Box::new(PicturePanel::new(OledGlass::ssd1306(I2cOled { bus: wire, address: 0x3C }), style, fonts))
        }
        (false, false) => {
            Box::new(PicturePanel::new(OledGlass::sh1106(I2cOled { bus: wire, address: 0x3C }), style, fonts))
        }
    }
}

#[test]
fn the_oled_decoder_refuses_what_the_sheets_do_not_allow() {
    type Says<'a> = (bool, &'a [u8], &'a str);
    let cases: [Says; 16] = [
        (true, &[0x20, 0x03], "command 20"),
        (true, &[0x8D, 0x04], "command 8D"),
        (true, &[0xA8, 0x0E], "command A8"),
        (true, &[0xD3, 0x40], "command D3"),
        (true, &[0xDA, 0x10], "command DA"),
        (true, &[0xD9, 0x20], "command D9"),
        (true, &[0xAD, 0x8B], "no command AD"),
        (true, &[0xB8], "no command B8"),
        (true, &[0x21, 0x00, 0x7F], "in page addressing"),
        (true, &[0x20, 0x00, 0xB0], "in another mode"),
        (true, &[0xAF], "hold anything"),
        (false, &[0x20], "no command 20"),
        (false, &[0x8D], "no command 8D"),
        (false, &[0x2E], "no command 2E"),
        (false, &[0xAD, 0x80], "command AD"),
        (false, &[0xDA, 0x22], "command DA"),
    ];
    for (ssd1306, bytes, why) in cases {
        let mut sheet = oled::Sheet::new(ssd1306);
        bytes.iter().for_each(|byte| sheet.command(*byte));
        assert!(sheet.refused.iter().any(|refused| refused.contains(why)), "{bytes:02X?}: {:?}", sheet.refused);
    }
    let mut sheet = oled::Sheet::new(true);
    sheet.command(0x81);
    sheet.dots(0);
    [0x7F, 0x0F, 0x17].into_iter().for_each(|byte| sheet.command(byte));
    (0..2).for_each(|_| sheet.dots(0));
    assert_eq!(sheet.refused.len(), 2, "{:?}", sheet.refused);
    // A display that was lit mirrored, or without its pump, shows nothing that was meant.
    assert_eq!(sheet.glass(), None);
}

/// A chip of the sheet, and the panel on it.
type Wired = (st7920::Wire, Box<dyn Panel>);

/// A panel on an ST7920 of the sheet, over each of its interfaces at the most that they may do.
fn st7920_panels(takes: Takes, left: bool, style: &Style) -> Vec<Wired> {
    let wire = || st7920::Wire::new(takes, left);
    let (spi, fast, serial, parallel) = (wire(), wire(), wire(), wire());
    vec![
        (spi.clone(), st7920_panel(SerialSpi(spi.spi(200_000)), &spi, style)),
        (fast.clone(), st7920_panel(SerialSpi(fast.spi(222_222)), &fast, style)),
        (serial.clone(), st7920_panel(SerialLines::new(serial.lines(), serial.delay()), &serial, style)),
        (parallel.clone(), st7920_panel(Parallel::new(parallel.parallel(), parallel.delay()), &parallel, style)),
    ]
}

fn st7920_panel(bus: impl Bus + 'static, wire: &st7920::Wire, style: &Style) -> Box<dyn Panel> {
    Box::new(St7920::new(bus, wire.delay(), Rom::Gb2312, style.clone(), Fonts::built_in()))
}

/// What a line of the glass reads, user glyphs by their dots.
fn read(sheet: &Sheet, line: usize) -> Option<String> {
    let words = sheet.words(line)?;
    let character = |word: &u16| match word.to_be_bytes() {
        [0, _] => {
            let rows = sheet.glyph(*word);
            let has = |glyph: &unifont::Glyph| {
                let left = (16 - glyph.get_width()) / 2;
                (0..16).all(|y| {
                    (0..16).all(|x| {
                        let dot = x >= left && x - left < glyph.get_width() && glyph.get_pixel(x - left, y);
                        dot == (rows[y] & (0x8000 >> x) != 0)
                    })
                })
            };
            let hanzi = unifont::enumerate_glyphs().find(|(_, glyph)| has(glyph));
            hanzi.map_or("\u{FFFD}".to_owned(), |(character, _)| character.to_string())
        }
        pair => GB18030.decode(&pair).0.into_owned(),
    };
    Some(words.iter().map(character).collect::<String>().trim_end().to_owned())
}

/// The glass shows what was meant: four lines, or the picture.
fn shows(sheet: &Sheet, scene: &Scene, style: &Style) {
    assert_eq!(sheet.refused, Vec::<String>::new());
    if let Some(first) = read(sheet, 0) {
        let lines =
            [first, read(sheet, 1).expect("text"), read(sheet, 2).expect("text"), read(sheet, 3).expect("text")];
        assert_eq!(lines, text_lines(scene, &style.phrases).map(|line| line.trim_end().to_owned()), "{:?}", scene.kind);
    } else {
        let (frame, _) = draw(scene, style, (128, 64), &mut Fonts::built_in());
        let all = (0..64).flat_map(|y| (0..128).map(move |x| (x, y)));
        assert!(all.into_iter().all(|(x, y)| sheet.dot(x, y) == Some(frame.is_on(x, y))), "{:?}", scene.kind);
    }
}

#[test]
fn every_byte_to_an_st7920_is_in_its_sheet_in_its_time_and_every_scene_is_on_the_glass() {
    let mut panels: Vec<(Style, Vec<Wired>)> = Vec::new();
    over_all_scenes(|scene, style, anew| {
        if panels.last().is_none_or(|(of, _)| of != style) {
            panels.push((style.clone(), st7920_panels(Takes::Set, false, style)));
        }
        for (wire, panel) in &mut panels.last_mut().expect("just made").1 {
            told(&mut **panel, scene, anew);
            shows(&wire.0.lock().expect("not poisoned"), scene, style);
        }
    });
}

#[test]
fn an_st7920_is_told_everything_whichever_bit_it_takes_first_and_whatever_it_was_left_in() {
    let style = &Style::default();
    for takes in [Takes::Set, Takes::Graphics] {
        for left in [false, true] {
            for (wire, mut panel) in st7920_panels(takes, left, style) {
                // Text, a user glyph, a picture of five hanzi that the ROM lacks, and back.
                for name in ["张*丰", "王䶮", "䶮镕喆堃㛃", "李四"] {
                    for anew in [false, true] {
                        let scene = admitted(name, "A036");
                        told(&mut *panel, &scene, anew);
                        shows(&wire.0.lock().expect("not poisoned"), &scene, style);
                    }
                }
            }
        }
    }
}

#[test]
fn the_st7920_decoder_refuses_what_the_sheet_does_not_allow() {
    let refused = |bytes: &[(bool, u8)], gap: u64| {
        let mut sheet = Sheet::new(Takes::Set, false);
        sheet.now = 100_000_000;
        for (data, byte) in bytes {
            sheet.now += gap;
            if *data { sheet.data(*byte) } else { sheet.instruction(*byte) }
        }
        sheet.refused
    };
    let told = |codes: &[u8]| refused(&codes.iter().map(|code| (false, *code)).collect::<Vec<_>>(), 10_000_000);
    for (codes, why) in [
        (&[0x36, 0x80][..], "came only once"),
        (&[0x34, 0x01], "no instruction 01 of RE=1"),
        (&[0x34, 0x80, 0x90], "no instruction 90 of RE=1"),
        (&[0xA0], "no instruction A0"),
        (&[0xC0], "no instruction C0"),
        (&[0x20], "four bits"),
    ] {
        let refused = told(codes);
        assert!(refused.iter().any(|refused| refused.contains(why)), "{codes:02X?}: {refused:?}");
    }
    let word = |first, second| [(false, 0x87), (true, first), (true, second)];
    assert_eq!(refused(&word(0xB0, 0xA1), 72_000), Vec::<String>::new());
    assert!(refused(&word(0xB0, 0xA1), 71_000)[0].contains("too soon"));
    for (first, second) in [(0x41, 0xB0), (0xFE, 0x9F), (0x00, 0x08), (0x81, 0x40)] {
        assert!(refused(&word(first, second), 72_000)[0].contains("in no ROM"));
    }
    let run = [&word(0xB0, 0xA1)[..], &[(true, 0xB0), (true, 0xA1)]].concat();
    assert!(refused(&run, 72_000)[0].contains("beyond the end"));
    assert!(refused(&[(false, 0x80), (true, 0xB0), (false, 0x80)], 72_000)[0].contains("within a word"));
    assert!(refused(&[(false, 0x34), (true, 0), (true, 0)], 72_000)[0].contains("without a place"));
    assert!(refused(&[(false, 0x01), (false, 0x06)], 1_500_000)[0].contains("too soon"));
    // A start byte that asks to read, half a byte that is none; faster than the chip.
    let wire = st7920::Wire::new(Takes::Set, false);
    let mut lines = SerialSpi(wire.spi(1_000_000));
    let sent = embedded_hal::spi::SpiDevice::write(&mut lines.0, &[0xFC, 0x30, 0x30, 0xF8, 0x31]);
    sent.expect("sent");
    lines.write(facemchd::device::panel::Register::Command, &[0x30, 0x30]).expect("sent");
    assert_eq!(wire.0.lock().expect("not poisoned").refused.len(), 5);
}
