//! Threads that hang: one that all lanes need costs the house, one of a lane's own costs its lane.

use super::{
    Inputs,
    carry::{Carrier, LaneHands},
};
use crate::{
    fault::{Code, Failure, Remedy, Trouble},
    kiosk::{Device, Input},
    words::{LaneId, Moment},
};

impl Carrier {
    /// The thread, if any, without which nobody can be served and which hangs. Errands are not among them: a server
    /// that is slow to them is no fault of ours.
    pub(super) fn hung(&self, now: Moment) -> Option<&'static str> {
        [
            ("store", self.workers.store.is_late(now)),
            ("outputs", self.workers.outputs.is_late(now)),
            ("lookup", self.workers.lookups.is_late(now)),
        ]
        .into_iter()
        .find_map(|(name, late)| late.then_some(name))
    }

    /// Lanes' own threads that began or ceased to hang since the last call: their lanes close and open by it.
    pub(super) fn late_devices(&mut self, now: Moment) -> Vec<Input> {
        let Self { lanes, inputs, .. } = self;
        lanes.iter_mut().zip(0..).flat_map(|(hands, lane)| hands.changes(LaneId(lane), now, inputs)).collect()
    }
}

impl LaneHands {
    fn changes(&mut self, lane: LaneId, now: Moment, inputs: &Inputs) -> Vec<Input> {
        let panel = self.panel.as_ref().is_some_and(|panel| panel.is_late(now));
        let printer = self.printer.as_ref().is_some_and(|printer| printer.is_late(now));
        let late = [
            (Device::Panel, Code::D601, "the panel's thread hangs", panel),
            (Device::Printer, Code::P701, "the printer's thread hangs", printer),
            (Device::Site, Code::H904, "the thread that checks people in hangs", self.checkins.is_late(now)),
        ];
        let mut changes = Vec::new();
        #[cfg(feature = "voice")]
        changes.extend(self.voice_changes(lane, now, inputs));
        for (device, code, told, is_late) in late {
            if self.late.contains(&device) == is_late {
                continue;
            }
            self.late.retain(|known| *known != device);
            self.late.extend(is_late.then_some(device));
            if is_late {
                inputs.tell("the lane is closed", lane, None, &Failure::new(code).told(told));
            } else {
                inputs.tell_mended("a thread that hung goes on", lane, code);
            }
            // Until it goes on nobody is served.
            let trouble = is_late.then_some(Trouble { code, remedy: Remedy::Wait });
            changes.push(Input::DeviceHangs { lane, device, trouble });
        }
        changes
    }

    /// People are served without a voice.
    #[cfg(feature = "voice")]
    fn voice_changes(&mut self, lane: LaneId, now: Moment, inputs: &Inputs) -> Option<Input> {
        let is_late = self.voice.as_ref().is_some_and(|voice| voice.is_late(now));
        if self.late.contains(&Device::Voice) == is_late {
            return None;
        }
        self.late.retain(|known| *known != Device::Voice);
        self.late.extend(is_late.then_some(Device::Voice));
        match is_late {
            true => drop(inputs.tell(
                "the lane is silent",
                lane,
                None,
                &Failure::new(Code::D620).told("the voice's thread hangs"),
            )),
            false => inputs.tell_mended("a thread that hung goes on", lane, Code::D620),
        }
        Some(Input::DeviceChanged { lane, device: Device::Voice, fault: is_late.then_some(Code::D620.into()) })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex, RwLock, mpsc},
        time::Duration,
    };

    use super::*;
    use crate::{
        checkin::{CheckIn, Request, Systems, Undecided},
        service::{carry::LaneHands, checkins, failures::Standing},
        terminal,
        words::{CheckInAnswer, Clock, Deadline, Identity, Now, Purpose, Resolution, SessionId, WallTime},
    };

    /// A clock that is set.
    struct Set(Mutex<Duration>);

    impl Clock for Set {
        fn now(&self) -> Now {
            Now { moment: Moment(*self.0.lock().unwrap()), wall: WallTime(0) }
        }
    }

    /// A site's system that never answers, whatever the deadline, until it is let.
    struct Hangs(Mutex<mpsc::Receiver<()>>);

    impl CheckIn for Hangs {
        fn judges(&self, _: &Identity) -> bool {
            true
        }

        fn check_in(&self, _: &Request, _: Deadline) -> Result<CheckInAnswer, Undecided> {
            let _ = self.0.lock().unwrap().recv();
            Ok(CheckInAnswer::NotFound)
        }

        fn annul(&self, _: SessionId, _: Deadline) -> Result<(), Failure> {
            Ok(())
        }

        fn resolve(&self, _: SessionId, _: Deadline) -> Result<Resolution, Failure> {
            Ok(Resolution::NotThere)
        }
    }

    const PATIENCE: Duration = Duration::from_secs(8);

    fn hands(adapter: &checkins::Current, clock: &Arc<dyn Clock>, inputs: super::super::Inputs) -> LaneHands {
        let address = terminal::Address::Unix { path: "t.sock".into(), allow_uids: Vec::new() };
        let lane = LaneId(0);
        let settings = terminal::LaneTerminal { lane, address, plain_lines: false, phrases: Arc::default() };
        let nobody: Arc<dyn crate::checkin::Deputy> = Arc::new(crate::checkin::Nobody);
        LaneHands {
            name: "kiosk-1".to_owned(),
            purpose: Purpose::Hospital,
            series: String::new(),
            terminal: tokio::sync::watch::channel(settings).0,
            counters: Arc::default(),
            replies: tokio::sync::mpsc::channel(1).0,
            scenes_to_terminal: false,
            #[cfg(feature = "page")]
            page: None,
            checkins: checkins::spawn(LaneId(0), adapter, &nobody, &Arc::default(), PATIENCE, clock, inputs).unwrap(),
            panel: None,
            printer: None,
            #[cfg(feature = "voice")]
            voice: None,
            late: Vec::new(),
            deaf: Standing::default(),
        }
    }

    #[test]
    fn a_check_in_that_hangs_closes_its_lane_alone_until_it_ends() {
        let set = Arc::new(Set(Mutex::default()));
        let clock: Arc<dyn Clock> = Arc::clone(&set) as _;
        let (let_go, held) = mpsc::channel();
        let adapter: checkins::Current = Arc::new(RwLock::new(Systems::only(Hangs(Mutex::new(held)))));
        let (way, mut happened) = tokio::sync::mpsc::channel(4);
        let inputs = super::super::Inputs::new(way, vec!["kiosk-1".to_owned()]);
        let mut hanging = hands(&adapter, &clock, inputs.clone());
        let mut other = hands(&adapter, &clock, inputs.clone());
        let request = Request {
            session: SessionId { run: 1, serial: 1 },
            lane: String::new(),
            purpose: Purpose::Hospital,
            series: String::new(),
            identity: Identity::default(),
            choice: None,
            person: None,
            at: WallTime(0).into(),
        };
        let deadline = Deadline::from_now(&*clock, PATIENCE);
        assert!(hanging.checkins.offer(checkins::Present { request: Box::new(request), deadline }).is_ok());
        let after = |seconds| Moment(Duration::from_secs(seconds));
        while !hanging.checkins.is_late(after(17)) {
            std::thread::yield_now();
        }
        assert!(hanging.changes(LaneId(0), after(15), &inputs).is_empty(), "it may yet end by its deadline");
        let closed = hanging.changes(LaneId(0), after(17), &inputs);
        assert!(
            matches!(
                closed[..],
                [Input::DeviceHangs { device: Device::Site, trouble: Some(Trouble { code: Code::H904, .. }), .. }]
            ),
            "{closed:?}"
        );
        assert!(hanging.changes(LaneId(0), after(18), &inputs).is_empty(), "once");
        assert!(other.changes(LaneId(1), after(18), &inputs).is_empty(), "the other lane serves");
        let_go.send(()).unwrap();
        assert!(happened.blocking_recv().is_some());
        while hanging.checkins.is_late(after(19)) {
            std::thread::yield_now();
        }
        let opened = hanging.changes(LaneId(0), after(19), &inputs);
        assert!(matches!(opened[..], [Input::DeviceHangs { device: Device::Site, trouble: None, .. }]), "{opened:?}");
    }
}
