//! The one way of everything that happens: whoever waits for an answer hears of it, then the core, and what the core
//! wants done is carried out before anything else happens.

use super::{carry::Carrier, requests::Requests, staff::Asked, tap::Tap};
use crate::{
    kiosk::{Input, Kiosk, LaneView, OutOfService},
    words::{LaneId, Moment, Now},
};

/// The core between what happens and what is done.
pub(super) struct Funnel {
    core: Kiosk,
    requests: Requests,
    pub(super) carrier: Carrier,
    handled: u64,
    #[cfg(feature = "page")]
    pub(super) watch: super::stopwatch::Stopwatch,
    tap: Option<Box<dyn Tap>>,
}

impl Funnel {
    /// What the core wants done at its start is carried out.
    pub(super) fn new(core: Kiosk, requests: Requests, carrier: Carrier, tap: Option<Box<dyn Tap>>) -> Self {
        let mut funnel = Self {
            core,
            requests,
            carrier,
            handled: 0,
            #[cfg(feature = "page")]
            watch: super::stopwatch::Stopwatch::default(),
            tap,
        };
        funnel.drain();
        funnel
    }

    /// Something happened.
    pub(super) fn give(&mut self, now: Now, input: Input) {
        self.hear(now, input);
        self.drain();
    }

    /// Staff ask for something.
    pub(super) fn ask(&mut self, now: Now, request: Asked) {
        let out_of_service = |lane| self.core.view(lane).map(|view| view.out_of_service);
        let is_maintained = |lane| out_of_service(lane).is_some_and(|why| why.contains_key(&OutOfService::Maintenance));
        #[cfg(feature = "page")]
        let speaks = |lane| self.carrier.speaks(lane);
        #[cfg(not(feature = "page"))]
        let speaks = |_| false;
        let todo = self.requests.take(request, now, (is_maintained, speaks));
        #[cfg(feature = "page")]
        if let Some((lane, scene)) = todo.said {
            self.carrier.say(lane, scene);
        }
        for input in todo.inputs {
            self.give(now, input);
        }
        for output in todo.outputs {
            if let Some(refused) = self.carrier.carry(output) {
                self.give(now, refused);
            }
        }
    }

    /// Time passed.
    pub(super) fn pass(&mut self, now: Now) {
        self.requests.forget(now.moment);
        if self.core.poll_timeout().is_some_and(|due| due <= now.moment) {
            self.core.handle_timeout(now);
            self.drain();
        }
        self.carrier.carry_due();
    }

    /// When time matters next.
    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        self.core.poll_timeout().into_iter().chain(self.carrier.poll_timeout()).min()
    }

    /// True when nothing under way would be lost by ending now.
    pub(super) fn is_quiet(&self) -> bool {
        self.core.is_quiet()
    }

    /// How many inputs there were.
    pub(super) fn handled(&self) -> u64 {
        self.handled
    }

    /// A lane as it is now.
    pub(super) fn view(&self, lane: LaneId) -> Option<LaneView<'_>> {
        self.core.view(lane)
    }

    fn hear(&mut self, now: Now, input: Input) {
        self.handled = self.handled.saturating_add(1);
        self.requests.hear(&input);
        #[cfg(feature = "page")]
        self.watch.hear(&input, now.moment);
        if let Some(tap) = &mut self.tap {
            tap.heard(now, &input);
        }
        self.core.handle(now, input);
    }

    /// What could not be handed over comes back as an input at once, until nothing is left.
    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            let looked = self.carrier.now();
            let now = looked.moment;
            self.requests.see(&output, now);
            #[cfg(feature = "page")]
            self.watch.see(&output, now);
            if let Some(tap) = &mut self.tap {
                tap.wanted(looked, &output);
            }
            if let Some(refused) = self.carrier.carry(output) {
                let now = self.carrier.now();
                self.hear(now, refused);
            }
        }
    }
}
