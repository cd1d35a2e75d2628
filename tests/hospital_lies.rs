//! A hospital's FHIR server or interface engine that answers anything at all: every end has its code and its next step, and
//! nobody is let in whom nobody admitted.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use facemchd::{
    checkin::{CheckIn as _, Undecided},
    fault::Code,
    sim::server::{Answer, Reply, Request as Asked, Server},
    words::{CheckInAnswer, Deadline, Hindrance},
};
use serde_json::{Value, json};

use crate::{
    core::{Core, hospital},
    fhir,
    his::{PATIENCE, holder, request},
    hl7::{Engine, ack, framed},
    lookups::Setup,
};

const CARD: &str = "11010519491231002X";
const OTHERS_CARD: &str = "110105194912310038";
const NAME: &str = "欧阳若兰";

/// An answer, or what stands in place of one: its code, and whether they may be in all the same.
type End = Result<CheckInAnswer, (Code, bool)>;

const NO_ANSWER: End = Err((Code::H902, false));
const NOBODY_KNOWS: End = Err((Code::H902, true));
const LOST: End = Err((Code::H905, true));
const UNANSWERED: End = Err((Code::H904, false));
const NO_FILE: End = Ok(CheckInAnswer::Hindered(Hindrance::NoFile));
const OTHER_NAME: End = Ok(CheckInAnswer::Hindered(Hindrance::OtherName));
const NOT_FOUND: End = Ok(CheckInAnswer::NotFound);

/// What a person is shown of it has a next step, and nothing is printed, opened or told of anybody.
fn ends(lie: &str, answer: Result<CheckInAnswer, Undecided>, wanted: &End) {
    let told = answer.as_ref().err().map(|undecided| undecided.failure.chain()).unwrap_or_default();
    assert!(![NAME, CARD, OTHERS_CARD].iter().any(|private| told.contains(private)), "{lie}: {told}");
    let end = answer.as_ref().map_err(|undecided| (undecided.failure.code(), undecided.perhaps));
    assert_eq!(end, wanted.as_ref().map_err(|code| *code), "{lie}");
    let mut core = Core::new(vec![hospital()]);
    let session = core.known("sid-1", 1, NAME);
    core.answer(session, answer.unwrap_or_else(|undecided| undecided.answer()));
    assert!(core.scene().next.is_some(), "{lie}: {:?}", core.scene());
    assert_eq!(core.effects(), 0, "{lie}");
}

/// What is asked of a FHIR server.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Patient,
    Appointment,
    Arrive,
    /// What this session has marked.
    Ours,
    Encounter,
}

impl Step {
    fn of(asked: &Asked) -> Self {
        let is_ours = asked.body.starts_with(b"identifier=");
        match asked.target.as_str() {
            "/Patient/_search" => Self::Patient,
            "/Appointment/_search" if is_ours => Self::Ours,
            "/Appointment/_search" => Self::Appointment,
            "/Encounter" => Self::Encounter,
            _ => Self::Arrive,
        }
    }

    fn honest(self) -> Value {
        match self {
            Self::Patient => bundle(&[patient()]),
            Self::Appointment => bundle(&[appointment("booked")]),
            Self::Arrive => arrived(),
            Self::Ours => bundle(&[]),
            Self::Encounter => json!({ "resourceType": "Encounter", "id": "e1", "identifier": [ours()] }),
        }
    }
}

fn bundle(resources: &[Value]) -> Value {
    let entries: Vec<Value> = resources.iter().map(|resource| json!({ "resource": resource })).collect();
    json!({ "resourceType": "Bundle", "type": "searchset", "entry": entries })
}

fn patient() -> Value {
    let number = json!([{ "system": "urn:oid:2.16.156.10011.1.3", "value": CARD }]);
    json!({ "resourceType": "Patient", "id": "p1", "identifier": number, "name": [{ "text": NAME }] })
}

fn appointment(status: &str) -> Value {
    let participant = json!([{ "actor": { "reference": "Patient/p1" } }]);
    json!({ "resourceType": "Appointment", "id": "a1", "status": status, "participant": participant })
}

fn ours() -> Value {
    json!({ "system": "urn:facemchd:session", "value": request(1, holder(NAME, CARD)).session.to_string() })
}

fn arrived() -> Value {
    with(appointment("arrived"), "identifier", json!([ours()]))
}

fn with(mut resource: Value, member: &str, value: Value) -> Value {
    resource[member] = value;
    resource
}

/// What comes of a visit at a server that lies at one step.
fn at_a_server_that_says(step: Step, lie: &[u8], settings: &str) -> Result<CheckInAnswer, Undecided> {
    let (setup, lie) = (Setup::new(), lie.to_vec());
    let handler = Arc::new(move |asked: &Asked| {
        let here = Step::of(asked);
        let mut answer = Answer::json(200, &here.honest());
        if here == step {
            answer.body.clone_from(&lie);
        }
        Reply::Answer(answer)
    });
    let server = Server::start(&setup.authority, handler).expect("a server");
    let adapter = fhir::adapter(&setup, server.url(), settings);
    adapter.check_in(&request(1, holder(NAME, CARD)), setup.within(PATIENCE))
}

#[test]
fn a_fhir_server_that_answers_anything_lets_nobody_in_and_ends_with_its_code() {
    let honest = at_a_server_that_says(Step::Ours, bundle(&[]).to_string().as_bytes(), "{}");
    assert!(matches!(honest, Ok(CheckInAnswer::Admitted(_))), "{honest:?}");
    let text = |value: Value| value.to_string();
    let of_one = |resource: Value| bundle(&[resource]).to_string();
    let outcome = json!({ "resourceType": "OperationOutcome", "issue": [{ "severity": "error", "code": "login" }] });
    let entries = |entry: Value| text(json!({ "resourceType": "Bundle", "entry": entry }));
    let deep = |of: usize| format!("{{\"resourceType\":\"Bundle\",\"entry\":{}{}}}", "[".repeat(of), "]".repeat(of));
    let page = || "<html>please log in</html>".to_owned();
    let too_large = || " ".repeat(1024 * 1024) + &text(bundle(&[]));
    let number = |value: Value| json!([{ "system": "urn:oid:2.16.156.10011.1.3", "value": value }]);
    let participant = |reference: Value| json!([{ "actor": { "reference": reference } }]);
    let of = |reference: &str| with(appointment("booked"), "participant", participant(json!(reference)));
    for (step, lie, wanted) in [
        (Step::Patient, String::new(), NO_ANSWER),
        (Step::Patient, page(), NO_ANSWER),
        (Step::Patient, "null".to_owned(), NO_ANSWER),
        (Step::Patient, "[]".to_owned(), NO_ANSWER),
        (Step::Patient, text(json!({ "resourceType": 7, "entry": [] })), NO_ANSWER),
        (Step::Patient, text(outcome.clone()), NO_ANSWER),
        (Step::Patient, text(patient()), NO_ANSWER),
        (Step::Patient, entries(json!({ "resource": patient() })), NO_ANSWER),
        (Step::Patient, entries(json!("none")), NO_ANSWER),
        (Step::Patient, entries(json!([null, 7, "x", [], { "resource": null }, { "resource": [patient()] }])), NO_FILE),
        (Step::Patient, deep(100), NO_FILE),
        (Step::Patient, deep(100_000), NO_ANSWER),
        (Step::Patient, "{\"resourceType\":\"Bundle\",\"total\":1e999,\"entry\":[]}".to_owned(), NO_ANSWER),
        (Step::Patient, format!("{{\"resourceType\":\"Bundle\",\"total\":{}}}", "9".repeat(500_000)), NO_ANSWER),
        (Step::Patient, text(bundle(&[patient()])).replacen(':', ":\"Patient\",\"resourceType\":", 1), NO_ANSWER),
        (Step::Patient, text(bundle(&[patient()])).replace(NAME, "\u{1}"), NO_ANSWER),
        (Step::Patient, text(bundle(&[patient()])).replace(NAME, "\\ud800"), NO_ANSWER),
        (Step::Patient, text(bundle(&[patient()])).replace(NAME, "\\u0000\\u001b[2J"), OTHER_NAME),
        (Step::Patient, text(bundle(&[patient()])).replace('}', ""), NO_ANSWER),
        (Step::Patient, too_large(), NO_ANSWER),
        (Step::Patient, of_one(with(patient(), "identifier", number(json!(OTHERS_CARD)))), NO_FILE),
        (Step::Patient, of_one(with(patient(), "identifier", number(json!(11_010_519_491_231_002_u64)))), NO_FILE),
        (Step::Patient, of_one(with(patient(), "identifier", json!({ "value": CARD }))), NO_FILE),
        (Step::Patient, of_one(with(patient(), "id", json!(7))), NO_ANSWER),
        (Step::Patient, of_one(with(patient(), "id", json!("../Patient/p2"))), NO_ANSWER),
        (Step::Patient, of_one(with(patient(), "id", json!("p".repeat(65)))), NO_ANSWER),
        (Step::Appointment, text(outcome.clone()), NO_ANSWER),
        (Step::Appointment, text(appointment("booked")), NO_ANSWER),
        (Step::Appointment, of_one(of("Patient/p2")), NOT_FOUND),
        (Step::Appointment, of_one(of("Patient/p11")), NOT_FOUND),
        (Step::Appointment, of_one(of("Group/p1")), NOT_FOUND),
        (Step::Appointment, of_one(with(appointment("booked"), "participant", participant(json!(1)))), NOT_FOUND),
        (Step::Appointment, of_one(with(appointment("booked"), "participant", json!("Patient/p1"))), NOT_FOUND),
        (Step::Appointment, of_one(with(appointment("booked"), "status", json!(["booked"]))), NOT_FOUND),
        (Step::Appointment, of_one(with(appointment("booked"), "id", json!("a1/../a2"))), NOT_FOUND),
        (Step::Appointment, of_one(with(appointment("booked"), "id", Value::Null)), NOT_FOUND),
        (Step::Arrive, page(), NOBODY_KNOWS),
        (Step::Arrive, "null".to_owned(), NOBODY_KNOWS),
        (Step::Arrive, text(outcome), NOBODY_KNOWS),
        (Step::Arrive, text(appointment("booked")), NOBODY_KNOWS),
        (Step::Arrive, text(appointment("cancelled")), NOBODY_KNOWS),
        (Step::Arrive, text(with(appointment("arrived"), "id", json!("a2"))), NOBODY_KNOWS),
        (Step::Arrive, text(bundle(&[appointment("arrived")])), NOBODY_KNOWS),
        (Step::Arrive, deep(100_000), NOBODY_KNOWS),
        (Step::Arrive, too_large(), LOST),
        (Step::Encounter, page(), NOBODY_KNOWS),
        (Step::Encounter, too_large(), LOST),
    ] {
        let told = lie.trim().chars().take(200).collect::<String>();
        ends(&told, at_a_server_that_says(step, lie.as_bytes(), "{}"), &wanted);
    }
}

#[test]
fn what_a_fhir_server_says_of_another_is_no_proof_and_what_stands_there_is() {
    let setup = Setup::new();
    let (patches, lie) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new("<html>please log in</html>".to_owned())));
    let (counted, lies) = (Arc::clone(&patches), Arc::clone(&lie));
    let handler = Arc::new(move |asked: &Asked| {
        let mut answer = match Step::of(asked) {
            Step::Arrive if asked.method == "POST" => Answer::json(200, &bundle(&[])),
            Step::Ours => Answer::json(200, &bundle(&[arrived()])),
            other => Answer::json(200, &other.honest()),
        };
        if asked.method == "PATCH" {
            *counted.lock().expect("not poisoned") += 1;
            answer.body = lies.lock().expect("not poisoned").clone().into_bytes();
        }
        Reply::Answer(answer)
    });
    let server = Server::start(&setup.authority, handler).expect("a server");
    let adapter = fhir::adapter(&setup, server.url(), "{}");
    let asked = request(1, holder(NAME, CARD));
    let answer = adapter.check_in(&asked, setup.within(PATIENCE));
    assert!(matches!(answer, Ok(CheckInAnswer::Admitted(_))), "{answer:?}");
    assert_eq!(*patches.lock().expect("not poisoned"), 1, "and nobody is marked twice for it");
    // What still stands there as arrived, or is no answer, is not taken back.
    for (says, end) in
        [(None, Err(Code::H902)), (Some(arrived()), Err(Code::H902)), (Some(appointment("booked")), Ok(()))]
    {
        if let Some(says) = says {
            *lie.lock().expect("not poisoned") = says.to_string();
        }
        let back = adapter.annul(asked.session, setup.within(PATIENCE));
        assert_eq!(back.map_err(|failure| failure.code()), end);
    }
    assert_eq!(*patches.lock().expect("not poisoned"), 4);
    // A number is theirs whose encounter it is.
    let numbered = |identified: Value| {
        let number = json!({ "system": "urn:his:number", "value": "A036" });
        let encounter = json!({ "resourceType": "Encounter", "id": "e1", "identifier": [identified, number] });
        let settings = r#"{"number-system":"urn:his:number"}"#;
        match at_a_server_that_says(Step::Encounter, encounter.to_string().as_bytes(), settings) {
            Ok(CheckInAnswer::Admitted(admission)) => admission.number.map(|number| number.to_string()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(numbered(ours()).as_deref(), Some("A036"));
    assert_eq!(numbered(with(ours(), "value", json!("another"))), None);
}

/// What comes of a visit at an engine that answers the query, or without one the arrival, so; everything else well.
fn at_an_engine_that_says(
    query: bool,
    lie: impl Fn(&str) -> Vec<u8> + Send + 'static,
) -> Result<CheckInAnswer, Undecided> {
    let setup = Setup::new();
    let engine = Engine::start(Box::new(move |message| {
        let text = String::from_utf8_lossy(message).into_owned();
        let control = text.split('|').nth(9).unwrap_or_default().to_owned();
        match !query || text.contains("|SQM^S25") {
            true => (lie(&control), true),
            false => (ack(message, "AA", ""), true),
        }
    }));
    let settings = if query { r#"{"query":true,"arrive":"SIU^S14"}"# } else { "{}" };
    let adapter = engine.adapter(&setup, settings);
    adapter.check_in(&request(1, holder(NAME, CARD)), setup.within(PATIENCE))
}

/// An answer in GB 18030 of these segments, which may be broken.
fn in_gb(segments: &[u8]) -> Vec<u8> {
    [&b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5||||||GB 18030-2000\r"[..], segments, b"\r\x1c\x0d"].concat()
}

fn answered(segments: &str) -> Vec<u8> {
    framed(&format!("MSH|^~\\&|||||||ACK|1|P|2.5\r{segments}\r"))
}

/// A visit in a list, of whoever has this name and number.
fn listed(control: &str, visit: &str, name: &str, number: &str) -> Vec<u8> {
    answered(&format!("MSA|AA|{control}\rSCH|{visit}\rPID|1||{number}||{name}"))
}

#[test]
fn an_interface_engine_that_answers_anything_lets_nobody_in_and_ends_with_its_code() {
    type Lie = Box<dyn Fn(&str) -> Vec<u8> + Send>;
    let others = |control: &str| answered(&format!("MSA|AA|{control}x"));
    let visit = "P1|F1|||||||||||||||||||||||Booked";
    let taken = "P1|F1|||||||||||||||||||||||Gone";
    let arrivals: [(Lie, End); 22] = [
        (Box::new(|_| Vec::new()), LOST),
        (Box::new(|_| b"\x0bMSH|^~\\&|never ended".to_vec()), LOST),
        (Box::new(|control| answered(&format!("MSA|AA|{control}"))[1..].to_vec()), LOST),
        (Box::new(|control| answered(&format!("MSA|AA|{control}")).split_last().expect("an end").1.to_vec()), LOST),
        (Box::new(|_| b"\x1c\x0d".repeat(4096)), LOST),
        (Box::new(|_| b"\x0b".repeat(200_000)), LOST),
        (Box::new(|control| answered(&format!("MSA|AA|{control}\rNTE|1||{}", "9".repeat(100_000)))), LOST),
        (Box::new(others), LOST),
        (Box::new(|control| answered(&format!("MSA|AA|x{control}"))), LOST),
        (Box::new(move |control| others(control).repeat(40)), LOST),
        (Box::new(|_| answered("MSA|AA|")), LOST),
        (Box::new(|_| answered("")), LOST),
        (Box::new(|control| framed(&format!("MSHA^~\\&A\rMSA|AA|{control}"))), LOST),
        // Which of two answers is meant nobody can say.
        (Box::new(|control| answered(&format!("MSA|AA|\rMSA|AE|{control}"))), LOST),
        (Box::new(|control| answered(&format!("MSA|AA|{control}\rMSA|AR|{control}"))), LOST),
        (Box::new(|control| answered(&format!("MSA|aa|{control}"))), NOBODY_KNOWS),
        (Box::new(|control| answered(&format!("MSA|A\u{0}A|{control}"))), NOBODY_KNOWS),
        (Box::new(|control| answered(&format!("MSA|1e999|{control}"))), NOBODY_KNOWS),
        (Box::new(|control| answered(&format!("MSA|AR|{control}"))), Err((Code::H944, false))),
        // A half of a hanzi takes what separates with it, or stands before it.
        (Box::new(|control| in_gb(&[b"MSA|AA\x81|", control.as_bytes()].concat())), LOST),
        (Box::new(|control| in_gb(&[b"MSA|AA|", control.as_bytes(), b"\x81"].concat())), LOST),
        (Box::new(|control| in_gb(&[b"MSA|\x81AA|", control.as_bytes()].concat())), NOBODY_KNOWS),
    ];
    let of_another = "110105194912310038^^^CHN^NI";
    let lists: [(Lie, End); 11] = [
        (Box::new(|_| Vec::new()), UNANSWERED),
        (Box::new(|_| b"x".repeat(200_000)), UNANSWERED),
        (Box::new(others), UNANSWERED),
        (Box::new(|control| answered(&format!("MSA|AR|{control}"))), Err((Code::H944, false))),
        (Box::new(|control| answered(&format!("MSA|OK|{control}"))), NO_ANSWER),
        (Box::new(|control| answered(&format!("MSA|AA|{control}\rSCH\rSCH||\rPID"))), NOT_FOUND),
        (Box::new(move |control| listed(control, taken, NAME, "")), NOT_FOUND),
        (Box::new(move |control| listed(control, visit, "王五", "")), OTHER_NAME),
        (Box::new(move |control| listed(control, visit, "\\X00\\\u{0}", "")), OTHER_NAME),
        // Whoever bears the same name has another number.
        (Box::new(move |control| listed(control, visit, NAME, of_another)), NOT_FOUND),
        (
            Box::new(move |control| {
                let name = [&encoding_rs::GB18030.encode("欧阳若").0[..], b"\xc0"].concat();
                in_gb(&[format!("MSA|AA|{control}\rSCH|{visit}\rPID|1||||").as_bytes(), &name].concat())
            }),
            OTHER_NAME,
        ),
    ];
    for (query, lies) in [(false, Vec::from(arrivals)), (true, Vec::from(lists))] {
        for (at, (lie, wanted)) in lies.into_iter().enumerate() {
            ends(&format!("{query} {at}"), at_an_engine_that_says(query, lie), &wanted);
        }
    }
    for own in
        [&*format!("{}^^^CHN^NI", CARD.to_lowercase()), "110105********002X^^^CHN^NI", "^^^CHN^NI", "0042^^^HIS^PI"]
    {
        let number = own.to_owned();
        let honest = at_an_engine_that_says(true, move |control| listed(control, visit, NAME, &number));
        assert!(matches!(honest, Ok(CheckInAnswer::Admitted(_))), "{own}: {honest:?}");
    }
}

#[test]
fn what_is_acknowledged_twice_is_one_arrival_and_the_second_answer_is_nobody_elses() {
    let setup = Setup::new();
    let engine = Engine::start(Box::new(|message| {
        let twice = [ack(message, "AA", "ZQN|A036\r"), ack(message, "AR", "ZQN|A037\r")].concat();
        (twice, false)
    }));
    let adapter = engine.adapter(&setup, r#"{"read":{"number":"ZQN-1"}}"#);
    for (serial, name, number) in [(1, NAME, CARD), (2, "王五", OTHERS_CARD)] {
        let answer = adapter.check_in(&request(serial, holder(name, number)), setup.within(PATIENCE));
        let Ok(CheckInAnswer::Admitted(admission)) = answer else { panic!("{answer:?}") };
        assert_eq!(admission.number.map(|number| number.to_string()).as_deref(), Some("A036"));
    }
}

#[test]
fn an_answer_that_never_ends_costs_no_more_than_the_persons_patience() {
    const SHORT: Duration = Duration::from_millis(1500);
    let setup = Setup::new();
    let asked = request(1, holder(NAME, CARD));
    let ends_soon = |lie: &str, wanted: End, check_in: &dyn Fn(Deadline) -> Result<CheckInAnswer, Undecided>| {
        let began = setup.clock.now().moment;
        let answer = check_in(setup.within(SHORT));
        let took = setup.clock.now().moment.since(began);
        assert!(took < SHORT * 3, "{lie}: {took:?}");
        ends(lie, answer, &wanted);
    };
    for (step, wanted) in [(Step::Patient, UNANSWERED), (Step::Arrive, LOST)] {
        let handler = Arc::new(move |asked: &Asked| {
            let here = Step::of(asked);
            let drip = if here == step { Duration::from_millis(50) } else { Duration::ZERO };
            Reply::Answer(Answer { drip, ..Answer::json(200, &here.honest()) })
        });
        let server = Server::start(&setup.authority, handler).expect("a server");
        let adapter = fhir::adapter(&setup, server.url(), "{}");
        ends_soon("byte by byte", wanted, &|deadline| adapter.check_in(&asked, deadline));
    }
    for (settings, wanted) in [(r#"{"query":true,"arrive":"SIU^S14"}"#, UNANSWERED), ("{}", LOST)] {
        let engine = Engine::start(Box::new(|_| (b"\x0bMSH|^~\\&|".to_vec(), false)));
        let adapter = engine.adapter(&setup, settings);
        ends_soon("a beginning", wanted, &|deadline| adapter.check_in(&asked, deadline));
    }
}
