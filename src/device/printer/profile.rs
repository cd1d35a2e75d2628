//! What one model of printer can do. Data: `board/printers/*.toml`.

use std::path::Path;

use serde::{Deserialize, Deserializer, de};

use crate::{
    fault::{Code, Fault},
    files::{Settings, WrongLine, line_of},
};

/// A printer profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Which model, for people.
    pub name: String,
    /// Half-width columns of a line: 32 for 58 mm, 48 for 80 mm. A column is twelve dots.
    #[serde(deserialize_with = "columns")]
    pub columns: usize,
    /// Bytes that switch Chinese mode on, sent after every init.
    #[serde(deserialize_with = "hex")]
    pub chinese_on: Vec<u8>,
    /// What its ROM holds.
    #[serde(default)]
    pub rom: Rom,
    /// The ROM holds FE50–FEA0, which GB18030 added to GBK (䶮 and 79 more).
    #[serde(default)]
    pub gbk_region5: bool,
    /// How text is made bold.
    #[serde(default)]
    pub bold: Bold,
    /// How blank lines are fed.
    #[serde(default)]
    pub feed: Feed,
    /// How a character is printed within a line that the ROM lacks.
    pub bit_image: BitImage,
    /// `GS v 0` pictures: whole lines with enlarged or many rare characters.
    #[serde(default)]
    pub raster: bool,
    /// The most rows of one picture.
    #[serde(default = "default_rows", deserialize_with = "rows")]
    pub raster_rows: usize,
    /// `GS ( L` 64, 67 and 69: keeps a logo in flash memory, and tells which.
    #[serde(default)]
    pub keeps_logo: bool,
    /// How a QR code is printed.
    pub qr: Qr,
    /// The model wants `GS ( k` function 65 before a QR code.
    pub qr_fn65: bool,
    /// How CODE128 is printed.
    #[serde(default)]
    pub code128: Code128,
    /// Bytes that have it tell unasked that it has stopped, until the next init.
    #[serde(default, deserialize_with = "hex")]
    pub automatic: Vec<u8>,
    /// Bytes that feed and cut.
    #[serde(deserialize_with = "hex")]
    pub cut: Vec<u8>,
    /// Holds the slip out until it is taken.
    #[serde(default)]
    pub presenter: Presenter,
    /// Bytes that draw back a slip that is held out; none where the printer does so by itself.
    #[serde(default, deserialize_with = "hex")]
    pub retract: Vec<u8>,
    /// Real-time status is answered.
    #[serde(default = "yes")]
    pub status: bool,
    /// How the end of a job is acknowledged.
    pub ack: Ack,
    /// Bit 7 of real-time answers is in use.
    pub status_bit7: bool,
    /// Bytes of the printer's buffer: no more are under way unasked.
    #[serde(default = "default_buffer", deserialize_with = "buffer")]
    pub buffer_bytes: usize,
    /// Bytes that throw away what the printer has not printed yet, obeyed without paper too.
    #[serde(default, deserialize_with = "hex")]
    pub clear: Vec<u8>,
    /// How fast it prints, for printers that acknowledge nothing.
    #[serde(default = "default_speed", deserialize_with = "speed")]
    pub millimetres_per_second: u32,
}

/// `rom`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rom {
    /// GBK.
    #[default]
    Gbk,
    /// ASCII alone: everything else is a picture.
    Ascii,
}

/// `bold`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bold {
    /// `ESC E`
    #[default]
    EscE,
    /// `ESC !`, which sets the size as well.
    EscBang,
}

/// `feed`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feed {
    /// `ESC d`
    #[default]
    EscD,
    /// One `LF` after the other.
    Lf,
}

/// `bit-image`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BitImage {
    /// `ESC * 33`: 24 dots high, within the line.
    EscStar33,
    /// Not at all: the whole line is a picture, or ＊ stands in its place.
    None,
}

/// `qr`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Qr {
    /// `GS ( k`
    Native,
    /// As a picture.
    Raster,
    /// Not at all.
    None,
}

/// `code128`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code128 {
    /// The data begin with `{B`, as Epson has it.
    Braced,
    /// The printer picks the code set itself.
    Plain,
    /// Not at all: the digits alone.
    #[default]
    None,
}

/// `presenter`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presenter {
    /// The slip falls out.
    #[default]
    None,
    /// It is held out, and `DLE EOT 20` tells whether it was taken (Custom, Pyramid).
    FullStatus,
}

/// `ack`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ack {
    /// `GS ( H`: answered when everything before it stands on the paper.
    GsH,
    /// `GS r 1`: answered when everything before it was processed.
    GsR,
    /// `ESC v`, the same on models that lack `GS r`.
    EscV,
    /// `DLE EOT 1`, on models that answer it in its turn.
    InOrder,
    /// Nothing: time, and a clean status afterwards.
    None,
}

/// Why a profile or a slip's template cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ProfileError(#[from] WrongLine);

impl Fault for ProfileError {
    fn code(&self) -> Code {
        Code::C102
    }
}

impl ProfileError {
    /// The line, from 1, that begins at or before byte `at` of `text`.
    pub(super) fn at(file: &Path, text: &str, at: usize, message: String) -> Self {
        Self(WrongLine { file: file.to_owned(), line: line_of(text, Some(at..at)), message })
    }
}

/// Dots of a half-width column.
pub(super) const DOTS_PER_COLUMN: usize = 12;

/// The most bytes of one picture: what a printer may still be waiting for when a picture was cut off.
pub(super) const STRIP: usize = 1024;

impl Profile {
    /// Parses a profile; `file` is for messages.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ProfileError> {
        Ok(Settings::parse(file, text, &[])?.read(file)?)
    }

    /// Dots of a line.
    pub fn dots(&self) -> usize {
        self.columns * DOTS_PER_COLUMN
    }
}

fn bounded<'de, D: Deserializer<'de>>(d: D, least: usize, most: usize, what: &str) -> Result<usize, D::Error> {
    match usize::deserialize(d)? {
        value if (least..=most).contains(&value) => Ok(value),
        _ => Err(de::Error::custom(format_args!("expected {least}–{most} {what}"))),
    }
}

fn columns<'de, D: Deserializer<'de>>(d: D) -> Result<usize, D::Error> {
    bounded(d, 24, 64, "columns")
}

fn rows<'de, D: Deserializer<'de>>(d: D) -> Result<usize, D::Error> {
    bounded(d, 24, 2000, "rows")
}

fn buffer<'de, D: Deserializer<'de>>(d: D) -> Result<usize, D::Error> {
    bounded(d, 256, 1 << 20, "bytes")
}

fn speed<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    Ok(u32::try_from(bounded(d, 10, 500, "millimetres a second")?).unwrap_or(u32::MAX))
}

fn hex<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(d)?;
    let bytes: Option<Vec<u8>> =
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    bytes
        .filter(|_| text.len() % 2 == 0 && text.len() <= 32)
        .ok_or_else(|| de::Error::custom("expected up to 16 bytes in hex"))
}

fn yes() -> bool {
    true
}

fn default_rows() -> usize {
    128
}

fn default_buffer() -> usize {
    4096
}

fn default_speed() -> u32 {
    60
}
