//! Whatever the moment of a power cut: what was acknowledged is there, in order, and no number is given twice.

use std::{sync::Arc, time::Duration};

use facemchd::{
    checkin::{CheckIn as _, CheckInSettings, Local, LocalGiven, LocalMemory, Request},
    kiosk::{OutcomeResult, Record},
    store::{self, Correlator, Holder, Journal, JournalBounds, Recovered, StateLock, Stored},
    words::{CheckInAnswer, Deadline, FaceSid, Identity, LaneId, Purpose, SessionId, Text, WallTime, WayIn},
};
use proptest::prelude::*;

use crate::{dice::Dice, disk::MemDisk};

const NOW: WallTime = WallTime(1_700_000_000_000);

pub fn correlator() -> (tempfile::TempDir, Arc<Correlator>) {
    let folder = tempfile::tempdir().expect("a folder");
    let correlator = Correlator::open(folder.path()).expect("a key");
    (folder, Arc::new(correlator))
}

pub fn open(disk: &MemDisk, correlator: &Arc<Correlator>) -> Result<(Journal, Recovered), store::StoreError> {
    let settings = JournalBounds { max_age: Duration::from_secs(86_400 * 30), max_bytes: 64 << 20 };
    Journal::on(
        Box::new(disk.clone()),
        &settings,
        &["kiosk-1".to_owned()],
        Arc::clone(correlator),
        &store::State::none(),
        NOW,
    )
}

pub fn session(serial: u32) -> SessionId {
    SessionId { run: 1, serial }
}

pub fn opened(serial: u32) -> Record {
    let way = WayIn::Face(FaceSid::parse(&format!("sid-{serial}")).expect("valid"));
    Record::Opened { session: session(serial), lane: LaneId(0), terminal: None, seq: u64::from(serial), way }
}

pub fn decided(serial: u32, number: &str) -> Record {
    decided_for(session(serial), number)
}

pub fn decided_for(session: SessionId, number: &str) -> Record {
    Record::Decided {
        session,
        result: OutcomeResult::CheckedIn,
        code: None,
        number: Some(Text::clean(number)),
        place: None,
        visit: Default::default(),
    }
}

/// The sessions of the `opened` records on a disk, in order.
pub fn sessions_on(disk: &MemDisk) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    store::entries(folder.path())
        .expect("readable")
        .into_iter()
        .filter(|entry| matches!(entry.stored, Stored::Opened { .. }))
        .map(|entry| entry.stored.session().to_owned())
        .collect()
}

/// Writes until the power goes; returns the serials that were acknowledged, and the next one.
fn write(journal: &mut Journal, first: u32, groups: &[u8]) -> (Vec<u32>, u32) {
    let mut acknowledged = Vec::new();
    let mut serial = first;
    for group in groups {
        let mut waiting = Vec::new();
        for _ in 0..*group {
            if journal.append(NOW, &opened(serial)).is_err() {
                return (acknowledged, serial);
            }
            waiting.push(serial);
            serial += 1;
        }
        if journal.commit().is_err() {
            return (acknowledged, serial);
        }
        acknowledged.append(&mut waiting);
    }
    (acknowledged, serial)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_survives_cuts_at_any_operation(
        groups in prop::collection::vec(1..60_u8, 20..60),
        cuts in prop::collection::vec(0..160_u64, 1..4),
        seed in any::<u64>(),
    ) {
        let (_folder, correlator) = correlator();
        let mut disk = MemDisk::default();
        let mut dice = Dice::new(seed);
        let mut acknowledged = Vec::new();
        let mut serial = 0;
        for cut in cuts {
            disk.cut_after(cut);
            if let Ok((mut journal, _)) = open(&disk, &correlator) {
                let (safe, next) = write(&mut journal, serial, &groups);
                acknowledged.extend(safe);
                serial = next;
            }
            disk = disk.after_power_cut(|| dice.toss());
        }
        open(&disk, &correlator).expect("it starts again");
        let found = sessions_on(&disk);
        let mut place = found.iter();
        for serial in acknowledged {
            let wanted = session(serial).to_string();
            prop_assert!(place.any(|found| *found == wanted), "{wanted} was acknowledged and is lost");
        }
        let folder = tempfile::tempdir().expect("a folder");
        disk.copy_to(folder.path());
        let proof = store::verify(folder.path()).expect("readable");
        prop_assert!(proof.is_whole(), "{proof}");
    }
}

#[test]
fn a_sync_that_fails_once_is_not_believed_afterwards() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    journal.append(NOW, &opened(1)).expect("appended");
    disk.set_broken(true);
    assert!(journal.commit().is_err());
    disk.set_broken(false);
    journal.append(NOW, &opened(2)).expect("read again and appended");
    journal.commit().expect("durable");
    let disk = disk.after_power_cut(|| false);
    open(&disk, &correlator).expect("starts again");
    assert!(sessions_on(&disk).contains(&session(2).to_string()));
}

#[test]
fn a_second_daemon_is_kept_out_of_the_same_folder() {
    let (folder, correlator) = correlator();
    let settings = JournalBounds { max_age: Duration::from_secs(86_400), max_bytes: 1 << 20 };
    let first = StateLock::take(folder.path()).expect("nobody holds it");
    let second = StateLock::take(folder.path());
    let ours = Some(std::process::id());
    assert!(matches!(second, Err(store::StoreError::InUse { by, .. }) if by == ours), "{second:?}");
    assert_eq!(StateLock::holder(folder.path()).expect("told"), Holder::Process(ours));
    let journal = Journal::open(first, &settings, &[], correlator, &store::State::none(), NOW).expect("opens");
    assert!(StateLock::take(folder.path()).is_err(), "the journal holds it on");
    drop(journal);
    assert_eq!(StateLock::holder(folder.path()).expect("told"), Holder::Nobody);
}

/// Numbers given by `local` over one run, journalled as the daemon does, until the power goes.
fn give_numbers(disk: &MemDisk, correlator: &Arc<Correlator>, run: u64, people: u32) -> Vec<String> {
    let Ok((mut journal, recovered)) = open(disk, correlator) else { return Vec::new() };
    let given = recovered
        .given
        .iter()
        .map(|given| LocalGiven {
            series: "A".to_owned(),
            at: given.at,
            epoch: given.epoch,
            number: given.number.clone(),
            person: given.person.map(|tag| tag.0),
        })
        .collect();
    let memory = LocalMemory { began_with: recovered.began_with, given, epoch: recovered.epoch };
    let local = Local::new(CheckInSettings::default(), vec!["A".to_owned()], memory);
    let mut on_slips = Vec::new();
    for serial in 0..people {
        let session = SessionId { run, serial };
        let way = WayIn::Face(FaceSid::parse("sid").expect("valid"));
        let opened = Record::Opened { session, lane: LaneId(0), terminal: None, seq: 0, way };
        if journal.append(NOW, &opened).is_err() || journal.commit().is_err() {
            break;
        }
        let request = Request {
            session,
            lane: "kiosk-1".to_owned(),
            purpose: Purpose::Hospital,
            series: "A".to_owned(),
            person: None,
            identity: Identity::default(),
            choice: None,
            at: NOW.into(),
        };
        let Ok(CheckInAnswer::Admitted(admission)) = local.check_in(&request, Deadline::default()) else {
            panic!("local admits everybody")
        };
        let number = admission.number.expect("a number");
        let decided = Record::Decided {
            session,
            result: OutcomeResult::CheckedIn,
            code: None,
            number: Some(number.clone()),
            place: None,
            visit: Default::default(),
        };
        if journal.append(NOW, &decided).is_err() || journal.commit().is_err() {
            break;
        }
        // Only now does the person see it.
        on_slips.push(number.to_string());
    }
    on_slips
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_is_given_twice_over_power_cuts_and_damage(
        cuts in prop::collection::vec((0..60_u64, any::<bool>()), 2..5),
        seed in any::<u64>(),
    ) {
        let (_folder, correlator) = correlator();
        let mut disk = MemDisk::default();
        let mut dice = Dice::new(seed);
        let mut given = std::collections::BTreeSet::new();
        for (run, (cut, damage)) in (1..).zip(cuts) {
            disk.cut_after(cut);
            for number in give_numbers(&disk, &correlator, run, 40) {
                prop_assert!(given.insert(number.clone()), "{number} was given twice");
            }
            disk = disk.after_power_cut(|| dice.toss());
            if damage {
                let at: usize = dice.roll(4096);
                disk.damage("journal-00000001.seg", |bytes| bytes[at] ^= 0x10);
            }
        }
    }
}
