//! Lines seen from outside: inputs that the host sets, outputs at start, while serving, after SIGKILL and after stop.

use std::{thread, time::Duration};

use crate::{
    Table,
    machine::{Machine, Options},
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
    thread::sleep(Duration::from_secs(1));
    let idle = machine.outputs();
    table.row(
        "lines of a kiosk that waits",
        "gate shut, buzzer silent (high)",
        &shown(idle),
        !idle[GATE] && idle[BUZZER],
    );

    let mut lane = lane(&machine);
    let mut gate = terminal(&machine, "terminal-2.sock");
    let outcome = visit(&mut gate, "sid-line-1");
    thread::sleep(Duration::from_secs(1));
    let lit = machine.edges().iter().any(|edge| usize::from(edge.line) == GREEN && edge.high);
    table.row(
        "lines while somebody is let through",
        "gate opens, green",
        &format!("{} green {lit}", outcome["result"]),
        outcome["result"] == "checked_in" && lit,
    );

    machine.set_input(CALL_STAFF, true);
    let pressed = lane.terminal.receive_type("scene").map(|scene| scene["scene"].to_string()).unwrap_or_default();
    machine.set_input(CALL_STAFF, false);
    table.row("a button is pressed", "a scene", &pressed, !pressed.is_empty());

    thread::sleep(Duration::from_secs(6));
    machine.set_input(FIRE, true);
    thread::sleep(Duration::from_secs(1));
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
    thread::sleep(Duration::from_secs(2));
    let outcome = visit(&mut gate, "sid-line-2");
    table.row(
        "the fire input is released",
        "checked_in",
        &outcome["result"].to_string(),
        outcome["result"] == "checked_in",
    );

    machine.set_input(CLOSED, true);
    thread::sleep(Duration::from_secs(1));
    let red = machine.outputs()[RED];
    machine.set_input(CLOSED, false);
    table.row("the switch that closes the lane", "red", &format!("red {red}"), red);

    thread::sleep(Duration::from_secs(2));
    gate.face("sid-line-3", true).expect("sent");
    for _ in 0..400 {
        if machine.outputs()[GATE] {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    // Within the pulse.
    machine.must("kill -9 $(systemctl show -p MainPID --value facemchd)");
    let open = machine.edges().iter().filter(|edge| usize::from(edge.line) == GATE && edge.high).count();
    thread::sleep(Duration::from_millis(1500));
    let killed = machine.outputs();
    let seen = format!("{open} openings, {}", shown(killed));
    table.row(
        "SIGKILL while the gate is open",
        "shut by safe-state",
        &seen,
        open >= 3 && !killed[GATE] && killed[BUZZER],
    );
    thread::sleep(Duration::from_secs(5));
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

fn shown(outputs: [bool; 8]) -> String {
    let name = |index: usize| if outputs[index] { 1 } else { 0 };
    format!("gate {} green {} red {} buzzer {}", name(GATE), name(GREEN), name(RED), name(BUZZER))
}
