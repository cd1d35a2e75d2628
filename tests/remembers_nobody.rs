//! The whole program five seconds after the last visit: over every way in and every connection, its memory holds nobody.
//!
//! Printer and panel are the bench's: the twins of the simulated board remember on purpose, and live within the program.

use std::{io::BufReader, thread, time::Duration};

use facemchd::sim::{
    hospital::Booking,
    people::{Charset, Padding, Person},
    terminal::Terminal,
};
use serde_json::{Value, json};

use crate::{
    bench_board,
    network_terminals::{Http, Site},
    program::expect,
    running::{Daemon, Sandbox},
    support::memory::Needles,
};

/// How long after the last visit is looked.
const AFTER: Duration = Duration::from_secs(5);

/// How long a name stands in these tests, and a little: the next person comes to a lane at rest.
const AT_REST: Duration = Duration::from_millis(2500);

/// Everybody who comes, and what each says.
struct Morning {
    visits: Vec<Vec<(&'static str, Value)>>,
    needles: Needles,
}

/// What a visit brings besides a person.
const TOKENS: [&str; 6] =
    ["tokYYYY33221a", "opnJJJJ55667b", "codKKKK88990c", "vouVVVV99112d", "opnLLLL22334e", "subMMMM44556f"];

fn morning(sandbox: &Sandbox) -> Morning {
    sandbox.edit("[privacy]", "[privacy]\nwipe-after-ms = 1000");
    let people: Vec<Person> = [
        ("faceQQQQ7788aa", "欧阳菲菲", Charset::Utf8),
        ("faceWWWW6699bb", "诸葛亮亮", Charset::Gbk),
        ("mpAAAA7711cc", "司徒雷登", Charset::Utf8),
        ("mpBBBB8822dd", "慕容晓晓", Charset::Utf8),
    ]
    .into_iter()
    .map(|(sid, name, charset)| {
        let union_id = format!("uni{}", &sid[2..]);
        Person { union_id, ..Person::new(sid, name).encoded(charset).padded(Padding::Pkcs1) }
    })
    .collect();
    let [face, refused, agreed, claimed] = &people[..] else { panic!("four people") };
    let [token, openid, code, voucher, faces_openid, sub_openid] = TOKENS;
    for person in [face, agreed, claimed] {
        expect(sandbox, person);
    }
    sandbox.wechat.know(refused.clone());
    sandbox.hospital.book(voucher, Booking::At("2楼".to_owned()));
    sandbox.weixin.agree(token, agreed.clone());
    sandbox.weixin.user(openid, code, claimed.clone());
    let sdk = |person: &Person| {
        json!({
            "return_code": "SUCCESS", "face_sid": person.face_sid, "openid": faces_openid, "sub_openid": sub_openid,
            "consent": true,
        })
    };
    let visits = vec![
        vec![("face", sdk(face))],
        vec![("face", sdk(refused))],
        vec![("realname-auth", json!({ "auth_token": token }))],
        vec![
            ("id-card", json!({ "name": claimed.name, "number": claimed.credential_id })),
            ("realname-check", json!({ "openid": openid, "code": code })),
        ],
        vec![("voucher", json!({ "code": voucher }))],
    ];
    let of_people =
        people.iter().flat_map(|person| [&person.face_sid, &person.name, &person.credential_id, &person.union_id]);
    let needles =
        of_people.map(String::as_str).chain(TOKENS).fold(Needles::default(), |needles, text| needles.text(text));
    Morning { visits, needles }
}

/// Every visit one after the other; each is told its outcome by `visit`.
fn come_and_go(
    sandbox: &Sandbox,
    morning: &Morning,
    daemon: &Daemon,
    mut visit: impl FnMut(&[(&str, Value)]) -> Value,
) {
    let results: Vec<Value> = morning
        .visits
        .iter()
        .map(|frames| {
            let outcome = visit(frames);
            thread::sleep(AT_REST);
            outcome["result"].clone()
        })
        .collect();
    let admitted = results.iter().filter(|result| *result == "checked_in").count();
    assert!(admitted >= 3, "{results:?}: {}", daemon.log());
    assert!(sandbox.hospital.requests() >= 4);
    thread::sleep(AFTER);
    // Whoever would not see the site's settings would not see a person either.
    let settings = Needles::default().text("keys/checkin.hmac").found_in(daemon.child.id());
    assert!(settings.is_none_or(|found| !found.is_empty()), "nothing is seen at all");
    morning.needles.assert_gone_from(daemon.child.id());
}

fn over_lines(sandbox: &Sandbox, morning: &Morning, daemon: &Daemon, mut terminal: Terminal) {
    come_and_go(sandbox, morning, daemon, |frames| {
        for (kind, fields) in frames {
            terminal.send(kind, fields).expect("sent");
        }
        terminal.receive_type("outcome").expect("an outcome")
    });
    drop(terminal);
}

#[test]
fn after_visits_over_a_unix_socket_the_program_remembers_nobody() {
    let sandbox = Sandbox::new();
    let _printer = bench_board::build(&sandbox, &[]);
    let morning = morning(&sandbox);
    let daemon = sandbox.start();
    over_lines(&sandbox, &morning, &daemon, sandbox.terminal(0));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn after_visits_over_a_serial_port_the_program_remembers_nobody() {
    let sandbox = Sandbox::new();
    let _printer = bench_board::build(&sandbox, &[]);
    let morning = morning(&sandbox);
    let port = sandbox.serial_terminal();
    let daemon = sandbox.start();
    over_lines(&sandbox, &morning, &daemon, Terminal::over(port));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn after_visits_over_tls_the_program_remembers_nobody() {
    let site = Site::new("tls");
    let _printer = bench_board::build(&site.sandbox, &[]);
    // The terminal shows the scenes, too.
    site.sandbox.edit("panel = \"board\"\nprinter", "panel = \"terminal\"\nprinter");
    let morning = morning(&site.sandbox);
    let daemon = site.sandbox.start();
    over_lines(&site.sandbox, &morning, &daemon, Terminal::over(site.connect(&site.good())));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn after_visits_over_https_the_program_remembers_nobody() {
    let site = Site::new("https");
    let _printer = bench_board::build(&site.sandbox, &[]);
    let morning = morning(&site.sandbox);
    let daemon = site.sandbox.start();
    let good = site.good();
    let mut stream = Http(BufReader::new(site.connect(&good)));
    stream.listen();
    let mut posts = Http(BufReader::new(site.connect(&good)));
    let mut seq = 0;
    come_and_go(&site.sandbox, &morning, &daemon, |frames| {
        for (kind, fields) in frames {
            seq += 1;
            let mut frame = json!({ "v": 1, "type": kind, "seq": seq });
            for (name, value) in fields.as_object().into_iter().flatten() {
                frame[name] = value.clone();
            }
            assert_eq!(posts.ask("POST /v1/frames", &frame.to_string()).0, 202);
        }
        stream.event("outcome")
    });
    drop((stream, posts));
    assert_eq!(daemon.stop(), Some(0));
}
