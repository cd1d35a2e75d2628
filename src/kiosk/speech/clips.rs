//! What is said, as clips; and every clip that a pack needs.

use std::collections::BTreeMap;

use super::{Clip, Lexicon, Part, Sentence, Speech, lexicon, name_of, numerals, pieces};
use crate::{
    kiosk::{NextStep, Phrase, Phrases, SceneKind, Wording},
    words::{Hindrance, Language},
};

/// What is said of scenes apart from headlines, explanations and advice.
const SAID: [Wording; 10] = [
    Wording::ToStart,
    Wording::Call,
    Wording::YourNumber,
    Wording::GoTo,
    Wording::ForPerson,
    Wording::NextOne,
    Wording::Ahead,
    Wording::From,
    Wording::Until,
    Wording::Date,
];

impl Speech {
    /// The clips of each sentence, by their names and in order. A word that has no clip is left out, and a sentence of
    /// which nothing else than the carrying words would be left is told without it, or not at all.
    pub fn clips(&self, lexicon: &Lexicon) -> Vec<Vec<String>> {
        let sentences = self.sentences.iter().map(|sentence| sentence.clips(self.language, lexicon));
        sentences.filter(|clips| !clips.is_empty()).collect()
    }
}

impl Sentence {
    fn clips(&self, language: Language, lexicon: &Lexicon) -> Vec<String> {
        let own: Vec<&Part> = self.parts.iter().filter(|part| matches!(part, Part::Words(_) | Part::Name(_))).collect();
        let says_own = own.iter().any(|part| !part.clips(language, lexicon).is_empty());
        let parts = if own.is_empty() || says_own { &self.parts } else { &self.without };
        parts.iter().flat_map(|part| part.clips(language, lexicon)).collect()
    }
}

impl Part {
    fn clips(&self, language: Language, lexicon: &Lexicon) -> Vec<String> {
        match self {
            Self::Recorded { clip, words } => Some(clip.clone()).filter(|_| is_spoken(words)).into_iter().collect(),
            Self::Spelled(text) => numerals::spelled(text),
            Self::Count(count) => numerals::count(language, *count),
            Self::Day(day) => numerals::number(language, (*day).into()),
            Self::Time(hour, minute) => numerals::time(language, *hour, *minute),
            Self::Comma => Vec::new(),
            Self::Words(words) => lexicon.read(language, words),
            Self::Name(name) => lexicon.read(language, name.reveal()),
        }
    }
}

impl Phrases {
    /// Every clip that a pack of these phrases has, in the order in which they are best recorded.
    pub fn script(&self) -> Vec<Clip> {
        let mut clips = Vec::new();
        let mut add = |name: String, phrase: &Phrase| {
            let of = pieces(&name, phrase.longest()).into_iter();
            clips.extend(of.filter_map(|(words, clip)| Some(Clip { name: clip?, words: words.to_owned() })));
        };
        for kind in SceneKind::ALL.into_iter().filter(|kind| kind.is_said()) {
            add(format!("headline-{}", name_of(kind.as_str())), self.headline(kind));
            add(format!("explanation-{}", name_of(kind.as_str())), self.explanation(kind));
        }
        for next in NextStep::ALL {
            add(format!("advice-{}", name_of(next.key())), self.advice(next));
        }
        for wording in SAID.into_iter().chain(Hindrance::ALL.map(Wording::Hindered)) {
            add(format!("text-{}", name_of(wording.key())), self.text(wording));
        }
        let months = self.text(Wording::Months);
        clips.extend((0..12_u8).map(|month| Clip {
            name: format!("text-months-{}", month.saturating_add(1)),
            words: months.form(month.into()).to_owned(),
        }));
        clips.extend(numerals::script(self.language()));
        clips.extend(lexicon::standard(self.language()));
        let mut known = BTreeMap::new();
        clips.retain(|clip| is_spoken(&clip.words) && known.insert(clip.name.clone(), ()).is_none());
        clips.iter_mut().for_each(|clip| clip.words = clip.words.trim_matches(|c: char| !is_letter(c)).to_owned());
        clips
    }
}

fn is_letter(character: char) -> bool {
    character.is_alphanumeric()
}

/// Something of it is heard.
fn is_spoken(words: &str) -> bool {
    words.contains(is_letter)
}
