//! What stands on a slip, and how: data, checked when it is loaded.

use std::path::Path;

use serde::{Deserialize, Deserializer, de};

use super::profile::ProfileError;
use crate::{files::Settings, kiosk::Wording, words::Text};

/// A slip's template.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Template {
    /// From top to bottom.
    #[serde(deserialize_with = "lines")]
    pub line: Vec<TemplateLine>,
}

/// One line of a template: a text, a field, or blank lines.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TemplateLine {
    /// A text as it is.
    pub text: Option<String>,
    /// A text in the lane's language.
    pub phrase: Option<Said>,
    /// Something that is known of the visit; the line is left out where it is not.
    pub field: Option<Field>,
    /// Stands before the field, with a colon; below a QR code.
    pub label: Option<String>,
    /// The label is that of the lane's language.
    #[serde(default)]
    pub labelled: bool,
    /// Another field in the right half of the line.
    pub beside: Option<Field>,
    /// Stands before that one, with a colon.
    pub beside_label: Option<String>,
    /// Blank lines.
    #[serde(default)]
    pub feed: u8,
    /// When the line stands there.
    #[serde(default)]
    pub when: When,
    /// At the left edge, in the middle, or at the right edge.
    #[serde(default)]
    pub align: Align,
    /// How many times as wide and high, 1–4.
    #[serde(default = "one", deserialize_with = "size")]
    pub size: usize,
    /// In bold type.
    #[serde(default)]
    pub bold: bool,
}

/// `field`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The person's name, as the site lets it be printed.
    Name,
    /// The queue number.
    Number,
    /// Where to go.
    Place,
    /// The site's own lines.
    Notes,
    /// Day and time of the decision.
    Time,
    /// The site's QR code.
    Qr,
    /// The queue number as CODE128.
    Barcode,
    /// The hospital, or its branch.
    Hospital,
    /// Its logo.
    Logo,
    /// The department.
    Department,
    /// Who sees the person, with their title.
    Doctor,
    /// The room.
    Room,
    /// The floor.
    Floor,
    /// How to get there.
    Way,
    /// When the person is expected.
    Slot,
    /// How many are before them.
    Ahead,
    /// The number that is called.
    Now,
    /// When they will be called.
    Eta,
    /// The hospital's number of the person.
    PatientId,
    /// The same as CODE128.
    PatientBarcode,
    /// What kind of visit it is.
    VisitKind,
    /// The place in a half day's list.
    Sequence,
    /// Whatever else the site wants to be read.
    Fields,
    /// What to do.
    Advice,
    /// What to do after a missed call, where the site says nothing of what to do.
    Missed,
}

/// `phrase`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// 就诊凭条
    Title,
    /// 签到凭条
    Receipt,
    /// 补打
    Reprint,
    /// （您已签到，此为同一号码）
    Already,
    /// （过号重排，请重新等候叫号）
    ReQueued,
}

impl Said {
    /// In a sheet of phrases.
    pub(super) fn wording(self) -> Wording {
        match self {
            Self::Title => Wording::SlipTitle,
            Self::Receipt => Wording::SlipReceipt,
            Self::Reprint => Wording::SlipReprint,
            Self::Already => Wording::SlipAlready,
            Self::ReQueued => Wording::SlipReQueued,
        }
    }
}

/// `when`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// On every slip.
    #[default]
    Always,
    /// The person had this number before.
    Already,
    /// They had missed their call, and are in the queue anew.
    ReQueued,
    /// Staff asked for it again.
    Reprint,
}

/// `align`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// At the left.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At the right.
    Right,
}

/// The longest text of a template, characters.
const LONGEST: usize = 64;

/// The most lines.
const MOST: usize = 40;

/// The slip that is printed where the board names no other.
const STANDARD: &str = include_str!("../../../board/printers/slips/standard.toml");

impl Template {
    /// The one that travels with the program.
    pub fn standard() -> Result<Self, ProfileError> {
        Self::parse(Path::new("board/printers/slips/standard.toml"), STANDARD)
    }

    /// Parses and checks a template; `file` is for messages.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ProfileError> {
        let template: Self = Settings::parse(file, text, &[])?.read(file)?;
        let starts = text.match_indices("[[line]]").map(|(at, _)| at);
        // Lines that are written otherwise are checked, too.
        for (line, at) in template.line.iter().zip(starts.chain(std::iter::repeat(0))) {
            if let Some(wrong) = line.wrong() {
                return Err(ProfileError::at(file, text, at, wrong.to_owned()));
            }
        }
        let reprint =
            |line: &TemplateLine| line.when == When::Reprint && (line.text.is_some() || line.phrase.is_some());
        if !template.line.iter().any(reprint) {
            let message = "a slip needs a text with when = \"reprint\", such as 补打".to_owned();
            return Err(ProfileError::at(file, text, 0, message));
        }
        Ok(template)
    }
}

impl TemplateLine {
    fn wrong(&self) -> Option<&'static str> {
        let texts = self.text.iter().chain(&self.label).chain(&self.beside_label);
        let is_text = |field: Option<Field>| field.is_some_and(Field::is_one_text);
        let kinds = [self.text.is_some(), self.phrase.is_some(), self.field.is_some(), self.feed > 0];
        match self.field {
            _ if kinds.into_iter().filter(|kind| *kind).count() != 1 => {
                Some("a line is one of text, phrase, field and feed")
            }
            _ if self.feed > 8 => Some("expected feed = 1–8"),
            _ if self.labelled && self.label.is_some() => Some("a line is labelled, or has a label of its own"),
            field if self.labelled && field.and_then(Field::label).is_none() => Some("this field has no label"),
            _ if self.labelled && self.beside_label.is_some() => Some("both fields of a line are labelled, or neither"),
            _ if self.label.is_some() && !is_text(self.field) && self.field != Some(Field::Qr) => {
                Some("a label stands before a field of one text, or below a QR code")
            }
            _ if self.beside.is_some() && !(is_text(self.beside) && is_text(self.field)) => {
                Some("beside a field of one text stands another")
            }
            _ if self.beside.is_none() && self.beside_label.is_some() => Some("beside-label stands before beside"),
            _ if self.beside.is_some() && self.align != Align::Left => {
                Some("fields beside each other begin at the left")
            }
            _ if texts.clone().any(|text| text.chars().count() > LONGEST) => Some("a text is at most 64 characters"),
            _ if texts.clone().any(|text| Text::clean(text).as_str() != text) => {
                Some("a text holds control characters, or spaces at its ends")
            }
            _ => None,
        }
    }
}

impl Field {
    /// What stands before it in the lane's language, or below a QR code.
    pub(super) fn label(self) -> Option<Wording> {
        match self {
            Self::Name => Some(Wording::SlipName),
            Self::Place => Some(Wording::SlipPlace),
            Self::Time => Some(Wording::SlipTime),
            Self::Qr => Some(Wording::SlipScan),
            Self::Department => Some(Wording::SlipDepartment),
            Self::Doctor => Some(Wording::SlipDoctor),
            Self::Way => Some(Wording::SlipWay),
            Self::Slot => Some(Wording::SlipSlot),
            Self::Ahead => Some(Wording::SlipAhead),
            Self::Now => Some(Wording::SlipNow),
            Self::Eta => Some(Wording::SlipEta),
            Self::PatientId => Some(Wording::SlipPatientId),
            Self::VisitKind => Some(Wording::SlipVisitKind),
            Self::Sequence => Some(Wording::SlipSequence),
            _ => None,
        }
    }

    /// It is one text, and neither lines of its own nor a code.
    fn is_one_text(self) -> bool {
        !matches!(self, Self::Logo | Self::Notes | Self::Fields | Self::Qr | Self::Barcode | Self::PatientBarcode)
    }
}

fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TemplateLine>, D::Error> {
    let lines = Vec::<TemplateLine>::deserialize(deserializer)?;
    if (1..=MOST).contains(&lines.len()) { Ok(lines) } else { Err(de::Error::custom("expected 1–40 lines")) }
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        size @ 1..=4 => Ok(size),
        _ => Err(de::Error::custom("expected size = 1–4")),
    }
}

fn one() -> usize {
    1
}
