//! What staff ask for, carried to the core, and its answer back.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::staff::{Asked, StaffMode, StaffReply, StaffRequest};
use crate::{
    kiosk::{Input, LaneMode, PrintOutcome, Slip},
    words::{Admission, JobId, LaneId, Text, WallTime},
};

/// Requests that wait for a printer.
pub(super) struct Requests {
    /// The lanes' names, in order.
    lanes: Vec<String>,
    printing: BTreeMap<JobId, oneshot::Sender<StaffReply>>,
}

/// The most of them.
const PRINTING: usize = 16;

impl Requests {
    pub(super) fn new(lanes: Vec<String>) -> Self {
        Self { lanes, printing: BTreeMap::new() }
    }

    /// The inputs that a request comes to.
    pub(super) fn take(&mut self, (request, answer): Asked) -> Vec<Input> {
        let refuse = |answer: oneshot::Sender<StaffReply>, told: &str| {
            let _ = answer.send(StaffReply { done: false, told: told.to_owned() });
            Vec::new()
        };
        let (StaffRequest::Lane { lane: name, .. } | StaffRequest::Reprint { lane: name, .. }) = &request;
        let Some(lane) = self.lanes.iter().position(|lane| lane == name).and_then(|at| u16::try_from(at).ok()) else {
            return refuse(answer, "no such lane; the site file names them");
        };
        let lane = LaneId(lane);
        match request {
            StaffRequest::Lane { lane: name, mode } => {
                tracing::info!(lane = name, ?mode, "staff");
                let told = format!("{name}: {}", format!("{mode:?}").to_lowercase());
                let _ = answer.send(StaffReply { done: true, told });
                [(LaneMode::Closed, StaffMode::Closed), (LaneMode::Maintenance, StaffMode::Maintenance)]
                    .map(|(of, wanted)| Input::ModeChanged { lane, mode: of, on: mode == wanted })
                    .to_vec()
            }
            StaffRequest::Reprint { session, copy, number, place, at, .. } => {
                let Ok(session) = session.parse() else { return refuse(answer, "no such session") };
                // Whoever has gone away needs no answer.
                self.printing.retain(|_, answer| !answer.is_closed());
                if copy == 0 || self.printing.len() == PRINTING {
                    return refuse(answer, "too many copies at once");
                }
                let job = JobId { session, copy };
                let text = |text: Option<String>| text.map(|text| Text::clean(&text));
                let admission = Admission { number: text(number), place: text(place), ..Admission::default() };
                let slip = Slip { name: None, admission, already: false, reprint: true, at: WallTime(at) };
                tracing::info!(%session, copy, "staff ask for a slip again");
                self.printing.insert(job, answer);
                vec![Input::Reprint { lane, job, slip: Box::new(slip) }]
            }
        }
    }

    /// Tells whoever waits how a slip ended.
    pub(super) fn hear(&mut self, input: &Input) {
        let Input::Printed { job, outcome } = input else { return };
        let Some(answer) = self.printing.remove(job) else { return };
        let told = match outcome {
            PrintOutcome::Printed => "printed and acknowledged".to_owned(),
            PrintOutcome::Unknown => "sent, and not acknowledged: look at the printer".to_owned(),
            PrintOutcome::NotPrinted(code) => format!("not printed: {code} {}; {}", code.summary(), code.cure()),
        };
        let _ = answer.send(StaffReply { done: *outcome == PrintOutcome::Printed, told });
    }
}
