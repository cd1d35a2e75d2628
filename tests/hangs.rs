//! A thread that all lanes need stops for good: somebody else must end the program, and is told which thread it was.
//!
//! Ignored: stopping one thread takes what a debugger may do, which not every machine allows everybody. `HANG` names the
//! program that does it, `cc -o target/hang tests/hil/hang.c`.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{
    devices::wait_for,
    failures::FACE,
    running::{Daemon, Sandbox, program},
};

/// A thread that stands still for as long as this lives.
struct Held(Child);

impl Held {
    fn thread(daemon: &Daemon, name: &str) -> Self {
        let hang = std::env::var_os("HANG").expect("HANG names what tests/hil/hang.c was compiled to");
        let pid = daemon.child.id().to_string();
        // A thread takes its name as soon as it has a turn, which may be after the program has said that it is ready.
        let stop = || {
            let mut child = Command::new(&hang).args([&pid, name]).stdout(Stdio::piped()).spawn().expect("runs");
            let mut told = String::new();
            BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut told).expect("read");
            (Self(child), told)
        };
        let (held, told) = wait_for(stop, |(_, told)| told.trim() == "1 stopped");
        assert_eq!(told.trim(), "1 stopped", "{name}: may this user debug the program's processes?");
        held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines of the log that name the fault.
fn told(daemon: &Daemon) -> Vec<String> {
    daemon.log().lines().filter(|line| line.contains("code=X001 ")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs HANG, and the right to stop another process's thread"]
fn the_watchdog_is_called_for_a_thread_that_hangs_and_the_log_names_it_once() {
    for name in ["store", "outputs"] {
        let sandbox = Sandbox::new();
        let daemon = sandbox.start();
        let _held = Held::thread(&daemon, name);
        sandbox.terminal(0).face(FACE, true).expect("sent");
        let calls = |told: &String| told.contains("WATCHDOG=trigger");
        assert!(calls(&wait_for(|| daemon.told(), calls)), "{name}: the watchdog is not called");
        // The line is on its way through another pipe.
        let lines = wait_for(|| told(&daemon), |lines| !lines.is_empty());
        let [line] = &lines[..] else { panic!("{name}: {lines:?}") };
        assert!(line.contains(name) && !daemon.log().contains(FACE), "{line}");
    }
}

#[test]
#[ignore = "needs HANG, and the right to stop another process's thread"]
fn without_a_watchdog_the_program_ends_by_itself_as_one_with_a_fault() {
    let sandbox = Sandbox::new();
    let mut command = Command::new("env");
    command.args(["-u", "WATCHDOG_USEC"]).arg(program().get_program());
    let mut daemon = sandbox.start_as(command);
    let _held = Held::thread(&daemon, "store");
    sandbox.terminal(0).face(FACE, true).expect("sent");
    let ended = wait_for(|| daemon.child.try_wait().expect("known"), Option::is_some);
    assert_eq!(ended.and_then(|status| status.code()), Some(70));
    assert!(daemon.log().contains("X001"), "{}", daemon.log());
}
