//! The built program beside a sandbox of the test's own.

use std::{
    ffi::OsString,
    fs,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use facemchd::sim::{
    site_file::{LANES, SiteFile},
    terminal::Terminal,
};

pub use super::sandbox::Sandbox;

/// A daemon that ends with the test.
pub struct Daemon {
    pub child: Child,
    pub notify: UnixDatagram,
    pub log: PathBuf,
}

/// The built program, or the one that `FACEMCHD_PROGRAM` names: a device build has no sandbox, and its tests neither;
/// `FACEMCHD_RUNNER` runs one that is built for another machine, as in tests/hil/build.
pub fn program() -> Command {
    let built = std::env::var_os("FACEMCHD_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_facemchd").into());
    let mut command = match runner() {
        None => Command::new(built),
        Some(runner) => {
            let mut command = Command::new(runner);
            command.arg(built);
            command
        }
    };
    // Of the environment nothing counts but what a test says.
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "JOURNAL_STREAM", "LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(name);
    }
    command
}

/// Whether another machine's program is run by an emulator.
pub fn is_emulated() -> bool {
    runner().is_some()
}

fn runner() -> Option<OsString> {
    std::env::var_os("FACEMCHD_RUNNER")
}

/// The program, which is refused what it writes and not killed for it: see [`Daemon::may_write`].
pub fn program_of_a_disk_that_fills() -> Command {
    let built = program();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(built.get_program()).args(built.get_args());
    shell
}

pub fn run(arguments: &[&str]) -> Output {
    program().args(arguments).stdin(Stdio::null()).output().expect("runs")
}

impl Sandbox {
    pub fn site(&self) -> &str {
        self.site.to_str().expect("UTF-8")
    }

    pub fn terminal(&self, lane: usize) -> Terminal {
        Terminal::connect(&SiteFile::socket(self.folder.path(), LANES[lane]), Duration::from_secs(12))
            .expect("connected")
    }

    /// Puts a serial port in the place of the first lane's socket; its other end.
    pub fn serial_terminal(&self) -> fs::File {
        let flags = rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY;
        let master = rustix::pty::openpt(flags).expect("a pty");
        rustix::pty::grantpt(&master).expect("granted");
        rustix::pty::unlockpt(&master).expect("unlocked");
        let name = rustix::pty::ptsname(&master, Vec::new()).expect("a name");
        let device = name.to_str().expect("UTF-8");
        self.edit("terminal = \"unix:kiosk-1.sock\"", &format!("terminal = \"serial:{device}:115200\""));
        fs::File::from(master)
    }

    /// Starts the daemon, with a socket in systemd's place and a watchdog of two seconds, and waits until it serves.
    pub fn start(&self) -> Daemon {
        self.start_as(program())
    }

    /// The same by another command, which is given the program's arguments.
    pub fn start_as(&self, command: Command) -> Daemon {
        self.start_with(command, &[])
    }

    /// The same with more arguments behind those.
    pub fn start_with(&self, mut command: Command, more: &[&str]) -> Daemon {
        let socket = self.path("notify.sock");
        let _ = fs::remove_file(&socket);
        let notify = UnixDatagram::bind(&socket).expect("a socket");
        notify.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
        let log = self.path("daemon.log");
        let file = fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let child = command
            .args(["run", "--config", self.site()])
            .args(more)
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", "2000000")
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("starts");
        let daemon = Daemon { child, notify, log };
        assert!(daemon.told().contains("READY=1"), "{}", daemon.log());
        daemon
    }
}

impl Daemon {
    /// The next word to systemd.
    pub fn told(&self) -> String {
        let mut buffer = [0; 512];
        let length = self.notify.recv(&mut buffer).unwrap_or_else(|_| panic!("nothing was told: {}", self.log()));
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Resident memory, KiB.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("readable");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("there");
    }

    /// As on a full disk: what it writes is refused, or is not any more.
    pub fn may_write(&self, may: bool) {
        let limit = rustix::process::Rlimit { current: (!may).then_some(0), maximum: None };
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::prlimit(Some(pid), rustix::process::Resource::Fsize, limit).expect("set");
    }

    /// Pulls the plug.
    pub fn kill(mut self) {
        self.child.kill().expect("there");
        self.child.wait().expect("gone");
    }

    /// Asks it to end, and waits for its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal(rustix::process::Signal::TERM);
        for _ in 0..3000 {
            if let Some(status) = self.child.try_wait().expect("known") {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("does not end: {}", self.log());
    }

    /// Every file below `folder` that holds one of these texts.
    pub fn files_with(folder: &Path, secrets: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("listed").flatten() {
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                    continue;
                }
                let bytes = fs::read(&path).unwrap_or_default();
                for secret in secrets {
                    let needle = secret.as_bytes();
                    if bytes.windows(needle.len()).any(|window| window == needle) {
                        found.push(format!("{} holds {secret}", path.display()));
                    }
                }
            }
        }
        found
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
