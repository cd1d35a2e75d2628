//! Reading beside the running daemon: list and prove. Writes nothing.

use std::{fmt, path::Path};

use super::{
    Disk as _, FolderDisk, StoreError,
    mark::Found as FoundMark,
    record::{Entry, Place},
    recover::{ASIDE, name, numbers},
    segment::{self, Hash, Header, SEGMENT},
};

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
    /// What is wrong now, in words.
    pub faults: Vec<String>,
}

impl Proof {
    /// True when nothing is wrong now.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segments, records, epoch, aside, faults } = self;
        write!(f, "{records} records in {segments} segments, epoch {epoch}")?;
        if *aside > 0 {
            write!(f, ", {aside} damaged segments kept aside")?;
        }
        for fault in faults {
            write!(f, "; {fault}")?;
        }
        Ok(())
    }
}

/// Every whole record, oldest first; stops at damage.
pub fn entries(dir: &Path) -> Result<Vec<Entry>, StoreError> {
    let mut found = Vec::new();
    scan(dir, |place, payload| found.push(Entry::read(place, payload)))?;
    Ok(found)
}

/// Proves the chain over every segment.
pub fn verify(dir: &Path) -> Result<Proof, StoreError> {
    scan(dir, |_, _| {})
}

fn scan(dir: &Path, mut each: impl FnMut(Place, &[u8])) -> Result<Proof, StoreError> {
    let directory = |source| StoreError::Directory { dir: dir.to_owned(), source };
    if !dir.is_dir() {
        return Err(directory(std::io::ErrorKind::NotFound.into()));
    }
    let disk = FolderDisk::open(dir).map_err(directory)?;
    // Before the segments: the daemon may go on writing, and then the journal is ahead of what was read here.
    let found = FoundMark::on(&disk).map_err(directory)?;
    let names = disk.list().map_err(directory)?;
    let mut proof = Proof { aside: names.iter().filter(|name| name.contains(ASIDE)).count(), ..Proof::default() };
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
            each(Place { epoch: header.epoch, seq: found.seq }, found.payload);
        });
        before = Some((number, end.next_seq, end.chain));
        length = bytes.len();
        if end.damaged {
            proof.faults.push(format!("segment {number} is damaged at byte {}", end.offset));
            break;
        }
    }
    if proof.faults.is_empty() {
        let next_seq = before.map_or(0, |(_, next_seq, _)| next_seq);
        // After the segments: the first one may have gone meanwhile, and then the mark says so by now.
        let first = numbers(&names).first().copied();
        let later = FoundMark::on(&disk).map_err(directory)?.mark();
        let lost = match (found, later) {
            (FoundMark::At(mark), Some(later)) => {
                mark.since(later).misses(first, proof.epoch.max(1), next_seq, at_mark)
            }
            _ => before.is_some().then(|| "nothing tells how far it had got".to_owned()),
        };
        proof.faults.extend(lost);
        if length != SEGMENT {
            proof.faults.push("the last segment is shorter than segments are".to_owned());
        }
    }
    Ok(proof)
}
