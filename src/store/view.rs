//! What the journal comes to: sessions still open, and the numbers of the last two days. Kept by segment, too, so that a
//! start need not read again what it once read.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    Tag,
    record::{Line, Stored},
    segment::{Hash, Header},
    word::Word,
};
use crate::{
    fault::Code,
    kiosk::{OutcomeResult, Unfinished},
    words::{LaneId, SessionId, Stamp, Text, WallTime},
};

/// A number that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// On which lane.
    pub lane: String,
    /// The time, and whether anybody has confirmed it.
    pub at: Stamp,
    /// In which epoch.
    pub epoch: u32,
    /// The queue number with its series.
    pub number: Text,
    /// To whom.
    pub person: Option<Tag>,
}

/// Numbers older than this matter to nobody.
const REMEMBERED_MS: i64 = 2 * 86_400_000;

/// The most numbers remembered, whatever the clock said of their age.
const MOST_GIVEN: usize = 65_536;

/// A session as the journal tells it, so far.
#[derive(Clone, Serialize, Deserialize)]
struct Open {
    lane: String,
    reached_check_in: bool,
    person: Option<Tag>,
    decided: Option<(Word<OutcomeResult>, Option<Word<Code>>)>,
    to_annul: Option<Word<Code>>,
    gated: bool,
    printed: bool,
    segment: u64,
}

/// Everything read so far.
#[derive(Default)]
pub(super) struct View {
    open: BTreeMap<SessionId, Open>,
    given: VecDeque<Given>,
    /// The numbers given in the segment that is not sealed yet.
    recent: Vec<Given>,
    /// The newest confirmed time.
    newest: Option<i64>,
    /// The epoch of the last number that was forgotten.
    forgotten: Option<u32>,
}

/// A sealed segment, as a start needs it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct SegmentView {
    pub(super) epoch: u32,
    first_seq: u64,
    /// The hash before its first record, hex.
    after: String,
    pub(super) next_seq: u64,
    /// The hash after its last record, hex.
    chain: String,
    /// The time of its newest record, where that is confirmed.
    pub(super) newest: Option<i64>,
    /// The newest confirmed time until its end.
    newest_ever: Option<i64>,
    /// The time of the oldest number given in it that is confirmed.
    pub(super) oldest_given: Option<i64>,
    /// The sessions open at its end.
    open: Vec<(String, Open)>,
}

/// A number given in a sealed segment.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Row {
    lane: String,
    at: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unconfirmed: bool,
    number: String,
    person: Option<Tag>,
}

/// What is remembered of a sealed segment.
pub(super) struct Sealed {
    pub(super) view: SegmentView,
    pub(super) given: Vec<Row>,
}

impl View {
    pub(super) fn take(&mut self, segment: u64, epoch: u32, line: &Line) {
        if !line.unconfirmed {
            self.newest = self.newest.max(Some(line.at));
        }
        let Ok(session) = line.stored.session().parse::<SessionId>() else { return };
        match &line.stored {
            Stored::Opened { lane, .. } => {
                let open = Open {
                    lane: lane.clone(),
                    reached_check_in: false,
                    person: None,
                    decided: None,
                    to_annul: None,
                    gated: false,
                    printed: false,
                    segment,
                };
                self.open.insert(session, open);
            }
            Stored::CheckingIn { .. } => {
                if let Some(open) = self.open.get_mut(&session) {
                    open.reached_check_in = true;
                    open.person = line.stored.person();
                }
            }
            Stored::Decided { result, code, number, .. } => {
                let Some(open) = self.open.get_mut(&session) else { return };
                open.decided = Some((result.clone(), code.clone()));
                if let Some(number) = number {
                    let number = Text::clean(number);
                    let given = Given { lane: open.lane.clone(), at: line.stamp(), epoch, number, person: open.person };
                    self.recent.push(given.clone());
                    self.give(given);
                }
            }
            Stored::Closed { .. } => {
                self.open.remove(&session);
            }
            Stored::Gated { outcome, code, .. } => {
                let Some(open) = self.open.get_mut(&session) else { return };
                if outcome.known().is_some_and(|outcome| outcome.nobody_went_through()) {
                    // Why may be a newer version's word; that nobody went through is not.
                    let code = code.as_ref().and_then(Word::known).unwrap_or(Code::J505);
                    open.to_annul = Some(code.into());
                } else {
                    open.gated = true;
                }
            }
            Stored::Printed { copy: 0, .. } => {
                if let Some(open) = self.open.get_mut(&session) {
                    open.printed = true;
                }
            }
            Stored::Printed { .. }
            | Stored::Settled { .. }
            | Stored::Act(_)
            | Stored::Clock { .. }
            | Stored::Newer { .. } => {}
        }
    }

    /// A number counts from here on.
    pub(super) fn give(&mut self, given: Given) {
        self.given.push_back(given);
        if self.given.len() > MOST_GIVEN {
            self.drop_given(1);
        }
    }

    /// The oldest segment that holds a session still open.
    pub(super) fn oldest_open(&self) -> Option<u64> {
        self.open.values().map(|open| open.segment).min()
    }

    /// The epoch before the first number that is remembered: the very first, where none was forgotten.
    pub(super) fn began_with(&self) -> u32 {
        self.forgotten.unwrap_or(1)
    }

    pub(super) fn unfinished(&self, lanes: &[String]) -> Vec<Unfinished> {
        let unfinished = self.open.iter().map(|(session, open)| Unfinished {
            session: *session,
            lane: lane_id(lanes, &open.lane),
            reached_check_in: open.reached_check_in,
            // The record itself keeps its word; how it was meant, a newer version knows.
            decided: open.decided.as_ref().map(|(result, code)| {
                let result = result.known().unwrap_or(OutcomeResult::Unknown);
                (result, code.as_ref().and_then(Word::known))
            }),
            to_annul: open.to_annul.as_ref().and_then(Word::known),
            gated: open.gated,
            printed: open.printed,
            person: open.person.map(|tag| tag.0),
        });
        unfinished.collect()
    }

    /// The numbers that are remembered; afterwards none is.
    pub(super) fn take_given(&mut self) -> Vec<Given> {
        std::mem::take(&mut self.given).into()
    }

    /// Forgets numbers that were given before one whose confirmed time lies too far back.
    pub(super) fn forget_old(&mut self) {
        let Some(limit) = self.limit() else { return };
        let old = self.given.iter().rposition(|given| given.at.confirmed && given.at.at.0 < limit);
        self.drop_given(old.map_or(0, |last| last + 1));
    }

    fn drop_given(&mut self, count: usize) {
        if let Some(last) = self.given.drain(..count).next_back() {
            self.forgotten = Some(last.epoch);
        }
    }

    /// The segment that ends here is full: what a start needs to know of it, so that it need not be read again, and the
    /// numbers given in it.
    pub(super) fn seal(&mut self, header: &Header, next_seq: u64, chain: &Hash, newest: Option<i64>) -> Sealed {
        let given: Vec<Row> = std::mem::take(&mut self.recent).into_iter().map(Row::from).collect();
        let confirmed = given.iter().filter(|row| !row.unconfirmed);
        let view = SegmentView {
            epoch: header.epoch,
            first_seq: header.first_seq,
            after: hex(&header.chain),
            next_seq,
            chain: hex(chain),
            newest,
            newest_ever: self.newest,
            oldest_given: confirmed.map(|row| row.at).min(),
            open: self.open.iter().map(|(session, open)| (session.to_string(), open.clone())).collect(),
        };
        Sealed { view, given }
    }

    /// Before this time no number is remembered.
    pub(super) fn limit(&self) -> Option<i64> {
        limit(self.newest)
    }

    /// Goes on after a sealed segment as if it and all before it had been read.
    pub(super) fn resume(&mut self, view: &SegmentView) {
        let open = view.open.iter().filter_map(|(session, open)| Some((session.parse().ok()?, open.clone())));
        self.open = open.collect();
        self.newest = view.newest_ever;
    }
}

impl SegmentView {
    /// Whether it tells of the segment with this header, which the other one follows.
    pub(super) fn tells_of(&self, header: &Header, following: &Header) -> bool {
        let Self { epoch, first_seq, after, next_seq, chain, .. } = self;
        (*epoch, *first_seq, after) == (header.epoch, header.first_seq, &hex(&header.chain))
            && (*next_seq, chain) == (following.first_seq, &hex(&following.chain))
    }

    /// Before this time no number is remembered, as of this segment's end.
    pub(super) fn limit(&self) -> Option<i64> {
        limit(self.newest_ever)
    }
}

impl From<Given> for Row {
    fn from(given: Given) -> Self {
        let Given { lane, at, number, person, .. } = given;
        Self { lane, at: at.at.0, unconfirmed: !at.confirmed, number: number.to_string(), person }
    }
}

impl Row {
    pub(super) fn given(self, epoch: u32) -> Given {
        let Self { lane, at, unconfirmed, number, person } = self;
        let at = Stamp { at: WallTime(at), confirmed: !unconfirmed };
        Given { lane, at, epoch, number: Text::clean(&number), person }
    }
}

/// The first of these segments whose numbers may still count: `oldest` has the time of the oldest confirmed number of
/// each. One that is too old takes with it what was given before it.
pub(super) fn first_remembered(
    oldest: impl DoubleEndedIterator<Item = Option<i64>> + ExactSizeIterator,
    limit: Option<i64>,
) -> usize {
    let Some(limit) = limit else { return 0 };
    oldest.enumerate().rev().find(|(_, oldest)| oldest.is_some_and(|at| at < limit)).map_or(0, |(index, _)| index)
}

fn limit(newest: Option<i64>) -> Option<i64> {
    newest.map(|newest| newest.saturating_sub(REMEMBERED_MS))
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lane_id(lanes: &[String], name: &str) -> LaneId {
    // A lane that is gone has no panel to show anything on; any number out of range says so.
    let index = lanes.iter().position(|lane| lane == name);
    LaneId(index.and_then(|index| u16::try_from(index).ok()).unwrap_or(u16::MAX))
}
