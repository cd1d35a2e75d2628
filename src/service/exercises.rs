//! One device at a time, for whoever looks after a lane: what `facemchd test` does, through the daemon that has the
//! devices.

use std::time::Duration;

use super::{requests::Todo, staff::Exercise};
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
    match what {
        Exercise::Slip => {
            let job = JobId { session, copy: 1 };
            let slip = Slip { reprint: true, ..Slip::test(now.wall) };
            let input = Input::Reprint { lane, job, slip: Box::new(slip) };
            let todo = Todo { inputs: vec![input], ..Todo::default() };
            Trial { todo, awaited: Some(Awaited::Slip(job)), told: String::new() }
        }
        Exercise::Panel => {
            let (number, detail) = ("A088", "0123456789 ABCDE");
            let scene = Scene {
                number: Some(Text::clean(number)),
                detail: Some(Text::clean(detail)),
                ..Scene::of(SceneKind::Admitted)
            };
            done(Output::Show { lane, session: None, scene }, &format!("{number} {detail}"))
        }
        Exercise::Gate => {
            let grant = Grant { session, deadline: now.moment.after(GRANT) };
            let trial = done(Output::Open { lane, grant }, "");
            Trial { awaited: Some(Awaited::Gate(session)), ..trial }
        }
        Exercise::Signal(signal) => done(Output::Indicate { lane, signal }, &format!("{signal:?}").to_lowercase()),
    }
}
