//! What is drawn because no ROM has it, beside what a ROM draws.

use facemchd::{
    device::{Fonts, slip_bytes},
    kiosk::Slip,
    words::{Admission, Text},
};

use crate::devices::{lane, layout, slip, wait_for};

/// The heights of the pictures that a slip holds, dots: rows of one strip after another.
fn rasters(bytes: &[u8]) -> Vec<usize> {
    let heads = bytes.windows(8).filter(|head| head.starts_with(&[0x1D, 0x76, 0x30, 0]));
    heads.map(|head| usize::from(u16::from_le_bytes([head[6], head[7]]))).collect()
}

#[test]
fn a_line_that_is_a_picture_has_the_leading_of_its_neighbours() {
    let (mut wires, twins) = lane();
    // Nine rare hanzi between two plain lines: too many for one line's user glyphs.
    let notes = ["内科", "㛃㳚㙦㛃㳚㙦㛃㳚㙦", "眼科"].map(Text::clean).to_vec();
    let admission = Admission { notes, ..Admission::default() };
    let encoded = slip_bytes(&Slip { admission, ..slip() }, &layout(), &mut Fonts::built_in());
    assert_eq!(encoded.missing, Vec::<char>::new());
    let bytes = encoded.pieces.concat();
    // A printer's own lines are 33 dots apart after `ESC @`, and nothing says otherwise.
    assert_eq!(rasters(&bytes), [33]);
    assert!(!bytes.windows(2).any(|pair| pair == [0x1B, b'3'] || pair == [0x1B, b'2']));
    std::io::Write::write_all(&mut wires.printer, &bytes).expect("sent");
    let slips = wait_for(|| twins.printer.slips(), |slips| !slips.is_empty());
    assert!(slips[0].text.contains("内科\n㛃㳚㙦㛃㳚㙦㛃㳚㙦\n眼科"), "{}", slips[0].text);
    assert_eq!(twins.printer.complaints(), Vec::<String>::new());
}
