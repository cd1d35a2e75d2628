//! The store's thread: one group commit for whatever all lanes have recorded meanwhile.

use std::{
    io,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use super::{Inputs, facts::Facts, worker::Worker};
use crate::{
    fault::{Code, Fault as _},
    kiosk::{Input, Record, RecordTicket},
    store::Journal,
    words::{Clock, Moment, Now},
};

/// A record to be made durable.
pub(super) struct Entry {
    /// Answered when it is durable; none rides along.
    pub(super) ticket: Option<RecordTicket>,
    /// What is to be kept.
    pub(super) record: Record,
}

/// Records nobody waits for are durable at the latest after this.
const LINGER: Duration = Duration::from_millis(500);

/// How often somebody is told that the journal is nearly full.
const WARN_AGAIN: Duration = Duration::from_secs(86_400);

/// Less than this is a time server at its work, milliseconds.
const STEP_MS: i64 = 5_000;

/// The most records in one commit.
const GROUP: usize = 64;

pub(super) fn spawn(
    mut journal: Journal,
    facts: &Arc<Facts>,
    clock: &Arc<dyn Clock>,
    inputs: Inputs,
) -> io::Result<Worker<Entry>> {
    let (reader, facts) = (Arc::clone(clock), Arc::clone(facts));
    facts.journal_is(reader.now().moment, journal.fill(reader.stamp()), None);
    Worker::spawn_reading("store", 256, Duration::from_secs(5), clock, move |entries, pulse| {
        let mut dirty = false;
        let mut warned: Option<Moment> = None;
        let mut missed = 0;
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
            note_step(&mut journal, &*reader, std::mem::replace(&mut clock_stood, looked), looked);
            let written = pulse.working(|| {
                let group = first.into_iter().chain(entries.try_iter().take(GROUP));
                write_group(&mut journal, &*reader, group, &inputs)
            });
            dirty = written == Ok(false);
            let now = reader.now();
            let fill = journal.fill(reader.stamp());
            facts.journal_is(now.moment, fill, written.err());
            if fill.is_near() && warned.is_none_or(|last| now.moment.since(last) >= WARN_AGAIN) {
                warned = Some(now.moment);
                let (bytes, days) = (fill.bytes, fill.age.as_secs() / 86_400);
                tracing::warn!(code = %Code::J503, bytes, days, "the oldest records go soon");
            }
            if fill.missed > missed {
                let records = fill.missed.saturating_sub(std::mem::replace(&mut missed, fill.missed));
                tracing::error!(code = %Code::J503, records, "records that were still to be collected have gone");
            }
        }
        if let Err(error) = journal.settle() {
            tracing::error!(code = %error.code(), %error, "the last records could not be made durable");
        }
    })
}

/// The machine's clock was set since the last look, if it and the monotonic one do not agree on how long that was.
fn note_step(journal: &mut Journal, clock: &dyn Clock, before: Now, now: Now) {
    let passed = i64::try_from(now.moment.since(before.moment).as_millis()).unwrap_or(i64::MAX);
    let stepped_ms = now.wall.0.saturating_sub(before.wall.0).saturating_sub(passed);
    if stepped_ms.saturating_abs() < STEP_MS {
        return;
    }
    tracing::warn!(code = %Code::C108, stepped_ms, "the clock was set");
    if let Err(error) = journal.append_step(clock.stamp(), stepped_ms) {
        tracing::error!(code = %error.code(), %error, "a record could not be written");
    }
}

/// Appends a group and, if anybody waits for it or nothing new came, commits. Returns whether everything is durable, or
/// why something will not be.
fn write_group(
    journal: &mut Journal,
    clock: &dyn Clock,
    group: impl Iterator<Item = Entry>,
    inputs: &Inputs,
) -> Result<bool, Code> {
    let mut tickets = Vec::new();
    let mut count = 0;
    let mut failure: Option<Code> = None;
    for entry in group {
        count += 1;
        if let Err(error) = journal.append(clock.stamp(), &entry.record) {
            tracing::error!(code = %error.code(), %error, "a record could not be written");
            failure = Some(error.code());
        }
        tickets.extend(entry.ticket);
    }
    if tickets.is_empty() && count > 0 {
        return failure.map_or(Ok(false), Err);
    }
    if let Err(error) = journal.commit() {
        tracing::error!(code = %error.code(), %error, "records could not be made durable");
        failure = Some(error.code());
    }
    for ticket in tickets {
        let input = match failure {
            None => Input::Recorded { ticket },
            Some(code) => Input::NotRecorded { ticket, code },
        };
        let _ = inputs.blocking_send(input);
    }
    failure.map_or(Ok(true), Err)
}
