//! What a site file says of a board: which of its devices a lane uses, and what the simulated one writes.

#[cfg(not(feature = "page"))]
use serde::de;
use serde::{Deserialize, Deserializer};

use crate::{files::Anchored, words::setting};

/// `lane.panel`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelPlace {
    /// `"terminal"`: the face terminal's own screen.
    Terminal,
    /// `"page"`: a browser's page; in builds with feature `page`.
    #[cfg(feature = "page")]
    Page,
    /// Whatever a [`Place`] says.
    On(Place),
}

#[cfg(feature = "voice")]
impl PanelPlace {
    /// Whatever is there says itself what is to be said.
    pub(crate) fn speaks(&self) -> bool {
        *self == Self::Terminal
    }
}

/// `lane.printer`, `lane.gate`, `lane.indicators`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// `"board"`: the board's only one.
    Board,
    /// The board's device of this name.
    Named(String),
    /// `"none"`
    #[default]
    None,
}

impl PanelPlace {
    /// Somebody else's glass shows the scenes.
    pub(crate) fn is_elsewhere(&self) -> bool {
        !matches!(self, Self::On(_))
    }
}

impl<'de> Deserialize<'de> for PanelPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Place::deserialize(deserializer)? {
            Place::Named(name) if name == "terminal" => Ok(Self::Terminal),
            #[cfg(feature = "page")]
            Place::Named(name) if name == "page" => Ok(Self::Page),
            #[cfg(not(feature = "page"))]
            Place::Named(name) if name == "page" => Err(de::Error::custom("\"page\" needs a build with feature page")),
            place => Ok(Self::On(place)),
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = setting::name(deserializer)?;
        Ok(match word.as_str() {
            "board" => Self::Board,
            "none" => Self::None,
            _ => Self::Named(word),
        })
    }
}

/// `[simulated]`: only for the simulated board.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Simulated {
    /// Folder for what the twins saw.
    pub out: Option<Anchored>,
    /// Write whole names into that folder.
    pub allow_names: bool,
}
