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

    /// As others call it (BCP 47).
    #[cfg(feature = "page")]
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::ZhHans => "zh-Hans",
            Self::ZhHant => "zh-Hant-TW",
            Self::ZhHantHk => "zh-Hant-HK",
            Self::En => "en",
        }
    }
}
