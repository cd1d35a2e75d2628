//! Site file → [`Site`]. Parsed, not validated afterwards: a value of these types is usable as it stands.
//!
//! Kebab-case TOML. Unknown keys and impossible values are refused with file and line; relative paths are relative to
//! the file. `lookup` needs only `[merchant]`, `[keys]` and `[wechatpay]`; everything else has a default.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

#[cfg(feature = "screen")]
use crate::board::{BrandFile, Colours};
#[cfg(feature = "network")]
use crate::terminal::Credentials;
#[cfg(feature = "page")]
use crate::{alarm, page};
use crate::{
    board::Simulated,
    checkin::{self, CheckInSettings},
    fault::{Code, Fault},
    files::{self, Anchored, FileError, MOST, Settings, WrongLine, within},
    identity::{self, AuthInfoSettings, Merchant, WechatPay, weixin::MiniProgram},
    kiosk::Privacy,
    store::JournalBounds,
    vault::KeyFiles,
    words::{InfoType, Purpose},
};

mod lane;
mod taken_over;
#[cfg(test)]
mod tests;

pub use lane::{Lane, Written};

/// Everything the operator sets.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Site {
    /// Who we are towards WeChat; at least one.
    #[serde(rename = "merchant")]
    pub merchants: Vec<Merchant>,
    /// Where the keys lie.
    pub keys: KeyFiles,
    /// How WeChat Pay is asked.
    #[serde(default)]
    pub wechatpay: WechatPay,
    /// The mini-program's real-name calls.
    pub weixin: Option<MiniProgram>,
    /// What face terminals ask for.
    pub authinfo: Option<AuthInfoSettings>,
    /// How terminals that come over the network are met.
    #[cfg(feature = "network")]
    pub terminals: Option<Credentials>,
    /// Where the pages of lanes with `panel = "page"` are.
    #[cfg(feature = "page")]
    #[serde(default)]
    pub page: page::Settings,
    /// Who is told what begins and ends to be wrong.
    #[cfg(feature = "page")]
    pub alarms: Option<alarm::Settings>,
    /// Where the triage desk is.
    #[cfg(feature = "page")]
    pub desk: Option<page::DeskSettings>,
    /// Who decides about people, and how they are asked; at least one.
    #[serde(rename = "checkin", default = "numbers_given_here")]
    pub checkins: Vec<CheckInSettings>,
    /// What of a name is shown, and for how long.
    #[serde(default)]
    pub privacy: Privacy,
    /// What holds for all gates.
    #[cfg(feature = "turnstile")]
    #[serde(default)]
    pub gates: crate::kiosk::Gates,
    /// What `run --capture` records.
    #[cfg(feature = "pilot")]
    #[serde(default)]
    pub capture: crate::capture::Settings,
    /// Bounds of the journal.
    #[serde(default)]
    pub journal: JournalBounds,
    /// Name of a shipped board, or path of a board file.
    #[serde(default = "default_board", deserialize_with = "files::name_or_path")]
    pub board: String,
    /// Journal, state and correlation key.
    #[serde(default = "default_state_dir")]
    pub state_dir: Anchored,
    /// Whose kiosk it is.
    #[cfg(feature = "screen")]
    pub brand: Option<BrandFile>,
    /// In which colours.
    #[cfg(feature = "screen")]
    #[serde(default)]
    pub palette: Colours,
    /// What the simulated board writes.
    #[serde(default)]
    pub simulated: Simulated,
    /// The lanes, in order.
    #[serde(default)]
    pub lane: Vec<Lane>,
}

/// Why a site file is not usable: file, line where there is one, and what is wrong. Values are not repeated.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is wrong.
    #[error(transparent)]
    Line(#[from] WrongLine),
    /// What a running daemon would take over does not fit what it keeps until a restart.
    #[error("{}: {what}, beside what stays as it was until a restart ({kept}): restart facemchd", file.display())]
    Running {
        /// The file's path.
        file: PathBuf,
        /// The settings that stay, by their names.
        kept: String,
        /// What does not fit.
        what: &'static str,
    },
    /// Two settings do not fit together.
    #[error("{}: {what}", file.display())]
    Together {
        /// The file's path.
        file: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
}

impl Fault for ConfigError {
    fn code(&self) -> Code {
        Code::C101
    }
}

impl Site {
    /// Reads and parses a site file, at most 1 MiB.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        Self::parse(file, &files::read_text(file, MOST)?)
    }

    /// Parses the text of a site file; `file` is for messages and relative paths.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let settings = Settings::parse(file, text, &["merchant", "checkin"])?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut site: Self = within(folder, || settings.read(file))?;
        for (lane, table) in site.lane.iter_mut().zip(settings.tables("lane")) {
            lane.written = lane::written(file, text, table);
        }
        site.fits_together().map_err(|what| ConfigError::Together { file: file.to_owned(), what })?;
        for lane in &site.lane {
            let what = lane.judged(site.judges(lane), site.info_type_of(lane));
            let line = lane.written.line("other-ways");
            what.map_err(|what| WrongLine { file: file.to_owned(), line, message: what.to_owned() })?;
        }
        Ok(site)
    }

    /// The first merchant; a site file without one is refused.
    pub(crate) fn first_merchant(&self) -> &Merchant {
        &self.merchants[0]
    }

    /// What all of [`Self::checkins`] have in common: the site's day.
    pub(crate) fn hours(&self) -> &CheckInSettings {
        &self.checkins[0]
    }

    /// The places of those who decide on this lane; the first where it names none.
    pub(crate) fn places_of(&self, lane: &Lane) -> Vec<usize> {
        let place = |name| self.checkins.iter().position(|checkin| checkin.name.as_deref() == Some(name));
        let named: Vec<usize> = lane.checkin.iter().filter_map(|name| place(name.as_str())).collect();
        if named.is_empty() { vec![0] } else { named }
    }

    /// Those who decide on this lane.
    pub(crate) fn checkins_of(&self, lane: &Lane) -> impl Iterator<Item = &CheckInSettings> {
        self.places_of(lane).into_iter().map(|place| &self.checkins[place])
    }

    /// Whether they judge what WeChat has not.
    pub(crate) fn judges(&self, lane: &Lane) -> bool {
        self.checkins_of(lane).all(|checkin| checkin.adapter.judges())
    }

    /// How long people wait there for them alone, where that is said.
    pub(crate) fn site_patience(&self, lane: &Lane) -> Option<Duration> {
        self.checkins_of(lane).filter_map(|checkin| checkin.patience).max()
    }

    /// This merchant's keys: its own, else those of `[keys]`.
    pub(crate) fn keys_of<'a>(&'a self, merchant: &'a Merchant) -> &'a KeyFiles {
        merchant.keys.as_ref().unwrap_or(&self.keys)
    }

    /// What WeChat is asked for about a face on this lane, and what of a person is shown and sent there. A transit lane
    /// has to do with names only where it says so itself, whatever lanes stand beside it.
    pub(crate) fn info_type_of(&self, lane: &Lane) -> InfoType {
        let of_site = || match lane.purpose {
            Purpose::Hospital => self.wechatpay.info_type.unwrap_or_default(),
            Purpose::Transit => InfoType::UnionId,
        };
        lane.info_type.unwrap_or_else(of_site)
    }

    /// What is asked for where nobody stands at a lane: the most that any lane asks for.
    pub fn info_type(&self) -> InfoType {
        let mut of_lanes = self.lane.iter().map(|lane| self.info_type_of(lane));
        match of_lanes.next() {
            None => self.wechatpay.info_type.unwrap_or_default(),
            Some(InfoType::UnionId) if of_lanes.all(|of_lane| of_lane == InfoType::UnionId) => InfoType::UnionId,
            Some(_) => InfoType::RealName,
        }
    }

    /// How many lookups at once.
    pub fn lookups(&self) -> usize {
        self.wechatpay.lookups(self.lane.len())
    }

    fn fits_together(&mut self) -> Result<(), &'static str> {
        self.wechatpay.fits_together()?;
        checkin::fit_together(&self.checkins)?;
        let real_name = self.info_type() == InfoType::RealName;
        identity::fit_together(&self.merchants, real_name, self.wechatpay.public_key.is_some(), &self.keys)?;
        if let Some(weixin) = &self.weixin {
            weixin.fits_together()?;
        }
        #[cfg(feature = "page")]
        self.desk.as_ref().map_or(Ok(()), page::DeskSettings::fits_together)?;
        #[cfg(feature = "page")]
        self.alarms.as_ref().map_or(Ok(()), alarm::Settings::fits_together)?;
        for (index, lane) in self.lane.iter().enumerate() {
            let earlier = &self.lane[..index];
            if earlier.iter().any(|other| other.name == lane.name) {
                return Err("two lanes have the same name");
            }
            if earlier.iter().any(|other| other.terminal == lane.terminal) {
                return Err("two lanes have the same terminal");
            }
            #[cfg(feature = "hospital")]
            lane.fits_without_site(self.checkins_of(lane), &self.checkins, &self.lane)?;
            lane.fits_without_wechat()?;
            #[cfg(feature = "network")]
            lane.is_met(self.terminals.as_ref())?;
            #[cfg(all(feature = "network", feature = "page"))]
            lane.page_is_met(&self.page.listen, self.terminals.as_ref())?;
            if lane.merchant.is_some() && !self.merchants.iter().any(|merchant| merchant.name == lane.merchant) {
                return Err("lane.merchant names no [[merchant]]");
            }
            let is_there = |name: &String| self.checkins.iter().any(|checkin| checkin.name.as_ref() == Some(name));
            if lane.checkin.is_empty() && self.checkins.len() > 1 {
                return Err("where there are several [[checkin]], each lane names its own");
            }
            if !lane.checkin.iter().all(is_there) {
                return Err("lane.checkin names no [[checkin]]");
            }
            if lane.checkin.len() > 1 && !self.checkins_of(lane).all(|checkin| checkin.adapter.lists()) {
                return Err("lane.checkin names several: they have a list only with adapter = \"template\"");
            }
        }
        let only_transit = !self.lane.is_empty() && self.lane.iter().all(|lane| lane.purpose == Purpose::Transit);
        if only_transit && self.wechatpay.info_type == Some(InfoType::RealName) {
            return Err("wechatpay.info-type is that of hospital lanes; transit lanes that ask for names say so \
                        themselves: info-type in [[lane]]");
        }
        Ok(())
    }
}

fn numbers_given_here() -> Vec<CheckInSettings> {
    vec![CheckInSettings::default()]
}

fn default_board() -> String {
    "simulated".to_owned()
}

fn default_state_dir() -> Anchored {
    Anchored::new("/var/lib/facemchd")
}
