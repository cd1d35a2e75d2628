//! What one model of printer can do. Data: `board/printers/*.toml`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de};

use crate::fault::{Code, Fault};

/// A printer profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Which model, for people.
    pub name: String,
    /// Half-width columns of a line: 32 for 58 mm, 48 for 80 mm.
    #[serde(deserialize_with = "columns")]
    pub columns: usize,
    /// Bytes that switch Chinese mode on, sent after every init.
    #[serde(deserialize_with = "hex")]
    pub chinese_on: Vec<u8>,
    /// The ROM holds FE50–FEA0, which GB18030 added to GBK (䶮 and 79 more).
    pub gbk_region5: bool,
    /// How a character is printed that the ROM lacks.
    pub bit_image: BitImage,
    /// How a QR code is printed.
    pub qr: Qr,
    /// The model wants `GS ( k` function 65 before a QR code.
    pub qr_fn65: bool,
    /// Bytes that feed and cut.
    #[serde(deserialize_with = "hex")]
    pub cut: Vec<u8>,
    /// How the end of a job is acknowledged.
    pub ack: Ack,
    /// Bit 7 of real-time answers is in use.
    pub status_bit7: bool,
}

/// `bit-image`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BitImage {
    /// `ESC * 33`: 24 dots high, within the line.
    EscStar33,
    /// Not at all: ＊ stands in its place.
    None,
}

/// `qr`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Qr {
    /// `GS ( k`
    Native,
    /// Not at all.
    None,
}

/// `ack`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ack {
    /// `GS r 1` after the cut, answered when everything before it was processed.
    GsR,
    /// Nothing.
    None,
}

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {message}", file.display())]
pub struct ProfileError {
    file: PathBuf,
    line: usize,
    message: String,
}

impl Fault for ProfileError {
    fn code(&self) -> Code {
        Code::C102
    }
}

impl Profile {
    /// Parses a profile; `file` is for messages.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ProfileError> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text[..at].matches('\n').count() + 1;
            ProfileError { file: file.to_owned(), line, message: error.message().to_owned() }
        })
    }
}

fn columns<'de, D: Deserializer<'de>>(d: D) -> Result<usize, D::Error> {
    match usize::deserialize(d)? {
        columns @ 24..=64 => Ok(columns),
        _ => Err(de::Error::custom("expected 24–64 columns")),
    }
}

fn hex<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(d)?;
    let bytes: Option<Vec<u8>> =
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    bytes
        .filter(|_| text.len() % 2 == 0 && text.len() <= 32)
        .ok_or_else(|| de::Error::custom("expected up to 16 bytes in hex"))
}
