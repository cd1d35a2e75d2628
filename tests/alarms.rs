//! Alarms: each is told once when it begins and once when it ends, to a webhook and to syslog over TLS, and waits for them
//! where they are away.

use std::{
    io::Read as _,
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use facemchd::sim::{
    people::Person,
    server::{Answer, Authority, Reply, Server},
};
use hmac::{Hmac, Mac as _};
use rustls::{ServerConnection, StreamOwned};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    bench_board::build,
    client_certificates::issuer,
    program::expect,
    running::{Sandbox, run},
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
fn each_fault_reaches_webhook_and_syslog_once_when_it_begins_and_once_when_it_ends() {
    let sandbox = Sandbox::new();
    let printer = build(&sandbox, &[]);
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
    for sid in ["sid-1", "sid-3", "sid-4", "sid-5"] {
        expect(&sandbox, &Person::new(sid, "张三丰"));
    }
    let daemon = sandbox.start();
    let face = |sid: &str| {
        let mut terminal = sandbox.terminal(0);
        terminal.face(sid, true).expect("sent");
        terminal.receive_type("outcome").expect("an outcome");
    };
    let both = |wanted: usize| {
        let seen = soon(
            || (events(&posts), lines.lock().expect("not poisoned").clone()),
            |(posts, lines)| posts.len() >= wanted && lines.len() >= wanted,
        );
        assert_eq!((seen.0.len(), seen.1.len()), (wanted, wanted), "{seen:?}");
        seen
    };
    // Paper.
    printer.set_paper(0);
    face("sid-1");
    let (posts_now, lines_now) = both(1);
    let (event, code, post) = &posts_now[0];
    assert_eq!(
        (event.as_str(), code.as_str(), &post["kind"], &post["lane"]),
        ("begin", "P702", &json!("paper"), &json!("kiosk-1"))
    );
    assert!(
        lines_now[0].starts_with("<131>1 2") && lines_now[0].contains("code=\"P702\" kind=\"paper\""),
        "{lines_now:?}"
    );
    printer.refill();
    let (posts_now, lines_now) = both(2);
    assert_eq!((posts_now[1].0.as_str(), posts_now[1].1.as_str()), ("end", "P702"));
    assert!(lines_now[1].contains("event=\"end\"") && lines_now[1].starts_with("<133>1 "), "{lines_now:?}");
    // The network, while the webhook is away, too: it hears of it when it is back.
    hook.set_online(false);
    sandbox.wechat.set_online(false);
    face("sid-2");
    let heard = soon(|| lines.lock().expect("not poisoned").len(), |lines| *lines >= 3);
    assert_eq!((heard, events(&posts).len()), (3, 2));
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
    let (posts_now, _) = both(3);
    assert_eq!(untaken("no longer"), 1, "{}", daemon.log());
    assert!(!status().contains("N330"), "{}", status());
    assert_eq!((posts_now[2].0.as_str(), posts_now[2].2["kind"].as_str()), ("begin", Some("network")));
    sandbox.wechat.set_online(true);
    face("sid-4");
    let (posts_now, _) = both(4);
    assert_eq!(posts_now[3].0, "end");
    // The hospital's system.
    sandbox.hospital.set_online(false);
    face("sid-3");
    let (posts_now, _) = both(5);
    assert_eq!((posts_now[4].0.as_str(), posts_now[4].2["kind"].as_str()), ("begin", Some("site")));
    sandbox.hospital.set_online(true);
    face("sid-5");
    both(6);
    // A device.
    printer.set_cover(true);
    let (posts_now, lines_now) = both(7);
    let (event, code, post) = &posts_now[6];
    assert_eq!((event.as_str(), code.as_str(), &post["kind"]), ("begin", "P703", &json!("device")));
    assert!(lines_now[6].contains("code=\"P703\" kind=\"device\""), "{lines_now:?}");
    printer.set_cover(false);
    let (posts_now, _) = both(8);
    assert_eq!((posts_now[7].0.as_str(), posts_now[7].1.as_str()), ("end", "P703"));
    let ids: std::collections::BTreeSet<String> = posts_now.iter().map(|(_, _, post)| post["id"].to_string()).collect();
    assert_eq!(ids.len(), 8);
    let told = format!("{posts_now:?}{lines:?}");
    assert!(!["张三丰", "sid-1", "A001"].iter().any(|secret| told.contains(secret)), "{told}");
    assert_eq!(daemon.stop(), Some(0));
}
