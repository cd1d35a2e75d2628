//! `[panel]`

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Deserializer, de};

use super::{
    Device,
    wire::{LineWire, PanelWire},
};

/// `[panel]`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Panel {
    /// What lanes call it.
    #[serde(default, deserialize_with = "super::some_name")]
    pub name: Option<String>,
    /// The controller.
    pub kind: PanelKind,
    /// How it is connected.
    pub wire: PanelWire,
    /// SPI clock. An ST7920 takes 200 kHz, its default, and no more than its 72 µs a byte allow; for others the default is
    /// 10 MHz.
    pub hz: Option<u32>,
    /// The character ROM's variant.
    #[serde(default)]
    pub rom: crate::device::panel::Rom,
    /// GPIO lines by their function: `sclk`, `sid`, `cs`; `rs`, `e`, `d0`–`d7`; `dc`, `reset`.
    #[serde(default)]
    pub lines: BTreeMap<LineName, LineWire>,
    /// Dots across, for panels that cannot tell.
    #[serde(default, deserialize_with = "dots")]
    pub width: Option<u16>,
    /// Dots down.
    #[serde(default, deserialize_with = "dots")]
    pub height: Option<u16>,
    /// Degrees clockwise: 0, 90, 180, 270.
    #[serde(default, deserialize_with = "rotation")]
    pub rotate: u16,
    /// Colours are inverted, as most IPS panels want it.
    #[serde(default)]
    pub inverted: bool,
    /// Outline fonts before those of the system, the first that has a character wins: for what the program has no bitmap
    /// of, and on glass from 240 dots for all type.
    #[serde(default, deserialize_with = "fonts")]
    pub font: Vec<PathBuf>,
}

/// `panel.kind`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanelKind {
    /// 128×64 with a Chinese character ROM.
    St7920,
    /// 128×64 OLED.
    Ssd1306,
    /// 128×64 OLED with 132 columns of memory.
    Sh1106,
    /// TFT of 240×320.
    St7789,
    /// TFT of 240×320.
    Ili9341,
    /// Whatever the kernel drives: HDMI, LVDS, DSI.
    Framebuffer,
    /// A file, for a bench without a panel.
    Picture,
}

/// A panel's line by its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineName {
    /// Serial clock, pin E.
    Sclk,
    /// Serial data, pin RW.
    Sid,
    /// Chip select, active high on an ST7920; tied where it is left out.
    Cs,
    /// Reset, active low; tied where it is left out.
    Reset,
    /// Data or command, of an OLED or TFT on SPI.
    Dc,
    /// Register select of the parallel bus.
    Rs,
    /// Enable of the parallel bus.
    E,
    /// Data line 0 of a parallel bus.
    D0,
    /// Data line 1 of a parallel bus.
    D1,
    /// Data line 2 of a parallel bus.
    D2,
    /// Data line 3 of a parallel bus.
    D3,
    /// Data line 4 of a parallel bus.
    D4,
    /// Data line 5 of a parallel bus.
    D5,
    /// Data line 6 of a parallel bus.
    D6,
    /// Data line 7 of a parallel bus.
    D7,
}

impl LineName {
    /// The parallel bus' data lines, lowest bit first.
    pub(crate) const DATA: [Self; 8] = [Self::D0, Self::D1, Self::D2, Self::D3, Self::D4, Self::D5, Self::D6, Self::D7];
}

/// Sixteen clocks a byte, and 72 µs that the chip needs for it (Sitronix ST7920 V4.0, instruction tables).
const ST7920_HZ: u32 = 16 * 1_000_000 / 72;

impl Panel {
    /// What kind and wire lack of each other, in words; nothing where they fit.
    pub(super) fn misfit(&self) -> Option<&'static str> {
        use PanelKind as K;
        if self.kind == K::St7920 && self.hz.is_some_and(|hz| hz > ST7920_HZ) {
            return Some("an st7920 takes a byte of 16 clocks in 72 µs: hz = 222222 at most");
        }
        let has = |names: &[LineName]| names.iter().all(|name| self.lines.contains_key(name));
        match (self.kind, &self.wire) {
            (K::Picture, PanelWire::Simulated) => Some("a picture is in a file"),
            (_, PanelWire::Simulated)
            | (K::Framebuffer, PanelWire::Framebuffer(_))
            | (K::St7920, PanelWire::Spi(_)) => None,
            (K::Picture, PanelWire::File(_)) if self.width.is_some() && self.height.is_some() => None,
            (K::Picture, _) => Some("a picture needs wire = \"file:PATH\", width and height"),
            (K::St7920, PanelWire::Gpio) if has(&[LineName::Sclk, LineName::Sid]) => None,
            (K::St7920, PanelWire::Gpio) if has(&LineName::DATA) && has(&[LineName::Rs, LineName::E]) => None,
            (K::St7920, PanelWire::Gpio) => {
                Some("wire = \"gpio\" needs [panel.lines] with sclk and sid, or with rs, e and d0 to d7")
            }
            (K::St7920, _) => Some("an st7920 is on \"spi:DEVICE\" or \"gpio\""),
            (K::Ssd1306 | K::Sh1106, PanelWire::I2c(..)) => None,
            (K::Ssd1306 | K::Sh1106 | K::St7789 | K::Ili9341, PanelWire::Spi(_)) if has(&[LineName::Dc]) => None,
            (K::Ssd1306 | K::Sh1106 | K::St7789 | K::Ili9341, PanelWire::Spi(_)) => {
                Some("this controller on SPI needs a line dc in [panel.lines]")
            }
            (K::Ssd1306 | K::Sh1106, _) => Some("an OLED is on \"i2c:DEVICE:ADDRESS\" or \"spi:DEVICE\""),
            (K::St7789 | K::Ili9341, _) => Some("a TFT is on \"spi:DEVICE\""),
            (K::Framebuffer, _) => Some("a framebuffer is on \"fb:DEVICE\""),
        }
    }
}

impl Device for Panel {
    const TABLE: &'static str = "panel";

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn is_simulated(&self) -> bool {
        self.wire == PanelWire::Simulated
    }
}

fn dots<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    match u16::deserialize(deserializer)? {
        dots @ 64..=4096 => Ok(Some(dots)),
        _ => Err(de::Error::custom("expected 64–4096 dots")),
    }
}

fn rotation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    match u16::deserialize(deserializer)? {
        degrees @ (0 | 90 | 180 | 270) => Ok(degrees),
        _ => Err(de::Error::custom("expected 0, 90, 180 or 270")),
    }
}

/// One font, or several.
fn fonts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    const MOST: usize = 8;
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Fonts {
        One(PathBuf),
        Several(Vec<PathBuf>),
    }
    match Fonts::deserialize(deserializer)? {
        Fonts::One(font) => Ok(vec![font]),
        Fonts::Several(fonts) if fonts.len() <= MOST => Ok(fonts),
        Fonts::Several(_) => Err(de::Error::custom("expected at most 8 fonts")),
    }
}
