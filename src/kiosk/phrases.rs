//! What a person reads: words as data, one sheet a language, which a site may change phrase by phrase.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use super::{NextStep, SceneKind};
use crate::words::{Language, Purpose};

/// A phrase, from its longest form to its shortest; placeholders stand in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(Vec<String>);

/// All phrases of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrases {
    headline: BTreeMap<SceneKind, Phrase>,
    explanation: BTreeMap<SceneKind, Phrase>,
    advice: BTreeMap<NextStep, Phrase>,
    text: BTreeMap<Wording, Phrase>,
}

/// What is neither headline nor advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// What is left of a wait.
    Seconds,
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

/// A sheet as it stands in a file: whatever it does not say stays as it was.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sheet {
    headline: BTreeMap<SceneKind, Spanned<Phrase>>,
    explanation: BTreeMap<SceneKind, Spanned<Phrase>>,
    advice: BTreeMap<NextStep, Spanned<Phrase>>,
    text: BTreeMap<Wording, Spanned<Phrase>>,
    hospital: Option<Box<Sheet>>,
    transit: Option<Box<Sheet>>,
}

/// Columns of the narrowest panel: every headline and every advice has a form that is no wider.
pub const NARROWEST: usize = 16;

/// The longest form of a phrase, characters.
const LONGEST: usize = 64;

impl Phrase {
    /// The longest form that takes at most so many columns, else the shortest.
    pub fn within(&self, columns: usize) -> &str {
        self.0.iter().find(|form| width(form) <= columns).or(self.0.last()).map_or("", String::as_str)
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
        static STANDARD: LazyLock<Arc<Phrases>> =
            LazyLock::new(|| Arc::new(Phrases::of([Phrases::sheet(Language::ZhHans)], Purpose::Hospital)));
        if (language, purpose) == (Language::ZhHans, Purpose::Hospital) {
            return Arc::clone(&STANDARD);
        }
        Arc::new(Self::of([Self::sheet(language)], purpose))
    }

    /// Those of a site's file over those that travel with the program.
    pub fn changed(language: Language, purpose: Purpose, file: &str) -> Result<Self, PhrasesError> {
        let wrong = |at: usize, message: String| {
            let before = file.get(..at).unwrap_or(file);
            PhrasesError { line: before.matches('\n').count().saturating_add(1), message }
        };
        let sheet = toml::from_str::<Sheet>(file).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            wrong(at, error.message().to_owned())
        })?;
        if let Some((at, message)) = sheet.wrong() {
            return Err(wrong(at, message));
        }
        Ok(Self::of([Self::sheet(language), sheet], purpose))
    }

    /// A headline.
    pub fn headline(&self, kind: SceneKind) -> &Phrase {
        of(&self.headline, kind)
    }

    /// What stands below it where nothing else does; often nothing.
    pub fn explanation(&self, kind: SceneKind) -> &Phrase {
        of(&self.explanation, kind)
    }

    /// What a person can do now.
    pub fn advice(&self, next: NextStep) -> &Phrase {
        of(&self.advice, next)
    }

    /// Anything else.
    pub fn text(&self, which: Wording) -> &Phrase {
        of(&self.text, which)
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
        toml::from_str(text).expect("a test reads every sheet")
    }

    /// Each sheet over the one before; what it says of a purpose over the rest of it.
    fn of<const N: usize>(sheets: [Sheet; N], purpose: Purpose) -> Self {
        let mut all = Self {
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
                all.headline.extend(phrases(sheet.headline));
                all.explanation.extend(phrases(sheet.explanation));
                all.advice.extend(phrases(sheet.advice));
                all.text.extend(phrases(sheet.text));
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

impl Sheet {
    /// The first phrase that cannot be used: where it stands, and why.
    fn wrong(&self) -> Option<(usize, String)> {
        let wide = |phrase: &Spanned<Phrase>| {
            let form = phrase.as_ref().0.last().filter(|form| width(form) > NARROWEST)?;
            let room = "eight hanzi or sixteen letters; a list may end with a shorter form";
            Some((phrase.span().start, format!("\"{form}\" is wider than the narrowest panel: {room}")))
        };
        let short = self.headline.values().chain(self.explanation.values()).chain(self.advice.values());
        let texts =
            self.text.iter().find_map(|(wording, phrase)| Some((phrase.span().start, wording.wrong(phrase.as_ref())?)));
        let own = || self.hospital.iter().chain(&self.transit).find_map(|sheet| sheet.wrong());
        short.into_iter().find_map(wide).or(texts).or_else(own)
    }
}

impl Wording {
    /// Every one.
    pub const ALL: [Self; 19] = [
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
        Self::Seconds,
    ];

    /// Why a phrase cannot stand for it: it lacks a placeholder in one of its forms, or a month.
    fn wrong(self, Phrase(forms): &Phrase) -> Option<String> {
        let lacks = |form: &&String| self.placeholders().iter().any(|name| !form.contains(&format!("{{{name}}}")));
        match forms.iter().find(lacks) {
            Some(form) => Some(format!("\"{form}\" needs {{{}}}", self.placeholders().join("}, {"))),
            None if self == Self::Months && forms.len() != 12 => Some("months has twelve names".to_owned()),
            None => None,
        }
    }

    /// What its phrase must hold.
    fn placeholders(self) -> &'static [&'static str] {
        match self {
            Self::ForPerson => &["name"],
            Self::Ahead | Self::Seconds => &["n"],
            Self::Now => &["number"],
            Self::Eta | Self::Slot | Self::From | Self::Until => &["time"],
            Self::Sequence => &["index"],
            Self::Field => &["label", "value"],
            Self::Date => &["month", "day", "time"],
            _ => &[],
        }
    }
}

/// Without where they stand.
fn phrases<K>(spanned: BTreeMap<K, Spanned<Phrase>>) -> impl Iterator<Item = (K, Phrase)> {
    spanned.into_iter().map(|(which, phrase)| (which, phrase.into_inner()))
}

fn of<K: Ord>(phrases: &BTreeMap<K, Phrase>, which: K) -> &Phrase {
    static NOTHING: Phrase = Phrase(Vec::new());
    phrases.get(&which).unwrap_or(&NOTHING)
}

/// Half-width columns: one for ASCII, two for anything else, which is never too few.
fn width(text: &str) -> usize {
    text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum()
}

impl<'de> Deserialize<'de> for Phrase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Forms {
            One(String),
            Several(Vec<String>),
        }
        let forms = match Forms::deserialize(deserializer)? {
            Forms::One(form) => vec![form],
            Forms::Several(forms) => forms,
        };
        let is_sound = |form: &String| {
            (1..=LONGEST).contains(&form.chars().count()) && crate::words::Text::clean(form).as_str() == form
        };
        match forms.is_empty() || !forms.iter().all(is_sound) {
            true => Err(D::Error::custom("a phrase has 1–64 characters, no controls, and no spaces at its ends")),
            false => Ok(Self(forms)),
        }
    }
}
