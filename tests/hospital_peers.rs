//! Somebody else's interface engines and FHIR server take what is sent, and are understood: over the plain line of
//! loopback.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use facemchd::{
    checkin::{CheckIn as _, Fhir, Hl7, Memory},
    http::{Client, Method, Request as Asked, Route},
    words::{CheckInAnswer, Resolution},
};
use serde_json::{Value, json};

use crate::{
    his::{PATIENCE, day, holder, request},
    lookups::Setup,
};

const CARD: &str = "11010519491231002X";
const NAME: &str = "欧阳若兰";

fn tests() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

fn python() -> Command {
    let python = std::env::var_os("FACEMCHD_PYTHON");
    Command::new(python.expect("FACEMCHD_PYTHON names a Python with hl7apy, hl7 and fhir.resources"))
}

/// A peer, and the port it says that it listens on.
fn started(command: &mut Command) -> (Child, u16) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a peer");
    let mut port = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut port).expect("a port");
    let port = port.trim().parse().expect("the peer did not start: its packages are missing?");
    (child, port)
}

fn ends(mut child: Child) {
    drop(child.stdin.take());
    child.wait().expect("ended");
}

fn plainly() -> Route {
    Route { plain: vec!["127.0.0.1/32".parse().expect("a network")], ..Route::default() }
}

#[test]
#[ignore = "needs a Python with hl7apy and hl7, named in FACEMCHD_PYTHON"]
fn foreign_interface_engines_take_every_message_and_their_visits_are_read() {
    for engine in ["hl7apy", "hl7"] {
        let (child, port) = started(python().arg(tests().join("peers/engine.py")).arg(engine));
        let setup = Setup::new();
        for settings in [
            r#"{"cancel":"ADT^A11"}"#,
            r#"{"arrive":"ADT^A10","cancel":"ADT^A11"}"#,
            r#"{"query":true,"arrive":"SIU^S14","cancel":"SIU^S14","receiving":["RIS","RAD"]}"#,
        ] {
            let settings: Value = serde_json::from_str(settings).expect("JSON");
            let memory = Arc::new(Memory::new(None));
            let asked = serde_json::from_value(settings.clone()).expect("settings");
            let url = format!("mllp://127.0.0.1:{port}");
            let adapter = Hl7::open(asked, &url, &plainly(), (8 * 3600, 0), Arc::clone(&setup.clock), memory);
            let adapter = adapter.expect("an adapter");
            let asked = request(1, holder(NAME, CARD));
            let answer = adapter.check_in(&asked, setup.within(PATIENCE));
            let Ok(CheckInAnswer::Admitted(admission)) = answer else { panic!("{engine} {settings}: {answer:?}") };
            let doctor = admission.visit.doctor.as_ref().map(ToString::to_string);
            assert_eq!(doctor.as_deref(), settings["query"].as_bool().map(|_| "张医生"), "{engine}");
            adapter.annul(asked.session, setup.within(PATIENCE)).expect("taken back");
        }
        ends(child);
    }
}

#[test]
#[ignore = "needs npm ci --prefix tests, and a Python with fhir.resources, named in FACEMCHD_PYTHON"]
fn a_foreign_fhir_server_checks_a_patient_in_once_and_every_resource_is_one() {
    assert!(tests().join("node_modules").is_dir(), "npm ci --prefix tests --ignore-scripts");
    let (child, port) = started(Command::new("node").arg(tests().join("peers/fhir.mjs")));
    let setup = Setup::new();
    let client = Client::open(&plainly(), Arc::clone(&setup.clock)).expect("a client");
    let base = format!("http://127.0.0.1:{port}");
    let ask = |method, body: Option<&Value>| {
        let (url, body) = (format!("{base}/resources"), body.map(|body| body.to_string().into_bytes()));
        let headers = [("Content-Type", "application/json")];
        let asked = Asked {
            method,
            url: &url,
            headers: &headers,
            body: body.as_deref(),
            deadline: setup.within(PATIENCE),
            max_body: 1 << 20,
        };
        serde_json::from_slice::<Value>(&client.send(&asked).expect("an answer").body).expect("JSON")
    };
    let patient = ask(
        Method::Post,
        Some(&json!({
            "resourceType": "Patient",
            "identifier": [{ "system": "urn:oid:2.16.156.10011.1.3", "value": CARD }],
            "name": [{ "family": "欧阳", "given": ["若兰"] }],
        })),
    );
    let today = day(&*setup.clock);
    ask(
        Method::Post,
        Some(&json!({
            "resourceType": "Appointment",
            "status": "booked",
            "start": format!("{today}T12:00:00+08:00"),
            "end": format!("{today}T12:15:00+08:00"),
            "participant": [
                { "actor": { "reference": format!("Patient/{}", patient["id"].as_str().expect("an id")) }, "status": "accepted" },
                { "actor": { "reference": "Practitioner/d1", "display": "张医生" }, "status": "accepted" },
            ],
        })),
    );
    let settings = serde_json::from_str("{}").expect("settings");
    let adapter = Fhir::new(settings, base.clone(), None, (8 * 3600, 0), client.clone(), Arc::clone(&setup.clock));
    let asked = request(1, holder(NAME, CARD));
    for serial in [1, 1, 2] {
        let answer = adapter.check_in(&request(serial, holder(NAME, CARD)), setup.within(PATIENCE)).expect("an answer");
        match (serial, answer) {
            (1, CheckInAnswer::Admitted(admission)) => {
                assert_eq!(admission.visit.doctor.as_ref().map(|doctor| doctor.as_str()), Some("张医生"));
            }
            (2, CheckInAnswer::Already(_)) => {}
            (_, other) => panic!("{other:?}"),
        }
    }
    let resolved = adapter.resolve(asked.session, setup.within(PATIENCE)).expect("resolved");
    assert!(matches!(resolved, Resolution::Decided(CheckInAnswer::Admitted(_))), "{resolved:?}");
    let mut seen = vec![ask(Method::Get, None)];
    adapter.annul(asked.session, setup.within(PATIENCE)).expect("taken back");
    seen.push(ask(Method::Get, None));
    ends(child);
    let status = |at: usize, kind: &str| {
        let of_kind = seen[at].as_array().expect("a list").iter().filter(|resource| resource["resourceType"] == kind);
        of_kind.map(|resource| resource["status"].as_str().expect("a status").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (status(0, "Appointment"), status(0, "Encounter")),
        (vec!["arrived".to_owned()], vec!["arrived".to_owned()])
    );
    assert_eq!(
        (status(1, "Appointment"), status(1, "Encounter")),
        (vec!["booked".to_owned()], vec!["cancelled".to_owned()])
    );
    let mut judge = python().arg(tests().join("peers/resources.py")).stdin(Stdio::piped()).spawn().expect("a Python");
    let mut lines = judge.stdin.take().expect("piped");
    for resource in seen.iter().filter_map(Value::as_array).flatten() {
        writeln!(lines, "{resource}").expect("taken");
    }
    drop(lines);
    assert!(judge.wait().expect("ended").success(), "fhir.resources refuses what stands above");
}
