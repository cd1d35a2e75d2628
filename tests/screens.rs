//! Framebuffers as boards have them: what is seen is a part of the memory, and every driver orders its colours its own way.

use std::{
    fs::File,
    io,
    sync::{Arc, Mutex},
};

use facemchd::{
    device::{
        Fonts, Panel as _,
        panel::{Channel, Framebuffer, Layout, PicturePanel, Screen, Style, rgb},
    },
    kiosk::{Scene, SceneKind},
};

use crate::{
    devices::admitted,
    panels::{dots_of, drawn},
};

/// A screen whose memory is a file, and whose layout may change under us.
struct ScreenTwin {
    memory: File,
    layout: Arc<Mutex<Layout>>,
    console_sent_away: Arc<Mutex<usize>>,
}

impl Screen for ScreenTwin {
    fn layout(&self) -> io::Result<Layout> {
        Ok(*self.layout.lock().expect("not poisoned"))
    }

    fn memory(&self) -> &File {
        &self.memory
    }

    fn keep_console_away(&mut self) {
        *self.console_sent_away.lock().expect("not poisoned") += 1;
    }
}

fn channel(offset: u32, length: u32) -> Channel {
    Channel { offset, length }
}

/// 320 × 240 of 32 bits, and nothing else in memory.
fn plain() -> Layout {
    Layout {
        visible: (320, 240),
        offset: (0, 0),
        rows: 240,
        stride: 4 * 320,
        bits: 32,
        colours: [channel(16, 8), channel(8, 8), channel(0, 8)],
        alpha: channel(24, 8),
    }
}

/// A dot's red, green and blue in as many bits as the screen has of them.
fn seen(memory: &[u8], layout: &Layout, (x, y): (usize, usize)) -> [u32; 3] {
    let bytes = layout.bits / 8;
    let at = (layout.offset.1 + y) * layout.stride + (layout.offset.0 + x) * bytes;
    let dot = (0..bytes).fold(0_u32, |dot, byte| dot | u32::from(memory[at + byte]) << (8 * byte));
    layout.colours.map(|colour| dot >> colour.offset & ((1 << colour.length) - 1))
}

fn screen(file: &std::path::Path, layout: &Layout) -> ScreenTwin {
    // Somebody's name from before, in whatever buffer.
    std::fs::write(file, vec![0x77; layout.rows * layout.stride]).expect("written");
    let memory = File::options().write(true).open(file).expect("opened");
    ScreenTwin { memory, layout: Arc::new(Mutex::new(*layout)), console_sent_away: Arc::default() }
}

#[test]
fn a_framebuffer_shows_the_picture_where_it_is_seen_and_in_its_own_colours() {
    let rgb565 = Layout {
        bits: 16,
        stride: 2 * 320 + 64,
        colours: [channel(11, 5), channel(5, 6), channel(0, 5)],
        alpha: channel(0, 0),
        ..plain()
    };
    let bgr888 = Layout {
        bits: 24,
        stride: 3 * 320,
        colours: [channel(0, 8), channel(8, 8), channel(16, 8)],
        alpha: channel(0, 0),
        ..plain()
    };
    // Two buffers, the second is seen; and a part of a wider memory.
    let doubled = Layout { rows: 480, offset: (0, 240), ..plain() };
    let panned = Layout { rows: 300, stride: 4 * 400, offset: (13, 7), ..plain() };
    for layout in [plain(), rgb565, bgr888, doubled, panned] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("fb0");
        let twin = screen(&file, &layout);
        let console = Arc::clone(&twin.console_sent_away);
        let mut panel =
            PicturePanel::new(Framebuffer::new(twin).expect("understood"), Style::default(), Fonts::built_in());
        for scene in [admitted("张*丰", "A036"), Scene::of(SceneKind::Idle), admitted("李四", "A037")] {
            panel.show(&scene).expect("drawn");
            let frame = drawn(&scene, &Style::default(), (320, 240));
            let memory = std::fs::read(&file).expect("readable");
            assert_eq!(memory.len(), layout.rows * layout.stride);
            for (x, y) in dots_of(&frame) {
                let wanted = rgb(&frame, frame.dot(x, y));
                let wanted: Vec<u32> = (0..3)
                    .map(|colour| u32::from(wanted[colour]) >> (8 - layout.colours[colour].length.min(8)))
                    .collect();
                assert_eq!(seen(&memory, &layout, (x, y)), wanted[..], "{layout:?}: {x}, {y}");
            }
            // A grey of the picture's own is short.
            assert!(!memory.windows(24).any(|bytes| bytes == [0x77; 24]), "{layout:?}");
        }
        assert_eq!(*console.lock().expect("not poisoned"), 1, "the console is sent away once");
    }
}

#[test]
fn a_screen_that_was_panned_or_plugged_in_anew_is_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fb0");
    let before = Layout { rows: 480, ..plain() };
    let twin = screen(&file, &before);
    let layout = Arc::clone(&twin.layout);
    let mut panel = PicturePanel::new(Framebuffer::new(twin).expect("understood"), Style::default(), Fonts::built_in());
    panel.show(&Scene::of(SceneKind::Idle)).expect("drawn");
    for now in [
        Layout { offset: (0, 240), ..before },
        Layout { visible: (240, 320), offset: (0, 0), rows: 320, stride: 4 * 240, ..plain() },
    ] {
        *layout.lock().expect("not poisoned") = now;
        panel.refresh(&Scene::of(SceneKind::Idle)).expect("drawn");
        let frame = drawn(&Scene::of(SceneKind::Idle), &Style::default(), now.visible);
        let memory = std::fs::read(&file).expect("readable");
        assert!(
            dots_of(&frame).all(|(x, y)| seen(&memory, &now, (x, y)) == rgb(&frame, frame.dot(x, y)).map(u32::from))
        );
    }
}

#[test]
fn a_flip_to_another_buffer_leaves_nobodys_name_on_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fb0");
    let before = Layout { rows: 480, ..plain() };
    let twin = screen(&file, &before);
    let layout = Arc::clone(&twin.layout);
    let mut panel = PicturePanel::new(Framebuffer::new(twin).expect("understood"), Style::default(), Fonts::built_in());
    for (offset, scene) in
        [(0, admitted("张*丰", "A036")), (240, admitted("张*丰", "A037")), (0, Scene::of(SceneKind::Idle))]
    {
        let now = Layout { offset: (0, offset), ..before };
        *layout.lock().expect("not poisoned") = now;
        panel.show(&scene).expect("drawn");
        let (frame, memory) = (drawn(&scene, &Style::default(), (320, 240)), std::fs::read(&file).expect("readable"));
        assert!(
            dots_of(&frame).all(|(x, y)| seen(&memory, &now, (x, y)) == rgb(&frame, frame.dot(x, y)).map(u32::from))
        );
        let other = (240 - offset) * before.stride;
        assert!(memory[other..other + 240 * before.stride].iter().all(|byte| *byte == 0), "at {offset}");
    }
    // Of another size: said, and drawn at the next try.
    let now = Layout { visible: (240, 320), rows: 320, stride: 4 * 240, ..plain() };
    *layout.lock().expect("not poisoned") = now;
    panel.show(&admitted("李四", "A038")).expect_err("another size");
    panel.show(&Scene::of(SceneKind::Idle)).expect("drawn");
    let (frame, memory) = (drawn(&Scene::of(SceneKind::Idle), &Style::default(), now.visible), std::fs::read(&file));
    let memory = memory.expect("readable");
    assert!(dots_of(&frame).all(|(x, y)| seen(&memory, &now, (x, y)) == rgb(&frame, frame.dot(x, y)).map(u32::from)));
}

#[test]
fn a_screen_that_cannot_be_drawn_on_is_told_and_not_guessed_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let grey = Layout { colours: [channel(0, 8), channel(0, 0), channel(0, 0)], bits: 8, ..plain() };
    let beyond = Layout { offset: (0, 1), ..plain() };
    let outside = Layout { colours: [channel(30, 8), channel(8, 8), channel(0, 8)], ..plain() };
    let empty = Layout { visible: (0, 0), ..plain() };
    let absurd = Layout { visible: (usize::MAX, 240), ..plain() };
    for (layout, told) in [
        (grey, "bits a dot"),
        (beyond, "within its memory"),
        (outside, "bits a dot"),
        (empty, "within its memory"),
        (absurd, "within its memory"),
    ] {
        let twin = screen(&folder.path().join("fb0"), &layout);
        let error = Framebuffer::new(twin).err().expect("refused").to_string();
        assert!(error.contains(told), "{error}");
    }
}
