//! SIGHUP: what is read again, in whose order, and what waits for a restart.

use std::{fs, thread, time::Duration};

use rustix::process::Signal;

use crate::running::{Daemon, Sandbox};

/// The threads' names; one may end while they are listed.
fn threads(daemon: &Daemon) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", daemon.child.id())).expect("listed").flatten();
    tasks
        .filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect()
}

fn until(daemon: &Daemon, what: &str, right: impl Fn(&str) -> bool) {
    for _ in 0..500 {
        if right(&daemon.log()) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{what}: {}", daemon.log());
}

#[test]
fn a_storm_of_hangups_reads_one_at_a_time_and_the_last_one_wins() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    let mut most = 0;
    for _ in 0..400 {
        daemon.signal(Signal::HUP);
        most = most.max(threads(&daemon).iter().filter(|name| *name == "reload").count());
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(most, 1, "one thread reads, whatever comes");
    sandbox.edit("[privacy]", "[privacy]\nnonsense = 1");
    daemon.signal(Signal::HUP);
    until(&daemon, "the last one", |log| {
        log.trim_end().ends_with("going on as before") || log.contains("not read again")
    });
    // What stood in the file last is what was read last.
    let last = daemon.log().lines().rfind(|line| line.contains("read again")).map(str::to_owned);
    assert!(last.is_some_and(|line| line.contains("not read again")), "{}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_a_hangup_does_not_take_over_is_named() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    daemon.signal(Signal::HUP);
    until(&daemon, "read", |log| log.contains("read again: merchants"));
    assert!(!daemon.log().contains("until a restart"), "{}", daemon.log());
    sandbox.edit("[privacy]", "[privacy]\nwipe-after-ms = 7000");
    sandbox.edit("series = \"A\"", "series = \"Z\"");
    daemon.signal(Signal::HUP);
    until(&daemon, "named", |log| log.contains("until a restart"));
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("until a restart")).expect("a line");
    assert!(line.contains("[privacy]") && line.contains("[[lane]]") && !line.contains("board"), "{line}");
}
