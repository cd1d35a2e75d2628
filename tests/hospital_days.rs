//! 8 in the morning at a hospital, by a clock that nobody waits for: sixteen lanes, calls of three seconds and of ninety,
//! answers that are lost, people who come again, a nurse beside the kiosk, restarts in the midst of it. The core is the real
//! one, and so are templates and connections. Afterwards the hospital's books and the journal are compared visit by visit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
    time::Duration,
};

use facemchd::{
    checkin::{CheckIn, Reach, Request},
    fault::Failure,
    kiosk::{
        AckStatus, Input, Kiosk, KioskSettings, LaneSettings, OutcomeResult, Output, PrintOutcome, Record, SceneKind,
    },
    sim::his::{Fault, Kind, Status, Step, Twin},
    words::{Clock, Deadline, Identity, LaneId, PeerId, Purpose, Resolution, SessionId, WallTime, WayIn},
};

use crate::{
    core::{face, hospital, unfinished},
    dice::Dice,
    his::{NAMES, adapter, document, holder, memory, today},
    lookups::Setup,
    sim_time::{Day, Next, SetClock, Stretched},
};

const LANES: u16 = 16;
const PEER: PeerId = PeerId(1);

/// How long a person waits for such hospitals.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a question about the past may take.
const PAST: Duration = Duration::from_secs(5);

/// 2026-11-26, 08:00 in China.
const EIGHT: WallTime = WallTime(1_795_651_200_000);

/// Somebody comes so often: sixteen lanes are busy, and no more than they can be, else queues would grow the whole morning.
const COMES: Duration = Duration::from_millis(2600);

/// So many times somebody comes, then they go to staff.
const ATTEMPTS: usize = 4;

#[derive(Default)]
struct Somebody {
    visits: Vec<String>,
    sessions: Vec<SessionId>,
    /// Stands before a lane in this session.
    stands: Option<SessionId>,
    served: bool,
}

struct House {
    kind: Kind,
    setup: Setup,
    twin: Twin,
    day: Day,
    dice: Dice,
    system: Arc<dyn CheckIn>,
    kiosk: Kiosk,
    run: u64,
    journal: Vec<Record>,
    people: Vec<Somebody>,
    whose: BTreeMap<SessionId, usize>,
    acknowledged: Option<(AckStatus, Option<SessionId>)>,
    seq: u64,
}

fn kiosk(run: u64, journal: &[Record], day: &Day) -> Kiosk {
    let lane = LaneSettings { site_patience: Some(PATIENCE), ..hospital() };
    let settings = KioskSettings { run, lanes: vec![lane; usize::from(LANES)] };
    Kiosk::new(settings, unfinished(journal, &BTreeSet::new()), day.now())
}

fn identity(person: usize) -> Identity {
    holder(NAMES[person % NAMES.len()], &document(person))
}

impl House {
    fn new(kind: Kind, people: usize, seed: u64) -> Self {
        let clock = SetClock::at(EIGHT);
        let mut setup = Setup::new();
        setup.clock = Arc::new(Stretched(Arc::clone(&clock)));
        setup.http.max_idle = usize::from(LANES) * 2;
        setup.http.idle_age = Duration::from_secs(86_400);
        let twin = Twin::start(&setup.authority, kind, &today(&setup)).expect("a system");
        let day = Day::new(&clock, seed ^ 0x9E37);
        twin.paced(day.pace());
        let (mut of_calls, signs_in) = (Dice::new(seed ^ 0x5EED), kind.signs_in());
        twin.faults(move |step| match (of_calls.roll(100_u32), step) {
            (0, _) => Fault::LostBefore,
            (1, _) => Fault::LostAfter,
            (2, Step::Identify | Step::List | Step::Arrive) if signs_in => Fault::Expired,
            (3, Step::Arrive) => Fault::Stumbles,
            // Whoever is put behind everybody else by it is so whatever a kiosk does.
            (4, Step::Arrive) if kind != Kind::SelfReg => Fault::Twice,
            _ => Fault::None,
        });
        let mut dice = Dice::new(seed);
        let somebody = |person: usize| {
            let mut ledger = twin.ledger();
            ledger.register(&format!("P{person}"), NAMES[person % NAMES.len()], &document(person));
            let visits: Vec<String> =
                (0..1 + usize::from(dice.roll(10_u32) == 0)).map(|at| format!("V{person}-{at}")).collect();
            visits.iter().for_each(|visit| ledger.book(visit, &format!("P{person}"), Status::Open));
            Somebody { visits, ..Somebody::default() }
        };
        let people: Vec<Somebody> = (0..people).map(somebody).collect();
        let system = Self::system(&setup, &twin, kind);
        let kiosk = kiosk(1, &[], &day);
        let (journal, whose) = Default::default();
        let mut house = Self {
            kind,
            setup,
            twin,
            day,
            dice,
            system,
            kiosk,
            run: 1,
            journal,
            people,
            whose,
            acknowledged: None,
            seq: 0,
        };
        (0..house.people.len()).for_each(|person| house.day.comes(COMES * u32::try_from(person).expect("few"), person));
        house
    }

    fn system(setup: &Setup, twin: &Twin, kind: Kind) -> Arc<dyn CheckIn> {
        Arc::new(Reach::over(adapter(setup, twin, kind, memory(setup)), Arc::clone(&setup.clock)))
    }

    fn goes_on_to_its_end(&mut self) {
        self.drain();
        loop {
            let due = self.kiosk.poll_timeout();
            if self.day.is_over() && self.kiosk.is_quiet() {
                return;
            }
            let Some(next) = self.day.next(due) else { return };
            let now = self.day.now();
            match next {
                Next::Input(input) => self.give(*input),
                Next::Comes(person) => self.comes(person),
                Next::Passed => {}
            }
            if due.is_some_and(|due| due <= now.moment) {
                self.kiosk.handle_timeout(now);
                self.drain();
            }
        }
    }

    fn give(&mut self, input: Input) {
        if let Input::Answered { session, answer } = &input
            && self.dice.roll(50_u32) == 0
        {
            let again = Input::Answered { session: *session, answer: answer.clone() };
            self.day.happens(Duration::from_secs(1), again);
        }
        self.kiosk.handle(self.day.now(), input);
        self.drain();
    }

    fn comes(&mut self, person: usize) {
        let somebody = &self.people[person];
        if somebody.stands.is_some() || somebody.sessions.len() >= ATTEMPTS {
            return;
        }
        let lane = LaneId(self.dice.roll(LANES));
        self.seq += 1;
        let arrival = face(&format!("p{person}-{}", self.seq), self.seq, true);
        self.acknowledged = None;
        let input = || Input::Recognised { lane, peer: PEER, arrival: arrival.clone() };
        self.give(input());
        match self.acknowledged.take() {
            Some((AckStatus::Accepted, Some(session))) => {
                if self.dice.roll(50_u32) == 0 {
                    self.day.happens(Duration::from_secs(1), input());
                }
                self.whose.insert(session, person);
                let somebody = &mut self.people[person];
                somebody.sessions.push(session);
                somebody.stands = Some(session);
            }
            Some((AckStatus::Busy, _)) => return self.day.comes(Duration::from_secs(5), person),
            other => panic!("{other:?}"),
        }
        // Staff do beside the kiosk what they do.
        if self.dice.roll(25_u32) == 0 {
            let other = self.dice.roll(self.people.len());
            self.nurse(other);
        }
        if self.dice.roll(150_u32) == 0 {
            self.restart();
        }
    }

    fn nurse(&mut self, person: usize) {
        if let Some(visit) = self.people[person].visits.first() {
            let _ = self.twin.ledger().arrive_where_open(visit, "nurse");
        }
    }

    /// The program ends and starts again. Whoever stood there comes once more.
    fn restart(&mut self) {
        self.day.is_cut();
        self.run += 1;
        self.system = Self::system(&self.setup, &self.twin, self.kind);
        self.kiosk = kiosk(self.run, &self.journal, &self.day);
        for person in 0..self.people.len() {
            if self.people[person].stands.take().is_some() {
                self.day.comes(Duration::from_secs(20 + self.dice.roll(120_u64)), person);
            }
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.kiosk.poll_output() {
            self.carry(output);
        }
    }

    fn carry(&mut self, output: Output) {
        let now = self.day.now();
        let system = Arc::clone(&self.system);
        let until = move |clock: &SetClock| Deadline::at(Stretched::moment(clock.now().moment.after(PAST)));
        let clock = Arc::clone(&self.day.clock);
        match output {
            Output::Record { ticket, record } => {
                self.journal.push(record);
                if let Some(ticket) = ticket {
                    self.kiosk.handle(now, Input::Recorded { ticket });
                }
            }
            Output::LookUp { session, way: WayIn::Face(sid), .. } => {
                let person = sid.reveal().trim_start_matches('p').split('-').next().and_then(|of| of.parse().ok());
                let result = Ok(identity(person.expect("somebody")));
                self.day.happens(Duration::from_millis(400), Input::Found { session, result });
            }
            Output::CheckIn(asked) => {
                let request = Request {
                    session: asked.session,
                    lane: format!("kiosk-{}", asked.lane.0),
                    purpose: Purpose::Hospital,
                    series: "A".to_owned(),
                    identity: asked.identity,
                    choice: asked.choice,
                    person: None,
                    at: now.wall.into(),
                };
                let deadline = Deadline::at(Stretched::moment(asked.deadline));
                self.day.asks(now.moment, asked.deadline.since(now.moment), move || {
                    let answer = system.check_in(&request, deadline).unwrap_or_else(|undecided| undecided.answer());
                    Input::Answered { session: request.session, answer }
                });
            }
            Output::Resolve { session, after, .. } => self.day.asks(after, PAST, move || {
                let resolution = system.resolve(session, until(&clock));
                let cannot = |failure: Failure| Resolution::CannotSay(failure.code());
                Input::Resolved { session, resolution: resolution.unwrap_or_else(cannot) }
            }),
            Output::Annul { session, after, .. } => self.day.asks(after, PAST, move || {
                let result = system.annul(session, until(&clock)).map_err(|failure| failure.code());
                Input::Annulled { session, result }
            }),
            Output::Show { lane, session, scene } => {
                use SceneKind::{Cancelled, Failed, LookAgain, NotFound, Refused, TookTooLong, Unknown};
                let is_unhappy =
                    matches!(scene.kind, Cancelled | Failed | LookAgain | NotFound | Refused | TookTooLong | Unknown);
                assert!(!is_unhappy || scene.next.is_some(), "{:?}: without a next step: {scene:?}", self.kind);
                if let (SceneKind::Choose, Some(session)) = (scene.kind, session) {
                    self.seq += 1;
                    let option = 1 + self.dice.roll(u8::try_from(scene.options.len()).expect("few"));
                    let peer = Some(PEER);
                    let chose = Input::Chose { lane, peer, seq: self.seq, session: Some(session), option };
                    self.day.happens(Duration::from_secs(4), chose);
                }
            }
            Output::Print { job, .. } => {
                self.day.happens(Duration::from_secs(1), Input::Printed { job, outcome: PrintOutcome::Printed });
            }
            Output::Acknowledge { status, session, .. } => self.acknowledged = Some((status, session)),
            Output::Tell { outcome, .. } => self.told(outcome.session, outcome.result),
            _ => {}
        }
    }

    fn told(&mut self, session: SessionId, result: OutcomeResult) {
        let Some(person) = self.whose.get(&session).copied() else { return };
        if self.people[person].stands.take_if(|stands| *stands == session).is_none() {
            return;
        }
        let again = match result {
            OutcomeResult::CheckedIn | OutcomeResult::Already => {
                // Half of the people forget that they have been here.
                !std::mem::replace(&mut self.people[person].served, true) && self.dice.toss()
            }
            OutcomeResult::Unknown if self.dice.toss() => {
                self.nurse(person);
                false
            }
            _ => true,
        };
        if again {
            self.day.comes(Duration::from_secs(20 + self.dice.roll(300_u64)), person);
        }
    }

    /// The books against the journal.
    fn compared(&self) -> String {
        let mut ends: BTreeMap<SessionId, OutcomeResult> = BTreeMap::new();
        let mut numbers: BTreeMap<SessionId, String> = BTreeMap::new();
        for record in &self.journal {
            match record {
                Record::Closed { session, result, .. } => {
                    assert!(ends.insert(*session, *result).is_none(), "{:?}: {session} ended twice", self.kind);
                }
                Record::Decided { session, number, .. } => {
                    let number = number.as_ref().map(ToString::to_string).unwrap_or_default();
                    assert!(numbers.insert(*session, number).is_none(), "{:?}: {session} decided twice", self.kind);
                }
                _ => {}
            }
        }
        let ledger = self.twin.ledger();
        let mut kept: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for arrival in &ledger.arrivals {
            kept.entry(&arrival.visit).or_default().push(&arrival.by);
        }
        let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
        for (person, somebody) in self.people.iter().enumerate() {
            let of: Vec<(SessionId, OutcomeResult, Option<&String>)> = somebody
                .sessions
                .iter()
                .map(|id| {
                    (*id, *ends.get(id).unwrap_or_else(|| panic!("{:?}: {id} has no end", self.kind)), numbers.get(id))
                })
                .collect();
            let what = |told: &str| format!("{:?}, person {person}: {told}: {of:?}, {:?}", self.kind, somebody.visits);
            of.iter().for_each(|(_, end, _)| *tally.entry(end.as_str()).or_default() += 1);
            let mut admitted: Vec<&String> = Vec::new();
            for visit in &somebody.visits {
                let by = kept.get(visit.as_str()).cloned().unwrap_or_default();
                let ours = by.iter().filter(|by| **by != "nurse").count();
                // A nurse may be faster than a call that is on its way, which puts the person behind all the same.
                let most = if self.kind == Kind::SelfReg { 2 } else { 1 };
                assert!(by.len() <= most && ours <= 1, "{}", what(&format!("{visit} was checked in twice: {by:?}")));
                let number = ledger.booked(visit).and_then(|booked| booked.number.clone());
                let is_told = |told: &Option<&String>| told.cloned() == number || is_unnumbered(told);
                let says = |wanted: OutcomeResult| of.iter().any(|(_, end, told)| *end == wanted && is_told(told));
                let unknown = of.iter().any(|(_, end, _)| *end == OutcomeResult::Unknown);
                if ours == 1 {
                    let is_here = says(OutcomeResult::CheckedIn) || says(OutcomeResult::Already) || unknown;
                    assert!(is_here, "{}", what(&format!("the hospital has {visit}, and nobody here")));
                }
            }
            for (session, end, told) in &of {
                let theirs = somebody.visits.iter().find(|visit| {
                    told.is_some() && ledger.booked(visit).and_then(|booked| booked.number.as_ref()) == *told
                });
                let is_nurses = |by: &Vec<&str>| by.iter().all(|by| *by == "nurse");
                let by_nurse = theirs.is_some_and(|visit| kept.get(visit.as_str()).is_some_and(is_nurses));
                match end {
                    OutcomeResult::CheckedIn | OutcomeResult::Already if is_unnumbered(told) => {
                        *tally.entry("without a number").or_default() += 1;
                        let is_in = somebody.visits.iter().any(|visit| kept.contains_key(visit.as_str()));
                        assert!(is_in, "{}", what(&format!("{session} is in, and the hospital does not know of it")));
                    }
                    OutcomeResult::CheckedIn => {
                        assert!(
                            theirs.is_some() && !by_nurse,
                            "{}",
                            what(&format!("{session} is none of the hospital's"))
                        );
                        let told = told.expect("a number");
                        assert!(!admitted.contains(&told), "{}", what(&format!("{session} admits once more")));
                        admitted.push(told);
                    }
                    OutcomeResult::Already => {
                        assert!(theirs.is_some(), "{}", what(&format!("{session} is somebody else's")));
                    }
                    _ => {}
                }
            }
        }
        let sessions: usize = self.people.iter().map(|somebody| somebody.sessions.len()).sum();
        let visits = self.people.iter().map(|somebody| somebody.visits.len()).sum::<usize>();
        let served = self.people.iter().filter(|somebody| somebody.served).count();
        let unknown = tally.get("unknown").copied().unwrap_or_default();
        assert!(served * 10 > self.people.len() * 8, "{:?}: {served} were served, {tally:?}", self.kind);
        let unnumbered = tally.get("without a number").copied().unwrap_or_default();
        assert!(unnumbered <= (sessions / 100).max(1), "{:?}: {tally:?}", self.kind);
        // Where the list does not say by whom, a lost answer is never known.
        let most = if self.kind.tells_by_whom() { sessions / 8 } else { sessions / 4 };
        assert!(unknown <= most.max(3), "{:?}: {tally:?}", self.kind);
        format!(
            "{:?}: {sessions} times somebody came for {visits} visits, {} starts, {} calls, {tally:?}; {served} of {} served",
            self.kind,
            self.run,
            ledger.calls,
            self.people.len()
        )
    }
}

/// The list that has the number could not be had any more: such a slip says where to go.
fn is_unnumbered(told: &Option<&String>) -> bool {
    told.is_some_and(String::is_empty)
}

fn day(kind: Kind, people: usize, seed: u64) {
    let mut house = House::new(kind, people, seed);
    house.goes_on_to_its_end();
    eprintln!("{}", house.compared());
}

#[test]
fn at_eight_in_the_morning_the_hospitals_books_and_the_journal_are_the_same_visit_by_visit() {
    thread::scope(|scope| {
        for (kind, seed) in Kind::ALL.into_iter().zip(1..) {
            scope.spawn(move || day(kind, 40, seed));
        }
    });
}

mod through_ten_thousand_visits_at_eight_in_the_morning_books_and_journal_are_the_same {
    use super::{Kind, day};

    fn whole(kind: Kind, seed: u64) {
        day(kind, 9_100, seed);
    }

    crate::his::at_each_hospital!(whole);
}
