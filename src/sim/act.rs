//! What somebody does to a kiosk and to the world around it, as data: a click on the page, a step of a scenario.

use serde::{Deserialize, Serialize};

use super::{
    hospital::Booking,
    people::{Behaviour, Charset, Padding, Person},
};
use crate::board::InputKind;

/// One thing done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub(crate) enum Act {
    /// Somebody stands before a lane; who stands there already is waited for.
    Send {
        /// Index of the lane.
        lane: usize,
        /// Who.
        #[serde(flatten)]
        who: Who,
    },
    /// A button is pressed and let go.
    Press {
        /// Index of the lane.
        lane: usize,
        /// Which.
        input: InputKind,
    },
    /// Whoever stands there gives up at the terminal, as soon as it has a visit to give up.
    Cancel {
        /// Index of the lane.
        lane: usize,
    },
    /// A switch or sensor is active until it is not.
    Hold {
        /// Index of the lane.
        lane: usize,
        /// Which.
        input: InputKind,
        /// It is.
        active: bool,
    },
    /// People go through a gate, one behind the other.
    Walk {
        /// Index of the lane.
        lane: usize,
        /// How many.
        people: u8,
        /// They come out of where others go in.
        #[serde(default)]
        backwards: bool,
    },
    /// Something is broken, or mended.
    Spoil {
        /// What.
        what: Sabotage,
        /// Whose, where it is a lane's.
        #[serde(default)]
        lane: usize,
        /// How much, in the sabotage's unit; none mends it.
        #[serde(default)]
        to: Option<u32>,
    },
    /// The machine's clock is set so many seconds off.
    Clock {
        /// Positive is ahead.
        seconds: i64,
    },
    /// The mini-program's token is taken back before its time.
    Token,
    /// A panel's supply goes for a moment.
    Dip {
        /// Index of the lane.
        lane: usize,
    },
    /// The daemon is killed and started again.
    Kill,
    /// The same, and every device loses its supply, and what was being written is torn.
    PowerCut,
    /// A bit of the journal's newest record flips while the daemon is down.
    DamageJournal,
    /// Everything is put right.
    Mend,
}

/// Somebody who comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Who {
    /// The name; the same name is the same person.
    pub name: String,
    /// How they present themselves.
    pub way: Way,
    /// What the site's system has of them.
    pub booking: Booked,
    /// The name is encoded in GB18030.
    pub gbk: bool,
    /// It is encrypted with OAEP.
    pub oaep: bool,
    /// `credential_type`; none is an identity card.
    pub document: Option<i64>,
    /// What WeChat does about them.
    pub wechat: Manner,
}

/// How somebody presents themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Way {
    /// A face, agreed to.
    #[default]
    Face,
    /// A face; agreed to a moment later.
    LateConsent,
    /// A face; not agreed to.
    NoConsent,
    /// An identity card alone.
    Card,
    /// A queue voucher.
    Voucher,
    /// 医保电子凭证
    Ec,
    /// 电子健康卡
    Ehealth,
    /// The mini-program's button.
    MiniProgram,
}

/// What is booked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Booked {
    /// One appointment.
    #[default]
    One,
    /// Two, to choose from.
    Two,
    /// One whose call was missed.
    Missed,
    /// One that begins later.
    Early,
    /// One that is over.
    Late,
    /// One that the site refuses.
    Refused,
    /// None.
    None,
}

/// What WeChat does about somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Manner {
    /// Answers.
    #[default]
    Well,
    /// Lacks the permission for names.
    NoPermission,
    /// Forges.
    Forged,
    /// Probes once.
    Probe,
    /// Stumbles once.
    Stumbles,
    /// The face is used up.
    UsedUp,
}

/// What can be broken, and stays so until it is mended. Their order is that of whom it concerns: WeChat, the site's
/// system, a lane, the fire alarm, the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sabotage {
    /// WeChat cannot be reached.
    WechatOffline,
    /// Its main domain cannot be reached, the backup domain can.
    WechatMain,
    /// The names of its domains do not resolve.
    WechatDns,
    /// It answers with this status.
    WechatStatus,
    /// It answers so many milliseconds later.
    WechatSlow,
    /// Every byte comes so many milliseconds after the one before.
    WechatDrip,
    /// It does what it is asked to, and the connection closes in place of an answer.
    WechatLost,
    /// The connection is reset in place of an answer.
    WechatReset,
    /// Another key's signature.
    WechatForged,
    /// One byte of the signed body is another.
    WechatAltered,
    /// A signature that is an hour old.
    WechatStale,
    /// A key that nobody told the kiosk of.
    WechatOtherKey,
    /// The mode with certificates, where the kiosk asked for the public key.
    WechatCertificate,
    /// No permission for names.
    WechatNoPermission,
    /// No names.
    WechatNoName,
    /// The site's system cannot be reached.
    SiteOffline,
    /// Its name does not resolve.
    SiteDns,
    /// It says that it is out of order.
    SiteDown,
    /// It answers with this status.
    SiteStatus,
    /// It answers so many milliseconds later.
    SiteSlow,
    /// It does what it is asked to, and its answer is lost.
    SiteLost,
    /// The connection is reset in place of an answer.
    SiteReset,
    /// It answers with somebody's web page.
    SitePage,
    /// It answers with nothing.
    SiteNothing,
    /// It answers with a word that the interface does not know.
    SiteUnheard,
    /// So many lines are left on the roll.
    Paper,
    /// The cover is open.
    Cover,
    /// The cutter sticks.
    Jam,
    /// The head is too hot.
    Heat,
    /// The printer's answers do not arrive.
    PrinterSilent,
    /// Its cable is out.
    PrinterUnplugged,
    /// It hears at half the rate.
    PrinterGarbage,
    /// The panel's plug is out.
    PanelGone,
    /// A transfer to the panel never ends.
    PanelHangs,
    /// The gate's line cannot be switched, and stays as it is.
    GateDead,
    /// The passage sensor is stuck.
    SensorStuck,
    /// Whoever may go through stays where they are.
    Lingers,
    /// Somebody goes through behind them.
    Tailgates,
    /// The fire alarm rings.
    Fire,
    /// No room on the disk.
    DiskFull,
    /// Every write takes so many milliseconds.
    DiskSlow,
    /// A write never ends.
    DiskHangs,
}

impl Sabotage {
    /// All of them, each with the most that it can be; 1 is a switch.
    pub(crate) const ALL: [(Self, u32); 42] = [
        (Self::WechatOffline, 1),
        (Self::WechatMain, 1),
        (Self::WechatDns, 1),
        (Self::WechatStatus, 599),
        (Self::WechatSlow, 30_000),
        (Self::WechatDrip, 200),
        (Self::WechatLost, 1),
        (Self::WechatReset, 1),
        (Self::WechatForged, 1),
        (Self::WechatAltered, 1),
        (Self::WechatStale, 1),
        (Self::WechatOtherKey, 1),
        (Self::WechatCertificate, 1),
        (Self::WechatNoPermission, 1),
        (Self::WechatNoName, 1),
        (Self::SiteOffline, 1),
        (Self::SiteDns, 1),
        (Self::SiteDown, 1),
        (Self::SiteStatus, 599),
        (Self::SiteSlow, 30_000),
        (Self::SiteLost, 1),
        (Self::SiteReset, 1),
        (Self::SitePage, 1),
        (Self::SiteNothing, 1),
        (Self::SiteUnheard, 1),
        (Self::Paper, 60),
        (Self::Cover, 1),
        (Self::Jam, 1),
        (Self::Heat, 1),
        (Self::PrinterSilent, 1),
        (Self::PrinterUnplugged, 1),
        (Self::PrinterGarbage, 1),
        (Self::PanelGone, 1),
        (Self::PanelHangs, 1),
        (Self::GateDead, 1),
        (Self::SensorStuck, 1),
        (Self::Lingers, 1),
        (Self::Tailgates, 1),
        (Self::Fire, 1),
        (Self::DiskFull, 1),
        (Self::DiskSlow, 3000),
        (Self::DiskHangs, 1),
    ];

    /// It is one lane's, and not everybody's.
    pub(crate) fn is_of_lane(self) -> bool {
        (Self::Paper..=Self::Tailgates).contains(&self)
    }
}

impl Who {
    /// The person, with a face_sid that has not been used.
    pub(crate) fn person(&self, face_sid: &str) -> Person {
        let behaviour = match self.wechat {
            Manner::Well => Behaviour::Normal,
            Manner::NoPermission => Behaviour::NoPermission,
            Manner::Forged => Behaviour::Forged,
            Manner::Probe => Behaviour::ProbeOnce,
            Manner::Stumbles => Behaviour::StatusOnce(500),
            Manner::UsedUp => Behaviour::Expired,
        };
        // FNV-1a: a person is known by their name, and no id holds it.
        let hash = self
            .name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        let person = Person::new(&format!("{hash:016x}"), &self.name)
            .again(face_sid)
            .padded(if self.oaep { Padding::Oaep } else { Padding::Pkcs1 })
            .encoded(if self.gbk { Charset::Gbk } else { Charset::Utf8 })
            .about(behaviour);
        Person { credential_type: self.document.unwrap_or(1), ..person }
    }

    /// What the site's system has of them.
    pub(crate) fn booking(&self) -> Option<Booking> {
        let place = |place: &str| place.to_owned();
        match self.booking {
            Booked::One => Some(Booking::At(place("3楼 内科一诊室"))),
            Booked::Two => Some(Booking::Several(vec![place("内科 09:30"), place("眼科 10:15")])),
            Booked::Missed => Some(Booking::Missed(place("3楼 内科一诊室"))),
            Booked::Early => Some(Booking::Early("10:30".to_owned())),
            Booked::Late => Some(Booking::Late("08:00".to_owned())),
            Booked::Refused => Some(Booking::Refused("请先缴费".to_owned())),
            Booked::None => None,
        }
    }
}

impl Way {
    /// The kind of its voucher, in the wire's word.
    pub(crate) fn voucher(self) -> Option<&'static str> {
        match self {
            Self::Voucher => Some("queue"),
            Self::Ec => Some("ec"),
            Self::Ehealth => Some("ehealth"),
            _ => None,
        }
    }
}

impl Act {
    /// The lane that it is about, where it is about one.
    pub(crate) fn lane(&self) -> Option<usize> {
        match self {
            Self::Send { lane, .. }
            | Self::Press { lane, .. }
            | Self::Cancel { lane }
            | Self::Hold { lane, .. }
            | Self::Walk { lane, .. }
            | Self::Dip { lane } => Some(*lane),
            Self::Spoil { what, lane, .. } => what.is_of_lane().then_some(*lane),
            Self::Clock { .. } | Self::Token | Self::Kill | Self::PowerCut | Self::DamageJournal | Self::Mend => None,
        }
    }
}
