//! Reading the journal at start: what was left open, which numbers were given, and how far it is whole.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Disk, Place, Tag,
    mark::{Found as FoundMark, Mark},
    record::{Line, Stored},
    segment::{self, Hash, Header, SEGMENT},
    word::{GateEnd, Word},
};
use crate::{
    fault::Code,
    kiosk::{GateOutcome, OutcomeResult, Unfinished},
    words::{LaneId, SessionId, Stamp, Text},
};

/// What a start finds in the journal.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Sessions opened and not closed.
    pub unfinished: Vec<Unfinished>,
    /// Set when damage was found.
    pub salvaged: Option<Salvage>,
    /// The current epoch, from 1.
    pub epoch: u32,
    /// The epoch before the first of `given`: each epoch after it is a salvage, after which the next letter is used.
    pub began_with: u32,
    /// The numbers given in the last two days, in order.
    pub given: Vec<Given>,
}

/// A number that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// To which session.
    pub session: SessionId,
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

/// Damage that was found: everything before it is whole, the rest is kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvage {
    /// The first damaged segment.
    pub segment: u64,
    /// Where in it, bytes.
    pub offset: usize,
    /// The last whole record's sequence number plus one.
    pub next_seq: u64,
    /// What is whole is not all there was.
    pub lost: Option<String>,
}

/// Numbers older than this matter to nobody.
const REMEMBERED_MS: i64 = 2 * 86_400_000;

/// The most numbers remembered, whatever the clock said of their age.
const MOST_GIVEN: usize = 65_536;

/// A session as the journal tells it, so far.
struct Open {
    lane: String,
    reached_check_in: bool,
    person: Option<Tag>,
    decided: Option<(OutcomeResult, Option<Code>)>,
    to_annul: Option<Code>,
    gated: bool,
    printed: bool,
    segment: u64,
}

/// Everything read so far.
#[derive(Default)]
pub(super) struct View {
    open: BTreeMap<SessionId, Open>,
    given: VecDeque<Given>,
    /// The newest confirmed time.
    newest: Option<i64>,
    /// The epoch of the last number that was forgotten.
    forgotten: Option<u32>,
}

/// A whole segment.
pub(super) struct Segment {
    pub(super) number: u64,
    /// Where its first record stands.
    pub(super) begins: Place,
    /// The time of its newest record, where that is confirmed.
    pub(super) newest: Option<i64>,
}

/// Where the whole part of the journal ends.
pub(super) struct Tail {
    /// The whole segments, oldest first.
    pub(super) segments: Vec<Segment>,
    pub(super) epoch: u32,
    pub(super) epoch_began: i64,
    pub(super) offset: usize,
    pub(super) next_seq: u64,
    pub(super) chain: Hash,
    pub(super) damage: Option<Salvage>,
    /// The hash before the record at which the mark stands.
    pub(super) at_mark: Option<Hash>,
}

impl std::fmt::Display for Salvage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { segment, offset, next_seq, lost } = self;
        if let Some(lost) = lost {
            return write!(f, "the journal ends in segment {segment} after {next_seq} records, and {lost}");
        }
        write!(f, "damage in segment {segment} at byte {offset}; {next_seq} records are whole, the rest is kept aside")
    }
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
                // The record itself keeps its word; how it was meant, a newer version knows.
                let result = result.known().unwrap_or(OutcomeResult::Unknown);
                open.decided = Some((result, code.as_ref().and_then(Word::known)));
                if let Some(number) = number {
                    let number = Text::clean(number);
                    let (lane, person) = (open.lane.clone(), open.person);
                    self.given.push_back(Given { session, lane, at: line.stamp(), epoch, number, person });
                    if self.given.len() > MOST_GIVEN {
                        self.drop_given(1);
                    }
                }
            }
            Stored::Closed { .. } => {
                self.open.remove(&session);
            }
            Stored::Gated { outcome, code, .. } => {
                let Some(open) = self.open.get_mut(&session) else { return };
                let shut = outcome.known().is_some_and(GateEnd::nobody_went_through);
                match code.as_ref().and_then(Word::known) {
                    Some(code) if GateOutcome::takes_back(code) => open.to_annul = Some(code),
                    // Why is a newer version's word; that nobody went through is not.
                    None if shut => open.to_annul = Some(Code::J505),
                    _ => open.gated = true,
                }
            }
            Stored::Printed { copy: 0, .. } => {
                if let Some(open) = self.open.get_mut(&session) {
                    open.printed = true;
                }
            }
            Stored::Printed { .. } | Stored::Clock { .. } | Stored::Newer { .. } => {}
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
            decided: open.decided,
            to_annul: open.to_annul,
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
    fn forget_old(&mut self) {
        let Some(limit) = self.newest.map(|newest| newest.saturating_sub(REMEMBERED_MS)) else { return };
        let old = self.given.iter().rposition(|given| given.at.confirmed && given.at.at.0 < limit);
        self.drop_given(old.map_or(0, |last| last + 1));
    }

    fn drop_given(&mut self, count: usize) {
        if let Some(last) = self.given.drain(..count).next_back() {
            self.forgotten = Some(last.epoch);
        }
    }
}

impl Tail {
    /// What the mark says is missing. `first` is the first segment, `begun` tells that there are segments at all.
    pub(super) fn lost(&self, found: FoundMark, first: Option<u64>, begun: bool) -> Option<String> {
        match found {
            FoundMark::At(mark) => mark.misses(first, self.epoch, self.next_seq, self.at_mark),
            FoundMark::Unreadable => Some("how far it had got cannot be read".to_owned()),
            FoundMark::Nothing => begun.then(|| "nothing tells how far it had got".to_owned()),
        }
    }
}

/// Reads every segment in order up to the first damage.
pub(super) fn read(disk: &dyn Disk, view: &mut View, mark: Option<Mark>) -> std::io::Result<Tail> {
    let mut tail = Tail {
        segments: Vec::new(),
        epoch: 1,
        epoch_began: 0,
        offset: 0,
        next_seq: 0,
        chain: [0; 32],
        damage: None,
        at_mark: None,
    };
    let mut length = SEGMENT;
    for number in numbers(&disk.list()?) {
        let bytes = disk.read(&name(number))?;
        let follows = |header: &Header, tail: &Tail| {
            let first = tail.segments.is_empty();
            let next = tail.segments.last().is_some_and(|last| last.number.checked_add(1) == Some(number));
            first || (next && header.first_seq == tail.next_seq && header.chain == tail.chain)
        };
        let Some(header) = Header::decode(&bytes).filter(|header| follows(header, &tail)) else {
            // A spare that was named and never written is no damage: it is all zeros.
            if bytes.iter().any(|byte| *byte != 0) || bytes.is_empty() {
                tail.damage = Some(Salvage { segment: number, offset: 0, next_seq: tail.next_seq, lost: None });
            }
            break;
        };
        tail.epoch = header.epoch;
        tail.epoch_began = header.epoch_began;
        let mut stands = |seq, hash| {
            if mark.is_some_and(|mark| mark.epoch == header.epoch && mark.next_seq == seq) {
                tail.at_mark = Some(hash);
            }
        };
        stands(header.first_seq, header.chain);
        let mut newest = None;
        let end = segment::walk(&bytes, &header, |found| {
            stands(found.seq.saturating_add(1), found.hash);
            let line = Line::read(found.payload);
            newest = (!line.unconfirmed).then_some(line.at);
            view.take(number, header.epoch, &line);
        });
        view.forget_old();
        tail.segments.push(Segment { number, begins: header.begins(), newest });
        tail.offset = end.offset;
        tail.next_seq = end.next_seq;
        tail.chain = end.chain;
        length = bytes.len();
        if end.damaged {
            tail.damage = Some(Salvage { segment: number, offset: end.offset, next_seq: end.next_seq, lost: None });
            break;
        }
    }
    if tail.damage.is_none()
        && length != SEGMENT
        && let Some(last) = tail.segments.last()
    {
        // Cut at the end of a record: segments have their whole length from the first byte on.
        let (segment, offset, next_seq) = (last.number, tail.offset, tail.next_seq);
        tail.damage = Some(Salvage { segment, offset, next_seq, lost: None });
    }
    Ok(tail)
}

/// The highest epoch in the names of segments set aside; 0 where there are none.
pub(super) fn highest_aside(names: &[String]) -> u32 {
    names.iter().filter_map(|name| name.rsplit_once(ASIDE)?.1.parse().ok()).max().unwrap_or(0)
}

/// The segments set aside: their numbers and names, the lowest first.
pub(super) fn aside(names: &[String]) -> Vec<(u64, String)> {
    let number =
        |name: &String| name.rsplit_once(ASIDE)?.0.strip_prefix("journal-")?.strip_suffix(".seg")?.parse().ok();
    let mut aside: Vec<_> = names.iter().filter_map(|name| Some((number(name)?, name.clone()))).collect();
    aside.sort();
    aside
}

/// The highest epoch in the headers of these segments, however little else of them is whole.
pub(super) fn highest_in(disk: &dyn Disk, segments: &[u64]) -> std::io::Result<u32> {
    let mut highest = 0;
    for number in segments {
        let epoch = Header::decode(&disk.read(&name(*number))?).map_or(0, |header| header.epoch);
        highest = highest.max(epoch);
    }
    Ok(highest)
}

/// Stands between the name of a segment set aside and the epoch in which that happened.
pub(super) const ASIDE: &str = ".damaged-";

pub(super) fn name(number: u64) -> String {
    format!("journal-{number:08}.seg")
}

/// The numbers of the segments in a listing, in order.
pub(super) fn numbers(names: &[String]) -> Vec<u64> {
    let mut numbers: Vec<u64> =
        names.iter().filter_map(|name| name.strip_prefix("journal-")?.strip_suffix(".seg")?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}

fn lane_id(lanes: &[String], name: &str) -> LaneId {
    // A lane that is gone has no panel to show anything on; any number out of range says so.
    let index = lanes.iter().position(|lane| lane == name);
    LaneId(index.and_then(|index| u16::try_from(index).ok()).unwrap_or(u16::MAX))
}
