//! What goes wrong at an installation, one fault at a time: `check --online` names the right cause first.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use facemchd::sim::{
    devices::{Cable, PrinterTwin},
    server::{Answer, Authority, Reply, Server},
    wechat::WeChat,
};
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use serde_json::{Value, json};

use crate::{
    bench_board,
    keys::world,
    lookups::{clock, skewed},
    running::{Sandbox, run},
};

/// What keeps standing while the check runs.
pub type Kept = Box<dyn std::any::Any>;

/// One fault: what it is, the code that must come first, and how it comes about.
struct Fault {
    what: &'static str,
    code: &'static str,
    inject: fn(&Sandbox) -> Kept,
}

pub fn nothing() -> Kept {
    Box::new(())
}

fn fault(what: &'static str, code: &'static str, inject: fn(&Sandbox) -> Kept) -> Fault {
    Fault { what, code, inject }
}

pub fn key(sandbox: &Sandbox, name: &str) -> std::path::PathBuf {
    sandbox.path("keys").join(name)
}

pub fn write(file: &Path, text: &str, mode: u32) {
    fs::write(file, text).expect("written");
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("set");
}

/// What the site file says under this key, first.
pub fn said(sandbox: &Sandbox, key: &str) -> String {
    let text = fs::read_to_string(&sandbox.site).expect("readable");
    let line = text.lines().find(|line| line.split(" = ").next() == Some(key)).expect("a line");
    line.split('"').nth(1).expect("a string").to_owned()
}

fn edit(sandbox: &Sandbox, from: &str, to: &str) -> Kept {
    sandbox.edit(from, to);
    nothing()
}

/// The bench board with something else in it.
pub fn bench(sandbox: &Sandbox, changes: &[(&str, &str)]) -> Kept {
    Box::new(bench_board::build(sandbox, changes))
}

pub fn bench_with(sandbox: &Sandbox, trouble: impl Fn(&PrinterTwin)) -> Kept {
    let printer = bench_board::build(sandbox, &[]);
    trouble(&printer);
    Box::new(printer)
}

/// Sends what is for WeChat somewhere else, under another authority.
pub fn ask_instead(sandbox: &Sandbox, authority: &Authority, url: &str) {
    write(&key(sandbox, "pay-ca.pem"), &authority.pem(), 0o644);
    sandbox.edit(&format!("base-url = \"{}\"\npublic", sandbox.wechat.url()), &format!("base-url = \"{url}\"\npublic"));
    sandbox
        .edit("wechatpay.pub.pem\"\nca-file = \"keys/ca.pem\"", "wechatpay.pub.pem\"\nca-file = \"keys/pay-ca.pem\"");
}

/// Something else answers where WeChat should.
pub fn instead_of_wechat(sandbox: &Sandbox, answer: fn() -> Answer) -> Kept {
    let authority = Authority::new().expect("an authority");
    let server = Server::start(&authority, Arc::new(move |_| Reply::Answer(answer()))).expect("a server");
    ask_instead(sandbox, &authority, &server.url());
    Box::new(server)
}

pub fn page() -> Answer {
    let mut answer = Answer::json(200, &json!(null));
    answer.body = b"<html>Please log in</html>".to_vec();
    answer
}

/// The same for the site's system.
pub fn instead_of_the_site(sandbox: &Sandbox, answer: fn() -> Answer) -> Kept {
    let authority = Authority::new().expect("an authority");
    let server = Server::start(&authority, Arc::new(move |_| Reply::Answer(answer()))).expect("a server");
    write(&key(sandbox, "site-ca.pem"), &authority.pem(), 0o644);
    sandbox.edit(
        &format!("url = \"{}\"\nca-file = \"keys/ca.pem\"\nhmac", sandbox.hospital.url()),
        &format!("url = \"{}/kiosk\"\nca-file = \"keys/site-ca.pem\"\nhmac", server.url()),
    );
    Box::new(server)
}

/// A sandbox WeChat whose clock is wrong by this much.
fn wechat_at(sandbox: &Sandbox, seconds: i64) -> Kept {
    let authority = Authority::new().expect("an authority");
    let wechat = WeChat::start(&authority, Arc::new(world()), true, skewed(seconds)).expect("a sandbox");
    ask_instead(sandbox, &authority, &wechat.url());
    Box::new(wechat)
}

/// A certificate of the sign key, good until so many days from now.
pub fn certificate(sandbox: &Sandbox, days: i64) -> Kept {
    let pem = fs::read_to_string(key(sandbox, "sign.key.pem")).expect("a key");
    let pair = rcgen::KeyPair::from_pem(&pem).expect("a pair");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("params");
    let now = time::OffsetDateTime::from_unix_timestamp(clock().now().wall.unix_seconds()).expect("a time");
    params.not_before = now - time::Duration::days(400);
    params.not_after = now + time::Duration::days(days);
    let serial = said(sandbox, "serial-no");
    let bytes: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&serial[2 * at..2 * at + 2], 16).expect("hex")).collect();
    params.serial_number = Some(rcgen::SerialNumber::from_slice(&bytes));
    let certificate = params.self_signed(&pair).expect("signed");
    write(&key(sandbox, "sign.crt.pem"), &certificate.pem(), 0o644);
    nothing()
}

fn faults() -> Vec<Fault> {
    vec![
        // The site file.
        fault("a key of the site file is misspelt", "C101", |s| edit(s, "serial-no =", "serialno =")),
        fault("a table is missing", "C101", |s| edit(s, "[merchant]", "[merchants]")),
        fault("mchid holds a letter", "C101", |s| edit(s, "mchid = \"1", "mchid = \"X")),
        fault("serial-no is in lower case", "C101", |s| {
            let serial = said(s, "serial-no");
            edit(s, &serial, &serial.to_lowercase())
        }),
        fault("serial-no is cut off", "C101", |s| {
            let serial = said(s, "serial-no");
            edit(s, &serial, &serial[..38])
        }),
        fault("base-url is plain http", "C101", |s| {
            let url = s.wechat.url();
            edit(s, &format!("base-url = \"{url}\""), &format!("base-url = \"{}\"", url.replace("https", "http")))
        }),
        fault("two lanes have one name", "C101", |s| edit(s, "name = \"gate-1\"", "name = \"kiosk-1\"")),
        fault("a terminal's address is no address", "C101", |s| edit(s, "unix:gate-1.sock", "gate-1.sock")),
        fault("a lane's mode is none", "C101", |s| edit(s, "mode = \"transit\"", "mode = \"station\"")),
        fault("weixin has a merchant and no key", "C101", |s| {
            edit(s, "key = \"keys/decrypt.key.pem\"\n\n[authinfo]", "\n[authinfo]")
        }),
        fault("the site file is not there", "C101", |s| {
            fs::remove_file(&s.site).expect("removed");
            nothing()
        }),
        // The board.
        fault("there is no such board", "C102", |s| edit(s, "board = \"simulated\"", "board = \"rk3399\"")),
        fault("the board file is for another machine", "C102", |s| {
            bench(s, &[("compatible = []", "compatible = [\"acme,k1\"]")])
        }),
        fault("the board file has a wrong panel", "C102", |s| bench(s, &[("kind = \"picture\"", "kind = \"lcd\"")])),
        fault("a panel's kind and wire do not fit", "C102", |s| {
            bench(s, &[("kind = \"picture\"", "kind = \"sh1106\"")])
        }),
        fault("a line has two uses", "C102", |s| bench(s, &[("bench/green\"", "bench/gate\"")])),
        fault("a pulse is too long", "C102", |s| bench(s, &[("pulse-ms = 300", "pulse-ms = 30000")])),
        fault("the printer's profile is not there", "C102", |s| bench(s, &[("epson-80", "epson-81")])),
        fault("the slip's template is not there", "C102", |s| {
            bench(s, &[("profile = \"epson-80\"", "profile = \"epson-80\"\nslip = \"ours\"")])
        }),
        // Devices.
        fault("the panel's SPI bus is not there", "D601", |s| {
            bench(s, &[("kind = \"picture\"", "kind = \"st7920\""), ("wire = \"file:", "wire = \"spi:/nowhere")])
        }),
        fault("the panel's I2C bus is not there", "D601", |s| {
            let bus = format!("wire = \"file:{}/panel.ppm\"", s.path("bench").display());
            bench(s, &[("kind = \"picture\"", "kind = \"ssd1306\""), (&bus, "wire = \"i2c:/dev/nowhere:3c\"")])
        }),
        fault("the framebuffer is not there", "D601", |s| {
            let file = format!("wire = \"file:{}/panel.ppm\"", s.path("bench").display());
            bench(s, &[("kind = \"picture\"", "kind = \"framebuffer\""), (&file, "wire = \"fb:/dev/fb9\"")])
        }),
        fault("the gate's line has no such name", "G801", |s| {
            let file = format!("[gate]\nwire = {{ file = \"{}/gate\" }}", s.path("bench").display());
            bench(s, &[(&file, "[gate]\nwire = { name = \"GATE_OPEN\" }")])
        }),
        fault("the gate's chip has another label", "G801", |s| {
            let file = format!("[gate]\nwire = {{ file = \"{}/gate\" }}", s.path("bench").display());
            bench(s, &[(&file, "[gate]\nwire = { chip = \"gpio3\", offset = 17 }")])
        }),
        fault("nothing bounds a stuck pulse", "G801", |s| bench(s, &[("one-shot = true", "one-shot = false")])),
        fault("a colour is too pale", "K408", |s| {
            edit(s, "[checkin]\n", "[palette]\nquiet = \"#888888\"\n\n[checkin]\n")
        }),
        fault("the logo is not there", "K409", |s| {
            edit(s, "[checkin]\n", "[brand]\nname = \"城东人民医院\"\nlogo = \"logo.png\"\n\n[checkin]\n")
        }),
        fault("the logo is no picture", "K409", |s| {
            write(&s.path("logo.png"), "GIF89a", 0o644);
            edit(s, "[checkin]\n", "[brand]\nname = \"城东人民医院\"\nlogo = \"logo.png\"\n\n[checkin]\n")
        }),
        fault("a light is not there", "D602", |s| {
            let file = format!("green = {{ wire = {{ file = \"{}/green\" }} }}", s.path("bench").display());
            bench(s, &[(&file, "green = { wire = { name = \"LAMP_GREEN\" } }")])
        }),
        fault("the fire input's line is not there", "D602", |s| {
            let file = format!("wire = {{ file = \"{}/fire\" }}", s.path("bench").display());
            bench(s, &[(&file, "wire = { name = \"FIRE_ALARM\" }")])
        }),
        fault("the printer is switched off", "P701", |s| bench_with(s, |printer| printer.set_cable(Cable::NoReturn))),
        fault("the printer's data lines are swapped", "P701", |s| {
            bench_with(s, |printer| printer.set_cable(Cable::Swapped))
        }),
        fault("the printer's baud rate is another", "P701", |s| {
            bench_with(s, |printer| printer.set_cable(Cable::HalfSpeed))
        }),
        fault("the printer's serial port is not there", "P701", |s| {
            let socket = format!("wire = \"unix:{}/printer\"", s.path("bench").display());
            bench(s, &[(&socket, "wire = \"serial:/dev/ttyUSB99:9600\"")])
        }),
        fault("the printer's network address is another", "P701", |s| {
            let socket = format!("wire = \"unix:{}/printer\"", s.path("bench").display());
            bench(s, &[(&socket, "wire = \"tcp:127.0.0.1:9\"")])
        }),
        fault("the printer has no paper", "P702", |s| bench_with(s, |printer| printer.set_paper(0))),
        fault("the printer's cover is open", "P703", |s| bench_with(s, |printer| printer.set_cover(true))),
        fault("the printer's paper is nearly out", "P706", |s| bench_with(s, |printer| printer.set_paper(5))),
        // Keys.
        fault("the sign key is not there", "K401", |s| {
            fs::remove_file(key(s, "sign.key.pem")).expect("removed");
            nothing()
        }),
        fault("the sign key is no key", "K401", |s| {
            write(&key(s, "sign.key.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600);
            nothing()
        }),
        fault("the sign key is a certificate", "K401", |s| {
            write(&key(s, "sign.key.pem"), &fs::read_to_string(key(s, "sign.crt.pem")).expect("there"), 0o600);
            nothing()
        }),
        fault("others may read the sign key", "K402", |s| {
            fs::set_permissions(key(s, "sign.key.pem"), fs::Permissions::from_mode(0o644)).expect("set");
            nothing()
        }),
        fault("others may read the decrypt key", "K402", |s| {
            fs::set_permissions(key(s, "decrypt.key.pem"), fs::Permissions::from_mode(0o640)).expect("set");
            nothing()
        }),
        fault("the sign key has 1024 bits", "K403", |s| {
            let short = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, 1024).expect("a key");
            write(&key(s, "sign.key.pem"), &short.to_pkcs8_pem(LineEnding::LF).expect("PEM"), 0o600);
            nothing()
        }),
        fault("sign and decrypt key are swapped", "K404", |s| {
            let (sign, decrypt) = (key(s, "sign.key.pem"), key(s, "decrypt.key.pem"));
            let (one, other) =
                (fs::read_to_string(&sign).expect("a key"), fs::read_to_string(&decrypt).expect("a key"));
            write(&sign, &other, 0o600);
            write(&decrypt, &one, 0o600);
            nothing()
        }),
        fault("serial-no is of another certificate", "K404", |s| {
            let serial = said(s, "serial-no");
            edit(
                s,
                &format!("serial-no = \"{serial}\"\nappid"),
                &format!("serial-no = \"{}\"\nappid", serial.replace('A', "B").replace('1', "2")),
            )
        }),
        fault("the decrypt key is another one", "K404", |s| {
            let another = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, 2048).expect("a key");
            write(&key(s, "decrypt.key.pem"), &another.to_pkcs8_pem(LineEnding::LF).expect("PEM"), 0o600);
            nothing()
        }),
        fault("sub-serial-no is of another certificate", "K404", |s| {
            let serial = said(s, "sub-serial-no");
            let another = serial.chars().rev().collect::<String>();
            edit(s, &format!("sub-serial-no = \"{serial}\""), &format!("sub-serial-no = \"{another}\""))
        }),
        fault("the decrypt key's certificate is a key", "K401", |s| {
            fs::copy(key(s, "decrypt.key.pem"), key(s, "decrypt.crt.pem")).expect("copied");
            nothing()
        }),
        fault("the merchant certificate has expired", "K407", |s| certificate(s, -1)),
        fault("the merchant certificate expires next week", "K407", |s| certificate(s, 7)),
        fault("WeChat's public key is not there", "K401", |s| {
            fs::remove_file(key(s, "wechatpay.pub.pem")).expect("removed");
            nothing()
        }),
        // State and terminals.
        fault("the state directory is a file", "C103", |s| {
            write(&s.path("state"), "", 0o600);
            nothing()
        }),
        fault("the disk is full", "C103", |s| edit(s, "state-dir = \"state\"", "state-dir = \"/proc\"")),
        fault("the terminal's folder is not there", "T210", |s| {
            edit(s, "unix:gate-1.sock", "unix:nowhere/gate-1.sock")
        }),
        fault("the terminal's serial port is not there", "T210", |s| {
            edit(s, "unix:gate-1.sock", "serial:/dev/ttyUSB98:115200")
        }),
        fault("the terminal's serial port is a file", "T210", |s| {
            let file = s.path("site.toml").display().to_string();
            edit(s, "unix:gate-1.sock", &format!("serial:{file}:115200"))
        }),
        // The way to WeChat.
        fault("WeChat's name cannot be resolved", "N302", |s| {
            edit(
                s,
                &format!("base-url = \"{}\"\npublic", s.wechat.url()),
                "base-url = \"https://wechat.invalid\"\npublic",
            )
        }),
        fault("nobody listens at WeChat's address", "N301", |s| {
            s.wechat.set_online(false);
            nothing()
        }),
        fault("connect-to leads nowhere", "N301", |s| {
            edit(s, "public-key-id =", "connect-to = \"127.0.0.1:9\"\npublic-key-id =")
        }),
        fault("the proxy is not there", "N306", |s| {
            edit(s, "public-key-id =", "proxy = \"http://127.0.0.1:9\"\npublic-key-id =")
        }),
        fault("something intercepts TLS", "N303", |s| {
            write(&key(s, "ca.pem"), &Authority::new().expect("an authority").pem(), 0o644);
            nothing()
        }),
        fault("the certificate is for another name", "N303", |s| {
            let address = s.wechat.address();
            edit(
                s,
                &format!("base-url = \"{}\"\npublic", s.wechat.url()),
                &format!("base-url = \"https://wechat.invalid\"\nconnect-to = \"{address}\"\npublic"),
            )
        }),
        fault("ca-file is not there", "C101", |s| {
            edit(
                s,
                "wechatpay.pub.pem\"\nca-file = \"keys/ca.pem\"",
                "wechatpay.pub.pem\"\nca-file = \"keys/none.pem\"",
            )
        }),
        fault("a captive portal answers", "N305", |s| instead_of_wechat(s, page)),
        fault("a captive portal sends us elsewhere", "N305", |s| {
            instead_of_wechat(s, || {
                let mut answer = Answer::json(302, &json!(null));
                answer.headers.push(("Location".to_owned(), "https://portal.invalid/".to_owned()));
                answer
            })
        }),
        fault("WeChat answers an error of its own", "N324", |s| {
            instead_of_wechat(s, || {
                let mut answer = Answer::json(500, &json!({ "code": "SYSTEM_ERROR" }));
                answer.headers.push(("Request-ID".to_owned(), "0A".to_owned()));
                answer
            })
        }),
        fault("WeChat's front answers a page of its own", "N324", |s| {
            instead_of_wechat(s, || Answer { status: 502, ..page() })
        }),
        fault("our clock is ten minutes slow", "C106", |s| wechat_at(s, 600)),
        fault("our clock is ten minutes fast", "C106", |s| wechat_at(s, -600)),
        fault("mchid is another merchant's", "N322", |s| edit(s, "mchid = \"1", "mchid = \"2")),
        fault("sub-mchid is another merchant's", "N321", |s| {
            let right = said(s, "sub-mchid");
            edit(s, &format!("sub-mchid = \"{right}\""), &format!("sub-mchid = \"{}7\"", &right[..right.len() - 1]))
        }),
        fault("sub-appid and sub-mchid are of two merchants", "N321", |s| {
            let right = said(s, "sub-appid");
            let wrong = format!("sub-appid = \"{}9\"", &right[..right.len() - 1]);
            edit(s, &format!("sub-appid = \"{right}\""), &wrong)
        }),
        fault("public-key is another one", "N310", |s| {
            let sub = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, 2048).expect("a key");
            let pem =
                rsa::pkcs8::EncodePublicKey::to_public_key_pem(&sub.to_public_key(), LineEnding::LF).expect("PEM");
            write(&key(s, "wechatpay.pub.pem"), &pem, 0o644);
            nothing()
        }),
        fault("public-key-id is another one", "N311", |s| {
            let id = said(s, "public-key-id");
            edit(s, &id, &format!("{}9", &id[..id.len() - 1]))
        }),
        // The site's system.
        fault("the site's system is not there", "H901", |s| {
            s.hospital.set_online(false);
            nothing()
        }),
        fault("the site's system says that it is down", "H901", |s| {
            s.hospital.set_down(true);
            nothing()
        }),
        fault("the HMAC key is another", "H903", |s| {
            write(&key(s, "checkin.hmac"), "another key", 0o600);
            nothing()
        }),
        fault("others may read the HMAC key", "K402", |s| {
            fs::set_permissions(key(s, "checkin.hmac"), fs::Permissions::from_mode(0o644)).expect("set");
            nothing()
        }),
        fault("something else answers for the site's system", "H902", |s| instead_of_the_site(s, page)),
        // The mini-program.
        fault("the app secret is wrong", "W103", |s| {
            write(&key(s, "weixin.secret"), "ffffffffffffffffffffffffffffffff", 0o600);
            nothing()
        }),
        fault("weixin does not know our address", "W102", |s| {
            s.weixin.stumble(40164);
            nothing()
        }),
        fault("weixin's quota is used up", "W104", |s| {
            s.weixin.stumble(45009);
            nothing()
        }),
    ]
}

/// What `check` says first, of what is wrong: code and text.
fn first_wrong(sandbox: &Sandbox, known: &[String]) -> (String, String) {
    let ran = run(&["check", "--online", "--json", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    let lines = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let wrong = lines.filter(|line| line["outcome"] == "failed" || line["outcome"] == "warning");
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    wrong
        .map(|line| (text(&line["code"]), format!("{} {}", text(&line["id"]), text(&line["text"]))))
        .find(|(_, told)| !known.contains(told))
        .unwrap_or_default()
}

#[test]
fn what_only_a_person_can_show_is_said_not_to_be_proven() {
    let told = |sandbox: &Sandbox| {
        let ran = run(&["check", "--online", "--json", "--config", sandbox.site()]);
        assert!(ran.status.success());
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    // Another APIv2 key, which no question about nobody shows; the decrypt key as its certificate says.
    let sandbox = Sandbox::new();
    write(&key(&sandbox, "apiv2.key"), &"Z".repeat(32), 0o600);
    let whole = told(&sandbox);
    assert!(whole.contains("opened with keys.decrypt is what is sealed for it"), "{whole}");
    assert!(whole.contains("not proven: that WeChat knows sub-serial-no"), "{whole}");
    assert!(whole.contains("not proven: the APIv2 key"), "{whole}");
    sandbox.edit("decrypt-certificate = \"keys/decrypt.crt.pem\"\n", "");
    let without = told(&sandbox);
    assert!(without.contains("keys.decrypt-certificate would prove it"), "{without}");
}

#[test]
fn check_names_the_right_cause_first() {
    // What this machine itself is warned of, whatever is installed.
    let well = Sandbox::new();
    let mut known = Vec::new();
    loop {
        let (code, told) = first_wrong(&well, &known);
        if code.is_empty() {
            break;
        }
        let is_the_machines = ["interface", "default-route", "time-source"].iter().any(|id| told.starts_with(id));
        assert!(is_the_machines, "a site in order: {code} {told}");
        known.push(told);
    }
    let faults = Mutex::new(faults().into_iter().enumerate().collect::<Vec<_>>());
    let rows = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((index, fault)) = faults.lock().expect("not poisoned").pop() else { return };
                    let sandbox = Sandbox::new();
                    let kept = (fault.inject)(&sandbox);
                    let (code, told) = first_wrong(&sandbox, &known);
                    drop(kept);
                    rows.lock().expect("not poisoned").push((index, fault.what, fault.code, code, told));
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("not poisoned");
    rows.sort();
    println!("{:<50} {:<9} {:<9} told", "fault", "expected", "first");
    for (_, what, expected, first, told) in &rows {
        let mark = if expected == first { " " } else { "!" };
        println!("{what:<50} {expected:<9} {first:<8}{mark} {told}");
    }
    let right = rows.iter().filter(|(_, _, expected, first, _)| expected == first).count();
    println!("{right} of {} faults named first", rows.len());
    assert!(rows.len() >= 60 && right * 60 >= 57 * rows.len(), "{right} of {}", rows.len());
}
