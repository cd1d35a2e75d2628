//! `facemchd journal list|verify`: reads beside a running daemon, writes nothing.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Subcommand;
use serde_json::Value;

use super::{
    Ending, SiteFile,
    phrases::{self, help},
};
use crate::{
    config::Site,
    fault::{Code, exit},
    store::{self, Entry, Reader, Standing, Stored, Word},
    words::WallTime,
};

/// What of the journal.
#[derive(Subcommand)]
pub(super) enum Command {
    #[command(about = help::journal_list())]
    List {
        #[command(flatten)]
        place: Place,
        #[arg(long, help = help::json_lines())]
        json: bool,
    },
    #[command(about = help::journal_verify())]
    Verify {
        #[command(flatten)]
        place: Place,
    },
}

/// Where the journal lies.
#[derive(clap::Args)]
pub(super) struct Place {
    #[command(flatten)]
    site: SiteFile,
    #[arg(long, value_name = "DIR", help = help::state_dir())]
    state_dir: Option<PathBuf>,
}

pub(super) fn journal(command: &Command, out: &mut dyn Write) -> Result<u8, Ending> {
    let written = |error: io::Error| Ending::io("standard output", &error);
    match command {
        Command::List { place, json } => {
            let dir = place.dir()?;
            if store::verify(&dir)?.standing() == Standing::Missing {
                writeln!(out, "{}", phrases::no_journal(dir.display())).map_err(written)?;
                return Ok(exit::NO_INPUT);
            }
            let mut reader = Reader::open(&dir, store::Position::default());
            loop {
                let entry = match reader.read() {
                    Ok(Some(entry)) => entry,
                    Ok(None) => return Ok(exit::OK),
                    Err(error) => return Err(error.into()),
                };
                let line = if *json {
                    serde_json::to_string(&entry).map_err(|error| written(error.into()))?
                } else {
                    readable(&entry)
                };
                writeln!(out, "{line}").map_err(written)?;
            }
        }
        Command::Verify { place } => {
            let dir = place.dir()?;
            let proof = store::verify(&dir)?;
            let standing = phrases::standing(&proof, &dir);
            let (exit, code) = match proof.standing() {
                Standing::Whole => (exit::OK, None),
                Standing::Damaged => (exit::FAILED, Some(Code::J501)),
                Standing::Salvaged => (exit::SALVAGED, None),
                Standing::Empty => (exit::EMPTY, None),
                Standing::Missing => (exit::NO_INPUT, None),
            };
            match code {
                None => writeln!(out, "{standing}"),
                Some(code) => writeln!(out, "{code} {standing}\n  {}", phrases::cure(&code.into())),
            }
            .map_err(written)?;
            Ok(exit)
        }
    }
}

impl Place {
    pub(super) fn dir(&self) -> Result<PathBuf, Ending> {
        match &self.state_dir {
            Some(dir) => Ok(dir.clone()),
            None => Ok(self.site()?.state_dir.to_path_buf()),
        }
    }

    pub(super) fn site(&self) -> Result<Site, Ending> {
        Ok(Site::read(&self.site.config)?)
    }
}

/// `2026-11-21 08:15:02.120Z  3f9c…-0001  decided  checked_in A036 3楼 内科`
fn readable(entry: &Entry) -> String {
    let at = WallTime(entry.at).at_offset(0).format(TIME).unwrap_or_default();
    let or = |text: Option<&str>| text.map(|text| format!(" {text}")).unwrap_or_default();
    let code = |code: &Option<Word<Code>>| or(code.as_ref().map(Word::as_str));
    let what = match &entry.stored {
        Stored::Opened { lane, frame, terminal, .. } => {
            format!("opened       {lane} frame {frame}{}", or(terminal.as_deref()))
        }
        Stored::CheckingIn { .. } => "checking in".to_owned(),
        Stored::Decided { result, code: why, number, place, .. } => {
            format!("decided      {result}{}{}{}", or(number.as_deref()), or(place.as_deref()), code(why))
        }
        Stored::Printed { outcome, code: why, .. } => format!("slip         {outcome}{}", code(why)),
        Stored::Gated { outcome, code: why, .. } => format!("gate         {outcome}{}", code(why)),
        Stored::Act(act) => {
            let (of, on) = (or(act.session.as_deref()), or(act.lane.as_deref()));
            return format!("{at}  {:<21}  by staff     {} {}{on}{of}: {}", "", act.user, act.event, act.result);
        }
        Stored::Settled { site, number, .. } => format!("settled      {site}{}", or(number.as_deref())),
        Stored::Clock { stepped_ms } => format!("clock        set by {stepped_ms} ms"),
        Stored::Closed { result, why, code: failed, .. } => {
            format!("closed       {result}{}{}", or(why.as_ref().map(Word::as_str)), code(failed))
        }
        Stored::Newer { .. } => Value::from(entry.members()).to_string(),
    };
    format!("{at}  {}  {what}", entry.stored.session())
}

pub(super) const TIME: &[time::format_description::BorrowedFormatItem<'_>] =
    time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]Z");
