//! Others may be slow: it costs nobody more than their own patience, never another person's, and never the service.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    sync::Arc,
    thread,
    time::Duration,
};

use facemchd::{
    fault::Code,
    identity::weixin::TokenSource,
    sim::{
        people::Person,
        server::{Answer, Reply},
        site_file::LANES,
        weixin::Weixin,
    },
    words::Deadline,
};
use rustix::net::{AddressFamily, SocketType};
use serde_json::{Value, json};

use crate::{
    lookups::{Scripted, Setup, clock},
    running::Sandbox,
    weixin,
};

/// A server that takes every connection and never says a word.
fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let taken: Vec<_> = listener.incoming().take(64).collect();
        thread::park();
        drop(taken);
    });
    address
}

fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// Eight people whose token comes from `source`, each with this patience; how each ended, and how long all took.
fn eight_wait_for(
    source: TokenSource,
    setup: &Setup,
    sandbox: &Weixin,
    patience: Duration,
) -> (Vec<Result<(), Code>>, Duration) {
    let calls = Arc::new(weixin::client(setup, sandbox.url(), source));
    let clock = Arc::clone(&setup.clock);
    let began = clock.now().moment;
    let people: Vec<_> = (0..8)
        .map(|_| {
            let (calls, clock) = (Arc::clone(&calls), Arc::clone(&clock));
            thread::spawn(move || {
                let deadline = Deadline::from_now(&*clock, patience);
                calls.weixin.categories(deadline).map(|_| ()).map_err(|error| error.code())
            })
        })
        .collect();
    let ends = people.into_iter().map(|person| person.join().expect("ended")).collect();
    (ends, clock.now().moment.since(began))
}

#[test]
fn a_token_service_that_is_silent_keeps_each_no_longer_than_their_own_patience() {
    let setup = Setup::new();
    let url = format!("https://{}", silent());
    let (ends, took) =
        eight_wait_for(TokenSource::CentralUrl(url), &setup, &weixin::sandbox(&setup), milliseconds(700));
    assert_eq!(ends, vec![Err(Code::W114); 8]);
    assert!(took < milliseconds(1500), "{took:?}");
}

#[test]
fn a_token_service_that_is_slow_is_asked_once_for_all_who_wait() {
    let setup = Setup::new();
    let sandbox = weixin::sandbox(&setup);
    let token = sandbox.token();
    let central = Scripted::start(&setup.authority, move |_, _| {
        let body = json!({ "access_token": token, "expires_in": "7200", "more": null });
        Reply::Answer(Answer { after: milliseconds(600), ..Answer::json(200, &body) })
    });
    let source = TokenSource::CentralUrl(central.server.url());
    let (ends, took) = eight_wait_for(source, &setup, &sandbox, milliseconds(4000));
    assert_eq!(ends, vec![Ok(()); 8]);
    assert!(central.count() == 1 && took < milliseconds(3000), "{} {took:?}", central.count());
}

#[test]
fn whoever_has_time_left_goes_on_where_another_had_none() {
    let setup = Setup::new();
    let sandbox = weixin::sandbox(&setup);
    let token = sandbox.token();
    let central = Scripted::start(&setup.authority, move |count, _| {
        let after = if count == 1 { milliseconds(3000) } else { Duration::ZERO };
        Reply::Answer(Answer { after, ..Answer::json(200, &json!({ "access_token": token })) })
    });
    let source = TokenSource::CentralUrl(central.server.url());
    let calls = Arc::new(weixin::client(&setup, sandbox.url(), source));
    let (hurried, clock) = (Arc::clone(&calls), Arc::clone(&setup.clock));
    let first = thread::spawn(move || {
        let deadline = Deadline::from_now(&*clock, milliseconds(500));
        hurried.weixin.categories(deadline).map(|_| ()).map_err(|error| error.code())
    });
    thread::sleep(milliseconds(100));
    assert!(calls.categories().is_ok(), "asked again, with its own time");
    assert_eq!(first.join().expect("ended"), Err(Code::W114));
}

#[test]
fn a_pipe_in_a_tokens_place_keeps_nobody_waiting() {
    let setup = Setup::new();
    let fifo = setup.keys.path("token.fifo");
    crate::support::files::fifo(&fifo);
    let (ends, took) =
        eight_wait_for(TokenSource::File(fifo.into()), &setup, &weixin::sandbox(&setup), milliseconds(4000));
    assert_eq!(ends, vec![Err(Code::W103); 8]);
    assert!(took < milliseconds(1000), "{took:?}");
}

#[test]
fn a_slow_token_service_and_a_slow_authinfo_cost_their_own_asker_alone() {
    let sandbox = Sandbox::new();
    let silent = silent();
    sandbox.edit(
        "token = { stable-token = \"keys/weixin.secret\" }",
        &format!("token = {{ central-url = \"https://{silent}\" }}"),
    );
    let text = fs::read_to_string(&sandbox.site).expect("readable");
    let (before, after) = text.split_once("[authinfo]\nbase-url = \"").expect("there");
    let (_, after) = after.split_once('"').expect("quoted");
    let text = format!("{before}[authinfo]\nbase-url = \"https://{silent}\"{after}");
    // Four sessions queue for two threads: whoever began the whole patience again would outlast every limit.
    fs::write(&sandbox.site, text.replace("[wechatpay]\n", "[wechatpay]\npatience-ms = 1500\n")).expect("written");
    sandbox.wechat.know(Person::new("sid", "张三"));
    let mut daemon = sandbox.start();
    let [mut kiosk, mut gate] = [sandbox.terminal(0), sandbox.terminal(1)];
    assert_eq!(LANES.len(), 2);
    for number in 0..4 {
        let wanted = json!({ "rawdata": "rawdata-of-a-terminal", "device_id": format!("SN-{number}"), "fresh": true });
        gate.send("authinfo-request", &wanted).expect("sent");
    }
    let clock = clock();
    let began = clock.now().moment;
    kiosk.face("sid", true).expect("sent");
    let outcome = kiosk.receive_type("outcome").expect("an outcome");
    assert!(outcome["code"].is_null(), "{outcome}");
    assert!(clock.now().moment.since(began) < milliseconds(1200), "nobody waits for errands");
    for number in 0..4 {
        let granted: Value = gate.receive_type("authinfo").expect("answered");
        assert!(["N301", "N304"].contains(&granted["code"].as_str().expect("a code")), "{number}: {granted}");
    }
    assert!(clock.now().moment.since(began) < milliseconds(3000), "each had one patience, from when it asked");
    kiosk.send("realname-auth", &json!({ "auth_token": "t-1" })).expect("sent");
    let outcome = kiosk.receive_type("outcome").expect("an outcome");
    assert!(["W114", "N304"].contains(&outcome["code"].as_str().expect("a code")), "{outcome}");
    assert!(daemon.child.try_wait().expect("known").is_none(), "{}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
}

/// An address at which nobody takes a connection, and nobody refuses one: what comes is dropped, as in a network that is
/// not there. The queue behind it is full.
fn swallowing() -> (OwnedFd, Vec<TcpStream>, SocketAddr) {
    let listener = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    rustix::net::bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    rustix::net::listen(&listener, 0).expect("listens");
    let address = SocketAddr::try_from(rustix::net::getsockname(&listener).expect("bound")).expect("an address");
    let queued = std::iter::from_fn(|| TcpStream::connect_timeout(&address, milliseconds(300)).ok()).collect();
    (listener, queued, address)
}

#[test]
fn a_network_that_swallows_the_site_costs_five_people_their_patience_and_nobody_after_them() {
    const PATIENCE: Duration = Duration::from_secs(3);
    let sandbox = Sandbox::new();
    let (_listener, _queued, nowhere) = swallowing();
    let text = fs::read_to_string(&sandbox.site).expect("readable");
    let (before, after) = text.split_once("adapter = \"http\"\nurl = \"").expect("there");
    let (_, after) = after.split_once('"').expect("quoted");
    let site = format!("adapter = \"http\"\npatience-ms = {}\nurl = \"https://{nowhere}\"", PATIENCE.as_millis());
    fs::write(&sandbox.site, format!("{before}{site}{after}")).expect("written");
    let daemon = sandbox.start();
    let clock = clock();
    let comes = |number: usize| {
        let sid = format!("sid-{number}");
        sandbox.wechat.know(Person::new(&sid, "张三"));
        let mut kiosk = sandbox.terminal(0);
        let began = clock.now().moment;
        kiosk.face(&sid, true).expect("sent");
        let code = kiosk.receive_type("outcome").expect("an outcome")["code"].clone();
        (code, clock.now().moment.since(began))
    };
    for number in 0..5 {
        let (code, took) = comes(number);
        // Whoever waits is told at the same moment at which the connection is given up.
        assert!((code == "H901" || code == "H904") && took > PATIENCE / 2, "{number}: {code} {took:?}");
    }
    let took: Vec<Duration> = (5..8)
        .map(|number| {
            let (code, took) = comes(number);
            assert_eq!(code, "H901", "{}", daemon.log());
            took
        })
        .collect();
    println!("people who come then see the next step within {took:?}");
    // What is promised is one second; the machine that tests may be busy.
    assert!(took.iter().all(|took| *took < PATIENCE / 2), "{took:?}");
    assert_eq!(daemon.stop(), Some(0));
}
