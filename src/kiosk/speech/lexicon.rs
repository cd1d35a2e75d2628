//! Which clip holds which of the site's own words: departments, rooms, floors.

use std::collections::BTreeMap;

use super::{Clip, numerals};
use crate::words::Language;

/// Words by their clips: those that every pack has, and those of a pack's index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lexicon(BTreeMap<String, String>);

/// A line of an index cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LexiconError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: &'static str,
}

/// The most words of an index.
const MOST: usize = 4096;

/// The longest word, characters.
const LONGEST: usize = 64;

/// What places are called everywhere: clip, simplified, traditional.
const PLACES: [(&str, &str, &str); 14] = [
    ("word-lou", "楼", "樓"),
    ("word-ceng", "层", "層"),
    ("word-hao", "号", "號"),
    ("word-haolou", "号楼", "號樓"),
    ("word-qu", "区", "區"),
    ("word-ke", "科", "科"),
    ("word-shi", "室", "室"),
    ("word-zhenshi", "诊室", "診間"),
    ("word-zhenqu", "诊区", "診區"),
    ("word-menzhen", "门诊", "門診"),
    ("word-chuangkou", "窗口", "窗口"),
    ("word-zhan", "站", "站"),
    ("word-di", "第", "第"),
    ("word-zuo", "座", "座"),
];

const ENGLISH_PLACES: [&str; 8] = ["floor", "room", "clinic", "building", "window", "counter", "ward", "level"];

impl Lexicon {
    /// The words that every pack of this language has.
    pub fn standard(language: Language) -> Self {
        Self(standard(language).into_iter().map(|Clip { name, words }| (words, name)).collect())
    }

    /// Those, and the lines of a pack's index, `内科 = "neike.wav"`, over them.
    pub fn with_index(language: Language, index: &str) -> Result<Self, LexiconError> {
        let Self(mut words) = Self::standard(language);
        for (line, text) in (1..).zip(index.lines()) {
            let wrong = |message| LexiconError { line, message };
            let text = text.trim().trim_start_matches('\u{FEFF}');
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (word, file) = text.split_once('=').ok_or(wrong("expected a word, =, and a clip's file"))?;
            let [word, file] = [word, file].map(|part| part.trim().trim_matches('"').trim());
            if !(1..=LONGEST).contains(&word.chars().count()) {
                return Err(wrong("a word has 1–64 characters"));
            }
            let name = file.strip_suffix(".wav").filter(|name| is_clip(name));
            let name = name.ok_or(wrong("a clip's file is 1–64 letters, digits, - or _, and .wav"))?;
            if words.len() >= MOST {
                return Err(wrong("an index has 4096 words at most"));
            }
            words.insert(word.to_lowercase(), name.to_owned());
        }
        Ok(Self(words))
    }

    /// The clips that are named.
    pub fn clips(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// Every word with its clip.
    pub(crate) fn words(&self) -> impl Iterator<Item = Clip> {
        self.0.iter().map(|(words, name)| Clip { name: name.clone(), words: words.clone() })
    }

    /// The clips of a text, the longest words first; what has none is not said.
    pub(super) fn read(&self, language: Language, text: &str) -> Vec<String> {
        let text = text.to_lowercase();
        let (mut clips, mut rest) = (Vec::new(), text.as_str());
        while let Some(first) = rest.chars().next() {
            let taken = if let Some((word, clip)) = self.longest(rest) {
                clips.push(clip.to_owned());
                word.len()
            } else if first.is_ascii_digit() {
                let digits = run(rest, |character| character.is_ascii_digit());
                clips.extend(match digits.parse() {
                    Ok(number) if !digits.starts_with('0') && digits.len() <= 3 => numerals::number(language, number),
                    _ => numerals::spelled(digits),
                });
                digits.len()
            } else if first.is_ascii_alphabetic() {
                let letters = run(rest, |character| character.is_ascii_alphabetic());
                // CT and B are spelled; a word that nobody recorded is not.
                clips.extend(Some(letters).filter(|word| word.len() <= 2).into_iter().flat_map(numerals::spelled));
                letters.len()
            } else {
                first.len_utf8()
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        clips
    }

    /// The longest word that a text begins with; one of letters ends where they end.
    fn longest<'a>(&self, text: &'a str) -> Option<(&'a str, &str)> {
        let ends = text.char_indices().map(|(at, character)| at.saturating_add(character.len_utf8()));
        let ends: Vec<usize> = ends.take(LONGEST).collect();
        ends.into_iter().rev().find_map(|end| {
            let (word, after) = text.split_at_checked(end)?;
            let is_letter = |character: char| character.is_ascii_alphanumeric();
            let within = word.ends_with(is_letter) && after.starts_with(is_letter);
            Some((word, self.0.get(word).filter(|_| !within)?.as_str()))
        })
    }
}

/// A clip's name: what a pack's folder and an address have room for.
pub(super) fn is_clip(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The words of places, and digits as hanzi: 一诊室.
pub(super) fn standard(language: Language) -> Vec<Clip> {
    let clip = |name: String, words: &str| Clip { name, words: words.to_owned() };
    if language == Language::En {
        return ENGLISH_PLACES.map(|word| clip(format!("word-{word}"), word)).into();
    }
    let place = |(name, simplified, traditional): (&str, &str, &str)| {
        clip(name.to_owned(), if language == Language::ZhHans { simplified } else { traditional })
    };
    let digits = "一二三四五六七八九十".chars().zip(1..).map(|(digit, n)| clip(format!("n{n}"), &digit.to_string()));
    PLACES.into_iter().map(place).chain(digits).collect()
}

fn run(text: &str, of: impl Fn(char) -> bool) -> &str {
    let end = text.find(|character: char| !of(character)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
