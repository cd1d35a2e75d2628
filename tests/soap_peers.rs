//! Somebody else's SOAP services, by spyne and lxml, take every message and are understood: over plain HTTP on loopback.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::Arc,
};

use facemchd::{
    checkin::{ByTemplate, CheckIn as _, Template},
    http::{Client, Route},
    words::CheckInAnswer,
};

use crate::{
    his::{PATIENCE, given, holder, memory, request},
    lookups::Setup,
};

#[test]
#[ignore = "needs a Python with lxml and spyne, named in FACEMCHD_PYTHON"]
fn foreign_soap_services_accept_every_message_and_check_the_person_in_once() {
    let python = std::env::var_os("FACEMCHD_PYTHON").expect("FACEMCHD_PYTHON names a Python with lxml and spyne");
    for (kind, template) in [("selfreg", "dhc-selfreg"), ("esb", "dhc-esb"), ("lianzhong", "lianzhong"), ("hip", "hip")]
    {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/hospital.py");
        let mut child = Command::new(&python)
            .args([script, kind])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a Python with lxml and spyne");
        let mut port = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut port).expect("a port");
        assert!(!port.trim().is_empty(), "{kind}: the service did not start: lxml and spyne are missing?");
        let setup = Setup::new();
        let route = Route { plain: vec!["127.0.0.1/32".parse().expect("a network")], ..Route::default() };
        let client = Client::open(&route, Arc::clone(&setup.clock)).expect("a client");
        let mut given = given(format!("http://127.0.0.1:{}", port.trim()));
        given.values.insert("operator-name".to_owned(), "自助<机>&\"'䶮𬭎".to_owned());
        let template = Template::parse(Template::shipped(template).expect("shipped")).expect("a template");
        let adapter = ByTemplate::new(template, given, client, Arc::clone(&setup.clock), memory(&setup));
        let answers = [1, 2].map(|serial| {
            adapter.check_in(&request(serial, holder("欧阳䶮", "11010519491231002X")), setup.within(PATIENCE))
        });
        drop(child.stdin.take());
        child.wait().expect("ended");
        for (answer, first) in answers.into_iter().zip([true, false]) {
            let (admission, is_first) = match answer.expect(kind) {
                CheckInAnswer::Admitted(admission) => (admission, true),
                CheckInAnswer::Already(admission) => (admission, false),
                other => panic!("{kind}: {other:?}"),
            };
            assert_eq!(is_first, first, "{kind}");
            assert_eq!(admission.number.as_ref().map(|number| number.as_str()), Some("A001"), "{kind}");
        }
    }
}
