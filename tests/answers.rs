//! Every good answer of WeChat is read right; every bad one becomes one code, and no name.

use std::{io, net::SocketAddr, sync::Arc, thread, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use facemchd::{
    fault::Code,
    http::{Client, Resolve},
    identity::{CharsetChoice, InfoType, PaddingChoice},
    sim::{
        people::{Behaviour, Charset, Padding, Person},
        server::{Answer, Reply},
        wechat::WeChat,
    },
    vault::EngineKind,
};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};

use facemchd::words::{Clock, Moment};

use crate::lookups::{Scripted, Setup, clock, nobody, seconds, signed, skewed};

fn started() -> (Arc<dyn Clock>, Moment) {
    let clock = clock();
    let began = clock.now().moment;
    (clock, began)
}

fn sandbox(setup: &Setup) -> WeChat {
    WeChat::start(&setup.authority, Arc::clone(&setup.world), setup.settings.public_key.is_some(), clock())
        .expect("a sandbox")
}

#[test]
fn every_name_is_right_in_every_padding_charset_and_engine() {
    let names = [
        "张三丰",
        "欧阳若兰",
        "陆梅",
        "叶茂",
        "魏石",
        "王䶮",
        "𬭎𠅤",
        "〇",
        "阿卜杜热合曼江·买买提托合提努尔·艾力亚森柯尤木江",
    ];
    for engine in [EngineKind::AwsLc, EngineKind::RustCrypto] {
        let setup = Setup { engine, ..Setup::new() };
        let wechat = sandbox(&setup);
        let lookup = setup.at(wechat.url()).lookup();
        for (index, name) in names.iter().enumerate() {
            for (padding, charset) in [
                (Padding::Oaep, Charset::Utf8),
                (Padding::Pkcs1, Charset::Gbk),
                (Padding::Oaep, Charset::Gbk),
                (Padding::Pkcs1, Charset::Utf8),
            ] {
                let sid = format!("sid-{index}-{padding:?}-{charset:?}");
                wechat.know(Person::new(&sid, name).padded(padding).encoded(charset));
                assert_eq!(lookup.name(&sid).as_deref(), Ok(*name), "{padding:?} {charset:?} {engine:?}");
            }
        }
        assert_eq!(wechat.seen().connections, 1, "one connection while it is warm");
        assert_eq!(wechat.seen().nonces, names.len() * 4);
    }
}

#[test]
fn a_face_sid_with_any_characters_is_one_path_segment() {
    let setup = Setup::new();
    let wechat = sandbox(&setup);
    let lookup = setup.at(wechat.url()).lookup();
    for sid in ["a/b?c=d&e", "张三 %2F~", "...", "+=;,", "x".repeat(1024).as_str()] {
        wechat.know(Person::new(sid, "张三"));
        assert_eq!(lookup.name(sid).as_deref(), Ok("张三"), "{sid}");
    }
}

#[test]
fn the_fields_of_a_service_provider_are_sent_and_a_direct_merchant_sends_none_of_them() {
    for direct in [false, true] {
        let mut setup = Setup::new();
        if direct {
            let merchant = &mut setup.settings.merchant;
            (merchant.sub_mchid, merchant.sub_appid, merchant.sub_serial_no) = (None, None, None);
        }
        let scripted = Scripted::start(&setup.authority, |_, _| Reply::Answer(Answer::json(404, &json!({}))));
        let serial = setup.world.sub.serial_no.clone();
        let lookup = setup.at(scripted.server.url()).lookup();
        assert_eq!(lookup.name("sid"), Err(Code::N320));
        let target = scripted.requests.lock().expect("not poisoned")[0].target.clone();
        let own = "/v3/facemch/users/sid?info_type=ASK_REAL_NAME&appid=wx2b029c08a6233333";
        let sub = format!("&sub_mchid=1900000109&sub_appid=wx2b029c08a6255555&sub_serial_no={serial}");
        assert_eq!(target, if direct { own.to_owned() } else { format!("{own}{sub}") });
    }
}

#[test]
fn a_request_names_product_and_key_and_is_signed_anew_each_time() {
    let setup = Setup::new();
    let wechat_world = Arc::clone(&setup.world);
    let scripted = Scripted::start(&setup.authority, |_, _| Reply::Answer(Answer::json(404, &json!({}))));
    let lookup = setup.at(scripted.server.url()).lookup();
    let _ = (lookup.name("sid"), lookup.name("sid"));
    let requests = scripted.requests.lock().expect("not poisoned");
    assert_eq!(requests[0].header("accept"), "application/json");
    assert!(requests[0].header("user-agent").starts_with("facemchd/"));
    assert_eq!(requests[0].header("wechatpay-serial"), wechat_world.public_key_id);
    assert_ne!(requests[0].header("authorization"), requests[1].header("authorization"));
}

#[test]
fn a_union_id_is_enough_where_it_is_all_that_is_asked_for() {
    let mut setup = Setup::new();
    setup.settings.info_type = InfoType::UnionId;
    let wechat = sandbox(&setup);
    wechat.know(Person::new("sid", "张三"));
    let identity = setup.at(wechat.url()).lookup().ask("sid").expect("known");
    assert!(identity.union_id.is_some() && identity.real_name.is_none());
}

#[test]
fn certificates_are_fetched_opened_and_kept() {
    let setup = Setup::new().with_certificates();
    let wechat = sandbox(&setup);
    let lookup = setup.at(wechat.url()).lookup();
    for sid in ["sid-1", "sid-2"] {
        wechat.know(Person::new(sid, "张三"));
        assert_eq!(lookup.name(sid).as_deref(), Ok("张三"));
    }
    assert_eq!(wechat.seen().accepted, 3, "one download for two lookups");
}

#[test]
fn what_wechat_refuses_has_one_code_each() {
    let setup = Setup::new();
    let wechat = sandbox(&setup);
    let lookup = setup.at(wechat.url()).lookup();
    for (sid, behaviour, code) in [
        ("sid-1", Behaviour::NoPermission, Code::N321),
        ("sid-2", Behaviour::Expired, Code::N320),
        ("sid-3", Behaviour::Forged, Code::N310),
        ("sid-4", Behaviour::Altered, Code::N310),
        ("sid-5", Behaviour::NoRealName, Code::N325),
    ] {
        wechat.know(Person::new(sid, "张三").about(behaviour));
        assert_eq!(lookup.name(sid), Err(code), "{behaviour:?}");
    }
    assert_eq!(lookup.name("sid-nobody"), Err(Code::N320));
}

#[test]
fn a_probe_is_discarded_and_asked_about_once_more() {
    let setup = Setup::new();
    let wechat = sandbox(&setup);
    wechat.know(Person::new("sid", "张三").about(Behaviour::ProbeOnce));
    let lookup = setup.at(wechat.url()).lookup();
    assert_eq!(lookup.name("sid").as_deref(), Ok("张三"));
    assert_eq!(wechat.seen().accepted, 2);
}

#[test]
fn a_stumble_is_waited_out_within_patience_and_not_beyond() {
    let setup = Setup::new();
    let wechat = sandbox(&setup);
    let lookup = setup.at(wechat.url()).lookup();
    wechat.know(Person::new("sid-1", "张三").about(Behaviour::StatusOnce(503)));
    assert_eq!(lookup.name("sid-1").as_deref(), Ok("张三"));
    wechat.know(Person::new("sid-2", "张三").about(Behaviour::StatusOnce(429)));
    let (clock, began) = started();
    assert_eq!(lookup.name("sid-2").as_deref(), Ok("张三"));
    assert!(clock.now().moment.since(began) >= Duration::from_secs(1), "Retry-After is honoured");
    wechat.know(Person::new("sid-3", "张三").about(Behaviour::StatusOnce(429)));
    assert_eq!(lookup.ask_within("sid-3", Duration::from_millis(500)).err(), Some(Code::N323));
}

#[test]
fn one_deadline_stands_over_everything() {
    let setup = Setup::new();
    let wechat = sandbox(&setup);
    wechat.know(Person::new("sid", "张三").about(Behaviour::Slow(Duration::from_secs(3))));
    let lookup = setup.at(wechat.url()).lookup();
    let (clock, began) = started();
    assert_eq!(lookup.ask_within("sid", Duration::from_millis(400)).err(), Some(Code::N304));
    assert!(clock.now().moment.since(began) < Duration::from_secs(2));
}

#[test]
fn a_dripping_body_does_not_outlast_the_deadline() {
    let setup = Setup::new();
    let scripted = Scripted::start(&setup.authority, |_, _| {
        Reply::Answer(Answer { drip: Duration::from_millis(30), ..Answer::json(200, &json!({ "x": "y".repeat(300) })) })
    });
    let lookup = setup.at(scripted.server.url()).lookup();
    let (clock, began) = started();
    assert_eq!(lookup.ask_within("sid", Duration::from_millis(500)).err(), Some(Code::N304));
    assert!(clock.now().moment.since(began) < Duration::from_secs(2));
}

#[test]
fn a_wrong_clock_is_learnt_from_wechat_and_one_retry_is_enough() {
    for skew in [-7200, 7200] {
        let setup = Setup { clock: skewed(skew), ..Setup::new() };
        let wechat = sandbox(&setup);
        let lookup = setup.at(wechat.url()).lookup();
        for sid in ["sid-1", "sid-2"] {
            wechat.know(Person::new(sid, "张三"));
            assert_eq!(lookup.name(sid).as_deref(), Ok("张三"));
        }
        assert_eq!(wechat.seen().refused, 1, "learnt once");
        assert!((lookup.inner.clock().offset() + skew).saturating_abs() < 5);
    }
}

#[test]
fn a_signature_that_wechat_refuses_with_a_right_clock_is_our_keys_fault() {
    let setup = Setup::new();
    let scripted = Scripted::start(&setup.authority, |_, _| {
        let mut answer = Answer::json(401, &json!({ "code": "SIGN_ERROR", "message": "错误的签名" }));
        answer.headers.push(("Date".to_owned(), http_date()));
        Reply::Answer(answer)
    });
    let lookup = setup.at(scripted.server.url()).lookup();
    assert_eq!(lookup.name("sid"), Err(Code::N322));
    assert_eq!(scripted.count(), 1);
}

fn http_date() -> String {
    let now = time::OffsetDateTime::from_unix_timestamp(seconds()).expect("in range");
    now.format(&time::format_description::well_known::Rfc2822).expect("formats").replace("+0000", "GMT")
}

/// What a server answers to a lookup for "sid", with this body signed at this time.
fn told(answer: impl Fn(&Setup) -> Answer) -> (Result<String, Code>, usize) {
    let setup = Setup::new();
    let answer = answer(&setup);
    let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(answer.clone()));
    let lookup = setup.at(scripted.server.url()).lookup();
    (lookup.name("sid"), scripted.count())
}

fn replace(mut answer: Answer, name: &str, value: Option<&str>) -> Answer {
    answer.headers.retain(|(found, _)| found != name);
    answer.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    answer
}

#[test]
fn nothing_of_an_answer_counts_whose_signature_is_not_in_order() {
    let person = |setup: &Setup| signed(&setup.world, seconds(), "nonce", &sealed(setup, b"\xd5\xc5", b"X", 2));
    for (name, value, code) in [
        ("Wechatpay-Signature", None, Code::N310),
        ("Wechatpay-Signature", Some("not base64"), Code::N310),
        ("Wechatpay-Serial", None, Code::N310),
        ("Wechatpay-Serial", Some("PUB_KEY_ID_OF_SOMEBODY_ELSE"), Code::N311),
        ("Wechatpay-Timestamp", None, Code::N310),
        ("Wechatpay-Timestamp", Some("soon"), Code::N310),
        ("Wechatpay-Nonce", None, Code::N310),
        ("Wechatpay-Signature-Type", Some("WECHATPAY2-SM2-WITH-SM3"), Code::N310),
    ] {
        assert_eq!(told(|setup| replace(person(setup), name, value)).0, Err(code), "{name} {value:?}");
    }
    assert_eq!(told(person).0.as_deref(), Ok("张"), "and this is the answer they were made of");
}

#[test]
fn an_answer_from_another_time_is_refused() {
    for age in [-301, 301] {
        let old = |setup: &Setup| signed(&setup.world, seconds() + age, "nonce", &sealed(setup, b"\xd5\xc5", b"X", 2));
        assert_eq!(told(old).0, Err(Code::N312));
    }
}

#[test]
fn the_same_answer_twice_is_a_replay() {
    let setup = Setup::new();
    let answer = signed(&setup.world, seconds(), "once", &sealed(&setup, b"\xd5\xc5", b"X", 2));
    let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(answer.clone()));
    let lookup = setup.at(scripted.server.url()).lookup();
    assert_eq!(lookup.name("sid-1").as_deref(), Ok("张"));
    assert_eq!(lookup.name("sid-2"), Err(Code::N313));
}

/// A body with these plaintexts, sealed for the sub-merchant with PKCS#1.
fn sealed(setup: &Setup, name: &[u8], number: &[u8], kind: i64) -> Value {
    let public = RsaPublicKey::from(&setup.world.sub.key);
    let seal = |text: &[u8]| {
        let ciphertext = public.encrypt(&mut rand::rngs::OsRng, Pkcs1v15Encrypt, text).expect("fits");
        BASE64_STANDARD.encode(ciphertext)
    };
    json!({ "union_id": "u", "real_name_info": {
        "encrypted_real_name": seal(name), "credential_type": kind, "encrypted_credential_id": seal(number),
    }})
}

#[test]
fn plaintexts_that_are_no_name_or_no_number_all_look_alike() {
    let long = "字".repeat(72);
    for (name, number, kind) in [
        (&b"\x1b@"[..], &b"11010519491231002X"[..], 1),
        ("a\u{202E}b".as_bytes(), b"11010519491231002X", 1),
        (b"   ", b"11010519491231002X", 1),
        (long.as_bytes(), b"11010519491231002X", 1),
        ("张三".as_bytes(), b"110105194912310021", 1),
        ("张三".as_bytes(), b"110105194912310021", 6),
        ("张三".as_bytes(), b"", 2),
        ("张三".as_bytes(), &[b'1'; 65], 2),
        ("张三".as_bytes(), "张".as_bytes(), 2),
    ] {
        let answer = |setup: &Setup| signed(&setup.world, seconds(), "n", &sealed(setup, name, number, kind));
        assert_eq!(told(answer).0, Err(Code::K405));
    }
}

#[test]
fn ciphertexts_that_cannot_be_opened_look_like_those() {
    for field in ["encrypted_real_name", "encrypted_credential_id"] {
        for text in [BASE64_STANDARD.encode([7; 256]), BASE64_STANDARD.encode([7; 100]), "%%%".to_owned()] {
            let answer = |setup: &Setup| {
                let mut body = sealed(setup, b"\xd5\xc5", b"X", 2);
                body["real_name_info"][field] = json!(text);
                signed(&setup.world, seconds(), "n", &body)
            };
            assert_eq!(told(answer).0, Err(Code::K405));
        }
    }
}

#[test]
fn a_name_that_could_be_two_is_told_by_what_earlier_answers_prove_or_not_at_all() {
    let setup = Setup::new();
    // The same six bytes are 璧垫皑 in GBK.
    let names = ["赵氨", "张三丰", "赵氨"].map(|name| sealed(&setup, name.as_bytes(), b"11010519491231002X", 1));
    let answers: Vec<Answer> =
        (0_u8..).zip(&names).map(|(nonce, body)| signed(&setup.world, seconds(), &format!("n{nonce}"), body)).collect();
    let scripted = Scripted::start(&setup.authority, move |count, _| Reply::Answer(answers[count - 1].clone()));
    let lookup = setup.at(scripted.server.url()).lookup();
    let told: Vec<Result<String, Code>> = ["sid-1", "sid-2", "sid-3"].map(|sid| lookup.name(sid)).into();
    assert_eq!(told, [Err(Code::K405), Ok("张三丰".to_owned()), Ok("赵氨".to_owned())]);
}

#[test]
fn document_types_of_the_future_are_kept() {
    let setup = Setup::new();
    let answer = signed(&setup.world, seconds(), "n", &sealed(&setup, b"\xd5\xc5", b"E1234", 17));
    let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(answer.clone()));
    let identity = setup.at(scripted.server.url()).lookup().ask("sid").expect("a person");
    assert_eq!(identity.credential.expect("a document").kind.number(), 17);
}

#[test]
fn bodies_that_are_no_answer_are_told_from_those_that_are() {
    for body in [&b"<html>login</html>"[..], b"", b"[]", b"{\"real_name_info\":7}"] {
        let told = told(|setup| {
            let mut answer = signed(&setup.world, seconds(), "n", &json!({}));
            answer.body = body.to_vec();
            let message = [format!("{}\nn\n", seconds()).as_bytes(), body, b"\n"].concat();
            let answer = replace(answer, "Wechatpay-Timestamp", Some(&seconds().to_string()));
            replace(answer, "Wechatpay-Signature", Some(&setup.world.platform.sign(&message)))
        });
        assert_eq!(told.0, Err(Code::N305), "{}", String::from_utf8_lossy(body));
    }
    let huge = |setup: &Setup| signed(&setup.world, seconds(), "n", &json!({ "x": "y".repeat(70_000) }));
    assert_eq!(told(huge).0, Err(Code::N305));
    let redirect = |_: &Setup| replace(Answer::json(302, &json!({})), "Location", Some("https://localhost:1/"));
    assert_eq!(told(redirect), (Err(Code::N305), 1), "and nobody is sent elsewhere");
}

#[test]
fn a_server_of_somebody_else_is_not_spoken_to() {
    let setup = Setup::new();
    let other = facemchd::sim::server::Authority::new().expect("an authority");
    let scripted = Scripted::start(&other, |_, _| Reply::Drop);
    let lookup = setup.at(scripted.server.url()).lookup();
    assert_eq!(lookup.name("sid"), Err(Code::N303));
    assert_eq!(scripted.count(), 0);
}

#[test]
fn nobody_there_and_no_such_name_are_told_apart() {
    let setup = Setup::new();
    assert_eq!(setup.at(format!("https://{}", nobody())).lookup().name("sid"), Err(Code::N301));
    let setup = Setup::new();
    assert_eq!(setup.at("https://no-such-host.invalid".to_owned()).lookup().name("sid"), Err(Code::N302));
}

/// A resolver that never says anything.
struct Silent;

impl Resolve for Silent {
    fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        thread::sleep(Duration::from_secs(60));
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[test]
fn a_resolver_that_says_nothing_until_patience_is_at_its_end_is_a_name_that_cannot_be_resolved() {
    // Each time another domain's turn comes when nothing is left to try it with, but for the last.
    for (connecting, patience) in [(3000, 400), (300, 400), (150, 700)] {
        let mut setup = Setup::new();
        setup.settings.wechatpay.backup_url = Some("https://backup.invalid".to_owned());
        setup.http.connect_patience = Duration::from_millis(connecting);
        let setup = setup.at("https://main.invalid".to_owned());
        let client = Client::with_resolver(&setup.http, Arc::clone(&setup.clock), Arc::new(Silent)).expect("a client");
        let lookup = setup.lookup_by(client);
        let told = lookup.ask_within("sid", Duration::from_millis(patience)).expect_err("no answer");
        assert_eq!(told, Code::N302, "{connecting} {patience}");
    }
}

#[test]
fn the_backup_domain_is_used_at_once_and_kept() {
    let mut setup = Setup::new();
    let wechat = sandbox(&setup);
    setup.settings.wechatpay.backup_url = Some(wechat.url());
    let lookup = setup.at(format!("https://{}", nobody())).lookup();
    for sid in ["sid-1", "sid-2"] {
        wechat.know(Person::new(sid, "张三"));
        assert_eq!(lookup.name(sid).as_deref(), Ok("张三"));
    }
}

#[test]
fn a_fixed_address_is_connected_to_and_the_name_still_verified() {
    let mut setup = Setup::new();
    let wechat = sandbox(&setup);
    wechat.know(Person::new("sid", "张三"));
    setup.http.connect_to = Some(wechat.address());
    let lookup = setup.at("https://localhost".to_owned()).lookup();
    assert_eq!(lookup.name("sid").as_deref(), Ok("张三"));
    let mut setup = Setup::new();
    let wechat = sandbox(&setup);
    setup.http.connect_to = Some(wechat.address());
    assert_eq!(setup.at("https://api.mch.weixin.qq.com".to_owned()).lookup().name("sid"), Err(Code::N303));
}

#[test]
fn a_pinned_padding_or_charset_is_not_tried_otherwise() {
    for (padding, charset) in
        [(PaddingChoice::OaepSha1, CharsetChoice::Auto), (PaddingChoice::Pkcs1v15, CharsetChoice::Utf8)]
    {
        let mut setup = Setup::new();
        (setup.settings.wechatpay.padding, setup.settings.wechatpay.charset) = (padding, charset);
        let wechat = sandbox(&setup);
        wechat.know(Person::new("sid", "张三").encoded(Charset::Gbk));
        assert_eq!(setup.at(wechat.url()).lookup().name("sid"), Err(Code::K405));
    }
}

#[test]
fn a_warm_connection_is_the_one_that_is_used() {
    let setup = Setup::new();
    let wechat = sandbox(&setup);
    wechat.know(Person::new("sid", "张三"));
    let lookup = setup.at(wechat.url()).lookup();
    lookup.inner.warm(lookup.deadline(Duration::from_secs(8))).expect("warm");
    lookup.inner.warm(lookup.deadline(Duration::from_secs(8))).expect("warm");
    assert_eq!(lookup.name("sid").as_deref(), Ok("张三"));
    let seen = wechat.seen();
    assert_eq!((seen.connections, seen.accepted), (1, 2));
}

#[test]
fn where_names_are_not_permitted_the_union_id_will_do_and_is_asked_for_at_once_the_next_time() {
    #[derive(Default)]
    struct Noted(std::sync::Mutex<Vec<(InfoType, bool)>>);
    impl facemchd::identity::PermissionLog for Noted {
        fn note(&self, permission: facemchd::identity::Permission) -> Result<(), facemchd::fault::Failure> {
            self.0.lock().expect("not poisoned").push((permission.asked, permission.granted));
            Ok(())
        }
    }
    for falls_back in [false, true] {
        let mut setup = Setup::new();
        setup.settings.wechatpay.fallback_to_union_id = falls_back;
        let wechat = sandbox(&setup);
        for sid in ["sid-1", "sid-2"] {
            wechat.know(Person::new(sid, "张三").about(Behaviour::NoPermission));
        }
        let noted = Arc::new(Noted::default());
        let mut lookup = setup.at(wechat.url()).lookup();
        lookup.inner = lookup.inner.with_permission_log(Arc::clone(&noted) as _);
        let (first, second) = (lookup.ask("sid-1"), lookup.ask("sid-2"));
        if falls_back {
            assert!(first.expect("known").union_id.is_some());
            assert!(second.expect("known").real_name.is_none());
            assert_eq!(wechat.seen().accepted, 3, "the second face is not asked about twice");
        } else {
            assert_eq!((first.err(), second.err()), (Some(Code::N321), Some(Code::N321)));
        }
        assert_eq!(*noted.0.lock().expect("not poisoned"), [(InfoType::RealName, false)]);
    }
}

#[test]
fn the_echo_proves_signature_verification_and_seal_with_wechat() {
    let setup = Setup::new();
    let wechat = sandbox(&setup);
    let lookup = setup.at(wechat.url()).lookup();
    assert!(lookup.inner.echo(lookup.deadline(Duration::from_secs(5))).expect("echoed").sealed);
    let certificates = Setup::new().with_certificates();
    let wechat = sandbox(&certificates);
    let lookup = certificates.at(wechat.url()).lookup();
    assert!(!lookup.inner.echo(lookup.deadline(Duration::from_secs(5))).expect("echoed").sealed);
}
