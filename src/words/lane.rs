//! Places where a person stands.

/// A lane by its position in the site file, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub u16);

/// One connection of a terminal, within this run of the program. Answers go back to the peer that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u32);

/// What a lane is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Real name → check-in → show → print.
    Hospital,
    /// `union_id`, or the real name where permitted → check-in → gate → show.
    Transit,
}

/// How much of a name is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameStyle {
    /// `张*丰`
    #[default]
    Masked,
    /// The whole name.
    Full,
}

impl Purpose {
    /// The word of the site file and of the check-in request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hospital => "hospital",
            Self::Transit => "transit",
        }
    }
}
