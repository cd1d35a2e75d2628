//! A FHIR R4 server with lost answers, a nurse beside the kiosk and restarts: nobody arrives twice, and nobody's encounter is
//! made twice.

use std::sync::Arc;

use facemchd::{
    checkin::{CheckIn as _, Fhir, FhirSettings, Request, Undecided},
    fault::Code,
    http::Client,
    sim::{
        his::{
            Fault,
            fhir::{DOCUMENTS, Twin},
        },
        server::{Answer, Reply, Request as Asked, Server},
    },
    words::{Admission, CheckInAnswer, Hindrance, Identity, Private, Resolution, Voucher, VoucherKind},
};
use serde_json::{Value, json};

use crate::{
    dice::Dice,
    his::{PATIENCE, choosing, holder, request, today},
    lookups::Setup,
};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳若兰";
const SESSION: &str = "urn:facemchd:session";

/// How many arrivals, and how many encounters.
fn made(twin: &Twin) -> (usize, usize) {
    let store = twin.store();
    (store.arrivals.len(), store.of("Encounter").len())
}

fn encounters(twin: &Twin) -> Vec<Value> {
    twin.store().of("Encounter")
}

fn stand() -> (Setup, Twin) {
    let setup = Setup::new();
    let twin = Twin::start(&setup.authority, &today(&setup)).expect("a server");
    (setup, twin)
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
    let (setup, twin) = stand();
    let within = || setup.within(PATIENCE);
    twin.register("p1", NAME, CARD);
    twin.book("a1", "p1", "09:30");
    let adapter = adapter(&setup, twin.url(), OWN);
    let asked = request(1, holder(NAME, CARD));
    let admission = admitted(adapter.check_in(&asked, within()));
    let visit = &admission.visit;
    let texts = [&visit.department, &visit.doctor, &visit.room].map(|text| text.as_ref().map(ToString::to_string));
    assert_eq!(texts, [Some("内科".to_owned()), Some("张医生".to_owned()), Some("3楼一诊室".to_owned())]);
    assert!(visit.slot.is_some());
    // The same session again is the same arrival, also for a program that was started anew; another one's is told.
    for adapter in [&adapter, &self::adapter(&setup, twin.url(), OWN)] {
        admitted(adapter.check_in(&asked, within()));
        let resolved = adapter.resolve(asked.session, within()).expect("resolved");
        assert!(matches!(resolved, Resolution::Decided(CheckInAnswer::Admitted(_))), "{resolved:?}");
        let other = adapter.check_in(&request(2, holder(NAME, CARD)), within()).expect("an answer");
        assert!(matches!(other, CheckInAnswer::Already(_)), "{other:?}");
    }
    assert_eq!(made(&twin), (1, 1));
    let encounter = &encounters(&twin)[0];
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
    assert_eq!(encounters(&twin)[0]["status"], "cancelled");
    assert_eq!(adapter.resolve(asked.session, within()).expect("resolved"), Resolution::NotThere);
    adapter.annul(asked.session, within()).expect("nothing is left to take back");
    admitted(adapter.check_in(&request(3, holder(NAME, CARD)), within()));
    assert_eq!(made(&twin), (2, 2));
}

#[test]
fn whoever_did_not_show_up_is_queued_again_where_the_site_allows_it_and_a_lost_answer_says_so_too() {
    let (setup, twin) = stand();
    let within = || setup.within(PATIENCE);
    twin.register("p1", NAME, CARD);
    twin.book("a1", "p1", "00:01");
    twin.store().set_status("a1", "noshow");
    let refusing = adapter(&setup, twin.url(), OWN);
    assert_eq!(refusing.check_in(&request(1, holder(NAME, CARD)), within()).expect("decided"), CheckInAnswer::NotFound);
    let adapter = adapter(&setup, twin.url(), r#"{"requeue":true,"late-minutes":1}"#);
    twin.store().fault = Fault::LostAfter;
    let asked = request(2, holder(NAME, CARD));
    let answer = adapter.check_in(&asked, within()).expect("decided");
    assert!(matches!(answer, CheckInAnswer::ReQueued(_)), "{answer:?}");
    let after = self::adapter(&setup, twin.url(), OWN).resolve(asked.session, within()).expect("resolved");
    assert!(matches!(after, Resolution::Decided(CheckInAnswer::ReQueued(_))), "{after:?}");
    let other = adapter.check_in(&request(3, holder(NAME, CARD)), within()).expect("decided");
    assert!(matches!(other, CheckInAnswer::Already(_)), "{other:?}");
    assert_eq!(made(&twin), (1, 1));
    adapter.annul(asked.session, within()).expect("taken back");
    assert_eq!(twin.store().resources["Appointment/a1"]["status"], "noshow", "as it was before");
}

#[test]
fn whoever_has_no_visit_several_or_another_name_is_told_so() {
    let (setup, twin) = stand();
    let within = || setup.within(PATIENCE);
    let adapter = adapter(&setup, twin.url(), OWN);
    let ask = |asked: &Request| adapter.check_in(asked, within()).expect("an answer");
    let asked = request(1, holder(NAME, CARD));
    assert_eq!(ask(&asked), CheckInAnswer::Hindered(Hindrance::NoFile));
    twin.register("p1", NAME, CARD);
    assert_eq!(ask(&asked), CheckInAnswer::NotFound);
    assert_eq!(ask(&request(1, holder("王五", CARD))), CheckInAnswer::Hindered(Hindrance::OtherName));
    for (id, start) in [("a1", "09:30"), ("a2", "10:30")] {
        twin.book(id, "p1", start);
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
fn a_voucher_of_insurance_or_health_card_finds_the_patient_by_its_own_system_and_none_by_anothers() {
    let (setup, twin) = stand();
    let within = || setup.within(PATIENCE);
    let settings = r#"{"systems":{"1":"urn:oid:2.16.156.10011.1.3","ec":"urn:ec","ehealth":"urn:ehc"},"voucher-system":"urn:his:appointment"}"#;
    let adapter = adapter(&setup, twin.url(), settings);
    for (patient, system, code) in [("p1", "urn:ec", "440100EC"), ("p2", "urn:ehc", "440100EHC")] {
        let identifier = json!([{ "system": system, "value": code }]);
        twin.store().put(json!({ "resourceType": "Patient", "id": patient, "identifier": identifier }));
        twin.book(&format!("a-{patient}"), patient, "09:30");
    }
    let brings = |code: &str, kind| {
        let voucher = Voucher { code: Private::new(code.to_owned()), kind };
        Identity { voucher: Some(voucher), ..Identity::default() }
    };
    for (serial, code, kind) in [
        (1, "440100EC", VoucherKind::HealthCard),
        (2, "440100EHC", VoucherKind::Insurance),
        (3, "440100EC", VoucherKind::Queue),
    ] {
        let asked = request(serial, brings(code, kind));
        let answer = adapter.check_in(&asked, within()).expect("decided");
        assert!(matches!(answer, CheckInAnswer::Hindered(Hindrance::NoFile) | CheckInAnswer::NotFound), "{answer:?}");
    }
    admitted(adapter.check_in(&request(4, brings("440100EC", VoucherKind::Insurance)), within()));
    admitted(adapter.check_in(&request(5, brings("440100EHC", VoucherKind::HealthCard)), within()));
    assert_eq!(twin.store().arrivals, ["a-p1", "a-p2"]);
    let only_documents = self::adapter(&setup, twin.url(), "{}");
    assert!(!only_documents.judges(&brings("440100EC", VoucherKind::Insurance)), "nobody said under which system");
}

#[test]
fn a_server_that_passes_over_what_was_asked_tells_nobody_of_anothers_visit() {
    let (setup, twin) = stand();
    let within = || setup.within(PATIENCE);
    let adapter = adapter(&setup, twin.url(), OWN);
    let ask = |serial, identity| adapter.check_in(&request(serial, identity), within()).expect("an answer");
    twin.register("p1", NAME, "110105194912310038");
    twin.book("a1", "p1", "09:30");
    // Somebody else's, who is in already.
    admitted(adapter.check_in(&request(1, holder(NAME, "110105194912310038")), within()));
    twin.book("a2", "p11", "09:30");
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
        "identifier": [{ "system": DOCUMENTS, "value": "E1" }, { "system": DOCUMENTS, "value": CARD }],
    }));
    twin.book("a3", "p2", "09:30");
    let mut own = twin.store().resources["Appointment/a3"].clone();
    own["participant"][0]["actor"]["reference"] = json!("https://his.example/r4/Patient/p2/_history/3");
    twin.store().put(own);
    admitted(adapter.check_in(&request(6, holder(NAME, CARD)), within()));
    assert_eq!(twin.store().arrivals, ["a1", "a3"]);
}

#[test]
fn an_encounter_that_has_begun_is_not_cancelled_and_keeps_its_appointment() {
    let (setup, twin) = stand();
    let within = || setup.within(PATIENCE);
    let adapter = adapter(&setup, twin.url(), OWN);
    twin.register("p1", NAME, CARD);
    twin.book("a1", "p1", "09:30");
    let asked = request(1, holder(NAME, CARD));
    admitted(adapter.check_in(&asked, within()));
    for (status, appointment) in [("in-progress", "arrived"), ("finished", "arrived"), ("cancelled", "booked")] {
        let mut encounter = encounters(&twin)[0].clone();
        encounter["status"] = json!(status);
        twin.store().put(encounter);
        adapter.annul(asked.session, within()).expect("left, or taken back");
        assert_eq!(encounters(&twin)[0]["status"], status);
        assert_eq!(twin.store().resources["Appointment/a1"]["status"], appointment);
    }
}

#[test]
fn an_appointment_has_its_window() {
    let (setup, twin) = stand();
    let within = || setup.within(PATIENCE);
    twin.register("p1", NAME, CARD);
    let now = setup.clock.now().wall.at_offset(8 * 3600);
    // Two hours from now, wherever the day's end lies: the twin calls every appointment today's.
    twin.book("a1", "p1", "00:00");
    let start = now + time::Duration::hours(2);
    let format = time::format_description::well_known::Rfc3339;
    let mut appointment = twin.store().resources["Appointment/a1"].clone();
    appointment["start"] = json!(start.format(&format).expect("a time"));
    twin.store().put(appointment);
    let answer = |settings: &str, serial| {
        adapter(&setup, twin.url(), settings).check_in(&request(serial, holder(NAME, CARD)), within())
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
    let (setup, twin) = stand();
    let mut dice = Dice::new(0x0f41);
    let mut adapter = self::adapter(&setup, twin.url(), OWN);
    let mut ended = [0_u32; 2];
    for serial in 1..=VISITS {
        let (patient, appointment, number) = (format!("p{serial}"), format!("a{serial}"), format!("E{serial:08}"));
        twin.store().put(json!({
            "resourceType": "Patient",
            "id": patient,
            "identifier": [{ "system": DOCUMENTS, "value": number }],
            "name": [{ "text": NAME }],
        }));
        twin.book(&appointment, &patient, "09:30");
        let voucher =
            Identity { voucher: Some(Private::new(format!("Q|{appointment}")).into()), ..Identity::default() };
        let asked = request(serial, voucher);
        let fault =
            [Fault::None, Fault::None, Fault::LostBefore, Fault::LostAfter, Fault::Stumbles][dice.roll(5_usize)];
        twin.store().fault = fault;
        let nurse = dice.roll(10_u32) == 0;
        if nurse {
            twin.store().set_status(&appointment, "arrived");
            twin.store().arrivals.push(appointment.clone());
        }
        let mut answer = adapter.check_in(&asked, setup.within(PATIENCE));
        twin.store().fault = Fault::None;
        if dice.roll(8_u32) == 0 {
            adapter = self::adapter(&setup, twin.url(), OWN);
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
        let own: Vec<Value> = encounters(&twin)
            .into_iter()
            .filter(|one| one["identifier"][0]["value"] == asked.session.to_string())
            .collect();
        assert_eq!(own.len(), usize::from(is_in), "{serial} {fault:?} {answer:?}");
        assert_eq!(arrivals, usize::from(is_in || nurse), "{serial} {fault:?} {answer:?}");
    }
    assert!(ended.iter().all(|count| *count > 0), "{ended:?}");
}
