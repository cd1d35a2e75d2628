//! One bus, one thread: whatever is asked over it, in turn, each with its deadline.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{Action, BusGate, Controller, Done, Passageway, Side, Status, gate::Memory};
use crate::{
    device::{DeviceError, GateEvent, GateTiming, Opener, Passage, Port, gate::Way},
    fault::{Code, causes},
    kiosk::Grant,
    words::{Clock, Moment},
};

/// A controller of a bus.
pub struct Member {
    /// Which one, for messages.
    pub called: String,
    /// Its bytes.
    pub controller: Box<dyn Controller>,
    /// The sides that a lane has.
    pub lanes: [Option<GateTiming>; 2],
    /// Whoever comes through a side that no lane has is nobody's business.
    pub other_way_free: bool,
}

/// What a lane's end tells the thread.
pub(super) enum Ask {
    /// Somebody may go through.
    Open(Grant),
    /// A sensor of the lane's own saw somebody go through, this way.
    Sensed(Way),
    /// Something was changed beside it.
    Look,
    /// Nobody may go through any more; answered when that is so.
    Withdraw(SyncSender<()>),
}

/// What the lanes' ends and the thread both see of a controller.
pub(super) struct Shared {
    called: String,
    clock: Arc<dyn Clock>,
    state: Mutex<Known>,
    first: Condvar,
}

/// It works, or why it does not.
type Verdict = Result<(), (Code, String)>;

#[derive(Default)]
struct Known {
    held: Option<Code>,
    /// Whether it works, and when that was found; none before the first answer is overdue.
    verdict: Option<(Verdict, Moment)>,
    /// The first answer was waited for.
    waited: bool,
}

/// A member at work.
struct Station {
    controller: Box<dyn Controller>,
    passage: Passageway,
    shared: Arc<Shared>,
    events: [Option<SyncSender<GateEvent>>; 2],
    held: Option<Code>,
    /// Questions in a row without an answer.
    missed: u8,
    withdrawn: Vec<SyncSender<()>>,
}

/// The wire.
struct Line {
    open: Opener,
    port: Option<Box<dyn Port>>,
    /// Not before this is it opened again.
    open_at: Moment,
    /// Until then an answer may still come to a question that nobody waits for any more.
    quiet_at: Moment,
    /// What is written comes back before the answer.
    echoes: bool,
    clock: Arc<dyn Clock>,
    /// Why it could not be opened.
    failure: Option<String>,
}

/// What is told to the thread and not taken up yet.
const ASKS: usize = 64;

/// Events that a lane has not taken.
const EVENTS: usize = 64;

/// The most that is heard for one question, bytes.
const HEARD: usize = 512;

/// So many times something that came late is thrown away: who never stops talking keeps nobody from being asked.
const LATE: usize = 64;

const STAYS_ON: &str = "its output stays on";

/// How soon a port is opened again.
const REOPEN: Duration = Duration::from_millis(500);

/// A thread that has said nothing of a gate for so long hangs.
const HANGS: Duration = Duration::from_secs(10);

/// How long the first answer is waited for: whoever opens the gate is told at once whether it is there.
const FIRST: Duration = Duration::from_secs(2);

/// How long the thread goes on without anybody, to close what stands open.
const LAST: Duration = Duration::from_secs(1);

/// RSS matters on a small board, and this thread does not recurse.
const STACK_BYTES: usize = 256 * 1024;

/// Starts the thread of a bus. Returns the lanes' ends, member by member, side by side. It ends when all are dropped.
pub fn bus(
    open: Opener,
    echoes: bool,
    members: Vec<Member>,
    clock: &Arc<dyn Clock>,
) -> io::Result<Vec<[Option<BusGate>; 2]>> {
    let (asks, asked) = sync_channel(ASKS);
    let mut stations = Vec::new();
    let mut ends = Vec::new();
    for (index, member) in members.into_iter().enumerate() {
        let manner = member.controller.manner();
        // What a controller counts is not counted a second time.
        let eyes = |timing: GateTiming| if manner.counts { Passage::Unseen } else { timing.passage };
        let lanes = member.lanes.map(|lane| lane.map(|timing| GateTiming { passage: eyes(timing), ..timing }));
        let shared = Arc::new(Shared {
            called: member.called,
            clock: Arc::clone(clock),
            state: Mutex::default(),
            first: Condvar::new(),
        });
        let mut events = [None, None];
        let end = Side::BOTH.map(|side| {
            let timing = lanes[side.index()]?;
            let (told, heard) = sync_channel(EVENTS);
            events[side.index()] = Some(told);
            Some(BusGate {
                at: (index, side),
                asks: asks.clone(),
                events: heard,
                shared: Arc::clone(&shared),
                memory: Memory::default(),
                timing,
            })
        });
        ends.push(end);
        stations.push(Station {
            passage: Passageway::new(manner, lanes, member.other_way_free),
            controller: member.controller,
            shared,
            events,
            held: None,
            missed: 0,
            withdrawn: Vec::new(),
        });
    }
    let clock = Arc::clone(clock);
    let (open_at, quiet_at) = Default::default();
    let line = Line { open, port: None, open_at, quiet_at, echoes, clock: Arc::clone(&clock), failure: None };
    thread::Builder::new()
        .name("gate-bus".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || run(stations, line, &asked, &*clock))?;
    Ok(ends)
}

fn run(mut stations: Vec<Station>, mut line: Line, asked: &Receiver<(usize, Side, Ask)>, clock: &dyn Clock) {
    let mut turns: VecDeque<usize> = (0..stations.len()).collect();
    let mut ends_at: Option<Moment> = None;
    loop {
        let mut ask = asked.try_recv().ok();
        if ask.is_none() && ends_at.is_some() {
            thread::sleep(Duration::from_millis(10));
        } else if ask.is_none() {
            let due = stations.iter().map(|station| station.passage.due()).min().unwrap_or_default();
            let patience = due.since(clock.now().moment);
            match asked.recv_timeout(patience) {
                Ok(told) => ask = Some(told),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let now = clock.now().moment;
                    ends_at = Some(now.after(LAST));
                    stations.iter_mut().for_each(|station| station.passage.withdraw(now));
                }
            }
        }
        while let Some((member, side, told)) = ask {
            if let Some(station) = stations.get_mut(member) {
                station.told(side, told, clock.now().moment);
            }
            ask = asked.try_recv().ok();
        }
        stations.iter_mut().for_each(|station| station.look(clock.now().moment));
        if let Some((index, action)) = next(&mut stations, &turns, clock.now().moment) {
            turns.retain(|turn| *turn != index);
            turns.push_back(index);
            stations[index].ask(action, &mut line);
        }
        stations.iter_mut().for_each(Station::deliver);
        let at_rest = stations.iter().all(|station| station.passage.is_at_rest());
        if ends_at.is_some_and(|end| at_rest || end <= clock.now().moment) {
            return;
        }
    }
}

/// Whose turn it is: what is urgent first, then whoever was asked longest ago.
fn next(stations: &mut [Station], turns: &VecDeque<usize>, now: Moment) -> Option<(usize, Action)> {
    let wanted = turns.iter().filter_map(|index| {
        let passage = &mut stations.get_mut(*index)?.passage;
        let action = passage.next(now)?;
        Some((*index, action, passage.is_urgent()))
    });
    let (index, action, _) = wanted.min_by_key(|(.., urgent)| !urgent)?;
    Some((index, action))
}

impl Station {
    fn told(&mut self, side: Side, told: Ask, now: Moment) {
        // Whoever comes after a fire is over is not told of it.
        self.look(now);
        match told {
            Ask::Open(grant) => self.passage.grant(side, grant),
            Ask::Sensed(Way::Along) => self.passage.sensed(now, side, false),
            Ask::Sensed(Way::Against) => self.passage.sensed(now, side, true),
            Ask::Look => {}
            Ask::Withdraw(done) => {
                self.passage.withdraw(now);
                self.withdrawn.push(done);
            }
        }
    }

    fn look(&mut self, now: Moment) {
        let held = self.shared.state().held;
        if held != self.held {
            self.held = held;
            self.passage.hold(now, held);
        }
    }

    fn ask(&mut self, action: Action, line: &mut Line) {
        let ready = line.ready(matches!(action, Action::Open(_)));
        // The last moment at which a fire or a deadline can stop it.
        let began = line.clock.now().moment;
        self.look(began);
        if self.passage.next(began) != Some(action) {
            return;
        }
        let Some(request) = self.controller.request(action) else { return };
        let manner = self.controller.manner();
        let heard = |heard: &[u8]| self.controller.answer(action, heard);
        let done = if ready { line.exchange(&request, manner.answer_within, heard) } else { Done::Unsent };
        let now = line.clock.now().moment;
        self.passage.done(began, now, action, done);
        let verdict = match done {
            Done::Answered(status) => {
                self.missed = 0;
                let stays_on = self.passage.stays_on().then(|| STAYS_ON.to_owned());
                let fault = status.fault.map(|fault| format!("its fault is {fault:02x}")).or(stays_on);
                Some(fault.map_or(Ok(()), |fault| Err((Code::G813, fault))))
            }
            _ if line.port.is_none() && line.failure.is_some() => {
                Some(Err((Code::G810, line.failure.clone().unwrap_or_default())))
            }
            Done::Silent | Done::Unsent => {
                self.missed = self.missed.saturating_add(1);
                (self.missed > manner.retries).then(|| Err((Code::G810, "no answer on the bus".to_owned())))
            }
        };
        self.shared.found(verdict, now);
    }

    fn deliver(&mut self) {
        for (side, event) in self.passage.events() {
            if let Some(events) = &self.events[side.index()] {
                // A lane that does not look for so long is none.
                let _ = events.try_send(event);
            }
        }
        if self.passage.is_at_rest() {
            for done in self.withdrawn.drain(..) {
                let _ = done.try_send(());
            }
        }
    }
}

impl Line {
    /// Whether it can be written to now.
    ///
    /// An answer that comes late is none to the next question, and least of all to an opening: that waits until it can
    /// no longer come.
    fn ready(&mut self, opens: bool) -> bool {
        if self.open().is_err() {
            return false;
        }
        if opens {
            thread::sleep(self.quiet_at.since(self.clock.now().moment));
        }
        true
    }

    /// Writes a question once and waits for its answer.
    fn exchange(&mut self, request: &[u8], within: Duration, answer: impl Fn(&[u8]) -> Option<Status>) -> Done {
        let clock = Arc::clone(&self.clock);
        let echoed = if self.echoes { request.len() } else { 0 };
        let Some(port) = self.port.as_mut() else { return Done::Unsent };
        match asked(&mut **port, request, echoed, within, &*clock, answer) {
            Ok(Some(status)) => Done::Answered(status),
            Ok(None) => {
                self.quiet_at = clock.now().moment.after(within);
                Done::Silent
            }
            Err((written, error)) => {
                self.port = None;
                self.failure = Some(causes(&error));
                self.open_at = clock.now().moment.after(REOPEN);
                if written { Done::Silent } else { Done::Unsent }
            }
        }
    }

    fn open(&mut self) -> Result<(), ()> {
        let now = self.clock.now().moment;
        if self.port.is_some() {
            return Ok(());
        }
        if now < self.open_at {
            return Err(());
        }
        match (self.open)() {
            Ok(port) => {
                self.port = Some(port);
                self.failure = None;
                Ok(())
            }
            Err(error) => {
                self.failure = Some(causes(&error));
                self.open_at = now.after(REOPEN);
                Err(())
            }
        }
    }
}

/// One question and its answer; none where none came in time. A failure says whether something may have been written.
fn asked(
    port: &mut dyn Port,
    request: &[u8],
    echoed: usize,
    within: Duration,
    clock: &dyn Clock,
    answer: impl Fn(&[u8]) -> Option<Status>,
) -> Result<Option<Status>, (bool, io::Error)> {
    let before = |error| (false, error);
    let after = |error| (true, error);
    let mut buffer = [0; 128];
    // What came late belongs to an earlier question.
    for _ in 0..LATE {
        if port.arrived(&mut buffer).map_err(before)? == 0 {
            break;
        }
    }
    port.set_patience(within).map_err(before)?;
    match port.write(request) {
        Ok(written) if written == request.len() => {}
        Ok(0) => return Err((false, io::ErrorKind::WriteZero.into())),
        // Half a question is none: the controller throws it away, or it does not.
        Ok(_) => return Err((true, io::ErrorKind::WriteZero.into())),
        Err(error) => return Err(after(error)),
    }
    port.flush().map_err(after)?;
    let until = clock.now().moment.after(within);
    let mut heard = Vec::new();
    loop {
        let left = until.since(clock.now().moment);
        if left.is_zero() || heard.len() > HEARD {
            return Ok(None);
        }
        port.set_patience(left).map_err(after)?;
        match port.read(&mut buffer) {
            Ok(0) => return Err((true, io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => heard.extend_from_slice(&buffer[..read]),
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => continue,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(after(error)),
        }
        let own = echoed > 0 && heard.starts_with(&request[..echoed.min(heard.len())]);
        let rest = if own { heard.get(echoed..).unwrap_or_default() } else { &heard[..] };
        if let Some(answer) = answer(rest) {
            return Ok(Some(answer));
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold(&self, why: Option<Code>) {
        self.state().held = why;
    }

    fn found(&self, verdict: Option<Verdict>, now: Moment) {
        let mut known = self.state();
        match (verdict, &mut known.verdict) {
            (Some(verdict), known) => *known = Some((verdict, now)),
            (None, Some((_, at))) => *at = now,
            (None, None) => return,
        }
        drop(known);
        self.first.notify_all();
    }

    /// Whether it works, as far as is known.
    pub(super) fn verdict(&self) -> Result<(), DeviceError> {
        let known = self.state();
        let now = self.clock.now().moment;
        let (code, reason) = match &known.verdict {
            Some((_, at)) if now.since(*at) > HANGS => (Code::G810, "its bus's thread hangs".to_owned()),
            Some((Err((code, reason)), _)) => (*code, reason.clone()),
            Some((Ok(()), _)) => return Ok(()),
            None => (Code::G810, "it has not answered yet".to_owned()),
        };
        Err(self.failed(code, reason))
    }

    pub(super) fn failed(&self, code: Code, reason: String) -> DeviceError {
        DeviceError::Open { what: self.called.clone(), reason, code }
    }

    /// Fails while what is to be closed does not close.
    pub(super) fn stays_on(&self) -> Result<(), DeviceError> {
        match &self.state().verdict {
            Some((Err((code, reason)), _)) if reason == STAYS_ON => Err(self.failed(*code, reason.clone())),
            _ => Ok(()),
        }
    }

    /// The same, once the first answer came or is overdue.
    pub(super) fn first_verdict(&self) -> Result<(), DeviceError> {
        let mut known = self.state();
        if !std::mem::replace(&mut known.waited, true) {
            let waits = |known: &mut Known| known.verdict.is_none();
            let waited = self.first.wait_timeout_while(known, FIRST, waits);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        } else {
            drop(known);
        }
        self.verdict()
    }
}
