//! Today's expected people: where their list lies, and by what it is judged.

use std::{path::PathBuf, sync::Arc};

use super::hospital;
use crate::{
    checkin::{
        CheckInSettings,
        roster::{Lists, Roster, RosterKey, Source, Verify},
    },
    config::Site,
    fault::{Code, Failure},
    files::Anchored,
    http::{Client, Route},
    vault::SitePublicKey,
    words::Clock,
};

/// The list of a system's people, where there is one. `lists`: those of the settings before.
pub(crate) fn roster(
    site: &Site,
    settings: &CheckInSettings,
    clock: &Arc<dyn Clock>,
    lists: &Arc<Lists>,
) -> Result<Option<Roster>, Failure> {
    let (Some(place), Some(key), Some(public)) = (&settings.roster, &settings.roster_key, &settings.roster_public_key)
    else {
        return Ok(None);
    };
    let source = match place.starts_with("https://") {
        false => Source::File(PathBuf::from(place)),
        true => Source::Url {
            url: place.clone(),
            client: Client::open(&Route { max_idle: 1, ..settings.route(1) }, Arc::clone(clock))?,
            kept: site.state_dir.join(settings.file_of_its_own("roster")),
        },
    };
    let (key, day) = (read_key(key)?, (settings.utc_offset, settings.reset_at));
    let public = SitePublicKey::read(public)?;
    let signer = public.id();
    let verify: Verify = Box::new(move |message, signature| public.verifies(message, signature));
    Ok(Some(Roster::new(source, key, verify, day, Arc::clone(clock)).going_on(Arc::clone(lists), signer)))
}

/// The key of the people's HMAC.
pub(crate) fn read_key(file: &Anchored) -> Result<RosterKey, Failure> {
    let too_short = || Failure::new(Code::K401).told(format!("{}: shorter than 16 bytes", file.display()));
    RosterKey::read(file).map_err(hospital::of_file)?.ok_or_else(too_short)
}
