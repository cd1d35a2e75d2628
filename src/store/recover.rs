//! Reading the journal at start: what was left open, which numbers were given, and how far it is whole.

use std::collections::BTreeMap;

use super::{
    Disk, Tag,
    record::{Line, Stored},
    segment::{self, Hash, Header},
};
use crate::{
    fault::Code,
    kiosk::{OutcomeResult, Unfinished},
    words::{LaneId, SessionId, Text, WallTime},
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
    /// When each epoch after the first began: after each, the next series letter is used.
    pub salvages: Vec<WallTime>,
    /// The numbers given in the last two days.
    pub given: Vec<Given>,
}

/// A number that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// To which session.
    pub session: SessionId,
    /// On which lane.
    pub lane: String,
    /// When.
    pub at: WallTime,
    /// Which.
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
}

/// Numbers older than this matter to nobody.
const REMEMBERED_MS: i64 = 2 * 86_400_000;

/// A session as the journal tells it, so far.
struct Open {
    lane: String,
    reached_check_in: bool,
    person: Option<Tag>,
    decided: Option<(OutcomeResult, Option<Code>)>,
    to_annul: Option<Code>,
    segment: u64,
}

/// Everything read so far.
#[derive(Default)]
pub(super) struct View {
    open: BTreeMap<SessionId, Open>,
    given: Vec<Given>,
}

/// Where the whole part of the journal ends.
pub(super) struct Tail {
    /// The numbers of the whole segments, oldest first, with the time of each one's newest record.
    pub(super) segments: Vec<(u64, i64)>,
    pub(super) epoch: u32,
    pub(super) epoch_began: i64,
    pub(super) salvages: Vec<WallTime>,
    pub(super) offset: usize,
    pub(super) next_seq: u64,
    pub(super) chain: Hash,
    pub(super) damage: Option<Salvage>,
}

impl std::fmt::Display for Salvage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { segment, offset, next_seq } = self;
        write!(f, "damage in segment {segment} at byte {offset}; {next_seq} records are whole, the rest is kept aside")
    }
}

impl View {
    pub(super) fn take(&mut self, segment: u64, line: &Line) {
        let Ok(session) = line.stored.session().parse::<SessionId>() else { return };
        match &line.stored {
            Stored::Opened { lane, .. } => {
                let (person, decided, to_annul) = (None, None, None);
                let open = Open { lane: lane.clone(), reached_check_in: false, person, decided, to_annul, segment };
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
                let result = OutcomeResult::ALL.into_iter().find(|known| known.as_str() == result);
                let code = code.as_ref().and_then(|code| code.parse().ok());
                open.decided = Some((result.unwrap_or(OutcomeResult::Unknown), code));
                if let Some(number) = number {
                    let number = Text::clean(number);
                    let (lane, person) = (open.lane.clone(), open.person);
                    self.given.push(Given { session, lane, at: WallTime(line.at), number, person });
                }
            }
            Stored::Closed { .. } => {
                self.open.remove(&session);
            }
            Stored::Gated { code, .. } => {
                let code = code.as_ref().and_then(|code| code.parse().ok());
                let open = self.open.get_mut(&session);
                if let (Some(open), Some(code @ (Code::G802 | Code::G803 | Code::G807))) = (open, code) {
                    open.to_annul = Some(code);
                }
            }
            Stored::Printed { .. } => {}
        }
    }

    /// The oldest segment that holds a session still open.
    pub(super) fn oldest_open(&self) -> Option<u64> {
        self.open.values().map(|open| open.segment).min()
    }

    pub(super) fn finish(&self, lanes: &[String], now: WallTime) -> (Vec<Unfinished>, Vec<Given>) {
        let unfinished = self
            .open
            .iter()
            .map(|(session, open)| Unfinished {
                session: *session,
                lane: lane_id(lanes, &open.lane),
                reached_check_in: open.reached_check_in,
                decided: open.decided,
                to_annul: open.to_annul,
            })
            .collect();
        let given = self.given.iter().filter(|given| now.millis_since(given.at) < REMEMBERED_MS).cloned().collect();
        (unfinished, given)
    }

    pub(super) fn forget_given(&mut self) {
        self.given = Vec::new();
    }
}

/// Reads every segment in order up to the first damage.
pub(super) fn read(disk: &dyn Disk, view: &mut View) -> std::io::Result<Tail> {
    let mut tail = Tail {
        segments: Vec::new(),
        epoch: 1,
        epoch_began: 0,
        salvages: Vec::new(),
        offset: 0,
        next_seq: 0,
        chain: [0; 32],
        damage: None,
    };
    for number in numbers(&disk.list()?) {
        let bytes = disk.read(&name(number))?;
        let follows = |header: &Header, tail: &Tail| {
            let first = tail.segments.is_empty();
            let next = tail.segments.last().is_some_and(|(last, _)| last.checked_add(1) == Some(number));
            first || (next && header.first_seq == tail.next_seq && header.chain == tail.chain)
        };
        let Some(header) = Header::decode(&bytes).filter(|header| follows(header, &tail)) else {
            // A spare that was named and never written is no damage: it is all zeros.
            if bytes.iter().any(|byte| *byte != 0) || bytes.is_empty() {
                tail.damage = Some(Salvage { segment: number, offset: 0, next_seq: tail.next_seq });
            }
            break;
        };
        // One for each epoch, also for those whose beginning was itself set aside by a later salvage.
        tail.salvages.extend((tail.epoch..header.epoch).map(|_| WallTime(header.epoch_began)));
        tail.epoch = header.epoch;
        tail.epoch_began = header.epoch_began;
        let mut newest = header.epoch_began;
        let mut unreadable = false;
        let end = segment::walk(&bytes, &header, |found| match serde_json::from_slice::<Line>(found.payload) {
            Ok(line) => {
                newest = line.at;
                view.take(number, &line);
            }
            // Written by a newer version: whole, and not ours to understand.
            Err(_) => unreadable = true,
        });
        if unreadable {
            tracing::warn!(segment = number, "some records were written by another version");
        }
        tail.segments.push((number, newest));
        tail.offset = end.offset;
        tail.next_seq = end.next_seq;
        tail.chain = end.chain;
        if end.damaged {
            tail.damage = Some(Salvage { segment: number, offset: end.offset, next_seq: end.next_seq });
            break;
        }
    }
    Ok(tail)
}

/// The highest epoch in the names of segments set aside; 0 where there are none.
pub(super) fn highest_aside(names: &[String]) -> u32 {
    names.iter().filter_map(|name| name.rsplit_once(ASIDE)?.1.parse().ok()).max().unwrap_or(0)
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
