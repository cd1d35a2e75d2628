//! What other languages' JSON libraries and other people's servers make of a valid answer costs nobody their visit.

use std::sync::{Arc, LazyLock, Mutex};

use facemchd::{
    checkin::{CheckIn as _, Http},
    http::Client,
    sim::server::{Answer, Reply},
    words::{Admission, CheckInAnswer, Choice, Text},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    lookups::{Scripted, Setup, clock},
    site_system::{PATIENCE, request},
};

/// A site's system that answers what it is told to, and what is asked of it.
struct Site {
    adapter: Http,
    says: Arc<Mutex<Answer>>,
    setup: Setup,
    _server: Scripted,
}

static SITE: LazyLock<Mutex<Site>> = LazyLock::new(|| {
    let setup = Setup::new();
    let says = Arc::new(Mutex::new(Answer::json(500, &json!({}))));
    let said = Arc::clone(&says);
    let scripted =
        Scripted::start(&setup.authority, move |_, _| Reply::Answer(said.lock().expect("not poisoned").clone()));
    let client = Client::open(&setup.http, clock()).expect("a client");
    let adapter = Http::open(scripted.server.url(), None, 8 * 3600, client, clock()).expect("an adapter");
    Mutex::new(Site { adapter, says, setup, _server: scripted })
});

fn read(content_type: &str, body: Vec<u8>) -> CheckInAnswer {
    let site = SITE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut answer = Answer::json(200, &json!({}));
    answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    answer.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    answer.body = body;
    *site.says.lock().expect("not poisoned") = answer;
    let deadline = site.setup.within(PATIENCE);
    site.adapter.check_in(&request(), deadline).unwrap_or_else(|undecided| undecided.answer())
}

fn admission() -> Admission {
    Admission {
        number: Some(Text::clean("36")),
        place: Some(Text::clean("3楼 内科")),
        notes: vec![Text::clean("请稍候")],
        qr: Some(Text::payload("https://x/1").expect("kept")),
        ..Admission::default()
    }
}

/// What is done to an answer on its way.
#[derive(Clone, Debug)]
enum Change {
    Null(usize),
    Absent(usize),
    IntegerNumber,
    FloatNumber,
    ArrayOfOne(usize),
    NoteAlone,
    Unknown(String, usize),
    NamesInAnotherCase(bool),
    WordInAnotherCase(bool),
    Doubled(usize),
    WholeInAnArray,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (1..5_usize).prop_map(Change::Null),
        (1..5_usize).prop_map(Change::Absent),
        Just(Change::IntegerNumber),
        Just(Change::FloatNumber),
        (0..5_usize).prop_map(Change::ArrayOfOne),
        Just(Change::NoteAlone),
        ("[a-z]{3,9}_x", 1..300_usize).prop_map(|(name, depth)| Change::Unknown(name, depth)),
        any::<bool>().prop_map(Change::NamesInAnotherCase),
        any::<bool>().prop_map(Change::WordInAnotherCase),
        (0..5_usize).prop_map(Change::Doubled),
        Just(Change::WholeInAnArray),
    ]
}

const MEMBERS: [&str; 5] = ["answer", "number", "place", "notes", "qr"];

/// The members as JSON texts, so that doubled ones can be written.
struct Wire {
    members: Vec<(String, String)>,
    in_an_array: bool,
}

impl Wire {
    fn get(&mut self, index: usize) -> Option<&mut String> {
        let name = MEMBERS[index];
        self.members.iter_mut().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn apply(&mut self, change: &Change, wanted: &mut Admission) {
        match change {
            Change::Null(index) | Change::Absent(index) => {
                match index {
                    1 => wanted.number = None,
                    2 => wanted.place = None,
                    3 => wanted.notes.clear(),
                    _ => wanted.qr = None,
                }
                let name = MEMBERS[*index];
                self.members.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
                if matches!(change, Change::Null(_)) {
                    self.members.push((name.to_owned(), "null".to_owned()));
                }
            }
            Change::IntegerNumber | Change::FloatNumber => {
                let written = if matches!(change, Change::IntegerNumber) { "36" } else { "36.0" };
                if let Some(number) = self.get(1).filter(|number| !number.contains("null")) {
                    *number = written.to_owned();
                }
            }
            Change::ArrayOfOne(index) => {
                if let Some(value) = self.get(*index).filter(|value| !value.starts_with('[')) {
                    *value = format!("[{value}]");
                }
            }
            Change::NoteAlone => {
                if let Some(notes) = self.get(3).filter(|notes| !notes.contains("null")) {
                    *notes = "\"请稍候\"".to_owned();
                }
            }
            Change::Unknown(name, depth) => {
                let value = format!("{}1e999{}", "[".repeat(*depth), "]".repeat(*depth));
                self.members.insert(0, (name.clone(), value));
            }
            Change::NamesInAnotherCase(all) => {
                for (name, _) in &mut self.members {
                    let first = name[..1].to_uppercase();
                    *name = if *all { name.to_uppercase() } else { first + &name[1..] };
                }
            }
            Change::WordInAnotherCase(all) => {
                if let Some(answer) = self.get(0) {
                    *answer = answer.replace("admitted", if *all { "ADMITTED" } else { "Admitted" });
                }
            }
            Change::Doubled(index) => {
                if let Some(value) = self.get(*index).cloned() {
                    self.members.push((MEMBERS[*index].to_owned(), value));
                    self.members.push((MEMBERS[*index].to_owned(), "null".to_owned()));
                }
            }
            Change::WholeInAnArray => self.in_an_array = true,
        }
    }

    fn text(&self) -> String {
        let members: Vec<String> = self.members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let object = format!("{{{}}}", members.join(","));
        if self.in_an_array { format!("[{object}]") } else { object }
    }
}

/// The text in one of the codings that are in use, and what the header says of it.
fn coded(text: &str, coding: u8) -> (&'static str, Vec<u8>) {
    let gb = || encoding_rs::GB18030.encode(text).0.into_owned();
    match coding {
        0 => ("application/json", text.as_bytes().to_vec()),
        1 => ("Application/JSON; Charset=\"GB18030\"", gb()),
        2 => ("text/html;charset=gbk", gb()),
        3 => ("text/plain", gb()),
        4 => ("application/json; charset=GBK", text.as_bytes().to_vec()),
        5 => ("application/json", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        6 => ("", [vec![0xFF, 0xFE], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()),
        _ => ("application/problem+json", text.as_bytes().to_vec()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_admission_that_can_be_understood_is_never_lost(
        changes in prop::collection::vec(change(), 0..6),
        coding in 0..8_u8,
    ) {
        let whole = ["\"admitted\"", "\"36\"", "\"3楼 内科\"", "[\"请稍候\"]", "\"https://x/1\""];
        let members = MEMBERS.iter().zip(whole).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect();
        let mut wire = Wire { members, in_an_array: false };
        let mut wanted = admission();
        for change in &changes {
            wire.apply(change, &mut wanted);
        }
        let text = wire.text();
        let (content_type, body) = coded(&text, coding);
        prop_assert_eq!(read(content_type, body), CheckInAnswer::Admitted(wanted), "{}", text);
    }
}

#[test]
fn two_decisions_in_one_answer_are_none_and_the_same_twice_is_one() {
    let read = |text: &str| read("application/json", text.as_bytes().to_vec());
    assert!(matches!(read(r#"{"answer":"admitted","answer":"refused"}"#), CheckInAnswer::Unknown(_)));
    assert!(matches!(read(r#"{"answer":"refused","Answer":"admitted"}"#), CheckInAnswer::Unknown(_)));
    assert!(matches!(read(r#"{"answer":"admitted","ANSWER":"Admitted"}"#), CheckInAnswer::Admitted(_)));
}

#[test]
fn a_number_that_lost_digits_on_its_way_is_not_shown_and_an_id_that_did_is_not_sent_back() {
    let read = |body: Value| read("application/json", body.to_string().into_bytes());
    let admitted = |number: Option<&str>| {
        CheckInAnswer::Admitted(Admission { number: number.map(Text::clean), ..Admission::default() })
    };
    assert_eq!(
        read(json!({ "answer": "admitted", "number": 9007199254740993_u64 })),
        admitted(Some("9007199254740993"))
    );
    assert_eq!(read(json!({ "answer": "admitted", "number": 1e18 })), admitted(None));
    assert_eq!(read(json!({ "answer": "admitted", "number": { "value": 1 } })), admitted(None));
    let choices =
        json!({ "answer": "choose", "options": [{ "id": 12, "label": null }, { "ID": "b", "Label": "眼科" }] });
    let choice = |id: &str, label: &str| Choice { id: Text::payload(id).expect("kept"), label: Text::clean(label) };
    assert_eq!(read(choices), CheckInAnswer::Choose(vec![choice("12", "12"), choice("b", "眼科")]));
    let lost = json!({ "answer": "choose", "options": [{ "id": 1e18, "label": "内科" }] });
    assert!(matches!(read(lost), CheckInAnswer::Unknown(_)));
}
