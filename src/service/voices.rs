//! A voice's thread: what the newest scene says, in place of what is being said.
//!
//! A scene that says nothing lets what is being said come to its end: whoever goes while the way is told hears it. A
//! scene that is shown again, with a code, is not said again; what it says more is said when the rest has been. Nor is
//! it cut short by the start button that the next one is asked to press.

use std::{
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{Inputs, failures::Standing, worker::Worker};
use crate::{
    device::voice::{Heard, Pack, Player},
    fault::{Code, Failure},
    kiosk::{Device, Input, Phrases, Scene, SceneKind, Speech},
    words::{Clock, LaneId, Quiet, SessionId},
};

/// What a lane speaks with.
pub struct VoicePart {
    /// Its clips.
    pub pack: Pack,
    /// Its sound card.
    pub player: Player,
    /// What it says.
    pub phrases: Arc<Phrases>,
    /// Percent of the clips' loudness, and in quiet hours.
    pub volume: (u8, u8),
    /// When it is quiet.
    pub quiet: Quiet,
}

/// What a scene shows is said of whom.
pub(super) type Shown = (Option<SessionId>, Scene);

/// How often a player is looked after: it is silent this soon.
const TICK: Duration = Duration::from_millis(20);

/// Nothing takes longer than a clip's reading.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) fn spawn(
    lane: LaneId,
    part: VoicePart,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Shown>> {
    let reader = Arc::clone(clock);
    Worker::spawn_reading("voice", 16, LIMIT, clock, move |scenes, pulse| {
        let mut voice =
            Voice { lane, part, inputs, clock: reader, last: None, rest: None, fault: None, card: Standing::default() };
        voice.look();
        let mut playing = false;
        loop {
            let next = if playing { scenes.recv_timeout(TICK) } else { scenes.recv().map_err(RecvTimeoutError::from) };
            match next {
                Ok(shown) => {
                    // Who was shown first has gone.
                    let shown = scenes.try_iter().last().unwrap_or(shown);
                    pulse.working(|| voice.say(shown));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            playing = voice.tend();
        }
    })
}

struct Voice {
    lane: LaneId,
    part: VoicePart,
    inputs: Inputs,
    clock: Arc<dyn Clock>,
    /// What was said last, and of whose visit.
    last: Option<(Option<SessionId>, Speech)>,
    /// What is said next.
    rest: Option<(Speech, bool)>,
    /// As the core was told.
    fault: Option<Code>,
    /// What was told of the sound card.
    card: Standing,
}

impl Voice {
    fn say(&mut self, (session, scene): Shown) {
        let speech = scene.speech(&self.part.phrases);
        if speech.is_empty() {
            // Nobody's name is kept for longer than it is shown.
            self.last = None;
            if scene.kind != SceneKind::Idle {
                self.rest = None;
            }
            return;
        }
        let urgent = scene.kind == SceneKind::Evacuate;
        let before = self.last.replace((session, speech.clone()));
        let of_same = before.filter(|(of, _)| session.is_some() && *of == session);
        match of_same.and_then(|(_, said)| speech.beyond(&said)) {
            Some(more) if more.is_empty() => {}
            Some(more) => self.rest = Some((more, urgent)),
            None if scene.to_start => self.rest = Some((speech, urgent)),
            None => {
                self.rest = None;
                self.begin(&speech, urgent);
            }
        }
    }

    fn begin(&mut self, speech: &Speech, urgent: bool) {
        self.part.player.cut();
        let now = self.clock.now();
        let is_quiet = self.part.quiet.is_at(now.wall);
        let (loud, quiet) = self.part.volume;
        let percent = if is_quiet && !urgent { quiet } else { loud };
        if percent > 0
            && let Err(error) = self.part.player.play(now.moment, &self.part.pack.compose(speech), percent)
        {
            self.take(Some(&error.into()));
        }
    }

    /// Looks after what is being said; true while something is.
    fn tend(&mut self) -> bool {
        let heard = self.part.player.tend(self.clock.now().moment);
        match &heard {
            Ok(Heard::Playing) => return true,
            Ok(Heard::Ended) => self.take(None),
            Ok(Heard::Nothing) => {}
            Err(_) => self.take(heard.err().map(Failure::from).as_ref()),
        }
        let Some((rest, urgent)) = self.rest.take() else { return false };
        self.begin(&rest, urgent);
        true
    }

    /// What operator and core are told of the sound card, each change once.
    fn take(&mut self, failed: Option<&Failure>) {
        self.inputs.tell_change("nothing is said", self.lane, None, &mut self.card, failed);
        let fault = failed.map(Failure::code);
        if std::mem::replace(&mut self.fault, fault) != fault {
            let (lane, device) = (self.lane, Device::Voice);
            let _ = self.inputs.blocking_send(Input::DeviceChanged { lane, device, fault: fault.map(Into::into) });
        }
    }

    /// Clips that are not to be had, once at the start.
    fn look(&self) {
        let lacking = self.part.pack.lacking(&self.part.phrases);
        if let Some(first) = lacking.first() {
            let told = format!("{} clips cannot be said, the first: {first}", lacking.len());
            self.inputs.tell("words are left out", self.lane, None, &Failure::new(Code::D621).told(told));
        }
    }
}
