//! What staff tell whoever comes to a lane, where nobody is served: its hours, and a notice.

use super::{Phrases, Scene, SceneKind};
use crate::words::{Language, Text};

/// What a lane tells beside its own words; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posting {
    /// When it is open: `08:00-12:00 13:30-17:00`.
    pub hours: Option<Text>,
    /// A notice in Chinese; shown on an English lane, too, where there is none in English.
    pub chinese: Option<Text>,
    /// The same in English, and the other way round.
    pub english: Option<Text>,
}

impl Posting {
    /// A scene that nobody's visit is on, with what it tells.
    pub(super) fn beside(&self, scene: Scene, phrases: &Phrases) -> Scene {
        if !matches!(scene.kind, SceneKind::Idle | SceneKind::Closed) {
            return scene;
        }
        let Self { hours, chinese, english } = self;
        let (own, other) = match phrases.language() {
            Language::En => (english, chinese),
            Language::ZhHans | Language::ZhHant | Language::ZhHantHk => (chinese, english),
        };
        Scene { hours: hours.clone(), detail: own.as_ref().or(other.as_ref()).cloned(), ..scene }
    }
}
