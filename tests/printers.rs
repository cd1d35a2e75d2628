//! Exact bytes to printers, and what falls out of the twin at the other end.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use facemchd::{
    device::{EscPosPrinter, Fonts, Layout, Printer, Profile, Template, slip_bytes},
    fault::Code,
    kiosk::{Again, PrintOutcome, SceneKind, SentAway, Slip},
    sim::devices::{Cable, LaneTwins, PrinterTwin, Wires},
    words::{Admission, Clock, Moment, Now, SessionId, Text, WallTime},
};
use proptest::prelude::*;

use crate::{
    devices::{any_text, at, job, lane, layout, shipped, shown, slip, wait_for},
    lookups::clock,
};

/// The bytes of a slip, and what no font has.
fn bytes_of(slip: &Slip) -> (Vec<u8>, Vec<char>) {
    let encoded = slip_bytes(slip, &layout(), &mut Fonts::built_in());
    (encoded.pieces.concat(), encoded.missing)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

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
                ..Admission::default()
            },
            again: already.then_some(Again::Already),
            reprint: false,
            sent_away: None,
            at: WallTime(1_700_000_000_000),
        };
        let (bytes, _) = bytes_of(&slip);
        let (mut wires, twins) = lane();
        std::io::Write::write_all(&mut wires.printer, &bytes).expect("sent");
        let slips = wait_for(|| twins.printer.slips(), |slips| !slips.is_empty());
        prop_assert_eq!(twins.printer.complaints(), Vec::<String>::new());
        prop_assert!(slips[0].widest <= 32, "{}", slips[0].text);
        prop_assert!(slips[0].text.contains(&number));
        prop_assert!(slips[0].text.contains("[QR https://his.example/q/1]"));
    }
}

#[test]
fn a_hanzi_that_the_rom_lacks_is_a_bit_image_within_the_line() {
    let rare = Slip { name: shown("王䶮"), ..slip() };
    let (bytes, missing) = bytes_of(&rare);
    assert!(missing.is_empty());
    let at = bytes.windows(5).position(|window| window == b"\x1b*\x21\x18\x00").expect("a bit image");
    assert_eq!(bytes[at + 5 + 72], b'\n');
    let none = Slip { name: shown("王𬭎"), ..slip() };
    assert_eq!(bytes_of(&none).1, ['𬭎']);
}

#[test]
fn a_slip_is_these_bytes() {
    let (bytes, missing) = bytes_of(&slip());
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let wanted = [
        &b"\x1b@\x1c&\x1da\x0e\x1ba\x01\x1d!\x11"[..], &gbk("签到凭条"), b"\n\n",
        b"\x1bE\x01\x1d!\x22A036\n\n\x1ba\x00\x1bE\x00\x1d!\x00",
        &gbk("姓名：张三丰"), b"\n", &gbk("地点：3楼"), b"\n", &gbk("签到时间：2023-11-15 06:13"), b"\n\x1ba\x01\n",
        b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1\x1d(k\x1d\x001P0https://his.example/q/A036\x1d(k\x03\x001Q0\n",
        b"\x1ba\x00\x1bd\x03\x1dVB\x00",
    ]
    .concat();
    assert_eq!(bytes, wanted);
    assert!(missing.is_empty());
}

#[test]
fn the_qr_code_on_the_paper_reads_back() {
    let (mut wires, twins) = lane();
    std::io::Write::write_all(&mut wires.printer, &bytes_of(&slip()).0).expect("sent");
    let slips = wait_for(|| twins.printer.slips(), |slips| !slips.is_empty());
    assert_eq!(read_qr(&slips[0].png()), "https://his.example/q/A036");
}

fn printer(wires: Wires) -> EscPosPrinter {
    EscPosPrinter::on(Box::new(wires.printer), layout(), Fonts::built_in(), clock())
}

#[test]
fn a_slip_is_printed_and_acknowledged() {
    let (wires, twins) = lane();
    let outcome = printer(wires).print(job(), &slip(), at(5000));
    assert_eq!((outcome, twins.printer.slips().len()), (PrintOutcome::Printed, 1));
}

#[test]
fn a_printer_that_cannot_is_asked_first_and_gets_nothing() {
    for (trouble, code) in [
        ((|twins: &LaneTwins| twins.printer.set_paper(0)) as fn(&LaneTwins), Code::P702),
        (|twins| twins.printer.set_cover(true), Code::P703),
        (|twins| twins.printer.set_cable(Cable::NoReturn), Code::P701),
    ] {
        let (wires, twins) = lane();
        trouble(&twins);
        assert_eq!(printer(wires).print(job(), &slip(), at(5000)), PrintOutcome::NotPrinted(code));
        assert!(!twins.printer.bytes().contains(&0x1B), "only questions went out");
    }
}

#[test]
fn a_printer_that_was_asked_ahead_is_not_asked_again_and_trouble_since_then_is_no_success() {
    let (wires, twins) = lane();
    let mut printer = printer(wires);
    printer.prepare();
    let before = twins.printer.bytes().len();
    assert_eq!(printer.print(job(), &slip(), at(5000)), PrintOutcome::Printed);
    assert_eq!(twins.printer.bytes()[before], 0x1B, "the slip comes at once");
    printer.prepare();
    twins.printer.set_paper(0);
    assert_eq!(printer.print(job(), &slip(), at(3000)), PrintOutcome::Unknown);
    assert_eq!(twins.printer.slips().len(), 1);
}

#[test]
fn paper_that_runs_out_within_a_slip_is_not_called_printed() {
    let (wires, twins) = lane();
    twins.printer.set_paper(2);
    let began = clock_of(&*clock());
    assert_eq!(printer(wires).print(job(), &slip(), at(20_000)), PrintOutcome::Unknown);
    assert!(
        clock_of(&*clock()).since(began) < Duration::from_secs(10),
        "printer_troubles holds the time, in a simulated one"
    );
    assert!(twins.printer.slips().is_empty());
}

#[test]
fn a_picture_that_somebody_else_cut_off_is_ended_before_a_slip_and_nothing_of_the_slip_is_lost_in_it() {
    let (mut wires, twins) = lane();
    // Forty-eight bytes across, twenty rows; a hundred bytes came.
    std::io::Write::write_all(&mut wires.printer, &[0x1D, 0x76, 0x30, 0, 48, 0, 20, 0]).expect("sent");
    std::io::Write::write_all(&mut wires.printer, &[0xAA; 100]).expect("sent");
    let mut printer = printer(wires);
    // Its questions become part of the picture: the printer seems not to answer.
    assert_eq!(printer.print(job(), &slip(), at(20_000)), PrintOutcome::Printed);
    let slips = twins.printer.slips();
    assert!(slips.last().expect("printed").text.contains("A036"));
    assert_eq!(slips.len(), 2, "the fragment is cut off before");
    assert_eq!(twins.printer.complaints(), Vec::<String>::new());
}

#[test]
fn a_slip_that_comes_too_late_is_dropped_whole() {
    let (wires, twins) = lane();
    let mut printer = printer(wires);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(printer.print(job(), &slip(), at(10)), PrintOutcome::NotPrinted(Code::P707));
    assert!(twins.printer.bytes().is_empty());
}

/// The simulated printer's layout, its profile changed.
fn layout_with(changes: &[(&str, &str)]) -> Layout {
    let (file, mut text) = shipped("board/printers/simulated.toml");
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Layout { profile: Profile::parse(&file, &text).expect("parses"), ..layout() }
}

fn printer_with(layout: Layout, clock: Arc<dyn Clock>) -> (EscPosPrinter, PrinterTwin) {
    let columns = layout.profile.columns;
    let (twin, cable) = PrinterTwin::start(None, columns).expect("a printer");
    (EscPosPrinter::on(Box::new(cable), layout, Fonts::built_in(), clock), twin)
}

/// What falls out of the printer, and what the twin complains of.
fn printed(layout: Layout, slip: &Slip) -> facemchd::sim::devices::Slip {
    let (mut printer, twin) = printer_with(layout, clock());
    assert_eq!(printer.print(job(), slip, at(20_000)), PrintOutcome::Printed);
    assert_eq!(twin.complaints(), Vec::<String>::new());
    wait_for(|| twin.slips(), |slips| !slips.is_empty()).remove(0)
}

fn template(text: &str) -> Template {
    let reprint = "[[line]]\ntext = \"补打\"\nwhen = \"reprint\"\n";
    Template::parse(Path::new("slip.toml"), &format!("{reprint}{text}")).expect("a template")
}

fn read_qr(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("bounded")];
    let info = reader.next_frame(&mut pixels).expect("a picture");
    let (width, height) = (info.width as usize, info.height as usize);
    let samples = info.buffer_size() / (width * height);
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[(y * width + x) * samples]);
    picture.detect_grids()[0].decode().expect("readable").1
}

#[test]
fn every_shipped_profile_prints_a_slip_that_its_printer_understands() {
    let (folder, _) = shipped("board/printers/epson-80.toml");
    for entry in std::fs::read_dir(folder.parent().expect("a folder")).expect("listed").flatten() {
        if !entry.path().is_file() {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        let profile = Profile::parse(&entry.path(), &text).unwrap_or_else(|error| panic!("{error}"));
        let columns = profile.columns;
        let fell = printed(Layout { profile, ..layout() }, &Slip { name: shown("王䶮"), ..slip() });
        assert!(fell.text.contains("姓名：王䶮") && fell.text.contains("A036"), "{}", fell.text);
        assert!(fell.widest <= columns);
    }
}

#[test]
fn a_qr_code_as_a_picture_reads_back_and_no_more_is_under_way_than_the_buffer_takes() {
    let raster = [("qr = \"native\"", "qr = \"raster\""), ("buffer-bytes = 4096", "buffer-bytes = 512")];
    let (mut printer, twin) = printer_with(layout_with(&raster), clock());
    assert_eq!(printer.print(job(), &slip(), at(20_000)), PrintOutcome::Printed);
    assert_eq!(read_qr(&twin.slips()[0].png()), "https://his.example/q/A036");
    assert_eq!(twin.complaints(), Vec::<String>::new());
    let bytes = twin.bytes();
    let questions: Vec<usize> =
        (0..bytes.len() - 2).filter(|start| bytes[*start..].starts_with(&[0x1D, 0x72, 1])).collect();
    assert!(questions.len() > 4, "{questions:?}");
    assert!(questions.windows(2).all(|pair| pair[1] - pair[0] <= 512 + 3), "{questions:?}");
}

#[test]
fn a_bar_code_carries_the_number_with_and_without_its_code_set_and_as_digits_where_there_is_none() {
    let barcode = "[[line]]\nfield = \"barcode\"\nalign = \"centre\"\n";
    for (code128, wanted) in [("braced", "[CODE128 A036]"), ("plain", "[CODE128 A036]"), ("none", "A036")] {
        let changed = [("code128 = \"braced\"", format!("code128 = \"{code128}\""))];
        let changed: Vec<(&str, &str)> = changed.iter().map(|(from, to)| (*from, to.as_str())).collect();
        let fell = printed(Layout { template: template(barcode), ..layout_with(&changed) }, &slip());
        assert_eq!(fell.text.trim(), wanted);
    }
    let long = Admission { number: Some(Text::clean("A0123456789012345678")), ..Admission::default() };
    let fell = printed(Layout { template: template(barcode), ..layout() }, &Slip { admission: long, ..slip() });
    assert_eq!(fell.text.trim(), "A0123456789012345678", "too wide for a bar code, not for the paper");
}

#[test]
fn large_type_with_a_rare_hanzi_and_a_line_of_many_are_pictures_that_read_the_same() {
    let large =
        Layout { template: template("[[line]]\nfield = \"name\"\nsize = 2\n\n[[line]]\ntext = \"x\"\n"), ..layout() };
    let fell = printed(large, &Slip { name: shown("王䶮"), ..slip() });
    assert_eq!(fell.text, "王䶮\nx\n");
    let many = "㐀㐁㐂㐃㐄㐅㐆㐇㐈㐉";
    let small = Layout { template: template("[[line]]\nfield = \"name\"\n"), ..layout() };
    let fell = printed(small, &Slip { name: shown(many), ..slip() });
    assert_eq!(fell.text.trim(), many);
}

#[test]
fn a_printer_without_pictures_prints_a_star_in_large_type_and_says_which_character() {
    let layout = Layout {
        template: template("[[line]]\nfield = \"name\"\nsize = 2\n"),
        ..layout_with(&[("raster = true", "raster = false")])
    };
    let encoded = slip_bytes(&Slip { name: shown("王䶮"), ..slip() }, &layout, &mut Fonts::built_in());
    assert_eq!(encoded.missing, ['䶮']);
}

#[test]
fn the_end_of_a_slip_is_acknowledged_in_every_way_a_printer_knows() {
    for (ack, outcome) in [
        ("gs-h", PrintOutcome::Printed),
        ("gs-r", PrintOutcome::Printed),
        ("in-order", PrintOutcome::Printed),
        ("none", PrintOutcome::Printed),
    ] {
        let ack = format!("ack = \"{ack}\"\nmillimetres-per-second = 500");
        let (mut printer, twin) = printer_with(layout_with(&[("ack = \"gs-r\"", &ack)]), clock());
        assert_eq!(printer.print(job(), &slip(), at(20_000)), outcome, "{ack}");
        assert_eq!(twin.slips().len(), 1);
    }
    let dumb = [("ack = \"gs-r\"", "ack = \"none\"\nstatus = false")];
    let (mut printer, twin) = printer_with(layout_with(&dumb), clock());
    assert_eq!(printer.print(job(), &slip(), at(20_000)), PrintOutcome::Unknown, "nobody knows");
    wait_for(|| twin.slips(), |slips| !slips.is_empty());
    assert!(!twin.bytes().windows(2).any(|pair| pair == [0x10, 0x04]), "a printer that cannot answer is not asked");
}

#[test]
fn what_a_printer_says_unasked_is_told_apart_from_what_was_asked() {
    // Flow control, automatic status with everything well, an answer to something else.
    for noise in [&[0x13, 0x11][..], &[0x10, 0x00, 0x00, 0x0F], &[0x10, 0x13, 0x00, 0x00, 0x0F], &[0x00]] {
        let (mut printer, twin) = printer_with(layout(), clock());
        twin.say_unasked(noise);
        assert_eq!(printer.print(job(), &slip(), at(5000)), PrintOutcome::Printed, "{noise:02X?}");
    }
}

#[test]
fn a_printer_that_says_unasked_that_it_has_stopped_is_not_waited_for() {
    let (mut printer, twin) = printer_with(layout_with(&[("automatic = \"1D610E\"\n", "")]), clock());
    printer.prepare();
    // Paper end, in automatic status, before the answer to the end of the job.
    twin.say_unasked(&[0x18, 0x00, 0x0C, 0x0F]);
    let began = clock_of(&*clock());
    assert_eq!(printer.print(job(), &slip(), at(20_000)), PrintOutcome::Unknown);
    assert!(clock_of(&*clock()).since(began) < Duration::from_secs(5));
}

fn clock_of(clock: &dyn Clock) -> Moment {
    clock.now().moment
}

#[test]
fn what_is_left_of_a_slip_that_stopped_is_thrown_away_and_never_the_next_persons() {
    let (mut printer, twin) = printer_with(layout(), clock());
    twin.set_paper(2);
    assert_eq!(printer.print(job(), &slip(), at(1500)), PrintOutcome::Unknown);
    assert_eq!(printer.tend().status.expect("an answer").fault, Some(Code::P702));
    twin.refill();
    let tended = printer.tend();
    assert_eq!(tended.status.expect("an answer").fault, None);
    let next = Slip { name: shown("李四"), ..slip() };
    assert_eq!(printer.print(job(), &next, at(20_000)), PrintOutcome::Printed);
    let slips = wait_for(|| twin.slips(), |slips| slips.len() >= 2);
    let (fragment, whole) = (&slips[0].text, &slips[slips.len() - 1].text);
    assert!(!fragment.contains("张三丰"), "{fragment}");
    assert!(whole.contains("李四") && whole.contains("签到凭条") && !whole.contains("张三丰"), "{whole}");
    assert_eq!(twin.complaints(), Vec::<String>::new());
}

#[test]
fn a_printer_that_is_busy_gets_no_more_than_sixty_four_bytes_at_once() {
    let (twin, cable) = PrinterTwin::start(None, 32).expect("a printer");
    let looks = Arc::new(AtomicU64::new(0));
    let busy = Arc::new(AtomicBool::new(false));
    let line = {
        let (looks, busy) = (Arc::clone(&looks), Arc::clone(&busy));
        Box::new(move || {
            looks.fetch_add(1, Ordering::Relaxed);
            // Busy every other time.
            Ok(busy.fetch_xor(true, Ordering::Relaxed))
        })
    };
    let printer = EscPosPrinter::on(Box::new(cable), layout(), Fonts::built_in(), clock());
    let mut printer = printer.with_busy(Some(line));
    assert_eq!(printer.print(job(), &slip(), at(20_000)), PrintOutcome::Printed);
    let sent = u64::try_from(twin.bytes().len()).expect("few");
    assert!(looks.load(Ordering::Relaxed) >= sent / 64, "{sent} bytes");
    let (_, cable) = PrinterTwin::start(None, 32).expect("a printer");
    let printer = EscPosPrinter::on(Box::new(cable), layout(), Fonts::built_in(), clock());
    let mut stuck = printer.with_busy(Some(Box::new(|| Ok(true))));
    let soon = clock().now().moment.after(Duration::from_millis(300));
    assert_eq!(stuck.print(job(), &slip(), soon), PrintOutcome::NotPrinted(Code::P701), "busy for ever: nothing left");
}

/// A clock that is set.
#[derive(Debug, Default)]
struct SetClock(AtomicU64);

impl Clock for SetClock {
    fn now(&self) -> Now {
        Now { moment: Moment(Duration::from_secs(self.0.load(Ordering::Relaxed))), wall: WallTime(0) }
    }
}

#[test]
fn a_slip_that_is_held_out_and_not_taken_is_drawn_back_after_half_a_minute() {
    let presenter = [
        ("cut = \"1D564200\"", "cut = \"1D5642001D65200C1E\"\nretract = \"1D6502\""),
        ("ack = \"gs-r\"", "ack = \"gs-r\"\npresenter = \"full-status\""),
    ];
    for taken in [true, false] {
        let time = Arc::new(SetClock::default());
        let (mut printer, twin) = printer_with(layout_with(&presenter), Arc::clone(&time) as _);
        assert_eq!(printer.print(job(), &slip(), at(20_000)), PrintOutcome::Printed);
        assert_eq!(printer.tend().again, Duration::from_secs(1), "looked after while it is held out");
        time.0.store(10, Ordering::Relaxed);
        if taken {
            twin.take_slip();
        }
        printer.tend();
        time.0.store(31, Ordering::Relaxed);
        printer.tend();
        wait_for(|| twin.retracted(), |retracted| *retracted > 0 || taken);
        assert_eq!(twin.retracted(), usize::from(!taken));
        assert_eq!(printer.tend().again, Duration::from_secs(15));
    }
}

#[test]
fn a_reprint_says_so_and_not_that_the_person_had_the_number_before() {
    let again = Slip { name: None, reprint: true, again: Some(Again::Already), ..slip() };
    let fell = printed(layout(), &again);
    assert!(
        fell.text.contains("补打") && !fell.text.contains("姓名") && !fell.text.contains("您已签到"),
        "{}",
        fell.text
    );
    let fell = printed(layout(), &Slip { again: Some(Again::ReQueued), ..slip() });
    assert!(fell.text.contains("过号重排") && !fell.text.contains("您已签到"), "{}", fell.text);
    let fell = printed(layout(), &Slip { again: Some(Again::Already), ..slip() });
    assert!(fell.text.contains("您已签到") && !fell.text.contains("补打"), "{}", fell.text);
}

#[test]
fn a_template_that_is_wrong_is_refused_with_its_line() {
    let reprint = "[[line]]\ntext = \"补打\"\nwhen = \"reprint\"\n\n";
    for (text, told) in [
        ("[[line]]\n", "one of text, phrase, field and feed"),
        ("[[line]]\ntext = \"x\"\nfield = \"name\"\n", "one of text, phrase, field and feed"),
        ("[[line]]\nfeed = 9\n", "feed = 1–8"),
        ("[[line]]\nfield = \"names\"\n", "unknown variant"),
        ("[[line]]\ntext = \"x\"\nsize = 5\n", "size = 1–4"),
        ("[[line]]\ntext = \"x\"\nlabel = \"y\"\n", "a label stands before"),
        ("[[line]]\ntext = \"a\\u001Bb\"\n", "control characters"),
        ("[[line]]\ntext = \"x\"\ncolour = \"red\"\n", "unknown field"),
    ] {
        let error = Template::parse(Path::new("slip.toml"), &format!("{reprint}{text}")).expect_err(text).to_string();
        assert!(error.contains(told), "{error}");
        let line: usize = error.split(':').nth(1).and_then(|line| line.parse().ok()).expect("a line");
        assert!(line >= 5, "{error}");
    }
    let error = Template::parse(Path::new("slip.toml"), "[[line]]\ntext = \"x\"\n").expect_err("no reprint");
    assert!(error.to_string().contains("补打"), "{error}");
}

#[test]
fn the_slip_for_staff_says_what_happened_where_to_go_and_which_visit_it_was() {
    let session = SessionId { run: 0x3f9c_0a1b_e2d4_5577, serial: 12 };
    for (kind, code, said) in
        [(SceneKind::Failed, Code::H901, "未签到"), (SceneKind::Unknown, Code::H904, "签到结果待确认")]
    {
        for columns in [32, 48] {
            let profile = Profile { columns, ..layout().profile };
            let sent_away = Some(SentAway { session, kind, code });
            let fell = printed(Layout { profile, ..layout() }, &Slip { sent_away, ..slip() });
            for part in [said, "请到", "分诊台", "2023-11-15 06:13", &format!("3f9c0a1be2d45577-0012  {code}")] {
                assert!(fell.text.contains(part), "{part}: {}", fell.text);
            }
            for never in ["张", "A0", "请等候"] {
                assert!(!fell.text.contains(never), "{}", fell.text);
            }
            assert!(fell.widest <= columns, "{}", fell.text);
        }
    }
}

#[test]
fn a_number_that_is_to_be_verified_says_so_first_and_at_the_end_by_what_it_is_found() {
    let session = SessionId { run: 0x3f9c_0a1b_e2d4_5577, serial: 12 };
    let sent_away = Some(SentAway { session, kind: SceneKind::ToVerify, code: Code::J510 });
    for columns in [32, 48] {
        let profile = Profile { columns, ..layout().profile };
        let fell = printed(Layout { profile, ..layout() }, &Slip { sent_away, ..slip() });
        let at = |part: &str| fell.text.find(part).unwrap_or_else(|| panic!("{part}: {}", fell.text));
        let number = at("A036");
        assert!(at("待核验") < number && number < at("3f9c0a1be2d45577-0012  J510"), "{}", fell.text);
        assert!(at("医院系统暂不可用") > number && fell.widest <= columns, "{}", fell.text);
    }
}
