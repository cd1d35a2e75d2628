//! `facemchd weixin …`: the mini-program's real-name calls, for commissioning.
//!
//! What is secret comes in by file or standard input, never as an argument that other users can read.

use std::{
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;
use zeroize::Zeroizing;

use super::{
    Ending, SiteFile, build,
    phrases::{self, help},
};
use crate::{
    config::Site,
    fault::exit,
    files,
    identity::weixin::{Claim, Verdict, Weixin},
    service::SystemClock,
    words::{Clock, Deadline, NameStyle, masked_credential},
};

/// Which call.
#[derive(clap::Subcommand)]
pub(super) enum Command {
    #[command(about = help::categories())]
    Categories {
        #[command(flatten)]
        site: SiteFile,
        #[arg(long, help = help::json_lines())]
        json: bool,
    },
    #[command(about = help::realname_auth())]
    RealnameAuth {
        #[command(flatten)]
        input: Input,
        #[arg(long, help = help::reveal())]
        reveal: bool,
    },
    #[command(about = help::realname_check())]
    RealnameCheck {
        #[command(flatten)]
        input: Input,
    },
}

/// Where the question comes from.
#[derive(clap::Args)]
pub(super) struct Input {
    #[command(flatten)]
    site: SiteFile,
    #[arg(long, help = help::json_lines())]
    json: bool,
    #[arg(long, value_name = "FILE", default_value = "-", help = help::question_from())]
    from: PathBuf,
}

/// The longest question, bytes.
const LONGEST: u64 = 64 * 1024;

pub(super) fn weixin(command: &Command, out: &mut dyn Write) -> Result<u8, Ending> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let open = |site: &SiteFile| -> Result<(Weixin, Deadline), Ending> {
        let site = Site::read(&site.config)?;
        Ok((build::weixin(&site, &clock)?, Deadline::from_now(&*clock, site.wechatpay.patience)))
    };
    let written = |result: io::Result<()>| result.map_err(|error| Ending::io("standard output", &error));
    match command {
        Command::Categories { site, json } => {
            let (weixin, deadline) = open(site)?;
            for category in weixin.categories(deadline)? {
                written(if *json {
                    writeln!(out, "{}", json!({ "category": category, "category_id": category.button() }))
                } else {
                    let third = category.third_class.as_deref().map(|third| format!(" / {third}")).unwrap_or_default();
                    let (first, second) = (&category.first_class, &category.second_class);
                    writeln!(out, "{first} / {second}{third}  category-id={:?}", category.button())
                })?;
            }
            Ok(exit::OK)
        }
        Command::RealnameAuth { input, reveal } => {
            let question = read(&input.from)?;
            let (weixin, deadline) = open(&input.site)?;
            let identity = weixin.realname_auth(question.trim(), deadline)?;
            let style = if *reveal { NameStyle::Full } else { NameStyle::Masked };
            let name = identity.real_name.as_ref().map(|name| name.shown(style));
            let name = name.as_ref().map_or("", |name| name.reveal());
            let number = identity.credential.as_ref().map_or("", |credential| credential.id.reveal());
            let number = if *reveal { number.to_owned() } else { masked_credential(number) };
            written(if input.json {
                writeln!(out, "{}", json!({ "name": name, "credential_id": number }))
            } else {
                writeln!(out, "{name}  {number}")
            })?;
            Ok(exit::OK)
        }
        Command::RealnameCheck { input } => {
            let question = read(&input.from)?;
            let claim: Claim = serde_json::from_str(&question)
                .map_err(|_| Ending { line: phrases::expected_claim(), exit: exit::USAGE })?;
            let (weixin, deadline) = open(&input.site)?;
            let verdict = weixin.realname_check(&claim, deadline)?;
            written(if input.json {
                writeln!(out, "{}", json!({ "verdict": verdict }))
            } else {
                writeln!(out, "{}", in_words(verdict))
            })?;
            Ok(if verdict == Verdict::Match { exit::OK } else { exit::FAILED })
        }
    }
}

fn in_words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Match => phrases::verdict_match(),
        Verdict::OtherPerson => phrases::verdict_other_person(),
        Verdict::OtherNumber => phrases::verdict_other_number(),
        Verdict::NoRealName => phrases::verdict_no_real_name(),
        Verdict::Unclear => phrases::verdict_unclear(),
    }
}

fn read(file: &Path) -> Result<Zeroizing<String>, Ending> {
    let failed = |error: io::Error| Ending::io(&file.display().to_string(), &error);
    let source: Box<dyn io::Read> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(files::open(file).map_err(|error| failed(error.into()))?)
    };
    let mut text = Zeroizing::new(String::new());
    source.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}
