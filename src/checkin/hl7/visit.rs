//! Today's visits as the hospital lists them (SQR^S25), and what a person is told of one.

use super::{
    message::{Message, Path},
    settings::Hl7Settings,
};
use crate::{
    checkin::reading::{self, Here, Members},
    words::{Admission, Choice, RealName},
};

/// An entity identifier (EI): itself, namespace, universal id and its type.
pub(super) type Entity = [String; 4];

/// A visit.
#[derive(Clone, Default)]
pub(super) struct Visit {
    /// SCH-1 and SCH-2, or what the person brought.
    pub(super) placer: Entity,
    pub(super) filler: Entity,
    pub(super) standing: Standing,
    pub(super) members: Members,
}

/// Under what names they are kept, each with its four parts.
const IDENTIFIERS: [[&str; 4]; 2] =
    [["SCH-1.1", "SCH-1.2", "SCH-1.3", "SCH-1.4"], ["SCH-2.1", "SCH-2.2", "SCH-2.3", "SCH-2.4"]];

/// SCH-25.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    #[default]
    Open,
    /// Its call was missed.
    Missed,
    Taken,
    Over,
}

impl Visit {
    /// By what it is told from the person's others.
    pub(super) fn id(&self) -> &str {
        if self.filler[0].is_empty() { &self.placer[0] } else { &self.filler[0] }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Open | Standing::Missed)
    }

    /// What is known of it, with what it is named by when it is taken back.
    pub(super) fn kept(&self) -> Members {
        let named = IDENTIFIERS.iter().zip([&self.placer, &self.filler]);
        let named = named.flat_map(|(names, of)| names.iter().zip(of));
        let named = named.map(|(name, part)| ((*name).to_owned(), part.clone()));
        self.members.clone().into_iter().chain(named).collect()
    }

    /// The same again.
    pub(super) fn of_kept(members: &Members) -> Self {
        let [placer, filler] =
            IDENTIFIERS.map(|names| names.map(|name| members.get(name).cloned().unwrap_or_default()));
        Self { placer, filler, members: members.clone(), ..Self::default() }
    }

    pub(super) fn choice(&self) -> Option<Choice> {
        let parts = ["department", "doctor", "slot.from", "visit-kind"];
        let parts: Vec<&str> = parts.iter().filter_map(|part| self.members.get(*part)).map(String::as_str).collect();
        reading::option(self.id(), &parts.join(" "))
    }
}

/// What these segments of an answer say, by the settings' paths.
pub(super) fn members(message: &Message, segments: &[&str], settings: &Hl7Settings) -> Members {
    let found = |(name, path): (&String, &Path)| {
        let value = segments.iter().find_map(|segment| message.of_segment(segment, path))?;
        Some((name.clone(), if is_time(name) { time(&value) } else { value }))
    };
    settings.read.iter().filter_map(found).collect()
}

/// Those listed, each with its segments; and whether one of them is another person's by name. `document`: its number and its
/// kind's type code.
pub(super) fn listed(
    message: &Message,
    settings: &Hl7Settings,
    name: Option<&RealName>,
    document: [&str; 2],
) -> (Vec<Visit>, bool) {
    let segments: Vec<&str> = message.segments().collect();
    let starts = segments.iter().enumerate().filter(|(_, segment)| segment.starts_with("SCH")).map(|(at, _)| at);
    let starts: Vec<usize> = starts.collect();
    let mut of_others = false;
    let mut visits = Vec::new();
    for (at, start) in starts.iter().enumerate() {
        let end = starts.get(at.saturating_add(1)).copied().unwrap_or(segments.len());
        let own = &segments[*start..end];
        let value = |path: &Path| own.iter().find_map(|segment| message.of_segment(segment, path)).unwrap_or_default();
        let named = [1, 2].map(|component| value(&Path::at("PID", 5, component)));
        if !is_named(&named, name) {
            of_others = true;
            continue;
        }
        // Of those who bear one name each has a document of their own; a number that is masked is nobody's.
        let [number, kind] = [1, 5].map(|component| value(&Path::at("PID", 3, component)));
        let is_told = !number.is_empty() && !number.contains('*') && !kind.is_empty() && kind == document[1];
        if is_told && !number.trim().eq_ignore_ascii_case(document[0]) {
            continue;
        }
        let status = value(&Path::at("SCH", 25, 1));
        let is_one_of = |words: &[String]| words.iter().any(|word| spelling(word) == spelling(&status));
        let standing = match () {
            () if is_one_of(&settings.taken) => Standing::Taken,
            () if is_one_of(&settings.missed) => Standing::Missed,
            () if status.is_empty() || is_one_of(&settings.open) => Standing::Open,
            () => Standing::Over,
        };
        let [placer, filler] = [1, 2].map(|field| [1, 2, 3, 4].map(|part| value(&Path::at("SCH", field, part))));
        let visit = Visit { placer, filler, standing, members: members(message, own, settings) };
        if !visit.id().is_empty() {
            visits.push(visit);
        }
    }
    (visits, of_others)
}

pub(super) fn admission(members: &Members, here: Here) -> Admission {
    reading::admission(members, &[], here)
}

fn spelling(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Family and given name, in whichever order and with whichever space; one without any is nobody else's.
fn is_named([family, given]: &[String; 2], name: Option<&RealName>) -> bool {
    let Some(name) = name.filter(|_| !family.is_empty() || !given.is_empty()) else { return true };
    reading::forms(family, &[given]).iter().any(|form| RealName::parse(form).as_ref() == Some(name))
}

fn is_time(name: &str) -> bool {
    matches!(name, "slot.from" | "slot.until" | "slot" | "eta" | "from" | "until")
}

/// `20261126083000+0800` as RFC 3339 has it; whatever is none, as it is.
fn time(text: &str) -> String {
    let (digits, offset) = text.split_at(text.find(['+', '-']).unwrap_or(text.len()));
    let digits = digits.split('.').next().unwrap_or_default();
    let part = |from: usize, to: usize| digits.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute)) =
        (part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12))
    else {
        return text.to_owned();
    };
    let second = part(12, 14).unwrap_or("00");
    match (offset.get(..3), offset.get(3..5)) {
        (Some(hours), Some(minutes)) => format!("{year}-{month}-{day}T{hour}:{minute}:{second}{hours}:{minutes}"),
        _ => format!("{year}-{month}-{day} {hour}:{minute}:{second}"),
    }
}
