//! A logo in a printer's flash memory: no slip carries it, and flash is written once.

use std::{sync::Arc, time::Duration};

use facemchd::{
    device::{EscPosPrinter, Fonts, House, Layout, Printer, Profile, SlipLogo, Template},
    kiosk::PrintOutcome,
    sim::devices::PrinterTwin,
    words::Moment,
};

use crate::{
    devices::{job, layout, profile, shipped, slip},
    support::printer_world::{Answers, End, Wire, connected},
};

/// Slips with a logo of these sides at their head.
fn with_logo((across, down): (usize, usize), keeps_logo: bool) -> Layout {
    let (file, _) = shipped("board/printers/slips/hospital-58.toml");
    let template = "[[line]]\nfield = \"logo\"\n[[line]]\nfield = \"number\"\n[[line]]\nphrase = \"reprint\"\nwhen = \"reprint\"\n";
    let greys = (0..across * down).map(|at| if at % across < across / 3 { 0 } else { 255 }).collect();
    Layout {
        profile: Profile { keeps_logo, ..profile("simulated") },
        template: Template::parse(&file, template).expect("a template"),
        house: House { logo: SlipLogo::of(across, greys), ..House::default() },
        ..layout()
    }
}

/// Another life of the program, at the same printer.
fn again(end: &End, layout: Layout) -> EscPosPrinter {
    let port = end.clone();
    EscPosPrinter::new(
        Box::new(move || Ok(Box::new(port.clone()) as _)),
        layout,
        Fonts::built_in(),
        Arc::new(end.clone()),
    )
}

/// What a slip came to on paper, and whether a picture was sent for it.
fn printed(printer: &mut EscPosPrinter, twin: &PrinterTwin, end: &End) -> (String, bool) {
    let before = twin.bytes().len();
    let deadline = Moment(end.world().now + Duration::from_secs(30));
    assert_eq!(printer.print(job(), &slip(), deadline), PrintOutcome::Printed);
    let sent = twin.bytes()[before..].windows(3).any(|head| head == [0x1D, 0x76, 0x30]);
    (twin.slips().pop().expect("a slip").text, sent)
}

#[test]
fn a_logo_is_stored_once_and_no_slip_sends_it_any_more() {
    let (mut plain, twin, end) = connected(with_logo((120, 64), false), Wire::Usb, Answers::AtOnce);
    plain.tend();
    let (wanted, sent) = printed(&mut plain, &twin, &end);
    assert!(sent && wanted.contains("[picture 120 x 64]"), "{wanted}");
    assert_eq!(twin.keeps(), (0, 0), "a profile that says nothing of it stores nothing");

    for wire in [Wire::RtsCts, Wire::Usb, Wire::Tcp] {
        let (mut printer, twin, end) = connected(with_logo((120, 64), true), wire, Answers::AtOnce);
        assert_eq!(printed(&mut printer, &twin, &end), (wanted.clone(), true), "before it was asked");
        printer.tend();
        assert_eq!(twin.keeps(), (2, 2), "the logo, and a mark that it is whole");
        for _ in 0..2 {
            assert_eq!(printed(&mut printer, &twin, &end), (wanted.clone(), false));
            printer.tend();
        }
        let mut printer = again(&end, with_logo((120, 64), true));
        printer.tend();
        assert_eq!(printed(&mut printer, &twin, &end), (wanted.clone(), false));
        assert_eq!(twin.keeps(), (2, 2), "what is there is not stored again");
        assert_eq!(twin.complaints(), Vec::<String>::new());
    }
}

#[test]
fn another_logo_is_another_picture_among_as_many_as_there_are() {
    let (mut printer, twin, end) = connected(with_logo((120, 64), true), Wire::Usb, Answers::AtOnce);
    for key in 0..50 {
        // Somebody else's.
        twin.hear(&[
            0x1D,
            0x28,
            0x4C,
            12,
            0,
            0x30,
            0x43,
            0x30,
            b'0' + key / 10,
            b'0' + key % 10,
            1,
            8,
            0,
            1,
            0,
            0x31,
            0xFF,
        ]);
    }
    twin.work(None);
    assert_eq!(twin.keeps(), (50, 50));
    printer.tend();
    assert_eq!(twin.keeps(), (52, 52));
    let mut other = again(&end, with_logo((64, 64), true));
    other.tend();
    assert_eq!(twin.keeps(), (54, 54));
    let (text, sent) = printed(&mut other, &twin, &end);
    assert!(text.contains("[picture 64 x 64]") && !sent, "{text}");
    let mut printer = again(&end, with_logo((120, 64), true));
    printer.tend();
    assert_eq!(twin.keeps(), (54, 54));
    assert!(printed(&mut printer, &twin, &end).0.contains("[picture 120 x 64]"));
    assert_eq!(twin.complaints(), Vec::<String>::new());
}

#[test]
fn where_flash_has_no_room_every_slip_carries_the_logo_and_it_is_tried_once() {
    let (mut printer, twin, end) = connected(with_logo((120, 64), true), Wire::Usb, Answers::AtOnce);
    twin.set_flash(100);
    for _ in 0..4 {
        printer.tend();
        let (text, sent) = printed(&mut printer, &twin, &end);
        assert!(text.contains("[picture 120 x 64]") && sent, "{text}");
    }
    let (_, written) = twin.keeps();
    assert_eq!(written, 2);
    assert_eq!(twin.complaints(), Vec::<String>::new());
}

#[test]
fn a_logo_that_was_cut_off_on_its_way_is_stored_anew() {
    let (mut first, twin, _) = connected(with_logo((120, 64), true), Wire::Usb, Answers::AtOnce);
    first.tend();
    let sent = twin.bytes();
    let at = sent.windows(8).position(|head| head[..3] == [0x1D, 0x28, 0x4C] && head[5..] == [0x30, 0x43, 0x30]);
    let at = at.expect("stored");
    let length = 5 + usize::from(sent[at + 3]) + 256 * usize::from(sent[at + 4]);
    let mut half = sent[at..at + length].to_vec();
    half[length / 2..].fill(0);

    let (mut printer, twin, end) = connected(with_logo((120, 64), true), Wire::Usb, Answers::AtOnce);
    twin.hear(&half);
    twin.work(None);
    assert_eq!(twin.keeps(), (1, 1));
    printer.tend();
    assert_eq!(twin.keeps(), (2, 3));
    let (text, sent) = printed(&mut printer, &twin, &end);
    assert!(text.contains("[picture 120 x 64]") && !sent, "{text}");
    let dots = twin.slips().pop().expect("a slip").dots_png();
    printer = again(&end, with_logo((120, 64), false));
    printed(&mut printer, &twin, &end);
    assert_eq!(twin.slips().pop().expect("a slip").dots_png(), dots, "all of it");
}
