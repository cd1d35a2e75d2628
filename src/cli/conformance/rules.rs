//! The rules that a terminal is held to, each from a section of `PROTOCOL.md`, and what was found of each.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::phrases::conformance as say;

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    Connects,
    OneObject,
    Length,
    Checksum,
    WholeLine,
    KnownType,
    Rate,
    Members,
    Seq,
    Intent,
    Face,
    Consent,
    NewFace,
    ChoiceSession,
    ChoiceOption,
    Cancel,
    AfterOutcome,
    UnknownWords,
    LongLine,
    ComesBack,
    SaysAgain,
    Busy,
}

const FRAMES: &str = "The terminal's protocol";
const DOES: &str = "What a terminal does";

impl Rule {
    /// Every rule, its id, and the heading that it stands below.
    pub(super) const ALL: [(Self, &str, &str); 22] = [
        (Self::Connects, "connects", "Over the network"),
        (Self::OneObject, "one-object", FRAMES),
        (Self::Length, "length", FRAMES),
        (Self::Checksum, "checksum", FRAMES),
        (Self::WholeLine, "whole-line", FRAMES),
        (Self::KnownType, "known-type", FRAMES),
        (Self::Rate, "rate", "Over the network"),
        (Self::Members, "members", FRAMES),
        (Self::Seq, "seq", FRAMES),
        (Self::Intent, "intent", FRAMES),
        (Self::Face, "face", FRAMES),
        (Self::Consent, "consent", FRAMES),
        (Self::NewFace, "new-face", FRAMES),
        (Self::ChoiceSession, "choice-session", FRAMES),
        (Self::ChoiceOption, "choice-option", FRAMES),
        (Self::Cancel, "cancel", FRAMES),
        (Self::AfterOutcome, "after-outcome", DOES),
        (Self::UnknownWords, "unknown-words", DOES),
        (Self::LongLine, "long-line", DOES),
        (Self::ComesBack, "comes-back", DOES),
        (Self::SaysAgain, "says-again", DOES),
        (Self::Busy, "busy", DOES),
    ];

    /// What it asks for.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Connects => say::connects(),
            Self::OneObject => say::one_object(),
            Self::Length => say::length(),
            Self::Checksum => say::checksum(),
            Self::WholeLine => say::whole_line(),
            Self::KnownType => say::known_type(),
            Self::Rate => say::rate(),
            Self::Members => say::members(),
            Self::Seq => say::seq(),
            Self::Intent => say::intent(),
            Self::Face => say::face(),
            Self::Consent => say::consent(),
            Self::NewFace => say::new_face(),
            Self::ChoiceSession => say::choice_session(),
            Self::ChoiceOption => say::choice_option(),
            Self::Cancel => say::cancel(),
            Self::AfterOutcome => say::after_outcome(),
            Self::UnknownWords => say::unknown_words(),
            Self::LongLine => say::long_line(),
            Self::ComesBack => say::comes_back(),
            Self::SaysAgain => say::says_again(),
            Self::Busy => say::busy(),
        }
    }
}

/// How a rule was kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// It never mattered.
    NoOccasion,
    /// It was kept.
    Holds,
    /// It was not, the first time; nothing in it is private.
    Broken {
        /// What the kit was doing.
        did: &'a str,
        /// What the terminal did.
        seen: &'a str,
    },
}

/// What was found so far. A rule that was broken once stays so.
#[derive(Default)]
pub(super) struct Findings {
    held: BTreeSet<Rule>,
    broken: BTreeMap<Rule, (String, String)>,
    doing: String,
}

impl Findings {
    /// What the kit does from now on.
    pub(super) fn doing(&mut self, what: String) {
        self.doing = what;
    }

    pub(super) fn holds(&mut self, rule: Rule) {
        self.held.insert(rule);
    }

    pub(super) fn broken(&mut self, rule: Rule, seen: String) {
        let did = self.doing.clone();
        self.broken.entry(rule).or_insert((did, seen));
    }

    /// Kept, or broken by what was seen in its place.
    pub(super) fn judge(&mut self, rule: Rule, otherwise: Option<String>) {
        match otherwise {
            None => self.holds(rule),
            Some(seen) => self.broken(rule, seen),
        }
    }

    pub(super) fn of(&self, rule: Rule) -> Verdict<'_> {
        match self.broken.get(&rule) {
            Some((did, seen)) => Verdict::Broken { did, seen },
            None if self.held.contains(&rule) => Verdict::Holds,
            None => Verdict::NoOccasion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stands_in_the_document_below_the_heading_that_it_names() {
        let document = include_str!("../../terminal/PROTOCOL.md");
        for (rule, id, section) in Rule::ALL {
            let heading = |line: &str| line.trim_start_matches('#') == format!(" {section}");
            assert!(document.lines().any(|line| line.starts_with('#') && heading(line)), "{section}");
            assert!(document.contains(&format!("| `{id}` |")), "{id} is not in the document's table");
            assert!(Rule::ALL.iter().filter(|(other, name, _)| *other == rule || *name == id).count() == 1, "{id}");
        }
    }
}
