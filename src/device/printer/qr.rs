//! How large a QR code is on a slip (ISO/IEC 18004: byte mode, error correction M, a quiet zone of four modules).

use qrcode::{Color, EcLevel, QrCode, Version, bits::Bits, types::QrResult};

/// Modules of white that a reader needs on every side.
const QUIET: usize = 4;

/// Dots of a module: an eighth of a millimetre each. More than six is paper for nothing, less than three is not read by
/// every telephone.
const LARGEST: usize = 6;
const SMALLEST: usize = 3;

/// The assignment number of UTF-8 among extended channel interpretations: without it a reader may take ISO 8859-1.
const UTF_8: u32 = 26;

/// Dots of a module of a code that the printer itself makes, and of which all that is known is what goes into it: it may
/// not find anything shorter than bytes. None where it does not fit.
pub(super) fn native_dots(payload: &str, across: usize) -> Option<u8> {
    let side = smallest(|bits| bits.push_byte_data(payload.as_bytes()))?.version().width();
    u8::try_from(module_dots(usize::try_from(side).ok()?, across)?).ok()
}

/// A QR code as dots, its quiet zone included.
pub(super) struct Drawing {
    code: QrCode,
    module: usize,
}

impl Drawing {
    /// None where it does not fit into so many dots.
    pub(super) fn of(payload: &str, across: usize) -> Option<Self> {
        let in_utf_8 = |bits: &mut Bits| {
            bits.push_eci_designator(UTF_8)?;
            bits.push_byte_data(payload.as_bytes())
        };
        let code = if payload.is_ascii() {
            QrCode::with_error_correction_level(payload, EcLevel::M)
        } else {
            QrCode::with_bits(smallest(in_utf_8)?, EcLevel::M)
        };
        let code = code.ok()?;
        let module = module_dots(code.width(), across)?;
        Some(Self { code, module })
    }

    /// Dots of a side.
    pub(super) fn side(&self) -> usize {
        (self.code.width() + 2 * QUIET) * self.module
    }

    /// The dark dots.
    pub(super) fn dots(&self) -> impl Iterator<Item = (usize, usize)> {
        let (side, module) = (self.code.width(), self.module);
        let dark = (0..side * side).filter(move |at| self.code[(at % side, at / side)] == Color::Dark);
        dark.flat_map(move |at| {
            let (left, top) = ((at % side + QUIET) * module, (at / side + QUIET) * module);
            (0..module * module).map(move |dot| (left + dot % module, top + dot / module))
        })
    }
}

/// The smallest code that takes it.
fn smallest(fill: impl Fn(&mut Bits) -> QrResult<()>) -> Option<Bits> {
    (1..=40).find_map(|version| {
        let mut bits = Bits::new(Version::Normal(version));
        fill(&mut bits).ok()?;
        bits.push_terminator(EcLevel::M).ok()?;
        Some(bits)
    })
}

fn module_dots(side: usize, across: usize) -> Option<usize> {
    let dots = (across / (side + 2 * QUIET)).min(LARGEST);
    (dots >= SMALLEST).then_some(dots)
}
