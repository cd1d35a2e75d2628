//! A FHIR R4 server with lost answers, a nurse beside the kiosk and restarts: nobody arrives twice, and nobody's encounter is
//! made twice.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU8, Ordering},
    },
};

use facemchd::{
    checkin::{CheckIn as _, Fhir, FhirSettings, Request, Undecided},
    fault::Code,
    http::Client,
    sim::server::{Answer, Reply, Request as Asked, Server},
    words::{Admission, CheckInAnswer, Hindrance, Identity, Private, Resolution},
};
use serde_json::{Value, json};

use crate::{
    dice::Dice,
    his::{PATIENCE, choosing, day, holder, request},
    lookups::Setup,
};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳若兰";
const SYSTEM: &str = "urn:oid:2.16.156.10011.1.3";
const SESSION: &str = "urn:facemchd:session";

/// What becomes of the next request that changes something.
const WELL: u8 = 0;
const LOST_BEFORE: u8 = 1;
const LOST_AFTER: u8 = 2;
const STUMBLES: u8 = 3;

/// Resources by type and id, and what changed them.
#[derive(Default)]
struct Store {
    resources: BTreeMap<String, Value>,
    /// Each time an appointment became `arrived`.
    arrivals: Vec<String>,
    /// Everything that was asked: method and path.
    asked: Vec<String>,
    /// Parameters are passed over.
    is_deaf: bool,
}

pub struct Twin {
    server: Server,
    store: Arc<Mutex<Store>>,
    fault: Arc<AtomicU8>,
}

impl Store {
    fn put(&mut self, resource: Value) {
        let path = format!(
            "{}/{}",
            resource["resourceType"].as_str().expect("a type"),
            resource["id"].as_str().expect("an id")
        );
        let mut resource = resource;
        let version =
            self.resources.get(&path).and_then(|before| before["meta"]["versionId"].as_str()?.parse::<u32>().ok());
        resource["meta"] = json!({ "versionId": (version.unwrap_or(0) + 1).to_string() });
        self.resources.insert(path, resource);
    }

    fn set_status(&mut self, appointment: &str, status: &str) {
        let mut resource = self.resources[&format!("Appointment/{appointment}")].clone();
        resource["status"] = json!(status);
        self.put(resource);
    }

    fn search(&self, kind: &str, query: &[(String, String)]) -> Vec<Value> {
        let fits = |resource: &&Value| {
            self.is_deaf
                || query.iter().all(|(name, value)| match name.as_str() {
                    "identifier" => {
                        let (system, value) = value.split_once('|').expect("a system");
                        let value = value.replace("\\|", "|");
                        let found = resource["identifier"].as_array().into_iter().flatten();
                        found.into_iter().any(|one| one["system"] == system && one["value"] == value)
                    }
                    "_id" => resource["id"] == *value,
                    "patient" => {
                        let mut actors = resource["participant"].as_array().into_iter().flatten();
                        actors.any(|one| one["actor"]["reference"] == *value)
                    }
                    // Every appointment of these tests is today's.
                    "date" => value.starts_with("ge20") || value.starts_with("lt20"),
                    "_count" => true,
                    other => panic!("{other}"),
                })
        };
        self.resources.values().filter(|resource| resource["resourceType"] == kind).filter(fits).cloned().collect()
    }

    fn change(&mut self, request: &Asked) -> Answer {
        let header =
            |name: &str| request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        if request.method == "POST" {
            let (name, wanted) = header("if-none-exist").expect("a condition").split_once('=').expect("a query");
            let wanted = form_urlencoded::parse(format!("x={wanted}").as_bytes()).next().expect("one").1.into_owned();
            if let Some(there) = self.search("Encounter", &[(name.to_owned(), wanted)]).first() {
                return Answer::json(200, there);
            }
            let mut made = body;
            made["id"] = json!(format!("e{}", self.resources.len()));
            self.put(made.clone());
            return Answer::json(201, &self.resources[&format!("Encounter/{}", made["id"].as_str().expect("an id"))]);
        }
        let path = request.target.trim_start_matches('/').to_owned();
        let Some(mut resource) = self.resources.get(&path).cloned() else { return Answer::json(404, &json!({})) };
        let version = resource["meta"]["versionId"].as_str().expect("a version").to_owned();
        if header("if-match").is_some_and(|wanted| wanted != format!("W/\"{version}\"")) {
            return Answer::json(412, &json!({ "resourceType": "OperationOutcome" }));
        }
        for step in body.as_array().expect("a patch") {
            let place = step["path"].as_str().expect("a path");
            match (step["op"].as_str().expect("an operation"), place) {
                ("test", "/status") if resource["status"] != step["value"] => {
                    return Answer::json(422, &json!({ "resourceType": "OperationOutcome" }));
                }
                ("test", _) => {}
                ("replace" | "add", "/status" | "/identifier") => resource[&place[1..]] = step["value"].clone(),
                ("add", "/identifier/-") => {
                    resource["identifier"].as_array_mut().expect("a list").push(step["value"].clone());
                }
                ("remove", "/identifier") => {
                    resource.as_object_mut().expect("an object").remove("identifier");
                }
                other => panic!("{other:?}"),
            }
        }
        if resource["resourceType"] == "Appointment" && resource["status"] == "arrived" {
            self.arrivals.push(resource["id"].as_str().expect("an id").to_owned());
        }
        self.put(resource);
        Answer::json(200, &self.resources[&path])
    }
}

impl Twin {
    fn start(setup: &Setup) -> Self {
        let store = Arc::new(Mutex::new(Store::default()));
        let fault = Arc::new(AtomicU8::new(WELL));
        let (inner, faults) = (Arc::clone(&store), Arc::clone(&fault));
        let handler = Arc::new(move |asked: &Asked| {
            let mut store = inner.lock().expect("not poisoned");
            store.asked.push(format!("{} {}", asked.method, asked.target));
            if let Some(kind) = asked.target.strip_suffix("/_search") {
                let query: Vec<_> = form_urlencoded::parse(&asked.body).into_owned().collect();
                let found = store.search(kind.trim_start_matches('/'), &query);
                let entries: Vec<_> = found.into_iter().map(|resource| json!({ "resource": resource })).collect();
                let outcome = json!({ "resource": { "resourceType": "OperationOutcome", "issue": [] } });
                let entries: Vec<_> = entries.into_iter().chain([outcome]).collect();
                return Reply::Answer(Answer::json(
                    200,
                    &json!({ "resourceType": "Bundle", "type": "searchset", "entry": entries }),
                ));
            }
            match faults.swap(WELL, Ordering::Relaxed) {
                LOST_BEFORE => Reply::Drop,
                LOST_AFTER => {
                    store.change(asked);
                    Reply::Drop
                }
                STUMBLES => {
                    store.change(asked);
                    Reply::Answer(Answer::json(503, &json!({ "resourceType": "OperationOutcome" })))
                }
                _ => Reply::Answer(store.change(asked)),
            }
        });
        Self { server: Server::start(&setup.authority, handler).expect("a server"), store, fault }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().expect("not poisoned")
    }

    fn register(&self, id: &str, name: &str, number: &str) {
        let name = json!([{ "family": name.chars().take(1).collect::<String>(), "given": [name.chars().skip(1).collect::<String>()] }]);
        let identifier = json!([{ "system": SYSTEM, "value": number }]);
        self.store().put(json!({ "resourceType": "Patient", "id": id, "identifier": identifier, "name": name }));
    }

    fn book(&self, id: &str, patient: &str, start: &str, setup: &Setup) {
        self.store().put(json!({
            "resourceType": "Appointment",
            "id": id,
            "identifier": [{ "system": "urn:his:appointment", "value": format!("Q|{id}") }],
            "status": "booked",
            "specialty": [{ "coding": [{ "display": "内科" }] }],
            "start": format!("{}T{start}:00+08:00", day(&*setup.clock)),
            "participant": [
                { "actor": { "reference": format!("Patient/{patient}") }, "status": "accepted" },
                { "actor": { "reference": "Practitioner/d1", "display": "张医生" }, "status": "accepted" },
                { "actor": { "reference": "Location/r1", "display": "3楼一诊室" }, "status": "accepted" },
            ],
        }));
    }

    /// How many arrivals, and how many encounters.
    fn made(&self) -> (usize, usize) {
        let encounters = self.encounters().len();
        (self.store().arrivals.len(), encounters)
    }

    fn encounters(&self) -> Vec<Value> {
        self.store().resources.values().filter(|resource| resource["resourceType"] == "Encounter").cloned().collect()
    }
}

pub fn adapter(setup: &Setup, url: String, settings: &str) -> Fhir {
    let client = Client::open(&setup.http, Arc::clone(&setup.clock)).expect("a client");
    let settings: FhirSettings = serde_json::from_str(settings).expect("settings");
    Fhir::new(settings, url, None, (8 * 3600, 0), client, Arc::clone(&setup.clock))
}

const OWN: &str = r#"{"voucher-system":"urn:his:appointment","number-system":"urn:his:number"}"#;

fn admitted(answer: Result<CheckInAnswer, Undecided>) -> Admission {
    match answer {
        Ok(CheckInAnswer::Admitted(admission)) => admission,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_booked_patient_arrives_once_and_is_told_where_to_go() {
    let setup = Setup::new();
    let (twin, within) = (Twin::start(&setup), || setup.within(PATIENCE));
    twin.register("p1", NAME, CARD);
    twin.book("a1", "p1", "09:30", &setup);
    let adapter = adapter(&setup, twin.server.url(), OWN);
    let asked = request(1, holder(NAME, CARD));
    let admission = admitted(adapter.check_in(&asked, within()));
    let visit = &admission.visit;
    let texts = [&visit.department, &visit.doctor, &visit.room].map(|text| text.as_ref().map(ToString::to_string));
    assert_eq!(texts, [Some("内科".to_owned()), Some("张医生".to_owned()), Some("3楼一诊室".to_owned())]);
    assert!(visit.slot.is_some());
    // The same session again is the same arrival, also for a program that was started anew; another one's is told.
    for adapter in [&adapter, &self::adapter(&setup, twin.server.url(), OWN)] {
        admitted(adapter.check_in(&asked, within()));
        let resolved = adapter.resolve(asked.session, within()).expect("resolved");
        assert!(matches!(resolved, Resolution::Decided(CheckInAnswer::Admitted(_))), "{resolved:?}");
        let other = adapter.check_in(&request(2, holder(NAME, CARD)), within()).expect("an answer");
        assert!(matches!(other, CheckInAnswer::Already(_)), "{other:?}");
    }
    assert_eq!(twin.made(), (1, 1));
    let encounter = &twin.encounters()[0];
    assert_eq!(encounter["subject"]["reference"], "Patient/p1");
    assert_eq!(encounter["identifier"][0], json!({ "system": SESSION, "value": asked.session.to_string() }));
    // No address has a person's number in it: addresses stand in logs.
    assert!(twin.store().asked.iter().all(|asked| !asked.contains(CARD) && !asked.contains("11010519")));
    // What was there before stays, and all of it is back after it is taken back.
    adapter.annul(asked.session, within()).expect("taken back");
    let appointment = twin.store().resources["Appointment/a1"].clone();
    assert_eq!(
        (&appointment["status"], appointment["identifier"].as_array().map(Vec::len)),
        (&json!("booked"), Some(1))
    );
    assert_eq!(twin.encounters()[0]["status"], "cancelled");
    assert_eq!(adapter.resolve(asked.session, within()).expect("resolved"), Resolution::NotThere);
    adapter.annul(asked.session, within()).expect("nothing is left to take back");
    admitted(adapter.check_in(&request(3, holder(NAME, CARD)), within()));
    assert_eq!(twin.made(), (2, 2));
}

#[test]
fn whoever_did_not_show_up_is_queued_again_where_the_site_allows_it_and_a_lost_answer_says_so_too() {
    let setup = Setup::new();
    let (twin, within) = (Twin::start(&setup), || setup.within(PATIENCE));
    twin.register("p1", NAME, CARD);
    twin.book("a1", "p1", "00:01", &setup);
    twin.store().set_status("a1", "noshow");
    let refusing = adapter(&setup, twin.server.url(), OWN);
    assert_eq!(refusing.check_in(&request(1, holder(NAME, CARD)), within()).expect("decided"), CheckInAnswer::NotFound);
    let adapter = adapter(&setup, twin.server.url(), r#"{"requeue":true,"late-minutes":1}"#);
    twin.fault.store(LOST_AFTER, Ordering::Relaxed);
    let asked = request(2, holder(NAME, CARD));
    let answer = adapter.check_in(&asked, within()).expect("decided");
    assert!(matches!(answer, CheckInAnswer::ReQueued(_)), "{answer:?}");
    let after = self::adapter(&setup, twin.server.url(), OWN).resolve(asked.session, within()).expect("resolved");
    assert!(matches!(after, Resolution::Decided(CheckInAnswer::ReQueued(_))), "{after:?}");
    let other = adapter.check_in(&request(3, holder(NAME, CARD)), within()).expect("decided");
    assert!(matches!(other, CheckInAnswer::Already(_)), "{other:?}");
    assert_eq!(twin.made(), (1, 1));
    adapter.annul(asked.session, within()).expect("taken back");
    assert_eq!(twin.store().resources["Appointment/a1"]["status"], "noshow", "as it was before");
}

#[test]
fn whoever_has_no_visit_several_or_another_name_is_told_so() {
    let setup = Setup::new();
    let (twin, within) = (Twin::start(&setup), || setup.within(PATIENCE));
    let adapter = adapter(&setup, twin.server.url(), OWN);
    let ask = |asked: &Request| adapter.check_in(asked, within()).expect("an answer");
    let asked = request(1, holder(NAME, CARD));
    assert_eq!(ask(&asked), CheckInAnswer::Hindered(Hindrance::NoFile));
    twin.register("p1", NAME, CARD);
    assert_eq!(ask(&asked), CheckInAnswer::NotFound);
    assert_eq!(ask(&request(1, holder("王五", CARD))), CheckInAnswer::Hindered(Hindrance::OtherName));
    for (id, start) in [("a1", "09:30"), ("a2", "10:30")] {
        twin.book(id, "p1", start, &setup);
    }
    match ask(&asked) {
        CheckInAnswer::Choose(options) => {
            let labels: Vec<&str> = options.iter().map(|option| option.label.as_str()).collect();
            assert_eq!(labels, ["09:30 内科 张医生", "10:30 内科 张医生"]);
        }
        other => panic!("{other:?}"),
    }
    admitted(adapter.check_in(&choosing(&asked, "a2"), within()));
    assert_eq!(twin.store().arrivals, ["a2"]);
    assert_eq!(ask(&choosing(&request(2, holder(NAME, CARD)), "a9")), CheckInAnswer::NotFound);
    // A voucher is an appointment's own identifier, with whatever separates in a search.
    let voucher = Identity { voucher: Some(Private::new("Q|a1".to_owned()).into()), ..Identity::default() };
    admitted(adapter.check_in(&request(3, voucher), within()));
    twin.register("p2", NAME, CARD);
    assert_eq!(ask(&request(4, holder(NAME, CARD))), CheckInAnswer::Hindered(Hindrance::SeveralFiles));
}

#[test]
fn a_server_that_passes_over_what_was_asked_tells_nobody_of_anothers_visit() {
    let setup = Setup::new();
    let (twin, within) = (Twin::start(&setup), || setup.within(PATIENCE));
    let adapter = adapter(&setup, twin.server.url(), OWN);
    let ask = |serial, identity| adapter.check_in(&request(serial, identity), within()).expect("an answer");
    twin.register("p1", NAME, "110105194912310038");
    twin.book("a1", "p1", "09:30", &setup);
    // Somebody else's, who is in already.
    admitted(adapter.check_in(&request(1, holder(NAME, "110105194912310038")), within()));
    twin.book("a2", "p11", "09:30", &setup);
    twin.store().is_deaf = true;
    assert_eq!(ask(2, holder(NAME, CARD)), CheckInAnswer::Hindered(Hindrance::NoFile));
    let voucher = Identity { voucher: Some(Private::new("Q|a9".to_owned()).into()), ..Identity::default() };
    assert_eq!(ask(3, voucher), CheckInAnswer::NotFound);
    assert!(matches!(ask(4, holder(NAME, "110105194912310038")), CheckInAnswer::Already(_)));
    let session = request(5, Identity::default()).session;
    assert_eq!(adapter.resolve(session, within()).expect("resolved"), Resolution::NotThere);
    adapter.annul(session, within()).expect("nothing is taken back");
    assert_eq!(twin.store().resources["Appointment/a1"]["status"], "arrived");
    // Their own are found among all, by whatever address and whichever of several identifiers.
    twin.store().put(json!({
        "resourceType": "Patient",
        "id": "p2",
        "identifier": [{ "system": SYSTEM, "value": "E1" }, { "system": SYSTEM, "value": CARD }],
    }));
    twin.book("a3", "p2", "09:30", &setup);
    let mut own = twin.store().resources["Appointment/a3"].clone();
    own["participant"][0]["actor"]["reference"] = json!("https://his.example/r4/Patient/p2/_history/3");
    twin.store().put(own);
    admitted(adapter.check_in(&request(6, holder(NAME, CARD)), within()));
    assert_eq!(twin.store().arrivals, ["a1", "a3"]);
}

#[test]
fn an_encounter_that_has_begun_is_not_cancelled_and_keeps_its_appointment() {
    let setup = Setup::new();
    let (twin, within) = (Twin::start(&setup), || setup.within(PATIENCE));
    let adapter = adapter(&setup, twin.server.url(), OWN);
    twin.register("p1", NAME, CARD);
    twin.book("a1", "p1", "09:30", &setup);
    let asked = request(1, holder(NAME, CARD));
    admitted(adapter.check_in(&asked, within()));
    for (status, appointment) in [("in-progress", "arrived"), ("finished", "arrived"), ("cancelled", "booked")] {
        let mut encounter = twin.encounters()[0].clone();
        encounter["status"] = json!(status);
        twin.store().put(encounter);
        adapter.annul(asked.session, within()).expect("left, or taken back");
        assert_eq!(twin.encounters()[0]["status"], status);
        assert_eq!(twin.store().resources["Appointment/a1"]["status"], appointment);
    }
}

#[test]
fn an_appointment_has_its_window() {
    let setup = Setup::new();
    let (twin, within) = (Twin::start(&setup), || setup.within(PATIENCE));
    twin.register("p1", NAME, CARD);
    let now = setup.clock.now().wall.at_offset(8 * 3600);
    // Two hours from now, wherever the day's end lies: the twin calls every appointment today's.
    twin.book("a1", "p1", "00:00", &setup);
    let start = now + time::Duration::hours(2);
    let format = time::format_description::well_known::Rfc3339;
    let mut appointment = twin.store().resources["Appointment/a1"].clone();
    appointment["start"] = json!(start.format(&format).expect("a time"));
    twin.store().put(appointment);
    let answer = |settings: &str, serial| {
        adapter(&setup, twin.server.url(), settings).check_in(&request(serial, holder(NAME, CARD)), within())
    };
    let early = answer(r#"{"early-minutes":60}"#, 1).expect("an answer");
    assert!(matches!(&early, CheckInAnswer::TooEarly(Some(_))), "{early:?}");
    admitted(answer(r#"{"early-minutes":180,"late-minutes":0}"#, 2));
}

#[test]
fn a_server_that_refuses_or_is_none_is_told_with_its_code_and_nothing_of_a_person() {
    let setup = Setup::new();
    for (status, code) in [
        (401, Code::H903),
        (403, Code::H903),
        (503, Code::H901),
        (502, Code::H904),
        (400, Code::H902),
        (200, Code::H902),
    ] {
        let handler = Arc::new(move |_: &Asked| Reply::Answer(Answer::json(status, &json!({ "told": NAME }))));
        let server = Server::start(&setup.authority, handler).expect("a server");
        let adapter = adapter(&setup, server.url(), "{}");
        let undecided =
            adapter.check_in(&request(1, holder(NAME, CARD)), setup.within(PATIENCE)).expect_err("no answer");
        assert_eq!((undecided.failure.code(), undecided.perhaps), (code, false), "{status}");
        let told = undecided.failure.chain();
        assert!(!told.contains(NAME) && !told.contains(CARD), "{told}");
    }
}

#[test]
fn lost_answers_a_nurse_and_restarts_let_nobody_arrive_twice() {
    const VISITS: u32 = 200;
    let setup = Setup::new();
    let twin = Twin::start(&setup);
    let mut dice = Dice::new(0x0f41);
    let mut adapter = self::adapter(&setup, twin.server.url(), OWN);
    let mut ended = [0_u32; 2];
    for serial in 1..=VISITS {
        let (patient, appointment, number) = (format!("p{serial}"), format!("a{serial}"), format!("E{serial:08}"));
        twin.store().put(json!({
            "resourceType": "Patient",
            "id": patient,
            "identifier": [{ "system": SYSTEM, "value": number }],
            "name": [{ "text": NAME }],
        }));
        twin.book(&appointment, &patient, "09:30", &setup);
        let voucher =
            Identity { voucher: Some(Private::new(format!("Q|{appointment}")).into()), ..Identity::default() };
        let asked = request(serial, voucher);
        let fault = [WELL, WELL, LOST_BEFORE, LOST_AFTER, STUMBLES][dice.roll(5_usize)];
        twin.fault.store(fault, Ordering::Relaxed);
        let nurse = dice.roll(10_u32) == 0;
        if nurse {
            twin.store().set_status(&appointment, "arrived");
            twin.store().arrivals.push(appointment.clone());
        }
        let mut answer = adapter.check_in(&asked, setup.within(PATIENCE));
        twin.fault.store(WELL, Ordering::Relaxed);
        if dice.roll(8_u32) == 0 {
            adapter = self::adapter(&setup, twin.server.url(), OWN);
        }
        if dice.roll(4_u32) == 0 {
            // The same question once more.
            answer = adapter.check_in(&asked, setup.within(PATIENCE));
        }
        let is_in = match &answer {
            Ok(CheckInAnswer::Admitted(_)) => true,
            Ok(CheckInAnswer::Already(_)) => false,
            Err(undecided) if undecided.perhaps => {
                matches!(
                    adapter.resolve(asked.session, setup.within(PATIENCE)),
                    Ok(Resolution::Decided(CheckInAnswer::Admitted(_)))
                )
            }
            other => panic!("{other:?}"),
        };
        ended[usize::from(is_in)] += 1;
        let arrivals = twin.store().arrivals.iter().filter(|arrived| **arrived == appointment).count();
        let own: Vec<Value> = twin
            .encounters()
            .into_iter()
            .filter(|one| one["identifier"][0]["value"] == asked.session.to_string())
            .collect();
        assert_eq!(own.len(), usize::from(is_in), "{serial} {fault} {answer:?}");
        assert_eq!(arrivals, usize::from(is_in || nurse), "{serial} {fault} {answer:?}");
    }
    assert!(ended.iter().all(|count| *count > 0), "{ended:?}");
}
