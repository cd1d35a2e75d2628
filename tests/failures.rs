//! Whatever fails while the daemon serves stands in the log once: which lane by its name, the code, the cause, and nobody.

use std::{fs, thread, time::Duration};

use facemchd::sim::{devices::Cable, people::Person, server::Authority};
use rustix::process::Signal;
use serde_json::Value;

use crate::{
    faults::{Kept, bench_with, instead_of_the_site, key, nothing, page, write},
    program::expect,
    running::{Daemon, Sandbox, run},
};

/// One fault: what it is, the code and the words of its line, and how it comes about.
struct Fault {
    what: &'static str,
    code: &'static str,
    cause: &'static str,
    inject: fn(&Sandbox) -> Kept,
}

/// Of devices, of the network, of the site's system.
const FAULTS: &[Fault] = &[
    Fault {
        what: "the printer is switched off",
        code: "P701",
        cause: "bench/printer; caused by: ",
        inject: |s| bench_with(s, |printer| printer.set_cable(Cable::NoReturn)),
    },
    Fault {
        what: "the printer has no paper",
        code: "P702",
        cause: "no paper",
        inject: |s| bench_with(s, |printer| printer.set_paper(0)),
    },
    Fault {
        what: "the printer's cover is open",
        code: "P703",
        cause: "cover is open",
        inject: |s| bench_with(s, |printer| printer.set_cover(true)),
    },
    Fault {
        what: "nobody listens at WeChat's address",
        code: "N301",
        cause: "connection refused",
        inject: |s| {
            s.wechat.set_online(false);
            nothing()
        },
    },
    Fault {
        what: "something intercepts TLS",
        code: "N303",
        cause: "nobody in ca-file issued",
        inject: |s| {
            s.edit(
                "wechatpay.pub.pem\"\nca-file = \"keys/ca.pem\"",
                "wechatpay.pub.pem\"\nca-file = \"keys/other.pem\"",
            );
            write(&key(s, "other.pem"), &Authority::new().expect("an authority").pem(), 0o644);
            nothing()
        },
    },
    Fault {
        what: "the site's system is not there",
        code: "H901",
        cause: "connection refused",
        inject: |s| {
            s.hospital.set_online(false);
            nothing()
        },
    },
    Fault {
        what: "something else answers for the site's system",
        code: "H902",
        cause: "status 200, ",
        inject: |s| instead_of_the_site(s, page),
    },
    Fault {
        what: "the HMAC key is another",
        code: "H903",
        cause: "status 401",
        inject: |s| {
            write(&key(s, "checkin.hmac"), "another key", 0o600);
            nothing()
        },
    },
];

/// The lines of the log that carry this code with a cause; what became of it is another question, asked when the person
/// has gone.
fn lines(daemon: &Daemon, code: &str) -> Vec<String> {
    let code = format!("code={code} ");
    let counts = |line: &&str| line.contains(&code) && line.contains("error=") && !line.contains("about the past");
    daemon.log().lines().filter(counts).map(str::to_owned).collect()
}

fn until_told(daemon: &Daemon, code: &str) {
    for _ in 0..300 {
        if !lines(daemon, code).is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_fault_of_device_network_and_site_leaves_one_line_with_lane_code_and_cause_and_nobody() {
    let mut wrong = Vec::new();
    for Fault { what, code, cause, inject } in FAULTS {
        let sandbox = Sandbox::new();
        expect(&sandbox, &Person::new("sid-secret-1", "欧阳菲菲"));
        let kept = inject(&sandbox);
        let daemon = sandbox.start();
        let mut terminal = sandbox.terminal(0);
        terminal.face("sid-secret-1", true).expect("sent");
        until_told(&daemon, code);
        // The next look and the next question about the past say nothing new.
        thread::sleep(Duration::from_millis(2500));
        let told = lines(&daemon, code);
        let log = daemon.log();
        let right = matches!(&told[..], [line] if line.contains("lane=\"kiosk-1\"") && line.contains(cause));
        if !right || log.contains("sid-secret") || log.contains("欧阳") {
            wrong.push(format!("{what}: {code} {cause}\n{log}"));
        }
        drop(kept);
        drop(daemon);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_hangup_that_finds_no_key_says_which_file_of_which_merchant_and_why() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    fs::remove_file(key(&sandbox, "sign.key.pem")).expect("removed");
    daemon.signal(Signal::HUP);
    until_told(&daemon, "K401");
    let told = lines(&daemon, "K401");
    assert!(told.len() == 1 && told[0].contains("sign.key.pem: cannot be read; caused by: No such file"), "{told:?}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn check_tells_the_sites_system_under_another_authority_from_one_that_is_not_there() {
    let told = |sandbox: &Sandbox| {
        let ran = run(&["check", "--json", "--config", sandbox.site()]);
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let line = lines.rfind(|line| line["id"] == "site-system").expect("a line");
        ["code", "text", "cure"].map(|member| line[member].as_str().unwrap_or_default().to_owned())
    };
    let sandbox = Sandbox::new();
    let kept = instead_of_the_site(&sandbox, page);
    write(&key(&sandbox, "site-ca.pem"), &Authority::new().expect("an authority").pem(), 0o644);
    let [code, text, cure] = told(&sandbox);
    assert!(
        code == "H901" && text.contains("nobody in ca-file issued") && cure.contains("intermediate"),
        "{text} {cure}"
    );
    drop(kept);
    let sandbox = Sandbox::new();
    sandbox.hospital.set_online(false);
    let [code, text, cure] = told(&sandbox);
    assert!(code == "H901" && text.contains("connection refused") && cure.contains("check the port"), "{text} {cure}");
}
