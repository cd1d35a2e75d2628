//! The flow, in sentences: what a person, a terminal and a journal get to see.

use std::time::Duration;

use facemchd::{
    fault::Code,
    kiosk::{AckStatus, Device, GateOutcome, Input, NextStep, Output, PrintOutcome, Record, SceneKind},
    words::{CheckInAnswer, Hindrance, LaneId, Resolution, Text, When},
};

use crate::core::{Core, LANE, PEER, admission, choices, face, hospital, person, sid, transit};

const SECOND: Duration = Duration::from_secs(1);

fn kiosk() -> Core {
    let mut core = Core::new(vec![hospital()]);
    core.forget();
    core
}

#[test]
fn a_person_is_checked_in_shown_and_gets_a_slip() {
    let mut core = kiosk();
    let session = core.known("sid-1", 12, "张三丰");
    assert_eq!(core.acks(), [(AckStatus::Accepted, Some(session), None)]);
    assert_eq!(core.check_ins().len(), 1);
    core.answer(session, CheckInAnswer::Admitted(admission("A036")));
    let scene = core.scene();
    assert_eq!((scene.kind, scene.next), (SceneKind::Admitted, None));
    assert_eq!(scene.name.expect("a name").reveal(), "张*丰");
    assert_eq!(scene.number, Some(Text::clean("A036")));
    assert_eq!(core.outcome().result.as_str(), "checked_in");
    assert_eq!(core.effects(), 1);
    assert_eq!(core.closed(session), None, "it is not closed before the slip is out");
    core.printed(PrintOutcome::Printed);
    assert_eq!(core.closed(session), Some("checked_in"));
}

#[test]
fn an_approach_makes_the_connection_ready() {
    let mut core = kiosk();
    core.input(Input::Approached { lane: LANE });
    assert!(matches!(core.outputs()[..], [Output::Warm]));
}

#[test]
fn nothing_is_visible_and_nobody_is_asked_before_the_opening_is_durable() {
    let mut core = kiosk();
    core.disk_stopped = true;
    let session = core.face("sid-1", 1).expect("a session");
    assert_eq!((core.lookups(), core.scenes().len()), (1, 0), "the lookup may run along, nothing is shown");
    core.input(Input::Found { session, result: Ok(person("张三")) });
    assert!(core.check_ins().is_empty());
    core.sync();
    assert_eq!(core.check_ins().len(), 1);
}

#[test]
fn nothing_is_shown_printed_or_told_before_the_decision_is_durable() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.forget();
    core.disk_stopped = true;
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert!(core.outputs().is_empty());
    core.sync();
    assert_eq!((core.scenes().len(), core.effects(), core.outcomes().len()), (1, 1, 1));
}

#[test]
fn a_decision_that_cannot_be_kept_is_neither_printed_nor_claimed() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.disk_stopped = true;
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    core.fail_disk();
    assert_eq!(core.effects(), 0);
    assert_eq!(core.outcome().result.as_str(), "unknown");
    assert_eq!((core.scene().code, core.scene().next), (Some(Code::J502), Some(NextStep::StaffWindow)));
}

#[test]
fn a_journal_that_cannot_be_written_serves_nobody_and_says_so() {
    let mut core = kiosk();
    core.disk_stopped = true;
    let session = core.face("sid-1", 1).expect("a session");
    core.fail_disk();
    assert_eq!((core.outcome().result.as_str(), core.outcome().code), ("failed", Some(Code::J502)));
    core.input(Input::Found { session, result: Ok(person("张三")) });
    assert!(core.check_ins().is_empty());
}

#[test]
fn a_resend_gets_the_same_session_and_never_a_second_lookup() {
    let mut core = kiosk();
    let session = core.face("sid-1", 12).expect("a session");
    assert_eq!(core.face("sid-1", 12), Some(session));
    assert_eq!(core.face("sid-1", 13), Some(session), "the same face_sid under another number");
    assert_eq!(core.lookups(), 1);
    let statuses: Vec<_> = core.acks().iter().map(|(status, ..)| *status).collect();
    assert_eq!(statuses, [AckStatus::Accepted, AckStatus::Repeated, AckStatus::Repeated]);
    core.input(Input::Found { session, result: Ok(person("张三")) });
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!(core.outcomes().len(), 2, "both numbers are told");
    core.forget();
    core.face("sid-1", 14);
    assert_eq!(core.outcome().number, Some(Text::clean("A001")), "and so is whoever asks afterwards");
}

#[test]
fn a_terminal_that_starts_again_and_counts_from_one_is_not_taken_for_a_resend() {
    let mut core = kiosk();
    let first = core.known("sid-1", 1, "张三");
    core.answer(first, CheckInAnswer::Admitted(admission("A001")));
    core.input(Input::Recognised { lane: LANE, peer: facemchd::words::PeerId(8), arrival: face("sid-2", 1, true) });
    let (status, session, _) = core.acks().pop().expect("an ack");
    assert_eq!(status, AckStatus::Accepted);
    assert_ne!(session, Some(first));
}

#[test]
fn the_same_face_after_the_window_is_a_new_visit() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::NotFound);
    core.pass(61 * SECOND);
    assert_ne!(core.face("sid-1", 1), Some(session));
}

#[test]
fn a_face_without_consent_waits_for_it() {
    let mut core = kiosk();
    let session = core.face_with("sid-1", 1, false).expect("a session");
    assert_eq!(core.acks(), [(AckStatus::Held, Some(session), None)]);
    assert_eq!((core.lookups(), core.scene().kind), (0, SceneKind::AskConsent));
    let face_sid = sid("sid-1");
    core.input(Input::Consented { lane: LANE, peer: PEER, seq: 2, face_sid, granted: true });
    assert_eq!(core.lookups(), 1);
}

#[test]
fn without_consent_nothing_is_looked_up_and_the_wait_ends() {
    for granted in [Some(false), None] {
        let mut core = kiosk();
        let session = core.face_with("sid-1", 1, false).expect("a session");
        match granted {
            Some(granted) => {
                let face_sid = sid("sid-1");
                core.input(Input::Consented { lane: LANE, peer: PEER, seq: 2, face_sid, granted });
            }
            None => core.pass(61 * SECOND),
        }
        assert_eq!(core.lookups(), 0);
        assert_eq!((core.outcome().result.as_str(), core.outcome().code), ("cancelled", Some(Code::T212)));
        assert_eq!(core.closed(session), Some("cancelled"));
    }
}

#[test]
fn consent_for_a_face_that_nobody_showed_is_refused() {
    let mut core = kiosk();
    let face_sid = sid("sid-9");
    core.input(Input::Consented { lane: LANE, peer: PEER, seq: 2, face_sid, granted: true });
    assert_eq!(core.acks(), [(AckStatus::Refused, None, Some(Code::T207))]);
    assert_eq!(core.lookups(), 0);
}

#[test]
fn every_answer_of_the_site_has_a_scene_every_unhappy_one_a_next_step_and_every_refusal_its_class_in_the_journal() {
    let reason = || Some(Text::clean("请先缴费"));
    for (answer, kind, result) in [
        (CheckInAnswer::Admitted(admission("A001")), SceneKind::Admitted, "checked_in"),
        (CheckInAnswer::Already(admission("A001")), SceneKind::Already, "already"),
        (CheckInAnswer::ReQueued(admission("A041")), SceneKind::ReQueued, "re_queued"),
        (CheckInAnswer::NotFound, SceneKind::NotFound, "refused"),
        (CheckInAnswer::TooEarly(reason().map(When::Said)), SceneKind::TooEarly, "refused"),
        (CheckInAnswer::TooLate(None), SceneKind::TooLate, "refused"),
        (CheckInAnswer::Refused(reason()), SceneKind::Refused, "refused"),
        (CheckInAnswer::Hindered(Hindrance::Unpaid), SceneKind::Refused, "refused"),
        (CheckInAnswer::Unavailable(Code::H901.into()), SceneKind::Failed, "failed"),
        (CheckInAnswer::Unknown(Code::H904), SceneKind::Unknown, "unknown"),
    ] {
        let mut core = kiosk();
        let session = core.known("sid-1", 1, "张三");
        let happy = answer.admission().is_some();
        core.answer(session, answer);
        let scene = core.scene();
        assert_eq!((scene.kind, core.outcome().result.as_str()), (kind, result));
        let class = match kind {
            SceneKind::NotFound => Some("not_found"),
            SceneKind::TooEarly => Some("too_early"),
            SceneKind::TooLate => Some("too_late"),
            SceneKind::Refused if scene.hindrance.is_some() => Some("unpaid"),
            SceneKind::Refused => Some("refused"),
            _ => None,
        };
        assert_eq!(core.refusal(session), class);
        assert_eq!(scene.next.is_none(), happy, "{kind:?}");
        assert_eq!(scene.name.is_some(), happy, "{kind:?}: a name only where it is of use");
        assert_eq!(core.effects(), usize::from(happy));
    }
}

#[test]
fn every_failed_lookup_names_a_usable_next_step() {
    for (code, next) in [
        (Code::N320, NextStep::LookAgain),
        (Code::N304, NextStep::LookAgain),
        (Code::N321, NextStep::StaffWindow),
        (Code::N325, NextStep::StaffWindow),
        (Code::N301, NextStep::StaffWindow),
        (Code::N310, NextStep::StaffWindow),
        (Code::K405, NextStep::StaffWindow),
    ] {
        let mut core = kiosk();
        let session = core.face("sid-1", 1).expect("a session");
        core.input(Input::Found { session, result: Err(code.into()) });
        let scene = core.scene();
        assert_eq!((scene.next, scene.code, scene.name), (Some(next), Some(code), None));
        assert_eq!(core.outcome().code, Some(code));
        assert!(core.check_ins().is_empty());
        assert_eq!(core.closed(session), Some("failed"));
    }
}

#[test]
fn the_person_picks_one_of_several_appointments() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, choices(&["内科", "眼科"]));
    let labels: Vec<_> = core.scene().options.iter().map(|o| (o.option, o.label.to_string())).collect();
    assert_eq!(labels, [(1, "内科".to_owned()), (2, "眼科".to_owned())]);
    let chose = |option, seq| Input::Chose { lane: LANE, peer: Some(PEER), seq, session: Some(session), option };
    core.input(chose(3, 2));
    assert_eq!(core.acks().pop(), Some((AckStatus::Refused, Some(session), Some(Code::T207))), "there is no third");
    core.input(chose(2, 3));
    let asked = core.check_ins().pop().expect("asked again");
    assert_eq!((asked.session, asked.choice), (session, Some(Text::clean("眼科"))));
    core.input(chose(1, 4));
    assert_eq!(core.acks().pop(), Some((AckStatus::Repeated, Some(session), None)), "the choice stands");
    assert_eq!(core.check_ins().len(), 2);
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!(core.outcome().result.as_str(), "checked_in");
}

#[test]
fn a_button_of_the_kiosk_picks_without_knowing_sessions() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, choices(&["内科", "眼科"]));
    core.input(Input::Chose { lane: LANE, peer: None, seq: 0, session: None, option: 1 });
    assert_eq!(core.check_ins().len(), 2);
}

#[test]
fn whoever_does_not_choose_gives_the_lane_back() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, choices(&["内科", "眼科"]));
    core.pass(31 * SECOND);
    assert_eq!((core.closed(session), core.outcome().result.as_str()), (Some("cancelled"), "cancelled"));
}

#[test]
fn patience_ends_honestly_while_wechat_is_asked() {
    let mut core = kiosk();
    let session = core.face("sid-1", 1).expect("a session");
    core.pass(8 * SECOND);
    assert_eq!((core.scene().kind, core.scene().next), (SceneKind::TookTooLong, Some(NextStep::LookAgain)));
    assert_eq!(core.closed(session), Some("failed"));
    core.forget();
    core.input(Input::Found { session, result: Ok(person("张三")) });
    assert!(core.outputs().is_empty(), "the late answer falls through");
}

#[test]
fn patience_that_ends_while_the_site_is_asked_leaves_nobody_guessing() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.pass(8 * SECOND);
    let scene = core.scene();
    assert_eq!((scene.kind, scene.next, scene.name), (SceneKind::Unknown, Some(NextStep::StaffWindow), None));
    assert_eq!(core.outcome().result.as_str(), "unknown");
    assert_eq!(core.resolves(), [session]);
    core.forget();
    core.input(Input::Resolved {
        session,
        resolution: Resolution::Decided(CheckInAnswer::Admitted(admission("A001"))),
    });
    assert_eq!(core.effects(), 0, "the person has gone: nothing is printed");
    assert!(core.scenes().is_empty());
    assert_eq!(core.closed(session), Some("checked_in"), "and the journal knows the truth");
}

#[test]
fn a_late_answer_of_the_site_is_recorded_and_not_shown_to_the_next_person() {
    let mut core = kiosk();
    let first = core.known("sid-1", 1, "张三");
    core.pass(8 * SECOND);
    core.face("sid-2", 2).expect("the lane serves the next person");
    core.forget();
    core.answer(first, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!((core.scenes().len(), core.effects()), (0, 0));
    assert_eq!(core.closed(first), Some("checked_in"));
}

#[test]
fn a_session_nobody_can_speak_for_is_asked_about_six_times_and_closed_unknown() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Unknown(Code::H904));
    core.pass(120 * SECOND);
    let mut asked = 0;
    while core.closed(session).is_none() {
        asked += 1;
        assert!(asked < 20);
        core.input(Input::Resolved { session, resolution: Resolution::CannotSay(Code::H901) });
    }
    assert_eq!((core.closed(session), core.resolves().len()), (Some("unknown"), 5));
}

#[test]
fn the_name_is_gone_after_five_seconds() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三丰");
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    core.pass(5 * SECOND);
    assert_eq!((core.scene().kind, core.scene().name), (SceneKind::Idle, None));
}

#[test]
fn the_name_is_gone_when_the_next_person_comes() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三丰");
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    core.forget();
    core.disk_stopped = true;
    core.face("sid-2", 2);
    assert_eq!((core.scene().kind, core.scene().name), (SceneKind::Idle, None), "before the disk has said a word");
}

#[test]
fn the_name_is_gone_on_cancel() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三丰");
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    core.input(Input::Cancelled { lane: LANE, peer: PEER, seq: 9, session: None });
    assert_eq!((core.scene().kind, core.scene().name), (SceneKind::Idle, None));
}

#[test]
fn a_cancel_while_wechat_is_asked_ends_the_visit() {
    let mut core = kiosk();
    let session = core.face("sid-1", 1).expect("a session");
    core.input(Input::Cancelled { lane: LANE, peer: PEER, seq: 2, session: None });
    assert_eq!((core.closed(session), core.scene().kind), (Some("cancelled"), SceneKind::Cancelled));
}

#[test]
fn a_cancel_while_the_site_is_asked_hides_the_end_and_keeps_the_truth() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.input(Input::Cancelled { lane: LANE, peer: PEER, seq: 2, session: None });
    core.forget();
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!((core.scenes().len(), core.effects()), (0, 0));
    assert_eq!(core.outcome().result.as_str(), "checked_in", "the terminal is told the truth");
    assert_eq!(core.closed(session), Some("checked_in"));
}

#[test]
fn a_lane_that_serves_somebody_is_busy_for_the_next() {
    let mut core = kiosk();
    core.face("sid-1", 1);
    core.face("sid-2", 2);
    assert_eq!(core.acks().pop(), Some((AckStatus::Busy, None, Some(Code::T208))));
    assert_eq!(core.lookups(), 1);
}

#[test]
fn lanes_do_not_disturb_each_other() {
    let mut core = Core::new(vec![hospital(), hospital()]);
    core.forget();
    core.face("sid-1", 1);
    core.input(Input::Recognised { lane: LaneId(1), peer: PEER, arrival: face("sid-2", 2, true) });
    assert_eq!(core.lookups(), 2);
    core.input(Input::Recognised { lane: LaneId(9), peer: PEER, arrival: face("sid-3", 3, true) });
    assert_eq!(core.lookups(), 2, "a lane that does not exist is nobody");
}

#[test]
fn a_slip_that_is_not_printed_sends_the_person_to_staff_with_the_number_in_view() {
    for (outcome, code) in [(PrintOutcome::NotPrinted(Code::P702), Code::P702), (PrintOutcome::Unknown, Code::P705)] {
        let mut core = kiosk();
        let session = core.known("sid-1", 1, "张三");
        core.answer(session, CheckInAnswer::Admitted(admission("A001")));
        core.printed(outcome);
        let scene = core.scene();
        assert_eq!((scene.number, scene.next), (Some(Text::clean("A001")), Some(NextStep::StaffWindow)));
        assert_eq!(scene.code, Some(code));
        assert_eq!((core.effects(), core.closed(session)), (1, Some("checked_in")), "it is not printed again");
    }
}

#[test]
fn the_gate_opens_once_and_not_for_somebody_who_is_in_already() {
    let mut core = Core::new(vec![transit()]);
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Admitted(admission("")));
    core.answer(session, CheckInAnswer::Admitted(admission("")));
    assert_eq!(core.effects(), 1);
    core.input(Input::Gated { session, outcome: GateOutcome::Opened });
    assert_eq!(core.closed(session), Some("checked_in"));
    core.forget();
    let again = core.known("sid-2", 2, "张三");
    core.answer(again, CheckInAnswer::Already(admission("")));
    assert_eq!((core.effects(), core.closed(again)), (0, Some("already")));
}

#[test]
fn a_lane_whose_device_is_gone_closes_and_opens_again() {
    let mut core = kiosk();
    core.input(Input::DeviceChanged { lane: LANE, device: Device::Panel, fault: Some(Code::D601.into()) });
    assert_eq!((core.scene().kind, core.scene().code), (SceneKind::OutOfOrder, Some(Code::D601)));
    core.face("sid-1", 1);
    assert_eq!(core.acks().pop(), Some((AckStatus::Refused, None, Some(Code::D601))));
    core.input(Input::DeviceChanged { lane: LANE, device: Device::Panel, fault: None });
    assert_eq!(core.scene().kind, SceneKind::Idle);
    assert!(core.face("sid-2", 2).is_some());
}

#[test]
fn a_face_that_was_not_recognised_is_asked_to_look_again() {
    let mut core = kiosk();
    core.input(Input::Unrecognised { lane: LANE, peer: PEER, seq: 3, code: Code::T206 });
    assert_eq!((core.scene().kind, core.scene().next), (SceneKind::LookAgain, Some(NextStep::LookAgain)));
    core.pass(6 * SECOND);
    assert_eq!(core.scene().kind, SceneKind::Idle);
}

#[test]
fn a_stop_closes_whom_nobody_was_asked_about_and_waits_for_the_rest() {
    let mut core = Core::new(vec![hospital(), hospital()]);
    let waiting = core.face("sid-1", 1).expect("a session");
    core.input(Input::Recognised { lane: LaneId(1), peer: PEER, arrival: face("sid-2", 2, true) });
    let (_, asked, _) = core.acks().pop().expect("an ack");
    let asked = asked.expect("a session");
    core.input(Input::Found { session: asked, result: Ok(person("李四")) });
    core.input(Input::Stopping);
    assert_eq!((core.closed(waiting), core.closed(asked)), (Some("interrupted"), None));
    assert!(!core.is_quiet());
    core.face("sid-3", 3);
    assert_eq!(core.acks().pop(), Some((AckStatus::Refused, None, Some(Code::X002))));
    core.answer(asked, CheckInAnswer::NotFound);
    assert!(core.is_quiet());
}

#[test]
fn the_journal_is_told_who_only_by_what_becomes_a_keyed_hash() {
    let mut core = kiosk();
    core.known("sid-secret", 1, "张三丰");
    let text = format!("{:?}", core.journal);
    assert!(core.journal.iter().any(|record| matches!(record, Record::CheckingIn { person: Some(_), .. })));
    for secret in ["sid-secret", "张三丰", "11010519491231002X", "oUnion"] {
        assert!(!text.contains(secret));
    }
}
