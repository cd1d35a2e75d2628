//! Drives the core on simulated time: what it asks to be recorded is durable at once, unless the disk is stopped.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use facemchd::{
    fault::Code,
    kiosk::{
        AckStatus, Arrival, CheckInRequest, Input, Kiosk, KioskSettings, LaneSettings, LaneView, Outcome, Output,
        PrintOutcome, Record, RecordTicket, Scene, SentAway, Unfinished,
    },
    words::{
        Admission, CheckInAnswer, Choice, Credential, CredentialType, FaceSid, Identity, LaneId, Moment, Now, PeerId,
        Purpose, RealName, SessionId, Text, UnionId, WallTime, WayIn,
    },
};

pub const LANE: LaneId = LaneId(0);
pub const PEER: PeerId = PeerId(7);

pub struct Core {
    kiosk: Kiosk,
    now: Now,
    /// Records become durable only when this is not set.
    pub disk_stopped: bool,
    waiting: VecDeque<RecordTicket>,
    /// What was asked for since the last look, records excepted.
    outputs: Vec<Output>,
    /// Everything that is durable, in order.
    pub journal: Vec<Record>,
    written: Vec<Record>,
}

pub fn hospital() -> LaneSettings {
    LaneSettings { has_printer: true, ..LaneSettings::default() }
}

pub fn transit() -> LaneSettings {
    LaneSettings { purpose: Purpose::Transit, has_gate: true, ..LaneSettings::default() }
}

impl Core {
    pub fn new(lanes: Vec<LaneSettings>) -> Self {
        Self::restarted(lanes, 1, Vec::new())
    }

    pub fn restarted(lanes: Vec<LaneSettings>, run: u64, unfinished: Vec<Unfinished>) -> Self {
        let now = Now { moment: Moment(Duration::from_secs(100)), wall: WallTime(1_700_000_000_000) };
        let kiosk = Kiosk::new(KioskSettings { run, lanes }, unfinished, now);
        let mut core = Self {
            kiosk,
            now,
            disk_stopped: false,
            waiting: VecDeque::new(),
            outputs: Vec::new(),
            journal: Vec::new(),
            written: Vec::new(),
        };
        core.drain();
        core
    }

    /// Hands over one input.
    pub fn input(&mut self, input: Input) {
        self.kiosk.handle(self.now, input);
        self.drain();
    }

    pub fn moment(&self) -> Moment {
        self.now.moment
    }

    /// A face that has agreed; returns its session.
    pub fn face(&mut self, sid: &str, seq: u64) -> Option<SessionId> {
        self.face_with(sid, seq, true)
    }

    pub fn face_with(&mut self, sid: &str, seq: u64, consent: bool) -> Option<SessionId> {
        self.input(Input::Recognised { lane: LANE, peer: PEER, arrival: face(sid, seq, consent) });
        self.acks().last().and_then(|(_, session, _)| *session)
    }

    /// A face, recognised and known as `name`, up to the question to the site's system.
    pub fn known(&mut self, sid: &str, seq: u64, name: &str) -> SessionId {
        let session = self.face(sid, seq).expect("a session");
        self.input(Input::Found { session, result: Ok(person(name)) });
        session
    }

    pub fn answer(&mut self, session: SessionId, answer: CheckInAnswer) {
        self.input(Input::Answered { session, answer });
    }

    /// Lets time pass, with every deadline on its moment.
    pub fn pass(&mut self, duration: Duration) {
        let end = self.now.moment.after(duration);
        while let Some(due) = self.kiosk.poll_timeout().filter(|due| *due <= end) {
            self.set(due.max(self.now.moment));
            self.kiosk.handle_timeout(self.now);
            self.drain();
        }
        self.set(end);
    }

    fn set(&mut self, moment: Moment) {
        let passed = moment.since(self.now.moment);
        self.now.moment = moment;
        self.now.wall.0 += i64::try_from(passed.as_millis()).expect("short");
    }

    /// The disk catches up.
    pub fn sync(&mut self) {
        while let Some(ticket) = self.waiting.pop_front() {
            self.journal.append(&mut self.written);
            self.kiosk.handle(self.now, Input::Recorded { ticket });
            self.drain_outputs();
        }
    }

    /// The disk refuses what waits.
    pub fn fail_disk(&mut self) {
        while let Some(ticket) = self.waiting.pop_front() {
            self.kiosk.handle(self.now, Input::NotRecorded { ticket, code: Code::J502 });
            self.drain_outputs();
        }
    }

    fn drain(&mut self) {
        self.drain_outputs();
        if !self.disk_stopped {
            self.sync();
        }
    }

    fn drain_outputs(&mut self) {
        while let Some(output) = self.kiosk.poll_output() {
            match output {
                Output::Record { ticket, record } => {
                    self.written.push(record);
                    self.waiting.extend(ticket);
                }
                other => self.outputs.push(other),
            }
        }
    }

    pub fn view(&self) -> LaneView<'_> {
        self.kiosk.view(LANE).expect("a lane")
    }

    pub fn is_quiet(&self) -> bool {
        self.kiosk.is_quiet()
    }

    /// What was asked for since the last look.
    pub fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    fn pick<T>(&self, of: impl Fn(&Output) -> Option<T>) -> Vec<T> {
        self.outputs.iter().filter_map(of).collect()
    }

    pub fn forget(&mut self) {
        self.outputs.clear();
    }

    pub fn acks(&self) -> Vec<(AckStatus, Option<SessionId>, Option<Code>)> {
        self.pick(|output| match output {
            Output::Acknowledge { status, session, code, .. } => Some((*status, *session, *code)),
            _ => None,
        })
    }

    pub fn scenes(&self) -> Vec<Scene> {
        self.pick(|output| match output {
            Output::Show { scene, .. } => Some(scene.clone()),
            _ => None,
        })
    }

    pub fn scene(&self) -> Scene {
        self.scenes().pop().expect("a scene")
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        self.pick(|output| match output {
            Output::Tell { outcome, .. } => Some(outcome.clone()),
            _ => None,
        })
    }

    pub fn outcome(&self) -> Outcome {
        self.outcomes().pop().expect("an outcome")
    }

    pub fn lookups(&self) -> usize {
        self.pick(|output| matches!(output, Output::LookUp { .. }).then_some(())).len()
    }

    pub fn check_ins(&self) -> Vec<CheckInRequest> {
        self.pick(|output| match output {
            Output::CheckIn(request) => Some(request.clone()),
            _ => None,
        })
    }

    pub fn resolves(&self) -> Vec<SessionId> {
        self.pick(|output| match output {
            Output::Resolve { session, .. } => Some(*session),
            _ => None,
        })
    }

    /// Slips and gates.
    /// Slips of people who are checked in, and grants.
    pub fn effects(&self) -> usize {
        let is_one = |output: &Output| match output {
            Output::Print { slip, .. } => slip.sent_away.is_none(),
            other => matches!(other, Output::Open { .. }),
        };
        self.pick(|output| is_one(output).then_some(())).len()
    }

    /// Slips for staff.
    pub fn sent_away(&self) -> Vec<SentAway> {
        self.pick(|output| match output {
            Output::Print { slip, .. } => slip.sent_away,
            _ => None,
        })
    }

    pub fn printed(&mut self, outcome: PrintOutcome) {
        let jobs = self.pick(|output| match output {
            Output::Print { job, .. } => Some(*job),
            _ => None,
        });
        let job = *jobs.last().expect("a slip");
        self.input(Input::Printed { job, outcome });
    }

    /// Everything that was written, durable or not yet.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.journal.iter().chain(&self.written)
    }

    /// Why the site's system refused a session, as the journal has it.
    pub fn refusal(&self, session: SessionId) -> Option<&'static str> {
        self.records().find_map(|record| match record {
            Record::Closed { session: of, why, .. } if *of == session => why.map(|why| why.as_str()),
            _ => None,
        })
    }

    /// How a session ended, as the journal has it; it has exactly one end.
    pub fn closed(&self, session: SessionId) -> Option<&'static str> {
        let mut ends = self.records().filter_map(|record| match record {
            Record::Closed { session: of, result, .. } if *of == session => Some(result.as_str()),
            _ => None,
        });
        let end = ends.next();
        assert_eq!(ends.next(), None, "closed twice");
        end
    }
}

pub fn sid(sid: &str) -> FaceSid {
    FaceSid::parse(sid).expect("a face_sid")
}

pub fn face(sid: &str, seq: u64, consent: bool) -> Arrival {
    Arrival {
        seq,
        terminal: Some(Text::clean("T-1")),
        merchant: None,
        way: WayIn::Face(self::sid(sid)),
        openid: None,
        sub_openid: None,
        consent,
    }
}

pub fn person(name: &str) -> Identity {
    Identity {
        union_id: Some(UnionId::new("oUnion".to_owned())),
        real_name: RealName::parse(name),
        credential: Credential::parse(CredentialType::MainlandId, "11010519491231002X"),
        ..Identity::default()
    }
}

pub fn admission(number: &str) -> Admission {
    Admission { number: Some(Text::clean(number)), place: Some(Text::clean("3楼 内科")), ..Admission::default() }
}

pub fn choices(labels: &[&str]) -> CheckInAnswer {
    CheckInAnswer::Choose(
        labels.iter().map(|label| Choice { id: Text::clean(label), label: Text::clean(label) }).collect(),
    )
}

/// What a start finds unfinished in these records. `never_opened`: those whose opening no disk took.
pub fn unfinished(records: &[Record], never_opened: &BTreeSet<SessionId>) -> Vec<Unfinished> {
    let mut open: BTreeMap<SessionId, Unfinished> = BTreeMap::new();
    let mut closed = BTreeSet::new();
    for record in records {
        let id = record.session();
        match record {
            Record::Opened { session, lane, .. } => {
                let left = Unfinished::opened(*session, *lane);
                assert!(open.insert(id, left).is_none(), "a session id was used twice");
            }
            Record::CheckingIn { .. } => open.get_mut(&id).expect("opened first").reached_check_in = true,
            Record::Decided { result, code, .. } => {
                open.get_mut(&id).expect("opened first").decided = Some((*result, *code));
            }
            Record::Closed { .. } => {
                assert!(closed.insert(id), "closed twice");
                assert!(open.remove(&id).is_some() || never_opened.contains(&id), "closed and never opened");
            }
            Record::Gated { outcome, .. } if outcome.nobody_went_through() => {
                open.get_mut(&id).expect("opened first").to_annul = outcome.code();
            }
            Record::Gated { .. } => drop(open.get_mut(&id).map(|left| left.gated = true)),
            Record::Printed { .. } => drop(open.get_mut(&id).map(|left| left.printed = true)),
        }
    }
    open.into_values().collect()
}
