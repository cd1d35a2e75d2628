//! `facemchd check`: looks at everything the daemon needs, one line each with a stable id, and says what to mend.
//!
//! It changes nothing and serves nobody. A check whose ground is missing is skipped, not failed, so that the first
//! failed line is the cause.

mod local;
mod machine;
mod network;
mod opening;
#[cfg(feature = "voice")]
mod voices;

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use serde::Serialize;

use super::{
    Ending,
    phrases::{self, check as say},
    tongue::tongue,
};
use crate::{
    config::Site,
    fault::{Code, Cure, Failure, exit},
    identity,
    service::SystemClock,
    words::Clock,
};

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Ok,
    Warning,
    Failed,
    Skipped,
}

/// One line.
#[derive(Serialize)]
struct Finding {
    id: &'static str,
    outcome: Outcome,
    text: String,
    code: Option<&'static str>,
    cure: Option<&'static str>,
}

/// Collects findings and prints each as it comes: some take seconds.
struct Report<'a> {
    out: &'a mut dyn Write,
    json: bool,
    failed: usize,
    warnings: usize,
    broken: Option<io::Error>,
}

pub(super) fn check(file: &Path, user: &str, json: bool, online: bool, out: &mut dyn Write) -> Result<u8, Ending> {
    let mut report = Report { out, json, failed: 0, warnings: 0, broken: None };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    match Site::read(file) {
        Err(error) => report.fault("site-file", error),
        Ok(site) => {
            let lanes = site.lane.len();
            report.ok("site-file", say::site_file(file.display(), lanes, user));
            local::check(&site, file, &clock, &mut report);
            opening::check(&site, &clock, &mut report);
            machine::check(Path::new("/"), &mut report);
            network::check(&site, &clock, &mut report);
            if online {
                network::echo(&site, &clock, &mut report);
                network::sub_merchants(&site, &clock, &mut report);
                network::weixin(&site, &clock, &mut report);
                network::unproven(&site, &mut report);
            }
        }
    }
    let (failed, warnings) = (report.failed, report.warnings);
    if !json {
        report.line(format_args!("{}", say::sum(failed, warnings)));
    }
    if let Some(error) = report.broken {
        return Err(Ending::io("standard output", &error));
    }
    Ok(if failed == 0 { exit::OK } else { exit::FAILED })
}

/// An outcome in a word, eight columns wide.
pub(super) fn word(outcome: Outcome) -> String {
    let word = match outcome {
        Outcome::Ok => say::word_ok(),
        Outcome::Warning => say::word_warning(),
        Outcome::Failed => say::word_failed(),
        Outcome::Skipped => say::word_skipped(),
    };
    phrases::padded(&word, 8)
}

/// Nothing is kept between two checks.
struct Forgetful;

impl identity::CertificateCache for Forgetful {
    fn load(&self) -> Vec<String> {
        Vec::new()
    }

    fn save(&self, _: &[String]) {}
}

impl Report<'_> {
    fn ok(&mut self, id: &'static str, text: impl Into<String>) {
        self.find(id, Outcome::Ok, text.into(), None);
    }

    fn skipped(&mut self, id: &'static str, text: impl Into<String>) {
        self.find(id, Outcome::Skipped, text.into(), None);
    }

    fn warning(&mut self, id: &'static str, code: Code, text: impl Into<String>) {
        self.warnings += 1;
        self.find(id, Outcome::Warning, text.into(), Some(code.into()));
    }

    fn failed(&mut self, id: &'static str, code: Code, text: impl Into<String>) {
        self.failed += 1;
        self.find(id, Outcome::Failed, text.into(), Some(code.into()));
    }

    fn fault(&mut self, id: &'static str, failure: impl Into<Failure>) {
        let failure = failure.into();
        if failure.cure() == Some(Cure::OnlyInTheUnit) {
            return self.skipped(id, say::not_proven(phrases::failure_text(&failure)));
        }
        self.failed += 1;
        self.find(id, Outcome::Failed, phrases::failure_text(&failure), Some(failure));
    }

    fn find(&mut self, id: &'static str, outcome: Outcome, text: String, failure: Option<Failure>) {
        let (code, cure) = match &failure {
            Some(failure) => (Some(failure.code().as_str()), Some(failure.cure_in(tongue()))),
            None => (None, None),
        };
        let finding = Finding { id, outcome, text, code, cure };
        if self.json {
            match serde_json::to_string(&finding) {
                Ok(line) => self.line(format_args!("{line}")),
                Err(error) => self.broken = Some(error.into()),
            }
            return;
        }
        let word = word(outcome);
        let code = finding.code.map(|code| format!("{code} ")).unwrap_or_default();
        self.line(format_args!("{word} {id:<16} {code}{}", finding.text));
        if let Some(cure) = finding.cure {
            self.line(format_args!("{:<8} {:<16} {}", "", "", phrases::cure_is(cure)));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        if let Err(error) = writeln!(self.out, "{line}") {
            self.broken = Some(error);
        }
    }
}
