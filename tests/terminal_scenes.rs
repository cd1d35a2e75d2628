//! A terminal that is the lane's panel always knows what to show, from its first moment on.

use std::io::BufReader;

use serde_json::json;

use crate::{
    network_terminals::{Http, Site},
    program::expect,
    running::Sandbox,
};

#[test]
fn whoever_connects_gets_the_scene_that_stands_in_the_lanes_language_and_with_its_session() {
    let sandbox = Sandbox::new();
    sandbox.edit("terminal = \"unix:kiosk-1.sock\"", "terminal = \"unix:kiosk-1.sock\"\nlanguage = \"en\"");
    sandbox.edit("panel = \"board\"\nprinter", "panel = \"terminal\"\nprinter");
    expect(&sandbox, &facemchd::sim::people::Person::new("sid-scene-1", "王小明"));
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    let idle = terminal.receive().expect("at once");
    assert_eq!((idle["scene"].as_str(), idle["session"].is_null()), (Some("idle"), true), "{idle}");
    let headline = idle["headline"].as_str().expect("a headline");
    assert!(headline.is_ascii(), "{headline}");

    let seq = terminal.send("person", &json!({})).expect("sent");
    let ack = terminal.receive_type("ack").expect("an answer");
    assert_eq!((ack["seq"].as_u64(), ack["status"].as_str()), (Some(seq), Some("accepted")));

    terminal.face("sid-scene-1", true).expect("sent");
    let outcome = terminal.receive_type("outcome").expect("an outcome");
    assert_eq!(outcome["result"], "checked_in");
    let late = sandbox.terminal(0).receive_type("scene").expect("at once");
    assert_eq!(late["scene"], "admitted", "{late}");
    assert_eq!(late["session"], outcome["session"]);
    assert_eq!(late["number"], outcome["number"]);
    assert!(late["name"].is_string() && late["stands_ms"].is_u64(), "{late}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_stream_of_events_begins_with_the_scene_that_stands() {
    let site = Site::new("https");
    site.sandbox.edit("panel = \"board\"\nprinter", "panel = \"terminal\"\nprinter");
    let daemon = site.sandbox.start();
    let good = site.good();
    for _ in 0..2 {
        let mut stream = Http(BufReader::new(site.connect(&good)));
        stream.listen();
        assert_eq!(stream.event("scene")["scene"], "idle");
    }
    assert_eq!(daemon.stop(), Some(0));
}
