//! `facemchd roster make`: a list of today's expected people, for whoever gives it out. Needs no site file.

use std::{
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use time::format_description::well_known::Rfc3339;

use super::{
    Ending, build,
    phrases::{self, help},
};
use crate::{
    checkin::roster::{self, Making},
    fault::{Code, Failure, exit},
    files::{self, Anchored},
    service::SystemClock,
    vault::{EngineKind, SiteKey},
    words::Clock as _,
};

/// What is done with a list.
#[derive(clap::Subcommand)]
pub(super) enum Command {
    #[command(about = help::roster_make())]
    Make(Make),
}

/// Out of what, and for whom.
#[derive(clap::Args)]
pub(super) struct Make {
    #[arg(long, value_name = "CSV", help = help::roster_from())]
    from: PathBuf,
    #[arg(long, value_name = "DAY", help = help::roster_day())]
    day: String,
    #[arg(long, value_name = "FILE", help = help::roster_key())]
    key: PathBuf,
    #[arg(long, value_name = "PEM", help = help::roster_sign())]
    sign: PathBuf,
    #[arg(long, value_name = "FILE", help = help::roster_out())]
    out: PathBuf,
}

/// The largest table, bytes.
const LARGEST: usize = 32 << 20;

pub(super) fn roster(command: &Command, out: &mut dyn Write) -> Result<u8, Ending> {
    let Command::Make(make) = command;
    let wrong = |line: String| Ending { line, exit: exit::USAGE };
    let day = roster::day(&make.day).ok_or_else(|| wrong(phrases::no_day()))?;
    let key = build::roster::read_key(&Anchored::from(make.key.clone()))?;
    let sign = SiteKey::read_any(EngineKind::default(), &make.sign)?;
    let table = table(&make.from).map_err(|error| Ending::io("--from", &error))?;
    let issued = SystemClock::start().now().wall.at_offset(0);
    // To the second: what it says is to be read by people.
    let issued = issued.replace_nanosecond(0).unwrap_or(issued).format(&Rfc3339).unwrap_or_default();
    let making = Making { day: &day.to_string(), issued: &issued, key: &key };
    let (mut list, people) =
        making.list(&table).map_err(|error| Ending { line: error.to_string(), exit: exit::FAILED })?;
    let signature = sign.sign(list.as_bytes()).ok_or_else(|| Failure::new(Code::X001))?;
    list.push_str(&format!("signature {}\n", BASE64_STANDARD.encode(signature)));
    files::replace(&make.out, list.as_bytes()).map_err(|error| Ending::io("--out", &error.into()))?;
    writeln!(out, "{}", phrases::roster_made(people)).map_err(|error| Ending::io("standard output", &error))?;
    Ok(exit::OK)
}

fn table(file: &Path) -> io::Result<zeroize::Zeroizing<Vec<u8>>> {
    if file.as_os_str() != "-" {
        return Ok(zeroize::Zeroizing::new(files::read(file, LARGEST)?));
    }
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    io::stdin().lock().take(u64::try_from(LARGEST).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
