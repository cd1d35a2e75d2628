//! What a restart makes of the sessions that the last run left open.

use std::time::Duration;

use facemchd::{
    kiosk::{Input, OutcomeResult, Unfinished},
    words::{CheckInAnswer, Resolution, SessionId},
};

use crate::core::{Core, LANE, admission, hospital};

const SECOND: Duration = Duration::from_secs(1);

fn left(serial: u32, reached_check_in: bool) -> Unfinished {
    Unfinished { reached_check_in, ..Unfinished::opened(SessionId { run: 1, serial }, LANE) }
}

#[test]
fn after_a_restart_a_session_that_never_reached_the_check_in_is_closed_interrupted() {
    let core = Core::restarted(vec![hospital()], 2, vec![left(5, false)]);
    assert_eq!(core.closed(left(5, false).session), Some("interrupted"));
    assert!(core.resolves().is_empty());
}

#[test]
fn after_a_restart_the_site_is_asked_what_became_of_a_session() {
    let session = left(5, true).session;
    for (resolution, end) in [
        (Resolution::Decided(CheckInAnswer::Admitted(admission("A001"))), "checked_in"),
        (Resolution::NotThere, "interrupted"),
    ] {
        let mut core = Core::restarted(vec![hospital()], 2, vec![left(5, true)]);
        assert_eq!(core.resolves(), [session]);
        core.pass(120 * SECOND);
        core.input(Input::Resolved { session, resolution });
        core.input(Input::Annulled { session, result: Ok(()) });
        assert_eq!((core.closed(session), core.effects()), (Some(end), 0));
        assert!(core.is_quiet());
    }
}

#[test]
fn after_a_restart_a_decision_in_the_journal_stands() {
    let decided = Some((OutcomeResult::CheckedIn, None));
    let core = Core::restarted(vec![hospital()], 2, vec![Unfinished { decided, printed: true, ..left(5, true) }]);
    assert_eq!(core.closed(left(5, true).session), Some("checked_in"));
    assert!(core.resolves().is_empty());
}
