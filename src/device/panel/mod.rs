//! Panels: a scene laid out as text or dot by dot, and the drivers that bring it to the glass. Only what changed is
//! sent.

mod bus;
mod reset;
mod st7920;
mod text;
mod turning;

#[cfg(feature = "screen")]
mod brand;
#[cfg(feature = "screen")]
mod palette;

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
#[cfg(feature = "screen")]
mod sheet;
#[cfg(feature = "glyphs")]
mod tft;

#[cfg(feature = "screen")]
pub use self::{
    brand::{Brand, Logo},
    palette::{LEAST_CONTRAST, Palette, Rgb, contrast},
    sheet::{Passing, Placed, Sheet, plan, sheet},
};
pub use self::{
    bus::{Bus, Parallel, Register, SerialLines, SerialSpi},
    reset::Reset,
    st7920::{Rom, St7920},
    text::{text_lines, text_page},
};
#[cfg(feature = "glyphs")]
pub use self::{
    colour::rgb,
    frame::{Frame, Ink, Rect},
    oled::{I2cOled, Oled, OledGlass, SpiOled},
    picture::{Glass, PicturePanel, draw, draw_page},
    screen::{Channel, Framebuffer, Layout, PictureFile, Screen},
    tft::{Tft, TftSettings},
};
use std::sync::Arc;

use crate::kiosk::{Phrases, Scene};
#[cfg(feature = "screen")]
use crate::words::{Clock, Language};

/// How a panel speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Its phrases.
    pub phrases: Arc<Phrases>,
    /// 大字: large type, high contrast.
    pub large: bool,
    /// Whose kiosk it is, on glass from 240 dots.
    #[cfg(feature = "screen")]
    pub brand: Option<Brand>,
    /// The site's colours, on glass from 240 dots; large type has its own.
    #[cfg(feature = "screen")]
    pub palette: Palette,
    /// Which way hanzi are written, where a font knows several.
    #[cfg(feature = "screen")]
    pub language: Language,
    /// What tells the time of day that stands at the top.
    #[cfg(feature = "screen")]
    pub clock: Option<WallClock>,
}

/// A clock as people at the site read it.
#[cfg(feature = "screen")]
#[derive(Clone)]
pub struct WallClock {
    /// Asked whenever a picture is drawn.
    pub clock: Arc<dyn Clock>,
    /// Seconds east of UTC.
    pub utc_offset: i32,
}

#[cfg(feature = "screen")]
impl WallClock {
    /// `10:30`
    fn time_of_day(&self) -> String {
        let time = self.clock.now().wall.at_offset(self.utc_offset);
        format!("{:02}:{:02}", time.hour(), time.minute())
    }
}

#[cfg(feature = "screen")]
impl std::fmt::Debug for WallClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a clock at {} s", self.utc_offset)
    }
}

#[cfg(feature = "screen")]
impl PartialEq for WallClock {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.clock, &other.clock) && self.utc_offset == other.utc_offset
    }
}

#[cfg(feature = "screen")]
impl Eq for WallClock {}

/// The seconds that are left to a person who waits or has to act.
pub(crate) fn countdown(scene: &Scene) -> Option<u64> {
    scene.countdown()
}
