//! The scoreboard: what must never happen, counted from what the devices did, what the site's system decided and what
//! stands in the journal's files, and from nothing that the daemon says of itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use serde::Serialize;
use serde_json::Value;

use super::{devices::LaneTwins, hospital::Hospital, lobby::Counts};
use crate::{files, words::Moment};

/// The count now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Score {
    /// People who came, and of them those who have been told what to do next.
    pub come: usize,
    /// See `come`.
    pub told: usize,
    /// Check-ins that the site's system has and nobody knows of any more.
    pub lost: usize,
    /// Numbers that were printed twice, and people who were let in twice for one visit.
    pub doubled: usize,
    /// Openings of a gate that nobody decided.
    pub opened: usize,
    /// People who left without a word about what to do next, or wait for one when all is over.
    pub left: usize,
    /// What a device did not understand of what it was sent.
    pub complaints: usize,
}

/// The ledgers' keeper.
#[derive(Default)]
pub(crate) struct Scoreboard {
    /// When each of the site's decisions was first seen.
    seen: BTreeMap<String, Moment>,
}

/// A journal has had time to know of a decision after this.
const SETTLES: Duration = Duration::from_secs(90);

/// The most bytes of a segment.
const SEGMENT: usize = 1 << 20;

impl Score {
    /// In words.
    pub(crate) fn told(&self) -> String {
        let Self { come, told, lost, doubled, opened, left, complaints } = self;
        format!(
            "{come} came, {told} were told what to do; lost {lost}, done twice {doubled}, opened without grant {opened}, \
             left without a next step {left}, not understood by a device {complaints}"
        )
    }

    /// Nothing happened that must not.
    pub(crate) fn is_clean(&self) -> bool {
        [self.lost, self.doubled, self.opened, self.left, self.complaints] == [0; 5]
    }
}

impl Scoreboard {
    /// Counts. Decisions that are under way are lost when they have had their time, or `at_rest`, when nothing is under way
    /// any more.
    pub(crate) fn count(
        &mut self,
        now: Moment,
        at_rest: bool,
        hospital: &Hospital,
        lanes: &[(LaneTwins, Counts)],
        state: &Path,
    ) -> Score {
        let mut score = Score::default();
        for (twins, counts) in lanes {
            score.come += counts.come;
            score.told += counts.told;
            score.left += counts.untold(at_rest);
            score.doubled += printed_twice(twins);
            score.complaints += twins.face().misunderstood().len() + twins.printer.complaints().len();
        }
        let admitted = hospital.admitted();
        let sessions: BTreeSet<&str> = admitted.iter().map(|(session, _)| session.as_str()).collect();
        score.doubled += admitted.len() - sessions.len();
        let through = admitted.iter().filter(|(_, number)| number.is_none()).count();
        let opened: usize = lanes.iter().map(|(twins, _)| twins.gate.openings()).sum();
        score.opened = opened.saturating_sub(through);
        let annulled: BTreeSet<String> = hospital.annulled().into_iter().collect();
        let ends = ends(state);
        for session in sessions {
            let since = *self.seen.entry(session.to_owned()).or_insert(now);
            let known = annulled.contains(session)
                || ends.get(session).is_some_and(|end| {
                    matches!(end.as_str(), "checked_in" | "already" | "re_queued" | "unknown" | "annulled")
                });
            let is_due = at_rest || now.since(since) > SETTLES || ends.contains_key(session);
            score.lost += usize::from(!known && is_due);
        }
        score
    }
}

/// Numbers that stand on more than one slip that says of itself neither that it is a copy nor that its holder was here
/// before.
fn printed_twice(twins: &LaneTwins) -> usize {
    let mut numbers = BTreeSet::new();
    let is_number = |line: &&str| {
        let (series, digits) = line.split_at_checked(1).unwrap_or_default();
        series.chars().all(|letter| letter.is_ascii_uppercase())
            && digits.len() == 3
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    twins
        .printer
        .slips()
        .iter()
        .filter(|slip| !slip.text.contains("补打") && !slip.text.contains("已签到"))
        .filter_map(|slip| slip.text.lines().map(str::trim).find(is_number).map(str::to_owned))
        .filter(|number| !numbers.insert(number.clone()))
        .count()
}

/// How each session ended, as it stands in the journal's files, those that were set aside as well.
fn ends(state: &Path) -> BTreeMap<String, String> {
    let mut ends = BTreeMap::new();
    let names = files::list(state).unwrap_or_default();
    for name in names.iter().filter(|name| name.starts_with("journal-") && name.contains(".seg")) {
        let bytes = files::read(&state.join(name), SEGMENT).unwrap_or_default();
        for record in records(&bytes).filter(|record| record["kind"] == "closed") {
            let word = |name: &str| record[name].as_str().unwrap_or("").to_owned();
            ends.insert(word("session"), word("result"));
        }
    }
    ends
}

/// The records' texts, whatever stands between them.
fn records(bytes: &[u8]) -> impl Iterator<Item = Value> {
    const BEGINS: &[u8] = b"{\"";
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            let at = rest.windows(BEGINS.len()).position(|window| window == BEGINS)?;
            rest = &rest[at..];
            let mut read = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
            let record = read.next();
            rest = &rest[read.byte_offset().max(BEGINS.len()).min(rest.len())..];
            if let Some(Ok(record)) = record.filter(|record| record.as_ref().is_ok_and(|record| record["at"].is_i64()))
            {
                return Some(record);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_whatever_stands_between_them() {
        let bytes = b"FMJ1\0\x07{\"at\":1,\"kind\":\"closed\",\"session\":\"a\",\"result\":\"failed\"}\0\0\xFF{\"at\":2,{\"v\":2,\"at\":3}\0";
        let found: Vec<i64> = records(bytes).filter_map(|record| record["at"].as_i64()).collect();
        assert_eq!(found, [1, 3]);
    }
}
