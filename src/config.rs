//! Site file → [`Site`]. Parsed, not validated afterwards: a value of these types is usable as it stands.
//!
//! Kebab-case TOML. Unknown keys and impossible values are refused with file and line; relative paths are relative to
//! the file. `lookup` needs only `[merchant]`, `[keys]` and `[wechatpay]`; everything else has a default.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use crate::{
    fault::{Code, Fault},
    files::{self, FileError},
    words::{InfoType, NameStyle, Purpose},
};

mod anchored;
mod authinfo;
mod lane;
mod merchant;
#[cfg(feature = "network")]
mod terminals;
#[cfg(test)]
mod tests;
mod values;
mod wechatpay;
mod weixin;

pub use anchored::Anchored;
pub use authinfo::AuthInfo;
pub use lane::{Lane, OtherWay, PanelPlace, Place, Terminal, Written};
pub use merchant::Merchant;
#[cfg(feature = "network")]
pub use terminals::Terminals;
pub(crate) use values::name;
use wechatpay::{BACKUP_DOMAIN, MAIN_DOMAIN};
pub use wechatpay::{Charset, Padding, Proxy, WechatPay};
pub use weixin::{Token, Weixin};

/// Everything the operator sets.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Site {
    /// Who we are towards WeChat; at least one.
    #[serde(rename = "merchant")]
    pub merchants: Vec<Merchant>,
    /// Where the keys lie.
    pub keys: Keys,
    /// How WeChat Pay is asked.
    #[serde(default)]
    pub wechatpay: WechatPay,
    /// The mini-program's real-name calls.
    pub weixin: Option<Weixin>,
    /// What face terminals ask for.
    pub authinfo: Option<AuthInfo>,
    /// How terminals that come over the network are met.
    #[cfg(feature = "network")]
    pub terminals: Option<Terminals>,
    /// How the site's own system is asked.
    #[serde(default)]
    pub checkin: CheckIn,
    /// What of a name is shown, and for how long.
    #[serde(default)]
    pub privacy: Privacy,
    /// Bounds of the journal.
    #[serde(default)]
    pub journal: Journal,
    /// Name of a shipped board, or path of a board file.
    #[serde(default = "default_board", deserialize_with = "anchored::name_or_path")]
    pub board: String,
    /// Journal, state and correlation key.
    #[serde(default = "default_state_dir")]
    pub state_dir: Anchored,
    /// What the simulated board writes.
    #[serde(default)]
    pub simulated: Simulated,
    /// The lanes, in order.
    #[serde(default)]
    pub lane: Vec<Lane>,
}

/// `[keys]`. PEM files, readable by the daemon's user alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Keys {
    /// Private key of `mchid`.
    pub sign: Anchored,
    /// Private key that opens names: the sub-merchant's in service-provider mode. Default: the sign key.
    pub decrypt: Option<Anchored>,
    /// File with the 32 characters of the APIv3 key; needed in certificate mode only.
    pub apiv3: Option<Anchored>,
    /// Certificate that belongs to the sign key, to be compared with it.
    pub certificate: Option<Anchored>,
    /// Which implementation carries the keys.
    #[serde(default)]
    pub engine: Engine,
}

/// `keys.engine`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// AWS-LC, constant time.
    #[default]
    AwsLcRs,
    /// RustCrypto's `rsa`, blinded; in builds with feature `rustcrypto`.
    Rsa,
}

/// `[checkin]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct CheckIn {
    /// Who decides.
    pub adapter: Adapter,
    /// Local time at which a day of business begins and numbers start again, `HH:MM`.
    #[serde(deserialize_with = "values::time_of_day")]
    pub reset_at: u16,
    /// The site's offset from UTC, `+HH:MM`.
    #[serde(deserialize_with = "values::utc_offset")]
    pub utc_offset: i32,
    /// `http`: base address of the site's system, `https://host[:port][/path]`.
    #[serde(deserialize_with = "values::some_https")]
    pub url: Option<String>,
    /// `http`: certificates to trust instead of the system's.
    pub ca_file: Option<Anchored>,
    /// `http`: file with the key of the requests' HMAC.
    pub hmac_key: Option<Anchored>,
    /// `http`: client certificate chain, PEM; together with `client-key`.
    pub client_certificate: Option<Anchored>,
    /// `http`: key of the client certificate, PEM.
    pub client_key: Option<Anchored>,
    /// `http`: how long after a question the site's system may take to show the session, 0–600000; before that a 404 of
    /// its GET is "not yet".
    #[serde(rename = "settle-ms", deserialize_with = "values::settle")]
    pub settle: Duration,
}

/// `checkin.adapter`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adapter {
    /// Numbers are given here; transit lanes admit.
    #[default]
    Local,
    /// The site's system is asked over HTTPS.
    Http,
}

impl Adapter {
    /// Whether it judges what WeChat has not: a voucher, a document that was only read.
    pub fn judges(self) -> bool {
        self == Self::Http
    }
}

/// `[privacy]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Privacy {
    /// The name on the panel.
    pub panel_name: NameStyle,
    /// The name on the slip.
    pub slip_name: NameStyle,
    /// How long a name stands after use, 1000–60000.
    #[serde(rename = "wipe-after-ms", deserialize_with = "values::patience")]
    pub wipe_after: Duration,
}

/// `[journal]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Journal {
    /// Records older than this may go, `190d`; whole days.
    #[serde(deserialize_with = "values::days")]
    pub max_age: Duration,
    /// The journal's size on disk, at least 1 MiB.
    #[serde(deserialize_with = "values::journal_bytes")]
    pub max_bytes: u64,
}

/// `[simulated]`: only for the simulated board.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Simulated {
    /// Folder for what the twins saw.
    pub out: Option<Anchored>,
    /// Write whole names into that folder.
    pub allow_names: bool,
}

/// Why a site file is not usable: file, line where there is one, and what is wrong. Values are not repeated.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is wrong.
    #[error("{}:{line}: {message}", file.display())]
    Line {
        /// The file's path.
        file: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong, and what is allowed.
        message: String,
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
        let mut written = Vec::new();
        let parsed = DeTable::parse(text).and_then(|mut table| {
            one_is_many(table.get_mut(), "merchant");
            written = lane::written(file, text, table.get_ref());
            let folder = file.parent().unwrap_or(Path::new(""));
            anchored::within(folder, || Self::deserialize(toml::de::Deserializer::from(table)))
        });
        let mut site = parsed.map_err(|error| ConfigError::Line {
            file: file.to_owned(),
            line: line_of(text, error.span()),
            message: error.message().to_owned(),
        })?;
        for (lane, written) in site.lane.iter_mut().zip(written) {
            lane.written = written;
        }
        site.fits_together().map_err(|what| ConfigError::Together { file: file.to_owned(), what })?;
        for lane in &site.lane {
            let what = lane.judged(site.checkin.adapter, site.info_type_of(lane));
            let line = lane.written.line("other-ways");
            what.map_err(|what| ConfigError::Line { file: file.to_owned(), line, message: what.to_owned() })?;
        }
        if site.wechatpay.base_url == MAIN_DOMAIN {
            site.wechatpay.backup_url.get_or_insert_with(|| BACKUP_DOMAIN.to_owned());
        }
        Ok(site)
    }

    /// The first merchant; a site file without one is refused.
    pub fn first_merchant(&self) -> &Merchant {
        &self.merchants[0]
    }

    /// This merchant's keys: its own, else those of `[keys]`.
    pub fn keys_of<'a>(&'a self, merchant: &'a Merchant) -> &'a Keys {
        merchant.keys.as_ref().unwrap_or(&self.keys)
    }

    /// What WeChat is asked for about a face on this lane, and what of a person is shown and sent there. A transit lane
    /// has to do with names only where it says so itself, whatever lanes stand beside it.
    pub fn info_type_of(&self, lane: &Lane) -> InfoType {
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

    /// How many lookups at once: what is set, else one for each lane; two at least, so that a person who has gone keeps
    /// nobody waiting.
    pub fn lookups(&self) -> usize {
        self.wechatpay.concurrency.unwrap_or_else(|| self.lane.len().clamp(2, *values::LOOKUPS.end()))
    }

    /// The tables of this site file whose settings differ from those a daemon was started with and need a restart:
    /// lanes, board, and what was shared out at the start.
    pub fn needs_restart(&self, started: &Self) -> Vec<&'static str> {
        let debug = |of: &dyn std::fmt::Debug| format!("{of:?}");
        let wiring = |site: &Self| site.lane.iter().map(Lane::wiring).collect::<Vec<_>>();
        let mut changed = Vec::new();
        let mut compare = |name, new: &dyn std::fmt::Debug, old: &dyn std::fmt::Debug| {
            if debug(new) != debug(old) {
                changed.push(name);
            }
        };
        // Whoever adds a table says whether a running daemon takes it over.
        let Self {
            board,
            state_dir,
            privacy,
            journal,
            simulated,
            // Named below in part.
            wechatpay: _,
            checkin: _,
            lane: _,
            // Taken over.
            merchants: _,
            keys: _,
            weixin: _,
            authinfo: _,
            #[cfg(feature = "network")]
                terminals: _,
        } = self;
        compare("board", board, &started.board);
        compare("state-dir", state_dir, &started.state_dir);
        compare("[privacy]", privacy, &started.privacy);
        compare("[journal]", journal, &started.journal);
        compare("[simulated]", simulated, &started.simulated);
        compare("[[lane]]", &wiring(self), &wiring(started));
        let asked = |site: &Self| site.lane.iter().map(|lane| site.info_type_of(lane)).collect::<Vec<_>>();
        compare("info-type", &asked(self), &asked(started));
        let shared = |site: &Self| (site.lookups(), site.wechatpay.patience);
        compare("wechatpay.concurrency and patience-ms", &shared(self), &shared(started));
        if (self.checkin.adapter, started.checkin.adapter) != (Adapter::Http, Adapter::Http) {
            compare("[checkin]", &self.checkin, &started.checkin);
        } else {
            // The slips' times.
            compare("checkin.utc-offset", &self.checkin.utc_offset, &started.checkin.utc_offset);
        }
        changed
    }

    fn fits_together(&self) -> Result<(), &'static str> {
        if self.wechatpay.public_key.is_some() != self.wechatpay.public_key_id.is_some() {
            return Err("wechatpay.public-key and public-key-id go together");
        }
        let real_name = self.info_type() == InfoType::RealName;
        merchant::fit_together(&self.merchants, real_name, self.wechatpay.public_key.is_some(), &self.keys)?;
        if self.checkin.adapter == Adapter::Http && self.checkin.url.is_none() {
            return Err("checkin.adapter = \"http\" needs checkin.url");
        }
        if let Some(weixin) = &self.weixin {
            weixin.fits_together()?;
        }
        if self.checkin.client_certificate.is_some() != self.checkin.client_key.is_some() {
            return Err("checkin.client-certificate and client-key go together");
        }
        if cfg!(not(feature = "rustcrypto"))
            && self.merchants.iter().any(|merchant| self.keys_of(merchant).engine == Engine::Rsa)
        {
            return Err("keys.engine = \"rsa\" needs a build with feature rustcrypto");
        }
        for (index, lane) in self.lane.iter().enumerate() {
            let earlier = &self.lane[..index];
            if earlier.iter().any(|other| other.name == lane.name) {
                return Err("two lanes have the same name");
            }
            if earlier.iter().any(|other| other.terminal == lane.terminal) {
                return Err("two lanes have the same terminal");
            }
            #[cfg(feature = "network")]
            if lane.terminal.is_networked() {
                terminals::fit_together(self.terminals.as_ref(), lane)?;
            }
            if lane.merchant.is_some() && !self.merchants.iter().any(|merchant| merchant.name == lane.merchant) {
                return Err("lane.merchant names no [[merchant]]");
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

impl Default for CheckIn {
    fn default() -> Self {
        Self {
            adapter: Adapter::Local,
            reset_at: 0,
            utc_offset: 8 * 3600,
            url: None,
            ca_file: None,
            hmac_key: None,
            client_certificate: None,
            client_key: None,
            settle: Duration::from_secs(120),
        }
    }
}

impl Default for Privacy {
    fn default() -> Self {
        Self { panel_name: NameStyle::Masked, slip_name: NameStyle::Masked, wipe_after: Duration::from_secs(5) }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(190 * 86_400), max_bytes: 64 << 20 }
    }
}

/// `[name]` is the only one of `[[name]]`: the rest of the program knows only the latter.
pub(crate) fn one_is_many(file: &mut DeTable<'_>, name: &str) {
    let Some(one) = file.get_mut(name).filter(|one| one.get_ref().is_table()) else { return };
    let span = one.span();
    let table = std::mem::replace(one, Spanned::new(span, DeValue::Array(DeArray::new())));
    if let DeValue::Array(many) = one.get_mut() {
        many.push(table);
    }
}

/// The line, from 1, at which a span begins.
pub(crate) fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start).min(text.len());
    text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// A site or board file of more than this is none, bytes: a thousand merchants need half of it.
pub(crate) const MOST: usize = 1 << 20;

fn default_board() -> String {
    "simulated".to_owned()
}

fn default_state_dir() -> Anchored {
    Anchored::new("/var/lib/facemchd")
}
