//! Which fonts there are, and which of them has a character.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use harfrust::{Font, ShaperFont};

use crate::{files, words::Language};

/// A font larger than this is none, bytes: Noto's collection of CJK has a third of it.
const MOST: usize = 64 << 20;

/// The most bytes of fonts that are kept beside the first and the system's largest: what a rare name needed is read again when it comes again.
const KEPT: usize = 16 << 20;

/// Where Debian puts fonts: fonts-noto-cjk; fonts-noto-core for Uyghur, Tibetan, Yi, Mongolian, and letters with marks
/// that the first lacks; fonts-hanazono for the rarest hanzi.
const SYSTEM: [&str; 8] = [
    COLLECTION,
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSerifTibetan-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansYi-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansMongolian-Regular.ttf",
    "/usr/share/fonts/truetype/hanazono/HanaMinB.ttf",
    "/usr/share/fonts/truetype/hanazono/HanaMinA.ttf",
];

const COLLECTION: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";

/// One face of a font file.
pub(in crate::device) struct Face {
    pub(super) font: Font,
    bytes: usize,
}

/// A font file's bytes.
type Bytes = dyn AsRef<[u8]> + Send + Sync;

/// What panels have read by now and somebody still uses: one copy for all panels of the process and for all faces of a
/// collection.
static READ: Mutex<Vec<(PathBuf, Weak<Bytes>)>> = Mutex::new(Vec::new());

/// Panels that begin at once wait for one of them to read it.
fn bytes_of(file: &Path) -> Option<Arc<Bytes>> {
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    read.retain(|(_, bytes)| bytes.strong_count() > 0);
    if let Some(there) = read.iter().find(|(of, _)| of == file).and_then(|(_, bytes)| bytes.upgrade()) {
        return Some(there);
    }
    let bytes: Arc<Bytes> = Arc::new(files::read(file, MOST).ok()?);
    read.push((file.to_owned(), Arc::downgrade(&bytes)));
    Some(bytes)
}

/// A face that may be there.
struct Place {
    file: PathBuf,
    index: u32,
    state: State,
}

enum State {
    /// Nobody has asked yet, or it was let go of.
    Closed,
    Open(Box<Face>),
    /// It is not there, or is no font.
    Absent,
}

/// Faces, the first that has a character wins.
#[derive(Default)]
pub(super) struct Faces(Vec<Place>);

impl Faces {
    pub(super) fn new(own: &[PathBuf], language: Language) -> Self {
        let system = SYSTEM.iter().map(PathBuf::from);
        let place = |file: PathBuf| {
            let index = face_of(&file, language);
            Place { file, index, state: State::Closed }
        };
        Self(own.iter().cloned().chain(system).map(place).collect())
    }

    /// The face at this place, where it was open.
    pub(super) fn get(&mut self, at: usize) -> Option<&Face> {
        self.0.get_mut(at)?.open()
    }

    /// The first face that can draw all of this; where none has all, the first that has its first character.
    pub(super) fn having(&mut self, characters: &[char]) -> Option<usize> {
        let has = |faces: &mut Self, wanted: &[char]| {
            let found = (0..faces.0.len()).find(|at| faces.get(*at).is_some_and(|face| face.has(wanted)));
            faces.let_go(found);
            found
        };
        has(self, characters).or_else(|| has(self, characters.get(..1)?))
    }

    pub(super) fn opened(&self) -> Vec<(PathBuf, u32)> {
        let open = self.0.iter().filter(|place| matches!(place.state, State::Open(_)));
        open.map(|place| (place.file.clone(), place.index)).collect()
    }

    /// Closes what is too much, but not this one.
    fn let_go(&mut self, used: Option<usize>) {
        let mut kept = 0;
        let is_let_go = |at: usize, place: &Place| at > 0 && place.file != Path::new(COLLECTION);
        for (at, place) in self.0.iter_mut().enumerate().filter(|(at, place)| is_let_go(*at, place)) {
            if let State::Open(face) = &place.state {
                kept += face.bytes;
                if kept > KEPT && Some(at) != used {
                    kept -= face.bytes;
                    place.state = State::Closed;
                }
            }
        }
    }
}

impl Place {
    fn open(&mut self) -> Option<&Face> {
        if matches!(self.state, State::Closed) {
            self.state = Face::read(&self.file, self.index).map_or(State::Absent, |face| State::Open(Box::new(face)));
        }
        match &self.state {
            State::Open(face) => Some(face),
            State::Closed | State::Absent => None,
        }
    }
}

impl Face {
    /// A collection that has no such face is asked for its first.
    fn read(file: &Path, index: u32) -> Option<Self> {
        let data = bytes_of(file)?;
        let bytes = (*data).as_ref().len();
        let font = Font::new(Arc::clone(&data), index).or_else(|| Font::new(data, 0))?;
        Some(Self { font, bytes })
    }

    fn has(&self, characters: &[char]) -> bool {
        let charmap = self.font.charmap();
        characters.iter().all(|character| charmap.map_unicode(u32::from(*character)).is_some())
    }

    pub(super) fn shaper(&self) -> ShaperFont<'_, '_> {
        ShaperFont::new(&self.font)
    }

    /// How far its letters reach above the baseline and below it, ems.
    pub(super) fn reach(&self) -> (f32, f32) {
        let line = self.font.metrics().hhea_line;
        line.map_or((0.88, 0.12), |line| (line.ascender.to_f32() / self.em(), -line.descender.to_f32() / self.em()))
    }

    /// Units an em, never 0.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    pub(super) fn em(&self) -> f32 {
        usize::from(self.font.units_per_em().max(1)) as f32
    }
}

/// Noto's collection has a face for each way of writing hanzi: Japanese, Korean, simplified, Taiwan's, Hong Kong's.
fn face_of(file: &Path, language: Language) -> u32 {
    let is_noto = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("Noto"));
    match language {
        _ if !is_noto || file.extension().is_none_or(|extension| extension != "ttc") => 0,
        Language::ZhHans | Language::En => 2,
        Language::ZhHant => 3,
        Language::ZhHantHk => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_panels_of_a_process_have_one_copy_of_a_font() {
        let file = Path::new(COLLECTION);
        let copies = || {
            let read = READ.lock().expect("whole");
            read.iter().filter(|(of, _)| of == file).map(|(_, bytes)| bytes.strong_count()).collect::<Vec<_>>()
        };
        let mut panels = Language::ALL.map(|language| Faces::new(&[], language));
        for panel in &mut panels {
            assert!(panel.having(&['张']).is_some(), "apt-get install fonts-noto-cjk");
        }
        // Other tests may have it, too.
        let used = copies();
        assert!(used.len() == 1 && used[0] >= panels.len(), "{used:?}");
    }

    #[test]
    #[ignore = "weighs the process: alone"]
    fn a_panel_more_weighs_little_where_one_has_its_fonts() {
        // Pages of 4 KiB that lie in memory (proc_pid_statm(5)).
        let weight = || -> usize {
            let pages = files::read_text(Path::new("/proc/self/statm"), 4096).expect("Linux");
            pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0) * 4
        };
        let mut weights = vec![weight()];
        let mut panels = Vec::new();
        for language in Language::ALL {
            let mut panel = Faces::new(&[], language);
            assert!(panel.having(&['张']).is_some());
            panels.push(panel);
            weights.push(weight());
        }
        println!("KiB after none to four panels: {weights:?}");
        assert!(weights[4] - weights[1] < (weights[1] - weights[0]) / 4, "{weights:?}");
    }
}
