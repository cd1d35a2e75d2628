//! What happens around a lane: devices that fail and come back, switches, buttons, the gate's own sensors, staff.

use super::{
    Button, Device, GateOutcome, Intent, Kiosk, NextStep, OutOfService, Output, Posting, Record, Scene, SceneKind,
    Signal, Slip,
    lane::Closed,
    verdict::Verdict,
    view::{Health, Ill},
};
use crate::{
    fault::{Code, Remedy, Trouble},
    words::{JobId, LaneId, Moment, Purpose, SessionId},
};

impl Kiosk {
    /// Nobody stands here, or nobody may: wipes whatever was shown.
    pub(super) fn show_idle(&mut self, lane: LaneId) {
        let stopping = self.stopping;
        let now = self.moment;
        let Some(place) = self.lane(lane) else { return };
        place.presenting = None;
        let wants_start = place.settings.intent == Some(Intent::Start);
        let started = place.meant_until.filter(|until| wants_start && now < *until);
        let next = match place.settings.purpose {
            Purpose::Hospital => NextStep::StaffWindow,
            Purpose::Transit => NextStep::OtherLane,
        };
        let scene = match place.closed_by().or(stopping.then_some(Closed::Stopping)) {
            None => place.settings.idle(started.is_some()),
            Some(closed) => {
                // Out of the building is the only way.
                let next = Some(next).filter(|_| closed.scene() != SceneKind::Evacuate);
                Scene { next, code: Some(closed.code()), ..Scene::of(closed.scene()) }
            }
        };
        let scene = place.posting.beside(scene, &place.settings.phrases);
        let paper_low = place.paper_low.is_some() && scene.kind == SceneKind::Idle;
        let until = started.filter(|_| scene.kind == SceneKind::Idle);
        let scene = Scene { stands: until.map(|until| until.since(now)), ..scene };
        self.show(lane, scene, until);
        if paper_low {
            self.indicate(lane, Signal::PaperLow);
        }
    }

    pub(super) fn device_changed(&mut self, now: Moment, lane: LaneId, device: Device, fault: Option<Trouble>) {
        let Some(opens) = self.lane(lane).map(|place| place.settings.opens()) else { return };
        // Without a printer people get their number on the panel; one that will soon print again is waited for.
        let closes = |trouble: Trouble| match device {
            Device::Printer => trouble.remedy == Remedy::Wait,
            Device::Gate => opens,
            Device::Indicators | Device::Voice => false,
            _ => true,
        };
        let ill = fault.map(|trouble| Ill { code: trouble.code, closes: closes(trouble) });
        self.device(lane, device, |health| health.fails(now, ill));
    }

    /// A device that hangs keeps whoever comes waiting.
    pub(super) fn device_hangs(&mut self, now: Moment, lane: LaneId, device: Device, trouble: Option<Trouble>) {
        let ill = trouble.map(|trouble| Ill { code: trouble.code, closes: true });
        self.device(lane, device, |health| health.hangs(now, ill));
    }

    fn device(&mut self, lane: LaneId, device: Device, change: impl FnOnce(&mut Health)) {
        let Some(place) = self.lane(lane) else { return };
        let before = place.closed_by().map(Closed::code);
        change(place.devices.entry(device).or_default());
        if place.closed_by().map(Closed::code) != before {
            self.show_idle_where_nobody_stands(lane);
        }
    }

    /// A gate that stood open closes nobody's lane, and whoever goes through it shows that it is well again.
    pub(super) fn gate_stands_open(&mut self, lane: LaneId, open: bool) {
        let now = self.moment;
        let held = Ill { code: Code::G806, closes: false };
        self.device(lane, Device::Gate, |health| match health.fault() {
            None if open => health.fails(now, Some(held)),
            Some(Code::G806) if !open => health.fails(now, None),
            _ => {}
        });
    }

    pub(super) fn paper_low(&mut self, now: Moment, lane: LaneId, low: bool) {
        let Some(place) = self.lane(lane) else { return };
        if place.paper_low.is_some() != low {
            place.paper_low = low.then_some(now);
            self.show_idle_where_nobody_stands(lane);
        }
    }

    pub(super) fn taken_out_of_service(&mut self, now: Moment, lane: LaneId, why: OutOfService, on: bool) {
        let Some(place) = self.lane(lane) else { return };
        if place.out_of_service.contains_key(&why) == on {
            return;
        }
        if on {
            place.out_of_service.insert(why, now);
        } else {
            place.out_of_service.remove(&why);
        }
        if why == OutOfService::Emergency {
            return if on { self.evacuate(lane) } else { self.show_idle(lane) };
        }
        self.show_idle_where_nobody_stands(lane);
    }

    pub(super) fn posted(&mut self, lane: LaneId, posting: Posting) {
        let Some(place) = self.lane(lane) else { return };
        place.posting = posting;
        self.show_idle_where_nobody_stands(lane);
    }

    /// Whoever has not been spoken of with the site's system ends here; the others' truth is recorded, and nobody is
    /// shown, printed or opened anything.
    fn evacuate(&mut self, lane: LaneId) {
        let foreground = self.lane(lane).and_then(|place| place.foreground.take());
        self.show_idle(lane);
        let Some(session) = foreground.and_then(|id| self.sessions.get_mut(&id)) else { return };
        session.identity = None;
        let id = session.id;
        if session.is_undecided() {
            self.close(id, Verdict::failed(Code::G807));
        }
    }

    fn show_idle_where_nobody_stands(&mut self, lane: LaneId) {
        if let Some(closed) = self.lane(lane).and_then(|place| place.closed_by()) {
            self.leave_laid(lane, closed.code());
        }
        let free = self.lane(lane).is_some_and(|place| place.foreground.is_none() && place.presenting.is_none());
        if free {
            self.show_idle(lane);
        }
    }

    pub(super) fn pressed(&mut self, now: Moment, lane: LaneId, button: Button) {
        match button {
            Button::Start => self.starts(now, lane),
            Button::Choice(option) => self.chose(now, lane, None, 0, None, option),
            Button::OtherWay => self.offer_other_way(now, lane),
            Button::CallStaff => {
                self.indicate(lane, Signal::CallStaff);
                let open =
                    self.lane(lane).is_some_and(|place| place.foreground.is_none() && place.closed_by().is_none());
                if open {
                    self.show_for_a_while(now, lane, Scene::of(SceneKind::StaffCalled));
                }
            }
        }
    }

    /// Somebody has pressed the start button, here or at the terminal: they are asked to look.
    pub(super) fn starts(&mut self, now: Moment, lane: LaneId) {
        self.means(now, lane, Intent::Start);
        let asks = self.lane(lane).is_some_and(|place| {
            place.settings.intent == Some(Intent::Start) && place.scene.as_ref().is_some_and(|scene| scene.to_start)
        });
        if asks {
            self.show_idle(lane);
        }
    }

    fn offer_other_way(&mut self, now: Moment, lane: LaneId) {
        let Some(place) = self.lane(lane) else { return };
        if place.closed_by().is_some() {
            return;
        }
        let (foreground, qr) = (place.foreground, place.settings.other_way.clone());
        let next = place.settings.advice(NextStep::OtherWay);
        match foreground.map(|id| (id, self.sessions.get(&id).is_some_and(|session| session.is_undecided()))) {
            Some((id, true)) => self.close(id, Verdict::other_way()),
            // The site's system decides already.
            Some((_, false)) => {}
            None => {
                self.show_for_a_while(now, lane, Scene { qr, next: Some(next), ..Scene::of(SceneKind::OtherWay) });
            }
        }
    }

    /// A scene of nobody's session; whoever's end stood there has seen it.
    fn show_for_a_while(&mut self, now: Moment, lane: LaneId, scene: Scene) {
        let Some(place) = self.lane(lane) else { return };
        place.presenting = None;
        let stands = place.settings.asked_stands;
        self.show(lane, Scene { stands: Some(stands), ..scene }, Some(now.after(stands)));
    }

    pub(super) fn gate_alarmed(&mut self, now: Moment, lane: LaneId, session: Option<SessionId>, alarm: GateOutcome) {
        if alarm == GateOutcome::HeldOpen {
            self.gate_stands_open(lane, true);
        }
        if let Some(session) = session {
            self.note(Record::Gated { session, outcome: alarm });
        }
        let undisturbed =
            self.lane(lane).is_some_and(|place| place.foreground.is_none() && place.closed_by().is_none());
        if undisturbed {
            let scene = Scene { code: alarm.code(), ..Scene::of(SceneKind::OneByOne) };
            self.show_for_a_while(now, lane, scene);
        } else {
            self.indicate(lane, Signal::Denied);
        }
    }

    pub(super) fn reprint(&mut self, now: Moment, lane: LaneId, job: JobId, slip: Slip) {
        let Some(place) = self.lane(lane) else { return };
        let deadline = now.after(place.settings.slip_patience);
        if self.awaited.slip(job, deadline) {
            self.emit(Output::Print { lane, job, slip, deadline });
        }
    }

    pub(super) fn indicate(&mut self, lane: LaneId, signal: Signal) {
        if self.lane(lane).is_some_and(|place| place.settings.has_indicators) {
            self.emit(Output::Indicate { lane, signal });
        }
    }
}
