//! Whoever comes second gives up before it has touched a line, a port or a socket.

use std::fs;

use rustix::process::Signal;

use crate::{
    bench_board,
    devices::wait_for,
    running::{Sandbox, run},
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the kernel says each thread of a process does.
fn states(pid: u32) -> Vec<char> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("there").flatten();
    let state = |stat: String| stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok().and_then(state)).collect()
}

#[test]
fn a_second_daemon_and_a_technician_beside_it_leave_the_first_ones_gate_as_it_is() {
    let sandbox = Sandbox::new();
    let _printer = bench_board::build(&sandbox, &[]);
    let daemon = sandbox.start();
    let (gate, socket) = (sandbox.path("bench/gate"), sandbox.path("gate-1.sock"));
    let inode = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(&socket).expect("a socket"));
    let before = inode();
    // As it stands while the first one has somebody walk through; it would be put back in time.
    daemon.signal(Signal::STOP);
    // Each thread stops when it comes to it.
    wait_for(|| states(daemon.child.id()), |states| states.iter().all(|state| *state == 'T'));
    fs::write(&gate, "1").expect("written");
    let holder = format!("process {}", daemon.child.id());
    for words in [&["run"][..], &["test", "gate", "--lane", "gate-1", "--yes"], &["test", "printer"], &["safe-state"]] {
        let ran = run(&[words, &["--config", sandbox.site()]].concat());
        let told = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(74), "{words:?}: {told}");
        assert!(told.contains("C110") && told.contains(&holder) && told.contains("cure: stop it first"), "{told}");
        assert_eq!(fs::read(&gate).expect("a gate"), b"1", "{words:?} moved the gate's line");
        assert_eq!(inode(), before, "{words:?} took the terminal's socket");
    }
    let checked = run(&["check", "--config", sandbox.site()]);
    let told = text(&checked.stdout);
    assert!(checked.status.success(), "{told}");
    assert!(told.contains("skipped  devices") && told.contains(&holder), "{told}");
    assert_eq!(fs::read(&gate).expect("a gate"), b"1", "check moved the gate's line");
    assert_eq!(inode(), before, "check took the terminal's socket");
    daemon.signal(Signal::CONT);
    assert_eq!(daemon.stop(), Some(0));
    assert!(run(&["safe-state", "--config", sandbox.site()]).status.success(), "nobody holds it now");
    assert_eq!(fs::read(&gate).expect("a gate"), b"0");
}
