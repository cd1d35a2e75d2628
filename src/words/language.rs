//! Languages that people at the kiosk read.

/// A language of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    ZhHans,
    /// Traditional Chinese as in Taiwan.
    ZhHant,
    /// Traditional Chinese as in Hong Kong.
    ZhHantHk,
    /// English, as in Britain.
    En,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::ZhHans, Self::ZhHant, Self::ZhHantHk, Self::En];
}
