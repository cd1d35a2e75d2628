//! CRC-16/CCITT-FALSE: polynomial 0x1021, initial 0xFFFF, nothing reflected.

/// The checksum of `bytes`; 0x29B1 for `123456789`.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(
            crc ^ (u16::from(*byte) << 8),
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            },
        )
    })
}
