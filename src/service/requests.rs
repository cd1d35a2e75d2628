//! What staff ask for, carried to the core, and its answer back: each within its time.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

#[cfg(feature = "page")]
use super::{exercises, staff::Exercise};
use super::{
    slips::Slips,
    staff::{Answer, Asked, Said, StaffMode, StaffReply, StaffRequest},
};
use crate::{
    fault::Code,
    kiosk::{Input, OutOfService, Output, PrintOutcome, Slip},
    words::{Admission, JobId, LaneId, Moment, Now, Text, WallTime},
};
#[cfg(feature = "page")]
use crate::{kiosk::Scene, words::SessionId};

/// Requests that wait for a printer, a gate or the site's system.
pub(super) struct Requests {
    /// The lanes' names, in order.
    lanes: Vec<String>,
    waiting: Vec<Waiting>,
    slips: Slips,
    /// How many exercises there were.
    #[cfg(feature = "page")]
    exercises: u32,
}

/// What a request comes to: what the core hears, and what is done without it.
#[derive(Default)]
pub(super) struct Todo {
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
    /// What a lane's voice says, and nothing else does.
    #[cfg(feature = "page")]
    pub(super) said: Option<(LaneId, Scene)>,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Slip(JobId),
    #[cfg(feature = "page")]
    Gate(SessionId),
    #[cfg(feature = "page")]
    Annulment(SessionId),
}

/// Somebody who waits.
struct Waiting {
    of: For,
    lane: LaneId,
    until: Moment,
    answer: oneshot::Sender<Answer>,
}

/// What is told of what may have been done, or not.
pub(super) const NO_WORD: &str = "no word from it: look at it";
pub(super) const UNACKNOWLEDGED: &str = "sent, and not acknowledged: look at the printer";

/// The most of one lane: its printer prints one after the other.
const WAITING: usize = 4;

/// How long anybody waits. A printer that has not answered by then will not be believed.
const PATIENCE: Duration = Duration::from_secs(60);

impl Requests {
    pub(super) fn new(lanes: Vec<String>) -> Self {
        Self {
            lanes,
            waiting: Vec::new(),
            slips: Slips::default(),
            #[cfg(feature = "page")]
            exercises: 0,
        }
    }

    /// What a request comes to. `is_maintained`: whether a technician works on a lane; `speaks`: whether it has a voice.
    #[cfg_attr(not(feature = "page"), expect(unused_variables, reason = "exercises and the desk depend on it"))]
    pub(super) fn take(
        &mut self,
        (request, answer): Asked,
        now: Now,
        (is_maintained, speaks): (impl Fn(LaneId) -> bool, impl Fn(LaneId) -> bool),
    ) -> Todo {
        let refuse = |answer: oneshot::Sender<Answer>, told: &str| {
            let _ = answer.send(Answer::told(false, told.to_owned()));
            Todo::default()
        };
        let say = |answer: oneshot::Sender<Answer>, said| {
            let _ = answer.send(Answer::said(said));
            Todo::default()
        };
        let name = match &request {
            StaffRequest::Lane { lane, .. } | StaffRequest::Reprint { lane, .. } => lane,
            #[cfg(feature = "page")]
            StaffRequest::Exercise { lane, .. }
            | StaffRequest::Annul { lane, .. }
            | StaffRequest::DeskLane { lane, .. } => lane,
            #[cfg(feature = "page")]
            StaffRequest::Reload | StaffRequest::Note(_) => return refuse(answer, "not here"),
            StaffRequest::Status => return refuse(answer, "not here"),
        };
        let Some(lane) = self.lanes.iter().position(|lane| lane == name).and_then(|at| u16::try_from(at).ok()) else {
            return say(answer, Said::NoSuchLane);
        };
        let lane = LaneId(lane);
        match request {
            StaffRequest::Lane { lane: name, mode } => {
                tracing::info!(lane = name, ?mode, "staff");
                let told = format!("{name}: {}", format!("{mode:?}").to_ascii_lowercase());
                let reply = StaffReply { done: true, told, said: Some(Said::Mode(mode)), code: None };
                let _ = answer.send(Answer::Told(reply));
                let both =
                    [(OutOfService::Closed, StaffMode::Closed), (OutOfService::Maintenance, StaffMode::Maintenance)];
                let inputs = both.map(|(of, wanted)| Input::OutOfService { lane, why: of, on: mode == wanted });
                Todo { inputs: inputs.to_vec(), ..Todo::default() }
            }
            #[cfg(feature = "page")]
            StaffRequest::DeskLane { lane: name, closed } => {
                if is_maintained(lane) {
                    return refuse(answer, "a technician works on it");
                }
                tracing::info!(lane = name, closed, "the desk");
                let _ =
                    answer.send(Answer::told(true, format!("{name}: {}", if closed { "closed" } else { "normal" })));
                let input = Input::OutOfService { lane, why: OutOfService::Closed, on: closed };
                Todo { inputs: vec![input], ..Todo::default() }
            }
            StaffRequest::Status => Todo::default(),
            #[cfg(feature = "page")]
            StaffRequest::Reload | StaffRequest::Note(_) => Todo::default(),
            #[cfg(feature = "page")]
            StaffRequest::Exercise { what, .. } => {
                if what != Exercise::Slip && !is_maintained(lane) {
                    return refuse(answer, "begin maintenance of the lane first");
                }
                if what == Exercise::Voice && !speaks(lane) {
                    return refuse(answer, "the lane has no voice");
                }
                self.exercises = self.exercises.saturating_add(1);
                let trial = exercises::trial(lane, what, self.exercises, now);
                match trial.awaited {
                    Some(awaited) => {
                        let of = match awaited {
                            exercises::Awaited::Slip(job) => For::Slip(job),
                            exercises::Awaited::Gate(session) => For::Gate(session),
                        };
                        if !self.wait(of, lane, now.moment, answer) {
                            return Todo::default();
                        }
                    }
                    None => _ = answer.send(Answer::told(true, trial.told)),
                }
                trial.todo
            }
            #[cfg(feature = "page")]
            StaffRequest::Annul { session, .. } => {
                let Ok(session) = session.parse() else { return refuse(answer, "no such session") };
                if !self.wait(For::Annulment(session), lane, now.moment, answer) {
                    return Todo::default();
                }
                Todo { outputs: vec![Output::Annul { lane, session, after: now.moment }], ..Todo::default() }
            }
            StaffRequest::Reprint { session, copy, number, place, visit, to_verify, at, .. } => {
                let Ok(session) = session.parse() else { return say(answer, Said::NoSuchSession) };
                let job = JobId { session, copy };
                if copy == 0 {
                    return say(answer, Said::TooMany);
                }
                let text = |text: Option<String>| text.map(|text| Text::clean(&text));
                let known = || Admission {
                    number: text(number),
                    place: text(place),
                    visit: Arc::from(visit),
                    to_verify,
                    ..Admission::default()
                };
                let admission = self.slips.of(session).unwrap_or_else(known);
                let slip = Slip { reprint: true, at: WallTime(at), ..Slip::of(session, admission) };
                tracing::info!(%session, copy, "staff ask for a slip again");
                if !self.wait(For::Slip(job), lane, now.moment, answer) {
                    return Todo::default();
                }
                Todo { inputs: vec![Input::Reprint { lane, job, slip: Box::new(slip) }], ..Todo::default() }
            }
        }
    }

    /// Somebody waits; false where too many do, and they were told so.
    fn wait(&mut self, of: For, lane: LaneId, now: Moment, answer: oneshot::Sender<Answer>) -> bool {
        self.forget(now);
        let of_lane = self.waiting.iter().filter(|waiting| waiting.lane == lane).count();
        let fits = of_lane < WAITING && !self.waiting.iter().any(|waiting| waiting.of == of);
        if fits {
            self.waiting.push(Waiting { of, lane, until: now.after(PATIENCE), answer });
        } else {
            let _ = answer.send(Answer::said(Said::TooMany));
        }
        fits
    }

    /// A slip is about to be printed: it may be asked for again.
    pub(super) fn see(&mut self, output: &Output, now: Moment) {
        if let Output::Print { job: JobId { session, copy: 0 }, slip, .. } = output
            && slip.sent_away.is_none()
        {
            self.slips.keep(now, *session, slip);
        }
    }

    /// Tells whoever waits how it ended.
    pub(super) fn hear(&mut self, input: &Input) {
        let (of, told) = match input {
            Input::Printed { job, outcome } => {
                let said = match outcome {
                    PrintOutcome::Printed => Said::Printed,
                    PrintOutcome::Unknown => Said::Unacknowledged,
                    PrintOutcome::NotPrinted(code) => Said::NotPrinted(*code),
                };
                (For::Slip(*job), Answer::said(said))
            }
            #[cfg(feature = "page")]
            Input::Gated { session, outcome } => {
                let failed = outcome.code().filter(|code| *code != Code::G803);
                let opened = || Answer::told(true, format!("{outcome:?}").to_ascii_lowercase());
                (For::Gate(*session), failed.map_or_else(opened, |code| Answer::not_done("not opened", code)))
            }
            #[cfg(feature = "page")]
            Input::Annulled { session, result } => {
                let told = match result {
                    Ok(()) => Answer::told(true, "taken back".to_owned()),
                    Err(code) => Answer::not_done("not taken back", *code),
                };
                (For::Annulment(*session), told)
            }
            _ => return,
        };
        if let Some(place) = self.waiting.iter().position(|waiting| waiting.of == of) {
            let _ = self.waiting.swap_remove(place).answer.send(told);
        }
    }

    /// Answers whoever waited too long, and forgets whoever has gone.
    pub(super) fn forget(&mut self, now: Moment) {
        self.slips.forget(now);
        self.waiting.retain(|waiting| !waiting.answer.is_closed());
        while let Some(late) = self.waiting.iter().position(|waiting| waiting.until <= now) {
            let _ = self.waiting.swap_remove(late).answer.send(Answer::said(Said::NoWord));
        }
    }
}

pub(super) fn not_done(what: &str, code: Code) -> String {
    format!("{what}: {code} {}; {}", code.summary(), code.cure())
}
