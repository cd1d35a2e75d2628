//! What a person reads, in three languages: at most eight hanzi, or sixteen letters, as wide as the narrowest panel.

use std::borrow::Cow;

use super::{NextStep, Scene, SceneKind};
use crate::words::Language;

/// The longest name, characters, that a question has room for.
const SHORT_NAME: usize = 4;

impl Scene {
    /// The headline, with the name in it where the scene asks about somebody and there is room: 为王*二签到？
    pub fn headline(&self, language: Language) -> Cow<'static, str> {
        match &self.name {
            Some(name) if self.asks_by_name() => {
                let [before, after] = match language {
                    Language::ZhHans => ["为", "签到？"],
                    Language::ZhHant => ["為", "簽到？"],
                    Language::En => ["For ", "?"],
                };
                Cow::Owned(format!("{before}{}{after}", name.reveal()))
            }
            _ => Cow::Borrowed(self.kind.headline(language)),
        }
    }

    /// Whether the headline holds the name.
    pub(crate) fn asks_by_name(&self) -> bool {
        let is_short = |name: &str| name.chars().count() <= SHORT_NAME;
        self.kind == SceneKind::ConfirmCard && self.name.as_ref().is_some_and(|name| is_short(name.reveal()))
    }
}

impl SceneKind {
    /// The headline.
    pub fn headline(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Idle => ["请正对摄像头", "請正對攝像頭", "Face the camera"],
            Self::AskConsent => ["请在屏幕上同意", "請在螢幕上同意", "Please consent"],
            Self::CardLaid => ["已读取证件", "已讀取證件", "Card read"],
            Self::ConfirmCard => ["为此人签到？", "為此人簽到？", "Check in for"],
            Self::LookingUp => ["正在识别请稍候", "正在識別請稍候", "Recognising..."],
            Self::CheckingIn => ["正在签到请稍候", "正在簽到請稍候", "Checking in..."],
            Self::Admitted => ["签到成功", "簽到成功", "Checked in"],
            Self::Already => ["您已签到", "您已簽到", "Already in"],
            Self::Choose => ["请选择", "請選擇", "Please choose"],
            Self::NotFound => ["未查到您的预约", "未查到您的預約", "No appointment"],
            Self::TooEarly => ["还没到签到时间", "還沒到簽到時間", "Too early"],
            Self::TooLate => ["已过签到时间", "已過簽到時間", "Too late"],
            Self::Refused => ["暂不能签到", "暫不能簽到", "Not admitted"],
            Self::LookAgain => ["没有识别成功", "沒有識別成功", "Not recognised"],
            Self::Cancelled => ["已取消", "已取消", "Cancelled"],
            Self::TookTooLong => ["网络较慢未完成", "網絡較慢未完成", "Took too long"],
            Self::Unknown => ["签到结果待确认", "簽到結果待確認", "To be confirmed"],
            Self::Failed => ["暂时无法签到", "暫時無法簽到", "Does not work"],
            Self::OutOfOrder => ["本机暂停服务", "本機暫停服務", "Out of order"],
            Self::OtherWay => ["不用人脸也可以", "不用人臉也可以", "Without a face"],
            Self::StaffCalled => ["已呼叫工作人员", "已呼叫工作人員", "Staff called"],
            Self::OneByOne => ["请逐一通过", "請逐一通過", "One at a time"],
            Self::Closed => ["本通道已关闭", "本通道已關閉", "Closed"],
            Self::Maintenance => ["设备维护中", "設備維護中", "In maintenance"],
            Self::Evacuate => ["紧急疏散", "緊急疏散", "EMERGENCY"],
        })
    }

    /// What stands below the headline where nothing else does.
    pub(crate) fn explanation(self, language: Language) -> &'static str {
        match self {
            Self::Evacuate => language.of(["请立即离开", "請立即離開", "Leave now"]),
            Self::StaffCalled => language.of(["请稍候", "請稍候", "Please wait"]),
            _ => "",
        }
    }
}

impl NextStep {
    /// The advice.
    pub fn advice(self, language: Language) -> &'static str {
        language.of(match self {
            Self::LookAgain => ["请再看一次镜头", "請再看一次鏡頭", "Look once more"],
            Self::FaceCamera => ["请正对摄像头", "請正對攝像頭", "Face the camera"],
            Self::OtherWay => ["请刷身份证或扫码", "請刷身份證或掃碼", "ID card or QR"],
            Self::IdCard => ["请刷身份证", "請刷身份證", "Use your ID card"],
            Self::ScanCode => ["请扫码", "請掃碼", "Scan a QR code"],
            Self::StaffWindow => ["请到人工窗口", "請到人工窗口", "Go to the staff"],
            Self::OtherLane => ["请走其他通道", "請走其他通道", "Use another lane"],
        })
    }
}
