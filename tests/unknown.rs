//! What is unknown is neither yes nor no: it is asked about until it is known, said where it is not, and what nobody
//! used is taken back.

use std::time::Duration;

use facemchd::{
    fault::Code,
    kiosk::{GateOutcome, Input, OutcomeResult, Output, PrintOutcome, Record, Unfinished},
    words::{Admission, CheckInAnswer, JobId, Resolution, SessionId},
};

use crate::core::{Core, LANE, PEER, admission, choices, hospital, transit};

const SECOND: Duration = Duration::from_secs(1);
const PERSON: [u8; 16] = [7; 16];

fn annuls(core: &mut Core) -> Vec<SessionId> {
    let annul = |output: &Output| match output {
        Output::Annul { session, .. } => Some(*session),
        _ => None,
    };
    core.outputs().iter().filter_map(annul).collect()
}

fn admitted() -> CheckInAnswer {
    CheckInAnswer::Admitted(Admission::default())
}

fn resolved(core: &mut Core, session: SessionId, resolution: Resolution) {
    core.input(Input::Resolved { session, resolution });
}

/// A passenger up to the site's question, known again by a keyed hash.
fn passenger(core: &mut Core, sid: &str, seq: u64) -> SessionId {
    let session = core.known(sid, seq, "张三");
    core.input(Input::Known { session, person: PERSON });
    session
}

fn left() -> Unfinished {
    let decided = Some((OutcomeResult::CheckedIn, None));
    let session = SessionId { run: 9, serial: 3 };
    Unfinished { reached_check_in: true, decided, person: Some(PERSON), ..Unfinished::opened(session, LANE) }
}

fn code_of_the_end(core: &Core, of: SessionId) -> Option<Code> {
    core.records().find_map(|record| match record {
        Record::Closed { session, code, .. } if *session == of => *code,
        _ => None,
    })
}

#[test]
fn a_404_before_the_sites_time_is_over_is_not_yet() {
    let mut core = Core::new(vec![hospital()]);
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Unknown(Code::H905));
    for _ in 0..8 {
        core.pass(10 * SECOND);
        resolved(&mut core, session, Resolution::NotThere);
        assert_eq!(core.closed(session), None);
    }
    resolved(&mut core, session, Resolution::Decided(CheckInAnswer::Admitted(admission("A001"))));
    assert_eq!(core.closed(session), Some("checked_in"), "the site was slow, and admitted");
}

#[test]
fn a_404_when_the_sites_time_is_over_is_never_and_the_site_is_told_that_nobody_waits() {
    for settings in [hospital(), transit()] {
        let mut core = Core::new(vec![settings]);
        let session = core.known("sid-1", 1, "张三");
        core.answer(session, CheckInAnswer::Unknown(Code::H905));
        core.pass(121 * SECOND);
        core.forget();
        resolved(&mut core, session, Resolution::NotThere);
        assert_eq!((core.closed(session), annuls(&mut core)), (None, vec![session]));
        core.input(Input::Annulled { session, result: Ok(()) });
        assert_eq!((core.closed(session), code_of_the_end(&core, session)), (Some("failed"), Some(Code::H904)));
    }
}

#[test]
fn the_last_question_comes_when_the_sites_time_is_over_and_no_later() {
    let mut core = Core::new(vec![hospital()]);
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Unknown(Code::H905));
    let mut asked = 0;
    let last = loop {
        let due = core.outputs().into_iter().find_map(|output| match output {
            Output::Resolve { after, .. } => Some(after),
            _ => None,
        });
        let Some(due) = due else { break core.moment() };
        core.pass(due.since(core.moment()));
        asked += 1;
        assert!(asked < 30, "it never ends");
        resolved(&mut core, session, Resolution::NotThere);
    };
    // Core begins at second 100, and the site was asked at once.
    assert_eq!(last.since(facemchd::words::Moment(100 * SECOND)), 120 * SECOND);
}

#[test]
fn a_choice_that_the_site_does_not_know_of_may_be_on_its_way() {
    let mut core = Core::new(vec![hospital()]);
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, choices(&["内科", "眼科"]));
    core.input(Input::Chose { lane: LANE, peer: Some(PEER), seq: 2, session: None, option: 1 });
    core.answer(session, CheckInAnswer::Unknown(Code::H905));
    resolved(&mut core, session, Resolution::Decided(choices(&["内科", "眼科"])));
    assert_eq!(core.closed(session), None);
    resolved(&mut core, session, Resolution::Decided(CheckInAnswer::Admitted(admission("A001"))));
    assert_eq!(core.closed(session), Some("checked_in"));
}

#[test]
fn whom_the_site_admits_too_late_for_the_gate_is_taken_back() {
    for late in [true, false] {
        let mut core = Core::new(vec![transit()]);
        let session = passenger(&mut core, "sid-1", 1);
        core.pass(8 * SECOND);
        assert_eq!(core.outcome().result.as_str(), "unknown");
        core.forget();
        if late {
            core.answer(session, admitted());
        } else {
            resolved(&mut core, session, Resolution::Decided(admitted()));
        }
        assert_eq!((core.effects(), annuls(&mut core)), (0, vec![session]));
        core.input(Input::Annulled { session, result: Ok(()) });
        assert_eq!(core.closed(session), Some("annulled"));
    }
}

#[test]
fn whoever_gave_up_while_the_site_admitted_is_taken_back_at_a_gate_and_not_at_a_desk() {
    for (settings, annulled, end) in [(transit(), 1, None), (hospital(), 0, Some("checked_in"))] {
        let mut core = Core::new(vec![settings]);
        let session = passenger(&mut core, "sid-1", 1);
        core.disk_stopped = true;
        core.answer(session, admitted());
        core.input(Input::Cancelled { lane: LANE, peer: PEER, seq: 2, session: None });
        core.disk_stopped = false;
        core.sync();
        core.sync();
        assert_eq!(core.effects(), 0);
        assert_eq!((annuls(&mut core).len(), core.closed(session)), (annulled, end));
    }
}

#[test]
fn a_site_that_cannot_be_asked_is_told_at_a_gate_to_take_back_whatever_it_did() {
    let mut core = Core::new(vec![transit()]);
    let session = passenger(&mut core, "sid-1", 1);
    core.answer(session, CheckInAnswer::Unknown(Code::H905));
    core.pass(300 * SECOND);
    core.forget();
    for _ in 0..5 {
        resolved(&mut core, session, Resolution::CannotSay(Code::H901));
    }
    assert_eq!((core.closed(session), annuls(&mut core)), (None, vec![session]));
    for _ in 0..6 {
        core.input(Input::Annulled { session, result: Err(Code::H901) });
    }
    assert_eq!(core.closed(session), Some("unknown"));
}

#[test]
fn a_decision_that_a_gates_journal_cannot_keep_is_taken_back_at_the_site() {
    let mut core = Core::new(vec![transit()]);
    let session = passenger(&mut core, "sid-1", 1);
    core.disk_stopped = true;
    core.answer(session, admitted());
    core.fail_disk();
    assert_eq!(core.outcome().result.as_str(), "unknown");
    assert_eq!((core.effects(), annuls(&mut core)), (0, vec![session]));
}

#[test]
fn after_a_crash_the_journal_says_that_nobody_knows_of_the_gate_and_takes_back_what_nobody_used() {
    let mut core = Core::restarted(vec![transit()], 10, vec![left()]);
    let unknown = |record: &Record| matches!(record, Record::Gated { outcome: GateOutcome::Unknown, .. });
    assert!(core.journal.iter().any(unknown), "durable before the site is told");
    assert_eq!(annuls(&mut core), [left().session]);
    core.input(Input::Annulled { session: left().session, result: Ok(()) });
    assert_eq!(
        (core.closed(left().session), code_of_the_end(&core, left().session)),
        (Some("annulled"), Some(Code::J505))
    );
}

#[test]
fn after_a_crash_nobody_is_taken_back_who_went_through() {
    let mut core = Core::restarted(vec![transit()], 10, vec![Unfinished { gated: true, ..left() }]);
    assert_eq!((annuls(&mut core), core.closed(left().session)), (vec![], Some("checked_in")));
    assert_eq!(code_of_the_end(&core, left().session), None);
}

#[test]
fn after_a_crash_the_journal_says_that_nobody_knows_of_the_slip_unless_it_does() {
    let job = JobId { session: left().session, copy: 0 };
    for printed in [false, true] {
        let core = Core::restarted(vec![hospital()], 10, vec![Unfinished { printed, ..left() }]);
        let unknown = core.records().any(|record| *record == Record::Printed { job, outcome: PrintOutcome::Unknown });
        assert_eq!(unknown, !printed);
        let code = (!printed).then_some(Code::P705);
        assert_eq!((core.closed(job.session), code_of_the_end(&core, job.session)), (Some("checked_in"), code));
    }
    let gone = facemchd::words::LaneId(u16::MAX);
    let core = Core::restarted(vec![hospital()], 10, vec![Unfinished { lane: gone, ..left() }]);
    assert_eq!(code_of_the_end(&core, job.session), Some(Code::X002), "a lane that is gone cannot say");
}

#[test]
fn already_after_an_opening_that_nobody_knows_of_locks_nobody_out() {
    for switch_fails in [false, true] {
        let mut core = Core::new(vec![transit()]);
        let earlier = if switch_fails {
            let session = passenger(&mut core, "sid-1", 1);
            core.answer(session, admitted());
            core.input(Input::Gated { session, outcome: GateOutcome::Failed(Code::G801) });
            session
        } else {
            core = Core::restarted(vec![transit()], 10, vec![left()]);
            left().session
        };
        assert_eq!(annuls(&mut core).len(), 1);
        // The site does not take it back, or not yet.
        core.input(Input::Annulled { session: earlier, result: Err(Code::H901) });
        core.pass(70 * SECOND);
        core.forget();
        let again = passenger(&mut core, "sid-2", 2);
        core.answer(again, CheckInAnswer::Already(Admission::default()));
        assert_eq!(core.effects(), 1, "the gate opens");
        core.input(Input::Gated { session: again, outcome: GateOutcome::Passed });
        assert_eq!((core.closed(again), core.closed(earlier)), (Some("already"), Some("checked_in")));
        core.pass(70 * SECOND);
        core.forget();
        let third = passenger(&mut core, "sid-3", 3);
        core.answer(third, CheckInAnswer::Already(Admission::default()));
        assert_eq!(core.effects(), 0, "and once only");
    }
}

#[test]
fn already_opens_for_nobody_else_and_still_opens_when_the_site_could_not_take_it_back() {
    let mut core = Core::restarted(vec![transit()], 10, vec![left()]);
    for _ in 0..6 {
        core.input(Input::Annulled { session: left().session, result: Err(Code::H901) });
    }
    assert_eq!(core.closed(left().session), Some("unknown"));
    let other = core.known("sid-1", 1, "李四");
    core.input(Input::Known { session: other, person: [8; 16] });
    core.answer(other, CheckInAnswer::Already(Admission::default()));
    assert_eq!(core.effects(), 0);
    core.pass(70 * SECOND);
    let again = passenger(&mut core, "sid-2", 2);
    core.answer(again, CheckInAnswer::Already(Admission::default()));
    assert_eq!(core.effects(), 1);
}
