//! The journal: append, commit, rotate, salvage.

use std::{io, sync::Arc, time::Duration};

use super::{
    Correlator, Disk, FolderDisk, Recovered, Settings, StateLock, StoreError,
    record::{Line, Stored},
    recover::{self, ASIDE, Salvage, View, name},
    segment::{self, HEADER, Hash, Header, MAX_PAYLOAD, SEGMENT},
};
use crate::{kiosk::Record, words::WallTime};

/// The truth. Owned by one thread; one per state directory.
pub struct Journal {
    disk: Box<dyn Disk>,
    lanes: Vec<String>,
    correlator: Arc<Correlator>,
    max_age_ms: i64,
    max_segments: usize,
    /// Whole segments, oldest first, the current one last, each with the time of its newest record.
    segments: Vec<(u64, i64)>,
    view: View,
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
}

impl Fill {
    /// True when nine tenths of size or age are used up: what is oldest goes soon.
    pub fn is_near(&self) -> bool {
        self.bytes >= (self.max_bytes / 10).saturating_mul(9) || self.age >= self.max_age.mul_f64(0.9)
    }
}

const SPARE: &str = "spare.seg";

impl Journal {
    /// Opens the journal of a locked state directory for writing; damage is salvaged. `lanes` are the lanes' names in
    /// order.
    pub fn open(
        lock: StateLock,
        settings: &Settings,
        lanes: &[String],
        correlator: Arc<Correlator>,
        now: WallTime,
    ) -> Result<(Self, Recovered), StoreError> {
        let directory = |source| StoreError::Directory { dir: settings.dir.clone(), source };
        let disk = FolderDisk::open(&settings.dir).map_err(directory)?;
        let (mut journal, recovered) = Self::on(Box::new(disk), settings, lanes, correlator, now)?;
        journal._lock = Some(lock);
        Ok((journal, recovered))
    }

    /// Opens the journal on any disk.
    pub fn on(
        disk: Box<dyn Disk>,
        settings: &Settings,
        lanes: &[String],
        correlator: Arc<Correlator>,
        now: WallTime,
    ) -> Result<(Self, Recovered), StoreError> {
        let max_segments = settings.max_bytes.checked_div(SEGMENT as u64).unwrap_or_default();
        let max_segments = usize::try_from(max_segments).unwrap_or(usize::MAX).max(2);
        let mut journal = Self {
            disk,
            lanes: lanes.to_vec(),
            correlator,
            max_age_ms: i64::try_from(settings.max_age.as_millis()).unwrap_or(i64::MAX),
            max_segments,
            segments: Vec::new(),
            view: View::default(),
            epoch: 1,
            epoch_began: now.0,
            offset: 0,
            next_seq: 0,
            chain: [0; 32],
            pending: Vec::new(),
            spare: false,
            doubtful: false,
            _lock: None,
        };
        let mut recovered = journal.reread(now)?;
        let (unfinished, given) = journal.view.finish(lanes, now);
        journal.view.forget_given();
        recovered.unfinished = unfinished;
        recovered.given = given;
        Ok((journal, recovered))
    }

    /// Encodes a record; nothing is durable before [`Journal::commit`].
    pub fn append(&mut self, now: WallTime, record: &Record) -> Result<(), StoreError> {
        if self.doubtful {
            self.reread(now)?;
        }
        let line = Line { at: now.0, stored: Stored::of(record, &self.lanes, &self.correlator) };
        let payload = serde_json::to_vec(&line).map_err(|error| StoreError::Write(error.into()))?;
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
        if let Some((number, newest)) = self.segments.last_mut() {
            *newest = now.0;
            self.view.take(*number, &line);
            self.view.forget_given();
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
        if !self.spare && self.offset > SEGMENT / 2 {
            // Ahead of its need, so that a rotation costs a rename.
            self.spare = self.disk.create_zeroed(SPARE, SEGMENT).is_ok();
        }
        Ok(())
    }

    /// How full the journal is.
    pub fn fill(&self, now: WallTime) -> Fill {
        let oldest = self.segments.first().map_or(now.0, |(_, newest)| *newest);
        Fill {
            bytes: (self.segments.len() * SEGMENT) as u64,
            max_bytes: (self.max_segments * SEGMENT) as u64,
            age: Duration::from_millis(now.0.saturating_sub(oldest).max(0).unsigned_abs()),
            max_age: Duration::from_millis(self.max_age_ms.unsigned_abs()),
        }
    }

    fn current(&self) -> u64 {
        self.segments.last().map_or(0, |(number, _)| *number)
    }

    /// Begins the next segment and drops what is beyond age and size.
    fn rotate(&mut self, now: WallTime) -> Result<(), StoreError> {
        self.begin_segment(self.current().saturating_add(1), now)?;
        let oldest_open = self.view.oldest_open().unwrap_or(u64::MAX);
        while let [(oldest, newest), _, ..] = self.segments[..] {
            let beyond = self.segments.len() > self.max_segments || now.0.saturating_sub(newest) > self.max_age_ms;
            if !beyond || oldest >= oldest_open {
                break;
            }
            self.disk.remove(&name(oldest)).map_err(StoreError::Write)?;
            self.segments.remove(0);
        }
        Ok(())
    }

    fn begin_segment(&mut self, number: u64, now: WallTime) -> Result<(), StoreError> {
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
        self.segments.push((number, now.0));
        Ok(())
    }

    /// Reads the disk's truth, and begins where it ends. Damage is kept aside, and a new epoch begins.
    fn reread(&mut self, now: WallTime) -> Result<Recovered, StoreError> {
        self.pending.clear();
        self.view = View::default();
        let tail = recover::read(&*self.disk, &mut self.view).map_err(StoreError::Read)?;
        self.spare = false;
        self.epoch = tail.epoch;
        self.epoch_began = if tail.segments.is_empty() { now.0 } else { tail.epoch_began };
        self.offset = tail.offset;
        self.next_seq = tail.next_seq;
        self.chain = tail.chain;
        self.segments = tail.segments;
        let aside = recover::highest_aside(&self.disk.list().map_err(StoreError::Write)?);
        let damage = tail.damage.or_else(|| {
            // A power cut ended the last salvage before its epoch began; numbers given in the lost part may stand on slips.
            let last = self.segments.last().map_or(0, |(number, _)| *number);
            (aside >= self.epoch).then_some(Salvage { segment: last, offset: self.offset, next_seq: self.next_seq })
        });
        let mut salvages = tail.salvages;
        if let Some(salvage) = &damage {
            self.salvage(salvage, aside, now)?;
            salvages.extend((tail.epoch..self.epoch).map(|_| now));
        } else if self.segments.is_empty() {
            self.begin_segment(1, now)?;
        }
        self.doubtful = false;
        Ok(Recovered { salvaged: damage, epoch: self.epoch, salvages, ..Recovered::default() })
    }

    /// Sets what is damaged aside, keeps the whole part of the first damaged segment, and begins an epoch higher than
    /// any before. A power cut at any point leads here again: what was set aside names the epoch that must be left.
    fn salvage(&mut self, salvage: &Salvage, aside: u32, now: WallTime) -> Result<(), StoreError> {
        let whole_until = self.segments.last().map_or(0, |(number, _)| *number);
        let damaged: Vec<u64> = recover::numbers(&self.disk.list().map_err(StoreError::Write)?)
            .into_iter()
            .filter(|number| *number > whole_until || (*number == salvage.segment && self.is_torn(salvage)))
            .collect();
        let highest = recover::highest_in(&*self.disk, &damaged).map_err(StoreError::Write)?;
        let highest = highest.max(aside).max(self.epoch);
        self.set_aside(salvage, &damaged, highest).map_err(StoreError::Write)?;
        self.epoch = highest + 1;
        self.epoch_began = now.0;
        // Segments go on without a gap, so that a missing one is seen.
        self.begin_segment(whole_until.saturating_add(1), now)
    }

    /// True where the last readable segment is itself damaged, behind its whole part.
    fn is_torn(&self, salvage: &Salvage) -> bool {
        salvage.offset > 0 && self.segments.last().is_some_and(|(number, _)| *number == salvage.segment)
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
