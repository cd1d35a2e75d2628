//! One device at a time, for whoever looks after a lane: what `facemchd test` does, through the daemon that has the
//! devices.

use std::time::Duration;

use super::{carry::Carrier, requests::Todo, staff::Exercise};
use crate::{
    kiosk::{Grant, Input, Output, Scene, SceneKind, Slip},
    words::{JobId, LaneId, Now, SessionId, Text},
};

/// What is tried, and what is waited for.
pub(super) struct Trial {
    pub(super) todo: Todo,
    pub(super) awaited: Option<Awaited>,
    /// What there is to see or hear, where nothing answers.
    pub(super) told: String,
}

/// What answers.
pub(super) enum Awaited {
    Slip(JobId),
    Gate(SessionId),
}

/// What stands on a test picture, and is said of it.
const NUMBER: &str = "A088";
const DETAIL: &str = "0123456789 ABCDE";

impl Carrier {
    /// Whether a lane has a voice of its own: a page's says what it shows.
    #[cfg_attr(not(feature = "voice"), expect(unused_variables, reason = "no lane has one"))]
    pub(super) fn speaks(&self, lane: LaneId) -> bool {
        #[cfg(feature = "voice")]
        return self.lanes.get(usize::from(lane.0)).is_some_and(|hands| hands.voice.is_some());
        #[cfg(not(feature = "voice"))]
        false
    }

    /// A lane's voice says what it would say of a scene.
    #[cfg_attr(not(feature = "voice"), expect(unused_variables, reason = "no lane has one"))]
    pub(super) fn say(&self, lane: LaneId, scene: Scene) {
        #[cfg(feature = "voice")]
        if let Some(voice) = self.lanes.get(usize::from(lane.0)).and_then(|hands| hands.voice.as_ref()) {
            let _ = voice.offer((None, scene));
        }
    }
}

/// How long a test grant is good.
const GRANT: Duration = Duration::from_secs(5);

/// One exercise; `number` tells it from every other one since the start. Its session is nobody's visit: those bear a run
/// that is drawn at random.
pub(super) fn trial(lane: LaneId, what: Exercise, number: u32, now: Now) -> Trial {
    let session = SessionId { run: 0, serial: number };
    let done = |output, told: &str| Trial {
        todo: Todo { outputs: vec![output], ..Todo::default() },
        awaited: None,
        told: told.to_owned(),
    };
    let scene = || Scene {
        number: Some(Text::clean(NUMBER)),
        detail: Some(Text::clean(DETAIL)),
        ..Scene::of(SceneKind::Admitted)
    };
    match what {
        Exercise::Slip => {
            let job = JobId { session, copy: 1 };
            let slip = Slip { reprint: true, ..Slip::test(now.wall) };
            let input = Input::Reprint { lane, job, slip: Box::new(slip) };
            let todo = Todo { inputs: vec![input], ..Todo::default() };
            Trial { todo, awaited: Some(Awaited::Slip(job)), told: String::new() }
        }
        Exercise::Panel => done(Output::Show { lane, session: None, scene: scene() }, &format!("{NUMBER} {DETAIL}")),
        Exercise::Voice => Trial {
            todo: Todo { said: Some((lane, scene())), ..Todo::default() },
            awaited: None,
            told: NUMBER.to_owned(),
        },
        Exercise::Gate => {
            let grant = Grant { session, deadline: now.moment.after(GRANT), number: None };
            let trial = done(Output::Open { lane, grant }, "");
            Trial { awaited: Some(Awaited::Gate(session)), ..trial }
        }
        Exercise::Signal(signal) => done(Output::Indicate { lane, signal }, ""),
    }
}
