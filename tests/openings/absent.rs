//! Devices that are not there: the daemon serves without and waits for them.

use super::{Fault, bench, failed, fault, fifo, line, start, text, within};
use crate::{bench_board, running::Sandbox};

const ABSENT: &[Fault] = &[
    fault("the gate's file is a FIFO", "G801", |s| {
        let held = bench(s, "one-shot = true", "one-shot = true");
        fifo(&s.path("bench/gate"));
        held
    }),
    fault("the gate's chip is not there", "G801", |s| {
        bench(s, &line(s, "gate"), "{ chip = \"nowhere.gpio\", offset = 3 }")
    }),
    fault("the fire input's chip is not there", "D602", |s| {
        bench(s, &line(s, "fire"), "{ chip = \"nowhere.gpio\", offset = 3 }")
    }),
    fault("no line has the button's name", "D602", |s| bench(s, &line(s, "call-staff"), "{ name = \"NO_SUCH_LINE\" }")),
    fault("the panel's framebuffer is not there", "D601", |s| {
        let wire = format!("file:{}\"", s.path("bench/panel.ppm").display());
        let wires = [(wire.as_str(), "fb:/dev/fb-nowhere\""), ("kind = \"picture\"", "kind = \"framebuffer\"")];
        Box::new(bench_board::build(s, &wires))
    }),
];

#[test]
fn for_every_device_that_is_absent_run_serves_without_it_and_check_fails_with_its_code() {
    let mut wrong = Vec::new();
    for Fault { what, code, make } in ABSENT {
        let sandbox = Sandbox::new();
        let held = make(&sandbox);
        let checked = within(&sandbox, &["check"]).output().expect("runs");
        let told = text(&checked.stdout);
        if checked.status.code() != Some(1) || failed(&told) != [*code] || !told.contains("takes it when it comes") {
            wrong.push(format!("{what}: check says {told}, not {code}"));
        }
        let ran = start(&sandbox, None);
        let log = text(&ran.stderr);
        let told = log.lines().filter(|line| line.contains(&format!("code={code} "))).count();
        if !ran.status.success() || !log.contains("serving") || told == 0 {
            wrong.push(format!("{what}: run ends {:?} and says {log}", ran.status.code()));
        }
        drop(held);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
