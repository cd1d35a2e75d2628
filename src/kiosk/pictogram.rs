//! The picture beside the words: what a person reads who does not read.

use super::{NextStep, Scene, SceneKind};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pictogram {
    /// Look here.
    Camera,
    /// Put a document there.
    Card,
    /// Show or scan a code.
    Code,
    /// Touch the screen.
    Hand,
    /// Wait.
    Clock,
    /// It is done.
    Done,
    /// Go through.
    Door,
    /// Go to somebody.
    Staff,
    /// Nobody is served.
    Closed,
    /// Get out.
    Exit,
}

impl Pictogram {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Camera,
        Self::Card,
        Self::Code,
        Self::Hand,
        Self::Clock,
        Self::Done,
        Self::Door,
        Self::Staff,
        Self::Closed,
        Self::Exit,
    ];

    /// What its drawing is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Card => "card",
            Self::Code => "code",
            Self::Hand => "hand",
            Self::Clock => "clock",
            Self::Done => "done",
            Self::Door => "door",
            Self::Staff => "staff",
            Self::Closed => "closed",
            Self::Exit => "exit",
        }
    }
}

impl Scene {
    /// The picture that goes with it. Where something went wrong it shows what to do now: that is of more use than that
    /// it went wrong.
    pub fn pictogram(&self) -> Pictogram {
        match self.kind {
            SceneKind::Idle if self.to_start => Pictogram::Hand,
            SceneKind::Idle | SceneKind::LookAgain => Pictogram::Camera,
            SceneKind::CardLaid | SceneKind::ConfirmCard => Pictogram::Card,
            SceneKind::AskConsent | SceneKind::Choose => Pictogram::Hand,
            SceneKind::LookingUp | SceneKind::CheckingIn => Pictogram::Clock,
            SceneKind::Admitted | SceneKind::Already | SceneKind::ReQueued => Pictogram::Done,
            SceneKind::OneByOne => Pictogram::Door,
            SceneKind::StaffCalled => Pictogram::Staff,
            SceneKind::Closed | SceneKind::Maintenance | SceneKind::OutOfOrder => Pictogram::Closed,
            SceneKind::Evacuate => Pictogram::Exit,
            _ if self.qr.is_some() => Pictogram::Code,
            _ => self.next.map_or(Pictogram::Closed, NextStep::pictogram),
        }
    }
}

impl NextStep {
    fn pictogram(self) -> Pictogram {
        match self {
            Self::LookAgain | Self::FaceCamera => Pictogram::Camera,
            Self::IdCard => Pictogram::Card,
            Self::OtherWay | Self::ScanCode => Pictogram::Code,
            Self::StaffWindow => Pictogram::Staff,
            Self::OtherLane => Pictogram::Door,
            Self::ComeBack => Pictogram::Clock,
        }
    }
}
