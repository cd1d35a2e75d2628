//! A lane that asks the hospital's own system and the queue server beside it: their lists are one to the person.

use std::sync::Arc;

use facemchd::{
    checkin::{CheckIn, Merged, Reach},
    fault::Code,
    sim::his::{Fault, Kind, Status, Step},
    words::{CheckInAnswer, Hindrance, Resolution},
};

use crate::his::{PATIENCE, Stand, adapter_at, choosing, holder, memory, request};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳䶮";

struct Both {
    his: Stand,
    queue: Stand,
    merged: Merged,
}

fn both() -> Both {
    let (his, queue) = (Stand::new(Kind::Lianzhong), Stand::new(Kind::QueueConfirm));
    for stand in [&his, &queue] {
        stand.twin.ledger().register("P1", NAME, CARD);
    }
    let system = |stand: &Stand, kind: Kind| {
        let adapter = adapter_at(&stand.setup, stand.twin.url(), kind, memory(&stand.setup));
        Arc::new(Reach::over(adapter, Arc::clone(&stand.setup.clock))) as Arc<dyn CheckIn>
    };
    let systems = vec![system(&his, Kind::Lianzhong), system(&queue, Kind::QueueConfirm)];
    let merged = Merged::new(systems, Arc::clone(&his.setup.clock));
    Both { his, queue, merged }
}

impl Both {
    fn books(&self, his: &str, queue: &str) {
        self.his.twin.ledger().book(his, "P1", Status::Open);
        self.queue.twin.ledger().book(queue, "P1", Status::Open);
        self.queue.twin.ledger().moves(queue, "超声科");
    }

    fn comes(&self, serial: u32, choice: Option<&str>) -> CheckInAnswer {
        let asked = request(serial, holder(NAME, CARD));
        let asked = choice.map_or(asked.clone(), |choice| choosing(&asked, choice));
        self.merged.check_in(&asked, self.his.within(PATIENCE)).expect("decided")
    }

    fn arrivals(&self) -> (usize, usize) {
        (self.his.twin.ledger().arrivals.len(), self.queue.twin.ledger().arrivals.len())
    }
}

fn labels(answer: &CheckInAnswer) -> Vec<(String, String)> {
    let CheckInAnswer::Choose(choices) = answer else { panic!("{answer:?}") };
    choices.iter().map(|choice| (choice.id.to_string(), choice.label.to_string())).collect()
}

fn advice(answer: &CheckInAnswer) -> Option<String> {
    match answer {
        CheckInAnswer::Admitted(admission) | CheckInAnswer::Already(admission) | CheckInAnswer::ReQueued(admission) => {
            admission.visit.advice.as_ref().map(ToString::to_string)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_visits_of_two_systems_are_one_list_and_each_is_confirmed_where_it_is() {
    let both = both();
    both.books("V1", "V2");
    let offered = labels(&both.comes(1, None));
    assert_eq!(offered.len(), 2, "{offered:?}");
    let exam = offered.iter().find(|(_, label)| label.contains("超声科")).expect("the examination");
    let answer = both.comes(1, Some(&exam.0));
    assert!(matches!(answer, CheckInAnswer::Admitted(_)), "{answer:?}");
    assert_eq!(both.arrivals(), (0, 1));
    assert_eq!(advice(&answer), None, "nobody was silent");
    // Asked about later, the one whose visit it is says so, and the same again is no second time.
    let session = request(1, holder(NAME, CARD)).session;
    let resolved = both.merged.resolve(session, both.his.within(PATIENCE)).expect("known");
    assert_eq!(resolved, Resolution::Decided(answer.clone()));
    assert_eq!(both.comes(1, Some(&exam.0)), answer);
    assert_eq!(both.comes(1, None), answer);
    // What is left is the clinic's, and nobody has to choose.
    assert!(matches!(both.comes(2, None), CheckInAnswer::Admitted(_)));
    assert_eq!(both.arrivals(), (1, 1));
    assert!(matches!(both.comes(3, None), CheckInAnswer::Already(_)));
    assert_eq!(both.comes(4, Some("7.V1")), CheckInAnswer::NotFound);
    assert_eq!(both.comes(5, Some("V1")), CheckInAnswer::NotFound);
}

#[test]
fn one_that_is_silent_takes_nobody_the_others_visits_and_is_told_of() {
    let both = both();
    both.books("V1", "V2");
    both.queue.twin.faults(|_| Fault::LostBefore);
    let answer = both.comes(1, None);
    assert!(matches!(answer, CheckInAnswer::Admitted(_)), "{answer:?}");
    assert!(advice(&answer).is_some_and(|advice| advice.contains("部分系统暂时无法查询")), "{answer:?}");
    assert!(both.merged.half_failed().is_some());
    assert_eq!(both.arrivals(), (1, 0));
    // Nothing is left but what is silent: nobody is told that there is nothing.
    let mut other = holder("李雷", "110101199003070011");
    both.his.twin.ledger().register("P2", "李雷", "110101199003070011");
    let undecided = both.merged.check_in(&request(2, other.clone()), both.his.within(PATIENCE)).expect_err("who knows");
    assert!(!undecided.perhaps);
    // Both speak: what says most is what the person is told.
    both.queue.twin.faults(|_| Fault::None);
    both.his.twin.ledger().book("V3", "P2", Status::Unpaid);
    let answer = both.merged.check_in(&request(3, other.clone()), both.his.within(PATIENCE)).expect("decided");
    assert_eq!(answer, CheckInAnswer::Hindered(Hindrance::Unpaid));
    assert!(both.merged.half_failed().is_none());
    // Who is known to neither.
    other.credential = None;
    assert!(!both.merged.judges(&other));
}

#[test]
fn whoever_missed_their_call_at_one_of_two_systems_is_queued_again_there() {
    let both = both();
    both.books("V1", "V2");
    for _ in 0..2 {
        let choices = both.comes(1, None);
        let CheckInAnswer::Choose(_) = choices else { break };
        both.comes(1, Some(&labels(&choices)[0].0));
    }
    assert!(matches!(both.comes(2, None), CheckInAnswer::Admitted(_)));
    both.queue.twin.ledger().misses("V2");
    both.his.twin.faults(|_| Fault::LostBefore);
    let answer = both.comes(3, None);
    assert!(matches!(answer, CheckInAnswer::ReQueued(_)), "{answer:?}");
    assert!(advice(&answer).is_some_and(|advice| advice.contains("部分系统暂时无法查询")), "the other was silent");
    assert_eq!(both.arrivals(), (1, 2));
}

#[test]
fn a_lost_answer_is_asked_about_where_it_was_lost_and_nothing_is_confirmed_twice() {
    let both = both();
    both.queue.twin.ledger().book("V2", "P1", Status::Open);
    both.queue.twin.faults(|step| if matches!(step, Step::Arrive) { Fault::LostAfter } else { Fault::None });
    let asked = request(1, holder(NAME, CARD));
    let first = both.merged.check_in(&asked, both.his.within(PATIENCE));
    assert!(first.as_ref().is_err_and(|undecided| undecided.perhaps), "{first:?}");
    let resolved = both.merged.resolve(asked.session, both.his.within(PATIENCE)).expect("an answer");
    // This queue server does not say by whom.
    assert_eq!(resolved, Resolution::CannotSay(Code::H910));
    assert!(both.merged.annul(asked.session, both.his.within(PATIENCE)).is_err());
    assert_eq!(both.arrivals(), (0, 1));
    // What was only offered is confirmed nowhere.
    both.books("V4", "V5");
    let offered = request(2, holder(NAME, CARD));
    assert_eq!(labels(&both.comes(2, None)).len(), 2);
    let resolved = both.merged.resolve(offered.session, both.his.within(PATIENCE)).expect("an answer");
    assert_eq!(resolved, Resolution::NotThere);
    // A session of before a restart is nobody's.
    let unknown = request(77, holder(NAME, CARD)).session;
    assert!(both.merged.resolve(unknown, both.his.within(PATIENCE)).is_err());
}
