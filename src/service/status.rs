//! What the service knows of itself, for whoever looks after the machine: `facemchd status`, and whatever page or meter
//! comes later.
//!
//! No names by type: codes, kinds, numbers, times, and lanes and systems by their names in the site file. There is no member that a
//! person's value could be put into.

use serde::{Deserialize, Serialize};

use crate::{
    fault::Code,
    kiosk::{Device, OutOfService, OutcomeResult, Picture, SceneKind},
    words::{InfoType, Purpose},
};

/// Milliseconds since 1970, by the machine's clock as it stands now.
pub(crate) type Time = i64;

/// All that `facemchd status` shows, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Of the daemon: major, minor, patch.
    pub version: [u16; 3],
    /// Nothing is to be mended.
    pub ready: bool,
    /// It ends, in order.
    pub stopping: bool,
    /// When this was so.
    pub at: Time,
    /// Seconds since the start.
    pub uptime: u64,
    /// What is wrong, the gravest first.
    pub ailments: Vec<Ailment>,
    /// The lanes, in the site file's order.
    pub lanes: Vec<LaneStatus>,
    /// WeChat, merchant by merchant in the site file's order.
    pub wechat: Vec<WechatStatus>,
    /// The mini-program's calls; none before the first.
    pub weixin: Option<ContactStatus>,
    /// Until when the mini-program's access token is believed to be good; none before the first, and where weixin refuses
    /// it.
    #[serde(default)]
    pub weixin_token: Option<Time>,
    /// The site's system, of several the one that answers worst; none before the first question.
    pub site: Option<ContactStatus>,
    /// Each of the site's systems that was met, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<SiteStatus>,
    /// Members of its answers that were passed over because nobody here knows them.
    #[serde(default)]
    pub site_passed_over: u64,
    /// Certificates that have an end.
    pub certificates: Vec<CertificateStatus>,
    /// The journal.
    pub journal: JournalStatus,
    /// The threads.
    pub workers: Vec<WorkerStatus>,
    /// The longest turn of the loop, microseconds.
    pub longest_turn_us: u64,
}

/// Something to be mended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ailment {
    /// The operator code.
    pub code: Code,
    /// Of what.
    pub of: Part,
    /// Where, if it is a lane's.
    pub lane: Option<LaneName>,
    /// Whose, if it is a merchant's and there are several: its number in the site file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<u16>,
    /// Which of the site's systems, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemName>,
    /// Since when, where that is known.
    pub since: Option<Time>,
    /// When it ends, where it is a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// What something is wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The lane as a whole: somebody closed it.
    Lane,
    /// One of its devices.
    Device(Device),
    /// A thread of ours.
    Thread(Thread),
    /// The machine's clock.
    Clock,
    /// WeChat, or the way to it.
    Wechat,
    /// WeChat's real-name calls for mini-programs.
    Weixin,
    /// The site's system, or the way to it.
    Site,
    /// A certificate.
    Certificate(CertificateKind),
    /// The journal.
    Journal,
    /// A file of the state directory beside it.
    State,
    /// A collector of alarms.
    #[cfg(feature = "page")]
    Alarms,
}

/// A lane's name in the site file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LaneName(String);

/// A system's name in the site file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SystemName(String);

/// One of the site's systems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteStatus {
    /// Its name.
    pub name: SystemName,
    /// How it answered last.
    #[serde(flatten)]
    pub contact: ContactStatus,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneStatus {
    /// The lane's name.
    pub lane: LaneName,
    /// What it is for.
    #[serde(rename = "mode")]
    pub purpose: Purpose,
    /// It serves whoever comes.
    pub serves: bool,
    /// Why it does not.
    pub closed_by: Option<Code>,
    /// What switches, staff and the fire input have put it into.
    #[serde(rename = "modes")]
    pub out_of_service: Vec<OutOfServiceStatus>,
    /// What its panel shows.
    pub scene: SceneKind,
    /// What else stands there, but for what is a person's.
    #[serde(default)]
    pub picture: Option<Picture>,
    /// Visits that are open, those of people who have gone among them.
    pub open: u64,
    /// Devices that have failed since the start.
    pub devices: Vec<DeviceStatus>,
    /// Since when the roll is nearly out.
    pub paper_low: Option<Time>,
    /// How many browsers show its page, where it has one.
    #[serde(default)]
    pub viewers: Option<u32>,
    /// Its terminals.
    pub terminals: TerminalStatus,
    /// Visits by how they ended.
    pub results: Vec<ResultStatus>,
    /// Visits by the code they ended with.
    pub codes: Vec<CodeStatus>,
    /// Frames that had no effect, by why.
    pub refused: Vec<CodeStatus>,
}

/// A reason that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutOfServiceStatus {
    /// Why nobody is served.
    #[serde(rename = "mode")]
    pub why: OutOfService,
    /// Since when.
    pub since: Time,
}

/// A device that has failed since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// The device, by what it does for the lane.
    pub device: Device,
    /// What is wrong with it now.
    pub fault: Option<Code>,
    /// What was wrong with it last.
    pub last: Option<Code>,
    /// Since when it is as it is.
    pub since: Time,
    /// How often it failed.
    pub failures: u64,
}

/// A lane's terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalStatus {
    /// Connections of terminals that are open now.
    pub connected: u32,
    /// When the last frame came.
    pub heard: Option<Time>,
    /// Lines that are no frame (T201).
    pub garbled: u64,
    /// Lines that were too long (T202).
    pub oversize: u64,
    /// Wrong checksums (T203).
    pub checksum: u64,
    /// Unknown types (T204).
    pub unknown_type: u64,
    /// Frames beyond the allowed rate (T209).
    pub flood: u64,
    /// Connections without permission (T211).
    pub refused_peers: u64,
    /// Connections that did not take their answers.
    pub stalled: u64,
}

impl TerminalStatus {
    /// What terminals sent and nobody could read, by its code.
    pub(crate) fn refused(&self) -> [(&'static str, u64); 6] {
        [
            ("T201", self.garbled),
            ("T202", self.oversize),
            ("T203", self.checksum),
            ("T204", self.unknown_type),
            ("T209", self.flood),
            ("T211", self.refused_peers),
        ]
    }
}

/// Visits that ended so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultStatus {
    /// The end in one word.
    pub result: OutcomeResult,
    /// How many.
    pub count: u64,
    /// When last.
    pub last: Time,
}

/// What came to this code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeStatus {
    /// The operator code.
    pub code: Code,
    /// How many.
    pub count: u64,
    /// When last.
    pub last: Time,
}

/// How another side answered last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactStatus {
    /// When that was.
    pub at: Time,
    /// Why that was of no use.
    pub failed: Option<Code>,
    /// Since when all have ended so, well or not.
    pub since: Time,
}

/// One merchant's WeChat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WechatStatus {
    /// How it answered last; none before the first question.
    pub contact: Option<ContactStatus>,
    /// What it lets us ask for, as far as it has said.
    pub permission: Option<PermissionStatus>,
    /// Seconds that its clock is ahead of ours; 0 while ours will do.
    pub offset: i64,
    /// Which of its domains is in use.
    pub domain: Domain,
}

/// What WeChat said of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionStatus {
    /// What was asked for.
    pub asked: InfoType,
    /// It was granted.
    pub granted: bool,
    /// When that was.
    pub at: Time,
}

/// A domain of WeChat Pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// `base-url`
    Main,
    /// `backup-url`: the main one cannot be reached.
    Backup,
}

/// A certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// What the certificate is for.
    pub kind: CertificateKind,
    /// The merchant's, the lane's or the system's place in the site file, from 1.
    pub number: u16,
    /// When it ends.
    pub until: Time,
    /// Whole days left; negative when it has ended.
    pub days: i64,
}

/// Which certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// A merchant's own.
    Merchant,
    /// WeChat's, in certificate mode; renewed by itself.
    Platform,
    /// Ours towards terminals on the network.
    Terminals,
    /// Ours towards one of the site's systems, by its place in the site file.
    Site,
    /// The list of terminals' certificates that were taken back.
    List,
    /// Ours towards whoever looks at a page, where no lane has one.
    Pages,
    /// Ours towards the triage desk's browsers.
    Desk,
}

/// The journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalStatus {
    /// Records on their way to the disk.
    pub waiting: u64,
    /// What the site's system has still to be told or asked: who went through, and what was decided without it.
    #[serde(default)]
    pub outbox: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Bytes allowed.
    pub max_bytes: u64,
    /// Age of its oldest part, seconds.
    pub age: u64,
    /// The age at which that goes, seconds.
    pub max_age: u64,
    /// Why it cannot be written now.
    pub fault: Option<Code>,
    /// Since when that is so, or is not.
    pub since: Option<Time>,
    /// How often something could not be written.
    pub failures: u64,
    /// What was found at the start.
    pub salvaged: Option<Code>,
}

/// A thread, or several at one work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerStatus {
    /// The thread, by its work.
    pub thread: Thread,
    /// Whose, if it is a lane's.
    pub lane: Option<LaneName>,
    /// How long the longest piece of work under way has taken, milliseconds.
    pub busy_ms: u64,
    /// What waits for it.
    pub waiting: u64,
    /// It hangs.
    pub late: bool,
}

/// What a thread is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thread {
    /// The journal.
    Store,
    /// Gates, lights, buzzers.
    Outputs,
    /// Questions to WeChat.
    Lookup,
    /// What nobody waits for.
    Errand,
    /// Questions to the site's system about the past.
    Past,
    /// Tells the site's system who went through.
    Passages,
    /// Asks the site's system what became of decisions without it.
    #[cfg(feature = "hospital")]
    Settling,
    /// A lane's questions to the site's system.
    Checkin,
    /// A lane's panel.
    Panel,
    /// A lane's printer.
    Printer,
    /// A lane's voice.
    Voice,
}

impl SystemName {
    /// What the site file calls it, where there are several.
    pub(super) fn of(site: &super::sites::Site) -> Option<Self> {
        site.name.clone().map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LaneName {
    /// A lane's name is the only text in all of this, and comes from the site file alone.
    pub(super) fn of(hands: &super::carry::LaneHands) -> Self {
        Self(hands.name.clone())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
