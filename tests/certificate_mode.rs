//! Without WeChat's public key: platform certificates are downloaded over the same road, by the same rules, as people
//! are asked about.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use facemchd::{
    fault::Code,
    sim::{
        people::Person,
        server::{Answer, Reply, Request},
        wechat::WeChat,
    },
};
use serde_json::json;

use crate::lookups::{Lookup, Scripted, Setup, clock, nobody, seconds, signed, skewed};

const CERTIFICATES: &str = "/v3/certificates";

/// WeChat with certificates, and a twin before it that answers the first downloads, by their number, in its own way.
struct Cold {
    scripted: Scripted,
    downloads: Arc<AtomicUsize>,
    setup: Setup,
}

fn cold(stumble: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static) -> Cold {
    let setup = Setup::new().with_certificates();
    let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), false, clock()).expect("a sandbox");
    for number in 0..8 {
        wechat.know(Person::new(&format!("sid-{number}"), "张三"));
    }
    let downloads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&downloads);
    let scripted = Scripted::start(&setup.authority, move |_, request: &Request| {
        let stumbles = request.target == CERTIFICATES;
        let stumble = if stumbles { stumble(counted.fetch_add(1, Ordering::SeqCst)) } else { None };
        stumble.unwrap_or_else(|| wechat.answer(request))
    });
    Cold { scripted, downloads, setup }
}

impl Cold {
    fn lookup(self) -> (Lookup, Arc<AtomicUsize>, Scripted) {
        (self.setup.at(self.scripted.server.url()).lookup(), self.downloads, self.scripted)
    }
}

fn busy(status: u16) -> Reply {
    Reply::Answer(Answer::json(status, &json!({ "code": "SYSTEM_ERROR" })))
}

#[test]
fn one_stumble_of_the_first_download_costs_nobody() {
    let stumbles: [fn() -> Reply; 4] = [
        || Reply::Drop,
        || busy(503),
        || busy(429),
        || {
            let mut probe = Answer::json(200, &json!({ "data": [] }));
            probe.headers.push(("Wechatpay-Signature".to_owned(), "WECHATPAY/SIGNTEST/x".to_owned()));
            Reply::Answer(probe)
        },
    ];
    for stumble in stumbles {
        let (lookup, downloads, _scripted) = cold(move |number| (number == 0).then(stumble)).lookup();
        assert_eq!(lookup.name("sid-0").as_deref(), Ok("张三"));
        assert_eq!(downloads.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn a_download_that_failed_is_tried_again_by_the_next_person_and_its_cause_is_told() {
    let (lookup, downloads, _scripted) = cold(|number| (number < 4).then(|| busy(503))).lookup();
    assert_eq!(lookup.name("sid-0"), Err(Code::N324), "the cause, not N311");
    assert_eq!(downloads.load(Ordering::SeqCst), 4, "few tries");
    assert!(lookup.inner.maintain(lookup.deadline(Duration::from_secs(5))).is_ok());
    assert_eq!(lookup.name("sid-0").as_deref(), Ok("张三"), "and nobody is kept out for a minute");
}

#[test]
fn why_certificates_cannot_be_had_is_told_by_whatever_looks_for_them() {
    let (lookup, _, _scripted) = cold(|_| Some(busy(503))).lookup();
    let deadline = || lookup.deadline(Duration::from_millis(500));
    for told in [lookup.inner.maintain(deadline()), lookup.inner.warm(deadline())] {
        assert_eq!(told.expect_err("none").code(), Code::N324);
    }
}

#[test]
fn whoever_comes_while_certificates_are_downloaded_waits_for_them() {
    let slow = |number: usize| {
        (number == 0).then(|| {
            thread::sleep(Duration::from_millis(600));
            busy(503)
        })
    };
    let (lookup, downloads, _scripted) = cold(slow).lookup();
    let lookup = Arc::new(lookup);
    let people: Vec<_> = (0..8)
        .map(|number| {
            let lookup = Arc::clone(&lookup);
            thread::spawn(move || lookup.name(&format!("sid-{number}")))
        })
        .collect();
    for person in people {
        assert_eq!(person.join().expect("ended").as_deref(), Ok("张三"));
    }
    assert_eq!(downloads.load(Ordering::SeqCst), 2, "one download for all");
}

#[test]
fn a_download_that_never_ends_keeps_each_person_no_longer_than_their_own_patience() {
    let silent = |_| {
        thread::sleep(Duration::from_secs(3));
        Some(Reply::Drop)
    };
    let (lookup, ..) = cold(silent).lookup();
    let lookup = Arc::new(lookup);
    let clock = clock();
    let began = clock.now().moment;
    let people: Vec<_> = (0..8)
        .map(|number| {
            let lookup = Arc::clone(&lookup);
            thread::spawn(move || lookup.ask_within(&format!("sid-{number}"), Duration::from_millis(800)).err())
        })
        .collect();
    for person in people {
        assert_eq!(person.join().expect("ended"), Some(Code::N304));
    }
    assert!(clock.now().moment.since(began) < Duration::from_secs(2), "{:?}", clock.now().moment.since(began));
}

#[test]
fn a_board_whose_clock_is_wrong_serves_from_a_cold_start() {
    for skew in [-3600, -600, 600, 3600] {
        let setup = Setup { clock: skewed(skew), ..Setup::new().with_certificates() };
        let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), false, clock()).expect("a sandbox");
        wechat.know(Person::new("sid", "张三"));
        let lookup = setup.at(wechat.url()).lookup();
        assert_eq!(lookup.name("sid").as_deref(), Ok("张三"), "{skew}");
        assert_eq!(wechat.seen().refused, 1, "learnt once, with the certificates");
    }
}

#[test]
fn certificates_come_over_the_backup_domain_as_people_do() {
    let mut setup = Setup::new().with_certificates();
    let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), false, clock()).expect("a sandbox");
    wechat.know(Person::new("sid", "张三"));
    setup.settings.wechatpay.backup_url = Some(wechat.url());
    assert_eq!(setup.at(format!("https://{}", nobody())).lookup().name("sid").as_deref(), Ok("张三"));
}

#[test]
fn an_unknown_serial_downloads_once_a_minute_what_has_just_been_brought() {
    let setup = Setup::new().with_certificates();
    let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), false, clock()).expect("a sandbox");
    let downloads = Arc::new(AtomicUsize::new(0));
    let (counted, world) = (Arc::clone(&downloads), Arc::clone(&setup.world));
    let scripted = Scripted::start(&setup.authority, move |count, request| {
        if request.target == CERTIFICATES {
            counted.fetch_add(1, Ordering::SeqCst);
            return wechat.answer(request);
        }
        let mut answer = signed(&world, seconds(), &format!("nonce-{count}"), &json!({}));
        answer.headers.retain(|(name, _)| name != "Wechatpay-Serial");
        answer.headers.push(("Wechatpay-Serial".to_owned(), "1".repeat(40)));
        Reply::Answer(answer)
    });
    let lookup = setup.at(scripted.server.url()).lookup();
    for number in 0..5 {
        assert_eq!(lookup.name(&format!("sid-{number}")), Err(Code::N311));
    }
    assert_eq!(downloads.load(Ordering::SeqCst), 1);
}

#[test]
fn serial_numbers_are_compared_as_numbers() {
    let setup = Setup::new().with_certificates();
    let wechat = WeChat::start(&setup.authority, Arc::clone(&setup.world), false, clock()).expect("a sandbox");
    for number in 0..3 {
        wechat.know(Person::new(&format!("sid-{number}"), "张三"));
    }
    let forms: [fn(&str) -> String; 3] =
        [|serial| serial.to_ascii_lowercase(), |serial| format!("00{serial}"), |serial| format!("0{serial}")];
    let scripted = Scripted::start(&setup.authority, move |count, request| {
        let mut reply = wechat.answer(request);
        if let Reply::Answer(answer) = &mut reply {
            for (_, serial) in answer.headers.iter_mut().filter(|(name, _)| name == "Wechatpay-Serial") {
                *serial = forms[count % forms.len()](serial);
            }
        }
        reply
    });
    let lookup = setup.at(scripted.server.url()).lookup();
    for number in 0..3 {
        assert_eq!(lookup.name(&format!("sid-{number}")).as_deref(), Ok("张三"));
    }
}
