//! What a panel shows.

use std::time::Duration;

use crate::{
    fault::Code,
    words::{ShownName, Text},
};

/// A scene, as values. A panel lays it out in its own width; a terminal that is the panel gets the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Which.
    pub kind: SceneKind,
    /// The name, while it may be seen.
    pub name: Option<ShownName>,
    /// Queue number.
    pub number: Option<Text>,
    /// Where to go, or from/until when, or the site's reason.
    pub detail: Option<Text>,
    /// What may be picked.
    pub options: Vec<SceneOption>,
    /// What the person can do now; always set on an unhappy end.
    pub next: Option<NextStep>,
    /// Shown small in the corner.
    pub code: Option<Code>,
    /// How long this scene stands; shown as a countdown where a person waits.
    pub stands: Option<Duration>,
}

/// The scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SceneKind {
    /// Nobody is served: 请正对摄像头.
    Idle,
    /// The face waits for consent on the terminal.
    AskConsent,
    /// WeChat is asked.
    LookingUp,
    /// The site's system is asked.
    CheckingIn,
    /// Checked in.
    Admitted,
    /// Checked in before; the same number.
    Already,
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
}

/// What a person can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NextStep {
    /// 请再看一次镜头
    LookAgain,
    /// 请刷身份证或扫码
    OtherWay,
    /// 请到人工窗口
    StaffWindow,
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
        Self { kind, name: None, number: None, detail: None, options: Vec::new(), next: None, code: None, stands: None }
    }
}

impl SceneKind {
    /// The wire's word for a terminal that is the panel.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::AskConsent => "ask_consent",
            Self::LookingUp => "looking_up",
            Self::CheckingIn => "checking_in",
            Self::Admitted => "admitted",
            Self::Already => "already",
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
        }
    }

    /// The headline a person reads, Simplified Chinese, at most eight hanzi.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Idle => "请正对摄像头",
            Self::AskConsent => "请在屏幕上同意",
            Self::LookingUp => "正在识别请稍候",
            Self::CheckingIn => "正在签到请稍候",
            Self::Admitted => "签到成功",
            Self::Already => "您已签到",
            Self::Choose => "请选择",
            Self::NotFound => "未查到您的预约",
            Self::TooEarly => "还没到签到时间",
            Self::TooLate => "已过签到时间",
            Self::Refused => "暂不能签到",
            Self::LookAgain => "没有识别成功",
            Self::Cancelled => "已取消",
            Self::TookTooLong => "网络较慢未完成",
            Self::Unknown => "签到结果待确认",
            Self::Failed => "暂时无法签到",
            Self::OutOfOrder => "本机暂停服务",
        }
    }
}

impl NextStep {
    /// The advice a person reads, Simplified Chinese, at most eight hanzi.
    pub fn advice(self) -> &'static str {
        match self {
            Self::LookAgain => "请再看一次镜头",
            Self::OtherWay => "请刷身份证或扫码",
            Self::StaffWindow => "请到人工窗口",
        }
    }

    /// The wire's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LookAgain => "look_again",
            Self::OtherWay => "other_way",
            Self::StaffWindow => "staff_window",
        }
    }
}
