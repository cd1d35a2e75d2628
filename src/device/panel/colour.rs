//! The colours of the inks.

use super::frame::{Frame, Ink};
use crate::kiosk::Tone;

/// Red, green, blue.
pub fn rgb(frame: &Frame, ink: Ink) -> [u8; 3] {
    match (ink, frame.contrast, frame.tone) {
        (Ink::Colour(colour), ..) => colour,
        (Ink::Paper, false, _) => [255, 255, 255],
        (Ink::Text, false, _) => [24, 28, 32],
        (Ink::Quiet, false, _) => [110, 118, 126],
        (Ink::Accent, false, Tone::Calm) => [0, 82, 155],
        (Ink::Accent, false, Tone::Good) => [0, 112, 60],
        (Ink::Accent, false, Tone::Bad) => [176, 32, 32],
        (Ink::Paper, true, _) => [0, 0, 0],
        (Ink::Text | Ink::Quiet, true, _) => [255, 255, 255],
        (Ink::Accent, true, _) => [255, 214, 0],
    }
}

/// Five, six and five bits.
pub(super) fn rgb565(frame: &Frame, ink: Ink) -> u16 {
    let [red, green, blue] = rgb(frame, ink).map(u16::from);
    (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3
}
