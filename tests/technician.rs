//! The technician's page and the metrics: who sees what, who may order what, and that each order leaves a record.

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::{SocketAddr, TcpListener},
    process::Stdio,
};

use facemchd::sim::people::Person;
use serde_json::{Value, json};

use crate::{
    bench_board::build,
    devices::wait_for,
    network_terminals,
    pages::{ask, ask_over_tls, with_page},
    program::expect,
    running::{Sandbox, program, run},
};

/// A daemon's page on a port of its own, and an account that orders something there.
pub struct Site {
    pub sandbox: Sandbox,
    pub address: SocketAddr,
}

/// A free port.
pub fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port()
}

/// Adds an account as an administrator does.
pub fn account(sandbox: &Sandbox, name: &str, password: &str, more: &[&str]) {
    let mut adding = program()
        .args(["desk", "account", "add", name, "--config", sandbox.site()])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("runs");
    writeln!(adding.stdin.take().expect("piped"), "{password}").expect("sent");
    assert!(adding.wait().expect("ends").success());
}

/// One browser's requests, with its cookie.
pub struct Browser {
    pub address: SocketAddr,
    pub folder: &'static str,
    pub cookie: String,
    pub csrf: String,
}

impl Browser {
    pub fn at(address: SocketAddr, folder: &'static str) -> Self {
        Self { address, folder, cookie: String::new(), csrf: String::new() }
    }

    pub fn get(&self, what: &str) -> String {
        let Self { address, folder, cookie, .. } = self;
        let path = if what.starts_with('/') { what.to_owned() } else { format!("{folder}{what}") };
        let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
        ask(*address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{cookie}Connection: close\r\n\r\n"))
    }

    pub fn post(&self, what: &str, body: &Value) -> String {
        self.post_from(what, body, &format!("Origin: http://{}\r\n", self.address))
    }

    pub fn post_from(&self, what: &str, body: &Value, origin: &str) -> String {
        self.post_text(what, &body.to_string(), origin)
    }

    fn post_text(&self, what: &str, body: &str, origin: &str) -> String {
        let Self { address, folder, cookie, .. } = self;
        let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
        ask(
            *address,
            &format!(
                "POST {folder}{what} HTTP/1.1\r\nHost: {address}\r\n{origin}{cookie}Connection: close\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
    }

    /// Logs in; what was answered.
    pub fn log_in(&mut self, name: &str, password: &str) -> String {
        let answer = self.post("login", &json!({ "name": name, "password": password }));
        if let Some((_, rest)) = answer.split_once("set-cookie: ") {
            self.cookie = rest.split(';').next().expect("a cookie").to_owned();
            self.csrf = body(&self.get("me"))["csrf"].as_str().expect("a token").to_owned();
        }
        answer
    }

    /// Orders something; what came of it.
    pub fn order(&self, mut deed: Value) -> Value {
        deed["csrf"] = self.csrf.clone().into();
        body(&self.post("do", &deed))
    }
}

/// An answer's body, JSON.
pub fn body(answer: &str) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// What the journal says of acts: user, event, result.
pub fn acts(sandbox: &Sandbox) -> Vec<[String; 3]> {
    let listed = run(&["journal", "list", "--json", "--config", sandbox.site()]);
    let lines = String::from_utf8(listed.stdout).expect("UTF-8");
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let acts = records.filter(|record| record["kind"] == "act");
    let word = |record: &Value, name: &str| record[name].as_str().expect("a word").to_owned();
    acts.map(|record| ["user", "event", "result"].map(|name| word(&record, name))).collect()
}

impl Site {
    pub fn new() -> Self {
        let (sandbox, port) = (Sandbox::new(), port());
        sandbox.edit("[checkin]", &format!("[page]\nlisten = \"127.0.0.1:{port}\"\ntechnician = true\n\n[checkin]"));
        Self { sandbox, address: ([127, 0, 0, 1], port).into() }
    }

    pub fn browser(&self) -> Browser {
        Browser::at(self.address, "/technician/")
    }
}

/// A family of metrics: its kind, and its samples by name and labels.
type Family = (String, BTreeMap<String, f64>);

/// Reads the text format 0.0.4 as strictly as it is written.
fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let fits = |name: &str| {
        name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && !name.is_empty() && !name.starts_with('_')
    };
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("help");
            assert!(fits(name) && help.ends_with('.'), "{line}");
            current = name.to_owned();
            assert!(families.insert(current.clone(), Family::default()).is_none(), "{name} is told twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a kind");
            assert!(name == current && ["gauge", "counter", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            families.get_mut(name).expect("helped").0 = kind.to_owned();
        } else {
            let (sample, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = sample.split_once('{').map_or((sample, ""), |(name, rest)| (name, rest));
            assert!(name.starts_with(&current) && labels.is_empty() != sample.ends_with('}'), "{line}");
            let family = families.get_mut(&current).expect("described");
            let suffix = &name[current.len()..];
            assert_eq!(family.0 == "histogram", ["_bucket", "_sum", "_count"].contains(&suffix), "{line}");
            for label in labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty()) {
                let (name, _) = label.split_once("=\"").expect("a label");
                assert!(fits(name), "{line}");
            }
            let told = family.1.insert(sample.to_owned(), value.parse().expect("a number"));
            assert_eq!(told, None, "{line} is told twice");
        }
    }
    families
}

#[test]
fn prometheus_is_told_what_the_status_knows_and_nothing_of_a_person() {
    let site = Site::new();
    expect(&site.sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = site.sandbox.start();
    let mut terminal = site.sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    terminal.receive_type("outcome").expect("an outcome");
    let metrics = || {
        let answer = site.browser().get("/metrics");
        let (head, text) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
        text.to_owned()
    };
    let ended =
        |text: &String| text.contains("visit_duration_seconds_count 1") && text.contains("facemchd_visits_total");
    let text = wait_for(metrics, ended);
    assert!(ended(&text), "{text}");
    let families = families(&text);
    let told = |family: &str, sample: &str| {
        families
            .get(family)
            .and_then(|(_, samples)| samples.get(sample))
            .copied()
            .unwrap_or_else(|| panic!("{sample}\n{text}"))
    };
    assert_eq!(told("facemchd_visits_total", "facemchd_visits_total{lane=\"kiosk-1\",result=\"checked_in\"}"), 1.0);
    assert_eq!(told("facemchd_ready", "facemchd_ready"), 1.0);
    assert_eq!(told("facemchd_peer_up", "facemchd_peer_up{peer=\"wechat\",merchant=\"1\"}"), 1.0);
    assert!(told("facemchd_journal_bytes", "facemchd_journal_bytes") > 0.0);
    for name in ["lookup", "check_in", "visit"] {
        let family = format!("facemchd_{name}_duration_seconds");
        let buckets: Vec<f64> = text
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{family}_bucket")))
            .map(|line| line.rsplit_once(' ').expect("a value").1.parse().expect("a number"))
            .collect();
        assert!(buckets.is_sorted() && buckets.last() == Some(&1.0), "{buckets:?}");
        assert_eq!(told(&family, &format!("{family}_count")), 1.0);
        assert!(told(&family, &format!("{family}_sum")) > 0.0, "{text}");
    }
    for secret in ["张三丰", "张", "sid-1", "A001"] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn only_an_account_orders_anything_and_each_order_is_on_record() {
    let site = Site::new();
    let daemon = site.sandbox.start();
    account(&site.sandbox, "zhao", "battery staple", &["--technician"]);
    account(&site.sandbox, "wang", "correct horse", &[]);
    let mut zhao = site.browser();
    let close = json!({ "do": "lane", "lane": "kiosk-1", "mode": "closed" });
    assert!(zhao.post("do", &close).starts_with("HTTP/1.1 401"));
    assert!(zhao.get("me").starts_with("HTTP/1.1 204"));
    assert!(zhao.log_in("zhao", "wrong password").starts_with("HTTP/1.1 401"));
    assert!(zhao.log_in("nobody", "wrong password").starts_with("HTTP/1.1 401"));
    assert!(zhao.log_in("wang", "correct horse").starts_with("HTTP/1.1 403"), "nurses have a desk of their own");
    let answer = zhao.log_in("zhao", "battery staple");
    assert!(answer.contains("; HttpOnly; SameSite=Strict") && answer.contains("Path=/technician/"), "{answer}");
    // Another site's page knows neither token nor origin.
    assert!(zhao.post("do", &close).starts_with("HTTP/1.1 400"));
    let forged = json!({ "do": "lane", "lane": "kiosk-1", "mode": "closed", "csrf": "0".repeat(32) });
    assert!(zhao.post("do", &forged).starts_with("HTTP/1.1 403"));
    let known = json!({ "do": "lane", "lane": "kiosk-1", "mode": "closed", "csrf": zhao.csrf });
    for origin in ["", "Origin: http://evil.example\r\n", "Origin: null\r\n"] {
        assert!(zhao.post_from("do", &known, origin).starts_with("HTTP/1.1 403"), "{origin}");
        assert!(zhao.post_from("login", &json!({}), origin).starts_with("HTTP/1.1 403"), "{origin}");
    }
    // What stands there twice proves nothing.
    let own = format!("Origin: http://{}\r\n", zhao.address);
    assert!(zhao.post_from("do", &known, &format!("{own}{own}")).starts_with("HTTP/1.1 400"));
    for twice in ["\"csrf\":\"CSRF\",", "\"do\":\"lane\",", "\"lane\":\"kiosk-2\",", "\"mode\":\"normal\","] {
        let body = known.to_string().replacen('{', &format!("{{{}", twice.replace("CSRF", &zhao.csrf)), 1);
        assert!(zhao.post_text("do", &body, &own).starts_with("HTTP/1.1 400"), "{body}");
    }
    let cookie = zhao.cookie.clone();
    for twice in [format!("{cookie}; {cookie}"), format!("facemchd-technician=other; {cookie}")] {
        zhao.cookie = twice;
        assert!(zhao.get("me").starts_with("HTTP/1.1 204") && zhao.post("do", &known).starts_with("HTTP/1.1 401"));
    }
    zhao.cookie = cookie;
    assert_eq!(zhao.order(close)["done"], true);
    assert_eq!(zhao.order(json!({ "do": "exercise", "lane": "kiosk-1", "device": "panel" }))["done"], false);
    assert_eq!(zhao.order(json!({ "do": "lane", "lane": "kiosk-1", "mode": "maintenance" }))["done"], true);
    let silent = zhao.order(json!({ "do": "exercise", "lane": "kiosk-1", "device": "voice" }));
    assert_eq!(silent, json!({ "done": false, "told": "the lane has no voice" }));
    for device in ["panel", "slip", "success"] {
        let done = zhao.order(json!({ "do": "exercise", "lane": "kiosk-1", "device": device }));
        assert_eq!(done["done"], true, "{device}: {done}");
    }
    assert_eq!(zhao.order(json!({ "do": "lane", "lane": "gate-1", "mode": "maintenance" }))["done"], true);
    let opened = zhao.order(json!({ "do": "exercise", "lane": "gate-1", "device": "gate" }));
    assert_eq!(opened["done"], true, "{opened}");
    assert_eq!(zhao.order(json!({ "do": "lane", "lane": "nowhere", "mode": "closed" }))["done"], false);
    assert_eq!(zhao.order(json!({ "do": "reload" }))["done"], true);
    assert!(zhao.post("logout", &json!({})).contains("Max-Age=0"));
    assert!(zhao.post("do", &known).starts_with("HTTP/1.1 401"));
    let wanted = [
        ["zhao", "login", "refused"],
        ["", "login", "refused"],
        ["wang", "login", "refused"],
        ["zhao", "login", "done"],
        ["zhao", "lane-closed", "done"],
        ["zhao", "test-panel", "refused"],
        ["zhao", "lane-maintenance", "done"],
        ["zhao", "test-voice", "refused"],
        ["zhao", "test-panel", "done"],
        ["zhao", "test-slip", "done"],
        ["zhao", "test-success", "done"],
        ["zhao", "lane-maintenance", "done"],
        ["zhao", "test-gate", "done"],
        ["zhao", "lane-closed", "refused"],
        ["zhao", "reload", "done"],
        ["zhao", "logout", "done"],
    ];
    let told = wait_for(|| acts(&site.sandbox), |acts| acts.len() >= wanted.len());
    assert_eq!(told, wanted.map(|act| act.map(str::to_owned)));
    let listed = run(&["journal", "list", "--config", site.sandbox.site()]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("by staff     zhao test-gate gate-1: done"));
    let log = daemon.log();
    assert!(!log.contains("battery") && !log.contains("wrong password"), "{log}");
    assert_eq!(daemon.stop(), Some(0));
}

/// The hand that puts the roll in counts, too.
#[test]
fn paper_that_ran_out_is_a_lane_that_serves_again_after_five_actions_at_most() {
    let site = Site::new();
    let printer = build(&site.sandbox, &[]);
    expect(&site.sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = site.sandbox.start();
    account(&site.sandbox, "zhao", "battery staple", &["--technician"]);
    let mut zhao = site.browser();
    let status = |browser: &Browser| body(&browser.get("bundle"))["status"].clone();
    let ailing = |status: &Value, code: &str| {
        status["ailments"].as_array().is_some_and(|all| all.iter().any(|ailment| ailment["code"] == code))
    };
    printer.set_paper(0);
    let mut terminal = site.sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    terminal.receive_type("outcome").expect("an outcome");
    let broken = wait_for(|| status(&zhao), |status| ailing(status, "P702"));
    assert!(ailing(&broken, "P702") && broken["lanes"][0]["serves"] == false, "{broken:#}");

    let mut actions = 0;
    let mut counted = |done: bool| {
        actions += 1;
        assert!(done, "action {actions}");
    };
    counted(zhao.log_in("zhao", "battery staple").starts_with("HTTP/1.1 204"));
    // Too soon; why is said in the reader's words.
    let empty = zhao.order(json!({ "do": "exercise", "lane": "kiosk-1", "device": "slip" }));
    assert_eq!(
        (&empty["done"], &empty["code"], &empty["summary"]),
        (&json!(false), &json!("P702"), &json!("打印机缺纸"))
    );
    printer.refill();
    counted(true);
    counted(zhao.order(json!({ "do": "exercise", "lane": "kiosk-1", "device": "slip" }))["done"] == true);
    let well = wait_for(|| status(&zhao), |status| !ailing(status, "P702") && status["lanes"][0]["serves"] == true);
    assert!(!ailing(&well, "P702") && well["lanes"][0]["serves"] == true, "{well:#}");
    assert!(actions <= 5, "{actions} actions");
    assert!(printer.slips().iter().any(|slip| slip.text.contains("补打")));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_panels_picture_is_what_a_person_reads_but_for_what_is_theirs() {
    let site = Site::new();
    expect(&site.sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = site.sandbox.start();
    let browser = site.browser();
    let picture = || body(&browser.get("bundle"))["status"]["lanes"][0]["picture"].clone();
    let idle = wait_for(picture, |picture| picture["headline"].is_string());
    let theirs = ["name", "number", "details"].map(|what| idle[what].clone());
    assert_eq!(theirs, [json!(false), json!(false), json!(false)], "{idle}");
    let mut terminal = site.sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    terminal.receive_type("outcome").expect("an outcome");
    let shown = wait_for(picture, |picture| picture["name"] == true);
    let theirs = ["name", "number", "details"].map(|what| shown[what].clone());
    assert_eq!(theirs, [json!(true), json!(true), json!(true)], "{shown}");
    assert!(shown["headline"] == "签到成功" && shown["headline"] != idle["headline"], "{shown}");
    let told = shown.to_string();
    assert!(!["张", "三丰", "A001", "3楼"].iter().any(|secret| told.contains(secret)), "{told}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn beyond_loopback_the_page_is_shown_to_the_certificates_of_technicians_alone() {
    let mut site = network_terminals::Site::new("https");
    let port = with_page(&site.sandbox);
    let named = "technician = true\ntechnicians = [\"CN=wang,O=Hospital\"]\nlisten = \"https:127";
    site.sandbox.edit("listen = \"127", named);
    let daemon = site.sandbox.start();
    site.port = port;
    let [wang, li] = ["wang", "li"].map(|name| site.card_with(&site.terminals, name, |_| {}));
    assert!(ask_over_tls(&site, &wang, "/technician/").contains("设备维护"));
    assert!(ask_over_tls(&site, &wang, "/metrics").contains("facemchd_ready 1"));
    for path in ["/technician/", "/technician/events", "/technician/bundle", "/technician/me", "/metrics"] {
        let told = ask_over_tls(&site, &site.good(), path);
        assert!(told.starts_with("HTTP/1.1 404"), "a terminal sees {path}: {told}");
        assert_eq!(ask_over_tls(&site, &li, path), "", "nobody's");
    }
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_picture_of_a_lane_that_waits_for_a_start_asks_for_it() {
    let site = Site::new();
    site.sandbox.edit("panel = \"board\"\nprinter", "panel = \"board\"\nintent = \"start\"\nprinter");
    let daemon = site.sandbox.start();
    let browser = site.browser();
    let headline = || body(&browser.get("bundle"))["status"]["lanes"][0]["picture"]["headline"].clone();
    assert_eq!(wait_for(headline, |headline| headline.is_string()), "请按开始键");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn whoever_guesses_waits_and_nobody_else_does() {
    let site = Site::new();
    let daemon = site.sandbox.start();
    account(&site.sandbox, "zhao", "battery staple", &["--technician"]);
    account(&site.sandbox, "qian", "correct horse", &["--technician"]);
    let mut browser = site.browser();
    for _ in 0..3 {
        assert!(browser.log_in("zhao", "guess").starts_with("HTTP/1.1 401"));
    }
    let later = browser.log_in("zhao", "battery staple");
    assert!(later.starts_with("HTTP/1.1 429") && later.contains("retry-after: "), "{later}");
    assert!(browser.log_in("qian", "correct horse").starts_with("HTTP/1.1 204"));
    // The right one counts when the time is over.
    let entered =
        wait_for(|| site.browser().log_in("zhao", "battery staple"), |answer| answer.starts_with("HTTP/1.1 204"));
    assert!(entered.starts_with("HTTP/1.1 204"), "{entered}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_page_tells_all_in_the_readers_tongue_and_the_bundle_names_nobody() {
    let site = Site::new();
    expect(&site.sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = site.sandbox.start();
    let mut terminal = site.sandbox.terminal(0);
    for sid in ["sid-1", "sid-nobody"] {
        terminal.face(sid, true).expect("sent");
        terminal.receive_type("outcome").expect("an outcome");
    }
    let browser = site.browser();
    let spoken = |request: &str| {
        let answer = ask(site.address, &request.replace("HOST", &site.address.to_string()));
        assert!(answer.contains("script-src 'self'") && !answer.contains("<script>") && !answer.contains("style="));
        answer.contains("<html lang=\"en\"")
    };
    assert!(!spoken("GET /technician/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"));
    assert!(spoken("GET /technician/?lang=en HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"));
    let english = "GET /technician/ HTTP/1.1\r\nHost: HOST\r\nAccept-Language: en-GB,zh\r\nConnection: close\r\n\r\n";
    assert!(spoken(english) && !spoken(&english.replace("/ ", "/?lang=zh ")));
    for asset in ["technician.js", "counter.js", "desk.css"] {
        assert!(browser.get(asset).starts_with("HTTP/1.1 200"), "{asset}");
    }
    assert!(browser.get("nothing").starts_with("HTTP/1.1 404"));
    assert!(browser.get("/technician").contains("location: /technician/\r\n"));
    let evil = "GET /technician/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert!(ask(site.address, evil).starts_with("HTTP/1.1 421"));
    let bundle = wait_for(
        || browser.get("bundle"),
        |bundle| bundle.contains("\"N320\"") && bundle.contains("visits_total{lane=\\\"kiosk-1\\\",result=\\\"failed"),
    );
    let told = body(&bundle);
    assert!(
        told["faults"][0]["cure"].is_string() && told["log"].as_array().is_some_and(|log| !log.is_empty()),
        "{told:#}"
    );
    assert!(told["codes"]["N320"]["summary"].is_string(), "{told:#}");
    for secret in ["张三丰", "张", "sid-1", "sid-nobody"] {
        assert!(!bundle.contains(secret), "{secret}\n{bundle}");
    }
    assert_eq!(daemon.stop(), Some(0));
}
