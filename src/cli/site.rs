//! `facemchd site try`: asks a hospital by the lane's template, for commissioning and for whoever writes a template.

use std::{
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Ending, SiteFile, build,
    phrases::{self, help},
};
use crate::{
    checkin::{Memory, Request},
    config::Site,
    fault::{Failure, exit},
    files,
    service::SystemClock,
    words::{CheckInAnswer, Clock, Credential, CredentialType, Deadline, Identity, RealName, SessionId, Text},
};

/// What is done with the site's own system.
#[derive(clap::Subcommand)]
pub(super) enum Command {
    #[command(about = help::site_try())]
    Try(Try),
}

/// Who is asked about.
#[derive(clap::Args)]
pub(super) struct Try {
    #[command(flatten)]
    site: SiteFile,
    #[arg(long, value_name = "NAME", help = help::of_lane())]
    lane: Option<String>,
    #[arg(long, value_name = "NAME", help = help::patient_name())]
    name: String,
    #[arg(long, value_name = "FILE", help = help::number_from())]
    number_from: PathBuf,
    #[arg(long, value_name = "ID", help = help::visit_choice())]
    choice: Option<String>,
    #[arg(long, help = help::arrive())]
    arrive: bool,
}

/// The longest number of a document, bytes.
const LONGEST: usize = 256;

pub(super) fn site(command: &Command, out: &mut dyn Write) -> Result<u8, Ending> {
    let Command::Try(asked) = command;
    let site = Site::read(&asked.site.config)?;
    let wrong = |line: String| Ending { line, exit: exit::USAGE };
    let lane = match &asked.lane {
        None => site.lane.first(),
        Some(name) => site.lane.iter().find(|lane| lane.name == *name),
    };
    let lane = lane.ok_or_else(|| wrong(phrases::no_such_lane()))?;
    let number = number(&asked.number_from).map_err(|error| Ending::io("--number-from", &error))?;
    let credential = Credential::parse(CredentialType::UNSAID, number.trim());
    let (Some(name), Some(credential)) = (RealName::parse(&asked.name), credential) else {
        return Err(wrong(phrases::no_name_or_number()));
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let request = Request {
        session: SessionId { run: 0, serial: 1 },
        lane: lane.name.clone(),
        purpose: lane.purpose,
        series: lane.series.clone(),
        identity: Identity { real_name: Some(name), credential: Some(credential), ..Identity::default() },
        choice: asked.choice.as_deref().and_then(Text::payload),
        person: None,
        at: clock.stamp(),
    };
    let patience = site.site_patience(lane).unwrap_or(site.wechatpay.patience);
    let mut say = |line: String| writeln!(out, "{line}").map_err(|error| Ending::io("standard output", &error));
    for settings in site.checkins_of(lane) {
        if let Some(name) = settings.name.as_ref().filter(|_| site.checkins.len() > 1) {
            say(phrases::asks_system(name))?;
        }
        // A running daemon keeps its own running number.
        let adapter = build::hospital::by_template(&site, settings, &clock, Arc::new(Memory::new(None)))?;
        let told = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&told);
        let adapter = adapter.watched(Box::new(move |line| {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        }));
        let answer = adapter.rehearse(&request, asked.arrive, Deadline::from_now(&*clock, patience));
        let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
        told.into_iter().try_for_each(&mut say)?;
        say(match answer {
            Ok(CheckInAnswer::Admitted(_) | CheckInAnswer::ReQueued(_)) if !asked.arrive => phrases::would_arrive(),
            Ok(answer) => phrases::answered(word(&answer)),
            Err(undecided) => return Err(Failure::into(undecided.failure)),
        })?;
    }
    Ok(exit::OK)
}

/// The answer as a word, and what could be chosen.
fn word(answer: &CheckInAnswer) -> String {
    let CheckInAnswer::Choose(choices) = answer else { return answer.word().to_owned() };
    let ids: Vec<&str> = choices.iter().map(|choice| choice.id.as_str()).collect();
    format!("choose {}", ids.join(" "))
}

fn number(file: &Path) -> io::Result<String> {
    if file.as_os_str() != "-" {
        return Ok(files::read_text(file, LONGEST)?);
    }
    let mut text = String::new();
    io::stdin().lock().take(u64::try_from(LONGEST).unwrap_or(u64::MAX)).read_to_string(&mut text)?;
    Ok(text)
}
