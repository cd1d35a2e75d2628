//! The journal: append, commit, rotate, salvage.

use std::{io, sync::Arc, time::Duration};

use super::{
    Correlator, Disk, FolderDisk, JournalBounds, Position, Recovered, State, StateLock, StoreError,
    inspect::may_be_written,
    mark::{self, Mark},
    record::{Line, Stored},
    recover::{self, ASIDE, Salvage, Segment, name},
    segment::{self, HEADER, Hash, Header, MAX_PAYLOAD, SEGMENT},
    view::{self, View},
    views::Views,
};
use crate::{kiosk::Record, words::Stamp};

/// The truth. Owned by one thread; one per state directory.
pub struct Journal {
    disk: Box<dyn Disk>,
    lanes: Vec<String>,
    correlator: Arc<Correlator>,
    max_age_ms: i64,
    max_segments: usize,
    /// Whole segments, oldest first, the current one last.
    segments: Vec<Segment>,
    /// What somebody still has to collect begins here.
    held: Option<Position>,
    /// Records that were held and went.
    missed: u64,
    mark: Mark,
    view: View,
    views: Views,
    /// The current segment's.
    header: Header,
    epoch: u32,
    epoch_began: i64,
    offset: usize,
    next_seq: u64,
    chain: Hash,
    /// Encoded and not yet written, for the current segment at `offset`.
    pending: Vec<u8>,
    spare: bool,
    /// A failed sync leaves it unknown what is on the disk: everything is read again before the next write.
    doubtful: bool,
    _lock: Option<StateLock>,
}

/// How full the journal is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes allowed.
    pub max_bytes: u64,
    /// The oldest segment's age.
    pub age: Duration,
    /// The age at which a segment may go.
    pub max_age: Duration,
    /// Records in the journal.
    pub records: u64,
    /// More than 1: damage was salvaged once.
    pub epoch: u32,
    /// Records that went for the journal's size although they were held, since the start.
    pub missed: u64,
}

impl Fill {
    /// True when nine tenths of size or age are used up: what is oldest goes soon.
    pub fn is_near(&self) -> bool {
        self.bytes >= (self.max_bytes / 10).saturating_mul(9) || self.age >= self.max_age.mul_f64(0.9)
    }
}

/// The next segment, made beforehand.
pub(super) const SPARE: &str = "spare.seg";

impl Journal {
    /// Opens the journal of a locked state directory for writing; damage is salvaged. `lanes` are the lanes' names in
    /// order; `state` spares reading again what was read before.
    pub fn open(
        lock: StateLock,
        bounds: &JournalBounds,
        lanes: &[String],
        correlator: Arc<Correlator>,
        state: &State,
        now: impl Into<Stamp>,
    ) -> Result<(Self, Recovered), StoreError> {
        Self::open_through(lock, |disk| disk, bounds, (lanes, correlator), state, now)
    }

    /// The same through whatever somebody puts between the journal and its folder.
    pub(crate) fn open_through(
        lock: StateLock,
        through: impl FnOnce(Box<dyn Disk>) -> Box<dyn Disk>,
        bounds: &JournalBounds,
        (lanes, correlator): (&[String], Arc<Correlator>),
        state: &State,
        now: impl Into<Stamp>,
    ) -> Result<(Self, Recovered), StoreError> {
        let directory = |source| StoreError::Directory { dir: lock.dir().to_owned(), source };
        let disk = FolderDisk::open(lock.dir()).map_err(directory)?;
        may_be_written(lock.dir())?;
        let (mut journal, recovered) = Self::on(through(Box::new(disk)), bounds, lanes, correlator, state, now)?;
        journal._lock = Some(lock);
        Ok((journal, recovered))
    }

    /// Opens the journal on any disk.
    pub fn on(
        disk: Box<dyn Disk>,
        bounds: &JournalBounds,
        lanes: &[String],
        correlator: Arc<Correlator>,
        state: &State,
        now: impl Into<Stamp>,
    ) -> Result<(Self, Recovered), StoreError> {
        let now = now.into();
        let max_segments = bounds.max_bytes.checked_div(SEGMENT as u64).unwrap_or_default();
        let max_segments = usize::try_from(max_segments).unwrap_or(usize::MAX).max(2);
        let mut journal = Self {
            disk,
            lanes: lanes.to_vec(),
            correlator,
            max_age_ms: i64::try_from(bounds.max_age.as_millis()).unwrap_or(i64::MAX),
            max_segments,
            segments: Vec::new(),
            held: None,
            missed: 0,
            view: View::default(),
            views: Views::of(state),
            header: Header { epoch: 1, first_seq: 0, epoch_began: now.at.0, chain: [0; 32] },
            mark: Mark::begin(1, 1, 0, [0; 32]),
            epoch: 1,
            epoch_began: now.at.0,
            offset: 0,
            next_seq: 0,
            chain: [0; 32],
            pending: Vec::new(),
            spare: false,
            doubtful: false,
            _lock: None,
        };
        let mut recovered = journal.reread(now)?;
        recovered.unfinished = journal.view.unfinished(lanes);
        recovered.given = journal.view.take_given();
        Ok((journal, recovered))
    }

    /// Encodes a record; nothing is durable before [`Journal::commit`].
    pub fn append(&mut self, now: impl Into<Stamp>, record: &Record) -> Result<(), StoreError> {
        self.append_line(&Line::new(now.into(), Stored::of(record, &self.lanes, &self.correlator)))
    }

    /// Encodes that the machine's clock was stepped by so many milliseconds.
    pub fn append_step(&mut self, now: impl Into<Stamp>, stepped_ms: i64) -> Result<(), StoreError> {
        self.append_line(&Line::new(now.into(), Stored::Clock { stepped_ms }))
    }

    /// Encodes what the site's system knows of a decision of ours.
    #[cfg(feature = "hospital")]
    pub(crate) fn append_settled(&mut self, now: impl Into<Stamp>, settled: &super::Settled) -> Result<(), StoreError> {
        let super::Settled { session, site, number } = settled;
        let stored = Stored::Settled { session: session.to_string(), site: (*site).to_owned(), number: number.clone() };
        self.append_line(&Line::new(now.into(), stored))
    }

    /// Encodes what somebody with an account did.
    #[cfg(feature = "page")]
    pub(crate) fn append_act(&mut self, now: impl Into<Stamp>, act: &super::Act) -> Result<(), StoreError> {
        self.append_line(&Line::new(now.into(), Stored::Act(act.clone())))
    }

    fn append_line(&mut self, line: &Line) -> Result<(), StoreError> {
        let now = line.stamp();
        if self.doubtful {
            self.reread(now)?;
        }
        let payload = serde_json::to_vec(line).map_err(|error| StoreError::Write(error.into()))?;
        if payload.len() > MAX_PAYLOAD {
            return Err(StoreError::TooLarge);
        }
        let (bytes, hash) = segment::encode(&self.chain, self.next_seq, &payload);
        if self.offset + self.pending.len() + bytes.len() > SEGMENT {
            self.commit()?;
            self.rotate(now)?;
        }
        self.pending.extend_from_slice(&bytes);
        self.chain = hash;
        self.next_seq = self.next_seq.saturating_add(1);
        if let Some(segment) = self.segments.last_mut() {
            segment.newest = now.confirmed.then_some(now.at.0);
            self.view.take(segment.number, self.epoch, line);
            self.view.take_given();
        }
        Ok(())
    }

    /// Writes everything appended and makes it durable: one write, one fdatasync.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let current = name(self.current());
        let pending = std::mem::take(&mut self.pending);
        let written = self.disk.write_at(&current, self.offset as u64, &pending);
        if let Err(error) = written.and_then(|()| self.disk.sync(&current)) {
            // Never sync again and believe it: the kernel may have dropped the pages.
            self.doubtful = true;
            return Err(StoreError::Write(error));
        }
        self.offset += pending.len();
        // A mark that lags tells less; nobody's record fails for it.
        let _ = self.set_mark(self.first(), false);
        if !self.spare && self.offset > SEGMENT / 2 {
            // Ahead of its need, so that a rotation costs a rename.
            self.spare = self.disk.create_zeroed(SPARE, SEGMENT).is_ok();
        }
        Ok(())
    }

    /// How full the journal is.
    pub fn fill(&self, now: impl Into<Stamp>) -> Fill {
        let now = now.into();
        Fill {
            bytes: (self.segments.len() * SEGMENT) as u64,
            max_bytes: (self.max_segments * SEGMENT) as u64,
            age: Duration::from_millis(self.age(0, now).unwrap_or(0).unsigned_abs()),
            max_age: Duration::from_millis(self.max_age_ms.unsigned_abs()),
            records: self.next_seq.saturating_sub(self.segments.first().map_or(0, |first| first.begins.seq)),
            epoch: self.epoch,
            missed: self.missed,
        }
    }

    /// Records from this place on are to be collected before they go for their age; none lets them go. The journal's size
    /// bounds even that: what goes all the same is counted in [`Fill::missed`]. Said anew after each start.
    pub fn hold(&mut self, from: Option<Position>) {
        self.held = from;
    }

    /// Makes the mark durable, as far as the records are.
    pub fn settle(&mut self) -> Result<(), StoreError> {
        self.commit()?;
        if self.doubtful { Ok(()) } else { self.set_mark(self.first(), true).map_err(StoreError::Write) }
    }

    fn set_mark(&mut self, first: u64, sync: bool) -> io::Result<()> {
        let next = Mark::begin(self.epoch, first, self.next_seq, self.chain);
        self.mark.write(&mut *self.disk, next, sync)
    }

    fn current(&self) -> u64 {
        self.segments.last().map_or(0, |last| last.number)
    }

    fn first(&self) -> u64 {
        self.segments.first().map_or(1, |first| first.number)
    }

    /// How old a segment's newest record surely is, milliseconds: by confirmed times alone, and where a record has none
    /// it is no older than the next one that has.
    fn age(&self, index: usize, now: Stamp) -> Option<i64> {
        let newest = self.segments[index..].iter().find_map(|segment| segment.newest)?;
        now.confirmed.then(|| now.at.0.saturating_sub(newest).max(0))
    }

    /// Begins the next segment and drops what is beyond age and size.
    fn rotate(&mut self, now: Stamp) -> Result<(), StoreError> {
        let full = (self.current(), self.header.clone());
        self.begin_segment(full.0.saturating_add(1))?;
        self.learn(full);
        let oldest_open = self.view.oldest_open().unwrap_or(u64::MAX);
        let held = self.held.map_or(usize::MAX, |held| self.holding(held));
        let left = |gone: usize| self.segments.len() - gone;
        let mut gone = 0;
        while left(gone) > 1 && self.segments[gone].number < oldest_open {
            let aged = gone < held && self.age(gone, now).is_some_and(|age| age > self.max_age_ms);
            if left(gone) <= self.max_segments && !aged {
                break;
            }
            gone += 1;
        }
        if gone > 0 {
            // The mark first: a segment that is gone before it says so was taken by somebody else.
            self.set_mark(self.segments[gone].number, true).map_err(StoreError::Write)?;
            let from = self.held.map_or(u64::MAX, |held| held.seq).max(self.segments[0].begins.seq);
            self.missed = self.missed.saturating_add(self.segments[gone].begins.seq.saturating_sub(from));
        }
        for oldest in self.segments.drain(..gone).collect::<Vec<_>>() {
            self.disk.remove(&name(oldest.number)).map_err(StoreError::Write)?;
            self.views.forget(oldest.number);
        }
        self.views.forget_given_before(self.first());
        self.views.keep();
        self.drop_aside()
    }

    /// A segment is full, and another has begun.
    fn learn(&mut self, (number, header): (u64, Header)) {
        let Some(segment) = self.segments.iter_mut().find(|segment| segment.number == number) else { return };
        let sealed = self.view.seal(&header, self.next_seq, &self.chain, segment.newest);
        segment.oldest_given = self.views.learn(number, sealed);
        let oldest = self.segments.iter().map(|segment| segment.oldest_given);
        let first = view::first_remembered(oldest, self.view.limit());
        self.views.forget_given_before(self.segments.get(first).map_or(0, |segment| segment.number));
    }

    /// The index of the segment in which a place lies or would lie.
    fn holding(&self, place: Position) -> usize {
        self.segments.partition_point(|segment| segment.begins <= place).saturating_sub(1)
    }

    /// What was set aside goes with its neighbours, and the oldest of it beyond the journal's size.
    fn drop_aside(&mut self) -> Result<(), StoreError> {
        let mut aside = recover::aside(&self.disk.list().map_err(StoreError::Write)?);
        let beyond = aside.len().saturating_sub(self.max_segments);
        let first = self.first();
        let gone = aside.drain(..).enumerate().filter(|(index, (number, _))| *index < beyond || *number < first);
        for (_, (_, name)) in gone {
            self.disk.remove(&name).map_err(StoreError::Write)?;
        }
        Ok(())
    }

    fn begin_segment(&mut self, number: u64) -> Result<(), StoreError> {
        let header =
            Header { epoch: self.epoch, first_seq: self.next_seq, epoch_began: self.epoch_began, chain: self.chain };
        let begun = (|| {
            if !self.spare {
                self.disk.create_zeroed(SPARE, SEGMENT)?;
            }
            self.spare = false;
            self.disk.write_at(SPARE, 0, &header.encode())?;
            self.disk.sync(SPARE)?;
            self.disk.rename(SPARE, &name(number))?;
            self.disk.sync_names()
        })();
        begun.map_err(StoreError::Write)?;
        self.offset = HEADER;
        self.segments.push(Segment { number, begins: header.begins(), newest: None, oldest_given: None });
        self.header = header;
        Ok(())
    }

    /// Reads the disk's truth, and begins where it ends. Damage is kept aside, and a new epoch begins.
    fn reread(&mut self, now: Stamp) -> Result<Recovered, StoreError> {
        self.pending.clear();
        self.view = View::default();
        let found = mark::Found::on(&*self.disk).map_err(StoreError::Read)?;
        let mut tail =
            recover::read(&*self.disk, &mut self.view, found.mark(), &mut self.views).map_err(StoreError::Read)?;
        self.spare = false;
        self.epoch = tail.epoch;
        self.epoch_began = if tail.segments.is_empty() { now.at.0 } else { tail.epoch_began };
        self.offset = tail.offset;
        self.next_seq = tail.next_seq;
        self.chain = tail.chain;
        self.segments = std::mem::take(&mut tail.segments);
        let names = self.disk.list().map_err(StoreError::Write)?;
        let aside = recover::highest_aside(&names);
        let begun = !recover::numbers(&names).is_empty();
        let lost = tail.lost(found, self.segments.first().map(|first| first.number), begun);
        let damage = tail.damage.or_else(|| {
            // A power cut may have ended the last salvage before its epoch began; numbers given in the lost part may
            // stand on slips.
            let last = self.segments.last().map_or(0, |last| last.number);
            let here = Salvage { segment: last, offset: self.offset, next_seq: self.next_seq, lost: lost.clone() };
            (lost.is_some() || aside >= self.epoch).then_some(here)
        });
        match found {
            mark::Found::At(mark) => self.mark = mark,
            mark::Found::Nothing | mark::Found::Unreadable => {
                Mark::make_file(&mut *self.disk).map_err(StoreError::Write)?
            }
        }
        if let Some(salvage) = &damage {
            let prior = self.mark.epoch.max(aside);
            self.salvage(salvage, prior, now)?;
            // What is left of the last segment is full now, however short.
            if let Some(full) = tail.last_read.take() {
                self.learn(full);
            }
        } else if self.segments.is_empty() {
            // Before the first segment: a journal without a mark has lost it.
            self.set_mark(1, true).map_err(StoreError::Write)?;
            self.begin_segment(1)?;
        }
        if let Some((_, header)) = tail.last_read.take() {
            self.header = header;
        }
        self.set_mark(self.first(), true).map_err(StoreError::Write)?;
        self.views.keep();
        self.doubtful = false;
        let began_with = self.view.began_with();
        Ok(Recovered { salvaged: damage, epoch: self.epoch, began_with, ..Recovered::default() })
    }

    /// Sets what is damaged aside, keeps the whole part of the first damaged segment, and begins an epoch higher than
    /// any before, of which `prior` may be one. A power cut at any point leads here again: what was set aside names the
    /// epoch that must be left.
    fn salvage(&mut self, salvage: &Salvage, prior: u32, now: Stamp) -> Result<(), StoreError> {
        let whole_until = self.segments.last().map_or(0, |last| last.number);
        let damaged: Vec<u64> = recover::numbers(&self.disk.list().map_err(StoreError::Write)?)
            .into_iter()
            .filter(|number| *number > whole_until || (*number == salvage.segment && self.is_torn(salvage)))
            .collect();
        let highest = recover::highest_in(&*self.disk, &damaged).map_err(StoreError::Write)?;
        let highest = highest.max(prior).max(self.epoch);
        self.set_aside(salvage, &damaged, highest).map_err(StoreError::Write)?;
        self.epoch = highest + 1;
        self.epoch_began = now.at.0;
        // Segments go on without a gap, so that a missing one is seen.
        self.begin_segment(whole_until.saturating_add(1))
    }

    /// True where the last readable segment is itself damaged, behind its whole part.
    fn is_torn(&self, salvage: &Salvage) -> bool {
        salvage.lost.is_none()
            && salvage.offset > 0
            && self.segments.last().is_some_and(|last| last.number == salvage.segment)
    }

    fn set_aside(&mut self, salvage: &Salvage, damaged: &[u64], epoch: u32) -> io::Result<()> {
        for number in damaged {
            let bytes = self.disk.read(&name(*number))?;
            let aside = format!("{}{ASIDE}{epoch}", name(*number));
            self.disk.create_zeroed(&aside, bytes.len())?;
            self.disk.write_at(&aside, 0, &bytes)?;
            self.disk.sync(&aside)?;
        }
        for number in damaged.iter().rev() {
            if *number == salvage.segment && self.is_torn(salvage) {
                let bytes = self.disk.read(&name(*number))?;
                self.disk.create_zeroed(SPARE, SEGMENT)?;
                self.disk.write_at(SPARE, 0, bytes.get(..salvage.offset).unwrap_or(&bytes))?;
                self.disk.sync(SPARE)?;
                self.disk.rename(SPARE, &name(*number))?;
            } else {
                self.disk.remove(&name(*number))?;
            }
        }
        self.disk.sync_names()
    }
}
