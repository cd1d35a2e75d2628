//! A hospital's own interface: its template, and what the site gives it.

use std::{path::Path, sync::Arc};

use super::{SiteMemory, roster, series};
#[cfg(feature = "fhir")]
use crate::checkin::Fhir;
#[cfg(feature = "hl7")]
use crate::checkin::Hl7;
use crate::{
    checkin::{
        ByTemplate, CheckInSettings, Given, Local, LocalGiven, LocalMemory, Memory, Offline, RsaKey, Template,
        letters_of, roster::Roster,
    },
    config::{Lane, Site},
    fault::{Code, Failure},
    files,
    http::Client,
    store,
    vault::SiteKey,
    words::Clock,
};

/// The longest secret, bytes.
const LONGEST: usize = 4096;

/// The longest template, bytes.
const LARGEST: usize = 256 * 1024;

/// Each hospital has a running number of its own, and what was sent to it once.
pub(super) fn memory(site: &Site, settings: &CheckInSettings, correlator: &Arc<store::Correlator>) -> Arc<Memory> {
    let (file, correlator) = (site.state_dir.join(settings.file_of_its_own("hospital-serial")), Arc::clone(correlator));
    Arc::new(Memory::new(Some((file, Arc::new(move |what| correlator.seal(what))))))
}

/// The adapter of this one of the site's, which has asked nobody yet.
pub(crate) fn by_template(
    site: &Site,
    settings: &CheckInSettings,
    clock: &Arc<dyn Clock>,
    memory: Arc<Memory>,
) -> Result<ByTemplate, Failure> {
    let template = template(settings.template.as_deref().unwrap_or_default())?;
    let client = Client::open(&settings.route(site.lane.len()), Arc::clone(clock))?;
    let given = given(site, settings)?;
    given.fits(&template).map_err(|what| unusable(&what))?;
    Ok(ByTemplate::new(template, given, client, Arc::clone(clock), memory))
}

/// FHIR, which has asked nobody yet.
#[cfg(feature = "fhir")]
pub(crate) fn fhir(site: &Site, settings: &CheckInSettings, clock: &Arc<dyn Clock>) -> Result<Fhir, Failure> {
    let client = Client::open(&settings.route(site.lane.len()), Arc::clone(clock))?;
    let token = settings.fhir.token.as_ref().map(|file| text("checkin.fhir.token", file)).transpose()?;
    let (url, day) = (settings.url.clone().unwrap_or_default(), (settings.utc_offset, settings.reset_at));
    Ok(Fhir::new(settings.fhir.clone(), url, token, day, client, Arc::clone(clock)))
}

/// Who decides while the site's system is away. Numbers go on where the journal ends.
pub(super) fn offline(
    site: &Site,
    clock: &Arc<dyn Clock>,
    recovered: &store::Recovered,
    memory: &SiteMemory,
) -> Result<Offline, Failure> {
    let lanes = site.lane.iter().map(|lane| (lane.name.clone(), lane.offline, lane.offline_series.clone())).collect();
    let (all, salvages) = (series(site), recovered.epoch.saturating_sub(recovered.began_with));
    let had: Vec<_> = site.lane.iter().map(|lane| letters_of(&all, &lane.offline_series, salvages)).collect();
    let given = |given: &store::Given| {
        let had = &had[site.lane.iter().position(|lane| lane.name == given.lane)?];
        // The same person's number of the site's own is not the one that is to be verified.
        let letters = given.number.as_str().trim_end_matches(|c: char| c.is_ascii_digit());
        let is_ours = had.iter().any(|ours| ours == letters);
        Some(LocalGiven {
            series: had.first()?.clone(),
            at: given.at,
            epoch: given.epoch,
            number: given.number.clone(),
            person: given.person.map(|tag| tag.0).filter(|_| is_ours),
        })
    };
    let given = LocalMemory {
        began_with: recovered.began_with,
        given: recovered.given.iter().filter_map(given).collect(),
        epoch: recovered.epoch,
    };
    let numbers = Local::new(site.hours().clone(), all, given);
    Ok(Offline::new(lanes, list(site, clock, memory)?, numbers))
}

/// The list that counts while the site's system is away: the first there is.
pub(super) fn list(site: &Site, clock: &Arc<dyn Clock>, memory: &SiteMemory) -> Result<Option<Roster>, Failure> {
    let mut listed = site.checkins.iter().zip(&memory.rosters);
    match listed.find(|(settings, _)| settings.roster.is_some()) {
        Some((settings, lists)) => roster::roster(site, settings, clock, lists),
        None => Ok(None),
    }
}

/// HL7 version 2, which has told nobody yet.
#[cfg(feature = "hl7")]
pub(crate) fn hl7(settings: &CheckInSettings, clock: &Arc<dyn Clock>, memory: Arc<Memory>) -> Result<Hl7, Failure> {
    let (url, day) = (settings.url.as_deref().unwrap_or_default(), (settings.utc_offset, settings.reset_at));
    Ok(Hl7::open(settings.hl7.clone(), url, &settings.route(1), day, Arc::clone(clock), memory)?)
}

/// A shipped template, or one of a file.
pub(crate) fn template(name: &str) -> Result<Template, Failure> {
    let parse = |text: &str| Template::parse(text).map_err(|what| unusable(&format!("{name}: {what}")));
    #[cfg(feature = "sim")]
    if let Some(text) = Template::shipped(name) {
        return parse(text);
    }
    let file = files::by_path_or_name(name, "templates");
    if !file.exists() {
        let lies = "shipped templates lie in /usr/share/facemchd/templates, or give the path of a file";
        return Err(unusable(&format!("no template \"{name}\"; {lies}")));
    }
    parse(&files::read_text(&file, LARGEST).map_err(|error| Failure::new(Code::C101).told(error.to_string()))?)
}

/// What the site file gives it.
fn given(site: &Site, settings: &CheckInSettings) -> Result<Given, Failure> {
    let asks = |lane: &&Lane| site.checkins_of(lane).any(|asked| std::ptr::eq(asked, settings));
    let lanes = site.lane.iter().filter(asks);
    let mut secrets = Vec::new();
    for (name, file) in &settings.secrets {
        secrets.push((name.clone(), text(&format!("checkin.secrets.{name}"), file)?));
    }
    let rsa = settings.rsa_key.as_ref().map(|file| SiteKey::read(site.keys.engine, file)).transpose()?;
    Ok(Given {
        url: settings.url.clone().unwrap_or_default(),
        values: settings.values.clone(),
        lanes: lanes.map(|lane| (lane.name.clone(), lane.values.clone())).collect(),
        secrets,
        rsa: rsa.map(|key| Box::new(move |message: &[u8]| key.sign(message)) as RsaKey),
        utc_offset: settings.utc_offset,
        reset_at: settings.reset_at,
    })
}

/// A secret that is text.
fn text(name: &str, file: &Path) -> Result<zeroize::Zeroizing<String>, Failure> {
    let bytes = files::read_secret_line(file, LONGEST).map_err(of_file)?;
    let no_text = |_| Failure::new(Code::K401).told(format!("{name} is no text"));
    Ok(zeroize::Zeroizing::new(std::str::from_utf8(&bytes).map_err(no_text)?.to_owned()))
}

/// A secret's file, for the failure.
pub(super) fn of_file(error: files::FileError) -> Failure {
    let (code, cure) = match error.is_exposed() {
        true => (Code::K402, None),
        false => (Code::K401, error.cure()),
    };
    Failure::new(code).told(error.to_string()).cured_by(cure)
}

fn unusable(what: &str) -> Failure {
    Failure::new(Code::C101).told(what.to_owned())
}
