//! Carries out what the core decided. Takes no decision of its own; what cannot be handed over is answered as "busy".

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc::Sender, watch};

use super::{
    Inputs,
    checkins::{Asks, Past, Present},
    errands::{self, Errand, What},
    failures::Standing,
    journalist::{Entry, Kept},
    lookups,
    outputs::Order,
    printers::PrintJob,
    sites::Site,
    worker::Worker,
};
use crate::{
    checkin::{CheckIn, Request},
    fault::{Code, Failure, Trouble},
    kiosk::{AckStatus, CheckInRequest, Device, GateOutcome, Input, Output, PrintOutcome, Record, Scene},
    store::Correlator,
    terminal::{self, Reply},
    words::{CheckInAnswer, Clock, Deadline, LaneId, Moment, Now, Purpose, SessionId},
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
    #[cfg(feature = "page")]
    pub(super) page: Option<crate::page::Screen>,
    pub(super) checkins: Worker<Present>,
    pub(super) panel: Option<Worker<Scene>>,
    pub(super) printer: Option<Worker<PrintJob>>,
    #[cfg(feature = "voice")]
    pub(super) voice: Option<Worker<super::voices::Shown>>,
    /// What the core was told hangs.
    pub(super) late: Vec<Device>,
    /// The terminal does not take its answers.
    pub(super) deaf: Standing,
}

/// The threads that all lanes share.
pub(super) struct Workers {
    pub(super) store: Worker<Entry>,
    pub(super) outputs: Worker<Order>,
    pub(super) lookups: Worker<lookups::Lookup>,
    pub(super) errands: Worker<Errand>,
    pub(super) past: Worker<Past>,
    /// Tells who went through.
    pub(super) passages: Option<Worker<()>>,
    /// Asks what became of decisions without the site's system.
    #[cfg(feature = "hospital")]
    pub(super) settling: Option<super::settling::Asking>,
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
    pub(super) inputs: Inputs,
    /// What was told of queues that all lanes share and that had no room.
    full: Full,
}

/// The store's, the errands', the one of questions about the past.
#[derive(Default)]
struct Full {
    store: Standing,
    errands: Standing,
    past: Standing,
}

/// The most questions about the past that wait, for each lane; beyond that they are answered "cannot say".
const LATER: usize = 128;

/// With so many records before it, what an account did is not kept.
#[cfg(feature = "page")]
const MOST_BEFORE_ACTS: u64 = 128;

/// Soon enough for a question about the past that nobody had time for.
const ONCE_MORE: Duration = Duration::from_millis(500);

impl Carrier {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        correlator: Arc<Correlator>,
        lanes: Vec<LaneHands>,
        workers: Workers,
        patience: Duration,
        inputs: Inputs,
    ) -> Self {
        let (later, full) = (Vec::new(), Full::default());
        Self { clock, correlator, lanes, workers, patience, later, opened: 0, inputs, full }
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
                let refused = self.workers.store.offer(Entry { ticket, record: Kept::Visit(record) }).err();
                let failure = refused.as_ref().map(|_| Failure::new(Code::J502).told("earlier ones have not ended"));
                let standing = &mut self.full.store;
                self.inputs.tell_change("a record has no room", None, None, standing, failure.as_ref());
                let ticket = refused.and_then(|Entry { ticket, .. }| ticket);
                return ticket.map(|ticket| Input::NotRecorded { ticket, code: Code::J502 });
            }
            Output::LookUp { session, pick, way, info_type, deadline } => {
                let (lane, deadline) = (pick.lane, Deadline::at(deadline));
                if self.workers.lookups.offer(lookups::Lookup { session, pick, way, info_type, deadline }).is_err() {
                    let trouble = self.no_room("the person was not looked up", Code::X003, lane, session);
                    return Some(Input::Found { session, result: Err(trouble) });
                }
            }
            Output::AskAuthInfo { lane, peer, seq, wanted } => {
                return self.errand(What::AuthInfo { lane, peer, seq, wanted });
            }
            Output::GiveAuthInfo { lane, peer, seq, result } => {
                self.reply(lane, Reply::AuthInfo { peer, seq, result });
            }
            Output::CheckIn(request) => return self.check_in(request),
            Output::Resolve { lane, session, after } => {
                return self.put_off(after, Past { lane, session, asks: Asks::Resolve });
            }
            Output::Annul { lane, session, after } => {
                return self.put_off(after, Past { lane, session, asks: Asks::Annul });
            }
            Output::Indicate { lane, signal } => {
                // A light that comes late says something wrong: it is left out instead.
                let _ = self.workers.outputs.offer(Order::Indicate { lane, signal });
            }
            Output::Show { lane, session, scene } => {
                if let Some(hands) = self.lanes.get_mut(usize::from(lane.0)) {
                    hands.show(lane, session, scene, &self.inputs, self.clock.now().moment);
                }
            }
            Output::Print { lane, job, slip, deadline } => {
                let printer = self.lanes.get(usize::from(lane.0)).and_then(|hands| hands.printer.as_ref());
                if printer.is_none_or(|printer| {
                    printer.offer(PrintJob::Print { job, slip: Box::new(slip), deadline }).is_err()
                }) {
                    let code = self.no_room("a slip was not printed", Code::P701, lane, job.session).code;
                    return Some(Input::Printed { job, outcome: PrintOutcome::NotPrinted(code) });
                }
            }
            Output::Open { lane, grant } => {
                if self.workers.outputs.offer(Order::Open { lane, grant }).is_err() {
                    let code = self.no_room("the gate was not opened", Code::G801, lane, grant.session).code;
                    let outcome = GateOutcome::Failed(code);
                    return Some(Input::Gated { session: grant.session, outcome });
                }
            }
            Output::Acknowledge { lane, peer, seq, status, session, code } => {
                self.tell_refused(lane, session, status, code);
                self.reply(lane, Reply::Ack { peer, seq, status, session, code });
            }
            Output::Tell { lane, peer, seq, outcome } => self.reply(lane, Reply::Outcome { peer, seq, outcome }),
        }
        None
    }

    /// What somebody with an account did; false where it is not kept.
    #[cfg(feature = "page")]
    pub(super) fn keep(&mut self, act: crate::store::Act) -> bool {
        // Visits need the room more.
        self.workers.store.waiting() < MOST_BEFORE_ACTS
            && self.workers.store.offer(Entry { ticket: None, record: Kept::Act(act) }).is_ok()
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
            Err(_) => unavailable(self.no_room("not checked in", Code::X003, lane, session).code),
        }
    }

    /// Somebody's thread has not ended what it was given before.
    fn no_room(&self, what: &'static str, code: Code, lane: LaneId, session: SessionId) -> Trouble {
        self.inputs.tell(what, lane, session, &Failure::new(code).told("earlier ones have not ended"))
    }

    /// What a terminal does wrong, now and then. That the lane is busy or closed is no fault of its.
    fn tell_refused(&self, lane: LaneId, session: Option<SessionId>, status: AckStatus, code: Option<Code>) {
        let code = code.filter(|code| matches!(code, Code::T205 | Code::T207 | Code::T213 | Code::T214));
        let (Some(code), Some(hands)) = (code, self.lanes.get(usize::from(lane.0))) else { return };
        if status == AckStatus::Refused && hands.counters.is_to_be_told(code, self.clock.now().moment) {
            self.inputs.tell("a terminal's frames are refused", lane, session, &code.into());
        }
    }

    fn reply(&mut self, lane: LaneId, reply: Reply) {
        if let Some(hands) = self.lanes.get_mut(usize::from(lane.0)) {
            hands.tell_terminal(lane, reply, &self.inputs);
        }
    }

    /// Keeps a question about the past until its time, in place of one about the same session that nobody had time for;
    /// where too many wait, nobody can say.
    fn put_off(&mut self, after: Moment, question: Past) -> Option<Input> {
        self.later.retain(|(_, known)| known.session != question.session);
        let fits = self.later.len() < self.lanes.len().saturating_mul(LATER);
        let failure = (!fits).then(|| Failure::new(Code::X003).told("too many questions about the past wait"));
        let (lane, session) = (question.lane, question.session);
        let what = "the site's system is not asked about the past";
        self.inputs.tell_change(what, lane, session, &mut self.full.past, failure.as_ref());
        if !fits {
            return Some(question.cannot(Code::X003));
        }
        self.later.push((after, question));
        None
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
    pub(super) fn maintain(&mut self) {
        self.errand(What::Maintain);
    }

    /// Looks whether the site's system is back.
    pub(super) fn look_for(&mut self, system: Arc<dyn CheckIn>, site: Arc<Site>) {
        self.errand(What::LookFor(system, site));
    }

    fn errand(&mut self, what: What) -> Option<Input> {
        // What waits in the queue has waited already.
        let deadline = Deadline::from_now(&*self.clock, self.patience);
        let refused = self.workers.errands.offer(Errand { what, deadline }).err();
        let failure = refused.as_ref().map(|_| Failure::new(Code::X003).told("earlier ones have not ended"));
        self.inputs.tell_change("an errand has no room", None, None, &mut self.full.errands, failure.as_ref());
        refused.and_then(|Errand { what, .. }| errands::refused(what))
    }

    /// Whose terminals count from now on.
    pub(super) fn replace_terminals(&self, terminals: Vec<terminal::LaneTerminal>) {
        for fresh in terminals {
            if let Some(hands) = self.lanes.get(usize::from(fresh.lane.0)) {
                // What it speaks is what its lane speaks, which stays.
                let phrases = Arc::clone(&hands.terminal.borrow().phrases);
                hands.terminal.send_replace(terminal::LaneTerminal { phrases, ..fresh });
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
        #[cfg(feature = "page")]
        self.lanes.iter().filter_map(|hands| hands.page.as_ref()).for_each(|page| page.close(now));
        #[cfg(feature = "hospital")]
        drop(self.workers.settling);
        // Records before pictures: a panel's bus may hold its last one up.
        if !self.workers.store.is_late(now) {
            self.workers.store.finish();
        }
        for hands in self.lanes {
            #[cfg(feature = "voice")]
            hands.voice.into_iter().filter(|voice| !voice.is_late(now)).for_each(Worker::finish);
            hands.panel.into_iter().filter(|panel| !panel.is_late(now)).for_each(Worker::finish);
        }
    }
}

impl LaneHands {
    /// How many browsers show the lane's page, where it has one.
    pub(super) fn viewers(&self) -> Option<u32> {
        #[cfg(feature = "page")]
        return self.page.as_ref().map(crate::page::Screen::viewers);
        #[cfg(not(feature = "page"))]
        None
    }

    /// Hands something over for the terminals.
    fn tell_terminal(&mut self, lane: LaneId, reply: Reply, inputs: &Inputs) {
        let refused = self.replies.try_send(reply).is_err();
        let failure = refused.then(|| Failure::new(Code::T210).told("it does not take what it is told"));
        inputs.tell_change("the terminal misses an answer", lane, None, &mut self.deaf, failure.as_ref());
    }

    #[cfg_attr(not(feature = "page"), expect(unused_variables, reason = "pages show what is left of a scene's time"))]
    fn show(&mut self, lane: LaneId, session: Option<SessionId>, scene: Scene, inputs: &Inputs, now: Moment) {
        #[cfg(feature = "voice")]
        if let Some(voice) = &self.voice {
            // What comes late says something wrong: it is left out instead.
            let _ = voice.offer((session, scene.clone()));
        }
        #[cfg(feature = "page")]
        if let Some(page) = &self.page {
            return page.show(session, scene, now);
        }
        if self.scenes_to_terminal {
            self.tell_terminal(lane, Reply::Scene { session, scene }, inputs);
        } else if let Some(panel) = &self.panel {
            // Full only while the panel hangs; its lane is closed by then.
            let _ = panel.offer(scene);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::{
        kiosk::{Grant, RecordTicket, Slip},
        service::{SystemClock, channel::Exit, heard, worker::Pulse},
        words::{FaceSid, Identity, InfoType, JobId, MerchantPick, WallTime, WayIn},
    };

    /// A thread that takes nothing, with its one place taken; it ends when the sender goes.
    fn full<J: Send + 'static>(clock: &Arc<dyn Clock>, first: J) -> (Worker<J>, mpsc::Sender<()>) {
        let (let_go, held) = mpsc::channel();
        let body = move |_: &Exit<J>, _: &Pulse| {
            let _ = held.recv();
        };
        let worker = Worker::spawn_reading("full", 1, Duration::from_secs(60), clock, body).unwrap();
        assert!(worker.offer(first).is_ok());
        (worker, let_go)
    }

    const LANE: LaneId = LaneId(0);

    fn session(serial: u32) -> SessionId {
        SessionId { run: 7, serial }
    }

    fn entry() -> Entry {
        Entry { ticket: Some(RecordTicket(1)), record: Kept::Visit(record()) }
    }

    fn record() -> Record {
        Record::CheckingIn { session: session(1), person: None }
    }

    fn request() -> CheckInRequest {
        let (identity, deadline) = (Identity::default(), Moment::default());
        CheckInRequest { session: session(4), lane: LANE, identity, choice: None, deadline }
    }

    fn outputs(slip: &Slip) -> Vec<Output> {
        let (deadline, after) = (Moment::default(), Moment::default());
        let pick = MerchantPick { lane: LANE, terminal: None, merchant: None };
        let way = WayIn::Face(FaceSid::parse("sid-secret").unwrap());
        let mut outputs = vec![
            Output::Record { ticket: Some(RecordTicket(2)), record: record() },
            Output::LookUp { session: session(1), pick, way, info_type: InfoType::RealName, deadline },
            Output::Print { lane: LANE, job: JobId { session: session(2), copy: 0 }, slip: slip.clone(), deadline },
            Output::Open { lane: LANE, grant: Grant { session: session(3), deadline, number: None } },
            Output::CheckIn(request()),
        ];
        let past = |serial| Output::Resolve { lane: LANE, session: session(serial), after };
        outputs.extend((1000..1001 + u32::try_from(LATER).unwrap()).map(past));
        outputs
    }

    #[test]
    fn what_finds_no_room_is_told_with_lane_session_and_code_and_answered() {
        heard::listen();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let folder = tempfile::tempdir().unwrap();
        let correlator = Arc::new(Correlator::open(folder.path()).unwrap());
        let inputs = Inputs::new(tokio::sync::mpsc::channel(1).0, vec!["full-lane".to_owned()]);
        let slip = Slip::default();
        let deadline = Deadline::at(Moment::default());
        let (store, a) = full(&clock, entry());
        let (outputs_worker, b) = full(&clock, Order::Close);
        let pick = MerchantPick { lane: LANE, terminal: None, merchant: None };
        let way = WayIn::Face(FaceSid::parse("sid-secret").unwrap());
        let first = lookups::Lookup { session: session(0), pick, way, info_type: InfoType::RealName, deadline };
        let (lookups, c) = full(&clock, first);
        let (errands, d) = full(&clock, Errand { what: What::Maintain, deadline });
        let (past, e) = full(&clock, Past { lane: LANE, session: session(0), asks: Asks::Resolve });
        let first = Request {
            session: session(0),
            lane: String::new(),
            purpose: Purpose::Hospital,
            series: String::new(),
            identity: Identity::default(),
            choice: None,
            person: None,
            at: WallTime(0).into(),
        };
        let (checkins, f) = full(&clock, Present { request: Box::new(first), deadline });
        let (printer, g) = full(&clock, PrintJob::Prepare);
        let address = terminal::Address::Unix { path: "t.sock".into(), allow_uids: Vec::new() };
        let settings = terminal::LaneTerminal { lane: LANE, address, plain_lines: false, phrases: Arc::default() };
        let hands = LaneHands {
            name: "full-lane".to_owned(),
            purpose: Purpose::Hospital,
            series: String::new(),
            terminal: watch::channel(settings).0,
            counters: Arc::default(),
            replies: tokio::sync::mpsc::channel(1).0,
            scenes_to_terminal: false,
            #[cfg(feature = "page")]
            page: None,
            checkins,
            panel: None,
            printer: Some(printer),
            #[cfg(feature = "voice")]
            voice: None,
            late: Vec::new(),
            deaf: Standing::default(),
        };
        let workers = Workers {
            store,
            outputs: outputs_worker,
            lookups,
            errands,
            past,
            passages: None,
            #[cfg(feature = "hospital")]
            settling: None,
        };
        let patience = Duration::from_secs(8);
        let mut carrier = Carrier::new(clock, correlator, vec![hands], workers, patience, inputs);
        let refused = outputs(&slip).into_iter().filter_map(|output| carrier.carry(output)).count();
        assert_eq!(refused, 6, "each is answered in its worker's place");
        let told = heard::with("lane=\"full-lane\" ");
        for (code, serial) in [("X003", 1), ("P701", 2), ("G801", 3), ("X003", 4), ("X003", 1128)] {
            let session = format!("session=\"{}\" ", session(serial));
            let of = told.iter().filter(|line| line.contains(&format!("code={code} ")) && line.contains(&session));
            assert_eq!(of.count(), 1, "{code} {serial}: {told:?}");
        }
        assert_eq!(told.len(), 5, "{told:?}");
        assert_eq!(heard::with("a record has no room").len(), 1);
        drop((a, b, c, d, e, f, g));
    }
}
