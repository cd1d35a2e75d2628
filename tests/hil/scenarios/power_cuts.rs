//! Power cuts: whatever the disk was told last may be lost, nobody who was told a number is.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use facemchd::sim::terminal::Terminal;
use serde_json::Value;

use crate::{
    Table,
    dice::Dice,
    machine::{Machine, Options, PATIENCE, inside},
    site::{Lane, Site, lane, visit},
    write_log,
};

const PEOPLE: usize = 30;
const CUTS: usize = 50;
const BOOTS: usize = 5;

/// Somebody who was told a number, and how much the disk had been told by then.
struct Told {
    session: String,
    number: String,
    by: u64,
}

/// What one cut left.
#[derive(Default)]
struct Left {
    /// Sessions with a number.
    sessions: BTreeSet<String>,
    numbers: Vec<String>,
    whole: bool,
    said: String,
}

pub fn run(table: &mut Table) {
    let folder = table.boot.join("cuts");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("made");
    let base = folder.join("base.img");
    tool(table, &["mke2fs", "-q", "-t", "ext4", &inside(&table.boot, &base), "64M"]);
    fs::copy(&base, folder.join("state.img")).expect("copied");
    fs::write(folder.join("state.log"), b"").expect("written");

    let site = Site::new();
    for index in 0..PEOPLE + CUTS + BOOTS {
        site.expect(&format!("sid-cut-{index}"), &format!("王小{}", ["明", "红", "刚", "丽"][index % 4]));
    }
    let state = r#"{"driver":"blklogwrites","node-name":"state","file":{"driver":"file","filename":"/w/boot/cuts/state.img"},"log":{"driver":"file","filename":"/w/boot/cuts/state.log"}}"#;
    let mut machine = Machine::boot(table, &Options { state: Some(state.to_owned()), ..Options::default() });
    let mut lane = start(&mut machine, &site);
    let log = folder.join("state.log");
    let size = || fs::metadata(&log).expect("there").len();
    let begun = size();
    let mut told = Vec::new();
    for index in 0..PEOPLE {
        let outcome = visit(&mut lane.terminal, &format!("sid-cut-{index}"));
        if let (Some(session), Some(number)) = (outcome["session"].as_str(), outcome["number"].as_str()) {
            told.push(Told { session: session.to_owned(), number: number.to_owned(), by: size() });
        }
    }
    let printed = lane.printer.slips().len();
    machine.pull_the_plug();
    let entries = write_log::read(&log);
    let first = entries.iter().position(|entry| entry.end > begun).unwrap_or(0);
    let seen = format!("{} told, {printed} slips, {} writes", told.len(), entries.len() - first);
    table.row("people served while the disk's writes are kept", &format!("{PEOPLE} told"), &seen, told.len() == PEOPLE);

    let mut dice = Dice::new(0x5EED_0001);
    let (mut known, mut lost, mut doubled, mut broken, mut refused, mut again) = (0, 0, 0, 0, 0, 0);
    let mut booted = Vec::new();
    let mut complaints = String::new();
    for round in 0..CUTS {
        let cut = first + 1 + dice.roll(entries.len() - first - 1);
        let disk = folder.join("cut.img");
        write_log::cut(&base, &entries, cut, &disk, || dice.toss());
        if round % (CUTS / BOOTS) == 0 {
            let kept = folder.join(format!("boot-{}.img", booted.len()));
            fs::copy(&disk, &kept).expect("copied");
            booted.push((kept, entries[cut - 1].end));
        }
        let state = unpack(table, &disk, &folder);
        let left = look(table, &state);
        let before: Vec<_> = told.iter().filter(|told| told.by <= entries[cut - 1].end).collect();
        known += before.len();
        let missing: Vec<_> = before.iter().filter(|told| !left.sessions.contains(&told.session)).collect();
        lost += missing.len();
        doubled += left.numbers.len() - left.numbers.iter().collect::<BTreeSet<_>>().len();
        if !left.whole {
            broken += 1;
            complaints.push_str(&left.said);
        }
        match serve_again(table, &site, &state, &format!("sid-cut-{}", PEOPLE + round)) {
            Some(number) if left.numbers.contains(&number) => again += 1,
            Some(_) => {}
            None => refused += 1,
        }
    }
    let seen = format!("of {known} {lost} lost, {doubled} doubled, {broken} not whole {complaints}");
    table.row(
        &format!("{CUTS} cuts: journals under qemu-user"),
        "all told are there, no number twice",
        &seen,
        known > CUTS && lost + doubled + broken == 0,
    );
    let seen = format!("{refused} not in service, {again} numbers given again");
    table.row(&format!("{CUTS} cuts: the program goes on"), "in service, fresh numbers", &seen, refused + again == 0);

    for (index, (disk, end)) in booted.iter().enumerate() {
        boot_again(table, &site, disk, *end, &told, index);
    }
    let _ = fs::remove_dir_all(&folder);
}

fn start(machine: &mut Machine, site: &Site) -> Lane {
    machine.must(
        "mkdir -p /var/lib/facemchd; mount -t ext4 /dev/vdb /var/lib/facemchd; dpkg -i /opt/deb/facemchd_*_arm64.deb",
    );
    site.commission(machine, "local");
    machine.must("systemctl start facemchd");
    lane(machine)
}

/// A board that finds such a disk.
fn boot_again(table: &mut Table, site: &Site, disk: &Path, end: u64, told: &[Told], index: usize) {
    let state = format!(
        r#"{{"driver":"raw","node-name":"state","file":{{"driver":"file","filename":"{}"}}}}"#,
        inside(&table.boot, disk)
    );
    let mut machine = Machine::boot(table, &Options { state: Some(state), ..Options::default() });
    let mut lane = start(&mut machine, site);
    let outcome = visit(&mut lane.terminal, &format!("sid-cut-{}", PEOPLE + CUTS + index));
    let listed = machine.run("facemchd journal list --json").0;
    let left = sessions(&listed);
    let missing = told.iter().filter(|told| told.by <= end && !left.sessions.contains(&told.session)).count();
    let fresh = outcome["number"].as_str().unwrap_or("");
    let given_before = told.iter().any(|told| told.by <= end && told.number == fresh);
    // Slips that come by themselves are of people before the cut: each says that it may be a second one.
    let silent =
        lane.printer.slips().iter().filter(|slip| !slip.text.contains(fresh) && !slip.text.contains("补打")).count();
    let seen = format!("{} {fresh}, {missing} lost, {silent} slips doubled", outcome["result"]);
    let held = outcome["result"] == "checked_in" && missing == 0 && !given_before && silent == 0;
    table.row(&format!("cut {} booted", index + 1), "in service, all there, fresh number", &seen, held);
    machine.pull_the_plug();
}

/// The state directory of a disk, after its file system has recovered, as the chroot sees it.
fn unpack(table: &Table, disk: &Path, folder: &Path) -> PathBuf {
    let state = folder.join("state");
    let _ = fs::remove_dir_all(&state);
    fs::create_dir_all(&state).expect("made");
    let disk = inside(&table.boot, disk);
    // 1: mended, which is what a mount does.
    let checked = tool(table, &["e2fsck", "-fy", &disk]);
    assert!(checked.status.code().is_some_and(|code| code <= 1), "{}", String::from_utf8_lossy(&checked.stdout));
    let dumped = inside(&table.boot, &state);
    tool(table, &["debugfs", "-R", &format!("rdump / {dumped}"), &disk]);
    // Whose program it was on the board is nobody here.
    tool(table, &["chown", "-R", "0:0", &dumped]);
    state
}

fn look(table: &Table, state: &Path) -> Left {
    let at = inside(&table.boot, state);
    let verified = emulated(table, &["journal", "verify", "--state-dir", &at]).output().expect("runs");
    let listed = emulated(table, &["journal", "list", "--json", "--state-dir", &at]).output().expect("runs");
    let said = String::from_utf8_lossy(&verified.stdout).into_owned() + &String::from_utf8_lossy(&verified.stderr);
    // A disk on which nothing was written yet holds no journal.
    let whole = verified.status.success() || !state.join("journal").exists() && said.contains("No such file");
    Left { whole, said, ..sessions(&String::from_utf8_lossy(&listed.stdout)) }
}

/// The people with a number in a listing.
fn sessions(listing: &str) -> Left {
    let mut left = Left::default();
    for entry in listing.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if let ("decided", Some(number), Some(session)) =
            (entry["kind"].as_str().unwrap_or(""), entry["number"].as_str(), entry["session"].as_str())
        {
            left.numbers.push(number.to_owned());
            left.sessions.insert(session.to_owned());
        }
    }
    left
}

/// Runs the program on that state under qemu-user and lets one more person come: the number.
fn serve_again(table: &Table, site: &Site, state: &Path, face_sid: &str) -> Option<String> {
    let file = site.beside(state, &inside(&table.boot, state));
    let socket = state.join("kiosk-1.sock");
    let _ = fs::remove_file(&socket);
    let _daemon = Ended(
        emulated(table, &["run", "--config", &inside(&table.boot, &file)])
            .stdout(Stdio::null())
            .stderr(fs::File::create(state.join("log")).expect("a log"))
            .spawn()
            .expect("runs"),
    );
    let began = Instant::now();
    while !socket.exists() && began.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(100));
    }
    let mut terminal = Terminal::connect(&socket, PATIENCE).ok()?;
    let outcome = visit(&mut terminal, face_sid);
    outcome["number"].as_str().map(ToOwned::to_owned)
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn emulated(table: &Table, arguments: &[&str]) -> Command {
    let mut command = Command::new("chroot");
    command
        .arg(&table.root)
        .args(["qemu-aarch64-static", "/w/target/aarch64-unknown-linux-gnu/device/facemchd"])
        .args(arguments)
        .stdin(Stdio::null());
    command
}

fn tool(table: &Table, words: &[&str]) -> Output {
    let output = Command::new("chroot").arg(&table.root).args(words).stdin(Stdio::null()).output().expect("runs");
    assert!(
        output.status.code().is_some_and(|code| code <= 1),
        "{words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
