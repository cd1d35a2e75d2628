//! Hospitals' own systems, as their integrators find them: seven ways to say the same three things, over one ledger; and
//! two in the words of a standard, FHIR and HL7.
//!
//! Each reads what comes and writes its answers by itself, with none of the agent's own code: a mistake there is not
//! mirrored here.

pub mod fhir;
pub mod hl7;
mod ledger;
mod queue;
mod scan;
mod soap;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use self::ledger::{Arrival, Booked, Ledger, Patient, Status};
use super::server::{Answer, Authority, Reply, Request, Server};

/// Which system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 东华 SelfRegService.
    SelfReg,
    /// 东华 HIPMessageServer(input1, input2).
    Esb,
    /// 联众 runservice, in GB 18030.
    Lianzhong,
    /// Queue server, first generation.
    QueueDevice,
    /// Queue server, second generation.
    QueueConfirm,
    /// SOAP with a JSON text.
    SoapJson,
    /// 互联互通 HIPMessageServer(action, message).
    Hip,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The terminal signs in.
    SignIn,
    /// Who is this?
    Identify,
    /// What is there today?
    List,
    /// Confirm one.
    Arrive,
    /// Take one back.
    Cancel,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It never reaches the system.
    LostBefore,
    /// It is carried out, and its answer is lost.
    LostAfter,
    /// The terminal is no longer signed in.
    Expired,
    /// It is carried out, and answered as an error of the system.
    Stumbles,
    /// Something on the way asks twice, and passes the second answer on.
    Twice,
}

/// How time passes in a system: a test may have a clock of its own for it.
pub trait Pace: Send + Sync {
    /// How long a call takes before and after what it does; nothing where it never comes.
    fn takes(&self, step: Step) -> Option<(Duration, Duration)>;

    /// So much passes.
    ///
    /// # Errors
    /// Whoever asked has gone; so much was left then.
    fn passes(&self, time: Duration) -> Result<(), Duration>;

    /// Does this so much later, whoever waits for it.
    fn later(&self, after: Duration, act: Box<dyn FnOnce() + Send>);
}

/// A running system.
pub struct Twin {
    server: Server,
    state: Arc<State>,
}

type Faults = Box<dyn FnMut(Step) -> Fault + Send>;

struct State {
    kind: Kind,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
    /// Nothing where a call takes no time.
    pace: Mutex<Option<Arc<dyn Pace>>>,
}

/// A call, taken apart.
#[derive(Clone, Debug, Default)]
struct Asked {
    /// A step of signing in, from 0.
    sign_in: Option<u8>,
    step: Option<Step>,
    card: String,
    patient: String,
    visit: String,
    /// Who asks: an operator or a terminal.
    by: String,
    /// What proves that the terminal is signed in.
    token: Option<String>,
}

/// What the ledger says to it.
enum Said {
    SignedIn(String),
    SignedOut,
    Patients(Vec<Patient>),
    Visits(Vec<Booked>),
    Arrived(Booked),
    Not(&'static str),
    Broken,
}

/// What a site says to the templates of all of them.
pub const VALUES: [(&str, &str); 16] = [
    ("org", "KIOSK"),
    ("client", "ZZJ"),
    ("hospital", "H01"),
    ("branch", "B1"),
    ("operator", "ZZJ-01"),
    ("operator-name", "自助机"),
    ("terminal", "ZZJ-01"),
    ("source", "FACEMCH"),
    ("system", "FACEMCH"),
    ("zone", ""),
    ("mac", "00:11:22:33:44:55"),
    ("corp", "7"),
    ("user", "kiosk"),
    ("receiver", "HIP-0001"),
    ("sender", "KIOSK-01"),
    ("organisation", "12100000400000000X"),
];

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::SelfReg, Self::Esb, Self::Lianzhong, Self::QueueDevice, Self::QueueConfirm, Self::SoapJson, Self::Hip];

    /// The template that travels with the program for it.
    pub fn template(self) -> &'static str {
        match self {
            Self::SelfReg => "dhc-selfreg",
            Self::Esb => "dhc-esb",
            Self::Lianzhong => "lianzhong",
            Self::QueueDevice => "queue-device",
            Self::QueueConfirm => "queue-confirm",
            Self::SoapJson => "soap-json",
            Self::Hip => "hip",
        }
    }

    /// It has patient records; the others know cards.
    pub fn identifies(self) -> bool {
        matches!(self, Self::SelfReg | Self::Esb | Self::Lianzhong | Self::SoapJson)
    }

    /// Its list says who checked a visit in.
    pub fn tells_by_whom(self) -> bool {
        self.identifies()
    }

    /// Terminals sign in there.
    pub fn signs_in(self) -> bool {
        matches!(self, Self::QueueDevice | Self::QueueConfirm | Self::SoapJson)
    }
}

impl Twin {
    /// Starts a system whose day is `today`, `2026-11-26`.
    pub fn start(authority: &Authority, kind: Kind, today: &str) -> io::Result<Self> {
        let ledger = Ledger::new(today, kind == Kind::SelfReg);
        let state = State {
            kind,
            ledger: Mutex::new(ledger),
            faults: Mutex::new(Box::new(|_| Fault::None)),
            pace: Mutex::default(),
        };
        let state = Arc::new(state);
        let answering = Arc::clone(&state);
        let server = Server::start(authority, Arc::new(move |request| answering.answer(request)))?;
        Ok(Self { server, state })
    }

    /// `https://localhost:PORT`
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its books.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.state.ledger()
    }

    /// How time passes there from now on.
    pub fn paced(&self, pace: Arc<dyn Pace>) {
        *self.state.pace.lock().unwrap_or_else(PoisonError::into_inner) = Some(pace);
    }

    /// Decides what goes wrong with each call from now on.
    pub fn faults(&self, faults: impl FnMut(Step) -> Fault + Send + 'static) {
        *self.state.faults.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(faults);
    }
}

impl State {
    fn answer(self: &Arc<Self>, request: &Request) -> Reply {
        let asked = match self.kind {
            Kind::QueueDevice | Kind::QueueConfirm => queue::asked(request),
            kind => soap::asked(kind, request),
        };
        let Some((asked, step)) = asked.and_then(|asked| asked.step.map(|step| (asked, step))) else {
            return Reply::Answer(Answer::json(400, &serde_json::json!({ "error": "not understood" })));
        };
        let pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let takes = pace.as_ref().map_or(Some(Default::default()), |pace| pace.takes(step));
        let Some((before, after)) = takes else { return Reply::Drop };
        if let Some(pace) = &pace
            && let Err(left) = pace.passes(before)
        {
            // It goes on here although nobody waits any more.
            let (state, asked) = (Arc::clone(self), asked);
            pace.later(left, Box::new(move || drop(said(&mut state.ledger(), &asked, step))));
            return Reply::Drop;
        }
        let fault = (self.faults.lock().unwrap_or_else(PoisonError::into_inner))(step);
        if fault == Fault::LostBefore {
            return Reply::Drop;
        }
        let said = {
            let mut ledger = self.ledger();
            ledger.calls += 1;
            if fault == Fault::Expired {
                ledger.sign_out();
            }
            if fault == Fault::Twice {
                drop(said(&mut ledger, &asked, step));
            }
            match said(&mut ledger, &asked, step) {
                _ if fault == Fault::Stumbles => Said::Broken,
                said => said,
            }
        };
        let is_gone = pace.is_some_and(|pace| pace.passes(after).is_err());
        if fault == Fault::LostAfter || is_gone {
            return Reply::Drop;
        }
        let today = self.ledger().today.clone();
        let body = match self.kind {
            Kind::QueueDevice | Kind::QueueConfirm => queue::told(self.kind, &said, step),
            kind => soap::told(kind, &said, step, &today),
        };
        Reply::Answer(body)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn said(ledger: &mut Ledger, asked: &Asked, step: Step) -> Said {
    if let Some(stage) = asked.sign_in {
        return Said::SignedIn(ledger.sign_in(stage));
    }
    if asked.token.as_ref().is_some_and(|token| !ledger.is_signed_in(token)) {
        return Said::SignedOut;
    }
    match step {
        Step::Identify => Said::Patients(ledger.patients_of(&asked.card)),
        Step::List if asked.patient.is_empty() => Said::Visits(ledger.visits_of_card(&asked.card)),
        Step::List => Said::Visits(ledger.visits_of(&asked.patient)),
        Step::Arrive => match ledger.arrive(&asked.visit, &asked.by) {
            Ok(visit) => Said::Arrived(visit),
            Err(why) => Said::Not(why),
        },
        Step::Cancel => match ledger.cancel(&asked.visit) {
            true => Said::Visits(Vec::new()),
            false => Said::Not("未签到"),
        },
        Step::SignIn => Said::Broken,
    }
}
