//! A hospital's own interface: its template, and what the site gives it.

use std::{path::Path, sync::Arc};

use crate::{
    checkin::{ByTemplate, CheckInSettings, Given, Memory, RsaKey, Template},
    config::{Lane, Site},
    fault::{Code, Failure},
    files,
    http::Client,
    vault::SiteKey,
    words::Clock,
};

/// The longest secret, bytes.
const LONGEST: usize = 4096;

/// The longest template, bytes.
const LARGEST: usize = 256 * 1024;

/// Each hospital has a running number of its own.
pub(super) fn memory(site: &Site, settings: &CheckInSettings) -> Arc<Memory> {
    Arc::new(Memory::new(Some(site.state_dir.join(settings.file_of_its_own("hospital-serial")))))
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

/// A shipped template, or one of a file.
pub(crate) fn template(name: &str) -> Result<Template, Failure> {
    let text = match Template::shipped(name) {
        Some(text) => text.to_owned(),
        None if name.ends_with(".toml") || name.contains('/') => files::read_text(Path::new(name), LARGEST)
            .map_err(|error| Failure::new(Code::C101).told(error.to_string()))?,
        None => {
            let names = Template::names().collect::<Vec<_>>().join(", ");
            return Err(unusable(&format!("checkin.template is neither a path nor one of {names}")));
        }
    };
    Template::parse(&text).map_err(|what| unusable(&format!("{name}: {what}")))
}

/// What the site file gives it.
fn given(site: &Site, settings: &CheckInSettings) -> Result<Given, Failure> {
    let asks = |lane: &&Lane| site.checkins_of(lane).any(|asked| std::ptr::eq(asked, settings));
    let lanes = site.lane.iter().filter(asks);
    let secret = |(name, file): (&String, &files::Anchored)| {
        let bytes = files::read_secret_line(file, LONGEST).map_err(of_file)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Failure::new(Code::K401).told(format!("checkin.secrets.{name} is no text")))?;
        Ok::<_, Failure>((name.clone(), zeroize::Zeroizing::new(text.to_owned())))
    };
    let rsa = settings.rsa_key.as_ref().map(|file| SiteKey::read(site.keys.engine, file)).transpose()?;
    Ok(Given {
        url: settings.url.clone().unwrap_or_default(),
        values: settings.values.clone(),
        lanes: lanes.map(|lane| (lane.name.clone(), lane.values.clone())).collect(),
        secrets: settings.secrets.iter().map(secret).collect::<Result<_, _>>()?,
        rsa: rsa.map(|key| Box::new(move |message: &[u8]| key.sign(message)) as RsaKey),
        utc_offset: settings.utc_offset,
        reset_at: settings.reset_at,
    })
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
