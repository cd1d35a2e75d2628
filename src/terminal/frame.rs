//! Bytes to frames. Pure: no clock, no socket.

use super::{
    crc16,
    fields::{Fields, Member, plain},
};
use crate::{
    fault::Code,
    kiosk::Arrival,
    words::{
        AuthInfoWanted, Card, CredentialType, FaceSid, OpenId, Private, RealnameClaim, SessionId, Text, Voucher,
        VoucherKind, WayIn,
    },
};

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Somebody stands here.
    Person {
        /// The frame's number.
        seq: Option<u64>,
    },
    /// Whoever stands here has asked to be served, at the terminal itself.
    Start {
        /// The frame's number.
        seq: Option<u64>,
    },
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
        /// The face that was asked about.
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

/// The longest openid taken over, bytes.
const LONGEST_ID: usize = 128;

/// `rawdata`, bytes (APIv2, face/get_wxpayface_authinfo).
const LONGEST_RAWDATA: usize = 2048;

/// Parses one line of at most [`super::MAX_LINE`] bytes.
pub fn parse(line: &[u8], plain_lines: bool) -> Result<Frame, FrameError> {
    let garbled = FrameError { code: Code::T201, seq: None };
    let line = checked(trimmed(line))?;
    if plain_lines && is_plain(line) {
        let text = std::str::from_utf8(line).map_err(|_| garbled)?;
        let face_sid = FaceSid::parse(text).map_err(|_| garbled)?;
        // A barcode reader knows no consent frame: whoever shows the code agrees.
        let way = WayIn::Face(face_sid);
        let (terminal, merchant, openid, sub_openid) = (None, None, None, None);
        return Ok(Frame::Arrival(Arrival { seq: 0, terminal, merchant, way, openid, sub_openid, consent: true }));
    }
    let fields: Fields = serde_json::from_slice(line).map_err(|_| garbled)?;
    let seq = fields.number(Member::Seq);
    let error = |code| FrameError { code, seq };
    if fields.text(Member::V).is_some() && fields.number(Member::V) != Some(1) {
        return Err(error(Code::T204));
    }
    let number = seq.unwrap_or(0);
    let kind = fields.text(Member::Type).map(|kind| plain(kind.trim())).unwrap_or_default();
    match kind.as_str() {
        "person" => Ok(Frame::Person { seq }),
        "start" => Ok(Frame::Start { seq }),
        "face" => Ok(face(&fields, number)),
        "realnameauth" => {
            let token = token(&fields, Member::AuthToken).ok_or(error(Code::T205))?;
            Ok(Frame::Arrival(arrival(&fields, number, WayIn::RealnameAuth(token))))
        }
        "voucher" => {
            let code = token(&fields, Member::Code).ok_or(error(Code::T205))?;
            // One that is not known here would be taken for somebody else's.
            let kind =
                named(&fields, Member::Kind).map(|word| VoucherKind::read(word.as_str()).ok_or(error(Code::T204)));
            let kind = kind.transpose()?.unwrap_or_default();
            Ok(Frame::Arrival(arrival(&fields, number, WayIn::Voucher(Voucher { kind, code }))))
        }
        "realnamecheck" => {
            let claim = claim(&fields).ok_or(error(Code::T205))?;
            Ok(Frame::Arrival(arrival(&fields, number, WayIn::RealnameCheck(claim))))
        }
        "authinforequest" => {
            let rawdata = fields.text(Member::RawData).filter(|text| (1..=LONGEST_RAWDATA).contains(&text.len()));
            let device_id = fields.text(Member::DeviceId).or_else(|| fields.text(Member::Terminal));
            let wanted = AuthInfoWanted {
                device_id: Text::clean(device_id.as_deref().map_or("", |id| id)),
                rawdata: Private::new(rawdata.ok_or(error(Code::T205))?.to_string()),
                fresh: fields.truth(Member::Fresh).unwrap_or(false),
                merchant: named(&fields, Member::Merchant),
            };
            Ok(Frame::AuthInfo { seq: number, wanted })
        }
        "idcard" => {
            let card = card(&fields, Member::Name, Member::Number).ok_or(error(Code::T205))?;
            Ok(Frame::Card { seq: number, card })
        }
        "consent" => {
            let face_sid = fields.text(Member::FaceSid).and_then(|text| FaceSid::parse(&text).ok());
            let face_sid = face_sid.ok_or(error(Code::T205))?;
            Ok(Frame::Consent { seq: number, face_sid, granted: fields.truth(Member::Granted).unwrap_or(false) })
        }
        "choice" => {
            let session = session(&fields)?.ok_or(error(Code::T207))?;
            let option = fields.number(Member::Option).and_then(|option| option.try_into().ok());
            Ok(Frame::Choice { seq: number, session, option: option.ok_or(error(Code::T207))? })
        }
        "cancel" => Ok(Frame::Cancel { seq: number, session: session(&fields)? }),
        "ping" => Ok(Frame::Ping { seq: number }),
        _ => Err(error(Code::T204)),
    }
}

fn face(fields: &Fields, seq: u64) -> Frame {
    let succeeded = |code: &str| code.trim().eq_ignore_ascii_case("SUCCESS");
    if fields.text(Member::ReturnCode).is_some_and(|code| !succeeded(&code)) {
        return Frame::NoFace { seq, code: Code::T206 };
    }
    match fields.text(Member::FaceSid).map(|text| FaceSid::parse(&text)) {
        Some(Ok(face_sid)) => {
            let consent = fields.truth(Member::Consent).unwrap_or(false);
            Frame::Arrival(Arrival { consent, ..arrival(fields, seq, WayIn::Face(face_sid)) })
        }
        _ => Frame::NoFace { seq, code: Code::T205 },
    }
}

/// The session that a frame names, if it names one.
fn session(fields: &Fields) -> Result<Option<SessionId>, FrameError> {
    let wrong = |_| FrameError { code: Code::T207, seq: fields.number(Member::Seq) };
    fields.text(Member::Session).map(|text| text.trim().parse().map_err(wrong)).transpose()
}

/// Who comes by another way has agreed in the mini-program, or holds the voucher in their hand.
fn arrival(fields: &Fields, seq: u64, way: WayIn) -> Arrival {
    Arrival {
        seq,
        terminal: named(fields, Member::Terminal),
        merchant: named(fields, Member::Merchant),
        way,
        openid: openid(fields, Member::OpenId),
        sub_openid: openid(fields, Member::SubOpenId),
        consent: true,
    }
}

fn named(fields: &Fields, name: Member) -> Option<Text> {
    fields.text(name).map(|text| Text::clean(&text)).filter(|text| !text.is_empty())
}

fn openid(fields: &Fields, name: Member) -> Option<OpenId> {
    let text = fields.text(name)?;
    let usable = (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    usable.then(|| OpenId::new(text.to_string()))
}

fn token(fields: &Fields, name: Member) -> Option<Private> {
    WayIn::token(&fields.text(name)?)
}

/// `openid` and `code`; name and number too, or neither.
fn claim(fields: &Fields) -> Option<RealnameClaim> {
    let said = |name| fields.text(name).is_some_and(|text| !text.trim().is_empty());
    let card = match said(Member::RealName) || said(Member::CredId) {
        false => None,
        true => Some(card(fields, Member::RealName, Member::CredId)?),
    };
    Some(RealnameClaim { openid: openid(fields, Member::OpenId)?, code: token(fields, Member::Code)?, card })
}

fn card(fields: &Fields, name: Member, number: Member) -> Option<Card> {
    let said = fields.text(Member::CredType).and_then(|kind| kind.trim().parse().ok());
    let kind = said.map_or(CredentialType::UNSAID, CredentialType::from_number);
    Card::parse(&fields.text(name)?, kind, &fields.text(number)?)
}

/// The line without what writers put around it: a byte order mark, blanks, control characters of card readers.
fn trimmed(line: &[u8]) -> &[u8] {
    let is_around = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    let start = line.iter().position(|byte| !is_around(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_around(byte)).map_or(start, |last| last + 1);
    match line[start..end].strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => trimmed(rest),
        None => &line[start..end],
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
