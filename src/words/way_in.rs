//! What a person presents to be known by: a face, or another way in.

use super::{Credential, CredentialId, CredentialType, FaceSid, OpenId, Private, RealName};

/// A way in. Everything in it is good for one question, and private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayIn {
    /// A face, recognised by the terminal.
    Face(FaceSid),
    /// `auth_token` of the mini-program's real-name button, for getrealnameinfo.
    RealnameAuth(Private),
    /// A claim that checkrealnameinfo judges.
    RealnameCheck(RealnameClaim),
    /// A voucher or QR code that only the site's system understands.
    Voucher(Voucher),
    /// A document that a reader has read: its holder alone, or the patient whom the next arrival brings. Nobody has
    /// verified it.
    Card(Card),
}

/// `info_type`: what WeChat is asked for about a face, and what of a person a lane has to do with at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum InfoType {
    /// Name and document.
    #[default]
    #[serde(rename = "ASK_REAL_NAME")]
    RealName,
    /// `union_id` only.
    #[serde(rename = "ASK_UNIONID")]
    UnionId,
}

/// Who somebody claims to be, and the mini-program's word that they agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealnameClaim {
    /// Whose WeChat.
    pub openid: OpenId,
    /// `extraData.code`, unchanged.
    pub code: Private,
    /// Name and document; none where a card reader has read them before.
    pub card: Option<Card>,
}

/// What a document says: read by a card reader, or typed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The name.
    pub name: RealName,
    /// Which kind of document.
    pub kind: CredentialType,
    /// Its number.
    pub id: CredentialId,
}

/// A code that somebody brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// Whose code it is.
    pub kind: VoucherKind,
    /// As it was scanned.
    pub code: Private,
}

/// Whose code a voucher is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoucherKind {
    /// The site's own: a queue ticket, a booking's QR code.
    #[default]
    Queue,
    /// 医保电子凭证, the national insurance's.
    Insurance,
    /// 电子健康卡, a province's health card.
    HealthCard,
}

impl VoucherKind {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Queue, Self::Insurance, Self::HealthCard];

    /// Its word in frames, requests and templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Insurance => "ec",
            Self::HealthCard => "ehealth",
        }
    }

    /// Whose word this is.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

impl Voucher {
    /// As it was scanned.
    pub fn reveal(&self) -> &str {
        self.code.reveal()
    }
}

/// The site's own.
impl From<Private> for Voucher {
    fn from(code: Private) -> Self {
        Self { kind: VoucherKind::Queue, code }
    }
}

/// The longest token, code or voucher, bytes.
const LONGEST: usize = 1024;

impl WayIn {
    /// The frame's and the journal's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Face(_) => "face",
            Self::RealnameAuth(_) => "realname-auth",
            Self::RealnameCheck(_) => "realname-check",
            Self::Voucher(_) => "voucher",
            Self::Card(_) => "id-card",
        }
    }

    /// What tells this one from every other of its kind. Goes into a keyed hash; never stored itself.
    pub fn secret(&self) -> &str {
        match self {
            Self::Face(face_sid) => face_sid.reveal(),
            Self::RealnameAuth(text) => text.reveal(),
            Self::Voucher(voucher) => voucher.reveal(),
            Self::RealnameCheck(claim) => claim.code.reveal(),
            Self::Card(card) => card.id.reveal(),
        }
    }

    /// A token, code or voucher as a terminal sent it: 1–1024 bytes without control characters.
    pub fn token(text: &str) -> Option<Private> {
        let fits = (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| Private::new(text.to_owned()))
    }
}

impl InfoType {
    /// The wire's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RealName => "ASK_REAL_NAME",
            Self::UnionId => "ASK_UNIONID",
        }
    }
}

impl Card {
    /// A document as a reader or a person gives it. Nothing where the name is none, or the number none of that kind.
    pub fn parse(name: &str, kind: CredentialType, number: &str) -> Option<Self> {
        let Credential { kind, id } = Credential::parse(kind, number)?;
        Some(Self { name: RealName::parse(name)?, kind, id })
    }

    /// Kind and number.
    pub fn credential(&self) -> Credential {
        Credential { kind: self.kind, id: self.id.clone() }
    }
}

/// What a face terminal's SDK asks for before it may recognise anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthInfoWanted {
    /// Which terminal.
    pub device_id: super::Text,
    /// `rawdata`, bound to the terminal's machine.
    pub rawdata: Private,
    /// The last one does not serve any more.
    pub fresh: bool,
    /// In whose name, where the terminal says so.
    pub merchant: Option<super::Text>,
}

/// What says whose person somebody is, where the site serves several merchants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantPick {
    /// Where the person stands.
    pub lane: super::LaneId,
    /// The terminal's serial number, if it gave one.
    pub terminal: Option<super::Text>,
    /// The merchant that the terminal named.
    pub merchant: Option<super::Text>,
}

/// What it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthInfoGrant {
    /// `authinfo`
    pub authinfo: Private,
    /// For how long it is good.
    pub expires_in: std::time::Duration,
}
