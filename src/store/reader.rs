//! Reading from any place on, beside the writing daemon or within it: a segment's header says where it begins, so that
//! nothing before the wanted segment is read.

use std::{io, path::Path};

use super::{
    Disk, Entry, FolderDisk, Position, StoreError,
    recover::{name, numbers},
    segment::{self, HEADER, Hash, Header, LONGEST, SEGMENT},
};

/// Reads records in order, from a place on.
pub struct Reader {
    disk: Box<dyn Disk>,
    /// The least place of the next record.
    next: Position,
    at: Option<At>,
}

/// Where in which segment.
struct At {
    segment: u64,
    epoch: u32,
    seq: u64,
    chain: Hash,
    offset: usize,
    /// What was read of the segment from `offset` on.
    ahead: Vec<u8>,
}

/// Bytes read at once; at least one record fits.
const AHEAD: usize = 2 * LONGEST;

impl Reader {
    /// Reads the journal of a state directory; writes nothing. The first record is the one at `from`, or the next that
    /// there is: what was removed for its age or set aside by a salvage is passed over, and the record's place tells.
    pub fn open(dir: &Path, from: Position) -> Self {
        Self::on(Box::new(FolderDisk::at(dir)), from)
    }

    /// Reads from any disk.
    pub fn on(disk: Box<dyn Disk>, from: Position) -> Self {
        Self { disk, next: from, at: None }
    }

    /// The next record; none where there is no other yet. Damage before the last segment is an error, and so is a segment
    /// that is missing; behind the last whole record of the last one the daemon may be writing.
    pub fn read(&mut self) -> Result<Option<Entry>, StoreError> {
        let mut at = match self.at.take() {
            Some(at) => at,
            None => match self.seek()? {
                Some(at) => at,
                None => return Ok(None),
            },
        };
        loop {
            while let Some((place, entry)) = self.take(&mut at)? {
                if place >= self.next {
                    self.next = Position { seq: place.seq.saturating_add(1), ..place };
                    self.at = Some(at);
                    return Ok(Some(entry));
                }
            }
            let following = at.segment.saturating_add(1);
            match self.header(following) {
                Ok(Some(header)) if header.first_seq == at.seq && header.chain == at.chain => {
                    at = At::begin(following, &header);
                }
                Ok(None) if !self.goes_on(at.segment)? => {
                    self.at = Some(At { ahead: Vec::new(), ..at });
                    return Ok(None);
                }
                Ok(_) => return Err(StoreError::Damaged { segment: at.segment, offset: at.offset }),
                Err(error) => return Err(error),
            }
        }
    }

    /// The segment in which `next` stands or would stand, by its header alone.
    fn seek(&self) -> Result<Option<At>, StoreError> {
        let numbers = numbers(&self.disk.list().map_err(StoreError::Read)?);
        let (mut low, mut high) = (0, numbers.len());
        let mut found = None;
        // The last segment that begins at or before it; where there is none, the first.
        while let Some(middle) = (low < high).then(|| low.midpoint(high)) {
            let Some(number) = numbers.get(middle).copied() else { break };
            match self.header(number) {
                Ok(Some(header)) if header.begins() <= self.next || middle == 0 => {
                    found = Some(At::begin(number, &header));
                    low = middle + 1;
                }
                Err(error) if middle == 0 => return Err(error),
                // The daemon has removed it meanwhile.
                Ok(None) if middle == 0 => low = 1,
                // It begins later, was not written yet, or is damaged: what lies before it is told first.
                Ok(_) | Err(StoreError::Damaged { .. }) => high = middle,
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    fn header(&self, number: u64) -> Result<Option<Header>, StoreError> {
        let bytes = match self.disk.read_at(&name(number), 0, HEADER) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::Read(error)),
        };
        match Header::decode(&bytes) {
            Some(header) => Ok(Some(header)),
            // A spare that was named and never written.
            None if bytes.iter().all(|byte| *byte == 0) => Ok(None),
            None => Err(StoreError::Damaged { segment: number, offset: 0 }),
        }
    }

    /// Whether there are segments after this one.
    fn goes_on(&self, segment: u64) -> Result<bool, StoreError> {
        let names = self.disk.list().map_err(StoreError::Read)?;
        Ok(numbers(&names).last().is_some_and(|last| *last > segment.saturating_add(1)))
    }

    /// The next whole record of the segment.
    fn take(&self, at: &mut At) -> Result<Option<(Position, Entry)>, StoreError> {
        let left = SEGMENT.saturating_sub(at.offset);
        let read_ahead = || self.disk.read_at(&name(at.segment), at.offset as u64, AHEAD.min(left));
        let is_fresh = at.ahead.len() < LONGEST.min(left);
        if is_fresh {
            at.ahead = read_ahead().map_err(StoreError::Read)?;
        }
        let mut next = segment::next(&at.ahead, at.seq, &at.chain);
        if next.is_none() && !is_fresh {
            // What was read ahead is from before the next record was written.
            at.ahead = read_ahead().map_err(StoreError::Read)?;
            next = segment::next(&at.ahead, at.seq, &at.chain);
        }
        let Some((found, length)) = next else { return Ok(None) };
        let place = Position { epoch: at.epoch, seq: found.seq };
        let entry = Entry::read(place, found.payload);
        at.chain = found.hash;
        at.seq = found.seq.saturating_add(1);
        at.offset += length;
        at.ahead.drain(..length);
        Ok(Some((place, entry)))
    }
}

impl At {
    fn begin(segment: u64, header: &Header) -> Self {
        let Header { epoch, first_seq: seq, chain, .. } = *header;
        Self { segment, epoch, seq, chain, offset: HEADER, ahead: Vec::new() }
    }
}
