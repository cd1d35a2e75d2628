//! A hospital's system as its template describes it: calls with their values, signed in where it wants that.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::{
    call::{Call, Heard},
    file::Template,
    node::Node,
    rehearse::{self, Watch},
    rule::{Means, Rule},
    sign::{RsaKey, Signer, Signing},
    values::{Known, Named, Secrets, of},
};
use crate::{
    checkin::{Passage, Request, Undecided, book::Memory, reading, unanswered, unanswered_question},
    fault::{Code, Failure},
    http::{self, Client, HttpError, Method, Response},
    words::{Clock, Deadline, ServiceDay, WallTime},
};

/// What a site gives a template.
pub struct Given {
    /// Base address without a trailing slash.
    pub url: String,
    /// `${site.NAME}`
    pub values: Named,
    /// The same, lane by lane.
    pub lanes: Vec<(String, Named)>,
    /// `${secret.NAME}`
    pub secrets: Vec<(String, Zeroizing<String>)>,
    /// For templates that sign with RSA.
    pub rsa: Option<RsaKey>,
    /// Seconds east of UTC.
    pub utc_offset: i32,
    /// Minute of the day at which a day of business begins.
    pub reset_at: u16,
}

impl Given {
    /// What a template asks the site for, and the site file does not say; nothing where it says everything.
    pub(crate) fn fits(&self, template: &Template) -> Result<(), String> {
        for wanted in template.wanted() {
            let lacks = match wanted.name.split_once('.') {
                Some(("site", name)) if !self.values.contains_key(name) => {
                    let of_all = self.lanes.iter().all(|(_, lane)| lane.contains_key(name)) && !self.lanes.is_empty();
                    (!of_all).then(|| format!("checkin.values.{name}"))
                }
                Some(("secret", name)) if of(&self.secrets, name).is_none() => Some(format!("checkin.secrets.{name}")),
                Some(("wsse", "digest")) if of(&self.secrets, "password").is_none() => {
                    Some("checkin.secrets.password".to_owned())
                }
                _ => None,
            };
            if let Some(lacks) = lacks {
                return Err(format!("the template \"{}\" needs {lacks}", template.title));
            }
        }
        match template.signer.as_ref().is_some_and(Signer::is_rsa) && self.rsa.is_none() {
            true => Err(format!("the template \"{}\" needs checkin.rsa-key", template.title)),
            false => Ok(()),
        }
    }
}

/// The system.
pub(super) struct Upstream {
    pub(super) template: Template,
    given: Given,
    client: Client,
    pub(super) clock: Arc<dyn Clock>,
    memory: Arc<Memory>,
    session: Mutex<Session>,
    /// Somebody has signed in, or failed to.
    signed: Condvar,
    /// Whoever looks on.
    pub(super) watch: Option<Watch>,
}

/// What signing in brought.
#[derive(Default)]
struct Session {
    kept: Arc<Secrets>,
    /// Counts the times; 0 is before the first.
    generation: u64,
    day: Option<ServiceDay>,
    /// Somebody is at it.
    busy: bool,
}

/// What a call is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) request: Option<&'a Request>,
    pub(super) record: &'a Named,
    pub(super) visit: &'a Named,
    /// What became of a gate's grant, where that is told.
    pub(super) passage: Option<&'a Passage>,
}

/// Longer answers are refused, bytes.
const MAX_BODY: usize = 256 * 1024;

/// No values.
static NOTHING: Named = Named::new();

impl Default for About<'_> {
    fn default() -> Self {
        Self { request: None, record: &NOTHING, visit: &NOTHING, passage: None }
    }
}

impl Upstream {
    pub(super) fn new(
        template: Template,
        given: Given,
        client: Client,
        clock: Arc<dyn Clock>,
        memory: Arc<Memory>,
    ) -> Self {
        Self { template, given, client, clock, memory, session: Mutex::default(), signed: Condvar::new(), watch: None }
    }

    /// What signing in brought last.
    pub(super) fn kept(&self) -> Arc<Secrets> {
        Arc::clone(&self.session().kept)
    }

    /// Makes a call that changes nothing: once more where its connection broke.
    pub(super) fn ask(&self, call: &Call, about: About<'_>, deadline: Deadline) -> Result<Heard, Failure> {
        let asked = match self.call(call, about, deadline) {
            Err(Miss { broke: true, .. }) => self.call(call, about, deadline),
            asked => asked,
        };
        asked.map_err(|miss| miss.undecided.failure)
    }

    /// Makes a call, which may change something, once.
    pub(super) fn act(&self, call: &Call, about: About<'_>, deadline: Deadline) -> Result<Heard, Undecided> {
        self.call(call, about, deadline).map_err(|Miss { undecided, .. }| match undecided.failure.code() {
            Code::H901 if undecided.perhaps => {
                Undecided { failure: undecided.failure.under(Code::H905), perhaps: true }
            }
            _ => undecided,
        })
    }

    /// Signed in first. What the hospital refuses because it knows the terminal no more was not done: it is sent again,
    /// once.
    fn call(&self, call: &Call, about: About<'_>, deadline: Deadline) -> Result<Heard, Miss> {
        let (kept, generation) = self.signed_in(0, deadline)?;
        match self.exchange(call, about, &kept, deadline)? {
            Heard::Not(Means::SignedOut, _) if !self.template.sign_in.is_empty() => {}
            heard => return Ok(heard),
        }
        let (kept, _) = self.signed_in(generation, deadline)?;
        match self.exchange(call, about, &kept, deadline)? {
            Heard::Not(Means::SignedOut, _) => Err(Undecided::surely(Code::H907).into()),
            heard => Ok(heard),
        }
    }

    fn exchange(&self, call: &Call, about: About<'_>, kept: &Secrets, deadline: Deadline) -> Result<Heard, Miss> {
        let known = self.known(about, kept);
        let signing = Signing { signer: self.template.signer.as_ref(), rsa: self.given.rsa.as_ref() };
        let prepared = call.prepare(&known, self.template.charset, &signing);
        let prepared = prepared.ok_or_else(|| Undecided::surely(Code::H912))?;
        let url = Zeroizing::new(format!("{}{}", self.given.url, *prepared.path));
        let headers: Vec<_> = prepared.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let sent = self.client.send(&http::Request {
            method: prepared.method,
            url: &url,
            headers: &headers,
            body: prepared.body.as_ref().map(|body| body.as_slice()),
            deadline,
            max_body: MAX_BODY,
        });
        let response = sent.map_err(|error| Miss::of(error, call))?;
        let text = Zeroizing::new(reading::decode(&response.body, response.header("content-type")));
        if let Some(watch) = &self.watch {
            watch(&rehearse::sent(call, &known));
            watch(&rehearse::heard(call, response.status, &text, &known));
        }
        let heard = call.hear(&text, &known);
        match (response.status, heard) {
            (200..300, Some(heard)) => Ok(heard),
            // What a platform calls an error may be one of the template's, whatever its status.
            (_, Some(Heard::Not(means, text))) if means != Means::Refused => Ok(Heard::Not(means, text)),
            (401 | 403, _) if !self.template.sign_in.is_empty() => Ok(Heard::Not(Means::SignedOut, None)),
            (status, _) => Err(of_status(status, &response, call).into()),
        }
    }

    /// What signing in brought, in a generation after `stale`. One signs in, the others wait for it no longer than for
    /// themselves.
    fn signed_in(&self, stale: u64, deadline: Deadline) -> Result<(Arc<Secrets>, u64), Undecided> {
        if self.template.sign_in.is_empty() {
            return Ok(Default::default());
        }
        let late = || Undecided::surely(Failure::new(Code::H907).told(Code::H904.summary()));
        let mut session = self.session();
        loop {
            let now = self.clock.now();
            let today = ServiceDay::of(now.wall, self.given.utc_offset, self.given.reset_at);
            let is_todays = !self.template.daily || session.day == Some(today);
            if session.generation > stale && is_todays {
                return Ok((Arc::clone(&session.kept), session.generation));
            }
            if !session.busy {
                session.busy = true;
                drop(session);
                let signed = self.sign_in(deadline);
                session = self.session();
                session.busy = false;
                self.signed.notify_all();
                session.kept = Arc::new(signed?);
                session.generation = session.generation.saturating_add(1);
                session.day = Some(today);
                return Ok((Arc::clone(&session.kept), session.generation));
            }
            let left = deadline.left(now.moment);
            if left.is_zero() {
                return Err(late());
            }
            session = self.signed.wait_timeout(session, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Step by step, each with what those before it brought.
    fn sign_in(&self, deadline: Deadline) -> Result<Secrets, Undecided> {
        let mut kept = Secrets::new();
        for call in &self.template.sign_in {
            match self.exchange(call, About::default(), &kept, deadline) {
                Ok(Heard::Done(node)) => {
                    let read = call.members(&node);
                    if read.len() < call.read.len() {
                        return Err(Undecided::surely(Failure::new(Code::H906).within("sign-in".to_owned())));
                    }
                    // Of two of the same name the latter counts.
                    kept.extend(read.into_iter().map(|(name, value)| (name, Zeroizing::new(value))));
                }
                Ok(Heard::Not(..)) => return Err(Undecided::surely(Code::H907)),
                Err(miss) => return Err(Undecided::surely(miss.undecided.failure.within("sign-in".to_owned()))),
            }
        }
        Ok(kept)
    }

    /// Any answer says that it is there, be it "not so": nothing is asked and nothing changed.
    pub(super) fn look_for(&self, deadline: Deadline) -> Result<(), HttpError> {
        let (method, url, max_body) = (Method::Get, &*self.given.url, MAX_BODY);
        let sent = self.client.send(&http::Request { method, url, headers: &[], body: None, deadline, max_body });
        sent.map(|_| ())
    }

    /// Signs in, where terminals do; false where they do not.
    pub(super) fn signs_in(&self, deadline: Deadline) -> Result<bool, Failure> {
        let signed = self.signed_in(0, deadline).map_err(|undecided| undecided.failure)?;
        Ok(!signed.0.is_empty())
    }

    /// Everything that a text of the template may ask for.
    pub(super) fn known<'a>(&'a self, about: About<'a>, kept: &'a Secrets) -> Known<'a> {
        let mut nonce = [0; 16];
        // Without random numbers TLS would not have come up; what is left is no secret.
        let _ = getrandom::fill(&mut nonce);
        Known {
            request: about.request,
            passage: about.passage,
            site: &self.given.values,
            lane: about.request.and_then(|request| of(&self.given.lanes, &request.lane)),
            secrets: &self.given.secrets,
            tables: &self.template.tables,
            kept,
            record: about.record,
            visit: about.visit,
            serial: self.memory.serial.next(),
            nonce,
            now: self.clock.now().wall,
            utc_offset: self.given.utc_offset,
        }
    }

    /// Whether an answer meets a rule.
    pub(super) fn is_met(&self, rule: &Rule, answer: &Node, about: About<'_>) -> bool {
        rule.is_met(answer, &self.known(about, &self.kept()))
    }

    pub(super) fn here(&self) -> reading::Here {
        reading::Here { utc_offset: self.given.utc_offset, now: self.clock.now().wall }
    }

    pub(super) fn today(&self) -> ServiceDay {
        self.day_of(self.clock.now().wall)
    }

    pub(super) fn day_of(&self, at: WallTime) -> ServiceDay {
        ServiceDay::of(at, self.given.utc_offset, self.given.reset_at)
    }
}

/// A call without an answer of the hospital's.
struct Miss {
    undecided: Undecided,
    /// Its connection broke, which another may not.
    broke: bool,
}

impl From<Undecided> for Miss {
    fn from(undecided: Undecided) -> Self {
        Self { undecided, broke: false }
    }
}

impl Miss {
    fn of(error: HttpError, call: &Call) -> Self {
        let broke = matches!(error, HttpError::Interrupted);
        let undecided = match error {
            error if call.changes() => error.into(),
            HttpError::TooLarge | HttpError::Malformed => Undecided::surely(unanswered(Code::H906, error)),
            error => Undecided::surely(unanswered_question(error)),
        };
        Self { undecided, broke }
    }
}

/// A status without an answer that could be read.
fn of_status(status: u16, response: &Response, call: &Call) -> Undecided {
    let failure = |code: Code| {
        Failure::new(code).told(format!("{}: status {status}, {} bytes", code.summary(), response.body.len()))
    };
    match status {
        401 | 403 => Undecided::surely(failure(Code::H903)),
        429 => Undecided::surely(failure(Code::H901)),
        // A gateway says so of its own, whatever the system behind it has done.
        503 => Undecided { failure: failure(Code::H901), perhaps: true },
        500..600 if call.changes() => Undecided::perhaps(failure(Code::H905)),
        500..600 => Undecided::surely(failure(Code::H904)),
        _ => Undecided::perhaps(failure(Code::H906)),
    }
}
