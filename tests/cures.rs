//! Whatever lies in a secret's place is cured by what it is, in both languages; and what a site file says wrongly stands
//! with its line.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use facemchd::fault::{Cure, Tongue};
use serde_json::Value;

use crate::{
    faults::{key, write},
    keys::data,
    running::{Sandbox, program, run},
};

/// The code and the cure that `check` gives, of the lines that name this file.
fn checked(sandbox: &Sandbox, file: &Path) -> Vec<(String, String)> {
    let ran = run(&["check", "--json", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    let lines = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |line: &Value, member: &str| line[member].as_str().unwrap_or_default().to_owned();
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let lines = lines.filter(|line| line["outcome"] == "failed" && text(line, "text").contains(&name));
    lines.map(|line| (text(&line, "code"), text(&line, "cure"))).collect()
}

fn begin(label: &str) -> String {
    format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    BASE64_STANDARD.decode(body).expect("base64")
}

#[test]
fn what_lies_in_a_secrets_place_is_cured_by_what_it_is() {
    let sandbox = Sandbox::new();
    let (certificate, public, private) = (data("sp.crt.pem"), data("platform.pub.pem"), data("sp.key.pem"));
    let ec =
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n";
    let cases: Vec<(&str, Vec<u8>, &str, Cure)> = vec![
        ("sign.key.pem", certificate.clone().into(), "K401", Cure::CertificateForKey),
        ("sign.key.pem", public.clone().into(), "K401", Cure::PublicForKey),
        ("sign.key.pem", begin("ENCRYPTED PRIVATE KEY").into(), "K401", Cure::Locked),
        ("sign.key.pem", ec.into(), "K401", Cure::EcKey),
        ("sign.key.pem", der(&private), "K401", Cure::Der),
        ("sign.key.pem", begin("OPENSSH PRIVATE KEY").into(), "K401", Cure::OpenSsh),
        ("sign.key.pem", begin("CERTIFICATE REQUEST").into(), "K401", Cure::Request),
        ("sign.key.pem", begin("PRIVATE KEY").into(), "K401", Cure::DamagedFile),
        ("sign.key.pem", Vec::new(), "K401", Cure::EmptyFile),
        ("decrypt.key.pem", certificate.clone().into(), "K401", Cure::CertificateForKey),
        ("sign.crt.pem", public.clone().into(), "K401", Cure::PublicForCertificate),
        ("sign.crt.pem", private.clone().into(), "K401", Cure::KeyForPublic),
        ("sign.crt.pem", der(&certificate), "K401", Cure::Der),
        ("wechatpay.pub.pem", certificate.clone().into(), "K401", Cure::CertificateForPublic),
        ("wechatpay.pub.pem", private.clone().into(), "K401", Cure::KeyForPublic),
        ("checkin.hmac", certificate.clone().into(), "K401", Cure::NotALine),
        ("checkin.hmac", der(&private), "K401", Cure::NotALine),
        ("checkin.hmac", der(&certificate), "K401", Cure::NotALine),
        ("checkin.hmac", b"\n".to_vec(), "K401", Cure::EmptyFile),
        ("weixin.secret", private.clone().into(), "W103", Cure::NotALine),
        ("apiv2.key", certificate.into(), "K401", Cure::NotALine),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, code, cure) in cases {
        let file = key(&sandbox, name);
        let before = fs::read(&file).expect("there");
        fs::write(&file, &bytes).expect("written");
        let told = checked(&sandbox, &file);
        let right = (code.to_owned(), cure.text_in(Tongue::En).to_owned());
        if !told.contains(&right) {
            wrong.push(format!("{name} {cure:?}: {told:?}"));
        }
        fs::write(&file, before).expect("written");
    }
    let file = key(&sandbox, "checkin.hmac");
    fs::remove_file(&file).expect("removed");
    let right = ("K401".to_owned(), Cure::NoSuchFile.text_in(Tongue::En).to_owned());
    let told = checked(&sandbox, &file);
    if !told.contains(&right) {
        wrong.push(format!("{told:?}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_certificate_given_as_a_key_is_cured_in_chinese_too() {
    let sandbox = Sandbox::new();
    write(&key(&sandbox, "sign.key.pem"), &data("sp.crt.pem"), 0o600);
    let ran = program().args(["check", "--lang", "zh", "--config", sandbox.site()]).output().expect("runs");
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(told.contains(Cure::CertificateForKey.text_in(Tongue::Zh)), "{told}");
}

#[test]
fn a_proxy_without_a_scheme_is_refused_at_its_line_and_its_password_is_not_told() {
    let sandbox = Sandbox::new();
    sandbox.edit("public-key-id =", "proxy = \"kiosk:secret@proxy.lan:3128\"\npublic-key-id =");
    let text = fs::read_to_string(&sandbox.site).expect("readable");
    let line = 1 + text.lines().position(|line| line.starts_with("proxy =")).expect("a line");
    for command in ["check", "run"] {
        let ran = run(&[command, "--config", sandbox.site()]);
        let told = [ran.stdout, ran.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(told.contains(&format!("site.toml:{line}: the proxy is neither http://")), "{command}: {told}");
        assert!(told.contains("C101") && !told.contains("secret"), "{command}: {told}");
    }
}

#[test]
fn a_terminals_socket_that_another_program_has_is_cured_by_stopping_it() {
    let sandbox = Sandbox::new();
    let _other = std::os::unix::net::UnixListener::bind(sandbox.path("gate-1.sock")).expect("a socket");
    let ran = run(&["run", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(told.contains("T210") && told.contains("gate-1.sock: another program listens there"), "{told}");
    assert!(told.contains(Cure::SocketTaken.text_in(Tongue::En)), "{told}");
}

#[test]
fn a_printer_that_is_a_socket_is_cured_by_the_program_that_listens_there_and_not_by_its_cable() {
    let sandbox = Sandbox::new();
    let _printer = crate::bench_board::build(&sandbox, &[]);
    fs::remove_file(sandbox.path("bench/printer")).expect("there");
    let ran = run(&["check", "--config", sandbox.site()]);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(told.contains("P701") && told.contains(Cure::PrintersProgram.text_in(Tongue::En)), "{told}");
    assert!(!told.contains("baud rate of the printer"), "{told}");
}

#[test]
fn what_is_wrong_with_the_state_directory_is_cured_by_what_it_is_in_check_and_start_alike() {
    type Spoil = fn(&std::path::Path);
    let spoils: [(Spoil, Cure); 5] = [
        (|dir| fs::write(dir, "x").expect("written"), Cure::InTheStatesPlace),
        (|dir| rustix::fs::mkfifoat(rustix::fs::CWD, dir, 0o600.into()).expect("made"), Cure::InTheStatesPlace),
        (
            |dir| {
                fs::create_dir(dir).expect("made");
                fs::set_permissions(dir, fs::Permissions::from_mode(0o777)).expect("set");
            },
            Cure::StateNotOurs,
        ),
        (
            |dir| {
                fs::create_dir(dir).expect("made");
                write(&dir.join("correlation.key"), "abc", 0o600);
            },
            Cure::DamagedCorrelation,
        ),
        (
            |dir| {
                fs::create_dir(dir).expect("made");
                fs::create_dir(dir.join("correlation.key")).expect("made");
            },
            Cure::InTheStatesPlace,
        ),
    ];
    for (spoil, cure) in spoils {
        let sandbox = Sandbox::new();
        spoil(&sandbox.path("state"));
        for command in ["check", "run"] {
            let ran = run(&[command, "--config", sandbox.site()]);
            let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
            assert!(told.contains(cure.text_in(Tongue::En)), "{command} {cure:?}: {told}");
        }
    }
}
