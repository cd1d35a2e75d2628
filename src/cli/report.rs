//! `facemchd report provisional`: what was decided here while the site's system was away, and what that knows of it by now.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;

use super::{
    Ending, build,
    journal::{self, Place},
    phrases::help,
};
use crate::{
    checkin::CheckIn,
    fault::{Code, exit},
    service::SystemClock,
    store::{self, Stored, Word},
    words::{Clock, Deadline, Resolution, WallTime},
};

/// Of what.
#[derive(clap::Subcommand)]
pub(super) enum Command {
    #[command(about = help::report_provisional())]
    Provisional {
        #[command(flatten)]
        place: Place,
        #[arg(long, help = help::report_ask())]
        ask: bool,
        #[arg(long, help = help::json_lines())]
        json: bool,
    },
}

/// One decision.
#[derive(Serialize)]
struct Decision {
    /// Milliseconds since 1970.
    at: i64,
    session: String,
    lane: String,
    number: Option<String>,
    place: Option<String>,
    /// Nobody went through, or it was taken back.
    annulled: bool,
    /// The daemon has asked the site's system since, and that knows of it.
    settled: bool,
    /// What the site's system knows of the session: its answer, `not_there`, or why it cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    /// By what number.
    #[serde(skip_serializing_if = "Option::is_none")]
    site_number: Option<String>,
}

/// How long the site's system may take for each.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn report(command: &Command, out: &mut dyn Write) -> Result<u8, Ending> {
    let Command::Provisional { place, ask, json } = command;
    let dir = place.dir()?;
    // As they stand in the journal: a clock may have been set between two of them.
    let (mut decisions, mut places) = (Vec::<Decision>::new(), BTreeMap::<String, usize>::new());
    store::each(&dir, |entry| match entry.stored {
        Stored::Decided { session, code, number, place, .. }
            if code.as_ref().and_then(Word::known) == Some(Code::J510) =>
        {
            let (at, lane) = (entry.at, String::new());
            let decision = Decision {
                at,
                session,
                lane,
                number,
                place,
                annulled: false,
                settled: false,
                site: None,
                site_number: None,
            };
            places.insert(decision.session.clone(), decisions.len());
            decisions.push(decision);
        }
        _ => {}
    })?;
    store::each(&dir, |entry| {
        let Some(decision) = places.get(entry.stored.session()).map(|place| &mut decisions[*place]) else { return };
        match entry.stored {
            Stored::Opened { lane, .. } => decision.lane = lane,
            Stored::Gated { outcome, .. } => {
                decision.annulled |= outcome.known().is_some_and(|outcome| outcome.nobody_went_through());
            }
            Stored::Settled { site, number, .. } => {
                (decision.settled, decision.site, decision.site_number) = (true, Some(site), number);
            }
            _ => {}
        }
    })?;
    if *ask {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let site = place.site()?;
        for lane in &site.lane {
            let Some(system) = build::site_system(&site, lane, &clock)? else { continue };
            let theirs = decisions.iter_mut().filter(|decision| decision.lane == lane.name && !decision.settled);
            theirs.for_each(|decision| decision.resolve(&*system, &*clock));
        }
    }
    for decision in &decisions {
        let line = match json {
            true => serde_json::to_string(decision).map_err(io::Error::from),
            false => Ok(decision.readable()),
        };
        let written = line.and_then(|line| writeln!(out, "{line}"));
        written.map_err(|error| Ending::io("standard output", &error))?;
    }
    Ok(exit::OK)
}

impl Decision {
    fn resolve(&mut self, system: &dyn CheckIn, clock: &dyn Clock) {
        let Ok(session) = self.session.parse() else { return };
        let (site, number) = match system.resolve(session, Deadline::from_now(clock, PATIENCE)) {
            Ok(Resolution::Decided(answer)) => (answer.word().to_owned(), answer.number().map(ToString::to_string)),
            Ok(Resolution::NotThere) => ("not_there".to_owned(), None),
            Ok(Resolution::CannotSay(code)) => (code.to_string(), None),
            Err(failure) => (failure.code().to_string(), None),
        };
        (self.site, self.site_number) = (Some(site), number);
    }

    /// `2026-11-26 08:15:02.120Z  3f9c…-0001  kiosk-1  W001  → admitted A036`, or `  not settled` where the
    /// site's system has not been heard of it
    fn readable(&self) -> String {
        let at = WallTime(self.at).at_offset(0).format(journal::TIME).unwrap_or_default();
        let number = self.number.as_deref().unwrap_or("-");
        let annulled = if self.annulled { "  annulled" } else { "" };
        let site = self.site.as_ref().map_or("  not settled".to_owned(), |site| format!("  → {site}"));
        let theirs = self.site_number.as_ref().map(|number| format!(" {number}")).unwrap_or_default();
        format!("{at}  {}  {}  {number}{annulled}{site}{theirs}", self.session, self.lane)
    }
}
