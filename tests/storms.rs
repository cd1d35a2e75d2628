//! Hostile bytes over every transport: whatever comes, the next person is served, nothing grows, and nothing is told.

use std::{
    fs::File,
    io::{Read as _, Write},
    os::unix::net::UnixStream,
    thread,
    time::Duration,
};

use facemchd::sim::{people::Person, site_file::SiteFile, terminal::Terminal};
use serde_json::{Value, json};

use crate::{
    dice::Dice,
    network_terminals::Site,
    program::expect,
    running::{Daemon, Sandbox},
};

/// What a terminal might send, before it is spoilt.
fn frames() -> Vec<Value> {
    vec![
        json!({"v":1,"type":"person","seq":1}),
        json!({"v":1,"type":"face","seq":2,"terminal":"SN","return_code":"SUCCESS","face_sid":"storm-sid","consent":true}),
        json!({"v":1,"type":"face","seq":3,"return_code":"SUCCESS","face_sid":"storm-held"}),
        json!({"v":1,"type":"consent","seq":4,"face_sid":"storm-sid","granted":true}),
        json!({"v":1,"type":"choice","seq":5,"session":"3f9c0a1be2d45577-0001","option":2}),
        json!({"v":1,"type":"cancel","seq":6}),
        json!({"v":1,"type":"id-card","seq":7,"name":"张三丰","number":"11010519491231002X"}),
        json!({"v":1,"type":"realname-auth","seq":8,"auth_token":"storm-token"}),
        json!({"v":1,"type":"realname-check","seq":9,"openid":"oStorm","code":"storm-code","real_name":"张三丰"}),
        json!({"v":1,"type":"voucher","seq":10,"code":"storm-voucher"}),
        json!({"v":1,"type":"authinfo-request","seq":11,"device_id":"d","rawdata":"r"}),
    ]
}

/// One hostile line, with its end or without.
fn hostile(dice: &mut Dice) -> Vec<u8> {
    let frames = frames();
    let mut frame = frames[dice.roll(frames.len())].to_string().into_bytes();
    match dice.roll(12_u8) {
        0 => frame = (0..dice.roll(300_usize)).map(|_| dice.roll(u8::MAX)).collect(),
        1 => frame.truncate(dice.roll(frame.len())),
        2 | 3 => {
            let at = dice.roll(frame.len());
            frame[at] ^= 1 << dice.roll(8_u8);
        }
        4 => frame = format!("{}{}", "[".repeat(dice.roll(3000_usize)), "]".repeat(9)).into_bytes(),
        5 => frame = format!("{{\"v\":1,\"type\":\"face\",\"seq\":{}}}", "9".repeat(dice.roll(400_usize))).into_bytes(),
        6 => frame = vec![b'x'; 4000 + dice.roll(4000_usize)],
        7 => frame.extend_from_slice(b"*zzzz"),
        8 => {
            frame = format!("{{\"v\":1,\"type\":\"face\",\"face_sid\":\"{}\"}}", "\\u0000\\ud800\u{202E}").into_bytes()
        }
        9 => frame = b"\xEF\xBB\xBF\r\r\r\n\n\0".to_vec(),
        10 => frame = frame.iter().map(|byte| byte.to_ascii_uppercase()).collect(),
        _ => {}
    }
    frame.extend_from_slice([&b"\n"[..], b"\r\n", b"\r", b"", b"\n\n"][dice.roll(5_usize)]);
    frame
}

/// Lets a storm go over connections that `connect` makes. Whoever is thrown out comes again.
fn blow<C: Write>(seed: u64, lines: usize, mut connect: impl FnMut() -> Option<C>) {
    let mut dice = Dice::new(seed);
    let mut line = connect();
    for count in 0..lines {
        let bytes = hostile(&mut dice);
        let sent = line.as_mut().is_some_and(|line| line.write_all(&bytes).and_then(|()| line.flush()).is_ok());
        if !sent || count % 97 == 0 {
            line = connect();
        }
    }
}

/// The next person is served, once the daemon has had time to forget who stormed.
fn next_person(sandbox: &Sandbox, daemon: &Daemon, mut connect: impl FnMut() -> Option<Terminal>) {
    for attempt in 0..40 {
        let sid = format!("after-{attempt}");
        expect(sandbox, &Person::new(&sid, "李四"));
        let told = connect().and_then(|mut terminal| {
            terminal.face(&sid, true).ok()?;
            terminal.receive_type("outcome").ok()
        });
        if told.is_some_and(|told| told["result"] == "checked_in") {
            return;
        }
        thread::sleep(Duration::from_millis(300));
    }
    panic!("nobody is served after the storm: {}", daemon.log());
}

fn nothing_was_told(sandbox: &Sandbox, daemon: &Daemon) {
    let secrets = ["张三丰", "11010519491231002X", "storm-sid", "storm-token", "storm-code", "storm-voucher", "oStorm"];
    let log = daemon.log();
    assert!(secrets.iter().all(|secret| !log.contains(secret)), "{log}");
    assert!(log.lines().count() < 3000, "{} lines of log", log.lines().count());
    assert_eq!(Daemon::files_with(&sandbox.path("state"), &secrets), Vec::<String>::new());
}

/// Resident memory may grow by what a busy allocator keeps, and no more.
const GROWTH_KIB: u64 = 24 * 1024;

#[test]
fn a_storm_on_the_socket_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    let path = SiteFile::socket(sandbox.folder.path(), "kiosk-1");
    let before = daemon.resident();
    blow(1, 4000, || {
        let socket = UnixStream::connect(&path).ok()?;
        socket.set_write_timeout(Some(Duration::from_millis(200))).ok()?;
        Some(socket)
    });
    next_person(&sandbox, &daemon, || Terminal::connect(&path, Duration::from_secs(3)).ok());
    nothing_was_told(&sandbox, &daemon);
    let grown = daemon.resident().saturating_sub(before);
    assert!(grown < GROWTH_KIB, "grew by {grown} KiB");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_storm_on_the_serial_line_leaves_nothing_behind() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
    grantpt(&master).expect("granted");
    unlockpt(&master).expect("unlocked");
    let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("UTF-8");
    let sandbox = Sandbox::new();
    sandbox.edit("terminal = \"unix:kiosk-1.sock\"", &format!("terminal = \"serial:{name}:115200\""));
    let daemon = sandbox.start();
    let port = File::from(master);
    // What the daemon answers is read, as a terminal would: a pty whose buffer is full takes nothing more.
    let mut answers = port.try_clone().expect("a second hand");
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while answers.read(&mut bytes).is_ok_and(|read| read > 0) {}
    });
    blow(2, 1500, || port.try_clone().ok());
    let mut served = false;
    for attempt in 0..40 {
        let sid = format!("after-{attempt}");
        expect(&sandbox, &Person::new(&sid, "李四"));
        let frame =
            json!({"v":1,"type":"face","seq":attempt + 1,"return_code":"SUCCESS","face_sid":sid,"consent":true});
        (&port).write_all(format!("\n{frame}\n").as_bytes()).expect("sent");
        thread::sleep(Duration::from_millis(400));
        served = std::fs::read_to_string(sandbox.path("kiosk-1/panel.txt")).is_ok_and(|panel| panel.contains("李*"));
        if served {
            break;
        }
    }
    assert!(served, "nobody is served after the storm: {}", daemon.log());
    nothing_was_told(&sandbox, &daemon);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_storm_within_tls_leaves_nothing_behind() {
    let site = Site::new("tls");
    let daemon = site.sandbox.start();
    let card = site.good();
    let before = daemon.resident();
    blow(3, 1500, || Some(site.connect(&card)));
    next_person(&site.sandbox, &daemon, || Some(Terminal::over(site.connect(&card))));
    nothing_was_told(&site.sandbox, &daemon);
    let grown = daemon.resident().saturating_sub(before);
    assert!(grown < GROWTH_KIB, "grew by {grown} KiB");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_storm_of_requests_leaves_nothing_behind() {
    let site = Site::new("https");
    let daemon = site.sandbox.start();
    let card = site.good();
    let mut dice = Dice::new(4);
    for _ in 0..150 {
        let mut line = site.connect(&card);
        let body = hostile(&mut dice);
        let length = [body.len(), body.len() / 2, 99_999_999_999, 0][dice.roll(4_usize)];
        let head = [
            format!("POST /v1/frames HTTP/1.1\r\nHost: kiosk\r\nContent-Length: {length}\r\n\r\n"),
            format!("POST /v1/{} HTTP/1.1\r\nHost: kiosk\r\nContent-Length: {length}\r\n\r\n", "a".repeat(9000)),
            "GET /v1/events HTTP/1.1\r\nHost: kiosk\r\nLast-Event-ID: 99999999999999999999\r\n\r\n".to_owned(),
            "POST /v1/frames HTTP/1.1\r\nHost: kiosk\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n".to_owned(),
            String::new(),
        ][dice.roll(5_usize)]
        .clone();
        // Whoever is thrown out comes again.
        let _ = line.write_all(head.as_bytes()).and_then(|()| line.write_all(&body)).and_then(|()| line.flush());
    }
    let mut served = false;
    for attempt in 0..30 {
        let sid = format!("after-{attempt}");
        expect(&site.sandbox, &Person::new(&sid, "李四"));
        let frame =
            json!({"v":1,"type":"face","seq":1,"return_code":"SUCCESS","face_sid":sid,"consent":true}).to_string();
        let mut events = site.connect(&card);
        let _ = events.write_all(b"GET /v1/events HTTP/1.1\r\nHost: kiosk\r\n\r\n").and_then(|()| events.flush());
        thread::sleep(Duration::from_millis(100));
        let mut post = site.connect(&card);
        let request =
            format!("POST /v1/frames HTTP/1.1\r\nHost: kiosk\r\nContent-Length: {}\r\n\r\n{frame}", frame.len());
        let _ = post.write_all(request.as_bytes()).and_then(|()| post.flush());
        thread::sleep(Duration::from_millis(300));
        let panel = std::fs::read_to_string(site.sandbox.path("kiosk-1/panel.txt"));
        served = panel.is_ok_and(|panel| panel.contains("李*"));
        if served {
            break;
        }
    }
    assert!(served, "nobody is served after the storm: {}", daemon.log());
    nothing_was_told(&site.sandbox, &daemon);
    assert_eq!(daemon.stop(), Some(0));
}
