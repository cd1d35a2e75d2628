//! Proving beside the running daemon. Writes nothing.

use std::{fmt, io, path::Path};

use super::{
    Disk, Entry, FolderDisk, Position, Reader, StoreError,
    journal::SPARE,
    mark::{self, Found as FoundMark},
    recover::{self, name, numbers},
    segment::{self, Hash, Header, SEGMENT},
};
use crate::files;

/// What a proof of the chain came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Segments read.
    pub segments: usize,
    /// Whole records.
    pub records: u64,
    /// The current epoch; more than 1 means that damage was salvaged once.
    pub epoch: u32,
    /// Segments kept aside by salvages.
    pub aside: usize,
    /// Records in them that stand nowhere else, damaged ones included.
    pub set_aside: u64,
    /// What is wrong now, in words.
    pub faults: Vec<String>,
    /// Something was begun here.
    begun: bool,
}

/// How a journal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no journal here.
    Missing,
    /// Nothing was recorded yet.
    Empty,
    /// Every record that there ever was is there, but for those that went for their age.
    Whole,
    /// What is there is whole; damage was set aside once.
    Salvaged,
    /// Something is wrong now: the next start salvages.
    Damaged,
}

impl Proof {
    /// True when nothing is wrong now.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    /// In one word.
    pub fn standing(&self) -> Standing {
        match self {
            Self { faults, .. } if !faults.is_empty() => Standing::Damaged,
            Self { begun: false, .. } => Standing::Missing,
            Self { epoch, aside, .. } if *epoch > 1 || *aside > 0 => Standing::Salvaged,
            Self { records: 0, .. } => Standing::Empty,
            _ => Standing::Whole,
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segments, records, epoch, aside, set_aside, faults, .. } = self;
        write!(f, "{records} records in {segments} segments, epoch {epoch}")?;
        if *aside > 0 {
            write!(f, ", {set_aside} records in {aside} damaged segments kept aside")?;
        }
        for fault in faults {
            write!(f, "; {fault}")?;
        }
        Ok(())
    }
}

/// Shows every whole record, oldest first, one at a time; stops at damage.
pub fn each(dir: &Path, mut show: impl FnMut(Entry)) -> Result<(), StoreError> {
    let mut reader = Reader::open(dir, Position::default());
    loop {
        match reader.read() {
            Ok(Some(entry)) => show(entry),
            Ok(None) | Err(StoreError::Damaged { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Every whole record at once, oldest first; stops at damage. For journals that are known to be small.
pub fn entries(dir: &Path) -> Result<Vec<Entry>, StoreError> {
    let mut found = Vec::new();
    each(dir, |entry| found.push(entry))?;
    Ok(found)
}

/// Whether the journal that is here can be gone on with, as one that was begun by somebody else cannot; changes nothing.
pub(crate) fn may_be_written(dir: &Path) -> Result<(), StoreError> {
    let names = FolderDisk::at(dir).list().map_err(StoreError::Write)?;
    let ours = [mark::FILE, SPARE].iter().map(|name| (*name).to_owned()).filter(|ours| names.contains(ours));
    for name in numbers(&names).last().map(|last| name(*last)).into_iter().chain(ours) {
        files::edit(&dir.join(name)).map_err(|error| StoreError::Write(error.into()))?;
    }
    Ok(())
}

/// Proves the chain over every segment.
pub fn verify(dir: &Path) -> Result<Proof, StoreError> {
    let directory = |source| StoreError::Directory { dir: dir.to_owned(), source };
    let disk = FolderDisk::at(dir);
    let names = match disk.list() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Proof::default()),
        names => names.map_err(directory)?,
    };
    // Before the segments: the daemon may go on writing, and then the journal is ahead of what was read here.
    let found = FoundMark::on(&disk).map_err(directory)?;
    let mut proof = Proof::default();
    let mut before: Option<(u64, u64, Hash)> = None;
    let mut at_mark = None;
    let mut length = SEGMENT;
    for number in numbers(&names) {
        let bytes = disk.read(&name(number)).map_err(StoreError::Read)?;
        let Some(header) = Header::decode(&bytes) else {
            proof.faults.push(format!("segment {number} has no header"));
            break;
        };
        if let Some((last, next_seq, chain)) = before {
            if Some(number) != last.checked_add(1) {
                proof.faults.push(format!(
                    "segments {} to {} are missing",
                    last.saturating_add(1),
                    number.saturating_sub(1)
                ));
                break;
            }
            if header.first_seq != next_seq || header.chain != chain {
                proof.faults.push(format!("segment {number} does not follow segment {last}"));
                break;
            }
        }
        proof.segments += 1;
        proof.epoch = header.epoch;
        let mut stands = |seq, hash| {
            if found.mark().is_some_and(|mark| mark.epoch == header.epoch && mark.next_seq == seq) {
                at_mark = Some(hash);
            }
        };
        stands(header.first_seq, header.chain);
        let end = segment::walk(&bytes, &header, |found| {
            proof.records = proof.records.saturating_add(1);
            stands(found.seq.saturating_add(1), found.hash);
        });
        before = Some((number, end.next_seq, end.chain));
        length = bytes.len();
        if end.damaged {
            proof.faults.push(format!("segment {number} is damaged at byte {}", end.offset));
            break;
        }
    }
    for (number, aside) in recover::aside(&names) {
        proof.aside += 1;
        proof.set_aside = proof.set_aside.saturating_add(set_aside(&disk, number, &aside)?);
    }
    proof.begun = before.is_some() || proof.aside > 0 || found != FoundMark::Nothing;
    if proof.faults.is_empty() {
        let next_seq = before.map_or(0, |(_, next_seq, _)| next_seq);
        // After the segments: the first one may have gone meanwhile, and then the mark says so by now.
        let first = numbers(&names).first().copied();
        let later = FoundMark::on(&disk).map_err(directory)?.mark();
        let lost = match (found, later) {
            (FoundMark::At(mark), Some(later)) => {
                mark.since(later).misses(first, proof.epoch.max(1), next_seq, at_mark)
            }
            _ => proof.begun.then(|| "nothing tells how far it had got".to_owned()),
        };
        proof.faults.extend(lost);
        if length != SEGMENT {
            proof.faults.push("the last segment is shorter than segments are".to_owned());
        }
    }
    Ok(proof)
}

/// How many records of a segment set aside stand nowhere else. The whole part of the first damaged one was kept.
fn set_aside(disk: &dyn Disk, number: u64, aside: &str) -> Result<u64, StoreError> {
    let bytes = match disk.read(aside) {
        // Meanwhile the daemon let it go.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        bytes => bytes.map_err(StoreError::Read)?,
    };
    let Some(header) = Header::decode(&bytes) else { return Ok(u64::from(bytes.iter().any(|byte| *byte != 0))) };
    let kept = disk.read(&name(number)).ok().filter(|kept| Header::decode(kept).as_ref() == Some(&header));
    let first = kept.map_or(header.first_seq, |kept| segment::walk(&kept, &header, |_| {}).next_seq);
    let end = segment::walk(&bytes, &header, |_| {});
    let last = bytes.get(end.offset..).and_then(|rest| segment::highest(rest, end.next_seq));
    let torn = end.next_seq.saturating_add(u64::from(end.damaged));
    Ok(last.map_or(torn, |last| last.saturating_add(1)).saturating_sub(first))
}
