//! What is sent again, and what only looks like it: a credential tells a resend, a session tells whose frame it is.

use std::time::Duration;

use facemchd::{
    fault::Code,
    kiosk::{AckStatus, Arrival, Input},
    words::{CheckInAnswer, LaneId, OpenId, PeerId, Private, RealnameClaim, SessionId, Text, WayIn},
};

use crate::core::{Core, LANE, PEER, admission, choices, face, hospital, person};

fn kiosk() -> Core {
    let mut core = Core::new(vec![hospital()]);
    core.forget();
    core
}

fn arrive(core: &mut Core, peer: u32, arrival: Arrival) -> (AckStatus, Option<SessionId>) {
    core.input(Input::Recognised { lane: LANE, peer: PeerId(peer), arrival });
    let (status, session, _) = core.acks().pop().expect("an ack");
    (status, session)
}

fn choose(core: &mut Core, session: SessionId, seq: u64, option: u8) -> AckStatus {
    core.input(Input::Chose { lane: LANE, peer: Some(PEER), seq, session: Some(session), option });
    core.acks().pop().expect("an ack").0
}

#[test]
fn another_face_is_never_a_repeat_whatever_its_terminal_and_number() {
    // A serial port and an HTTPS terminal are one peer for ever, and a terminal that starts again counts from one.
    for peer in [PEER, PeerId(8)] {
        let mut core = kiosk();
        let first = core.known("sid-1", 1, "张三");
        core.answer(first, CheckInAnswer::Admitted(admission("A001")));
        core.forget();
        let (status, session) = arrive(&mut core, peer.0, face("sid-2", 1, true));
        assert_eq!(status, AckStatus::Accepted);
        assert_ne!(session, Some(first));
        assert!(core.outcomes().is_empty(), "nobody is told another person's number");
    }
}

#[test]
fn the_same_face_is_a_repeat_whatever_its_terminal_number_and_connection() {
    let mut core = kiosk();
    let first = core.known("sid-1", 7, "张三");
    core.answer(first, CheckInAnswer::Admitted(admission("A001")));
    core.forget();
    let again = Arrival { terminal: Some(Text::clean("T-2")), ..face("sid-1", 0, true) };
    assert_eq!(arrive(&mut core, 9, again), (AckStatus::Repeated, Some(first)));
    assert_eq!((core.lookups(), core.outcome().number), (0, Some(Text::clean("A001"))));
}

#[test]
fn the_same_code_of_another_openid_is_another_person() {
    let claim = |openid: &str| {
        let (openid, code) = (OpenId::new(openid.to_owned()), Private::new("c".to_owned()));
        let card =
            facemchd::words::Card::parse("张三", facemchd::words::CredentialType::MainlandId, "11010519491231002X");
        Arrival { way: WayIn::RealnameCheck(RealnameClaim { openid, code, card }), ..face("unused", 1, true) }
    };
    let mut core = kiosk();
    let (_, first) = arrive(&mut core, 7, claim("o1"));
    core.input(Input::Found { session: first.expect("a session"), result: Err(Code::W105.into()) });
    assert_eq!(arrive(&mut core, 7, claim("o1")), (AckStatus::Repeated, first));
    assert_eq!(arrive(&mut core, 7, claim("o2")).0, AckStatus::Accepted);
}

#[test]
fn a_choice_sent_again_does_not_answer_the_question_that_came_after_it() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, choices(&["内科", "眼科"]));
    assert_eq!(choose(&mut core, session, 2, 1), AckStatus::Accepted);
    core.answer(session, choices(&["上午", "下午"]));
    core.forget();
    assert_eq!(choose(&mut core, session, 2, 1), AckStatus::Repeated);
    assert!(core.check_ins().is_empty(), "nobody chose between morning and afternoon");
    assert_eq!(choose(&mut core, session, 3, 1), AckStatus::Accepted);
    assert_eq!(core.check_ins().pop().expect("asked").choice, Some(Text::clean("上午")));
}

#[test]
fn a_choice_where_nothing_was_asked_is_refused_and_not_called_a_repeat() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    assert_eq!(choose(&mut core, session, 2, 1), AckStatus::Refused);
}

#[test]
fn a_cancel_that_comes_late_does_not_end_the_next_persons_visit() {
    let mut core = kiosk();
    let first = core.known("sid-1", 1, "张三");
    core.answer(first, CheckInAnswer::NotFound);
    let second = core.known("sid-2", 2, "李四");
    core.forget();
    let cancel = |session| Input::Cancelled { lane: LANE, peer: PEER, seq: 3, session };
    core.input(cancel(Some(first)));
    assert_eq!(core.acks(), [(AckStatus::Repeated, Some(first), None)]);
    core.input(cancel(Some(SessionId { run: 9, serial: 9 })));
    assert_eq!(core.acks().pop().expect("an ack").0, AckStatus::Refused);
    assert!(core.scenes().is_empty() && core.closed(second).is_none());
    core.input(cancel(None));
    core.answer(second, CheckInAnswer::Admitted(admission("A001")));
    assert!(core.effects() == 0, "whoever stands here has gone");
}

#[test]
fn a_second_face_while_somebody_chooses_waits_for_its_turn() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, choices(&["内科", "眼科"]));
    core.forget();
    assert_eq!(arrive(&mut core, 7, face("sid-2", 2, true)), (AckStatus::Busy, None));
    assert_eq!(core.acks().pop().expect("an ack").2, Some(Code::T208));
    assert_eq!(choose(&mut core, session, 3, 2), AckStatus::Accepted);
}

#[test]
fn what_one_lane_leaves_open_is_no_reason_to_refuse_at_another() {
    let mut core = Core::new(vec![hospital(), hospital()]);
    for number in 0..64 {
        let session = core.known(&format!("sid-{number}"), 1, "张三");
        core.answer(session, CheckInAnswer::Unknown(Code::H904));
        core.pass(Duration::from_millis(1));
    }
    core.forget();
    assert_eq!(core.face("sid-more", 1), None);
    assert_eq!(core.acks().pop().expect("an ack").2, Some(Code::X003));
    core.input(Input::Recognised { lane: LaneId(1), peer: PEER, arrival: face("sid-there", 1, true) });
    let (status, session, _) = core.acks().pop().expect("an ack");
    assert_eq!(status, AckStatus::Accepted);
    core.input(Input::Found { session: session.expect("a session"), result: Ok(person("李四")) });
    assert_eq!(core.check_ins().len(), 1);
}
