//! Bytes to frames. Pure: no clock, no socket.

use serde::Deserialize;

use super::crc16;
use crate::{
    fault::Code,
    kiosk::Arrival,
    words::{AuthInfoWanted, Card, CredentialType, FaceSid, OpenId, Private, RealnameClaim, SessionId, Text, WayIn},
};

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Somebody stands here.
    Person,
    /// A face was recognised, or somebody comes by another way.
    Arrival(Arrival),
    /// A card reader read a document.
    Card {
        /// The frame's number.
        seq: u64,
        /// What it says.
        card: Card,
    },
    /// A face was not recognised, or its face_sid is unusable.
    NoFace {
        /// The frame's number.
        seq: u64,
        /// T205 or T206.
        code: Code,
    },
    /// The terminal's SDK needs an authinfo.
    AuthInfo {
        /// The frame's number.
        seq: u64,
        /// For what.
        wanted: AuthInfoWanted,
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
        /// In which session, where the terminal says so.
        session: Option<SessionId>,
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
    auth_token: Option<String>,
    code: Option<String>,
    real_name: Option<String>,
    cred_id: Option<String>,
    cred_type: Option<String>,
    name: Option<String>,
    number: Option<String>,
    rawdata: Option<String>,
    device_id: Option<String>,
    fresh: Option<bool>,
    merchant: Option<String>,
}

/// The longest openid taken over, bytes.
const LONGEST_ID: usize = 128;

/// `rawdata`, bytes (APIv2, face/get_wxpayface_authinfo).
const LONGEST_RAWDATA: usize = 2048;

/// Parses one line of at most [`super::MAX_LINE`] bytes.
pub fn parse(line: &[u8], plain_lines: bool) -> Result<Frame, FrameError> {
    let garbled = FrameError { code: Code::T201, seq: None };
    let line = checked(line)?;
    if plain_lines && is_plain(line) {
        let text = std::str::from_utf8(line).map_err(|_| garbled)?;
        let face_sid = FaceSid::parse(text).map_err(|_| garbled)?;
        // A barcode reader knows no consent frame: whoever shows the code agrees.
        let way = WayIn::Face(face_sid);
        let (terminal, merchant, openid, sub_openid) = (None, None, None, None);
        return Ok(Frame::Arrival(Arrival { seq: 0, terminal, merchant, way, openid, sub_openid, consent: true }));
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
        Some("realname-auth") => {
            let token = fields.auth_token.as_deref().and_then(WayIn::token).ok_or(error(Code::T205))?;
            Ok(arrival(fields, number, WayIn::RealnameAuth(token)))
        }
        Some("voucher") => {
            let code = fields.code.as_deref().and_then(WayIn::token).ok_or(error(Code::T205))?;
            Ok(arrival(fields, number, WayIn::Voucher(code)))
        }
        Some("realname-check") => {
            let claim = claim(&fields).ok_or(error(Code::T205))?;
            Ok(arrival(fields, number, WayIn::RealnameCheck(claim)))
        }
        Some("authinfo-request") => {
            let rawdata = fields.rawdata.filter(|text| (1..=LONGEST_RAWDATA).contains(&text.len()));
            let wanted = AuthInfoWanted {
                device_id: Text::clean(fields.device_id.as_deref().or(fields.terminal.as_deref()).unwrap_or_default()),
                rawdata: Private::new(rawdata.ok_or(error(Code::T205))?),
                fresh: fields.fresh.unwrap_or(false),
                merchant: named(fields.merchant),
            };
            Ok(Frame::AuthInfo { seq: number, wanted })
        }
        Some("id-card") => {
            let card = card(fields.name.as_deref(), fields.number.as_deref(), &fields).ok_or(error(Code::T205))?;
            Ok(Frame::Card { seq: number, card })
        }
        Some("consent") => {
            let face_sid = fields.face_sid.as_deref().and_then(|text| FaceSid::parse(text).ok());
            let face_sid = face_sid.ok_or(error(Code::T205))?;
            Ok(Frame::Consent { seq: number, face_sid, granted: fields.granted.unwrap_or(false) })
        }
        Some("choice") => {
            let session = session(&fields)?.ok_or(error(Code::T207))?;
            let option = fields.option.ok_or(error(Code::T207))?;
            Ok(Frame::Choice { seq: number, session, option })
        }
        Some("cancel") => Ok(Frame::Cancel { seq: number, session: session(&fields)? }),
        Some("ping") => Ok(Frame::Ping { seq: number }),
        _ => Err(error(Code::T204)),
    }
}

fn face(fields: Fields, seq: u64) -> Frame {
    if fields.return_code.as_ref().is_some_and(|code| code != "SUCCESS") {
        return Frame::NoFace { seq, code: Code::T206 };
    }
    match fields.face_sid.as_deref().map(FaceSid::parse) {
        Some(Ok(face_sid)) => {
            let consent = fields.consent.unwrap_or(false);
            match arrival(fields, seq, WayIn::Face(face_sid)) {
                Frame::Arrival(face) => Frame::Arrival(Arrival { consent, ..face }),
                other => other,
            }
        }
        _ => Frame::NoFace { seq, code: Code::T205 },
    }
}

/// The session that a frame names, if it names one.
fn session(fields: &Fields) -> Result<Option<SessionId>, FrameError> {
    let wrong = |_| FrameError { code: Code::T207, seq: fields.seq };
    fields.session.as_deref().map(|text| text.parse().map_err(wrong)).transpose()
}

/// Who comes by another way has agreed in the mini-program, or holds the voucher in their hand.
fn arrival(fields: Fields, seq: u64, way: WayIn) -> Frame {
    Frame::Arrival(Arrival {
        seq,
        terminal: named(fields.terminal),
        merchant: named(fields.merchant),
        way,
        openid: openid(fields.openid),
        sub_openid: openid(fields.sub_openid),
        consent: true,
    })
}

fn named(text: Option<String>) -> Option<Text> {
    text.map(|text| Text::clean(&text)).filter(|text| !text.is_empty())
}

fn openid(text: Option<String>) -> Option<OpenId> {
    text.filter(|text| (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()))
        .map(OpenId::new)
}

/// `openid` and `code`; name and number too, or neither.
fn claim(fields: &Fields) -> Option<RealnameClaim> {
    let card = match (&fields.real_name, &fields.cred_id) {
        (None, None) => None,
        (name, number) => Some(card(name.as_deref(), number.as_deref(), fields)?),
    };
    let code = WayIn::token(fields.code.as_deref()?)?;
    Some(RealnameClaim { openid: openid(fields.openid.clone())?, code, card })
}

fn card(name: Option<&str>, number: Option<&str>, fields: &Fields) -> Option<Card> {
    let kind = fields.cred_type.as_deref().unwrap_or("1").parse().ok()?;
    Card::parse(name?, CredentialType::from_number(kind), number?)
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
