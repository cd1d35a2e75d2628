//! Random visits with restarts and broken disks against the rules that must always hold.

mod events;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use facemchd::{
    fault::Code,
    kiosk::{
        AckStatus, Arrival, Button, CardUses, Device, GateOutcome, Input, Kiosk, KioskSettings, LaneSettings,
        OutOfService, OutcomeResult, Output, PrintOutcome, Record, RecordTicket, SceneKind,
    },
    words::{
        Admission, Card, CheckInAnswer, CredentialType, JobId, LaneId, Moment, Now, PeerId, Private, Resolution,
        SessionId, WallTime, WayIn,
    },
};
use proptest::prelude::*;

use self::events::{Event, event};
use crate::core::{admission, choices, face, hospital, person, transit, unfinished};

const LANES: u16 = 2;
const NAME: &str = "张三丰";

/// Nobody waits longer for the disk.
const LATE: Duration = Duration::from_secs(10);

/// A hospital lane where a document alone checks in, and a gate that knows no documents.
fn lanes() -> Vec<LaneSettings> {
    let alone = CardUses { alone: true, ..hospital().card };
    vec![LaneSettings { card: alone, ..hospital() }, transit()]
}

/// The world around the core, and what must hold.
struct World {
    core: Kiosk,
    now: Now,
    run: u64,
    /// Written at these moments and not yet durable, with the tickets that wait for it.
    buffer: Vec<(Option<RecordTicket>, Record, Moment)>,
    durable: Vec<Record>,
    /// Sessions whose opening the disk refused; the others are opened before anything else.
    never_opened: BTreeSet<SessionId>,
    looked_up: BTreeMap<SessionId, u32>,
    to_find: BTreeSet<SessionId>,
    to_answer: BTreeSet<SessionId>,
    to_resolve: BTreeSet<SessionId>,
    jobs: BTreeSet<JobId>,
    grants: BTreeSet<SessionId>,
    to_annul: BTreeSet<SessionId>,
    emergency: [bool; 2],
    disk_failed: bool,
    effects: BTreeSet<SessionId>,
    /// Documents that were laid down, by the visit that was named in the ack, and whom it was asked about.
    laid: BTreeSet<(SessionId, String)>,
    laid_at: BTreeMap<u16, (SessionId, String)>,
    asked_about: BTreeMap<u16, (SessionId, String)>,
    confirmed: BTreeSet<(SessionId, String)>,
    last_ack: Option<(AckStatus, Option<SessionId>)>,
    /// Since when a name stands on a lane's panel, and for how long it may.
    named_since: BTreeMap<u16, (Moment, Duration)>,
}

impl World {
    fn new() -> Self {
        let now = Now { moment: Moment(Duration::from_secs(10)), wall: WallTime(1_700_000_000_000) };
        let settings = KioskSettings { run: 0, lanes: lanes() };
        let mut world = Self {
            core: Kiosk::new(settings, Vec::new(), now),
            now,
            run: 0,
            buffer: Vec::new(),
            durable: Vec::new(),
            never_opened: BTreeSet::new(),
            looked_up: BTreeMap::new(),
            to_find: BTreeSet::new(),
            to_answer: BTreeSet::new(),
            to_resolve: BTreeSet::new(),
            jobs: BTreeSet::new(),
            grants: BTreeSet::new(),
            to_annul: BTreeSet::new(),
            emergency: [false; 2],
            disk_failed: false,
            effects: BTreeSet::new(),
            laid: BTreeSet::new(),
            laid_at: BTreeMap::new(),
            asked_about: BTreeMap::new(),
            confirmed: BTreeSet::new(),
            last_ack: None,
            named_since: BTreeMap::new(),
        };
        world.drain();
        world
    }

    fn give(&mut self, input: Input) {
        self.core.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            self.take(output);
        }
    }

    /// Carries out one output, and checks the rules it is subject to.
    fn take(&mut self, output: Output) {
        match output {
            Output::Warm => {}
            Output::Record { ticket, record } => self.buffer.push((ticket, record, self.now.moment)),
            Output::LookUp { session, .. } => {
                let count = self.looked_up.entry(session).or_default();
                *count += 1;
                assert_eq!(*count, 1, "a face_sid is good for one question");
                self.to_find.insert(session);
            }
            Output::CheckIn(request) => {
                let announced =
                    self.is_durable(|r| matches!(r, Record::CheckingIn { session, .. } if *session == request.session));
                assert!(announced, "the site is asked before the journal knows");
                // Laid down in this visit, and its person said yes, or that they come with it alone.
                let identity = &request.identity;
                for card in identity.patient.iter().chain(&identity.card) {
                    let of_visit = (request.session, card.id.reveal().to_owned());
                    assert!(self.laid.contains(&of_visit), "a document that was not laid down in this visit");
                    assert!(self.confirmed.contains(&of_visit), "a document that nobody said yes to");
                }
                self.to_answer.insert(request.session);
            }
            Output::Resolve { session, .. } => {
                self.to_resolve.insert(session);
            }
            Output::Show { lane, scene, .. } => {
                self.asked_about.remove(&lane.0);
                self.named_since.remove(&lane.0);
                if scene.name.is_some() {
                    let seconds = match scene.kind {
                        SceneKind::Admitted | SceneKind::Already => 5,
                        SceneKind::CardLaid | SceneKind::ConfirmCard => 15,
                        other => panic!("a name in {other:?}"),
                    };
                    self.named_since.insert(lane.0, (self.now.moment, Duration::from_secs(seconds)));
                    let asks = matches!(scene.kind, SceneKind::CardLaid | SceneKind::ConfirmCard);
                    if let Some(asked) = self.whose_card(lane).filter(|_| asks && !scene.options.is_empty()) {
                        self.asked_about.insert(lane.0, asked);
                    }
                }
            }
            Output::Print { job, slip, .. } if slip.sent_away.is_some() => {
                assert!(!self.is_decided(job.session), "whoever is checked in is not sent to staff");
                assert!(slip.name.is_none() && slip.admission == Admission::default());
                assert!(self.effects.insert(job.session), "a second effect for one session");
                self.jobs.insert(job);
            }
            Output::Print { job, slip, .. } => {
                assert!(self.is_decided(job.session), "a slip before the decision is durable");
                assert!(self.effects.insert(job.session), "a second effect for one session");
                assert!(slip.admission.number.is_some());
                self.jobs.insert(job);
            }
            Output::Open { lane, grant } => {
                assert!(self.is_decided(grant.session), "a gate before the decision is durable");
                assert!(!self.emergency[usize::from(lane.0)], "a gate while the fire input is active");
                assert!(self.effects.insert(grant.session), "a second effect for one session");
                self.grants.insert(grant.session);
            }
            Output::Annul { session, .. } => {
                let expired = |record: &Record| matches!(record, Record::Gated { session: of, outcome } if *of == session && outcome.nobody_went_through());
                assert!(
                    self.is_durable(expired) || !self.is_decided(session) || self.disk_failed,
                    "taken back before the journal knows why"
                );
                let used = |record: &Record| {
                    let used = [GateOutcome::Opened, GateOutcome::Passed];
                    matches!(record, Record::Gated { session: of, outcome } if *of == session && used.contains(outcome))
                };
                assert!(!self.is_durable(used), "taken back from somebody who went through");
                self.to_annul.insert(session);
            }
            Output::Acknowledge { status, session, .. } => self.last_ack = Some((status, session)),
            Output::Indicate { .. } | Output::AskAuthInfo { .. } | Output::GiveAuthInfo { .. } => {}
            Output::Tell { outcome, .. } => {
                let admitted = matches!(outcome.result, OutcomeResult::CheckedIn | OutcomeResult::Already);
                assert!(!admitted || self.is_decided(outcome.session), "told before it is durable");
            }
        }
    }

    /// The document that the latest visit of a lane holds, as far as acks have said.
    fn whose_card(&self, lane: LaneId) -> Option<(SessionId, String)> {
        self.laid_at.get(&lane.0).cloned()
    }

    /// A yes on a lane goes to the question that stands there.
    fn says_yes(&mut self, lane: u16) {
        self.confirmed.extend(self.asked_about.get(&lane).cloned());
    }

    fn is_durable(&self, what: impl Fn(&Record) -> bool) -> bool {
        self.durable.iter().any(what)
    }

    fn is_decided(&self, of: SessionId) -> bool {
        self.is_durable(|record| matches!(record, Record::Decided { session, .. } if *session == of))
    }

    fn happen(&mut self, event: Event) {
        let peer = PeerId(1);
        match event {
            Event::Face { lane, sid, seq, consent } => {
                let face = face(&format!("sid-{sid}"), u64::from(seq), consent);
                self.give(Input::Recognised { lane: LaneId(lane), peer, arrival: face });
            }
            Event::Consent { lane, sid, granted } => {
                let face_sid = crate::core::sid(&format!("sid-{sid}"));
                self.give(Input::Consented { lane: LaneId(lane), peer, seq: 9, face_sid, granted });
            }
            Event::Cancel { lane } => self.give(Input::Cancelled { lane: LaneId(lane), peer, seq: 9, session: None }),
            Event::Choose { lane, option } => {
                if option == 1 {
                    self.says_yes(lane);
                }
                self.give(Input::Chose { lane: LaneId(lane), peer: Some(peer), seq: 9, session: None, option });
            }
            Event::Sync { count } => self.sync(count),
            Event::DiskFails => {
                self.disk_failed = true;
                for (ticket, record, _) in std::mem::take(&mut self.buffer) {
                    if matches!(record, Record::Opened { .. }) {
                        self.never_opened.insert(record.session());
                    }
                    if let Some(ticket) = ticket {
                        self.give(Input::NotRecorded { ticket, code: Code::J502 });
                    }
                }
            }
            Event::Found { which, well } => {
                // Every now and then an answer comes twice: it stays in the set.
                if let Some(session) = nth(&self.to_find, which) {
                    let result = if well { Ok(person(NAME)) } else { Err(Code::N320.into()) };
                    self.give(Input::Found { session, result });
                }
            }
            Event::Answered { which, answer } => {
                if let Some(session) = nth(&self.to_answer, which) {
                    self.give(Input::Answered { session, answer: self::answer(answer) });
                }
            }
            Event::Resolved { which, known } => {
                if let Some(session) = nth(&self.to_resolve, which) {
                    let resolution = match known {
                        0 => Resolution::NotThere,
                        1 => Resolution::Decided(CheckInAnswer::Admitted(admission("A001"))),
                        2 => Resolution::Decided(choices(&["a", "b"])),
                        _ => Resolution::CannotSay(Code::H901),
                    };
                    self.give(Input::Resolved { session, resolution });
                }
            }
            Event::Effect { which, well } => {
                if let Some(job) = nth(&self.jobs, which) {
                    let outcome = if well { PrintOutcome::Printed } else { PrintOutcome::Unknown };
                    self.give(Input::Printed { job, outcome });
                } else if let Some(session) = nth(&self.grants, which) {
                    let outcome = match (well, which % 3) {
                        (true, 0) => GateOutcome::Opened,
                        (true, _) => GateOutcome::Passed,
                        (false, 0) => GateOutcome::Failed(Code::G802),
                        (false, 1) => GateOutcome::Failed(Code::G801),
                        (false, _) => GateOutcome::Expired,
                    };
                    self.give(Input::Gated { session, outcome });
                }
            }
            Event::Annulled { which, well } => {
                if let Some(session) = nth(&self.to_annul, which) {
                    let result = if well { Ok(()) } else { Err(Code::H901) };
                    self.give(Input::Annulled { session, result });
                }
            }
            Event::OutOfService { lane, why, on } => {
                let why = [OutOfService::Closed, OutOfService::Maintenance, OutOfService::Emergency][usize::from(why)];
                if why == OutOfService::Emergency {
                    self.emergency[usize::from(lane)] = on;
                }
                self.give(Input::OutOfService { lane: LaneId(lane), why, on });
            }
            Event::Press { lane, button } => {
                if button == 2 {
                    self.says_yes(lane);
                }
                let button = [Button::OtherWay, Button::CallStaff, Button::Choice(1)][usize::from(button)];
                self.give(Input::Pressed { lane: LaneId(lane), button });
            }
            Event::Card { lane, card, seq, peer } => {
                let card = Card::parse("王小二", CredentialType::OtherDocument, &format!("DOC{card}")).expect("a card");
                let number = card.id.reveal().to_owned();
                self.last_ack = None;
                let (laid_before, lane) = (self.laid_at.get(&lane).cloned(), LaneId(lane));
                // The scene may come before the ack: what it shows is this document's.
                let input = Input::CardRead { lane, peer: PeerId(peer), seq: u64::from(seq), card };
                self.core.handle(self.now, input);
                let mut outputs = Vec::new();
                while let Some(output) = self.core.poll_output() {
                    if let Output::Acknowledge { status: AckStatus::Accepted, session: Some(session), .. } = &output {
                        self.laid.insert((*session, number.clone()));
                        self.laid_at.insert(lane.0, (*session, number.clone()));
                    }
                    outputs.push(output);
                }
                outputs.into_iter().for_each(|output| self.take(output));
                let refused = matches!(self.last_ack, Some((AckStatus::Busy | AckStatus::Refused, _)));
                assert!(!refused || self.laid_at.get(&lane.0).cloned() == laid_before);
            }
            Event::Person { lane } => self.give(Input::Approached { lane: LaneId(lane) }),
            Event::Voucher { lane, code } => {
                let way = WayIn::Voucher(Private::new(format!("V-{code}")).into());
                let arrival = Arrival { way, ..face("unused", 0, true) };
                self.give(Input::Recognised { lane: LaneId(lane), peer, arrival });
            }
            Event::Pass { milliseconds } => self.pass(Duration::from_millis(milliseconds)),
            Event::Device { lane, well } => {
                let fault = (!well).then(|| Code::D601.into());
                self.give(Input::DeviceChanged { lane: LaneId(lane), device: Device::Panel, fault });
            }
            Event::PowerCut => self.power_cut(),
        }
        for (since, most) in self.named_since.values() {
            assert!(self.now.moment.since(*since) <= *most, "a name stands for too long");
        }
    }

    fn sync(&mut self, count: usize) {
        let count = count.min(self.buffer.len());
        for (ticket, record, _) in self.buffer.drain(..count).collect::<Vec<_>>() {
            self.durable.push(record);
            if let Some(ticket) = ticket {
                self.give(Input::Recorded { ticket });
            }
        }
    }

    fn pass(&mut self, duration: Duration) {
        let end = self.now.moment.after(duration);
        let mut rounds = 0;
        while let Some(due) = self.core.poll_timeout().filter(|due| *due <= end) {
            rounds += 1;
            assert!(rounds < 1000, "a deadline that does not pass");
            self.now.moment = due.max(self.now.moment);
            // A disk that lets others wait for so long is one that has failed.
            let late = |(ticket, _, at): &(Option<RecordTicket>, Record, Moment)| {
                ticket.is_some() && self.now.moment.since(*at) >= LATE
            };
            self.disk_failed |= self.buffer.iter().any(late);
            self.core.handle_timeout(self.now);
            self.drain();
        }
        self.now.moment = end;
    }

    /// What was not durable is gone; the next run takes up what the journal knows.
    fn power_cut(&mut self) {
        self.buffer.clear();
        self.run += 1;
        let settings = KioskSettings { run: self.run, lanes: lanes() };
        self.to_find.clear();
        self.to_answer.clear();
        self.to_resolve.clear();
        self.jobs.clear();
        self.grants.clear();
        self.to_annul.clear();
        self.emergency = [false; 2];
        self.named_since.clear();
        self.asked_about.clear();
        self.laid_at.clear();
        self.core = Kiosk::new(settings, unfinished(&self.durable, &self.never_opened), self.now);
        self.drain();
    }

    /// Everything that waits gets an answer; then nothing may be open.
    fn settle(&mut self) {
        for _ in 0..40 {
            self.sync(usize::MAX);
            for job in std::mem::take(&mut self.jobs) {
                self.give(Input::Printed { job, outcome: PrintOutcome::Printed });
            }
            for session in std::mem::take(&mut self.grants) {
                self.give(Input::Gated { session, outcome: GateOutcome::Opened });
            }
            for session in std::mem::take(&mut self.to_annul) {
                self.give(Input::Annulled { session, result: Ok(()) });
            }
            for session in std::mem::take(&mut self.to_resolve) {
                self.give(Input::Resolved { session, resolution: Resolution::CannotSay(Code::H901) });
            }
            self.sync(usize::MAX);
            self.pass(Duration::from_secs(61));
        }
        self.sync(usize::MAX);
    }

    fn assert_nothing_is_open(&self) {
        let open = unfinished(&self.durable, &self.never_opened);
        assert!(open.is_empty(), "still open: {open:?}");
        assert!(self.core.is_quiet(), "nothing is open, and the core still waits");
        assert!(self.named_since.is_empty(), "a name is left on a panel");
    }
}

fn nth<T: Copy>(set: &BTreeSet<T>, index: usize) -> Option<T> {
    set.iter().nth(index % set.len().max(1)).copied()
}

fn answer(number: u8) -> CheckInAnswer {
    match number {
        0..=2 => CheckInAnswer::Admitted(admission("A001")),
        3 => CheckInAnswer::Already(admission("A001")),
        4 => choices(&["内科", "眼科"]),
        5 => CheckInAnswer::NotFound,
        6 => CheckInAnswer::TooEarly(None),
        7 => CheckInAnswer::Unavailable(Code::H901.into()),
        _ => CheckInAnswer::Unknown(Code::H904),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_hold_and_every_session_ends_once(events in prop::collection::vec(event(), 1..80)) {
        let mut world = World::new();
        let disk_failed = events.iter().any(|event| matches!(event, Event::DiskFails));
        for event in events {
            world.happen(event);
        }
        world.settle();
        if disk_failed {
            // An end that the disk refused twice is made up for at the next start.
            world.power_cut();
            world.settle();
        }
        world.assert_nothing_is_open();
    }
}
