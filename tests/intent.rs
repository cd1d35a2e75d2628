//! A face counts where somebody meant it, and nobody is let through twice.

use std::time::Duration;

use facemchd::{
    device::panel::text_lines,
    fault::Code,
    kiosk::{
        AckStatus, Button, GateOutcome, Input, Intent, LaneSettings, NARROWEST, NextStep, Output, Phrases, Scene,
        SceneKind,
    },
    words::{Admission, CheckInAnswer, LaneId, Language, Purpose, SessionId},
};

use crate::core::{Core, LANE, PEER, face, person, transit};

const SECOND: Duration = Duration::from_secs(1);
const OTHER: LaneId = LaneId(1);

fn wanting(intent: Intent) -> Core {
    Core::new(vec![LaneSettings { intent: Some(intent), ..transit() }])
}

/// The last answer to a face: its word and its code.
fn told(core: &mut Core, sid: &str, seq: u64) -> (AckStatus, Option<Code>) {
    core.face(sid, seq);
    let (status, _, code) = *core.acks().last().expect("an ack");
    (status, code)
}

const UNWANTED: (AckStatus, Option<Code>) = (AckStatus::Refused, Some(Code::G815));
const WANTED: (AckStatus, Option<Code>) = (AckStatus::Accepted, None);

#[test]
fn who_looks_into_the_camera_in_passing_is_not_asked_about() {
    let mut core = wanting(Intent::Person);
    assert_eq!(told(&mut core, "sid-1", 1), UNWANTED);
    assert_eq!(core.lookups(), 0);
    core.input(Input::Approached { lane: LANE });
    core.pass(16 * SECOND);
    assert_eq!(told(&mut core, "sid-2", 2), UNWANTED, "too long ago");
    core.input(Input::Approached { lane: LANE });
    core.pass(14 * SECOND);
    assert_eq!(told(&mut core, "sid-3", 3), WANTED);
    assert_eq!(core.lookups(), 1);
    // It was good for one visit; the same credential again is a repeat all the same.
    core.input(Input::Cancelled { lane: LANE, peer: PEER, seq: 4, session: None });
    core.sync();
    assert_eq!(told(&mut core, "sid-4", 5), UNWANTED);
    assert_eq!(told(&mut core, "sid-3", 3).0, AckStatus::Repeated);
}

#[test]
fn a_lane_with_a_start_button_is_not_started_by_somebody_who_only_stands_there() {
    let mut core = wanting(Intent::Start);
    core.input(Input::Approached { lane: LANE });
    assert_eq!(told(&mut core, "sid-1", 1), UNWANTED);
    core.input(Input::Pressed { lane: LANE, button: Button::Start });
    assert_eq!(told(&mut core, "sid-2", 2), WANTED);
    let mut core = wanting(Intent::Person);
    core.input(Input::Pressed { lane: LANE, button: Button::Start });
    assert_eq!(told(&mut core, "sid-1", 1), WANTED, "who presses it stands there");
    let mut core = Core::new(vec![transit()]);
    assert_eq!(told(&mut core, "sid-1", 1), WANTED, "a lane that wants none");
}

#[test]
fn a_lane_that_waits_for_a_start_asks_for_it_and_then_to_look_into_the_camera() {
    let mut core = wanting(Intent::Start);
    let asks = |core: &Core| (core.scene().kind, core.scene().to_start);
    core.input(Input::PaperLow { lane: LANE, low: true });
    assert_eq!(asks(&core), (SceneKind::Idle, true));
    core.input(Input::Approached { lane: LANE });
    assert_eq!(asks(&core), (SceneKind::Idle, true), "who stands there has pressed nothing yet");
    core.input(Input::Pressed { lane: LANE, button: Button::Start });
    assert_eq!(asks(&core), (SceneKind::Idle, false));
    assert_eq!(core.scene().stands, Some(15 * SECOND));
    core.pass(16 * SECOND);
    assert_eq!(asks(&core), (SceneKind::Idle, true), "nobody came");
    let mut core = wanting(Intent::Person);
    core.input(Input::PaperLow { lane: LANE, low: true });
    assert_eq!(asks(&core), (SceneKind::Idle, false), "to look is what they have to do");
    for language in Language::ALL {
        for purpose in [Purpose::Hospital, Purpose::Transit] {
            let phrases = Phrases::shipped(language, purpose);
            let scene = Scene { to_start: true, ..Scene::of(SceneKind::Idle) };
            let headline = scene.headline(&phrases, NARROWEST).into_owned();
            assert_ne!(headline, phrases.headline(SceneKind::Idle).within(NARROWEST));
            assert!(text_lines(&scene, &phrases).concat().contains(&headline), "{language:?}");
            let said = |scene: &Scene| scene.speech(&phrases).text();
            assert!(said(&scene).is_some_and(|said| said.to_lowercase().contains("start") || said.contains('始')));
            let pressed = Scene { stands: Some(SECOND), ..Scene::of(SceneKind::Idle) };
            let look = phrases.advice(NextStep::FaceCamera).within(usize::MAX);
            assert!(said(&pressed).is_some_and(|said| said.starts_with(look)), "{language:?}");
            assert_eq!(said(&Scene::of(SceneKind::Idle)), None, "nobody stands there");
        }
    }
}

/// Somebody whom the site admits; what was opened for them.
fn admitted(core: &mut Core, lane: LaneId, sid: &str, who: [u8; 16]) -> (SessionId, bool) {
    core.forget();
    core.input(Input::Recognised { lane, peer: PEER, arrival: face(sid, 1, true) });
    core.sync();
    let session = core.acks().last().expect("an ack").1.expect("a session");
    core.input(Input::Found { session, result: Ok(person("张三")) });
    core.sync();
    core.input(Input::Known { session, person: who });
    core.answer(session, CheckInAnswer::Admitted(Admission::default()));
    core.sync();
    let opened = core.outputs().iter().any(|output| matches!(output, Output::Open { .. }));
    (session, opened)
}

#[test]
fn one_person_is_let_through_once_within_the_sites_time_whichever_lane_they_come_to() {
    let lanes = || vec![LaneSettings { once_within: 10 * SECOND, ..transit() }; 2];
    let mut core = Core::new(lanes());
    let (first, opened) = admitted(&mut core, LANE, "sid-1", [1; 16]);
    assert!(opened);
    core.input(Input::Gated { session: first, outcome: GateOutcome::Passed });
    core.pass(2 * SECOND);
    assert!(!admitted(&mut core, OTHER, "sid-2", [1; 16]).1, "the same one, elsewhere");
    assert!(core.records().any(|record| format!("{record:?}").contains("G814")), "the journal says why");
    core.pass(6 * SECOND);
    assert!(admitted(&mut core, LANE, "sid-3", [2; 16]).1, "somebody else");
    core.pass(10 * SECOND);
    assert!(admitted(&mut core, OTHER, "sid-4", [1; 16]).1, "it is long enough ago");
    // Who did not go through may come again at once.
    let mut core = Core::new(lanes());
    let (session, _) = admitted(&mut core, LANE, "sid-1", [1; 16]);
    core.input(Input::Gated { session, outcome: GateOutcome::Expired });
    core.sync();
    assert!(admitted(&mut core, OTHER, "sid-2", [1; 16]).1);
}
