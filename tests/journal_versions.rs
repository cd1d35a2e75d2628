//! Journals of other versions: what an older one wrote is read as it is, and what a newer one writes is neither dropped nor
//! taken for damage.

use std::{fs, path::Path, sync::Arc, time::Duration};

use facemchd::{
    fault::Code,
    kiosk::OutcomeResult,
    store::{self, Disk as _, Journal, Stored},
    words::{Stamp, WallTime},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    disk::MemDisk,
    power_cut::{correlator, decided, open, opened, session},
};

const NOW: WallTime = WallTime(1_700_000_000_000);

/// The folder that version 0.1.0 left behind: four visits, a salvage, one more, and a power cut. Zeros at the ends of
/// files are not checked in.
pub fn of_version_1() -> MemDisk {
    let disk = MemDisk::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journal-v1");
    for entry in fs::read_dir(folder).expect("there").flatten() {
        let name = entry.file_name().into_string().expect("UTF-8");
        let mut bytes = fs::read(entry.path()).expect("readable");
        bytes.resize(if name.ends_with(".mark") { 8192 } else { 256 * 1024 }, 0);
        disk.lay(&name, bytes);
    }
    disk
}

#[test]
fn a_journal_of_version_1_is_listed_verified_and_gone_on_with() {
    let disk = of_version_1();
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    let before = store::entries(folder.path()).expect("readable");
    assert_eq!(before.len(), 17);
    assert!(before.iter().all(|entry| entry.version == 1 && !matches!(entry.stored, Stored::Newer { .. })));
    let Stored::Closed { result, why: None, code: Some(code), .. } = &before[7].stored else { panic!("{before:?}") };
    assert_eq!((result.known(), code.known()), (Some(OutcomeResult::Failed), Some(Code::N320)));
    assert!(store::verify(folder.path()).expect("readable").is_whole());
    let (_folder, correlator) = correlator();
    let (mut journal, recovered) = open(&disk, &correlator).expect("opens");
    assert!(recovered.salvaged.is_none() && recovered.epoch == 2, "{recovered:?}");
    let numbers: Vec<String> = recovered.given.iter().map(|given| given.number.to_string()).collect();
    assert_eq!(numbers, ["A001", "A002", "A003"]);
    assert_eq!(recovered.unfinished.len(), 1, "the power was cut in the middle of the last visit");
    journal.append(NOW, &opened(1)).expect("appended");
    journal.settle().expect("durable");
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    let after = store::entries(folder.path()).expect("readable");
    assert_eq!(after.last().map(|entry| (entry.version, entry.place.seq)), Some((5, 17)));
    assert!(store::verify(folder.path()).expect("readable").is_whole());
}

/// Appends records as another version would write them.
fn forge(disk: &MemDisk, segment: &str, payloads: &[Vec<u8>]) {
    disk.damage(segment, |bytes| {
        let (mut at, mut seq) = (60, u64::from_le_bytes(bytes[8..16].try_into().expect("eight")));
        let mut chain: [u8; 32] = bytes[24..56].try_into().expect("a hash");
        loop {
            let length = u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize;
            if length == 0 {
                break;
            }
            chain = bytes[at + 16..at + 48].try_into().expect("a hash");
            at += 48 + length;
            seq += 1;
        }
        for payload in payloads {
            let hash = Sha256::new().chain_update(chain).chain_update(seq.to_le_bytes()).chain_update(payload);
            chain = hash.finalize().into();
            let length = u32::try_from(payload.len()).expect("small").to_le_bytes();
            let covered = [&length[..], &seq.to_le_bytes(), &chain, payload].concat();
            let record = [&length[..], &crc32fast::hash(&covered).to_le_bytes(), &covered[4..]].concat();
            bytes[at..at + record.len()].copy_from_slice(&record);
            at += record.len();
            seq += 1;
        }
    });
}

/// Kinds, members, shapes and words that nobody knows yet.
fn newer() -> Vec<Vec<u8>> {
    let (one, two) = (session(1).to_string(), session(2).to_string());
    let mut lines: Vec<Vec<u8>> = [
        json!({"v": 3, "at": NOW.0, "kind": "greeted", "session": one, "voice": {"clip": 7}}),
        json!({"v": 3, "at": NOW.0, "kind": "decided", "session": one, "result": "waitlisted", "code": "Q001",
               "number": "A002", "floor": 3}),
        json!({"v": 3, "at": NOW.0, "kind": "printed", "session": one, "copy": 0, "outcome": "mailed"}),
        json!({"v": 3, "at": NOW.0, "kind": "gated", "session": two, "outcome": "expired", "code": "G899"}),
        json!({"v": 3, "at": NOW.0, "kind": "closed", "session": one, "result": "waitlisted", "why": "full"}),
        json!({"v": 4, "at": NOW.0, "kind": "checking_in", "session": [two], "person": 5}),
        json!({"v": 4, "at": NOW.0, "kind": "opened"}),
        json!({"kind": "timeless"}),
    ]
    .iter()
    .map(|line| serde_json::to_vec(line).expect("JSON"))
    .collect();
    lines.push(b"\x93\x01\x02\x03".to_vec());
    lines
}

#[test]
fn what_a_newer_version_wrote_is_listed_as_it_stands_is_no_damage_and_ends_no_session_by_mistake() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    for serial in [1, 2, 3] {
        journal.append(NOW, &opened(serial)).expect("appended");
    }
    journal.append(NOW, &decided(2, "A001")).expect("appended");
    journal.settle().expect("durable");
    drop(journal);
    forge(&disk, "journal-00000001.seg", &newer());
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    let entries = store::entries(folder.path()).expect("readable");
    assert_eq!(entries.len(), 4 + newer().len(), "none is dropped");
    let told: Vec<String> = entries.iter().map(|entry| serde_json::to_string(entry).expect("JSON")).collect();
    for (told, wanted) in told[4..].iter().zip([
        r#""voice":{"clip":7}"#,
        r#""floor":3"#,
        r#""outcome":"mailed""#,
        r#""code":"G899""#,
        r#""why":"full""#,
        r#""person":5"#,
        r#""v":4"#,
        r#""kind":"timeless""#,
        r#""payload":"#,
    ]) {
        assert!(told.contains(wanted), "{told} lacks {wanted}");
    }
    let proof = store::verify(folder.path()).expect("readable");
    assert!(proof.is_whole() && proof.records == 13, "{proof}");
    let (mut journal, recovered) = open(&disk, &correlator).expect("starts");
    assert!(recovered.salvaged.is_none() && recovered.epoch == 1);
    let numbers: Vec<String> = recovered.given.iter().map(|given| given.number.to_string()).collect();
    assert_eq!(numbers, ["A001", "A002"], "a number is a number, whatever the result is called");
    let open_now: Vec<_> = recovered.unfinished.iter().map(|left| (left.session, left.to_annul)).collect();
    assert_eq!(open_now, [(session(2), Some(Code::J505)), (session(3), None)]);
    journal.append(NOW, &opened(4)).expect("appended");
    journal.commit().expect("durable");
}

#[test]
fn records_of_a_newer_version_age_like_others() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (journal, _) = open(&disk, &correlator).expect("opens");
    drop(journal);
    let line = |n: u32| json!({"v": 9, "at": NOW.0, "kind": "greeted", "n": n, "fill": "x".repeat(600)});
    let lines: Vec<Vec<u8>> = (0..360).map(|n| serde_json::to_vec(&line(n)).expect("JSON")).collect();
    forge(&disk, "journal-00000001.seg", &lines);
    let settings = store::JournalBounds { max_age: Duration::from_secs(30 * 86_400), max_bytes: 64 << 20 };
    let lanes = ["kiosk-1".to_owned()];
    let (mut journal, recovered) =
        Journal::on(Box::new(disk.clone()), &settings, &lanes, Arc::clone(&correlator), &store::State::none(), NOW)
            .expect("opens");
    assert!(recovered.salvaged.is_none());
    let later = Stamp { at: WallTime(NOW.0 + 31 * 86_400_000), confirmed: true };
    for (now, steps) in [(NOW.into(), 200), (later, 3000)] {
        (0..steps).for_each(|step| journal.append_step(now, step).expect("appended"));
    }
    journal.settle().expect("durable");
    let names = disk.list().expect("listed");
    assert!(!names.contains(&"journal-00000001.seg".to_owned()), "{names:?}");
}
