//! What the site's system tells of a visit, member by member, so that every screen, slip and voice can lay it out in its
//! own way. The members are those of src/checkin/INTERFACE.md.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Private, Text, When};

/// A visit as it is told to the person who makes it. Everything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Visit {
    /// The hospital, or its branch: `城东院区`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hospital: Option<Text>,
    /// `心血管内科`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<Text>,
    /// Who sees the person: `李华`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor: Option<Text>,
    /// The doctor's title: `主任医师`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// `一诊室`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Text>,
    /// `3楼`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<Text>,
    /// How to get there: `乘2号电梯，出梯左转`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<Text>,
    /// When the person is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    /// How many people are before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<u32>,
    /// The number that is being called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Text>,
    /// When the person will be called, as far as anybody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<When>,
    /// The hospital's number of the person. It identifies them: never kept.
    #[serde(skip)]
    pub patient_id: Option<PatientId>,
    /// `专家门诊`, `复诊`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_kind: Option<Text>,
    /// The place in the list of a half day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// What else the site wants to be read, at most [`Visit::MAX_FIELDS`]. Nobody knows what it says: never kept.
    #[serde(skip)]
    pub fields: Vec<LabelledField>,
    /// What to do: `过号请到分诊台重新排队`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Text>,
}

/// From when until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Which half of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_day: Option<HalfDay>,
    /// The place: `12`.
    pub index: Text,
}

/// Half a day, or the evening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HalfDay {
    /// 上午
    Morning,
    /// 下午
    Afternoon,
    /// 晚上
    Evening,
}

/// A patient's number at the hospital.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientId {
    /// As it is read.
    pub value: Private,
    /// What a barcode of it holds, where one is wanted: printable ASCII.
    pub barcode: Option<Private>,
}

/// Something that only the site knows the meaning of.
#[derive(Clone, PartialEq, Eq)]
pub struct LabelledField {
    /// Stands before it.
    pub label: Option<Text>,
    /// What it says.
    pub value: Text,
    /// It matters more than its neighbours.
    pub emphasis: bool,
}

impl Visit {
    /// The most fields of the site's own.
    pub const MAX_FIELDS: usize = 12;

    /// Less what identifies the person, or may.
    pub(crate) fn without_the_person(self) -> Self {
        Self { patient_id: None, fields: Vec::new(), ..self }
    }

    /// Nothing is known of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl HalfDay {
    /// Reads what systems write: `am`, `上午`, `1`.
    pub fn read(told: &str) -> Option<Self> {
        match told.trim().to_ascii_lowercase().as_str() {
            "am" | "morning" | "上午" | "1" => Some(Self::Morning),
            "pm" | "afternoon" | "下午" | "2" => Some(Self::Afternoon),
            "evening" | "night" | "晚上" | "夜间" | "3" => Some(Self::Evening),
            _ => None,
        }
    }
}

impl fmt::Debug for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The site may have put anything into it.
impl fmt::Debug for LabelledField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
