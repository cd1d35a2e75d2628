//! Views of sealed segments in the state: a start reads these instead of the whole journal, and the journal where one is
//! missing, damaged or of another journal. Each is bound to its segment by the hashes at both of its ends.

use std::collections::BTreeMap;

use super::{
    State,
    mark::Mark,
    segment::Header,
    view::{Row, Sealed, SegmentView, View, first_remembered},
};

/// What the state knows of the journal, and is yet to be told.
pub(super) struct Views {
    state: State,
    /// As the start finds them.
    found: BTreeMap<String, Vec<u8>>,
    /// To be kept.
    learnt: Vec<(String, Option<Vec<u8>>)>,
    /// The numbers of earlier segments were forgotten.
    given_from: u64,
}

/// A segment that need not be read.
pub(super) struct Known {
    pub(super) number: u64,
    pub(super) view: SegmentView,
}

const VIEW: &str = "view/";
const GIVEN: &str = "given/";

impl Views {
    /// What the state has.
    pub(super) fn of(state: &State) -> Self {
        let mut found = state.all(VIEW);
        found.append(&mut state.all(GIVEN));
        Self { state: state.clone(), found, learnt: Vec::new(), given_from: 0 }
    }

    /// The first segments that are known, with all that a start needs to know of them. Never the last one, which is not
    /// sealed, nor the one within which the mark stands: its hash is to be compared.
    pub(super) fn known(&mut self, numbers: &[u64], headers: &[Header], mark: Option<Mark>) -> Vec<Known> {
        let mut known = Vec::new();
        for (number, pair) in numbers.iter().zip(headers.windows(2)) {
            let [header, following] = pair else { break };
            let view = self.value::<SegmentView>(VIEW, *number).filter(|view| view.tells_of(header, following));
            let Some(view) = view else { break };
            let within = |mark: Mark| {
                mark.epoch == header.epoch && mark.next_seq > header.first_seq && mark.next_seq < view.next_seq
            };
            if mark.is_some_and(within) {
                break;
            }
            known.push(Known { number: *number, view });
        }
        let first = numbers.first().copied().unwrap_or_default();
        self.given_from = self.given_from.max(first);
        // A power cut may have come before they were forgotten.
        let gone = self.found.keys().filter(|name| match name.strip_prefix(VIEW) {
            Some(_) => **name < key(VIEW, first),
            None => **name < key(GIVEN, first),
        });
        self.learnt.extend(gone.map(|name| (name.clone(), None)));
        // Without the numbers of one segment the journal is read from there on.
        while let Some(without) = remembered(&known).find(|known| self.given(known.number).is_none()) {
            let without = without.number;
            known.retain(|known| known.number < without);
        }
        known
    }

    /// Goes on as if the known segments had been read.
    pub(super) fn resume(&mut self, view: &mut View, known: &[Known]) {
        if let Some(last) = known.last() {
            view.resume(&last.view);
        }
        for known in remembered(known) {
            for row in self.given(known.number).unwrap_or_default() {
                view.give(row.given(known.view.epoch));
            }
        }
        self.found.clear();
    }

    /// A sealed segment is to be known from now on. Returns the time of its oldest number.
    pub(super) fn learn(&mut self, number: u64, sealed: Sealed) -> Option<i64> {
        self.learnt.push((key(VIEW, number), encode(&sealed.view)));
        self.learnt.push((key(GIVEN, number), encode(&sealed.given)));
        sealed.view.oldest_given
    }

    /// A segment has gone.
    pub(super) fn forget(&mut self, number: u64) {
        self.learnt.push((key(VIEW, number), None));
    }

    /// The numbers of the segments before this one count no more.
    pub(super) fn forget_given_before(&mut self, number: u64) {
        let from = self.given_from;
        self.given_from = number.max(from);
        let counts = |name: &String| !name.starts_with(GIVEN) || *name >= key(GIVEN, number);
        self.learnt.retain(|(name, value)| value.is_none() || counts(name));
        self.learnt.extend((from..number).map(|gone| (key(GIVEN, gone), None)));
    }

    /// Has the state keep what was learnt.
    pub(super) fn keep(&mut self) {
        let learnt = std::mem::take(&mut self.learnt);
        if !learnt.is_empty() {
            self.state.write(learnt);
        }
    }

    fn given(&self, number: u64) -> Option<Vec<Row>> {
        self.value(GIVEN, number)
    }

    fn value<T: serde::de::DeserializeOwned>(&self, kind: &str, number: u64) -> Option<T> {
        let (crc, bytes) = self.found.get(&key(kind, number))?.split_first_chunk()?;
        (crc32fast::hash(bytes) == u32::from_le_bytes(*crc)).then(|| serde_json::from_slice(bytes).ok())?
    }
}

/// Those of the known segments whose numbers may still count.
fn remembered(known: &[Known]) -> std::slice::Iter<'_, Known> {
    let limit = known.last().and_then(|last| last.view.limit());
    let first = first_remembered(known.iter().map(|known| known.view.oldest_given), limit);
    known.get(first..).unwrap_or_default().iter()
}

fn key(kind: &str, number: u64) -> String {
    format!("{kind}{number:08}")
}

/// `crc:u32 json`
fn encode(value: &impl serde::Serialize) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(value).ok()?;
    Some([&crc32fast::hash(&json).to_le_bytes()[..], &json].concat())
}
