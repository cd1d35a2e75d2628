//! What a scene says, as a picture shows it.

use qrcode::{EcLevel, QrCode};

use super::{Passing, signs::Sign};
use crate::{
    device::panel::{Brand, Style, countdown},
    fault::Code,
    kiosk::{NextStep, Scene, SceneKind, Tone},
};

/// A scene in parts.
pub(super) struct Said {
    pub(super) brand: Option<Brand>,
    pub(super) time: Option<String>,
    pub(super) tone: Tone,
    pub(super) sign: Sign,
    pub(super) headline: String,
    /// The headline is all there is, and stands in the middle.
    pub(super) alone: bool,
    pub(super) name: Option<String>,
    pub(super) number: Option<String>,
    /// The most important first.
    pub(super) lines: Vec<String>,
    /// What can be picked: the button's number, and what it stands for.
    pub(super) options: Vec<(String, String)>,
    /// What to do now.
    pub(super) advice: Option<(Sign, String)>,
    /// A code with much correction and with little.
    pub(super) codes: Vec<QrCode>,
    /// Small, in the corner.
    pub(super) fault: Option<String>,
    /// What is left of a wait: in words, and how much of it.
    pub(super) left: Option<(String, f32)>,
    /// Somebody waits for us: something moves. The seconds that are left.
    pub(super) waits: Option<u64>,
}

impl Said {
    /// `columns`: how wide a headline, and what stands below it, is at most, in halves of an em; the longest of a phrase's
    /// forms that is no wider is taken.
    pub(super) fn of(scene: &Scene, style: &Style, passing: &Passing, (wide, narrow): (usize, usize)) -> Self {
        let phrases = &*style.phrases;
        let seconds = countdown(scene);
        let part = |left: u64| {
            let whole = passing.whole.map_or(left, |whole| whole.as_secs().max(1));
            #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
            let part = left as f32 / whole.max(1) as f32;
            part.clamp(0.0, 1.0)
        };
        let waits = matches!(scene.kind, SceneKind::LookingUp | SceneKind::CheckingIn);
        let advice = scene.next.map(|next| {
            let advice = phrases.advice(next).within(narrow).to_owned();
            // Who looks into the camera does not look for a card: the first words say what the others are about.
            let other = (scene.kind == SceneKind::Idle).then(|| phrases.headline(SceneKind::OtherWay).within(narrow));
            let words = other.map_or(advice.clone(), |other| format!("{other}\n{advice}"));
            (of_step(next), words)
        });
        let code = |level| {
            let payload = scene.qr.as_ref().map(|qr| qr.as_str());
            payload.and_then(|payload| QrCode::with_error_correction_level(payload, level).ok())
        };
        Self {
            brand: style.brand.clone().filter(|brand| !brand.is_empty()),
            time: passing.time.clone(),
            tone: scene.kind.tone(),
            sign: of_scene(scene),
            headline: scene.headline(phrases, wide).into_owned(),
            alone: scene.kind == SceneKind::Idle,
            name: scene.name.as_ref().filter(|_| !scene.asks_by_name()).map(|name| name.reveal().to_owned()),
            number: scene.number.as_ref().map(ToString::to_string).filter(|number| !number.is_empty()),
            lines: scene.lines(phrases, narrow).into_iter().filter(|line| !line.is_empty()).collect(),
            options: scene
                .options
                .iter()
                .map(|option| (option.option.to_string(), option.label.as_str().to_owned()))
                .collect(),
            advice: advice.filter(|(_, words)| !words.is_empty()),
            codes: [EcLevel::M, EcLevel::L].into_iter().filter_map(code).collect(),
            fault: scene.code.map(|code| code.as_str().to_owned()),
            left: seconds.map(|left| (phrases.seconds(left), part(left))),
            waits: seconds.filter(|_| waits),
        }
    }
}

fn of_scene(scene: &Scene) -> Sign {
    let is_paper = scene.code.is_some_and(|code| [Code::P702, Code::P703].contains(&code));
    match scene.kind {
        SceneKind::OutOfOrder if is_paper => Sign::Paper,
        SceneKind::Idle if scene.to_start => Sign::Hand,
        SceneKind::Idle | SceneKind::LookAgain => Sign::Face,
        SceneKind::AskConsent => Sign::Hand,
        SceneKind::CardLaid | SceneKind::ConfirmCard => Sign::Card,
        SceneKind::LookingUp | SceneKind::CheckingIn => Sign::Hourglass,
        SceneKind::Admitted | SceneKind::Already | SceneKind::ReQueued => Sign::Check,
        SceneKind::Choose => Sign::List,
        SceneKind::TooEarly | SceneKind::TooLate | SceneKind::TookTooLong => Sign::Clock,
        SceneKind::OtherWay => Sign::Code,
        SceneKind::StaffCalled => Sign::Staff,
        SceneKind::Evacuate => Sign::Exit,
        SceneKind::OutOfOrder | SceneKind::Closed | SceneKind::Maintenance => Sign::NoEntry,
        SceneKind::Cancelled => Sign::Cross,
        SceneKind::ToVerify => Sign::Staff,
        SceneKind::NotFound | SceneKind::Refused | SceneKind::Unknown | SceneKind::Failed | SceneKind::OneByOne => {
            Sign::Attention
        }
    }
}

fn of_step(next: NextStep) -> Sign {
    match next {
        NextStep::LookAgain | NextStep::FaceCamera => Sign::Camera,
        NextStep::OtherWay | NextStep::IdCard => Sign::Card,
        NextStep::ScanCode => Sign::Code,
        NextStep::StaffWindow => Sign::Staff,
        NextStep::OtherLane => Sign::Other,
        NextStep::ComeBack => Sign::Clock,
    }
}
