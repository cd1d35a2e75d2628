//! Every setting that names a secret, walked: whatever is wrong with its file, `check` says so before `run` does.

use std::{collections::BTreeSet, fs, path::Path};

use super::{Held, elsewhere::hospital, failed, fifo, key, mode, nothing, start, text, tls, within};
use crate::{architecture::sources, pages::with_page, running::Sandbox};

/// A setting that names a secret.
struct Secret {
    setting: &'static str,
    /// Where it is opened.
    opener: &'static str,
    /// Below the keys' folder.
    file: &'static str,
    /// What is told where it holds none.
    code: &'static str,
    /// The daemon serves without it, and says so.
    spared: bool,
    /// Puts it into the site file, and a good one into its place.
    make: fn(&Sandbox),
}

const fn secret(setting: &'static str, opener: &'static str, file: &'static str, make: fn(&Sandbox)) -> Secret {
    Secret { setting, opener, file, code: "K401", spared: false, make }
}

/// One that the sandbox has.
const fn there(setting: &'static str, opener: &'static str, file: &'static str) -> Secret {
    secret(setting, opener, file, |_| {})
}

/// One line that is a secret.
fn line(sandbox: &Sandbox) {
    fs::copy(key(sandbox, "checkin.hmac"), key(sandbox, "own.secret")).expect("copied");
}

/// A private key.
fn pem(sandbox: &Sandbox) {
    fs::copy(key(sandbox, "sign.key.pem"), key(sandbox, "own.pem")).expect("copied");
}

const SECRETS: &[Secret] = &[
    there("[keys] sign", "vault/engine.rs", "sign.key.pem"),
    there("[keys] decrypt", "vault/engine.rs", "decrypt.key.pem"),
    secret("[keys] apiv3", "vault/mod.rs", "own.secret", |s| {
        fs::write(key(s, "own.secret"), "0123456789abcdef0123456789ABCDEF\n").expect("written");
        mode(&key(s, "own.secret"), 0o600);
        s.edit("[keys]\n", "[keys]\napiv3 = \"keys/own.secret\"\n");
    }),
    secret("[[merchant]] keys", "vault/engine.rs", "own.pem", |s| {
        pem(s);
        s.edit("[merchant]\n", "[[merchant]]\nname = \"m-7\"\nkeys = { sign = \"keys/own.pem\" }\n");
    }),
    Secret { code: "W103", ..there("[weixin] token", "identity/weixin/token.rs", "weixin.secret") },
    Secret {
        code: "W103",
        ..secret("[weixin] token-bearer", "identity/weixin/token.rs", "own.secret", |s| {
            line(s);
            let central = "token = { central-url = \"https://localhost:1/\" }\ntoken-bearer = \"keys/own.secret\"";
            s.edit("token = { stable-token = \"keys/weixin.secret\" }", central);
        })
    },
    secret("[weixin] key", "vault/engine.rs", "own.pem", |s| {
        fs::copy(key(s, "decrypt.key.pem"), key(s, "own.pem")).expect("copied");
        s.edit("key = \"keys/decrypt.key.pem\"", "key = \"keys/own.pem\"");
    }),
    there("[authinfo] key", "vault/apiv2.rs", "apiv2.key"),
    secret("[terminals] key", "terminal/network/tls.rs", "own.pem", |s| {
        tls(s, "127.0.0.1:0");
        pem(s);
        s.edit("key = \"keys/sign.key.pem\"\nca-file", "key = \"keys/own.pem\"\nca-file");
    }),
    there("[checkin] hmac-key", "checkin/http.rs", "checkin.hmac"),
    secret("[checkin] client-key", "http/trust.rs", "own.pem", |s| {
        pem(s);
        s.edit("hmac-key =", "client-certificate = \"keys/sign.crt.pem\"\nclient-key = \"keys/own.pem\"\nhmac-key =");
    }),
    secret("[checkin] secrets", "cli/build/hospital.rs", "own.secret", |s| {
        line(s);
        hospital(
            s,
            "template",
            "https://localhost:1",
            "template = \"soap-json\"\nvalues = { user = \"a\" }\nsecrets = { key = \"keys/own.secret\" }",
        );
    }),
    secret("[checkin] rsa-key", "vault/site.rs", "own.pem", |s| {
        pem(s);
        hospital(s, "template", "https://localhost:1", "template = \"hip\"\nrsa-key = \"keys/own.pem\"");
    }),
    secret("[checkin] roster-key", "checkin/roster/person.rs", "own.secret", |s| {
        line(s);
        fs::write(s.path("roster"), "").expect("written");
        let roster =
            "roster = \"roster\"\nroster-key = \"keys/own.secret\"\nroster-public-key = \"keys/wechatpay.pub.pem\"";
        hospital(s, "roster", "https://localhost:1", roster);
    }),
    secret("[checkin] fhir.token", "cli/build/hospital.rs", "own.secret", |s| {
        line(s);
        hospital(s, "fhir", "https://localhost:1", "fhir.token = \"keys/own.secret\"");
    }),
    Secret {
        spared: true,
        ..secret("[desk] key", "terminal/network/tls.rs", "own.pem", |s| {
            with_page(s);
            pem(s);
            let desk = "[desk]\nlisten = \"https:127.0.0.1:17599\"\ncertificate = \"keys/sign.crt.pem\"\nkey = \"keys/own.pem\"\n\n";
            s.edit("[checkin]", &format!("{desk}[checkin]"));
        })
    },
    Secret {
        spared: true,
        ..secret("[alarms] hmac-key", "alarm/webhook.rs", "own.secret", |s| {
            line(s);
            let alarms = "[alarms]\nwebhook = \"https://localhost:1/\"\nhmac-key = \"keys/own.secret\"\n\n";
            s.edit("[checkin]", &format!("{alarms}[checkin]"));
        })
    },
];

/// What is wrong with a file, and the code if it is another than the setting's own.
type Wrong = (&'static str, Option<&'static str>, fn(&Path) -> Held);

const WRONGS: &[Wrong] = &[
    ("others may read it", Some("K402"), |file| {
        mode(file, 0o644);
        nothing()
    }),
    ("it is a FIFO", None, fifo),
];

#[test]
fn every_setting_that_names_a_secret_is_judged_alike_by_check_and_start() {
    let mut wrong = Vec::new();
    for Secret { setting, file, code, spared, make, .. } in SECRETS {
        for (what, other, spoil) in WRONGS {
            let code = other.unwrap_or(code);
            let sandbox = Sandbox::new();
            make(&sandbox);
            let held = spoil(&key(&sandbox, file));
            let told = text(&within(&sandbox, &["check"]).output().expect("runs").stdout);
            let mut codes = failed(&told);
            codes.dedup();
            if codes != [code] || !told.contains(file) {
                wrong.push(format!("{setting}, {what}: check says {told}, not {code}"));
            }
            let ran = start(&sandbox, None);
            let log = text(&ran.stderr);
            let names =
                |line: &str| line.contains(file) && (line.starts_with(code) || line.contains(&format!("code={code} ")));
            if ran.status.success() != *spared || !log.lines().any(names) {
                wrong.push(format!("{setting}, {what}: run ends {:?} and says {log}", ran.status.code()));
            }
            drop(held);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whoever_opens_a_secret_has_a_setting_in_the_walk() {
    // The first is the one rule, the others keep what nobody sets: the house's own key, and who works with the pages.
    let own = ["files/mod.rs", "store/correlator.rs", "page/accounts.rs"];
    let opens = sources().into_iter().filter(|(_, text)| text.contains("read_secret"));
    let openers: BTreeSet<String> = opens.map(|(file, _)| file.display().to_string()).collect();
    let walked = SECRETS.iter().map(|secret| secret.opener).chain(own).map(str::to_owned).collect();
    assert_eq!(openers, walked);
}
