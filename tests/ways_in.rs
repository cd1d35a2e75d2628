//! Ways in without a face, and for somebody else: what the core makes of them, and the whole daemon.

use std::time::Duration;

use facemchd::{
    fault::Code,
    kiosk::{AckStatus, Arrival, Input, NextStep, Output, Record},
    sim::{hospital::Booking, people::Person},
    terminal::{Frame, parse},
    words::{
        Card, CheckInAnswer, CredentialType, Identity, OpenId, Private, RealnameClaim, SessionId, Voucher, VoucherKind,
        WayIn,
    },
};
use serde_json::{Value, json};

use crate::{
    core::{Core, LANE, PEER, admission, face, hospital, person, sid},
    running::{Daemon, Sandbox, program},
};

const SECOND: Duration = Duration::from_secs(1);

fn kiosk() -> Core {
    let mut core = Core::new(vec![hospital()]);
    core.forget();
    core
}

fn card(name: &str, number: &str) -> Card {
    Card::parse(name, CredentialType::MainlandId, number).expect("a card")
}

fn claim(card: Option<Card>) -> WayIn {
    let (openid, code) = (OpenId::new("o1".to_owned()), Private::new("code-1".to_owned()));
    WayIn::RealnameCheck(RealnameClaim { openid, code, card })
}

fn arrive(core: &mut Core, seq: u64, way: WayIn) -> Option<SessionId> {
    let arrival = Arrival { seq, way, ..face("unused", seq, true) };
    core.input(Input::Recognised { lane: LANE, peer: PEER, arrival });
    core.acks().last().and_then(|(_, session, _)| *session)
}

fn read(core: &mut Core, card: Card) {
    core.input(Input::CardRead { lane: LANE, peer: PEER, seq: 1, card });
}

fn asked(core: &mut Core) -> Vec<WayIn> {
    let of = |output| match output {
        Output::LookUp { way, .. } => Some(way),
        _ => None,
    };
    core.outputs().into_iter().filter_map(of).collect()
}

#[test]
fn a_voucher_goes_to_the_sites_system_and_to_nobody_else() {
    let mut core = kiosk();
    let session = arrive(&mut core, 2, WayIn::Voucher(Private::new("V-1".to_owned()).into())).expect("a session");
    assert_eq!(core.lookups(), 0);
    let request = core.check_ins().pop().expect("asked");
    assert_eq!((request.session, request.identity.voucher.expect("a voucher").reveal()), (session, "V-1"));
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!((core.scene().name, core.effects()), (None, 1));
}

#[test]
fn a_document_that_was_read_completes_the_claim_that_follows_it() {
    let mut core = kiosk();
    assert_eq!(arrive(&mut core, 1, claim(None)), None);
    assert_eq!(core.acks(), [(AckStatus::Refused, None, Some(Code::T213))]);
    read(&mut core, card("张三", "11010519491231002X"));
    core.forget();
    arrive(&mut core, 2, claim(None)).expect("a session");
    let [WayIn::RealnameCheck(claim)] = &asked(&mut core)[..] else { panic!("one claim") };
    assert_eq!(claim.card, Some(card("张三", "11010519491231002X")));
}

#[test]
fn one_mother_with_two_children_is_two_people_to_the_journal() {
    let mother = |child| Identity { patient: child, ..person("林秀") };
    let both = [
        mother(Some(card("林小宝", "110105201501010017"))),
        mother(Some(card("林小贝", "11010520170304002X"))),
        mother(None),
    ];
    let told: Vec<String> =
        both.iter().map(|identity| identity.distinguishing().expect("known").reveal().to_owned()).collect();
    assert!(told[0] != told[1] && told[1] != told[2] && told[0] != told[2]);
}

#[test]
fn the_same_token_again_is_the_same_session_and_another_kind_with_the_same_text_is_not() {
    let mut core = kiosk();
    let token = || Private::new("t-1".to_owned());
    let first = arrive(&mut core, 1, WayIn::RealnameAuth(token()));
    assert_eq!(arrive(&mut core, 2, WayIn::RealnameAuth(token())), first);
    assert_eq!(core.lookups(), 1);
    core.input(Input::Found { session: first.expect("a session"), result: Err(Code::W105.into()) });
    assert_eq!(core.scene().next, Some(NextStep::StaffWindow), "nothing else is set up here");
    core.pass(10 * SECOND);
    assert_ne!(arrive(&mut core, 3, WayIn::Voucher(token().into())), first);
    let opened = |record: &Record| matches!(record, Record::Opened { way: WayIn::Voucher(_), .. });
    assert!(core.journal.iter().any(opened));
}

#[test]
fn the_app_is_told_when_its_sdk_still_waits_for_a_consent_that_will_not_come() {
    let mut core = kiosk();
    core.face_with("sid-1", 1, false).expect("held");
    core.pass(61 * SECOND);
    assert!(core.outcome().quit_face_auth, "nobody agreed");
    let session = core.face_with("sid-2", 2, false).expect("held");
    core.input(Input::Consented { lane: LANE, peer: PEER, seq: 3, face_sid: sid("sid-2"), granted: true });
    core.input(Input::Found { session, result: Err(Code::N320.into()) });
    assert!(!core.outcome().quit_face_auth, "getWxpayAuth has ended");
    core.forget();
    let session = core.face("sid-3", 4).expect("a session");
    core.input(Input::Found { session, result: Err(Code::N320.into()) });
    assert!(!core.outcome().quit_face_auth);
}

#[test]
fn frames_of_the_other_ways_are_read_and_bounded() {
    let frame = |value: Value| parse(value.to_string().as_bytes(), false);
    let way = |value: Value| match frame(value) {
        Ok(Frame::Arrival(arrival)) => {
            assert!(arrival.consent, "whoever comes by another way has agreed there");
            arrival.way
        }
        other => panic!("{other:?}"),
    };
    let token = |text: &str| Private::new(text.to_owned());
    let auth = json!({ "type": "realname-auth", "seq": 1, "auth_token": "t%3D" });
    assert_eq!(way(auth), WayIn::RealnameAuth(token("t%3D")));
    assert_eq!(way(json!({ "type": "voucher", "code": "V-1" })), WayIn::Voucher(token("V-1").into()));
    for (word, kind) in
        [("queue", VoucherKind::Queue), ("EC", VoucherKind::Insurance), ("ehealth", VoucherKind::HealthCard)]
    {
        let voucher = Voucher { kind, code: token("V-1") };
        assert_eq!(way(json!({ "type": "voucher", "code": "V-1", "kind": word })), WayIn::Voucher(voucher));
    }
    // One of a later version would be taken for the site's own.
    let unknown =
        frame(json!({ "type": "voucher", "seq": 4, "code": "V-1", "kind": "passport" })).expect_err("refused");
    assert_eq!((unknown.code, unknown.seq), (Code::T204, Some(4)));
    let whole = json!({
        "type": "realname-check", "openid": "o1", "code": "code-1", "real_name": "张三", "cred_id": "11010519491231002X",
    });
    assert_eq!(way(whole), claim(Some(card("张三", "11010519491231002X"))));
    assert_eq!(way(json!({ "type": "realname-check", "openid": "o1", "code": "code-1" })), claim(None));
    let read = json!({ "type": "id-card", "seq": 7, "name": " 张三 ", "number": "11010519491231002X" });
    assert_eq!(frame(read), Ok(Frame::Card { seq: 7, card: card("张三", "11010519491231002X") }));
    for wrong in [
        json!({ "type": "realname-auth", "seq": 1 }),
        json!({ "type": "realname-auth", "seq": 1, "auth_token": "" }),
        json!({ "type": "realname-auth", "seq": 1, "auth_token": "a\nb" }),
        json!({ "type": "voucher", "seq": 1, "code": "v".repeat(1025) }),
        json!({ "type": "realname-check", "seq": 1, "code": "c" }),
        json!({ "type": "realname-check", "seq": 1, "openid": "o", "code": "c", "real_name": "张三" }),
        json!({ "type": "id-card", "seq": 1, "name": "张三", "number": "" }),
        json!({ "type": "id-card", "seq": 1, "name": "字".repeat(72), "number": "1" }),
        json!({ "type": "authinfo-request", "seq": 1 }),
    ] {
        let error = frame(wrong.clone()).expect_err("refused");
        assert_eq!((error.code, error.seq), (Code::T205, Some(1)), "{wrong}");
    }
}

/// Sends frames and waits for the outcome of the last.
fn visit(sandbox: &Sandbox, frames: &[(&str, Value)]) -> Value {
    let mut terminal = sandbox.terminal(0);
    for (kind, fields) in frames {
        terminal.send(kind, fields).expect("sent");
    }
    terminal.receive_type("outcome").expect("an outcome")
}

#[test]
fn every_way_in_reaches_the_site_and_none_of_it_the_disk() {
    let sandbox = Sandbox::new();
    let zheng = Person::new("sid-zheng", "郑成功");
    sandbox.weixin.agree("secret-token", zheng.clone());
    sandbox.weixin.user("secret-openid", "secret-code", zheng.clone());
    for key in [zheng.credential_id.as_str(), "secret-voucher"] {
        sandbox.hospital.book(key, Booking::At("3楼".to_owned()));
    }
    let daemon = sandbox.start();
    let told = visit(&sandbox, &[("realname-auth", json!({ "auth_token": "secret-token" }))]);
    assert_eq!((told["result"].as_str(), told["number"].as_str()), (Some("checked_in"), Some("A001")));
    let read = json!({ "name": zheng.name, "number": zheng.credential_id });
    let claim = json!({ "openid": "secret-openid", "code": "secret-code" });
    let told = visit(&sandbox, &[("id-card", read), ("realname-check", claim)]);
    assert_eq!((told["result"].as_str(), told["number"].as_str()), (Some("already"), Some("A001")));
    let told = visit(&sandbox, &[("voucher", json!({ "code": "secret-voucher" }))]);
    assert_eq!((told["result"].as_str(), told["number"].as_str()), (Some("checked_in"), Some("A002")));
    let site_heard = |what: &str| sandbox.hospital.latest()["person"][what].as_str().map(str::to_owned);
    assert_eq!(site_heard("voucher_kind").as_deref(), Some("queue"));
    let told = visit(&sandbox, &[("voucher", json!({ "code": "secret-ec", "kind": "ec" }))]);
    assert_eq!(told["result"], "refused", "nothing is booked for it");
    assert_eq!([site_heard("voucher"), site_heard("voucher_kind")].map(Option::unwrap_or_default), ["secret-ec", "ec"]);
    let told = visit(&sandbox, &[("realname-auth", json!({ "auth_token": "secret-token" }))]);
    assert_eq!(told["result"], "checked_in", "the same token within a minute is a resend");
    let mut terminal = sandbox.terminal(0);
    let request = json!({ "rawdata": "secret-rawdata", "device_id": "SN-1" });
    let mut authinfo = |fields: &Value| {
        terminal.send("authinfo-request", fields).expect("sent");
        terminal.receive_type("authinfo").expect("answered")
    };
    let granted = authinfo(&request);
    assert_eq!((granted["authinfo"].as_str(), granted["expires_in"].as_u64()), (Some("authinfo-1"), Some(3600)));
    assert_eq!(authinfo(&request)["authinfo"], "authinfo-1", "kept until it ends");
    let fresh = json!({ "rawdata": "secret-rawdata", "device_id": "SN-1", "fresh": true });
    assert_eq!(authinfo(&fresh)["authinfo"], "authinfo-2");
    assert_eq!(sandbox.weixin.granted(), 2);
    let short = json!({ "rawdata": "short", "device_id": "SN-2" });
    assert_eq!(authinfo(&short)["code"], "N326");
    assert_eq!(daemon.stop(), Some(0));
    let secrets = ["secret-", zheng.name.as_str(), zheng.credential_id.as_str(), "authinfo-1"];
    let state = Daemon::files_with(&sandbox.path("state"), &secrets);
    assert_eq!(state, Vec::<String>::new());
    let log = std::fs::read_to_string(sandbox.path("daemon.log")).expect("a log");
    assert!(secrets.iter().all(|secret| !log.contains(secret)), "{log}");
}

#[test]
fn where_numbers_are_given_here_no_voucher_and_no_card_opens_a_gate_or_draws_a_number() {
    let sandbox = Sandbox::new();
    let text = std::fs::read_to_string(&sandbox.site).expect("readable");
    let site_system = text.split("[checkin]").nth(1).and_then(|rest| rest.split("[privacy]").next()).expect("a table");
    sandbox.edit(site_system, "\nadapter = \"local\"\n\n");
    let refused = program().args(["check", "--config", sandbox.site()]).output().expect("runs");
    let told = String::from_utf8_lossy(&refused.stdout).into_owned() + &String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("nobody can judge a voucher or a card alone"), "{told}");
    sandbox.edit("other-ways = [\"id-card\", \"voucher\"]\n", "");
    let mother = Person::new("sid-mother", "林秀");
    sandbox.wechat.know(mother);
    let daemon = sandbox.start();
    for lane in [0, 1] {
        let mut terminal = sandbox.terminal(lane);
        for seq in 0..3 {
            terminal.send("voucher", &json!({ "code": format!("V-{seq}") })).expect("sent");
            let ack = terminal.receive_type("ack").expect("an ack");
            assert_eq!((ack["status"].as_str(), ack["code"].as_str()), (Some("refused"), Some("T214")));
        }
    }
    // Here a card only completes a claim that WeChat judges: whom a face comes for, nobody could say.
    let mut terminal = sandbox.terminal(0);
    terminal.send("id-card", &json!({ "name": "林小宝", "number": "110105201501010017" })).expect("sent");
    assert_eq!(terminal.receive_type("ack").expect("an ack")["status"], "accepted");
    terminal.face("sid-mother", true).expect("sent");
    let told = terminal.receive_type("outcome").expect("an outcome");
    assert_eq!((told["result"].as_str(), told["number"].as_str()), (Some("checked_in"), Some("A001")));
    assert_eq!(daemon.stop(), Some(0));
    let slip = std::fs::read_to_string(sandbox.path("kiosk-1/slip-0001.txt")).expect("a slip");
    assert!(slip.contains("林秀") && !slip.contains("林小宝"), "{slip}");
}

#[test]
fn a_gate_beside_a_hospital_lane_asks_for_no_name_shows_none_and_sends_none() {
    let sandbox = Sandbox::new();
    let liu = Person::new("sid-liu", "刘一舟");
    sandbox.wechat.know(liu.clone());
    sandbox.wechat.know(liu.clone().again("sid-liu-2"));
    sandbox.hospital.open_house();
    let daemon = sandbox.start();
    for (lane, sid) in [(1, "sid-liu"), (0, "sid-liu-2")] {
        let mut terminal = sandbox.terminal(lane);
        terminal.face(sid, true).expect("sent");
        assert_eq!(terminal.receive_type("outcome").expect("an outcome")["result"], "checked_in");
        let person = sandbox.hospital.latest()["person"].clone();
        assert_eq!(person["union_id"], liu.union_id);
        let named = lane == 0;
        assert_eq!((person.get("name").is_some(), person.get("credential_id").is_some()), (named, named), "{person}");
    }
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_card_that_nobody_verified_reaches_the_site_apart_from_what_wechat_says() {
    let sandbox = Sandbox::new();
    sandbox.hospital.open_house();
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    terminal.send("id-card", &json!({ "name": "燕青", "number": "11010519491231002X" })).expect("sent");
    let ack = terminal.receive_type("ack").expect("an ack");
    // The scene stands once the opening is durable; a choice before it is refused.
    loop {
        terminal.send("choice", &json!({ "session": ack["session"], "option": 1 })).expect("sent");
        if terminal.receive_type("ack").expect("an ack")["status"] == "accepted" {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(terminal.receive_type("outcome").expect("an outcome")["result"], "checked_in");
    let card = json!({ "name": "燕青", "credential_type": 1, "credential_id": "11010519491231002X" });
    assert_eq!(sandbox.hospital.latest()["person"], json!({ "card": card }));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_card_is_what_it_says_whatever_its_reader_writes() {
    let read = |frame: Value| match parse(frame.to_string().as_bytes(), false) {
        Ok(Frame::Card { card, .. }) => {
            Ok((card.kind.number(), card.id.reveal().to_owned(), card.name.reveal().to_owned()))
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.code),
    };
    let frame = |number: &str| json!({ "type": "id-card", "seq": 1, "name": "王\u{E863}", "number": number });
    let one = Ok((1, "11010519491231002X".to_owned(), "王䶮".to_owned()));
    for number in
        ["11010519491231002X", "110105 19491231 002x", "１１０１０５１９４９１２３１００２Ｘ", "110105491231002"]
    {
        assert_eq!(read(frame(number)), one);
    }
    assert_eq!(read(frame("110105194912310021")), Err(Code::T205));
    assert_eq!(read(frame("h1234567801")).expect("a card").0, 5);
    for kind in ["cred_type", "credential_type", "credentialType"] {
        for said in [json!("2"), json!(2)] {
            let mut passport = frame("12345678");
            passport[kind] = said;
            assert_eq!(read(passport).expect("a card").0, 2, "{kind}");
        }
    }
    let mut contradictory = frame("E12345678");
    contradictory["cred_type"] = json!("1");
    assert_eq!(read(contradictory), Err(Code::T205));
}

#[test]
fn one_person_is_one_person_by_face_and_by_card() {
    let by_face = person("王䶮");
    let by_card = Identity {
        credential: Card::parse("王\u{E863}", CredentialType::UNSAID, "11010519491231002x")
            .map(|card| card.credential()),
        ..Identity::default()
    };
    let told = |identity: &Identity| identity.distinguishing().expect("known").reveal().to_owned();
    assert_eq!(told(&by_face), told(&by_card));
    let child =
        |number| Identity { patient: Card::parse("林小宝", CredentialType::UNSAID, number), ..person("林秀") };
    assert_eq!(told(&child("11010520170304002X")), told(&child("110105 20170304 002x")));
}
