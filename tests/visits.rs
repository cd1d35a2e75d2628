//! What the site's system tells of a visit reaches whoever it is for, member by member, and nobody else.

use facemchd::{
    checkin::CheckIn as _,
    kiosk::Phrases,
    sim::{
        people::Person,
        server::{Answer, Reply},
    },
    words::{
        Admission, CheckInAnswer, HalfDay, LabelledField, PatientId, Private, Sequence, Slot, Text, Visit, WallTime,
        When,
    },
};
use serde_json::{Value, json};

use crate::{
    lookups::{Scripted, Setup},
    program::expect,
    running::{Daemon, Sandbox, run},
    site_system::{PATIENCE, adapter, request},
};

const BEIJING: i32 = 8 * 3600;

/// Two days from the epoch in Beijing: another day than any test's.
const TIME: &str = "1970-01-03T08:30:00+08:00";

pub fn whole() -> Value {
    json!({
        "hospital": "市第一人民医院", "department": "心血管内科", "doctor": "李华", "title": "主任医师", "room": "一诊室",
        "floor": "3楼", "way": "乘2号电梯，出梯左转", "slot": { "from": TIME, "until": "09:00" }, "ahead": 5, "now": "A031",
        "eta": "约20分钟", "patient_id": { "value": "0012345678", "barcode": "P0012345678" }, "visit_kind": "专家门诊",
        "sequence": { "half_day": "am", "index": 12 },
        "fields": [{ "label": "费别", "value": "医保" }, { "value": "请空腹", "emphasis": true }], "advice": "过号请到分诊台",
    })
}

fn text(text: &str) -> Option<Text> {
    Some(Text::clean(text))
}

pub fn visit() -> Visit {
    let private = |text: &str| Private::new(text.to_owned());
    let field = |label: Option<&str>, value: &str, emphasis| LabelledField {
        label: label.map(Text::clean),
        value: Text::clean(value),
        emphasis,
    };
    Visit {
        hospital: text("市第一人民医院"),
        department: text("心血管内科"),
        doctor: text("李华"),
        title: text("主任医师"),
        room: text("一诊室"),
        floor: text("3楼"),
        way: text("乘2号电梯，出梯左转"),
        slot: Some(Slot {
            from: When::read(TIME, BEIJING, WallTime(1_700_000_000_000)),
            until: text("09:00").map(When::Said),
        }),
        ahead: Some(5),
        now: text("A031"),
        eta: text("约20分钟").map(When::Said),
        patient_id: Some(PatientId { value: private("0012345678"), barcode: Some(private("P0012345678")) }),
        visit_kind: text("专家门诊"),
        sequence: Some(Sequence { half_day: Some(HalfDay::Morning), index: Text::clean("12") }),
        fields: vec![field(Some("费别"), "医保", false), field(None, "请空腹", true)],
        advice: text("过号请到分诊台"),
    }
}

/// What the adapter makes of an answer with these members, and how many it passed over.
fn read(members: Value) -> (Visit, u64) {
    let setup = Setup::new();
    let mut body = members;
    body["answer"] = json!("admitted");
    let answer = Answer::json(200, &body);
    let scripted = Scripted::start(&setup.authority, move |_, _| Reply::Answer(answer.clone()));
    let adapter = adapter(&setup, scripted.server.url());
    match adapter.check_in(&request(), setup.within(PATIENCE)) {
        Ok(CheckInAnswer::Admitted(Admission { visit, .. })) => (Visit::clone(&visit), adapter.passed_over()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_member_of_a_visit_is_read_and_what_nobody_knows_is_counted() {
    let mut members = whole();
    assert_eq!(read(members.clone()), (visit(), 0));
    members["newer"] = json!({ "deep": [[[1]]] });
    members["Newest"] = json!(null);
    assert_eq!(read(members), (visit(), 2));
}

#[test]
fn a_member_of_another_shape_is_read_as_what_it_can_be_or_left_out() {
    let alone = json!({ "patientId": 12345678, "sequence": 12, "slot": "8:00-8:30", "fields": "请空腹", "ahead": "5" });
    let (visit, _) = read(alone);
    let phrases = Phrases::default();
    assert_eq!(visit.patient_id.as_ref().map(|id| id.value.reveal()), Some("12345678"));
    assert_eq!(visit.sequence, Some(Sequence { half_day: None, index: Text::clean("12") }));
    assert_eq!(visit.slot.as_ref().map(|slot| phrases.slot(slot)).as_deref(), Some("8:00-8:30"));
    assert_eq!(visit.fields.iter().map(|field| phrases.field(field, 16)).collect::<Vec<_>>(), ["请空腹"]);
    assert_eq!(visit.ahead, Some(5));
    let useless = json!({
        "patient_id": { "value": "", "barcode": "中" }, "sequence": { "half_day": "am" }, "slot": {}, "ahead": -1,
        "fields": [{ "label": "费别" }, null, [], { "value": " " }], "eta": "", "floor": true, "doctor": { "name": "x" },
    });
    assert_eq!(read(useless).0, Visit::default());
    let many: Vec<Value> = (0..99).map(|index| json!({ "value": index })).collect();
    assert_eq!(read(json!({ "fields": many })).0.fields.len(), Visit::MAX_FIELDS);
    let barcode = |barcode: &str| {
        let id = read(json!({ "patient_id": { "value": "1", "barcode": barcode } })).0.patient_id;
        id.and_then(|id| id.barcode).map(|barcode| barcode.reveal().to_owned())
    };
    assert_eq!(barcode("A 1~"), Some("A 1~".to_owned()));
    for none in ["", "a\u{1b}@", "条", &"1".repeat(33)] {
        assert_eq!(barcode(none), None, "{none:?}");
    }
}

#[test]
fn a_terminal_is_told_the_visit_and_neither_journal_nor_log_knows_whose_it_is() {
    let sandbox = Sandbox::new();
    sandbox.edit("panel = \"board\"\nprinter", "panel = \"terminal\"\nprinter");
    let mut members = whole();
    members["newer"] = json!("何处");
    sandbox.hospital.tell(members.as_object().expect("an object").clone());
    expect(&sandbox, &Person::new("sid-visit-1", "王小明"));
    let daemon: Daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-visit-1", true).expect("sent");
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    let told = &outcome["visit"];
    assert_eq!(told["department"], "心血管内科", "{outcome}");
    assert_eq!(told["slot"], json!({ "from": TIME, "until": "09:00" }));
    assert_eq!((told["ahead"].as_u64(), told["sequence"]["index"].as_str()), (Some(5), Some("12")));
    let scene = sandbox.terminal(0).receive_type("scene").expect("at once");
    assert_eq!(scene["scene"], "admitted", "{scene}");
    assert_eq!(scene["visit"], *told);
    let lines: Vec<&str> = scene["lines"].as_array().expect("lines").iter().filter_map(Value::as_str).collect();
    assert_eq!(&lines[..3], ["心血管内科 3楼 内科", "前面还有5人", "正在叫号 A031"], "{scene}");
    assert!(lines.contains(&"请空腹") && lines.contains(&"费别：医保"), "{lines:?}");
    let status = run(&["status", "--config", sandbox.site(), "--lang", "en"]);
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("1 members of its answers are not known here"), "{status}");
    let log = daemon.log();
    assert_eq!(daemon.stop(), Some(0));
    let list = run(&["journal", "list", "--config", sandbox.site(), "--json"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("心血管内科"), "{list}");
    for private in ["0012345678", "费别", "请空腹", "何处"] {
        assert!(!list.contains(private) && !log.contains(private), "{private}");
        assert!(!format!("{:?}", visit()).contains(private), "{private}");
    }
    assert_eq!(Daemon::files_with(&sandbox.path("state"), &["0012345678", "费别"]), Vec::<String>::new());
}

#[test]
fn a_hospitals_slip_says_everything_on_both_widths_of_paper_and_its_codes_are_read_from_the_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    for (template, columns) in [("hospital-80", "48"), ("hospital-58", "32")] {
        let file = format!("{}/board/printers/slips/{template}.toml", env!("CARGO_MANIFEST_DIR"));
        let png = folder.path().join(format!("{template}.png"));
        let picture = png.to_str().expect("a path");
        let ended = run(&["test", "slip", "--template", &file, "--columns", columns, "--png", picture]);
        let told = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&ended.stderr));
        for said in [
            "市第一人民医院",
            "A036",
            "姓名：欧阳*丰",
            "就诊号：0012345678",
            "科室：心血管内科",
            "类别：专家门诊",
            "医生：李华 主任医师",
            "序号：上午第12号",
            "地点：3楼东区",
            "路线：乘2号电梯",
            "就诊时间：10:00-10:30",
            "预计：10:20",
            "前面等候：5",
            "正在叫号：A031",
            "费别：医保",
            "请空腹抽血",
            "过号请到分诊台重新排队",
            "扫码查看候诊进度",
        ] {
            assert!(told.contains(said), "{template} lacks {said}: {told}");
        }
        let read = std::process::Command::new("zbarimg").args(["--quiet", "--raw", picture]).output();
        let read = read.expect("apt-get install zbar-tools").stdout;
        let codes: std::collections::BTreeSet<&str> = std::str::from_utf8(&read).expect("text").lines().collect();
        assert_eq!(codes, ["0012345678", "https://his.example/q/A036"].into(), "{template}");
        for (language, word) in [("zh-hant", "報到單"), ("zh-hant-hk", "應診登記紙"), ("en", "Visit slip")] {
            let slip =
                ["test", "slip", "--template", &file, "--columns", columns, "--png", picture, "--language", language];
            let told = run(&slip).stdout;
            assert!(String::from_utf8_lossy(&told).contains(word), "{template}, {language}");
        }
    }
}
