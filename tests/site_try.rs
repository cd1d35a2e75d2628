//! `facemchd site try`, and what `check` says of a hospital's own interface: the program itself against a twin.

use std::{fs, process::Output};

use facemchd::sim::his::{Kind, Status, Twin};

use crate::{
    his::day,
    lookups::clock,
    running::{Sandbox, program, run},
};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳若兰";

fn sandbox(kind: Kind) -> (Sandbox, Twin) {
    let sandbox = Sandbox::new();
    let twin = with_template(&sandbox, kind);
    fs::write(sandbox.path("number"), format!("{CARD}\n")).expect("written");
    (sandbox, twin)
}

/// A hospital's own interface in place of the site's system.
pub fn with_template(sandbox: &Sandbox, kind: Kind) -> Twin {
    let twin = Twin::start(&sandbox.authority, kind, &day(&*clock())).expect("a system");
    twin.ledger().register("0000123456", NAME, CARD);
    twin.ledger().book("V1", "0000123456", Status::Open);
    let values = "org = \"K\", client = \"Z\", hospital = \"H01\", operator = \"ZZJ-01\", terminal = \"ZZJ-01\", user = \"kiosk\"";
    let template = format!(
        "adapter = \"template\"\ntemplate = \"{}\"\nvalues = {{ {values}, zone = \"\" }}\nsecrets = {{ key = \"keys/his.key\" }}",
        kind.template()
    );
    sandbox.edit("adapter = \"http\"", &template);
    sandbox.edit(&format!("url = \"{}\"", sandbox.hospital.url()), &format!("url = \"{}\"", twin.url()));
    fs::copy(sandbox.path("keys/checkin.hmac"), sandbox.path("keys/his.key")).expect("copied");
    facemchd::files::replace(&sandbox.path("keys/his.key"), b"sync-key").expect("written");
    twin
}

fn tried(sandbox: &Sandbox, more: &[&str]) -> (Option<i32>, String) {
    let number = sandbox.path("number");
    let ran: Output = program()
        .args(["site", "try", "--config", sandbox.site(), "--name", NAME, "--number-from"])
        .arg(number)
        .args(more)
        .output()
        .expect("runs");
    let told = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    (ran.status.code(), told)
}

#[test]
fn a_hospital_is_tried_masked_and_nobody_is_checked_in_but_with_arrive() {
    for kind in [Kind::SelfReg, Kind::SoapJson] {
        let (sandbox, twin) = sandbox(kind);
        let (code, told) = tried(&sandbox, &[]);
        assert_eq!(code, Some(0), "{told}");
        for line in ["→ identify", "← identify 200", "= identify: read id name", "= list: V1 Open", "= pick: V1"] {
            assert!(told.contains(line), "{line}: {told}");
        }
        for private in [NAME, CARD, "0000123456", "sync-key", "signed-1"] {
            assert!(!told.contains(private), "{private}: {told}");
        }
        assert!(twin.ledger().arrivals.is_empty());
        let (code, told) = tried(&sandbox, &["--arrive"]);
        assert!(code == Some(0) && told.contains("answer: admitted"), "{told}");
        let (_, told) = tried(&sandbox, &["--arrive"]);
        assert!(told.contains("answer: already"), "{told}");
        assert_eq!(twin.ledger().arrivals.len(), 1);
    }
}

#[test]
fn what_a_template_needs_and_the_site_lacks_is_named_and_a_hospital_that_answers_otherwise_has_its_code() {
    let (sandbox, _twin) = sandbox(Kind::SelfReg);
    sandbox.edit("operator = \"ZZJ-01\", ", "");
    let (code, told) = tried(&sandbox, &[]);
    assert!(code == Some(78) && told.contains("C101") && told.contains("checkin.values.operator"), "{told}");
    let (sandbox, _twin) = self::sandbox(Kind::SelfReg);
    sandbox.edit("template = \"dhc-selfreg\"", "template = \"dhc-selfrag\"");
    let (code, told) = tried(&sandbox, &[]);
    assert!(code == Some(78) && told.contains("C101") && told.contains("/usr/share/facemchd/templates"), "{told}");
    let (sandbox, _twin) = self::sandbox(Kind::SelfReg);
    sandbox.edit("template = \"dhc-selfreg\"", "template = \"soap-json\"");
    let (code, told) = tried(&sandbox, &[]);
    assert!(code != Some(0) && told.contains("H90"), "{told}");
    assert!(!told.contains(NAME) && !told.contains(CARD), "{told}");
}

#[test]
fn check_knows_whether_the_terminal_signs_in_and_what_goes_unencrypted() {
    let (sandbox, twin) = sandbox(Kind::SoapJson);
    let row = |id: &str| {
        let ran = run(&["check", "--config", sandbox.site(), "--json"]);
        let rows = String::from_utf8_lossy(&ran.stdout).into_owned();
        rows.lines().find(|line| line.contains(&format!("\"{id}\""))).unwrap_or_default().to_owned()
    };
    assert!(row("site-system").contains("\"ok\""), "{}", row("site-system"));
    let ledger = twin.ledger();
    assert_eq!((ledger.sign_ins > 0, ledger.arrivals.len()), (true, 0));
    drop(ledger);
    assert_eq!(row("plain-http"), "");
    sandbox.edit(
        &format!("url = \"{}\"", twin.url()),
        "url = \"http://127.0.0.1:9\"\nplain-http = [\"127.0.0.0/8\", \"30.0.0.0/8\"]",
    );
    assert!(row("plain-http").contains("H913") && row("plain-http").contains("30.0.0.0/8"), "{}", row("plain-http"));
    sandbox.edit("plain-http = [\"127.0.0.0/8\", \"30.0.0.0/8\"]\n", "");
    let ran = run(&["check", "--config", sandbox.site(), "--json"]);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("plain-http"), "the site file is refused");
}
