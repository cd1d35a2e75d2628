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

/// How long a lookup may go on before it hangs, seconds: a person's patience, and what a slow card may take.
const LOOKUP: u64 = 8 + 30;

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
    let began = Instant::now();
    machine.must("systemctl restart facemchd");
    // What a busy machine makes of a restart is not what a hang costs.
    let in_service = IN_SERVICE + 2 * began.elapsed();

    for (stopped, may_take) in [("facemchd", 0), ("store", 0), ("lookup", LOOKUP), ("outputs", 0)] {
        let in_service = in_service + Duration::from_secs(may_take);
        let before = pid(&mut machine);
        let hold = hang(&mut machine, stopped);
        let began = Instant::now();
        gate.face(&next(), true).expect("sent");
        let mut after = before.clone();
        while began.elapsed() < 2 * in_service && (after == before || !is_active(&mut machine)) {
            thread::sleep(Duration::from_millis(200));
            after = pid(&mut machine);
        }
        let took = began.elapsed();
        machine.run(&format!("kill {hold}"));
        let outcome = visit(&mut gate, &next());
        let seen =
            format!("{:.1} s of {:.1}, then {}", took.as_secs_f64(), in_service.as_secs_f64(), outcome["result"]);
        let held = took <= in_service && after != before && outcome["result"] == "checked_in";
        let expected = format!("again in {} s and two restarts", IN_SERVICE.as_secs() + may_take);
        table.row(&format!("the thread {stopped} hangs"), &expected, &seen, held);
    }

    let before = pid(&mut machine);
    let hold = hang(&mut machine, "printer");
    let printed = visit(&mut lane.terminal, &next());
    let closed = machine.until_well("journalctl -u facemchd --no-pager -o cat | grep P701");
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
        "rm -f /run/hang.out; (setsid /opt/hang {pid} {name} >/run/hang.out 2>&1 & echo $! >/run/hang.pid); true"
    ));
    assert!(machine.until_well("grep -q stopped /run/hang.out"), "{}", machine.run("cat /run/hang.out").0);
    machine.must("cat /run/hang.pid")
}
