//! The adapter: list where the hospital answers that, pick, tell of the arrival once, and read what was acknowledged.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use time::{OffsetDateTime, macros::format_description};

use super::{
    line::Line,
    message::{Message, Path, Writing},
    settings::{Hl7Settings, Refusal, Telling},
    visit::{Standing, Visit, admission, listed, members},
};
use crate::{
    checkin::{
        CheckIn, Request, Undecided,
        book::{self, Memory, Sent, Standing as Known},
        charset::Charset,
        reading::Here,
    },
    fault::{Code, Failure},
    http::{Bare, OpenError, Route},
    words::{CheckInAnswer, Clock, Deadline, Hindrance, Identity, Resolution, ServiceDay, SessionId, Text, WallTime},
};

/// A hospital that is told over MLLP.
pub struct Hl7 {
    settings: Hl7Settings,
    line: Line,
    clock: Arc<dyn Clock>,
    utc_offset: i32,
    reset_at: u16,
    memory: Arc<Memory>,
    asked: AtomicU64,
}

/// So long after a message whose answer was lost a list may not show yet what it did.
const LAG: Duration = Duration::from_secs(600);

/// SCH-25 of a visit that is taken back.
const BOOKED: &str = "BOOKED";

/// What came of telling.
enum Told {
    /// AA
    Done(Message),
    /// AE, and what of it the person may know.
    Not(Option<Refusal>, Option<String>),
}

/// What is to be done.
enum Picked {
    This(Visit),
    End(CheckInAnswer),
}

impl Hl7 {
    /// An adapter that has told nobody yet. `url`: `mllps://host:port`, or without TLS `mllp://host:port`; `day`: seconds east
    /// of UTC, minute at which a day of business begins.
    pub fn open(
        settings: Hl7Settings,
        url: &str,
        route: &Route,
        day: (i32, u16),
        clock: Arc<dyn Clock>,
        memory: Arc<Memory>,
    ) -> Result<Self, OpenError> {
        let bare = Bare::open(route, &url.replacen("mllp", "http", 1), Arc::clone(&clock))?;
        let line = Line::new(bare, Arc::clone(&clock));
        let (utc_offset, reset_at) = day;
        Ok(Self { settings, line, clock, utc_offset, reset_at, memory, asked: AtomicU64::default() })
    }

    /// Today's visits of this person; an answer in their place where there can be none.
    fn visits(&self, request: &Request, deadline: Deadline) -> Result<Result<Vec<Visit>, CheckInAnswer>, Failure> {
        let control =
            format!("Q{:08x}{:011}", request.session.run & 0xFFFF_FFFF, self.asked.fetch_add(1, Ordering::Relaxed));
        let now = self.now();
        let day = now.format(format_description!("[year][month][day]")).unwrap_or_default();
        let (from, until) = (format!("{day}000000"), format!("{day}235959"));
        let person = Person::of(&request.identity);
        let mut writing = self.begin(["SQM", "S25", "SQM_S25"], &control);
        writing.segment(
            "QRD",
            &[
                &[&stamp(now)],
                &["R"],
                &["I"],
                &[&control],
                &[],
                &[],
                &["64", "RD"],
                &[person.id, person.name],
                &[&self.settings.subject],
                &[&self.settings.receiving[1]],
            ],
        );
        writing.segment("QRF", &[&[&self.settings.receiving[0]], &[&from], &[&until]]);
        let bytes = self.settings.charset.encode(writing.text()).ok_or(Code::H912)?;
        let heard =
            self.line.exchange(&bytes, &control, deadline).map_err(|undecided| match undecided.failure.code() {
                Code::H905 => undecided.failure.under(Code::H904),
                _ => undecided.failure,
            })?;
        match self.read_ack(heard)? {
            Told::Not(refusal, text) => Ok(Err(refused(refusal, text))),
            Told::Done(message) => {
                let kind = self.settings.authorities.get(&person.kind).map_or("", |[_, kind]| kind);
                let (visits, of_others) = listed(&message, &self.settings, request.identity.name(), [person.id, kind]);
                match (visits.is_empty(), of_others) {
                    (true, true) => Ok(Err(CheckInAnswer::Hindered(Hindrance::OtherName))),
                    _ => Ok(Ok(visits)),
                }
            }
        }
    }

    fn pick(&self, visits: Vec<Visit>, choice: Option<&Text>) -> Picked {
        if let Some(choice) = choice {
            return match visits.into_iter().find(|visit| visit.id() == choice.as_str()) {
                Some(visit) if visit.is_open() => Picked::This(visit),
                Some(visit) if visit.standing == Standing::Taken => Picked::End(self.already(&visit)),
                _ => Picked::End(CheckInAnswer::NotFound),
            };
        }
        let (mut open, others): (Vec<_>, Vec<_>) = visits.into_iter().partition(Visit::is_open);
        match open.len() {
            1 => Picked::This(open.swap_remove(0)),
            0 => Picked::End(match others.iter().find(|visit| visit.standing == Standing::Taken) {
                Some(taken) => self.already(taken),
                None => CheckInAnswer::NotFound,
            }),
            _ => {
                let choices = open.iter().take(CheckInAnswer::MAX_CHOICES).filter_map(Visit::choice).collect();
                Picked::End(CheckInAnswer::Choose(choices))
            }
        }
    }

    /// Tells of the arrival, once.
    fn arrive(&self, request: &Request, visit: Visit, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        let (book, today) = (&self.memory.book, self.today());
        let holder = request.identity.distinguishing();
        let holder = holder.as_ref().map_or("", |holder| holder.reveal());
        let missed = visit.standing == Standing::Missed;
        let key = book::key(holder, visit.id());
        let mark = if missed { book::missed(holder, visit.id(), &visit.members) } else { key };
        let Some(_held) = book.hold(key) else { return Err(Undecided::surely(Code::H911)) };
        let now = || self.clock.now().moment;
        // Without a list nobody else knows that they are in already, and a list lags behind.
        let once = &self.memory.once;
        match book.sent_before(mark, today) {
            Some((Some(ref answer), _)) if let Some(admission) = answer.admission() => {
                return Ok(CheckInAnswer::Already(admission.clone()));
            }
            Some(_) if missed => return Err(Undecided::surely(Code::H905)),
            None if missed && once.holds(mark, today) => return Err(Undecided::surely(Code::H905)),
            // The call before may be on its way still, and would be the second.
            None if missed && (matches!(book.sent_before(key, today), Some((None, _))) || self.is_in_doubt()) => {
                return Err(Undecided::surely(Code::H905));
            }
            Some((_, at)) if !self.settings.query || now().since(at) < LAG => {
                return Err(Undecided::perhaps(Code::H905));
            }
            _ => {}
        }
        if missed && !once.sends(mark, today) {
            return Err(Undecided::surely(Code::C103));
        }
        let sent = Sent {
            request: Arc::new(request.clone()),
            record: Arc::new(visit.kept()),
            visit: visit.id().to_owned(),
            key,
            mark,
            missed,
        };
        book.note(request.session, Known::Sent(sent.clone()));
        book.sends(mark, today, now(), None);
        let telling = (self.settings.arrive, self.settings.arrived.as_str());
        let answer = match self.tell(telling, request, &visit, &control(request.session), deadline) {
            Ok(Told::Done(message)) => {
                let mut told = visit.members.clone();
                let segments: Vec<&str> = message.segments().collect();
                told.extend(members(&message, &segments, &self.settings));
                let admission = admission(&told, self.here());
                Ok(CheckInAnswer::entry(missed, admission))
            }
            Ok(Told::Not(Some(Refusal::Taken), _)) => Ok(self.already(&visit)),
            Ok(Told::Not(refusal, text)) => Ok(refused(refusal, text)),
            Err(undecided) => Err(undecided),
        };
        let is_ours = matches!(answer, Ok(CheckInAnswer::Admitted(_) | CheckInAnswer::ReQueued(_)));
        book.settle(request.session, sent, (today, now()), &answer, is_ours);
        if missed && book.sent_before(mark, today).is_none() {
            once.not_sent(mark, today);
        }
        answer
    }

    fn tell(
        &self,
        (telling, status): (Telling, &str),
        request: &Request,
        visit: &Visit,
        control: &str,
        deadline: Deadline,
    ) -> Result<Told, Undecided> {
        let [kind, event, structure] = telling.kind();
        let now = stamp(self.now());
        let person = Person::of(&request.identity);
        let authority = self.settings.authorities.get(&person.kind).cloned().unwrap_or_default();
        let mut writing = self.begin([kind, event, structure], control);
        let document: &[&str] = &[person.id, "", "", &authority[0], &authority[1]];
        let document = if person.id.is_empty() { &[] } else { document };
        let pid: &[&[&str]] = &[&["1"], &[], document, &[], &[person.name]];
        if kind == "SIU" {
            let by: &[&str] = &["", &self.settings.sending[0]];
            let mut sch: [&[&str]; 25] = [&[]; 25];
            let [placer, filler] = [&visit.placer, &visit.filler].map(|of| of.each_ref().map(String::as_str));
            let status = [status];
            (sch[0], sch[1], sch[5], sch[15], sch[19], sch[24]) = (&placer, &filler, &status, by, by, &status);
            writing.segment("SCH", &sch);
            writing.segment("PID", pid);
            writing.segment("RGS", &[&["1"]]);
        } else {
            writing.segment("EVN", &[&[event], &[&now]]);
            writing.segment("PID", pid);
            let mut pv1: [&[&str]; 44] = [&[]; 44];
            let (number, at) = ([visit.id()], [now.as_str()]);
            (pv1[0], pv1[1], pv1[18], pv1[43]) = (&["1"], &["O"], &number, &at);
            writing.segment("PV1", &pv1);
        }
        let bytes = self.settings.charset.encode(writing.text()).ok_or_else(|| Undecided::surely(Code::H912))?;
        let heard = self.line.exchange(&bytes, control, deadline)?;
        self.read_ack(heard).map_err(|failure| {
            // AR says that it was not taken; whatever else is no answer may have been.
            let perhaps = failure.code() != Code::H944;
            Undecided { failure, perhaps }
        })
    }

    /// MSA-1: AA, AE, AR, or what the enhanced mode has in their places.
    fn read_ack(&self, message: Message) -> Result<Told, Failure> {
        let value = |segment, field, component| message.value(&Path::at(segment, field, component));
        match value("MSA", 1, 1).unwrap_or_default().trim() {
            "AA" => Ok(Told::Done(message)),
            "AE" | "CE" => {
                let code = value("ERR", 3, 1).or_else(|| value("ERR", 1, 4));
                let refusal = code.as_ref().and_then(|code| self.settings.refusals.get(code.trim())).copied();
                // What is for the user, and nothing that is for programmers.
                Ok(Told::Not(refusal, value("ERR", 8, 1)))
            }
            "AR" | "CR" => Err(Code::H944.into()),
            _ => Err(Code::H902.into()),
        }
    }

    fn begin(&self, kind: [&str; 3], control: &str) -> Writing {
        let Hl7Settings { sending, receiving, version, charset, .. } = &self.settings;
        let now = stamp(self.now());
        let mut writing = Writing::new();
        writing.segment(
            "MSH",
            &[
                &[&sending[0]],
                &[&sending[1]],
                &[&receiving[0]],
                &[&receiving[1]],
                &[&now],
                &[],
                &kind,
                &[control],
                &["P"],
                &[version],
                &[],
                &[],
                &[],
                &[],
                &["CHN"],
                &[written_in(*charset)],
            ],
        );
        writing
    }

    fn already(&self, visit: &Visit) -> CheckInAnswer {
        CheckInAnswer::Already(admission(&visit.members, self.here()))
    }

    /// What became of a visit that was told of and not answered.
    fn became(&self, sent: &Sent, deadline: Deadline) -> Result<Resolution, Failure> {
        if !self.settings.query {
            return Ok(Resolution::CannotSay(Code::H905));
        }
        let visits = self.visits(&sent.request, deadline)?.unwrap_or_default();
        Ok(match visits.iter().find(|visit| visit.id() == sent.visit) {
            // The list does not say by whom.
            Some(visit) if visit.standing == Standing::Taken => Resolution::CannotSay(Code::H910),
            _ => Resolution::NotThere,
        })
    }

    /// Whether somebody who was decided about here is checked in there by now, by whomever.
    fn entered_since(&self, request: &Request, deadline: Deadline) -> Result<Resolution, Failure> {
        let visits = self.visits(request, deadline)?.unwrap_or_default();
        let mut taken = visits.iter().filter(|visit| visit.standing == Standing::Taken);
        let (Some(only), None) = (taken.next(), taken.next()) else { return Ok(Resolution::NotThere) };
        Ok(self.memory.book.found_elsewhere(request.session, self.already(only)))
    }

    fn here(&self) -> Here {
        Here { utc_offset: self.utc_offset, now: self.clock.now().wall }
    }

    fn today(&self) -> ServiceDay {
        self.day_of(self.clock.now().wall)
    }

    fn day_of(&self, at: WallTime) -> ServiceDay {
        ServiceDay::of(at, self.utc_offset, self.reset_at)
    }

    /// Nobody can say who was sent before today.
    fn is_in_doubt(&self) -> bool {
        self.memory.once.is_in_doubt(self.today(), |at| self.day_of(at))
    }

    fn now(&self) -> OffsetDateTime {
        self.clock.now().wall.at_offset(self.utc_offset)
    }
}

impl CheckIn for Hl7 {
    /// Whom the hospital can be told of by a number of their own.
    fn judges(&self, identity: &Identity) -> bool {
        identity.document().is_some() || identity.voucher.is_some()
    }

    fn check_in(&self, request: &Request, deadline: Deadline) -> Result<CheckInAnswer, Undecided> {
        match self.memory.book.standing(request.session) {
            Some(Known::Decided(answer, _)) => return Ok(answer),
            Some(Known::Sent(_)) => return Err(Undecided::perhaps(Code::H905)),
            Some(Known::Nothing | Known::Elsewhere(_)) | None => {
                self.memory.book.note(request.session, Known::Nothing);
            }
        }
        if !self.settings.query {
            let placer = request.identity.booking().unwrap_or_default().to_owned();
            let placer = [placer, String::new(), String::new(), String::new()];
            let visit = Visit { placer, ..Visit::default() };
            return self.arrive(request, visit, deadline);
        }
        let visits = match self.visits(request, deadline).map_err(Undecided::surely)? {
            Ok(visits) => visits,
            Err(answer) => return Ok(answer),
        };
        match self.pick(visits, request.choice.as_ref()) {
            Picked::End(answer) => Ok(answer),
            Picked::This(visit) => self.arrive(request, visit, deadline),
        }
    }

    fn was_stood_in_for(&self, request: &Request) {
        if self.settings.query {
            self.memory.book.note(request.session, Known::Elsewhere(Arc::new(request.clone())));
        }
    }

    fn look_for(&self, deadline: Deadline) -> Result<(), Failure> {
        self.line.knock(deadline)
    }

    fn annul(&self, session: SessionId, deadline: Deadline) -> Result<(), Failure> {
        let sent = match self.memory.book.standing(session) {
            Some(Known::Sent(sent) | Known::Decided(_, Some(sent))) => sent,
            Some(Known::Nothing | Known::Elsewhere(_) | Known::Decided(_, None)) => return Ok(()),
            None => return Err(Code::H908.into()),
        };
        let telling = self.settings.cancel.ok_or(Code::H909)?;
        let visit = Visit::of_kept(&sent.record);
        let control = format!("C{}", &control(session)[1..]);
        let before = self.settings.missed.first().filter(|_| sent.missed).map_or(BOOKED, String::as_str);
        match self.tell((telling, before), &sent.request, &visit, &control, deadline) {
            Ok(Told::Done(_)) => {
                self.memory.book.not_sent(sent.mark);
                self.memory.once.not_sent(sent.mark, self.today());
                self.memory.book.note(session, Known::Nothing);
                Ok(())
            }
            Ok(Told::Not(..)) => Err(Code::H909.into()),
            Err(undecided) => Err(undecided.failure),
        }
    }

    fn resolve(&self, session: SessionId, deadline: Deadline) -> Result<Resolution, Failure> {
        match self.memory.book.standing(session) {
            Some(Known::Decided(answer, _)) => Ok(Resolution::Decided(answer)),
            Some(Known::Sent(sent)) => self.became(&sent, deadline),
            Some(Known::Elsewhere(request)) => self.entered_since(&request, deadline),
            Some(Known::Nothing) => Ok(Resolution::NotThere),
            None => Err(Code::H908.into()),
        }
    }
}

/// Whose visit it is.
struct Person<'a> {
    name: &'a str,
    /// The number of the document.
    id: &'a str,
    /// The number of its kind.
    kind: String,
}

impl<'a> Person<'a> {
    fn of(identity: &'a Identity) -> Self {
        let (kind, id) = identity.known_by().unwrap_or_default();
        Self { name: identity.name().map_or("", |name| name.reveal()), id, kind }
    }
}

/// MSH-10 of a session's own message: it has at most 20 characters (2.15.9.10).
fn control(session: SessionId) -> String {
    let text = session.to_string().replace('-', "");
    text[text.len().saturating_sub(20)..].to_owned()
}

/// MSH-18, of table 0211.
fn written_in(charset: Charset) -> &'static str {
    match charset {
        Charset::Utf8 => "UNICODE UTF-8",
        Charset::Gb18030 => "GB 18030-2000",
    }
}

/// `20261126083000+0800`
fn stamp(at: OffsetDateTime) -> String {
    let format =
        format_description!("[year][month][day][hour][minute][second][offset_hour sign:mandatory][offset_minute]");
    at.format(format).unwrap_or_default()
}

/// What an error is to the person.
fn refused(refusal: Option<Refusal>, text: Option<String>) -> CheckInAnswer {
    if let Some(hindrance) = refusal.and_then(Refusal::hindrance) {
        return CheckInAnswer::Hindered(hindrance);
    }
    match refusal {
        Some(Refusal::NotFound) => CheckInAnswer::NotFound,
        Some(Refusal::TooEarly) => CheckInAnswer::TooEarly(None),
        Some(Refusal::TooLate) => CheckInAnswer::TooLate(None),
        _ => CheckInAnswer::Refused(text.map(|text| Text::clean(&text)).filter(|text| !text.is_empty())),
    }
}
