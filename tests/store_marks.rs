//! A journal that ends too soon, begins too late or is another one is not whole, however well its chain holds: what lies
//! outside it says how far it had got. And no time that nobody confirmed removes anything.

use std::{sync::Arc, time::Duration};

use facemchd::{
    kiosk::{OutcomeResult, Record},
    store::{self, Disk as _, Entry, Journal, Stored},
    words::{Stamp, WallTime},
};
use proptest::prelude::*;

use crate::{
    dice::Dice,
    disk::MemDisk,
    power_cut::{correlator, decided, open, opened, session},
};

const NOW: WallTime = WallTime(1_700_000_000_000);
const DAY: i64 = 86_400_000;

/// A journal of so many visits, each with a number, closed in order.
fn written(visits: u32) -> MemDisk {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    write(&mut journal, 0, visits);
    journal.settle().expect("durable");
    disk
}

fn write(journal: &mut Journal, first: u32, visits: u32) {
    for serial in first..first + visits {
        journal.append(NOW, &opened(serial)).expect("appended");
        journal.append(NOW, &decided(serial, &format!("A{serial:03}"))).expect("appended");
        journal.commit().expect("durable");
    }
}

fn proof(disk: &MemDisk) -> store::Proof {
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    store::verify(folder.path()).expect("readable")
}

/// It is seen by whoever only looks, and a start begins another epoch, once.
fn is_seen(disk: &MemDisk, what: &str) {
    assert!(!proof(disk).is_whole(), "{what}: verify calls it whole");
    let (_folder, correlator) = correlator();
    let (journal, recovered) = open(disk, &correlator).expect("starts all the same");
    drop(journal);
    assert!(recovered.salvaged.is_some() && recovered.epoch == 2, "{what}: {recovered:?}");
    let again = open(disk, &correlator).expect("starts again").1;
    assert!(again.salvaged.is_none() && again.epoch == 2, "{what}: salvaged once");
    assert!(proof(disk).is_whole(), "{what}: {}", proof(disk));
}

/// Where each record of the first segment begins, and where the last ends.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut at = 60;
    let mut ends = vec![at];
    while let Some(length) = bytes.get(at..at + 4).map(|four| u32::from_le_bytes(four.try_into().expect("four"))) {
        if length == 0 {
            break;
        }
        at += 48 + length as usize;
        ends.push(at);
    }
    ends
}

#[test]
fn a_journal_whose_last_records_are_zeroed_or_cut_off_at_their_ends_is_not_whole() {
    let disk = written(20);
    let all = ends(&disk.read("journal-00000001.seg").expect("there"));
    assert_eq!(all.len(), 41);
    for kept in [0, 1, 20, 39] {
        let zeroed = disk.copied();
        zeroed.damage("journal-00000001.seg", |bytes| bytes[all[kept]..].fill(0));
        is_seen(&zeroed, &format!("zeroed after {kept} records"));
        let cut = disk.copied();
        cut.damage("journal-00000001.seg", |bytes| bytes.truncate(all[kept]));
        is_seen(&cut, &format!("cut after {kept} records"));
    }
    let cut = disk.copied();
    cut.damage("journal-00000001.seg", |bytes| bytes.truncate(all[40]));
    is_seen(&cut, "cut where the last record ends");
}

#[test]
fn a_segment_removed_at_either_end_or_put_back_as_it_was_is_seen() {
    let early = written(10);
    let old = early.read("journal-00000001.seg").expect("there");
    let disk = written(2400);
    let names = disk.list().expect("listed");
    let last = names.iter().rfind(|name| name.ends_with(".seg") && name.starts_with("journal")).expect("segments");
    for lost in ["journal-00000001.seg", last.as_str()] {
        let disk = disk.copied();
        disk.lose(lost);
        is_seen(&disk, lost);
    }
    let disk = written(20);
    disk.damage("journal-00000001.seg", |bytes| *bytes = old);
    is_seen(&disk, "an older copy");
}

#[test]
fn an_emptied_journal_and_one_whose_mark_is_gone_are_not_whole() {
    for what in ["emptied", "no mark", "a torn mark", "all but the mark is zeros"] {
        let disk = written(20);
        match what {
            "emptied" => disk.lose("journal-00000001.seg"),
            "no mark" => disk.lose("journal.mark"),
            "a torn mark" => disk.damage("journal.mark", |bytes| bytes.iter_mut().for_each(|byte| *byte ^= 0x55)),
            _ => disk.damage("journal-00000001.seg", |bytes| bytes.fill(0)),
        }
        is_seen(&disk, what);
    }
}

#[test]
fn a_mark_that_lags_accuses_nobody() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    write(&mut journal, 0, 5);
    let mark = disk.read("journal.mark").expect("there");
    write(&mut journal, 5, 1000);
    drop(journal);
    disk.damage("journal.mark", |bytes| *bytes = mark);
    assert!(proof(&disk).is_whole());
    let (_, recovered) = open(&disk, &correlator).expect("starts");
    assert!(recovered.salvaged.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_power_cut_makes_the_mark_lead(cuts in prop::collection::vec(0..200_u64, 1..6), seed in any::<u64>()) {
        let (_folder, correlator) = correlator();
        let mut disk = MemDisk::default();
        let mut dice = Dice::new(seed);
        let mut first = 0;
        for cut in cuts {
            disk.cut_after(cut);
            if let Ok((mut journal, recovered)) = open(&disk, &correlator) {
                // A torn record is damage; records that are missing would be the mark's fault.
                let lost = recovered.salvaged.and_then(|salvage| salvage.lost);
                prop_assert_eq!(lost, None);
                for serial in first..first + 80 {
                    if journal.append(NOW, &opened(serial)).is_err() || journal.commit().is_err() {
                        break;
                    }
                }
                first += 80;
            }
            disk = disk.after_power_cut(|| dice.toss());
        }
    }
}

/// Whole visits at a time, until a segment is begun after `wanted` others.
fn fill_segments(journal: &mut Journal, at: Stamp, serial: &mut u32, visits: u32) {
    for _ in 0..visits {
        journal.append(at, &opened(*serial)).expect("appended");
        let (session, result) = (session(*serial), OutcomeResult::CheckedIn);
        journal.append(at, &Record::Closed { session, result, why: None, code: None }).expect("appended");
        *serial += 1;
    }
    journal.commit().expect("durable");
}

fn segments(disk: &MemDisk) -> usize {
    disk.list().expect("listed").iter().filter(|name| name.starts_with("journal-") && name.ends_with(".seg")).count()
}

#[test]
fn no_clock_that_nobody_confirms_removes_a_record_and_a_confirmed_one_does() {
    let (_folder, correlator) = correlator();
    let settings = store::JournalBounds { max_age: Duration::from_secs(30 * 86_400), max_bytes: 64 << 20 };
    let at = |days: i64, confirmed| Stamp { at: WallTime(NOW.0 + days * DAY), confirmed };
    let disk = MemDisk::default();
    let lanes = ["kiosk-1".to_owned()];
    let (mut journal, _) =
        Journal::on(Box::new(disk.clone()), &settings, &lanes, Arc::clone(&correlator), &store::State::none(), NOW)
            .expect("opens");
    let mut serial = 0;
    // Each round fills more than one segment.
    for (days, confirmed) in [(0, true), (-20_000, false), (400, false), (-20_000, false), (0, true), (1, true)] {
        fill_segments(&mut journal, at(days, confirmed), &mut serial, 800);
    }
    let kept = segments(&disk);
    assert!(kept >= 6, "{kept} segments of six rounds");
    assert_eq!(journal.fill(at(400, false)).age, Duration::ZERO, "nobody confirms that it is old");
    fill_segments(&mut journal, at(40, true), &mut serial, 800);
    assert!(segments(&disk) <= 3, "what is surely older than thirty days has gone: {}", segments(&disk));
    drop(journal);
    assert!(proof(&disk).is_whole(), "{}", proof(&disk));
}

#[test]
fn a_step_of_the_clock_stands_in_the_journal() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    journal.append_step(Stamp { at: NOW, confirmed: false }, -3_600_000).expect("appended");
    journal.commit().expect("durable");
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    let entries = store::entries(folder.path()).expect("readable");
    let Some(Entry { stored: Stored::Clock { stepped_ms: -3_600_000 }, unconfirmed: true, .. }) = entries.first()
    else {
        panic!("{entries:?}");
    };
}
