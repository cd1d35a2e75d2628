//! A sheet of phrases as it stands in a file.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{NextStep, Phrase, SceneKind, Wording};
use crate::words::Text;

/// A sheet as it stands in a file: whatever it does not say stays as it was.
#[derive(Default)]
pub(super) struct Sheet {
    pub(super) headline: BTreeMap<SceneKind, Phrase>,
    pub(super) explanation: BTreeMap<SceneKind, Phrase>,
    pub(super) advice: BTreeMap<NextStep, Phrase>,
    pub(super) text: BTreeMap<Wording, Phrase>,
    pub(super) hospital: Option<Box<Sheet>>,
    pub(super) transit: Option<Box<Sheet>>,
}

/// What is wrong with a sheet, and the byte at which it stands.
pub(super) type Wrong = (usize, String);

/// The longest form of a phrase, characters.
const LONGEST: usize = 64;

impl Phrase {
    /// One form, or several.
    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Wrong> {
        let form = |value: &Spanned<DeValue<'_>>| {
            let text = value
                .get_ref()
                .as_str()
                .filter(|form| (1..=LONGEST).contains(&form.chars().count()) && Text::clean(form).as_str() == *form);
            let message = "a phrase has 1–64 characters, no controls, and no spaces at its ends";
            text.map(str::to_owned).ok_or_else(|| (value.span().start, message.to_owned()))
        };
        match value.get_ref() {
            DeValue::Array(forms) if !forms.is_empty() => forms.iter().map(form).collect::<Result<_, _>>().map(Self),
            _ => form(value).map(|form| Self(vec![form])),
        }
    }
}

impl Sheet {
    pub(super) fn read(text: &str) -> Result<Self, Wrong> {
        let table = DeTable::parse(text)
            .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
        Self::of(table.get_ref(), true)
    }

    /// `whole`: it may say something else of each purpose.
    fn of(table: &DeTable<'_>, whole: bool) -> Result<Self, Wrong> {
        let mut sheet = Self::default();
        let scene = |name: &str| SceneKind::ALL.into_iter().find(|kind| kind.as_str() == name);
        let step = |name: &str| NextStep::ALL.into_iter().find(|step| step.key() == name);
        let wording = |name: &str| Wording::ALL.into_iter().find(|wording| wording.key() == name);
        for (name, value) in table {
            let DeValue::Table(phrases) = value.get_ref() else {
                return Err((value.span().start, format!("`{}` is no table", name.get_ref())));
            };
            match name.get_ref().as_ref() {
                "headline" => sheet.headline = section(phrases, scene, |_, phrase| phrase.too_wide())?,
                "explanation" => sheet.explanation = section(phrases, scene, |_, phrase| phrase.too_wide())?,
                "advice" => sheet.advice = section(phrases, step, |_, phrase| phrase.too_wide())?,
                "text" => sheet.text = section(phrases, wording, Wording::wrong)?,
                "hospital" if whole => sheet.hospital = Some(Box::new(Self::of(phrases, false)?)),
                "transit" if whole => sheet.transit = Some(Box::new(Self::of(phrases, false)?)),
                unknown => return Err((name.span().start, format!("`{unknown}` is no part of a sheet"))),
            }
        }
        Ok(sheet)
    }
}

/// Phrases by their names, each in order.
fn section<K: Ord + Copy>(
    table: &DeTable<'_>,
    key: impl Fn(&str) -> Option<K>,
    wrong: impl Fn(K, &Phrase) -> Option<String>,
) -> Result<BTreeMap<K, Phrase>, Wrong> {
    let mut phrases = BTreeMap::new();
    for (name, value) in table {
        let unknown = || (name.span().start, format!("`{}` is no phrase", name.get_ref()));
        let which = key(name.get_ref()).ok_or_else(unknown)?;
        let phrase = Phrase::read(value)?;
        if let Some(message) = wrong(which, &phrase) {
            return Err((value.span().start, message));
        }
        phrases.insert(which, phrase);
    }
    Ok(phrases)
}
