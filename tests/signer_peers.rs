//! What signs requests is proven by somebody else: openssl, Python's own hashes, and zeep's WS-Security, by the program
//! itself over plain HTTP on loopback.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    keys::data,
    running::{Sandbox, program},
};

/// Parameters, signed in every way.
const SIGNED: &str = r#"
title = "signed"
charset = "CHARSET"
sign = { SIGNER, skip-empty = true }
[call]
path = "/KIND/CHARSET"
FORM
answers = "json"
success = { path = "code", is = ["0"] }
[list]
set = { step = "list" }
each = "visits"
read = { id = "id" }
states = [{ path = "state", is = ["taken"], means = "taken" }]
[arrive]
set = { step = "arrive" }
read = { number = "number" }
"#;

/// A token in the header of SOAP.
const TOKEN: &str = r#"
title = "token"
[call]
path = "/wsse/utf-8"
headers = { Content-Type = "text/xml; charset=utf-8" }
body = '''<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><wsse:UsernameToken><wsse:Username>${site.operator}</wsse:Username><wsse:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">${wsse.digest}</wsse:Password><wsse:Nonce EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">${wsse.nonce}</wsse:Nonce><wsu:Created>${wsse.created}</wsu:Created></wsse:UsernameToken></wsse:Security></s:Header><s:Body><${step.name}><card>${person.card}</card></${step.name}></s:Body></s:Envelope>'''
root = "Envelope/Body/R"
success = { path = "code", is = ["0"] }
[list]
set = { name = "list" }
each = "visits"
read = { id = "id" }
states = [{ path = "state", is = ["taken"], means = "taken" }]
[arrive]
set = { name = "arrive" }
read = { number = "number" }
"#;

const FORM: &str = r#"headers = { Content-Type = "application/x-www-form-urlencoded" }
form = "form"
body = "step=${step.step}&name=${person.name}&card=${person.card}&zone=${site.zone}&a=&b=1 + 1=2""#;

const JSON: &str = r#"headers = { Content-Type = "application/json" }
form = "json"
body = '{"step":"${step.step}","name":"${person.name}","card":"${person.card}","zone":"${site.zone}","n":7}'"#;

fn tried(sandbox: &Sandbox, template: &str, key: &[u8]) -> String {
    fs::write(sandbox.path("signed.toml"), template).expect("written");
    facemchd::files::replace(&sandbox.path("keys/his.key"), key).expect("written");
    fs::write(sandbox.path("number"), "11010519491231002X\n").expect("written");
    let ran = program()
        .args(["site", "try", "--config", sandbox.site(), "--arrive", "--name", "欧阳䶮", "--number-from"])
        .arg(sandbox.path("number"))
        .output()
        .expect("runs");
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}

#[test]
#[ignore = "needs openssl, and a Python with lxml and zeep, named in FACEMCHD_PYTHON"]
fn whoever_else_knows_the_key_proves_every_signature_and_token() {
    let python = std::env::var_os("FACEMCHD_PYTHON").expect("FACEMCHD_PYTHON names a Python with lxml and zeep");
    let tests = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    let mut peer = Command::new(python)
        .arg(tests.join("peers/signers.py"))
        .arg(tests.join("data/sp.crt.pem"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a Python");
    let mut port = String::new();
    BufReader::new(peer.stdout.take().expect("piped")).read_line(&mut port).expect("a port");
    assert!(!port.trim().is_empty(), "the peer did not start: lxml and zeep are missing?");
    let sandbox = Sandbox::new();
    for (name, text) in [("keys/his.key", "sync-key".to_owned()), ("keys/his.pem", data("sp.key.pem"))] {
        fs::copy(sandbox.path("keys/checkin.hmac"), sandbox.path(name)).expect("copied");
        facemchd::files::replace(&sandbox.path(name), text.as_bytes()).expect("written");
    }
    let file = sandbox.path("signed.toml");
    sandbox.edit(
        "adapter = \"http\"",
        &format!(
            "adapter = \"template\"\ntemplate = \"{}\"\nvalues = {{ operator = \"ZZJ-01\", zone = \"\" }}\n\
             secrets = {{ key = \"keys/his.key\", password = \"keys/his.key\" }}\nrsa-key = \"keys/his.pem\"\n\
             plain-http = [\"127.0.0.1/32\"]",
            file.display()
        ),
    );
    let url = format!("url = \"http://127.0.0.1:{}\"", port.trim());
    sandbox.edit(&format!("url = \"{}\"", sandbox.hospital.url()), &url);
    let signers = [
        ("md5", r#"kind = "md5", into = "sign", as = "HEX", tail = "&key=${secret.key}""#),
        ("hmac", r#"kind = "hmac-sha256", header = "X-Sign", key = "${secret.key}""#),
        ("rsa", r#"kind = "rsa-sha256", into = "sign", as = "base64""#),
    ];
    for (kind, signer) in signers {
        for (charset, form) in [("UTF-8", FORM), ("GB18030", FORM), ("utf-8", JSON)] {
            let template = SIGNED.replace("path = \"/KIND/CHARSET\"", &format!("path = \"/{kind}/{charset}\""));
            let template = template.replace("\"CHARSET\"", &format!("\"{}\"", charset.to_uppercase()));
            let template = template.replace("SIGNER", signer).replace("FORM", form);
            if kind != "rsa" {
                let told = tried(&sandbox, &template, b"another");
                assert!(told.contains("answer: refused"), "{kind} {charset}: {told}");
            }
            for answer in ["answer: admitted", "answer: already"] {
                let told = tried(&sandbox, &template, b"sync-key");
                assert!(told.contains(answer), "{kind} {charset}: {told}");
            }
        }
    }
    assert!(tried(&sandbox, TOKEN, b"another").contains("answer: refused"));
    for answer in ["answer: admitted", "answer: already"] {
        let told = tried(&sandbox, TOKEN, b"sync-key");
        assert!(told.contains(answer), "{told}");
    }
    drop(peer.stdin.take());
    peer.wait().expect("ended");
}
