//! How many instructions a start and a check-in take on ARM: on these boards every instruction takes one nanosecond.

use std::time::Duration;

use crate::{
    Table,
    machine::{Machine, Options},
    site::Site,
};

/// Rounds of the short and of the long run.
const SHORT: u64 = 2;
const LONG: u64 = 12;

pub fn run(table: &mut Table) {
    let site = Site::new();
    let mut machine = Machine::boot(table, &Options { counted: true, ..Options::default() });
    machine.must("dpkg -i /opt/deb/facemchd_*_arm64.deb");
    site.commission(&mut machine, "http");
    let unit = start(&mut machine);
    // The same unit with nothing in it: what systemd does for it.
    let nothing = b"[Service]\nType=exec\nExecStart=\nExecStart=/bin/sleep 100\nExecStopPost=\n";
    machine.write("/run/systemd/system/facemchd.service.d/nothing.conf", nothing);
    machine.must("systemctl daemon-reload");
    let systemds = start(&mut machine);
    machine.must("rm -r /run/systemd/system/facemchd.service.d; systemctl daemon-reload");
    let own = unit.saturating_sub(systemds);
    let seen = format!("{own} M, beside systemd's {systemds} M for the unit");
    table.row("from start to READY", "at most 120 M", &seen, (1..=120).contains(&own));

    let mut counts = Vec::new();
    for engine in ["aws-lc", "rsa"] {
        let mut time = |rounds: u64| -> u64 {
            // What the shell's children took: "0m1.234567s 0m0.123456s".
            let line = format!("sh -c '/opt/limits count check-in-{engine} {rounds} >/dev/null && times'");
            machine.must(&line).lines().last().expect("times").split_whitespace().map(nanoseconds).sum()
        };
        let each = time(LONG).saturating_sub(time(SHORT)) / (LONG - SHORT);
        counts.push(each);
        let seen = format!("{:.1} M", each as f64 / 1e6);
        table.row(&format!("a check-in with {engine}, without the network"), "a count", &seen, each > 100_000);
    }
    let ratio = counts[1] as f64 / counts[0].max(1) as f64;
    table.row("rsa over aws-lc", "a ratio", &format!("{ratio:.1}"), ratio > 0.1);
    machine.pull_the_plug();
}

/// Millions of instructions in the unit from its start to its being active. Not the time that this took: a clock of
/// instructions runs ahead while the board waits for its disk.
fn start(machine: &mut Machine) -> u64 {
    machine.must("systemctl start facemchd");
    let own = machine.must("systemctl show facemchd --value -p CPUUsageNSec");
    machine.must("systemctl stop facemchd");
    own.trim().parse::<u64>().expect("a number") / 1_000_000
}

fn nanoseconds(minutes_and_seconds: &str) -> u64 {
    let parts = minutes_and_seconds.trim_end_matches('s').split_once('m');
    let (minutes, seconds) = parts.expect("minutes and seconds");
    let seconds = minutes.parse::<f64>().expect("minutes") * 60.0 + seconds.parse::<f64>().expect("seconds");
    u64::try_from(Duration::from_secs_f64(seconds).as_nanos()).expect("less than centuries")
}
