//! The same of hospitals' systems, of pages and desk, of what the unit alone is handed, and beside a daemon that serves.

use std::{fs, net::TcpListener, os::unix::net::UnixListener, process::Output};

use super::{Fault, Held, failed, fault, huge, key, mode, nothing, start, state, text, within};
use crate::{
    bench_board,
    pages::with_page,
    running::{Sandbox, is_emulated, program},
};

/// The site's system is a hospital's, by another adapter; `more` goes into its table.
pub fn hospital(sandbox: &Sandbox, adapter: &str, url: &str, more: &str) {
    let http = format!(
        "adapter = \"http\"\nurl = \"{}\"\nca-file = \"keys/ca.pem\"\nhmac-key = \"keys/checkin.hmac\"\n",
        sandbox.hospital.url()
    );
    sandbox.edit(&http, &format!("adapter = \"{adapter}\"\nurl = \"{url}\"\n{more}\n"));
}

const NOBODYS: &str = "ca-file = \"keys/nobodys.pem\"";

/// Our certificate, with a key that others may read.
const SHOWN: &str = "client-certificate = \"keys/sign.crt.pem\"\nclient-key = \"keys/shown.pem\"";

fn shown(sandbox: &Sandbox) -> Held {
    fs::copy(key(sandbox, "sign.key.pem"), key(sandbox, "shown.pem")).expect("copied");
    mode(&key(sandbox, "shown.pem"), 0o644);
    nothing()
}

fn socket_of_pages(sandbox: &Sandbox, path: &str) {
    let port = with_page(sandbox);
    sandbox.edit(&format!("listen = \"127.0.0.1:{port}\""), &format!("listen = \"unix:{path}\""));
}

pub(super) const FAULTS: &[Fault] = &[
    fault("HL7: the CA file is not there", "K401", |s| {
        hospital(s, "hl7", "mllps://localhost:1", NOBODYS);
        nothing()
    }),
    fault("HL7: others may read our client key", "K402", |s| {
        hospital(s, "hl7", "mllps://localhost:1", SHOWN);
        shown(s)
    }),
    fault("FHIR: the CA file is not there", "K401", |s| {
        hospital(s, "fhir", "https://localhost:1", NOBODYS);
        nothing()
    }),
    fault("FHIR: others may read our client key", "K402", |s| {
        hospital(s, "fhir", "https://localhost:1", SHOWN);
        shown(s)
    }),
    fault("FHIR: the token is not there", "K401", |s| {
        hospital(s, "fhir", "https://localhost:1", "fhir.token = \"keys/nobodys\"");
        nothing()
    }),
    fault("a template: the CA file is huge", "K401", |s| {
        hospital(s, "template", "https://localhost:1", "template = \"hip\"\nca-file = \"keys/huge.pem\"");
        huge(&key(s, "huge.pem"))
    }),
    fault("the pages' socket has no folder", "D631", |s| {
        socket_of_pages(s, "nowhere/pages.sock");
        nothing()
    }),
    fault("the pages' socket is a lane's terminal", "D631", |s| {
        socket_of_pages(s, "gate-1.sock");
        nothing()
    }),
    fault("the pages' socket is the staff's", "D631", |s| {
        state(s);
        socket_of_pages(s, "state/staff.sock");
        nothing()
    }),
    fault("another program has the pages' socket", "D631", |s| {
        socket_of_pages(s, "pages.sock");
        Box::new(UnixListener::bind(s.path("pages.sock")).expect("a socket"))
    }),
    fault("a lane's socket has no folder", "T210", |s| {
        s.edit("unix:gate-1.sock", "unix:nowhere/gate-1.sock");
        nothing()
    }),
];

fn check(sandbox: &Sandbox) -> (Output, String) {
    let checked = within(sandbox, &["check"]).output().expect("runs");
    let told = text(&checked.stdout);
    (checked, told)
}

#[test]
fn a_desk_on_the_pages_own_port_is_not_served_and_check_fails_with_its_code() {
    let sandbox = Sandbox::new();
    let port = with_page(&sandbox);
    sandbox.edit("[checkin]", &format!("[desk]\nlisten = \"127.0.0.1:{port}\"\n\n[checkin]"));
    let (checked, told) = check(&sandbox);
    assert!(checked.status.code() == Some(1) && failed(&told) == ["D631"], "{told}");
    assert!(told.contains("[desk] listen") && told.contains("stop the other program"), "{told}");
    let ran = start(&sandbox, None);
    let log = text(&ran.stderr);
    assert!(ran.status.success() && log.contains("the desk is not served") && log.contains("code=D631"), "{log}");
}

#[test]
fn what_the_unit_alone_is_handed_is_told_as_not_proven_and_judged_where_it_is_handed_over() {
    let sandbox = Sandbox::new();
    let handed_over = sandbox.path("credentials");
    fs::create_dir(&handed_over).expect("made");
    fs::rename(key(&sandbox, "sign.key.pem"), handed_over.join("sign")).expect("moved");
    sandbox.edit("keys/sign.key.pem", "credential:sign");
    let (checked, told) = check(&sandbox);
    assert!(checked.status.success(), "{told}");
    let row = told.lines().find(|line| line.starts_with("skipped  keys")).unwrap_or_default();
    assert!(row.contains("not proven here") && row.contains("credential:sign"), "{told}");
    let ran = start(&sandbox, None);
    assert!(text(&ran.stderr).contains("only the unit has this credential"), "{}", text(&ran.stderr));
    let within_unit = |config: &str| {
        program().args(["check", "--config", config]).env("CREDENTIALS_DIRECTORY", &handed_over).output().expect("runs")
    };
    let told = text(&within_unit(sandbox.site()).stdout);
    assert!(told.contains("ok       keys") && failed(&told).is_empty(), "{told}");
    mode(&handed_over.join("sign"), 0o644);
    let told = text(&within_unit(sandbox.site()).stdout);
    assert!(failed(&told).iter().any(|code| code == "K402"), "{told}");
}

#[test]
fn beside_a_daemon_that_serves_check_fails_for_what_the_next_start_would_refuse() {
    let sandbox = Sandbox::new();
    let _printer = bench_board::build(&sandbox, &[]);
    let daemon = sandbox.start();
    assert!(check(&sandbox).0.status.success());
    sandbox.edit("gate = \"board\"", "gate = \"nowhere\"");
    let (checked, told) = check(&sandbox);
    assert!(checked.status.code() == Some(1) && failed(&told) == ["C101"], "{told}");
    assert_eq!(daemon.stop(), Some(0));
    let ran = start(&sandbox, None);
    assert!(text(&ran.stderr).starts_with("C101"), "{}", text(&ran.stderr));
}

#[test]
fn a_template_over_plain_http_is_met_at_its_own_port_whatever_its_address_looks_like() {
    if TcpListener::bind("[::1]:0").is_err() || !rustix::process::geteuid().is_root() || is_emulated() {
        eprintln!("left out: without IPv6, or without the right to port 80");
        return;
    }
    let sandbox = Sandbox::new();
    let Ok(listener) = TcpListener::bind("[::1]:80") else { return };
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for mut socket in listener.incoming().take(4).flatten() {
            let _ = socket.read(&mut [0; 4096]);
            let _ = socket.write_all(b"HTTP/1.1 405 Not So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    hospital(
        &sandbox,
        "template",
        "http://[::1]",
        "template = \"hip\"\nplain-http = [\"::1/128\"]\nvalues = { sender = \"a\", receiver = \"b\", organisation = \"c\" }",
    );
    let (_, told) = check(&sandbox);
    assert!(told.contains("ok       site-system"), "{told}");
}
