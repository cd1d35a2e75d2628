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

/// The four lines of a scene's first page. Headline first; then who and which number; where to go; what to do now, and the
/// code small at the right of the last line.
pub fn text_lines(scene: &Scene, phrases: &Phrases) -> [String; LINES] {
    text_page(scene, phrases, 0).0
}

/// The lines of one page, and how many pages there are: what has no room on the first stands on the others, below whose
/// it is.
pub fn text_page(scene: &Scene, phrases: &Phrases, page: usize) -> ([String; LINES], usize) {
    let (first, head, rest) = first_page(scene, phrases);
    let others = further(&head, rest);
    let pages = others.len().saturating_add(1);
    let turned = (page % pages).checked_sub(1).and_then(|other| others.into_iter().nth(other));
    (turned.unwrap_or(first), pages)
}

/// Pages of three lines below a head: a text stands on one of them where it can.
pub(super) fn further(head: &str, texts: Vec<Vec<String>>) -> Vec<[String; LINES]> {
    let mut pages: Vec<Vec<String>> = Vec::new();
    for rows in texts {
        match pages.last_mut() {
            Some(page) if page.len() + rows.len() <= LINES => page.extend(rows),
            _ => {
                let whole = rows.chunks(LINES - 1).map(|part| [&[head.to_owned()], part].concat());
                pages.extend(whole);
            }
        }
    }
    let lines = |page: Vec<String>| {
        let mut lines = page.into_iter();
        [(); LINES].map(|()| fit(&aligned(&lines.next().unwrap_or_default()), COLUMNS))
    };
    pages.into_iter().map(lines).collect()
}

/// A text in lines, each of which has room when its hanzi begin at even columns.
pub(super) fn rows(text: &str) -> Vec<String> {
    let of = |columns| wrap(&aligned(text), columns);
    let has_room = |rows: &Vec<String>| rows.iter().all(|row| width(&aligned(row)) <= COLUMNS);
    (COLUMNS / 2..=COLUMNS).rev().map(of).find(has_room).unwrap_or_else(|| of(COLUMNS))
}

/// The first page; whose it is; and what it has no room for.
fn first_page(scene: &Scene, phrases: &Phrases) -> ([String; LINES], String, Vec<Vec<String>>) {
    let headline = scene.headline(phrases, COLUMNS).into_owned();
    let name = scene.name.as_ref().filter(|_| !scene.asks_by_name()).map(|name| name.reveal().to_owned());
    let number = scene.number.as_ref().map(ToString::to_string);
    let advice = scene.advice(phrases, COLUMNS).to_owned();
    let is_idle = scene.kind == SceneKind::Idle;
    let Below { detail, more, mut rest } = match below(scene, phrases, advice.is_empty() || is_idle) {
        below if is_idle && !advice.is_empty() => below.with_another_way(phrases, &advice),
        below => below,
    };
    let who = match (&name, &number) {
        (Some(name), Some(number)) if width(&aligned(name)) >= right_start(number) => {
            rest.insert(0, rows(name));
            number.clone()
        }
        (Some(name), Some(number)) => sides(name, number),
        (name, number) => name.clone().or_else(|| number.clone()).unwrap_or_default(),
    };
    let head = if who.is_empty() { headline.clone() } else { who.clone() };
    if !scene.options.is_empty() {
        rest.clear();
    }
    let mut lines = match scene.kind {
        SceneKind::Choose => choices(scene, phrases),
        SceneKind::ConfirmCard | SceneKind::CardLaid if !scene.options.is_empty() => {
            let options = scene.options.iter().map(|option| format!("{}.{}", option.option, option.label.as_str()));
            let mut below = name.into_iter().chain(options).chain([advice]);
            let mut line = || below.next().unwrap_or_default();
            [headline, line(), line(), line()]
        }
        SceneKind::Idle => [String::new(), headline, detail, more],
        _ => [headline, who, detail, if advice.is_empty() { more } else { advice }],
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
    (lines.map(|line| fit(&aligned(&line), COLUMNS)), head, rest)
}

/// What stands below the headline and who it is for.
#[derive(Default)]
struct Below {
    detail: String,
    /// What has room where there is nothing to do: the rest of it, or what comes next.
    more: String,
    /// Each text's lines that have none.
    rest: Vec<Vec<String>>,
}

impl Below {
    /// Another way in, where nothing else is told; else on a page of its own. Who looks into the camera does not look for a
    /// card: the first words say what the others are about.
    fn with_another_way(self, phrases: &Phrases, advice: &str) -> Self {
        let [other, advice] = [phrases.headline(SceneKind::OtherWay).within(COLUMNS), advice].map(str::to_owned);
        if self.detail.is_empty() {
            return Self { detail: other, more: advice, ..self };
        }
        Self { rest: [self.rest, vec![vec![other, advice]]].concat(), ..self }
    }
}

fn below(scene: &Scene, phrases: &Phrases, has_room: bool) -> Below {
    let lines = scene.lines(phrases, COLUMNS);
    let mut texts = lines.iter().filter(|line| !line.is_empty()).map(|line| rows(line));
    let Some(mut first) = texts.next() else { return Below::default() };
    let mut rest: Vec<Vec<String>> = texts.collect();
    let detail = first.remove(0);
    let short = |rest: &Vec<Vec<String>>| rest.iter().position(|rows| rows.len() == 1);
    let more = match short(&rest) {
        _ if !has_room => String::new(),
        _ if !first.is_empty() => first.remove(0),
        Some(short) => rest.remove(short).concat(),
        None => String::new(),
    };
    if !first.is_empty() {
        rest.insert(0, first);
    }
    Below { detail, more, rest }
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
