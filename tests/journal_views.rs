//! A start reads what the state knows of the journal, and the journal where it does not: whatever becomes of the state, it
//! finds the same.

use std::{fs, path::Path, process::Stdio, sync::Arc, time::Duration};

use facemchd::{
    fault::Code,
    kiosk::{GateOutcome, OutcomeResult, PrintOutcome, Record, Unfinished},
    store::{self, Correlator, Disk as _, Given, Journal, State},
    words::{JobId, Private, Stamp, Text, WallTime},
};
use proptest::prelude::*;

use crate::{
    dice::Dice,
    disk::MemDisk,
    lookups::clock,
    power_cut::{correlator, opened, session},
    running::{Sandbox, program},
};

const NOW: WallTime = WallTime(1_700_000_000_000);
const HOUR: i64 = 3_600_000;

fn start(disk: &MemDisk, correlator: &Arc<Correlator>, state: &State) -> (Journal, store::Recovered) {
    let settings = store::JournalBounds { max_age: Duration::from_secs(86_400 * 4), max_bytes: 64 << 20 };
    let lanes = ["kiosk-1".to_owned()];
    Journal::on(Box::new(disk.clone()), &settings, &lanes, Arc::clone(correlator), state, NOW).expect("opens")
}

/// Visits as they come: most end, some are left at any point; numbers are given, and times are confirmed or not.
fn visit(journal: &mut Journal, dice: &mut Dice, serial: u32, at: Stamp) {
    let session = session(serial);
    let person = Some(Private::new(format!("p{}", serial % 500)));
    let place = Some(Text::clean(&"三楼内科".repeat(30)));
    let number = Some(Text::clean(&format!("A{serial:03}"))).filter(|_| dice.roll(8) > 0);
    let (result, code) = (OutcomeResult::CheckedIn, None);
    let outcome = if dice.toss() { GateOutcome::Expired } else { GateOutcome::Opened };
    let records = [
        opened(serial),
        Record::CheckingIn { session, person },
        Record::Decided { session, result, code, number, place, visit: Default::default() },
        Record::Gated { session, outcome },
        Record::Printed { job: JobId { session, copy: 0 }, outcome: PrintOutcome::NotPrinted(Code::P701) },
        Record::Closed { session, result, why: None, code },
    ];
    let until = if dice.roll(20) == 0 { dice.roll(records.len()) } else { records.len() };
    for record in &records[..until] {
        journal.append(at, record).expect("appended");
    }
}

/// What a start goes on with.
fn found(recovered: &store::Recovered) -> (&[Unfinished], u32, u32, &[Given]) {
    (&recovered.unfinished, recovered.epoch, recovered.began_with, &recovered.given)
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let there = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &there);
        } else {
            fs::copy(entry.path(), there).expect("copied");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_becomes_of_the_state_a_start_finds_what_the_journal_says(
        rounds in prop::collection::vec((0..6_u8, 0..40_i64, any::<bool>(), any::<bool>()), 3..7),
        seed in any::<u64>(),
    ) {
        let (folder, correlator) = correlator();
        let (now, older) = (folder.path().join("state"), folder.path().join("older"));
        let disk = MemDisk::default();
        let mut dice = Dice::new(seed);
        let (mut serial, mut hours) = (0, 0);
        for (fate, passed, confirmed, torn) in rounds {
            // sled's own threads let go of its lock a little after the last of us.
            if let Ok(db) = fs::File::open(now.join("db")) {
                db.lock().expect("let go");
            }
            let (state, fault) = State::open(folder.path());
            prop_assert!(fault.is_none(), "{:?}", fault);
            let (mut journal, recovered) = start(&disk, &correlator, &state);
            let alone = start(&disk.copied(), &correlator, &State::none()).1;
            prop_assert_eq!(found(&recovered), found(&alone));
            for _ in 0..dice.roll(350) {
                let at = Stamp { at: WallTime(NOW.0 + hours * HOUR), confirmed };
                visit(&mut journal, &mut dice, serial, at);
                serial += 1;
            }
            hours += passed;
            journal.settle().expect("durable");
            drop(journal);
            match fate {
                0 => state.write(vec![("view/00000001".to_owned(), None)]),
                1 => state.write(vec![(format!("given/{:08}", dice.roll(4)), Some(b"\x00\x01\x02\x03[]".to_vec()))]),
                2 => state.write(vec![("view/00000002".to_owned(), Some(b"nonsense".to_vec()))]),
                _ => {}
            }
            drop(state);
            match fate {
                3 => fs::remove_dir_all(&now).expect("removed"),
                // As a power cut may leave it: behind the journal.
                4 if older.exists() => copy(&older, &now),
                _ => copy(&now, &older),
            }
            if torn && dice.roll(3) == 0 {
                let names = disk.list().expect("listed");
                let last = names.iter().rfind(|name| name.starts_with("journal-") && name.ends_with(".seg"));
                let end = disk.read(last.expect("one")).expect("there").iter().rposition(|byte| *byte != 0);
                disk.damage(last.expect("one"), |bytes| bytes[end.expect("records")] ^= 1);
            }
        }
    }
}

/// A journal of so many visits of some 900 bytes, a day of 300 each.
fn written(visits: u32, correlator: &Arc<Correlator>, state: &State) -> MemDisk {
    let disk = MemDisk::default();
    let settings = store::JournalBounds { max_age: Duration::from_secs(86_400 * 4000), max_bytes: 64 << 20 };
    let lanes = ["kiosk-1".to_owned()];
    let (mut journal, _) =
        Journal::on(Box::new(disk.clone()), &settings, &lanes, Arc::clone(correlator), state, NOW).expect("opens");
    let mut dice = Dice::new(1);
    for serial in 0..visits {
        let at = Stamp { at: WallTime(NOW.0 + i64::from(serial / 300) * 24 * HOUR), confirmed: true };
        let session = session(serial);
        visit(&mut journal, &mut dice, serial, at);
        let (result, why, code) = (OutcomeResult::Cancelled, None, None);
        journal.append(at, &Record::Closed { session, result, why, code }).expect("appended");
    }
    journal.settle().expect("durable");
    disk
}

/// Bytes that a start reads of the journal with its state, those of the state, and those it reads without.
fn start_reads(visits: u32) -> [usize; 3] {
    let (folder, correlator) = correlator();
    let state = State::open(folder.path()).0;
    let disk = written(visits, &correlator, &state);
    drop(state);
    let bytes = |entry: fs::DirEntry| entry.metadata().map_or(0, |found| usize::try_from(found.len()).expect("small"));
    let kept = fs::read_dir(folder.path().join("state")).expect("listed").flatten().map(bytes).sum();
    let reads = |state: &State| {
        disk.bytes_read();
        let clock = clock();
        let began = clock.now().moment;
        drop(start(&disk, &correlator, state));
        println!("{:?}", clock.now().moment.since(began));
        disk.bytes_read()
    };
    let without = reads(&State::none());
    let state = State::open(folder.path()).0;
    [reads(&state), kept, without]
}

#[test]
fn a_start_reads_the_last_segment_and_the_headers_of_the_others() {
    let [with, kept, without] = start_reads(4000);
    assert!(without > 16 * 256 * 1024, "{without}");
    assert!(with <= 2 * 256 * 1024, "{with} of {without} bytes");
    assert!(kept <= without / 2, "{kept} bytes of state");
}

#[test]
#[ignore = "prints what a start reads of 64 MiB"]
fn a_full_journal_is_not_read_again() {
    println!("journal with its state, state, journal alone: {:?} bytes", start_reads(62_000));
}

#[test]
fn a_state_that_is_damaged_within_costs_at_most_one_start() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.start().stop(), Some(0));
    let state = State::open(&sandbox.path("state")).0;
    (0..40).for_each(|n| state.put(&format!("view/{n:08}"), &[7; 3000]));
    drop(state);
    let db = sandbox.path("state/state/db");
    let whole = fs::read(&db).expect("there");
    let end = whole.iter().rposition(|byte| *byte != 0).expect("something");
    for at in [20, end / 2, end] {
        let mut damaged = whole.clone();
        damaged[at..].iter_mut().take(64).for_each(|byte| *byte ^= 0x5A);
        fs::write(&db, damaged).expect("written");
        // sled may end the program; systemd starts it again, and by then the state is put aside.
        let mut first =
            program().args(["run", "--config", sandbox.site()]).stderr(Stdio::null()).spawn().expect("runs");
        let socket = sandbox.path("kiosk-1.sock");
        while first.try_wait().expect("known").is_none() && !socket.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = first.kill();
        first.wait().expect("gone");
        let _ = fs::remove_file(socket);
        assert_eq!(sandbox.start().stop(), Some(0), "{at}");
    }
}
