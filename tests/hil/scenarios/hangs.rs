//! Threads that stop: the program is restarted, or the lane of a device closes while the rest serves on.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    Table,
    machine::{Machine, Options},
    site::{Site, ask_once, lane, terminal, visit},
};

/// What a hang may cost, from the moment in which there is something to do.
const IN_SERVICE: Duration = Duration::from_secs(20);

/// A printer may be busy with a slip for a minute.
const PRINTER: Duration = Duration::from_secs(75);

pub fn run(table: &mut Table) {
    let site = Site::new();
    for index in 0..12 {
        site.expect(&format!("sid-hang-{index}"), "王小明");
    }
    let mut people = (0..12).map(|index| format!("sid-hang-{index}"));
    let mut next = move || people.next().expect("enough people");
    let mut machine = Machine::boot(table, &Options::default());
    machine.must("dpkg -i /opt/deb/facemchd_*_arm64.deb");
    site.commission(&mut machine, "http");
    machine.must("systemctl start facemchd");
    let mut lane = lane(&machine);
    let mut gate = terminal(&machine, "terminal-2.sock");

    for (what, stopped) in [("loop", "facemchd"), ("store", "store"), ("lookup", "lookup"), ("outputs", "outputs")] {
        let before = pid(&mut machine);
        let hold = hang(&mut machine, stopped);
        let began = Instant::now();
        gate.face(&next(), true).expect("sent");
        let mut after = before.clone();
        while began.elapsed() < 2 * IN_SERVICE && (after == before || !is_active(&mut machine)) {
            thread::sleep(Duration::from_millis(200));
            after = pid(&mut machine);
        }
        let took = began.elapsed();
        machine.run(&format!("kill {hold}"));
        let outcome = visit(&mut gate, &next());
        let seen = format!("{:.1} s, then {}", took.as_secs_f64(), outcome["result"]);
        let held = took <= IN_SERVICE && after != before && outcome["result"] == "checked_in";
        table.row(&format!("the {what} hangs"), "in service again within 20 s", &seen, held);
    }

    let before = pid(&mut machine);
    let hold = hang(&mut machine, "printer");
    let printed = visit(&mut lane.terminal, &next());
    let began = Instant::now();
    let closed = loop {
        let said = machine.run("journalctl -u facemchd --no-pager -o cat --since -2min | grep P701").0;
        if !said.is_empty() || began.elapsed() > PRINTER {
            break !said.is_empty();
        }
        thread::sleep(Duration::from_secs(1));
    };
    let refused = ask_once(&mut lane.terminal, &next());
    let beside = visit(&mut gate, &next());
    let seen = format!("{} then {refused}; beside it {}", printed["result"], beside["result"]);
    let held = refused.contains("P701") && beside["result"] == "checked_in" && pid(&mut machine) == before;
    table.row("the printer's thread hangs", "its lane closes (P701), the other serves", &seen, closed && held);
    machine.run(&format!("kill {hold}"));
    thread::sleep(Duration::from_secs(5));
    let again = visit(&mut lane.terminal, &next());
    table.row("it goes on", "the lane opens again", &again["result"].to_string(), again["result"] == "checked_in");

    let began = Instant::now();
    machine.must("systemctl stop facemchd");
    let outputs = machine.outputs();
    let seen = format!("gate {} after {:.1} s", outputs[0], began.elapsed().as_secs_f64());
    table.row("systemctl stop", "outputs safe", &seen, !outputs[0]);
    machine.pull_the_plug();
}

fn pid(machine: &mut Machine) -> String {
    machine.run("systemctl show -p MainPID --value facemchd").0
}

fn is_active(machine: &mut Machine) -> bool {
    machine.run("systemctl is-active facemchd").0 == "active"
}

/// Stops the threads of this name; returns the process that holds them.
fn hang(machine: &mut Machine, name: &str) -> String {
    let pid = pid(machine);
    machine.must(&format!(
        "(setsid /opt/hang {pid} {name} >/run/hang.out 2>&1 & echo $! >/run/hang.pid); sleep 1; cat /run/hang.out; grep -q stopped /run/hang.out"
    ));
    machine.must("cat /run/hang.pid")
}
