//! A damaged card: what is whole before the damage is kept, the rest is set aside, and somebody is told.

use facemchd::{
    store::{self, Stored},
    words::SessionId,
};
use proptest::prelude::*;

use crate::{
    disk::MemDisk,
    power_cut::{correlator, decided, open, opened, session, sessions_on},
};

/// A journal of `count` visits over several segments.
fn written(count: u32) -> MemDisk {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    for serial in 0..count {
        journal.append(facemchd::words::WallTime(1_700_000_000_000), &opened(serial)).expect("appended");
        let number = format!("A{serial:03}");
        journal.append(facemchd::words::WallTime(1_700_000_000_000), &decided(serial, &number)).expect("appended");
    }
    journal.commit().expect("durable");
    disk
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_byte_costs_at_most_what_follows_it(at in 0..200_000_usize, mask in 1..=255_u8, segment in 1..=3_u32) {
        static WRITTEN: std::sync::LazyLock<MemDisk> = std::sync::LazyLock::new(|| written(2400));
        let disk = WRITTEN.copied();
        let name = format!("journal-{segment:08}.seg");
        let mut hit = false;
        disk.damage(&name, |bytes| {
            hit = bytes.iter().skip(at).any(|byte| *byte != 0);
            bytes[at] ^= mask;
        });
        let (_folder, correlator) = correlator();
        let (journal, recovered) = open(&disk, &correlator).expect("starts all the same");
        drop(journal);
        prop_assert_eq!(recovered.epoch, 2);
        prop_assert!(recovered.salvaged.is_some());
        prop_assert!(hit || segment == 3, "every segment but the last is full");
        let found = sessions_on(&disk);
        let whole: Vec<String> = (0..2400).map(|serial| session(serial).to_string()).collect();
        prop_assert_eq!(&found[..], &whole[..found.len()], "what is kept is what was written, from its beginning");
        let again = open(&disk, &correlator).expect("and again").1;
        prop_assert!(again.salvaged.is_none(), "one damage is salvaged once");
    }
}

#[test]
fn a_segment_that_is_missing_is_seen() {
    let disk = written(2400);
    disk.lose("journal-00000002.seg");
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    let proof = store::verify(folder.path()).expect("readable");
    assert!(!proof.is_whole());
    assert!(proof.to_string().contains("missing"), "{proof}");
}

#[test]
fn an_empty_a_short_and_a_foreign_file_do_not_keep_it_from_starting() {
    for damage in [
        (|bytes: &mut Vec<u8>| bytes.clear()) as fn(&mut Vec<u8>),
        |bytes| bytes.truncate(100),
        |bytes| *bytes = b"#!/bin/sh\n".to_vec(),
    ] {
        let disk = written(10);
        disk.damage("journal-00000001.seg", damage);
        let (_folder, correlator) = correlator();
        let (mut journal, recovered) = open(&disk, &correlator).expect("starts all the same");
        assert!(recovered.salvaged.is_some());
        journal.append(facemchd::words::WallTime(1), &opened(99)).expect("appended");
        journal.commit().expect("durable");
        assert!(sessions_on(&disk).contains(&session(99).to_string()));
    }
}

#[test]
fn the_journal_stays_within_its_bounds_and_keeps_what_is_open() {
    use std::{sync::Arc, time::Duration};
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let settings = store::JournalBounds { max_age: Duration::from_secs(86_400 * 365), max_bytes: 1 << 20 };
    let now = facemchd::words::WallTime(1_700_000_000_000);
    let lanes = ["kiosk-1".to_owned()];
    let on = |disk: &MemDisk| {
        store::Journal::on(
            Box::new(disk.clone()),
            &settings,
            &lanes,
            Arc::clone(&correlator),
            &store::State::none(),
            now,
        )
        .expect("opens")
    };
    let (mut journal, _) = on(&disk);
    let end = |serial| facemchd::kiosk::Record::Closed {
        session: session(serial),
        result: facemchd::kiosk::OutcomeResult::CheckedIn,
        why: None,
        code: None,
    };
    for serial in 0..20_000 {
        journal.append(now, &opened(serial)).expect("appended");
        journal.append(now, &end(serial)).expect("appended");
        if serial % 50 == 0 {
            journal.commit().expect("durable");
        }
    }
    let fill = journal.fill(now);
    assert!(fill.bytes <= fill.max_bytes && fill.is_near(), "{fill:?}");
    let segments = facemchd::store::Disk::list(&disk).expect("listed");
    assert!(segments.len() <= 6, "{segments:?}");
    // A session that stays open holds its segment until it is closed.
    journal.append(now, &opened(30_000)).expect("appended");
    for serial in 40_000..60_000 {
        journal.append(now, &opened(serial)).expect("appended");
        journal.append(now, &end(serial)).expect("appended");
    }
    journal.commit().expect("durable");
    drop(journal);
    let (_, recovered) = on(&disk);
    let open: Vec<SessionId> = recovered.unfinished.iter().map(|left| left.session).collect();
    assert_eq!(open, [session(30_000)]);
}

#[test]
fn what_stands_in_the_journal_names_nobody() {
    use facemchd::{kiosk::Record, words::Private};
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    let now = facemchd::words::WallTime(1);
    let face_sid = facemchd::words::FaceSid::parse("bbaf113f-4171-4332").expect("valid");
    let way = facemchd::words::WayIn::Face(face_sid);
    let id = session(1);
    journal
        .append(now, &Record::Opened { session: id, lane: facemchd::words::LaneId(0), terminal: None, seq: 1, way })
        .expect("appended");
    let person = Some(Private::new("c:1:11010519491231002X".to_owned()));
    journal.append(now, &Record::CheckingIn { session: id, person }).expect("appended");
    journal.commit().expect("durable");
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    for file in std::fs::read_dir(folder.path()).expect("listed").flatten() {
        let text = String::from_utf8_lossy(&std::fs::read(file.path()).expect("read")).into_owned();
        assert!(!text.contains("bbaf113f") && !text.contains("11010519491231002X"));
    }
    let entries = store::entries(folder.path()).expect("readable");
    assert!(entries.iter().any(|entry| matches!(&entry.stored, Stored::CheckingIn { .. })));
}
