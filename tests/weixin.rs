//! The mini-program's calls: vectors, every errcode, tokens that end, and a command line that gives nothing away.

use std::{fs, io::Write as _, path::Path, process::Stdio, sync::Arc, thread, time::Duration};

use facemchd::{
    fault::{Code, Failure},
    http::Client,
    identity::{
        CharsetChoice, WechatClock,
        weixin::{Category, Claim, MiniProgram, TokenSource, Verdict, Weixin},
    },
    sim::{
        keys::numbers,
        people::Person,
        server::{Answer, Reply},
        weixin::{SECRET, Weixin as Sandbox},
    },
    vault::{KeyFiles, Padding, Sealed, Signer, Vault},
    words::{Clock, Deadline, Identity},
};
use serde_json::{Value, json};

use crate::{
    keys::{Keys, vectors},
    lookups::{Scripted, Setup, clock},
    running::program,
};

fn vault(keys: &Keys, key: &str, serial_no: &str) -> Vault {
    let files = KeyFiles { sign: keys.path(key).into(), ..KeyFiles::default() };
    let (mchid, serial_no) = (numbers::SUB_MCHID.to_owned(), serial_no.to_owned());
    let merchant = Signer { mchid, serial_no, sub_serial_no: None };
    Vault::open(merchant, &files).expect("keys")
}

/// The calls, each with a deadline of its own.
pub struct Calls {
    pub weixin: Weixin,
    clock: Arc<dyn Clock>,
}

impl Calls {
    pub fn deadline(&self) -> Deadline {
        Deadline::from_now(&*self.clock, Duration::from_secs(5))
    }

    pub fn categories(&self) -> Result<Vec<Category>, Failure> {
        self.weixin.categories(self.deadline())
    }

    pub fn realname_auth(&self, auth_token: &str) -> Result<Identity, Failure> {
        self.weixin.realname_auth(auth_token, self.deadline())
    }

    pub fn realname_check(&self, claim: &Claim) -> Result<Verdict, Failure> {
        self.weixin.realname_check(claim, self.deadline())
    }
}

pub fn client(setup: &Setup, url: String, token: TokenSource) -> Calls {
    client_reading(setup, url, token, CharsetChoice::Auto)
}

pub fn client_reading(setup: &Setup, url: String, token: TokenSource, charset: CharsetChoice) -> Calls {
    calls(setup, MiniProgram { charset, ..mini_program(setup, url, token) })
}

fn mini_program(setup: &Setup, url: String, token: TokenSource) -> MiniProgram {
    MiniProgram {
        base_url: url,
        ca_file: None,
        appid: numbers::SUB_APPID.to_owned(),
        token,
        token_bearer: None,
        mch_id: Some(numbers::SUB_MCHID.to_owned()),
        cert_serialno: Some(setup.world.sub.serial_no.clone()),
        key: None,
        charset: CharsetChoice::Auto,
    }
}

fn calls(setup: &Setup, program: MiniProgram) -> Calls {
    let vault = vault(&setup.keys, "sub.key.pem", &setup.world.sub.serial_no);
    let clock = Arc::clone(&setup.clock);
    let http = Client::open(&setup.http, Arc::clone(&clock)).expect("a client");
    Calls { weixin: Weixin::new(program, Some(Arc::new(vault)), http, WechatClock::new(Arc::clone(&clock))), clock }
}

pub fn stable(setup: &Setup) -> TokenSource {
    TokenSource::StableToken(setup.keys.write("weixin.secret", &format!("{SECRET}\n")).into())
}

pub fn sandbox(setup: &Setup) -> Sandbox {
    Sandbox::start(&setup.authority, Arc::clone(&setup.world), clock()).expect("a sandbox")
}

#[test]
fn the_vectors_sign_and_open() {
    let vector = &vectors()["getrealnameinfo"];
    let message = vector["message"].as_str().expect("text");
    let (serial, timestamp) =
        message.strip_prefix("cert_serialno=").and_then(|rest| rest.split_once("&timestamp=")).expect("two fields");
    let keys = Keys::new();
    let signed = ["sp.key.pem", "sub.key.pem"]
        .map(|key| vault(&keys, key, serial).sign_realname_auth(timestamp.parse().expect("a number")).expect("signed"));
    let wanted = vector["sign"].as_str().expect("text");
    let holder = signed.iter().position(|signature| signature == wanted).expect("one of the keys signed it");
    let vault = vault(&keys, ["sp.key.pem", "sub.key.pem"][holder], serial);
    let open = |field: &str| {
        let sealed = Sealed::over_tls_alone(vector["body"][field].as_str().expect("base64"));
        vault.open_sealed(Padding::Pkcs1v15, &sealed).expect("opens")
    };
    let name = vector["expect"]["name"].as_str().expect("a name");
    assert_eq!(encoding_rs::GBK.decode(&open("encryted_real_name")).0, name);
    assert_eq!(*open("encryted_credential_id"), vector["expect"]["credential_id"].as_str().expect("an id").as_bytes());
}

#[test]
fn whoever_agreed_in_the_mini_program_is_known_once() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    let weixin = client(&setup, sandbox.url(), stable(&setup));
    for name in ["张三丰", "陆梅", "王䶮"] {
        let person = Person::new(name, name);
        sandbox.agree("auth", person.clone());
        let identity = weixin.realname_auth("auth").expect("known");
        assert_eq!(identity.real_name.expect("a name").reveal(), name);
        assert_eq!(identity.credential.expect("a number").id.reveal(), person.credential_id);
        assert_eq!(weixin.realname_auth("auth").expect_err("once").code(), Code::W105);
    }
    assert_eq!(sandbox.fetched(), 1);
}

#[test]
fn a_claim_is_right_only_if_everything_is() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    let weixin = client(&setup, sandbox.url(), stable(&setup));
    let person = Person::new("someone", "张三丰");
    let claim = |name: &str, number: &str| {
        sandbox.user("oUser", "code%3D", person.clone());
        let claim = Claim {
            openid: "oUser".to_owned(),
            real_name: name.to_owned(),
            cred_id: number.to_owned(),
            cred_type: "1".to_owned(),
            code: "code%3D".to_owned(),
        };
        weixin.realname_check(&claim).expect("answered")
    };
    assert_eq!(claim("张三丰", &person.credential_id), Verdict::Match);
    assert_eq!(claim("张三", &person.credential_id), Verdict::OtherPerson);
    assert_eq!(claim("张三丰", "11010519491231002X"), Verdict::OtherNumber);
}

#[test]
fn every_errcode_has_its_code_and_none_is_asked_about_for_ever() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    let weixin = client(&setup, sandbox.url(), stable(&setup));
    for (errcode, code) in [
        (40164, Code::W102),
        (40013, Code::W103),
        (40125, Code::W103),
        (40243, Code::W103),
        (45009, Code::W104),
        (45011, Code::W104),
        (80113, Code::W105),
        (94005, Code::W105),
        (94002, Code::W106),
        (94004, Code::W106),
        (94006, Code::W107),
        (94007, Code::W107),
        (94001, Code::W108),
        (94003, Code::W108),
        (94008, Code::W108),
        (94009, Code::W108),
        (94010, Code::W108),
        (40029, Code::W105),
        (40163, Code::W105),
        (48001, Code::W107),
        (89501, Code::W112),
        (89503, Code::W112),
        (89506, Code::W112),
        (89507, Code::W112),
        (99999, Code::W113),
    ] {
        sandbox.stumble(errcode);
        let error = weixin.categories().expect_err("refused");
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(&format!("errcode {errcode}")), "{error}");
        assert!(error.reference().is_some(), "{error}");
    }
    for errcode in [-1, 40001, 42001, 40014] {
        // Each one uses force, and has it once.
        let weixin = client(&setup, sandbox.url(), stable(&setup));
        sandbox.stumble(errcode);
        assert_eq!(weixin.categories().expect("the second time").len(), 2, "{errcode}");
        let (code, most) = if errcode == -1 { (Code::W110, 4) } else { (Code::W101, 2) };
        (0..most).for_each(|_| sandbox.stumble(errcode));
        assert_eq!(weixin.categories().expect_err("not for ever").code(), code);
    }
}

#[test]
fn force_is_used_once_in_half_an_hour_whatever_weixin_refuses() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    let weixin = client(&setup, sandbox.url(), stable(&setup));
    weixin.categories().expect("a list");
    let before = sandbox.token();
    for round in 0..4 {
        // Refused, however good it is.
        (0..2).for_each(|_| sandbox.stumble(40001));
        assert_eq!(weixin.categories().expect_err("refused").code(), Code::W101, "{round}");
    }
    let after = sandbox.token();
    assert_ne!(before, after);
    (0..2).for_each(|_| sandbox.stumble(40001));
    assert_eq!(weixin.categories().expect_err("refused").code(), Code::W101);
    assert_eq!(sandbox.token(), after, "every other program goes on with it");
    assert!(weixin.categories().is_ok(), "as soon as weixin takes it again");
}

#[test]
fn a_token_that_is_refused_is_not_said_to_be_good() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    let file = setup.keys.write("token", &sandbox.token());
    let weixin = client(&setup, sandbox.url(), TokenSource::File(file.clone().into()));
    assert_eq!(weixin.weixin.token_until(), None);
    weixin.categories().expect("a list");
    assert!(weixin.weixin.token_until().is_some());
    sandbox.invalidate();
    std::fs::remove_file(&file).expect("removed");
    assert_eq!(weixin.categories().expect_err("no other one").code(), Code::W103);
    assert_eq!(weixin.weixin.token_until(), None);
}

#[test]
fn a_storm_of_callers_with_a_dead_token_fetches_one() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    let weixin = Arc::new(client(&setup, sandbox.url(), stable(&setup)));
    weixin.categories().expect("a list");
    assert_eq!(sandbox.fetched(), 1);
    sandbox.invalidate();
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let weixin = Arc::clone(&weixin);
            thread::spawn(move || weixin.categories().map(|_| ()))
        })
        .collect();
    for caller in callers {
        caller.join().expect("ended").expect("a list");
    }
    assert_eq!(sandbox.fetched(), 2);
}

#[test]
fn a_token_comes_out_of_a_file_or_from_a_central_service() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    let file = setup.keys.write("token", "stale\n");
    let weixin = client(&setup, sandbox.url(), TokenSource::File(file.clone().into()));
    assert_eq!(weixin.categories().expect_err("stale").code(), Code::W101);
    setup.keys.write("token", &sandbox.token());
    assert!(weixin.categories().is_ok(), "the file is read again");

    let token = sandbox.token();
    let central = Scripted::start(&setup.authority, move |_, request| {
        let welcome = request.header("authorization") == "Bearer secret-of-the-fleet";
        let body =
            if welcome { json!({ "access_token": token, "expires_in": 600 }) } else { json!({ "errcode": 40001 }) };
        Reply::Answer(Answer::json(200, &body))
    });
    let token_bearer = Some(setup.keys.write("bearer", "secret-of-the-fleet\n").into());
    let central_url = TokenSource::CentralUrl(central.server.url());
    let weixin = calls(&setup, MiniProgram { token_bearer, ..mini_program(&setup, sandbox.url(), central_url) });
    assert!(weixin.categories().is_ok() && weixin.categories().is_ok());
    assert_eq!(central.count(), 1);
}

#[test]
fn the_documents_own_malformed_sample_is_refused_and_an_empty_list_is_none() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    let weixin = client(&setup, sandbox.url(), stable(&setup));
    assert_eq!(weixin.categories().expect("a list")[0].button(), [99, 904]);
    sandbox.set_categories(
        r#"{"errcode":0,"errmsg":"ok","category_list":[{"first_class":"工具" "second_class":"备忘录",}]}"#,
    );
    assert_eq!(weixin.categories().expect_err("malformed").code(), Code::W109);
    sandbox.set_categories(r#"{"errcode":0,"errmsg":"ok","category_list":[]}"#);
    assert_eq!(weixin.categories().expect("none"), []);
}

/// Runs the program with this on its standard input.
fn run(site: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = program();
    command.arg("weixin").args(arguments).arg("--config").arg(site);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("read");
    let output = child.wait_with_output().expect("ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_commands_mask_what_they_print_and_repeat_nothing_secret() {
    let setup = Setup::new();
    let sandbox = sandbox(&setup);
    setup.keys.write("weixin.secret", SECRET);
    let site = setup.keys.path("site.toml");
    let text = format!(
        "[merchant]\nmchid = \"1900000001\"\nserial-no = \"{serial}\"\nappid = \"wx2b029c08a6233333\"\n\
         [keys]\nsign = \"sp.key.pem\"\n[wechatpay]\npublic-key-id = \"P\"\npublic-key = \"platform.pub.pem\"\n\
         [weixin]\nbase-url = \"{url}\"\nca-file = \"ca.pem\"\nappid = \"{appid}\"\ntoken = {{ stable-token = \"weixin.secret\" }}\n\
         mch-id = \"{mch}\"\ncert-serialno = \"{serial}\"\nkey = \"sub.key.pem\"\n",
        serial = setup.world.sub.serial_no,
        url = sandbox.url(),
        appid = numbers::SUB_APPID,
        mch = numbers::SUB_MCHID,
    );
    fs::write(&site, text).expect("written");
    let person = Person::new("someone", "欧阳若兰");
    let (code, told, _) = run(&site, &["categories"], "");
    assert!(code == Some(0) && told.contains("category-id=[99, 904]"), "{told}");
    for (arguments, name) in
        [(&["realname-auth"][..], "欧阳*兰"), (&["realname-auth", "--reveal", "--json"], "欧阳若兰")]
    {
        sandbox.agree("secret-auth-token", person.clone());
        let (code, told, complaint) = run(&site, arguments, "secret-auth-token\n");
        assert!(code == Some(0) && told.contains(name), "{told} {complaint}");
    }
    let (code, told, complaint) = run(&site, &["realname-auth"], "secret-auth-token\n");
    assert!(code == Some(69) && complaint.contains("W105"), "{complaint}");
    sandbox.user("oUser", "secret-code", person.clone());
    let claim =
        json!({ "openid": "oUser", "real_name": person.name, "cred_id": person.credential_id, "code": "secret-code" });
    let (code, verdict, _) = run(&site, &["realname-check", "--json"], &claim.to_string());
    assert_eq!(
        (code, serde_json::from_str::<Value>(&verdict).expect("JSON")),
        (Some(0), json!({ "verdict": "match" }))
    );
    let everything = format!("{told}{complaint}{verdict}");
    for secret in ["secret-auth-token", "secret-code", SECRET, &sandbox.token(), &person.name, &person.credential_id] {
        assert!(!everything.contains(secret));
    }
}
