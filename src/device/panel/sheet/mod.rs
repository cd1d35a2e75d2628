//! A scene on glass from 240 dots: set in outline type, laid out by the glass's size and not by the scene.
//!
//! From top to bottom: whose kiosk it is and the time; a band of colour with what happened; what the person needs, the most
//! important first and largest; what to do now; and at the foot the code, and what is left of a wait as a bar. All type of a
//! picture has one scale: the largest at which everything stands on it. What does not fit at the smallest is turned in
//! pages. Large type is half as large again as the other on the same glass, whatever the scene.

mod canvas;
mod class;
mod course;
mod page;
mod said;
mod signs;
mod stack;

use std::time::Duration;

pub use self::canvas::Placed;
pub(super) use self::course::Course;
use self::{canvas::Canvas, class::Class, said::Said, stack::Stack};
use super::{Palette, Style, frame::Frame};
use crate::{device::Typesetter, kiosk::Scene};

/// Glass that is narrower or lower than this has dots that are seen.
pub(super) const LEAST: usize = 240;

/// What passes while a scene stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passing {
    /// The time of day, where the panel shows one.
    pub time: Option<String>,
    /// How long the scene stood when it came, where that is known; a bar shows what is left of it.
    pub whole: Option<Duration>,
    /// Which page is turned up, from 0; after the last comes the first.
    pub page: usize,
}

/// A picture of a scene.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The picture.
    pub frame: Frame,
    /// The characters that no font has.
    pub missing: Vec<char>,
    /// How many pages there are, from 1.
    pub pages: usize,
    /// Every line of text that stands on the page.
    pub texts: Vec<Placed>,
}

/// Scales of all type of a picture, the largest first.
const SCALES: [f32; 12] = [1.6, 1.45, 1.3, 1.2, 1.1, 1.0, 0.92, 0.85, 0.78, 0.72, 0.66, 0.6];

/// Large type is so much larger.
pub(in crate::device) const LARGE: f32 = 1.5;

/// Above this the standard type makes room for large type on one page.
const YIELDS: f32 = 0.85;

/// Draws a scene.
pub fn sheet(scene: &Scene, style: &Style, size: (usize, usize), passing: &Passing, type_: &mut Typesetter) -> Sheet {
    laid(scene, style, (size, size), passing, type_)
}

/// Where everything would stand: the same without a dot drawn.
pub fn plan(scene: &Scene, style: &Style, size: (usize, usize), passing: &Passing, type_: &mut Typesetter) -> Sheet {
    laid(scene, style, (size, (0, 0)), passing, type_)
}

/// Laid out for glass of one size, and drawn as much of as the other says.
fn laid(
    scene: &Scene,
    style: &Style,
    (size, drawn): ((usize, usize), (usize, usize)),
    passing: &Passing,
    type_: &mut Typesetter,
) -> Sheet {
    let class = Class::of(size);
    let said = Said::of(scene, style, passing, class.columns(scene.qr.is_some()));
    let (class, scale) = fitted(&said, class, style.large, type_);
    let stack = Stack::of(&said, &class, (scale, style.large), type_);
    let palette = if style.large { Palette::LARGE } else { style.palette };
    let mut canvas = Canvas::new(drawn, palette, type_);
    let pages = stack.draw(&said, passing.page, &mut canvas);
    let (frame, texts) = canvas.done();
    let missing = type_.missing();
    if scene.name.is_some() {
        type_.forget();
    }
    Sheet { frame, missing, pages, texts }
}

/// The scale of this picture, and with which measures. Standard type is never so large that large type, which follows it,
/// needs a page for what the standard has room for, unless it would be small for that; a number is made smaller before.
fn fitted(said: &Said, class: Class, large: bool, type_: &mut Typesetter) -> (Class, f32) {
    let mut of_large = largest(said, &class, true, type_).unwrap_or(0.0);
    let mut chosen = class;
    if of_large < YIELDS && said.number.is_some() {
        let lesser = class.with_lesser_number();
        let on_one_page = largest(said, &lesser, true, type_).filter(|scale| *scale >= YIELDS);
        (chosen, of_large) = on_one_page.map_or((class, of_large), |scale| (lesser, scale));
    }
    let of_standard = largest(said, &chosen, false, type_).unwrap_or(SCALES[SCALES.len() - 1]);
    let standard = of_standard.min(of_large.max(YIELDS));
    (chosen, if large { standard.max(of_large) } else { standard })
}

/// The largest scale at which everything stands on one page. Type grows as long as that breaks no text into more lines.
fn largest(said: &Said, class: &Class, large: bool, type_: &mut Typesetter) -> Option<f32> {
    let mut at = |scale| Stack::of(said, class, (scale, large), type_);
    let lines = at(1.0).lines();
    SCALES.into_iter().find(|scale| {
        let stack = at(*scale);
        stack.fits() && (*scale <= 1.0 || stack.lines() <= lines)
    })
}
