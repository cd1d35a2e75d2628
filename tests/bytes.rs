//! Exact bytes on the wires, and what the device at the other end makes of them.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use embedded_hal::{
    delay::DelayNs,
    spi::{ErrorType, Operation, SpiDevice},
};
use facemchd::{
    device::{EscPosPrinter, Gate, GateTiming, LineGate, Panel, Printer, Profile, St7920, slip_bytes},
    fault::Code,
    kiosk::{GateOutcome, Grant, NextStep, PrintOutcome, Scene, SceneKind, SceneOption, Slip},
    sim::devices::{self, LaneTwins, Out, Wires},
    words::{Admission, JobId, Moment, NameStyle, RealName, SessionId, ShownName, Text, WallTime},
};
use proptest::prelude::*;

use crate::lookups::clock;

/// A bus that keeps what is written.
#[derive(Clone, Default)]
struct Bus(Arc<Mutex<Vec<u8>>>);

impl Bus {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }
}

impl ErrorType for Bus {
    type Error = Infallible;
}

impl SpiDevice for Bus {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            let Operation::Write(bytes) = operation else { panic!("a panel is only written to") };
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        }
        Ok(())
    }
}

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}

fn shown(name: &str) -> Option<ShownName> {
    Some(RealName::new(name.to_owned()).shown(NameStyle::Full))
}

fn admitted(name: &str, number: &str) -> Scene {
    Scene {
        name: shown(name),
        number: Some(Text::clean(number)),
        detail: Some(Text::clean("3楼 内科一诊室")),
        ..Scene::of(SceneKind::Admitted)
    }
}

fn lane() -> (Wires, LaneTwins) {
    devices::lane(&Out::default(), false, clock()).expect("a lane")
}

#[test]
fn the_panel_is_initialised_and_written_as_its_data_sheet_says() {
    let bus = Bus::default();
    let mut panel = St7920::new(bus.clone(), NoDelay);
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
    let bus = Bus::default();
    let mut panel = St7920::new(bus.clone(), NoDelay);
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
    let mut panel = St7920::new(wires.panel, NoDelay);
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
    let mut panel = St7920::new(wires.panel, NoDelay);
    let drawn = panel.show(&admitted("王𬭎", "A1")).expect("drawn");
    assert_eq!(drawn.missing, ['𬭎']);
    assert!(twins.panel.shown()[1].starts_with("王＊"));
    assert!(twins.panel.complaints().is_empty());
}

#[test]
fn four_hanzi_that_the_rom_lacks_are_drawn_on_one_screen_and_a_fifth_is_a_star() {
    let (wires, twins) = lane();
    let mut panel = St7920::new(wires.panel, NoDelay);
    let drawn = panel.show(&admitted("䶮镕喆", "A1")).expect("drawn");
    assert!(drawn.missing.is_empty());
    assert!(twins.panel.shown()[1].starts_with("䶮镕喆"), "{:?}", twins.panel.shown());
    let drawn = panel.show(&admitted("喆堃㛃龑", "A1")).expect("drawn");
    assert!(drawn.missing.is_empty());
    assert!(twins.panel.shown()[1].starts_with("喆堃㛃龑"), "{:?}", twins.panel.shown());
    let drawn = panel.show(&admitted("䶮镕喆堃㛃", "")).expect("drawn");
    assert_eq!(drawn.missing, ['㛃']);
    assert!(twins.panel.shown()[1].starts_with("䶮镕喆堃＊"), "{:?}", twins.panel.shown());
    assert!(twins.panel.complaints().is_empty());
}

/// The same hanzi, or one that the font draws with the same dots.
fn alike(seen: char, wanted: char) -> bool {
    seen == wanted || unifont::get_glyph(seen) == unifont::get_glyph(wanted)
}

#[test]
fn every_hanzi_of_gbk_and_extension_a_is_shown_and_printed() {
    let (mut wires, twins) = lane();
    let mut panel = St7920::new(wires.panel, NoDelay);
    let all: Vec<char> = ('\u{3400}'..='\u{4DBF}').chain('\u{4E00}'..='\u{9FFF}').collect();
    for characters in all.chunks(4) {
        let text: String = characters.iter().collect();
        let drawn = panel.show(&Scene { name: shown(&text), ..Scene::of(SceneKind::Admitted) }).expect("drawn");
        assert!(drawn.missing.is_empty(), "{:?}", drawn.missing);
        let shown = &twins.panel.shown()[1];
        assert!(shown.chars().zip(characters).all(|(seen, wanted)| alike(seen, *wanted)), "{text} is shown as {shown}");
    }
    let admission = Admission { number: Some(Text::clean("A1")), ..Admission::default() };
    let mut printed = String::new();
    for (number, characters) in all.chunks(1000).enumerate() {
        let name = shown(&characters.iter().collect::<String>());
        let slip = Slip { name, admission: admission.clone(), already: false, at: WallTime(0) };
        let (bytes, missing) = slip_bytes(&slip, &profile(), 0);
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

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("张"),
        Just("欧阳"),
        Just("䶮"),
        Just("𬭎"),
        Just("A"),
        Just("b7"),
        Just(" "),
        Just("·"),
        Just("*"),
        Just("é"),
        Just("Щ"),
        Just("\u{E0100}"),
        Just("（"),
        Just("~"),
        Just("№"),
        Just("\u{1F600}")
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
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
        St7920::new(wires.panel, NoDelay).show(&scene).expect("drawn");
        prop_assert_eq!(twins.panel.complaints(), Vec::<String>::new());
        if coded {
            prop_assert!(twins.panel.shown().iter().any(|line| line.ends_with("P702")), "{:?}", twins.panel.shown());
        }
    }

    #[test]
    fn whatever_a_slip_says_the_printer_understands_it(
        name in any_text(), place in any_text(), note in any_text(), number in "[A-Z]{1,3}[0-9]{3,5}", already in any::<bool>(),
    ) {
        let slip = Slip {
            name: shown(&name),
            admission: Admission {
                number: Some(Text::clean(&number)),
                place: Some(Text::clean(&place)),
                notes: vec![Text::clean(&note)],
                qr: Some(Text::clean("https://his.example/q/1")),
            },
            already,
            at: WallTime(1_700_000_000_000),
        };
        let (bytes, _) = slip_bytes(&slip, &profile(), 8 * 3600);
        let (mut wires, twins) = lane();
        std::io::Write::write_all(&mut wires.printer, &bytes).expect("sent");
        let slips = wait_for(|| twins.printer.slips(), |slips| !slips.is_empty());
        prop_assert_eq!(twins.printer.complaints(), Vec::<String>::new());
        prop_assert!(slips[0].widest <= 32, "{}", slips[0].text);
        prop_assert!(slips[0].text.contains(&number));
    }
}

fn wait_for<T>(look: impl Fn() -> T, right: impl Fn(&T) -> bool) -> T {
    for _ in 0..500 {
        let seen = look();
        if right(&seen) {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    look()
}

fn profile() -> Profile {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("board/printers/simulated.toml");
    Profile::parse(&file, &std::fs::read_to_string(&file).expect("shipped")).expect("parses")
}

fn slip() -> Slip {
    let admission = Admission {
        number: Some(Text::clean("A036")),
        place: Some(Text::clean("3楼")),
        notes: Vec::new(),
        qr: Some(Text::clean("https://his.example/q/A036")),
    };
    Slip { name: shown("张三丰"), admission, already: false, at: WallTime(1_700_000_000_000) }
}

#[test]
fn a_hanzi_that_the_rom_lacks_is_a_bit_image_within_the_line() {
    let rare = Slip { name: shown("王䶮"), ..slip() };
    let (bytes, missing) = slip_bytes(&rare, &profile(), 0);
    assert!(missing.is_empty());
    let at = bytes.windows(5).position(|window| window == b"\x1b*\x21\x18\x00").expect("a bit image");
    assert_eq!(bytes[at + 5 + 72], b'\n');
    let none = Slip { name: shown("王𬭎"), ..slip() };
    assert_eq!(slip_bytes(&none, &profile(), 0).1, ['𬭎']);
}

#[test]
fn a_slip_is_these_bytes() {
    let (bytes, missing) = slip_bytes(&slip(), &profile(), 8 * 3600);
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let wanted = [
        &b"\x1b@\x1c&\x1ba\x01\x1d!\x11"[..], &gbk("签到凭条"), b"\n\x1d!\x00\n",
        b"\x1d!\x22\x1bE\x01A036\n\x1bE\x00\x1d!\x00\n\x1ba\x00",
        &gbk("姓名：张三丰"), b"\n", &gbk("地点：3楼"), b"\n", &gbk("时间：2023-11-15 06:13"), b"\n\x1ba\x01",
        b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1\x1d(k\x1d\x001P0https://his.example/q/A036\x1d(k\x03\x001Q0\n",
        b"\x1ba\x00\x1bd\x03\x1dVB\x00\x1dr\x01",
    ]
    .concat();
    assert_eq!(bytes, wanted);
    assert!(missing.is_empty());
}

#[test]
fn the_qr_code_on_the_paper_reads_back() {
    let (mut wires, twins) = lane();
    std::io::Write::write_all(&mut wires.printer, &slip_bytes(&slip(), &profile(), 0).0).expect("sent");
    let slips = wait_for(|| twins.printer.slips(), |slips| !slips.is_empty());
    let mut reader = png::Decoder::new(std::io::Cursor::new(slips[0].png())).read_info().expect("PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("bounded")];
    let info = reader.next_frame(&mut pixels).expect("a picture");
    let (width, height) = (info.width as usize, info.height as usize);
    let samples = info.buffer_size() / (width * height);
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[(y * width + x) * samples]);
    let (_, content) = picture.detect_grids()[0].decode().expect("readable");
    assert_eq!(content, "https://his.example/q/A036");
}

fn printer(wires: Wires) -> EscPosPrinter {
    EscPosPrinter::on(Box::new(wires.printer), profile(), 8 * 3600, clock())
}

fn job() -> JobId {
    JobId { session: SessionId { run: 1, serial: 1 }, copy: 0 }
}

fn soon(milliseconds: u64) -> Moment {
    Moment(Duration::from_millis(milliseconds))
}

#[test]
fn a_slip_is_printed_and_acknowledged() {
    let (wires, twins) = lane();
    let outcome = printer(wires).print(job(), &slip(), soon(5000));
    assert_eq!((outcome, twins.printer.slips().len()), (PrintOutcome::Printed, 1));
}

#[test]
fn a_printer_that_cannot_is_asked_first_and_gets_nothing() {
    for (trouble, code) in [
        ((|twins: &LaneTwins| twins.printer.set_paper(0)) as fn(&LaneTwins), Code::P702),
        (|twins| twins.printer.set_cover(true), Code::P703),
        (|twins| twins.printer.set_silent(true), Code::P701),
    ] {
        let (wires, twins) = lane();
        trouble(&twins);
        assert_eq!(printer(wires).print(job(), &slip(), soon(5000)), PrintOutcome::NotPrinted(code));
        assert!(!twins.printer.bytes().contains(&0x1B), "only questions went out");
    }
}

#[test]
fn a_printer_that_was_asked_ahead_is_not_asked_again_and_trouble_since_then_is_no_success() {
    let (wires, twins) = lane();
    let mut printer = printer(wires);
    printer.prepare();
    let before = twins.printer.bytes().len();
    assert_eq!(printer.print(job(), &slip(), soon(5000)), PrintOutcome::Printed);
    assert_eq!(twins.printer.bytes()[before], 0x1B, "the slip comes at once");
    printer.prepare();
    twins.printer.set_paper(0);
    assert_eq!(printer.print(job(), &slip(), soon(3000)), PrintOutcome::Unknown);
    assert_eq!(twins.printer.slips().len(), 1);
}

#[test]
fn paper_that_runs_out_within_a_slip_is_not_called_printed() {
    let (wires, twins) = lane();
    twins.printer.set_paper(2);
    assert_eq!(printer(wires).print(job(), &slip(), soon(1500)), PrintOutcome::Unknown);
    assert!(twins.printer.slips().is_empty());
}

#[test]
fn a_printer_on_the_network_that_was_gone_is_found_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let open = facemchd::device::linux::tcp(address.to_string());
    let mut printer = EscPosPrinter::new(open, profile(), 0, clock());
    assert_eq!(printer.print(job(), &slip(), soon(9000)), PrintOutcome::NotPrinted(Code::P701));
    let (wires, twins) = lane();
    let listener = std::net::TcpListener::bind(address).expect("the same port");
    std::thread::spawn(move || -> std::io::Result<()> {
        let (network, _) = listener.accept()?;
        let (mut from, mut to) = (network.try_clone()?, wires.printer.try_clone()?);
        let sending = std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        std::io::copy(&mut &wires.printer, &mut &network)?;
        drop(sending);
        Ok(())
    });
    assert_eq!(printer.print(job(), &slip(), soon(9000)), PrintOutcome::Printed);
    assert_eq!(twins.printer.slips().len(), 1);
}

#[test]
fn a_slip_that_comes_too_late_is_dropped_whole() {
    let (wires, twins) = lane();
    let mut printer = printer(wires);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(printer.print(job(), &slip(), soon(10)), PrintOutcome::NotPrinted(Code::P707));
    assert!(twins.printer.bytes().is_empty());
}

fn at(milliseconds: u64) -> Moment {
    Moment(Duration::from_millis(milliseconds))
}

fn grant(serial: u32, deadline: u64) -> Grant {
    Grant { session: SessionId { run: 1, serial }, deadline: at(deadline) }
}

fn gate(active_low: bool) -> (LineGate<devices::GatePin>, LaneTwins) {
    let (wires, twins) = devices::lane(&Out::default(), active_low, clock()).expect("a lane");
    let timing = GateTiming { pulse: Duration::from_millis(300), min_gap: Duration::from_millis(1000) };
    (LineGate::new(wires.gate, active_low, timing).expect("a gate"), twins)
}

#[test]
fn a_gate_opens_for_its_pulse_once_for_each_session() {
    for active_low in [false, true] {
        let (mut gate, twins) = gate(active_low);
        assert!(!twins.gate.is_active());
        assert_eq!(gate.open(at(0), grant(1, 5000)), None);
        assert!(twins.gate.is_active());
        assert_eq!(gate.poll_timeout(), Some(at(300)));
        assert_eq!(gate.handle_timeout(at(300)), [(grant(1, 0).session, GateOutcome::Opened)]);
        assert!(!twins.gate.is_active());
        gate.open(at(2000), grant(1, 5000));
        assert!(!twins.gate.is_active(), "the same grant again is nothing");
    }
}

#[test]
fn a_grant_whose_time_has_passed_opens_nothing() {
    let (mut gate, twins) = gate(false);
    assert_eq!(gate.open(at(6000), grant(1, 5000)), Some(GateOutcome::Failed(Code::G802)));
    assert!(!twins.gate.is_active());
}

#[test]
fn an_orderly_end_closes_an_open_gate() {
    let (mut gate, twins) = gate(false);
    gate.open(at(0), grant(1, 5000));
    gate.safe().expect("switched");
    assert!(!twins.gate.is_active());
}

#[test]
fn two_people_are_two_pulses_with_a_gap() {
    let (mut gate, twins) = gate(false);
    gate.open(at(0), grant(1, 5000));
    gate.open(at(10), grant(2, 5000));
    let mut ended = Vec::new();
    while let Some(due) = gate.poll_timeout() {
        assert!(due <= at(3000));
        ended.extend(gate.handle_timeout(due));
    }
    assert_eq!((ended.len(), twins.gate.pulses().len()), (2, 2));
}
