//! No object that we write has two members of one name: readers keep the first, the last, or refuse it.

use std::{collections::BTreeSet, fmt};

use facemchd::{
    kiosk::{GateOutcome, OutcomeResult, PrintOutcome, Record},
    store,
    words::{JobId, LaneId, Private, Stamp, Text, WallTime, WayIn},
};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

use crate::{
    disk::MemDisk,
    power_cut::{correlator, decided, open, session},
    running::{Sandbox, run},
};

/// JSON that is refused where a member stands twice.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, _)) = members.next_entry::<String, Self>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("{name} stands twice")));
            }
        }
        Ok(self)
    }
}

fn is_unique(text: &str) {
    serde_json::from_str::<Unique>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
}

#[test]
fn no_record_of_the_journal_has_a_member_twice() {
    let (_folder, correlator) = correlator();
    let disk = MemDisk::default();
    let (mut journal, _) = open(&disk, &correlator).expect("opens");
    let now = Stamp { at: WallTime(1), confirmed: false };
    let session = session(1);
    let way = WayIn::Voucher(Private::new("v".to_owned()).into());
    let terminal = Some(Text::clean("T-1"));
    let job = JobId { session, copy: 0 };
    let (result, code) = (OutcomeResult::CheckedIn, Some(facemchd::fault::Code::P705));
    for record in [
        Record::Opened { session, lane: LaneId(0), terminal, seq: 7, way },
        Record::CheckingIn { session, person: Some(Private::new("p".to_owned())) },
        decided(1, "A001"),
        Record::Printed { job, outcome: PrintOutcome::NotPrinted(facemchd::fault::Code::P701) },
        Record::Gated { session, outcome: GateOutcome::Unknown },
        Record::Closed { session, result, why: Some(facemchd::kiosk::Refusal::TooLate), code },
    ] {
        journal.append(now, &record).expect("appended");
    }
    journal.append_step(now, 1).expect("appended");
    journal.settle().expect("durable");
    let folder = tempfile::tempdir().expect("a folder");
    disk.copy_to(folder.path());
    let entries = store::entries(folder.path()).expect("readable");
    assert_eq!(entries.len(), 7);
    for entry in entries {
        is_unique(&serde_json::to_string(&entry).expect("JSON"));
    }
}

#[test]
fn no_line_that_the_program_prints_as_json_has_a_member_twice() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.start();
    let mut terminal = sandbox.terminal(0);
    terminal.face("sid-nobody", true).expect("sent");
    terminal.receive_type("outcome").expect("an outcome");
    assert_eq!(daemon.stop(), Some(0));
    for arguments in [&["journal", "list", "--json"][..], &["check", "--json"], &["lookup", "--json", "sid-nobody"]] {
        let (words, rest) = arguments.split_at(if arguments[0] == "journal" { 2 } else { 1 });
        let ran = run(&[words, &["--config", sandbox.site()], rest].concat());
        let told = String::from_utf8_lossy(&ran.stdout).into_owned();
        let mut lines = told.lines().filter(|line| line.starts_with('{')).peekable();
        assert!(lines.peek().is_some(), "{arguments:?}: {told}{}", String::from_utf8_lossy(&ran.stderr));
        lines.for_each(is_unique);
    }
}
