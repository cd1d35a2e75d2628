//! `facemchd status`: what the running daemon knows of itself, as a technician reads it. What is wrong comes first, each
//! with since when and cure.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write},
    time::Duration,
};

mod words;

use super::{
    Ending, SiteFile,
    phrases::{self, status as say},
    staff,
};
use crate::{
    config::Site,
    fault::{Failure, exit},
    service::{
        StaffRequest,
        status::{
            Ailment, CertificateKind, CertificateStatus, CodeStatus, ContactStatus, DeviceStatus, Domain, LaneStatus,
            Part, Status, Time, WechatStatus,
        },
    },
};

/// Who does not answer within this hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer read, bytes.
const LONGEST: u64 = 1 << 20;

/// Threads are busy for so long before it is worth a word, milliseconds.
const BUSY_MS: u64 = 1000;

/// Where texts begin, columns.
const INDENT: usize = 14;

/// Rows are no longer than this, columns, where their pieces allow it.
const COLUMNS: usize = 100;

pub(super) fn status(place: &SiteFile, json: bool, out: &mut dyn Write) -> Result<u8, Ending> {
    let line = line(place)?;
    let status: Status =
        serde_json::from_str(&line).map_err(|_| Ending { line: say::other_version(), exit: exit::UNAVAILABLE })?;
    let text = if json { line } else { Screen { status: &status, text: String::new() }.draw() };
    writeln!(out, "{}", text.trim_end()).map_err(|error| Ending::io("standard output", &error))?;
    Ok(if status.ready { exit::OK } else { exit::FAILED })
}

/// The daemon's answer.
fn line(place: &SiteFile) -> Result<String, Ending> {
    let stream = staff::send(&Site::read(&place.config)?, &StaffRequest::Status, PATIENCE)?;
    let mut line = String::new();
    let read = BufReader::new(stream.take(LONGEST)).read_line(&mut line);
    match read {
        Ok(length) if length > 0 => Ok(line),
        _ => Err(Ending { line: say::no_answer(), exit: exit::UNAVAILABLE }),
    }
}

/// A screen that is being written.
struct Screen<'a> {
    status: &'a Status,
    text: String,
}

impl Screen<'_> {
    fn draw(mut self) -> String {
        let status = self.status;
        let [major, minor, patch] = status.version;
        let word = match (status.stopping, status.ready) {
            (true, _) => say::stopping(),
            (false, true) => say::ready(),
            (false, false) => say::degraded(),
        };
        let up = span(status.uptime);
        let _ = writeln!(self.text, "{}", say::headline(word, format_args!("{major}.{minor}.{patch}"), up));
        for ailment in &status.ailments {
            self.ailment(ailment);
        }
        self.text.push('\n');
        for lane in &status.lanes {
            self.lane(lane);
        }
        self.text.push('\n');
        let several = status.wechat.len() > 1;
        for (wechat, number) in status.wechat.iter().zip(1..) {
            let whose = several.then(|| say::merchant(number));
            let row = whose.into_iter().chain(self.wechat(wechat)).collect();
            self.row(&say::wechat(), row);
        }
        if let Some(contact) = status.weixin {
            let left = |until: Time| u64::try_from(until.saturating_sub(status.at) / 1000).unwrap_or_default();
            let token = status.weixin_token.map(left);
            let token = token.map(|left| if left > 0 { say::token(span(left)) } else { say::token_over() });
            self.row(&say::weixin(), [self.contact(Some(contact))].into_iter().chain(token).collect());
        }
        let passed_over = (status.site_passed_over > 0).then(|| say::passed_over(status.site_passed_over));
        let contacts = match status.sites.len() {
            0 | 1 => vec![self.contact(status.site)],
            _ => status
                .sites
                .iter()
                .map(|of| format!("{}: {}", of.name.as_str(), self.contact(Some(of.contact))))
                .collect(),
        };
        self.row(&say::site(), contacts.into_iter().chain(passed_over).collect());
        let certificates: Vec<String> = status.certificates.iter().map(certificate).collect();
        let none = vec![say::none_known()];
        self.row(&say::certificates(), if certificates.is_empty() { none } else { certificates });
        self.row(&say::journal(), self.journal());
        self.row(&say::threads(), self.threads());
        self.text
    }

    /// Pieces one after the other, on as many lines as they need.
    fn row(&mut self, what: &str, said: Vec<String>) {
        let mut line = padded(what);
        for (piece, at) in said.iter().zip(0..) {
            let piece = if at > 0 { format!("{}{piece}", say::and()) } else { piece.clone() };
            if at > 0 && width(&line).saturating_add(width(&piece)) > COLUMNS {
                let _ = writeln!(self.text, "{line}{}", say::and().trim_end());
                line = format!("{}{}", padded(""), piece.trim_start_matches(&say::and()));
            } else {
                line.push_str(&piece);
            }
        }
        let _ = writeln!(self.text, "{line}");
    }

    fn ailment(&mut self, ailment: &Ailment) {
        let Ailment { code, of, lane, merchant, system, since, .. } = ailment;
        let whose = match (lane, merchant, system) {
            (Some(lane), ..) => lane.as_str().to_owned(),
            (None, Some(number), _) => say::merchant(number),
            (None, None, Some(system)) => system.as_str().to_owned(),
            (None, None, None) => part(*of),
        };
        let since = since.map(|since| format!(" ({})", say::since(self.span_since(since)))).unwrap_or_default();
        let _ = writeln!(self.text, "{}{code} {}{since}", padded(&whose), phrases::summary(*code));
        let _ = writeln!(self.text, "{}{}", padded(""), phrases::cure(&Failure::new(*code)));
    }

    fn lane(&mut self, lane: &LaneStatus) {
        let serves = lane.closed_by.map_or_else(say::serves, say::serves_nobody);
        let terminals = match lane.terminals.connected {
            0 => say::no_terminal(),
            1 => say::one_terminal(),
            more => say::terminals(more),
        };
        let heard = lane.terminals.heard.map(|at| say::heard(self.ago(at)));
        let open = (lane.open > 0).then(|| say::open(lane.open));
        let viewers = lane.viewers.map(say::viewers);
        let first = [serves, say::shows(words::scene(lane.scene))].into_iter().chain(viewers).chain([terminals]);
        let first = first.chain(heard).chain(open);
        let nobody = lane.results.is_empty().then(say::nobody_yet);
        self.row(lane.lane.as_str(), first.chain(nobody).collect());
        let results = lane.results.iter().map(|of| say::counted(words::result(of.result), of.count, self.ago(of.last)));
        let results = results.collect();
        let codes = self.codes(say::ended_with(), &lane.codes);
        let refused = self.codes(say::not_taken(), &lane.refused);
        let well_again = lane.devices.iter().filter_map(|device| self.well_again(device));
        let rest = bad_lines(lane).into_iter().chain(well_again).collect();
        for row in [results, codes, refused, rest].into_iter().filter(|row: &Vec<String>| !row.is_empty()) {
            self.row("", row);
        }
    }

    /// `what` stands before the first.
    fn codes(&self, what: String, codes: &[CodeStatus]) -> Vec<String> {
        let mut told: Vec<String> =
            codes.iter().map(|of| say::counted_code(of.code, of.count, self.ago(of.last))).collect();
        if let Some(first) = told.first_mut() {
            *first = format!("{what} {first}");
        }
        told
    }

    /// What failed and is well stands nowhere else.
    fn well_again(&self, device: &DeviceStatus) -> Option<String> {
        let last = device.last.filter(|_| device.fault.is_none())?;
        Some(say::is_well(words::device(device.device), last, self.ago(device.since)))
    }

    fn wechat(&self, wechat: &WechatStatus) -> Vec<String> {
        let domain = match wechat.domain {
            Domain::Main => say::main_domain(),
            Domain::Backup => say::backup_domain(),
        };
        let permission = wechat.permission.map(|said| if said.granted { say::granted() } else { say::not_granted() });
        let ahead = (wechat.offset != 0).then(|| say::ahead(wechat.offset));
        [self.contact(wechat.contact), domain].into_iter().chain(permission).chain(ahead).collect()
    }

    fn contact(&self, contact: Option<ContactStatus>) -> String {
        match contact {
            None => say::not_asked(),
            Some(ContactStatus { at, failed: None, .. }) => say::answered(self.ago(at)),
            Some(ContactStatus { at, failed: Some(code), .. }) => {
                format!("{} ({code})", say::not_answered(self.ago(at)))
            }
        }
    }

    fn journal(&self) -> Vec<String> {
        let journal = &self.status.journal;
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let mut said = vec![say::fill(mib(journal.bytes), mib(journal.max_bytes), span(journal.age))];
        said.extend((journal.waiting > 0).then(|| say::waiting(journal.waiting)));
        said.extend((journal.outbox > 0).then(|| say::outbox(journal.outbox)));
        said.extend((journal.failures > 0).then(|| say::not_written(journal.failures)));
        said.extend(journal.salvaged.map(say::salvaged));
        said
    }

    fn threads(&self) -> Vec<String> {
        let at_work = self.status.workers.iter().filter(|worker| worker.late || worker.busy_ms > BUSY_MS);
        let told: Vec<String> = at_work
            .map(|worker| {
                let word = serde_json::to_string(&worker.thread).unwrap_or_default();
                let lane = worker.lane.as_ref().map(|lane| format!(" {}", lane.as_str())).unwrap_or_default();
                let thread = format!("{}{lane}", word.trim_matches('"'));
                let time = span(worker.busy_ms.div_ceil(1000));
                if worker.late { say::hangs(thread, time) } else { say::busy(thread, time) }
            })
            .collect();
        if told.is_empty() { vec![say::at_work()] } else { told }
    }

    fn span_since(&self, time: Time) -> String {
        let milliseconds = self.status.at.saturating_sub(time).max(0).unsigned_abs();
        span(Duration::from_millis(milliseconds).as_secs())
    }

    fn ago(&self, time: Time) -> String {
        say::ago(self.span_since(time))
    }
}

fn part(of: Part) -> String {
    match of {
        Part::Lane | Part::Thread(_) => say::machine(),
        Part::Device(device) => words::device(device),
        Part::Clock => say::clock(),
        Part::Wechat => say::wechat(),
        Part::Weixin => say::weixin(),
        Part::Site => say::site(),
        Part::Certificate(_) => say::certificates(),
        Part::Journal => say::journal(),
        Part::State => say::state(),
        #[cfg(feature = "page")]
        Part::Alarms => say::alarms(),
    }
}

fn certificate(of: &CertificateStatus) -> String {
    let CertificateStatus { kind, number, days, .. } = of;
    match kind {
        CertificateKind::Merchant => say::of_merchant(number, days),
        CertificateKind::Platform => say::of_platform(number, days),
        CertificateKind::Terminals => say::of_terminals(number, days),
        CertificateKind::Pages => say::of_pages(days),
        CertificateKind::Desk => say::of_desk(days),
        CertificateKind::Site => say::of_site(number, days),
        CertificateKind::List => say::of_list(number, days),
    }
}

/// What terminals sent and nobody could read.
fn bad_lines(lane: &LaneStatus) -> Option<String> {
    let counted = lane.terminals.refused().into_iter().filter(|(_, count)| *count > 0);
    let told: Vec<String> = counted.map(|(code, count)| format!("{code} ×{count}")).collect();
    (!told.is_empty()).then(|| say::terminal_faults(told.join(" ")))
}

/// A time in at most two units, the larger first.
fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => say::seconds(seconds),
        (0, 0, _) => say::minutes(minutes),
        (0, _, _) => say::two(say::hours(hours), say::minutes(minutes % 60)),
        _ => say::two(say::days(days), say::hours(hours % 24)),
    }
}

fn padded(text: &str) -> String {
    let room = INDENT.saturating_sub(width(text)).max(usize::from(!text.is_empty()));
    format!("{text}{}", " ".repeat(room))
}

/// In columns: a hanzi takes two.
fn width(text: &str) -> usize {
    text.chars().map(|letter| if ('\u{2E80}'..='\u{FFEF}').contains(&letter) { 2_usize } else { 1 }).sum()
}
