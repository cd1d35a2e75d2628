//! A document in the reader: whose it is, for how long, and what it may do.

use std::time::Duration;

use facemchd::{
    fault::Code,
    kiosk::{
        AckStatus, Arrival, Button, CardUses, Device, Input, LaneSettings, NextStep, OutOfService, Output, Record,
        Scene, SceneKind,
    },
    words::{
        Card, CheckInAnswer, CredentialType, InfoType, LaneId, OpenId, PeerId, Private, RealName, RealnameClaim,
        SessionId, WayIn,
    },
};

use crate::core::{Core, LANE, PEER, admission, choices, face, hospital, person, sid, transit};

const SECOND: Duration = Duration::from_secs(1);

fn kiosk() -> Core {
    lane(hospital())
}

fn lane(settings: LaneSettings) -> Core {
    let mut core = Core::new(vec![settings]);
    core.forget();
    core
}

fn alone() -> LaneSettings {
    LaneSettings { card: CardUses { alone: true, ..hospital().card }, ..hospital() }
}

fn card(name: &str, number: &str) -> Card {
    Card::parse(name, CredentialType::MainlandId, number).expect("a card")
}

fn child() -> Card {
    card("林小宝", "110105201501010017")
}

type Ack = (AckStatus, Option<SessionId>, Option<Code>);

fn lay_at(core: &mut Core, peer: u32, seq: u64, card: Card) -> Ack {
    core.input(Input::CardRead { lane: LANE, peer: PeerId(peer), seq, card });
    core.acks().pop().expect("an ack")
}

fn lay(core: &mut Core, seq: u64, card: Card) -> SessionId {
    let (status, session, _) = lay_at(core, 7, seq, card);
    assert_eq!(status, AckStatus::Accepted);
    session.expect("a visit")
}

fn choose(core: &mut Core, session: SessionId, seq: u64, option: u8) -> AckStatus {
    core.input(Input::Chose { lane: LANE, peer: Some(PEER), seq, session: Some(session), option });
    core.acks().pop().expect("an ack").0
}

fn found(core: &mut Core, session: SessionId, name: &str) {
    core.input(Input::Found { session, result: Ok(person(name)) });
}

fn cancel(core: &mut Core) {
    core.input(Input::Cancelled { lane: LANE, peer: PEER, seq: 90, session: None });
}

fn name(scene: &Scene) -> Option<&str> {
    scene.name.as_ref().map(|name| name.reveal())
}

/// The next face at this lane comes for herself: nobody asks her about anybody.
fn the_next_one_comes_for_herself(core: &mut Core) {
    core.forget();
    let session = core.known("sid-next", 77, "王五");
    let identity = core.check_ins().pop().expect("asked, and about nobody else").identity;
    assert_eq!((identity.patient, identity.card), (None, None));
    core.answer(session, CheckInAnswer::Admitted(admission("A099")));
    assert_eq!(name(&core.scene()), Some("王*"));
}

#[test]
fn a_document_shows_whose_it_is_for_how_long_and_what_to_do() {
    let mut core = kiosk();
    core.disk_stopped = true;
    let session = lay(&mut core, 1, child());
    assert!(core.scenes().is_empty(), "nothing is visible before the opening is durable");
    core.disk_stopped = false;
    core.sync();
    let scene = core.scene();
    assert_eq!((scene.kind, scene.next), (SceneKind::CardLaid, Some(NextStep::FaceCamera)));
    assert_eq!((name(&scene), scene.stands), (Some("林*宝"), Some(15 * SECOND)));
    assert!(scene.options.is_empty(), "alone it is good for nothing here");
    let opened =
        |record: &Record| matches!(record, Record::Opened { session: of, way: WayIn::Card(_), .. } if *of == session);
    assert!(core.journal.iter().any(opened));
}

#[test]
fn whoever_comes_after_a_document_is_asked_before_it_says_whom_the_visit_is_for() {
    let mut core = kiosk();
    let session = lay(&mut core, 1, child());
    assert_eq!(core.face("sid-mother", 2), Some(session), "one visit");
    found(&mut core, session, "林秀");
    assert!(core.check_ins().is_empty());
    let scene = core.scene();
    assert_eq!((scene.kind, name(&scene), scene.options.len()), (SceneKind::ConfirmCard, Some("林*宝"), 2));
    assert_eq!(scene.headline(&facemchd::kiosk::Phrases::default(), 16), "为林*宝签到？");
    assert_eq!(choose(&mut core, session, 3, 1), AckStatus::Accepted);
    let identity = core.check_ins().pop().expect("asked").identity;
    assert_eq!(identity.real_name, RealName::parse("林秀"));
    assert_eq!(identity.patient, Some(child()));
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!(name(&core.scene()), Some("林*宝"));
    assert_eq!(core.outcomes().len(), 3, "the frames of document, face and choice");
    core.pass(10 * SECOND);
    the_next_one_comes_for_herself(&mut core);
}

#[test]
fn a_no_leaves_the_document_out_and_the_visit_goes_on() {
    for button in [false, true] {
        let mut core = kiosk();
        let session = lay(&mut core, 1, child());
        core.face("sid-other", 2);
        found(&mut core, session, "王五");
        if button {
            core.input(Input::Pressed { lane: LANE, button: Button::Choice(2) });
        } else {
            choose(&mut core, session, 3, 2);
        }
        assert_eq!(core.check_ins().pop().expect("asked").identity.patient, None);
        core.answer(session, CheckInAnswer::Admitted(admission("A001")));
        assert_eq!(name(&core.scene()), Some("王*"));
    }
}

#[test]
fn whoever_does_not_answer_is_not_checked_in_for_anybody() {
    let mut core = kiosk();
    let session = lay(&mut core, 1, child());
    core.face("sid-other", 2);
    found(&mut core, session, "王五");
    core.pass(16 * SECOND);
    assert_eq!(core.closed(session), Some("cancelled"));
    assert!(core.check_ins().is_empty());
    the_next_one_comes_for_herself(&mut core);
}

#[test]
fn a_document_that_nobody_follows_ends_after_fifteen_seconds_and_in_large_type_after_thirty() {
    for (settings, seconds) in [(hospital(), 15), (hospital().unhurried(), 30)] {
        let mut core = lane(settings);
        let session = lay(&mut core, 1, child());
        core.pass(seconds * SECOND - Duration::from_millis(1));
        assert_eq!(core.closed(session), None);
        core.pass(Duration::from_millis(1));
        assert_eq!(core.closed(session), Some("cancelled"));
        assert_eq!(name(&core.scene()), None);
        the_next_one_comes_for_herself(&mut core);
    }
}

#[test]
fn a_document_ends_with_a_cancel_a_new_person_and_whatever_closes_the_lane() {
    let closes = |why| Input::OutOfService { lane: LANE, why, on: true };
    let ends = [
        Input::Cancelled { lane: LANE, peer: PEER, seq: 9, session: None },
        Input::Approached { lane: LANE },
        closes(OutOfService::Closed),
        closes(OutOfService::Maintenance),
        closes(OutOfService::Emergency),
        Input::DeviceChanged { lane: LANE, device: Device::Panel, fault: Some(Code::D601.into()) },
        Input::Stopping,
        Input::Pressed { lane: LANE, button: Button::OtherWay },
    ];
    for end in ends {
        let mut core = kiosk();
        let session = lay(&mut core, 1, child());
        core.input(end.clone());
        assert!(core.closed(session).is_some(), "{end:?}");
        assert_eq!(name(&core.scene()), None, "{end:?}");
        for why in [OutOfService::Closed, OutOfService::Maintenance, OutOfService::Emergency] {
            core.input(Input::OutOfService { lane: LANE, why, on: false });
        }
        core.input(Input::DeviceChanged { lane: LANE, device: Device::Panel, fault: None });
        if !matches!(end, Input::Stopping) {
            the_next_one_comes_for_herself(&mut core);
        }
    }
}

#[test]
fn its_name_is_gone_before_the_disk_has_said_a_word() {
    for end in [Input::Approached { lane: LANE }, Input::Cancelled { lane: LANE, peer: PEER, seq: 9, session: None }] {
        let mut core = kiosk();
        lay(&mut core, 1, child());
        core.forget();
        core.disk_stopped = true;
        core.input(end);
        assert_eq!((core.scene().kind, name(&core.scene())), (SceneKind::Idle, None));
    }
}

#[test]
fn a_document_read_after_a_visit_opens_the_next_one_and_is_nobodys_until_somebody_says_so() {
    let mut core = kiosk();
    let first = core.known("sid-1", 1, "张三");
    core.answer(first, CheckInAnswer::Admitted(admission("A001")));
    let session = lay(&mut core, 2, child());
    assert_ne!(session, first);
    assert_eq!(name(&core.scene()), Some("林*宝"), "and the last person's name is gone");
    core.forget();
    core.face("sid-2", 3);
    found(&mut core, session, "王五");
    assert_eq!((core.scene().kind, core.check_ins().len()), (SceneKind::ConfirmCard, 0));
}

#[test]
fn a_document_read_during_a_lookup_joins_that_visit_and_the_person_is_asked() {
    for held in [false, true] {
        let mut core = kiosk();
        let session = core.face_with("sid-1", 1, !held).expect("a session");
        assert_eq!(lay(&mut core, 2, child()), session);
        if held {
            core.input(Input::Consented { lane: LANE, peer: PEER, seq: 3, face_sid: sid("sid-1"), granted: true });
        }
        found(&mut core, session, "王五");
        assert_eq!((core.scene().kind, core.check_ins().len()), (SceneKind::ConfirmCard, 0));
        cancel(&mut core);
        assert_eq!(core.closed(session), Some("cancelled"));
        the_next_one_comes_for_herself(&mut core);
    }
}

#[test]
fn a_document_read_once_the_site_is_asked_or_while_somebody_chooses_is_refused() {
    let mut core = kiosk();
    let session = core.known("sid-1", 1, "张三");
    assert_eq!(lay_at(&mut core, 7, 2, child()), (AckStatus::Busy, Some(session), Some(Code::T208)));
    core.answer(session, choices(&["内科", "眼科"]));
    assert_eq!(lay_at(&mut core, 8, 3, child()), (AckStatus::Busy, Some(session), Some(Code::T208)));
    choose(&mut core, session, 4, 1);
    assert_eq!(core.check_ins().pop().expect("asked").identity.patient, None);
    core.answer(session, CheckInAnswer::NotFound);
    the_next_one_comes_for_herself(&mut core);
}

#[test]
fn a_document_of_a_face_that_never_agreed_goes_with_it() {
    let mut core = kiosk();
    let first = core.face_with("sid-1", 1, false).expect("held");
    lay(&mut core, 2, child());
    let second = core.known("sid-2", 3, "王五");
    assert_eq!((core.closed(first), second != first), (Some("cancelled"), true));
    assert_eq!(core.check_ins().pop().expect("asked").identity.patient, None);
    // The consent for the first one comes late.
    core.forget();
    core.input(Input::Consented { lane: LANE, peer: PEER, seq: 4, face_sid: sid("sid-1"), granted: true });
    assert_eq!((core.lookups(), core.check_ins().len()), (0, 0));
}

#[test]
fn the_next_document_takes_the_place_of_one_that_was_left_behind() {
    let mut core = kiosk();
    let first = lay(&mut core, 1, card("张三", "11010519491231002X"));
    let second = lay(&mut core, 2, child());
    assert_eq!((core.closed(first), name(&core.scene())), (Some("cancelled"), Some("林*宝")));
    core.face("sid-mother", 3);
    found(&mut core, second, "林秀");
    choose(&mut core, second, 4, 1);
    assert_eq!(core.check_ins().pop().expect("asked").identity.patient, Some(child()));
}

#[test]
fn a_document_that_lies_there_is_read_again_and_again_and_stays_no_longer_for_that() {
    let mut core = kiosk();
    let session = lay(&mut core, 1, child());
    for seq in 2..16 {
        core.pass(SECOND);
        let (status, of, _) = lay_at(&mut core, 7, seq, child());
        assert_eq!((status, of), (AckStatus::Repeated, Some(session)));
    }
    core.pass(SECOND);
    assert_eq!(core.closed(session), Some("cancelled"));
    // The frame itself comes again: its answer, and no new visit.
    core.forget();
    assert_eq!(lay_at(&mut core, 9, 1, child()).0, AckStatus::Repeated);
    assert_eq!(core.outcome().session, session);
    assert_ne!(lay(&mut core, 30, child()), session, "laid down anew");
}

#[test]
fn a_document_may_come_by_another_connection_than_the_face_and_never_by_another_lane() {
    let mut core = Core::new(vec![hospital(), hospital()]);
    core.forget();
    let (_, session, _) = lay_at(&mut core, 30, 1, child());
    let session = session.expect("a visit");
    core.input(Input::Recognised { lane: LaneId(1), peer: PEER, arrival: face("sid-there", 2, true) });
    let (_, there, _) = core.acks().pop().expect("an ack");
    found(&mut core, there.expect("a session"), "王五");
    assert_eq!(core.check_ins().pop().expect("asked").identity.patient, None);
    assert_eq!(core.face("sid-mother", 3), Some(session));
    found(&mut core, session, "林秀");
    assert_eq!(core.scene().kind, SceneKind::ConfirmCard);
}

#[test]
fn the_persons_own_document_is_no_question() {
    let mut core = kiosk();
    let session = lay(&mut core, 1, card("张三", "11010519491231002X"));
    core.face("sid-1", 2);
    found(&mut core, session, "张三");
    assert_eq!(core.check_ins().pop().expect("asked").identity.patient, None);
}

#[test]
fn a_yes_sent_again_does_not_pick_the_first_appointment() {
    let mut core = kiosk();
    let session = lay(&mut core, 1, child());
    core.face("sid-mother", 2);
    found(&mut core, session, "林秀");
    choose(&mut core, session, 3, 1);
    core.answer(session, choices(&["内科", "眼科"]));
    core.forget();
    assert_eq!(choose(&mut core, session, 3, 1), AckStatus::Repeated);
    assert!(core.check_ins().is_empty());
}

#[test]
fn a_document_alone_checks_its_holder_in_where_the_lane_allows_it_and_they_say_so() {
    let mut core = kiosk();
    let session = lay(&mut core, 1, child());
    assert_eq!(choose(&mut core, session, 2, 1), AckStatus::Refused, "off by default");
    let mut core = lane(alone());
    let session = lay(&mut core, 1, child());
    assert_eq!(core.scene().options.len(), 1);
    assert_eq!(choose(&mut core, session, 2, 2), AckStatus::Refused);
    assert_eq!(choose(&mut core, session, 3, 1), AckStatus::Accepted);
    let identity = core.check_ins().pop().expect("asked").identity;
    assert_eq!((core.lookups(), &identity.real_name, &identity.credential), (0, &None, &None), "nobody verified it");
    assert_eq!((identity.card.as_ref(), identity.is_vouched_for()), (Some(&child()), false));
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!((name(&core.scene()), core.outcome().result.as_str()), (Some("林*宝"), "checked_in"));
}

#[test]
fn a_claim_takes_the_document_that_lies_there_for_wechat_to_judge() {
    let mut core = lane(LaneSettings { card: CardUses { claim: true, ..CardUses::default() }, ..hospital() });
    let session = lay(&mut core, 1, child());
    assert_eq!(core.scene().next, Some(NextStep::ScanCode));
    let (openid, code) = (OpenId::new("o1".to_owned()), Private::new("c".to_owned()));
    let way = WayIn::RealnameCheck(RealnameClaim { openid, code, card: None });
    let arrival = Arrival { way, ..face("unused", 2, true) };
    core.input(Input::Recognised { lane: LANE, peer: PEER, arrival: arrival.clone() });
    let asked: Vec<_> = core.outputs().into_iter().filter(|output| matches!(output, Output::LookUp { .. })).collect();
    let [Output::LookUp { session: of, way: WayIn::RealnameCheck(claim), .. }] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!((*of, claim.card.as_ref()), (session, Some(&child())));
    core.input(Input::Recognised { lane: LANE, peer: PEER, arrival });
    assert_eq!(core.acks().pop().expect("an ack").0, AckStatus::Repeated);
    // A face that comes instead is nobody's mother here: no one could judge that.
    let mut core = lane(LaneSettings { card: CardUses { claim: true, ..CardUses::default() }, ..hospital() });
    lay(&mut core, 1, child());
    core.known("sid-1", 2, "王五");
    assert_eq!(core.check_ins().pop().expect("asked").identity.patient, None);
}

#[test]
fn what_nobody_here_can_judge_is_refused_before_anything_is_recorded() {
    let nothing = LaneSettings { vouchers: false, card: CardUses::default(), ..hospital() };
    let mut core = lane(nothing);
    let records = core.journal.len();
    let voucher = Arrival { way: WayIn::Voucher(Private::new("V-1".to_owned()).into()), ..face("unused", 2, true) };
    core.input(Input::Recognised { lane: LANE, peer: PEER, arrival: voucher });
    assert_eq!(core.acks().pop(), Some((AckStatus::Refused, None, Some(Code::T214))));
    assert_eq!(lay_at(&mut core, 7, 3, child()), (AckStatus::Refused, None, Some(Code::T214)));
    assert_eq!((core.check_ins().len(), core.effects(), core.journal.len()), (0, 0, records));
}

#[test]
fn a_lane_that_has_nothing_to_do_with_names_takes_none_shows_none_and_sends_none() {
    let mut core = lane(LaneSettings { info_type: InfoType::UnionId, card: CardUses::default(), ..transit() });
    let auth = Arrival { way: WayIn::RealnameAuth(Private::new("t".to_owned())), ..face("unused", 1, true) };
    core.input(Input::Recognised { lane: LANE, peer: PEER, arrival: auth });
    assert_eq!(core.acks().pop(), Some((AckStatus::Refused, None, Some(Code::T214))));
    let session = core.face("sid-1", 2).expect("a session");
    let asked = |output: &Output| matches!(output, Output::LookUp { info_type: InfoType::UnionId, .. });
    assert!(core.outputs().iter().any(asked));
    // Whatever WeChat tells beyond the question.
    found(&mut core, session, "张三");
    let identity = core.check_ins().pop().expect("asked").identity;
    assert_eq!((identity.real_name, identity.credential, identity.union_id.is_some()), (None, None, true));
    core.answer(session, CheckInAnswer::Admitted(facemchd::words::Admission::default()));
    assert_eq!(name(&core.scene()), None);
}
