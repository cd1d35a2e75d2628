//! The package, from dpkg to purge, on both architectures; a person from frame to slip and gate; what is left behind.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, path::Path, process::Command, thread, time::Duration};

use encoding_rs::GB18030;

use crate::{
    Table,
    machine::{Edge, Machine, Options},
    site::{NAME, Site, lane, terminal, visit},
};

/// What tests/hil/board/virt.toml declares.
const GATE: u8 = 0;
const PULSE: f64 = 0.3;

/// Until a pulse is not the machine's.
const AT_THE_GATE: [&str; 12] = [
    "sid-hil-3",
    "sid-hil-4",
    "sid-hil-5",
    "sid-hil-6",
    "sid-hil-7",
    "sid-hil-8",
    "sid-hil-9",
    "sid-hil-10",
    "sid-hil-11",
    "sid-hil-12",
    "sid-hil-13",
    "sid-hil-14",
];

/// The bound that README states, KiB.
const RESIDENT: u64 = 10 * 1024;

pub fn run(table: &mut Table) {
    for arch in ["arm64", "armhf"] {
        one(table, arch);
    }
}

fn one(table: &mut Table, arch: &str) {
    let disk = table.boot.join("disk.img");
    fs::copy(table.boot.join("root.img"), &disk).expect("copied");
    let site = Site::new();
    for face_sid in ["sid-hil-1", "sid-hil-2"].iter().chain(&AT_THE_GATE) {
        site.expect(face_sid, NAME);
    }
    let mut machine = Machine::boot(table, &Options { root: Some(&disk), ..Options::default() });
    let mut row = |what: &str, expected: &str, seen: &str, held: bool| {
        table.row(&format!("{arch}: {what}"), expected, seen, held);
    };

    machine.must(&format!("dpkg -i /opt/deb/old/facemchd_*_{arch}.deb"));
    let version = "dpkg-query -W -f '${Version} ${db:Status-Status}' facemchd; echo; systemctl is-enabled facemchd";
    let seen = machine.run(version).0;
    row("dpkg installs", "0.0.9-1 installed enabled", &seen, words(&seen) == "0.0.9-1 installed enabled");
    let code = machine.run("facemchd sim").1;
    row("the program in it", "knows no sandbox, exit 64", &format!("exit {code}"), code == 64);
    let (said, code) = machine.run("facemchd check");
    let failed: Vec<&str> = said.lines().filter(|line| line.starts_with("FAILED")).collect();
    let explains = code == 1 && said.contains("cure:") && said.contains("K401") && !said.contains("T210");
    row(
        "check says what is to be configured",
        "exit 1, K401, cures",
        &format!("exit {code}, {} failed", failed.len()),
        explains,
    );

    site.commission(&mut machine, "http");
    if arch == "armhf" {
        // A 32-bit program below a 64-bit systemd: "native" is the other architecture here.
        let foreign = b"[Service]\nSystemCallArchitectures=native arm\n";
        machine.write("/etc/systemd/system/facemchd.service.d/foreign.conf", foreign);
        machine.must("systemctl daemon-reload");
    }
    let mut lane = lane(&machine);
    let (said, code) = machine.run("facemchd check");
    let wrong: Vec<&str> = said.lines().filter(|line| line.starts_with("FAILED")).collect();
    row("check of a configured kiosk", "exit 0", &format!("exit {code} {wrong:?}"), code == 0);
    let (said, code) = machine.run("systemctl start facemchd || journalctl -u facemchd --no-pager -o cat -n 6");
    row("the unit starts", "ready", &said, code == 0 && said.is_empty());

    let outcome = visit(&mut lane.terminal, "sid-hil-1");
    machine.until(|_| !lane.printer.slips().is_empty());
    let slips = lane.printer.slips();
    let slip = slips.first().map(|slip| slip.text.clone()).unwrap_or_default();
    let number = outcome["number"].as_str().unwrap_or("no number").to_owned();
    let held = outcome["result"] == "checked_in" && slip.contains(NAME) && slip.contains(&number);
    row(
        "a face becomes a slip",
        "checked_in, number and name",
        &format!("{} {number}, {} slips", outcome["result"], slips.len()),
        held,
    );
    let mut gate = terminal(&machine, "terminal-2.sock");
    // QEMU writes the log, so the pulse is measured outside the board. A busy machine lets go of a board within a pulse,
    // which makes it longer and never shorter.
    let exact = |pulse: &f64| (pulse - PULSE).abs() < 0.1 * PULSE;
    let (mut results, mut lengths) = (Vec::new(), Vec::new());
    for face_sid in AT_THE_GATE {
        let before = machine.edges().len();
        results.push(visit(&mut gate, face_sid)["result"].to_string());
        machine.until(|machine| !pulses(&machine.edges()[before..], GATE).is_empty());
        thread::sleep(Duration::from_secs(1));
        lengths.extend(pulses(&machine.edges()[before..], GATE));
        if lengths.last().is_some_and(exact) {
            break;
        }
    }
    let held = results.iter().all(|result| result == "\"checked_in\"")
        && lengths.len() == results.len()
        && lengths.iter().all(|pulse| *pulse > 0.9 * PULSE)
        && lengths.iter().any(exact);
    row("a face opens the gate", "one pulse of 300 ms ± 10 %", &format!("{results:?} {lengths:.4?}"), held);

    let status = "grep ^Rss /proc/$(systemctl show -p MainPID --value facemchd)/smaps_rollup";
    let resident: u64 =
        words(&machine.run(status).0).split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or(u64::MAX);
    row(
        "resident memory",
        "at most 10240 KiB on armhf",
        &format!("{resident} KiB"),
        arch != "armhf" || resident <= RESIDENT,
    );

    machine.must(&format!("dpkg -i /opt/deb/facemchd_*_{arch}.deb"));
    let seen = machine
        .run(&format!(
            "{version}; systemctl is-active facemchd; facemchd journal list | wc -l; ls /etc/facemchd/keys | wc -l"
        ))
        .0;
    let seen = words(&seen);
    let mut parts = seen.split(' ').skip(4).map(|count| count.parse::<u32>().unwrap_or(0));
    let kept = parts.next() >= Some(2) && parts.next() >= Some(6);
    row(
        "dpkg upgrades",
        "runs on, journal and keys kept",
        &seen,
        seen.starts_with("0.1.0-1 installed enabled active") && kept,
    );
    let damage = machine.run("journalctl -u facemchd --no-pager -o cat | grep -c J504").0;
    row("what the second start found", "no damage", &format!("{damage} x J504"), damage == "0");
    let outcome = visit(&mut lane.terminal, "sid-hil-2");
    row(
        "a face after the upgrade",
        "checked_in or already",
        &outcome["result"].to_string(),
        ["checked_in", "already"].iter().any(|result| outcome["result"] == *result),
    );

    machine.must("rm -rf /etc/systemd/system/facemchd.service.d; systemctl daemon-reload");
    let seen = machine.run("systemd-analyze security --no-pager --offline=true /usr/lib/systemd/system/facemchd.service | tail -1; systemd-analyze verify --man=no facemchd.service && echo verified").0;
    let exposure: f64 = seen
        .split("facemchd.service: ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(10.0);
    row(
        "systemd-analyze security and verify",
        "at most 1.5, verified",
        &seen,
        exposure <= 1.5 && seen.ends_with("verified") && words(&seen).matches("facemchd.service").count() == 1,
    );

    let said = machine.run("journalctl --no-pager -o export").0;
    let told: Vec<&str> = secrets_in(said.as_bytes());
    row(
        "the journal of systemd",
        "nobody's name, no face_sid",
        &format!("{} KiB, {told:?}", said.len() / 1024),
        told.is_empty() && said.contains("facemchd"),
    );

    machine.must("dpkg -r facemchd");
    let left = machine.run("ls -d /etc/facemchd/site.toml /var/lib/facemchd; systemctl is-active facemchd").0;
    let outputs = machine.outputs();
    row(
        "dpkg removes",
        "gate shut, state kept",
        &format!("gate {} {left}", outputs[0]),
        !outputs[0] && words(&left).starts_with("/etc/facemchd/site.toml /var/lib/facemchd"),
    );
    machine.must("dpkg -P facemchd");
    let left = machine.run("ls -d /etc/facemchd /var/lib/facemchd").0;
    row("dpkg purges", "nothing left", &left, left.matches("No such file").count() == 2);
    machine.must("sync");
    machine.power_off();
    let found = secrets_on(&disk);
    row("the disk image", "nobody's name, no face_sid", &format!("{found:?}"), found.is_empty());
    let _ = fs::remove_file(&disk);
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How long each pulse of a line was, seconds.
pub fn pulses(edges: &[Edge], line: u8) -> Vec<f64> {
    let mut pulses = Vec::new();
    let mut up: Option<f64> = None;
    for edge in edges.iter().filter(|edge| edge.line == line) {
        match (edge.high, up) {
            (true, None) => up = Some(edge.at),
            (false, Some(began)) => {
                pulses.push(edge.at - began);
                up = None;
            }
            _ => {}
        }
    }
    pulses
}

fn needles() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("the name in UTF-8", NAME.as_bytes().to_vec()),
        ("the name in GB18030", GB18030.encode(NAME).0.into_owned()),
        ("a face_sid", b"sid-hil-".to_vec()),
        ("an openid", b"\"openid\":\"oOpenid\"".to_vec()),
    ]
}

fn secrets_in(bytes: &[u8]) -> Vec<&'static str> {
    let found = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    needles().into_iter().filter(|(_, needle)| found(needle)).map(|(what, _)| what).collect()
}

/// grep is made for seven hundred megabytes.
fn secrets_on(image: &Path) -> Vec<&'static str> {
    let found = |needle: &[u8]| {
        let mut grep = Command::new("grep");
        grep.env("LC_ALL", "C").args(["-aqF", "-e"]).arg(OsStr::from_bytes(needle)).arg(image);
        grep.status().expect("grep runs").success()
    };
    needles().into_iter().filter(|(_, needle)| found(needle)).map(|(what, _)| what).collect()
}
