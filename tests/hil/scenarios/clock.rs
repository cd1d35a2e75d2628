//! A board without a battery: 1970, ten minutes off in both directions, and a clock that comes right by itself.

use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    Table,
    machine::{Machine, Options},
    site::{Site, terminal, visit},
};

pub fn run(table: &mut Table) {
    let site = Site::new();
    for face_sid in ["sid-clock-1", "sid-clock-2", "sid-clock-3", "sid-clock-4", "sid-clock-5"] {
        site.expect(face_sid, "王小明");
    }
    let mut machine = Machine::boot(table, &Options::default());
    machine.must("dpkg -i /opt/deb/facemchd_*_arm64.deb");
    site.commission(&mut machine, "http");
    set(&mut machine, "@86400");
    let checked = machine.run("facemchd check").0;
    machine.must("systemctl start facemchd");
    let pid = machine.must("systemctl show -p MainPID --value facemchd");
    let mut gate = terminal(&machine, "terminal-2.sock");
    let outcome = visit(&mut gate, "sid-clock-1");
    let logged = machine.run("journalctl -u facemchd --no-pager -o cat | grep -c C105").0;
    let seen = format!("{} {}, log {logged}, check {}", outcome["result"], outcome["code"], checked.contains("C105"));
    let held = outcome["code"] == "C105" && logged != "0" && checked.contains("C105");
    table.row(
        "the clock stands at 1970",
        "C105, nobody is let through",
        &seen,
        held && outcome["result"] != "checked_in",
    );

    for (what, offset) in
        [("comes right", 0), ("is ten minutes fast", 600), ("is ten minutes slow", -600), ("comes right again", 0)]
    {
        set(&mut machine, &format!("@{}", now() + offset));
        // WeChat's last answer is no longer fresh then.
        thread::sleep(Duration::from_secs(7));
        let face_sid = match what {
            "comes right" => "sid-clock-2",
            "is ten minutes fast" => "sid-clock-3",
            "is ten minutes slow" => "sid-clock-4",
            _ => "sid-clock-5",
        };
        let outcome = visit(&mut gate, face_sid);
        let told = machine.run("facemchd check | grep -c C106").0;
        let same = machine.must("systemctl show -p MainPID --value facemchd") == pid;
        let seen = format!("{} {}, C106 {told}, same process {same}", outcome["result"], outcome["code"]);
        let named = (offset == 0) == (told == "0");
        let expected = if offset == 0 { "checked_in, no C106" } else { "checked_in by the offset, C106 told" };
        table.row(&format!("the clock {what}"), expected, &seen, outcome["result"] == "checked_in" && named && same);
    }
    machine.pull_the_plug();
}

fn set(machine: &mut Machine, to: &str) {
    machine.must(&format!("date -u -s {to}"));
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("small")
}
