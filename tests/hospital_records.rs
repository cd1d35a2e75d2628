//! Templates proved with answers as a hospital gave them (all persons made up): no server, no twin.

use std::sync::{Arc, Mutex};

use facemchd::{
    checkin::{ByTemplate, CheckIn as _, Template},
    http::Client,
    sim::server::{Answer, Reply},
    words::{CheckInAnswer, GateNumber, Hindrance, Identity, Private, Voucher, VoucherKind},
};

use crate::{
    his::{PATIENCE, given, holder, memory, request, today},
    lookups::{Scripted, Setup},
    visits,
};

/// What a kiosk makes of these answers, and what it sent.
fn recorded(template: &str, answers: Vec<(&'static str, Vec<u8>)>) -> (CheckInAnswer, Vec<String>) {
    recorded_of(holder("欧阳䶮", "11010519491231002X"), template, answers)
}

/// The same of somebody else.
fn recorded_of(whose: Identity, template: &str, answers: Vec<(&'static str, Vec<u8>)>) -> (CheckInAnswer, Vec<String>) {
    let setup = Setup::new();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let scripted = Scripted::start(&setup.authority, move |count, request| {
        seen.lock().expect("not poisoned").push(String::from_utf8_lossy(&request.body).into_owned());
        let (kind, body) = answers[(count - 1).min(answers.len() - 1)].clone();
        let mut answer = Answer::json(200, &serde_json::Value::Null);
        answer.headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        answer.body = body;
        Reply::Answer(answer)
    });
    let client = Client::open(&setup.http, Arc::clone(&setup.clock)).expect("a client");
    let template = Template::parse(template).expect("a template");
    let adapter =
        ByTemplate::new(template, given(scripted.server.url()), client, Arc::clone(&setup.clock), memory(&setup));
    let answer = adapter.check_in(&request(1, whose), setup.within(PATIENCE));
    let sent = sent.lock().expect("not poisoned").clone();
    (answer.unwrap_or_else(|undecided| undecided.answer()), sent)
}

/// A SOAP answer whose string was escaped by hand, as Caché does.
fn soap(method: &str, xml: &str) -> (&'static str, Vec<u8>) {
    let inner = xml.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/envelope/' \
         xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:s='http://www.w3.org/2001/XMLSchema'><SOAP-ENV:Body>\
         <{method}Response xmlns=\"http://tempuri.org/\"><{method}Result>{inner}</{method}Result></{method}Response>\
         </SOAP-ENV:Body></SOAP-ENV:Envelope>"
    );
    ("text/xml; charset=UTF-8", body.into_bytes())
}

const FOUND: &str = "<Response><ResultCode>0</ResultCode><ResultContent>成功</ResultContent><PatInfos><PatInfo>\
                     <PatientID>0000123456</PatientID><PatientName>欧阳\u{E863}</PatientName></PatInfo></PatInfos></Response>";

#[test]
fn what_a_self_registration_service_answered_becomes_number_place_and_doctor() {
    let setup_day = today(&Setup::new());
    let list = format!(
        "<Response><ResultCode>0</ResultCode><ErrMsg/><RecordCount>2</RecordCount><Orders><Order><RegID>8801||1</RegID>\
         <RegDate>{setup_day}</RegDate><AdmitDate>{setup_day}</AdmitDate><Status>正常</Status><Department>心血管内科门诊</Department>\
         <Doctor>李华</Doctor><DoctorTitle>主任医师</DoctorTitle><AdmitAddress>门诊楼3层东区</AdmitAddress><SeqCode>12</SeqCode>\
         <SessionName>上午</SessionName><QueueID>77</QueueID><PatientID>0000123456</PatientID><FeeType>医保</FeeType></Order>\
         <Order><RegID>8801||0</RegID><AdmitDate>2020-01-01</AdmitDate><Status>正常</Status></Order></Orders></Response>"
    );
    let arrived = "<Response><ResultCode>0</ResultCode><SeqNo>A012</SeqNo><RegDep>心血管内科门诊</RegDep></Response>";
    let template = Template::shipped("dhc-selfreg").expect("shipped");
    let answers = vec![soap("GetPatInfo", FOUND), soap("QueryAdmOPReg", &list), soap("AgainReQueue", arrived)];
    let (answer, sent) = recorded(template, answers);
    let CheckInAnswer::Admitted(admission) = answer else { panic!("{answer:?}") };
    let text = |text: &Option<facemchd::words::Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    assert_eq!((text(&admission.number), text(&admission.place)), ("A012".to_owned(), "门诊楼3层东区".to_owned()));
    assert_eq!(
        (text(&admission.visit.doctor), text(&admission.visit.title)),
        ("李华".to_owned(), "主任医师".to_owned())
    );
    assert_eq!(admission.visit.sequence.as_ref().map(|sequence| sequence.index.to_string()).as_deref(), Some("12"));
    assert_eq!(admission.visit.fields[0].value.as_str(), "医保");
    assert_eq!(sent.len(), 3);
    assert!(sent[2].contains("&lt;RegID&gt;8801||1&lt;/RegID&gt;&lt;QueueID&gt;77&lt;/QueueID&gt;"), "{}", sent[2]);
}

#[test]
fn what_it_said_no_with_becomes_the_persons_own_words() {
    let template = Template::shipped("dhc-selfreg").expect("shipped");
    let nobody = "<Response><ResultCode>-201</ResultCode><ResultContent>未查询到患者信息</ResultContent></Response>";
    let (answer, _) = recorded(template, vec![soap("GetPatInfo", nobody)]);
    assert_eq!(answer, CheckInAnswer::Hindered(Hindrance::NoFile));
    let refused = "<Response><ResultCode>-5</ResultCode><ErrMsg>系统维护中</ErrMsg></Response>";
    let (answer, _) = recorded(template, vec![soap("GetPatInfo", refused)]);
    assert!(matches!(answer, CheckInAnswer::Refused(Some(ref text)) if text.as_str() == "系统维护中"), "{answer:?}");
}

#[test]
fn an_answer_that_is_none_names_the_template_and_nobody() {
    let template = Template::shipped("dhc-selfreg").expect("shipped");
    for (kind, body) in [
        ("text/html", "<html><body>请登录</body></html>".as_bytes().to_vec()),
        ("text/xml", b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>".to_vec()),
        ("text/xml", Vec::new()),
        ("text/xml", vec![b' '; 300 * 1024]),
        ("application/json", b"{\"ResultCode\":0}".to_vec()),
    ] {
        let (answer, sent) = recorded(template, vec![(kind, body)]);
        let CheckInAnswer::Unavailable(trouble) = answer else { panic!("{answer:?}") };
        assert_eq!((trouble.code.as_str(), sent.len()), ("H906", 1));
    }
}

#[test]
fn a_template_knows_what_kind_of_voucher_it_asks_with() {
    const KINDS: &str = r#"
title = "kinds"
call = { form = "json", path = "/ask" }
tables = { card = { id-card = "01", ec = "05", voucher = "02", "*" = "99" } }
[list]
body = '["${person.voucher-kind}","${person.card-kind}","${person.card-kind|card}","${person.voucher}","${person.card}"]'
each = "visits"
read = { id = "id" }
[arrive]
body = "{}"
"#;
    let brings = |kind| Identity {
        voucher: Some(Voucher { kind, code: Private::new("V\"1".to_owned()) }),
        ..Identity::default()
    };
    for (whose, wanted) in [
        (brings(VoucherKind::Queue), r#"["queue","voucher","02","V\"1","V\"1"]"#),
        (brings(VoucherKind::Insurance), r#"["ec","ec","05","V\"1","V\"1"]"#),
        (brings(VoucherKind::HealthCard), r#"["ehealth","ehealth","02","V\"1","V\"1"]"#),
        (holder("张三", "11010519491231002X"), r#"["","id-card","01","","11010519491231002X"]"#),
    ] {
        let (answer, sent) = recorded_of(whose, KINDS, vec![("application/json", br#"{"visits":[]}"#.to_vec())]);
        assert_eq!((answer, sent), (CheckInAnswer::NotFound, vec![wanted.to_owned()]));
    }
}

#[test]
fn a_list_with_dates_in_odd_forms_doubled_rows_and_whole_numbers_with_a_point_is_read_as_it_is_meant() {
    const TEMPLATE: &str = r#"
title = "odd"
call = { form = "json", path = "/ask", success = { path = "code", is = ["100"] } }
[list]
body = "{}"
each = "data"
only = [{ path = "day", today = true }]
read = { id = "id" }
[arrive]
body = '["${visit.id}"]'
"#;
    let today = today(&Setup::new());
    let [year, month, day] = [&today[..4], today[5..7].trim_start_matches('0'), today[8..].trim_start_matches('0')];
    let list = format!(
        r#"{{"code":100.0,"data":[{{"id":7.0,"day":"{year}/{month}/{day} 8:00:00"}},{{"id":"7","day":"{}"}},{{"id":8,"day":"2020-01-01"}},
           {{"id":9,"day":""}},{{"id":10}}]}}"#,
        today.replace('-', "")
    );
    let answers = vec![("application/json", list.into_bytes()), ("application/json", br#"{"code":"100"}"#.to_vec())];
    let (answer, sent) = recorded_of(holder("张三", "11010519491231002X"), TEMPLATE, answers);
    assert!(matches!(answer, CheckInAnswer::Admitted(_)), "{answer:?}");
    assert_eq!(sent, ["{}", r#"["7"]"#]);
}

#[test]
fn a_template_reads_every_member_that_an_answer_of_our_own_has() {
    const TEMPLATE: &str = r#"
title = "every member"
call = { form = "json", path = "/ask" }
[list]
body = "{}"
each = "visits"
fields = [{ label = "费别", path = "fee" }, { path = "note", emphasis = true }]
[list.read]
id = "id"
number = "number"
place = "place"
qr = "qr"
gate-credential = "gate"
hospital = "hospital"
department = "department"
doctor = "doctor"
title = "title"
room = "room"
floor = "floor"
way = "way"
"slot.from" = "slot/from"
"slot.until" = "slot/until"
ahead = "ahead"
now = "now"
eta = "eta"
"patient-id.value" = "patient_id/value"
"patient-id.barcode" = "patient_id/barcode"
visit-kind = "visit_kind"
"sequence.half-day" = "sequence/half_day"
"sequence.index" = "sequence/index"
advice = "advice"
[arrive]
body = '["${visit.id}"]'
"#;
    let mut visit = visits::whole();
    let more = [("id", "V1"), ("number", "A036"), ("place", "3楼"), ("qr", "https://his.example/q/A036")];
    for (member, value) in more.into_iter().chain([("gate", "9081726"), ("fee", "医保"), ("note", "请空腹")]) {
        visit[member] = value.into();
    }
    let list = serde_json::json!({ "visits": [visit] }).to_string().into_bytes();
    let answers = vec![("application/json", list), ("application/json", b"{}".to_vec())];
    let (answer, _) = recorded_of(holder("张三", "11010519491231002X"), TEMPLATE, answers);
    let CheckInAnswer::Admitted(admission) = answer else { panic!("{answer:?}") };
    assert_eq!(*admission.visit, visits::visit());
    let texts = [&admission.number, &admission.place, &admission.qr].map(|text| text.as_ref().map(ToString::to_string));
    assert_eq!(texts, ["A036", "3楼", "https://his.example/q/A036"].map(|text| Some(text.to_owned())));
    assert_eq!(admission.gate_number.map(GateNumber::reveal), Some(9_081_726));
}
