//! A QR code as a drawing (SVG 1.1, path data).

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Modules that stay light around it (ISO/IEC 18004, 5.3.8).
const QUIET: usize = 4;

/// A code: how many modules a side has, the light ones around it counted, and the path of the dark ones. None where the
/// payload is too long for any.
pub(super) fn drawing(payload: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(payload, EcLevel::M).ok()?;
    let side = code.width();
    let mut path = String::new();
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let dark = (x..side).take_while(|x| code[(*x, y)] == Color::Dark).count();
            if dark > 0 {
                let _ = write!(path, "M{} {}h{dark}v1h-{dark}z", x + QUIET, y + QUIET);
            }
            x += dark.max(1);
        }
    }
    Some((side + 2 * QUIET, path))
}
