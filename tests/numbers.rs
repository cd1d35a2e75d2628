//! Whatever a clock says and however often the program ends: no number is given twice on one day.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use facemchd::{
    checkin::{CheckIn as _, CheckInSettings, Local, LocalGiven, LocalMemory, Request},
    kiosk::Record,
    store::{self, Correlator, Journal},
    words::{CheckInAnswer, Deadline, FaceSid, Identity, LaneId, Private, Purpose, SessionId, Stamp, WallTime, WayIn},
};
use proptest::prelude::*;

use crate::{
    disk::MemDisk,
    power_cut::{correlator, decided_for},
};

/// The truth begins at a day's first minute in Beijing.
const BEGIN: i64 = 1_699_977_600_000;
const DAY: i64 = 86_400_000;

#[derive(Clone, Debug)]
enum Event {
    /// Somebody comes.
    Comes {
        person: u8,
    },
    /// So much time truly passes, minutes.
    Pass {
        minutes: i64,
    },
    /// The clock is set wrong by so much, minutes; or somebody confirms the time.
    Step {
        minutes: i64,
    },
    Confirm,
    /// The program ends and starts again; the clock is confirmed by nobody then.
    Restart,
    /// The card loses the last records of the journal.
    Damage,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..12_u8).prop_map(|person| Event::Comes { person }),
        3 => (1..1000_i64).prop_map(|minutes| Event::Pass { minutes }),
        2 => (-4000..4000_i64).prop_map(|minutes| Event::Step { minutes }),
        1 => prop_oneof![Just(-28_000_000_i64), Just(600_000)].prop_map(|minutes| Event::Step { minutes }),
        3 => Just(Event::Confirm),
        2 => Just(Event::Restart),
        1 => Just(Event::Damage),
    ]
}

struct Kiosk {
    journal: Journal,
    local: Local,
}

fn start(disk: &MemDisk, correlator: &Arc<Correlator>, now: Stamp) -> Kiosk {
    let settings = store::JournalBounds { max_age: Duration::from_secs(30 * 86_400), max_bytes: 1 << 20 };
    let lanes = ["kiosk-1".to_owned()];
    let (journal, recovered) =
        Journal::on(Box::new(disk.clone()), &settings, &lanes, Arc::clone(correlator), &store::State::none(), now)
            .expect("opens");
    let given = recovered.given.into_iter().map(|given| LocalGiven {
        series: "A".to_owned(),
        at: given.at,
        epoch: given.epoch,
        number: given.number,
        person: given.person.map(|tag| tag.0),
    });
    let memory = LocalMemory { began_with: recovered.began_with, given: given.collect(), epoch: recovered.epoch };
    Kiosk { journal, local: Local::new(CheckInSettings::default(), vec!["A".to_owned()], memory) }
}

impl Kiosk {
    /// Somebody comes; the number, and whether it was theirs already.
    fn serve(&mut self, correlator: &Correlator, session: SessionId, person: u8, at: Stamp) -> (bool, String) {
        let way = WayIn::Face(FaceSid::parse("sid").expect("valid"));
        let person = Private::new(format!("p:{person}"));
        let opened = Record::Opened { session, lane: LaneId(0), terminal: None, seq: 0, way };
        self.journal.append(at, &opened).expect("appended");
        let announced = Record::CheckingIn { session, person: Some(person.clone()) };
        self.journal.append(at, &announced).expect("appended");
        let request = Request {
            session,
            lane: "kiosk-1".to_owned(),
            purpose: Purpose::Hospital,
            series: "A".to_owned(),
            person: Some(correlator.person(&person).0),
            identity: Identity::default(),
            choice: None,
            at,
        };
        let (already, admission) = match self.local.check_in(&request, Deadline::default()) {
            Ok(CheckInAnswer::Admitted(admission)) => (false, admission),
            Ok(CheckInAnswer::Already(admission)) => (true, admission),
            other => panic!("{other:?}"),
        };
        let number = admission.number.expect("a number").to_string();
        self.journal.append(at, &decided_for(session, &number)).expect("appended");
        self.journal.commit().expect("durable");
        (already, number)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_is_given_twice_on_one_day_whatever_the_clock_says(events in prop::collection::vec(event(), 1..120)) {
        let (_folder, correlator) = correlator();
        let disk = MemDisk::default();
        let (mut truth, mut wrong_by, mut confirmed) = (BEGIN, 0, false);
        // What the clock says does not move by a step, until it is confirmed or the program starts again.
        let mut believed = 0;
        let mut kiosk = start(&disk, &correlator, WallTime(truth).into());
        let mut given: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        let mut serial = 0;
        for event in events {
            match event {
                Event::Pass { minutes } => truth += minutes * 60_000,
                Event::Step { minutes } => wrong_by = minutes * 60_000,
                Event::Confirm => (believed, confirmed) = (0, true),
                Event::Restart | Event::Damage => {
                    drop(kiosk);
                    if matches!(event, Event::Damage) {
                        disk.damage("journal-00000001.seg", |bytes| {
                            let end = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default();
                            bytes[end.saturating_sub(400)..].fill(0);
                        });
                    }
                    (believed, confirmed) = (wrong_by, false);
                    kiosk = start(&disk, &correlator, Stamp { at: WallTime(truth + believed), confirmed });
                }
                Event::Comes { person } => {
                    serial += 1;
                    let at = Stamp { at: WallTime(truth + believed), confirmed };
                    let session = SessionId { run: 1, serial };
                    let (already, number) = kiosk.serve(&correlator, session, person, at);
                    let today = (truth - BEGIN).div_euclid(DAY);
                    let numbers = given.entry(today).or_default();
                    prop_assert!(already || numbers.insert(number.clone()), "{} twice on day {}", number, today);
                }
            }
        }
    }
}

#[test]
fn the_day_rolls_over_without_a_restart_and_yesterdays_patients_are_new() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let at = |hours: i64| Stamp::from(WallTime(BEGIN + hours * 3_600_000));
    let mut kiosk = start(&disk, &correlator, at(9));
    let mut serial = 0;
    let mut serve = |kiosk: &mut Kiosk, person, hours| {
        serial += 1;
        kiosk.serve(&correlator, SessionId { run: 1, serial }, person, at(hours))
    };
    assert_eq!(serve(&mut kiosk, 1, 9), (false, "A001".to_owned()));
    assert_eq!(serve(&mut kiosk, 2, 23), (false, "A002".to_owned()));
    assert_eq!(serve(&mut kiosk, 1, 24), (false, "A001".to_owned()));
    assert_eq!(serve(&mut kiosk, 1, 25), (true, "A001".to_owned()));
}
