//! What can be made again keeps nobody waiting: whatever lies in the place of sled's files, the daemon serves, says so, and
//! has put it aside.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::Path,
};

use crate::{
    running::{Daemon, Sandbox},
    support::files::fifo,
};

fn folder(file: &Path) {
    fs::create_dir(file).expect("made");
}

fn device(file: &Path) {
    symlink("/dev/zero", file).expect("linked");
}

fn huge(file: &Path) {
    fs::File::create(file).and_then(|file| file.set_len(200 << 20)).expect("made");
}

fn nonsense(file: &Path) {
    fs::write(file, [0x5A; 70_000]).expect("written");
}

#[test]
fn what_the_state_consists_of_is_the_daemons_alone_whatever_the_umask() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.start().stop(), Some(0));
    for place in ["state/state", "state/state/blobs"] {
        let mode = fs::metadata(sandbox.path(place)).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{place}: {mode:o}");
    }
}

type Make = fn(&Path);

/// In whose place, and what. A FIFO made sled wait for ever, a folder was no state, a device was read without end.
const CASES: &[(&str, Make)] = &[
    ("state", fifo),
    ("state", device),
    ("state", |file| fs::write(file, "").expect("written")),
    ("state/conf", fifo),
    ("state/conf", device),
    ("state/conf", folder),
    ("state/conf", huge),
    ("state/conf", nonsense),
    ("state/db", fifo),
    ("state/db", folder),
    ("state/db", |file| symlink("nowhere", file).expect("linked")),
    ("state/db", |file| drop(UnixListener::bind(file).expect("a socket"))),
    ("state/db", huge),
    ("state/blobs", fifo),
    ("state/blobs/7", fifo),
    ("state/snap.0000000000000001", fifo),
    ("state/none of sled's", device),
    ("state.busy", fifo),
    ("state.busy", folder),
];

fn remove(file: &Path) {
    let _ = fs::remove_file(file).or_else(|_| fs::remove_dir_all(file));
}

#[test]
fn whatever_lies_in_the_place_of_a_file_of_the_state_the_daemon_serves_and_says_that_it_began_afresh() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.start().stop(), Some(0));
    let mut wrong = Vec::new();
    for (place, make) in CASES {
        let file = sandbox.path("state").join(place);
        remove(&file);
        make(&file);
        fs::remove_file(sandbox.path("daemon.log")).expect("removed");
        let daemon: Daemon = sandbox.start();
        let log = daemon.log();
        if daemon.stop() != Some(0) || log.matches("J504").count() != 1 {
            wrong.push(format!("{place}: {log}"));
        }
        let state = sandbox.path("state/state");
        if !state.join("db").is_file() || sandbox.path("state/state.busy").exists() {
            wrong.push(format!("{place}: is no state afterwards"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let aside = fs::read_dir(sandbox.path("state")).expect("listed").flatten();
    let aside = aside.filter(|entry| entry.file_name().to_string_lossy().contains("quarantined"));
    assert_eq!(aside.count(), 3, "and no more is kept than somebody looks at");
}
