//! Reading the journal at start: what was left open, which numbers were given, and how far it is whole.

use super::{
    Disk, Given, Position,
    mark::{Found as FoundMark, Mark},
    record::Line,
    segment::{self, HEADER, Hash, Header, SEGMENT},
    view::{self, View},
    views::{Known, Views},
};
use crate::kiosk::Unfinished;

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

/// A whole segment.
pub(super) struct Segment {
    pub(super) number: u64,
    /// Where its first record stands.
    pub(super) begins: Position,
    /// The time of its newest record, where that is confirmed.
    pub(super) newest: Option<i64>,
    /// The time of the oldest confirmed number given in it, where it is sealed.
    pub(super) oldest_given: Option<i64>,
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
    /// The last segment that was read, and not merely known.
    pub(super) last_read: Option<(u64, Header)>,
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

impl Tail {
    /// The first segment whose numbers may still count.
    fn first_remembered(&self, view: &View) -> u64 {
        let first = view::first_remembered(self.segments.iter().map(|segment| segment.oldest_given), view.limit());
        self.segments.get(first).map_or(0, |segment| segment.number)
    }

    fn begins(&mut self, header: &Header, mark: Option<Mark>) {
        self.epoch = header.epoch;
        self.epoch_began = header.epoch_began;
        self.stands(header.epoch, header.first_seq, header.chain, mark);
    }

    fn stands(&mut self, epoch: u32, seq: u64, hash: Hash, mark: Option<Mark>) {
        if mark.is_some_and(|mark| mark.epoch == epoch && mark.next_seq == seq) {
            self.at_mark = Some(hash);
        }
    }

    /// What the mark says is missing. `first` is the first segment, `begun` tells that there are segments at all.
    pub(super) fn lost(&self, found: FoundMark, first: Option<u64>, begun: bool) -> Option<String> {
        match found {
            FoundMark::At(mark) => mark.misses(first, self.epoch, self.next_seq, self.at_mark),
            FoundMark::Unreadable => Some("how far it had got cannot be read".to_owned()),
            FoundMark::Nothing => begun.then(|| "nothing tells how far it had got".to_owned()),
        }
    }
}

/// Reads every segment in order up to the first damage, but for the first ones that are `known` already; those that it
/// has read and that are sealed are learnt.
pub(super) fn read(disk: &dyn Disk, view: &mut View, mark: Option<Mark>, views: &mut Views) -> std::io::Result<Tail> {
    let mut tail = Tail {
        segments: Vec::new(),
        epoch: 1,
        epoch_began: 0,
        offset: 0,
        next_seq: 0,
        chain: [0; 32],
        damage: None,
        last_read: None,
        at_mark: None,
    };
    let mut length = SEGMENT;
    let all = numbers(&disk.list()?);
    let headers = first_headers(disk, &all)?;
    let known = views.known(&all, &headers, mark);
    for (Known { number, view: sealed }, header) in known.iter().zip(&headers) {
        tail.begins(header, mark);
        tail.segments.push(Segment {
            number: *number,
            begins: header.begins(),
            newest: sealed.newest,
            oldest_given: sealed.oldest_given,
        });
    }
    if let Some(following) = headers.get(known.len()).filter(|_| !known.is_empty()) {
        (tail.next_seq, tail.chain) = (following.first_seq, following.chain);
    }
    views.resume(view, &known);
    for number in all.into_iter().skip(known.len()) {
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
        if let Some((before, header)) = tail.last_read.take()
            && let Some(last) = tail.segments.last_mut()
        {
            last.oldest_given = views.learn(before, view.seal(&header, tail.next_seq, &tail.chain, last.newest));
            views.forget_given_before(tail.first_remembered(view));
        }
        tail.begins(&header, mark);
        let mut newest = None;
        let end = segment::walk(&bytes, &header, |found| {
            tail.stands(header.epoch, found.seq.saturating_add(1), found.hash, mark);
            let line = Line::read(found.payload);
            newest = (!line.unconfirmed).then_some(line.at);
            view.take(number, header.epoch, &line);
        });
        view.forget_old();
        tail.segments.push(Segment { number, begins: header.begins(), newest, oldest_given: None });
        tail.last_read = Some((number, header.clone()));
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

/// The headers of these segments, up to the first that has none or does not bear the next number.
fn first_headers(disk: &dyn Disk, all: &[u64]) -> std::io::Result<Vec<Header>> {
    let mut headers = Vec::new();
    for (index, number) in all.iter().enumerate() {
        let follows = index == 0 || all.get(index - 1).and_then(|last| last.checked_add(1)) == Some(*number);
        match Header::decode(&disk.read_at(&name(*number), 0, HEADER)?).filter(|_| follows) {
            Some(header) => headers.push(header),
            None => break,
        }
    }
    Ok(headers)
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
