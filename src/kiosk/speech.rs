//! What is said aloud of a scene, sentence by sentence: for a terminal that speaks itself in words, for recorded clips by
//! their names. The number and the way are said, how many are before, why not, what to do; never what else stands on the glass.

mod clips;
mod lexicon;
mod numerals;

pub use self::lexicon::{Lexicon, LexiconError};
use super::{NextStep, Phrase, Phrases, Scene, SceneKind, Wording};
use crate::words::{Language, ShownName, Visit, When};

/// What is said of one scene; empty where nothing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    language: Language,
    sentences: Vec<Sentence>,
}

/// One sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sentence {
    parts: Vec<Part>,
    /// What is said instead where there is a name or the site's own words in it, and no clip holds anything of them.
    without: Vec<Part>,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Words of a sheet of phrases, and the clip that holds them.
    Recorded { clip: String, words: String },
    /// A queue number: spelled.
    Spelled(String),
    /// So many people.
    Count(u32),
    /// A day of the month.
    Day(u8),
    /// A time of day: hour and minute.
    Time(u8, u8),
    /// A short rest.
    Comma,
    /// The site's own words.
    Words(String),
    /// A person's name, where the site lets it be said.
    Name(ShownName),
}

/// One clip that a pack holds, and what is recorded in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clip {
    /// The file's name without `.wav`: lower-case ASCII letters, digits and hyphens.
    pub name: String,
    /// What is spoken.
    pub words: String,
}

impl Scene {
    /// What is said of it.
    pub fn speech(&self, phrases: &Phrases) -> Speech {
        let speaker = Speaker(phrases);
        let mut sentences = Vec::new();
        if self.kind == SceneKind::Idle {
            sentences = speaker.idle(self);
        } else if self.kind.is_said() {
            sentences.extend(self.said_name().map(|name| vec![Part::Name(name)].into()));
            sentences.push(speaker.headline(self));
            sentences.extend(speaker.explanation(self));
            sentences.extend(speaker.way(self));
            sentences.extend(self.next.map(|next| speaker.advice(next)));
            sentences.extend(self.options.iter().map(|option| {
                let label = Part::Words(option.label.to_string());
                vec![Part::Spelled(option.option.to_string()), Part::Comma, label].into()
            }));
        }
        Speech { language: phrases.language(), sentences }
    }

    /// The name where it is said on its own. A masked one cannot be said.
    fn said_name(&self) -> Option<ShownName> {
        self.sayable_name().filter(|_| self.kind.is_in()).cloned()
    }

    fn sayable_name(&self) -> Option<&ShownName> {
        self.name.as_ref().filter(|name| self.says_name && !name.reveal().contains(['*', '＊']))
    }
}

impl SceneKind {
    /// Somebody is in, by a number that counts or one that staff still verify.
    fn is_in(self) -> bool {
        matches!(self, Self::Admitted | Self::Already | Self::ReQueued | Self::ToVerify)
    }

    /// Something is said of it: somebody stands there, and has not just been told to wait.
    fn is_said(self) -> bool {
        !matches!(self, Self::Idle | Self::CheckingIn | Self::OutOfOrder | Self::Closed | Self::Maintenance)
    }
}

/// Sentences of a sheet.
struct Speaker<'a>(&'a Phrases);

impl Speaker<'_> {
    /// Whoever does not see the start button has to hear of it, and of another way; who has pressed it, where to look.
    fn idle(&self, scene: &Scene) -> Vec<Sentence> {
        match (scene.to_start, scene.stands) {
            (true, _) => {
                let start = whole("text", Wording::ToStart.key(), self.0.text(Wording::ToStart)).into();
                let other = || self.headline(&Scene::of(SceneKind::OtherWay));
                let another_way = scene.next.map(|next| [other(), self.advice(next)]);
                [start].into_iter().chain(another_way.into_iter().flatten()).collect()
            }
            (false, Some(_)) => vec![self.advice(NextStep::FaceCamera)],
            (false, None) => Vec::new(),
        }
    }

    fn headline(&self, scene: &Scene) -> Sentence {
        let headline = whole("headline", scene.kind.as_str(), self.0.headline(scene.kind));
        match scene.sayable_name().filter(|_| scene.kind == SceneKind::ConfirmCard) {
            Some(name) => {
                let parts = self.text(Wording::ForPerson, &[("name", vec![Part::Name(name.clone())])]);
                Sentence { parts, without: headline }
            }
            None => headline.into(),
        }
    }

    fn explanation(&self, scene: &Scene) -> Option<Sentence> {
        let phrase = self.0.explanation(scene.kind);
        (!phrase.longest().is_empty()).then(|| whole("explanation", scene.kind.as_str(), phrase).into())
    }

    fn advice(&self, next: NextStep) -> Sentence {
        whole("advice", next.key(), self.0.advice(next)).into()
    }

    /// Number and place, how many are before; or from when, until when; or why not.
    fn way(&self, scene: &Scene) -> Vec<Sentence> {
        let time = |wording| scene.time.as_ref().map(|time| self.text(wording, &[("time", self.time(time))]).into());
        match scene.kind {
            kind if kind.is_in() => {
                let ahead = scene.visit.as_ref().and_then(|visit| visit.ahead);
                self.call(scene).into_iter().chain(ahead.map(|ahead| self.ahead(ahead))).collect()
            }
            SceneKind::TooEarly => time(Wording::From).into_iter().collect(),
            SceneKind::TooLate => time(Wording::Until).into_iter().collect(),
            SceneKind::Refused => {
                let hindrance = scene.hindrance.map(Wording::Hindered);
                let own = hindrance.map(|which| whole("text", which.key(), self.0.text(which)).into());
                let told = scene.detail.iter().map(|why| vec![Part::Words(why.to_string())].into());
                own.into_iter().chain(told).collect()
            }
            _ => Vec::new(),
        }
    }

    /// 请A036号到3楼内科一诊室
    fn call(&self, scene: &Scene) -> Option<Sentence> {
        let place = match &scene.visit {
            Some(visit) => visit.place(scene.detail.as_ref()),
            None => Visit::default().place(scene.detail.as_ref()),
        };
        let place = place.map(|place| vec![Part::Words(self.without_gaps(&place))]);
        let number = scene.number.as_ref().map(|number| vec![Part::Spelled(number.to_string())]);
        let alone = |number: &Vec<Part>| self.text(Wording::YourNumber, &[("number", number.clone())]);
        Some(match (number, place) {
            (Some(number), Some(place)) => Sentence {
                without: alone(&number),
                parts: self.text(Wording::Call, &[("number", number), ("place", place)]),
            },
            (Some(number), None) => alone(&number).into(),
            (None, Some(place)) => self.text(Wording::GoTo, &[("place", place)]).into(),
            (None, None) => return None,
        })
    }

    fn ahead(&self, ahead: u32) -> Sentence {
        match ahead {
            0 => self.text(Wording::NextOne, &[]).into(),
            _ => self.text(Wording::Ahead, &[("n", vec![Part::Count(ahead)])]).into(),
        }
    }

    fn time(&self, when: &When) -> Vec<Part> {
        let local = match when {
            When::Said(text) => return vec![Part::Words(text.to_string())],
            When::At(local) => local,
        };
        let (hour, minute) = local.hour_and_minute();
        let time = vec![Part::Time(hour, minute)];
        let Some((month, day)) = local.other_day() else { return time };
        let clip = format!("text-months-{month}");
        let month = self.0.text(Wording::Months).form(usize::from(month).saturating_sub(1)).to_owned();
        let month = vec![Part::Recorded { clip, words: month }];
        self.text(Wording::Date, &[("month", month), ("day", vec![Part::Day(day)]), ("time", time)])
    }

    fn text(&self, wording: Wording, values: &[(&str, Vec<Part>)]) -> Vec<Part> {
        let mut parts = Vec::new();
        for (piece, clip) in pieces(&format!("text-{}", name_of(wording.key())), self.0.text(wording).longest()) {
            match (clip, values.iter().find(|(name, _)| *name == piece)) {
                (Some(clip), _) => parts.push(Part::Recorded { clip, words: piece.to_owned() }),
                (None, Some((_, value))) => parts.extend(value.iter().cloned()),
                (None, None) => {}
            }
        }
        parts
    }

    /// Blanks between hanzi part lines on glass; nobody says them.
    fn without_gaps(&self, place: &str) -> String {
        if self.0.language() == Language::En { place.to_owned() } else { place.replace(' ', "") }
    }
}

impl From<Vec<Part>> for Sentence {
    fn from(parts: Vec<Part>) -> Self {
        Self { parts, without: Vec::new() }
    }
}

/// A phrase without placeholders.
fn whole(section: &str, key: &str, phrase: &Phrase) -> Vec<Part> {
    vec![Part::Recorded { clip: format!("{section}-{}", name_of(key)), words: phrase.longest().to_owned() }]
}

fn name_of(key: &str) -> String {
    key.replace('_', "-")
}

/// A form in pieces: words with the name of their clip, and placeholders, which have none.
fn pieces<'a>(name: &str, form: &'a str) -> Vec<(&'a str, Option<String>)> {
    let mut pieces = Vec::new();
    let (mut rest, mut count) = (form, 0_usize);
    let has_one = form.contains('{');
    while !rest.is_empty() {
        let (words, placeholder, after) = match rest.split_once('{') {
            Some((words, after)) => {
                let (placeholder, after) = after.split_once('}').unwrap_or((after, ""));
                (words, Some(placeholder), after)
            }
            None => (rest, None, ""),
        };
        if !words.is_empty() {
            count = count.saturating_add(1);
            let clip = if has_one { format!("{name}-{count}") } else { name.to_owned() };
            pieces.push((words, Some(clip)));
        }
        pieces.extend(placeholder.map(|placeholder| (placeholder, None)));
        rest = after;
    }
    pieces
}

impl Speech {
    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// What this says beyond what was said; nothing where it says something else.
    pub(crate) fn beyond(&self, said: &Self) -> Option<Self> {
        let more = self.sentences.strip_prefix(&*said.sentences)?;
        Some(Self { language: self.language, sentences: more.to_vec() })
    }

    /// In words, for whoever speaks itself: `签到成功。请A036号到3楼内科一诊室。前面还有5人。` Nothing where nothing is said.
    pub fn text(&self) -> Option<String> {
        let (stop, blank) = if self.language == Language::En { (".", " ") } else { ("。", "") };
        let sentences = self.sentences.iter().map(|sentence| {
            let text: String = sentence.parts.iter().map(|part| part.text(self.language)).collect();
            let ends = text.ends_with(['.', '?', '!', '。', '？', '！', '…']);
            format!("{text}{}", if ends { "" } else { stop })
        });
        Some(sentences.collect::<Vec<_>>().join(blank)).filter(|text| !text.is_empty())
    }
}

impl Part {
    fn text(&self, language: Language) -> String {
        match self {
            Self::Recorded { words, .. } => words.clone(),
            Self::Spelled(text) | Self::Words(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Day(day) => day.to_string(),
            Self::Time(hour, minute) => format!("{hour}:{minute:02}"),
            Self::Comma if language == Language::En => ", ".to_owned(),
            Self::Comma => "，".to_owned(),
            Self::Name(name) => name.reveal().to_owned(),
        }
    }
}
