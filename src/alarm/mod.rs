//! Alarms: what begins and ends to be wrong, told once each to whoever looks after many machines: by webhook, and by syslog
//! over TLS. One thread for each collector; what it cannot be told is kept for an hour, and nobody waits for it.
//!
//! What it does not do: find out what is wrong (that is the service's), or name anybody.

mod syslog;
mod webhook;

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use serde::Deserialize;

use crate::{
    fault::{Code, Cure, Failure, Fault},
    files::{Anchored, FileError},
    http::{Client, HttpError, OpenError, Route},
    words::{Clock, Moment, WallTime},
};

/// `[alarms]`; in builds with feature `page`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where alarms are posted, https.
    pub webhook: Option<String>,
    /// What posts are signed with: a file of one line.
    pub hmac_key: Option<Anchored>,
    /// `HOST:PORT` of a collector that takes RFC 5424 over TLS (RFC 5425).
    pub syslog: Option<String>,
    /// Whom we believe about both; none means the system's authorities.
    pub ca_file: Option<Anchored>,
}

/// Of which kind something wrong is: whom a collector wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A roll is at its end, or near it.
    Paper,
    /// Another device, or another of a printer's troubles.
    Device,
    /// WeChat, or the way to it.
    Network,
    /// The site's system.
    Site,
    /// A certificate or a list of them ends soon, or is over.
    Certificate,
    /// Disk, clock, keys, threads of this machine.
    Machine,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// The operator code.
    pub(crate) code: Code,
    /// Of what, in one word.
    pub(crate) part: String,
    /// Where, if it is a lane's.
    pub(crate) lane: Option<String>,
    /// Whose, if it is one of several merchants'.
    pub(crate) merchant: Option<u16>,
    /// Which of the site's systems, where there are several.
    pub(crate) system: Option<String>,
    /// When it ends, where it is a certificate. Two that end at different times are two alarms.
    pub(crate) until: Option<WallTime>,
}

/// That it began or ended.
#[derive(Clone, Debug)]
struct Event {
    alarm: Alarm,
    begins: bool,
    at: WallTime,
    /// When this was so.
    since: Moment,
    /// Nobody else's.
    id: String,
}

impl Event {
    /// Whole days that a certificate has left; negative when it has ended.
    fn days(&self) -> Option<i64> {
        Some(self.alarm.until?.millis_since(self.at).div_euclid(86_400_000))
    }
}

/// Where events go.
trait Collector: Send {
    /// Its setting.
    fn name(&self) -> &'static str;

    fn deliver(&self, event: &Event) -> Result<(), NotTaken>;
}

/// Why a collector has not taken an event.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    /// It is not reached.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It does not want this one now; the next attempt may find it well.
    #[error("it answers with status {0}")]
    Status(u16),
    /// It will never take this one, and the others wait behind it.
    #[error("it refuses an alarm for good, with status {0}")]
    ForGood(u16),
}

/// A collector that takes nothing.
#[derive(Clone)]
pub(crate) struct Away {
    /// Which, and why.
    pub(crate) failure: Failure,
    /// Since when.
    pub(crate) since: Moment,
}

/// Reads a collector's key and authorities.
type Opening = Box<dyn Fn() -> Result<Box<dyn Collector>, AlarmError> + Send>;

/// Why alarms cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum AlarmError {
    /// The authorities cannot be used.
    #[error("[alarms]")]
    Open(#[from] OpenError),
    /// The key cannot be used.
    #[error("[alarms] hmac-key")]
    Key(#[source] FileError),
    /// There is no thread.
    #[error("a thread of the alarms cannot be started")]
    Thread(#[source] io::Error),
}

/// Everybody who is told.
pub struct Alarms {
    clock: Arc<dyn Clock>,
    lines: Vec<Line>,
    told: u64,
    /// Why collectors could not be opened, which are tried again.
    pub(crate) unopened: Vec<AlarmError>,
}

/// The way to one collector, and what it was told to stand.
struct Line {
    way: SyncSender<Event>,
    known: Vec<Alarm>,
    away: Arc<Mutex<Option<Away>>>,
}

/// Events on their way to a thread, and with it.
const WAITING: usize = 64;
const KEPT: usize = 512;

/// For how long an event is of use.
const LONGEST: Duration = Duration::from_secs(3600);

/// How long one delivery may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// How soon a collector that failed is tried again, at first and at last.
const AGAIN: Duration = Duration::from_secs(2);
const AGAIN_AT_LAST: Duration = Duration::from_secs(30);

impl Settings {
    /// What does not fit together, if anything.
    pub(crate) fn fits_together(&self) -> Result<(), &'static str> {
        let Self { webhook, hmac_key, syslog, .. } = self;
        if webhook.is_some() != hmac_key.is_some() {
            return Err("alarms.webhook and alarms.hmac-key stand together");
        }
        if webhook.as_ref().is_some_and(|url| !url.starts_with("https://")) {
            return Err("alarms.webhook is an https address");
        }
        if webhook.is_none() && syslog.is_none() {
            return Err("[alarms] names neither webhook nor syslog");
        }
        Ok(())
    }

    /// Whether alarms could be told; nobody is asked.
    pub(crate) fn look(&self, clock: &Arc<dyn Clock>) -> Result<(), AlarmError> {
        self.collectors(clock).iter().try_for_each(|open| open().map(drop))
    }

    /// How each collector is opened.
    fn collectors(&self, clock: &Arc<dyn Clock>) -> Vec<Opening> {
        let mut collectors: Vec<Opening> = Vec::new();
        let route = Route { ca_file: self.ca_file.clone(), ..Route::default() };
        if let (Some(url), Some(key)) = (self.webhook.clone(), self.hmac_key.clone()) {
            let (route, clock) = (route.clone(), Arc::clone(clock));
            collectors.push(Box::new(move || {
                let client = Client::open(&route, Arc::clone(&clock))?;
                let webhook = webhook::Webhook::open(url.clone(), &key, host(), client, Arc::clone(&clock));
                Ok(Box::new(webhook.map_err(AlarmError::Key)?))
            }));
        }
        if let Some(address) = self.syslog.clone() {
            let clock = Arc::clone(clock);
            collectors.push(Box::new(move || {
                let client = Client::open(&route, Arc::clone(&clock))?;
                Ok(Box::new(syslog::Syslog::new(address.clone(), host(), client, Arc::clone(&clock))))
            }));
        }
        collectors
    }
}

/// This machine's name; `-` where it has none that stands in a line, as RFC 5424 says.
fn host() -> String {
    // Not by /proc: the unit sees no more of it than processes.
    let system = rustix::system::uname();
    let plain = system.nodename().to_str().unwrap_or_default();
    let fits = (1..=255).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { plain } else { "-" }.to_owned()
}

impl Fault for AlarmError {
    fn code(&self) -> Code {
        match self {
            Self::Open(error) => error.code(),
            Self::Key(error) if error.is_exposed() => Code::K402,
            Self::Key(_) => Code::K401,
            Self::Thread(_) => Code::X001,
        }
    }

    fn cure(&self) -> Option<Cure> {
        match self {
            Self::Open(error) => error.cure(),
            Self::Key(error) => error.cure().filter(|_| !error.is_exposed()),
            Self::Thread(_) => None,
        }
    }
}

impl Alarms {
    /// Reads key and authorities, and begins to tell; a collector that cannot be opened is tried again, and each by itself.
    pub(crate) fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, AlarmError> {
        let mut unopened = Vec::new();
        let lines = settings.collectors(clock).into_iter().map(|open| {
            let collector = open().map_err(|error| unopened.push(error)).ok();
            let (way, events) = sync_channel(WAITING);
            let (clock, away) = (Arc::clone(clock), Arc::default());
            let noted = Arc::clone(&away);
            let telling = move || tell((&open, collector), &events, &*clock, &noted);
            thread::Builder::new().name("alarms".to_owned()).spawn(telling).map_err(AlarmError::Thread)?;
            Ok::<_, AlarmError>(Line { way, known: Vec::new(), away })
        });
        let lines = lines.collect::<Result<_, _>>()?;
        Ok(Self { lines, clock: Arc::clone(clock), told: 0, unopened })
    }

    /// How each collector is, in the same order always: none that takes what it is told.
    pub(crate) fn away(&self) -> Vec<Option<Away>> {
        self.lines.iter().map(|line| line.away.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }

    /// What is wrong now: whatever is so since the last time, or is so no longer, is told. What finds no room is told the
    /// next time.
    pub(crate) fn are(&mut self, now: &[Alarm]) {
        let (at, Self { lines, told, .. }) = (self.clock.now(), self);
        for Line { way, known, .. } in lines {
            let ended = known.iter().filter(|alarm| !now.contains(alarm));
            let changes = now.iter().map(|alarm| (true, alarm)).chain(ended.map(|alarm| (false, alarm)));
            let changes: Vec<_> = changes.map(|(begins, alarm)| (begins, alarm.clone())).collect();
            for (begins, alarm) in changes {
                if begins && known.contains(&alarm) {
                    continue;
                }
                *told = told.saturating_add(1);
                let id = format!("{:x}-{told:x}", at.wall.0);
                let event = Event { alarm: alarm.clone(), begins, at: at.wall, since: at.moment, id };
                if way.try_send(event).is_err() {
                    break;
                }
                stands(known, alarm, begins);
            }
        }
    }
}

/// Notes that an alarm stands, once, or that it does so no longer.
fn stands(known: &mut Vec<Alarm>, alarm: Alarm, begins: bool) {
    known.retain(|other| *other != alarm);
    if begins {
        known.push(alarm);
    }
}

impl NotTaken {
    fn of(self, collector: &'static str) -> Failure {
        let cure = if let Self::Http(error) = &self { error.cure() } else { None };
        Failure::new(Code::N330).told(collector).cured_by(cure).because(self)
    }
}

/// Lets go what is of no use any more: what is old, or one too many, where something newer is known of the same alarm.
fn let_go(kept: &mut VecDeque<Event>, now: Moment) {
    let newest = |kept: &VecDeque<Event>, at: usize| !kept.range(at + 1..).any(|event| event.alarm == kept[at].alarm);
    let mut at = 0;
    while at < kept.len() {
        let goes = now.since(kept[at].since) >= LONGEST || kept.len() > KEPT;
        if goes && !newest(kept, at) {
            kept.remove(at);
        } else {
            at += 1;
        }
    }
    kept.drain(..kept.len().saturating_sub(KEPT));
}

/// Tells one collector, in order, once it is open, and how that went.
fn tell(
    (open, mut collector): (&Opening, Option<Box<dyn Collector>>),
    events: &Receiver<Event>,
    clock: &dyn Clock,
    away: &Mutex<Option<Away>>,
) {
    let mut begun: Vec<Alarm> = Vec::new();
    let (mut kept, mut again, mut next): (VecDeque<Event>, _, _) = (VecDeque::new(), AGAIN, Moment::default());
    loop {
        let left = next.since(clock.now().moment);
        let came = match kept.is_empty() && collector.is_some() {
            true => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => events.recv_timeout(left.max(Duration::from_millis(1))),
        };
        match came {
            Ok(event) => kept.push_back(event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let_go(&mut kept, clock.now().moment);
        if collector.is_none() && next <= clock.now().moment {
            collector = open().ok();
            match collector {
                Some(_) => tracing::info!("a collector of alarms could be opened at last"),
                None => {
                    next = clock.now().moment.after(again);
                    again = again.saturating_mul(2).min(AGAIN_AT_LAST);
                }
            }
        }
        let Some(collector) = &collector else { continue };
        while let Some(event) = kept.front().filter(|_| next <= clock.now().moment) {
            // An end whose beginning was let go says nothing.
            let is_news = event.begins || begun.contains(&event.alarm);
            let delivered = if is_news { collector.deliver(event) } else { Ok(()) };
            let is_done = matches!(delivered, Ok(()) | Err(NotTaken::ForGood(_)));
            if is_news {
                let failure = delivered.err().map(|error| error.of(collector.name()));
                note(away, failure, clock.now().moment);
            }
            match is_done {
                true => {
                    let Some(Event { alarm, begins, .. }) = kept.pop_front() else { break };
                    stands(&mut begun, alarm, begins);
                    again = AGAIN;
                }
                false => {
                    next = clock.now().moment.after(again);
                    again = again.saturating_mul(2).min(AGAIN_AT_LAST);
                }
            }
        }
    }
}

/// Whatever it fails by is one failure, from its beginning on.
fn note(away: &Mutex<Option<Away>>, failure: Option<Failure>, now: Moment) {
    let mut away = away.lock().unwrap_or_else(PoisonError::into_inner);
    let since = away.as_ref().map_or(now, |away| away.since);
    *away = failure.map(|failure| Away { failure, since });
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Paper, Self::Device, Self::Network, Self::Site, Self::Certificate, Self::Machine];

    /// The word for it in what is told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Device => "device",
            Self::Network => "network",
            Self::Site => "site",
            Self::Certificate => "certificate",
            Self::Machine => "machine",
        }
    }

    /// Of which kind a code is.
    fn of(code: Code) -> Self {
        match code {
            Code::P702 | Code::P706 => Self::Paper,
            Code::K407 | Code::T220 => Self::Certificate,
            _ => match code.as_str().as_bytes()[0] {
                b'N' | b'W' => Self::Network,
                b'H' => Self::Site,
                b'C' | b'J' | b'X' | b'K' => Self::Machine,
                _ => Self::Device,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(lane: usize, begins: bool, seconds: u64) -> Event {
        let alarm = Alarm {
            code: Code::P702,
            part: "printer".to_owned(),
            lane: Some(lane.to_string()),
            merchant: None,
            system: None,
            until: None,
        };
        let since = Moment(Duration::from_secs(seconds));
        Event { alarm, begins, at: WallTime(0), since, id: String::new() }
    }

    fn left(kept: VecDeque<Event>, hours: u64) -> Vec<(String, bool)> {
        let mut kept = kept;
        let_go(&mut kept, Moment(Duration::from_secs(hours * 3600)));
        kept.into_iter().map(|event| (event.alarm.lane.unwrap_or_default(), event.begins)).collect()
    }

    #[test]
    fn what_stands_is_told_however_long_the_collector_was_away() {
        let kept = VecDeque::from([event(1, true, 0), event(2, true, 0), event(1, false, 1), event(1, true, 2)]);
        assert_eq!(left(kept.clone(), 0).len(), 4);
        assert_eq!(left(kept, 5), [("2".to_owned(), true), ("1".to_owned(), true)]);
        let many = (0..KEPT).flat_map(|turn| [event(1, turn % 2 == 0, 0), event(2, turn % 2 == 0, 0)]);
        let left = left(std::iter::once(event(3, true, 0)).chain(many).collect(), 0);
        assert!(left.len() == KEPT && left[0] == ("3".to_owned(), true));
    }
}
