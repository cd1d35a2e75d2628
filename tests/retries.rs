//! Asking again: our own count and back-off are the brake, whatever a server says of waiting and of the time.

use std::{sync::Arc, thread, time::Duration};

use facemchd::{
    fault::Code,
    sim::{
        people::Person,
        server::{Answer, Authority, Reply},
        wechat::WeChat,
    },
};
use serde_json::json;

use crate::{
    faults::ask_instead,
    lookups::{Scripted, Setup, clock, seconds, signed, skewed},
    running::Sandbox,
};

fn busy(status: u16, retry_after: &str) -> Answer {
    let mut answer = Answer::json(status, &json!({ "code": "FREQUENCY_LIMITED" }));
    answer.headers.push(("Retry-After".to_owned(), retry_after.to_owned()));
    answer.headers.push(("Date".to_owned(), "Tue, 01 Dec 2026 00:00:00 GMT".to_owned()));
    answer
}

#[test]
fn a_busy_server_is_asked_a_few_times_whatever_it_says_of_waiting() {
    let cases = [
        (429, "0", Code::N323, 4),
        (503, "0", Code::N324, 4),
        (429, "-1", Code::N323, 4),
        (503, "0.001", Code::N324, 4),
        (503, "Thu, 01 Jan 1970 00:00:00 GMT", Code::N324, 4),
        (429, "18446744073709551615", Code::N323, 1),
        (503, "999999999999999999999999", Code::N324, 4),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", Code::N324, 1),
    ];
    thread::scope(|scope| {
        for (status, retry_after, code, most) in cases {
            scope.spawn(move || {
                let setup = Setup::new();
                let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(busy(status, retry_after)));
                let lookup = setup.at(scripted.server.url()).lookup();
                let clock = clock();
                let began = clock.now().moment;
                assert_eq!(lookup.name("sid"), Err(code), "{status} {retry_after}");
                assert_eq!(scripted.count(), most, "{status} {retry_after}");
                let took = clock.now().moment.since(began);
                assert!(most == 1 || took >= Duration::from_millis(2100), "{retry_after}: our floor, {took:?}");
            });
        }
    });
}

#[test]
fn retry_after_only_lengthens_the_wait() {
    let setup = Setup::new();
    let world = Arc::clone(&setup.world);
    let wechat = WeChat::start(&setup.authority, world, true, clock()).expect("a sandbox");
    wechat.know(Person::new("sid", "张三"));
    let scripted = Scripted::start(&setup.authority, move |count, request| match count {
        1 => Reply::Answer(busy(503, "1")),
        _ => wechat.answer(request),
    });
    let lookup = setup.at(scripted.server.url()).lookup();
    let clock = clock();
    let began = clock.now().moment;
    assert_eq!(lookup.name("sid").as_deref(), Ok("张三"));
    assert!(clock.now().moment.since(began) >= Duration::from_secs(1));
}

#[test]
fn no_date_that_somebody_answers_makes_later_answers_look_stale() {
    for date in [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sun, 25 Nov 2046 00:00:00 GMT",
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "Sat, 25 Nov 2034 00:00:00 GMT",
        "+292277026596-12-04",
    ] {
        let setup = Setup::new();
        let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), true, clock()).expect("a sandbox");
        wechat.know(Person::new("sid", "张三"));
        let scripted = Scripted::start(&setup.authority, move |_, request| match request.target.contains("bad") {
            true => {
                let mut answer = Answer::json(401, &json!({ "code": "SIGN_ERROR" }));
                answer.headers.push(("Date".to_owned(), date.to_owned()));
                Reply::Answer(answer)
            }
            false => wechat.answer(request),
        });
        let lookup = setup.at(scripted.server.url()).lookup();
        assert!(matches!(lookup.name("bad"), Err(Code::N322 | Code::C106)), "{date}");
        assert!(scripted.count() <= 2, "{date}");
        assert_eq!(lookup.name("sid").as_deref(), Ok("张三"), "{date}");
        assert_eq!(lookup.inner.clock().offset(), 0, "{date}");
    }
}

#[test]
fn an_offset_that_a_good_answer_contradicts_is_dropped_and_each_change_is_told_once() {
    let ahead = 7200;
    let setup = Setup { clock: skewed(-ahead), ..Setup::new() };
    let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), true, clock()).expect("a sandbox");
    wechat.know(Person::new("sid", "张三"));
    let (world, body) = (Arc::clone(&setup.world), json!({ "union_id": "u" }));
    let scripted = Scripted::start(&setup.authority, move |_, request| match request.target.contains("set") {
        // Signed under the clock that the board itself has.
        true => Reply::Answer(signed(&world, seconds() - ahead, "nonce-of-a-set-clock", &body)),
        false => wechat.answer(request),
    });
    let lookup = setup.at(scripted.server.url()).lookup();
    assert_eq!(lookup.name("sid").as_deref(), Ok("张三"));
    let learnt = lookup.inner.clock().news().expect("news");
    assert!((learnt - ahead).saturating_abs() < 5, "{learnt}");
    assert_eq!(lookup.inner.clock().news(), None);
    assert_eq!(lookup.name("set"), Err(Code::N325), "verified, and without a name");
    assert_eq!((lookup.inner.clock().offset(), lookup.inner.clock().news()), (0, Some(0)));
}

#[test]
fn a_wrong_clock_is_told_in_the_log_once() {
    let sandbox = Sandbox::new();
    let authority = Authority::new().expect("an authority");
    let wechat = WeChat::start(&authority, Arc::clone(&sandbox.world), true, skewed(7200)).expect("a sandbox");
    ask_instead(&sandbox, &authority, &wechat.url());
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    for sid in ["sid-1", "sid-2"] {
        wechat.know(Person::new(sid, "张三"));
        terminal.face(sid, true).expect("sent");
        let outcome = terminal.receive_type("outcome").expect("an outcome");
        assert!(outcome["code"].is_null(), "{outcome}");
    }
    let log = daemon.log();
    assert_eq!(log.matches("C106").count(), 1, "{log}");
}

#[test]
fn a_clock_beyond_all_reckoning_costs_no_more_than_the_answer() {
    for skew in [i64::MIN / 2000, -3_000_000_000, 400_000_000_000, i64::MAX / 2000] {
        let setup = Setup { clock: skewed(skew), ..Setup::new() };
        let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), true, clock()).expect("a sandbox");
        wechat.know(Person::new("sid", "张三"));
        // TLS may refuse such a clock; what matters is that there is an answer at all.
        let _ = setup.at(wechat.url()).lookup().name("sid");
    }
}
