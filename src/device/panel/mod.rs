//! Panels: a scene laid out as text or dot by dot, and the drivers that bring it to the glass. Only what changed is
//! sent.

mod bus;
mod reset;
mod st7920;
mod text;

// Without bitmaps of its own the program draws nothing dot by dot.
#[cfg(feature = "glyphs")]
mod colour;
#[cfg(feature = "glyphs")]
mod frame;
#[cfg(feature = "glyphs")]
mod oled;
#[cfg(feature = "glyphs")]
mod picture;
#[cfg(feature = "glyphs")]
mod screen;
#[cfg(feature = "glyphs")]
mod tft;

pub use self::{
    bus::{Bus, Parallel, Register, SerialLines, SerialSpi},
    reset::Reset,
    st7920::{Rom, St7920},
    text::text_lines,
};
#[cfg(feature = "glyphs")]
pub use self::{
    colour::rgb,
    frame::{Frame, Ink, Rect, Tone},
    oled::{I2cOled, Oled, OledGlass, SpiOled},
    picture::{Glass, PicturePanel, draw},
    screen::{Channel, Framebuffer, Layout, PictureFile, Screen},
    tft::{Tft, TftSettings},
};
use std::sync::Arc;

use crate::kiosk::{Phrases, Scene};

/// How a panel speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Its phrases.
    pub phrases: Arc<Phrases>,
    /// 大字: large type, high contrast.
    pub large: bool,
}

/// The seconds that are left to a person who waits or has to act.
pub(crate) fn countdown(scene: &Scene) -> Option<u64> {
    scene.countdown()
}
