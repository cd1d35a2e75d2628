//! A scene on a panel of four lines of eight hanzi.

use super::countdown;
use crate::{
    device::gb::{aligned, fit, width, wrap},
    kiosk::{Phrases, Scene, SceneKind},
};

/// Half-width columns of a line.
pub(in crate::device) const COLUMNS: usize = 16;

/// Lines of the narrowest panel.
pub(in crate::device) const LINES: usize = 4;

/// How long a page of options stands, seconds.
const PAGE_SECONDS: u64 = 4;

/// The four lines of a scene. Headline first; then who and which number; where to go; what to do now, and the code
/// small at the right of the last line.
pub fn text_lines(scene: &Scene, phrases: &Phrases) -> [String; LINES] {
    let headline = scene.headline(phrases, COLUMNS).into_owned();
    let name = scene.name.as_ref().filter(|_| !scene.asks_by_name()).map(|name| name.reveal().to_owned());
    let number = scene.number.as_ref().map(ToString::to_string);
    let advice = scene.advice(phrases, COLUMNS).to_owned();
    let [detail, more] = below(scene, phrases);
    let mut lines = match scene.kind {
        SceneKind::Choose => choices(scene, phrases),
        SceneKind::ConfirmCard | SceneKind::CardLaid if !scene.options.is_empty() => {
            let options = scene.options.iter().map(|option| format!("{}.{}", option.option, option.label.as_str()));
            let mut below = name.into_iter().chain(options).chain([advice]);
            let mut line = || below.next().unwrap_or_default();
            [headline, line(), line(), line()]
        }
        SceneKind::Idle => [String::new(), headline, String::new(), String::new()],
        _ => {
            let who = match (name, number) {
                (Some(name), Some(number)) => sides(&name, &number),
                (name, number) => name.or(number).unwrap_or_default(),
            };
            [headline, who, detail, if advice.is_empty() { more } else { advice }]
        }
    };
    if lines[1].is_empty() && lines[2].is_empty() && scene.kind != SceneKind::Idle && scene.kind != SceneKind::Choose {
        // A short message stands in the middle, not at the top with a hole below it.
        lines.swap(0, 1);
        lines.swap(2, 3);
    }
    let code = scene.code.map(|code| code.as_str().to_owned());
    for small in code.into_iter().chain(countdown(scene).map(|left| phrases.seconds(left))) {
        let has_room = |line: &String| width(&aligned(line)) < right_start(&small);
        // A countdown that finds no room is left out; a code never is.
        let corner = lines.iter().rposition(has_room).or(scene.code.is_some().then_some(LINES - 1));
        if let Some(corner) = corner {
            lines[corner] = sides(&lines[corner], &small);
        }
    }
    lines.map(|line| fit(&aligned(&line), COLUMNS))
}

/// What stands below the headline, and what has room where there is nothing to do: the rest of it, or what comes next.
fn below(scene: &Scene, phrases: &Phrases) -> [String; 2] {
    let mut lines = scene.lines(phrases, COLUMNS).into_iter();
    let first = lines.next().unwrap_or_default();
    let mut parts = wrap(&aligned(&first), COLUMNS).into_iter();
    let detail = parts.next().unwrap_or_default();
    let rest = parts.next().or_else(|| lines.find(|line| width(&aligned(line)) <= COLUMNS));
    [detail, rest.unwrap_or_default()]
}

/// The options with all of their labels: below the headline or in its place, and where that is too little in pages that
/// take turns while the person's time runs down.
fn choices(scene: &Scene, phrases: &Phrases) -> [String; LINES] {
    let mut pages: Vec<Vec<String>> = vec![Vec::new()];
    for option in &scene.options {
        let head = format!("{}.", option.option);
        let room = COLUMNS.saturating_sub(width(&head));
        let label = wrap(&aligned(option.label.as_str()), room).into_iter();
        let lines: Vec<String> = label
            .enumerate()
            .map(
                |(line, text)| if line == 0 { format!("{head}{text}") } else { format!("{:1$}{text}", "", head.len()) },
            )
            .collect();
        match pages.last_mut() {
            Some(page) if page.len() + lines.len() <= LINES => page.extend(lines),
            _ => pages.extend(lines.chunks(LINES).map(<[String]>::to_vec)),
        }
    }
    if let [page] = &mut *pages
        && page.len() < LINES
    {
        page.insert(0, phrases.headline(scene.kind).within(COLUMNS).to_owned());
    }
    let turn = countdown(scene).unwrap_or_default() / PAGE_SECONDS;
    // Time runs down, pages go up.
    let last = pages.len().saturating_sub(1);
    let at = last.saturating_sub(usize::try_from(turn).unwrap_or_default() % pages.len().max(1));
    let mut page = pages.into_iter().nth(at).unwrap_or_default().into_iter();
    [(); LINES].map(|()| page.next().unwrap_or_default())
}

/// Where a text at the right of a line begins: at an even column.
fn right_start(text: &str) -> usize {
    COLUMNS.saturating_sub(width(&aligned(text))) / 2 * 2
}

/// Left and right on one line; the right one wins. Both begin at an even column, where a hanzi may stand.
fn sides(left: &str, right: &str) -> String {
    let start = right_start(right);
    let right = aligned(right);
    if start == 0 {
        return right;
    }
    let left = fit(&aligned(left), start.saturating_sub(1));
    let gap = start.saturating_sub(width(&left)).max(1);
    format!("{left}{}{right}", " ".repeat(gap))
}
