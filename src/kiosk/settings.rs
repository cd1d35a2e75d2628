//! What the operator lets the core decide by.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;

use super::{NextStep, Phrases, Scene, SceneKind};
use crate::words::{InfoType, Language, NameStyle, Purpose, Text, WayIn, setting};

/// The core's settings.
#[derive(Clone, Debug)]
pub struct KioskSettings {
    /// Drawn at random once per start; makes session ids unique.
    pub run: u64,
    /// The lanes, in the site file's order.
    pub lanes: Vec<LaneSettings>,
}

/// One lane's settings.
#[derive(Clone, Debug)]
pub struct LaneSettings {
    /// What the lane is for.
    pub purpose: Purpose,
    /// What of a name is shown, and for how long.
    pub privacy: Privacy,
    /// A name that is shown in full is said aloud, too.
    #[cfg(feature = "voice")]
    pub says_name: bool,
    /// How long a person waits for an outcome; the time to choose does not count.
    pub patience: Duration,
    /// How long the site's system alone may take; none where it has what is left of the person's patience.
    pub site_patience: Option<Duration>,
    /// How long a face waits for its consent.
    pub consent_wait: Duration,
    /// How long a person may choose.
    pub choice_wait: Duration,
    /// A frame that comes again within this is the same frame.
    pub repeat_window: Duration,
    /// How long an unhappy end stands.
    pub unhappy_stands: Duration,
    /// How long a scene stands that a button or the gate brought up.
    pub asked_stands: Duration,
    /// Whoever meant to be served may take so long to look.
    pub meant_for: Duration,
    /// A slip not printed within this is dropped.
    pub slip_patience: Duration,
    /// Scenes are shown.
    pub has_panel: bool,
    /// Slips are printed.
    pub has_printer: bool,
    /// Whoever is sent to staff because others are away gets a slip for them.
    pub slip_for_staff: bool,
    /// A gate is opened.
    pub has_gate: bool,
    /// The longest that the gate takes from a grant's beginning to its end.
    pub gate_takes: Duration,
    /// How long after a question the site's system may take to show the session; before that, 404 is "not yet".
    pub site_settles: Duration,
    /// Digits of the buttons that pick an option on a panel that nobody touches, in order.
    pub buttons: Vec<u8>,
    /// Lights or a buzzer.
    pub has_indicators: bool,
    /// What a QR code leads to for whoever does not want, or cannot use, the face.
    pub other_way: Option<Text>,
    /// What is asked for about a face; where that is not the name, no name is shown and none is sent on.
    pub info_type: InfoType,
    /// What is allowed while WeChat is away.
    pub without_wechat: WithoutWeChat,
    /// A voucher checks somebody in: there is a judge for it.
    pub vouchers: bool,
    /// People are told that a voucher does.
    pub offers_vouchers: bool,
    /// What a document in a reader is good for.
    pub card: CardUses,
    /// How long a document lies there for its holder to follow, and how long its holder may say whose visit it is.
    pub card_wait: Duration,
    /// What has to come before a face counts; none where looking is enough.
    pub intent: Option<Intent>,
    /// Nobody is let through twice within this, whichever lane they come to; zero where they may be.
    pub once_within: Duration,
    /// What the kiosk's own options are in.
    pub phrases: Arc<Phrases>,
}

/// `[privacy]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Privacy {
    /// The name on the panel.
    pub panel_name: NameStyle,
    /// The name on the slip.
    pub slip_name: NameStyle,
    /// A scene with a name stands no longer than this, 1000–60000.
    #[serde(rename = "wipe-after-ms", deserialize_with = "setting::patience")]
    pub wipe_after: Duration,
}

/// `lane.intent`: who looks into a camera in passing does not mean to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Somebody stands here: the terminal's `person`, or more.
    Person,
    /// Somebody wants it so: a start button, or the terminal's `start`.
    Start,
}

/// `[gates]`
#[cfg(feature = "turnstile")]
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gates {
    /// Nobody is let through twice within this, whichever lane they come to, 1000–60000; left out: they may be.
    #[serde(rename = "once-within-ms", deserialize_with = "setting::patience")]
    pub once_within: Duration,
}

/// `lane.without-wechat`: nobody is known by their face then, and no roster can know them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutWeChat {
    /// People go to staff, with a slip for them.
    #[default]
    Staff,
    /// People are asked to come by another way that needs no WeChat.
    OtherWay,
}

/// One of `lane.other-ways`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherWay {
    /// A document in a reader: its holder alone.
    IdCard,
    /// A queue voucher or QR code of the site's system.
    Voucher,
}

/// What a document is good for that was read and not verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CardUses {
    /// It says whom somebody else brings: the site's system judges.
    pub patient: bool,
    /// It completes a claim that WeChat judges.
    pub claim: bool,
    /// It checks its holder in, alone: the site's system judges.
    pub alone: bool,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { panel_name: NameStyle::Masked, slip_name: NameStyle::Masked, wipe_after: Duration::from_secs(5) }
    }
}

impl Default for LaneSettings {
    fn default() -> Self {
        Self {
            purpose: Purpose::Hospital,
            privacy: Privacy::default(),
            #[cfg(feature = "voice")]
            says_name: false,
            patience: Duration::from_secs(8),
            site_patience: None,
            consent_wait: Duration::from_secs(60),
            choice_wait: Duration::from_secs(30),
            repeat_window: Duration::from_secs(60),
            unhappy_stands: Duration::from_secs(6),
            asked_stands: Duration::from_secs(20),
            meant_for: Duration::from_secs(15),
            slip_patience: Duration::from_secs(30),
            has_panel: true,
            has_printer: false,
            slip_for_staff: true,
            has_gate: false,
            gate_takes: Duration::from_secs(5),
            site_settles: Duration::from_secs(120),
            buttons: Vec::new(),
            has_indicators: false,
            other_way: None,
            info_type: InfoType::RealName,
            without_wechat: WithoutWeChat::Staff,
            vouchers: true,
            offers_vouchers: false,
            card: CardUses { patient: true, claim: true, alone: false },
            card_wait: Duration::from_secs(15),
            intent: None,
            once_within: Duration::ZERO,
            phrases: Phrases::shipped(Language::ZhHans, Purpose::Hospital),
        }
    }
}

impl LaneSettings {
    /// Whoever is admitted here goes through a gate of ours.
    pub(super) fn opens(&self) -> bool {
        self.purpose == Purpose::Transit && self.has_gate
    }

    /// Whoever is admitted here gets a slip.
    pub(super) fn prints(&self) -> bool {
        self.purpose == Purpose::Hospital && self.has_printer
    }

    /// 大字: everything that a person has to read or do may take twice as long, the name within ten seconds.
    pub fn unhurried(self) -> Self {
        let wipe_after = self.privacy.wipe_after;
        Self {
            privacy: Privacy { wipe_after: (2 * wipe_after).min(Duration::from_secs(10)), ..self.privacy },
            consent_wait: 2 * self.consent_wait,
            choice_wait: 2 * self.choice_wait,
            card_wait: 2 * self.card_wait,
            unhappy_stands: 2 * self.unhappy_stands,
            asked_stands: 2 * self.asked_stands,
            meant_for: 2 * self.meant_for,
            ..self
        }
    }

    /// Whether this way in has a judge here. WeChat's are its own affair, as long as the lane has to do with names.
    pub(super) fn takes(&self, way: &WayIn) -> bool {
        match way {
            WayIn::Face(_) => true,
            WayIn::RealnameAuth(_) | WayIn::RealnameCheck(_) => self.info_type == InfoType::RealName,
            WayIn::Voucher(_) => self.vouchers,
            WayIn::Card(_) => self.card != CardUses::default(),
        }
    }

    /// Nobody stands here: where to look, and that there is another way, where there is one.
    /// Where a start comes before a face, and nobody has `started`, that is what is asked for.
    pub(super) fn idle(&self, started: bool) -> Scene {
        let next = Some(self.advice(NextStep::OtherWay)).filter(|other| *other != NextStep::StaffWindow);
        let to_start = self.intent == Some(Intent::Start) && !started;
        Scene { next, to_start, ..Scene::of(SceneKind::Idle) }
    }

    /// The advice as it holds here: no way in is named that does not exist.
    pub(super) fn advice(&self, next: NextStep) -> NextStep {
        match (next, self.card.alone, self.other_way.is_some() || self.offers_vouchers) {
            (NextStep::OtherWay, true, false) => NextStep::IdCard,
            (NextStep::OtherWay, false, true) => NextStep::ScanCode,
            (NextStep::OtherWay, false, false) => NextStep::StaffWindow,
            _ => next,
        }
    }
}
