//! `[brand]` and `[palette]`: whose kiosk it is, and in which colours.

use serde::{Deserialize, Deserializer, de};

use crate::{
    device::panel::{Palette, Rgb},
    files::Anchored,
    words::Text,
};

/// `[brand]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BrandFile {
    /// The hospital's or the station's name, at most 24 characters.
    #[serde(deserialize_with = "name")]
    pub name: String,
    /// Its logo, a PNG.
    pub logo: Option<Anchored>,
}

/// `[palette]`: colours as `"#004a8f"`; what is left out is as it was.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Colours {
    /// The ground.
    #[serde(default, deserialize_with = "colour")]
    paper: Option<Rgb>,
    /// Text.
    #[serde(default, deserialize_with = "colour")]
    text: Option<Rgb>,
    /// What matters least.
    #[serde(default, deserialize_with = "colour")]
    quiet: Option<Rgb>,
    /// While somebody waits or is asked.
    #[serde(default, deserialize_with = "colour")]
    accent: Option<Rgb>,
    /// It went well.
    #[serde(default, deserialize_with = "colour")]
    good: Option<Rgb>,
    /// It did not.
    #[serde(default, deserialize_with = "colour")]
    bad: Option<Rgb>,
}

impl Colours {
    /// The site's colours over those that travel with the program.
    pub(crate) fn palette(&self) -> Palette {
        let usual = Palette::default();
        Palette {
            paper: self.paper.unwrap_or(usual.paper),
            text: self.text.unwrap_or(usual.text),
            quiet: self.quiet.unwrap_or(usual.quiet),
            accent: self.accent.unwrap_or(usual.accent),
            good: self.good.unwrap_or(usual.good),
            bad: self.bad.unwrap_or(usual.bad),
        }
    }
}

/// A name that large type has room for on two lines of the smallest glass.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = Text::clean(&String::deserialize(deserializer)?);
    match name.as_str().chars().count() {
        1..=24 => Ok(name.as_str().to_owned()),
        _ => Err(de::Error::custom("expected a name of 1–24 characters")),
    }
}

fn colour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rgb>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || de::Error::custom("expected a colour such as \"#004a8f\"");
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii()).ok_or_else(wrong)?;
    let part = |at: usize| digits.get(at..at + 2).and_then(|part| u8::from_str_radix(part, 16).ok()).ok_or_else(wrong);
    Ok(Some([part(0)?, part(2)?, part(4)?]))
}
