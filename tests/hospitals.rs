//! Hospitals' own systems, each by the template that travels with the program, against a twin that speaks as it does.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use facemchd::{
    checkin::{ByTemplate, CheckIn as _, Template, Undecided},
    fault::Code,
    http::Client,
    service::SystemClock,
    sim::{
        his::{Fault, Kind, Status, Step, Twin},
        server::{Answer, Reply},
    },
    words::{CheckInAnswer, Clock, Hindrance, Identity, Now, Resolution},
};

use serde_json::Value;

use crate::{
    his::{PATIENCE, Stand, adapter, adapter_at, adapter_of, choosing, given, holder, memory, request, serial, today},
    lookups::{Scripted, Setup},
};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳䶮";

fn stand(kind: Kind) -> Stand {
    let stand = Stand::new(kind);
    stand.twin.ledger().register("P1", NAME, CARD);
    stand
}

fn number(answer: &CheckInAnswer) -> Option<&str> {
    answer.admission()?.number.as_ref().map(|number| number.as_str())
}

fn code(answer: Result<CheckInAnswer, Undecided>) -> (Code, bool) {
    let undecided = answer.expect_err("undecided");
    (undecided.failure.code(), undecided.perhaps)
}

#[test]
fn whoever_is_registered_is_checked_in_once_and_told_the_same_number_again() {
    for kind in Kind::ALL {
        let stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        let first = stand.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        let CheckInAnswer::Admitted(admission) = &first else { panic!("{kind:?}: {first:?}") };
        assert_eq!(number(&first), Some("A001"), "{kind:?}");
        assert_eq!(admission.visit.department.as_ref().map(|text| text.as_str()), Some("内科 <一>"), "{kind:?}");
        let again = stand.check_in(&request(2, holder(NAME, CARD))).expect("decided");
        assert!(matches!(again, CheckInAnswer::Already(_)) && number(&again) == Some("A001"), "{kind:?}: {again:?}");
        let same = stand.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        assert_eq!(same, first, "{kind:?}");
        assert_eq!(stand.twin.ledger().arrivals.len(), 1, "{kind:?}");
    }
}

#[test]
fn every_state_of_a_visit_ends_in_its_own_words() {
    for (status, hindrance) in [
        (Status::Unpaid, Hindrance::Unpaid),
        (Status::NotCollected, Hindrance::NotCollected),
        (Status::DoctorAway, Hindrance::DoctorAway),
        (Status::RoomChanged, Hindrance::RoomChanged),
    ] {
        for kind in [Kind::SelfReg, Kind::Esb, Kind::Lianzhong, Kind::Hip] {
            let stand = stand(kind);
            stand.twin.ledger().book("V1", "P1", status.clone());
            let answer = stand.check_in(&request(1, holder(NAME, CARD))).expect("decided");
            assert_eq!(answer, CheckInAnswer::Hindered(hindrance), "{kind:?}");
            assert!(stand.twin.ledger().arrivals.is_empty());
        }
    }
    for kind in Kind::ALL {
        let stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Over);
        let answer = stand.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        assert_eq!(answer, CheckInAnswer::NotFound, "{kind:?}");
    }
}

#[test]
fn a_file_that_is_missing_doubled_or_somebody_elses_ends_in_its_own_words() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.identifies()) {
        let nobody = Stand::new(kind);
        let answer = nobody.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        assert_eq!(answer, CheckInAnswer::Hindered(Hindrance::NoFile), "{kind:?}");
        let other = Stand::new(kind);
        other.twin.ledger().register("P9", "王小二", CARD);
        let answer = other.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        assert_eq!(answer, CheckInAnswer::Hindered(Hindrance::OtherName), "{kind:?}");
        let doubled = stand(kind);
        doubled.twin.ledger().register("P2", NAME, CARD);
        let answer = doubled.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        assert_eq!(answer, CheckInAnswer::Hindered(Hindrance::SeveralFiles), "{kind:?}");
        // Of two files under one number only one has the person's name.
        let beside = stand(kind);
        beside.twin.ledger().register("P3", "王小二", CARD);
        beside.twin.ledger().book("V1", "P1", Status::Open);
        beside.twin.ledger().book("V3", "P3", Status::Open);
        let answer = beside.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        assert!(matches!(answer, CheckInAnswer::Admitted(_)), "{kind:?}: {answer:?}");
        assert_eq!(beside.twin.ledger().arrivals[0].visit, "V1", "{kind:?}");
    }
}

#[test]
fn of_several_visits_the_person_chooses_and_one_that_is_taken_is_not_in_the_way() {
    for kind in Kind::ALL {
        let stand = stand(kind);
        for visit in ["V1", "V2", "V3"] {
            stand.twin.ledger().book(visit, "P1", Status::Open);
        }
        let asked = request(1, holder(NAME, CARD));
        let CheckInAnswer::Choose(choices) = stand.check_in(&asked).expect("decided") else { panic!("{kind:?}") };
        assert_eq!(choices.len(), 3, "{kind:?}");
        let answer = stand.check_in(&choosing(&asked, "V2")).expect("decided");
        assert!(matches!(answer, CheckInAnswer::Admitted(_)), "{kind:?}: {answer:?}");
        assert_eq!(stand.twin.ledger().arrivals[0].visit, "V2", "{kind:?}");
        stand.twin.ledger().arrive("V1", "nurse").expect("checked in");
        let answer = stand.check_in(&request(2, holder(NAME, CARD))).expect("decided");
        assert!(matches!(answer, CheckInAnswer::Admitted(_)), "{kind:?}: {answer:?}");
        assert_eq!(stand.twin.ledger().arrivals[2].visit, "V3", "{kind:?}");
    }
}

#[test]
fn after_a_lost_answer_the_list_is_asked_and_never_the_check_in_again() {
    for kind in Kind::ALL {
        let stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        stand.twin.faults(|step| if step == Step::Arrive { Fault::LostAfter } else { Fault::None });
        let asked = request(1, holder(NAME, CARD));
        let answer = stand.check_in(&asked);
        let resolved = stand.adapter.resolve(asked.session, stand.within(PATIENCE)).expect("asked");
        if kind.tells_by_whom() {
            let answer = answer.expect("decided");
            assert!(
                matches!(answer, CheckInAnswer::Admitted(_)) && number(&answer) == Some("A001"),
                "{kind:?}: {answer:?}"
            );
            assert_eq!(resolved, Resolution::Decided(answer), "{kind:?}");
        } else {
            assert_eq!(code(answer), (Code::H910, true), "{kind:?}");
            assert_eq!(resolved, Resolution::CannotSay(Code::H910), "{kind:?}");
        }
        assert_eq!(stand.twin.ledger().arrivals.len(), 1, "{kind:?}");
    }
}

#[test]
fn a_check_in_that_never_arrived_is_not_there_and_may_be_tried_again_but_for_one_that_queues_anew() {
    for kind in Kind::ALL {
        let stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        stand.twin.faults(|step| if step == Step::Arrive { Fault::LostBefore } else { Fault::None });
        let asked = request(1, holder(NAME, CARD));
        assert_eq!(code(stand.check_in(&asked)), (Code::H905, true), "{kind:?}");
        let resolved = stand.adapter.resolve(asked.session, stand.within(PATIENCE)).expect("asked");
        assert_eq!(resolved, Resolution::NotThere, "{kind:?}");
        stand.adapter.annul(asked.session, stand.within(PATIENCE)).expect("nothing to take back");
        stand.twin.faults(|_| Fault::None);
        let later = stand.check_in(&request(2, holder(NAME, CARD)));
        if kind == Kind::SelfReg {
            assert_eq!(code(later), (Code::H905, false), "it may be on its way still");
            assert!(stand.twin.ledger().arrivals.is_empty());
        } else {
            assert!(matches!(later, Ok(CheckInAnswer::Admitted(_))), "{kind:?}: {later:?}");
            assert_eq!(stand.twin.ledger().arrivals.len(), 1, "{kind:?}");
        }
    }
}

#[test]
fn a_system_that_stumbles_behind_the_commit_is_asked_what_it_has() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.tells_by_whom()) {
        let stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        stand.twin.faults(|step| if step == Step::Arrive { Fault::Stumbles } else { Fault::None });
        let answer = stand.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        assert!(matches!(answer, CheckInAnswer::Admitted(_)), "{kind:?}: {answer:?}");
        assert_eq!(stand.twin.ledger().arrivals.len(), 1);
    }
}

#[test]
fn a_terminal_signs_in_before_the_first_call_and_again_when_the_system_knows_it_no_more() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.signs_in()) {
        let stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        let mut arrivals = 0;
        stand.twin.faults(move |step| {
            arrivals += u32::from(step == Step::Arrive);
            if step == Step::Arrive && arrivals == 1 { Fault::Expired } else { Fault::None }
        });
        let answer = stand.check_in(&request(1, holder(NAME, CARD))).expect("decided");
        assert!(matches!(answer, CheckInAnswer::Admitted(_)), "{kind:?}: {answer:?}");
        let ledger = stand.twin.ledger();
        let stages = if kind == Kind::SoapJson { 1 } else { 2 };
        assert_eq!((ledger.arrivals.len(), ledger.sign_ins), (1, 2 * stages), "{kind:?}");
        drop(ledger);
        stand.twin.faults(|step| if step == Step::SignIn { Fault::None } else { Fault::Expired });
        assert_eq!(code(stand.check_in(&request(2, holder(NAME, CARD)))), (Code::H907, false), "{kind:?}");
    }
}

/// The machine's clock, and a day later when it is told so.
struct Tomorrow(SystemClock, AtomicBool);

impl Clock for Tomorrow {
    fn now(&self) -> Now {
        let mut now = self.0.now();
        now.wall.0 += i64::from(self.1.load(Ordering::Relaxed)) * 86_400_000;
        now
    }
}

#[test]
fn where_terminals_sign_in_for_a_day_they_do_so_once_each_day_and_elsewhere_as_long_as_they_are_known() {
    for (kind, each_day) in [(Kind::SoapJson, 1), (Kind::QueueConfirm, 0)] {
        let mut setup = Setup::new();
        let clock = Arc::new(Tomorrow(SystemClock::start(), AtomicBool::default()));
        setup.clock = Arc::<Tomorrow>::clone(&clock);
        let twin = Twin::start(&setup.authority, kind, &today(&setup)).expect("a system");
        let adapter = adapter(&setup, &twin, kind, memory(&setup));
        let comes = |serial| adapter.check_in(&request(serial, holder(NAME, CARD)), setup.within(PATIENCE)).map(drop);
        (1..=3).for_each(|serial| comes(serial).expect("decided"));
        let on_the_first = twin.ledger().sign_ins;
        clock.1.store(true, Ordering::Relaxed);
        (4..=6).for_each(|serial| comes(serial).expect("decided"));
        assert_eq!(twin.ledger().sign_ins - on_the_first, each_day, "{kind:?}");
    }
}

#[test]
fn of_a_queue_server_only_the_visits_of_the_sites_or_the_lanes_zone_count() {
    for (of_site, of_lane, is_in) in [("", None, true), ("A", None, true), ("B", None, false), ("B", Some("A"), true)] {
        let stand = stand(Kind::QueueDevice);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        let mut given = given(stand.twin.url());
        let zone = |zone: &str| ("zone".to_owned(), zone.to_owned());
        given.values.extend([zone(of_site)]);
        given.lanes.extend(of_lane.map(|of_lane| ("kiosk-1".to_owned(), BTreeMap::from([zone(of_lane)]))));
        let template = Template::parse(Template::shipped("queue-device").expect("shipped")).expect("a template");
        let client = Client::open(&stand.setup.http, Arc::clone(&stand.setup.clock)).expect("a client");
        let memory = memory(&stand.setup);
        let adapter = ByTemplate::new(template, given, client, Arc::clone(&stand.setup.clock), memory);
        let answer = adapter.check_in(&request(1, holder(NAME, CARD)), stand.within(PATIENCE)).expect("decided");
        assert_eq!(matches!(answer, CheckInAnswer::Admitted(_)), is_in, "{of_site} {of_lane:?}: {answer:?}");
    }
}

#[test]
fn a_nurse_who_is_faster_is_told_as_already_and_one_who_acts_beside_a_lost_answer_is_told_by_whom_or_unknown() {
    for kind in Kind::ALL {
        let stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        stand.twin.faults(|step| if step == Step::Arrive { Fault::LostBefore } else { Fault::None });
        let asked = request(1, holder(NAME, CARD));
        assert!(stand.check_in(&asked).is_err());
        stand.twin.ledger().arrive("V1", "nurse").expect("checked in");
        let resolved = stand.adapter.resolve(asked.session, stand.within(PATIENCE)).expect("asked");
        // Where ours may come late and queue them anew, what the nurse gave them may not last.
        match kind.tells_by_whom() && kind != Kind::SelfReg {
            true => {
                assert!(matches!(resolved, Resolution::Decided(CheckInAnswer::Already(_))), "{kind:?}: {resolved:?}")
            }
            false => assert_eq!(resolved, Resolution::CannotSay(Code::H910), "{kind:?}"),
        }
        let later = stand.check_in(&request(2, holder(NAME, CARD))).expect("decided");
        assert!(matches!(later, CheckInAnswer::Already(_)), "{kind:?}: {later:?}");
        assert_eq!(stand.twin.ledger().arrivals.len(), 1, "{kind:?}");
    }
}

/// Systems whose list shows that somebody was called in vain.
const TELLS_OF_MISSED_CALLS: [Kind; 2] = [Kind::SelfReg, Kind::QueueConfirm];

#[test]
fn whoever_missed_their_call_is_queued_again_once_for_each_call_and_not_behind_everybody_twice() {
    for kind in TELLS_OF_MISSED_CALLS {
        let mut stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        let comes = |stand: &Stand, serial| stand.check_in(&request(serial, holder(NAME, CARD)));
        assert!(matches!(comes(&stand, 1), Ok(CheckInAnswer::Admitted(_))), "{kind:?}");
        for (call, expected) in [(2, "A002"), (3, "A003")] {
            stand.twin.ledger().misses("V1");
            let again = comes(&stand, 10 * call).expect("decided");
            assert!(matches!(again, CheckInAnswer::ReQueued(_)), "{kind:?}: {again:?}");
            let listed = stand.twin.ledger().booked("V1").and_then(|visit| visit.number.clone());
            assert_eq!(listed.as_deref(), Some(expected), "{kind:?}");
            let looks = comes(&stand, 10 * call + 1).expect("decided");
            assert!(matches!(looks, CheckInAnswer::Already(_)), "{kind:?}: {looks:?}");
            assert_eq!(stand.twin.ledger().arrivals.len(), call as usize, "{kind:?}");
        }
        // The list lags behind, or another run has sent it: the same call is not sent a second time.
        let last = stand.twin.ledger().booked("V1").and_then(|visit| visit.number.clone()).expect("a number");
        stand.twin.ledger().misses("V1");
        stand.twin.faults(|step| if step == Step::Arrive { Fault::LostBefore } else { Fault::None });
        assert_eq!(code(comes(&stand, 41)), (Code::H905, true), "{kind:?}");
        stand.twin.faults(|_| Fault::None);
        assert_eq!(code(comes(&stand, 42)), (Code::H905, false), "{kind:?}: it may be on its way still");
        stand.restart(kind);
        assert_eq!(code(comes(&stand, 43)), (Code::H905, false), "{kind:?}: {last}");
        assert_eq!(stand.twin.ledger().arrivals.len(), 3, "{kind:?}");
    }
}

#[test]
fn a_lost_answer_of_somebody_who_missed_their_call_is_found_in_the_list_as_queued_again() {
    let stand = stand(Kind::SelfReg);
    stand.twin.ledger().book("V1", "P1", Status::Open);
    stand.check_in(&request(1, holder(NAME, CARD))).expect("decided");
    stand.twin.ledger().misses("V1");
    stand.twin.faults(|step| if step == Step::Arrive { Fault::LostAfter } else { Fault::None });
    let asked = request(2, holder(NAME, CARD));
    let answer = stand.check_in(&asked).expect("decided");
    assert!(matches!(answer, CheckInAnswer::ReQueued(_)) && number(&answer) == Some("A002"), "{answer:?}");
    let resolved = stand.adapter.resolve(asked.session, stand.within(PATIENCE)).expect("asked");
    assert_eq!(resolved, Resolution::Decided(answer));
}

#[test]
fn whoever_is_on_the_way_into_the_queue_is_not_put_behind_it_because_the_list_calls_them_missed() {
    let stand = stand(Kind::QueueConfirm);
    stand.twin.ledger().book("V1", "P1", Status::Open);
    stand.twin.faults(|step| if step == Step::Arrive { Fault::LostBefore } else { Fault::None });
    assert_eq!(code(stand.check_in(&request(1, holder(NAME, CARD)))), (Code::H905, true));
    stand.twin.faults(|_| Fault::None);
    stand.twin.ledger().misses("V1");
    assert_eq!(code(stand.check_in(&request(2, holder(NAME, CARD)))), (Code::H905, false));
    assert!(stand.twin.ledger().arrivals.is_empty());
}

#[test]
fn nobody_is_queued_where_the_marks_of_what_was_sent_are_damaged_until_their_day_is_over_and_it_is_told() {
    let mut stand = stand(Kind::SelfReg);
    stand.twin.ledger().book("V1", "P1", Status::Open);
    stand.twin.faults(|step| if step == Step::Arrive { Fault::LostBefore } else { Fault::None });
    assert_eq!(code(stand.check_in(&request(1, holder(NAME, CARD)))), (Code::H905, true));
    stand.twin.faults(|_| Fault::None);
    let file = serial(&stand.setup).with_file_name("once-serial");
    let whole = fs::read(&file).expect("written");
    assert!(!String::from_utf8_lossy(&whole).contains("V1"));
    fs::write(&file, &whole[..whole.len() / 2]).expect("damaged");
    assert!(memory(&stand.setup).damaged().is_some_and(|told| told.code() == Code::J504));
    stand.restart(Kind::SelfReg);
    assert_eq!(code(stand.check_in(&request(2, holder(NAME, CARD)))), (Code::H905, false));
    // Another program that starts in doubt is in doubt as well: nothing was written over it.
    stand.restart(Kind::SelfReg);
    assert_eq!(code(stand.check_in(&request(3, holder(NAME, CARD)))), (Code::H905, false));
    assert!(stand.twin.ledger().arrivals.is_empty());
    let damaged = fs::File::options().write(true).open(&file).expect("there");
    let now = damaged.metadata().and_then(|found| found.modified()).expect("a time");
    damaged.set_modified(now - Duration::from_secs(86_400)).expect("set");
    stand.restart(Kind::SelfReg);
    assert!(matches!(stand.check_in(&request(4, holder(NAME, CARD))), Ok(CheckInAnswer::Admitted(_))));
    assert!(memory(&stand.setup).damaged().is_none(), "written anew");
}

#[test]
fn a_missed_call_after_a_restart_is_queued_again_where_the_arrival_before_it_is_known_to_be_done() {
    let mut stand = stand(Kind::SelfReg);
    stand.twin.ledger().book("V1", "P1", Status::Open);
    assert!(matches!(stand.check_in(&request(1, holder(NAME, CARD))), Ok(CheckInAnswer::Admitted(_))));
    stand.restart(Kind::SelfReg);
    stand.twin.ledger().misses("V1");
    assert!(matches!(stand.check_in(&request(2, holder(NAME, CARD))), Ok(CheckInAnswer::ReQueued(_))));
    assert_eq!(stand.twin.ledger().arrivals.len(), 2);
}

#[test]
fn a_system_may_say_of_its_own_that_it_has_queued_somebody_again() {
    let text = Template::shipped("queue-device").expect("shipped");
    let text = text.replacen("[arrive]\n", "[arrive]\nrequeued = { path = \"data/intervalFlag\", is = [\"1\"] }\n", 1);
    let stand = stand(Kind::QueueDevice);
    stand.twin.ledger().book("V1", "P1", Status::Open);
    let adapter = adapter_of(&stand, Template::parse(&text).expect("a template"));
    let answer = adapter.check_in(&request(1, holder(NAME, CARD)), stand.within(PATIENCE)).expect("decided");
    assert!(matches!(answer, CheckInAnswer::ReQueued(_)) && number(&answer) == Some("A001"), "{answer:?}");
}

#[test]
fn whom_a_nurse_lets_in_while_our_call_may_be_on_its_way_has_no_number_yet_where_it_would_queue_them_anew() {
    for kind in [Kind::SelfReg, Kind::Esb] {
        let stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        let (calls, called) = mpsc::channel();
        let (acts, acted) = mpsc::channel();
        stand.twin.faults(move |step| match step {
            Step::Arrive => {
                let _ = calls.send(());
                let _ = acted.recv_timeout(PATIENCE);
                Fault::LostBefore
            }
            _ => Fault::None,
        });
        let answer = thread::scope(|nurse| {
            let stand = &stand;
            nurse.spawn(move || {
                called.recv_timeout(PATIENCE).expect("called");
                stand.twin.ledger().arrive("V1", "nurse").expect("checked in");
                acts.send(()).expect("waited for");
            });
            stand.check_in(&request(1, holder(NAME, CARD)))
        });
        match kind {
            Kind::SelfReg => assert_eq!(code(answer), (Code::H905, true)),
            _ => assert!(matches!(answer, Ok(CheckInAnswer::Already(_))), "{answer:?}"),
        }
    }
}

#[test]
fn a_session_of_before_a_restart_is_nobodys_and_its_person_finds_what_the_hospital_has() {
    for kind in Kind::ALL {
        let mut stand = stand(kind);
        stand.twin.ledger().book("V1", "P1", Status::Open);
        let asked = request(1, holder(NAME, CARD));
        stand.check_in(&asked).expect("decided");
        stand.restart(kind);
        let lost = stand.adapter.resolve(asked.session, stand.within(PATIENCE)).expect_err("forgotten");
        assert_eq!(lost.code(), Code::H908, "{kind:?}");
        let again = stand.check_in(&request(9, holder(NAME, CARD))).expect("decided");
        assert!(matches!(again, CheckInAnswer::Already(_)) && number(&again) == Some("A001"), "{kind:?}");
    }
}

#[test]
fn a_check_in_is_taken_back_where_the_hospital_has_a_way_and_told_where_it_has_none() {
    let stand = stand(Kind::Lianzhong);
    stand.twin.ledger().book("V1", "P1", Status::Open);
    let asked = request(1, holder(NAME, CARD));
    stand.check_in(&asked).expect("decided");
    stand.adapter.annul(asked.session, stand.within(PATIENCE)).expect("taken back");
    assert_eq!(stand.twin.ledger().status("V1"), Some(&Status::Open));
    let without = self::stand(Kind::Esb);
    without.twin.ledger().book("V1", "P1", Status::Open);
    without.check_in(&asked).expect("decided");
    let refused = without.adapter.annul(asked.session, without.within(PATIENCE)).expect_err("no way back");
    assert_eq!(refused.code(), Code::H909);
}

#[test]
fn whoever_has_nothing_but_a_name_is_not_asked_about_and_who_brings_a_patient_is_not_the_patient() {
    for kind in Kind::ALL {
        let stand = stand(kind);
        assert!(stand.adapter.judges(&holder(NAME, CARD)), "{kind:?}");
        let nameless = Identity { credential: None, ..holder(NAME, CARD) };
        assert!(!stand.adapter.judges(&nameless), "{kind:?}: a name is many people's");
        assert!(!stand.adapter.judges(&Identity::default()), "{kind:?}");
    }
}

#[test]
fn a_late_annulment_leaves_alone_what_the_person_has_come_for_again() {
    let stand = stand(Kind::Lianzhong);
    stand.twin.ledger().book("V1", "P1", Status::Open);
    stand.twin.faults(|step| if step == Step::Arrive { Fault::LostBefore } else { Fault::None });
    let first = request(1, holder(NAME, CARD));
    assert!(stand.check_in(&first).expect_err("lost").perhaps);
    stand.twin.faults(|_| Fault::None);
    let again = stand.check_in(&request(2, holder(NAME, CARD)));
    if matches!(again, Ok(CheckInAnswer::Admitted(_))) {
        stand.adapter.annul(first.session, stand.within(PATIENCE)).expect("nothing of the first is left");
        assert_ne!(stand.twin.ledger().status("V1"), Some(&Status::Open), "the second one's");
    } else {
        panic!("{again:?}");
    }
}

#[test]
fn an_answer_that_is_not_written_as_agreed_is_no_decision_and_nothing_was_confirmed() {
    for kind in Kind::ALL {
        let setup = Setup::new();
        let page = Answer { body: b"<html><p>Welcome</html>".to_vec(), ..Answer::json(200, &Value::Null) };
        let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(page.clone()));
        let adapter = adapter_at(&setup, scripted.server.url(), kind, memory(&setup));
        let undecided = adapter.check_in(&request(1, holder(NAME, CARD)), setup.within(PATIENCE)).expect_err("none");
        let code = undecided.failure.code();
        assert!(matches!(code, Code::H906 | Code::H907) && !undecided.perhaps, "{kind:?}: {code}");
    }
}

#[test]
fn whoever_was_decided_about_without_the_hospital_is_looked_for_in_its_list_and_never_checked_in() {
    for kind in Kind::ALL {
        let stand = Stand::new(kind);
        stand.twin.ledger().register("P1", "欧阳若兰", "11010519491231002X");
        stand.twin.ledger().book("V1", "P1", Status::Open);
        let asked = request(1, holder("欧阳若兰", "11010519491231002X"));
        let resolve = || stand.adapter.resolve(asked.session, stand.within(PATIENCE));
        assert!(resolve().is_err(), "{kind:?}: nobody knows of whom it was");
        stand.adapter.was_stood_in_for(&asked);
        assert_eq!(resolve().expect("an answer"), Resolution::NotThere, "{kind:?}");
        let booked = stand.twin.ledger().arrive("V1", "nurse").expect("entered by staff");
        for _ in 0..2 {
            let Resolution::Decided(CheckInAnswer::Already(admission)) = resolve().expect("an answer") else {
                panic!("{kind:?}")
            };
            assert_eq!(admission.number.map(|number| number.to_string()), booked.number, "{kind:?}");
        }
        assert_eq!(stand.twin.ledger().arrivals.len(), 1, "{kind:?}");
    }
}
