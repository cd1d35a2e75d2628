//! What becomes of grants at a gate that is spoken with, on a clock that is set.

use std::collections::{BTreeMap, BTreeSet};

use facemchd::{
    device::{
        GateEvent, GateTiming, Passage,
        turnstile::{Action, Controller as _, Done, Manner, Passageway, Side, State, Status, Turnstile},
    },
    fault::Code,
    kiosk::{GateOutcome, Grant},
    words::SessionId,
};

use crate::{
    devices::at,
    dice::Dice,
    turnstiles::{ended, one_way, session, table, timing},
};

#[test]
fn whoever_went_through_before_it_opened_is_not_who_is_let_through() {
    let controller = Turnstile { table: table(true), address: 1 };
    let mut passage = Passageway::new(controller.manner(), one_way(), false);
    let mut counts = |milliseconds: u64, action, state, left| {
        let status = Status { state, passed: [Some(left), Some(0)], ..Status::default() };
        if action != Action::Status {
            passage.grant(Side::Left, Grant { session: session(1), deadline: at(9000), number: None });
        }
        assert_eq!(passage.next(at(milliseconds)), Some(action));
        passage.done(at(milliseconds), at(milliseconds), action, Done::Answered(status));
        passage.events()
    };
    assert_eq!(counts(0, Action::Status, State::Closed, 5), []);
    let told = counts(500, Action::Open(Side::Left), State::Closed, 6);
    assert_eq!(told, [(Side::Left, GateEvent::Alarm(None, GateOutcome::Tailgated))]);
    assert_eq!(counts(600, Action::Status, State::Open(Side::Left), 6), []);
    assert_eq!(counts(900, Action::Status, State::Open(Side::Left), 7), [(Side::Left, ended(1, GateOutcome::Passed))]);
}

#[test]
fn a_lanes_own_sensor_sees_who_goes_through_where_a_controller_does_not_count() {
    for counts in [false, true] {
        let controller = Turnstile { table: table(true), address: 1 };
        let manner = Manner { counts, ..controller.manner() };
        let lanes = [Some(GateTiming { passage: Passage::Contact, ..timing() }), None];
        let mut passage = Passageway::new(manner, lanes, false);
        passage.grant(Side::Left, Grant { session: session(1), deadline: at(9000), number: None });
        for (now, action, state) in
            [(0, Action::Open(Side::Left), State::Closed), (100, Action::Status, State::Open(Side::Left))]
        {
            assert_eq!(passage.next(at(now)), Some(action));
            passage.done(at(now), at(now), action, Done::Answered(Status { state, ..Status::default() }));
        }
        assert_eq!(passage.events(), [], "it stands open, and nobody has gone through");
        passage.sensed(at(300), Side::Left, false);
        let passed = (Side::Left, ended(1, GateOutcome::Passed));
        assert_eq!(passage.events(), [passed].split_at(usize::from(!counts)).0);
    }
}

/// Takes the ends of grants: each is somebody's, once, and only whoever was let through went through.
fn hear(passage: &mut Passageway, live: &mut BTreeMap<SessionId, Side>, under_way: &mut Option<(SessionId, Side)>) {
    for (side, event) in passage.events() {
        let GateEvent::Ended(id, outcome) = event else { continue };
        assert_eq!(live.remove(&id), Some(side), "an end of nobody's, or a second one");
        assert!(outcome != GateOutcome::Opened, "who counts does not only open");
        let let_through = under_way.take_if(|(other, _)| *other == id).is_some();
        assert!(let_through || outcome != GateOutcome::Passed, "nobody was let through");
    }
}

/// A gate with two directions, a bus that loses this and that, and people who do as they like, on a clock that is set.
#[test]
fn whatever_a_bus_loses_no_grant_opens_twice_none_opens_beside_another_and_each_ends_once() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let knows = dice.roll(2) == 0;
        let controller = Turnstile { table: table(knows), address: 1 };
        let lanes = [Some(GateTiming::default()); 2];
        let mut passage = Passageway::new(controller.manner(), lanes, false);
        let (mut counts, mut stands, mut serial, mut held) = ([7_u32, 0xff_fffe], None, 0, false);
        let (mut live, mut opened) = (BTreeMap::new(), BTreeSet::new());
        let mut under_way: Option<(SessionId, Side)> = None;
        for step in 0..600_u64 {
            let now = at(step * 50);
            match dice.roll(40) {
                0 if !held => {
                    serial += 1;
                    let side = if dice.roll(2) == 0 { Side::Left } else { Side::Right };
                    live.insert(session(serial), side);
                    passage
                        .grant(side, Grant { session: session(serial), deadline: at(step * 50 + 3000), number: None });
                }
                1 => {
                    held = !held;
                    passage.hold(now, held.then_some(Code::G807));
                }
                2 | 3 => {
                    if let Some(side) = stands.take_if(|_| dice.roll(3) > 0) {
                        counts[usize::from(side == Side::Right)] += 1;
                    }
                }
                _ => {}
            }
            let action = passage.next(now);
            // Whoever's time was over ended before anything is written for the next one.
            hear(&mut passage, &mut live, &mut under_way);
            if let Some(action) = action {
                let (reaches, returns) = (dice.roll(8) > 0, dice.roll(8) > 0);
                match action {
                    Action::Open(side) => {
                        assert!(!held, "opened while there may be a fire");
                        // The first of this side that has not had its opening.
                        let whose =
                            live.iter().find(|(id, of)| **of == side && !opened.contains(*id)).map(|(id, _)| *id);
                        let whose = whose.expect("opened for nobody");
                        assert!(opened.insert(whose), "opened twice");

                        assert!(under_way.is_none(), "opened beside another");
                        under_way = Some((whose, side));
                        stands = if reaches { Some(side) } else { stands };
                    }
                    Action::Close if reaches => stands = None,
                    Action::Close | Action::Status => {}
                }
                let state = match (knows, stands) {
                    (false, _) => State::Unsaid,
                    (true, Some(side)) => State::Open(side),
                    (true, None) => State::Closed,
                };
                let passed = counts.map(|count| Some(count & 0xff_ffff));
                let answer = Status { state, passed, ..Status::default() };
                let done = match (reaches, returns) {
                    (true, true) => Done::Answered(answer),
                    _ if action == Action::Status && dice.roll(2) == 0 => Done::Unsent,
                    _ => Done::Silent,
                };
                passage.done(now, now, action, done);
            }
            hear(&mut passage, &mut live, &mut under_way);
        }
        for step in 600..900_u64 {
            if let Some(action) = passage.next(at(step * 50)) {
                passage.done(at(step * 50), at(step * 50), action, Done::Silent);
            }
            hear(&mut passage, &mut live, &mut under_way);
        }
        assert!(live.is_empty(), "{seed}: {live:?} never ended");
    }
}
