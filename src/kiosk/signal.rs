//! What lights and buzzer say. Never who somebody is, nor anything of their health.

use super::SceneKind;

/// One pattern of lights and buzzer; the indicator's driver knows what it looks and sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Ready for the next person.
    Ready,
    /// Please wait, or act on the panel.
    Working,
    /// The person is checked in.
    Success,
    /// Once more, please.
    Retry,
    /// The person is not let in; the screen says why.
    Denied,
    /// The lane is out of order or closed.
    Fault,
    /// Ready, and the printer's roll is nearly out.
    PaperLow,
    /// Somebody called staff.
    CallStaff,
    /// Everybody out.
    Evacuate,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Self; 9] = [
        Self::Ready,
        Self::Working,
        Self::Success,
        Self::Retry,
        Self::Denied,
        Self::Fault,
        Self::PaperLow,
        Self::CallStaff,
        Self::Evacuate,
    ];

    /// The signal that goes with a scene.
    pub(super) fn of(kind: SceneKind) -> Self {
        match kind {
            SceneKind::Idle => Self::Ready,
            SceneKind::AskConsent
            | SceneKind::CardLaid
            | SceneKind::ConfirmCard
            | SceneKind::LookingUp
            | SceneKind::CheckingIn
            | SceneKind::Choose
            | SceneKind::OtherWay => Self::Working,
            SceneKind::Admitted | SceneKind::Already | SceneKind::ReQueued | SceneKind::ToVerify => Self::Success,
            SceneKind::LookAgain | SceneKind::Cancelled | SceneKind::TookTooLong => Self::Retry,
            SceneKind::NotFound
            | SceneKind::TooEarly
            | SceneKind::TooLate
            | SceneKind::Refused
            | SceneKind::Unknown
            | SceneKind::Failed
            | SceneKind::OneByOne => Self::Denied,
            SceneKind::OutOfOrder | SceneKind::Closed | SceneKind::Maintenance => Self::Fault,
            SceneKind::StaffCalled => Self::CallStaff,
            SceneKind::Evacuate => Self::Evacuate,
        }
    }
}
