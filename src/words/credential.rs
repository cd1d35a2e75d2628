//! Identity documents.

use super::{Private, document};

/// The number of an identity document in its one form, 1–64 characters: printable ASCII in upper case, and hanzi where the
/// military writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialId(Private);

/// A document: its kind and its number. One door for all ways in: [`Credential::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// `credential_type`.
    pub kind: CredentialType,
    /// Opened `encrypted_credential_id`.
    pub id: CredentialId,
}

/// `credential_type` of `GET /v3/facemch/users/{face_sid}` (face payment documentation, Android, sid, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialType {
    /// 1, 身份证
    MainlandId,
    /// 2, 护照
    Passport,
    /// 3, 军官证
    Officer,
    /// 4, 士兵证
    Soldier,
    /// 5, 回乡证
    HomeReturn,
    /// 6, 临时身份证
    TemporaryId,
    /// 7, 户口簿
    HouseholdRegister,
    /// 8, 警官证
    Police,
    /// 9, 台胞证
    TaiwanCompatriot,
    /// 10, 营业执照
    BusinessLicence,
    /// 11, 其他证件
    OtherDocument,
    /// A number outside 1–11, kept as it came: newer interfaces already use 12, 17 and 18.
    Other(i64),
}

impl CredentialId {
    /// The full number.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl Credential {
    /// A document as whoever knows it describes it: WeChat, a card reader, a person. Nothing where the number is none of
    /// that kind.
    pub fn parse(kind: CredentialType, number: &str) -> Option<Self> {
        let (kind, number) = document::read(kind, number)?;
        Some(Self { kind, id: CredentialId(Private::new(number)) })
    }

    /// What tells its holder from every other, whatever the document is called and which of the holder's permits it is.
    pub fn holder(&self) -> Private {
        Private::new(document::holder(self.kind, self.id.reveal()))
    }
}

impl CredentialType {
    /// Nobody says it: the number's form tells.
    pub const UNSAID: Self = Self::Other(0);

    /// 外国人永久居留身份证, as `POST /v3/realname/verify` numbers it (partner documentation 4013735179).
    pub(crate) const FOREIGN_RESIDENCE: Self = Self::Other(12);

    /// 港澳居民居住证, likewise.
    pub(crate) const HK_MACAO_RESIDENCE: Self = Self::Other(17);

    /// 台湾居民居住证, likewise.
    pub(crate) const TAIWAN_RESIDENCE: Self = Self::Other(18);

    const NAMED: [Self; 11] = [
        Self::MainlandId,
        Self::Passport,
        Self::Officer,
        Self::Soldier,
        Self::HomeReturn,
        Self::TemporaryId,
        Self::HouseholdRegister,
        Self::Police,
        Self::TaiwanCompatriot,
        Self::BusinessLicence,
        Self::OtherDocument,
    ];

    /// The kind behind the wire's number.
    pub(crate) fn from_number(number: i64) -> Self {
        Self::NAMED.into_iter().find(|kind| kind.number() == number).unwrap_or(Self::Other(number))
    }

    /// The wire's number.
    pub fn number(self) -> i64 {
        match self {
            Self::MainlandId => 1,
            Self::Passport => 2,
            Self::Officer => 3,
            Self::Soldier => 4,
            Self::HomeReturn => 5,
            Self::TemporaryId => 6,
            Self::HouseholdRegister => 7,
            Self::Police => 8,
            Self::TaiwanCompatriot => 9,
            Self::BusinessLicence => 10,
            Self::OtherDocument => 11,
            Self::Other(number) => number,
        }
    }

    /// True where every number carries the GB 11643 check character (identity card, temporary identity card).
    pub(crate) fn has_check_character(self) -> bool {
        matches!(self, Self::MainlandId | Self::TemporaryId)
    }
}
