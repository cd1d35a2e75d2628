//! What staff ask for, carried to the core, and its answer back: each within its time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{
    slips::Slips,
    staff::{Answer, Asked, StaffMode, StaffRequest},
};
use crate::{
    kiosk::{Input, OutOfService, Output, PrintOutcome, Slip},
    words::{Admission, JobId, LaneId, Moment, Text, WallTime},
};

/// Requests that wait for a printer.
pub(super) struct Requests {
    /// The lanes' names, in order.
    lanes: Vec<String>,
    printing: BTreeMap<JobId, Waiting>,
    slips: Slips,
}

/// Somebody who waits for a printer.
struct Waiting {
    lane: LaneId,
    until: Moment,
    answer: oneshot::Sender<Answer>,
}

/// The most of one lane: its printer prints one after the other.
const PRINTING: usize = 4;

/// How long anybody waits. A printer that has not answered by then will not be believed.
const PATIENCE: Duration = Duration::from_secs(60);

impl Requests {
    pub(super) fn new(lanes: Vec<String>) -> Self {
        Self { lanes, printing: BTreeMap::new(), slips: Slips::default() }
    }

    /// The inputs that a request comes to.
    pub(super) fn take(&mut self, (request, answer): Asked, now: Moment) -> Vec<Input> {
        let refuse = |answer: oneshot::Sender<Answer>, told: &str| {
            let _ = answer.send(Answer::told(false, told.to_owned()));
            Vec::new()
        };
        let name = match &request {
            StaffRequest::Lane { lane, .. } | StaffRequest::Reprint { lane, .. } => lane,
            StaffRequest::Status => return refuse(answer, "not here"),
        };
        let Some(lane) = self.lanes.iter().position(|lane| lane == name).and_then(|at| u16::try_from(at).ok()) else {
            return refuse(answer, "no such lane; the site file names them");
        };
        let lane = LaneId(lane);
        match request {
            StaffRequest::Lane { lane: name, mode } => {
                tracing::info!(lane = name, ?mode, "staff");
                let told = format!("{name}: {}", format!("{mode:?}").to_lowercase());
                let _ = answer.send(Answer::told(true, told));
                [(OutOfService::Closed, StaffMode::Closed), (OutOfService::Maintenance, StaffMode::Maintenance)]
                    .map(|(of, wanted)| Input::OutOfService { lane, why: of, on: mode == wanted })
                    .to_vec()
            }
            StaffRequest::Status => Vec::new(),
            StaffRequest::Reprint { session, copy, number, place, visit, at, .. } => {
                let Ok(session) = session.parse() else { return refuse(answer, "no such session") };
                self.forget(now);
                let job = JobId { session, copy };
                let of_lane = self.printing.values().filter(|waiting| waiting.lane == lane).count();
                if copy == 0 || of_lane >= PRINTING || self.printing.contains_key(&job) {
                    return refuse(answer, "too many copies at once");
                }
                let text = |text: Option<String>| text.map(|text| Text::clean(&text));
                let known = || Admission {
                    number: text(number),
                    place: text(place),
                    visit: Arc::from(visit),
                    ..Admission::default()
                };
                let admission = self.slips.of(session).unwrap_or_else(known);
                let slip = Slip { admission, reprint: true, at: WallTime(at), ..Slip::default() };
                tracing::info!(%session, copy, "staff ask for a slip again");
                self.printing.insert(job, Waiting { lane, until: now.after(PATIENCE), answer });
                vec![Input::Reprint { lane, job, slip: Box::new(slip) }]
            }
        }
    }

    /// A slip is about to be printed: it may be asked for again.
    pub(super) fn see(&mut self, output: &Output, now: Moment) {
        if let Output::Print { job: JobId { session, copy: 0 }, slip, .. } = output
            && slip.sent_away.is_none()
        {
            self.slips.keep(now, *session, slip);
        }
    }

    /// Tells whoever waits how a slip ended.
    pub(super) fn hear(&mut self, input: &Input) {
        let Input::Printed { job, outcome } = input else { return };
        let Some(Waiting { answer, .. }) = self.printing.remove(job) else { return };
        let told = match outcome {
            PrintOutcome::Printed => "printed and acknowledged".to_owned(),
            PrintOutcome::Unknown => "sent, and not acknowledged: look at the printer".to_owned(),
            PrintOutcome::NotPrinted(code) => format!("not printed: {code} {}; {}", code.summary(), code.cure()),
        };
        let _ = answer.send(Answer::told(*outcome == PrintOutcome::Printed, told));
    }

    /// Answers whoever waited too long, and forgets whoever has gone.
    pub(super) fn forget(&mut self, now: Moment) {
        self.slips.forget(now);
        self.printing.retain(|_, waiting| !waiting.answer.is_closed());
        let late: Vec<_> =
            self.printing.iter().filter(|(_, waiting)| waiting.until <= now).map(|(job, _)| *job).collect();
        for Waiting { answer, .. } in late.into_iter().filter_map(|job| self.printing.remove(&job)) {
            let told = "no word from the printer: look at it".to_owned();
            let _ = answer.send(Answer::told(false, told));
        }
    }
}
