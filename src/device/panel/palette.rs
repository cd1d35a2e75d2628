//! The colours of a site, and whether they can be told from each other.

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// What stands on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The ground.
    pub paper: Rgb,
    /// Text.
    pub text: Rgb,
    /// What matters least.
    pub quiet: Rgb,
    /// While somebody waits or is asked.
    pub accent: Rgb,
    /// It went well.
    pub good: Rgb,
    /// It did not.
    pub bad: Rgb,
}

/// The least contrast of text and ground (WCAG 2.2, 1.4.6).
pub const LEAST_CONTRAST: f32 = 7.0;

impl Palette {
    /// Large type's: white on black, as bright as it gets.
    pub const LARGE: Self = Self {
        paper: [0, 0, 0],
        text: [255, 255, 255],
        quiet: [214, 214, 214],
        accent: [255, 214, 0],
        good: [124, 232, 140],
        bad: [255, 176, 160],
    };

    /// The pair that is hardest to tell apart: its names, and its contrast.
    pub(crate) fn weakest(&self) -> (&'static str, f32) {
        let pairs = [
            ("text", self.text),
            ("quiet", self.quiet),
            ("accent", self.accent),
            ("good", self.good),
            ("bad", self.bad),
        ];
        let contrast = pairs.map(|(name, colour)| (name, contrast(colour, self.paper)));
        contrast.into_iter().min_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap_or(("text", 1.0))
    }
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            paper: [255, 255, 255],
            text: [20, 24, 28],
            quiet: [72, 80, 88],
            accent: [0, 74, 143],
            good: [0, 92, 50],
            bad: [158, 26, 26],
        }
    }
}

/// The contrast of two colours, 1–21 (WCAG 2.2, contrast ratio).
pub fn contrast(one: Rgb, other: Rgb) -> f32 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG 2.2, relative luminance.
fn luminance([red, green, blue]: Rgb) -> f32 {
    let linear = |value: u8| {
        let value = f32::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_that_travel_with_the_program_can_be_told_apart_and_grey_on_white_cannot() {
        for palette in [Palette::default(), Palette::LARGE] {
            assert!(palette.weakest().1 >= LEAST_CONTRAST, "{:?}", palette.weakest());
        }
        let pale = Palette { quiet: [136, 136, 136], ..Palette::default() };
        let (pair, ratio) = pale.weakest();
        // WCAG's own example of what is too pale: #888 on white has 3.54:1.
        assert!(pair == "quiet" && (ratio - 3.54).abs() < 0.01, "{pair} {ratio}");
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 0.01);
    }
}
