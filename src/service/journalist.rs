//! The store's thread: one group commit for whatever all lanes have recorded meanwhile.

use std::{
    io,
    sync::{Arc, PoisonError, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{Inputs, facts::Facts, failures::Standing, passages::Passages, worker::Worker};
use crate::{
    fault::{Code, Failure},
    kiosk::{Input, Record, RecordTicket},
    store::Journal,
    words::{Clock, Moment},
};

/// A record to be made durable.
pub(super) struct Entry {
    /// Answered when it is durable; none rides along.
    pub(super) ticket: Option<RecordTicket>,
    /// What is to be kept.
    pub(super) record: Kept,
}

/// What is to be kept.
pub(super) enum Kept {
    /// A fact about somebody's visit.
    Visit(Record),
    /// What somebody with an account did.
    #[cfg(feature = "page")]
    Act(crate::store::Act),
    /// What the site's system knows of a decision of ours.
    #[cfg(feature = "hospital")]
    Settled(crate::store::Settled),
}

/// Records nobody waits for are durable at the latest after this.
const LINGER: Duration = Duration::from_millis(500);

/// How often somebody is told that the journal is nearly full.
const WARN_AGAIN: Duration = Duration::from_secs(86_400);

/// What is told where the disk does not take it.
const UNWRITTEN: &str = "records could not be made durable";

/// The most records in one commit.
const GROUP: usize = 64;

pub(super) fn spawn(
    mut journal: Journal,
    passages: Option<&Passages>,
    facts: &Arc<Facts>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Entry>> {
    let (reader, facts) = (Arc::clone(clock), Arc::clone(facts));
    let passages = passages.map(|of| (of.worker.entrance(), Arc::clone(&of.wanted)));
    facts.journal_is(reader.now().moment, journal.fill(reader.stamp()), None);
    Worker::spawn_reading("store", 256, Duration::from_secs(5), clock, move |entries, pulse| {
        let (mut dirty, mut gated) = (false, false);
        let mut warned: Option<Moment> = None;
        let (mut missed, mut standing) = (0, Standing::default());
        let mut clock_stood = reader.now();
        loop {
            let first = if dirty {
                match entries.recv_timeout(LINGER) {
                    Ok(entry) => Some(entry),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            } else {
                match entries.recv() {
                    Ok(entry) => Some(entry),
                    Err(_) => break,
                }
            };
            let looked = reader.now();
            if let Some(stepped_ms) = looked.was_set_since(std::mem::replace(&mut clock_stood, looked)) {
                note_step(&mut journal, &*reader, stepped_ms, &inputs);
            }
            if let Some((_, wanted)) = &passages {
                journal.hold(*wanted.lock().unwrap_or_else(PoisonError::into_inner));
            }
            let written = pulse.working(|| {
                let group = first.into_iter().chain(entries.try_iter().take(GROUP));
                let group =
                    group.inspect(|entry: &Entry| gated |= matches!(entry.record, Kept::Visit(Record::Gated { .. })));
                write_group(&mut journal, &*reader, group, &inputs)
            });
            dirty = matches!(written, Ok(false));
            // What was written proves nothing until it is durable.
            if !dirty {
                inputs.tell_change(UNWRITTEN, None, None, &mut standing, written.as_ref().err());
            }
            if let Some((tell, _)) = &passages
                && !dirty
                && std::mem::take(&mut gated)
            {
                // One that is offered already tells this one, too.
                let _ = tell.offer(());
            }
            let now = reader.now();
            let fill = journal.fill(reader.stamp());
            facts.journal_is(now.moment, fill, written.err().map(|failure| failure.code()));
            if fill.is_near() && warned.is_none_or(|last| now.moment.since(last) >= WARN_AGAIN) {
                warned = Some(now.moment);
                let (bytes, days) = (fill.bytes, fill.age.as_secs() / 86_400);
                let full = Failure::new(Code::J503).told(format!("{bytes} bytes, of {days} days"));
                inputs.tell("the oldest records go soon", None, None, &full);
            }
            if fill.missed > missed {
                let records = fill.missed.saturating_sub(std::mem::replace(&mut missed, fill.missed));
                let full = Failure::new(Code::J503).told(format!("{records} records"));
                inputs.tell("records that were still to be collected have gone", None, None, &full);
            }
        }
        if let Err(error) = journal.settle() {
            inputs.tell("the last records could not be made durable", None, None, &error.into());
        }
    })
}

/// Tells and keeps that the machine's clock was set.
fn note_step(journal: &mut Journal, clock: &dyn Clock, stepped_ms: i64, inputs: &Inputs) {
    let stepped = Failure::new(Code::C108).told(format!("by {stepped_ms} ms"));
    inputs.tell("the clock was set", None, None, &stepped);
    // What cannot be written is told with the record that follows.
    let _ = journal.append_step(clock.stamp(), stepped_ms);
}

/// Appends a group and, if anybody waits for it or nothing new came, commits. Returns whether everything is durable, or
/// why something will not be.
fn write_group(
    journal: &mut Journal,
    clock: &dyn Clock,
    group: impl Iterator<Item = Entry>,
    inputs: &Inputs,
) -> Result<bool, Failure> {
    let mut tickets = Vec::new();
    let mut count = 0;
    let mut failure: Option<Failure> = None;
    for entry in group {
        count += 1;
        let appended = match &entry.record {
            Kept::Visit(record) => journal.append(clock.stamp(), record),
            #[cfg(feature = "page")]
            Kept::Act(act) => journal.append_act(clock.stamp(), act),
            #[cfg(feature = "hospital")]
            Kept::Settled(settled) => journal.append_settled(clock.stamp(), settled),
        };
        if let Err(error) = appended {
            failure = Some(error.into());
        }
        tickets.extend(entry.ticket);
    }
    if tickets.is_empty() && count > 0 {
        return failure.map_or(Ok(false), Err);
    }
    if let Err(error) = journal.commit() {
        failure = Some(error.into());
    }
    for ticket in tickets {
        let input = match &failure {
            None => Input::Recorded { ticket },
            Some(failure) => Input::NotRecorded { ticket, code: failure.code() },
        };
        let _ = inputs.blocking_send(input);
    }
    failure.map_or(Ok(true), Err)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        service::{facts, heard},
        store::{Correlator, JournalBounds, State, StateLock},
        words::{Now, SessionId, WallTime},
    };

    /// A clock that is set.
    struct Set(Mutex<Now>);

    impl Clock for Set {
        fn now(&self) -> Now {
            *self.0.lock().expect("whole")
        }
    }

    /// A journal of a megabyte, and who writes it.
    struct Stand {
        _folder: tempfile::TempDir,
        set: Arc<Set>,
        worker: Option<Worker<Entry>>,
        recorded: tokio::sync::mpsc::Receiver<Input>,
        serial: u32,
    }

    const START: WallTime = WallTime(1_790_000_000_000);

    impl Stand {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let set = Arc::new(Set(Mutex::new(Now { moment: Moment(Duration::from_secs(100)), wall: START })));
            let clock: Arc<dyn Clock> = Arc::clone(&set) as _;
            let bounds = JournalBounds { max_bytes: 1 << 20, ..JournalBounds::default() };
            let lock = StateLock::take(folder.path()).expect("free");
            let correlator = Arc::new(Correlator::open(folder.path()).expect("a key"));
            let lanes = ["kiosk-1".to_owned()];
            let (journal, _) =
                Journal::open(lock, &bounds, &lanes, correlator, &State::none(), clock.stamp()).expect("opens");
            let (way, recorded) = tokio::sync::mpsc::channel(4);
            let inputs = Inputs::new(way, lanes.to_vec());
            let worker = spawn(journal, None, &Arc::new(facts::Facts::default()), &clock, inputs).expect("a thread");
            Self { _folder: folder, set, worker: Some(worker), recorded, serial: 0 }
        }

        fn passes(&self, moment: Duration, wall_ms: i64) {
            let mut now = self.set.0.lock().expect("whole");
            *now = Now { moment: Moment(now.moment.0 + moment), wall: WallTime(now.wall.0 + wall_ms) };
        }

        /// Records until the last of them is durable.
        fn record(&mut self, count: u32) {
            for last in (0..count).rev() {
                self.serial += 1;
                let record = Record::CheckingIn { session: SessionId { run: 1, serial: self.serial }, person: None };
                let ticket = (last % 64 == 0).then_some(RecordTicket(self.serial.into()));
                assert!(
                    self.worker.as_ref().expect("at work").offer(Entry { ticket, record: Kept::Visit(record) }).is_ok()
                );
                if ticket.is_some() {
                    assert!(matches!(self.recorded.blocking_recv(), Some(Input::Recorded { .. })));
                }
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_is_told_with_how_far_and_one_that_is_steered_is_not() {
        heard::listen();
        let mut stand = Stand::new();
        stand.record(1);
        stand.passes(Duration::from_secs(60), 64_000);
        stand.record(1);
        for stepped in [7_654_321, -7_654_321] {
            stand.passes(Duration::from_secs(60), 60_000 + stepped);
            stand.record(1);
            stand.record(1);
        }
        drop(stand.worker.take());
        for told in ["by 7654321 ms", "by -7654321 ms"] {
            let lines = heard::with(told);
            assert!(matches!(&lines[..], [line] if line.contains("code=C108 ")), "{told}: {lines:?}");
        }
        assert!(heard::with("code=C108 ").iter().all(|line| !line.contains("4000 ms")));
    }

    #[test]
    fn a_journal_that_is_nearly_full_is_told_once_a_day() {
        heard::listen();
        let mut stand = Stand::new();
        let near = |lines: &[String]| lines.iter().filter(|line| line.contains("the oldest records go soon")).count();
        while near(&heard::with("code=J503 ")) == 0 {
            assert!(stand.serial < 100_000, "a megabyte is not full yet");
            stand.record(256);
        }
        stand.record(1);
        assert_eq!(near(&heard::with("code=J503 ")), 1, "once");
        stand.passes(WARN_AGAIN, 86_400_000);
        // What had to go may have made room for a while.
        while near(&heard::with("code=J503 ")) == 1 {
            assert!(stand.serial < 200_000, "a megabyte is not full again");
            stand.record(256);
        }
        drop(stand.worker.take());
        assert_eq!(near(&heard::with("code=J503 ")), 2, "and again on the next day");
    }
}
