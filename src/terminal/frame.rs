//! Bytes to frames. Pure: no clock, no socket.

use serde::Deserialize;

use super::crc16;
use crate::{
    fault::Code,
    kiosk::Face,
    words::{FaceSid, OpenId, SessionId, Text},
};

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Somebody stands here.
    Person,
    /// A face was recognised.
    Face(Face),
    /// A face was not recognised, or its face_sid is unusable.
    NoFace {
        /// The frame's number.
        seq: u64,
        /// T205 or T206.
        code: Code,
    },
    /// The person agreed, or did not.
    Consent {
        /// The frame's number.
        seq: u64,
        /// Whose.
        face_sid: FaceSid,
        /// Agreed?
        granted: bool,
    },
    /// The person picked.
    Choice {
        /// The frame's number.
        seq: u64,
        /// In which session.
        session: SessionId,
        /// Which, from 1.
        option: u8,
    },
    /// The person gave up.
    Cancel {
        /// The frame's number.
        seq: u64,
    },
    /// Is anybody there?
    Ping {
        /// The frame's number.
        seq: u64,
    },
}

/// A line that is no frame: why, and its number if that much could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameError {
    /// T201, T203, T204 or T207.
    pub code: Code,
    /// The frame's number.
    pub seq: Option<u64>,
}

/// Every field of every frame; unknown fields are ignored.
#[derive(Deserialize)]
struct Fields {
    v: Option<u64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    seq: Option<u64>,
    terminal: Option<String>,
    return_code: Option<String>,
    face_sid: Option<String>,
    openid: Option<String>,
    sub_openid: Option<String>,
    consent: Option<bool>,
    granted: Option<bool>,
    session: Option<String>,
    option: Option<u8>,
}

/// The longest openid taken over, bytes.
const LONGEST_ID: usize = 128;

/// Parses one line of at most [`super::MAX_LINE`] bytes.
pub fn parse(line: &[u8], plain_lines: bool) -> Result<Frame, FrameError> {
    let garbled = FrameError { code: Code::T201, seq: None };
    let line = checked(line)?;
    if plain_lines && is_plain(line) {
        let text = std::str::from_utf8(line).map_err(|_| garbled)?;
        let face_sid = FaceSid::parse(text).map_err(|_| garbled)?;
        // A barcode reader knows no consent frame: whoever shows the code agrees.
        let face = Face { seq: 0, terminal: None, face_sid, openid: None, sub_openid: None, consent: true };
        return Ok(Frame::Face(face));
    }
    let fields: Fields = serde_json::from_slice(line).map_err(|_| garbled)?;
    let seq = fields.seq;
    let error = |code| FrameError { code, seq };
    if fields.v.is_some_and(|version| version != 1) {
        return Err(error(Code::T204));
    }
    let number = seq.unwrap_or(0);
    match fields.kind.as_deref() {
        Some("person") => Ok(Frame::Person),
        Some("face") => Ok(face(fields, number)),
        Some("consent") => {
            let face_sid = fields.face_sid.as_deref().and_then(|text| FaceSid::parse(text).ok());
            let face_sid = face_sid.ok_or(error(Code::T205))?;
            Ok(Frame::Consent { seq: number, face_sid, granted: fields.granted.unwrap_or(false) })
        }
        Some("choice") => {
            let session = fields.session.as_deref().and_then(|text| text.parse().ok()).ok_or(error(Code::T207))?;
            let option = fields.option.ok_or(error(Code::T207))?;
            Ok(Frame::Choice { seq: number, session, option })
        }
        Some("cancel") => Ok(Frame::Cancel { seq: number }),
        Some("ping") => Ok(Frame::Ping { seq: number }),
        _ => Err(error(Code::T204)),
    }
}

fn face(fields: Fields, seq: u64) -> Frame {
    if fields.return_code.is_some_and(|code| code != "SUCCESS") {
        return Frame::NoFace { seq, code: Code::T206 };
    }
    let id = |text: Option<String>| {
        text.filter(|text| (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()))
            .map(OpenId::new)
    };
    match fields.face_sid.as_deref().map(FaceSid::parse) {
        Some(Ok(face_sid)) => Frame::Face(Face {
            seq,
            terminal: fields.terminal.map(|text| Text::clean(&text)).filter(|text| !text.is_empty()),
            face_sid,
            openid: id(fields.openid),
            sub_openid: id(fields.sub_openid),
            consent: fields.consent.unwrap_or(false),
        }),
        _ => Frame::NoFace { seq, code: Code::T205 },
    }
}

/// The line without its optional checksum, `*hhhh` at its end.
fn checked(line: &[u8]) -> Result<&[u8], FrameError> {
    let Some((body, [b'*', digits @ ..])) = line.split_at_checked(line.len().saturating_sub(5)) else {
        return Ok(line);
    };
    let Some(claimed) = std::str::from_utf8(digits).ok().and_then(|digits| u16::from_str_radix(digits, 16).ok()) else {
        return Ok(line);
    };
    if claimed == crc16(body) { Ok(body) } else { Err(FrameError { code: Code::T203, seq: None }) }
}

fn is_plain(line: &[u8]) -> bool {
    (8..=128).contains(&line.len()) && line.iter().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(b))
}
