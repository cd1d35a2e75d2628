//! `facemchd lookup`: ask WeChat about face_sids over one warm connection, outside the kiosk's flow.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Serialize;

use super::{
    Ending, SiteFile, build,
    permission::PermissionFile,
    phrases::{self, help},
    tongue::tongue,
};
use crate::{
    config::Site,
    fault::{Code, Failure, exit},
    files,
    identity::{CertificateCache, WechatClock},
    service::SystemClock,
    vault,
    words::{Clock as _, Deadline, FaceSid, Identity, masked_credential, masked_name},
};

/// What is asked.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    site: SiteFile,
    #[arg(long, help = help::json_lines())]
    json: bool,
    #[arg(long, help = help::reveal())]
    reveal: bool,
    #[arg(long, value_name = "FILE", help = help::face_sids_from())]
    from: Option<PathBuf>,
    #[arg(long, value_name = "FILE", help = help::timings())]
    timings: Option<PathBuf>,
    #[arg(long, value_name = "NAME", help = help::merchant())]
    merchant: Option<String>,
    #[arg(value_name = "FACE_SID", help = help::face_sids())]
    face_sids: Vec<String>,
}

/// The longest line of `--from`, bytes: a face_sid and its line end.
const MAX_LINE: u64 = 1024 + 2;

/// One answer, as `--json` prints it.
#[derive(Serialize)]
struct Line {
    ok: bool,
    name: Option<String>,
    credential_id: Option<String>,
    credential_type: Option<i64>,
    union_id: Option<String>,
    openid: Option<String>,
    code: Option<&'static str>,
    cure: Option<&'static str>,
    /// WeChat's, of a question that failed.
    request_id: Option<String>,
    ms: f64,
    #[serde(skip)]
    told: String,
}

/// Certificates of one run; nothing is written to the state directory.
#[derive(Default)]
struct InMemory(Mutex<Vec<String>>);

impl CertificateCache for InMemory {
    fn load(&self) -> Vec<String> {
        self.0.lock().map(|pems| pems.clone()).unwrap_or_default()
    }

    fn save(&self, pems: &[String]) {
        if let Ok(mut kept) = self.0.lock() {
            *kept = pems.to_vec();
        }
    }
}

pub(super) fn lookup(arguments: &Arguments, out: &mut dyn Write) -> Result<u8, Ending> {
    let site = Site::read(&arguments.site.config)?;
    if arguments.face_sids.is_empty() && arguments.from.is_none() {
        return Err(Ending { line: phrases::give_a_face_sid(), exit: exit::USAGE });
    }
    let merchant = match &arguments.merchant {
        None => site.first_merchant(),
        wanted => site.merchants.iter().find(|merchant| merchant.name == *wanted).ok_or_else(|| Ending {
            line: format!("{} {}", Code::C107, phrases::no_such_merchant()),
            exit: exit::USAGE,
        })?,
    };
    let clock = Arc::new(SystemClock::start());
    let shared = Arc::clone(&clock) as _;
    let client = build::wechat_client(&site, &shared)?;
    let lookup = build::face_lookup(
        &site,
        merchant,
        &client,
        &WechatClock::new(shared),
        Arc::new(InMemory::default()),
        &mut vault::KeysRead::default(),
    )?
    .with_permission_log(PermissionFile::of(&site.state_dir).log_of(merchant));
    let mut timings = match &arguments.timings {
        Some(file) => Some(files::create_public(file).map_err(|error| Ending::io("--timings", &error.into()))?),
        None => None,
    };
    // What it would say, the first face says, too.
    let _ = lookup.warm(Deadline::from_now(&*clock, site.wechatpay.patience));
    let mut all = true;
    let mut each = |text: &str| -> Result<(), Ending> {
        let began = clock.now().moment;
        let result = match FaceSid::parse(text) {
            Ok(face_sid) => {
                let deadline = Deadline::at(began.after(site.wechatpay.patience));
                lookup.look_up(&face_sid, deadline)
            }
            Err(_) => Err(Code::T205.into()),
        };
        let took = clock.now().moment.since(began);
        all &= result.is_ok();
        let line = Line::of(result, took, arguments.reveal);
        line.print(out, arguments.json).map_err(|error| Ending::io("standard output", &error))?;
        if let Some(file) = &mut timings {
            line.time(file, arguments.reveal).map_err(|error| Ending::io("timings", &error))?;
        }
        Ok(())
    };
    for text in &arguments.face_sids {
        each(text)?;
    }
    if let Some(from) = &arguments.from {
        let failed = |error: io::Error| Ending::io(&from.display().to_string(), &error);
        let mut lines: Box<dyn io::BufRead> = if from.as_os_str() == "-" {
            Box::new(BufReader::new(io::stdin()))
        } else {
            Box::new(BufReader::new(files::open(from).map_err(|error| failed(error.into()))?))
        };
        while let Some(line) = bounded_line(&mut *lines).map_err(failed)? {
            if !line.is_empty() {
                each(&line)?;
            }
        }
    }
    Ok(if all { exit::OK } else { exit::FAILED })
}

/// The next line without its end. What is not UTF-8 or too long becomes a text that no face_sid can be.
fn bounded_line(mut lines: &mut dyn io::BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if (&mut lines).take(MAX_LINE).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if !bytes.ends_with(b"\n") {
        // The rest of an over-long line is not another face_sid.
        lines.skip_until(b'\n')?;
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|_| "\u{0}".to_owned());
    Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
}

impl Line {
    fn of(result: Result<Identity, Failure>, took: Duration, reveal: bool) -> Self {
        let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        let empty = Self {
            ok: false,
            name: None,
            credential_id: None,
            credential_type: None,
            union_id: None,
            openid: None,
            code: None,
            cure: None,
            request_id: None,
            ms,
            told: String::new(),
        };
        let person = match result {
            Err(failure) => {
                return Self {
                    code: Some(failure.code().as_str()),
                    cure: Some(failure.cure_in(tongue())),
                    request_id: failure.reference().map(str::to_owned),
                    told: phrases::failure_text(&failure),
                    ..empty
                };
            }
            Ok(person) => person,
        };
        let shown = |text: &str, mask: fn(&str) -> String| if reveal { text.to_owned() } else { mask(text) };
        Self {
            ok: true,
            name: person.real_name.as_ref().map(|name| shown(name.reveal(), masked_name)),
            credential_id: person.credential.as_ref().map(|c| shown(c.id.reveal(), masked_credential)),
            credential_type: person.credential.as_ref().map(|c| c.kind.number()),
            union_id: person.union_id.as_ref().map(|id| shown(id.reveal(), masked_credential)),
            openid: person.openid.as_ref().map(|id| shown(id.reveal(), masked_credential)),
            ..empty
        }
    }

    fn print(&self, out: &mut dyn Write, json: bool) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        match (self.code, self.cure) {
            (Some(code), Some(cure)) => {
                let cure = phrases::cure_is(cure);
                writeln!(out, "failed  {code} {} ({:.1} ms)\n        {cure}", self.told, self.ms)
            }
            _ => {
                let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                let kind = self.credential_type.map_or_else(|| "-".to_owned(), |kind| kind.to_string());
                writeln!(
                    out,
                    "ok      {}  {} (type {kind})  union_id {}  openid {}  ({:.1} ms)",
                    or_dash(&self.name),
                    or_dash(&self.credential_id),
                    or_dash(&self.union_id),
                    or_dash(&self.openid),
                    self.ms
                )
            }
        }
    }

    fn time(&self, file: &mut std::fs::File, reveal: bool) -> io::Result<()> {
        let field = |text: &Option<String>| text.clone().filter(|_| reveal).unwrap_or_else(|| "-".to_owned());
        writeln!(file, "{:.3}\t{}\t{}", self.ms, field(&self.name), field(&self.credential_id))
    }
}
