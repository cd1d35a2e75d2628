//! Conversations with the site's system: one thread for whoever stands before each lane, so that no lane waits for
//! another's, and one for questions about the past, which nobody waits for.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{Inputs, failures::Standing, sites::Site, worker::Worker};
use crate::{
    checkin::{CheckIn, Deputy, Request, Systems, Undecided},
    fault::Code,
    kiosk::Input,
    words::{Clock, Deadline, LaneId, Resolution, SessionId},
};

/// Check this person in.
pub(super) struct Present {
    pub(super) request: Box<Request>,
    pub(super) deadline: Deadline,
}

/// What is asked when the person has gone.
pub(super) struct Past {
    /// Where the person stood.
    pub(super) lane: LaneId,
    pub(super) session: SessionId,
    pub(super) asks: Asks,
}

/// What the question is.
#[derive(Clone, Copy)]
pub(super) enum Asks {
    /// What became of this session?
    Resolve,
    /// Nobody went through: take it back.
    Annul,
}

impl Past {
    /// The answer where nobody can be asked.
    pub(super) fn cannot(&self, code: Code) -> Input {
        let session = self.session;
        match self.asks {
            Asks::Resolve => Input::Resolved { session, resolution: Resolution::CannotSay(code) },
            Asks::Annul => Input::Annulled { session, result: Err(code) },
        }
    }
}

/// The systems in use; SIGHUP puts others in their places while calls under way end with theirs.
pub(super) type Current = Arc<RwLock<Systems>>;

/// How long a question about the past may take; nobody waits in front of the kiosk for it.
const PAST_PATIENCE: Duration = Duration::from_secs(5);

/// A lane asks for one person at a time; who came before may have gone while the site's system still thought.
const WAITING: usize = 4;

/// Questions about the past on their way; the others wait with their times.
const PAST_WAITING: usize = 4;

/// A call ends by its deadline; one that goes on for so much longer hangs by a fault of ours.
const GRACE: Duration = Duration::from_secs(8);

const HALF: &str = "one of the lane's systems cannot be asked, the others can";

/// The thread of one lane. `site`: what is known of its system, whoever met it.
pub(super) fn spawn(
    lane: LaneId,
    current: &Current,
    deputy: &Arc<dyn Deputy>,
    site: &Arc<Site>,
    patience: Duration,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Present>> {
    let (current, deputy, site, reader) =
        (Arc::clone(current), Arc::clone(deputy), Arc::clone(site), Arc::clone(clock));
    let limit = patience.saturating_add(GRACE);
    Worker::spawn_reading("checkin", WAITING, limit, clock, move |questions, pulse| {
        let mut halves = Standing::default();
        while let Ok(Present { request, deadline }) = questions.recv() {
            let answer = pulse.working(|| {
                let adapter = now(&current, lane);
                let answer = match adapter.judges(&request.identity) {
                    true => {
                        let answer = adapter.check_in(&request, deadline);
                        let half = adapter.half_failed().filter(|_| answer.is_ok());
                        let failed = answer.as_ref().err().map(|undecided| &undecided.failure);
                        site.met(reader.now().moment, failed.or(half.as_ref()));
                        inputs.tell_change(HALF, lane, request.session, &mut halves, half.as_ref());
                        answer
                    }
                    false => Err(Undecided::surely(Code::T214)),
                };
                answer.unwrap_or_else(|undecided| {
                    inputs.tell("not checked in", lane, request.session, &undecided.failure);
                    let decided = deputy.decide(&request, &undecided, deadline);
                    #[cfg(feature = "hospital")]
                    if decided.is_some() {
                        adapter.was_stood_in_for(&request);
                    }
                    decided.unwrap_or_else(|| undecided.answer())
                })
            });
            let _ = inputs.blocking_send(Input::Answered { session: request.session, answer });
        }
    })
}

/// The thread that asks about the past. What the person met, or a question before, is told once. `sites`: for each lane,
/// as its own thread has it.
pub(super) fn spawn_past(
    current: &Current,
    sites: Vec<Arc<Site>>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Past>> {
    let (current, reader) = (Arc::clone(current), Arc::clone(clock));
    let limit = PAST_PATIENCE.saturating_add(GRACE);
    Worker::spawn_reading("past", PAST_WAITING, limit, clock, move |questions, pulse| {
        while let Ok(question) = questions.recv() {
            let Past { lane, session, asks } = question;
            let input = pulse.working(|| {
                let (adapter, deadline) = (now(&current, lane), Deadline::from_now(&*reader, PAST_PATIENCE));
                let answer = match asks {
                    Asks::Annul => {
                        adapter.annul(session, deadline).map(|()| Input::Annulled { session, result: Ok(()) })
                    }
                    Asks::Resolve => {
                        adapter.resolve(session, deadline).map(|resolution| Input::Resolved { session, resolution })
                    }
                };
                if let Some(site) = sites.get(usize::from(lane.0)) {
                    site.answered(reader.now().moment, &inputs, (lane, session), answer.as_ref().err());
                }
                answer.unwrap_or_else(|failure| question.cannot(failure.code()))
            });
            let _ = inputs.blocking_send(input);
        }
    })
}

/// Whom the lane asks now.
pub(super) fn now(current: &Current, lane: LaneId) -> Arc<dyn CheckIn> {
    Arc::clone(current.read().unwrap_or_else(PoisonError::into_inner).of(lane))
}

/// All of them.
pub(super) fn all(current: &Current) -> Vec<Arc<dyn CheckIn>> {
    current.read().unwrap_or_else(PoisonError::into_inner).all().to_vec()
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;
    use crate::{
        fault::Failure,
        service::SystemClock,
        words::{CheckInAnswer, Identity, Purpose, Resolution, WallTime},
    };

    /// A site's system that says nothing of the first lane's people and of the past until it is let.
    struct Hangs(Mutex<mpsc::Receiver<()>>);

    impl Hangs {
        fn hang(&self) {
            let _ = self.0.lock().unwrap().recv();
        }
    }

    impl CheckIn for Hangs {
        fn judges(&self, _: &crate::words::Identity) -> bool {
            true
        }

        fn check_in(&self, request: &Request, _: Deadline) -> Result<CheckInAnswer, Undecided> {
            if request.lane == "kiosk-0" {
                self.hang();
            }
            Ok(CheckInAnswer::NotFound)
        }

        fn annul(&self, _: SessionId, _: Deadline) -> Result<(), Failure> {
            self.hang();
            Ok(())
        }

        fn resolve(&self, _: SessionId, _: Deadline) -> Result<Resolution, Failure> {
            self.hang();
            Ok(Resolution::NotThere)
        }
    }

    fn present(lane: usize, serial: u32, deadline: Deadline) -> Present {
        let request = Request {
            session: SessionId { run: 1, serial },
            lane: format!("kiosk-{lane}"),
            purpose: Purpose::Hospital,
            series: "A".to_owned(),
            identity: Identity::default(),
            choice: None,
            person: None,
            at: WallTime(0).into(),
        };
        Present { request: Box::new(request), deadline }
    }

    #[test]
    fn a_call_that_hangs_costs_its_lane_only_and_the_past_costs_none() {
        const LANES: usize = 16;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let (let_go, held) = mpsc::channel();
        let current: Current = Arc::new(RwLock::new(Systems::only(Hangs(Mutex::new(held)))));
        let (way, mut happened) = tokio::sync::mpsc::channel(64);
        let inputs = Inputs::new(way, vec!["kiosk".to_owned(); LANES]);
        let nobody: Arc<dyn Deputy> = Arc::new(crate::checkin::Nobody);
        let (patience, site) = (Duration::from_secs(8), Arc::<Site>::default());
        let lanes: Vec<_> = (0..LANES)
            .map(|_| spawn(LaneId(0), &current, &nobody, &site, patience, &clock, inputs.clone()).unwrap())
            .collect();
        let past = spawn_past(&current, vec![site], &clock, inputs).unwrap();
        let deadline = Deadline::from_now(&*clock, patience);
        assert!(
            past.offer(Past { lane: LaneId(0), session: SessionId { run: 0, serial: 1 }, asks: Asks::Resolve }).is_ok()
        );
        for (lane, serial) in (0..LANES).zip(0..) {
            assert!(lanes[lane].offer(present(lane, serial, deadline)).is_ok(), "nobody is refused");
        }
        let mut answered: Vec<u32> = (1..LANES)
            .map(|_| match happened.blocking_recv() {
                Some(Input::Answered { session, .. }) => session.serial,
                other => panic!("{other:?}"),
            })
            .collect();
        answered.sort_unstable();
        assert_eq!(answered, (1..16).collect::<Vec<u32>>());
        assert!(happened.try_recv().is_err(), "the first lane and the past still wait");
        drop(let_go);
        assert!(happened.blocking_recv().is_some() && happened.blocking_recv().is_some());
        // Another adapter is in its place without waiting for anybody.
        *current.write().unwrap() = Systems::only(Hangs(Mutex::new(mpsc::channel().1)));
    }
}
