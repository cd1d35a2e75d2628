//! Frames by template: the bytes of a question, and the fields of an answer wherever it begins.

use serde::{Deserialize, Deserializer, de};

/// A frame's bytes, each as the template has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame(Vec<Part>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// This byte.
    Byte(u8),
    /// Whatever stands there.
    Any,
    /// The controller's address on its bus.
    Address,
    /// The command with its data.
    Command,
    /// A byte of the sum over what stands before it.
    Check,
    /// A byte of a field; several are one number, the most significant first.
    Field(Field),
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Fault,
    State,
    Alarm,
    Left,
    Right,
}

/// How a frame is proved whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Check {
    /// The sum of the bytes.
    Sum,
    /// Its complement.
    NotSum,
    /// All bytes, exclusively or.
    Xor,
    /// CRC-16 of Modbus, the low byte first.
    Crc16Modbus,
}

/// The longest frame, bytes.
const LONGEST: usize = 64;

impl Frame {
    /// What is sent for a command.
    pub(super) fn written(&self, address: u8, command: &[u8], check: Check) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sum = None;
        for part in &self.0 {
            match part {
                Part::Byte(byte) => bytes.push(*byte),
                Part::Address => bytes.push(address),
                Part::Command => bytes.extend_from_slice(command),
                Part::Check => {
                    let rest = sum.get_or_insert_with(|| check.of(&bytes).into_iter());
                    bytes.extend(rest.next());
                }
                Part::Any | Part::Field(_) => bytes.push(0),
            }
        }
        bytes
    }

    /// The first whole frame of this controller within what was heard: noise, echoes and halves are passed over.
    pub(super) fn found<'a>(&self, address: u8, heard: &'a [u8], check: Check) -> Option<&'a [u8]> {
        heard.windows(self.0.len()).find(|bytes| self.fits(address, bytes, check))
    }

    fn fits(&self, address: u8, bytes: &[u8], check: Check) -> bool {
        let summed = self.0.iter().position(|part| *part == Part::Check).unwrap_or(bytes.len());
        let mut sum = check.of(&bytes[..summed]).into_iter();
        self.0.iter().zip(bytes).all(|(part, byte)| match part {
            Part::Byte(wanted) => byte == wanted,
            Part::Address => *byte == address,
            Part::Check => sum.next() == Some(*byte),
            Part::Any | Part::Field(_) | Part::Command => true,
        })
    }

    /// A field of a frame that fits; none where the template has none.
    pub(super) fn field(&self, field: Field, bytes: &[u8]) -> Option<u32> {
        let found = self.0.iter().zip(bytes).filter(|(part, _)| **part == Part::Field(field));
        found.fold(None, |value, (_, byte)| Some((value.unwrap_or(0) << 8) | u32::from(*byte)))
    }

    /// How many bytes a field has.
    pub(super) fn width(&self, field: Field) -> usize {
        self.0.iter().filter(|part| **part == Part::Field(field)).count()
    }

    /// It is proved by as many bytes as the check has, and by nothing after them.
    pub(super) fn is_proved_by(&self, check: Check) -> bool {
        let checks = self.0.iter().filter(|part| **part == Part::Check).count();
        let last = self.0.iter().rev().take(checks).all(|part| *part == Part::Check);
        checks == check.of(&[]).len() && last
    }

    /// It has room for a command, once.
    pub(super) fn asks(&self) -> bool {
        self.0.iter().filter(|part| **part == Part::Command).count() == 1
    }
}

impl Check {
    fn of(self, bytes: &[u8]) -> Vec<u8> {
        let sum = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        match self {
            Self::Sum => vec![sum],
            Self::NotSum => vec![!sum],
            Self::Xor => vec![bytes.iter().fold(0, |sum, byte| sum ^ byte)],
            Self::Crc16Modbus => crc16(bytes).to_le_bytes().to_vec(),
        }
    }
}

/// Polynomial A001, reflected, from FFFF.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 })
    })
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts: Option<Vec<Part>> = text.split_whitespace().map(part).collect();
        parts.filter(|parts| (2..=LONGEST).contains(&parts.len())).map(Self).ok_or_else(|| {
            de::Error::custom(
                "expected 2–64 bytes in hex, \"..\" (any), \"address\", \"command\", \"check\", \"fault\", \"state\", \
                 \"alarm\", \"left\" or \"right\"",
            )
        })
    }
}

fn part(word: &str) -> Option<Part> {
    Some(match word {
        ".." => Part::Any,
        "address" => Part::Address,
        "command" => Part::Command,
        "check" => Part::Check,
        "fault" => Part::Field(Field::Fault),
        "state" => Part::Field(Field::State),
        "alarm" => Part::Field(Field::Alarm),
        "left" => Part::Field(Field::Left),
        "right" => Part::Field(Field::Right),
        hex if hex.len() == 2 => Part::Byte(u8::from_str_radix(hex, 16).ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_what_the_books_say() {
        assert_eq!(Check::Crc16Modbus.of(b"123456789"), [0x37, 0x4b]);
        assert_eq!(Check::NotSum.of(&[0x7e, 0, 1, 0x10, 0, 0, 0]), [0x70]);
        assert_eq!((Check::Sum.of(&[0xff, 2]), Check::Xor.of(&[0xf0, 0x0f])), (vec![1], vec![0xff]));
    }
}
