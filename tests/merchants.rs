//! Several merchants behind one kiosk: who is picked, what happens when nobody is, and SIGHUP while people are served.

use std::{fmt::Write as _, time::Duration};

use facemchd::sim::{
    hospital::Booking,
    keys::numbers,
    people::{Behaviour, Person},
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    keys::world,
    running::{Daemon, Sandbox, is_emulated, run},
};

/// As many as one kiosk is tried with.
const MERCHANTS: usize = 1000;

fn sub_mchid(index: usize) -> String {
    format!("{}", 1_900_100_000 + index)
}

/// The tables of that many merchants, with two decrypt keys in turn; every one has a terminal of its own.
fn tables(numbers_of: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for index in 0..MERCHANTS {
        let decrypt = ["decrypt", "other"][index % 2];
        let _ = write!(
            text,
            "[[merchant]]\nname = \"m-{index}\"\nmchid = \"{}\"\nserial-no = \"SERIAL\"\nappid = \"{}\"\n\
             sub-mchid = \"{}\"\nsub-appid = \"{}\"\nsub-serial-no = \"{:040X}\"\nterminals = [\"SN-{index}\"]\n\
             keys = {{ sign = \"keys/sign.key.pem\", decrypt = \"keys/{decrypt}.key.pem\" }}\n\n",
            numbers::MCHID,
            numbers::APPID,
            numbers_of(index),
            numbers::SUB_APPID,
            index + 1,
        );
    }
    text
}

/// A site with a thousand merchants; the hospital lane is the first one's, the gate nobody's.
fn site() -> Sandbox {
    let sandbox = Sandbox::new();
    let text = std::fs::read_to_string(&sandbox.site).expect("readable");
    let serial = text.lines().find_map(|line| line.strip_prefix("serial-no = ")).expect("a serial").to_owned();
    let (begin, end) = (text.find("[merchant]").expect("there"), text.find("[keys]").expect("there"));
    let tables = tables(sub_mchid).replace("\"SERIAL\"", &serial);
    let text = format!("{}{tables}{}", &text[..begin], &text[end..]);
    let text = text.replace("name = \"kiosk-1\"", "name = \"kiosk-1\"\nmerchant = \"m-1\"");
    std::fs::write(&sandbox.site, text).expect("written");
    // The other decrypt key: the platform's will do, nobody else has it in this sandbox's keys.
    let other = world().platform;
    let pem = rsa::pkcs8::EncodePrivateKey::to_pkcs8_pem(&other.key, rsa::pkcs8::LineEnding::LF).expect("PEM");
    let file = sandbox.path("keys/other.key.pem");
    std::fs::copy(sandbox.path("keys/decrypt.key.pem"), &file).expect("copied with its mode");
    std::fs::write(&file, pem.as_bytes()).expect("written");
    let decrypt = std::fs::read_to_string(sandbox.path("keys/decrypt.key.pem")).expect("a key");
    let decrypt = rsa::pkcs8::DecodePrivateKey::from_pkcs8_pem(&decrypt).expect("a key");
    for index in 0..MERCHANTS + 1 {
        sandbox.wechat.know_merchant(&sub_mchid(index), [&decrypt, &other.key][index % 2]);
    }
    sandbox
}

fn comes(sandbox: &Sandbox, lane: usize, sid: &str, more: &Value) -> Value {
    let person = Person::new(sid, "张三丰");
    sandbox.hospital.book(&person.credential_id, Booking::At("3楼 内科".to_owned()));
    sandbox.wechat.know(person);
    let mut frame = json!({ "face_sid": sid, "return_code": "SUCCESS", "consent": true });
    frame.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let mut terminal = sandbox.terminal(lane);
    terminal.send("face", &frame).expect("sent");
    terminal.receive_type("outcome").expect("an outcome")
}

fn wait_for(daemon: &Daemon, what: &str) {
    for _ in 0..3000 {
        if daemon.log().contains(what) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what}: {}", daemon.log());
}

#[test]
fn check_counts_the_usable_keys_and_names_the_merchant_whose_key_is_not() {
    let sandbox = site();
    sandbox.edit(
        "sub-mchid = \"1900100007\"\nsub-appid = \"wx2b029c08a6255555\"",
        "keys = { sign = \"keys/nobodys.pem\" }\nsub-mchid = \"1900100007\"\nsub-appid = \"wx2b029c08a6255555\"",
    );
    let text = std::fs::read_to_string(&sandbox.site).expect("readable");
    let (before, after) = text.split_once("name = \"m-7\"").expect("there");
    let (table, rest) = after.split_once("\n\n").expect("its end");
    let table: Vec<&str> = table.lines().filter(|line| !line.contains("other.key.pem")).collect();
    std::fs::write(&sandbox.site, format!("{before}name = \"m-7\"{}\n\n{rest}", table.join("\n"))).expect("written");
    let ran = run(&["check", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&ran.stdout);
    let keys: Vec<&str> = told.lines().filter(|line| line.contains(" keys ")).collect();
    assert_eq!(keys.len(), 2, "{told}");
    assert!(keys[0].contains("K401 merchant m-7; caused by: ") && keys[0].contains("nobodys.pem"), "{told}");
    assert!(keys[1].ends_with("sign and decrypt keys of 999 merchants are usable"), "{told}");
}

#[test]
fn a_frame_a_terminal_or_a_lane_picks_one_of_a_thousand_and_sighup_swaps_them() {
    if is_emulated() {
        return println!("not run: an emulator reads a thousand keys in minutes, and the memory is its own");
    }
    let sandbox = site();
    let daemon = sandbox.start();
    let resident = daemon.resident();
    println!("{MERCHANTS} merchants: {resident} KiB resident");
    assert!(resident < 64 * 1024, "{resident} KiB");

    for (sid, more, wanted) in [
        ("by-frame", json!({ "merchant": "m-999", "terminal": "SN-5" }), 999),
        ("by-terminal", json!({ "terminal": "SN-42" }), 42),
        ("by-lane", json!({ "terminal": "SN-unknown" }), 1),
    ] {
        let outcome = comes(&sandbox, 0, sid, &more);
        assert!(["checked_in", "already"].contains(&outcome["result"].as_str().unwrap_or("")), "{sid}: {outcome}");
        assert_eq!(sandbox.wechat.asked_for(sid), Some(sub_mchid(wanted)), "{sid}");
    }
    for (sid, lane, more) in [
        ("nobodys", 0, json!({ "merchant": "m-1000" })),
        ("not-a-name", 0, json!({ "merchant": "../m-1\n" })),
        ("no-pick", 1, json!({})),
    ] {
        let outcome = comes(&sandbox, lane, sid, &more);
        assert_eq!((&outcome["result"], &outcome["code"]), (&json!("failed"), &json!("C107")), "{sid}: {outcome}");
        assert_eq!(sandbox.wechat.asked_for(sid), None, "{sid}");
    }

    // Each lane's permission is its merchant's; of the others, whoever is refused.
    let mut terminal = sandbox.terminal(0);
    sandbox.wechat.know(Person::new("refused", "张三丰").about(Behaviour::NoPermission));
    let frame = json!({ "face_sid": "refused", "return_code": "SUCCESS", "consent": true, "merchant": "m-998" });
    terminal.send("face", &frame).expect("sent");
    assert_eq!(terminal.receive_type("outcome").expect("an outcome")["code"], "N321");
    let told = run(&["check", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&told.stdout);
    let permissions: Vec<&str> = told.lines().filter(|line| line.contains("ASK_REAL_NAME")).collect();
    assert_eq!(permissions.len(), 2, "{told}");
    assert!(permissions[0].contains("kiosk-1: ASK_REAL_NAME granted"), "{told}");
    assert!(permissions[1].contains("merchant m-998: ASK_REAL_NAME refused"), "{told}");

    // Held over the swap: asked for in the name of whoever m-2 is by then.
    sandbox.wechat.know(Person::new("held", "李四"));
    let mut terminal = sandbox.terminal(0);
    let frame = json!({ "face_sid": "held", "return_code": "SUCCESS", "consent": false, "merchant": "m-2" });
    terminal.send("face", &frame).expect("sent");
    assert_eq!(terminal.receive_type("ack").expect("an ack")["status"], "held");
    sandbox.edit(&format!("sub-mchid = \"{}\"", sub_mchid(2)), &format!("sub-mchid = \"{}\"", sub_mchid(1000)));
    daemon.signal(Signal::HUP);
    wait_for(&daemon, "INFO read again");
    terminal.send("consent", &json!({ "face_sid": "held", "granted": true })).expect("sent");
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    assert_ne!(outcome["result"], "interrupted", "{outcome}");
    assert_eq!(sandbox.wechat.asked_for("held"), Some(sub_mchid(1000)), "{outcome}");

    // A set that is wrong is not taken over.
    sandbox.edit("name = \"m-3\"", "name = \"m-4\"");
    daemon.signal(Signal::HUP);
    wait_for(&daemon, "two merchants have the same name");
    let outcome = comes(&sandbox, 0, "as-before", &json!({ "merchant": "m-3" }));
    assert_eq!(sandbox.wechat.asked_for("as-before"), Some(sub_mchid(3)), "{outcome}");
    assert_eq!(daemon.stop(), Some(0));
}
