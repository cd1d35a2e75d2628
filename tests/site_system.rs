//! The conversation with the site's system: every answer it can give, and every way it can fail to.

use std::{sync::Arc, time::Duration};

use facemchd::{
    checkin::{CheckIn, Http, Reach, Request},
    fault::Code,
    http::Client,
    sim::server::{Answer, Reply},
    words::{
        Admission, CheckInAnswer, Choice, Deadline, Hindrance, Purpose, Resolution, SessionId, Text, Visit, WallTime,
        When,
    },
};
use serde_json::{Value, json};

use crate::{
    core::person,
    devices::wait_for,
    lookups::{Scripted, Setup, nobody},
};

pub const PATIENCE: Duration = Duration::from_secs(5);

pub fn adapter(setup: &Setup, url: String) -> Http {
    let key = setup.keys.write("checkin.hmac", "secret\n");
    let client = Client::open(&setup.http, Arc::clone(&setup.clock)).expect("a client");
    Http::open(url, Some(&key), 8 * 3600, client, Arc::clone(&setup.clock)).expect("an adapter")
}

pub fn request() -> Request {
    Request {
        session: SessionId { run: 1, serial: 7 },
        lane: "kiosk-1".to_owned(),
        purpose: Purpose::Hospital,
        series: "A".to_owned(),
        identity: person("张三丰"),
        choice: None,
        person: None,
        at: WallTime(1_700_000_000_000).into(),
    }
}

/// What is made of an answer with this status and body.
fn told(status: u16, body: &Value) -> (CheckInAnswer, Resolution) {
    let setup = Setup::new();
    let answer = Answer::json(status, body);
    let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(answer.clone()));
    let adapter = adapter(&setup, scripted.server.url());
    (asked(&adapter, setup.within(PATIENCE)), resolved(&adapter, setup.within(PATIENCE)))
}

/// As the core is told.
fn asked(adapter: &impl CheckIn, deadline: Deadline) -> CheckInAnswer {
    adapter.check_in(&request(), deadline).unwrap_or_else(|undecided| undecided.answer())
}

fn resolved(adapter: &Http, deadline: Deadline) -> Resolution {
    adapter.resolve(request().session, deadline).unwrap_or_else(|failure| Resolution::CannotSay(failure.code()))
}

#[test]
fn every_word_of_the_schema_is_an_answer() {
    let text = |text: &str| Text::clean(text);
    let admission = Admission {
        number: Some(text("A036")),
        place: Some(text("3楼")),
        notes: vec![text("请稍候")],
        qr: Some(text("https://x/1")),
        ..Admission::default()
    };
    for (body, wanted) in [
        (
            json!({ "answer": "admitted", "number": "A036", "place": "3楼", "notes": ["请稍候"], "qr": "https://x/1", "new": 1 }),
            CheckInAnswer::Admitted(admission),
        ),
        (json!({ "answer": "already" }), CheckInAnswer::Already(Admission::default())),
        (
            json!({ "answer": "re_queued", "number": "A041", "ahead": 3, "now": "A038" }),
            CheckInAnswer::ReQueued(Admission {
                number: Some(text("A041")),
                visit: Arc::new(Visit { ahead: Some(3), now: Some(text("A038")), ..Visit::default() }),
                ..Admission::default()
            }),
        ),
        (
            json!({ "answer": "choose", "options": [{ "id": "1 ", "label": "内科" }] }),
            CheckInAnswer::Choose(vec![Choice { id: Text::payload("1 ").expect("kept"), label: text("内科") }]),
        ),
        (json!({ "answer": "not_found" }), CheckInAnswer::NotFound),
        (json!({ "answer": "too_early", "from": "10:30" }), CheckInAnswer::TooEarly(Some(When::Said(text("10:30"))))),
        (json!({ "answer": "too_late" }), CheckInAnswer::TooLate(None)),
        (json!({ "answer": "refused", "cause": "DoctorAway" }), CheckInAnswer::Hindered(Hindrance::DoctorAway)),
        (json!({ "answer": "refused", "cause": "weather" }), CheckInAnswer::Refused(None)),
        (
            json!({ "answer": "refused", "reason": "请先\n缴费\u{202E}" }),
            CheckInAnswer::Refused(Some(text("请先 缴费"))),
        ),
        (json!({ "answer": "unavailable" }), CheckInAnswer::Unavailable(Code::H901.into())),
    ] {
        assert_eq!(told(200, &body), (wanted.clone(), Resolution::Decided(wanted)), "{body}");
    }
}

#[test]
fn an_answer_that_is_none_leaves_it_unknown() {
    for body in [
        json!({ "answer": "hello" }),
        json!({}),
        json!([]),
        json!([{ "answer": "admitted" }, { "answer": "refused" }]),
        json!({ "answer": null, "number": "A001" }),
        json!({ "answer": "choose", "options": [{ "id": "", "label": "x" }] }),
        json!({ "answer": "choose", "options": null }),
    ] {
        let unknown = (CheckInAnswer::Unknown(Code::H902), Resolution::CannotSay(Code::H902));
        assert_eq!(told(200, &body), unknown, "{body}");
    }
}

#[test]
fn every_status_of_post_get_and_delete_means_what_the_readme_says() {
    let setup = Setup::new();
    let status = Arc::new(std::sync::atomic::AtomicU16::new(0));
    let told = Arc::clone(&status);
    let scripted = Scripted::start(&setup.authority, move |_, _| {
        let status = told.load(std::sync::atomic::Ordering::SeqCst);
        Reply::Answer(Answer::json(status, &json!({ "answer": "already" })))
    });
    let adapter = adapter(&setup, scripted.server.url());
    for number in (200..=207).chain(300..=308).chain(400..=431).chain([451, 499]).chain(500..=511).chain([520, 599]) {
        status.store(number, std::sync::atomic::Ordering::SeqCst);
        let answer = asked(&adapter, setup.within(PATIENCE));
        let resolution = resolved(&adapter, setup.within(PATIENCE));
        let annulled = adapter.annul(request().session, setup.within(PATIENCE)).map_err(|failure| failure.code());
        let already = CheckInAnswer::Already(Admission::default());
        let unavailable = |code: Code| CheckInAnswer::Unavailable(code.into());
        let wanted = match number {
            // These have no body, by the protocol.
            204 | 205 | 304 => continue,
            200..300 => (already.clone(), Resolution::Decided(already), Ok(())),
            401 | 403 => (unavailable(Code::H903), Resolution::CannotSay(Code::H903), Err(Code::H903)),
            404 => (CheckInAnswer::Unknown(Code::H902), Resolution::NotThere, Ok(())),
            410 => (CheckInAnswer::Unknown(Code::H902), Resolution::CannotSay(Code::H902), Ok(())),
            429 | 503 => (unavailable(Code::H901), Resolution::CannotSay(Code::H901), Err(Code::H901)),
            300..500 => (CheckInAnswer::Unknown(Code::H902), Resolution::CannotSay(Code::H902), Err(Code::H902)),
            _ => (CheckInAnswer::Unknown(Code::H905), Resolution::CannotSay(Code::H901), Err(Code::H901)),
        };
        assert_eq!((answer, resolution, annulled), wanted, "{number}");
    }
}

#[test]
fn a_system_that_is_gone_is_unavailable_and_one_that_falls_silent_unknown() {
    let setup = Setup::new();
    let gone = adapter(&setup, format!("https://{}", nobody()));
    assert_eq!(asked(&gone, setup.within(PATIENCE)), CheckInAnswer::Unavailable(Code::H901.into()));
    assert_eq!(resolved(&gone, setup.within(PATIENCE)), Resolution::CannotSay(Code::H901));
    let scripted = Scripted::start(&setup.authority, |_, _| Reply::Drop);
    let silent = adapter(&setup, scripted.server.url());
    assert_eq!(asked(&silent, setup.within(PATIENCE)), CheckInAnswer::Unknown(Code::H905));
    let slow = Answer { after: Duration::from_secs(3), ..Answer::json(200, &json!({ "answer": "not_found" })) };
    let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(slow.clone()));
    let slow = adapter(&setup, scripted.server.url());
    assert_eq!(asked(&slow, setup.within(Duration::from_millis(300))), CheckInAnswer::Unknown(Code::H905));
}

#[test]
fn a_question_says_who_and_what_and_a_resolve_says_neither() {
    let setup = Setup::new();
    let bodies = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&bodies);
    let scripted = Scripted::start(&setup.authority, move |_, request| {
        seen.lock().expect("not poisoned").push(request.body.clone());
        Reply::Answer(Answer::json(404, &json!({})))
    });
    let adapter = adapter(&setup, format!("{}/kiosk", scripted.server.url()));
    asked(&adapter, setup.within(PATIENCE));
    resolved(&adapter, setup.within(PATIENCE));
    let bodies = bodies.lock().expect("not poisoned");
    let question: Value = serde_json::from_slice(&bodies[0]).expect("JSON");
    assert_eq!(
        question,
        json!({
            "session": "0000000000000001-0007", "lane": "kiosk-1", "mode": "hospital", "series": "A",
            "at": "2023-11-15T06:13:20+08:00",
            "person": {
                "name": "张三丰", "credential_type": 1, "credential_id": "11010519491231002X", "union_id": "oUnion",
            },
        })
    );
    assert!(bodies[1].is_empty());
    let requests = scripted.requests.lock().expect("not poisoned");
    assert_eq!(requests[0].target, "/kiosk/check-ins");
    assert_eq!(requests[0].header("idempotency-key"), "0000000000000001-0007");
    assert_eq!(requests[1].target, "/kiosk/check-ins/0000000000000001-0007");
    assert!(requests.iter().all(|request| request.header("x-facemchd-signature").len() == 7 + 64));
}

#[test]
fn after_five_connections_that_reached_nobody_people_are_sent_on_at_once_until_it_is_back() {
    let setup = Setup::new();
    let answer = Answer::json(200, &json!({ "answer": "already" }));
    let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(answer.clone()));
    let adapter = Reach::over(adapter(&setup, scripted.server.url()), Arc::clone(&setup.clock));
    scripted.server.set_online(false);
    let undecided = || adapter.check_in(&request(), setup.within(PATIENCE)).expect_err("nobody is there");
    for _ in 0..5 {
        assert!(!undecided().failure.chain().contains("looked for"));
        assert!(!adapter.is_to_be_looked_for());
    }
    let sixth = undecided();
    assert_eq!((sixth.failure.code(), sixth.perhaps), (Code::H901, false));
    assert!(sixth.failure.chain().contains("it is looked for every 5 s"), "{}", sixth.failure.chain());
    assert!(adapter.look_for(setup.within(PATIENCE)).is_err());
    assert!(undecided().failure.chain().contains("looked for"), "it is not back");
    scripted.server.set_online(true);
    let look = || {
        let _ = adapter.look_for(setup.within(PATIENCE));
        asked(&adapter, setup.within(PATIENCE))
    };
    let back = CheckInAnswer::Already(Admission::default());
    assert_eq!(wait_for(look, |answer| *answer == back), back);
}
