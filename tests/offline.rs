//! While the site's system is away: what the site allows of each lane, how it is marked, and how it is matched afterwards.

use std::{fs, sync::Arc};

use facemchd::{
    checkin::{
        CheckIn as _, CheckInSettings, Deputy as _, Http, Local, LocalMemory, Offline, Request, Undecided, WithoutSite,
        roster::{Making, Roster, RosterKey, Source},
    },
    fault::{Code, Failure, Remedy, Whose},
    http::{Client, Route},
    kiosk::{CardUses, Input, LaneSettings, NARROWEST, NextStep, Output, Record, SceneKind, WithoutWeChat, Wording},
    sim::{his::Kind, people::Person, site_file::HMAC_KEY},
    words::{Admission, CheckInAnswer, Deadline, Identity, Private, Purpose, Text, UnionId},
};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    core::{Core, hospital, transit},
    his::{PATIENCE, day, holder, request},
    lookups::clock,
    program::{expect, text},
    running::{Sandbox, program, run},
    site_try::with_template,
};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳若兰";

fn away(code: Code, perhaps: bool) -> Undecided {
    Undecided { failure: Failure::new(code), perhaps }
}

fn numbered(answer: Option<CheckInAnswer>) -> Option<(bool, Option<String>, bool)> {
    let told =
        |first, admission: Admission| (first, admission.number.map(|number| number.to_string()), admission.to_verify);
    match answer? {
        CheckInAnswer::Admitted(admission) => Some(told(true, admission)),
        CheckInAnswer::Already(admission) => Some(told(false, admission)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lane_allows_what_the_site_says_of_it_and_only_what_surely_was_not_decided() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, clock) = (folder.path().join("roster"), clock());
    let key = || RosterKey::new(Zeroizing::new(b"an agreed key of some length".to_vec())).expect("long enough");
    let table = format!("name,number,union-id,place\n{NAME},{CARD},u-1,3楼 内科\n");
    let (day, key_of) = (day(&*clock), key());
    let making = Making { day: &day, issued: "2026-11-26T05:30:00+08:00", key: &key_of };
    let (list, _) = making.list(table.as_bytes()).expect("a list");
    fs::write(&file, format!("{list}signature c2lnbmVk\n")).expect("written");
    let roster = |signed: bool| {
        Roster::new(Source::File(file.clone()), key(), Box::new(move |_, _| signed), (8 * 3600, 0), Arc::clone(&clock))
    };
    let lanes =
        [("staff", WithoutSite::Staff), ("roster", WithoutSite::Roster), ("provisional", WithoutSite::Provisional)];
    let lanes: Vec<_> = lanes.into_iter().map(|(name, of)| (name.to_owned(), of, "W".to_owned())).collect();
    let offline = |signed| {
        let numbers =
            Local::new(CheckInSettings::default(), vec!["A".to_owned(), "W".to_owned()], LocalMemory::default());
        Offline::new(lanes.clone(), Some(roster(signed)), numbers)
    };
    let somebody = holder("王五", "110105194912310038");
    let of_union = Identity { union_id: Some(UnionId::new("u-1".to_owned())), ..Identity::default() };
    let voucher = Identity { voucher: Some(Private::new("Q-1".to_owned()).into()), ..Identity::default() };
    let number = Some((true, Some("W001".to_owned()), true));
    for (lane, purpose, identity, wanted) in [
        ("staff", Purpose::Hospital, holder(NAME, CARD), None),
        ("roster", Purpose::Hospital, holder(NAME, CARD), number.clone()),
        ("roster", Purpose::Hospital, somebody.clone(), None),
        ("provisional", Purpose::Hospital, holder(NAME, CARD), number.clone()),
        ("provisional", Purpose::Hospital, somebody.clone(), number),
        ("provisional", Purpose::Hospital, voucher, None),
        ("roster", Purpose::Transit, of_union.clone(), Some((true, None, true))),
        ("roster", Purpose::Transit, somebody.clone(), None),
        ("provisional", Purpose::Transit, of_union.clone(), None),
        ("unknown", Purpose::Hospital, holder(NAME, CARD), None),
    ] {
        let asked = Request { lane: lane.to_owned(), purpose, ..request(1, identity) };
        let decided = |undecided: &Undecided| offline(true).decide(&asked, undecided, Deadline::default());
        assert_eq!(numbered(decided(&away(Code::H901, false))), wanted, "{lane} {purpose:?}");
        // Whoever may be in already, and whoever was refused by a system that is there, is not let in by us.
        for other in [away(Code::H905, true), away(Code::H901, true), away(Code::H903, false), away(Code::T214, false)]
        {
            assert!(decided(&other).is_none(), "{lane} {purpose:?}");
        }
    }
    // A list that cannot be believed opens no gate.
    let asked = Request { lane: "roster".to_owned(), purpose: Purpose::Transit, ..request(1, of_union) };
    assert!(offline(false).decide(&asked, &away(Code::H901, false), Deadline::default()).is_none());
}

#[test]
fn a_number_that_is_to_be_verified_is_said_to_be_everywhere() {
    let admission = Admission { number: Some(Text::clean("W001")), to_verify: true, ..Admission::default() };
    let mut core = Core::new(vec![hospital()]);
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Admitted(admission));
    let scene = core.scene();
    assert_eq!((scene.kind, scene.code), (SceneKind::ToVerify, Some(Code::J510)));
    let decided = core.records().find_map(|record| match record {
        Record::Decided { code, number, .. } => Some((*code, number.clone())),
        _ => None,
    });
    assert_eq!(decided, Some((Some(Code::J510), Some(Text::clean("W001")))));
    let sent_away = core.sent_away();
    assert_eq!(
        sent_away.iter().map(|slip| (slip.session, slip.kind)).collect::<Vec<_>>(),
        [(session, SceneKind::ToVerify)]
    );
    // A gate opens, and says nothing of a number.
    let mut core = Core::new(vec![transit()]);
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Admitted(Admission { to_verify: true, ..Admission::default() }));
    let opened = core.outputs().iter().any(|output| matches!(output, Output::Open { .. }));
    assert!(opened && core.records().any(|record| matches!(record, Record::Decided { code: Some(Code::J510), .. })));
}

#[test]
fn a_panel_says_whose_fault_it_is() {
    for (code, word) in [
        (Code::H901, "医院系统暂不可用"),
        (Code::N301, "网络不通"),
        (Code::N324, "微信暂不可用"),
        (Code::K405, "本机故障"),
    ] {
        let mut core = Core::new(vec![hospital()]);
        let session = core.known("sid-1", 1, "张三");
        core.answer(session, CheckInAnswer::Unavailable(code.into()));
        let scene = core.scene();
        let detail = scene.detail.as_ref().map(Text::as_str);
        assert_eq!((scene.kind, scene.code, detail), (SceneKind::Failed, Some(code), Some(word)));
    }
    let is_nobodys = |code: &Code| code.as_str().starts_with('T') || [Code::N320, Code::W111].contains(code);
    assert!(Code::ALL.iter().all(|code| code.whose().is_none() == is_nobodys(code)));
}

#[test]
fn every_code_of_a_failure_tells_whose_fault_it_is_wherever_people_have_to_go_on_without_it() {
    let phrases = facemchd::kiosk::Phrases::default();
    for code in Code::ALL {
        let mut core = Core::new(vec![hospital()]);
        let session = core.known("sid-1", 1, "张三");
        core.answer(session, CheckInAnswer::Unavailable((*code).into()));
        let scene = core.scene();
        let shown = scene.detail.as_ref().map(Text::as_str);
        let whose = code.whose().map(|whose| phrases.text(Wording::FaultOf(whose)).within(NARROWEST));
        match scene.kind {
            SceneKind::Failed | SceneKind::TookTooLong => assert_eq!(shown, whose, "{code}"),
            SceneKind::LookAgain => {}
            other => panic!("{code}: {other:?}"),
        }
        // Staff are told on the slip, where it was not this device.
        let others = matches!(code.whose(), Some(Whose::Network | Whose::WeChat | Whose::Site));
        let goes_to_staff = scene.kind == SceneKind::Failed && code.remedy() == Remedy::Staff;
        let slips = core.sent_away();
        assert_eq!(slips.len(), usize::from(others && goes_to_staff), "{code}");
        assert!(slips.iter().all(|slip| (slip.session, slip.code) == (session, *code)), "{code}");
    }
}

#[test]
fn without_wechat_people_go_to_staff_with_a_slip_or_by_another_way_where_the_lane_says_so() {
    let comes = |policy, alone, code: Code| {
        let card = CardUses { alone, ..hospital().card };
        let mut core = Core::new(vec![LaneSettings { without_wechat: policy, card, ..hospital() }]);
        let session = core.face("sid-1", 1).expect("a session");
        core.input(Input::Found { session, result: Err(code.into()) });
        (core.scene().next, core.sent_away().iter().any(|slip| slip.session == session))
    };
    for code in [Code::N301, Code::N302, Code::N310, Code::N324, Code::W104] {
        assert_eq!(comes(WithoutWeChat::Staff, true, code), (Some(NextStep::StaffWindow), true), "{code}");
        assert_eq!(comes(WithoutWeChat::OtherWay, true, code), (Some(NextStep::IdCard), false), "{code}");
    }
    // What is wrong with this device is wrong by another way, too.
    assert_eq!(comes(WithoutWeChat::OtherWay, true, Code::K405), (Some(NextStep::StaffWindow), false));
    let sandbox = Sandbox::new();
    sandbox.edit("mode = \"transit\"\n", "mode = \"transit\"\nwithout-wechat = \"other-way\"\n");
    let told = text(&run(&["check", "--config", sandbox.site()]).stdout);
    assert!(told.contains("C101") && told.contains("needs lane.other-ways"), "{told}");
}

fn report(sandbox: &Sandbox, more: &[&str]) -> String {
    let ran = program().args(["report", "provisional", "--config", sandbox.site()]).args(more).output().expect("runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    text(&ran.stdout)
}

#[test]
fn what_was_decided_without_the_site_is_journalled_listed_and_matched_by_its_session() {
    let sandbox = Sandbox::new();
    sandbox.edit("mode = \"hospital\"\n", "mode = \"hospital\"\noffline = \"provisional\"\n");
    let face = |sandbox: &Sandbox, sid: &str, name: &str| {
        expect(sandbox, &Person::new(sid, name));
        let mut terminal = sandbox.terminal(0);
        terminal.face(sid, true).expect("sent");
        let outcome = terminal.receive_type("outcome").expect("an outcome");
        let member = |name: &str| outcome[name].as_str().unwrap_or_default().to_owned();
        (member("result"), member("number"), member("code"), member("session"))
    };
    let daemon = sandbox.start();
    sandbox.hospital.open_house();
    sandbox.hospital.set_down(true);
    let (result, number, code, session) = face(&sandbox, "sid-1", "张三丰");
    assert_eq!((result.as_str(), number.as_str(), code.as_str()), ("checked_in", "W001", "J510"));
    assert!(daemon.log().contains("code=H901"), "{}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
    // A restart gives nobody the same number, and the same person none other.
    let daemon = sandbox.start();
    let (result, number, ..) = face(&sandbox, "sid-2", "李四");
    assert_eq!((result.as_str(), number.as_str()), ("checked_in", "W002"));
    sandbox.hospital.set_down(false);
    let (result, number, code, _) = face(&sandbox, "sid-3", "王五");
    assert!(result == "checked_in" && !number.starts_with('W') && code.is_empty(), "{result} {number} {code}");
    let listed = report(&sandbox, &[]);
    assert!(listed.lines().count() == 2 && listed.contains(&format!("{session}  kiosk-1  W001")), "{listed}");
    assert!(!listed.contains("张三") && !listed.contains("李四"));
    // Staff enter the first one by the session on its slip.
    let client = Route { ca_file: Some(sandbox.path("keys/ca.pem").into()), ..Route::default() };
    let client = Client::open(&client, clock()).expect("a client");
    let key = sandbox.path("keys/checkin.hmac");
    assert_eq!(fs::read(&key).expect("readable"), HMAC_KEY);
    let adapter = Http::open(sandbox.hospital.url(), Some(&key), 8 * 3600, client, clock()).expect("an adapter");
    let entered = Request { session: session.parse().expect("a session"), ..request(1, holder("张三丰", CARD)) };
    adapter.check_in(&entered, Deadline::from_now(&*clock(), PATIENCE)).expect("entered");
    // The daemon asks by itself, and tells nobody anything.
    let settled = (0..300).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        Some(report(&sandbox, &[])).filter(|told| told.contains("→ admitted"))
    });
    let settled = settled.unwrap_or_else(|| panic!("{}\n{}", report(&sandbox, &[]), daemon.log()));
    assert_eq!(settled.matches("not settled").count(), 1, "{settled}");
    let journal = text(&run(&["journal", "list", "--config", sandbox.site()]).stdout);
    assert!(journal.contains(&format!("{session}  settled      admitted")), "{journal}");
    let asked: Vec<Value> =
        report(&sandbox, &["--ask", "--json"]).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let sites: Vec<&str> = asked.iter().map(|decision| decision["site"].as_str().expect("asked")).collect();
    assert_eq!((sites, asked[0]["number"].as_str()), (vec!["admitted", "not_there"], Some("W001")), "{asked:?}");
    assert!(asked[0]["site_number"].as_str().is_some_and(|number| !number.starts_with('W')), "{asked:?}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn of_a_hospital_that_knows_no_session_what_was_decided_before_a_restart_is_staffs_to_look_up_and_asked_about_once() {
    let sandbox = Sandbox::new();
    let twin = with_template(&sandbox, Kind::SelfReg);
    sandbox.edit("mode = \"hospital\"\n", "mode = \"hospital\"\noffline = \"provisional\"\n");
    sandbox.edit(&twin.url(), "https://localhost:1");
    let daemon = sandbox.start();
    expect(&sandbox, &Person::new("sid-1", "张三丰"));
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-1", true).expect("sent");
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    assert_eq!((outcome["number"].as_str(), outcome["code"].as_str()), (Some("W001"), Some("J510")));
    assert_eq!(daemon.stop(), Some(0));
    assert!(report(&sandbox, &[]).contains("not settled"));
    sandbox.edit("https://localhost:1", &twin.url());
    let daemon = sandbox.start();
    let settled = (0..300).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        Some(report(&sandbox, &[])).filter(|told| told.contains("→ H908"))
    });
    assert!(settled.is_some(), "{}\n{}", report(&sandbox, &[]), daemon.log());
    assert_eq!(daemon.stop(), Some(0));
    let journal = text(&run(&["journal", "list", "--config", sandbox.site()]).stdout);
    assert_eq!(journal.matches("settled      H908").count(), 1, "{journal}");
}

#[test]
fn what_a_lane_allows_without_the_site_needs_a_site_and_for_gates_a_list() {
    for (from, to, why) in [
        ("mode = \"transit\"\n", "mode = \"transit\"\noffline = \"provisional\"\n", "by a roster alone"),
        ("mode = \"transit\"\n", "mode = \"transit\"\noffline = \"roster\"\n", "needs checkin.roster"),
        (
            "mode = \"hospital\"\n",
            "mode = \"hospital\"\noffline = \"provisional\"\noffline-series = \"A\"\n",
            "otherwise",
        ),
    ] {
        let sandbox = Sandbox::new();
        sandbox.edit(from, to);
        let told = text(&run(&["check", "--config", sandbox.site()]).stdout);
        assert!(told.contains("C101") && told.contains(why), "{told}");
    }
}
