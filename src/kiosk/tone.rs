//! Whether it went well: the colour that every glass gives a scene, a picture as well as a page.

use super::SceneKind;

/// Whether it went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad: somebody waits, or is asked.
    #[default]
    Calm,
    /// It did.
    Good,
    /// It did not.
    Bad,
}

impl Tone {
    /// What a page calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

impl SceneKind {
    /// Whether it went well for whoever stands there.
    pub fn tone(self) -> Tone {
        match self {
            Self::Admitted | Self::Already | Self::ReQueued => Tone::Good,
            Self::Idle
            | Self::AskConsent
            | Self::CardLaid
            | Self::ConfirmCard
            | Self::LookingUp
            | Self::CheckingIn
            | Self::Choose
            | Self::OtherWay
            | Self::ToVerify
            | Self::StaffCalled => Tone::Calm,
            Self::NotFound
            | Self::TooEarly
            | Self::TooLate
            | Self::Refused
            | Self::LookAgain
            | Self::Cancelled
            | Self::TookTooLong
            | Self::Unknown
            | Self::Failed
            | Self::OutOfOrder
            | Self::OneByOne
            | Self::Closed
            | Self::Maintenance
            | Self::Evacuate => Tone::Bad,
        }
    }
}
