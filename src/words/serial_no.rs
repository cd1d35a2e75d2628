//! Serial numbers of certificates: numbers, whatever leading zeros, sign octet or letters' case they are written with.

use std::fmt;

/// A certificate's serial number, compared as the number it is.
#[derive(Clone, Debug)]
pub struct SerialNo(String);

/// The most digits written, leading zeros included; RFC 5280 allows numbers of 40.
const LONGEST: usize = 64;

impl SerialNo {
    /// Hex digits of either case; nothing for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(text.to_ascii_uppercase()))
    }

    /// The octets of a certificate, without those that only carry the sign.
    pub(crate) fn from_octets(octets: &[u8]) -> Self {
        let significant = octets.iter().skip_while(|octet| **octet == 0);
        Self(significant.map(|octet| format!("{octet:02X}")).collect())
    }

    /// Upper-case hex, otherwise as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn number(&self) -> &str {
        self.0.trim_start_matches('0')
    }
}

impl PartialEq for SerialNo {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl Eq for SerialNo {}

impl fmt::Display for SerialNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_a_number_however_it_is_written() {
        let of = |text| SerialNo::parse(text).unwrap();
        let number = SerialNo::from_octets(&[0x00, 0xA1, 0x0B, 0x00]);
        for written in ["A10B00", "00A10B00", "0A10B00", "a10b00"] {
            assert_eq!(of(written), number, "{written}");
        }
        assert_ne!(of("A10B"), number);
        assert_eq!((number.as_str(), of("00a1").as_str()), ("A10B00", "00A1"));
        for text in ["", "0x1F", "PUB_KEY_ID_1", "A1 0B"] {
            assert!(SerialNo::parse(text).is_none(), "{text}");
        }
    }
}
