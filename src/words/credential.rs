//! Identity documents.

use super::Private;

/// The number of an identity document, 1–64 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialId(Private);

/// A document: its kind and its number.
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
    /// Takes a plaintext that has passed the plausibility check of `identity`.
    pub fn new(text: String) -> Self {
        Self(Private::new(text))
    }

    /// The full number.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl CredentialType {
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
    pub fn from_number(number: i64) -> Self {
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

    /// True where the number carries the GB 11643 check character (identity card, temporary identity card).
    pub fn has_check_character(self) -> bool {
        matches!(self, Self::MainlandId | Self::TemporaryId)
    }
}
