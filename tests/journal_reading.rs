//! Reading a journal beside the daemon: from any place on without the rest, and told apart whether there is none, an empty
//! one, a whole one, or what a salvage left. What somebody still has to collect is held, as far as there is room.

use std::{sync::Arc, time::Duration};

use facemchd::{
    store::{self, Correlator, Disk as _, Journal, JournalBounds, Position, Reader, Standing, StoreError},
    words::{Stamp, WallTime},
};

use crate::{
    disk::MemDisk,
    journal_versions::of_version_1,
    power_cut::{correlator, open},
    running::run,
};

const NOW: WallTime = WallTime(1_700_000_000_000);

fn steps(journal: &mut Journal, at: impl Into<Stamp>, count: i64) {
    let at = at.into();
    (0..count).for_each(|step| journal.append_step(at, step).expect("appended"));
    journal.settle().expect("durable");
}

fn proof(disk: &MemDisk) -> store::Proof {
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    store::verify(folder.path()).expect("readable")
}

/// What `journal verify` says and ends with.
fn verify(disk: Option<&MemDisk>, tongue: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    disk.inspect(|disk| disk.copy_to(folder.path()));
    let dir = folder.path().to_str().expect("UTF-8");
    let ran = run(&["journal", "verify", "--state-dir", dir, "--lang", tongue]);
    (ran.status.code(), String::from_utf8_lossy(&ran.stdout).replace(dir, "DIR"))
}

#[test]
fn verify_tells_none_empty_whole_salvaged_and_damaged_apart_in_both_tongues() {
    let (_folder, correlator) = correlator();
    let empty = MemDisk::default();
    drop(open(&empty, &correlator).expect("opens"));
    let whole = MemDisk::default();
    steps(&mut open(&whole, &correlator).expect("opens").0, NOW, 3);
    let damaged = whole.copied();
    damaged.damage("journal-00000001.seg", |bytes| bytes[70] ^= 1);
    let headless = whole.copied();
    headless.lose("journal-00000001.seg");
    for (disk, exit, english, chinese) in [
        (None, 66, "DIR: there is no journal here\n", "DIR：这里没有流水\n"),
        (Some(&empty), 3, "empty: nothing was recorded yet\n", "空：尚无任何流水\n"),
        (Some(&whole), 0, "whole: 3 records in 1 segments, epoch 1\n", "完整：1 段共 3 条流水，第 1 世代\n"),
        (
            Some(&of_version_1()),
            2,
            "salvaged: 17 records in 2 segments, epoch 2; 5 records set aside in 1 files\n",
            "曾抢救：2 段共 17 条流水，第 2 世代；另有 5 条流水保存在 1 个文件中\n",
        ),
        (Some(&damaged), 1, "J501 damaged: 0 records in 1 segments, epoch 1; segment 1 is damaged", "J501 已损坏："),
        (Some(&headless), 1, "J501 damaged: 0 records in 0 segments, epoch 0; the last 3", "J501 已损坏："),
    ] {
        let (code, told) = verify(disk, "en");
        assert!(code == Some(exit) && told.starts_with(english), "{code:?} {told}");
        let (code, told) = verify(disk, "zh");
        assert!(code == Some(exit) && told.starts_with(chinese), "{code:?} {told}");
    }
    let nowhere = run(&["journal", "verify", "--state-dir", "/nowhere/at/all"]);
    assert_eq!(nowhere.status.code(), Some(66), "and none is made");
    let listed = run(&["journal", "list", "--state-dir", "/nowhere/at/all"]);
    assert_eq!(listed.status.code(), Some(66));
}

#[test]
fn what_a_salvage_set_aside_is_counted_to_the_record() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    steps(&mut open(&disk, &correlator).expect("opens").0, NOW, 5000);
    let all = proof(&disk);
    assert!(all.segments == 3 && all.records == 5000, "{all}");
    // In the middle of the second segment: what follows is whole by itself, and set aside with it.
    disk.damage("journal-00000002.seg", |bytes| bytes[131_072] ^= 0x10);
    drop(open(&disk, &correlator).expect("opens"));
    let salvaged = proof(&disk);
    assert_eq!(salvaged.standing(), Standing::Salvaged);
    assert_eq!(salvaged.records + salvaged.set_aside, 5000, "{salvaged}");
    assert_eq!(salvaged.aside, 2);
    // Without what tells where it had got, a journal that lost all its segments is none that was never begun.
    for name in disk.list().expect("listed") {
        if name.ends_with(".seg") || name.ends_with(".mark") {
            disk.lose(&name);
        }
    }
    assert_eq!(proof(&disk).standing(), Standing::Damaged);
}

fn open_within(disk: &MemDisk, correlator: &Arc<Correlator>, max_bytes: u64) -> Journal {
    let settings = JournalBounds { max_age: Duration::from_secs(30 * 86_400), max_bytes };
    let lanes = ["kiosk-1".to_owned()];
    Journal::on(Box::new(disk.clone()), &settings, &lanes, Arc::clone(correlator), &store::State::none(), NOW)
        .expect("opens")
        .0
}

fn places(reader: &mut Reader, most: usize) -> Vec<(u32, u64)> {
    let mut places = Vec::new();
    while places.len() < most
        && let Some(entry) = reader.read().expect("readable")
    {
        places.push((entry.place.epoch, entry.place.seq));
    }
    places
}

#[test]
fn a_reader_begins_at_any_place_and_reads_no_more_than_a_segment_and_the_headers_on_its_way() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let mut journal = open_within(&disk, &correlator, 64 << 20);
    steps(&mut journal, NOW, 100_000);
    let segments = proof(&disk).segments;
    assert!(segments > 40, "{segments}");
    for seq in [0, 1, 49_999, 77_777, 99_999] {
        disk.bytes_read();
        let mut reader = Reader::on(Box::new(disk.clone()), Position { epoch: 1, seq });
        assert_eq!(places(&mut reader, 1), [(1, seq)]);
        let read = disk.bytes_read();
        assert!(read <= 256 * 1024 + 8 * 60 + 4 * 33_000, "{read} bytes to begin at {seq}");
    }
    // It goes over the ends of segments, waits at the end, and goes on with what is written then.
    let mut reader = Reader::on(Box::new(disk.clone()), Position { epoch: 1, seq: 90_000 });
    assert_eq!(places(&mut reader, usize::MAX).len(), 10_000);
    disk.bytes_read();
    assert!(reader.read().expect("readable").is_none());
    assert!(disk.bytes_read() <= 40_000, "waiting costs no segment");
    steps(&mut journal, NOW, 5000);
    assert_eq!(places(&mut reader, usize::MAX).len(), 5000);
}

#[test]
fn a_reader_passes_over_what_is_gone_and_says_where_the_chain_breaks() {
    let (_folder, correlator) = correlator();
    let disk = of_version_1();
    let at = |disk: &MemDisk, epoch, seq| Reader::on(Box::new(disk.clone()), Position { epoch, seq });
    assert_eq!(places(&mut at(&disk, 1, 11), 1), [(2, 9)], "what was set aside is followed by the next epoch");
    assert_eq!(places(&mut at(&disk, 3, 0), 1), []);
    assert_eq!(places(&mut at(&disk, 0, 0), 100).len(), 17);
    drop(open(&disk, &correlator).expect("opens"));
    let disk = MemDisk::default();
    steps(&mut open(&disk, &correlator).expect("opens").0, NOW, 5000);
    for (what, damage) in [
        ("a segment is missing", (|disk| disk.lose("journal-00000002.seg")) as fn(&MemDisk)),
        ("a header is damaged", |disk| disk.damage("journal-00000002.seg", |bytes| bytes[9] ^= 1)),
        ("a record is damaged", |disk| disk.damage("journal-00000001.seg", |bytes| bytes[131_072] ^= 1)),
    ] {
        let disk = disk.copied();
        damage(&disk);
        let mut reader = at(&disk, 1, 0);
        let mut read = 0;
        let end = loop {
            match reader.read() {
                Ok(Some(_)) => read += 1,
                Ok(None) => panic!("{what}: ends after {read} records without a word"),
                Err(error) => break error,
            }
        };
        assert!(read > 500 && matches!(end, StoreError::Damaged { .. }), "{what}: {read} records, then {end}");
    }
}

#[test]
fn what_is_held_outlives_its_age_goes_for_the_journals_size_and_is_counted_then() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let mut journal = open_within(&disk, &correlator, 2 << 20);
    steps(&mut journal, NOW, 5000);
    let held = Position { epoch: 1, seq: 3000 };
    journal.hold(Some(held));
    let later = Stamp { at: WallTime(NOW.0 + 90 * 86_400_000), confirmed: true };
    steps(&mut journal, later, 5000);
    let first = |disk: &MemDisk| places(&mut Reader::on(Box::new(disk.clone()), Position::default()), 1)[0].1;
    let kept = first(&disk);
    assert!(kept > 0 && kept <= 3000, "what is older goes for its age, {kept}");
    assert_eq!(places(&mut Reader::on(Box::new(disk.clone()), held), 1), [(1, 3000)]);
    assert_eq!(journal.fill(later).missed, 0);
    steps(&mut journal, later, 30_000);
    let fill = journal.fill(later);
    assert!(fill.bytes <= fill.max_bytes, "{fill:?}");
    assert_eq!(fill.missed, first(&disk) - 3000, "what went although it was held");
    assert_eq!(fill.records, 40_000 - first(&disk));
    journal.hold(None);
    let later = Stamp { at: WallTime(later.at.0 + 90 * 86_400_000), confirmed: true };
    steps(&mut journal, later, 5000);
    assert!(first(&disk) >= 38_000, "nobody waits for it any more");
}

#[test]
fn what_was_set_aside_goes_with_its_neighbours() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    steps(&mut open_within(&disk, &correlator, 2 << 20), NOW, 5000);
    disk.damage("journal-00000002.seg", |bytes| bytes[131_072] ^= 0x10);
    let mut journal = open_within(&disk, &correlator, 2 << 20);
    assert_eq!(proof(&disk).aside, 2);
    steps(&mut journal, NOW, 30_000);
    let after = proof(&disk);
    assert!(after.aside == 0 && after.is_whole(), "{after}");
}

#[test]
fn what_is_written_after_a_look_is_read_at_the_next_one() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    let mut reader = Reader::on(Box::new(disk.clone()), Position::default());
    for number in 0..50 {
        steps(&mut journal, NOW, 1);
        let read = reader.read().expect("readable").map(|entry| entry.place.seq);
        assert_eq!(read, Some(number), "the bytes behind a record may have been read before the next one was written");
    }
    assert!(reader.read().expect("readable").is_none());
}
