//! Carries out what the core decided. Takes no decision of its own; what cannot be handed over is answered as "busy".

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc::Sender, watch};

use super::{
    checkins::{Past, Present},
    errands::{self, Errand, What},
    journalist::Entry,
    lookups,
    outputs::Order,
    printers::PrintJob,
    worker::Worker,
};
use crate::{
    checkin::Request,
    fault::Code,
    kiosk::{CheckInRequest, Device, GateOutcome, Input, Output, PrintOutcome, Record, Scene},
    store::Correlator,
    terminal::{self, Reply},
    words::{CheckInAnswer, Clock, Deadline, LaneId, Moment, Now, Purpose, Resolution, SessionId},
};

/// One lane's threads and connections.
pub(super) struct LaneHands {
    pub(super) name: String,
    pub(super) purpose: Purpose,
    pub(super) series: String,
    pub(super) terminal: watch::Sender<terminal::LaneTerminal>,
    pub(super) counters: Arc<terminal::Counters>,
    pub(super) replies: Sender<Reply>,
    pub(super) scenes_to_terminal: bool,
    pub(super) checkins: Worker<Present>,
    pub(super) panel: Option<Worker<Scene>>,
    pub(super) printer: Option<Worker<PrintJob>>,
    /// What the core was told hangs.
    pub(super) late: Vec<Device>,
}

/// The threads that all lanes share.
pub(super) struct Workers {
    pub(super) store: Worker<Entry>,
    pub(super) outputs: Worker<Order>,
    pub(super) lookups: Worker<lookups::Lookup>,
    pub(super) errands: Worker<Errand>,
    pub(super) past: Worker<Past>,
}

/// Everything that can be told to do something.
pub(super) struct Carrier {
    pub(super) clock: Arc<dyn Clock>,
    correlator: Arc<Correlator>,
    pub(super) lanes: Vec<LaneHands>,
    pub(super) workers: Workers,
    /// How long an errand may take.
    patience: Duration,
    /// Questions about the past whose time has not come.
    later: Vec<(Moment, Past)>,
    opened: u64,
}

/// The most questions about the past that wait, for each lane; beyond that they are answered "cannot say".
const LATER: usize = 128;

/// Soon enough for a question about the past that nobody had time for.
const ONCE_MORE: Duration = Duration::from_millis(500);

impl Carrier {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        correlator: Arc<Correlator>,
        lanes: Vec<LaneHands>,
        workers: Workers,
        patience: Duration,
    ) -> Self {
        Self { clock, correlator, lanes, workers, patience, later: Vec::new(), opened: 0 }
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// Carries out one output; returns what happened instead if nobody had room for it.
    pub(super) fn carry(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Warm => return self.errand(What::Warm),
            Output::Record { ticket, record } => {
                self.opened = self.opened.saturating_add(u64::from(matches!(record, Record::Opened { .. })));
                if let Err(Entry { ticket, .. }) = self.workers.store.offer(Entry { ticket, record }) {
                    tracing::error!(code = %Code::J502, "the store has no room for a record");
                    return ticket.map(|ticket| Input::NotRecorded { ticket, code: Code::J502 });
                }
            }
            Output::LookUp { session, pick, way, info_type, deadline } => {
                let deadline = Deadline::at(deadline);
                if self.workers.lookups.offer(lookups::Lookup { session, pick, way, info_type, deadline }).is_err() {
                    return Some(Input::Found { session, result: Err(Code::X003.into()) });
                }
            }
            Output::AskAuthInfo { lane, peer, seq, wanted } => {
                return self.errand(What::AuthInfo { lane, peer, seq, wanted });
            }
            Output::GiveAuthInfo { lane, peer, seq, result } => {
                self.reply(lane, Reply::AuthInfo { peer, seq, result });
            }
            Output::CheckIn(request) => return self.check_in(request),
            Output::Resolve { session, after } => {
                if !self.put_off(after, Past::Resolve { session }) {
                    return Some(Input::Resolved { session, resolution: Resolution::CannotSay(Code::X003) });
                }
            }
            Output::Annul { session, after } => {
                if !self.put_off(after, Past::Annul { session }) {
                    return Some(Input::Annulled { session, result: Err(Code::X003) });
                }
            }
            Output::Indicate { lane, signal } => {
                // A light that comes late says something wrong: it is left out instead.
                let _ = self.workers.outputs.offer(Order::Indicate { lane, signal });
            }
            Output::Show { lane, session, scene } => {
                if let Some(hands) = self.lanes.get(usize::from(lane.0)) {
                    hands.show(session, scene);
                }
            }
            Output::Print { lane, job, slip, deadline } => {
                let printer = self.lanes.get(usize::from(lane.0)).and_then(|hands| hands.printer.as_ref());
                if printer.is_none_or(|printer| printer.offer(PrintJob::Print { job, slip, deadline }).is_err()) {
                    return Some(Input::Printed { job, outcome: PrintOutcome::NotPrinted(Code::P701) });
                }
            }
            Output::Open { lane, grant } => {
                if self.workers.outputs.offer(Order::Open { lane, grant }).is_err() {
                    let outcome = GateOutcome::Failed(Code::G801);
                    return Some(Input::Gated { session: grant.session, outcome });
                }
            }
            Output::Acknowledge { lane, peer, seq, status, session, code } => {
                self.reply(lane, Reply::Ack { peer, seq, status, session, code });
            }
            Output::Tell { lane, peer, seq, outcome } => self.reply(lane, Reply::Outcome { peer, seq, outcome }),
        }
        None
    }

    fn check_in(&mut self, request: CheckInRequest) -> Option<Input> {
        let CheckInRequest { session, lane, identity, choice, deadline } = request;
        let unavailable =
            |code: Code| Some(Input::Answered { session, answer: CheckInAnswer::Unavailable(code.into()) });
        let Some(hands) = self.lanes.get(usize::from(lane.0)) else { return unavailable(Code::X001) };
        if let Some(printer) = &hands.printer {
            // While the site's system thinks; a busy printer is asked when its turn comes.
            let _ = printer.offer(PrintJob::Prepare);
        }
        let request = Box::new(Request {
            session,
            lane: hands.name.clone(),
            purpose: hands.purpose,
            series: hands.series.clone(),
            person: identity.distinguishing().map(|text| self.correlator.person(&text).0),
            identity,
            choice,
            at: self.clock.stamp(),
        });
        let known = request.person.map(|person| Input::Known { session, person });
        match hands.checkins.offer(Present { request, deadline: Deadline::at(deadline) }) {
            Ok(()) => known,
            Err(_) => {
                tracing::error!(code = %Code::X003, lane = hands.name, "earlier check-ins of this lane have not ended");
                unavailable(Code::X003)
            }
        }
    }

    fn reply(&self, lane: LaneId, reply: Reply) {
        if let Some(hands) = self.lanes.get(usize::from(lane.0))
            && hands.replies.try_send(reply).is_err()
        {
            tracing::warn!(lane = hands.name, "the terminal does not take its answers");
        }
    }

    /// Keeps a question about the past until its time, in place of one about the same session that nobody had time for;
    /// false where too many wait.
    fn put_off(&mut self, after: Moment, question: Past) -> bool {
        self.later.retain(|(_, known)| known.session() != question.session());
        let fits = self.later.len() < self.lanes.len().saturating_mul(LATER);
        if fits {
            self.later.push((after, question));
        }
        fits
    }

    /// Asks the questions about the past whose time has come.
    pub(super) fn carry_due(&mut self) {
        let now = self.clock.now().moment;
        let (due, later) = std::mem::take(&mut self.later).into_iter().partition(|(after, _)| *after <= now);
        self.later = later;
        let due: Vec<(Moment, Past)> = due;
        for (_, question) in due {
            if let Err(question) = self.workers.past.offer(question) {
                // Not at once: the loop would turn for nothing else.
                self.later.push((now.after(ONCE_MORE), question));
            }
        }
    }

    /// When the next question about the past is due.
    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        self.later.iter().map(|(after, _)| *after).min()
    }

    /// Thinks of the certificates.
    pub(super) fn maintain(&self) {
        self.errand(What::Maintain);
    }

    fn errand(&self, what: What) -> Option<Input> {
        // What waits in the queue has waited already.
        let deadline = Deadline::from_now(&*self.clock, self.patience);
        self.workers
            .errands
            .offer(Errand { what, deadline })
            .err()
            .and_then(|Errand { what, .. }| errands::refused(what))
    }

    /// Whose terminals count from now on. What needs a restart is named, and the lane goes on as before in that.
    pub(super) fn replace_terminals(&self, terminals: Vec<terminal::LaneTerminal>) {
        for fresh in terminals {
            let Some(hands) = self.lanes.get(usize::from(fresh.lane.0)) else { continue };
            let follows = hands.terminal.borrow().may_become(&fresh);
            if follows != Some(true) {
                tracing::warn!(
                    lane = hands.name,
                    "the terminal's new address needs a restart; the lane keeps the old one"
                );
            }
            if follows.is_some() {
                hands.terminal.send_replace(fresh);
            }
        }
    }

    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    /// Outputs to their safe value first; then panels say the last word and what is queued is made durable. Threads
    /// that hang on a device, and those that wait for the network, are left behind: the process ends with them.
    pub(super) fn close(self) {
        let now = self.clock.now().moment;
        if !self.workers.outputs.is_late(now) {
            self.workers.outputs.entrance().send(Order::Close);
            self.workers.outputs.finish();
        }
        for panel in self.lanes.into_iter().filter_map(|hands| hands.panel).filter(|panel| !panel.is_late(now)) {
            panel.finish();
        }
        if !self.workers.store.is_late(now) {
            self.workers.store.finish();
        }
    }
}

impl LaneHands {
    fn show(&self, session: Option<SessionId>, scene: Scene) {
        if self.scenes_to_terminal {
            let _ = self.replies.try_send(Reply::Scene { session, scene });
        } else if let Some(panel) = &self.panel {
            // Full only while the panel hangs; its lane is closed by then.
            let _ = panel.offer(scene);
        }
    }
}
