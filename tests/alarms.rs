//! Alarms: each is told once when it begins and once when it ends, to a webhook and to syslog over TLS, and waits for them
//! where they are away.

use std::{
    collections::BTreeSet,
    io::Read as _,
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use facemchd::{
    alarm::Kind,
    sim::{
        people::Person,
        server::{Answer, Authority, Reply, Server},
    },
};
use hmac::{Hmac, Mac as _};
use rustix::process::Signal;
use rustls::{ServerConnection, StreamOwned};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    bench_board::build,
    client_certificates::issuer,
    faults::certificate,
    program::expect,
    running::{Sandbox, program_of_a_disk_that_fills, run},
    support::tls,
};

const KEY: &str = "a key of the alarms";

/// What a collector was told.
type Told = Arc<Mutex<Vec<String>>>;

/// A collector of RFC 5425; what it got, and its authority.
fn syslog() -> (Told, u16, String) {
    let (authority, told) = (issuer(), Told::default());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let config = Arc::new(tls::config(&authority, rustls::ALL_VERSIONS, None));
    let heard = Arc::clone(&told);
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut bytes = Vec::new();
            let _ = StreamOwned::new(connection, socket).read_to_end(&mut bytes);
            let mut text = String::from_utf8(bytes).expect("UTF-8");
            while let Some((length, rest)) = text.split_once(' ') {
                let length: usize = length.parse().expect("a length");
                heard.lock().expect("not poisoned").push(rest[..length].to_owned());
                text = rest[length..].to_owned();
            }
        }
    });
    (told, port, authority.as_ref().pem())
}

/// A webhook; what it was posted, each once proven to be ours.
fn webhook(authority: &Authority) -> (Told, Server) {
    let told = Told::default();
    let heard = Arc::clone(&told);
    let server = Server::start(
        authority,
        Arc::new(move |request| {
            let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("any length");
            mac.update(format!("{}\n", request.header("x-facemchd-timestamp")).as_bytes());
            mac.update(&request.body);
            let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(request.header("x-facemchd-signature"), format!("sha256={hex}"));
            heard.lock().expect("not poisoned").push(String::from_utf8(request.body.clone()).expect("UTF-8"));
            Reply::Answer(Answer::json(200, &json!({})))
        }),
    );
    (told, server.expect("a server"))
}

fn events(told: &Told) -> Vec<(String, String, Value)> {
    let told = told.lock().expect("not poisoned").clone();
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let posts = told.iter().map(|post| serde_json::from_str::<Value>(post).expect("JSON"));
    posts.map(|post| (word(&post["event"]), word(&post["code"]), post)).collect()
}

/// Waits up to twenty seconds.
fn soon<T>(look: impl Fn() -> T, is: impl Fn(&T) -> bool) -> T {
    for _ in 0..400 {
        let seen = look();
        if is(&seen) {
            return seen;
        }
        thread::sleep(Duration::from_millis(50));
    }
    look()
}

#[test]
fn each_kind_of_fault_reaches_webhook_and_syslog_once_when_it_begins_and_once_when_it_ends() {
    let sandbox = Sandbox::new();
    // A full disk keeps nothing but the journal from being written here.
    let light =
        |name| format!("{name} = {{ wire = {{ file = \"{}\" }} }}\n", sandbox.path("bench").join(name).display());
    let lights = ["green", "red", "amber", "buzzer"].map(light);
    let without: Vec<(&str, &str)> = lights.iter().map(|light| (light.as_str(), "")).collect();
    let printer = build(&sandbox, &[vec![("[indicators]\n", "")], without].concat());
    sandbox.edit("panel = \"board\"\nprinter", "panel = \"terminal\"\nprinter");
    let ((lines, port, pem), (posts, hook)) = (syslog(), webhook(&sandbox.authority));
    std::fs::write(sandbox.path("alarms-ca.pem"), format!("{pem}\n{}", sandbox.authority.pem())).expect("written");
    facemchd::sim::keys::write_private(&sandbox.path("alarms.key"), KEY.as_bytes()).expect("written");
    sandbox.edit(
        "[checkin]",
        &format!(
            "[alarms]\nwebhook = \"{}/alarms\"\nhmac-key = \"alarms.key\"\nsyslog = \"localhost:{port}\"\n\
             ca-file = \"alarms-ca.pem\"\n\n[checkin]",
            hook.url()
        ),
    );
    // Nobody comes twice: whom the daemon knows it does not ask about.
    for sid in ["sid-1", "sid-3", "sid-4", "sid-5", "sid-6", "sid-7"] {
        expect(&sandbox, &Person::new(sid, "张三丰"));
    }
    let _kept = certificate(&sandbox, 7);
    let daemon = sandbox.start_as(program_of_a_disk_that_fills());
    let face = |sid: &str| {
        let mut terminal = sandbox.terminal(0);
        terminal.face(sid, true).expect("sent");
        terminal.receive_type("outcome").unwrap_or_else(|error| panic!("{sid}: {error} {}", daemon.log()));
    };
    let mut seen: BTreeSet<(Kind, String)> = BTreeSet::new();
    let mut next = |event: &str, kind: Kind, code: Option<&str>| {
        seen.insert((kind, event.to_owned()));
        let wanted = seen.len();
        let (posts, lines) = soon(
            || (events(&posts), lines.lock().expect("not poisoned").clone()),
            |(posts, lines)| posts.len() >= wanted && lines.len() >= wanted,
        );
        assert_eq!((posts.len(), lines.len()), (wanted, wanted), "{posts:?} {lines:?} {}", daemon.log());
        let ((begins, told, post), line) = (&posts[wanted - 1], &lines[wanted - 1]);
        assert_eq!((begins.as_str(), &post["kind"]), (event, &json!(kind.as_str())), "{post}");
        assert!(code.is_none_or(|code| code == told), "{post}");
        let head = if event == "begin" { "<131>1 2" } else { "<133>1 2" };
        let data = format!("event=\"{event}\" code=\"{told}\" kind=\"{}\"", kind.as_str());
        assert!(line.starts_with(head) && line.contains(&data), "{line}");
        post.clone()
    };
    // A certificate that ends next week, and the next one.
    let begun = next("begin", Kind::Certificate, Some("K407"));
    assert!([6, 7].map(|days| json!(days)).contains(&begun["days"]), "{begun}");
    let line = lines.lock().expect("not poisoned")[0].clone();
    assert!(line.contains(&format!(" days=\"{}\"]", begun["days"])), "{line}");
    let _kept = certificate(&sandbox, 364);
    daemon.signal(Signal::HUP);
    next("end", Kind::Certificate, Some("K407"));
    // Paper.
    printer.set_paper(0);
    face("sid-1");
    let paper = next("begin", Kind::Paper, Some("P702"));
    assert_eq!((&paper["lane"], &paper["days"]), (&json!("kiosk-1"), &Value::Null));
    printer.refill();
    next("end", Kind::Paper, Some("P702"));
    // The network, while the webhook is away, too: it hears of it when it is back.
    hook.set_online(false);
    sandbox.wechat.set_online(false);
    face("sid-2");
    let heard = soon(|| lines.lock().expect("not poisoned").len(), |lines| *lines >= 5);
    assert_eq!((heard, events(&posts).len()), (5, 4));
    let untaken = |word: &str| {
        let count =
            |log: &str| log.lines().filter(|line| line.contains("alarms are not taken") && line.contains(word)).count();
        soon(|| count(&daemon.log()), |lines| *lines > 0)
    };
    assert_eq!(untaken(" code=N330 "), 1, "{}", daemon.log());
    let status =
        || String::from_utf8_lossy(&run(&["status", "--json", "--config", sandbox.site()]).stdout).into_owned();
    assert!(status().contains("{\"code\":\"N330\",\"of\":\"alarms\""), "{}", status());
    hook.set_online(true);
    next("begin", Kind::Network, None);
    assert_eq!(untaken("no longer"), 1, "{}", daemon.log());
    assert!(!status().contains("N330"), "{}", status());
    sandbox.wechat.set_online(true);
    face("sid-4");
    next("end", Kind::Network, None);
    // The hospital's system.
    sandbox.hospital.set_online(false);
    face("sid-3");
    next("begin", Kind::Site, None);
    sandbox.hospital.set_online(true);
    face("sid-5");
    next("end", Kind::Site, None);
    // A device.
    printer.set_cover(true);
    next("begin", Kind::Device, Some("P703"));
    printer.set_cover(false);
    next("end", Kind::Device, Some("P703"));
    // The disk is full, and is not.
    daemon.may_write(false);
    face("sid-6");
    next("begin", Kind::Machine, Some("J502"));
    daemon.may_write(true);
    face("sid-7");
    next("end", Kind::Machine, Some("J502"));
    let both = |kind| ["begin", "end"].map(|event: &str| (kind, event.to_owned()));
    assert_eq!(seen, Kind::ALL.into_iter().flat_map(both).collect(), "a kind that nobody tried");
    let posts = events(&posts);
    let ids: BTreeSet<String> = posts.iter().map(|(_, _, post)| post["id"].to_string()).collect();
    assert_eq!(ids.len(), posts.len());
    let told = format!("{posts:?}{lines:?}");
    assert!(!["张三丰", "sid-1", "A001"].iter().any(|secret| told.contains(secret)), "{told}");
    assert_eq!(daemon.stop(), Some(0));
}
