//! A scene on a panel of four lines of eight hanzi.

use super::gb::{aligned, fit, width};
use crate::kiosk::{Scene, SceneKind};

/// Half-width columns of a line.
pub(super) const COLUMNS: usize = 16;

/// Lines.
pub(super) const LINES: usize = 4;

/// The four lines of a scene. Headline first; then who and which number; where to go; what to do now, and the code
/// small at the right of the last line.
pub fn text_lines(scene: &Scene) -> [String; LINES] {
    let headline = scene.kind.headline().to_owned();
    let name = scene.name.as_ref().map(|name| name.reveal().to_owned());
    let number = scene.number.as_ref().map(ToString::to_string);
    let detail = scene.detail.as_ref().map(ToString::to_string).unwrap_or_default();
    let advice = scene.next.map(|next| next.advice().to_owned()).unwrap_or_default();
    let mut lines = match scene.kind {
        SceneKind::Choose => choices(scene),
        SceneKind::Idle => [String::new(), headline, String::new(), String::new()],
        _ => {
            let who = match (name, number) {
                (Some(name), Some(number)) => sides(&name, &number),
                (name, number) => name.or(number).unwrap_or_default(),
            };
            [headline, who, detail, advice]
        }
    };
    if lines[1].is_empty() && lines[2].is_empty() && scene.kind != SceneKind::Idle && scene.kind != SceneKind::Choose {
        // A short message stands in the middle, not at the top with a hole below it.
        lines.swap(0, 1);
        lines.swap(2, 3);
    }
    if let Some(code) = scene.code {
        let corner = lines
            .iter()
            .rposition(|line| width(&aligned(line)) + 1 + code.as_str().len() <= COLUMNS)
            .unwrap_or(LINES - 1);
        lines[corner] = sides(&lines[corner], code.as_str());
    }
    lines.map(|line| fit(&aligned(&line), COLUMNS))
}

/// Up to three options below the headline, or four in its place.
fn choices(scene: &Scene) -> [String; LINES] {
    let mut shown = scene.options.iter().map(|option| format!("{}.{}", option.option, option.label.as_str()));
    let first = if scene.options.len() < LINES { Some(scene.kind.headline().to_owned()) } else { shown.next() };
    let mut line = || shown.next().unwrap_or_default();
    [first.unwrap_or_default(), line(), line(), line()]
}

/// Left and right on one line; the right one wins. Both begin at an even column, where a hanzi may stand.
fn sides(left: &str, right: &str) -> String {
    let right = aligned(right);
    let start = COLUMNS.saturating_sub(width(&right)) / 2 * 2;
    let left = fit(&aligned(left), start.saturating_sub(1));
    let gap = start.saturating_sub(width(&left)).max(1);
    format!("{left}{}{right}", " ".repeat(gap))
}
