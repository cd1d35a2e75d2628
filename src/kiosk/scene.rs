//! What a panel shows.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    fault::Code,
    words::{Hindrance, ShownName, Text, Visit, When},
};

/// A scene, as values. A panel lays it out in its own width; a terminal that is the panel gets the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// What the scene says; everything else fills it in.
    pub kind: SceneKind,
    /// The name, while it may be seen.
    pub name: Option<ShownName>,
    /// The site lets it be said aloud.
    #[cfg(feature = "voice")]
    pub says_name: bool,
    /// Queue number.
    pub number: Option<Text>,
    /// Where to go, the site's reason, or a notice of staff.
    pub detail: Option<Text>,
    /// When the lane is open: `08:00-12:00 13:30-17:00`.
    pub hours: Option<Text>,
    /// What stands between the person and their visit.
    pub hindrance: Option<Hindrance>,
    /// From when it is possible, or until when it was.
    pub time: Option<When>,
    /// What the site tells of the visit.
    pub visit: Option<Arc<Visit>>,
    /// Nobody is served before the start button is pressed.
    pub to_start: bool,
    /// What may be picked.
    pub options: Vec<SceneOption>,
    /// Where a QR code leads: the other way in.
    pub qr: Option<Text>,
    /// What the person can do now; always set on an unhappy end.
    pub next: Option<NextStep>,
    /// Shown small in the corner.
    pub code: Option<Code>,
    /// How long this scene stands; shown as a countdown where a person waits.
    pub stands: Option<Duration>,
}

/// The scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SceneKind {
    /// Nobody is served: 请正对摄像头.
    Idle,
    /// The face waits for consent on the terminal.
    AskConsent,
    /// A document was read: its holder goes on.
    CardLaid,
    /// Is the visit for the document's holder?
    ConfirmCard,
    /// WeChat is asked.
    LookingUp,
    /// The site's system is asked.
    CheckingIn,
    /// Checked in.
    Admitted,
    /// Checked in before; the same number.
    Already,
    /// The call was missed; another place in the queue.
    ReQueued,
    /// The site's system was away: a number that staff still have to verify.
    ToVerify,
    /// Pick one.
    Choose,
    /// Nothing is booked.
    NotFound,
    /// Come later.
    TooEarly,
    /// It is too late.
    TooLate,
    /// Not admitted.
    Refused,
    /// The face was not recognised or its credential is used up.
    LookAgain,
    /// The person gave up or did not agree.
    Cancelled,
    /// It took too long; nothing was decided.
    TookTooLong,
    /// Nobody knows whether the check-in was carried out.
    Unknown,
    /// Something failed; nothing was decided.
    Failed,
    /// The lane is out of order.
    OutOfOrder,
    /// Another way in is offered.
    OtherWay,
    /// Staff have been called.
    StaffCalled,
    /// Somebody passed behind another, or the wrong way.
    OneByOne,
    /// Staff have closed the lane.
    Closed,
    /// A technician works on it.
    Maintenance,
    /// The fire input is active.
    Evacuate,
}

/// What a person can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextStep {
    /// 请再次正对摄像头
    LookAgain,
    /// 请正对摄像头
    FaceCamera,
    /// 请刷身份证或扫码
    OtherWay,
    /// 请刷身份证
    IdCard,
    /// 请出示二维码
    ScanCode,
    /// 请到分诊台
    StaffWindow,
    /// 请走其他通道
    OtherLane,
    /// 请稍后再来
    ComeBack,
}

/// One option of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneOption {
    /// From 1, as shown and as sent back.
    pub option: u8,
    /// What the person reads.
    pub label: Text,
}

impl Scene {
    /// A scene of this kind with nothing filled in.
    pub fn of(kind: SceneKind) -> Self {
        Self {
            kind,
            name: None,
            #[cfg(feature = "voice")]
            says_name: false,
            number: None,
            detail: None,
            hours: None,
            hindrance: None,
            time: None,
            visit: None,
            to_start: false,
            options: Vec::new(),
            qr: None,
            next: None,
            code: None,
            stands: None,
        }
    }

    /// What stands where nothing runs any more: nobody's name, and that nobody is served.
    pub fn stopped() -> Self {
        Self { code: Some(Code::X002), ..Self::of(SceneKind::OutOfOrder) }
    }

    /// What is left on a screen when the program ends: who stands there still, leaves no name on it. None where it says
    /// why nobody is served, which stays.
    pub(crate) fn last(&self) -> Option<Self> {
        let says_why = matches!(
            self.kind,
            SceneKind::OutOfOrder | SceneKind::Closed | SceneKind::Maintenance | SceneKind::Evacuate
        );
        (!says_why).then(Self::stopped)
    }

    /// The seconds that are left to a person who waits or has to act.
    pub(crate) fn countdown(&self) -> Option<u64> {
        let waits = matches!(
            self.kind,
            SceneKind::AskConsent
                | SceneKind::CardLaid
                | SceneKind::ConfirmCard
                | SceneKind::LookingUp
                | SceneKind::CheckingIn
                | SceneKind::Choose
                | SceneKind::OtherWay
        );
        self.stands.filter(|_| waits).map(|left| left.as_secs().saturating_add(u64::from(left.subsec_millis() > 0)))
    }
}

impl SceneKind {
    /// The wire's word for a terminal that is the panel.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::AskConsent => "ask_consent",
            Self::CardLaid => "card_laid",
            Self::ConfirmCard => "confirm_card",
            Self::LookingUp => "looking_up",
            Self::CheckingIn => "checking_in",
            Self::Admitted => "admitted",
            Self::Already => "already",
            Self::ReQueued => "re_queued",
            Self::ToVerify => "to_verify",
            Self::Choose => "choose",
            Self::NotFound => "not_found",
            Self::TooEarly => "too_early",
            Self::TooLate => "too_late",
            Self::Refused => "refused",
            Self::LookAgain => "look_again",
            Self::Cancelled => "cancelled",
            Self::TookTooLong => "took_too_long",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::OutOfOrder => "out_of_order",
            Self::OtherWay => "other_way",
            Self::StaffCalled => "staff_called",
            Self::OneByOne => "one_by_one",
            Self::Closed => "closed",
            Self::Maintenance => "maintenance",
            Self::Evacuate => "evacuate",
        }
    }
}

impl NextStep {
    /// The wire's word.
    pub fn as_str(self) -> &'static str {
        match self {
            // Which one, the advice says.
            Self::OtherWay | Self::IdCard | Self::ScanCode => Self::OtherWay.key(),
            step => step.key(),
        }
    }

    /// What it is called in a sheet of phrases.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::LookAgain => "look_again",
            Self::FaceCamera => "face_camera",
            Self::OtherWay => "other_way",
            Self::IdCard => "id_card",
            Self::ScanCode => "scan_code",
            Self::StaffWindow => "staff_window",
            Self::OtherLane => "other_lane",
            Self::ComeBack => "come_back",
        }
    }
}

impl NextStep {
    /// Every step.
    pub const ALL: [Self; 8] = [
        Self::LookAgain,
        Self::FaceCamera,
        Self::OtherWay,
        Self::IdCard,
        Self::ScanCode,
        Self::StaffWindow,
        Self::OtherLane,
        Self::ComeBack,
    ];
}

impl SceneKind {
    /// Every kind.
    pub const ALL: [Self; 27] = [
        Self::Idle,
        Self::AskConsent,
        Self::CardLaid,
        Self::ConfirmCard,
        Self::LookingUp,
        Self::CheckingIn,
        Self::Admitted,
        Self::Already,
        Self::ReQueued,
        Self::ToVerify,
        Self::Choose,
        Self::NotFound,
        Self::TooEarly,
        Self::TooLate,
        Self::Refused,
        Self::LookAgain,
        Self::Cancelled,
        Self::TookTooLong,
        Self::Unknown,
        Self::Failed,
        Self::OutOfOrder,
        Self::OtherWay,
        Self::StaffCalled,
        Self::OneByOne,
        Self::Closed,
        Self::Maintenance,
        Self::Evacuate,
    ];
}
