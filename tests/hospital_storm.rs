//! A hospital's bad morning, dice for everything: lost answers, calls that never arrive, tokens that end, systems that
//! stumble, a nurse beside the kiosk, restarts. The hospital's books and what the kiosk wrote down must be the same.

use std::{collections::HashMap, thread, time::Duration};

use facemchd::{
    checkin::{CheckIn as _, Request},
    fault::Code,
    sim::his::{Fault, Kind, Status, Step},
    words::{CheckInAnswer, Resolution, SessionId},
};

use crate::{
    dice::Dice,
    his::{NAMES, PATIENCE, Stand, document, holder, request},
};

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Admitted(String),
    Already(String),
    /// Nobody knows, staff look.
    Unknown,
    /// Surely nothing was done; the person may try again or goes to staff.
    Nothing,
}

fn number(answer: &CheckInAnswer) -> String {
    match answer {
        CheckInAnswer::Admitted(admission) | CheckInAnswer::Already(admission) => {
            admission.number.as_ref().map(ToString::to_string).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// As the core does: asks, and where nobody knows asks later what became of it, and takes back what is not there.
fn visit(stand: &Stand, asked: &Request, patience: Duration, nurse: Option<&str>) -> End {
    let decided = |answer: &CheckInAnswer| match answer {
        CheckInAnswer::Admitted(_) => End::Admitted(number(answer)),
        CheckInAnswer::Already(_) => End::Already(number(answer)),
        other => panic!("{other:?}"),
    };
    match stand.adapter.check_in(asked, stand.within(patience)) {
        Ok(answer) => return decided(&answer),
        Err(undecided) if !undecided.perhaps => return End::Nothing,
        Err(_) => {}
    }
    if let Some(visit) = nurse {
        let _ = stand.twin.ledger().arrive_where_open(visit, "nurse");
    }
    for _ in 0..4 {
        match stand.adapter.resolve(asked.session, stand.within(PATIENCE)) {
            Ok(Resolution::Decided(answer)) => return decided(&answer),
            Ok(Resolution::NotThere) => {
                if stand.adapter.annul(asked.session, stand.within(PATIENCE)).is_ok() {
                    return End::Nothing;
                }
            }
            Ok(Resolution::CannotSay(_)) | Err(_) => {}
        }
    }
    End::Unknown
}

fn storm(kind: Kind, people: usize, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut stand = Stand::new(kind);
    {
        let mut ledger = stand.twin.ledger();
        for person in 0..people {
            ledger.register(&format!("P{person}"), NAMES[person % NAMES.len()], &document(person));
            ledger.book(&format!("V{person}"), &format!("P{person}"), Status::Open);
        }
    }
    let mut of_calls = Dice::new(seed ^ 0x5EED);
    let signs_in = kind.signs_in();
    stand.twin.faults(move |step| match (of_calls.roll(100_u32), step) {
        (0..3, _) => Fault::LostBefore,
        (3..6, _) => Fault::LostAfter,
        (6..8, Step::Identify | Step::List | Step::Arrive) if signs_in => Fault::Expired,
        (8..11, Step::Arrive) => Fault::Stumbles,
        // Whoever is put behind everybody else by it is so whatever a kiosk does.
        (11, Step::Arrive) if kind != Kind::SelfReg => Fault::Twice,
        _ => Fault::None,
    });
    let mut ends: HashMap<usize, Vec<End>> = HashMap::new();
    let mut serial = 0;
    for round in 0..people * 3 / 2 {
        // Half of the people come a second time, some of them at once.
        let person = if round < people { round } else { dice.roll(people) };
        let visit_id = format!("V{person}");
        if dice.roll(100_u32) < 4 {
            let _ = stand.twin.ledger().arrive_where_open(&visit_id, "nurse");
        }
        serial += 1;
        let asked = request(serial, holder(NAMES[person % NAMES.len()], &document(person)));
        let patience = if dice.roll(150_u32) == 0 { Duration::from_millis(1) } else { PATIENCE };
        let nurse = (dice.roll(4_u32) == 0).then_some(visit_id.as_str());
        let end = visit(&stand, &asked, patience, nurse);
        ends.entry(person).or_default().push(end);
        if dice.roll(40_u32) == 0 {
            stand.restart(kind);
        }
    }
    stand.twin.faults(|_| Fault::None);
    let mut kept: HashMap<String, Vec<String>> = HashMap::new();
    for arrival in &stand.twin.ledger().arrivals {
        kept.entry(arrival.visit.clone()).or_default().push(arrival.by.clone());
    }
    let mut counts = [0_usize; 4];
    for (person, ends) in &ends {
        let what = |told: &str| format!("{kind:?}, seed {seed}, person {person}: {told}: {ends:?}");
        let visit_id = format!("V{person}");
        let by = kept.get(&visit_id).cloned().unwrap_or_default();
        assert!(by.len() <= 1, "{}", what("checked in twice"));
        let by_us = by.first().is_some_and(|by| by != "nurse");
        let admitted = ends.iter().filter(|end| matches!(end, End::Admitted(_))).count();
        let unknown = ends.iter().filter(|end| matches!(end, End::Unknown)).count();
        assert!(admitted <= 1, "{}", what("admitted twice"));
        if admitted == 1 {
            assert!(by_us, "{}", what("admitted, and the hospital knows nothing of it"));
        }
        let already = ends.iter().any(|end| matches!(end, End::Already(_)));
        if by_us {
            assert!(admitted == 1 || unknown > 0 || already, "{}", what("the hospital has it, and nobody here"));
        }
        if already {
            assert!(!by.is_empty(), "{}", what("told that it was taken, and it is not"));
        }
        let booked = stand.twin.ledger().booked(&visit_id).cloned().expect("booked");
        for end in ends {
            // One whose list could not be had any more has none.
            if let End::Admitted(number) | End::Already(number) = end
                && !number.is_empty()
            {
                assert_eq!(Some(number.as_str()), booked.number.as_deref(), "{}", what("somebody else's number"));
            }
        }
        for end in ends {
            counts[match end {
                End::Admitted(_) => 0,
                End::Already(_) => 1,
                End::Unknown => 2,
                End::Nothing => 3,
            }] += 1;
        }
        // Whoever comes once more on a good day finds their place, or is sent to staff for a good reason.
        serial += 1;
        let asked = request(serial, holder(NAMES[person % NAMES.len()], &document(*person)));
        match stand.check_in(&asked) {
            Ok(CheckInAnswer::Admitted(_) | CheckInAnswer::Already(_)) => {}
            Err(undecided) if kind == Kind::SelfReg => assert_eq!(undecided.failure.code(), Code::H905),
            other => panic!("{}", what(&format!("{other:?}"))),
        }
    }
    eprintln!(
        "{kind:?}: {people} people, {counts:?} admitted, already, unknown, nothing; {} calls",
        stand.twin.ledger().calls
    );
    assert!(counts[0] > people / 2, "{kind:?}: {counts:?}");
}

#[test]
fn through_a_bad_morning_the_hospitals_books_and_the_kiosks_are_the_same_visit_by_visit() {
    // Beside each other: most of a storm is waiting.
    thread::scope(|scope| {
        for (kind, seed) in Kind::ALL.into_iter().zip(1..) {
            scope.spawn(move || storm(kind, 50, seed));
        }
    });
}

mod through_ten_thousand_visits_the_hospitals_books_and_the_kiosks_are_the_same {
    use super::{Kind, storm};

    fn whole(kind: Kind, seed: u64) {
        storm(kind, 6_700, seed);
    }

    crate::his::at_each_hospital!(whole);
}

#[test]
fn a_call_that_was_on_its_way_when_the_program_ended_is_not_sent_again_where_a_second_one_puts_people_behind() {
    let mut stand = Stand::new(Kind::SelfReg);
    stand.twin.ledger().register("P1", NAMES[0], &document(1));
    stand.twin.ledger().book("V1", "P1", Status::Open);
    stand.twin.faults(|step| if step == Step::Arrive { Fault::LostBefore } else { Fault::None });
    let asked = request(1, holder(NAMES[0], &document(1)));
    assert!(stand.check_in(&asked).expect_err("nobody knows").perhaps);
    stand.restart(Kind::SelfReg);
    stand.twin.faults(|_| Fault::None);
    let again = |serial| Request { session: SessionId { run: 2, serial }, ..asked.clone() };
    let refused = stand.check_in(&again(1)).expect_err("it may arrive yet");
    assert_eq!((refused.perhaps, refused.failure.code()), (false, Code::H905));
    let now = stand.twin.ledger().arrive_where_open("V1", "ZZJ-01");
    assert!(now.is_ok(), "nothing was sent a second time: {now:?}");
    let known = stand.check_in(&again(2));
    assert!(matches!(known, Ok(CheckInAnswer::Already(_))), "{known:?}");
}

#[test]
fn of_two_sessions_that_sent_the_same_visit_the_later_one_has_it() {
    for kind in [Kind::Esb, Kind::Lianzhong, Kind::SoapJson] {
        let stand = Stand::new(kind);
        stand.twin.ledger().register("P1", NAMES[0], &document(1));
        stand.twin.ledger().book("V1", "P1", Status::Open);
        let mut lost = vec![Fault::LostAfter, Fault::LostBefore];
        stand.twin.faults(move |step| if step == Step::Arrive { lost.pop().unwrap_or_default() } else { Fault::None });
        let asked = request(1, holder(NAMES[0], &document(1)));
        let later = Request { session: SessionId { run: 1, serial: 2 }, ..asked.clone() };
        assert!(stand.check_in(&asked).expect_err("nobody knows").perhaps);
        assert!(matches!(stand.check_in(&later), Ok(CheckInAnswer::Admitted(_))), "{kind:?}");
        let became = stand.adapter.resolve(asked.session, stand.within(PATIENCE));
        assert!(matches!(became, Ok(Resolution::Decided(CheckInAnswer::Already(_)))), "{kind:?}: {became:?}");
    }
}
