//! Answers that never come: every question has its moment, and then the visit ends without them.

use std::time::Duration;

use facemchd::{
    fault::Code,
    kiosk::{GateOutcome, Input, LaneSettings, NextStep, Output, PrintOutcome, Record, SceneKind, Signal, Slip},
    words::{AuthInfoGrant, AuthInfoWanted, CheckInAnswer, JobId, Private, SessionId, Text},
};

use crate::core::{Core, LANE, PEER, admission, hospital, person, transit};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn core(settings: LaneSettings) -> Core {
    let mut core = Core::new(vec![settings]);
    core.forget();
    core
}

fn end(core: &Core, of: SessionId) -> Option<(&'static str, Option<Code>)> {
    core.records().find_map(|record| match record {
        Record::Closed { session, result, code, .. } if *session == of => Some((result.as_str(), *code)),
        _ => None,
    })
}

fn admitted(core: &mut Core) -> SessionId {
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!(core.effects(), 1);
    session
}

#[test]
fn a_slip_of_which_nobody_says_a_word_ends_its_visit_as_unknown_with_p705() {
    let mut core = core(hospital());
    let session = admitted(&mut core);
    core.pass(39 * SECOND);
    assert_eq!(end(&core, session), None, "the printer may yet say");
    core.pass(2 * SECOND);
    let job = JobId { session, copy: 0 };
    assert!(core.records().any(|record| *record == Record::Printed { job, outcome: PrintOutcome::Unknown }));
    assert_eq!(end(&core, session), Some(("checked_in", Some(Code::P705))));
    core.input(Input::Printed { job, outcome: PrintOutcome::Printed });
    assert_eq!(core.closed(session), Some("checked_in"), "what comes later changes nothing");
}

#[test]
fn a_gate_of_which_nobody_says_a_word_gets_the_check_in_taken_back_with_g801() {
    let mut core = core(LaneSettings { gate_takes: 20 * SECOND, ..transit() });
    let session = admitted(&mut core);
    core.pass(29 * SECOND);
    assert_eq!(end(&core, session), None, "a grant may wait, and the gate takes its time");
    core.pass(2 * SECOND);
    assert!(core.records().any(|record| *record == Record::Gated { session, outcome: GateOutcome::Unknown }));
    core.input(Input::Annulled { session, result: Ok(()) });
    core.input(Input::Gated { session, outcome: GateOutcome::Passed });
    assert_eq!((core.closed(session), end(&core, session)), (Some("annulled"), Some(("annulled", Some(Code::G801)))));
}

#[test]
fn whoever_stands_before_a_gate_that_failed_is_not_told_any_more_to_go_through() {
    for (code, kind, next) in [
        (Code::G801, SceneKind::Failed, NextStep::StaffWindow),
        (Code::G802, SceneKind::Failed, NextStep::StaffWindow),
        (Code::G803, SceneKind::Cancelled, NextStep::LookAgain),
    ] {
        let mut core = core(LaneSettings { has_indicators: true, ..transit() });
        let session = admitted(&mut core);
        assert_eq!(core.scene().kind, SceneKind::Admitted);
        let outcome = if code == Code::G803 { GateOutcome::Expired } else { GateOutcome::Failed(code) };
        core.input(Input::Gated { session, outcome });
        let scene = core.scene();
        assert_eq!((scene.kind, scene.next, scene.code), (kind, Some(next), Some(code)));
        let lights = core.outputs().into_iter().rev().find_map(|output| match output {
            Output::Indicate { signal, .. } => Some(signal),
            _ => None,
        });
        assert!(lights.is_some_and(|lights| lights != Signal::Success), "{code} {lights:?}");
    }
}

#[test]
fn a_reprint_of_which_nobody_says_a_word_is_unknown_and_makes_room() {
    let mut core = core(hospital());
    let slip = Slip { reprint: true, ..Slip::default() };
    let job = |serial| JobId { session: SessionId { run: 9, serial }, copy: 1 };
    let ask = |core: &mut Core, serial| {
        core.input(Input::Reprint { lane: LANE, job: job(serial), slip: Box::new(slip.clone()) });
    };
    for serial in 0..40 {
        ask(&mut core, serial);
    }
    let most = core.effects();
    assert!(most < 40);
    core.pass(60 * SECOND);
    let lost = core.records().filter(|record| matches!(record, Record::Printed { outcome: PrintOutcome::Unknown, .. }));
    assert_eq!(lost.count(), most);
    core.forget();
    ask(&mut core, 50);
    assert_eq!(core.effects(), 1);
}

#[test]
fn a_disk_that_never_answers_ends_every_visit() {
    for settings in [hospital(), transit()] {
        for stopped_at in 0..4 {
            let mut core = core(settings.clone());
            core.disk_stopped = stopped_at == 0;
            let session = core.face("sid-1", 1).expect("a session");
            core.disk_stopped = stopped_at <= 1;
            core.input(Input::Found { session, result: Ok(person("张三")) });
            core.disk_stopped = stopped_at <= 2;
            core.answer(session, CheckInAnswer::Admitted(admission("A001")));
            core.disk_stopped = true;
            if stopped_at == 3 {
                core.input(Input::Gated { session, outcome: GateOutcome::Expired });
            }
            core.pass(HOUR);
            assert!(core.closed(session).is_some(), "stopped at {stopped_at}");
            assert!(core.is_quiet());
            core.sync();
            assert!(core.closed(session).is_some(), "and once, when the disk comes back");
            assert_eq!(core.scene().kind, SceneKind::Idle, "stopped at {stopped_at}");
        }
    }
}

#[test]
fn a_site_that_never_answers_about_the_past_ends_every_visit() {
    for settings in [hospital(), transit()] {
        let mut core = core(settings);
        let session = core.known("sid-1", 1, "张三");
        core.pass(3 * HOUR);
        assert_eq!(core.closed(session), Some("unknown"));
    }
    let mut core = core(transit());
    let session = admitted(&mut core);
    core.input(Input::Gated { session, outcome: GateOutcome::Expired });
    core.pass(3 * HOUR);
    assert_eq!(end(&core, session), Some(("unknown", Some(Code::H905))), "nobody took it back");
}

#[test]
fn a_terminal_is_told_when_its_authinfo_does_not_come() {
    let mut core = core(hospital());
    let given = |core: &mut Core| -> Vec<Result<AuthInfoGrant, Code>> {
        let of = |output| match output {
            Output::GiveAuthInfo { peer, result, .. } => (peer == PEER).then_some(result),
            _ => None,
        };
        core.outputs().into_iter().filter_map(of).collect()
    };
    let wanted = || AuthInfoWanted {
        device_id: Text::clean("T-1"),
        rawdata: Private::new("raw".to_owned()),
        fresh: false,
        merchant: None,
    };
    core.input(Input::AuthInfoWanted { lane: LANE, peer: PEER, seq: 1, wanted: wanted() });
    core.pass(60 * SECOND);
    assert_eq!(given(&mut core), [Err(Code::N304)]);
    core.input(Input::AuthInfoGranted { lane: LANE, peer: PEER, seq: 1, result: Err(Code::N301) });
    assert_eq!(given(&mut core), [], "once");
    for seq in 2..100 {
        core.input(Input::AuthInfoWanted { lane: LANE, peer: PEER, seq, wanted: wanted() });
    }
    assert!(given(&mut core).contains(&Err(Code::X003)), "what waits is bounded");
}

#[test]
fn the_sites_system_has_a_patience_of_its_own_where_the_site_says_so() {
    for (own, most) in [(None, 7), (Some(30 * SECOND), 29)] {
        let mut core = core(LaneSettings { site_patience: own, ..hospital() });
        let session = core.face("sid-1", 1).expect("a session");
        core.pass(SECOND);
        core.input(Input::Found { session, result: Ok(person("张三")) });
        assert_eq!(core.scene().stands, Some(own.unwrap_or(8 * SECOND)));
        let asked = |output: &Output| match output {
            Output::CheckIn(request) => Some(request.deadline),
            _ => None,
        };
        let deadline = core.outputs().iter().find_map(asked).expect("asked");
        assert_eq!(deadline.since(core.moment()), own.unwrap_or(7 * SECOND));
        core.pass(most * SECOND - SECOND / 2);
        assert!(core.scenes().is_empty(), "{own:?}: it is still asked");
        core.pass(2 * SECOND);
        assert_eq!(core.scene().kind, SceneKind::Unknown, "{own:?}");
    }
}

#[test]
fn who_is_sent_to_staff_because_others_are_away_gets_a_slip_by_which_the_visit_is_found() {
    let unavailable = |code: Code| CheckInAnswer::Unavailable(code.into());
    let slip = |kind, code| Some((kind, code));
    for (answer, wanted) in [
        (unavailable(Code::H901), slip(SceneKind::Failed, Code::H901)),
        (CheckInAnswer::Unknown(Code::H904), slip(SceneKind::Unknown, Code::H904)),
        (CheckInAnswer::NotFound, None),
        (CheckInAnswer::Refused(None), None),
        (unavailable(Code::X003), None),
    ] {
        let given = |settings: LaneSettings| {
            let mut core = core(settings);
            let session = core.known("sid-1", 1, "张三");
            core.answer(session, answer.clone());
            let jobs = core.sent_away();
            assert!(jobs.iter().all(|slip| slip.session == session));
            let job = JobId { session, copy: 0 };
            core.input(Input::Printed { job, outcome: PrintOutcome::Printed });
            let printed = core.records().filter(|record| matches!(record, Record::Printed { .. })).count();
            assert_eq!(printed, jobs.len(), "{answer:?}");
            jobs.first().map(|slip| (slip.kind, slip.code))
        };
        assert_eq!(given(hospital()), wanted, "{answer:?}");
        assert_eq!(given(LaneSettings { slip_for_staff: false, ..hospital() }), None);
        assert_eq!(given(LaneSettings { has_printer: false, ..hospital() }), None);
        assert_eq!(given(LaneSettings { has_printer: true, ..transit() }), None, "a gate's staff see the person");
    }
    let mut core = core(hospital());
    let session = core.face("sid-1", 1).expect("a session");
    core.input(Input::Found { session, result: Err(Code::N301.into()) });
    assert_eq!(core.sent_away().iter().map(|slip| slip.code).collect::<Vec<_>>(), [Code::N301]);
    // An orderly end waits for it.
    assert!(!core.is_quiet());
    core.input(Input::Printed { job: JobId { session, copy: 0 }, outcome: PrintOutcome::Printed });
    core.sync();
    assert!(core.is_quiet());
}
