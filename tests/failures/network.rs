//! Faults between here and WeChat, of its answers, and of the keys that both sides have.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
};

use facemchd::{
    fault::Code,
    sim::{
        people::{Behaviour, Person},
        server::{Answer, Authority, Reply, Server},
        wechat::WeChat,
    },
};
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rustix::process::Signal;
use serde_json::json;

use super::{FACE, NAME, Row, TOKEN, face_at, nobody, row};
use crate::{
    faults::{Kept, ask_instead, certificate, instead_of_wechat, key, nothing, page, said, write},
    lookups::{clock, skewed},
    running::{Daemon, Sandbox},
};

const KIOSK: &str = "kiosk-1";

pub fn rows() -> Vec<Row> {
    [wechat(), keys(), weixin()].into_iter().flatten().collect()
}

fn wechat() -> Vec<Row> {
    vec![
        row("nobody listens at WeChat's address", Code::N301, KIOSK, "connection refused").by(|s| {
            s.wechat.set_online(false);
            nothing()
        }),
        row("WeChat's name cannot be resolved", Code::N302, KIOSK, "cannot be resolved").by(|s| {
            let url = format!("base-url = \"{}\"\npublic", s.wechat.url());
            edit(s, &url, "base-url = \"https://wechat.invalid\"\npublic")
        }),
        row("something intercepts TLS", Code::N303, KIOSK, "nobody in ca-file issued").by(|s| {
            write(&key(s, "other.pem"), &Authority::new().expect("an authority").pem(), 0o644);
            let from = "wechatpay.pub.pem\"\nca-file = \"keys/ca.pem\"";
            edit(s, from, "wechatpay.pub.pem\"\nca-file = \"keys/other.pem\"")
        }),
        about("WeChat is slow", Code::N304, "did not answer in time", |s| {
            know(s, Behaviour::Slow(std::time::Duration::from_secs(7)));
            impatient(s)
        }),
        row("a captive portal answers", Code::N310, KIOSK, "not signed by WeChat").by(|s| instead_of_wechat(s, page)),
        row("a captive portal sends us elsewhere", Code::N305, KIOSK, "cannot be read")
            .by(|s| instead_of_wechat(s, || Answer { status: 302, ..page() })),
        row("the proxy is not there", Code::N306, KIOSK, "proxy")
            .by(|s| edit(s, "public-key-id =", "proxy = \"http://127.0.0.1:9\"\npublic-key-id =")),
        about("somebody else signs", Code::N310, "not signed by WeChat", |s| know(s, Behaviour::Forged)),
        row("public-key-id is another one", Code::N311, KIOSK, "unknown key").by(|s| {
            let id = said(s, "public-key-id");
            edit(s, &id, &format!("{}9", &id[..id.len() - 1]))
        }),
        about("an answer is an hour old", Code::N312, "within five minutes", |s| know(s, Behaviour::Stale)),
        row("an answer comes twice", Code::N313, KIOSK, "came twice").by(twice).when(|s, _| {
            face_at(s, 0, FACE);
            face_at(s, 0, "sid-secret-9");
        }),
        about("WeChat does not know the face any more", Code::N320, "this face", |s| know(s, Behaviour::Expired)),
        about("the permission is missing", Code::N321, "refuses permission", |s| know(s, Behaviour::NoPermission)),
        row("the permission is missing, and another answer will do", Code::N321, KIOSK, "refuses permission")
            .of_all()
            .by(|s| {
                know(s, Behaviour::NoPermission);
                let union = Person::new(FACE, NAME).union_id;
                s.hospital.book(&union, facemchd::sim::hospital::Booking::At("3".to_owned()));
                edit(s, "public-key-id =", "fallback-to-union-id = true\npublic-key-id =")
            }),
        row("what WeChat granted cannot be written down", Code::C103, KIOSK, "permission.json").of_all().by(|s| {
            fs::create_dir_all(s.path("state/permission.new")).expect("made");
            nothing()
        }),
        row("mchid is another merchant's", Code::N322, KIOSK, "our signature")
            .by(|s| edit(s, "mchid = \"1", "mchid = \"2")),
        row("WeChat asks us to slow down", Code::N323, KIOSK, "slow down").by(|s| {
            let kept = instead_of_wechat(s, || Answer::json(429, &json!({ "code": "FREQUENCY_LIMITED" })));
            impatient(s);
            kept
        }),
        row("WeChat has a fault", Code::N324, KIOSK, "request_id=\"0A\"").by(|s| {
            let kept = instead_of_wechat(s, || {
                let mut answer = Answer::json(500, &json!({ "code": "SYSTEM_ERROR" }));
                answer.headers.push(("Request-ID".to_owned(), "0A".to_owned()));
                answer
            });
            impatient(s);
            kept
        }),
        about("there is no real name", Code::N325, "no real name", |s| know(s, Behaviour::NoRealName)),
        row("WeChat grants the face terminal nothing", Code::N326, KIOSK, "refused: ")
            .by(|s| {
                write(&key(s, "apiv2.key"), &"Z".repeat(32), 0o600);
                nothing()
            })
            .when(|s, _| {
                let mut terminal = s.terminal(0);
                let wanted = json!({ "device_id": "d-1", "rawdata": "rawdata-rawdata", "store_id": "3" });
                terminal.send("authinfo-request", &wanted).expect("sent");
                let _ = terminal.receive();
            }),
        row("our clock is ten minutes slow", Code::C106, KIOSK, "seconds ahead").of_all().by(|s| known_at(s, 600)),
        row("a frame names nobody's merchant", Code::C107, KIOSK, "no merchant").when(|s, _| {
            let mut terminal = s.terminal(0);
            let face = json!({ "return_code": "SUCCESS", "face_sid": FACE, "consent": true, "merchant": "m-9" });
            terminal.send("face", &face).expect("sent");
            let _ = terminal.receive_type("outcome");
        }),
    ]
}

fn keys() -> Vec<Row> {
    vec![
        row("the site file is spoilt before a hangup", Code::C101, KIOSK, "site.toml:1: ").of_all().when(
            |s, daemon| {
                fs::write(&s.site, "board =\n").expect("written");
                daemon.signal(Signal::HUP);
            },
        ),
        row("the sign key is gone at a hangup", Code::K401, KIOSK, "sign.key.pem").of_all().when(|s, daemon| {
            fs::remove_file(key(s, "sign.key.pem")).expect("removed");
            daemon.signal(Signal::HUP);
        }),
        row("others may read the HMAC key at a hangup", Code::K402, KIOSK, "chmod 0600").of_all().when(|s, daemon| {
            fs::set_permissions(key(s, "checkin.hmac"), fs::Permissions::from_mode(0o644)).expect("set");
            daemon.signal(Signal::HUP);
        }),
        row("the sign key is short at a hangup", Code::K403, KIOSK, "1024 bits").of_all().when(|s, daemon| {
            let short = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, 1024).expect("a key");
            write(&key(s, "sign.key.pem"), &short.to_pkcs8_pem(LineEnding::LF).expect("PEM"), 0o600);
            daemon.signal(Signal::HUP);
        }),
        row("sign and decrypt key are swapped at a hangup", Code::K404, KIOSK, "does not belong").of_all().when(
            |s, daemon| {
                fs::copy(key(s, "decrypt.key.pem"), key(s, "sign.key.pem")).expect("copied");
                daemon.signal(Signal::HUP);
            },
        ),
        row("names are sealed for another key", Code::K405, KIOSK, "could not be opened").by(|s| {
            s.wechat.know_merchant(facemchd::sim::keys::numbers::SUB_MCHID, &s.world.provider.key);
            nothing()
        }),
        row("the APIv3 key is another", Code::K406, KIOSK, "APIv3 key").of_all().by(with_certificates).when(nobody),
        row("the merchant's certificate ends next week", Code::K407, KIOSK, "about to")
            .of_all()
            .by(|s| certificate(s, 7))
            .when(nobody),
    ]
}

/// The mini-program's calls: what weixin answers, and the code it comes to.
fn weixin() -> Vec<Row> {
    let told = |what, code, cause, inject| row(what, code, KIOSK, cause).by(inject).when(agrees);
    vec![
        told("the access token is refused again and again", Code::W101, "errcode 40001", |s| stumbles(s, 40001)),
        told("weixin does not know our address", Code::W102, "errcode 40164", |s| stumbles(s, 40164)),
        told("the app secret is another", Code::W103, "errcode 40125", |s| {
            write(&key(s, "weixin.secret"), &"f".repeat(32), 0o600);
            nothing()
        }),
        told("weixin's quota is used up", Code::W104, "errcode 45009", |s| stumbles(s, 45009)),
        told("the authorisation is used up", Code::W105, "errcode 94005", |_| nothing()),
        told("there is no real name at WeChat", Code::W106, "errcode 94002", |s| stumbles(s, 94002)),
        told("the appid may not ask", Code::W107, "errcode 48001", |s| stumbles(s, 48001)),
        told("weixin does not accept our question", Code::W108, "errcode 94003", |s| stumbles(s, 94003)),
        told("a portal answers for weixin", Code::W109, "cannot be read", |s| instead_of_weixin(s, page)),
        told("weixin is busy", Code::W110, "errcode -1", |s| {
            impatient(s);
            stumbles(s, -1)
        }),
        row("name and document are somebody else's", Code::W111, KIOSK, "do not belong")
            .by(|s| {
                s.weixin.user("o-secret", TOKEN, Person::new("other", "燕青"));
                nothing()
            })
            .when(|s, _| {
                let mut terminal = s.terminal(0);
                let person = Person::new(FACE, NAME);
                let claim = json!({
                    "openid": "o-secret", "code": TOKEN, "real_name": NAME, "cred_id": person.credential_id,
                });
                terminal.send("realname-check", &claim).expect("sent");
                let _ = terminal.receive_type("outcome");
            }),
        told("the administrator is to admit our address", Code::W112, "errcode 89503", |s| stumbles(s, 89503)),
        told("a number that nobody knows", Code::W113, "errcode 12345", |s| stumbles(s, 12345)),
        told("the central service gives no token", Code::W114, "gives no access token", |s| {
            let from = "token = { stable-token = \"keys/weixin.secret\" }";
            edit(s, from, "token = { central-url = \"https://127.0.0.1:9/token\" }")
        }),
    ]
}

/// What WeChat says of one person.
fn about(what: &'static str, code: Code, cause: &'static str, inject: fn(&Sandbox) -> Kept) -> Row {
    row(what, code, KIOSK, cause).by(inject)
}

fn know(sandbox: &Sandbox, behaviour: Behaviour) -> Kept {
    sandbox.wechat.know(Person::new(FACE, NAME).about(behaviour));
    nothing()
}

fn edit(sandbox: &Sandbox, from: &str, to: &str) -> Kept {
    sandbox.edit(from, to);
    nothing()
}

fn impatient(sandbox: &Sandbox) -> Kept {
    edit(sandbox, "public-key-id =", "patience-ms = 3500\npublic-key-id =")
}

/// Somebody comes who agreed in the mini-program.
fn agrees(sandbox: &Sandbox, _: &Daemon) {
    let mut terminal = sandbox.terminal(0);
    terminal.send("realname-auth", &json!({ "auth_token": TOKEN })).expect("sent");
    let _ = terminal.receive_type("outcome");
}

/// Weixin answers everything so.
fn stumbles(sandbox: &Sandbox, errcode: i64) -> Kept {
    (0..20).for_each(|_| sandbox.weixin.stumble(errcode));
    nothing()
}

fn instead_of_weixin(sandbox: &Sandbox, answer: fn() -> Answer) -> Kept {
    let authority = Authority::new().expect("an authority");
    let server = Server::start(&authority, Arc::new(move |_| Reply::Answer(answer()))).expect("a server");
    write(&key(sandbox, "weixin-ca.pem"), &authority.pem(), 0o644);
    let from = format!("base-url = \"{}\"\nca-file = \"keys/ca.pem\"\nappid", sandbox.weixin.url());
    sandbox.edit(&from, &format!("base-url = \"{}\"\nca-file = \"keys/weixin-ca.pem\"\nappid", server.url()));
    Box::new(server)
}

/// A WeChat whose clock is ahead of ours.
fn known_at(sandbox: &Sandbox, seconds: i64) -> Kept {
    let authority = Authority::new().expect("an authority");
    let wechat = WeChat::start(&authority, Arc::clone(&sandbox.world), true, skewed(seconds)).expect("a sandbox");
    wechat.know(Person::new(FACE, NAME));
    ask_instead(sandbox, &authority, &wechat.url());
    Box::new(wechat)
}

/// A WeChat that says the first answer about a face again.
fn twice(sandbox: &Sandbox) -> Kept {
    let authority = Authority::new().expect("an authority");
    let wechat = WeChat::start(&authority, Arc::clone(&sandbox.world), true, clock()).expect("a sandbox");
    wechat.know(Person::new(FACE, NAME));
    let first: Mutex<Option<Answer>> = Mutex::default();
    let answering = move |request: &facemchd::sim::server::Request| {
        let answer = wechat.answer(request);
        if !request.path().starts_with("/v3/facemch/") {
            return answer;
        }
        match answer {
            Reply::Answer(answer) => Reply::Answer(first.lock().expect("not poisoned").get_or_insert(answer).clone()),
            Reply::Drop => Reply::Drop,
        }
    };
    let server = Server::start(&authority, Arc::new(answering)).expect("a server");
    ask_instead(sandbox, &authority, &server.url());
    Box::new(server)
}

/// A WeChat of which we have certificates only, and an APIv3 key that does not open them.
fn with_certificates(sandbox: &Sandbox) -> Kept {
    let authority = Authority::new().expect("an authority");
    let wechat = WeChat::start(&authority, Arc::clone(&sandbox.world), false, clock()).expect("a sandbox");
    ask_instead(sandbox, &authority, &wechat.url());
    write(&key(sandbox, "apiv3.key"), &"0".repeat(32), 0o600);
    let id = said(sandbox, "public-key-id");
    sandbox.edit(&format!("public-key-id = \"{id}\"\npublic-key = \"keys/wechatpay.pub.pem\"\n"), "");
    sandbox
        .edit("decrypt = \"keys/decrypt.key.pem\"", "decrypt = \"keys/decrypt.key.pem\"\napiv3 = \"keys/apiv3.key\"");
    Box::new(wechat)
}
