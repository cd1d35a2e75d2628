//! What others answer gains members, loses some, and writes the same number in another form: it never costs a visit.
//! What they refuse is told with their number and their words, less what was sent.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use facemchd::{
    fault::Code,
    http::Client,
    identity::{AuthInfo, AuthInfoSettings, CharsetChoice, Merchant, WechatClock},
    sim::{
        keys::numbers,
        people::Person,
        server::{Answer, Reply, Request},
        weixin::APIV2_KEY,
    },
    vault::ApiV2Key,
    words::{AuthInfoGrant, AuthInfoWanted, LaneId, Private, Text},
};
use hmac::{Hmac, Mac as _};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};

use crate::{
    lookups::{Scripted, Setup, seconds, signed},
    weixin,
};

const NUMBER: &str = "11010519491231002X";

fn seal(setup: &Setup, text: &[u8]) -> String {
    let public = RsaPublicKey::from(&setup.world.sub.key);
    BASE64_STANDARD.encode(public.encrypt(&mut rand::rngs::OsRng, Pkcs1v15Encrypt, text).expect("fits"))
}

#[test]
fn a_faces_answer_is_read_in_whatever_form_its_members_come() {
    for (kind, union_id) in [
        (json!(1), json!("u")),
        (json!("1"), json!(null)),
        (json!(1.0), json!(7)),
        (json!("1.0"), json!({})),
        (json!(null), json!([])),
    ] {
        let setup = Setup::new();
        let body = json!({ "union_id": union_id, "openid": null, "new": { "x": [1] }, "real_name_info": {
            "encrypted_real_name": seal(&setup, "张三丰".as_bytes()), "credential_type": kind,
            "encrypted_credential_id": seal(&setup, NUMBER.as_bytes()), "new": 1,
        }});
        let answer = signed(&setup.world, seconds(), "nonce", &body);
        let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(answer.clone()));
        let identity = setup.at(scripted.server.url()).lookup().ask("sid").expect("known");
        assert_eq!(identity.real_name.expect("a name").reveal(), "张三丰", "{kind}");
        assert_eq!(identity.credential.expect("a number").id.reveal(), NUMBER, "{kind}");
    }
}

/// weixin's answers, with whatever `change` makes of each; a call for a person who agreed.
fn agreed(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Result<String, Code> {
    let setup = Setup::new();
    let sandbox = weixin::sandbox(&setup);
    sandbox.agree("auth", Person::new("someone", "张三丰"));
    let scripted = Scripted::start(&setup.authority, move |_, request: &Request| {
        let mut answer = sandbox.answer(request);
        let mut body = serde_json::from_slice(&answer.body).expect("JSON");
        change(&mut body);
        answer.body = format!("\u{FEFF}{body}").into_bytes();
        Reply::Answer(answer)
    });
    let calls = weixin::client(&setup, scripted.server.url(), weixin::stable(&setup));
    let identity = calls.realname_auth("auth").map_err(|error| error.code())?;
    Ok(identity.real_name.expect("a name").reveal().to_owned())
}

#[test]
fn weixins_answers_are_read_in_whatever_form_their_members_come() {
    for (errcode, errmsg) in
        [(json!("0"), json!(null)), (json!(0.0), json!(7)), (json!(null), json!([])), (json!("0.0"), json!("ok"))]
    {
        let told = agreed(move |body| {
            body["errcode"] = errcode.clone();
            body["errmsg"] = errmsg.clone();
            body["more"] = json!({ "x": null });
            if body["expires_in"].is_number() {
                body["expires_in"] = json!("7200.0");
            }
            if let Some(name) = body.get("encryted_real_name").cloned() {
                // The day that the spelling is mended, both may come.
                body["encrypted_real_name"] = name;
            }
        });
        assert_eq!(told.as_deref(), Ok("张三丰"));
    }
    let refused = agreed(|body| body["errcode"] = json!("48001"));
    assert_eq!(refused, Err(Code::W107), "a refusal is one in every form");
}

#[test]
fn lives_of_tokens_beyond_all_reckoning_are_not_believed() {
    for life in [json!(0), json!(-1), json!(i64::MIN), json!(u64::MAX), json!("soon"), json!(1e300), json!(null)] {
        let told = agreed(move |body| {
            if body["expires_in"].is_number() {
                body["expires_in"] = life.clone();
            }
        });
        assert_eq!(told.as_deref(), Ok("张三丰"));
    }
}

#[test]
fn a_busy_weixin_is_asked_again_as_wechat_pay_is() {
    for busy in [
        Answer::json(429, &json!({})),
        Answer::json(503, &json!({ "errcode": -1 })),
        Answer::json(200, &json!({ "errcode": -1, "errmsg": "system error" })),
        Answer::json(200, &json!({ "errcode": "-1" })),
    ] {
        let setup = Setup::new();
        let sandbox = weixin::sandbox(&setup);
        let answer = busy.clone();
        let scripted = Scripted::start(&setup.authority, move |count, request: &Request| match count {
            1..=3 if request.path() != "/cgi-bin/stable_token" => Reply::Answer(answer.clone()),
            _ => Reply::Answer(sandbox.answer(request)),
        });
        let calls = weixin::client(&setup, scripted.server.url(), weixin::stable(&setup));
        assert!(calls.categories().is_ok(), "{busy:?}");

        let scripted = Scripted::start(&setup.authority, move |_, request: &Request| match request.path() {
            "/cgi-bin/stable_token" => Reply::Answer(Answer::json(200, &json!({ "access_token": "t" }))),
            _ => Reply::Answer(busy.clone()),
        });
        let calls = weixin::client(&setup, scripted.server.url(), weixin::stable(&setup));
        assert_eq!(calls.categories().expect_err("busy").code(), Code::W110);
        assert_eq!(scripted.count(), 1 + 4);
    }
}

#[test]
fn a_refusal_of_weixin_is_told_with_its_number_its_words_and_our_address_and_without_the_person() {
    let setup = Setup::new();
    let told = |errcode: i64, errmsg: &'static str| {
        let scripted = Scripted::start(&setup.authority, move |_, request: &Request| match request.path() {
            "/cgi-bin/stable_token" => Reply::Answer(Answer::json(200, &json!({ "access_token": "t" }))),
            _ => Reply::Answer(Answer::json(200, &json!({ "errcode": errcode, "errmsg": errmsg }))),
        });
        let calls = weixin::client(&setup, scripted.server.url(), weixin::stable(&setup));
        let claim = facemchd::identity::weixin::Claim {
            openid: "oAbCdEfGhIjKlMnOp".to_owned(),
            real_name: "John Smith".to_owned(),
            cred_id: NUMBER.to_owned(),
            cred_type: "2".to_owned(),
            code: "secretcode".to_owned(),
        };
        let error = calls.realname_check(&claim).expect_err("refused");
        (error.code(), format!("{error}, rid {}", error.reference().unwrap_or("-")))
    };
    let (code, text) = told(40164, "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 65a1-1");
    assert_eq!(code, Code::W102);
    assert!(text.contains("40164") && text.contains("address 203.0.113.7") && text.contains("rid 65a1-1"), "{text}");
    let (code, text) =
        told(65301, "menu of John SMITH oAbCdEfGhIjKlMnOp 11010519491231002X 张三 secretcode gone rid: 65a1-2");
    assert_eq!(code, Code::W113);
    assert!(text.ends_with("(errcode 65301): menu of gone, rid 65a1-2"), "{text}");
    assert_eq!(told(89503, "need confirm").0, Code::W112);
    assert_eq!(told(40163, "code been used").0, Code::W105);
}

#[test]
fn the_charset_of_getrealnameinfo_can_be_pinned() {
    let setup = Setup::new();
    let sandbox = weixin::sandbox(&setup);
    for (charset, wanted) in [(CharsetChoice::Gbk, Ok("张三丰")), (CharsetChoice::Utf8, Err(Code::K405))] {
        sandbox.agree("auth", Person::new("someone", "张三丰"));
        let calls = weixin::client_reading(&setup, sandbox.url(), weixin::stable(&setup), charset);
        let told = calls.realname_auth("auth").map_err(|error| error.code());
        let told = told.map(|identity| identity.real_name.expect("a name").reveal().to_owned());
        assert_eq!(told.as_deref().map_err(|code| *code), wanted, "{charset:?}");
    }
}

/// `sign` over everything else.
fn apiv2(fields: &[(&str, &str)]) -> String {
    let sorted: BTreeMap<_, _> = fields.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
    let text: String = sorted.iter().map(|(name, value)| format!("{name}={value}&")).collect();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(APIV2_KEY.as_bytes()).expect("any length");
    mac.update(format!("{text}key={APIV2_KEY}").as_bytes());
    let sign: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
    let body: String = fields.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    format!("<xml>{body}<sign>{sign}</sign></xml>")
}

/// What comes of an authinfo that is answered so.
fn granted(answers: impl Fn(usize) -> Answer + Send + Sync + 'static) -> (Result<AuthInfoGrant, Code>, usize) {
    let setup = Setup::new();
    let scripted = Scripted::start(&setup.authority, move |count, _| Reply::Answer(answers(count)));
    let settings = AuthInfoSettings {
        base_url: scripted.server.url(),
        ca_file: None,
        key: setup.keys.write("apiv2.key", APIV2_KEY).into(),
        store_id: "1".to_owned(),
        store_name: "1".to_owned(),
    };
    let merchant =
        Merchant { mchid: numbers::MCHID.to_owned(), appid: numbers::APPID.to_owned(), ..Merchant::default() };
    let key = ApiV2Key::read(&settings.key).expect("a key");
    let client = Client::open(&setup.http, Arc::clone(&setup.clock)).expect("a client");
    let authinfo = AuthInfo::new(settings, merchant, key, client, WechatClock::new(Arc::clone(&setup.clock)));
    let wanted = AuthInfoWanted {
        device_id: Text::clean("SN-1"),
        rawdata: Private::new("rawdata".to_owned()),
        fresh: false,
        merchant: None,
    };
    let result = authinfo.grant(LaneId(0), &wanted, setup.within(Duration::from_secs(5)));
    (result.map_err(|error| error.code()), scripted.count())
}

#[test]
fn authinfo_is_verified_over_what_came_and_its_life_is_believed_within_bounds() {
    let with = |more: &'static [(&'static str, &'static str)]| {
        move |_| {
            let mut fields = vec![("return_code", "SUCCESS"), ("authinfo", "grant")];
            fields.extend(more);
            Answer { body: apiv2(&fields).into_bytes(), ..Answer::json(200, &json!(null)) }
        }
    };
    for (more, seconds) in [
        (&[("expires_in", "3600"), ("terminal_level", "2"), ("attach", "")][..], 3600),
        (&[("expires_in", "3600.0")], 3600),
        (&[], 300),
        (&[("expires_in", "soon")], 300),
        (&[("expires_in", "-1")], 300),
        (&[("expires_in", "0")], 60),
        (&[("expires_in", "18446744073709551615")], 300),
        (&[("expires_in", "9000000000000000000")], 86_400),
    ] {
        let (grant, asked) = granted(with(more));
        let grant = grant.expect("granted");
        assert_eq!((grant.authinfo.reveal(), grant.expires_in.as_secs(), asked), ("grant", seconds, 1), "{more:?}");
    }
    let forged = |_| {
        let body = apiv2(&[("return_code", "SUCCESS"), ("authinfo", "grant")]).replace(">grant<", ">other<");
        Answer { body: body.into_bytes(), ..Answer::json(200, &json!(null)) }
    };
    assert_eq!(granted(forged).0, Err(Code::N310));
    let busy = move |count| if count < 3 { Answer::json(503, &json!(null)) } else { with(&[])(count) };
    assert!(granted(busy).0.is_ok(), "asked again");
    assert_eq!(granted(|_| Answer::json(429, &json!(null))), (Err(Code::N323), 4));
}
