//! Each shipped profile sends what its printer's manual has, and nothing else; its QR codes are read from the paper.

use std::path::Path;

use facemchd::{
    device::{EscPosPrinter, Fonts, Layout, Printer, Template, slip_bytes},
    fault::Code,
    kiosk::{PrintOutcome, Slip},
    sim::devices::PrinterTwin,
    words::{Admission, Text},
};

use crate::{
    devices::{at, job, layout, profile, shown, slip},
    lookups::clock,
    panels::read_by_zbar,
};

/// What every manual has.
const COMMON: &[&[u8]] = &[b"\n", b"\x1b@", b"\x1ba", b"\x1d!", b"\x1dv0"];

/// The commands of each printer's manual that a slip may send, apart from [`COMMON`]: prefixes, as the manual's own list
/// has them (the profile names manual and section).
const MANUALS: &[(&str, &[&[u8]])] = &[
    ("cashino-kp628e", CASHINO),
    // No manual: what Epson's and Cashino's have in common.
    ("generic-58", &[b"\x1c&", b"\x1b!", b"\x1bd", b"\x1b*", b"\x1d(k", b"\x1dV", b"\x1dr", b"\x10\x04"]),
    ("epson-80", EPSON),
    ("simulated", EPSON),
    (
        "custom-vkp80",
        &[b"\x1bE", b"\x1bd", b"\x1dk\x49", b"\x1dH", b"\x1dh", b"\x1dw", b"\x1cP", b"\x1bv", b"\x10\x04"],
    ),
    ("pyramid-reliance", &[b"\x1bE", b"\x1de\x20", b"\x10\x04"]),
];

const CASHINO: &[&[u8]] = &[
    b"\x1c&",
    b"\x1b!",
    b"\x1bd",
    b"\x1b*",
    b"\x1d(k\x03\x001C",
    b"\x1d(k\x03\x001E",
    b"\x1d(k",
    b"\x1dk\x49",
    b"\x1dH",
    b"\x1dh",
    b"\x1dw",
    b"\x1dV",
    b"\x1dr",
    b"\x10\x04",
];

const EPSON: &[&[u8]] = &[
    b"\x1c&",
    b"\x1bE",
    b"\x1bd",
    b"\x1b*",
    b"\x1d(k",
    b"\x1dk\x49",
    b"\x1dH",
    b"\x1dh",
    b"\x1dw",
    b"\x1dV",
    b"\x1da",
    b"\x1dr",
    b"\x10\x04",
    b"\x10\x14",
];

/// Everything that a slip may have on it.
fn full_template() -> Template {
    let text = "[[line]]\ntext = \"补打\"\nwhen = \"reprint\"\n[[line]]\ntext = \"签到凭条\"\nsize = 2\nalign = \"centre\"\n\
                [[line]]\nfield = \"number\"\nsize = 3\nbold = true\n[[line]]\nfield = \"name\"\nlabel = \"姓名\"\n\
                [[line]]\nfield = \"name\"\nsize = 2\nbold = true\n[[line]]\nfield = \"barcode\"\nalign = \"centre\"\n\
                [[line]]\nfield = \"qr\"\nalign = \"centre\"\n";
    Template::parse(Path::new("slip.toml"), text).expect("a template")
}

/// The commands of these bytes, their data left out: the printer's parser of the tests' own, by lengths alone.
fn commands(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some(first) = bytes.first() {
        let little = |at: usize| usize::from(bytes[at]) + 256 * usize::from(bytes[at + 1]);
        let length = match (*first, bytes.get(1)) {
            (0x10, Some(0x04)) => 3,
            (0x10, Some(0x14)) => 10,
            (0x1B, Some(b'@' | b'v')) | (0x1C, Some(b'&')) => 2,
            (0x1B, Some(b'a' | b'E' | b'!' | b'd')) | (0x1D, Some(b'!' | b'H' | b'h' | b'w' | b'a' | b'r')) => 3,
            (0x1B, Some(b'*')) => 5 + 3 * little(3),
            (0x1D, Some(b'V')) => 4,
            (0x1D, Some(b'v')) => 8 + little(4) * little(6),
            (0x1D, Some(b'k')) => 4 + usize::from(bytes[3]),
            (0x1D, Some(b'(')) => 5 + little(3),
            (0x1D, Some(b'e')) => {
                if bytes[2] == 0x20 {
                    5
                } else {
                    3
                }
            }
            (0x1C, Some(b'P')) => 6,
            // Zeros end what somebody else may have left unfinished.
            (b'\n' | 0, _) => 1,
            (byte, _) => {
                assert!(byte >= 0x20, "{byte:02X} begins no command: {:02X?}", &bytes[..bytes.len().min(12)]);
                bytes = if byte < 0x80 { &bytes[1..] } else { &bytes[2..] };
                continue;
            }
        };
        if *first != 0 {
            found.push(bytes[..length].to_vec());
        }
        bytes = &bytes[length..];
    }
    found
}

#[test]
fn every_profile_sends_what_its_printers_manual_has_and_nothing_else() {
    let shipped = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/board/printers")).expect("listed").flatten();
    assert_eq!(shipped.filter(|entry| entry.path().is_file()).count(), MANUALS.len(), "a profile without a manual");
    for (name, manual) in MANUALS {
        let layout = Layout { profile: profile(name), template: full_template(), ..layout() };
        let (twin, cable) = PrinterTwin::start(None, layout.profile.columns).expect("a printer");
        let mut printer = EscPosPrinter::on(Box::new(cable), layout, Fonts::built_in(), clock());
        printer.tend();
        let slip = Slip { name: shown("王䶮"), ..slip() };
        let outcome = printer.print(job(), &slip, at(60_000));
        assert_eq!(outcome, PrintOutcome::Printed, "{name}");
        assert_eq!(twin.complaints(), Vec::<String>::new(), "{name}");
        for command in commands(&twin.bytes()) {
            let known = COMMON.iter().chain(*manual).any(|prefix| command.starts_with(prefix));
            assert!(known, "{name}: {:02X?}", &command[..command.len().min(8)]);
            assert!(
                *name != "cashino-kp628e" || !command.starts_with(b"\x1d(k\x04"),
                "{name} has no function 65: {command:02X?}"
            );
        }
    }
}

fn qr_slip(payload: &str) -> Slip {
    Slip { admission: Admission { qr: Text::payload(payload), ..slip().admission }, ..slip() }
}

fn qr_template() -> Template {
    let text = "[[line]]\ntext = \"补打\"\nwhen = \"reprint\"\n[[line]]\ntext = \"上\"\nalign = \"centre\"\nsize = 2\n\
                [[line]]\nfield = \"qr\"\nalign = \"centre\"\n[[line]]\ntext = \"下\"\nalign = \"centre\"\nsize = 2\n";
    Template::parse(Path::new("slip.toml"), text).expect("a template")
}

#[test]
fn a_qr_code_of_every_size_fits_its_paper_keeps_its_quiet_zone_and_is_read_by_an_independent_reader() {
    let ascii = |length: usize| -> String {
        "https://his.example/q/".chars().chain("aB3-".chars().cycle()).take(length).collect()
    };
    let hanzi = |length: usize| "第一人民医院门诊叫号".chars().cycle().take(length).collect::<String>();
    let mut read = 0;
    for name in ["generic-58", "epson-80", "pyramid-reliance"] {
        for payload in [
            ascii(24),
            ascii(60),
            ascii(120),
            ascii(200),
            ascii(252),
            ascii(256),
            hanzi(1),
            hanzi(60),
            hanzi(150),
            hanzi(256),
        ] {
            let layout = Layout { profile: profile(name), template: qr_template(), ..layout() };
            let columns = layout.profile.columns;
            let (twin, mut cable) = PrinterTwin::start(None, columns).expect("a printer");
            let encoded = slip_bytes(&qr_slip(&payload), &layout, &mut Fonts::built_in());
            assert_eq!(encoded.refused, None, "{name}: {} characters", payload.chars().count());
            std::io::Write::write_all(&mut cable, &encoded.pieces.concat()).expect("sent");
            let slips = crate::devices::wait_for(|| twin.slips(), |slips| !slips.is_empty());
            assert_eq!(twin.complaints(), Vec::<String>::new(), "{name}: {} bytes", payload.len());
            let file = tempfile::Builder::new().suffix(".png").tempfile().expect("a file");
            std::fs::write(file.path(), slips[0].dots_png()).expect("written");
            assert_eq!(read_by_zbar(file.path()), payload, "{name}: {} bytes", payload.len());
            read += 1;
        }
    }
    assert_eq!(read, 30);
}

#[test]
fn more_than_a_papers_width_can_carry_is_refused_before_anything_is_sent() {
    let too_much: String = "𠮷".repeat(256);
    let layout = || Layout { profile: profile("generic-58"), template: qr_template(), ..layout() };
    assert_eq!(slip_bytes(&qr_slip(&too_much), &layout(), &mut Fonts::built_in()).refused, Some(Code::P709));
    let (twin, cable) = PrinterTwin::start(None, 32).expect("a printer");
    let mut printer = EscPosPrinter::on(Box::new(cable), layout(), Fonts::built_in(), clock());
    assert_eq!(printer.print(job(), &qr_slip(&too_much), at(9000)), PrintOutcome::NotPrinted(Code::P709));
    assert!(twin.bytes().is_empty(), "{:02X?}", twin.bytes());
    // On wide paper it is no trouble.
    let wide = Layout { profile: profile("epson-80"), ..layout() };
    assert_eq!(slip_bytes(&qr_slip(&too_much), &wide, &mut Fonts::built_in()).refused, None);
}
