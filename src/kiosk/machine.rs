//! The state machine's frame: dispatch, deadlines, outputs.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Input, KioskSettings, OutOfService, Output, Record, RecordTicket, Scene, SceneKind, Signal, Unfinished,
    awaited::Awaited,
    grants::LetThrough,
    lane::{Lane, Trace},
    session::{Session, Stage},
    verdict::Verdict,
};
use crate::words::{LaneId, Moment, Now, SessionId, WallTime, WayIn};

/// The core. See the module's documentation for the invariant its driver keeps.
pub struct Kiosk {
    run: u64,
    serial: u32,
    tickets: u64,
    pub(super) lanes: Vec<Lane>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) awaited: Awaited,
    /// Persons whom the site admitted, who did not go through, and whose check-in could not be taken back.
    pub(super) owed: VecDeque<[u8; 16]>,
    /// Who was let through lately, the last one first.
    pub(super) let_through: VecDeque<LetThrough>,
    outputs: VecDeque<Output>,
    pub(super) stopping: bool,
    /// The time of what is being handled.
    pub(super) moment: Moment,
    pub(super) wall: WallTime,
}

/// The most open sessions of a lane, most of them waiting for the site's system; beyond it its faces are refused.
const SESSIONS_PER_LANE: usize = 64;

impl Kiosk {
    /// A core whose lanes are idle. What the last run left open is closed or asked about at once.
    pub fn new(settings: KioskSettings, unfinished: Vec<Unfinished>, now: Now) -> Self {
        let mut kiosk = Self {
            run: settings.run,
            serial: 0,
            tickets: 0,
            lanes: settings.lanes.into_iter().map(Lane::new).collect(),
            sessions: BTreeMap::new(),
            awaited: Awaited::default(),
            owed: VecDeque::new(),
            let_through: VecDeque::new(),
            outputs: VecDeque::new(),
            stopping: false,
            moment: now.moment,
            wall: now.wall,
        };
        for left in unfinished {
            kiosk.take_up(left, now.moment);
        }
        for index in 0..kiosk.lanes.len() {
            kiosk.show_idle(lane_id(index));
        }
        kiosk
    }

    /// Takes one thing that happened. Drain [`Kiosk::poll_output`] afterwards.
    pub fn handle(&mut self, now: Now, input: Input) {
        let moment = now.moment;
        (self.moment, self.wall) = (moment, now.wall);
        match input {
            Input::Approached { lane } => self.approached(moment, lane),
            Input::Recognised { lane, peer, arrival } => self.recognised(moment, lane, peer, arrival),
            Input::CardRead { lane, peer, seq, card } => self.card_read(moment, lane, peer, seq, card),
            Input::AuthInfoWanted { lane, peer, seq, wanted } => {
                self.ask_authinfo(moment, lane, peer, seq, wanted);
            }
            Input::AuthInfoGranted { lane, peer, seq, result } => {
                self.give_authinfo(lane, peer, seq, result);
            }
            Input::Unrecognised { lane, peer, seq, code } => self.unrecognised(moment, lane, peer, seq, code),
            Input::Consented { lane, peer, seq, face_sid, granted } => {
                self.consented(moment, lane, (peer, seq), face_sid, granted);
            }
            Input::Chose { lane, peer, seq, session, option } => self.chose(moment, lane, peer, seq, session, option),
            Input::Cancelled { lane, peer, seq, session } => self.cancelled(lane, peer, seq, session),
            Input::Recorded { ticket } => self.recorded(moment, ticket),
            Input::NotRecorded { ticket, code } => self.not_recorded(moment, ticket, code),
            Input::Found { session, result } => self.found(moment, session, result),
            Input::Known { session, person } => self.known(session, person),
            Input::Answered { session, answer } => self.answered(moment, session, answer),
            Input::Resolved { session, resolution } => self.resolved(moment, session, resolution),
            Input::Printed { job, outcome } => self.printed(job, outcome),
            Input::Gated { session, outcome } => self.gated(moment, session, outcome),
            Input::GateAlarmed { lane, session, alarm } => self.gate_alarmed(moment, lane, session, alarm),
            Input::Annulled { session, result } => self.annulled(moment, session, result),
            Input::DeviceChanged { lane, device, fault } => self.device_changed(moment, lane, device, fault),
            Input::DeviceHangs { lane, device, trouble } => self.device_hangs(moment, lane, device, trouble),
            Input::PaperLow { lane, low } => self.paper_low(moment, lane, low),
            Input::OutOfService { lane, why, on } => self.taken_out_of_service(moment, lane, why, on),
            Input::Posted { lane, posting } => self.posted(lane, posting),
            Input::Pressed { lane, button } => self.pressed(moment, lane, button),
            Input::Reprint { lane, job, slip } => self.reprint(moment, lane, job, *slip),
            Input::Stopping => self.stop(),
        }
    }

    /// Takes the passing of time. Call it at [`Kiosk::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Now) {
        (self.moment, self.wall) = (now.moment, now.wall);
        self.give_up(now.moment);
        let due: Vec<SessionId> = self
            .sessions
            .values()
            .filter(|session| session.due().is_some_and(|due| due <= now.moment))
            .map(|session| session.id)
            .collect();
        for id in due {
            self.out_of_patience(now.moment, id);
        }
        for index in 0..self.lanes.len() {
            let lane = &mut self.lanes[index];
            lane.forget(now.moment);
            if lane.scene_until.is_some_and(|until| until <= now.moment) {
                self.show_idle(lane_id(index));
            }
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Kiosk::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Moment> {
        let sessions = self.sessions.values().filter_map(Session::due);
        let lanes = self.lanes.iter().flat_map(|lane| [lane.scene_until, lane.forget_at()]).flatten();
        sessions.chain(lanes).chain(self.awaited.due()).min()
    }

    /// True when nothing under way would be lost by ending now.
    pub fn is_quiet(&self) -> bool {
        self.awaited.has_neither_records_nor_slips()
            && self
                .sessions
                .values()
                .all(|session| matches!(session.stage, Stage::Resolving { .. } | Stage::Annulling { .. }))
    }

    pub(super) fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(super) fn lane(&mut self, lane: LaneId) -> Option<&mut Lane> {
        self.lanes.get_mut(usize::from(lane.0))
    }

    /// A fresh id, or none when too many sessions of this lane are open: what another one leaves open is no reason.
    pub(super) fn new_session_id(&mut self, lane: LaneId) -> Option<SessionId> {
        if self.sessions.values().filter(|session| session.lane == lane).count() >= SESSIONS_PER_LANE {
            return None;
        }
        self.serial += 1;
        Some(SessionId { run: self.run, serial: self.serial })
    }

    /// What this credential is known again by.
    pub(super) fn trace(&self, way: &WayIn) -> Trace {
        Trace::of(self.run, way)
    }

    pub(super) fn remember(&mut self, now: Moment, lane: LaneId, trace: Trace, id: SessionId) {
        if let Some(place) = self.lane(lane) {
            place.remember(now, trace, id);
        }
    }

    /// The person of this session stands here now: the last one's name goes before anything else is shown.
    pub(super) fn take_lane(&mut self, lane: LaneId, id: SessionId) {
        if let Some(place) = self.lane(lane) {
            place.foreground = Some(id);
            place.presenting = None;
        }
        self.hide_name(lane);
    }

    pub(super) fn hide_name(&mut self, lane: LaneId) {
        let named = |place: &mut Lane| place.scene.as_ref().is_some_and(|scene| scene.name.is_some());
        if self.lane(lane).is_some_and(named) {
            self.show(lane, Scene::of(SceneKind::Idle), None);
        }
    }

    /// A record whose durability is awaited.
    pub(super) fn record(&mut self, record: Record) {
        self.count(&record);
        self.tickets = self.tickets.wrapping_add(1);
        let ticket = RecordTicket(self.tickets);
        self.awaited.record(ticket, record.session(), self.moment);
        self.emit(Output::Record { ticket: Some(ticket), record });
    }

    /// A record that rides along.
    pub(super) fn note(&mut self, record: Record) {
        self.count(&record);
        self.emit(Output::Record { ticket: None, record });
    }

    pub(super) fn show(&mut self, lane: LaneId, scene: Scene, until: Option<Moment>) {
        let Some(place) = self.lane(lane) else { return };
        if place.out_of_service.contains_key(&OutOfService::Emergency) && scene.kind != SceneKind::Evacuate {
            // Nothing stands before the way out.
            return;
        }
        #[cfg(feature = "voice")]
        let scene = Scene { says_name: place.settings.says_name && scene.name.is_some(), ..scene };
        place.scene_until = until;
        place.scene = Some(scene.clone());
        let shown = place.settings.has_panel;
        let session = place.foreground.or(place.presenting);
        self.indicate(lane, Signal::of(scene.kind));
        if shown {
            self.emit(Output::Show { lane, session, scene });
        }
    }

    /// The program stops: whoever was not yet spoken of with the site's system is closed, the others end or are asked
    /// about after the restart.
    fn stop(&mut self) {
        self.stopping = true;
        let open: Vec<SessionId> =
            self.sessions.values().filter(|session| session.is_undecided()).map(|session| session.id).collect();
        for id in open {
            self.close(id, Verdict::interrupted());
        }
        for index in 0..self.lanes.len() {
            if self.lanes[index].foreground.is_none() {
                self.show_idle(lane_id(index));
            }
        }
    }
}

fn lane_id(index: usize) -> LaneId {
    LaneId(u16::try_from(index).unwrap_or(u16::MAX))
}
