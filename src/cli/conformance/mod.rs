//! `facemchd conformance`: the kiosk's side of the terminal protocol, played against somebody's terminal, and rule by rule
//! what the terminal does right and wrong.
//!
//! Sockets, framing, TLS and the reading of frames are the daemon's own. A terminal's lines are never printed.

mod door;
mod judge;
mod play;
mod rules;

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use serde::de::IntoDeserializer as _;
use serde_json::json;

use self::{
    door::Door,
    judge::Judge,
    play::{Play, Stopped},
    rules::{Rule, Verdict},
};
use super::{
    Ending,
    phrases::{self, conformance as say, help},
    run,
};
use crate::{
    fault::exit,
    kiosk::Phrases,
    service::SystemClock,
    terminal::{Address, LaneTerminal, TerminalPlace},
    words::{Clock, LaneId},
};

/// Which terminal is tried, and how.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[arg(long, value_name = "ADDRESS", help = help::conformance_terminal(), required_unless_present = "serial", value_parser = place)]
    terminal: Option<TerminalPlace>,
    #[arg(long, value_name = "DEV", help = help::conformance_serial(), conflicts_with = "terminal")]
    serial: Option<PathBuf>,
    #[arg(long, value_name = "BAUD", help = help::conformance_baud(), default_value_t = 115_200)]
    baud: u32,
    #[cfg(feature = "network")]
    #[arg(long, value_name = "FILE", help = help::conformance_certificate())]
    certificate: Option<PathBuf>,
    #[cfg(feature = "network")]
    #[arg(long, value_name = "FILE", help = help::conformance_key())]
    key: Option<PathBuf>,
    #[cfg(feature = "network")]
    #[arg(long, value_name = "FILE", help = help::conformance_ca())]
    ca_file: Option<PathBuf>,
    #[cfg(feature = "network")]
    #[arg(long, value_name = "SUBJECT", help = help::conformance_subject())]
    allow_subject: Vec<String>,
    #[arg(long, value_name = "SECONDS", help = help::conformance_patience(), default_value_t = 120,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,
    #[arg(long, help = help::json_lines())]
    json: bool,
}

/// In the site file's words.
fn place(text: &str) -> Result<TerminalPlace, String> {
    use serde::Deserialize as _;
    let text: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
    TerminalPlace::deserialize(text).map_err(|error| error.to_string())
}

impl Arguments {
    fn address(&self) -> Result<Address, Ending> {
        let serial = |device: &PathBuf| TerminalPlace::Serial { device: device.clone(), baud: self.baud };
        let place = self.terminal.clone().or_else(|| self.serial.as_ref().map(serial));
        Ok(match place {
            None => return Err(Ending { line: help::conformance_terminal(), exit: exit::USAGE }),
            Some(TerminalPlace::Unix(path)) => Address::Unix { path: path.to_path_buf(), allow_uids: Vec::new() },
            Some(TerminalPlace::Serial { device, baud }) => Address::Serial { device, baud },
            #[cfg(feature = "network")]
            Some(TerminalPlace::Tls(address)) => self.network(address, crate::terminal::Protocol::Lines)?,
            #[cfg(feature = "network")]
            Some(TerminalPlace::Https(address)) => self.network(address, crate::terminal::Protocol::Http)?,
        })
    }

    #[cfg(feature = "network")]
    fn network(&self, address: std::net::SocketAddr, protocol: crate::terminal::Protocol) -> Result<Address, Ending> {
        let (Some(certificate), Some(key), Some(ca_file)) = (&self.certificate, &self.key, &self.ca_file) else {
            return Err(Ending { line: phrases::conformance::wants_certificates(), exit: exit::USAGE });
        };
        let file = |path: &PathBuf| crate::files::Anchored::new(&path.to_string_lossy());
        let credentials = crate::terminal::Credentials {
            certificate: file(certificate),
            key: file(key),
            ca_file: file(ca_file),
            crl_file: None,
        };
        let allow_subjects = self.allow_subject.clone();
        Ok(Address::Network(crate::terminal::Network { address, protocol, credentials, allow_subjects }))
    }
}

/// Plays it, and prints what was found; 0 only where no rule was broken and it came to its end.
pub(super) fn conformance(arguments: &Arguments, out: &mut dyn Write) -> Result<u8, Ending> {
    let address = arguments.address()?;
    let has_connection = !matches!(address, Address::Serial { .. });
    let settings = LaneTerminal { lane: LaneId(0), address, plain_lines: false, phrases: Arc::new(Phrases::default()) };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let (judge, ended) = run::runtime()?.block_on(async {
        let (door, hears) = Door::open(settings, Arc::clone(&clock)).await?;
        let patience = Duration::from_secs(arguments.patience);
        // What is told stands apart from what is found.
        let (judge, progress) = (Judge::default(), &mut io::stderr());
        let mut play = Play { door, hears, clock, judge, patience, has_connection, progress, connected: 0, visits: 0 };
        let ended = match play.all().await {
            Ok(()) => true,
            Err(Stopped::Silent) => false,
            Err(Stopped::Door(error)) => return Err(Ending::from(error)),
        };
        play.door.close().await;
        Ok((play.judge, ended))
    })?;
    let holds = print(&judge, ended, arguments.json, out).map_err(|error| Ending::io("standard output", &error))?;
    Ok(if holds { exit::OK } else { exit::FAILED })
}

/// Rule by rule; true where none was broken and all was seen.
fn print(judge: &Judge, ended: bool, json: bool, out: &mut dyn Write) -> io::Result<bool> {
    let (mut holds, mut broken, mut none) = (0_usize, 0_usize, 0_usize);
    for (rule, id, section) in Rule::ALL {
        let verdict = judge.findings.of(rule);
        let (word, count, shown) = match &verdict {
            Verdict::Holds => ("holds", &mut holds, say::word_holds()),
            Verdict::Broken { .. } => ("broken", &mut broken, say::word_broken()),
            Verdict::NoOccasion => ("no-occasion", &mut none, say::word_none()),
        };
        *count = count.saturating_add(1);
        let expected = rule.expected();
        let (did, seen) = match verdict {
            Verdict::Broken { did, seen } => (Some(did), Some(seen)),
            _ => (None, None),
        };
        if json {
            let line = json!({
                "rule": id, "verdict": word, "did": did, "expected": expected, "seen": seen, "section": section,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        writeln!(out, "{} {} {expected}", phrases::padded(&shown, 8), phrases::padded(id, 16))?;
        if let (Some(did), Some(seen)) = (did, seen) {
            for line in
                [say::after_doing(did), say::expected_is(&expected), say::seen_is(seen), say::section_is(section)]
            {
                writeln!(out, "         {line}")?;
            }
        }
    }
    let all_hold = ended && broken == 0;
    if json {
        writeln!(
            out,
            "{}",
            json!({ "holds": holds, "broken": broken, "no-occasion": none, "ended": ended, "all": all_hold })
        )?;
    } else {
        writeln!(out, "{}", say::sum(holds, broken, none))?;
        if !ended {
            writeln!(out, "{}", say::unfinished())?;
        }
    }
    Ok(all_hold)
}
