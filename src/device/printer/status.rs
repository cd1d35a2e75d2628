//! Status bytes (hardware.md §3.3).

use crate::{device::PrinterStatus, fault::Code};

/// True for an answer to `DLE EOT`: fixed bits `0xx1xx10`. Some printers use bit 7 for a slip not yet torn off.
pub(super) fn is_real_time(byte: u8, bit7: bool) -> bool {
    let mask = if bit7 { 0x13 } else { 0x93 };
    byte & mask == 0x12
}

/// True for an answer to `GS r`: `0xx0xxxx`.
pub(super) fn is_in_order(byte: u8) -> bool {
    byte & 0x90 == 0
}

/// True where the answer to `DLE EOT 2` says that an error occurred; `DLE EOT 3` says which.
pub(super) fn has_error(offline: u8) -> bool {
    offline & 0x40 != 0
}

/// The answers to `DLE EOT` 2 (offline cause), 3 (error) and 4 (paper).
pub(super) fn read(offline: u8, error: u8, paper: u8) -> PrinterStatus {
    let fault = if offline & 0x04 != 0 {
        Some(Code::P703)
    } else if paper & 0x60 != 0 || offline & 0x20 != 0 {
        Some(Code::P702)
    } else if error & 0x68 != 0 || has_error(offline) {
        Some(Code::P704)
    } else {
        None
    };
    PrinterStatus { fault, paper_low: paper & 0x0C != 0 }
}
