//! Languages that people at the kiosk read.

/// A language of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    ZhHans,
    /// Traditional Chinese.
    ZhHant,
    /// English.
    En,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::ZhHans, Self::ZhHant, Self::En];

    /// The one of three texts that is in this language.
    pub fn of(self, [hans, hant, en]: [&'static str; 3]) -> &'static str {
        match self {
            Self::ZhHans => hans,
            Self::ZhHant => hant,
            Self::En => en,
        }
    }

    /// What is left of a wait: `12秒`.
    pub fn seconds(self, seconds: u64) -> String {
        format!("{seconds}{}", self.of(["秒", "秒", "s"]))
    }
}
