//! Exact bytes to printers, and what falls out of the twin at the other end.

use std::time::Duration;

use facemchd::{
    device::{EscPosPrinter, Fonts, Printer, slip_bytes},
    fault::Code,
    kiosk::{PrintOutcome, Slip},
    sim::devices::{LaneTwins, Wires},
    words::{Admission, Text, WallTime},
};
use proptest::prelude::*;

use crate::{
    devices::{any_text, at, job, lane, layout, shown, slip, wait_for},
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
            },
            already,
            reprint: false,
            at: WallTime(1_700_000_000_000),
        };
        let (bytes, _) = bytes_of(&slip);
        let (mut wires, twins) = lane();
        std::io::Write::write_all(&mut wires.printer, &bytes).expect("sent");
        let slips = wait_for(|| twins.printer.slips(), |slips| !slips.is_empty());
        prop_assert_eq!(twins.printer.complaints(), Vec::<String>::new());
        prop_assert!(slips[0].widest <= 32, "{}", slips[0].text);
        prop_assert!(slips[0].text.contains(&number));
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
        &b"\x1b@\x1c&\x1ba\x01\x1d!\x11"[..], &gbk("签到凭条"), b"\n\n",
        b"\x1d!\x22\x1bE\x01A036\n\n\x1ba\x00\x1d!\x00\x1bE\x00",
        &gbk("姓名：张三丰"), b"\n", &gbk("地点：3楼"), b"\n", &gbk("时间：2023-11-15 06:13"), b"\n\x1ba\x01",
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
        (|twins| twins.printer.set_silent(true), Code::P701),
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
    assert_eq!(printer(wires).print(job(), &slip(), at(1500)), PrintOutcome::Unknown);
    assert!(twins.printer.slips().is_empty());
}

#[test]
fn a_printer_on_the_network_that_was_gone_is_found_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let open = facemchd::device::linux::tcp(address.to_string());
    let mut printer = EscPosPrinter::new(open, layout(), Fonts::built_in(), clock());
    assert_eq!(printer.print(job(), &slip(), at(9000)), PrintOutcome::NotPrinted(Code::P701));
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
    assert_eq!(printer.print(job(), &slip(), at(9000)), PrintOutcome::Printed);
    assert_eq!(twins.printer.slips().len(), 1);
}

#[test]
fn a_slip_that_comes_too_late_is_dropped_whole() {
    let (wires, twins) = lane();
    let mut printer = printer(wires);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(printer.print(job(), &slip(), at(10)), PrintOutcome::NotPrinted(Code::P707));
    assert!(twins.printer.bytes().is_empty());
}
