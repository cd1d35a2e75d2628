//! `check` is the start's own opening, undone: what `run` refuses, `check` fails, with the same code.

mod absent;
mod elsewhere;
mod secrets;

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        net::UnixListener,
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    bench_board,
    pages::with_page,
    running::{Sandbox, is_emulated, program},
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What has to stay for as long as the fault shall last.
type Held = Box<dyn std::any::Any>;

type Change = fn(&Sandbox);

struct Fault {
    what: &'static str,
    code: &'static str,
    make: fn(&Sandbox) -> Held,
}

fn nothing() -> Held {
    Box::new(())
}

fn mode(file: &Path, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("set");
}

/// Puts a FIFO that nobody writes to in a file's place.
fn fifo(file: &Path) -> Held {
    let _ = fs::remove_file(file);
    crate::support::files::fifo(file);
    nothing()
}

/// Two hundred megabytes of nothing.
fn huge(file: &Path) -> Held {
    let _ = fs::remove_file(file);
    fs::File::create(file).and_then(|file| file.set_len(200 << 20)).expect("made");
    mode(file, 0o600);
    nothing()
}

fn state(sandbox: &Sandbox) -> PathBuf {
    let state = sandbox.path("state");
    if !state.exists() {
        fs::create_dir(&state).expect("made");
        mode(&state, 0o700);
    }
    state
}

fn key(sandbox: &Sandbox, name: &str) -> PathBuf {
    sandbox.path("keys").join(name)
}

/// The bench board, changed so.
fn bench(sandbox: &Sandbox, from: &str, to: &str) -> Held {
    let printer = bench_board::build(sandbox, &[(from, to)]);
    Box::new(printer)
}

/// A lane whose terminal comes over TLS, with the sandbox's own certificates.
fn tls(sandbox: &Sandbox, address: &str) {
    sandbox.edit(
        "terminal = \"unix:gate-1.sock\"",
        &format!("terminal = \"tls:{address}\"\nallow-subjects = [\"CN=terminal\"]"),
    );
    sandbox.edit(
        "[privacy]",
        "[terminals]\ncertificate = \"keys/sign.crt.pem\"\nkey = \"keys/sign.key.pem\"\nca-file = \"keys/ca.pem\"\n\n[privacy]",
    );
}

/// A line of the bench board, as its file has it.
fn line(sandbox: &Sandbox, name: &str) -> String {
    format!("{{ file = \"{}\" }}", sandbox.path("bench").join(name).display())
}

const fn fault(what: &'static str, code: &'static str, make: fn(&Sandbox) -> Held) -> Fault {
    Fault { what, code, make }
}

const FAULTS: &[Fault] = &[
    // In a file's place.
    fault("the sign key is a FIFO", "K401", |s| fifo(&key(s, "sign.key.pem"))),
    fault("the decrypt key is huge", "K401", |s| huge(&key(s, "decrypt.key.pem"))),
    fault("the CA file is a FIFO", "K401", |s| fifo(&key(s, "ca.pem"))),
    fault("the HMAC key is a FIFO", "K401", |s| fifo(&key(s, "checkin.hmac"))),
    fault("the HMAC key is huge", "K401", |s| huge(&key(s, "checkin.hmac"))),
    fault("the HMAC key is empty", "K401", |s| {
        fs::write(key(s, "checkin.hmac"), "\n").expect("written");
        nothing()
    }),
    fault("the HMAC key is a certificate", "K401", |s| {
        fs::copy(key(s, "sign.crt.pem"), key(s, "checkin.hmac")).expect("copied");
        mode(&key(s, "checkin.hmac"), 0o600);
        nothing()
    }),
    fault("WeChat's public key is a folder", "K401", |s| {
        fs::remove_file(key(s, "wechatpay.pub.pem")).expect("removed");
        fs::create_dir(key(s, "wechatpay.pub.pem")).expect("made");
        nothing()
    }),
    fault("the sign key is a device", "K401", |s| {
        s.edit("keys/sign.key.pem", "/dev/zero");
        nothing()
    }),
    fault("the site file is a FIFO", "C101", |s| fifo(&s.path("site.toml"))),
    fault("the site file is huge", "C101", |s| huge(&s.path("site.toml"))),
    fault("the board file is a FIFO", "C102", |s| {
        let held = bench(s, "one-shot = true", "one-shot = true");
        fifo(&s.path("bench.toml"));
        held
    }),
    fault("the printer's profile is a FIFO", "C102", |s| {
        let held = bench(s, "one-shot = true", "one-shot = true");
        fifo(&s.path("printers/epson-80.toml"));
        held
    }),
    fault("the lock is a FIFO", "C103", |s| fifo(&state(s).join("lock"))),
    fault("a segment is a FIFO", "J502", |s| fifo(&state(s).join("journal-00000001.seg"))),
    fault("a segment is huge", "J502", |s| huge(&state(s).join("journal-00000001.seg"))),
    fault("the correlation key is a FIFO", "C103", |s| fifo(&state(s).join("correlation.key"))),
    fault("the correlation key is damaged", "C103", |s| {
        fs::write(state(s).join("correlation.key"), "short").expect("written");
        mode(&state(s).join("correlation.key"), 0o600);
        nothing()
    }),
    fault("the pages' style sheet is not there", "C101", |s| {
        with_page(s);
        fs::remove_file(s.path("own.css")).expect("removed");
        nothing()
    }),
    fault("the pages' style sheet is huge", "C101", |s| {
        with_page(s);
        huge(&s.path("own.css"))
    }),
    fault("another program has the pages' port", "D631", |s| {
        let port = with_page(s);
        Box::new(TcpListener::bind(("127.0.0.1", port)).expect("a port"))
    }),
    fault("a lane's terminal has the pages' port", "D631", |s| {
        let port = with_page(s);
        tls(s, &format!("127.0.0.1:{port}"));
        nothing()
    }),
    fault("the pages are for everybody", "C101", |s| {
        with_page(s);
        s.edit("listen = \"127.0.0.1:", "listen = \"0.0.0.0:");
        nothing()
    }),
    // Who may.
    fault("others may read the HMAC key", "K402", |s| {
        mode(&key(s, "checkin.hmac"), 0o640);
        nothing()
    }),
    fault("others may read the app secret", "K402", |s| {
        mode(&key(s, "weixin.secret"), 0o604);
        nothing()
    }),
    fault("the app secret is a FIFO", "W103", |s| fifo(&key(s, "weixin.secret"))),
    fault("others may change the APIv2 key", "K402", |s| {
        mode(&key(s, "apiv2.key"), 0o620);
        nothing()
    }),
    fault("others may read the correlation key", "K402", |s| {
        fs::write(state(s).join("correlation.key"), [7; 32]).expect("written");
        mode(&state(s).join("correlation.key"), 0o644);
        nothing()
    }),
    fault("others may write into the state directory", "C103", |s| {
        mode(&state(s), 0o777);
        nothing()
    }),
    // Sockets and ports.
    fault("a lane's socket path is too long", "T210", |s| {
        s.edit("unix:gate-1.sock", &format!("unix:{}.sock", "g".repeat(120)));
        nothing()
    }),
    fault("a lane's socket is a folder", "T210", |s| {
        fs::create_dir(s.path("gate-1.sock")).expect("made");
        nothing()
    }),
    fault("somebody else listens on a lane's socket", "T210", |s| {
        Box::new(UnixListener::bind(s.path("gate-1.sock")).expect("a socket"))
    }),
    fault("a lane's socket is the staff's", "T210", |s| {
        state(s);
        s.edit("unix:gate-1.sock", "unix:state/staff.sock");
        nothing()
    }),
    fault("two lanes have one socket, by two names", "T210", |s| {
        fs::create_dir(s.path("there")).expect("made");
        s.edit("unix:gate-1.sock", "unix:there/../kiosk-1.sock");
        nothing()
    }),
    fault("a lane's serial port is a file", "T210", |s| {
        fs::write(s.path("port"), "").expect("written");
        let port = s.path("port").display().to_string();
        s.edit("unix:gate-1.sock", &format!("serial:{port}:115200"));
        nothing()
    }),
    fault("a lane's TLS port is taken", "T210", |s| {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        tls(s, &taken.local_addr().expect("bound").to_string());
        Box::new(taken)
    }),
    fault("a lane's address is not ours", "T210", |s| {
        tls(s, "192.0.2.1:8443");
        nothing()
    }),
    fault("the staff's socket would be too long", "C103", |s| {
        s.edit("state-dir = \"state\"", &format!("state-dir = \"{}\"", "s".repeat(110)));
        nothing()
    }),
    // Devices.
    fault("a font file is not there", "C102", |s| {
        bench(s, "wire = \"file:", "font = \"/nowhere/font.ttf\"\nwire = \"file:")
    }),
    fault("a font file is none", "C102", |s| {
        fs::write(s.path("font.ttf"), "no font at all").expect("written");
        let font = s.path("font.ttf").display().to_string();
        Box::new(bench_board::build(
            s,
            &[("profile = \"epson-80\"", &format!("profile = \"epson-80\"\nfont = \"{font}\""))],
        ))
    }),
];

/// Runs until it ends or serves; it is stopped then.
fn start(sandbox: &Sandbox, as_user: Option<u32>) -> Output {
    let mut command = within(sandbox, &["run"]);
    if let Some(user) = as_user {
        command.uid(user).gid(user);
    }
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("starts");
    #[expect(clippy::disallowed_methods, reason = "a test waits")]
    let since = Instant::now();
    while child.try_wait().expect("known").is_none() && since.elapsed() < Duration::from_secs(20) {
        if sandbox.path("kiosk-1.sock").exists() {
            // It serves, or is about to say why it does not.
            thread::sleep(Duration::from_millis(1500));
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM);
    child.wait_with_output().expect("ends")
}

fn within(sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = program();
    command.args(words).args(["--config", sandbox.site()]).stdin(Stdio::null());
    command
}

/// The codes of the rows that failed.
fn failed(told: &str) -> Vec<String> {
    let code = |line: &str| line.strip_prefix("FAILED")?.split_whitespace().nth(1).map(str::to_owned);
    told.lines().filter_map(code).collect()
}

#[test]
fn for_every_fault_run_refuses_and_check_fails_with_the_same_code() {
    let mut wrong = Vec::new();
    for Fault { what, code, make } in FAULTS.iter().chain(elsewhere::FAULTS) {
        let sandbox = Sandbox::new();
        let held = make(&sandbox);
        let checked = within(&sandbox, &["check"]).output().expect("runs");
        let told = failed(&text(&checked.stdout));
        if checked.status.code() != Some(1) || !told.iter().any(|found| found == code) {
            wrong.push(format!("{what}: check says {told:?}, not {code}"));
        }
        let ran = start(&sandbox, None);
        let log = text(&ran.stderr);
        let refused = log.lines().any(|line| line.starts_with(code));
        if ran.status.success() || !refused {
            wrong.push(format!("{what}: run ends {:?} and says {log}", ran.status.code()));
        }
        drop(held);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_run_serves_with_check_passes() {
    let good: &[(&str, Change)] = &[
        ("as it is", |_| {}),
        ("line ends of Windows", |s| {
            let secret = fs::read_to_string(key(s, "weixin.secret")).expect("readable");
            fs::write(key(s, "weixin.secret"), format!("{}\r\n", secret.trim_end())).expect("written");
        }),
        ("a page in place of the panel", |s| assert!(with_page(s) > 0)),
        ("a left-over socket", |s| drop(UnixListener::bind(s.path("gate-1.sock")).expect("a socket"))),
        ("keys that nobody may write", |s| mode(&key(s, "sign.key.pem"), 0o400)),
        ("root's own state directory, entered by others", |s| mode(&state(s), 0o755)),
    ];
    for (what, make) in good {
        let sandbox = Sandbox::new();
        make(&sandbox);
        let checked = within(&sandbox, &["check"]).output().expect("runs");
        assert!(checked.status.success(), "{what}: {}", text(&checked.stdout));
        let ran = start(&sandbox, None);
        assert!(ran.status.success(), "{what}: {}", text(&ran.stderr));
    }
}

#[test]
fn a_file_in_the_place_of_a_lanes_socket_is_left_as_it_is_at_the_start_and_at_the_end() {
    let sandbox = Sandbox::new();
    let place = sandbox.path("gate-1.sock");
    let is_mine = || fs::read(&place).is_ok_and(|bytes| bytes == b"mine");
    fs::write(&place, "mine").expect("written");
    let checked = within(&sandbox, &["check"]).output().expect("runs");
    assert_eq!(failed(&text(&checked.stdout)), ["T210"]);
    assert!(!start(&sandbox, None).status.success() && is_mine());
    fs::remove_file(&place).expect("removed");
    let daemon = sandbox.start();
    fs::remove_file(&place).expect("removed");
    fs::write(&place, "mine").expect("written");
    assert_eq!(daemon.stop(), Some(0));
    assert!(is_mine());
}

#[test]
fn a_site_file_named_from_within_its_folder_is_checked_like_any_other() {
    let sandbox = Sandbox::new();
    let checked = program().args(["check", "--config", "site.toml"]).current_dir(sandbox.folder.path()).output();
    let checked = checked.expect("runs");
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[test]
fn check_leaves_everything_as_it_found_it() {
    let sandbox = Sandbox::new();
    let printer = bench_board::build(&sandbox, &[]);
    let before = listing(sandbox.folder.path());
    let checked = within(&sandbox, &["check"]).output().expect("runs");
    assert!(checked.status.success(), "{}", text(&checked.stdout));
    assert_eq!(listing(sandbox.folder.path()), before);
    drop(printer);
    // The same with a folder of the bench that is yet to be made: the start makes it, and check does not.
    let sandbox = Sandbox::new();
    let _printer = bench_board::build(&sandbox, &[("bench/gate\"", "bench/deep/er/gate\"")]);
    let before = listing(sandbox.folder.path());
    within(&sandbox, &["check"]).output().expect("runs");
    assert_eq!(listing(sandbox.folder.path()), before);
    let daemon = sandbox.start();
    assert_eq!(fs::read(sandbox.path("bench/deep/er/gate")).expect("made at the start"), b"0");
    drop(daemon);
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("listed").flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// `nobody`: the daemon's user, where root plays the technician.
const DAEMON: u32 = 65534;

#[test]
fn root_judges_for_the_daemons_user_and_leaves_nothing_of_its_own_behind() {
    if !rustix::process::geteuid().is_root() || is_emulated() {
        eprintln!("left out: only root can act as somebody else");
        return;
    }
    let everything_is_theirs = |sandbox: &Sandbox| {
        chown(sandbox.folder.path(), Some(DAEMON), Some(DAEMON)).expect("given");
        for path in listing(sandbox.folder.path()) {
            chown(path, Some(DAEMON), Some(DAEMON)).expect("given");
        }
    };
    let check = |sandbox: &Sandbox| {
        let ran = within(sandbox, &["check", "--user", &DAEMON.to_string()]).output().expect("runs");
        (ran.status.code(), text(&ran.stdout) + &text(&ran.stderr))
    };
    let faults: &[(&str, &str, Change)] = &[
        ("a key of root's", "K401", |s| chown(key(s, "sign.key.pem"), Some(0), Some(0)).expect("given")),
        ("a site file of root's", "C101", |s| {
            chown(s.path("site.toml"), Some(0), Some(0)).expect("given");
            mode(&s.path("site.toml"), 0o600);
        }),
        ("a state directory of root's", "C103", |s| chown(state(s), Some(0), Some(0)).expect("given")),
        ("a segment that is root's, from a run by hand", "J502", |s| {
            start(s, Some(DAEMON));
            let segment = state(s).join("journal-00000001.seg");
            chown(&segment, Some(0), Some(0)).expect("given");
            mode(&segment, 0o644);
        }),
        ("a mark that is root's", "J502", |s| {
            start(s, Some(DAEMON));
            chown(state(s).join("journal.mark"), Some(0), Some(0)).expect("given");
            mode(&state(s).join("journal.mark"), 0o644);
        }),
        ("a lock of root's", "C103", |s| {
            fs::write(state(s).join("lock"), "").expect("written");
            mode(&state(s).join("lock"), 0o644);
        }),
        ("somebody's key", "K402", |s| {
            chown(key(s, "checkin.hmac"), Some(12345), Some(DAEMON)).expect("given");
            // Readable, and not by its owner alone.
            mode(&key(s, "checkin.hmac"), 0o640);
        }),
    ];
    for (what, code, make) in faults {
        let sandbox = Sandbox::new();
        state(&sandbox);
        everything_is_theirs(&sandbox);
        make(&sandbox);
        let (status, told) = check(&sandbox);
        assert!(status == Some(1) && failed(&told).iter().any(|found| found == code), "{what}: {told}");
        let ran = start(&sandbox, Some(DAEMON));
        let log = text(&ran.stderr);
        assert!(!ran.status.success() && log.lines().any(|line| line.starts_with(code)), "{what}: {log}");
    }
    let sandbox = Sandbox::new();
    let _printer = bench_board::build(&sandbox, &[]);
    everything_is_theirs(&sandbox);
    let (status, told) = check(&sandbox);
    assert!(status == Some(0) && told.contains("judged for nobody"), "{told}");
    let tested = within(&sandbox, &["test", "gate", "--lane", "gate-1", "--yes", "--user", &DAEMON.to_string()]);
    let tested = { tested }.output().expect("runs");
    assert!(tested.status.success(), "{}{}", text(&tested.stdout), text(&tested.stderr));
    let owner = |path: &Path| std::os::unix::fs::MetadataExt::uid(&fs::symlink_metadata(path).expect("there"));
    let roots: Vec<_> = listing(sandbox.folder.path()).into_iter().filter(|path| owner(path) == 0).collect();
    assert!(roots.is_empty(), "root's: {roots:?}");
}
