//! Other people's encoders: our printer's twin understands theirs, and ours says what theirs say. Each file in
//! `tests/data/witnesses` begins with its recipe.

use std::io::Write as _;

use facemchd::{
    device::{Fonts, Layout, Template, slip_bytes},
    kiosk::Slip,
    sim::devices::{PrinterTwin, Slip as Fallen},
    words::{Admission, Text},
};

use crate::devices::{layout, shipped, shown, slip, wait_for};

fn witness(name: &str) -> Vec<u8> {
    let (_, text) = shipped(&format!("tests/data/witnesses/{name}.hex"));
    let hex: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")).collect()
}

/// What falls out of the twin that is sent this, followed by a cut.
fn fallen(bytes: &[u8]) -> Fallen {
    let (twin, mut cable) = PrinterTwin::start(None, 48).expect("a printer");
    cable.write_all(bytes).expect("sent");
    cable.write_all(&[0x1D, 0x56, 0x00]).expect("sent");
    let slips = wait_for(|| twin.slips(), |slips| !slips.is_empty());
    assert_eq!(twin.complaints(), Vec::<String>::new());
    slips.into_iter().next().expect("a slip")
}

fn ours(slip: &Slip, template: &str) -> Vec<u8> {
    let reprint = "[[line]]\ntext = \"补打\"\nwhen = \"reprint\"\n";
    let text = format!("{reprint}{template}");
    let template = Template::parse("slip.toml".as_ref(), &text).expect("a template");
    slip_bytes(slip, &Layout { template, ..layout() }, &mut Fonts::built_in()).pieces.concat()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn the_twin_reads_what_others_print() {
    let text = fallen(&witness("receiptline-text")).text;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, ["市第一人民医院", "姓名：张三丰", "镕喆堃", "A036"]);
    assert_eq!(fallen(&witness("python-escpos-text")).text.trim(), "A036");
    assert_eq!(fallen(&witness("receiptline-code128")).text.trim(), "[CODE128 A036]");
    assert_eq!(fallen(&witness("python-escpos-code128")).text.trim(), "[CODE128 A036]");
    assert_eq!(fallen(&witness("python-escpos-qr")).text.trim(), "[QR https://his.example/q/A036]");
    assert_eq!(fallen(&witness("python-escpos-raster")).text.trim(), "[picture 24 x 8]");
}

#[test]
fn our_qr_code_is_theirs_byte_for_byte() {
    assert!(contains(&ours(&slip(), "[[line]]\nfield = \"qr\"\n"), &witness("python-escpos-qr")));
}

#[test]
fn our_bar_code_is_theirs() {
    let ours = ours(&slip(), "[[line]]\nfield = \"barcode\"\n");
    // GS k 73, a length, code set B, the number.
    let data = b"\x1dk\x49\x06{BA036";
    for witness in [witness("python-escpos-code128"), witness("receiptline-code128")] {
        assert!(contains(&witness, data));
        for setting in [&b"\x1dw\x02"[..], b"\x1dH\x02"] {
            assert!(contains(&witness, setting) && contains(&ours, setting), "{setting:02X?}");
        }
    }
    assert!(contains(&ours, data));
}

#[test]
fn our_hanzi_are_theirs_and_so_is_large_bold_type_in_the_middle() {
    let theirs = witness("receiptline-text");
    let admission = Admission { place: Some(Text::clean("市第一人民医院")), ..Admission::default() };
    let printed = Slip { name: shown("镕喆堃"), admission, ..slip() };
    let ours = ours(&printed, "[[line]]\nfield = \"place\"\n\n[[line]]\nfield = \"name\"\n");
    for text in ["市第一人民医院", "镕喆堃"] {
        let bytes = encoding_rs::GB18030.encode(text).0.into_owned();
        assert!(contains(&theirs, &bytes) && contains(&ours, &bytes), "{text}");
    }
    // Chinese mode before the first of them.
    let chinese = |bytes: &[u8]| bytes.windows(2).position(|pair| pair == [0x1C, 0x26]).expect("FS &");
    let first = |bytes: &[u8]| bytes.iter().position(|byte| *byte >= 0x80).expect("hanzi");
    assert!(chinese(&ours) < first(&ours));
    let large = self::ours(&slip(), "[[line]]\nfield = \"number\"\nalign = \"centre\"\nsize = 2\nbold = true\n");
    for setting in [&b"\x1d!\x11"[..], b"\x1bE\x01", b"\x1ba\x01", b"A036\n"] {
        assert!(contains(&large, setting) && contains(&witness("python-escpos-text"), setting), "{setting:02X?}");
    }
}
