//! What a person reads: words as data, one sheet a language, which a site may change phrase by phrase.

mod sheet;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, OnceLock},
};

use self::sheet::Sheet;
use super::{NextStep, SceneKind};
use crate::{
    fault::{Code, Whose},
    words::{Hindrance, Language, Purpose, width},
};

/// A phrase, from its longest form to its shortest; placeholders stand in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(Vec<String>);

/// So often phrases become others in one run.
const MOST_CHANGES: usize = 32;

/// All phrases of a lane. Whoever holds them says what they have become meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrases {
    words: Arc<Words>,
    /// What was put in their place; each stays, for whoever reads it just then.
    newer: OnceLock<Box<Self>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Words {
    language: Language,
    headline: BTreeMap<SceneKind, Phrase>,
    explanation: BTreeMap<SceneKind, Phrase>,
    advice: BTreeMap<NextStep, Phrase>,
    text: BTreeMap<Wording, Phrase>,
}

/// What is neither headline nor advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wording {
    /// A headline that asks about somebody.
    ForPerson,
    /// An option: nobody else is waited for.
    UseAlone,
    /// An option: the visit is for the document's holder.
    Yes,
    /// An option: it is for the person who stands here.
    NoForMyself,
    /// Nobody is before the person.
    NextOne,
    /// So many are.
    Ahead,
    /// The number that is called.
    Now,
    /// When the person will be called.
    Eta,
    /// When they are expected.
    Slot,
    /// The place in a half day's list.
    Sequence,
    /// A half of the day.
    Morning,
    /// The other half.
    Afternoon,
    /// After both.
    Evening,
    /// Something that only the site knows the meaning of.
    Field,
    /// From when a check-in is possible.
    From,
    /// Until when it was.
    Until,
    /// A time of another day.
    Date,
    /// The months' names, all twelve.
    Months,
    /// A headline: nobody is served before the start button is pressed.
    ToStart,
    /// A headline: it is not one of the lane's hours.
    AfterHours,
    /// When the lane is open.
    Hours,
    /// What is left of a wait.
    Seconds,
    /// An option: the next options.
    More,
    /// On a slip: what it is.
    SlipTitle,
    /// The same where nothing but number and place are known.
    SlipReceipt,
    /// On a slip: it was printed before.
    SlipReprint,
    /// On a slip: the person had this number before.
    SlipAlready,
    /// On a slip: the call was missed, and the person is in the queue anew.
    SlipReQueued,
    /// On a slip: what a code is for.
    SlipScan,
    /// On a slip: what to do after a missed call.
    SlipMissed,
    /// On a slip, before the name.
    SlipName,
    /// On a slip, before the patient's number.
    SlipPatientId,
    /// On a slip, before the department.
    SlipDepartment,
    /// On a slip, before what kind of visit it is.
    SlipVisitKind,
    /// On a slip, before whoever sees the person.
    SlipDoctor,
    /// On a slip, before the place in the list.
    SlipSequence,
    /// On a slip, before where to go.
    SlipPlace,
    /// On a slip, before how to get there.
    SlipWay,
    /// On a slip, before when the person is expected.
    SlipSlot,
    /// On a slip, before when the person will be called.
    SlipEta,
    /// On a slip, before how many go first.
    SlipAhead,
    /// On a slip, before the number that is called.
    SlipNow,
    /// On a slip, before when the decision fell.
    SlipTime,
    /// Said: who goes where.
    Call,
    /// Said: the number alone.
    YourNumber,
    /// Said: the place alone.
    GoTo,
    /// On the slip for staff.
    NotCheckedIn,
    /// On a slip: staff still have to verify its number.
    ToVerify,
    /// Whose fault it is.
    FaultOf(Whose),
    /// What stands between the person and their visit.
    Hindered(Hindrance),
}

/// A file of phrases cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PhrasesError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Columns of the narrowest panel: every headline and every advice has a form that is no wider.
pub const NARROWEST: usize = 16;

impl Phrase {
    /// Why even its shortest form has no room on the narrowest panel.
    fn too_wide(&self) -> Option<String> {
        let form = self.0.last().filter(|form| width(form) > NARROWEST)?;
        let room = "eight hanzi or sixteen letters; a list may end with a shorter form";
        Some(format!("\"{form}\" is wider than the narrowest panel: {room}"))
    }

    /// The longest form that takes at most so many columns, else the shortest.
    pub fn within(&self, columns: usize) -> &str {
        self.0.iter().find(|form| width(form) <= columns).or(self.0.last()).map_or("", String::as_str)
    }

    /// As it is said.
    #[cfg(feature = "voice")]
    pub(super) fn longest(&self) -> &str {
        self.form(0)
    }

    /// One of its forms, from 0: a month's name.
    pub(super) fn form(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }

    /// The same with its placeholders filled in.
    pub(crate) fn filled(&self, columns: usize, values: &[(&str, &str)]) -> String {
        let fill = |form: &String| {
            values.iter().fold(form.clone(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
        };
        let mut forms = self.0.iter().map(fill);
        let last = self.0.last().map(fill).unwrap_or_default();
        forms.find(|form| width(form) <= columns).unwrap_or(last)
    }
}

impl Phrases {
    /// Those that travel with the program.
    pub fn shipped(language: Language, purpose: Purpose) -> Arc<Self> {
        static STANDARD: LazyLock<Arc<Words>> = LazyLock::new(|| {
            Arc::new(Words::of(Language::ZhHans, [Phrases::sheet(Language::ZhHans)], Purpose::Hospital))
        });
        let words = match (language, purpose) {
            (Language::ZhHans, Purpose::Hospital) => Arc::clone(&STANDARD),
            _ => Arc::new(Words::of(language, [Self::sheet(language)], purpose)),
        };
        Arc::new(Self { words, newer: OnceLock::new() })
    }

    /// Those of a site's file over those that travel with the program.
    pub fn changed(language: Language, purpose: Purpose, file: &str) -> Result<Self, PhrasesError> {
        let sheet = Sheet::read(file).map_err(|(at, message)| {
            let before = file.get(..at).unwrap_or(file);
            PhrasesError { line: before.matches('\n').count().saturating_add(1), message }
        })?;
        let words = Arc::new(Words::of(language, [Self::sheet(language), sheet], purpose));
        Ok(Self { words, newer: OnceLock::new() })
    }

    /// From now on everybody who holds these says what those say. False where that is not possible any more before a
    /// restart: what was said before is kept, and there is an end to it.
    pub fn becomes(&self, other: &Self) -> bool {
        let (mut newest, mut count) = (self, 0);
        while let Some(newer) = newest.newer.get() {
            (newest, count) = (newer, count + 1);
        }
        let words = Arc::clone(other.words());
        *newest.words == *words
            || (count < MOST_CHANGES && newest.newer.set(Box::new(Self { words, newer: OnceLock::new() })).is_ok())
    }

    /// What they are now.
    fn words(&self) -> &Arc<Words> {
        let mut newest = self;
        while let Some(newer) = newest.newer.get() {
            newest = newer;
        }
        &newest.words
    }

    /// What they are in.
    pub(crate) fn language(&self) -> Language {
        self.words().language
    }

    /// A headline.
    pub fn headline(&self, kind: SceneKind) -> &Phrase {
        of(&self.words().headline, kind)
    }

    /// The same where more is known: a lane that waits for a start asks for it, one that is closed at night says so.
    pub(crate) fn headline_for(&self, kind: SceneKind, to_start: bool, code: Option<Code>) -> &Phrase {
        match code {
            _ if to_start => self.text(Wording::ToStart),
            Some(Code::X012) => self.text(Wording::AfterHours),
            _ => self.headline(kind),
        }
    }

    /// What stands below it where nothing else does; often nothing.
    pub fn explanation(&self, kind: SceneKind) -> &Phrase {
        of(&self.words().explanation, kind)
    }

    /// What a person can do now.
    pub fn advice(&self, next: NextStep) -> &Phrase {
        of(&self.words().advice, next)
    }

    /// Anything else.
    pub fn text(&self, which: Wording) -> &Phrase {
        of(&self.words().text, which)
    }

    /// What is left of a wait: `12秒`.
    pub fn seconds(&self, seconds: u64) -> String {
        self.text(Wording::Seconds).filled(NARROWEST, &[("n", &seconds.to_string())])
    }

    fn sheet(language: Language) -> Sheet {
        let text = match language {
            Language::ZhHans => include_str!("phrases/zh-hans.toml"),
            Language::ZhHant => include_str!("phrases/zh-hant.toml"),
            Language::ZhHantHk => include_str!("phrases/zh-hant-hk.toml"),
            Language::En => include_str!("phrases/en.toml"),
        };
        Sheet::read(text).expect("a test reads every sheet")
    }
}

impl Words {
    /// Each sheet over the one before; what it says of a purpose over the rest of it.
    fn of<const N: usize>(language: Language, sheets: [Sheet; N], purpose: Purpose) -> Self {
        let mut all = Self {
            language,
            headline: BTreeMap::new(),
            explanation: BTreeMap::new(),
            advice: BTreeMap::new(),
            text: BTreeMap::new(),
        };
        for mut sheet in sheets {
            let own = match purpose {
                Purpose::Hospital => sheet.hospital.take(),
                Purpose::Transit => sheet.transit.take(),
            };
            for sheet in [Some(sheet), own.map(|own| *own)].into_iter().flatten() {
                all.headline.extend(sheet.headline);
                all.explanation.extend(sheet.explanation);
                all.advice.extend(sheet.advice);
                all.text.extend(sheet.text);
            }
        }
        all
    }
}

impl Default for Phrases {
    fn default() -> Self {
        Self::clone(&Self::shipped(Language::default(), Purpose::Hospital))
    }
}

impl Wording {
    /// Every one.
    pub const ALL: [Self; 59] = [
        Self::ForPerson,
        Self::UseAlone,
        Self::Yes,
        Self::NoForMyself,
        Self::NextOne,
        Self::Ahead,
        Self::Now,
        Self::Eta,
        Self::Slot,
        Self::Sequence,
        Self::Morning,
        Self::Afternoon,
        Self::Evening,
        Self::Field,
        Self::From,
        Self::Until,
        Self::Date,
        Self::Months,
        Self::ToStart,
        Self::AfterHours,
        Self::Hours,
        Self::Seconds,
        Self::More,
        Self::SlipTitle,
        Self::SlipReceipt,
        Self::SlipReprint,
        Self::SlipAlready,
        Self::SlipReQueued,
        Self::SlipScan,
        Self::SlipMissed,
        Self::SlipName,
        Self::SlipPatientId,
        Self::SlipDepartment,
        Self::SlipVisitKind,
        Self::SlipDoctor,
        Self::SlipSequence,
        Self::SlipPlace,
        Self::SlipWay,
        Self::SlipSlot,
        Self::SlipEta,
        Self::SlipAhead,
        Self::SlipNow,
        Self::SlipTime,
        Self::Call,
        Self::YourNumber,
        Self::GoTo,
        Self::NotCheckedIn,
        Self::ToVerify,
        Self::FaultOf(Whose::Device),
        Self::FaultOf(Whose::Network),
        Self::FaultOf(Whose::WeChat),
        Self::FaultOf(Whose::Site),
        Self::Hindered(Hindrance::NoFile),
        Self::Hindered(Hindrance::SeveralFiles),
        Self::Hindered(Hindrance::OtherName),
        Self::Hindered(Hindrance::Unpaid),
        Self::Hindered(Hindrance::NotCollected),
        Self::Hindered(Hindrance::DoctorAway),
        Self::Hindered(Hindrance::RoomChanged),
    ];

    /// What it is called in a sheet.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::ForPerson => "for_person",
            Self::UseAlone => "use_alone",
            Self::Yes => "yes",
            Self::NoForMyself => "no_for_myself",
            Self::NextOne => "next_one",
            Self::Ahead => "ahead",
            Self::Now => "now",
            Self::Eta => "eta",
            Self::Slot => "slot",
            Self::Sequence => "sequence",
            Self::Morning => "morning",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
            Self::Field => "field",
            Self::From => "from",
            Self::Until => "until",
            Self::Date => "date",
            Self::Months => "months",
            Self::ToStart => "to_start",
            Self::AfterHours => "after_hours",
            Self::Hours => "hours",
            Self::Seconds => "seconds",
            Self::More => "more",
            Self::SlipTitle => "slip_title",
            Self::SlipReceipt => "slip_receipt",
            Self::SlipReprint => "slip_reprint",
            Self::SlipAlready => "slip_already",
            Self::SlipReQueued => "slip_re_queued",
            Self::SlipScan => "slip_scan",
            Self::SlipMissed => "slip_missed",
            Self::SlipName => "slip_name",
            Self::SlipPatientId => "slip_patient_id",
            Self::SlipDepartment => "slip_department",
            Self::SlipVisitKind => "slip_visit_kind",
            Self::SlipDoctor => "slip_doctor",
            Self::SlipSequence => "slip_sequence",
            Self::SlipPlace => "slip_place",
            Self::SlipWay => "slip_way",
            Self::SlipSlot => "slip_slot",
            Self::SlipEta => "slip_eta",
            Self::SlipAhead => "slip_ahead",
            Self::SlipNow => "slip_now",
            Self::SlipTime => "slip_time",
            Self::Call => "call",
            Self::YourNumber => "your_number",
            Self::GoTo => "go_to",
            Self::NotCheckedIn => "not_checked_in",
            Self::ToVerify => "to_verify",
            Self::FaultOf(Whose::Device) => "fault_of_device",
            Self::FaultOf(Whose::Network) => "fault_of_network",
            Self::FaultOf(Whose::WeChat) => "fault_of_wechat",
            Self::FaultOf(Whose::Site) => "fault_of_site",
            Self::Hindered(hindrance) => hindrance.as_str(),
        }
    }

    /// Why a phrase cannot stand for it: it lacks a placeholder in one of its forms, or a month.
    fn wrong(self, phrase: &Phrase) -> Option<String> {
        let Phrase(forms) = phrase;
        let lacks = |form: &&String| self.placeholders().iter().any(|name| !form.contains(&format!("{{{name}}}")));
        match forms.iter().find(lacks) {
            Some(form) => Some(format!("\"{form}\" needs {{{}}}", self.placeholders().join("}, {"))),
            // With the longest name that it is asked by.
            None if self == Self::ForPerson => {
                Phrase(vec![phrase.filled(NARROWEST, &[("name", "＊＊＊＊")])]).too_wide()
            }
            None if matches!(self, Self::ToStart | Self::AfterHours) => phrase.too_wide(),
            None if self == Self::Months && forms.len() != 12 => Some("months has twelve names".to_owned()),
            None => None,
        }
    }

    /// What its phrase must hold.
    fn placeholders(self) -> &'static [&'static str] {
        match self {
            Self::ForPerson => &["name"],
            Self::Ahead | Self::Seconds => &["n"],
            Self::Now | Self::YourNumber => &["number"],
            Self::Call => &["number", "place"],
            Self::GoTo => &["place"],
            Self::Eta | Self::Slot | Self::From | Self::Until => &["time"],
            Self::Sequence => &["index"],
            Self::Field => &["label", "value"],
            Self::Hours => &["hours"],
            Self::Date => &["month", "day", "time"],
            _ => &[],
        }
    }
}

fn of<K: Ord>(phrases: &BTreeMap<K, Phrase>, which: K) -> &Phrase {
    static NOTHING: Phrase = Phrase(Vec::new());
    phrases.get(&which).unwrap_or(&NOTHING)
}
