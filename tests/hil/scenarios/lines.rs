//! Lines seen from outside: inputs that the host sets, outputs at start, while serving, after SIGKILL and after stop.

use std::{
    thread,
    time::{Duration, Instant},
};

use facemchd::sim::terminal::Terminal;

use crate::{
    Table,
    machine::{Edge, Machine, Options, PATIENCE},
    site::{Site, ask_once, lane, terminal, visit},
};

/// What tests/hil/board/virt.toml declares.
const FIRE: u8 = 5;
const CALL_STAFF: u8 = 6;
const CLOSED: u8 = 7;
const GATE: usize = 0;
const GREEN: usize = 1;
const RED: usize = 2;
/// Active low.
const BUZZER: usize = 3;
/// A light of the kernel's own.
const AMBER: usize = 4;

pub fn run(table: &mut Table) {
    let site = Site::new();
    for face_sid in ["sid-line-1", "sid-line-2", "sid-line-3"] {
        site.expect(face_sid, "王小明");
    }
    let mut machine = Machine::boot(table, &Options::default());
    machine.must("dpkg -i /opt/deb/facemchd_*_arm64.deb");
    let at_boot = machine.outputs();
    table.row("lines before the first start", "gate shut", &shown(at_boot), !at_boot[GATE]);
    site.commission(&mut machine, "http");
    machine.must("systemctl start facemchd");
    machine.until(|machine| machine.outputs()[GREEN] && machine.outputs()[BUZZER]);
    let idle = machine.outputs();
    table.row(
        "lines of a kiosk that waits",
        "gate shut, buzzer silent (high)",
        &shown(idle),
        !idle[GATE] && idle[BUZZER],
    );

    let mut lane = lane(&machine);
    let mut gate = terminal(&machine, "terminal-2.sock");
    let before = machine.edges().len();
    let outcome = visit(&mut gate, "sid-line-1");
    let opened = |edge: &Edge| usize::from(edge.line) == GATE && edge.high;
    let lit = machine.until(|machine| machine.edges()[before..].iter().any(opened))
        && machine.until(|machine| machine.outputs()[GREEN]);
    table.row(
        "lines while somebody is let through",
        "gate opens, green",
        &format!("{} green {lit}", outcome["result"]),
        outcome["result"] == "checked_in" && lit,
    );

    let before = machine.edges().len();
    machine.set_input(CALL_STAFF, true);
    let pressed = until_scene(&mut lane.terminal, "staff_called");
    table.row("a button is pressed", "its scene", &pressed, pressed == "staff_called");
    let amber = |edge: &Edge| usize::from(edge.line) == AMBER && edge.high;
    let lit = machine.until(|machine| machine.edges()[before..].iter().any(amber));
    machine.set_input(CALL_STAFF, false);
    table.row("a light of the kernel's own", "blinks", &format!("amber {lit}"), lit);

    // The gate that was opened is shut by now, and so is what it says.
    machine.until(|machine| !machine.outputs()[GATE]);
    machine.set_input(FIRE, true);
    machine.until_well("journalctl -u facemchd --no-pager -o cat | grep -q G807");
    let outcome = ask_once(&mut gate, "sid-line-2");
    let burning = machine.outputs();
    let log = machine.run("journalctl -u facemchd --no-pager -o cat | grep -c G807").0;
    let held = !outcome.contains("checked_in") && !burning[GATE] && log != "0";
    table.row(
        "the fire input",
        "nobody is let through, G807",
        &format!("{outcome} {} log {log}", shown(burning)),
        held,
    );
    machine.set_input(FIRE, false);
    let outcome = visit(&mut gate, "sid-line-2");
    table.row(
        "the fire input is released",
        "checked_in",
        &outcome["result"].to_string(),
        outcome["result"] == "checked_in",
    );

    machine.set_input(CLOSED, true);
    let red = machine.until(|machine| machine.outputs()[RED]);
    machine.set_input(CLOSED, false);
    table.row("the switch that closes the lane", "red", &format!("red {red}"), red);

    machine.until(|machine| !machine.outputs()[GATE]);
    // The lane's own light again: nobody is shown anything any more.
    machine.until(|machine| machine.outputs()[GREEN]);
    let pid = machine.must("systemctl show -p MainPID --value facemchd");
    gate.face("sid-line-3", true).expect("sent");
    let began = Instant::now();
    while !machine.outputs()[GATE] && began.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(10));
    }
    // Within the pulse.
    machine.must(&format!("kill -9 {pid}"));
    let open = machine.edges().iter().filter(|edge| usize::from(edge.line) == GATE && edge.high).count();
    machine.until(|machine| !machine.outputs()[GATE] && machine.outputs()[BUZZER]);
    let killed = machine.outputs();
    let seen = format!("{open} openings, {}", shown(killed));
    table.row(
        "SIGKILL while the gate is open",
        "shut by safe-state",
        &seen,
        open >= 3 && !killed[GATE] && killed[BUZZER],
    );
    machine.until_well("systemctl is-active facemchd");
    let active = machine.run("systemctl is-active facemchd").0;
    table.row("afterwards", "active again", &active, active == "active");

    machine.must("systemctl stop facemchd");
    let stopped = machine.outputs();
    table.row(
        "lines after stop",
        "gate shut, buzzer silent (high)",
        &shown(stopped),
        !stopped[GATE] && stopped[BUZZER] && !stopped[GREEN],
    );
    machine.pull_the_plug();
}

/// Reads scenes up to this one; the last.
fn until_scene(terminal: &mut Terminal, wanted: &str) -> String {
    let mut last = String::new();
    for _ in 0..8 {
        let Ok(scene) = terminal.receive_type("scene") else { break };
        last = scene["scene"].as_str().unwrap_or_default().to_owned();
        if last == wanted {
            break;
        }
    }
    last
}

fn shown(outputs: [bool; 8]) -> String {
    let name = |index: usize| if outputs[index] { 1 } else { 0 };
    format!("gate {} green {} red {} buzzer {}", name(GATE), name(GREEN), name(RED), name(BUZZER))
}
