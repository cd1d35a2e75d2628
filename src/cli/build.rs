//! Site file → the settings of every room. The only place that knows both sides.

#[cfg(feature = "hospital")]
pub(super) mod hospital;
mod kept;
mod lanes;
#[cfg(feature = "page")]
mod pages;
mod phrases;
#[cfg(feature = "hospital")]
pub(super) mod roster;
mod terminals;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

#[cfg(all(feature = "page", feature = "voice"))]
pub(super) use self::pages::page_speaks;
#[cfg(feature = "page")]
pub(super) use self::pages::{door, is_served};
use self::terminals::terminals;
pub(super) use self::{phrases::phrases, terminals::terminal_settings};
use super::{Ending, permission::PermissionFile, wires::LaneDevices};
use crate::{
    board::PanelPlace,
    checkin::{self, Adapter, CheckIn, CheckInSettings, Reach, Systems},
    config::{Lane, Site},
    fault::{Code, Failure},
    http,
    identity::{
        self, AuthInfoSettings, FaceSettings, Merchant, WechatClock,
        weixin::{MiniProgram, Weixin},
    },
    kiosk::Phrases,
    service::{LanePart, PanelPart, Parts, Reloaded},
    store,
    vault::{self, KeysRead, Vault},
    words::{Clock, Quiet, WallTime},
};

/// Platform certificates in the state, as a JSON list of PEM texts.
struct Certificates(store::State);

impl identity::CertificateCache for Certificates {
    fn load(&self) -> Vec<String> {
        self.0.get(CERTIFICATES).and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn save(&self, pems: &[String]) {
        if let Ok(bytes) = serde_json::to_vec(pems) {
            self.0.put(CERTIFICATES, &bytes);
        }
    }
}

/// Their key in the state.
const CERTIFICATES: &str = "platform-certificates";

/// Up to which record the site's system was told who went through.
const PASSAGES: &str = "passages-told";

/// From which record on decisions without the site's system are matched.
#[cfg(feature = "hospital")]
const PROVISIONAL: &str = "provisional-settled";

/// What adapters keep while the site file is read again: the numbers given here, each hospital's sessions, and the lists
/// of expected people.
struct SiteMemory {
    local: Option<Arc<dyn CheckIn>>,
    #[cfg(feature = "hospital")]
    hospitals: Vec<Arc<checkin::Memory>>,
    #[cfg(feature = "hospital")]
    rosters: Vec<Arc<checkin::roster::Lists>>,
}

impl SiteMemory {
    fn of(site: &Site, recovered: &store::Recovered, correlator: &Arc<store::Correlator>) -> Self {
        let is_here = |settings: &CheckInSettings| settings.adapter == Adapter::Local;
        #[cfg(not(feature = "hospital"))]
        let _ = correlator;
        Self {
            local: site.checkins.iter().position(is_here).map(|place| local(site, place, recovered)),
            #[cfg(feature = "hospital")]
            hospitals: site.checkins.iter().map(|settings| hospital::memory(site, settings, correlator)).collect(),
            #[cfg(feature = "hospital")]
            rosters: site.checkins.iter().map(|_| Arc::default()).collect(),
        }
    }

    /// One that leaves a running daemon's alone.
    #[cfg(feature = "hospital")]
    fn of_nobody(site: &Site) -> Self {
        let nothing = |_: &CheckInSettings| Arc::new(checkin::Memory::new(None));
        let rosters = site.checkins.iter().map(|_| Arc::default()).collect();
        Self { local: None, hospitals: site.checkins.iter().map(nothing).collect(), rosters }
    }
}

/// Opens journal, state, keys and adapters for the loop. `file` is read again on SIGHUP; the journal is written through
/// whatever `disk` puts before its folder.
pub(super) fn parts(
    lock: store::StateLock,
    file: &Path,
    site: &Site,
    clock: Arc<dyn Clock>,
    devices: Vec<LaneDevices>,
    disk: impl FnOnce(Box<dyn store::Disk>) -> Box<dyn store::Disk>,
) -> Result<Parts, Ending> {
    let correlator = Arc::new(store::Correlator::open(&site.state_dir)?);
    let names: Vec<String> = site.lane.iter().map(|lane| lane.name.clone()).collect();
    let (state, damaged) = store::State::open(&site.state_dir);
    let now = clock.stamp();
    let whose = (&names[..], Arc::clone(&correlator));
    let (journal, recovered) = store::Journal::open_through(lock, disk, &site.journal, whose, &state, now)?;
    let salvaged = recovered.salvaged.as_ref().map(|salvage| Failure::new(Code::J501).told(salvage.to_string()));
    let damaged = damaged.map(|error| Failure::new(Code::J504).told(Code::J504.summary()).because(error));
    // SIGHUP may ask for them later.
    let hears = site.checkins.iter().any(|settings| settings.adapter.may_hear_passages());
    let passages = hears.then(|| store::Collector::open(&site.state_dir, state.clone(), PASSAGES, now.at));
    #[cfg(feature = "hospital")]
    let provisional = site.lane.iter().any(|lane| lane.offline != checkin::WithoutSite::Staff);
    #[cfg(feature = "hospital")]
    let provisional = provisional.then(|| store::Collector::open(&site.state_dir, state.clone(), PROVISIONAL, now.at));
    let cache = Arc::new(Certificates(state));
    let merchants = Arc::new(merchants(site, &clock, &(Arc::clone(&cache) as _))?);
    let memory = SiteMemory::of(site, &recovered, &correlator);
    #[cfg(feature = "hospital")]
    let damaged: Vec<Failure> =
        damaged.into_iter().chain(memory.hospitals.iter().filter_map(|memory| memory.damaged())).collect();
    let checkin = systems(site, &clock, &memory)?;
    #[cfg(feature = "hospital")]
    let deputy = Arc::new(hospital::offline(site, &clock, &recovered, &memory)?);
    #[cfg(not(feature = "hospital"))]
    let deputy = Arc::new(checkin::Nobody);
    #[cfg(feature = "hospital")]
    let renew = Arc::clone(&deputy);
    let spoken: Vec<_> = devices.iter().map(|devices| Arc::clone(&devices.phrases)).collect();
    let kept = kept::Kept::of(site);
    let read = reload(file.to_owned(), site.clone(), Arc::clone(&clock), cache, memory);
    let reload = Box::new(move || {
        let read = read()?;
        #[cfg(feature = "hospital")]
        renew.renew(read.roster);
        let mut reloaded = read.reloaded;
        if !spoken.iter().zip(&read.phrases).all(|(said, fresh)| said.becomes(fresh)) {
            reloaded.kept.push("phrases");
        }
        reloaded.kept.extend(kept.changed());
        Ok(reloaded)
    });
    Ok(Parts {
        kiosk: lanes::settings(site, &devices)?,
        unfinished: recovered.unfinished,
        journal,
        salvaged: salvaged.into_iter().chain(damaged).collect(),
        correlator,
        merchants,
        lookup_workers: site.lookups(),
        patience: site.wechatpay.patience,
        site_patience: site
            .lane
            .iter()
            .filter_map(|lane| site.site_patience(lane))
            .max()
            .unwrap_or(site.wechatpay.patience),
        checkin,
        deputy,
        passages,
        #[cfg(feature = "hospital")]
        provisional,
        staff: Some(site.state_dir.to_path_buf()),
        lanes: lanes(site, devices),
        #[cfg(feature = "page")]
        pages: door(site)?,
        #[cfg(feature = "page")]
        alarms: site.alarms.as_ref().map(|alarms| crate::alarm::Alarms::open(alarms, &(Arc::clone(&clock) as _))),
        #[cfg(feature = "page")]
        day: crate::service::DayRule { utc_offset: site.hours().utc_offset, reset_at: site.hours().reset_at },
        tap: None,
        reload,
        clock,
    })
}

/// A merchant's keys, opened and compared with what the site file says of them.
pub(super) fn vault(site: &Site, merchant: &Merchant, read: &mut KeysRead) -> Result<Vault, Failure> {
    Vault::open_beside(merchant.signer(), site.keys_of(merchant), read).map_err(|error| match &merchant.name {
        Some(name) => Failure::from(error).within(format!("merchant {name}")),
        None => error.into(),
    })
}

/// The client that all merchants share.
pub(super) fn wechat_client(site: &Site, clock: &Arc<dyn Clock>) -> Result<http::Client, Failure> {
    http::Client::open(&wechat_route(site), Arc::clone(clock)).map_err(Failure::from)
}

/// A merchant's lookup with everything it needs.
pub(super) fn face_lookup(
    site: &Site,
    merchant: &Merchant,
    client: &http::Client,
    clock: &Arc<WechatClock>,
    cache: Arc<dyn identity::CertificateCache>,
    read: &mut KeysRead,
) -> Result<identity::FaceLookup, Failure> {
    let vault = Arc::new(vault(site, merchant, read)?);
    let wechatpay = &site.wechatpay;
    let public_key = match (&wechatpay.public_key_id, &wechatpay.public_key) {
        (Some(id), Some(file)) => Some((id.clone(), vault::PublicKey::read(file)?)),
        _ => None,
    };
    let (wechatpay, merchant) = (wechatpay.clone(), merchant.clone());
    let settings = FaceSettings { wechatpay, merchant, info_type: site.info_type(), public_key };
    Ok(identity::FaceLookup::new(settings, vault, client.clone(), Arc::clone(clock), cache))
}

/// Every way in that the site has, for every merchant.
pub(super) fn merchants(
    site: &Site,
    clock: &Arc<dyn Clock>,
    cache: &Arc<dyn identity::CertificateCache>,
) -> Result<identity::Merchants, Failure> {
    let client = wechat_client(site, clock)?;
    let clock = &WechatClock::new(Arc::clone(clock));
    let weixin = site.weixin.as_ref().map(|settings| weixin_calls(site, settings, clock)).transpose()?.map(Arc::new);
    let authinfo_client = site.authinfo.as_ref().map(|settings| authinfo_client(site, settings, clock)).transpose()?;
    let permissions = PermissionFile::of(&site.state_dir);
    let mut read = KeysRead::default();
    let open = |merchant| {
        let face = face_lookup(site, merchant, &client, clock, Arc::clone(cache), &mut read)?;
        let face = Arc::new(face.with_permission_log(permissions.log_of(merchant)));
        let authinfo = match (&site.authinfo, &authinfo_client) {
            (Some(settings), Some(client)) => Some(Arc::new(authinfo(merchant, settings, client, clock)?)),
            _ => None,
        };
        let ways = identity::Ways { face, weixin: weixin.clone(), authinfo };
        Ok::<_, Failure>((merchant, ways))
    };
    let merchants = site.merchants.iter().map(open).collect::<Result<_, _>>()?;
    let lanes: Vec<_> = site.lane.iter().map(|lane| lane.merchant.clone()).collect();
    Ok(identity::Merchants::new(merchants, &lanes))
}

fn authinfo_client(
    site: &Site,
    settings: &AuthInfoSettings,
    clock: &Arc<WechatClock>,
) -> Result<http::Client, Failure> {
    http::Client::open(&settings.route(wechat_route(site)), clock.shared()).map_err(Failure::from)
}

/// What face terminals ask for.
fn authinfo(
    merchant: &Merchant,
    settings: &AuthInfoSettings,
    client: &http::Client,
    clock: &Arc<WechatClock>,
) -> Result<identity::AuthInfo, Failure> {
    let key = vault::ApiV2Key::read(&settings.key)?;
    Ok(identity::AuthInfo::new(settings.clone(), merchant.clone(), key, client.clone(), Arc::clone(clock)))
}

/// The way to WeChat.
pub(super) fn wechat_route(site: &Site) -> http::Route {
    site.wechatpay.route(site.lane.len())
}

/// The mini-program's calls.
pub(super) fn weixin(site: &Site, clock: &Arc<dyn Clock>) -> Result<Weixin, Failure> {
    let none = || Failure::new(Code::C101).told("the site file has no [weixin]");
    let settings = site.weixin.as_ref().ok_or_else(none)?;
    weixin_calls(site, settings, &WechatClock::new(Arc::clone(clock)))
}

fn weixin_calls(site: &Site, program: &MiniProgram, clock: &Arc<WechatClock>) -> Result<Weixin, Failure> {
    let client = http::Client::open(&program.route(wechat_route(site)), clock.shared())?;
    let vault = program.keys(site.keys.engine).map(|(signer, files)| Vault::open(signer, &files)).transpose()?;
    program.look()?;
    Ok(Weixin::new(program.clone(), vault.map(Arc::new), client, Arc::clone(clock)))
}

/// Whoever decides, and on which lanes.
fn systems(site: &Site, clock: &Arc<dyn Clock>, memory: &SiteMemory) -> Result<Systems, Failure> {
    let all = (0..site.checkins.len()).map(|place| system(site, place, clock, memory)).collect::<Result<_, _>>()?;
    let names = site.checkins.iter().filter_map(|settings| settings.name.clone()).collect();
    let ends = site.checkins.iter().map(certificate_end).collect::<Result<_, _>>()?;
    let systems = Systems::new(all, site.lane.iter().map(|lane| site.places_of(lane)).collect(), clock);
    Ok(systems.named(names).showing(ends))
}

/// When the certificate ends that we show one of the site's systems, where we show one.
pub(super) fn certificate_end(settings: &CheckInSettings) -> Result<Option<WallTime>, Failure> {
    Ok(settings.client_certificate.as_deref().map(http::first_end).transpose()?.flatten())
}

/// One of them.
fn system(site: &Site, place: usize, clock: &Arc<dyn Clock>, memory: &SiteMemory) -> Result<Arc<dyn CheckIn>, Failure> {
    let settings = &site.checkins[place];
    let reach = || Arc::clone(clock);
    Ok(match settings.adapter {
        Adapter::Local => memory.local.clone().ok_or(Code::X001)?,
        Adapter::Http => Arc::new(Reach::over(http_checkin(site, settings, clock)?, reach())),
        #[cfg(feature = "hospital")]
        Adapter::Template => {
            let memory = Arc::clone(&memory.hospitals[place]);
            Arc::new(Reach::over(hospital::by_template(site, settings, clock, memory)?, reach()))
        }
        #[cfg(feature = "fhir")]
        Adapter::Fhir => Arc::new(Reach::over(hospital::fhir(site, settings, clock)?, reach())),
        #[cfg(feature = "hl7")]
        Adapter::Hl7 => {
            let memory = Arc::clone(&memory.hospitals[place]);
            Arc::new(Reach::over(hospital::hl7(settings, clock, memory)?, reach()))
        }
        // It looks for its list itself.
        #[cfg(feature = "hospital")]
        Adapter::Roster => {
            let lists = &memory.rosters[place];
            Arc::new(roster::roster(site, settings, clock, lists)?.ok_or(Code::X001)?)
        }
    })
}

/// The numbers given here, as the journal remembers those of the lanes that have them.
fn local(site: &Site, place: usize, recovered: &store::Recovered) -> Arc<dyn CheckIn> {
    let lanes: Vec<&Lane> = site.lane.iter().filter(|lane| site.places_of(lane) == [place]).collect();
    let given = recovered.given.iter().filter_map(|given| {
        let lane = lanes.iter().find(|lane| lane.name == given.lane)?;
        Some(checkin::LocalGiven {
            series: lane.series.clone(),
            at: given.at,
            epoch: given.epoch,
            number: given.number.clone(),
            person: given.person.map(|tag| tag.0),
        })
    });
    let memory =
        checkin::LocalMemory { began_with: recovered.began_with, given: given.collect(), epoch: recovered.epoch };
    Arc::new(checkin::Local::new(site.checkins[place].clone(), series(site), memory))
}

/// The series of all numbers given here, those that are to be verified among them: no other has their letters.
fn series(site: &Site) -> Vec<String> {
    let series = site.lane.iter().map(|lane| lane.series.clone());
    #[cfg(feature = "hospital")]
    let series = series.chain(site.lane.iter().map(|lane| lane.offline_series.clone()));
    series.collect()
}

pub(super) fn http_checkin(
    site: &Site,
    settings: &CheckInSettings,
    clock: &Arc<dyn Clock>,
) -> Result<checkin::Http, Failure> {
    let client = http::Client::open(&settings.route(site.lane.len()), Arc::clone(clock))?;
    let url = settings.url.clone().unwrap_or_default();
    let adapter =
        checkin::Http::open(url, settings.hmac_key.as_deref(), settings.utc_offset, client, Arc::clone(clock))?;
    Ok(adapter.with_passages(settings.passages))
}

/// The lanes with their devices, in the site file's order.
fn lanes(site: &Site, devices: Vec<LaneDevices>) -> Vec<LanePart> {
    site.lane
        .iter()
        .zip(devices)
        .enumerate()
        .map(|(index, (lane, devices))| LanePart {
            name: lane.name.clone(),
            purpose: lane.purpose,
            series: lane.series.clone(),
            terminal: terminal_settings(site, lane, index, Arc::clone(&devices.phrases)),
            panel: match (&lane.panel, devices.panel) {
                (Some(PanelPlace::Terminal), _) => PanelPart::Terminal,
                #[cfg(feature = "page")]
                (Some(PanelPlace::Page), _) => PanelPart::Page(pages::page(site, lane, index, devices.phrases)),
                (_, Some(panel)) => PanelPart::Board(panel),
                _ => PanelPart::None,
            },
            printer: devices.printer,
            gate: devices.gate,
            indicator: devices.indicator,
            inputs: devices.inputs,
            quiet: quiet(site, lane),
            #[cfg(feature = "voice")]
            voice: devices.voice,
            absent: devices.absent.iter().map(|(device, error)| (*device, error.code())).collect(),
        })
        .collect()
}

/// When a lane is quiet.
pub(super) fn quiet(site: &Site, lane: &Lane) -> Quiet {
    Quiet { hours: lane.quiet_hours, utc_offset: site.hours().utc_offset }
}

/// The lane's system beside a running daemon, where it is one that is asked.
#[cfg(feature = "hospital")]
pub(super) fn site_system(
    site: &Site,
    lane: &Lane,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<dyn CheckIn>>, Failure> {
    let place = site.places_of(lane)[0];
    let asks = site.checkins[place].adapter.asks();
    asks.then(|| system(site, place, clock, &SiteMemory::of_nobody(site))).transpose()
}

/// What SIGHUP has read.
struct Read {
    reloaded: Reloaded,
    phrases: Vec<Arc<Phrases>>,
    #[cfg(feature = "hospital")]
    roster: Option<checkin::roster::Roster>,
}

fn reload(
    file: PathBuf,
    started: Site,
    clock: Arc<dyn Clock>,
    cache: Arc<Certificates>,
    memory: SiteMemory,
) -> impl Fn() -> Result<Read, Failure> + Send + Sync {
    move || {
        let (site, kept) = Site::read(&file)?.taken_over(&started, &file)?;
        let merchants = merchants(&site, &clock, &(Arc::clone(&cache) as _))?;
        let checkin = systems(&site, &clock, &memory)?;
        let terminals = terminals(&site, &clock)?;
        let phrases = site.lane.iter().map(phrases).collect::<Result<_, _>>()?;
        let reloaded = Reloaded {
            merchants,
            checkin,
            terminals,
            #[cfg(feature = "page")]
            pages: pages::behind(&site, &clock)?,
            #[cfg(all(feature = "page", feature = "network"))]
            desk: site.desk.as_ref().map(|desk| desk.read(&clock)),
            kept,
        };
        Ok(Read {
            reloaded,
            phrases,
            #[cfg(feature = "hospital")]
            roster: hospital::list(&site, &clock, &memory)?,
        })
    }
}
