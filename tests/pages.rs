//! A lane's page: what it says to whom, and that nobody else touches it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use facemchd::{
    device::{
        Typesetter,
        panel::{Passing, Style, plan},
    },
    kiosk::{Button, Input, Phrases, Scene, SceneKind, Tone},
    page::{Brand, Door, LanePage, Listen, Screen, Server, Voice},
    service::SystemClock,
    sim::{hospital::Booking, people::Person},
    words::{Clock, LaneId, Language, Purpose, SessionId, WallTime},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    bench_board::build,
    network_terminals::{Card, Site},
    program::expect,
    running::Sandbox,
    scenes::full,
};

/// Pages without a daemon.
pub struct Pages {
    pub address: SocketAddr,
    pub server: Server,
    pub screens: Vec<Screen>,
    pub clock: Arc<dyn Clock>,
    pub happened: mpsc::Receiver<Input>,
}

/// Puts a page in place of the first lane's panel; its port.
pub fn with_page(sandbox: &Sandbox) -> u16 {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    sandbox.edit("panel = \"board\"\nprinter", "panel = \"page\"\nprinter");
    sandbox.edit("[checkin]", &format!("[page]\nlisten = \"127.0.0.1:{port}\"\ncss = \"own.css\"\n\n[checkin]"));
    std::fs::write(sandbox.path("own.css"), "").expect("written");
    port
}

/// A lane's page in this language.
pub fn lane(index: u16, name: &str, language: Language, large: bool) -> LanePage {
    let phrases = Phrases::shipped(language, Purpose::Hospital);
    LanePage {
        lane: LaneId(index),
        name: name.to_owned(),
        purpose: Purpose::Hospital,
        language,
        phrases,
        large,
        allow_subjects: Vec::new(),
        voice: None,
    }
}

/// A PNG: a green cross on nothing.
fn logo() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 48, 48);
    encoder.set_color(png::ColorType::Rgba);
    let is_bar = |at: usize| (16..32).contains(&at);
    let dots = (0..48 * 48).flat_map(|at| [0, 96, 48, if is_bar(at % 48) || is_bar(at / 48) { 255 } else { 0 }]);
    let dots: Vec<u8> = dots.collect();
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&dots)).expect("written");
    file
}

impl Pages {
    pub fn of(lanes: Vec<LanePage>) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let (inputs, happened) = mpsc::channel(64);
        let brand = Brand { name: "城东人民医院".to_owned(), logo: Some(logo().into()) };
        let door = Door { listen: Listen::Loopback(address), brand, utc_offset: 8 * 3600, ..Door::default() };
        let (server, screens) = Server::open(&door, lanes, &clock, &inputs, None, |_| Arc::new(())).expect("served");
        Self { address, server, screens, clock, happened }
    }

    fn one() -> Self {
        Self::of(vec![lane(0, "kiosk-1", Language::ZhHans, false)])
    }

    pub fn show(&self, lane: usize, session: Option<SessionId>, scene: Scene) {
        self.screens[lane].show(session, scene, self.clock.now().moment);
    }

    fn ask(&self, request: &str) -> String {
        ask(self.address, &request.replace("HOST", &self.address.to_string()))
    }

    fn touch(&self, token: &str, touch: &str) -> String {
        let body = format!("{{\"token\":\"{token}\",{touch}}}");
        self.ask(&format!(
            "POST /lanes/kiosk-1/touch HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }
}

/// The whole answer to one request.
pub fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8(answer).expect("text")
}

/// A stream of events.
pub struct Events(BufReader<TcpStream>);

impl Events {
    pub fn of(address: SocketAddr, lane: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        write!(stream, "GET /lanes/{lane}/events HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("sent");
        Self(BufReader::new(stream))
    }

    /// The next scene.
    pub fn next(&mut self) -> Value {
        self.until(|_| true)
    }

    /// The next scene of which this is so.
    pub fn until(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).expect("a line") > 0, "the stream ended");
            let scene = line.strip_prefix("data: ").and_then(|data| serde_json::from_str::<Value>(data).ok());
            if let Some(scene) = scene.filter(&is) {
                return scene;
            }
        }
    }
}

fn session(serial: u32) -> Option<SessionId> {
    Some(SessionId { run: 7, serial })
}

#[test]
fn a_scene_has_the_colour_on_a_page_that_it_has_on_a_picture() {
    let pages = Pages::of(vec![lane(0, "kiosk-1", Language::ZhHans, false)]);
    let mut events = Events::of(pages.address, "kiosk-1");
    let (style, mut type_) = (Style::default(), Typesetter::new(&[], Language::ZhHans));
    for kind in SceneKind::ALL {
        pages.show(0, session(1), Scene::of(kind));
        let told = events.until(|told| told["scene"] == kind.as_str());
        assert_eq!(told["tone"], kind.tone().as_str(), "{kind:?}");
        let colour = match kind.tone() {
            Tone::Calm => style.palette.accent,
            Tone::Good => style.palette.good,
            Tone::Bad => style.palette.bad,
        };
        let headline = &plan(&Scene::of(kind), &style, (800, 480), &Passing::default(), &mut type_).texts[0];
        assert!(headline.colours.contains(&colour), "{headline:?}");
    }
}

#[test]
fn whoever_connects_sees_the_scene_that_stands_and_every_one_that_follows() {
    let pages = Pages::one();
    pages.show(0, session(1), full(SceneKind::Admitted, Language::ZhHans));
    let mut events = Events::of(pages.address, "kiosk-1");
    let admitted = events.next();
    assert_eq!((admitted["scene"].as_str(), admitted["number"].as_str()), (Some("admitted"), Some("A036")));
    assert_eq!(admitted["lines"], json!(["3楼 内科一诊室"]));
    pages.show(0, None, Scene::of(SceneKind::Idle));
    // Whoever connects in the moment of a change may be told twice what it is.
    let idle = events.until(|scene| *scene != admitted);
    assert_eq!((idle["scene"].as_str(), idle["name"].is_null()), (Some("idle"), true));
    assert_eq!(idle["pictogram"], "camera");
    // Whoever comes late is told of nobody who has gone.
    assert!(Events::of(pages.address, "kiosk-1").next()["name"].is_null());
}

#[test]
fn a_reader_that_does_not_read_costs_itself_alone() {
    let pages = Pages::one();
    let _slow = Events::of(pages.address, "kiosk-1");
    let mut events = Events::of(pages.address, "kiosk-1");
    events.next();
    for _ in 0..2000 {
        pages.show(0, None, full(SceneKind::OtherWay, Language::ZhHans));
    }
    pages.show(0, session(2), full(SceneKind::Admitted, Language::ZhHans));
    events.until(|scene| scene["scene"] == "admitted");
}

#[test]
fn a_touch_counts_for_the_scene_that_stands_and_from_our_own_page_alone() {
    let mut pages = Pages::one();
    let mut events = Events::of(pages.address, "kiosk-1");
    pages.show(0, session(3), full(SceneKind::Choose, Language::ZhHans));
    let choose = events.until(|scene| scene["scene"] == "choose");
    let token = choose["token"].as_str().expect("a token");
    for (origin, status) in [("", "403"), ("Origin: http://evil.example\r\n", "403"), ("Origin: null\r\n", "403")] {
        let body = format!("{{\"token\":\"{token}\",\"option\":2}}");
        let request = format!(
            "POST /lanes/kiosk-1/touch HTTP/1.1\r\nHost: HOST\r\n{origin}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        assert!(pages.ask(&request).starts_with(&format!("HTTP/1.1 {status}")), "{origin}");
    }
    assert!(pages.touch(&"0".repeat(32), "\"option\":2").starts_with("HTTP/1.1 409"));
    assert!(pages.touch(token, "\"option\":9").starts_with("HTTP/1.1 403"));
    assert!(pages.touch(token, "\"other_way\":true").starts_with("HTTP/1.1 403"));
    assert!(pages.touch(token, "\"option\":\"2\"").starts_with("HTTP/1.1 400"));
    assert!(pages.happened.try_recv().is_err());
    assert!(pages.touch(token, "\"option\":2").starts_with("HTTP/1.1 204"));
    let chose = pages.happened.try_recv();
    assert!(
        matches!(chose, Ok(Input::Chose { lane: LaneId(0), peer: None, option: 2, session: chosen, .. }) if chosen == session(3)),
        "{chose:?}"
    );
    // The same token means nothing when another scene stands.
    pages.show(0, None, Scene::of(SceneKind::Idle));
    assert!(pages.touch(token, "\"option\":2").starts_with("HTTP/1.1 409"));
    let idle = events.until(|scene| scene["scene"] == "idle");
    assert!(pages.touch(idle["token"].as_str().expect("a token"), "\"other_way\":true").starts_with("HTTP/1.1 204"));
    let pressed = pages.happened.try_recv();
    assert!(matches!(pressed, Ok(Input::Pressed { lane: LaneId(0), button: Button::OtherWay })), "{pressed:?}");
}

#[test]
fn nothing_is_told_under_a_name_that_is_not_ours_and_nothing_is_to_be_kept() {
    let pages = Pages::one();
    for host in ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80"] {
        let answer = pages.ask(&format!("GET /lanes/kiosk-1/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 421"), "{host}");
    }
    // Two names, none, or one that a whole address contradicts.
    for (target, headers, status) in [
        ("/lanes/kiosk-1/", "Host: HOST\r\nHost: evil.example\r\n", 400),
        ("/lanes/kiosk-1/", "Host: HOST\r\nhost: HOST\r\n", 400),
        ("/lanes/kiosk-1/", "", 400),
        ("/lanes/kiosk-1/", "Host: HOST\nX: y\r\n", 400),
        ("http://evil.example/lanes/kiosk-1/", "Host: HOST\r\n", 421),
        ("http://HOST/lanes/kiosk-1/", "Host: evil.example\r\n", 200),
    ] {
        let answer = pages.ask(&format!("GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target} {headers} {answer}");
    }
    let get = |path: &str| pages.ask(&format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"));
    for path in ["/lanes/kiosk-1/", "/page.css", "/page.js", "/site.css"] {
        let answer = get(path);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("cache-control: no-store"), "{head}");
        assert!(head.contains("content-security-policy: default-src 'none'") && !head.contains("unsafe"), "{head}");
        assert!(!body.contains("{away}") && !body.contains("https://"), "{path}");
    }
    assert!(get("/lanes/kiosk-1/").contains("lang=\"zh-Hans\""));
    assert!(get("/").contains("location: /lanes/kiosk-1/\r\n"));
    assert!(get("/lanes/kiosk-1").contains("location: /lanes/kiosk-1/\r\n"));
    for path in ["/lanes/kiosk-2/", "/lanes/../etc/passwd", "/lanes/", "/lanes/kiosk-1/x", "/lanes/kiosk-1/events/"] {
        assert!(get(path).starts_with("HTTP/1.1 404"), "{path}");
    }
    assert!(pages.ask("PUT /page.js HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 405"));
}

#[test]
fn a_page_is_told_of_another_style_sheet_by_its_edition() {
    let pages = Pages::one();
    let mut events = Events::of(pages.address, "kiosk-1");
    let edition = events.next()["edition"].clone();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let door = Door { css: Some(file.path().to_owned()), ..Door::default() };
    let renew = || pages.server.renew(door.read(vec![Vec::new()], &pages.clock).expect("readable"));
    // As before.
    renew();
    assert_eq!(events.next()["edition"], edition);
    std::fs::write(file.path(), ":root { --good: #003300; }").expect("written");
    renew();
    let renewed = events.next();
    assert_ne!(renewed["edition"], edition);
    let css = pages.ask("GET /site.css HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n");
    assert!(css.ends_with(":root { --good: #003300; }"), "{css}");
}

#[test]
fn who_looks_is_counted_and_more_than_there_is_room_for_give_way() {
    let pages = Pages::one();
    let mut open: Vec<Events> = (0..140).map(|_| Events::of(pages.address, "kiosk-1")).collect();
    let last = open.last_mut().expect("the last");
    last.next();
    assert!((100..=128).contains(&pages.screens[0].viewers()), "{}", pages.screens[0].viewers());
    pages.show(0, None, Scene::of(SceneKind::Idle));
    last.until(|scene| scene["scene"] == "idle");
    drop(open);
    for _ in 0..100 {
        if pages.screens[0].viewers() == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{} look still", pages.screens[0].viewers());
}

/// What is answered over TLS; nothing where nobody is let in.
pub fn ask_over_tls(site: &Site, card: &Card, path: &str) -> String {
    let mut stream = site.connect(card);
    let request = format!("GET {path} HTTP/1.1\r\nHost: kiosk.hospital\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).is_ok() {
        let _ = stream.read_to_end(&mut answer);
    }
    String::from_utf8(answer).expect("text")
}

#[test]
fn beyond_loopback_a_page_is_shown_to_the_certificates_of_its_own_lane() {
    let mut site = Site::new("https");
    let port = with_page(&site.sandbox);
    site.sandbox.edit("listen = \"127", "listen = \"https:127");
    site.sandbox
        .edit("panel = \"board\"\ngate", "panel = \"page\"\nallow-subjects = [\"CN=terminal-9,O=Hospital\"]\ngate");
    let checked = crate::running::run(&["check", "--config", site.sandbox.site()]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let daemon = site.sandbox.start();
    site.port = port;
    let ours = site.good();
    let theirs = site.card_with(&site.terminals, "terminal-9", |_| {});
    let nobodys = site.card_with(&site.terminals, "terminal-8", |_| {});
    assert!(ask_over_tls(&site, &ours, "/lanes/kiosk-1/").contains("lang=\"zh-Hans\""));
    assert!(ask_over_tls(&site, &ours, "/").contains("location: /lanes/kiosk-1/"));
    assert!(ask_over_tls(&site, &ours, "/lanes/gate-1/").starts_with("HTTP/1.1 404"));
    assert!(ask_over_tls(&site, &theirs, "/lanes/gate-1/").starts_with("HTTP/1.1 200"));
    assert!(ask_over_tls(&site, &theirs, "/lanes/kiosk-1/events").starts_with("HTTP/1.1 404"));
    assert_eq!(ask_over_tls(&site, &nobodys, "/page.js"), "");
    let mut stream = BufReader::new(site.connect(&ours));
    stream.get_mut().write_all(b"GET /lanes/kiosk-1/events HTTP/1.1\r\nHost: k\r\n\r\n").expect("sent");
    let idle = stream.by_ref().lines().map_while(Result::ok).find(|line| line.starts_with("data: {"));
    assert!(idle.is_some_and(|idle| idle.contains("\"scene\":\"idle\"")));
    // Whoever is taken off the list is sent away while the page is open.
    site.sandbox.edit("CN=terminal-7,O=Hospital", "CN=terminal-6,O=Hospital");
    daemon.signal(rustix::process::Signal::HUP);
    let _ = stream.read_to_end(&mut Vec::new());
    assert_eq!(ask_over_tls(&site, &ours, "/lanes/kiosk-1/"), "");
    let log = daemon.log();
    assert!(log.contains("a browser was not let in") && log.contains("CN=terminal-8,O=Hospital"), "{log}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_page_beyond_loopback_needs_certificates_of_both_sides() {
    for (from, to) in [("[terminals]", "[page-without]"), ("allow-subjects", "#")] {
        let site = Site::new("https");
        with_page(&site.sandbox);
        site.sandbox.edit("listen = \"127", "listen = \"https:127");
        site.sandbox.edit(from, to);
        let checked = crate::running::run(&["check", "--config", site.sandbox.site()]);
        assert!(String::from_utf8_lossy(&checked.stdout).contains("C101"), "{from}");
    }
}

#[test]
fn a_page_shows_whose_kiosk_it_is_and_the_sites_own_time() {
    let pages = Pages::one();
    let get = |path: &str| pages.ask(&format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"));
    let page = get("/lanes/kiosk-1/");
    assert!(page.contains("src=\"/logo.png\" alt=\"\"") && page.contains(">城东人民医院</p>"), "{page}");
    let mut stream = TcpStream::connect(pages.address).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    write!(stream, "GET /logo.png HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", pages.address).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    assert!(answer.ends_with(&logo()), "the file as it is");
    // Wherever the browser believes to be.
    let wall = pages.clock.now().wall.at_offset(8 * 3600);
    let minutes = |time: &str| {
        let (hours, minutes) = time.split_once(':').expect("HH:MM");
        hours.parse::<i64>().expect("hours") * 60 + minutes.parse::<i64>().expect("minutes")
    };
    let since = |time: &str| (minutes(time) - i64::from(wall.hour()) * 60 - i64::from(wall.minute())).rem_euclid(1440);
    let mut events = Events::of(pages.address, "kiosk-1");
    let scene = events.next();
    assert!(since(scene["time"].as_str().expect("a time")) <= 1, "{scene}");
    // While a scene stands the clock goes on.
    let mut lines = events.0.lines().map_while(Result::ok).skip_while(|line| line != "event: beat");
    let beat = lines.nth(1).expect("its data");
    assert!(since(beat.strip_prefix("data: ").expect("data")) <= 1, "{beat}");
}

#[test]
fn pages_are_served_on_a_socket_of_ours_to_whom_its_mode_admits_and_the_socket_goes_with_them() {
    use std::os::unix::{fs::PermissionsExt as _, net::UnixStream};
    let sandbox = Sandbox::new();
    with_page(&sandbox);
    let site = std::fs::read_to_string(sandbox.site()).expect("a site file");
    let listen = site.lines().find(|line| line.starts_with("listen = \"127")).expect("there").to_owned();
    sandbox.edit(&listen, "listen = \"unix:page.sock\"");
    sandbox.edit("[checkin]", "[brand]\nname = \"甲医院\"\nlogo = \"logo.png\"\n\n[checkin]");
    std::fs::write(sandbox.path("logo.png"), logo()).expect("written");
    let socket = sandbox.path("page.sock");
    let check = || {
        let checked = crate::running::run(&["check", "--config", sandbox.site()]);
        (checked.status.success(), String::from_utf8_lossy(&checked.stdout).into_owned())
    };
    // A file of somebody else's is not touched.
    std::fs::write(&socket, "mine").expect("written");
    let (good, report) = check();
    assert!(!good && report.contains("D631"), "{report}");
    assert_eq!(std::fs::read_to_string(&socket).expect("there"), "mine");
    std::fs::remove_file(&socket).expect("removed");
    let (good, report) = check();
    assert!(good && report.contains("page.sock"), "{report}");
    let daemon = sandbox.start();
    assert_eq!(std::fs::metadata(&socket).expect("made").permissions().mode() & 0o777, 0o660);
    let mut stream = UnixStream::connect(&socket).expect("connected");
    let request = b"GET /lanes/kiosk-1/ HTTP/1.1\r\nHost: kiosk.hospital.example\r\nConnection: close\r\n\r\n";
    stream.write_all(request).expect("sent");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("a page");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains(">甲医院</p>") && page.contains("/logo.png"), "{page}");
    assert!(check().0, "while it serves, too");
    assert_eq!(daemon.stop(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn the_end_of_the_pages_certificate_is_told_where_no_terminal_comes_over_the_network() {
    let site = Site::new("https");
    with_page(&site.sandbox);
    site.sandbox.edit("listen = \"127", "listen = \"https:127");
    site.sandbox.edit(&format!("https:127.0.0.1:{}\"\nallow", site.port), "unix:kiosk-1.sock\"\nallow");
    site.ends_in(2020);
    let desk = "[desk]\nlisten = \"https:127.0.0.1:0\"\ncertificate = \"keys/met.crt.pem\"\nkey = \"keys/met.key.pem\"";
    site.sandbox.edit("[checkin]", &format!("{desk}\n\n[checkin]"));
    let daemon = site.sandbox.start();
    let status = crate::running::run(&["status", "--config", site.sandbox.site(), "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).expect("JSON");
    let certificate = &status["certificates"].as_array().expect("a list").iter().find(|of| of["kind"] == "terminals");
    assert!(certificate.is_some_and(|of| of["number"] == 1 && of["days"].as_i64() < Some(0)), "{status}");
    assert!(status["ailments"].as_array().is_some_and(|all| all.iter().any(|one| one["code"] == "K407")), "{status}");
    let kinds =
        |kind: &str| status["certificates"].as_array().is_some_and(|all| all.iter().any(|of| of["kind"] == kind));
    assert!(kinds("desk") && !kinds("pages"), "{status}");
    let log = daemon.log();
    assert!(log.contains("for pages over the network") && log.contains("K407"), "{log}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn buttons_of_the_kiosk_turn_the_options_of_a_page_and_pick_what_stands_beside_their_digits() {
    let sandbox = Sandbox::new();
    let _printer = build(&sandbox, &[]);
    let port = with_page(&sandbox);
    let somebody = Person::new("sid-1", "王小明");
    expect(&sandbox, &somebody);
    let three = ["内科 09:30", "外科 10:00", "眼科 10:15"].map(str::to_owned);
    sandbox.hospital.book(&somebody.credential_id, Booking::Several(three.to_vec()));
    let daemon = sandbox.start();
    let mut events = Events::of(SocketAddr::from(([127, 0, 0, 1], port)), "kiosk-1");
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    let first = |label: &'static str| {
        move |scene: &Value| scene["options"][0]["label"].as_str().is_some_and(|text| text.starts_with(label))
    };
    // Two buttons, of which the second shows the next option.
    for label in ["内科", "外科"] {
        let scene = events.until(first(label));
        assert_eq!(
            (scene["options"][0]["option"].as_u64(), scene["options"][1]["option"].as_u64()),
            (Some(1), Some(2))
        );
        press(&sandbox, 2);
    }
    events.until(first("眼科"));
    press(&sandbox, 1);
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    assert_eq!(outcome["result"], "checked_in", "{outcome}");
    let admitted = events.until(|scene| scene["scene"] == "admitted");
    assert!(admitted.to_string().contains("眼科"), "{admitted}");
    assert_eq!(daemon.stop(), Some(0));
}

/// Presses a button of the bench for longer than it may bounce.
fn press(sandbox: &Sandbox, digit: u8) {
    for level in ["1", "0"] {
        std::fs::write(sandbox.path("bench").join(format!("choice-{digit}")), level).expect("written");
        std::thread::sleep(Duration::from_millis(150));
    }
}

/// Says a scene's name.
struct Herald;

impl Voice for Herald {
    fn loudness(&self, scene: &Scene, _: WallTime) -> Option<u8> {
        (scene.kind != SceneKind::Idle).then_some(60)
    }

    fn wav(&self, scene: &Scene) -> Vec<u8> {
        scene.kind.as_str().into()
    }
}

#[test]
fn a_page_says_aloud_what_the_scene_that_stands_says() {
    let spoken = LanePage { voice: Some(Arc::new(Herald)), ..lane(0, "kiosk-1", Language::ZhHans, false) };
    let pages = Pages::of(vec![spoken]);
    let mut events = Events::of(pages.address, "kiosk-1");
    pages.show(0, session(1), full(SceneKind::Admitted, Language::ZhHans));
    let admitted = events.until(|scene| scene["scene"] == "admitted");
    assert_eq!(admitted["say"]["percent"], 60);
    let heard = pages.ask("GET /lanes/kiosk-1/voice.wav?7 HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n");
    assert!(heard.contains("content-type: audio/wav\r\n") && heard.ends_with("\r\n\r\nadmitted"), "{heard}");
    pages.show(0, None, Scene::of(SceneKind::Idle));
    assert!(events.until(|scene| scene["scene"] == "idle")["say"].is_null());
}
