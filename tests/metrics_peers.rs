//! What the daemon tells Prometheus is read by Prometheus's own: its Python client's parser, and promtool, which knows the
//! conventions for names and units.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use facemchd::sim::people::Person;
use serde_json::Value;

use crate::{devices::wait_for, program::expect, technician::Site};

/// What a program says of a text; it must end well.
fn says(command: &mut Command, text: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("read");
    let said = child.wait_with_output().expect("ends");
    let told = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{command:?}: {told}\n{text}");
    told
}

#[test]
#[ignore = "needs a Python with prometheus-client, named in FACEMCHD_PYTHON; and a promtool, where PROMTOOL names one"]
fn prometheus_itself_reads_every_metric_and_has_nothing_to_say_of_their_names() {
    let python = std::env::var_os("FACEMCHD_PYTHON").expect("FACEMCHD_PYTHON names a Python with prometheus-client");
    let site = Site::new();
    expect(&site.sandbox, &Person::new("sid-1", "张三丰"));
    let daemon = site.sandbox.start();
    let comes = |sid: &str| {
        let mut terminal = site.sandbox.terminal(0);
        terminal.face(sid, true).expect("sent");
        terminal.receive_type("outcome").expect("an outcome");
    };
    comes("sid-1");
    // Something is to be mended, a device has failed, and somebody was refused.
    site.sandbox.hospital.set_online(false);
    expect(&site.sandbox, &Person::new("sid-2", "李四"));
    comes("sid-2");
    site.sandbox.terminal(0).send_bytes(b"no frame at all {\n").expect("sent");
    let metrics = || site.browser().get("/metrics").split_once("\r\n\r\n").expect("a head").1.to_owned();
    let families = ["facemchd_visit_codes_total{", "facemchd_frames_refused_total{", "facemchd_ailment{"];
    let text = wait_for(metrics, |text| families.iter().all(|family| text.contains(family)));
    if let Some(promtool) = std::env::var_os("PROMTOOL") {
        assert_eq!(says(Command::new(promtool).args(["check", "metrics"]), &text), "");
    }
    let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/metrics.py"));
    let read: Value = serde_json::from_str(&says(Command::new(python).arg(script), &text)).expect("JSON");
    let read = read.as_object().expect("families");
    let described = text.lines().filter(|line| line.starts_with("# TYPE ")).count();
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(described > 20 && read.len() == described, "{described} {read:?}");
    let counted: u64 = read.values().map(|family| family["samples"].as_u64().expect("a number")).sum();
    assert_eq!(counted, samples as u64, "{text}");
    // It takes the end off a counter's name.
    assert_eq!(read["facemchd_visits"]["type"], "counter");
    assert_eq!(read["facemchd_lookup_duration_seconds"]["type"], "histogram");
    assert_eq!(read["facemchd_outbox_reports"]["type"], "gauge");
    assert_eq!(daemon.stop(), Some(0));
}
